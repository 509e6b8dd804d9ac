//! Meters that report when a value leaves its band: how often for nothing, and how late.

use super::normal_above;

/// False reports a day of a meter: `values` independent values, reported where so many in a row lie beyond `k` standard deviations on
/// the same side.
pub fn false_reports_a_day(values: f64, k: f64, in_a_row: u32) -> f64 {
    2.0 * libm::pow(normal_above(k), f64::from(in_a_row)) * values
}

/// Delay of a report of a drift, in the unit of `1/drift`: until it is `k` standard deviations, and the samples in a row.
pub fn delay(k: f64, sd: f64, drift: f64, in_a_row: u32, sample: f64) -> f64 {
    k * sd / drift + f64::from(in_a_row) * sample
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_meters_with_eight_values_each_quarter_of_an_hour() {
        let a_day = |k, in_a_row| 1e6 * false_reports_a_day(8.0 * 96.0, k, in_a_row);
        for (k, in_a_row, expected) in [(3.0, 1, 2.07e6), (4.0, 1, 48_600.0), (5.0, 1, 440.0)] {
            assert!((a_day(k, in_a_row) / expected - 1.0).abs() < 0.01, "{k}: {}", a_day(k, in_a_row));
        }
        // 768e6 x 2 x 0.00135^3 = 3.8: four.
        assert!((a_day(3.0, 3) - 4.0).abs() < 0.5);
        assert!((delay(5.0, 0.001, 0.0001, 3, 0.01) - 50.03).abs() < 1e-9);
    }
}
