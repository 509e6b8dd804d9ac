//! The one sentence under the results table: what the variants show about a mass reset, from their figures alone.

use amitwin_data::metrics::Metric;
use amitwin_data::summary::VariantSummary;
use std::cmp::Ordering;

/// Where the most meter-hours away are less than this many times the least, the difference is called small.
const MATTERS: f64 = 1.25;

/// What the variants show about a mass reset; `None` where nothing was reset.
///
/// The variant that keeps meters away longest, in meter-hours, is told beside the one that does so least, each by its own figures, so
/// that a further variant between the two changes nothing. Where all of them are much the same, that is said of these variants. All
/// shares and percentiles are of all meters that were commanded.
pub fn finding(variants: &[VariantSummary]) -> Option<String> {
    let mut resets: Vec<Reset> = variants.iter().filter_map(Reset::of).collect();
    resets.sort_by(|a, b| a.window_s.total_cmp(&b.window_s));
    // Of several that are as good, the narrowest window; of several that are as bad, the widest.
    let best = resets.iter().min_by(|a, b| a.badness(b))?;
    let worst = resets.iter().max_by(|a, b| a.badness(b))?;
    Some(match resets.len() {
        1 => format!("{}, {}.", best.opening(), best.away(AWAY)),
        n if worst.is_near(best) => alike(n, &resets, best),
        _ => comparison(worst, best),
    })
}

/// That the variants differ little, and in which range.
fn alike(n: usize, resets: &[Reset], best: &Reset) -> String {
    let range = |of: fn(&Reset) -> Option<f64>| {
        let values: Option<Vec<f64>> = resets.iter().map(of).collect();
        let (least, most) =
            values?.into_iter().fold((f64::MAX, 0.0), |(l, m), v: f64| (f64::min(l, v), f64::max(m, v)));
        let (least, most) = (time(least), time(most));
        Some(if least == most { least } else { format!("{least} to {most}") })
    };
    let mut away: Vec<String> = Vec::new();
    away.extend(range(|r| r.p50_s).map(|range| format!("{range} (median)")));
    away.extend(range(|r| r.p99_s).map(|range| format!("{range} (p99)")));
    let away = match &away[..] {
        [] => String::new(),
        away => format!(" a meter is away for {};", away.join(" and ")),
    };
    format!(
        "Between these {n} variants the difference is small:{away} all together for the least time, {} h, when reset {}.",
        count(best.away_h),
        best.spread("within")
    )
}

/// What the sentence needs of a variant.
#[derive(Clone, Copy, Debug)]
struct Reset<'a> {
    name: &'a str,
    commanded: f64,
    /// Of them without a route.
    unreachable: f64,
    back: f64,
    away_h: f64,
    window_s: f64,
    p50_s: Option<f64>,
    p99_s: Option<f64>,
    all_back_s: Option<f64>,
}

impl<'a> Reset<'a> {
    /// `None` where nothing was commanded.
    fn of(variant: &'a VariantSummary) -> Option<Self> {
        let metric = |metric| variant.metrics.value(metric);
        Some(Reset {
            name: &variant.name,
            commanded: metric(Metric::Commanded).filter(|n| *n > 0.0)?,
            unreachable: f64::from(variant.unreachable),
            back: metric(Metric::Back)?,
            away_h: metric(Metric::AwayMeterH)?,
            window_s: metric(Metric::ResetWindowS)?,
            p50_s: metric(Metric::RejoinP50S),
            p99_s: metric(Metric::RejoinP99S),
            all_back_s: metric(Metric::AllBackS),
        })
    }

    /// Who is not back by the end counts first, in whole percent: a meter that never did what it was told was not away.
    fn badness(&self, other: &Reset) -> Ordering {
        let missing = |r: &Reset| (r.missing() * 100.0).round();
        missing(self).total_cmp(&missing(other)).then_with(|| self.away_h.total_cmp(&other.away_h))
    }

    /// Whether this one, the worst, is hardly worse than the best.
    fn is_near(&self, best: &Reset) -> bool {
        (self.missing() - best.missing()).abs() < 0.01 && self.away_h < MATTERS * best.away_h
    }

    /// Share that is not back.
    fn missing(&self) -> f64 {
        1.0 - self.back / self.commanded
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
        if self.unreachable == 0.0 {
            return format!("With {} reset {}", self.meters(), self.spread("within"));
        }
        let (all, lost) = (count(self.commanded), count(self.unreachable));
        let have = if self.unreachable == 1.0 { "has" } else { "have" };
        format!("With {all} meters to be reset {}, of which {lost} {have} no route", self.spread("within"))
    }

    /// `over 32 min ('computed')`, after a sentence that began with `first`.
    fn beside(&self, first: &Reset) -> String {
        let spread = self.spread("over");
        if (self.commanded, self.unreachable) == (first.commanded, first.unreachable) {
            spread
        } else {
            format!("with {} {spread}", self.meters())
        }
    }

    /// `45 min (median) and 90 min (p99), and all are back 95 min after the start`, led in by `lead`; what was not reached is
    /// told by who is missing.
    fn away(&self, lead: &str) -> String {
        let missing = || format!("{} are not back when the run ends", percent(self.missing()));
        let last =
            self.all_back_s.map_or_else(String::new, |s| format!(", and all are back {} after the start", time(s)));
        match (self.p50_s, self.p99_s) {
            (Some(p50), Some(p99)) => format!("{lead}{} (median) and {} (p99){last}", time(p50), time(p99)),
            (Some(p50), None) => format!("{lead}{} (median) and {}", time(p50), missing()),
            (None, Some(p99)) => format!("{lead}{} (p99){last}", time(p99)),
            (None, None) => missing(),
        }
    }
}

const AWAY: &str = "a meter is away for ";

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
    fn variant(name: &str, window_s: f64, back: f64, times_s: (f64, f64, f64), away_h: f64) -> VariantSummary {
        let time = |s: f64| (s >= 0.0).then_some(s);
        let metrics = [
            (Metric::Commanded, Some(1000.0)),
            (Metric::Back, Some(back)),
            (Metric::ResetWindowS, Some(window_s)),
            (Metric::RejoinP50S, time(times_s.0)),
            (Metric::RejoinP99S, time(times_s.1)),
            (Metric::AllBackS, time(times_s.2)),
            (Metric::AwayMeterH, Some(away_h)),
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
        variant("computed", 5190.0, 1000.0, (131.0, 957.0, 5_400.0), 45.0)
    }

    #[test]
    fn the_longest_away_is_told_beside_the_least_whatever_stands_between_them_and_in_whatever_order() {
        let manual = variant("manual", 60.0, 1000.0, (2729.0, 5530.0, 6_000.0), 800.0);
        let sentence = "With all 1,000 meters reset within 60 s ('manual'), a meter is away for 45 min (median) and 92 min \
                        (p99), and all are back 100 min after the start; over 86 min ('computed'), for 2.2 min (median) and \
                        16 min (p99), and all are back 90 min after the start.";
        assert_eq!(told(&[manual.clone(), computed()]), sentence);
        let between = [
            variant("clusters", 1743.0, 1000.0, (1359.0, 4498.0, 6_500.0), 420.0),
            variant("half an hour", 1780.0, 1000.0, (115.0, 958.0, 2_400.0), 46.0),
            variant("at once", 0.0, 1000.0, (2794.0, 5420.0, 5_420.0), 799.0),
        ];
        assert_eq!(told(&[&[computed()], &between[..], &[manual]].concat()), sentence);
    }

    #[test]
    fn what_was_not_reached_is_told_by_who_is_missing() {
        let lost = variant("at once", 0.0, 412.0, (-1.0, -1.0, -1.0), 900.0);
        assert_eq!(
            told(&[lost.clone(), computed()]),
            "With all 1,000 meters reset at one moment ('at once'), 59 % are not back when the run ends; over 86 min \
             ('computed'), for 2.2 min (median) and 16 min (p99), and all are back 90 min after the start."
        );
        let half = variant("manual", 60.0, 980.0, (2700.0, -1.0, -1.0), 950.0);
        assert_eq!(
            told(&[lost, half]),
            "With all 1,000 meters reset at one moment ('at once'), 59 % are not back when the run ends; over 60 s \
             ('manual'), for 45 min (median) and 2 % are not back when the run ends."
        );
    }

    #[test]
    fn who_never_did_what_he_was_told_makes_a_variant_no_better() {
        // Away for less time together, because 200 never reset.
        let deaf = variant("deaf", 60.0, 800.0, (60.0, -1.0, -1.0), 10.0);
        assert!(told(&[computed(), deaf]).starts_with("With all 1,000 meters reset within 60 s ('deaf'), "));
    }

    #[test]
    fn where_variants_differ_little_that_is_said_of_these_and_the_best_is_told() {
        let once = variant("at once", 0.0, 1000.0, (88.0, 166.0, 170.0), 30.0);
        let manual = variant("manual", 60.0, 1000.0, (105.0, 180.0, 240.0), 33.0);
        let wide = variant("computed", 62.0, 1000.0, (121.7, 210.2, 260.0), 37.4);
        assert_eq!(
            told(&[wide.clone(), manual, once.clone()]),
            "Between these 3 variants the difference is small: a meter is away for 88 s to 2 min (median) and 2.8 min to 3.5 min \
             (p99); all together for the least time, 30 h, when reset at one moment ('at once')."
        );
        // 1.25 times 30 h are 37.5 h.
        assert!(!told(&[once.clone(), with(wide.clone(), Metric::AwayMeterH, 37.5)]).contains("small"));
        assert!(told(&[once, wide]).contains("small"));
    }

    #[test]
    fn variants_that_reset_others_say_whom() {
        let fast = variant("at once", 0.0, 1000.0, (1374.0, 2706.0, -1.0), 400.0);
        let better = with(variant("computed", 1118.0, 1000.0, (221.6, 1535.1, -1.0), 90.0), Metric::Commanded, 1001.0);
        assert_eq!(
            told(&[fast, better]),
            "With all 1,000 meters reset at one moment ('at once'), a meter is away for 23 min (median) and 45 min (p99); \
             with all 1,001 meters over 19 min ('computed'), for 3.7 min (median) and 26 min (p99)."
        );
    }

    #[test]
    fn one_variant_is_told_alone_and_none_without_a_reset() {
        assert_eq!(
            told(&[variant("base", 30.0, 1000.0, (20.0, 12_600.0, -1.0), 9.0)]),
            "With all 1,000 meters reset within 30 s ('base'), a meter is away for 20 s (median) and 3.5 h (p99)."
        );
        let pushes = VariantSummary { name: "pushes".into(), ..VariantSummary::default() };
        assert_eq!(finding(std::slice::from_ref(&pushes)), None);
        assert_eq!(finding(&[]), None);
        assert_eq!(finding(&[with(computed(), Metric::Commanded, 0.0)]), None);
        assert!(told(&[pushes, computed()]).starts_with("With all 1,000 meters reset within 86 min ('computed'), "));
    }

    #[test]
    fn who_has_no_route_is_told_and_counts_as_not_back() {
        let mut variant = variant("base", 60.0, 700.0, (300.0, -1.0, -1.0), 30.0);
        variant.unreachable = 298;
        assert_eq!(
            told(&[variant]),
            "With 1,000 meters to be reset within 60 s ('base'), of which 298 have no route, a meter is away for 5 min (median) \
             and 30 % are not back when the run ends."
        );
    }

    #[test]
    fn equal_windows_are_compared_by_name() {
        let slow = variant("50 kb/s", 60.0, 1000.0, (90.0, 900.0, -1.0), 60.0);
        let fast = variant("300 kb/s", 60.0, 1000.0, (30.0, 200.0, -1.0), 15.0);
        assert_eq!(
            told(&[slow, fast]),
            "With all 1,000 meters reset within 60 s ('50 kb/s'), a meter is away for 1.5 min (median) and 15 min (p99); \
             over 60 s ('300 kb/s'), for 30 s (median) and 3.3 min (p99)."
        );
    }
}
