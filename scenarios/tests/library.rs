//! Every file of the library, smaller: it runs to the end, and what it wrote down adds up; and some say what their pages say.

use amitwin_data::metrics::Values;
use amitwin_data::rows::{Outcome, Rows, TransactionRow};
use amitwin_data::summary::VariantSummary;
use amitwin_models::spec::units::{Kind, parse};
use amitwin_models::spec::{CampaignSpec, JobSpec};
use amitwin_scenarios::drive::{Unwatched, run_variant};
use amitwin_scenarios::plan::{self, is_plan};
use amitwin_scenarios::{Override, Scenario, Variant, load as load_file, load_text};
use amitwin_sim_core::Local;
use amitwin_testkit::exchange::on_threads;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Most meters of a placement that is generated.
const METERS: i64 = 40;
/// How long a run goes on after the last thing that its file lets begin or end, s.
const AFTER_S: f64 = 7_200.0;
/// Most years of a maintenance plan.
const YEARS: i64 = 4;

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("library")
}

/// Name and text of each file, in the order of names.
fn files() -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(library()).expect("the library").map(|entry| entry.expect("an entry").path());
    let files = entries.filter(|path| path.extension().is_some_and(|e| e == "toml"));
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    files.map(|path| (name(&path), std::fs::read_to_string(&path).expect("a text"))).collect()
}

/// Calls `change` with each setting of a table, those of variants among them: the last part of its path, and its value.
fn each_setting(table: &mut Table, change: &mut impl FnMut(&str, &mut Value)) {
    for (path, value) in table.iter_mut() {
        change(path.rsplit('.').next().unwrap_or(path), value);
        match value {
            Value::Table(inner) => each_setting(inner, change),
            Value::Array(items) => {
                items.iter_mut().filter_map(Value::as_table_mut).for_each(|inner| each_setting(inner, change));
            }
            _ => {}
        }
    }
}

/// The text of a scenario or plan with fewer meters, border routers, blocks and years, and a shorter time.
fn reduced(text: &str) -> String {
    let mut file: Table = text.parse().expect("TOML");
    let mut last_s = 0.0;
    each_setting(&mut file, &mut |key, value| match value {
        Value::Integer(number) => {
            let most = match key {
                "meters" => METERS,
                "meters_per_gateway" => METERS / 2,
                "gateways" => 2,
                "years" => YEARS,
                _ => return,
            };
            *number = most.min(*number);
        }
        Value::String(text) if key == "image" => *text = "10 kB".into(),
        // Moments of the calendar are none of these.
        Value::String(text) if ["at", "for"].contains(&key) => {
            last_s += parse(Kind::Time, text).map_or(0.0, |ns| ns * 1e-9);
        }
        _ => {}
    });
    each_setting(&mut file, &mut |key, value| {
        if let (Value::String(text), "duration") = (value, key) {
            let duration_s = parse(Kind::Time, text).expect("a time") * 1e-9;
            *text = format!("{}s", duration_s.min(last_s + AFTER_S));
        }
    });
    toml::to_string(&file).expect("TOML")
}

fn load(name: &str, text: &str) -> Scenario {
    let scenario = load_text(&reduced(text), name, &library(), &[], None);
    scenario.unwrap_or_else(|error| panic!("{}", error.render(false)))
}

fn finite(name: &str, summary: &VariantSummary) {
    for (metric, value) in summary.metrics.iter() {
        assert!(value.is_none_or(f64::is_finite), "{metric} of '{}' in {name} is {value:?}", summary.name);
    }
}

/// That rows of a run add up: who is meant by a campaign is in it once, and what has an answer is no longer waited for.
fn adds_up(name: &str, variant: &Variant, meters: u32, rows: &[TransactionRow]) {
    let of = format!("'{}' of {name}", variant.name);
    let ids: BTreeSet<u64> = rows.iter().map(|row| row.transaction).collect();
    assert_eq!(ids.len(), rows.len(), "{of}: a transaction has two ends");
    let end_s = variant.spec.duration.secs_f64();
    for row in rows {
        let times = [row.sent_s, row.reset_s, row.answered_s];
        assert!(times.iter().flatten().all(|at_s| (0.0..=end_s).contains(at_s)), "{of}: {row:?}");
        let (ok, waits) = (row.outcome == Outcome::Ok, row.outcome == Outcome::Pending);
        assert!(!ok || row.answered_s.is_some(), "{of}: well without an answer: {row:?}");
        assert!(!waits || row.answered_s.is_none(), "{of}: waits for what has come: {row:?}");
    }
    for campaign in &variant.spec.campaigns {
        let nodes: Vec<u32> = rows.iter().filter(|row| *row.campaign == *campaign.name).map(|row| row.node).collect();
        let once: BTreeSet<u32> = nodes.iter().copied().collect();
        // A certificate is renewed each time before it runs out.
        let again = matches!(campaign.job, JobSpec::Certificates(_));
        assert!(again || once.len() == nodes.len(), "{of}: a meter is twice in {}", campaign.name);
        if takes_all(campaign) {
            assert_eq!(once.len(), meters as usize, "{of}: of {}", campaign.name);
        } else {
            assert!(once.len() <= meters as usize, "{of}: of {}", campaign.name);
        }
    }
}

/// Whether a campaign is for all meters: what has no target is, but for renewals, which are for those whose certificates run out.
fn takes_all(campaign: &CampaignSpec) -> bool {
    let settings = Table::try_from(campaign).expect("settings");
    !settings.contains_key("target") && !matches!(campaign.job, JobSpec::Certificates(_))
}

fn run(name: &str, variant: &Variant) -> VariantSummary {
    let mut transactions: Vec<TransactionRow> = Vec::new();
    let keep = |rows: &mut Rows| {
        transactions.append(&mut rows.transactions.clone());
        Ok(())
    };
    let run = run_variant(variant, 0, Local, keep, &Unwatched).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(run.complete && run.events > 0, "'{}' of {name} did not run", variant.name);
    finite(name, &run.summary);
    adds_up(name, variant, run.summary.meters, &transactions);
    run.summary
}

#[test]
fn every_scenario_runs_at_reduced_size_and_adds_up() {
    let files = files();
    let scenarios: Vec<(&str, Scenario)> = (files.iter().filter(|(_, text)| !is_plan(text)))
        .map(|(name, text)| (name.as_str(), load(name, text)))
        .collect();
    assert!(scenarios.len() >= 25, "{} scenarios", scenarios.len());
    let variants: Vec<(&str, &Variant)> =
        scenarios.iter().flat_map(|(name, scenario)| scenario.variants.iter().map(|v| (*name, v))).collect();
    variants.par_iter().for_each(|(name, variant)| {
        let began = std::time::Instant::now();
        run(name, variant);
        println!("{:.1} s: '{}' of {name}", began.elapsed().as_secs_f64(), variant.name);
    });
}

struct Alone;

impl plan::Watch for Alone {
    fn year(&self, _job: usize, _year: u32, _years: u32) {}
    fn cancelled(&self) -> bool {
        false
    }
}

#[test]
fn every_plan_runs_at_reduced_size() {
    let plans: Vec<(String, String)> = files().into_iter().filter(|(_, text)| is_plan(text)).collect();
    assert!(!plans.is_empty());
    for (name, text) in &plans {
        let plan = plan::load_text(&reduced(text), name, &library(), &[], None);
        let plan = plan.unwrap_or_else(|error| panic!("{}", error.render(false)));
        let variants: Vec<&plan::Variant> = plan.variants.iter().collect();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
        let outcome = plan::run(&plan, &variants, None, (&pool, 2), &Alone);
        assert!(outcome.error.is_none() && outcome.events > 0, "{name}: {:?}", outcome.error);
        assert_eq!(outcome.summary.variants.len(), variants.len(), "{name}");
        for (summary, variant) in outcome.summary.variants.iter().zip(&variants) {
            assert_eq!(u64::from(summary.meters), variant.spec.meters() as u64, "'{}' of {name}", variant.name);
            finite(name, summary);
        }
    }
}

#[test]
fn a_scenario_with_several_meshes_is_the_same_on_two_threads() {
    let files = files();
    for name in ["outage-restoration.toml", "head-end-failure.toml"] {
        let scenario = load(name, &files[name]);
        let print = |threads| on_threads(threads, || run(name, &scenario.variants[0]).fingerprint);
        assert_eq!(print(1), print(2), "{name}");
    }
}

#[test]
fn what_is_reduced_is_told() {
    let file = "duration = \"92d\"\n[placement]\nmeters = 5000\ngateways = 1\n[[event]]\nat = \"90min\"\nfor = \"1h\"\n\
                [[variant]]\nname = \"more\"\nset = { \"placement.meters\" = 120000, \"campaign.v2.image\" = \"1 MB\" }\n";
    let small: Table = reduced(file).parse().expect("TOML");
    // An hour and a half, an hour, and two hours more.
    assert_eq!(small["duration"].as_str(), Some("16200s"));
    assert_eq!(
        (small["placement"]["meters"].as_integer(), small["placement"]["gateways"].as_integer()),
        (Some(40), Some(1))
    );
    let set = &small["variant"][0]["set"];
    assert_eq!((set["placement.meters"].as_integer(), set["campaign.v2.image"].as_str()), (Some(40), Some("10 kB")));
}

/// A scenario of the library with other settings: its figures by variant.
fn figures(name: &str, settings: &[&str]) -> Vec<Values> {
    let path = library().join(name);
    let settings: Vec<Override> = settings.iter().map(|text| text.parse().expect("a setting")).collect();
    let scenario = load_file(&path, &settings, None).unwrap_or_else(|error| panic!("{error}"));
    let run = |(n, variant)| run_variant(variant, n, Local, |_| Ok(()), &Unwatched).expect("it runs").summary.metrics;
    scenario.variants.iter().enumerate().map(run).collect()
}

#[test]
fn the_librarys_waves_stop_at_a_pilot_that_fails() {
    let small = ["placement.meters=60", "campaign.v2.image=20 kB", "duration=16h"];
    let runs = figures("firmware-waves.toml", &small);
    let of = |n: usize, key: &str| runs[n][key].unwrap_or_else(|| panic!("no {key}"));
    for n in 0..3 {
        let ended = ["firmware_done", "firmware_failed", "firmware_halted"].map(|key| of(n, key));
        assert_eq!(ended.iter().sum::<f64>(), 60.0, "variant {n}: {ended:?}");
    }
    // With 3 meters in the pilot, 9 more, and the rest, one in twenty of which fails: whoever stops has fewer failures, and halts others only if some failed.
    assert_eq!((of(0, "firmware_halted"), of(1, "firmware_halted")), (0.0, 0.0));
    assert!(of(2, "firmware_failed") <= of(1, "firmware_failed"));
    assert_eq!(of(2, "firmware_halted") > 0.0, of(2, "firmware_failed") > 0.0);
    assert!(of(1, "firmware_all_complete_s") > of(0, "firmware_all_complete_s") + 7_200.0, "two pauses of an hour");
}

#[test]
fn the_librarys_multicast_beats_single_meters() {
    let small = ["placement.meters=40", "campaign.v2.image=20 kB", "duration=8h"];
    let runs = figures("firmware-unicast-multicast.toml", &small);
    let of = |n: usize, key: &str| runs[n][key].unwrap_or_else(|| panic!("no {key}"));
    assert!((0..3).all(|n| of(n, "firmware_done") == 40.0));
    // Twenty blocks to each of forty meters, or to all; what is repeated comes on top.
    let fresh = |n: usize| of(n, "firmware_blocks") - of(n, "firmware_blocks_again");
    assert_eq!([0, 1, 2].map(fresh), [800.0, 800.0, 20.0]);
    // Single meters get no block before the border router can have sent it: 1,085 B at 50 kb/s.
    assert!([0, 1].iter().all(|&n| of(n, "firmware_all_complete_s") > 800.0 * 1_085.0 * 8.0 / 50e3));
    assert!(of(2, "firmware_air_s") < of(0, "firmware_air_s"));
}

#[test]
fn the_librarys_renewal_in_time_loses_no_read() {
    let runs = figures("certificates-90-days.toml", &["placement.meters=20"]);
    let of = |n: usize, key: &str| runs[n].get(key).copied().flatten().expect(key);
    assert_eq!((of(0, "sessions_expired"), of(0, "certificates_expired")), (0.0, 0.0));
    assert!(of(2, "sessions_expired") > 0.0 && of(2, "lapsed_meter_h") > 24.0);
    // What the second campaign found on day 60 has one again.
    assert_eq!(of(2, "certificates_expired"), 0.0);
}

#[test]
fn the_librarys_commands_leave_no_relay_open() {
    let runs = figures("commands.toml", &["placement.meters=40"]);
    for run in &runs {
        let of = |key: &str| run.get(key).copied().flatten().expect(key);
        // Three campaigns with 40 meters and two with 20.
        assert_eq!((of("commands"), of("relays_open"), of("relay_moves")), (160.0, 0.0, 40.0));
        assert_eq!(of("keys_changed"), 40.0);
    }
}
