//! Gates: limits on the results of a variant, and what they make of the exit code.
//!
//! A gate without data is never a pass. A rejoin percentile that was not reached, because too many of the commanded
//! meters are not back, is a breach: the meters were there, the network was not.
//!
//! Over several seeds a gate judges the average and its interval, or the share of the seeds that pass (`study::verdict`).
//!
//! A gate that names variants is binding for those alone; what it says of the others is told, and does not count.

use amitwin_data::metrics::{GateName, Metric, Values};
use amitwin_data::summary::{GateVerdict, VariantSummary, Verdict};

/// A limit on one figure of the results.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// What is judged.
    pub metric: Metric,
    /// What gates call it.
    pub name: &'static GateName,
    /// Smallest allowed value, in the metric's unit.
    pub min: Option<f64>,
    /// Largest allowed value, in the metric's unit.
    pub max: Option<f64>,
    /// The limit as written, such as `max 60min`.
    pub limit: String,
    /// Variants that it is binding for; empty for all.
    pub variants: Vec<String>,
    /// Share of all seeds that must keep the limit; `None` to hold it against the average over the seeds.
    pub share: Option<SharePassing>,
}

/// A share of all seeds there could be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharePassing {
    /// The share.
    pub wanted: f64,
    /// How sure a verdict on it must be.
    pub confidence: f64,
}

impl Gate {
    /// Whether the gate judges a variant of that name, so that its verdict counts for the exit code.
    pub fn judges(&self, variant: &str) -> bool {
        self.variants.is_empty() || self.variants.iter().any(|name| name == variant)
    }

    /// Holds the results of one variant against the limit, also of a variant that the gate does not judge.
    pub fn judge(&self, variant: &VariantSummary) -> GateVerdict {
        let (verdict, share) = self.over_seeds(variant);
        GateVerdict {
            metric: self.name.name.to_owned(),
            stat: self.name.stat.to_owned(),
            limit: self.limit.clone(),
            variant: variant.name.clone(),
            value: variant.metrics.value(self.metric),
            verdict,
            binding: self.judges(&variant.name),
            share,
            not_reached: if share.is_none() { self.not_reached(variant) } else { 0 },
        }
    }

    /// The verdict on the figures of one seed.
    pub fn of_seed(&self, metrics: &Values) -> Verdict {
        match metrics.value(self.metric) {
            Some(v) if self.keeps(v) => Verdict::Pass,
            Some(_) => Verdict::Breach,
            None if self.metric.activity().happened(metrics) => self.name.missing,
            None => Verdict::NoData,
        }
    }

    /// Whether a value keeps the limit.
    pub fn keeps(&self, value: f64) -> bool {
        self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
    }
}

/// Exit code of a run that ended well, by its binding verdicts: 4 if a gate is breached, 5 if one had no data, 8 if one needs more
/// seeds, else 0.
pub fn exit_code(verdicts: &[GateVerdict]) -> u8 {
    let some = |verdict| verdicts.iter().any(|v| v.binding && v.verdict == verdict);
    if some(Verdict::Breach) {
        4
    } else if some(Verdict::NoData) {
        5
    } else if some(Verdict::Undecided) {
        8
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(metric: Metric, min: Option<f64>, max: Option<f64>) -> Gate {
        let name = metric.gate().expect("gates know it");
        Gate { metric, name, min, max, limit: "max".into(), variants: vec!["computed".into()], share: None }
    }

    fn summary(metrics: &[(Metric, Option<f64>)]) -> VariantSummary {
        let metrics = metrics.iter().copied().collect();
        VariantSummary { name: "computed".into(), metrics, ..VariantSummary::default() }
    }

    fn verdict(gate: &Gate, metrics: &[(Metric, Option<f64>)]) -> Verdict {
        gate.judge(&summary(metrics)).verdict
    }

    #[test]
    fn a_limit_is_inclusive() {
        let gate = gate(Metric::RejoinP99S, None, Some(3600.0));
        assert_eq!(verdict(&gate, &[(Metric::RejoinP99S, Some(3600.0))]), Verdict::Pass);
        assert_eq!(verdict(&gate, &[(Metric::RejoinP99S, Some(3600.1))]), Verdict::Breach);
        let judged = gate.judge(&summary(&[(Metric::RejoinP99S, Some(12.0))]));
        assert_eq!((judged.variant.as_str(), judged.stat.as_str(), judged.value), ("computed", "p99", Some(12.0)));
    }

    #[test]
    fn a_percentile_that_is_not_reached_is_a_breach_and_nothing_commanded_is_no_data() {
        let gate = gate(Metric::RejoinP99S, None, Some(3600.0));
        assert_eq!(verdict(&gate, &[(Metric::Commanded, Some(5.0)), (Metric::RejoinP99S, None)]), Verdict::Breach);
        assert_eq!(verdict(&gate, &[(Metric::Commanded, Some(0.0)), (Metric::RejoinP99S, None)]), Verdict::NoData);
        assert_eq!(verdict(&gate, &[]), Verdict::NoData);
        let push = self::gate(Metric::PushDeliveredShare, Some(0.98), None);
        assert_eq!(
            verdict(&push, &[(Metric::Commanded, Some(5.0)), (Metric::PushDeliveredShare, None)]),
            Verdict::NoData
        );
    }

    #[test]
    fn both_bounds_hold() {
        let gate = gate(Metric::Back60minShare, Some(0.9), Some(1.0));
        assert_eq!(verdict(&gate, &[(Metric::Back60minShare, Some(0.95))]), Verdict::Pass);
        assert_eq!(verdict(&gate, &[(Metric::Back60minShare, Some(0.89))]), Verdict::Breach);
    }

    #[test]
    fn a_gate_judges_the_variants_it_names() {
        let mut gate = gate(Metric::Dropped, None, Some(0.0));
        assert!(gate.judges("computed") && !gate.judges("all at once"));
        gate.variants.clear();
        assert!(gate.judges("all at once"));
    }

    #[test]
    fn a_gate_tells_how_other_variants_would_fare_and_that_does_not_count() {
        let gate = gate(Metric::Dropped, None, Some(0.0));
        let mut all_at_once = summary(&[(Metric::Dropped, Some(7.0))]);
        assert_eq!(exit_code(&[gate.judge(&all_at_once)]), 4);
        all_at_once.name = "all at once".into();
        let told = gate.judge(&all_at_once);
        assert_eq!((told.verdict, told.value, told.binding), (Verdict::Breach, Some(7.0), false));
        let passed = gate.judge(&summary(&[(Metric::Dropped, Some(0.0))]));
        assert_eq!((passed.verdict, passed.binding), (Verdict::Pass, true));
        all_at_once.metrics = Values::default();
        let silent = gate.judge(&all_at_once);
        assert_eq!((silent.verdict, silent.binding), (Verdict::NoData, false));
        assert_eq!(exit_code(&[told, passed, silent]), 0);
    }

    #[test]
    fn a_breach_outranks_missing_data() {
        let of = |verdict| GateVerdict { verdict, ..gate(Metric::Dropped, None, None).judge(&summary(&[])) };
        assert_eq!(exit_code(&[]), 0);
        assert_eq!(exit_code(&[of(Verdict::Pass)]), 0);
        assert_eq!(exit_code(&[of(Verdict::Pass), of(Verdict::NoData)]), 5);
        assert_eq!(exit_code(&[of(Verdict::NoData), of(Verdict::Breach)]), 4);
        assert_eq!(exit_code(&[of(Verdict::Undecided), of(Verdict::Pass)]), 8);
        assert_eq!(exit_code(&[of(Verdict::Undecided), of(Verdict::NoData)]), 5);
    }
}
