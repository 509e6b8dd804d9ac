//! Lots that are judged by a sample.

use libm::{exp, lgamma, log};

/// Probability that at most `accepted` of `sample` are bad, of a lot in which a share is (binomial: the lot is much larger).
pub fn passes(sample: u32, accepted: u32, bad: f64) -> f64 {
    if bad <= 0.0 {
        return 1.0;
    }
    let choose =
        |k: u32| lgamma(f64::from(sample) + 1.0) - lgamma(f64::from(k) + 1.0) - lgamma(f64::from(sample - k) + 1.0);
    let term = |k: u32| exp(choose(k) + f64::from(k) * log(bad) + f64::from(sample - k) * log(1.0 - bad));
    (0..=accepted.min(sample)).map(term).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hundred_with_seven_accepted() {
        for (bad, share) in [(0.02, 0.951), (0.03, 0.746), (0.05, 0.213)] {
            assert!((passes(200, 7, bad) / share - 1.0).abs() < 0.01, "{bad}");
        }
        assert_eq!(passes(200, 7, 0.0), 1.0);
    }
}
