//! What wears by use: flash memory and relays.

use super::YEAR_D;

/// Cycles that flash memory takes.
pub const FLASH_CYCLES: f64 = 100_000.0;
/// Operations that a relay of utility category UC3 takes.
pub const RELAY_OPERATIONS: f64 = 10_000.0;
/// Of them in a day where nothing else is said (an assumption).
pub const RELAY_MOVES_A_DAY: f64 = 0.05;

/// Life, years, of what takes a number of uses.
pub fn life_y(uses: f64, uses_a_day: f64) -> f64 {
    uses / (uses_a_day * YEAR_D)
}

/// Uses a day with which it lives that long.
pub fn uses_a_day(uses: f64, life_y: f64) -> f64 {
    uses / (life_y * YEAR_D)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flash_and_relay() {
        assert!((uses_a_day(FLASH_CYCLES, 20.0) / 13.7 - 1.0).abs() < 0.01);
        // A write each 15 minutes into the same sector.
        assert!((life_y(FLASH_CYCLES, 96.0) / 2.85 - 1.0).abs() < 0.01);
        assert!((life_y(RELAY_OPERATIONS, 2.0) / 13.7 - 1.0).abs() < 0.01);
    }
}
