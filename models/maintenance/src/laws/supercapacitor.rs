//! Double-layer capacitors, and the last gasp that they pay for.

use super::YEAR_H;
use libm::{exp2, pow};

/// Life, years, until a fifth of the capacity is gone or the resistance has doubled: twice as long for each 10 K less, 1.3 times for
/// each 0.1 V less than rated.
pub fn life_y(rated_h: f64, rated_c: f64, rated_v: f64, at_c: f64, at_v: f64) -> f64 {
    rated_h * exp2((rated_c - at_c) / 10.0) * pow(1.3, (rated_v - at_v) / 0.1) / YEAR_H
}

/// Energy of a last gasp, J: the meter held up, and its transmissions.
pub fn last_gasp_j(held_s: f64, held_w: f64, frames: u32, frame_s: f64, transmit_w: f64) -> f64 {
    held_s * held_w + f64::from(frames) * frame_s * transmit_w
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_tables() {
        // 1,000 h at 65 C and 2.7 V, used at 2.1 V: 2^4 x 1.3^6 and 2^2 x 1.3^6 times as long.
        for (at_c, life) in [(25.0, 8.81), (45.0, 2.20)] {
            assert!((life_y(1_000.0, 65.0, 2.7, at_c, 2.1) / life - 1.0).abs() < 0.01, "{at_c}");
        }
        assert!((last_gasp_j(45.0, 0.030, 3, 0.0186, 2.0) / 1.46 - 1.0).abs() < 0.01);
    }
}
