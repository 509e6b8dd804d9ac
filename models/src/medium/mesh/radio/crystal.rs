//! What a crystal's frequency does with heat, and what it costs a link that its ends do not agree.

/// Largest difference between the carriers of two radios at 50 kb/s, 2 x 30 ppm of 915 MHz.
const WINDOW_HZ: f32 = 54_900.0;
const WINDOW_BIT_RATE: f32 = 50_000.0;
/// What that difference costs; half of it costs a quarter.
const WINDOW_LOSS_DB: f32 = 2.99;

/// Largest difference between the carriers of two radios, Hz.
pub fn window_hz(bit_rate_bps: u32) -> f32 {
    WINDOW_HZ * bit_rate_bps as f32 / WINDOW_BIT_RATE
}

/// A receiver follows a carrier within its window at a cost that grows with the square, dB; beyond it hears nothing: `None`.
pub fn offset_loss_db(offset_hz: f32, window_hz: f32) -> Option<f32> {
    let share = offset_hz / window_hz;
    // Two carriers at the edge of the window, each rounded to a float, are still within.
    (share * share <= 1.0 + 1e-5).then_some(WINDOW_LOSS_DB * share * share)
}

/// What an AT-cut crystal is off by at a temperature, ppm; `cut_deg` is the error of its cut in degrees.
pub fn drift_ppm(cut_deg: f64, board_c: f64) -> f64 {
    let u = board_c - 25.0;
    -5.08 * cut_deg * u - 0.45e-3 * u * u + 1.086e-4 * u * u * u
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_at_crystal_drifts_as_published() {
        // Two minutes of arc off: Gerber and Ballato's curve.
        for (board_c, ppm) in [(-40.0, -20.7), (45.0, -2.7), (60.0, -1.8), (85.0, 11.7), (25.0, 0.0)] {
            let drift = drift_ppm(2.0 / 60.0, board_c);
            assert!((drift - ppm).abs() < 0.06, "{board_c} C: {drift} ppm, not {ppm}");
        }
    }

    #[test]
    fn an_offset_costs_by_its_square_up_to_the_window() {
        let window = window_hz(50_000);
        // Both ends opposite by 10, 20 and 30 ppm of 915 MHz.
        for (ppm, loss_db) in [(10.0f32, 0.332f32), (20.0, 1.329), (30.0, 2.99)] {
            let cost = offset_loss_db(2.0 * ppm * 915.0, window).expect("within");
            assert!((cost - loss_db).abs() < 1e-3, "{ppm} ppm: {cost} dB");
        }
        assert_eq!(offset_loss_db(62.0 * 915.0, window), None);
        // Six times the rate, six times the window.
        assert!(offset_loss_db(62.0 * 915.0, window_hz(300_000)).is_some());
    }
}
