//! `compare`: what tells runs apart, which meters are paired, and what is no run.

use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{SMALL, run};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Nine meters of a street that begins at a latitude.
fn street(path: &Path, latitude: f64) {
    let meters: String = (0..9).map(|n| format!("m{n},{:.4},10.0\n", latitude + f64::from(n) / 1e4)).collect();
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, format!("id,lat,lon\n{meters}")).expect("written");
}

fn labels(found: &Value) -> Vec<String> {
    let runs = found["runs"].as_array().expect("runs");
    runs.iter().map(|run| run["label"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn files_are_called_by_as_much_of_their_path_as_differs() {
    let here = folder(&SMALL.replace("generator = \"grid\"\nmeters = 9", "file = \"pa/m.csv\""));
    street(&here.path().join("pa/m.csv"), 50.0);
    street(&here.path().join("pb/m.csv"), 51.0);
    for name in ["pa", "pb"] {
        let set = format!("placement.file={name}/m.csv");
        run(here.path(), &["run", "small.toml", "--set", &set, "-o", &format!("run-{name}")]).expect(0);
    }
    let compared = |a: &str, b: &str| run(here.path(), &["compare", a, b, "--format", "json"]).expect(0).json();
    let found = compared("run-pa", "run-pb");
    assert_eq!(labels(&found), ["placement.file=pa/m.csv", "placement.file=pb/m.csv"]);
    // All ids are the same, one degree further north.
    assert_eq!(found["meter_differences"][0]["pairs"], 9);
    let notes = found["notes"].to_string();
    assert!(notes.contains("9 of 9 stand at another place"), "{notes}");

    // A file of repeaters against another of the same name, and against none.
    let repeater = |folder: &str, latitude: &str| {
        fs::create_dir_all(here.path().join(folder)).expect("made");
        fs::write(here.path().join(folder).join("r.csv"), format!("id,lat,lon,kind\nr1,{latitude},10.0,repeater\n"))
            .expect("written");
        let set = format!("placement.repeaters={folder}/r.csv");
        run(here.path(), &["run", "small.toml", "--set", &set, "-o", &format!("run-{folder}")]).expect(0);
    };
    repeater("ra", "50.0002");
    repeater("rb", "50.0003");
    assert_eq!(labels(&compared("run-ra", "run-rb")), ["placement.repeaters=ra/r.csv", "placement.repeaters=rb/r.csv"]);
    assert_eq!(labels(&compared("run-ra", "run-pa")), ["placement.repeaters=r.csv", "no placement.repeaters"]);
}

#[test]
fn reports_are_paired_meter_by_meter_and_what_cannot_be_is_said() {
    let quiet = SMALL.split("[[campaign]]").next().expect("a part");
    let here = folder(&format!("{quiet}\n[traffic]\npush = \"1min\"\n"));
    for (name, power) in [("a", "27 dBm"), ("b", "20 dBm")] {
        run(here.path(), &["run", "small.toml", "--set", &format!("radio.tx_power={power}"), "-o", name]).expect(0);
    }
    let found = run(here.path(), &["compare", "a", "b", "--format", "json"]).expect(0).json();
    assert_eq!(labels(&found), ["radio.tx_power=27 dBm", "radio.tx_power=20 dBm"], "as it was given");
    let differences = found["exchange_differences"].as_array().expect("differences");
    let figures: Vec<&Value> = differences.iter().map(|d| &d["figure"]).collect();
    assert_eq!(figures, ["push_delivered_share", "push_delay_s"]);
    assert!(differences.iter().all(|d| d["pairs"] == 9), "{differences:?}");
    // The mean of the meters' shares is the share of all: every meter has as many reports.
    let share = |run: usize| found["runs"][run]["summary"]["variants"][0]["metrics"]["push_delivered_share"].as_f64();
    let (a, b) = (share(0).expect("a share"), share(1).expect("a share"));
    let mean = differences[0]["difference"]["mean"].as_f64().expect("a mean");
    assert!((mean - (b - a)).abs() < 0.01, "{mean} for {b} less {a}");
    let text = run(here.path(), &["compare", "a", "b"]).expect(0).out;
    assert!(text.contains("Reports and reads, meter by meter") && text.contains("report delay"), "{text}");

    for (name, power) in [("c", "27 dBm"), ("d", "20 dBm")] {
        let set = format!("radio.tx_power={power}");
        run(here.path(), &["run", "small.toml", "--set", &set, "--set", "traffic.push=off", "-o", name]).expect(0);
    }
    let nothing = run(here.path(), &["compare", "c", "d"]).expect(0);
    let flat = nothing.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("there is nothing to pair by meter"), "{}", nothing.out);
}

#[test]
fn what_is_no_run_is_told_as_such() {
    let here = folder(SMALL);
    run(here.path(), &["compare", "small.toml"]).expect(2).tells(&["small.toml: this is a file, not the directory"]);
    run(here.path(), &["sweep", "small.toml", "--vary", "placement.meters=9,16", "-o", "out"]).expect(0);
    for command in ["verify", "report"] {
        let told = ["out: this is a study, not a run", "out/report.html", "compare"];
        run(here.path(), &[command, "out"]).expect(3).tells(&told);
    }
    fs::remove_file(here.path().join("out/summary.json")).expect("there");
    run(here.path(), &["verify", "out"]).expect(3).tells(&["a study that has not ended", "--resume"]);
}
