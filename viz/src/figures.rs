//! The figures of a result: which are shown, how each is written, how a variant stands with its gates.

use crate::{human, over_seeds};
use amitwin_data::metrics::{Format, Metric, TableEntry, columns, gates};
use amitwin_data::summary::{GateVerdict, VariantSummary, Verdict};

/// A figure that results tables show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it is.
    pub metric: Metric,
    /// What it is called in tables.
    pub named: &'static TableEntry,
}

impl Figure {
    /// The figure that shows a metric, if tables do.
    pub fn of(metric: Metric) -> Option<Self> {
        Some(Figure { metric, named: metric.table()? })
    }

    /// Its value as text; `full` writes counts with all digits.
    pub fn text(&self, variant: &VariantSummary, full: bool) -> String {
        match (variant.metrics.value(self.metric), self.metric.format()) {
            (Some(v), Format::Share) => human::share(v),
            (Some(v), Format::Reached | Format::Time) => human::duration(v),
            (Some(v), Format::Count) if full => human::count(v),
            (Some(v), Format::Count) => human::short_count(v),
            (None, Format::Reached) if self.was_asked(variant) => "not reached".into(),
            (None, _) => human::NONE.into(),
        }
    }

    /// The same with its interval on the next line, where several seeds ran.
    pub fn with_interval(&self, variant: &VariantSummary, full: bool) -> String {
        let text = self.text(variant, full);
        let Some(over) = variant.over_seeds.get(self.metric.key()) else { return text };
        let text = over.value.and_then(|v| over_seeds::average(self, v, full)).unwrap_or(text);
        match over_seeds::interval(self, over, full) {
            interval if interval.is_empty() => text,
            interval => format!("{text}\n{interval}"),
        }
    }

    /// A time without a value means "not reached" only if somebody was to be reached.
    fn was_asked(&self, variant: &VariantSummary) -> bool {
        let commanded = variant.metrics.value(Metric::Commanded);
        variant.metrics.has(self.metric) && commanded.is_none_or(|n| n > 0.0)
    }

    /// A difference of two values as text, with its sign.
    pub fn difference_text(&self, v: f64) -> String {
        let sign = if v > 0.0 { "+" } else { "" };
        match self.metric.format() {
            Format::Share => format!("{sign}{:.1} points", v * 100.0),
            Format::Reached | Format::Time => format!("{sign}{}", human::duration(v)),
            Format::Count => format!("{sign}{}", human::count(v)),
        }
    }
}

/// The figures of what happened in any of these variants: resets, reports, reads, and what holds for every network.
pub fn shown<'a>(variants: impl Iterator<Item = &'a VariantSummary> + Clone) -> Vec<Figure> {
    let happened = |metric: Metric| variants.clone().any(|v| metric.activity().happened(&v.metrics));
    let figures = columns().into_iter().map(|(metric, named)| Figure { metric, named });
    figures.filter(|figure| happened(figure.metric)).collect()
}

/// How a variant stands with a gate, or with all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Judgement.
    pub verdict: Verdict,
    /// Counts for the exit code.
    pub binding: bool,
}

impl Standing {
    /// With one gate.
    pub fn of(gate: &GateVerdict) -> Self {
        Standing { verdict: gate.verdict, binding: gate.binding }
    }

    /// How bad it is: the larger, the worse.
    pub fn badness(self) -> u8 {
        match self.verdict {
            Verdict::Pass => 0,
            Verdict::Undecided => 1,
            Verdict::NoData => 2,
            Verdict::Breach => 3,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match (self.verdict, self.binding) {
            (Verdict::Pass, true) => "pass",
            (Verdict::Breach, true) => "breach",
            (Verdict::Pass, false) => "would pass",
            (Verdict::Breach, false) => "would fail",
            (Verdict::NoData, _) => "no data",
            (Verdict::Undecided, _) => "undecided",
        }
    }
}

/// The worst of the binding verdicts on `variant`; of the others if no gate judges it; `None` without any.
pub fn worst_standing(gates: &[GateVerdict], variant: &str) -> Option<Standing> {
    let weight = |s: &Standing| (s.binding, s.badness());
    gates.iter().filter(|g| g.variant == variant).map(Standing::of).max_by_key(weight)
}

/// What a gate judges: `rejoin_time p99`, or the metric alone where it has one figure.
pub fn gate_name(gate: &GateVerdict) -> String {
    human::one_line(&format!("{} {}", gate.metric, gate.stat))
}

/// A gate's measured value as text, by the metric's unit; a plain number where this version does not know the metric.
pub fn gate_value(gate: &GateVerdict) -> String {
    let format = gates::find(&gate.metric, &gate.stat).map(Metric::format);
    match (gate.value, format) {
        (Some(v), Some(Format::Reached | Format::Time)) => human::duration(v),
        (Some(v), Some(Format::Share)) => human::share(v),
        (Some(v), _) if v == v.round() => human::count(v),
        (Some(v), _) => format!("{v:.3}"),
        (None, Some(Format::Reached)) if gate.verdict == Verdict::Breach => "not reached".into(),
        (None, _) => human::NONE.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(metric: &str, stat: &str, value: Option<f64>, verdict: Verdict) -> GateVerdict {
        let (limit, variant) = ("max 1".into(), "a".into());
        GateVerdict {
            metric: metric.into(),
            stat: stat.into(),
            limit,
            variant,
            value,
            verdict,
            binding: true,
            share: None,
            not_reached: 0,
        }
    }

    #[test]
    fn gates_are_written_in_their_unit() {
        for (metric, stat, value, verdict, name, text) in [
            ("rejoin_time", "p99", Some(738.0), Verdict::Pass, "rejoin_time p99", "12.3 min"),
            ("rejoin_time", "p99", None, Verdict::Breach, "rejoin_time p99", "not reached"),
            ("rejoin_time", "p99", None, Verdict::NoData, "rejoin_time p99", "–"),
            ("back_share", "30min", Some(0.5), Verdict::Breach, "back_share 30min", "50.0 %"),
            ("border_router_busy", "", Some(0.331), Verdict::Pass, "border_router_busy", "33.1 %"),
            ("read_success", "", Some(0.95), Verdict::Pass, "read_success", "95.0 %"),
            ("read_delay", "p95", Some(4.21), Verdict::Pass, "read_delay p95", "4.2 s"),
            ("collisions", "", Some(83_140.0), Verdict::Pass, "collisions", "83,140"),
            ("of_a_later_version", "p50", Some(0.25), Verdict::Pass, "of_a_later_version p50", "0.250"),
        ] {
            let gate = gate(metric, stat, value, verdict);
            assert_eq!((gate_name(&gate).as_str(), gate_value(&gate).as_str()), (name, text));
        }
    }

    #[test]
    fn the_worst_verdict_counts_and_no_data_is_no_pass() {
        let of = |v| gate("frames", "", None, v);
        let word = |gates: &[GateVerdict], variant| worst_standing(gates, variant).map(Standing::word);
        let gates = [of(Verdict::Pass), of(Verdict::NoData)];
        assert_eq!(word(&gates, "a"), Some("no data"));
        assert_eq!(word(&[of(Verdict::Breach), of(Verdict::NoData)], "a"), Some("breach"));
        assert_eq!(word(&gates, "b"), None);
    }

    #[test]
    fn what_is_only_told_never_hides_what_counts() {
        let told = |v| GateVerdict { binding: false, ..gate("frames", "", None, v) };
        let word = |gates: &[GateVerdict]| worst_standing(gates, "a").map(Standing::word);
        assert_eq!(word(&[told(Verdict::Pass)]), Some("would pass"));
        assert_eq!(word(&[told(Verdict::Pass), told(Verdict::Breach)]), Some("would fail"));
        assert_eq!(word(&[gate("frames", "", None, Verdict::Pass), told(Verdict::Breach)]), Some("pass"));
    }

    #[test]
    fn not_reached_is_told_from_not_asked() {
        let mut variant = VariantSummary::default();
        let p99 = Figure::of(Metric::RejoinP99S).expect("figure");
        assert_eq!(p99.text(&variant, true), "–");
        variant.metrics.set(Metric::RejoinP99S, None);
        assert_eq!(p99.text(&variant, true), "not reached");
        variant.metrics.set(Metric::Commanded, Some(0.0));
        assert_eq!(p99.text(&variant, true), "–");
    }
}
