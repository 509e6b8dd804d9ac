//! `amitwin site`: what it prints and writes, that a run confirms it, and what it refuses.

use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{run, summary};
use serde_json::Value;
use std::fs;

/// A village whose radios are too weak for its gaps.
const VILLAGE: &str = r#"
name = "village"
duration = "30min"

[placement]
generator = "village"
meters = 120
gateways = 1

[radio]
tx_power = "20 dBm"

[traffic]
push = "10min"
"#;

#[test]
fn a_run_confirms_what_was_promised() {
    let here = folder(VILLAGE);
    let said =
        run(here.path(), &["site", "small.toml", "--repeaters", "2", "-o", "r.csv", "--format", "json"]).expect(0);
    let found: Value = serde_json::from_str(&said.out).expect("JSON");
    let repeaters = found["repeaters"].as_array().expect("a list");
    assert_eq!(found["file"], "r.csv");
    assert!(!repeaters.is_empty() && repeaters.len() <= 2, "{found}");
    let left = |with: &Value| with["without_route"].as_u64().expect("a number") as u32;
    let (before, after) = (left(&found["now"]), left(&repeaters[repeaters.len() - 1]["with_it"]));
    assert!(after < before, "{found}");
    let file = fs::read_to_string(here.path().join("r.csv")).expect("written");
    assert_eq!(file.lines().count(), 1 + repeaters.len(), "{file}");
    assert!(said.err.contains("next: amitwin run small.toml --set placement.repeaters=r.csv"), "{}", said.err);
    run(here.path(), &["run", "small.toml", "-o", "without"]).expect(0);
    run(here.path(), &["run", "small.toml", "--set", "placement.repeaters=r.csv", "-o", "with"]).expect(0);
    let unreachable = |name: &str| summary(&here.path().join(name)).variants[0].unreachable;
    assert_eq!((unreachable("without"), unreachable("with")), (before, after));
    // The run directory keeps the file, and its scenario runs from there.
    let again = ["run", "with/scenario.resolved.toml", "-o", "again"];
    run(here.path(), &again).expect(0);
    let print = |name: &str| summary(&here.path().join(name)).fingerprint;
    assert_eq!(print("with"), print("again"));
}

#[test]
fn what_it_cannot_do_is_said() {
    let here = folder(VILLAGE);
    let site = |more: &[&str]| run(here.path(), &[&["site", "small.toml", "-o", "r.csv"], more].concat());
    let said = site(&["--repeaters", "0"]).expect(2);
    assert!(said.err.contains("0 is not in 1..=1000"), "{}", said.err);
    fs::write(here.path().join("poles.csv"), "id,lat,lon\npole,50.001,10.001\n").expect("written");
    let said = site(&["--repeaters", "2", "--places", "poles.csv"]).expect(2);
    assert!(said.err.contains("2 repeaters were asked for, and places for them are 1"), "{}", said.err);
    let said = site(&["--repeaters", "1", "--places", "lamps.csv"]).expect(3);
    assert!(said.err.contains("lamps.csv"), "{}", said.err);
    let said = site(&["--repeaters", "1", "--height", "600m"]).expect(2);
    assert!(said.err.contains("`600m` is not a height from 0.5 m to 500 m"), "{}", said.err);
    let said = site(&["--repeaters", "1", "--set", "medium=ideal"]).expect(3);
    assert!(said.err.contains("has no radios"), "{}", said.err);
    fs::write(here.path().join("r.csv"), "mine").expect("written");
    let said = site(&["--repeaters", "1"]).expect(2);
    assert!(said.err.contains("r.csv is there already") && said.err.contains("--force"), "{}", said.err);
    assert_eq!(fs::read_to_string(here.path().join("r.csv")).expect("kept"), "mine");
}

#[test]
fn a_mesh_that_lacks_nothing_gets_nothing_and_no_file() {
    let here = folder(&VILLAGE.replace("meters = 120", "meters = 4").replace("20 dBm", "30 dBm"));
    let said = run(here.path(), &["site", "small.toml", "--repeaters", "3", "-o", "r.csv"]).expect(0);
    assert!(said.err.contains("every meter has a route to a border router"), "{}", said.err);
    assert!(
        said.err.contains("no place makes the mesh better") && said.err.contains("r.csv was not written"),
        "{}",
        said.err
    );
    assert!(!here.path().join("r.csv").exists());
}
