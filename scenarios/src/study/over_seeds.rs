//! What a variant came to over several seeds: the average of each figure with its interval, and paired differences.

use amitwin_data::metrics::{Format, Metric, Values};
use amitwin_data::rows::Fingerprinter;
use amitwin_data::stats::{self, Interval};
use amitwin_data::summary::{Average, Difference, OverSeeds, SeedResult, VariantSummary};
use std::collections::BTreeMap;

/// The results of a variant over its seeds, of which there is at least one.
pub fn variant(of: &VariantSummary, seeds: Vec<SeedResult>, average: Average) -> VariantSummary {
    let (mut metrics, mut over_seeds) = (Values::default(), BTreeMap::new());
    for metric in Metric::ALL {
        if !seeds.iter().any(|seed| seed.metrics.has(*metric)) {
            continue;
        }
        let values: Vec<f64> = seeds.iter().filter_map(|seed| value(*metric, &seed.metrics)).collect();
        let over = spread(values, average);
        metrics.set(*metric, over.and_then(|over| over.value));
        over_seeds.extend(over.map(|over| (metric.key().to_owned(), over)));
    }
    let unreachable = seeds.iter().map(|seed| f64::from(seed.unreachable)).sum::<f64>() / seeds.len().max(1) as f64;
    VariantSummary {
        fingerprint: Fingerprinter::combine(seeds.iter().map(|seed| seed.fingerprint.as_str())),
        unreachable: unreachable.round() as u32,
        metrics,
        seeds,
        over_seeds,
        ..of.clone()
    }
}

/// Each of the other variants less the baseline, seed by seed, in the figures that tables show or gates judge.
pub fn differences(variants: &[VariantSummary], baseline: &str, average: Average) -> Vec<Difference> {
    let Some(base) = variants.iter().find(|v| v.name == baseline) else { return Vec::new() };
    let of = |variant: &VariantSummary| {
        let shown = Metric::ALL.iter().filter(|metric| metric.table().is_some() || metric.gate().is_some());
        let figures = shown.filter_map(|metric| {
            let pairs = base.seeds.iter().zip(&variant.seeds).filter(|(a, b)| a.seed == b.seed);
            let values: Vec<f64> = pairs.filter_map(|(a, b)| difference(*metric, &a.metrics, &b.metrics)).collect();
            Some((metric.key().to_owned(), spread(values, average)?))
        });
        let figures = figures.collect();
        Difference { variant: variant.name.clone(), baseline: baseline.to_owned(), figures }
    };
    variants.iter().filter(|v| v.name != baseline).map(of).collect()
}

/// A figure with one seed; what was not reached is later than any time.
fn value(metric: Metric, values: &Values) -> Option<f64> {
    let not_reached = || metric.format() == Format::Reached && values.has(metric) && metric.activity().happened(values);
    values.value(metric).or_else(|| not_reached().then_some(f64::INFINITY))
}

/// `b` less `a`; none where neither was reached.
fn difference(metric: Metric, a: &Values, b: &Values) -> Option<f64> {
    Some(value(metric, b)? - value(metric, a)?).filter(|difference| !difference.is_nan())
}

fn spread(mut values: Vec<f64>, average: Average) -> Option<OverSeeds> {
    let not_reached = values.iter().filter(|v| v.is_infinite()).count() as u32;
    let average = if not_reached > 0 { Average::Median } else { average };
    let seeds = values.len() as u32;
    let Interval { middle, low, high } = match average {
        Average::Mean => stats::mean(&values)?,
        Average::Median => stats::median(&mut values)?,
    };
    let finite = |end: Option<f64>| end.filter(|v| v.is_finite());
    Some(OverSeeds { average, value: finite(Some(middle)), low: finite(low), high: finite(high), seeds, not_reached })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seeds 1, 2, ... with these p95 of the rejoin time; below zero: not reached.
    fn seeds(p95: &[f64]) -> Vec<SeedResult> {
        let result = |(i, p95): (usize, &f64)| {
            let metrics = [(Metric::Commanded, Some(10.0)), (Metric::RejoinP95S, Some(*p95).filter(|v| *v >= 0.0))];
            let (seed, fingerprint) = (i as u64 + 1, format!("{i}").repeat(64));
            SeedResult { seed, fingerprint, unreachable: i as u32, metrics: metrics.into_iter().collect() }
        };
        p95.iter().enumerate().map(result).collect()
    }

    fn over(name: &str, p95: &[f64], average: Average) -> VariantSummary {
        let of = VariantSummary { name: name.into(), meters: 10, ..VariantSummary::default() };
        variant(&of, seeds(p95), average)
    }

    #[test]
    fn a_variant_has_the_mean_of_its_seeds_and_keeps_each() {
        let got = over("a", &[1.0, 2.0, 3.0], Average::Mean);
        let p95 = got.over_seeds[Metric::RejoinP95S.key()];
        // 2 +- 4.3027 / sqrt(3).
        assert_eq!((got.metrics.value(Metric::RejoinP95S), p95.seeds, p95.average), (Some(2.0), 3, Average::Mean));
        assert!(
            (p95.low.expect("an end") + 0.484_1).abs() < 1e-3 && (p95.high.expect("an end") - 4.484_1).abs() < 1e-3
        );
        // 0, 1 and 2 meters without a route.
        assert_eq!((got.meters, got.unreachable, got.seeds.len()), (10, 1, 3));
        let reversed = Fingerprinter::combine(got.seeds.iter().rev().map(|s| s.fingerprint.as_str()));
        assert!(got.fingerprint != reversed, "the order of seeds is part of the fingerprint");
    }

    #[test]
    fn what_was_not_reached_with_some_seeds_makes_it_a_median() {
        let got = over("a", &[5.0, -1.0, 7.0, 6.0, 8.0, 9.0], Average::Mean);
        let p95 = got.over_seeds[Metric::RejoinP95S.key()];
        assert_eq!((p95.average, p95.not_reached, p95.value), (Average::Median, 1, Some(7.5)));
        assert_eq!((p95.low, p95.high), (Some(5.0), None), "the upper end lies beyond what was reached");
        let never = over("a", &[-1.0, -1.0], Average::Mean);
        assert_eq!(never.over_seeds[Metric::RejoinP95S.key()].value, None);
        assert!(never.metrics.has(Metric::RejoinP95S) && never.metrics.value(Metric::RejoinP95S).is_none());
    }

    #[test]
    fn differences_are_paired_by_seed() {
        let a = over("a", &[10.2, 11.1, 9.8, 10.7, 10.9], Average::Mean);
        let b = over("b", &[9.7, 10.9, 9.1, 10.1, 10.6], Average::Mean);
        let got = differences(&[a, b], "b", Average::Mean);
        let p95 = got[0].figures[Metric::RejoinP95S.key()];
        assert_eq!((got.len(), got[0].variant.as_str(), got[0].baseline.as_str()), (1, "a", "b"));
        // The study page's example: 0.46 +- 0.257.
        assert!((p95.value.expect("a mean") - 0.46).abs() < 1e-9 && (p95.low.expect("an end") - 0.203).abs() < 1e-3);
        let (fast, slow) = (over("fast", &[1.0, 2.0], Average::Mean), over("slow", &[-1.0, 4.0], Average::Mean));
        let later = differences(&[fast, slow], "fast", Average::Mean)[0].figures[Metric::RejoinP95S.key()];
        assert_eq!((later.not_reached, later.seeds, later.average), (1, 2, Average::Median));
    }
}
