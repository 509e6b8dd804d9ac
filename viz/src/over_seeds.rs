//! What several seeds add to a figure: its interval, the difference from a baseline, what a gate makes of it.

use crate::figures::Figure;
use crate::human;
use amitwin_data::metrics::Format;
use amitwin_data::summary::{Average, GateVerdict, OverSeeds, Summary, VariantSummary, Verdict};

/// The interval of an average, for under it: `±1.2 min`, or the ends of a median's.
pub fn interval(figure: &Figure, over: &OverSeeds, full: bool) -> String {
    let text = |v: f64| plain(figure.metric.format(), v, full);
    match (over.average, over.value, over.low, over.high) {
        (Average::Mean, Some(_), Some(low), Some(high)) => format!("±{}", text((high - low) / 2.0)),
        (_, _, Some(low), Some(high)) => format!("{}–{}", shared_unit(&text(low), &text(high)), text(high)),
        (_, _, Some(low), None) => format!("from {}", text(low)),
        (_, _, None, Some(high)) => format!("to {}", text(high)),
        (_, Some(_), None, None) if over.seeds > 1 => "too few".to_owned(),
        (_, _, None, None) => String::new(),
    }
}

/// A difference from the baseline with its interval under it.
pub fn difference(figure: &Figure, over: &OverSeeds, full: bool) -> String {
    let format = figure.metric.format();
    let sign = |v: f64| if v < 0.0 { "-" } else { "+" };
    let middle = match over.value {
        Some(0.0) => plain(format, 0.0, full),
        Some(v) => format!("{}{}", sign(v), plain(format, v.abs(), full)),
        None if over.high.is_none() => "later".to_owned(),
        None => "sooner".to_owned(),
    };
    let ends = match (over.average, over.low, over.high) {
        (Average::Median, Some(low), Some(high)) => {
            format!("{}{}–{}{}", sign(low), plain(format, low.abs(), full), sign(high), plain(format, high.abs(), full))
        }
        _ => interval(figure, over, full),
    };
    format!("{middle}\n{ends}")
}

/// The average itself; few things have a tenth, because their average is no count.
pub fn average(figure: &Figure, v: f64, full: bool) -> Option<String> {
    (figure.metric.format() == Format::Count).then(|| plain(Format::Count, v, full))
}

/// A number in the unit of its format; of a share the points.
fn plain(format: Format, v: f64, full: bool) -> String {
    match format {
        Format::Share => format!("{:.1} %", v * 100.0),
        Format::Reached | Format::Time => human::duration(v),
        Format::Count if v < 100.0 && v != v.round() => format!("{v:.1}"),
        Format::Count if full => human::count(v),
        Format::Count => human::short_count(v),
    }
}

/// `low` without its unit where `high` has the same.
fn shared_unit<'a>(low: &'a str, high: &str) -> &'a str {
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, a)), Some((_, b))) if a == b => number,
        _ => low,
    }
}

/// `seed 3`, or `20 seeds (1 to 20)`.
pub fn seeds_text(seeds: &[u64]) -> String {
    match seeds {
        [first, .., last] => format!("{} seeds ({first} to {last})", seeds.len()),
        [only] => format!("seed {only}"),
        [] => "no seed".to_owned(),
    }
}

/// What the figures over several seeds are, for under a results table.
pub fn explained(summary: &Summary) -> String {
    format!("each figure is an average over {}{}", seeds_text(&summary.seeds), intervals(summary.variants.iter()))
}

/// What stands under the figures of these variants, to go on after their seeds.
pub fn intervals<'a>(variants: impl Iterator<Item = &'a VariantSummary> + Clone) -> String {
    let figures = || variants.clone().flat_map(|v| v.over_seeds.values());
    let some = |average| figures().any(|over| over.average == average && over.seeds > 1);
    let mut out = String::new();
    if figures().next().is_some() && figures().all(|over| over.seeds < 2) {
        out.push_str(", which has no interval (--seeds N)");
    }
    if some(Average::Mean) {
        out.push_str("; ±: the mean's 95 % interval");
    }
    if some(Average::Median) {
        out.push_str("; from–to: the median's 95 % interval");
    }
    if figures().any(|over| over.not_reached > 0) {
        out.push_str(", where a figure was not reached with some seeds");
    }
    out
}

/// What a gate found over several seeds, and what would decide it; nothing with one seed and no share.
pub fn judged(gate: &GateVerdict, seeds: usize) -> Option<String> {
    let Some(share) = gate.share else {
        if gate.not_reached > 0 {
            return Some(format!(
                "{} of {seeds} seeds did not reach it; how many may fail is what a gate's share says",
                gate.not_reached
            ));
        }
        let undecided = gate.verdict == Verdict::Undecided;
        return undecided.then(|| format!("the limit lies within the interval of {seeds} seeds; more seeds narrow it"));
    };
    let percent = |v: f64| format!("{:.1} %", (v * 1e3).floor() / 10.0);
    let mut out = format!("{} of {} seeds pass", share.passed, share.of);
    match (gate.verdict, share.needed) {
        (Verdict::Pass, _) => out.push_str(&format!(", so at least {} of all do", percent(share.at_least))),
        (Verdict::Breach, _) => out.push_str(&format!(", so at most {} of all do", percent(share.at_most))),
        (_, Some(needed)) => {
            let sure = percent(share.at_least);
            out.push_str(&format!(", so at least {sure} of all do; {needed} seeds could decide, if all others pass"));
        }
        (_, None) => out.push_str("; no number of seeds below a million could decide"),
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use amitwin_data::metrics::Metric;
    use amitwin_data::summary::SeedShare;

    fn over(average: Average, value: Option<f64>, low: Option<f64>, high: Option<f64>) -> OverSeeds {
        OverSeeds { average, value, low, high, seeds: 20, not_reached: 0 }
    }

    #[test]
    fn intervals_are_written_under_their_figure() {
        let p95 = Figure::of(Metric::RejoinP95S).expect("shown");
        let busy = Figure::of(Metric::BorderRouterBusyShare).expect("shown");
        let (mean, median) = (Average::Mean, Average::Median);
        for (figure, over, text, difference_text) in [
            (p95, over(mean, Some(600.0), Some(540.0), Some(660.0)), "±60 s", "+10.0 min\n±60 s"),
            (p95, over(median, Some(600.0), Some(540.0), Some(660.0)), "9.0–11.0 min", "+10.0 min\n+9.0 min–+11.0 min"),
            (p95, over(median, Some(600.0), Some(540.0), None), "from 9.0 min", "+10.0 min\nfrom 9.0 min"),
            (p95, over(median, Some(600.0), None, None), "too few", "+10.0 min\ntoo few"),
            (p95, OverSeeds { seeds: 1, ..over(mean, Some(600.0), None, None) }, "", "+10.0 min\n"),
            (p95, over(median, None, None, None), "", "later\n"),
            (busy, over(mean, Some(-0.331), Some(-0.336), Some(-0.326)), "±0.5 %", "-33.1 %\n±0.5 %"),
        ] {
            assert_eq!(
                (interval(&figure, &over, false).as_str(), difference(&figure, &over, false).as_str()),
                (text, difference_text)
            );
        }
    }

    #[test]
    fn a_gate_says_what_would_decide_it() {
        let share = SeedShare {
            passed: 20,
            of: 20,
            wanted: 0.95,
            confidence: 0.9,
            at_least: 0.8913,
            at_most: 1.0,
            needed: Some(45),
        };
        let mut gate = GateVerdict {
            metric: "rejoin_time".into(),
            stat: "p95".into(),
            limit: "max 25min".into(),
            variant: "a".into(),
            value: Some(1.0),
            verdict: Verdict::Undecided,
            binding: true,
            share: Some(share),
            not_reached: 0,
        };
        let text = "20 of 20 seeds pass, so at least 89.1 % of all do; 45 seeds could decide, if all others pass";
        assert_eq!(judged(&gate, 20).as_deref(), Some(text));
        gate.share = None;
        assert!(judged(&gate, 20).expect("undecided").contains("more seeds"));
        gate.verdict = Verdict::Pass;
        assert_eq!(judged(&gate, 20), None);
    }
}
