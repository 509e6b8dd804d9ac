//! The one sentence under the results table: what the variants show about a mass reset, from their figures alone.

use amitwin_data::metrics::Metric;
use amitwin_data::summary::VariantSummary;
use std::cmp::Ordering;

/// A window is short against another one that is this many times as wide.
const SHORT: f64 = 10.0;
/// From this many times the other's p99 on, a mesh that also repeated or lost more frames is called collapsed.
const COLLAPSE: f64 = 3.0;
/// Up to this share of a collapsed mesh's p99, a mesh that holds is told beside the best one.
const HOLDS_TOO: f64 = 0.5;

/// What the variants show about a mass reset; `None` where nothing was reset.
///
/// The variant that lets its meters wait least (p99) is compared with one of a short window. A mesh holds if its p99 is
/// within the window, so that meters are back while others are still to be reset; beside one that holds, a mesh has
/// collapsed if its p99 is several times as long, or not reached, and it dropped or repeated more frames. The narrowest
/// other window that holds is told last, if its meters wait half as long as those of the collapsed one at most. Where the figures show neither, they are told without these
/// words.
pub fn finding(variants: &[VariantSummary]) -> Option<String> {
    let mut resets: Vec<Reset> = variants.iter().filter_map(Reset::of).collect();
    resets.sort_by(|a, b| a.window_s.total_cmp(&b.window_s));
    let best = resets.iter().min_by(|a, b| a.badness(b))?;
    let others = || resets.iter().filter(|r| !std::ptr::eq(*r, best));
    let limit_s = (best.window_s / SHORT).max(resets[0].window_s);
    let short = || others().filter(|r| r.window_s <= limit_s && r.window_s < best.window_s);
    // Of several that collapse, the widest window says most.
    if best.holds()
        && let Some(collapsed) = short().rfind(|r| r.collapses_beside(best))
    {
        let also = others().find(|r| r.window_s < best.window_s && r.holds_beside(collapsed));
        return Some(collapse(collapsed, best, also));
    }
    match short().max_by(|a, b| a.badness(b)).or_else(|| others().max_by(|a, b| a.badness(b))) {
        None => Some(format!("{}, {}.", best.opening(), best.away(AWAY))),
        Some(other) if other.window_s < best.window_s => Some(comparison(other, best)),
        Some(other) => Some(comparison(best, other)),
    }
}

/// What the sentence needs of a variant.
#[derive(Clone, Copy, Debug)]
struct Reset<'a> {
    name: &'a str,
    commanded: f64,
    back: f64,
    window_s: f64,
    p50_s: Option<f64>,
    p99_s: Option<f64>,
    retries: Option<f64>,
    dropped: Option<f64>,
}

impl<'a> Reset<'a> {
    /// `None` where nothing was commanded.
    fn of(variant: &'a VariantSummary) -> Option<Self> {
        let metric = |metric| variant.metrics.value(metric);
        Some(Reset {
            name: &variant.name,
            // Whom nobody can reach has not been reset.
            commanded: metric(Metric::Commanded).map(|n| n - f64::from(variant.unreachable)).filter(|n| *n > 0.0)?,
            back: metric(Metric::Back)?,
            window_s: metric(Metric::ResetWindowS)?,
            p50_s: metric(Metric::RejoinP50S),
            p99_s: metric(Metric::RejoinP99S),
            retries: metric(Metric::Retries),
            dropped: metric(Metric::Dropped),
        })
    }

    /// "Not reached" is worse than any time; among those the share that is back decides.
    fn badness(&self, other: &Reset) -> Ordering {
        let p99 = |r: &Reset| r.p99_s.unwrap_or(f64::INFINITY);
        p99(self).total_cmp(&p99(other)).then_with(|| self.missing().total_cmp(&other.missing()))
    }

    /// Share that is not back.
    fn missing(&self) -> f64 {
        1.0 - self.back / self.commanded
    }

    fn holds(&self) -> bool {
        self.p99_s.is_some_and(|s| s <= self.window_s)
    }

    fn holds_beside(&self, collapsed: &Reset) -> bool {
        let faster = |s: f64| collapsed.p99_s.is_none_or(|collapsed| s <= HOLDS_TOO * collapsed);
        self.holds() && self.p99_s.is_some_and(faster)
    }

    fn collapses_beside(&self, best: &Reset) -> bool {
        let slower = best.p99_s.is_some_and(|best| self.p99_s.is_none_or(|s| s >= COLLAPSE * best));
        slower && !self.more_work_than(best).is_empty()
    }

    /// The losses of which this one has more, with both values.
    fn more_work_than(&self, best: &Reset) -> Vec<(&'static str, f64, f64)> {
        [("retries", self.retries, best.retries), ("dropped frames", self.dropped, best.dropped)]
            .into_iter()
            .filter_map(|(name, mine, other)| Some((name, mine?, other?)))
            .filter(|(_, mine, other)| mine > other)
            .collect()
    }

    /// `all 5,000 meters`.
    fn meters(&self) -> String {
        if self.commanded == 1.0 { "one meter".into() } else { format!("all {} meters", count(self.commanded)) }
    }

    /// `within 60 s ('manual')`.
    fn spread(&self, word: &str) -> String {
        match self.window_s {
            s if s < 0.5 => format!("at one moment ('{}')", self.name),
            s => format!("{word} {} ('{}')", time(s), self.name),
        }
    }

    /// `With all 5,000 meters reset within 60 s ('manual')`.
    fn opening(&self) -> String {
        format!("With {} reset {}", self.meters(), self.spread("within"))
    }

    /// `over 32 min ('computed')`, after a sentence that began with `first`.
    fn beside(&self, first: &Reset) -> String {
        let spread = self.spread("over");
        if self.commanded == first.commanded { spread } else { format!("with {} {spread}", self.meters()) }
    }

    /// `45 min (median) and 90 min (p99)`, led in by `lead`; what was not reached is told by who is missing.
    fn away(&self, lead: &str) -> String {
        let missing = || format!("{} are still away when the run ends", percent(self.missing()));
        match (self.p50_s, self.p99_s) {
            (Some(p50), Some(p99)) => format!("{lead}{} (median) and {} (p99)", time(p50), time(p99)),
            (Some(p50), None) => format!("{lead}{} (median) and {}", time(p50), missing()),
            (None, Some(p99)) => format!("{lead}{} (p99)", time(p99)),
            (None, None) => missing(),
        }
    }
}

const AWAY: &str = "a meter is away for ";

fn collapse(collapsed: &Reset, best: &Reset, also: Option<&Reset>) -> String {
    let work: Vec<String> = collapsed
        .more_work_than(best)
        .iter()
        .map(|(name, more, less)| format!("{} instead of {} {name}", count(*less), count(*more)))
        .collect();
    let also = also.map_or_else(String::new, |r| format!("; and {} it holds: {}", r.beside(collapsed), r.away("")));
    format!(
        "{} the mesh collapses: {}; {} it holds: {}, with {}{also}.",
        collapsed.opening(),
        collapsed.away(AWAY),
        best.beside(collapsed),
        best.away(""),
        work.join(" and ")
    )
}

fn comparison(first: &Reset, second: &Reset) -> String {
    format!("{}, {}; {}, {}.", first.opening(), first.away(AWAY), second.beside(first), second.away("for "))
}

/// Digits that tell something, and no more: `45 s`, `2.2 min`, `16 min`, `3.5 h`.
fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 90.0 => return format!("{s:.0} s"),
        s if s < 3.0 * 3600.0 => (s / 60.0, "min"),
        s => (s / 3600.0, "h"),
    };
    format!("{} {unit}", short(value))
}

fn percent(share: f64) -> String {
    format!("{} %", short(share * 100.0))
}

/// `2.2`, `16`.
fn short(value: f64) -> String {
    let text = if value < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") };
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// `80,225`.
fn count(n: f64) -> String {
    let digits = format!("{n:.0}");
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 1,000 meters; a time below zero is one that was not reached.
    fn variant(name: &str, window_s: f64, back: f64, p50_s: f64, p99_s: f64, retries: f64) -> VariantSummary {
        let time = |s: f64| (s >= 0.0).then_some(s);
        let metrics = [
            (Metric::Commanded, Some(1000.0)),
            (Metric::Back, Some(back)),
            (Metric::ResetWindowS, Some(window_s)),
            (Metric::RejoinP50S, time(p50_s)),
            (Metric::RejoinP99S, time(p99_s)),
            (Metric::Retries, Some(retries)),
        ];
        let metrics = metrics.into_iter().collect();
        VariantSummary { name: name.into(), metrics, ..VariantSummary::default() }
    }

    fn with(mut variant: VariantSummary, metric: Metric, value: f64) -> VariantSummary {
        variant.metrics.set(metric, Some(value));
        variant
    }

    fn told(variants: &[VariantSummary]) -> String {
        finding(variants).expect("something was reset")
    }

    fn computed() -> VariantSummary {
        variant("computed", 5190.0, 1000.0, 131.0, 957.0, 80_225.0)
    }

    #[test]
    fn the_widest_short_window_that_collapses_is_told_beside_the_one_that_holds() {
        let variants = [
            with(variant("at once", 0.0, 999.0, 2794.0, 5530.0, 183_567.0), Metric::Dropped, 45_056.0),
            with(variant("manual", 60.0, 999.0, 2729.0, 5420.0, 169_188.0), Metric::Dropped, 42_248.0),
            variant("clusters", 1743.0, 1000.0, 1359.0, 4498.0, 219_215.0),
            with(computed(), Metric::Dropped, 6_042.0),
        ];
        let sentence = "With all 1,000 meters reset within 60 s ('manual') the mesh collapses: a meter is away for 45 min \
                        (median) and 90 min (p99); over 86 min ('computed') it holds: 2.2 min (median) and 16 min (p99), \
                        with 80,225 instead of 169,188 retries and 6,042 instead of 42,248 dropped frames.";
        assert_eq!(told(&variants), sentence);
        let narrower = variant("half an hour", 1780.0, 1000.0, 115.0, 958.0, 46_000.0);
        let as_well = told(&[&variants[..], &[narrower]].concat());
        assert!(as_well.ends_with(
            "6,042 instead of 42,248 dropped frames; and over 30 min ('half an hour') it holds: 1.9 min (median) and 16 min \
             (p99)."
        ), "{as_well}");
        let mut turned = variants;
        turned.reverse();
        assert_eq!(told(&turned), sentence, "the order of the file is of no matter");
    }

    #[test]
    fn what_was_not_reached_is_told_by_who_is_missing() {
        let lost = variant("at once", 0.0, 412.0, -1.0, -1.0, 900_000.0);
        assert_eq!(
            told(&[lost.clone(), computed()]),
            "With all 1,000 meters reset at one moment ('at once') the mesh collapses: 59 % are still away when the run \
             ends; over 86 min ('computed') it holds: 2.2 min (median) and 16 min (p99), with 80,225 instead of 900,000 \
             retries."
        );
        let half = variant("manual", 60.0, 980.0, 2700.0, -1.0, 900_000.0);
        assert_eq!(
            told(&[lost, half]),
            "With all 1,000 meters reset at one moment ('at once'), 59 % are still away when the run ends; over 60 s \
             ('manual'), for 45 min (median) and 2 % are still away when the run ends."
        );
    }

    #[test]
    fn a_mesh_collapses_only_beside_one_that_holds_and_with_more_lost() {
        let collapses = |short: VariantSummary, wide: VariantSummary| {
            let text = told(&[short, wide]);
            assert_eq!(text.contains("collapses"), text.contains("it holds"), "{text}");
            text.contains("collapses")
        };
        let short = |p99_s, retries| variant("manual", 60.0, 1000.0, 300.0, p99_s, retries);
        assert!(collapses(short(2871.0, 80_226.0), computed()));
        assert!(!collapses(short(2870.0, 80_226.0), computed()), "less than three times as long");
        assert!(!collapses(short(2871.0, 80_225.0), computed()), "slower, but nothing more was lost");
        let late = variant("computed", 900.0, 1000.0, 131.0, 957.0, 80_225.0);
        assert!(!collapses(short(2871.0, 80_226.0), late), "meters are away for longer than the window");
        let wide = variant("clusters", 1743.0, 1000.0, 300.0, 4000.0, 80_226.0);
        assert!(collapses(wide, computed()), "the shortest window there is");
    }

    #[test]
    fn without_a_collapse_the_figures_stand_alone_the_narrower_window_first() {
        let once = variant("at once", 0.0, 1000.0, 88.0, 166.0, 228.0);
        let wide = variant("computed", 62.0, 1000.0, 121.7, 210.2, 383.0);
        let manual = variant("manual", 60.0, 1000.0, 105.0, 180.0, 353.0);
        assert_eq!(
            told(&[wide, manual, once]),
            "With all 1,000 meters reset at one moment ('at once'), a meter is away for 88 s (median) and 2.8 min (p99); \
             over 62 s ('computed'), for 2 min (median) and 3.5 min (p99)."
        );
        let fast = variant("at once", 0.0, 1000.0, 1374.0, 2706.0, 96_568.0);
        let better = with(variant("computed", 1118.0, 1000.0, 221.6, 1535.1, 174_803.0), Metric::Commanded, 1001.0);
        assert_eq!(
            told(&[fast, better]),
            "With all 1,000 meters reset at one moment ('at once'), a meter is away for 23 min (median) and 45 min (p99); \
             with all 1,001 meters over 19 min ('computed'), for 3.7 min (median) and 26 min (p99)."
        );
    }

    #[test]
    fn one_variant_is_told_alone_and_none_without_a_reset() {
        assert_eq!(
            told(&[variant("base", 30.0, 1000.0, 20.0, 12_600.0, 1.0)]),
            "With all 1,000 meters reset within 30 s ('base'), a meter is away for 20 s (median) and 3.5 h (p99)."
        );
        let pushes = VariantSummary { name: "pushes".into(), ..VariantSummary::default() };
        assert_eq!(finding(std::slice::from_ref(&pushes)), None);
        assert_eq!(finding(&[]), None);
        assert_eq!(finding(&[with(computed(), Metric::Commanded, 0.0)]), None);
        assert!(told(&[pushes, computed()]).starts_with("With all 1,000 meters reset within 86 min ('computed'), "));
    }

    #[test]
    fn who_has_no_route_is_not_said_to_be_reset() {
        let mut variant = variant("base", 60.0, 998.0, 20.0, 90.0, 1.0);
        variant.unreachable = 2;
        assert!(
            told(&[variant]).starts_with("With all 998 meters reset within 60 s ('base'), a meter is away for 20 s")
        );
    }

    #[test]
    fn equal_windows_are_compared_by_name() {
        let (slow, fast) =
            (variant("50 kb/s", 60.0, 1000.0, 90.0, 900.0, 2.0), variant("300 kb/s", 60.0, 1000.0, 30.0, 200.0, 1.0));
        assert_eq!(
            told(&[slow, fast]),
            "With all 1,000 meters reset within 60 s ('300 kb/s'), a meter is away for 30 s (median) and 3.3 min (p99); \
             over 60 s ('50 kb/s'), for 1.5 min (median) and 15 min (p99)."
        );
    }
}
