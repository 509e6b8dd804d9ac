//! Scenario files that are wrong: exit code 3, the place, and what to do.

use amitwin_data::summary::Status;
use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{SMALL, run, summary};
use std::fs;

/// The scenario with one text replaced is refused by `check` and `run` alike, and says all of `words`.
#[track_caller]
fn refused(from: &str, to: &str, words: &[&str]) {
    assert_eq!(SMALL.matches(from).count(), 1, "{from:?} must be there once");
    let here = folder(&SMALL.replace(from, to));
    for command in ["check", "run"] {
        let said = run(here.path(), &[command, "small.toml"]).expect(3).tells(words);
        assert!(said.out.is_empty(), "{}", said.out);
    }
    assert!(!here.path().join("runs").exists());
}

#[test]
fn an_unknown_key_with_the_nearest_known_one() {
    refused("meters = 9", "metres = 9", &["small.toml:7", "metres", "did you mean `meters`?"]);
    refused("[placement]", "[placment]", &["small.toml:5", "placment", "placement"]);
}

#[test]
fn a_missing_or_wrong_unit_with_the_known_ones() {
    refused("\"20min\"", "20", &["small.toml:3:12", "`duration` needs a unit", "known units are s, ms, us"]);
    refused("\"6min\"", "\"6 minuets\"", &["small.toml:13", "minuets", "min"]);
    refused("\"6min\"", "\"6 dBm\"", &["small.toml:13", "dBm"]);
}

#[test]
fn negative_and_absurd_values_with_the_allowed_range() {
    refused("meters = 9", "meters = -9", &["small.toml:7", "`placement.meters`", "allowed is 1 to 2000000"]);
    refused("meters = 9", "meters = 900000000", &["small.toml:7", "too large", "allowed is 1 to 2000000"]);
    refused("\"20min\"", "\"-20min\"", &["small.toml:3", "too small", "allowed is 1s to 366d"]);
    refused("\"20min\"", "\"9000d\"", &["small.toml:3", "too large", "allowed is 1s to 366d"]);
    refused(
        "[placement]",
        "[radio]\ntx_power = \"90 dBm\"\n[placement]",
        &["small.toml:6", "radio.tx_power", "allowed"],
    );
}

#[test]
fn no_gateway_and_names_taken_twice() {
    refused("gateways = 1", "gateways = 0", &["small.toml:8", "placement.gateways", "allowed is 1"]);
    let twice = "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"A\"\n[[campaign]]";
    refused("[[campaign]]", twice, &["two variants are named `A`", "give one of them another name"]);
    let long = format!("[[variant]]\nname = \"{}\"\n[[campaign]]", "\u{1F50C}".repeat(40));
    refused("[[campaign]]", &long, &["a variant's name is too long", "shorter name"]);
}

#[test]
fn a_region_without_channels_for_the_mode() {
    let radio = "[radio]\nphy = \"2b\"\nregion = \"eu\"\n[placement]";
    let words = ["small.toml:6", "no channel plan of this region", "modes of the region are \"1a\", \"2a\", \"3\""];
    refused("[placement]", radio, &words);
}

#[test]
fn a_world_that_cannot_be_built() {
    let text = SMALL.replace("gateways = 1", "gateways = 2\n[coupling]\nmeshes = \"exact\"");
    let here = folder(&text.replace("\"grid\"\nmeters = 9", "\"suburb\"\nmeters = 70000"));
    let words = ["variant 'base'", "70002 radios", "at most 65,000", "coupling.meshes = \"window\""];
    run(here.path(), &["check", "small.toml"]).expect(3).tells(&["small.toml", "cannot be built"]).tells(&words);
    run(here.path(), &["run", "small.toml", "-o", "out"]).expect(3).tells(&words);
    let summary = summary(&here.path().join("out"));
    assert_eq!((summary.status, summary.exit_code), (Status::Failed, Some(3)));
}

#[test]
fn a_setting_of_the_command_line() {
    let here = folder(SMALL);
    for (set, words) in [
        ("radio.tx_pwer=20 dBm", ["radio.tx_pwer", "did you mean `tx_power`?"]),
        ("radio.tx_power=20", ["`radio.tx_power` needs a unit", "20 dBm"]),
        ("campaign.rest.at=1min", ["rest", "reset"]),
    ] {
        run(here.path(), &["check", "small.toml", "--set", set]).expect(3).tells(&words).tells(&["--set"]);
    }
    run(here.path(), &["check", "small.toml", "--seed", "18446744073709551615"])
        .expect(3)
        .tells(&["--seed", "allowed"]);
}

#[test]
fn files_that_are_no_scenario() {
    let here = folder("");
    run(here.path(), &["run", "small.toml"]).expect(3).tells(&["small.toml is empty", "amitwin init"]);
    run(here.path(), &["run", "smal.toml"]).expect(3).tells(&["smal.toml cannot be read", "check the path"]);
    run(here.path(), &["run", "."]).expect(3).tells(&[". is a directory", "name the scenario file"]);
    fs::write(here.path().join("latin.toml"), b"name = \"x\"\n# gr\xf6\xdfer\n").expect("written");
    run(here.path(), &["run", "latin.toml"])
        .expect(3)
        .tells(&["latin.toml:2: byte 15 (0xf6)", "save the file as UTF-8"]);
    fs::write(here.path().join("broken.toml"), "name = \"x\nduration = 3").expect("written");
    run(here.path(), &["run", "broken.toml"]).expect(3).tells(&["broken.toml:1"]);
    fs::write(here.path().join("long.toml"), vec![b'a'; 100 << 20]).expect("written");
    let words = ["long.toml is larger than 4 MiB", "put long lists of meters into a placement file"];
    run(here.path(), &["run", "long.toml"]).expect(3).tells(&words);
}
