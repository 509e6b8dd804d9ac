//! `[prices]`: figures in money, and the cheapest choice that passes.

use amitwin_data::metrics::Metric;
use amitwin_data::sweep::SweepSummary;
use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{run, summary};
use std::fs;

const TOWN: &str = r#"
name = "town"
duration = "20min"

[placement]
generator = "suburb"
meters = 60
gateways = 1

[traffic]
push = "1min"

[prices]
meter = 40
border_router = 1000
site_visit = 100
backhaul_month = 10
years = 10

[[gate]]
metric = "border_router_busy"
max = "6 %"
"#;

#[test]
fn a_run_tells_what_it_costs_and_a_gate_judges_it() {
    let here = folder(&format!("{TOWN}[[gate]]\nmetric = \"cost\"\nmax = 4000\n"));
    let said = run(here.path(), &["run", "small.toml", "-o", "out"]).expect(4);
    assert!(said.out.contains("gate cost, max 4000: base 4,700, breach"), "{}", said.out);
    let found = summary(&here.path().join("out"));
    let cost = |metric| found.variants[0].metrics.value(metric);
    // 60 meters, a border router and the visit that installs it; 120 months.
    assert_eq!(cost(Metric::CostNetwork), Some(60.0 * 40.0 + 1_000.0 + 100.0));
    assert_eq!((cost(Metric::CostRunning), cost(Metric::CostVisits)), (Some(1_200.0), Some(0.0)));
    let free = folder(TOWN.split("[prices]").next().expect("a part"));
    run(free.path(), &["run", "small.toml", "-o", "out"]).expect(0);
    assert!(!summary(&free.path().join("out")).variants[0].metrics.has(Metric::Cost), "no price, no cost");
}

#[test]
fn the_cheapest_choice_that_passes_is_told_and_drawn() {
    let here = folder(TOWN);
    let vary = ["--vary", "placement.gateways=1,2,3", "--vary", "radio.phy=1b,3", "--seeds", "3", "-o", "out"];
    let said = run(here.path(), &[&["sweep", "small.toml"], &vary[..]].concat()).expect(0);
    // One border router is busy 7 % at 50 kb/s and 2 % at 150: the faster rate costs nothing here.
    assert!(said.out.contains("Cheapest that passes every gate: gateways 1, phy 3, at 4,700."), "{}", said.out);
    let text = fs::read(here.path().join("out/summary.json")).expect("a summary");
    let found: SweepSummary = serde_json::from_slice(&text).expect("of a sweep");
    let cheapest = found.cheapest.expect("one passes");
    assert_eq!((cheapest.case, cheapest.cost), (1, 4_700.0));
    let report = fs::read_to_string(here.path().join("out/report.html")).expect("a report");
    for part in [
        "<h2>Cost</h2>",
        "border_router_busy against cost",
        "cheapest that passes",
        ">gateways 1, phy 3</th><td>4,700</td>",
    ] {
        assert!(report.contains(part), "the report has no {part}");
    }
    let none = ["--set", "placement.meters=400", "--vary", "placement.gateways=1,2", "--seeds", "2", "-o", "none"];
    let said = run(here.path(), &[&["sweep", "small.toml"], &none[..]].concat()).expect(0);
    assert!(said.out.contains("Nothing that has a cost passes every gate."), "{}", said.out);
}

#[test]
fn prices_that_cannot_be_are_told() {
    for (wrong, words) in [
        ("meter = -1", "`prices.meter`"),
        ("metre = 1", "did you mean `meter`?"),
        ("meter = \"1 EUR\"", "`prices.meter`"),
    ] {
        let here = folder(&TOWN.replace("meter = 40", wrong));
        run(here.path(), &["check", "small.toml"]).expect(3).tells(&[words]);
    }
}
