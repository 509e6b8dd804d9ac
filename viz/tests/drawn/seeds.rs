//! Results over several seeds as a reader sees them.

use crate::synthetic::{VARIANTS, manifest, summary};
use amitwin_data::metrics::Metric;
use amitwin_data::summary::{Average, Difference, OverSeeds, SeedShare, Summary, VariantSummary, Verdict};
use amitwin_viz::report::render;
use amitwin_viz::results_table;
use amitwin_viz::view::RunView;
use std::collections::BTreeMap;

/// The made-up run over 20 seeds: 5 % to both sides of each figure, and a figure that some seeds did not reach.
fn over_20_seeds() -> Summary {
    let mut out = summary();
    out.seeds = (1..=20).collect();
    let spread = |value: Option<f64>, share: f64| OverSeeds {
        average: if value.is_some() { Average::Mean } else { Average::Median },
        value,
        low: value.map_or(Some(9_000.0), |v| Some(v - v.abs() * share)),
        high: value.map(|v| v + v.abs() * share),
        seeds: 20,
        not_reached: if value.is_some() { 0 } else { 12 },
    };
    let figures = |v: &VariantSummary, share: f64| -> BTreeMap<String, OverSeeds> {
        let there = Metric::ALL.iter().filter(|metric| v.metrics.has(**metric));
        there.map(|metric| (metric.key().to_owned(), spread(v.metrics.value(*metric), share))).collect()
    };
    for variant in &mut out.variants {
        variant.over_seeds = figures(variant, 0.05);
    }
    let difference = |v: &VariantSummary| Difference {
        variant: v.name.clone(),
        baseline: VARIANTS[0].to_owned(),
        figures: figures(v, 0.1),
    };
    out.differences = out.variants[1..].iter().map(difference).collect();
    out.gates[3].verdict = Verdict::Undecided;
    out.gates[3].limit = "max 60min in 95 % of all seeds with 90 % confidence".into();
    out.gates[3].share = Some(SeedShare {
        passed: 20,
        of: 20,
        wanted: 0.95,
        confidence: 0.9,
        at_least: 0.8913,
        at_most: 1.0,
        needed: Some(45),
    });
    out
}

#[test]
fn intervals_make_a_table_no_wider_than_the_terminal() {
    for width in [80, 100, 120, 140] {
        let text = results_table(&over_20_seeds(), width, false);
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(width), "{widest:?} columns of {width}:\n{text}");
        insta::assert_snapshot!(format!("seeds_{width}"), text);
    }
}

#[test]
fn colour_changes_no_position() {
    let colour = results_table(&over_20_seeds(), 120, true);
    let stripped = colour.replace("\u{1b}[33m", "").replace("\u{1b}[0m", "").replace('─', "-");
    assert!(colour.contains("\u{1b}[33mundecided"), "{colour}");
    assert_eq!(stripped, results_table(&over_20_seeds(), 120, false));
}

#[test]
fn the_report_has_intervals_and_says_whose_charts_it_shows() {
    let html = render(&RunView {
        summary: over_20_seeds(),
        manifest: manifest(),
        variants: Vec::new(),
        surroundings: Default::default(),
    });
    for text in
        ["±37 s", "an average over 20 seeds (1 to 20)", "of seed 1, one of 20", "45 seeds could decide", "undecided"]
    {
        assert!(html.contains(text), "{text}");
    }
}
