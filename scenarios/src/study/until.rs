//! When enough seeds have run: a figure is known to a share of itself, or its gates are decided.
//!
//! Seeds are added in rounds whose sizes depend on nothing but the seeds that there are, so that a study comes to the same
//! on any number of threads.

use amitwin_data::metrics::Metric;
use amitwin_data::summary::{GateVerdict, OverSeeds, VariantSummary, Verdict};

/// The rule of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Until {
    /// Figure that must be known.
    pub metric: Metric,
    /// Largest half of its 95 % interval, as a share of its average.
    pub half_width: f64,
    /// Seeds after which it ends in any case.
    pub seeds_max: u32,
}

impl Until {
    /// How many seeds more there are in the next round, after `seeds`.
    pub fn more(&self, seeds: u32) -> u32 {
        (seeds / 4).max(2).min(self.seeds_max.saturating_sub(seeds))
    }

    /// Whether the figure is known in every variant, or all gates on it are decided there.
    pub fn enough(&self, variants: &[VariantSummary], verdicts: &[GateVerdict]) -> bool {
        variants.iter().all(|variant| {
            let known = variant.over_seeds.get(self.metric.key()).is_some_and(|over| self.known(over));
            known || self.decided(&variant.name, verdicts)
        })
    }

    fn known(&self, over: &OverSeeds) -> bool {
        match (over.value, over.low, over.high) {
            (Some(value), Some(low), Some(high)) => (high - low) / 2.0 <= self.half_width * value.abs(),
            _ => false,
        }
    }

    fn decided(&self, variant: &str, verdicts: &[GateVerdict]) -> bool {
        let on_it = |v: &&GateVerdict| self.metric.gate().is_some_and(|g| g.name == v.metric && g.stat == v.stat);
        let mut of_variant = verdicts.iter().filter(|v| v.variant == variant).filter(on_it).peekable();
        of_variant.peek().is_some() && of_variant.all(|v| matches!(v.verdict, Verdict::Pass | Verdict::Breach))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amitwin_data::summary::Average;

    fn until() -> Until {
        Until { metric: Metric::RejoinP95S, half_width: 0.05, seeds_max: 40 }
    }

    fn variant(low: f64, high: f64) -> VariantSummary {
        let value = Some((low + high) / 2.0);
        let over =
            OverSeeds { average: Average::Mean, value, low: Some(low), high: Some(high), seeds: 10, not_reached: 0 };
        let over_seeds = [(Metric::RejoinP95S.key().to_owned(), over)].into();
        VariantSummary { name: "a".into(), over_seeds, ..VariantSummary::default() }
    }

    fn verdict(verdict: Verdict) -> GateVerdict {
        let (metric, stat, variant) = ("rejoin_time".into(), "p95".into(), "a".into());
        GateVerdict {
            metric,
            stat,
            limit: "max 25min".into(),
            variant,
            value: None,
            verdict,
            binding: true,
            share: None,
            not_reached: 0,
        }
    }

    #[test]
    fn rounds_grow_by_a_quarter_and_end_at_the_cap() {
        let mut seeds = vec![10];
        while let Some(more) = seeds.last().map(|last| until().more(*last)).filter(|more| *more > 0) {
            seeds.push(seeds[seeds.len() - 1] + more);
        }
        assert_eq!(seeds, [10, 12, 15, 18, 22, 27, 33, 40]);
    }

    #[test]
    fn a_narrow_interval_or_a_decided_gate_is_enough() {
        // Half of 95 to 105 is 5 % of 100.
        assert!(until().enough(&[variant(95.0, 105.0)], &[]));
        assert!(!until().enough(&[variant(94.0, 106.0)], &[]));
        assert!(!until().enough(&[variant(95.0, 105.0), variant(94.0, 106.0)], &[]), "every variant counts");
        for (found, enough) in [(Verdict::Pass, true), (Verdict::Breach, true), (Verdict::Undecided, false)] {
            assert_eq!(until().enough(&[variant(50.0, 150.0)], &[verdict(found)]), enough);
        }
        let other = GateVerdict { stat: "p50".into(), ..verdict(Verdict::Pass) };
        assert!(
            !until().enough(&[variant(50.0, 150.0)], &[other]),
            "a gate on another figure says nothing of this one"
        );
        assert!(!until().enough(&[VariantSummary::default()], &[]), "what has no value is not known");
    }
}
