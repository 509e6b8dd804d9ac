//! Aluminium electrolytic capacitors.

use super::YEAR_H;
use libm::{exp, exp2};

/// Boltzmann's constant, eV/K.
const BOLTZMANN_EV_K: f64 = 8.617_333e-5;
/// Celsius to kelvin.
const ZERO_C_K: f64 = 273.15;
/// Longest life that makers answer for, years.
pub const LIFE_MAX_Y: f64 = 15.0;

/// Life at a temperature, years, of a part rated for some hours at another: twice as long for each 10 K less, and at most what
/// makers answer for.
pub fn life_y(rated_h: f64, rated_c: f64, at_c: f64) -> f64 {
    (rated_h * exp2((rated_c - at_c) / 10.0) / YEAR_H).min(LIFE_MAX_Y)
}

/// How much longer a part lives at `at_c` than at `rated_c` by Arrhenius with this energy, eV.
pub fn arrhenius(energy_ev: f64, rated_c: f64, at_c: f64) -> f64 {
    exp(energy_ev / BOLTZMANN_EV_K * (1.0 / (at_c + ZERO_C_K) - 1.0 / (rated_c + ZERO_C_K)))
}

/// The energy, eV, with which Arrhenius doubles a life for 10 K at this temperature.
pub fn energy_of_doubling_ev(at_c: f64) -> f64 {
    let kelvin = at_c + ZERO_C_K;
    BOLTZMANN_EV_K * kelvin * kelvin * std::f64::consts::LN_2 / 10.0
}

/// Series resistance, ohm, from which on a burst of this current pulls the rail from 4.2 V below 3.6 V and the meter restarts.
pub fn brown_out_ohm(burst_a: f64) -> f64 {
    (4.2 - 3.6) / burst_a
}

/// Share of a capacitor's rated life after which a burst of a current makes the meter restart, if it begins with so many ohm: they double by its
/// rated end, as makers' limits have it, and go on so.
pub fn brown_out_share(new_ohm: f64, burst_a: f64) -> f64 {
    libm::log2(brown_out_ohm(burst_a) / new_ohm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_tables() {
        // 2,000 h at 105 C: 2^6, 2^5.5 and 2^4.5 times as long.
        for (at_c, life) in [(45.0, 14.6), (50.0, 10.3), (60.0, 5.16)] {
            assert!((life_y(2_000.0, 105.0, at_c) / life - 1.0).abs() < 0.01, "{at_c}");
        }
        assert_eq!(life_y(2_000.0, 105.0, 20.0), LIFE_MAX_Y);
        assert!((brown_out_ohm(2.0) - 0.30).abs() < 1e-9 && (brown_out_ohm(0.5) - 1.2).abs() < 1e-9);
    }

    #[test]
    fn a_resistance_that_doubles_by_the_rated_end_browns_the_meter_out() {
        // 0.15 ohm double to the 0.30 that a burst of 2 A bears: at the rated end. 0.1 ohm take log2(3) of it, 0.2 ohm at 2 A log2(1.5).
        assert!((brown_out_share(0.15, 2.0) - 1.0).abs() < 1e-9);
        assert!((brown_out_share(0.1, 2.0) - 1.585).abs() < 1e-3 && (brown_out_share(0.2, 2.0) - 0.585).abs() < 1e-3);
        assert!(brown_out_share(0.4, 2.0) < 0.0);
    }

    #[test]
    fn the_doubling_rule_is_arrhenius_at_80_c_and_not_below_60() {
        assert!((energy_of_doubling_ev(80.0) / 0.745 - 1.0).abs() < 0.01);
        // From 105 to 40 C: 2^6.5 = 90 against 115.
        assert!((arrhenius(0.745, 105.0, 40.0) / 115.0 - 1.0).abs() < 0.01);
        assert!((exp2(6.5) / 90.5 - 1.0).abs() < 0.01);
    }
}
