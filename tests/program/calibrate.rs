//! `amitwin calibrate`: settings from a survey, which a scenario takes.

use amitwin_testkit::folders::folder;
use amitwin_testkit::program::run;
use std::fmt::Write;
use std::fs;
use std::path::Path;

const TOWN: &str = "name = \"town\"\nduration = \"15min\"\n\n[placement]\nfile = \"meters.csv\"\n";

/// Twelve radios in a row along a latitude, the first one a border router.
fn row(here: &Path) {
    let mut text = "id,lat,lon,kind,height_m\n".to_owned();
    for n in 0..12 {
        let kind = if n == 0 { "gateway" } else { "meter" };
        writeln!(text, "R{n},47.0,{},{kind},2", 8.0 + 0.0003 * f64::from(n)).expect("a text");
    }
    fs::write(here.join("meters.csv"), text).expect("written");
}

/// A level for each pair of those, in both directions: 30 dB less for ten times the distance, and 10 dB more from the border
/// router.
fn survey(here: &Path, more: &str) {
    let mut text = "time,from,to,rssi_dbm\n".to_owned();
    for a in 0..12_i32 {
        for b in (0..12).filter(|b| *b != a) {
            let boxes = if a == 0 || b == 0 { 8.0 } else { 16.0 };
            let level = -40.0 - boxes - 30.0 * f64::from((a - b).abs()).log10() + if a == 0 { 10.0 } else { 0.0 };
            writeln!(text, "12:00,R{a},R{b},{level:.3}").expect("a text");
        }
    }
    fs::write(here.join("survey.csv"), text + more).expect("written");
}

#[test]
fn a_survey_becomes_settings_that_a_scenario_takes() {
    let here = folder(TOWN);
    row(here.path());
    survey(here.path(), "");
    let calibrate = ["calibrate", "survey.csv", "--scenario", "small.toml"];
    let said = run(here.path(), &calibrate).expect(0);
    assert!(said.out.starts_with("# Fitted to survey.csv: 66 links of 12 nodes, "), "{}", said.out);
    // Without scatter the slope is the one that it was made with, to the rounding of levels.
    assert!(
        said.out.contains("\nexponent = 3.00 ") && said.out.contains("\npath_loss = \"log-distance\"\n"),
        "{}",
        said.out
    );
    // 27 dBm by default, and 10 dB more.
    assert!(said.out.contains("\ngateway_tx_power = \"37.0 dBm\""), "{}", said.out);
    let said = said.tells(&[
        "better than these hear them by: 10.0 +- 0.0 dB",
        "next: amitwin run small.toml --set radio.path_loss=log-distance",
    ]);
    let value: serde_json::Value = run(here.path(), &[&calibrate[..], &["--format", "json"]].concat()).expect(0).json();
    assert_eq!((&value["links"], &value["border_routers"]["pairs"]), (&66.into(), &11.into()));
    fs::write(here.path().join("fitted.toml"), format!("{TOWN}\n{}", said.out)).expect("written");
    run(here.path(), &["check", "fitted.toml"]).expect(0);
}

#[test]
fn what_cannot_be_used_is_refused_with_its_place() {
    let here = folder(TOWN);
    row(here.path());
    let refused = |more: &str, words: &[&str]| {
        survey(here.path(), more);
        run(here.path(), &["calibrate", "survey.csv", "--scenario", "small.toml"]).expect(3).tells(words);
    };
    refused("1,R1,R77,-80\n", &["survey.csv, line 134: 'R77' is not in the placement"]);
    refused("1,R1,R2,+80\n", &["survey.csv, line 134: column rssi_dbm: no receiver reports +80 dBm"]);
    refused("1,R1,R1,-80\n", &["survey.csv, line 134: 'R1' cannot hear itself"]);
    fs::write(here.path().join("survey.csv"), "from,to,rssi_dbm\nR1,R2,-80\n").expect("written");
    let few = run(here.path(), &["calibrate", "survey.csv", "--scenario", "small.toml"]).expect(3);
    few.tells(&["has 1 links, and nothing can be said from fewer than 30"]);
    run(here.path(), &["calibrate", "nowhere.csv", "--scenario", "small.toml"])
        .expect(3)
        .tells(&["nowhere.csv: cannot be read"]);
}
