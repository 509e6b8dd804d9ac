//! Intervals for what several seeds or many meters came to: of a mean, of a quantile, of a share.
//!
//! Distributions are those of `statrs`, whose last bits no row and no fingerprint may depend on.

use statrs::distribution::{Beta, Binomial, ContinuousCDF, Discrete, DiscreteCDF, StudentsT};

/// Confidence of the intervals of means and medians.
pub const CONFIDENCE: f64 = 0.95;

/// A figure with the ends of its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The figure.
    pub middle: f64,
    /// Lower end; `None` if there are too few values for an interval.
    pub low: Option<f64>,
    /// Upper end; `None` if there are too few values for an interval.
    pub high: Option<f64>,
}

/// Up to here ranks follow from the binomial distribution; above, its normal approximation is off by less than a rank.
const EXACT_MAX: usize = 1_000;

/// The median of `values` with its distribution-free interval, from the order statistics whose ranks enclose the
/// median with 95 %. Infinite values are welcome: a meter that is not back is later than any.
///
/// No resampling: the interval is exact, needs no seed and does not move between two calls.
pub fn median(values: &mut [f64]) -> Option<Interval> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    if n == 0 {
        return None;
    }
    let (a, b) = (values[(n - 1) / 2], values[n / 2]);
    // Between one not back before and one not back after there is no middle but none.
    let middle = if a == b { a } else { Some((a + b) / 2.0).filter(|m| !m.is_nan()).unwrap_or(0.0) };
    let ranks = if n <= EXACT_MAX { quantile_ranks(n, 0.5, CONFIDENCE) } else { normal_ranks(n) };
    let ends = ranks.map(|(low, high)| (values[low - 1], values[high - 1]));
    Some(Interval { middle, low: ends.map(|e| e.0), high: ends.map(|e| e.1) })
}

/// The ranks, counted from 1, of the two among `n` sorted values that enclose the quantile of probability `p`; `None` if there are
/// too few values for that. Each tail has at most half of what the confidence leaves; then ranks that are not needed are
/// dropped at the end where they weigh less.
pub fn quantile_ranks(n: usize, p: f64, confidence: f64) -> Option<(usize, usize)> {
    let below = Binomial::new(p, n as u64).ok()?;
    let tail = (1.0 - confidence) / 2.0;
    // P(fewer than `low` values lie below the quantile) and P(at least `high` do).
    let missed_low = |low: usize| if low == 0 { 0.0 } else { below.cdf(low as u64 - 1) };
    let missed_high = |high: usize| below.sf(high as u64 - 1);
    let mut low = (1..=n).take_while(|low| missed_low(*low) <= tail).last()?;
    let mut high = (1..=n).rev().take_while(|high| missed_high(*high) <= tail).last()?;
    loop {
        let (at_low, at_high) = (below.pmf(low as u64), below.pmf(high as u64 - 1));
        let lowest = at_low.min(at_high);
        let same = (at_low - at_high).abs() <= 1e-9 * lowest;
        if same || missed_low(low) + missed_high(high) + lowest > 1.0 - confidence {
            return (low < high).then_some((low, high));
        }
        if at_low < at_high { low += 1 } else { high -= 1 }
    }
}

fn normal_ranks(n: usize) -> Option<(usize, usize)> {
    let rank = ((n as f64 - 1.959_964 * (n as f64).sqrt()) / 2.0) as usize;
    Some((rank, n + 1 - rank))
}

/// The mean of `values` with Student's interval; `None` without values.
pub fn mean(values: &[f64]) -> Option<Interval> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let middle = values.iter().sum::<f64>() / n as f64;
    let half = deviation(values, middle).and_then(|sd| Some(student(n - 1)? * sd / (n as f64).sqrt()));
    Some(Interval { middle, low: half.map(|h| middle - h), high: half.map(|h| middle + h) })
}

/// Standard deviation of a sample around its mean; `None` for fewer than two values.
fn deviation(values: &[f64], mean: f64) -> Option<f64> {
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

/// The 97.5 % quantile of Student's distribution.
fn student(freedom: usize) -> Option<f64> {
    let student = StudentsT::new(0.0, 1.0, freedom as f64).ok()?;
    Some(student.inverse_cdf(0.5 + CONFIDENCE / 2.0))
}

/// The largest share that `passed` of `of` trials lie above with this confidence, one-sided (Clopper and Pearson).
pub fn share_at_least(passed: usize, of: usize, confidence: f64) -> f64 {
    match Beta::new(passed as f64, (of - passed) as f64 + 1.0) {
        Ok(beta) if passed > 0 => beta.inverse_cdf(1.0 - confidence),
        _ => 0.0,
    }
}

/// The smallest share that `passed` of `of` trials lie below with this confidence, one-sided (Clopper and Pearson).
pub fn share_at_most(passed: usize, of: usize, confidence: f64) -> f64 {
    1.0 - share_at_least(of - passed, of, confidence)
}

/// How many trials it takes, with `failed` among them that do not pass, until [`share_at_least`] reaches `share`; `None` if
/// more than a million.
pub fn trials_needed(failed: usize, share: f64, confidence: f64) -> Option<usize> {
    const MOST: usize = 1_000_000;
    let enough = |trials: usize| share_at_least(trials - failed, trials, confidence) >= share;
    let (mut low, mut high) = (failed, failed + 1);
    while !enough(high) {
        (low, high) = (high, high * 2);
        if high > MOST {
            return None;
        }
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// Natural logarithm of the odds that a share is at least `wanted`, after `passed` of `of` trials, against the odds before
/// them. What is wanted divides two stretches of the same width, as wide as the narrower side; within them every share is as likely as any
/// other. So a share of 0.95 is held against 0.90 to 0.95, and not against shares that nobody would take for it, which would make
/// the odds better than they are.
pub fn log_odds_of_share(passed: usize, of: usize, wanted: f64) -> f64 {
    let Ok(beta) = Beta::new(passed as f64 + 1.0, (of - passed) as f64 + 1.0) else { return 0.0 };
    let width = wanted.min(1.0 - wanted);
    let below = beta.cdf(wanted) - beta.cdf((wanted - width).max(0.0));
    let above = beta.cdf((wanted + width).min(1.0)) - beta.cdf(wanted);
    libm::log(above.max(f64::MIN_POSITIVE)) - libm::log(below.max(f64::MIN_POSITIVE))
}

/// Natural logarithm of the odds that what `values` are drawn from has a mean of at most `limit`, by Student's distribution.
pub fn log_odds_of_mean(values: &[f64], limit: f64) -> f64 {
    let Some(Interval { middle, .. }) = mean(values) else { return 0.0 };
    let n = values.len() as f64;
    let error = deviation(values, middle).map_or(0.0, |sd| sd / n.sqrt());
    // Values that are all the same leave no doubt but that of rounding.
    let t = (limit - middle) / error.max(1e-9 * middle.abs()).max(f64::MIN_POSITIVE);
    let Ok(student) = StudentsT::new(0.0, 1.0, (n - 1.0).max(1.0)) else { return 0.0 };
    libm::log(student.cdf(t).max(f64::MIN_POSITIVE)) - libm::log(student.cdf(-t).max(f64::MIN_POSITIVE))
}

#[cfg(test)]
mod tests;
