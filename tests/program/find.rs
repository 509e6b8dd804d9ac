//! `find`: answers, why there is none, one directory, bad input.

use amitwin_data::find::{Ended, FindSummary};
use amitwin_testkit::folders::{files, folder};
use amitwin_testkit::program::{Said, amitwin, run};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// A town whose border router's air fills with its size; nothing else decides.
const TOWN: &str = r#"
name = "town"
duration = "10min"

[placement]
generator = "suburb"
meters = 50
gateways = 1

[traffic]
push = "1min"
"#;

/// How busy the border router may be: 20 meters make 5 % of it, 80 make 12 %.
const BUSY: &str = "[[gate]]\nmetric = \"border_router_busy\"\nmax = \"7.7 %\"\n";

fn find(here: &Path, arguments: &[&str]) -> Said {
    run(here, &[&["find", "small.toml"], arguments].concat())
}

fn summary(out: &Path) -> FindSummary {
    let text = fs::read(out.join("summary.json")).expect("a summary");
    serde_json::from_slice(&text).expect("of a search")
}

const LARGEST: [&str; 6] = ["--largest", "placement.meters", "--between", "10..90", "--tolerance", "20 %"];

#[test]
fn the_largest_town_that_passes_is_found_and_a_run_of_it_agrees() {
    let here = folder(&format!("{TOWN}{BUSY}"));
    let said = find(here.path(), &[&LARGEST[..], &["-o", "out"]].concat()).expect(0);
    let found = summary(&here.path().join("out"));
    let answer = &found.answers[0];
    let (passes, breaches) = (answer.passes.clone().expect("an answer"), answer.breaches.clone().expect("a limit"));
    assert_eq!((answer.ended, found.study.exit_code), (Ended::Found, Some(0)));
    // Whole meters in steps of at most 20 %, and half a meter of rounding at both.
    assert!(breaches.value <= 1.2 * passes.value + 1.0 && passes.value > 10.0 && breaches.value < 90.0, "{answer:?}");
    assert!(said.out.contains(&format!("{} is the largest that passes", passes.text)), "{}", said.out);
    for (value, code) in [(&passes, 0), (&breaches, 4)] {
        let (set, seeds) = (format!("placement.meters={}", value.text), value.seeds.to_string());
        run(here.path(), &["run", "small.toml", "--set", &set, "--seeds", &seeds, "-o", &format!("at-{}", value.text)])
            .expect(code);
    }
    assert_eq!((found.question.confidence, answer.confidence), (0.95, 0.95));
    // One seed decides for `run` as well, and is not as sure as an answer is to be.
    let one = find(here.path(), &[&LARGEST[..], &["--seeds", "1", "-o", "one"]].concat()).expect(8);
    assert!(one.out.contains("% confidence instead of 95 %: take more seeds (--seeds) than 1 a value"), "{}", one.out);
    let sure = summary(&here.path().join("one")).answers[0].confidence;
    assert!((0.1..0.5).contains(&sure), "{sure}");
    let report = fs::read_to_string(here.path().join("out/report.html")).expect("a report");
    for part in ["max 7.7 %", "f0 band", "class=\"zero\"", "is the largest that passes"] {
        assert!(report.contains(part), "the report has no {part}");
    }
    let json = find(here.path(), &[&LARGEST[..], &["-o", "again", "--format", "json", "-q"]].concat()).expect(0);
    assert_eq!(
        (json.json()["answers"][0]["passes"]["text"].as_str(), json.err.as_str()),
        (Some(passes.text.as_str()), "")
    );
}

#[test]
fn each_choice_of_other_settings_has_its_answer_and_threads_change_nothing() {
    let here = folder(&format!("{TOWN}{BUSY}"));
    let per = ["--per", "radio.phy=1b,3"];
    let said = find(here.path(), &[&LARGEST[..], &per, &["-j", "1", "-o", "one"]].concat()).expect(0);
    assert!(
        said.out.contains("phy 1b: placement.meters:") && said.out.contains("phy 3: placement.meters:"),
        "{}",
        said.out
    );
    find(here.path(), &[&LARGEST[..], &per, &["-j", "2", "-o", "two"]].concat()).expect(0);
    for file in ["cases.parquet", "summary.json"] {
        let read = |dir: &str| fs::read(here.path().join(dir).join(file)).expect("read");
        assert!(read("one") == read("two"), "{file} differs");
    }
    let answers = summary(&here.path().join("one")).answers;
    let values: Vec<f64> = answers.iter().map(|a| a.passes.as_ref().expect("an answer").value).collect();
    assert!(values[1] > values[0], "150 kb/s carry more than 50: {values:?}");
}

#[test]
fn a_range_of_two_times_begins_at_zero() {
    let reset = "[[campaign]]\nname = \"reset\"\nkind = \"reset\"\nat = \"2min\"\nwindow = [\"10s\", \"60s\"]\n";
    let gate = "[[gate]]\nmetric = \"collisions\"\nmax = 1000000\n";
    let here = folder(&format!("{TOWN}{reset}{gate}"));
    let window = ["--smallest", "campaign.reset.window", "--between", "10s..5min", "--tolerance", "50%", "-o", "out"];
    let said = find(here.path(), &window).expect(0);
    assert!(said.out.contains("the gates hold up to the end at 10s; lower the lower end"), "{}", said.out);
    let found = summary(&here.path().join("out"));
    let values: Vec<&str> = found.study.cases.iter().map(|case| case.settings[0].value.as_str()).collect();
    assert!(values.contains(&"[0s, 10s]"), "{values:?}");
}

#[test]
fn why_there_is_no_answer_is_told() {
    let none = "[[gate]]\nmetric = \"frames\"\nmax = 0\n";
    let silent = "[[gate]]\nmetric = \"rejoin_time\"\nstat = \"p95\"\nmax = \"5min\"\n";
    // A share that no ten seeds can show.
    let sure = "[[gate]]\nmetric = \"frames\"\nmax = 1000000\nshare = \"99 %\"\n";
    // More than so many frames: the more meters, the better, which is not what "largest" asks for. 40 meters make 14,600.
    let turned = "[[gate]]\nmetric = \"frames\"\nmin = 15000\n";
    for (gate, code, ended, words) in [
        (none, 4, Ended::NonePasses, "no value passes, not even 10"),
        (silent, 5, Ended::NoData, "a gate had no data with"),
        (sure, 8, Ended::Undecided, "10 seeds do not tell"),
        (turned, 8, Ended::NotMonotone, "so that there is no largest value"),
    ] {
        let here = folder(&format!("{TOWN}{gate}"));
        let said = find(here.path(), &[&LARGEST[..], &["--seeds", "10", "-o", "out"]].concat()).expect(code);
        let flat = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words), "{gate}: {}", said.out);
        assert_eq!(summary(&here.path().join("out")).answers[0].ended, ended);
    }
}

#[test]
fn what_cannot_be_is_told() {
    let here = folder(&format!("{TOWN}{BUSY}"));
    let range = |key, between| ["--largest", key, "--between", between, "-o", "out"];
    for (arguments, code, words) in [
        (&range("placement.metres", "10..20")[..], 3, "did you mean `meters`?"),
        (&range("placement.meters", "20..10"), 2, "the smaller number comes first"),
        (&range("placement.meters", "20..20"), 2, "two different ends"),
        (&range("placement.meters", "20"), 2, "not a range of two numbers"),
        (&range("placement.meters", "0..20"), 3, "invalid with placement.meters=0, an end of what is searched"),
        (&range("radio.tx_power", "10..30"), 3, "unit"),
        (&range("seed", "1..9"), 2, "belongs to the whole study"),
        (&["--largest", "placement.meters", "-o", "out"], 2, "--between"),
        (&["--between", "1..2", "-o", "out"], 2, "--largest"),
        (&[&LARGEST[..], &["--seeds", "0", "-o", "out"]].concat(), 2, "0 is not in 1..=10000"),
        (&[&LARGEST[..4], &["--tolerance", "0", "-o", "out"]].concat(), 2, "not a share from 0.1 % to 50 %"),
        (&[&LARGEST[..], &["--per", "placement.meters=1,2", "-o", "out"]].concat(), 2, "varied twice"),
        (&[&LARGEST[..], &["--variant", "bse", "-o", "out"]].concat(), 3, "did you mean `base`?"),
    ] {
        find(here.path(), arguments).expect(code).tells(&[words]);
    }
    assert!(!here.path().join("out").exists(), "a wrong option leaves nothing behind");
    let no_gate = folder(TOWN);
    find(no_gate.path(), &[&LARGEST[..], &["-o", "out"]].concat()).expect(2).tells(&["the scenario has no gate"]);
    run(here.path(), &["sweep", "small.toml", "--vary", "placement.meters=9,16", "-o", "swept"]).expect(0);
    find(here.path(), &[&LARGEST[..], &["-o", "swept", "--resume"]].concat()).expect(2).tells(&["another study"]);
}

#[test]
fn a_value_in_the_midst_that_makes_no_scenario_is_told() {
    let here = folder(&format!("{TOWN}{BUSY}"));
    // Both ends are whole, and hardly a value between them.
    let range = ["--largest", "placement.meters", "--between", "10.0..90.0", "-o", "out"];
    let said = find(here.path(), &range).expect(3);
    assert!(said.out.contains("the scenario is invalid with"), "{}", said.out);
    said.tells(&["with seed 1: error: `placement.meters` must be a whole number"]);
}

#[cfg(unix)]
#[test]
fn a_search_killed_again_and_again_goes_on_to_the_same_bytes() {
    let here = folder(&format!("{TOWN}{BUSY}"));
    let fine = ["--largest", "placement.meters", "--between", "10..90", "--tolerance", "1%", "--per", "radio.phy=1b,3"];
    let code = find(here.path(), &[&fine[..], &["-o", "whole"]].concat()).code.expect("it ended");
    let mut kills = 0;
    for wait_ms in [15, 40, 70, 30, 90, 50] {
        let arguments = [&["find", "small.toml"], &fine[..], &["-o", "torn", "--resume"]].concat();
        let mut child =
            amitwin(here.path(), &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
        std::thread::sleep(Duration::from_millis(wait_ms));
        kills += usize::from(child.try_wait().expect("a state").is_none());
        child.kill().expect("killed");
        child.wait().expect("ended");
    }
    assert!(kills >= 2, "it was over too soon: {kills}");
    let before = files(&here.path().join("torn/cases"), ".json").len();
    find(here.path(), &[&fine[..], &["-o", "torn", "--resume"]].concat()).expect(code);
    assert!(files(&here.path().join("torn/cases"), ".json").len() >= before);
    for file in ["cases.parquet", "summary.json", "report.html"] {
        let read = |dir: &str| fs::read(here.path().join(dir).join(file)).expect("read");
        assert!(read("whole") == read("torn"), "{file} differs");
    }
}
