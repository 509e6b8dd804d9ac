//! DuckDB reads the tables by glob and gets the numbers of the summary.
//!
//! Needs a Python with the package `duckdb`, which `AMITWIN_PYTHON` names. Without it the test says that it is skipped;
//! with `CI` set that is a failure.
#![cfg(feature = "files")]

use amitwin_data::files::ROWS_PER_GROUP;
use amitwin_data::metrics::{Metric, Values};
use amitwin_data::rows::{Outcome, Rows, TransactionKind, TransactionRow, describe};
use amitwin_data::summary::{Summary, VariantSummary};
use amitwin_testkit::runs::{begin, ended, events, extremes};
use amitwin_testkit::tools;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

/// Names that a reader of folder names might take for something else.
const VARIANTS: [&str; 3] = ["manual: 10-60 s", "2024-01-01", "größer/\u{1F50C}"];

/// Four meters reset at about 600 s: three are back after 100, 1,800 and 3,400 s, one is not.
fn resets() -> Rows {
    let row = |i: u32, reset_s: f64, answered_s: Option<f64>| TransactionRow {
        transaction: u64::from(i),
        campaign: Arc::from("reset"),
        gateway: 9,
        sent_s: Some(600.0),
        reset_s: Some(reset_s),
        answered_s,
        outcome: if answered_s.is_some() { Outcome::Ok } else { Outcome::Pending },
        attempts: 1,
        hops: Some(1),
        hops_made: Some(1),
        bytes: 16,
        ..TransactionRow::new(TransactionKind::Reset, i, reset_s)
    };
    let transactions = vec![
        row(0, 610.0, Some(700.0)),
        row(1, 620.0, Some(2_400.0)),
        row(2, 630.0, Some(4_000.0)),
        row(3, 640.0, None),
    ];
    Rows { transactions, ..Rows::default() }
}

fn summary() -> Summary {
    let metrics = [
        (Metric::Commanded, Some(4.0)),
        (Metric::Back, Some(3.0)),
        (Metric::Pending, Some(1.0)),
        (Metric::Failed, Some(0.0)),
        (Metric::Back5minShare, Some(0.25)),
        (Metric::Back30minShare, Some(0.5)),
        (Metric::Back60minShare, Some(0.75)),
        (Metric::RejoinP50S, Some(1_780.0)),
        (Metric::RejoinP95S, None),
        (Metric::RejoinP99S, None),
        (Metric::Transactions, Some(4.0)),
        (Metric::TransactionsOk, Some(3.0)),
    ];
    let metrics: Values = metrics.into_iter().collect();
    let variants = VARIANTS.map(|name| VariantSummary {
        name: name.to_owned(),
        meters: 1,
        gateways: 1,
        metrics: metrics.clone(),
        ..VariantSummary::default()
    });
    Summary { variants: variants.to_vec(), ..ended(&[]) }
}

fn write(path: &Path, summary: &Summary) {
    let run = begin(path, false).expect("begun");
    for name in VARIANTS {
        let mut set = run.tables(name).expect("named").with_limits(ROWS_PER_GROUP, 1);
        // Events and nodes from elsewhere: several parts, and the values that are hardest to store.
        set.write(&mut Rows { transactions: Vec::new(), ..extremes() }).expect("written");
        set.write(&mut events(0..ROWS_PER_GROUP as u32)).expect("written");
        set.write(&mut resets()).expect("written");
        set.finish().expect("finished");
    }
    run.finish(summary).expect("finished");
}

fn read(python: &Path, path: &Path) -> Output {
    Command::new(python).arg(tools::peer("read_tables.py")).arg(path).output().expect("python starts")
}

#[test]
fn duckdb_gets_the_numbers_of_the_summary() {
    let Some(python) = tools::duckdb() else { return };
    let folder = tempfile::tempdir().expect("folder");
    let good = folder.path().join("a run [1]");
    write(&good, &summary());
    let output = read(&python, &good);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for name in VARIANTS {
        assert_eq!(found["rows"]["events"][name], ROWS_PER_GROUP + 2, "{text}");
        assert_eq!(found["rows"]["frames"][name], 2, "{text}");
    }
    assert_eq!(found["compared"], 3 * 15, "{text}");

    let bad = folder.path().join("bad");
    let mut wrong = summary();
    wrong.variants[1].metrics.set(Metric::RejoinP95S, Some(3_370.0));
    write(&bad, &wrong);
    let output = read(&python, &bad);
    assert_eq!(output.status.code(), Some(1));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let expected = "2024-01-01: rejoin_p95_s is None in the tables and 3370.0 in summary.json";
    assert_eq!(found["differences"], serde_json::json!([expected]));

    let unfinished = folder.path().join("unfinished");
    begin(&unfinished, false).expect("begun");
    assert_eq!(read(&python, &unfinished).status.code(), Some(2));
}

#[test]
fn no_reader_merges_variants_whose_names_are_numbers() {
    let Some(python) = tools::duckdb() else { return };
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("run");
    let run = begin(&path, false).expect("begun");
    let names = ["007", "7", "8"];
    for (n, name) in (1..).zip(names) {
        // 2026-01-01T00:00:00Z; the events are a second apart and begin at zero.
        let mut set = run.tables(name).expect("named").beginning(1_767_225_600);
        set.write(&mut events(0..n)).expect("written");
        set.finish().expect("finished");
    }
    run.finish(&ended(&names)).expect("finished");
    // The statement of `amitwin describe tables`, as it is pasted.
    let statement = describe::JOIN.split("\n\n").nth(1).expect("a statement").replace("RUN", &path.to_string_lossy());
    let mut command = Command::new(&python);
    let output =
        command.arg(tools::peer("read_variants.py")).arg(&path).arg(statement).output().expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for missing in said["missing"].as_array().expect("names") {
        tools::skip(&format!("the Python of AMITWIN_PYTHON has no {missing}"));
    }
    for (reader, found) in said["found"].as_object().expect("readers") {
        let start = "2026-01-01T00:00:00";
        let expected = serde_json::json!({ "007": [1, start], "7": [2, start], "8": [3, start] });
        assert_eq!(found, &expected, "{reader}");
    }
    assert_eq!(said["answer"], 0, "no meter was reset");
}
