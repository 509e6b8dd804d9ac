//! Intervals for differences: of a median over many pairs, of a mean over few replications.

/// A figure with the ends of its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The figure.
    pub middle: f64,
    /// Lower end; `None` if there are too few pairs for an interval.
    pub low: Option<f64>,
    /// Upper end; `None` if there are too few pairs for an interval.
    pub high: Option<f64>,
}

/// Up to here the binomial distribution is summed; above, its normal approximation is off by less than a rank.
const EXACT_MAX: usize = 1_000;

/// The median of `values` with its distribution-free interval, from the order statistics whose ranks enclose the
/// median with 95 % (binomial, p = 1/2). Infinite values are welcome: a meter that is not back is later than any.
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
    let rank = if n <= EXACT_MAX { binomial_rank(n) } else { normal_rank(n) };
    let ends = (rank > 0).then(|| (values[rank - 1], values[n - rank]));
    Some(Interval { middle, low: ends.map(|e| e.0), high: ends.map(|e| e.1) })
}

/// The largest rank r with P(Binomial(n, 1/2) < r) <= 2.5 %; 0 if there is none.
fn binomial_rank(n: usize) -> usize {
    let mut term = (0..n).fold(1.0, |p: f64, _| p / 2.0);
    let mut sum = 0.0;
    for r in 0..n {
        sum += term;
        if sum > 0.025 {
            return r;
        }
        term *= (n - r) as f64 / (r + 1) as f64;
    }
    0
}

fn normal_rank(n: usize) -> usize {
    ((n as f64 - 1.959_964 * (n as f64).sqrt()) / 2.0) as usize
}

/// The mean of `values` with Student's interval; `None` without values.
pub fn mean(values: &[f64]) -> Option<Interval> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let middle = values.iter().sum::<f64>() / n as f64;
    if n == 1 {
        return Some(Interval { middle, low: None, high: None });
    }
    let squares: f64 = values.iter().map(|v| (v - middle) * (v - middle)).sum();
    let half = student_975(n - 1) * (squares / (n - 1) as f64 / n as f64).sqrt();
    Some(Interval { middle, low: Some(middle - half), high: Some(middle + half) })
}

/// The 97.5 % quantile of Student's distribution.
fn student_975(freedom: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];
    // Beyond the table: the first two terms of the Cornish-Fisher expansion, good to a thousandth.
    let z = 1.959_964_f64;
    let v = freedom as f64;
    let expansion =
        z + (z * z * z + z) / (4.0 * v) + (5.0 * z * z * z * z * z + 16.0 * z * z * z + 3.0 * z) / (96.0 * v * v);
    TABLE.get(freedom.saturating_sub(1)).copied().unwrap_or(expansion)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_the_median_are_the_published_ones() {
        // Ranks of the sign test's 95 % interval: none below six values, then the well-known table.
        for (n, rank) in [(5, 0), (6, 1), (9, 2), (10, 2), (20, 6), (50, 18), (100, 40)] {
            assert_eq!(binomial_rank(n), rank, "n = {n}");
        }
        assert!(binomial_rank(EXACT_MAX).abs_diff(normal_rank(EXACT_MAX)) <= 1);
    }

    #[test]
    fn a_median_takes_what_is_not_back() {
        let mut values = [f64::INFINITY, 3.0, 1.0, 2.0, f64::INFINITY, 4.0, 5.0];
        let got = median(&mut values).expect("values");
        assert_eq!(got, Interval { middle: 4.0, low: Some(1.0), high: Some(f64::INFINITY) });
        assert_eq!(median(&mut [1.0, 3.0]).expect("values"), Interval { middle: 2.0, low: None, high: None });
        assert_eq!(median(&mut []), None);
    }

    #[test]
    fn a_mean_of_few() {
        // Three values 1, 2, 3: mean 2, standard error 1/sqrt(3), quantile 4.303 at two degrees of freedom.
        let got = mean(&[1.0, 2.0, 3.0]).expect("values");
        let half = 4.303 / 3f64.sqrt();
        assert!((got.high.expect("interval") - 2.0 - half).abs() < 1e-12 && got.middle == 2.0);
        assert!((student_975(30) - 2.042).abs() < 1e-9);
        assert!((student_975(40) - 2.021).abs() < 1e-3 && (student_975(120) - 1.980).abs() < 1e-3);
        assert_eq!(mean(&[7.0]).expect("value").low, None);
    }
}
