//! When to replace what has not failed yet.

use super::fleet::{Weibull, failed};

/// Mean cost a time of replacing at an age or at the failure before it.
pub fn cost_rate(part: Weibull, age: f64, planned: f64, failure: f64) -> f64 {
    let steps = 2_000;
    let width = age / f64::from(steps);
    let lived: f64 = (0..steps).map(|n| (1.0 - failed(&[part], (f64::from(n) + 0.5) * width)) * width).sum();
    let share = failed(&[part], age);
    (planned * (1.0 - share) + failure * share) / lived
}

/// The age at which that is least, and the cost there; `None` where waiting for the failure is never dearer.
pub fn best_age(part: Weibull, planned: f64, failure: f64) -> Option<(f64, f64)> {
    if part.beta <= 1.0 || failure <= planned {
        return None;
    }
    let cost = |age| cost_rate(part, age, planned, failure);
    let (mut low, mut high) = (part.eta * 1e-3, part.eta * 3.0);
    // The cost has one minimum: thirds of what is left.
    for _ in 0..80 {
        let third = (high - low) / 3.0;
        if cost(low + third) < cost(high - third) {
            high -= third;
        } else {
            low += third;
        }
    }
    let age = (low + high) / 2.0;
    Some((age, cost(age)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_replacement_as_the_package_reliability_has_it() {
        let (age, cost) = best_age(Weibull { eta: 1_000.0, beta: 2.5 }, 1.0, 5.0).expect("wear");
        assert!((age / 493.0 - 1.0).abs() < 0.01 && (cost / 0.003_46 - 1.0).abs() < 0.01, "{age} {cost}");
        assert_eq!(best_age(Weibull { eta: 1_000.0, beta: 1.0 }, 1.0, 5.0), None);
        assert_eq!(best_age(Weibull { eta: 1_000.0, beta: 2.5 }, 5.0, 5.0), None);
    }
}
