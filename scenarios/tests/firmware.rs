//! Firmware campaigns in the language: what goes together, who is meant, and the figures of a run.

use amitwin_scenarios::drive::{Unwatched, run_variant};
use amitwin_scenarios::{Scenario, load_text};
use amitwin_sim_core::Local;
use std::path::Path;

fn load(campaign: &str) -> Result<Scenario, String> {
    let text = format!(
        r#"name = "town"
duration = "12h"
medium = "ideal"
ideal = {{ loss = "1 %" }}
placement = {{ generator = "grid", meters = 40, gateways = 1 }}
[[dlms.vendor]]
name = "old"
flag = "OLD"
[[dlms.vendor]]
name = "new"
flag = "NEW"
[[campaign]]
name = "v2"
kind = "firmware"
at = "10min"
image = "40 KiB"
pace = "5s"
{campaign}
"#
    );
    load_text(&text, "town.toml", Path::new("."), &[], None).map_err(|error| error.render(false))
}

fn figures(campaign: &str) -> impl Fn(&str) -> Option<f64> {
    let scenario = load(campaign).unwrap_or_else(|error| panic!("{error}"));
    let run = run_variant(&scenario.variants[0], 0, Local, |_| Ok(()), &Unwatched).expect("it runs");
    move |key| run.summary.metrics.get(key).copied().flatten()
}

#[test]
fn a_campaign_that_is_done_has_its_figures() {
    let of = figures("");
    let counts = ["firmware_meters", "firmware_done", "firmware_failed", "firmware_halted", "firmware_had_it"];
    assert_eq!(counts.map(&of), [40.0, 40.0, 0.0, 0.0, 0.0].map(Some));
    assert_eq!((of("firmware_done_share"), of("firmware_flash_writes")), (Some(1.0), Some(40.0)));
    // 40 KiB are 40 blocks of 1,024 B: three announcements and 40 blocks 5 s apart and 120 s to settle, before anybody is complete.
    let complete_s = of("firmware_all_complete_s").expect("all have all blocks");
    assert!(complete_s >= 43.0 * 5.0 + 115.0, "{complete_s}");
    let times = ["firmware_p50_s", "firmware_p95_s", "firmware_all_s"].map(|key| of(key).expect(key));
    assert!(times.is_sorted() && times[2] > complete_s, "{times:?}");
    assert!(of("firmware_blocks") >= Some(40.0) && of("firmware_rounds") >= Some(1.0));
    assert_eq!(of("firmware_blocks").zip(of("firmware_blocks_again")).map(|(all, again)| all - again), Some(40.0));
    // The ideal medium has no air.
    assert_eq!(of("firmware_air_s"), Some(0.0));
    assert_eq!(of("transactions"), Some(40.0));
}

#[test]
fn a_target_takes_some_and_a_vintage_fails() {
    // Sites take turns: half of the 40 meters is new, and none of the others hears of the image, though blocks reach them.
    let of = figures("target = { vintage = \"new\" }");
    assert_eq!(["firmware_meters", "firmware_done", "firmware_flash_writes"].map(of), [20.0, 20.0, 20.0].map(Some));
    let of = figures("goes_wrong = [{ target = { vintage = \"old\" }, bricks = 1.0 }]");
    assert_eq!(["firmware_done", "firmware_failed"].map(of), [20.0, 20.0].map(Some));
}

#[test]
fn what_does_not_go_together_is_told_with_a_remedy() {
    let error = |campaign: &str, parts: &[&str]| {
        let text = load(campaign).map(|_| ()).expect_err(campaign);
        assert!(parts.iter().all(|part| text.contains(part)), "{campaign}: {text}");
    };
    error("waves = [\"10 %\", \"1 %\", \"100 %\"]", &["are not shares that grow", "100 %"]);
    error("waves = [\"10 %\", \"50 %\"]", &["are not shares that grow"]);
    error("goes_wrong = [{ rolls_back = 0.7, bricks = 0.5 }]", &["more goes wrong", "goes_wrong"]);
    error("target = { vintage = \"ancient\" }", &["no kind of meter `ancient`"]);
    error("goes_wrong = [{ target = { attributes = { street = \"Oak\" } } }]", &["no column `street`"]);
    error("target = { file = \"ids.txt\" }", &["names a file of ids", "`attributes`"]);
    error(
        "[[campaign]]\nname = \"v3\"\nkind = \"firmware\"\nat = \"5h\"\nimage = \"1 kB\"\nblock = \"128 B\"",
        &["blocks of 128 B and `v2` of 1024 B", "same `block`"],
    );
    error("block = \"2 kB\"", &["1024 B"]);
    error("delivery = \"broadcast\"", &["delivery"]);
    error("activate_hours = [\"2h\", \"2h\"]", &["the same", "activate_hours", "[\"1h\", \"5h\"]"]);
    error("activate_hours = [\"2h\", \"25h\"]", &["activate_hours", "24h"]);
    error("activate_spread = \"-1h\"", &["activate_spread"]);
}

#[test]
fn a_multicast_needs_one_suite_and_a_pace() {
    let text = |change: (&str, &str)| {
        let base = load("").expect("it loads").resolved_toml;
        let text = base.replacen(change.0, change.1, 1);
        assert_ne!(text, base, "{change:?}");
        load_text(&text, "town.toml", Path::new("."), &[], None).map(|_| ()).map_err(|error| error.render(false))
    };
    let error = text(("pace = \"5s\"", "pace = \"0s\"")).expect_err("at once");
    assert!(error.contains("multicasts its blocks all at once") && error.contains("100ms"), "{error}");
    let error = text(("suite = 0", "suite = 1")).expect_err("two suites");
    assert!(error.contains("several security suites") && error.contains("unicast"), "{error}");
}

#[test]
fn a_run_that_is_too_short_for_one_round_is_warned_of() {
    let scenario = load("rounds = 3").expect("it loads");
    assert!(scenario.warnings.is_empty(), "{:?}", scenario.warnings);
    let long = load("settle = \"1min\"\n[[variant]]\nname = \"slow\"\nset = { \"campaign.v2.pace\" = \"30min\" }")
        .expect("it loads");
    let warned = |text: &String| text.contains("needs 20h to multicast each of its 40 blocks once and has 11.8h");
    assert!(long.warnings.iter().any(warned), "{:?}", long.warnings);
    // Activations that take longer than the run, and those that begin after it.
    for (setting, says) in [
        ("activate_spread = \"20h\"", "activate the image over 20h, and the run ends before the last is told"),
        ("activate_at = \"20h\"", "activates its image at 20h, when the run is over"),
    ] {
        let warnings = load(setting).expect("it loads").warnings;
        assert!(warnings.iter().any(|text| text.contains(says)), "{setting}: {warnings:?}");
    }
}
