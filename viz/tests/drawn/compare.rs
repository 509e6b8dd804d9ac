//! Runs on a disk, compared.

use crate::synthetic;
use amitwin_data::files::{RunDir, SCENARIO};
use amitwin_data::manifest::Manifest;
use amitwin_data::metrics::Metric;
use amitwin_data::rows::Rows;
use amitwin_data::summary::Summary;
use amitwin_viz::{VizError, compare, report_html, write_report};
use std::path::{Path, PathBuf};

const METERS: usize = 400;

/// A finished run of the variants given, each a place in the made-up ones.
fn write(folder: &Path, name: &str, seed: u64, variants: &[usize], shift: f64) -> PathBuf {
    let path = folder.join(name);
    let scenario = format!("name = \"mass-reset\"\nseed = {seed}\n");
    let mut summary = synthetic::summary();
    summary.seed = seed;
    summary.variants = variants.iter().map(|i| summary.variants[*i].clone()).collect();
    for v in &mut summary.variants {
        let jitter = shift * seed as f64;
        for metric in Metric::ALL {
            if let Some(value) = v.metrics.value(*metric) {
                v.metrics.set(*metric, Some(value + jitter));
            }
        }
    }
    let begun = Summary::begun(&summary.name, seed, summary.duration_s);
    let manifest = Manifest::begun(&summary.name, "0.1.0", seed, &scenario, 1);
    let run = RunDir::create(&path, false, &begun, &manifest).expect("new directory");
    run.put(SCENARIO, scenario.as_bytes()).expect("scenario");
    let nodes = synthetic::nodes(METERS);
    for i in variants {
        let mut rows = Rows {
            nodes: nodes.clone(),
            transactions: synthetic::transactions(*i, &nodes),
            airtime: synthetic::airtime(*i, METERS as u32),
            ..Rows::default()
        };
        let mut tables = run.tables(synthetic::VARIANTS[*i]).expect("tables");
        tables.write(&mut rows).expect("rows");
        tables.finish().expect("files");
    }
    run.finish(&summary).expect("finished");
    path
}

#[test]
fn a_run_against_itself_and_its_variants() {
    let folder = tempfile::tempdir().expect("folder");
    let run = write(folder.path(), "one", 1, &[0, 3], 0.0);
    let got = compare(&[run]).expect("compared");
    assert!(got.seeds.is_empty());
    let d = &got.meters[0];
    assert_eq!((d.baseline.variant.as_str(), d.setting.variant.as_str()), ("all at once", "computed"));
    assert_eq!(d.pairs + d.back_in_neither, METERS);
    let interval = d.difference_s.expect("pairs");
    assert!(
        interval.middle < -1_000.0 && interval.low < Some(interval.middle) && interval.high > Some(interval.middle)
    );
    let text = got.table(120, false);
    assert!(text.lines().all(|l| l.chars().count() <= 120), "{text}");
    insta::assert_snapshot!("compare_variants", text);
}

#[test]
fn the_same_run_twice_differs_by_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let a = write(folder.path(), "a", 1, &[3], 0.0);
    let b = write(folder.path(), "b", 1, &[3], 0.0);
    let got = compare(&[a, b]).expect("compared");
    assert_eq!(got.meters.len(), 1);
    let interval = got.meters[0].difference_s.expect("pairs");
    assert_eq!((interval.low, interval.middle, interval.high), (Some(0.0), 0.0, Some(0.0)));
}

#[test]
fn seeds_are_replications() {
    let folder = tempfile::tempdir().expect("folder");
    let runs: Vec<PathBuf> =
        (1..=3).map(|seed| write(folder.path(), &format!("s{seed}"), seed, &[2, 3], 1e-4)).collect();
    let got = compare(&runs).expect("compared");
    assert!(got.meters.is_empty());
    let p95 = got.seeds.iter().find(|d| d.figure.metric == Metric::RejoinP95S).expect("figure");
    assert_eq!((p95.seeds, p95.seeds_without_value), (3, 0));
    // Both variants move alike with the seed, so the paired difference is certain: 312 s less 2,280 s.
    let interval = p95.difference.expect("three seeds");
    assert!((interval.middle + 1_968.0).abs() < 1e-6);
    assert!(interval.high.expect("interval") - interval.low.expect("interval") < 1e-6);
    let text = got.table(120, false);
    assert!(text.lines().all(|l| l.chars().count() <= 120), "{text}");
    insta::assert_snapshot!("compare_seeds", text.replace(&folder.path().display().to_string(), "runs"));
    assert_eq!(got.to_json()["seed_differences"].as_array().map(Vec::len), Some(got.seeds.len()));
}

#[test]
fn what_stands_around_the_tables_keeps_to_the_width() {
    let folder = tempfile::tempdir().expect("folder");
    let runs: Vec<PathBuf> =
        (1..=3).map(|seed| write(folder.path(), &format!("s{seed}"), seed, &[2, 3], 1e-4)).collect();
    for runs in [&runs[..], &runs[..1]] {
        let text = compare(runs).expect("compared").table(60, false);
        // Of tables each figure is a word that cannot be broken; and a path is one word.
        let prose = text.lines().filter(|line| !line.contains("  ") && !line.contains("--") && !line.contains('/'));
        let wide: Vec<&str> = prose.filter(|line| line.chars().count() > 60).collect();
        assert!(wide.is_empty(), "{wide:?}\n{text}");
        assert!(text.contains("\nOver replications") || text.contains("\nRejoin time, meter by meter"), "{text}");
    }
}

#[test]
fn other_placements_are_not_paired() {
    let folder = tempfile::tempdir().expect("folder");
    let a = write(folder.path(), "a", 1, &[3], 0.0);
    let b = write(folder.path(), "b", 2, &[2], 0.0);
    let got = compare(&[a, b]).expect("compared");
    assert!(got.meters.is_empty() && got.seeds.is_empty());
    assert!(got.notes[0].contains("share no seed"), "{:?}", got.notes);
    assert!(matches!(compare(&[]), Err(VizError::NoRuns)));
    let missing = compare(&[folder.path().join("none")]).expect_err("not there");
    assert!(missing.to_string().contains("none"), "{missing}");
}

#[test]
fn a_report_is_written_into_its_run() {
    let folder = tempfile::tempdir().expect("folder");
    let run = write(folder.path(), "one", 1, &[0, 1, 2, 3], 0.0);
    let file = write_report(&run).expect("report");
    let html = std::fs::read_to_string(&file).expect("file");
    assert_eq!(html.matches("role=\"img\"").count(), 7);
    assert!(report_html(&run).expect("again").contains("clusters of 100"));
    let verified = RunDir::open(&run).expect("still complete").verify().expect("readable");
    assert!(verified.problems.is_empty(), "{:?}", verified.problems);
}
