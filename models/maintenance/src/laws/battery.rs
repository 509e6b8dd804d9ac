//! Lithium thionyl chloride cells, which lose charge by themselves as well.

use libm::{exp2, log};

/// Self-discharge of a cell at 20 C, a year.
pub const SELF_DISCHARGE_20_C: f64 = 0.01;
/// Warming that doubles it, K (an assumption).
pub const SELF_DISCHARGE_DOUBLING_K: f64 = 15.0;

/// Share of the charge that is lost in a year by itself at a temperature.
pub fn self_discharge(at_c: f64) -> f64 {
    SELF_DISCHARGE_20_C * exp2((at_c - 20.0) / SELF_DISCHARGE_DOUBLING_K)
}

/// Life, years, of a cell of a charge, Ah, that gives a current, Ah a year, and loses a share a year by itself:
/// t = ln(1 + sQ/I)/s.
pub fn life_y(charge_ah: f64, drain_ah_y: f64, self_discharge: f64) -> f64 {
    match self_discharge > 0.0 {
        true => log(1.0 + self_discharge * charge_ah / drain_ah_y) / self_discharge,
        false => charge_ah / drain_ah_y,
    }
}

/// Charge, Ah a year, that repetitions over the air take: hours of radio a year times its current.
pub fn radio_ah_y(radio_on_s_a_day: f64, current_a: f64) -> f64 {
    radio_on_s_a_day * super::YEAR_D / 3_600.0 * current_a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_a_gas_meter() {
        // 8.5 Ah, 620.5 mAh a year, 2 % a year: ln(1 + 0.02 x 13.70)/0.02.
        assert!((life_y(8.5, 0.6205, 0.02) / 12.1 - 1.0).abs() < 0.01);
        assert_eq!(life_y(8.0, 1.0, 0.0), 8.0);
        assert!((self_discharge(35.0) - 0.02).abs() < 1e-12);
        // 10 s a day at 100 mA: 3652.5 s = 1.0146 h.
        assert!((radio_ah_y(10.0, 0.1) - 0.101_458).abs() < 1e-6);
    }
}
