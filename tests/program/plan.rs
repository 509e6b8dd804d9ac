//! `amitwin plan`: its run directory, options, exit codes.

use amitwin_data::files::RunDir;
use amitwin_data::metrics::Metric;
use amitwin_data::rows::{FailureRow, FleetYearRow, Reason, SurvivalRow, VisitRow};
use amitwin_data::summary::{Status, VariantSummary};
use amitwin_data::sweep::SweepSummary;
use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{run, summary};
use std::fs;

const PLAN: &str = r#"
name = "two"
start = 2026
years = 8

[[vintage]]
name = "old"
installed = 2010

[[depot]]
name = "hot"
meters = 1000
climate = "ahmedabad"

[[depot]]
name = "cool"
meters = 500
climate = "oslo"

[[crew]]
name = "own"
count = 1

[[variant]]
name = "wait"

[[variant]]
name = "visit"
set = { "policy.kind" = "fixed-interval" }

[[gate]]
metric = "truck_rolls"
max = 2000
variants = ["wait"]
"#;

#[test]
fn a_plan_writes_a_run_directory_that_holds_what_it_says() {
    let here = folder(PLAN);
    let said = run(here.path(), &["plan", "small.toml", "-o", "out", "--threads", "2"]).expect(0);
    assert!(said.out.contains("gate truck_rolls, max 2000: wait"), "{}", said.out);
    let out = here.path().join("out");
    let found = summary(&out);
    assert_eq!((found.status, found.exit_code, found.variants.len()), (Status::Complete, Some(0), 2));
    let mut tables: Vec<String> = fs::read_dir(out.join("tables"))
        .expect("tables")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    tables.sort();
    assert_eq!(tables, ["depots", "failures", "fleet_years", "survival", "visits"]);
    let run_dir = RunDir::open(&out).expect("a run");
    let years: Vec<FleetYearRow> = run_dir.rows("visit", 1).expect("rows");
    assert_eq!(years.len(), 8 * 2);
    assert_eq!(years.iter().map(|year| year.meters).sum::<u32>(), 8 * 1_500);
    let visits: Vec<VisitRow> = run_dir.rows("visit", 1).expect("rows");
    assert_eq!(visits.len() as u32, years.iter().map(|year| year.truck_rolls).sum::<u32>());
    assert!(visits.iter().all(|visit| visit.crew.0.as_deref() == Some("own")));
    let regular = visits.iter().find(|visit| visit.reason == Reason::Interval && visit.error_30a_share.0.is_some());
    let tasks = "inspect clean calibrate neighbours battery supercapacitor restart";
    assert!(regular.expect("a calibration").tasks.0.as_deref().is_some_and(|said| said.starts_with(tasks)));
    let failures: Vec<FailureRow> = run_dir.rows("wait", 1).expect("rows");
    assert!(failures.iter().all(|failure| failure.meter < 1_500 && failure.depot < 2));
    // No failure is left out of the curves, but for what was broken when the plan began.
    let survival: Vec<SurvivalRow> = run_dir.rows("wait", 1).expect("rows");
    let told: u32 = survival.iter().map(|row| row.failed).sum();
    assert_eq!(told as usize, failures.iter().filter(|failure| failure.time_s > 0.0).count());
    run(here.path(), &["verify", "out"]).expect(0);
    let report = fs::read_to_string(out.join("report.html")).expect("a report");
    for part in [
        "Hours without a reading by year",
        "Truck rolls by year",
        "Crews at work by year",
        "Spares put in by year",
        "Failures by age",
        "Survival",
        "Where it burns",
        "Depots",
    ] {
        assert!(report.contains(part), "no {part}");
    }
    run(here.path(), &["report", "out", "--pictures", "drawn"]).expect(0);
    // What was resolved gives the same plan, on any number of threads.
    let again = ["plan", "out/scenario.resolved.toml", "-o", "again", "--threads", "1", "--format", "json"];
    assert_eq!(run(here.path(), &again).expect(0).json()["fingerprint"], found.fingerprint.as_str());
    let compared = run(here.path(), &["compare", "out", "again"]).expect(0);
    assert!(compared.out.contains("visit"), "{}", compared.out);
}

#[test]
fn options_choose_change_and_repeat() {
    let here = folder(PLAN);
    let seeds = ["plan", "small.toml", "-q", "--seeds", "3", "--seed", "5", "--variant", "wait", "-o", "seeds"];
    let said = run(here.path(), &seeds).expect(0);
    assert_eq!((said.err.as_str(), summary(&here.path().join("seeds")).seeds), ("", vec![5, 6, 7]));
    let set = ["plan", "small.toml", "--set", "depot.hot.meters=20000", "--variant", "wait", "-o", "large"];
    run(here.path(), &set).expect(4).tells(&["the crews of `hot` do not keep up"]);
    run(here.path(), &set).expect(2);
    run(here.path(), &["plan", "small.toml", "--variant", "wiat"]).expect(2).tells(&["did you mean `wait`"]);
    let checked = run(here.path(), &["plan", "small.toml", "--check", "--format", "json"]).expect(0);
    assert_eq!(checked.json()["variants"][0]["meters"], 1_500);
    // `check` takes plans as it takes scenarios, and says the same.
    assert_eq!(run(here.path(), &["check", "small.toml", "--format", "json"]).expect(0).json(), checked.json());
    let told = run(here.path(), &["check", "small.toml", "--variant", "wait", "--threads", "2"]).expect(0);
    assert!(told.out.contains("wait: 1,500 meters, 2 depots, 2 crews, 8 years") && told.out.contains("MB of memory"));
    assert!(told.err.contains("next: amitwin plan small.toml --variant wait"), "{}", told.err);
    run(here.path(), &["check", "small.toml", "--set", "crew.own.count=0"]).expect(3).tells(&["no crews at the depot"]);
    run(here.path(), &["check", "small.toml", "-o", "out"]).expect(0);
    assert!(!here.path().join("runs").exists() && !here.path().join("out").exists(), "a check writes nothing");
}

#[test]
fn mistakes_end_with_exit_code_3_and_files_of_the_other_kind_name_their_command() {
    let here = folder(PLAN);
    run(here.path(), &["plan", "small.toml", "--set", "crew.own.count=0"])
        .expect(3)
        .tells(&["the policy has no crews"]);
    run(here.path(), &["plan", "small.toml", "--set", "years=0"]).expect(3).tells(&["`years` is out of range"]);
    run(here.path(), &["run", "small.toml"]).expect(3).tells(&["amitwin plan small.toml"]);
    let scenario =
        folder("name = \"a\"\nduration = \"1h\"\nplacement = { generator = \"grid\", meters = 9, gateways = 1 }\n");
    run(scenario.path(), &["plan", "small.toml"]).expect(3).tells(&["amitwin run small.toml"]);
    let schema = run(here.path(), &["schema", "plan"]).expect(0).json();
    assert_eq!(schema["title"], "amitwin maintenance plan");
}

#[test]
fn sweeps_and_searches_take_plans() {
    let here = folder(PLAN);
    let vary = ["--vary", "depot.hot.meters=300,600", "--vary", "policy.every=2y,5y", "--seeds", "2", "-o", "swept"];
    run(here.path(), &[&["sweep", "small.toml"][..], &vary].concat()).expect(0);
    let text = fs::read_to_string(here.path().join("swept/summary.json")).expect("a summary");
    let swept: SweepSummary = serde_json::from_str(&text).expect("of a sweep");
    assert_eq!((swept.cases.len(), swept.seeds.as_slice(), swept.keys.as_str()), (4, &[1, 2][..], ""));
    let visits = |case: usize| swept.cases[case].variants[1].metrics.value(Metric::TruckRolls).expect("a figure");
    assert!(visits(0) > visits(1) && visits(2) > visits(0), "{} {} {}", visits(0), visits(1), visits(2));
    // A case with a seed is that plan.
    let alone = ["plan", "small.toml", "--set", "depot.hot.meters=600", "--set", "policy.every=2y", "--seeds", "2"];
    run(here.path(), &[&alone[..], &["-o", "alone"]].concat()).expect(0);
    let alone = summary(&here.path().join("alone"));
    let prints = |variants: &[VariantSummary]| variants.iter().map(|v| v.fingerprint.clone()).collect::<Vec<_>>();
    assert_eq!(prints(&swept.cases[2].variants), prints(&alone.variants));
    let asked = ["find", "small.toml", "--largest", "depot.hot.meters", "--between", "100..10000"];
    let found = run(here.path(), &[&asked[..], &["--tolerance", "20%", "-o", "found", "--format", "json"]].concat());
    let found = found.expect(0).json();
    assert_eq!(found["answers"][0]["ended"], "found", "{found}");
}
