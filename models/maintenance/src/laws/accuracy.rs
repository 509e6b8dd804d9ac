//! The error of a meter's measurement: what it leaves the works with, and what it drifts by.

use super::normal_above;

/// Standard deviation of the error of new meters: 5 of 5,627 in Texas were beyond 0.5 %.
pub const NEW_SD: f64 = 0.001_5;
/// Standard deviation of the drift in a year at 30 C (an assumption).
pub const DRIFT_SD_Y: f64 = 0.000_1;
/// Error from which on a meter is no longer accurate.
pub const LIMIT: f64 = 0.005;
/// Currents at which a meter is calibrated, A.
pub const CURRENTS_A: [f64; 3] = [15.0, 30.0, 60.0];
/// Standard deviation of what each doubling of the current beyond the middle one adds to the error (an assumption).
pub const LOAD_SD: f64 = 0.000_3;
/// Standard deviation of what a test standard in the field adds to a reading (an assumption).
pub const READING_SD: f64 = 0.000_2;

/// Errors at the three currents of a meter whose error at the middle one is `error`, and goes with the current by `slope` for a doubling.
pub fn at_currents(error: f64, slope: f64) -> [f64; 3] {
    CURRENTS_A.map(|current_a| error + slope * libm::log2(current_a / CURRENTS_A[1]))
}

/// Share of meters that are beyond a limit, either way, after some reference years.
pub fn beyond(limit: f64, new_sd: f64, drift_sd_y: f64, reference_y: f64) -> f64 {
    let drift = drift_sd_y * reference_y;
    2.0 * normal_above(limit / libm::sqrt(new_sd * new_sd + drift * drift))
}

/// What a drifted meter measures wrongly in a year, in money.
pub fn lost_a_year(error: f64, energy_kwh_y: f64, price_kwh: f64) -> f64 {
    error * energy_kwh_y * price_kwh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_beyond_half_a_percent() {
        // Per cent, to half of the last digit: 2 Q(0.5 / sqrt(0.15^2 + (0.01 t)^2)).
        for (years, percent, digit) in [(5.0, 0.16, 0.01), (10.0, 0.55, 0.01), (15.0, 1.8, 0.1), (20.0, 4.6, 0.1)] {
            let found = 100.0 * beyond(LIMIT, NEW_SD, DRIFT_SD_Y, years);
            assert!((found - percent).abs() <= 0.51 * digit, "{years} years: {found}");
        }
        // Texas: of 5,627 new meters 5 were beyond 0.5 %; Poisson at this mean gives 5 or more and 5 or fewer with 10 % and more each.
        let expected = 5_627.0 * beyond(LIMIT, NEW_SD, DRIFT_SD_Y, 0.0);
        assert!((2.5..9.0).contains(&expected), "{expected}");
    }

    #[test]
    fn errors_go_with_the_current() {
        // Half of 30 A is one doubling less, 60 A one more.
        let errors = at_currents(0.002, 0.000_5);
        for (found, expected) in errors.iter().zip([0.001_5, 0.002, 0.002_5]) {
            assert!((found - expected).abs() < 1e-12, "{errors:?}");
        }
    }

    #[test]
    fn a_percent_of_a_households_energy() {
        assert!((lost_a_year(0.01, 10_500.0, 0.17) / 17.9 - 1.0).abs() < 0.01);
    }
}
