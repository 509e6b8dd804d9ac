//! The figures of a result, in the order of every table: where each is found, what it is called, how it is written.

use crate::human;
use amitwin_data::summary::{GateVerdict, VariantSummary, Verdict};

/// How a figure is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 0 to 1, in percent.
    Share,
    /// Seconds until something happened; without a value it was not reached.
    Reached,
    /// A number of things.
    Count,
}

/// A figure of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Key in the summary's metrics.
    pub key: &'static str,
    /// Name over a narrow column, on two lines.
    pub header: &'static str,
    /// Name in a list.
    pub label: &'static str,
    /// How it is written.
    pub kind: Kind,
}

const fn figure(key: &'static str, header: &'static str, label: &'static str, kind: Kind) -> Figure {
    Figure { key, header, label, kind }
}

/// What results tables can show, in order; a table has those of what happened ([`shown`]).
pub const FIGURES: [Figure; 17] = [
    figure("back_5min_share", "back\n5 min", "back within 5 min", Kind::Share),
    figure("back_30min_share", "back\n30 min", "back within 30 min", Kind::Share),
    figure("back_60min_share", "back\n60 min", "back within 60 min", Kind::Share),
    figure("rejoin_p50_s", "rejoin\np50", "rejoin time, p50", Kind::Reached),
    figure("rejoin_p95_s", "rejoin\np95", "rejoin time, p95", Kind::Reached),
    figure("rejoin_p99_s", "rejoin\np99", "rejoin time, p99", Kind::Reached),
    figure("push_delivered_share", "reports\narrived", "reports arrived", Kind::Share),
    figure("push_delay_p50_s", "report\np50", "delay of reports, p50", Kind::Reached),
    figure("push_delay_p99_s", "report\np99", "delay of reports, p99", Kind::Reached),
    figure("read_success_share", "reads\nok", "reads that succeeded", Kind::Share),
    figure("read_delay_p50_s", "read\np50", "delay of reads, p50", Kind::Reached),
    figure("read_delay_p99_s", "read\np99", "delay of reads, p99", Kind::Reached),
    figure("border_router_busy_share", "router\nbusy", "border router busy", Kind::Share),
    figure("collisions", "colli-\nsions", "collisions", Kind::Count),
    figure("retries", "\nretries", "retries", Kind::Count),
    figure("frames", "\nframes", "frames", Kind::Count),
    figure("dropped", "\ndropped", "dropped", Kind::Count),
];

impl Figure {
    /// Its value, if there is one.
    pub fn value(&self, variant: &VariantSummary) -> Option<f64> {
        variant.metrics.get(self.key).copied().flatten().filter(|v| v.is_finite())
    }

    /// Its value as text; `full` writes counts with all digits.
    pub fn text(&self, variant: &VariantSummary, full: bool) -> String {
        match (self.value(variant), self.kind) {
            (Some(v), Kind::Share) => human::share(v),
            (Some(v), Kind::Reached) => human::duration(v),
            (Some(v), Kind::Count) if full => human::count(v),
            (Some(v), Kind::Count) => human::short_count(v),
            (None, Kind::Reached) if self.was_asked(variant) => "not reached".into(),
            (None, _) => human::NONE.into(),
        }
    }

    /// A time without a value means "not reached" only if somebody was to be reached.
    fn was_asked(&self, variant: &VariantSummary) -> bool {
        let commanded = variant.metrics.get("commanded").copied().flatten();
        variant.metrics.contains_key(self.key) && commanded.is_none_or(|n| n > 0.0)
    }

    /// A difference of two values as text, with its sign.
    pub fn difference_text(&self, v: f64) -> String {
        let sign = if v > 0.0 { "+" } else { "" };
        match self.kind {
            Kind::Share => format!("{sign}{:.1} points", v * 100.0),
            Kind::Reached => format!("{sign}{}", human::duration(v)),
            Kind::Count => format!("{sign}{}", human::count(v)),
        }
    }
}

/// The figures of what happened in any of these variants: resets, reports, reads, and what holds for every network.
pub fn shown<'a>(variants: impl Iterator<Item = &'a VariantSummary> + Clone) -> Vec<&'static Figure> {
    let any = |key: &str| variants.clone().any(|v| v.metrics.get(key).copied().flatten().is_some_and(|n| n > 0.0));
    let (resets, reports, reads) = (any("commanded"), any("push_delivered_share"), any("reads"));
    let happened = |figure: &&Figure| match figure.key.split('_').next() {
        Some("back" | "rejoin") => resets,
        Some("push") => reports,
        Some("read") => reads,
        _ => true,
    };
    FIGURES.iter().filter(happened).collect()
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

    /// The word for it.
    pub fn word(self) -> &'static str {
        match (self.verdict, self.binding) {
            (Verdict::Pass, true) => "pass",
            (Verdict::Breach, true) => "breach",
            (Verdict::Pass, false) => "would pass",
            (Verdict::Breach, false) => "would fail",
            (Verdict::NoData, _) => "no data",
        }
    }
}

/// The worst of the binding verdicts on `variant`; of the others if no gate judges it; `None` without any.
pub fn worst_standing(gates: &[GateVerdict], variant: &str) -> Option<Standing> {
    let weight = |s: &Standing| {
        let badness = match s.verdict {
            Verdict::Pass => 0,
            Verdict::NoData => 1,
            Verdict::Breach => 2,
        };
        (s.binding, badness)
    };
    gates.iter().filter(|g| g.variant == variant).map(Standing::of).max_by_key(weight)
}

/// What a gate judges: `rejoin_time p99`, or the metric alone where it has one figure.
pub fn gate_name(gate: &GateVerdict) -> String {
    human::one_line(&format!("{} {}", gate.metric, gate.stat))
}

/// A gate's measured value as text, by the unit that its metric's name tells.
pub fn gate_value(gate: &GateVerdict) -> String {
    let metric = gate.metric.as_str();
    let is_time = metric.ends_with("_time") || metric.ends_with("_s") || metric.ends_with("delay");
    let is_share = metric.ends_with("share") || metric.ends_with("busy") || metric.ends_with("delivered");
    match gate.value {
        Some(v) if is_time => human::duration(v),
        Some(v) if is_share => human::share(v),
        Some(v) if v == v.round() => human::count(v),
        Some(v) => format!("{v:.3}"),
        None if is_time && gate.verdict == Verdict::Breach => "not reached".into(),
        None => human::NONE.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(metric: &str, stat: &str, value: Option<f64>, verdict: Verdict) -> GateVerdict {
        let (limit, variant) = ("max 1".into(), "a".into());
        GateVerdict { metric: metric.into(), stat: stat.into(), limit, variant, value, verdict, binding: true }
    }

    #[test]
    fn gates_are_written_in_their_unit() {
        for (metric, stat, value, verdict, name, text) in [
            ("rejoin_time", "p99", Some(738.0), Verdict::Pass, "rejoin_time p99", "12.3 min"),
            ("rejoin_time", "p99", None, Verdict::Breach, "rejoin_time p99", "not reached"),
            ("rejoin_time", "p99", None, Verdict::NoData, "rejoin_time p99", "–"),
            ("back_share", "30min", Some(0.5), Verdict::Breach, "back_share 30min", "50.0 %"),
            ("border_router_busy", "", Some(0.331), Verdict::Pass, "border_router_busy", "33.1 %"),
            ("collisions", "", Some(83_140.0), Verdict::Pass, "collisions", "83,140"),
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
        let p99 = FIGURES.iter().find(|f| f.key == "rejoin_p99_s").expect("figure");
        assert_eq!(p99.text(&variant, true), "–");
        variant.metrics.insert("rejoin_p99_s".into(), None);
        assert_eq!(p99.text(&variant, true), "not reached");
        variant.metrics.insert("commanded".into(), Some(0.0));
        assert_eq!(p99.text(&variant, true), "–");
    }
}
