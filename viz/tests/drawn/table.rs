//! The results table as a reader sees it.

use crate::synthetic;
use amitwin_data::summary::{GateVerdict, SeedShare, Summary, Verdict};
use amitwin_viz::{results_json, results_table};

fn widest(text: &str) -> usize {
    text.lines().map(|l| l.chars().count()).max().unwrap_or(0)
}

#[test]
fn four_variants_fit_120_columns_as_rows() {
    let text = results_table(&synthetic::summary(), 120, false);
    assert!(widest(&text) <= 120, "{}", widest(&text));
    insta::assert_snapshot!("rows_120", text);
}

#[test]
fn a_wide_terminal_gets_a_line_for_each_variant() {
    let text = results_table(&synthetic::summary(), 140, false);
    assert!(widest(&text) <= 140, "{}", widest(&text));
    insta::assert_snapshot!("rows_140", text);
}

#[test]
fn a_narrow_terminal_gets_variants_as_columns() {
    let text = results_table(&synthetic::summary(), 80, false);
    assert!(widest(&text) <= 80, "{}", widest(&text));
    insta::assert_snapshot!("columns_80", text);
}

#[test]
fn verdicts_keep_to_the_width_whatever_marks_their_colours() {
    let mut summary = synthetic::summary();
    summary.seeds = (1..=20).collect();
    for (gate, variant) in summary.gates.iter_mut().zip(synthetic::VARIANTS) {
        let (passed, of) = (17, 20);
        *gate = GateVerdict {
            limit: "max 8min, in 80 % of all seeds with 90 % confidence".into(),
            variant: variant.into(),
            verdict: Verdict::Undecided,
            binding: true,
            share: Some(SeedShare {
                passed,
                of,
                wanted: 0.8,
                confidence: 0.9,
                at_least: 0.7,
                at_most: 0.9,
                needed: Some(36),
            }),
            ..gate.clone()
        };
    }
    for width in [40, 60, 80, 100] {
        let text = results_table(&summary, width, true).replace("\u{1b}[33m", "").replace("\u{1b}[0m", "");
        let from = text.find("\ngate ").expect("a gate");
        let widest = text[from + 1..].lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(width), "{widest:?} columns of {width}:\n{text}");
    }
}

#[test]
fn colour_changes_no_position() {
    let plain = results_table(&synthetic::summary(), 120, false);
    let colour = results_table(&synthetic::summary(), 120, true);
    assert!(colour.contains("\u{1b}[32mpass\u{1b}[0m") && !plain.contains('\u{1b}'));
    let stripped = colour.replace("\u{1b}[32m", "").replace("\u{1b}[0m", "").replace('─', "-");
    assert_eq!(stripped, plain);
}

#[test]
fn hostile_names_cannot_steer_a_terminal() {
    let mut summary = synthetic::summary();
    summary.variants[0].name = "a\u{1b}[2Jb\r\nc".into();
    summary.finding = Some("done\u{7}".into());
    let text = results_table(&summary, 120, false);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

#[test]
fn a_run_without_results_says_so() {
    let summary = Summary::begun("x", 1, 60.0);
    assert_eq!(results_table(&summary, 120, false), "No variant has finished; the run is running.\n");
}

#[test]
fn json_keeps_what_is_not_reached() {
    let json = results_json(&synthetic::summary());
    let metrics = &json["variants"][0]["metrics"];
    assert!(metrics["rejoin_p99_s"].is_null() && metrics.get("rejoin_p99_s").is_some());
    assert_eq!(metrics["back_30min_share"], 0.213);
    let binding: Vec<bool> = (0..4).filter_map(|i| json["gates"][i]["binding"].as_bool()).collect();
    assert_eq!(binding, [false, false, false, true]);
}
