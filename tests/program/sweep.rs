//! `sweep`: cases, one directory, bad input, and a sweep that is killed again and again.

use amitwin_data::summary::{Status, Verdict};
use amitwin_data::sweep::{CaseSummary, SweepSummary};
use amitwin_testkit::folders::{files, folder};
use amitwin_testkit::program::{SMALL, Said, amitwin, run};
use amitwin_testkit::tools::duckdb;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

fn sweep(here: &Path, arguments: &[&str]) -> Said {
    run(here, &[&["sweep", "small.toml"], arguments].concat())
}

fn summary(out: &Path) -> SweepSummary {
    let text = fs::read(out.join("summary.json")).expect("a summary");
    serde_json::from_slice(&text).expect("of a sweep")
}

#[test]
fn a_grid_has_a_case_for_each_pair_with_the_figures_of_a_run() {
    let gate = "[[gate]]\nmetric = \"frames\"\nmax = 0\n";
    let here = folder(&format!("{SMALL}{gate}"));
    let vary = ["--vary", "placement.meters=9,16", "--vary", "radio.phy=1b,3,5", "--seeds", "2", "-o", "out"];
    let said = sweep(here.path(), &vary).expect(0);
    assert!(said.out.contains("meters 16, phy 3") && said.out.contains("breach"), "{}", said.out);
    let found = summary(&here.path().join("out"));
    assert_eq!(
        (found.status, found.exit_code, found.cases.len(), &found.seeds[..]),
        (Status::Complete, Some(0), 6, &[1, 2][..])
    );
    assert!(found.cases.iter().all(|case| case.gates[0].verdict == Verdict::Breach), "told, and not counted");
    let case = &found.cases[4];
    assert_eq!(case.settings.iter().map(|s| s.value.as_str()).collect::<Vec<_>>(), ["16", "3"]);
    let alone =
        ["run", "small.toml", "--set", "placement.meters=16", "--set", "radio.phy=3", "--seed", "2", "-o", "alone"];
    run(here.path(), &alone).expect(4);
    let alone = amitwin_testkit::program::summary(&here.path().join("alone"));
    assert_eq!(case.variants[0].seeds[1].metrics, alone.variants[0].metrics);
    assert_eq!(case.variants[0].seeds[1].fingerprint, alone.variants[0].fingerprint);
    let report = fs::read_to_string(here.path().join("out/report.html")).expect("a report");
    assert!(report.contains("max 0") && report.contains("class=\"d3\"") && report.contains("f0 band"), "charts");
}

#[test]
fn cases_of_a_study_are_compared_with_each_other_and_with_runs() {
    let here = folder(SMALL);
    let seeds = ["--seeds", "3", "-o", "out"];
    sweep(here.path(), &[&["--vary", "placement.meters=9,16"], &seeds[..]].concat()).expect(0);
    run(here.path(), &["run", "small.toml", "--seeds", "3", "-o", "alone"]).expect(0);
    let said = run(here.path(), &["compare", "out", "alone", "--format", "json"]).expect(0).json();
    let labels: Vec<_> = said["runs"].as_array().expect("runs").iter().map(|run| run["label"].clone()).collect();
    assert_eq!(labels, ["placement.meters=9", "placement.meters=16", "alone"]);
    let frames = |of: &str, out: &str| {
        let found = summary(&here.path().join(out));
        let case = found.cases.iter().find(|case| case.settings[0].value == of).expect("a case").clone();
        case.variants[0].seeds.iter().map(|seed| seed.metrics["frames"].expect("frames")).sum::<f64>() / 3.0
    };
    let mut differences = said["seed_differences"].as_array().expect("differences").iter();
    let is_of_sixteen =
        |d: &&serde_json::Value| d["setting"]["run"] == "placement.meters=16" && d["figure"] == "frames";
    let of_frames = differences.find(is_of_sixteen).expect("16 meters against 9");
    let mean = of_frames["difference"]["mean"].as_f64().expect("a mean");
    assert_eq!(of_frames["seeds"], 3);
    assert!((mean - (frames("16", "out") - frames("9", "out"))).abs() < 1e-6, "{mean}");

    // A study that was killed has no summary.
    fs::remove_file(here.path().join("out/summary.json")).expect("there");
    run(here.path(), &["compare", "out"]).expect(3).tells(&["out: this study has not ended", "--resume"]);
}

#[test]
fn a_directory_that_is_in_use_is_left_alone_and_the_remedy_is_one_that_there_is() {
    let here = folder(SMALL);
    run(here.path(), &["run", "small.toml", "-o", "out"]).expect(0);
    let said = sweep(here.path(), &["--vary", "placement.meters=9,16", "-o", "out"]).expect(2);
    assert!(!said.err.contains("--force"), "a study has no such option: {}", said.err);
    said.tells(&["out: it holds a run, not a study; nothing was written", "-o DIR"]);
}

#[test]
fn duckdb_reads_the_cases() {
    let Some(python) = duckdb() else { return };
    let here = folder(SMALL);
    let vary =
        ["--vary", "placement.meters=9,16", "--vary", "radio.tx_power=20 dBm,27 dBm", "--seeds", "2", "-o", "out"];
    sweep(here.path(), &vary).expect(0);
    let question = "import duckdb; print(duckdb.sql(\"SELECT \\\"placement.meters\\\", \\\"radio.tx_power\\\", count(*), sum(value) \
                    FROM 'out/cases.parquet' WHERE figure = 'commanded' GROUP BY ALL ORDER BY ALL\").fetchall())";
    let output = Command::new(python).current_dir(here.path()).args(["-c", question]).output().expect("python starts");
    // Two seeds in each case, so 2 times 9 and 2 times 16 meters.
    let rows =
        "[(9.0, '20 dBm', 2, 18.0), (9.0, '27 dBm', 2, 18.0), (16.0, '20 dBm', 2, 32.0), (16.0, '27 dBm', 2, 32.0)]";
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), rows, "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_is_varied_can_stand_in_the_file_and_be_zipped_or_a_hypercube() {
    let here = folder(&format!("{SMALL}[study]\nvary = [\"placement.meters+radio.phy=9+1b,16+3\"]\n"));
    sweep(here.path(), &["-o", "zipped"]).expect(0);
    let zipped: Vec<String> = summary(&here.path().join("zipped"))
        .cases
        .iter()
        .map(|case| case.settings.iter().map(|s| s.value.clone()).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(zipped, ["9 1b", "16 3"]);
    let ranges =
        ["--vary", "placement.meters=9..40", "--vary", "radio.tx_power=10 dBm..30 dBm", "--latin", "4", "-o", "latin"];
    sweep(here.path(), &ranges).expect(0);
    assert_eq!(summary(&here.path().join("latin")).cases.len(), 4);
}

#[test]
fn each_case_gets_seeds_until_its_figure_is_known_and_comes_to_what_a_run_does() {
    let until = "[study]\nseeds = 3\n[study.until]\nmetric = \"frames\"\nhalf_width = \"3 %\"\nseeds_max = 12\n";
    let here = folder(&format!("{SMALL}{until}"));
    let vary = ["--vary", "placement.meters=9,16,30", "-o", "out"];
    let said = sweep(here.path(), &vary).expect(0);
    said.tells(&["3 cases with 3 to 12 seeds", "at least 9 runs"]);
    let found = summary(&here.path().join("out"));
    let over = |case: &CaseSummary| case.variants[0].over_seeds["frames"];
    let seeds: Vec<u32> = found.cases.iter().map(|case| over(case).seeds).collect();
    assert!(seeds.iter().any(|n| *n != seeds[0]), "some towns scatter more: {seeds:?}");
    assert_eq!(found.seeds.len() as u32, seeds.iter().copied().max().expect("cases"));
    for (case, meters) in found.cases.iter().zip([9, 16, 30]) {
        let over = over(case);
        let (value, low, high) = (over.value.expect("a mean"), over.low.expect("an end"), over.high.expect("an end"));
        assert!((high - low) / 2.0 <= 0.03 * value || over.seeds == 12, "{over:?}");
        let set = format!("placement.meters={meters}");
        let out = format!("alone-{meters}");
        run(here.path(), &["run", "small.toml", "--set", &set, "-o", &out]).expect(0);
        let alone = amitwin_testkit::program::summary(&here.path().join(&out));
        assert_eq!(case.variants[0].over_seeds, alone.variants[0].over_seeds);
        assert_eq!(case.variants[0].fingerprint, alone.variants[0].fingerprint);
    }
    fs::remove_dir_all(here.path().join("out/cases")).expect("removed");
    sweep(here.path(), &[&vary[..], &["--resume"]].concat()).expect(0);
    assert_eq!(summary(&here.path().join("out")), found);
}

#[test]
fn a_case_that_is_no_scenario_is_told_and_the_others_go_on() {
    let here = folder(SMALL);
    let said = sweep(here.path(), &["--vary", "placement.meters=9,0,16", "-o", "out"]).expect(3);
    said.tells(&["case placement.meters=0 is invalid", "`placement.meters` is out of range"]);
    let found = summary(&here.path().join("out"));
    assert_eq!((found.status, found.exit_code), (Status::Complete, Some(3)));
    let there: Vec<bool> = found.cases.iter().map(|case| case.invalid.is_none() && !case.variants.is_empty()).collect();
    assert_eq!(there, [true, false, true]);
}

#[test]
fn a_variant_that_hides_what_is_varied_is_told() {
    let variant = "[[variant]]\nname = \"slow\"\nset = { \"radio.phy\" = \"1b\" }\n";
    let here = folder(&format!("{SMALL}{variant}"));
    sweep(here.path(), &["--vary", "radio.phy=1b,3", "-o", "out"])
        .expect(0)
        .tells(&["the variant `slow` sets `radio.phy` itself; the override does not reach it"]);
}

#[test]
fn what_cannot_be_is_told() {
    let here = folder(SMALL);
    for (arguments, code, words) in [
        (&["-o", "out"][..], 2, "nothing is varied"),
        (&["--vary", "placement.metres=9,16", "-o", "out"], 3, "did you mean `meters`?"),
        (&["--vary", "placement.meters=16..9", "-o", "out"], 2, "the smaller one"),
        (&["--vary", "placement.meters=9..9", "-o", "out"], 2, "is one value"),
        (&["--vary", "placement.meters=", "-o", "out"], 2, "empty value"),
        (&["--vary", "placement.meters=9,16", "--seeds", "0", "-o", "out"], 2, "0 is not in 1..=10000"),
        (&["--vary", "placement.meters=9,16", "--latin", "3", "-o", "out"], 2, "needs a range"),
        (&["--vary", "placement.meters=9,16", "--variant", "bse", "-o", "out"], 3, "did you mean `base`?"),
        (&["--vary", "placement.meters=9,16", "-o", "."], 2, "not of a study"),
        (&["--vary", "seed=1,2", "-o", "out"], 2, "--seeds N"),
    ] {
        sweep(here.path(), arguments).expect(code).tells(&[words]);
    }
    assert!(!here.path().join("out").exists(), "a wrong option leaves nothing behind");
    let vary = ["--vary", "placement.meters=9,16", "-o", "out"];
    sweep(here.path(), &vary).expect(0);
    sweep(here.path(), &vary).expect(2).tells(&["--resume goes on"]);
    let other = ["--vary", "placement.meters=9,25", "-o", "out", "--resume"];
    sweep(here.path(), &other).expect(2).tells(&["another study"]);
    let resume = ["--vary", "placement.meters=9,16", "-o", "out", "--resume"];
    sweep(here.path(), &resume).expect(0);
    let begun = here.path().join("out/study.json");
    let text = fs::read_to_string(&begun).expect("written");
    let build = text.split_once("\"build\": \"").and_then(|(_, rest)| rest.get(..16)).expect("sixteen digits");
    fs::write(&begun, text.replace(build, "0123456789abcdef")).expect("writable");
    sweep(here.path(), &resume).expect(2).tells(&["another build", "the program that began it"]);
    run(here.path(), &["run", "small.toml", "-o", "ran"]).expect(0);
    sweep(here.path(), &["--vary", "placement.meters=9,16", "-o", "ran"]).expect(2).tells(&["it holds a run"]);
}

/// When each case's file was written.
fn written(out: &Path) -> BTreeMap<String, SystemTime> {
    let time = |path: &std::path::PathBuf| fs::metadata(path).expect("a file").modified().expect("a time");
    files(&out.join("cases"), ".json").iter().map(|path| (path.display().to_string(), time(path))).collect()
}

const MANY: [&str; 6] = ["--vary", "placement.meters=9..100/20", "--seeds", "6", "-j", "2"];

#[cfg(unix)]
#[test]
fn a_sweep_killed_again_and_again_comes_to_the_same_bytes_and_does_nothing_twice() {
    let here = folder(SMALL);
    let (whole, torn) = (here.path().join("whole"), here.path().join("torn"));
    sweep(here.path(), &[&MANY[..], &["-o", "whole"]].concat()).expect(0);
    let mut kills = 0;
    // Fifty moments that fall before, between and after the first cases: 5 to 64 ms, in no order.
    for wait_ms in (0..50).map(|n| 5 + n * 37 % 60) {
        let arguments = [&["sweep", "small.toml"], &MANY[..], &["-o", "torn", "--resume"]].concat();
        let mut child =
            amitwin(here.path(), &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
        std::thread::sleep(Duration::from_millis(wait_ms));
        kills += usize::from(child.try_wait().expect("a state").is_none());
        child.kill().expect("killed");
        child.wait().expect("ended");
        let whole = |path: &std::path::PathBuf| {
            serde_json::from_slice::<serde_json::Value>(&fs::read(path).expect("read")).is_ok()
        };
        assert!(files(&torn, ".json").iter().all(whole), "a torn file");
    }
    assert!(kills >= 20, "it was over too soon: {kills}");
    let before = written(&torn);
    sweep(here.path(), &[&MANY[..], &["-o", "torn", "--resume"]].concat()).expect(0);
    let after = written(&torn);
    assert!(before.iter().all(|(path, time)| after[path] == *time), "a case that had ended ran again");
    assert_eq!(after.len(), 120, "twenty cases with six seeds");
    for file in ["cases.parquet", "summary.json", "report.html"] {
        assert!(
            fs::read(whole.join(file)).expect("read") == fs::read(torn.join(file)).expect("read"),
            "{file} differs"
        );
    }
    assert!(files(&torn, ".tmp").is_empty(), "nothing unfinished is left");
}

#[cfg(unix)]
#[test]
fn an_interrupted_sweep_keeps_what_has_ended_and_goes_on() {
    let here = folder(SMALL);
    let long = ["sweep", "small.toml", "--vary", "placement.meters=9..100/30", "--seeds", "50", "-j", "1", "-o", "out"];
    let child = amitwin(here.path(), &long).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("started");
    let out = here.path().join("out");
    amitwin_testkit::program::wait_for("a few cases", || files(&out.join("cases"), ".json").len() > 3);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill").success());
    let said = Said::of(&child.wait_with_output().expect("ended")).expect(130);
    said.tells(&["--resume goes on"]);
    let found = summary(&out);
    assert_eq!((found.status, found.exit_code), (Status::Interrupted, Some(130)));
    assert!(found.cases.iter().any(|case| !case.variants.is_empty()));
    assert!(out.join("cases.parquet").is_file() && out.join("report.html").is_file());
}

/// An outage at a place where no meter is with seed 3.
const OUTAGE: &str = r#"
name = "outage"
duration = "10min"

[placement]
generator = "suburb"
meters = 20
gateways = 1
origin = { lat = "50 deg", lon = "10 deg" }

[traffic]
push = "5min"

[[event]]
name = "out"
act = "power-off"
at = "3min"
for = "2min"
target = { circle = { lat = 50.0, lon = 10.0, radius = "25 m" } }

[[gate]]
metric = "push_delivered"
min = "1 %"
"#;

#[test]
fn a_case_that_makes_no_scenario_with_one_seed_is_told_and_the_others_go_on() {
    let here = folder(OUTAGE);
    let circle = |radius: u32| format!("{{ circle = {{ lat = 50.0, lon = 10.0, radius = \"{radius} m\" }} }}");
    let targets = format!("event.out.target={},{}", circle(25), circle(900));
    let vary = ["--vary", targets.as_str(), "--seeds", "4", "-q", "-o", "out"];
    let said = sweep(here.path(), &vary).expect(3);
    said.tells(&["case event.out.target={ circle", "radius = \"25 m\" } } is invalid", "with seed 3"]);
    let found = summary(&here.path().join("out"));
    assert_eq!((found.status, found.exit_code), (Status::Complete, Some(3)));
    assert!(found.cases[0].variants.is_empty() && found.cases[0].invalid.is_some());
    assert_eq!(found.cases[1].variants[0].seeds.len(), 4);
    sweep(here.path(), &[&vary[..], &["--resume"]].concat()).expect(3);
    let find = ["find", "small.toml", "--largest", "placement.meters", "--between", "19..21", "-o", "found"];
    let said = run(here.path(), &find).expect(3);
    assert!(said.out.contains("the scenario is invalid with") && said.out.contains("change --between"), "{}", said.out);
}

#[test]
fn more_seeds_go_on_with_what_fewer_came_to() {
    let here = folder(SMALL);
    let vary = ["--vary", "placement.meters=9,16", "-o", "out"];
    sweep(here.path(), &[&vary[..], &["--seeds", "2"]].concat()).expect(0);
    let out = here.path().join("out");
    let first = written(&out);
    sweep(here.path(), &[&vary[..], &["--seeds", "4", "--resume"]].concat()).expect(0);
    let then = written(&out);
    assert_eq!((first.len(), then.len()), (4, 8));
    assert!(first.iter().all(|(name, time)| then[name] == *time), "nothing ran twice");
    sweep(here.path(), &["--vary", "placement.meters=9,16", "-o", "new", "--seeds", "4"]).expect(0);
    let bytes = |folder: &str| fs::read(here.path().join(folder).join("cases.parquet")).expect("a table");
    assert!(bytes("out") == bytes("new"), "as if all had run at once");
}

#[test]
fn without_a_directory_a_sweep_makes_one_beside_the_runs_and_nothing_is_collected_where_nothing_ran() {
    let here = folder(SMALL);
    sweep(here.path(), &["--vary", "placement.meters=9,16"]).expect(0).tells(&["runs/small-"]);
    let nowhere = ["--vary", "placement.meters=9,16", "-o", "typo", "--collect"];
    sweep(here.path(), &nowhere).expect(2).tells(&["nothing to collect"]);
    assert!(!here.path().join("typo").exists());
    sweep(here.path(), &["--vary", "placement.meters=9,16", "-o", "small.toml"]).expect(2).tells(&["it is a file"]);
}

#[test]
fn a_gate_with_two_limits_is_two_lines_in_charts() {
    let here = folder(&format!("{SMALL}[[gate]]\nmetric = \"frames\"\nmin = 1\nmax = 1000000\n"));
    sweep(here.path(), &["--vary", "placement.meters=9,16", "-o", "out"]).expect(0);
    let limits = summary(&here.path().join("out")).limits;
    let texts: Vec<(f64, &str)> = limits.iter().map(|limit| (limit.value, limit.text.as_str())).collect();
    assert_eq!(texts, [(1.0, "min 1"), (1e6, "max 1000000")]);
}
