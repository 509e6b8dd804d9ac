//! From a run's campaign to the wear of a plan.

use amitwin_data::files::RunDir;
use amitwin_data::rows::{LoadRow, NodeKind, NodeRow};
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
[[campaign]]
name = "reset"
kind = "reset"
tier = "warm"
at = "10min"
window = ["10s", "60s"]
[[campaign]]
name = "open"
kind = "relay"
at = "1h"
window = "10min"
action = "disconnect"
[[campaign]]
name = "close"
kind = "relay"
at = "90min"
window = "10min"
action = "reconnect"
"#;

const PLAN: &str = r#"
name = "years"
start = 2026
years = 12
[[vintage]]
name = "new"
installed = 2025
with = ["battery", "flash", "relay"]
[[depot]]
name = "hot"
meters = 2000
climate = "london"
[[crew]]
name = "own"
count = 2
[wear]
run = "reset"
times_a_year = 365
transmit_ma = 500
[[variant]]
name = "some"
[[variant]]
name = "none"
set = { "wear.times_a_year" = 0 }
"#;

#[test]
fn a_campaign_wears_batteries_flash_and_relays() {
    let here = folder(TOWN);
    fs::write(here.path().join("plan.toml"), PLAN).expect("written");
    run(here.path(), &["plan", "plan.toml"]).expect(3).tells(&["reset: ", "the directory of a finished run"]);
    run(here.path(), &["run", "small.toml", "-o", "reset"]).expect(0);

    // What the tables say, by hand: seconds sent by meters, over twelve of them.
    let reader = RunDir::open(&here.path().join("reset")).expect("a run");
    let nodes: Vec<NodeRow> = reader.rows("base", 1).expect("rows");
    let load: Vec<LoadRow> = reader.rows("base", 1).expect("rows");
    let sent =
        load.iter().filter(|row| nodes[row.node as usize].kind == NodeKind::Meter).map(|row| f64::from(row.tx_s));
    let tx_s = sent.sum::<f64>() / 12.0;
    let said = run(here.path(), &["plan", "plan.toml", "-o", "out"]).expect(0);
    // 365 times 4 writes a year are 3.997 a day beside the usual 4: flash lives half as long, 34.2 instead of 68.4 years.
    // Contacts open and close once: 730 moves a year are 1.999 a day beside 0.05, 0.05 / 2.049 = 2.4 %.
    let sent = format!("send for {tx_s:.3} s, restart 1.00 times and move its contacts 2.00 times; 365 a year");
    said.tells(&[&sent, "relays 2.4 %, flash memory 50.0 %"]);
    let found = summary(&here.path().join("out"));
    let failures =
        |n: usize| found.variants[n].metrics.value(amitwin_data::metrics::Metric::Failures).expect("a figure");
    assert!(failures(0) > failures(1), "{} {}", failures(0), failures(1));
    // The run is not needed again.
    fs::remove_dir_all(here.path().join("reset")).expect("removed");
    let again = ["plan", "out/scenario.resolved.toml", "-o", "again", "--format", "json"];
    assert_eq!(run(here.path(), &again).expect(0).json()["fingerprint"], found.fingerprint.as_str());
}
