//! Each exit code, and that the summary says the same.

use amitwin_data::summary::{Status, Verdict};
use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{SMALL, run, summary};
use std::fs;

fn with_gate(gate: &str) -> String {
    format!("{SMALL}\n[[gate]]\n{gate}\n")
}

#[test]
fn a_run_without_gates_and_one_whose_gates_pass_exit_0() {
    for text in [SMALL.to_owned(), with_gate("metric = \"dropped\"\nmax = 1_000_000_000")] {
        let here = folder(&text);
        run(here.path(), &["run", "small.toml", "-o", "out"]).expect(0);
        let summary = summary(&here.path().join("out"));
        assert_eq!((summary.status, summary.exit_code), (Status::Complete, Some(0)));
        assert!(summary.gates.iter().all(|g| g.verdict == Verdict::Pass));
    }
}

#[test]
fn a_breached_gate_exits_4_and_keeps_the_results() {
    let here = folder(&with_gate("metric = \"frames\"\nmax = 0"));
    let said = run(here.path(), &["run", "small.toml", "-o", "out"]).expect(4);
    assert!(said.out.contains("breach"), "{}", said.out);
    let summary = summary(&here.path().join("out"));
    assert_eq!((summary.status, summary.exit_code), (Status::Complete, Some(4)));
    run(here.path(), &["verify", "out"]).expect(0);
}

#[test]
fn a_gate_without_data_exits_5() {
    let here = folder(&with_gate("metric = \"push_delivered\"\nmin = \"98 %\""));
    let said = run(here.path(), &["run", "small.toml", "-o", "out"]).expect(5);
    assert!(said.out.contains("no data"), "{}", said.out);
    assert_eq!(summary(&here.path().join("out")).exit_code, Some(5));
}

#[test]
fn a_gate_of_a_variant_that_does_not_run_is_told() {
    let text = with_gate("metric = \"frames\"\nmax = 0\nvariants = [\"b\"]")
        .replace("[[gate]]", "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n[[gate]]");
    let here = folder(&text);
    let said = run(here.path(), &["run", "small.toml", "--variant", "a", "-o", "out"]).expect(0);
    let said = said.tells(&["the gate `frames max 0` judges `b`, which does not run"]);
    assert!(said.out.contains("would fail") && !said.out.contains("breach"), "{}", said.out);
}

#[test]
fn a_variant_that_no_gate_judges_is_told_and_does_not_count() {
    let late = r#"[[variant]]
name = "at once"
[[variant]]
name = "late"
set = { "campaign.reset.window" = ["10min", "11min"] }
[[gate]]"#;
    let gate = |judged: &str| {
        let gate = format!("metric = \"back_share\"\nstat = \"5min\"\nmin = \"90 %\"\nvariants = [\"{judged}\"]");
        folder(&with_gate(&gate).replace("[[gate]]", late))
    };
    for (judged, other, code, words) in [("at once", "late", 0, "would fail"), ("late", "at once", 4, "would pass")] {
        let here = gate(judged);
        let said = run(here.path(), &["run", "small.toml", "-o", "out"]).expect(code);
        assert!(said.out.contains(words), "{}", said.out);
        let summary = summary(&here.path().join("out"));
        assert_eq!(summary.exit_code, Some(code as u8));
        let of = |name: &str| summary.gates.iter().find(|g| g.variant == name).expect("a verdict");
        assert!(of(judged).binding && !of(other).binding);
        assert_eq!((of("at once").verdict, of("late").verdict), (Verdict::Pass, Verdict::Breach));
    }
}

#[test]
fn wrong_options_exit_2() {
    let here = folder(&SMALL.replace("[[campaign]]", "[[variant]]\nname = \"spread\"\n[[campaign]]"));
    for (arguments, words) in [
        (&["walk"][..], "unrecognized subcommand 'walk'"),
        (&["run"], "<FILE>"),
        (&["run", "small.toml", "--sed", "3"], "a similar argument exists: '--seed'"),
        (&["run", "small.toml", "--set", "seed"], "is not KEY=VALUE"),
        (&["run", "small.toml", "--threads", "0"], "0 is not in 1..=1024"),
        (&["run", "small.toml", "--format", "yaml"], "[possible values: table, json]"),
        (&["run", "small.toml", "--variant", "spraed"], "there is no variant `spraed`; did you mean `spread`?"),
        (&["check", "small.toml", "--variant", "x"], "there is no variant `x`; variants: spread"),
        (&["run", "small.toml", "--force"], "--output <DIR>"),
        (&["init"], "<NAME>"),
        (&["init", "town", "--template", "storm"], "[possible values: mass-reset, readings, minimal, plan]"),
        (&["describe", "nodess"], "there is nothing called `nodess`; did you mean `nodes`?"),
        (&["compare"], "<RUN>..."),
    ] {
        run(here.path(), arguments).expect(2).tells(&[words]);
    }
    assert!(!here.path().join("runs").exists(), "a wrong option leaves nothing behind");
}

#[test]
fn an_invalid_scenario_exits_3_and_leaves_nothing_behind() {
    let here = folder("name = 3");
    run(here.path(), &["run", "small.toml"]).expect(3);
    run(here.path(), &["check", "small.toml"]).expect(3);
    assert!(!here.path().join("runs").exists());
}

#[test]
fn a_changed_file_exits_6() {
    let here = folder(SMALL);
    run(here.path(), &["run", "small.toml", "-o", "out"]).expect(0);
    let table = here.path().join("out/tables/nodes/base/part-000.parquet");
    let mut bytes = fs::read(&table).expect("a table");
    bytes[20] ^= 1;
    fs::write(&table, &bytes).expect("written");
    let said = run(here.path(), &["verify", "out"]).expect(6).tells(&["cannot be trusted", "Run the scenario again"]);
    assert!(said.out.contains("tables/nodes/base/part-000.parquet: "), "{}", said.out);
    fs::remove_file(&table).expect("removed");
    let said = run(here.path(), &["verify", "out", "--format", "json"]).expect(6);
    assert_eq!(said.json()["problems"][0]["path"], "tables/nodes/base/part-000.parquet");
    run(here.path(), &["compare", "out"]).expect(6).tells(&["part-000.parquet", "cannot be trusted"]);
}

#[test]
fn a_changed_summary_exits_6() {
    let here = folder(SMALL);
    run(here.path(), &["run", "small.toml", "-o", "out"]).expect(0);
    let path = here.path().join("out/summary.json");
    let text = fs::read_to_string(&path).expect("a summary");
    fs::write(&path, text.replacen("\"meters\": 9", "\"meters\": 8", 1)).expect("written");
    run(here.path(), &["verify", "out"]).expect(6).tells(&["summary.json", "changed after the run"]);
}

#[test]
fn a_directory_that_is_no_run_exits_3() {
    let here = folder(SMALL);
    for command in ["verify", "compare", "report"] {
        run(here.path(), &[command, "."]).expect(3).tells(&["not a run directory", "manifest.json"]);
        run(here.path(), &[command, "nowhere"]).expect(3).tells(&["nowhere: not a run directory: it does not exist"]);
    }
}
