//! From runs to a plan: a sweep's read success as the radio of a fleet over years.

use amitwin_data::files::RunDir;
use amitwin_data::metrics::Metric;
use amitwin_data::rows::RadioMonthRow;
use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{run, summary};
use std::fs;

const TOWN: &str = r#"
name = "town"
duration = "2h"
[placement]
generator = "grid"
meters = 12
gateways = 1
[[read]]
name = "profile"
every = "1h"
[[event]]
name = "weaker"
act = "extra-loss"
at = "0s"
loss = "0 dB"
target = { kind = "meter" }
[[event]]
name = "off"
act = "power-off"
at = "0s"
target = { kind = "meter", share = 0.0 }
[study]
vary = ["event.weaker.loss=0 dB,40 dB", "event.off.target.share=0,0.5"]
"#;

const PLAN: &str = r#"
name = "years"
start = 2026
years = 3
[[vintage]]
name = "old"
installed = 2010
[[depot]]
name = "hot"
meters = 500
climate = "ahmedabad"
[[crew]]
name = "own"
count = 1
[radio]
table = "radio/summary.json"
"#;

#[test]
fn a_sweep_becomes_the_radio_of_a_plan() {
    let here = folder(TOWN);
    fs::write(here.path().join("plan.toml"), PLAN).expect("written");
    run(here.path(), &["sweep", "small.toml", "-o", "radio"]).expect(0);
    run(here.path(), &["plan", "plan.toml", "--check"]).expect(0).tells(&[
        "read success at 2 losses up to 40 dB and 2 shares off up to 50 %",
        "without inner points nothing says how well it interpolates",
    ]);
    run(here.path(), &["plan", "plan.toml", "-o", "out"]).expect(0);
    let out = here.path().join("out");
    let found = summary(&out);
    let months: Vec<RadioMonthRow> = RunDir::open(&out).expect("a run").rows("base", 1).expect("rows");
    assert_eq!(months.len(), 36);
    // Meters of 2010 are 16 years old, and lose 0.15 dB a year; wet cases add up to 3 dB, and exchanges make meters new.
    assert!((2.3..5.5).contains(&months[0].loss_db), "{}", months[0].loss_db);
    assert!(months.iter().all(|row| row.loss_db > 0.3 && !row.outside), "{months:?}");
    let reads = found.variants[0].metrics.value(Metric::ReadShare).expect("a figure");
    let available = found.variants[0].metrics.value(Metric::AvailableShare).expect("a figure");
    assert!(reads > 0.0 && reads < available, "{reads} {available}");
    let report = fs::read_to_string(out.join("report.html")).expect("a report");
    assert!(report.contains("Reads of meters that work"));
    // The directory has the table with it, and gives the same plan elsewhere.
    fs::remove_dir_all(here.path().join("radio")).expect("removed");
    let again = ["plan", "out/scenario.resolved.toml", "-o", "again", "--format", "json"];
    assert_eq!(run(here.path(), &again).expect(0).json()["fingerprint"], found.fingerprint.as_str());
}

#[test]
fn tables_that_are_none_are_told_and_edges_are_warned_of() {
    let here = folder(&PLAN.replace("radio/summary.json", "table.csv"));
    let plan = |more: &[&str]| run(here.path(), &[&["plan", "small.toml", "-o", "out", "--force"][..], more].concat());
    plan(&[]).expect(3).tells(&["table.csv: cannot be read", "the summary.json of a sweep"]);
    let table = here.path().join("table.csv");
    fs::write(&table, "loss_db,off_share,read_success\n0,0,1\n0,0.1,0.9\n0.1,0,0.9\n0.1,0.1,0.8\n").expect("written");
    plan(&[]).expect(0).tells(&["the radio of `hot` was beyond its table in 36 months", "let the sweep go further"]);
    fs::write(&table, "loss_db,off_share,read_success\n0,0,1\n0,0.1,0.9\n1,0,0.9\n").expect("written");
    plan(&[]).expect(3).tells(&["1 dB with 0.1 off is there 0 times"]);
    let seasons = PLAN.replace("table = \"radio/summary.json\"", "leaf_on = \"2 dB\"");
    let other = folder(&seasons);
    run(other.path(), &["plan", "small.toml", "--check"])
        .expect(3)
        .tells(&["`radio.leaf_on` needs a table of the radio"]);
}
