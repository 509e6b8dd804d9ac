//! Gates: limits on the results of a variant, and what they make of the exit code.
//!
//! A gate without data is never a pass. A rejoin percentile that was not reached, because too many of the commanded
//! meters are not back, is a breach: the meters were there, the network was not.
//!
//! A gate that names variants is binding for those alone; what it says of the others is told, and does not count.

use crate::schema::units::Kind;
use amitwin_data::summary::{GateVerdict, VariantSummary, Verdict};

/// What a gate can judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Name in the scenario.
    pub name: &'static str,
    /// What it measures; `None` is a count.
    pub kind: Option<Kind>,
    /// Its figures and their keys in the summary; one with an empty name where the metric has a single figure.
    pub stats: &'static [(&'static str, &'static str)],
    /// Whether a missing value means that it was not reached.
    pub reaches: bool,
}

const fn count(name: &'static str, stats: &'static [(&'static str, &'static str)]) -> Metric {
    Metric { name, kind: None, stats, reaches: false }
}

/// Every metric that a gate can name.
pub const METRICS: &[Metric] = &[
    Metric {
        name: "rejoin_time",
        kind: Some(Kind::Time),
        stats: &[("p50", "rejoin_p50_s"), ("p95", "rejoin_p95_s"), ("p99", "rejoin_p99_s")],
        reaches: true,
    },
    Metric {
        name: "back_share",
        kind: Some(Kind::Share),
        stats: &[("5min", "back_5min_share"), ("30min", "back_30min_share"), ("60min", "back_60min_share")],
        reaches: false,
    },
    Metric {
        name: "border_router_busy",
        kind: Some(Kind::Share),
        stats: &[("", "border_router_busy_share")],
        reaches: false,
    },
    Metric { name: "push_delivered", kind: Some(Kind::Share), stats: &[("", "push_delivered_share")], reaches: false },
    Metric {
        name: "push_delay",
        kind: Some(Kind::Time),
        stats: &[("p50", "push_delay_p50_s"), ("p95", "push_delay_p95_s"), ("p99", "push_delay_p99_s")],
        reaches: false,
    },
    Metric { name: "read_success", kind: Some(Kind::Share), stats: &[("", "read_success_share")], reaches: false },
    Metric {
        name: "read_delay",
        kind: Some(Kind::Time),
        stats: &[("p50", "read_delay_p50_s"), ("p95", "read_delay_p95_s"), ("p99", "read_delay_p99_s")],
        reaches: false,
    },
    count("collisions", &[("", "collisions")]),
    count("retries", &[("", "retries")]),
    count("frames", &[("", "frames")]),
    count("dropped", &[("", "dropped")]),
    count("duplicate_reports", &[("", "duplicate_reports")]),
    count("failed", &[("", "failed")]),
    count("pending", &[("", "pending")]),
];

/// A limit on one figure of the results.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// What is judged.
    pub metric: &'static Metric,
    /// Which figure of it; empty where there is one.
    pub stat: &'static str,
    /// Key of the figure in a variant's summary.
    pub key: &'static str,
    /// Smallest allowed value, in the unit of the key.
    pub min: Option<f64>,
    /// Largest allowed value, in the unit of the key.
    pub max: Option<f64>,
    /// The limit as written, such as `max 60min`.
    pub limit: String,
    /// Variants that it is binding for; empty for all.
    pub variants: Vec<String>,
}

impl Gate {
    /// Whether the gate judges a variant of that name, so that its verdict counts for the exit code.
    pub fn judges(&self, variant: &str) -> bool {
        self.variants.is_empty() || self.variants.iter().any(|name| name == variant)
    }

    /// Holds the results of one variant against the limit, also of a variant that the gate does not judge.
    pub fn judge(&self, variant: &VariantSummary) -> GateVerdict {
        let value = variant.metrics.get(self.key).copied().flatten().filter(|v| !v.is_nan());
        let commanded = variant.metrics.get("commanded").copied().flatten().unwrap_or(0.0);
        let verdict = match value {
            Some(v) if self.min.is_some_and(|min| v < min) || self.max.is_some_and(|max| v > max) => Verdict::Breach,
            Some(_) => Verdict::Pass,
            None if self.metric.reaches && commanded > 0.0 => Verdict::Breach,
            None => Verdict::NoData,
        };
        GateVerdict {
            metric: self.metric.name.to_owned(),
            stat: self.stat.to_owned(),
            limit: self.limit.clone(),
            variant: variant.name.clone(),
            value,
            verdict,
            binding: self.judges(&variant.name),
        }
    }
}

/// Exit code of a run that ended well, by its binding verdicts: 4 if a gate is breached, 5 if one had no data, else 0.
pub fn exit_code(verdicts: &[GateVerdict]) -> u8 {
    let some = |verdict| verdicts.iter().any(|v| v.binding && v.verdict == verdict);
    if some(Verdict::Breach) {
        4
    } else if some(Verdict::NoData) {
        5
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(metric: &str, stat: &str, min: Option<f64>, max: Option<f64>) -> Gate {
        let metric = METRICS.iter().find(|m| m.name == metric).unwrap();
        let (stat, key) = *metric.stats.iter().find(|(s, _)| *s == stat).unwrap();
        Gate { metric, stat, key, min, max, limit: "max".into(), variants: vec!["computed".into()] }
    }

    fn summary(metrics: &[(&str, Option<f64>)]) -> VariantSummary {
        let metrics = metrics.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect();
        VariantSummary { name: "computed".into(), metrics, ..VariantSummary::default() }
    }

    fn verdict(gate: &Gate, metrics: &[(&str, Option<f64>)]) -> Verdict {
        gate.judge(&summary(metrics)).verdict
    }

    #[test]
    fn a_limit_is_inclusive() {
        let gate = gate("rejoin_time", "p99", None, Some(3600.0));
        assert_eq!(verdict(&gate, &[("rejoin_p99_s", Some(3600.0))]), Verdict::Pass);
        assert_eq!(verdict(&gate, &[("rejoin_p99_s", Some(3600.1))]), Verdict::Breach);
        let judged = gate.judge(&summary(&[("rejoin_p99_s", Some(12.0))]));
        assert_eq!((judged.variant.as_str(), judged.stat.as_str(), judged.value), ("computed", "p99", Some(12.0)));
    }

    #[test]
    fn a_percentile_that_is_not_reached_is_a_breach_and_nothing_commanded_is_no_data() {
        let gate = gate("rejoin_time", "p99", None, Some(3600.0));
        assert_eq!(verdict(&gate, &[("commanded", Some(5.0)), ("rejoin_p99_s", None)]), Verdict::Breach);
        assert_eq!(verdict(&gate, &[("commanded", Some(0.0)), ("rejoin_p99_s", None)]), Verdict::NoData);
        assert_eq!(verdict(&gate, &[]), Verdict::NoData);
        let push = self::gate("push_delivered", "", Some(0.98), None);
        assert_eq!(verdict(&push, &[("commanded", Some(5.0)), ("push_delivered_share", None)]), Verdict::NoData);
    }

    #[test]
    fn both_bounds_hold() {
        let gate = gate("back_share", "60min", Some(0.9), Some(1.0));
        assert_eq!(verdict(&gate, &[("back_60min_share", Some(0.95))]), Verdict::Pass);
        assert_eq!(verdict(&gate, &[("back_60min_share", Some(0.89))]), Verdict::Breach);
    }

    #[test]
    fn a_gate_judges_the_variants_it_names() {
        let mut gate = gate("dropped", "", None, Some(0.0));
        assert!(gate.judges("computed") && !gate.judges("all at once"));
        gate.variants.clear();
        assert!(gate.judges("all at once"));
    }

    #[test]
    fn a_gate_tells_how_other_variants_would_fare_and_that_does_not_count() {
        let gate = gate("dropped", "", None, Some(0.0));
        let mut all_at_once = summary(&[("dropped", Some(7.0))]);
        assert_eq!(exit_code(&[gate.judge(&all_at_once)]), 4);
        all_at_once.name = "all at once".into();
        let told = gate.judge(&all_at_once);
        assert_eq!((told.verdict, told.value, told.binding), (Verdict::Breach, Some(7.0), false));
        let passed = gate.judge(&summary(&[("dropped", Some(0.0))]));
        assert_eq!((passed.verdict, passed.binding), (Verdict::Pass, true));
        all_at_once.metrics.clear();
        let silent = gate.judge(&all_at_once);
        assert_eq!((silent.verdict, silent.binding), (Verdict::NoData, false));
        assert_eq!(exit_code(&[told, passed, silent]), 0);
    }

    #[test]
    fn a_breach_outranks_missing_data() {
        let of = |verdict| GateVerdict { verdict, ..gate("dropped", "", None, None).judge(&summary(&[])) };
        assert_eq!(exit_code(&[]), 0);
        assert_eq!(exit_code(&[of(Verdict::Pass)]), 0);
        assert_eq!(exit_code(&[of(Verdict::Pass), of(Verdict::NoData)]), 5);
        assert_eq!(exit_code(&[of(Verdict::NoData), of(Verdict::Breach)]), 4);
    }
}
