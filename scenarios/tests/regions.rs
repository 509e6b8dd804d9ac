//! What a region allows: transmit power and time on the air, as warnings.

use amitwin_data::rows::Rows;
use amitwin_scenarios::drive::{Unwatched, run, run_variant};
use amitwin_scenarios::{Override, Scenario, load_text};
use amitwin_sim_core::{Local, SimTime};
use std::path::Path;

fn town(more: &str) -> Scenario {
    town_with(more, &[])
}

fn town_with(more: &str, sets: &[&str]) -> Scenario {
    let sets: Vec<Override> = sets.iter().map(|set| set.parse().expect("a setting")).collect();
    let text = format!(
        r#"name = "town"
duration = "90min"
[placement]
generator = "line"
meters = 3
gateways = 1
{more}"#
    );
    load_text(&text, "town.toml", Path::new("."), &sets, None).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn more_power_than_the_region_allows_is_told_with_its_limit() {
    let eu = |power: &str| town(&format!("[radio]\nregion = \"eu\"\nphy = \"1a\"\n{power}")).warnings;
    // 25 mW e.r.p. are 14 dBm over a dipole of 2.15 dBi.
    assert_eq!(eu("tx_power = \"16.1 dBm\"\n"), Vec::<String>::new());
    insta::assert_snapshot!(eu("tx_power = \"17 dBm\"\ngateway_tx_power = \"20 dBm\"\n").join("\n"), @r"
    town.toml:10: radio.tx_power is 17 dBm, and the region eu allows 16.15 dBm with an antenna of 0 dBi (25 mW e.r.p. at 863-870 MHz, EN 300 220-2 annex B)
    town.toml:11: radio.gateway_tx_power is 20 dBm, and the region eu allows 16.15 dBm with an antenna of 0 dBi (25 mW e.r.p. at 863-870 MHz, EN 300 220-2 annex B)
    ");
    // An antenna of 3 dBi leaves 13.15 dBm of the 16.15.
    insta::assert_snapshot!(eu("tx_power = \"14 dBm\"\ngateway_antenna_gain = \"3 dB\"\n").join("\n"), @r"town.toml:7: radio.gateway_tx_power is 14 dBm by default, and the region eu allows 13.15 dBm with an antenna of 3 dBi (25 mW e.r.p. at 863-870 MHz, EN 300 220-2 annex B)");
    // The default is that of North America.
    insta::assert_snapshot!(eu("").join("\n"), @r"town.toml:7: radio.tx_power is 27 dBm by default, and the region eu allows 16.15 dBm with an antenna of 0 dBi (25 mW e.r.p. at 863-870 MHz, EN 300 220-2 annex B)");
    let na = |more: &str| town(more).warnings;
    assert_eq!(na("[radio]\ntx_power = \"30 dBm\"\n"), Vec::<String>::new());
    insta::assert_snapshot!(na("[radio]\ntx_power = \"31 dBm\"\n").join("\n"), @r"town.toml:8: radio.tx_power is 31 dBm, and the region na allows 30 dBm with an antenna of 0 dBi (1 W conducted at 902-928 MHz with 50 hopping channels or more, 47 CFR 15.247(b)(2))");
    insta::assert_snapshot!(na("[radio]\nphy = \"5\"\ntx_power = \"31 dBm\"\n").join("\n"), @"town.toml:9: radio.tx_power is 31 dBm, and the region na allows 30 dBm with an antenna of 0 dBi (1 W conducted at 902-928 MHz as a hybrid system, 47 CFR 15.247(b)(3) and (f))");
    assert_eq!(na("[radio]\nphy = \"5\"\n"), Vec::<String>::new());
    insta::assert_snapshot!(na("[radio]\ntx_power = \"0 dBm\"\n[mac]\nhopping = false\n").join("\n"), @r"town.toml:8: radio.tx_power is 0 dBm, and the region na allows -1.25 dBm with an antenna of 0 dBi (50 mV/m at 3 m at 902-928 MHz without hopping, 47 CFR 15.249(a))");
    // No radio, no limit.
    let ideal = town_with("", &["medium=ideal", "radio.tx_power=36 dBm"]).warnings;
    assert!(ideal.iter().all(|text| !text.contains("the region")), "{ideal:?}");
}

/// Warnings about the run, and what each radio transmitted in its busiest hour by the rows of its frames, s.
fn ran(scenario: &Scenario) -> (Vec<String>, Vec<f64>) {
    let mut hours = vec![[0.0_f64; 2]; 13];
    let sink = |rows: &mut Rows| {
        for row in &rows.frames {
            hours[row.src as usize][usize::from(row.time_s >= 3_600.0)] += f64::from(row.airtime_s);
        }
        Ok(())
    };
    let run = run_variant(&scenario.variants[0], 0, Local, sink, &Unwatched).expect("it runs");
    (run.warnings, hours.iter().map(|[first, second]| first.max(*second)).collect())
}

const EU: &str = "[radio]\nregion = \"eu\"\nphy = \"1a\"\ntx_power = \"14 dBm\"\n";

#[test]
fn time_on_the_air_is_told_with_the_figure_that_was_reached() {
    let (warnings, sent_s) = ran(&town(&format!("{EU}[traffic]\npush = \"1min\"\n[record]\nframes_every = 1\n")));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let text = &warnings[0];
    let most_s = sent_s.iter().copied().fold(0.0, f64::max);
    assert!(text.contains(&format!("transmitted {:.2} % of its busiest hour", most_s / 36.0)), "{most_s} s: {text}");
    // Sweeps over 62 channels alone exceed 0.1 %. Evenly over these, which are 31 times 200 kHz:
    assert!(text.contains(&format!("comes to {:.1} s, within that", most_s / 31.0)), "{most_s} s: {text}");
    insta::assert_snapshot!(text, @r"meter M000000 transmitted 2.43 % of its busiest hour; 4 of 4 radios were on the air for more than 0.10 % (EN 300 220-2 annex B, 863-865 MHz), which the region eu allows only with polite spectrum access. That allows 100 s an hour in each 200 kHz (EN 300 220-1): M000000 comes to 2.8 s, within that");
    // Without hopping all of it is in one.
    let busy = format!(
        "{EU}[mac]\nhopping = false\n[traffic]\npush = \"10s\"\npayload = \"1200 B\"\n[record]\nframes_every = 1\n"
    );
    let (warnings, sent_s) = ran(&town_with(&busy, &["placement.meters=12"]));
    let most_s = sent_s.iter().copied().fold(0.0, f64::max);
    assert!(
        most_s > 100.0 && warnings[0].contains(&format!("comes to {most_s:.1} s, too much as well")),
        "{warnings:?}"
    );
}

#[test]
fn who_sends_little_or_elsewhere_is_not_warned_of() {
    let mut short = town(EU);
    short.variants[0].spec.duration = SimTime::from_secs(20);
    assert_eq!(ran(&short).0, Vec::<String>::new());
    let north_america = town("[traffic]\npush = \"1min\"\n");
    assert_eq!(ran(&north_america).0, Vec::<String>::new());
}

#[test]
fn the_summary_has_the_warning() {
    let scenario = town(&format!(
        "{EU}[traffic]\npush = \"1min\"\n[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\nset = {{ \"traffic.push\" = \"off\" }}\n"
    ));
    let outcome = run(&scenario, &scenario.select(&[]).expect("all"), None, None, |_| Local, &Unwatched);
    let told = |text: &&String| text.starts_with("variant 'a': ") && text.contains("of its busiest hour");
    assert_eq!(outcome.summary.warnings.iter().filter(told).count(), 1, "{:?}", outcome.summary.warnings);
}
