//! The one sentence under the results table: what the variants show about a mass reset, from their figures alone.

use amitwin_data::metrics::Metric;
use amitwin_data::summary::VariantSummary;
use std::cmp::Ordering;

/// Where the longest p99 is less than this many times the shortest, the window hardly matters.
const MATTERS: f64 = 1.5;

/// What the variants show about a mass reset; `None` where nothing was reset.
///
/// The variant whose meters are away longest (p99) is told beside the one whose meters are away least, so that a further
/// variant between the two changes nothing. Where all are much the same, that is said.
pub fn finding(variants: &[VariantSummary]) -> Option<String> {
    let mut resets: Vec<Reset> = variants.iter().filter_map(Reset::of).collect();
    resets.sort_by(|a, b| a.window_s.total_cmp(&b.window_s));
    // Of several that are as good, the narrowest window; of several that are as bad, the widest.
    let best = resets.iter().min_by(|a, b| a.badness(b))?;
    let worst = resets.iter().max_by(|a, b| a.badness(b))?;
    Some(match (best.p99_s, worst.p99_s) {
        _ if resets.len() == 1 => format!("{}, {}.", best.opening(), best.away(AWAY)),
        (Some(least), Some(most)) if most < MATTERS * least => {
            let commanded = resets.iter().all(|r| r.commanded == best.commanded);
            let whom = if commanded { best.meters() } else { "the meters".to_owned() };
            format!(
                "For {whom} it hardly matters how they are reset: a meter is away for {} to {} (p99), least when reset {}.",
                time(least),
                time(most),
                best.spread("within")
            )
        }
        _ => comparison(worst, best),
    })
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
    all_back_s: Option<f64>,
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
            all_back_s: metric(Metric::AllBackS),
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

    /// `45 min (median) and 90 min (p99), and all are back 95 min after the start`, led in by `lead`; what was not reached is
    /// told by who is missing.
    fn away(&self, lead: &str) -> String {
        let missing = || format!("{} are still away when the run ends", percent(self.missing()));
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
    fn variant(name: &str, window_s: f64, back: f64, p50_s: f64, p99_s: f64, all_back_s: f64) -> VariantSummary {
        let time = |s: f64| (s >= 0.0).then_some(s);
        let metrics = [
            (Metric::Commanded, Some(1000.0)),
            (Metric::Back, Some(back)),
            (Metric::ResetWindowS, Some(window_s)),
            (Metric::RejoinP50S, time(p50_s)),
            (Metric::RejoinP99S, time(p99_s)),
            (Metric::AllBackS, time(all_back_s)),
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
        variant("computed", 5190.0, 1000.0, 131.0, 957.0, 5_400.0)
    }

    #[test]
    fn the_longest_away_is_told_beside_the_least_whatever_stands_between_them_and_in_whatever_order() {
        let manual = variant("manual", 60.0, 1000.0, 2729.0, 5530.0, 6_000.0);
        let sentence = "With all 1,000 meters reset within 60 s ('manual'), a meter is away for 45 min (median) and 92 min \
                        (p99), and all are back 100 min after the start; over 86 min ('computed'), for 2.2 min (median) and \
                        16 min (p99), and all are back 90 min after the start.";
        assert_eq!(told(&[manual.clone(), computed()]), sentence);
        let between = [
            variant("clusters", 1743.0, 1000.0, 1359.0, 4498.0, 6_500.0),
            variant("half an hour", 1780.0, 1000.0, 115.0, 958.0, 2_400.0),
            variant("at once", 0.0, 1000.0, 2794.0, 5420.0, 5_420.0),
        ];
        assert_eq!(told(&[&[computed()], &between[..], &[manual]].concat()), sentence);
    }

    #[test]
    fn what_was_not_reached_is_told_by_who_is_missing() {
        let lost = variant("at once", 0.0, 412.0, -1.0, -1.0, -1.0);
        assert_eq!(
            told(&[lost.clone(), computed()]),
            "With all 1,000 meters reset at one moment ('at once'), 59 % are still away when the run ends; over 86 min \
             ('computed'), for 2.2 min (median) and 16 min (p99), and all are back 90 min after the start."
        );
        let half = variant("manual", 60.0, 980.0, 2700.0, -1.0, -1.0);
        assert_eq!(
            told(&[lost, half]),
            "With all 1,000 meters reset at one moment ('at once'), 59 % are still away when the run ends; over 60 s \
             ('manual'), for 45 min (median) and 2 % are still away when the run ends."
        );
    }

    #[test]
    fn on_a_calm_town_the_window_hardly_matters_and_the_best_is_told() {
        let once = variant("at once", 0.0, 1000.0, 88.0, 166.0, 170.0);
        let wide = variant("computed", 62.0, 1000.0, 121.7, 210.2, 260.0);
        let manual = variant("manual", 60.0, 1000.0, 105.0, 180.0, 240.0);
        assert_eq!(
            told(&[wide.clone(), manual, once.clone()]),
            "For all 1,000 meters it hardly matters how they are reset: a meter is away for 2.8 min to 3.5 min (p99), least \
             when reset at one moment ('at once')."
        );
        // One and a half times 166 s are 249 s.
        assert!(!told(&[once.clone(), with(wide.clone(), Metric::RejoinP99S, 249.0)]).contains("hardly"));
        assert!(told(&[once, with(wide, Metric::RejoinP99S, 248.9)]).contains("hardly"));
    }

    #[test]
    fn variants_that_reset_others_say_whom() {
        let fast = variant("at once", 0.0, 1000.0, 1374.0, 2706.0, -1.0);
        let better = with(variant("computed", 1118.0, 1000.0, 221.6, 1535.1, -1.0), Metric::Commanded, 1001.0);
        assert_eq!(
            told(&[fast, better]),
            "With all 1,000 meters reset at one moment ('at once'), a meter is away for 23 min (median) and 45 min (p99); \
             with all 1,001 meters over 19 min ('computed'), for 3.7 min (median) and 26 min (p99)."
        );
    }

    #[test]
    fn one_variant_is_told_alone_and_none_without_a_reset() {
        assert_eq!(
            told(&[variant("base", 30.0, 1000.0, 20.0, 12_600.0, -1.0)]),
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
        let mut variant = variant("base", 60.0, 998.0, 20.0, 90.0, 95.0);
        variant.unreachable = 2;
        assert!(
            told(&[variant]).starts_with("With all 998 meters reset within 60 s ('base'), a meter is away for 20 s")
        );
    }

    #[test]
    fn equal_windows_are_compared_by_name() {
        let (slow, fast) =
            (variant("50 kb/s", 60.0, 1000.0, 90.0, 900.0, -1.0), variant("300 kb/s", 60.0, 1000.0, 30.0, 200.0, -1.0));
        assert_eq!(
            told(&[slow, fast]),
            "With all 1,000 meters reset within 60 s ('50 kb/s'), a meter is away for 1.5 min (median) and 15 min (p99); \
             over 60 s ('300 kb/s'), for 30 s (median) and 3.3 min (p99)."
        );
    }
}
