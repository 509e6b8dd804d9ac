//! Which settings are compared with which, and the differences between two of them.

use super::compared::Compared;
use super::exchanges;
use super::{Comparison, MeterDifference, SeedDifference, Setting};
use crate::VizError;
use crate::figures::shown;
use crate::human;
use crate::read::{campaign, nodes};
use crate::series::Reset;
use amitwin_data::metrics::Metric;
use amitwin_data::rows::{NodeKind, NodeRow};
use amitwin_data::stats;
use std::collections::BTreeMap;

/// Two places are the same within a decimetre.
const SAME_PLACE_DEG: f64 = 1e-6;

/// Runs that differ in nothing but the seed.
#[derive(Clone, Debug)]
pub struct Group {
    /// What they have in common.
    pub key: String,
    /// Variants, of the first run.
    pub variants: Vec<String>,
    /// Each seed, and the index of its run.
    pub runs: Vec<(u64, usize)>,
}

/// A variant of a group: indices of both.
pub type Place = (usize, usize);

/// Pairs of baseline and setting: within a group its first variant against each other one; across groups a variant of
/// the first against the one of the same name, or the only ones of both.
pub fn settings(groups: &[Group], notes: &mut Vec<String>) -> Vec<(Place, Place)> {
    let mut out = Vec::new();
    for (g, group) in groups.iter().enumerate() {
        out.extend((1..group.variants.len()).map(|v| ((g, 0), (g, v))));
        if g == 0 {
            continue;
        }
        let first = &groups[0];
        let only = first.variants.len() == 1 && group.variants.len() == 1;
        let before = out.len();
        for (v, name) in group.variants.iter().enumerate() {
            let twin = first.variants.iter().position(|n| n == name).or(only.then_some(0));
            out.extend(twin.map(|t| ((0, t), (g, v))));
        }
        if out.len() == before {
            notes.push(format!(
                "Run [{}] has no variant in common with run [{}]: nothing is paired between them.",
                group.runs[0].1 + 1,
                first.runs[0].1 + 1
            ));
        }
    }
    out
}

/// Adds the difference between two settings, over seeds or over meters.
pub fn difference(
    all: &[Compared],
    groups: &[Group],
    baseline: Place,
    setting: Place,
    into: &mut Comparison,
) -> Result<(), VizError> {
    let (a, b) = (&groups[baseline.0], &groups[setting.0]);
    let named = |g: &Group, v: usize| Setting { run: g.runs[0].1, variant: g.variants[v].clone() };
    let (base, other) = (named(a, baseline.1), named(b, setting.1));
    let mut shared: Vec<(u64, usize, usize)> = Vec::new();
    for (seed, run_a) in &a.runs {
        shared.extend(b.runs.iter().filter(|(s, _)| s == seed).map(|(_, run_b)| (*seed, *run_a, *run_b)));
    }
    match shared[..] {
        // All variants of two runs have the same seeds; once is enough.
        [] => into.note(format!(
            "Runs [{}] and [{}] share no seed: nothing is paired between them.",
            base.run + 1,
            other.run + 1
        )),
        [(seed, run_a, run_b)] => {
            let (a, b) = (&all[run_a], &all[run_b]);
            // Meters of plans are not away for a while, but for years of small outages: figures are compared, not meters.
            let is_plan = |run: &Compared| run.summary.variants.iter().any(|v| v.metrics.has(Metric::MeterYears));
            if is_plan(a) || is_plan(b) {
                return Ok(());
            }
            let (Some(a), Some(b)) = (&a.reader, &b.reader) else {
                into.note(
                    "Cases of studies keep no tables: with a single seed in common nothing is paired between them."
                        .into(),
                );
                return Ok(());
            };
            let nodes_a = nodes(a, &base.variant, seed, None)?;
            let nodes_b = nodes(b, &other.variant, seed, Some(&nodes_a))?;
            let (same, moved) = same_meters(&nodes_a, &nodes_b);
            let (n, m) = (run_a + 1, run_b + 1);
            if same.is_empty() {
                into.note(format!("Runs [{n}] and [{m}] share no meter by id: their meters cannot be paired."));
                return Ok(());
            }
            let alone = meters(&nodes_a).count().max(meters(&nodes_b).count()) - same.len();
            if alone > 0 {
                into.note(format!(
                    "Runs [{n}] and [{m}] share {} by id; {alone} more of the larger one are not paired.",
                    human::plural(same.len(), "meter")
                ));
            }
            if moved > 0 {
                into.note(format!(
                    "Of the meters that runs [{n}] and [{m}] share by id, {moved} of {} stand at another place; they are paired all the \
                     same.",
                    same.len()
                ));
            }
            let found = (exchanges::of(a, &base.variant, seed)?, exchanges::of(b, &other.variant, seed)?);
            let of_meters = exchanges::differences((&base, &other), seed, &found.0, &found.1, &same);
            let resets = (campaign(a, &base.variant, seed)?, campaign(b, &other.variant, seed)?);
            if of_meters.is_empty() && (resets.0.is_none() || resets.1.is_none()) {
                into.note(format!(
                    "Runs [{n}] and [{m}] have neither resets nor reports nor reads in common: there is nothing to pair by meter."
                ));
            }
            into.exchanges.extend(of_meters);
            if let (Some(ca), Some(cb)) = resets {
                into.meters.push(over_meters(base, other, seed, &ca.resets, &cb.resets, &same));
            }
        }
        _ => over_seeds(all, base, other, &shared, into),
    }
    Ok(())
}

fn meters(nodes: &[NodeRow]) -> impl Iterator<Item = &NodeRow> {
    nodes.iter().filter(|node| node.kind == NodeKind::Meter)
}

/// Meters of the same id: the node in `a` by that in `b`, and how many of them stand at another place. Border routers and repeaters may
/// differ.
fn same_meters(a: &[NodeRow], b: &[NodeRow]) -> (BTreeMap<u32, u32>, usize) {
    let by_name: BTreeMap<&str, &NodeRow> = meters(a).map(|node| (node.name.as_str(), node)).collect();
    let near = |a: &NodeRow, b: &NodeRow| {
        (a.lat_deg - b.lat_deg).abs() < SAME_PLACE_DEG && (a.lon_deg - b.lon_deg).abs() < SAME_PLACE_DEG
    };
    let twins = || meters(b).filter_map(|node| Some((node, *by_name.get(node.name.as_str())?)));
    let moved = twins().filter(|(node, a)| !near(a, node)).count();
    (twins().map(|(node, a)| (node.node, a.node)).collect(), moved)
}

fn over_seeds(all: &[Compared], base: Setting, other: Setting, shared: &[(u64, usize, usize)], into: &mut Comparison) {
    for figure in shown(all.iter().flat_map(|one| &one.summary.variants)) {
        let value = |run: usize, seed: u64, variant: &str| {
            let summary = &all[run].summary;
            let variant = summary.variants.iter().find(|v| v.name == variant)?;
            variant.metrics_of(seed, summary.seed)?.value(figure.metric)
        };
        let differences: Vec<f64> = shared
            .iter()
            .filter_map(|(seed, run_a, run_b)| {
                Some(value(*run_b, *seed, &other.variant)? - value(*run_a, *seed, &base.variant)?)
            })
            .collect();
        into.seeds.push(SeedDifference {
            baseline: base.clone(),
            setting: other.clone(),
            figure,
            seeds: differences.len(),
            seeds_without_value: shared.len() - differences.len(),
            difference: stats::mean(&differences),
        });
    }
}

/// Times of the meters of `b` less those of the same meters of `a`, whose nodes `same` has by those of `b`.
fn over_meters(
    baseline: Setting,
    setting: Setting,
    seed: u64,
    a: &[Reset],
    b: &[Reset],
    same: &BTreeMap<u32, u32>,
) -> MeterDifference {
    let times: BTreeMap<u32, Option<f64>> = a.iter().map(|r| (r.node, r.rejoin_s())).collect();
    let (mut a_only, mut b_only, mut neither) = (0, 0, 0);
    let mut differences = Vec::new();
    for reset in b {
        match (same.get(&reset.node).and_then(|node| times.get(node)), reset.rejoin_s()) {
            (None, _) => {}
            (Some(None), None) => neither += 1,
            // Not back is later than any time.
            (Some(Some(_)), None) => {
                a_only += 1;
                differences.push(f64::INFINITY);
            }
            (Some(None), Some(_)) => {
                b_only += 1;
                differences.push(f64::NEG_INFINITY);
            }
            (Some(Some(x)), Some(y)) => differences.push(y - x),
        }
    }
    MeterDifference {
        baseline,
        setting,
        seed,
        pairs: differences.len(),
        back_in_baseline_only: a_only,
        back_in_setting_only: b_only,
        back_in_neither: neither,
        difference_s: stats::median(&mut differences),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(variants: &[&str]) -> Group {
        Group { key: String::new(), variants: variants.iter().map(|v| v.to_string()).collect(), runs: vec![(1, 0)] }
    }

    #[test]
    fn the_first_variant_is_the_baseline_and_names_meet_across_runs() {
        let mut notes = vec![];
        let got = settings(&[group(&["a", "b"]), group(&["b", "c"])], &mut notes);
        assert_eq!(got, [((0, 0), (0, 1)), ((1, 0), (1, 1)), ((0, 1), (1, 0))]);
        assert!(notes.is_empty());
        assert_eq!(settings(&[group(&["a"]), group(&["z"])], &mut notes), [((0, 0), (1, 0))]);
        settings(&[group(&["a", "b"]), group(&["z"])], &mut notes);
        assert!(notes[0].contains("no variant in common"));
    }

    #[test]
    fn meters_are_paired_by_id_and_none_is_lost() {
        let reset = |node, back: Option<f64>| Reset { node, commanded_s: 0.0, reset_s: Some(10.0), back_s: back };
        let setting = |v: &str| Setting { run: 0, variant: v.into() };
        let a = [reset(1, Some(20.0)), reset(2, Some(40.0)), reset(3, None), reset(4, None), reset(9, Some(50.0))];
        // With two border routers instead of one every meter has the number behind: 4 is the meter 3 of the other run.
        let b = [reset(5, Some(11.0)), reset(4, None), reset(3, Some(35.0)), reset(2, None), reset(8, None)];
        let same = (2..=5).map(|node| (node, node - 1)).collect();
        let got = over_meters(setting("a"), setting("b"), 1, &a, &b, &same);
        assert_eq!((got.pairs, got.back_in_baseline_only, got.back_in_setting_only, got.back_in_neither), (3, 1, 1, 1));
        assert_eq!(got.difference_s.expect("pairs").middle, -5.0);
    }
}
