//! What becomes of many parts: shares that have failed, and how many were put in their place.

use libm::{exp, pow};

/// A hazard of the Weibull form: (t/eta)^beta of it have passed by t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weibull {
    /// Time by which 63 % have failed.
    pub eta: f64,
    /// Below 1 early failures, 1 at random, above wear.
    pub beta: f64,
}

impl Weibull {
    /// Hazard that has passed by a time.
    pub fn cumulative(&self, t: f64) -> f64 {
        if self.beta == 1.0 { t / self.eta } else { pow(t / self.eta, self.beta) }
    }

    /// When so much of it has passed.
    pub fn when(&self, hazard: f64) -> f64 {
        if self.beta == 1.0 { self.eta * hazard } else { self.eta * pow(hazard, 1.0 / self.beta) }
    }
}

/// The whole meter at 30 C, years: at random, boards and solder, capacitors.
pub const METER: [Weibull; 3] =
    [Weibull { eta: 1.0 / 0.003, beta: 1.0 }, Weibull { eta: 40.0, beta: 3.0 }, Weibull { eta: 35.0, beta: 5.0 }];

/// Share that has failed by a time, of whatever cause.
pub fn failed(causes: &[Weibull], t: f64) -> f64 {
    1.0 - exp(-causes.iter().map(|cause| cause.cumulative(t)).sum::<f64>())
}

/// Share that each cause has failed first by a time, by integration.
pub fn by_cause(causes: &[Weibull], t: f64) -> Vec<f64> {
    let steps = 4_000;
    let mut shares = vec![0.0; causes.len()];
    for step in 0..steps {
        let (from, to) = (t * f64::from(step) / f64::from(steps), t * f64::from(step + 1) / f64::from(steps));
        let alive = 1.0 - failed(causes, (from + to) / 2.0);
        for (share, cause) in shares.iter_mut().zip(causes) {
            *share += alive * (cause.cumulative(to) - cause.cumulative(from));
        }
    }
    shares
}

/// Replacements for each place by a time, where each failed meter is replaced at once: the renewal equation by steps.
pub fn renewals(causes: &[Weibull], t: f64) -> f64 {
    let steps = 2_000_usize;
    let width = t / steps as f64;
    let share: Vec<f64> = (0..=steps).map(|n| failed(causes, n as f64 * width)).collect();
    let mut expected = vec![0.0; steps + 1];
    for n in 1..=steps {
        // M(t) = F(t) + integral of M(t - x) dF(x), M by the mean of both ends of a step.
        let sum: f64 = (2..=n).map(|k| (expected[n - k] + expected[n - k + 1]) / 2.0 * (share[k] - share[k - 1])).sum();
        let first = share[1] - share[0];
        expected[n] = (share[n] + sum + expected[n - 1] / 2.0 * first) / (1.0 - first / 2.0);
    }
    expected[steps]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_meter() {
        for (years, share) in [(5.0, 0.0169), (10.0, 0.0464), (15.0, 0.106), (20.0, 0.218)] {
            assert!((failed(&METER, years) / share - 1.0).abs() < 0.01, "{years}");
        }
        // The first year: below 1 %.
        assert!(failed(&METER, 1.0) < 0.01);
        for (found, share) in by_cause(&METER, 20.0).iter().zip([0.056, 0.110, 0.052]) {
            assert!((found / share - 1.0).abs() < 0.01, "{found} for {share}");
        }
        for (years, expected) in [(10.0, 0.0471), (15.0, 0.1086), (20.0, 0.2253)] {
            assert!((renewals(&METER, years) / expected - 1.0).abs() < 0.01, "{years}: {}", renewals(&METER, years));
        }
    }
}
