//! Tuning-fork crystals, by which meters keep time between two synchronisations.

use crate::heat::DAY_S;

/// Curvature about the turning point, ppm/K^2.
pub const CURVATURE_PPM: f64 = -0.034;
/// Turning point, degrees Celsius.
pub const TURNING_C: f64 = 25.0;

/// What a clock gains in a day at a temperature, s, beyond the error of its crystal.
pub fn gain_s_a_day(at_c: f64) -> f64 {
    let off = at_c - TURNING_C;
    CURVATURE_PPM * off * off * 1e-6 * DAY_S
}

/// How often a clock of this error must be set to stay within a limit, s.
pub fn sync_every_s(limit_s: f64, error_ppm: f64) -> f64 {
    limit_s / (error_ppm * 1e-6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hot_clock_is_slow() {
        // 35 K off: -0.034 x 1225 = -41.65 ppm.
        assert!((gain_s_a_day(60.0) / -3.60 - 1.0).abs() < 0.01);
        assert!((sync_every_s(1.0, 20.0) / 3_600.0 / 13.9 - 1.0).abs() < 0.01);
    }
}
