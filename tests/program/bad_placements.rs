//! Placement files: what is refused, with its line and the remedy, and what looks odd and is allowed.

use amitwin_data::files::RunDir;
use amitwin_data::rows::NodeRow;
use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{Said, run, summary};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const SCENARIO: &str = r#"
name = "from-file"
duration = "15min"

[placement]
file = "meters.csv"

[[campaign]]
name = "reset"
kind = "reset"
at = "6min"
window = ["0s", "5s"]

[[gate]]
metric = "failed"
max = 0
"#;

fn with_meters(meters: &[u8]) -> TempDir {
    let here = folder(SCENARIO);
    fs::write(here.path().join("meters.csv"), meters).expect("written");
    here
}

fn both(here: &Path) -> [Said; 2] {
    ["check", "run"].map(|command| run(here, &[command, "small.toml"]))
}

#[track_caller]
fn refused(meters: impl AsRef<[u8]>, words: &[&str]) {
    let here = with_meters(meters.as_ref());
    for said in both(here.path()) {
        said.expect(3).tells(&["meters.csv"]).tells(words);
    }
}

const HEAD: &str = "id,lat,lon,kind\ng,53.6500,11.4000,gateway\n";

#[test]
fn duplicate_ids() {
    refused(
        format!("{HEAD}a,53.65,11.4,\na,53.65,11.4,\n"),
        &["line 4, column id", "the id 'a' is already taken by line 3", "give each site its own id"],
    );
}

#[test]
fn coordinates_out_of_range_or_swapped() {
    refused(format!("{HEAD}a,153.65,11.4,\n"), &["line 3, column lat", "153.65"]);
    refused(format!("{HEAD}a,north,11.4,\n"), &["line 3, column lat", "north"]);
    let swapped = format!("{HEAD}a,53.6501,11.4001,\nb,53.6502,11.4002,\nc,11.4002,53.6502,\n");
    refused(swapped, &["meters.csv, line 5", "c lies", "latitude and longitude are swapped"]);
}

#[test]
fn a_placement_in_the_place_of_a_scenario() {
    let here = tempfile::tempdir().expect("a folder");
    std::fs::write(here.path().join("meters.csv"), format!("{HEAD}a,53.65,11.4,\n")).expect("written");
    for command in ["run", "check"] {
        let said = run(here.path(), &[command, "meters.csv"]).expect(3);
        said.tells(&["meters.csv is no scenario", "amitwin init NAME", "--set placement.file=meters.csv"]);
    }
}

#[test]
fn files_without_a_site() {
    refused("", &["empty"]);
    refused("id,lat,lon\n", &["meters.csv"]);
    refused("name;latitude\na;3\n", &["line 1"]);
    refused("id,lat,lon,kind\ng,53.65,11.4,gateway\n", &["meters.csv: ", "no meter"]);
    refused("id,lat,lon\na,53.65,11.4\n", &["names no border router", "add a site of kind gateway", "gateways = 1"]);
}

#[test]
fn files_that_are_no_table() {
    refused(b"id,lat,lon\n\xff\xfe,53.65,11.4\n", &["line 2", "UTF-8"]);
    let mut long = b"id,lat,lon\n".to_vec();
    long.resize(100 << 20, b'7');
    refused(long, &["line 2"]);
    let here = folder(SCENARIO);
    for said in both(here.path()) {
        said.expect(3).tells(&["meters.csv: cannot be read", "check the path", "small.toml:6:8"]);
    }
}

#[test]
fn one_meter_is_enough() {
    let here = with_meters(format!("{HEAD}a,53.6501,11.4001,\n").as_bytes());
    run(here.path(), &["check", "small.toml"]).expect(0);
    run(here.path(), &["run", "small.toml", "-o", "out"]).expect(0);
    let summary = summary(&here.path().join("out"));
    assert_eq!((summary.variants[0].meters, summary.variants[0].metrics["back"]), (1, Some(1.0)));
}

#[test]
fn meters_at_one_spot_are_a_meter_room() {
    let here = with_meters(format!("{HEAD}a,53.65,11.4,\nb,53.65,11.4,\nc,53.65,11.4,\n").as_bytes());
    run(here.path(), &["run", "small.toml", "-o", "out"]).expect(0);
    assert_eq!(summary(&here.path().join("out")).variants[0].metrics["back"], Some(3.0));
}

#[test]
fn a_meter_that_reaches_nobody_is_reported_and_not_dropped() {
    // 40 km north of the others.
    let here = with_meters(format!("{HEAD}a,53.6501,11.4001,\nfar,54.0100,11.4000,\n").as_bytes());
    let words = ["1 of 3 radios have no route to a border router", "(far)", "Add border routers or repeaters"];
    run(here.path(), &["check", "small.toml"]).expect(0).tells(&words);
    // It was commanded and failed, so the gate is breached.
    run(here.path(), &["run", "small.toml", "-o", "out"]).expect(4).tells(&words);
    let out = here.path().join("out");
    let variant = summary(&out).variants.remove(0);
    assert_eq!((variant.meters, variant.unreachable), (2, 1));
    assert_eq!((variant.metrics["commanded"], variant.metrics["failed"]), (Some(2.0), Some(1.0)));
    let nodes: Vec<NodeRow> = RunDir::open(&out).expect("complete").rows("base", 1).expect("nodes");
    let far = nodes.iter().find(|n| n.name == "far").expect("it is in the table");
    assert!(!far.reachable && far.hops.is_none() && far.parent.is_none());
    assert!(fs::read_to_string(out.join("report.html")).expect("a report").contains("far"));
}

#[test]
fn a_placement_of_the_command_line_is_looked_for_here() {
    let here = with_meters(format!("{HEAD}a,53.6501,11.4001,\n").as_bytes());
    fs::create_dir(here.path().join("deep")).expect("made");
    fs::rename(here.path().join("small.toml"), here.path().join("deep/small.toml")).expect("moved");
    run(here.path(), &["check", "deep/small.toml"]).expect(3).tells(&["deep/meters.csv: cannot be read"]);
    run(here.path(), &["check", "deep/small.toml", "--set", "placement.file=meters.csv"]).expect(0);
}

#[test]
#[cfg(unix)]
fn what_is_no_regular_file_is_refused_at_once() {
    let here = folder(SCENARIO);
    let pipe = here.path().join("pipe.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    std::os::unix::fs::symlink("/dev/zero", here.path().join("zero.csv")).expect("linked");
    for name in ["pipe.csv", "zero.csv"] {
        let said = run(here.path(), &["check", "small.toml", "--set", &format!("placement.file={name}")]);
        said.expect(3).tells(&[name, "it is no regular file but a pipe, a socket or a device"]);
    }
    fs::rename(&pipe, here.path().join("pipe.toml")).expect("renamed");
    let told = ["pipe.toml cannot be read: it is no regular file", "name a file that holds the scenario"];
    run(here.path(), &["check", "pipe.toml"]).expect(3).tells(&told);
}
