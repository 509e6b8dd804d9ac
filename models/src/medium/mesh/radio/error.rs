//! Frame error probability of a receiver: bit errors, noise, capture.
//!
//! ```
//! use amitwin_models::medium::mesh::radio::error::ErrorModel;
//! use amitwin_models::spec::PhyMode;
//! let receiver = ErrorModel::new(PhyMode::M1b, 10.0, 3.0);
//! assert!(receiver.loss_probability(-100.0, 100) < 0.001);
//! assert!(receiver.loss_probability(-110.0, 100) > 0.999);
//! ```

use super::phy::Phy;
use crate::math::{exp, ratio};
use crate::spec::PhyMode;

/// SINR of the first table entry, dB.
const TABLE_FIRST_DB: f64 = -20.0;
/// Table entries a dB; linear interpolation between them is wrong by less than 0.001 in a frame's loss probability.
const STEPS_PER_DB: f64 = 32.0;
/// SINR range of the table, dB.
const TABLE_RANGE_DB: f64 = 40.0;
/// Quadrature points of [`ErrorModel::mean_loss`]: four standard deviations each way in steps of a quarter.
const SPREAD_POINTS: usize = 33;

/// Resolution of [`MeanLoss`].
const MEAN_LOSS_STEPS_PER_DB: f64 = 8.0;
/// Range of [`MeanLoss`]: from 20 dB below the noise to 44 dB above.
const MEAN_LOSS_INTERVALS: usize = 512;

/// What a receiver makes of a level: probability of a bit error and of losing a frame.
///
/// SINR is signal over noise power as in [`ErrorModel::noise_dbm`]; for FSK it equals Eb/N0. Interference adds to the
/// noise after multiplication with [`ErrorModel::interference_weight`].
#[derive(Clone, Debug)]
pub struct ErrorModel {
    phy: Phy,
    noise_dbm: f64,
    capture_threshold_db: f64,
    interference_weight: f64,
    level_spread_db: f64,
    /// ln(1 - Pb), one entry more than intervals.
    ln_success: Vec<f64>,
    /// Weights of the Gaussian quadrature, sum 1.
    weights: [f64; SPREAD_POINTS],
}

impl ErrorModel {
    /// A receiver with a noise figure and a Gaussian spread of levels around their link's mean over long times, both dB.
    pub fn new(mode: PhyMode, noise_figure_db: f64, level_spread_db: f64) -> Self {
        let phy = Phy::new(mode);
        let thermal = |bandwidth_hz: f64| -174.0 + 10.0 * libm::log10(bandwidth_hz) + noise_figure_db;
        let (noise_dbm, capture_threshold_db, bit_error): (f64, f64, fn(f64) -> f64) = match phy.modulation_index {
            // Half the deviation for the same rate: the tones are no longer orthogonal, which costs 3 dB.
            Some(h) if h < 0.75 => (thermal(f64::from(phy.bit_rate_bps)) + 3.0, 11.0, fsk_bit_error),
            Some(_) => (thermal(f64::from(phy.bit_rate_bps)), 8.0, fsk_bit_error),
            None => (thermal(2e6), 0.0, oqpsk_bit_error),
        };
        let entries = (TABLE_RANGE_DB * STEPS_PER_DB) as usize + 1;
        let ln_success =
            (0..entries).map(|i| libm::log1p(-bit_error(ratio(TABLE_FIRST_DB + i as f64 / STEPS_PER_DB)))).collect();
        let mut weights = [0.0; SPREAD_POINTS];
        for (i, weight) in weights.iter_mut().enumerate() {
            let z = spread_point(i);
            *weight = exp(-0.5 * z * z);
        }
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= total);
        let mut model = ErrorModel {
            phy,
            noise_dbm,
            capture_threshold_db,
            interference_weight: 1.0,
            level_spread_db,
            ln_success,
            weights,
        };
        if phy.modulation_index.is_some() {
            model.interference_weight = ratio(capture_threshold_db - model.half_loss_sinr_db(250));
        }
        model
    }

    /// Noise power that a level competes with, dBm; the implementation loss of h = 0.5 is part of it.
    pub fn noise_dbm(&self) -> f64 {
        self.noise_dbm
    }

    /// Signal over co-channel interference at which a frame of 250 bytes has an even chance, dB; 0 for O-QPSK, whose
    /// interference counts like noise.
    pub fn capture_threshold_db(&self) -> f64 {
        self.capture_threshold_db
    }

    /// What a milliwatt of co-channel interference counts, in milliwatts of noise.
    ///
    /// Interference from one FSK transmitter has a constant envelope and hurts less than Gaussian noise of the same
    /// power. The weight puts the even chance of a 250-byte frame without noise at [`Self::capture_threshold_db`].
    pub fn interference_weight(&self) -> f64 {
        self.interference_weight
    }

    /// ln(1 - Pb) at `sinr_db`: multiply by bits, add over stretches of different interference, then
    /// [`Self::loss_of`] once for the frame.
    #[inline]
    pub fn ln_success_per_bit(&self, sinr_db: f64) -> f64 {
        let place = ((sinr_db - TABLE_FIRST_DB) * STEPS_PER_DB).clamp(0.0, TABLE_RANGE_DB * STEPS_PER_DB);
        let i = (place as usize).min(self.ln_success.len() - 2);
        let (low, high) = (self.ln_success[i], self.ln_success[i + 1]);
        low + (high - low) * (place - i as f64)
    }

    /// Probability of losing a frame whose bits have `ln_success` in sum.
    #[inline]
    pub fn loss_of(ln_success: f64) -> f64 {
        // Most frames are clear cases: they need no exponential, and the difference of two numbers near 1 would lose
        // small probabilities.
        if ln_success > -1e-5 {
            -ln_success
        } else if ln_success < -40.0 {
            1.0
        } else {
            1.0 - exp(ln_success)
        }
    }

    /// SINR from which on a frame of any length is lost with at most this probability, which is small, dB; infinite if there is none.
    pub fn sure_db(&self, loss: f64) -> f64 {
        let bits = f64::from(self.phy.psdu_bits(self.phy.psdu_bytes_max));
        let last = self.ln_success.iter().rposition(|ln| bits * ln < -loss);
        match last.map_or(0, |last| last + 1) {
            from if from < self.ln_success.len() => TABLE_FIRST_DB + from as f64 / STEPS_PER_DB,
            _ => f64::INFINITY,
        }
    }

    /// Probability of losing a frame of `psdu_len` bytes (FCS not counted) received at exactly `rssi_dbm`, without
    /// interference.
    #[inline]
    pub fn loss_probability(&self, rssi_dbm: f64, psdu_len: u16) -> f64 {
        let bits = f64::from(self.phy.psdu_bits(psdu_len));
        Self::loss_of(bits * self.ln_success_per_bit(rssi_dbm - self.noise_dbm))
    }

    /// As [`Self::loss_probability`], averaged over the spread of levels around `rssi_dbm`.
    pub fn mean_loss(&self, rssi_dbm: f64, psdu_len: u16) -> f64 {
        if self.level_spread_db == 0.0 {
            return self.loss_probability(rssi_dbm, psdu_len);
        }
        let at = |i: usize| self.loss_probability(rssi_dbm + self.level_spread_db * spread_point(i), psdu_len);
        self.weights.iter().enumerate().map(|(i, w)| w * at(i)).sum()
    }

    /// [`Self::mean_loss`] of one frame length as a table, for the links of a whole town.
    pub fn mean_loss_table(&self, psdu_len: u16) -> MeanLoss {
        let first_dbm = self.noise_dbm - 20.0;
        let loss = (0..=MEAN_LOSS_INTERVALS)
            .map(|i| self.mean_loss(first_dbm + i as f64 / MEAN_LOSS_STEPS_PER_DB, psdu_len) as f32)
            .collect();
        MeanLoss { first_dbm, loss }
    }

    /// Level at which [`Self::mean_loss`] falls to `loss` (0 to 1, both excluded), dBm.
    pub fn sensitivity_dbm(&self, loss: f64, psdu_len: u16) -> f64 {
        let (mut low, mut high) = (self.noise_dbm - 40.0, self.noise_dbm + 60.0);
        while high - low > 1e-4 {
            let middle = 0.5 * (low + high);
            if self.mean_loss(middle, psdu_len) > loss {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    fn half_loss_sinr_db(&self, psdu_len: u16) -> f64 {
        let still = ErrorModel { level_spread_db: 0.0, ..self.clone() };
        still.sensitivity_dbm(0.5, psdu_len) - self.noise_dbm
    }
}

/// Mean loss probability of one frame length by level; see [`ErrorModel::mean_loss_table`].
#[derive(Clone, Debug)]
pub struct MeanLoss {
    first_dbm: f64,
    loss: Vec<f32>,
}

impl MeanLoss {
    /// Mean loss at `rssi_dbm`, within 0.002 of [`ErrorModel::mean_loss`].
    #[inline]
    pub fn at(&self, rssi_dbm: f64) -> f64 {
        let place = ((rssi_dbm - self.first_dbm) * MEAN_LOSS_STEPS_PER_DB).clamp(0.0, MEAN_LOSS_INTERVALS as f64);
        let i = (place as usize).min(MEAN_LOSS_INTERVALS - 1);
        let (low, high) = (f64::from(self.loss[i]), f64::from(self.loss[i + 1]));
        low + (high - low) * (place - i as f64)
    }
}

fn spread_point(i: usize) -> f64 {
    (i as f64 - (SPREAD_POINTS / 2) as f64) / 4.0
}

/// Bit error probability of non-coherent binary FSK at Eb/N0 `g`.
fn fsk_bit_error(g: f64) -> f64 {
    0.5 * libm::exp(-0.5 * g)
}

/// Bit error probability of the 2.4 GHz O-QPSK PHY at signal-to-noise ratio `g` (IEEE 802.15.4-2006, E.4.1.8).
fn oqpsk_bit_error(g: f64) -> f64 {
    let mut sum = 0.0;
    let mut binomial = 16.0;
    for k in 2..=16u32 {
        binomial = binomial * f64::from(17 - k) / f64::from(k);
        let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
        sum += sign * binomial * libm::exp(20.0 * g * (1.0 / f64::from(k) - 1.0));
    }
    (8.0 / 15.0 / 16.0 * sum).clamp(0.0, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::medium::mesh::radio::phy::MODES;
    use crate::spec::FadingSpec;

    /// Share of frames with a CRC error by RSSI at 50, 100, 150 and 200 kb/s, 923 MHz, about 250 bytes, from the
    /// public data set of Energies 2022 15(7):2417; a row covers two dBm, of which this is the middle.
    const MEASURED: [(f64, [f64; 4]); 7] = [
        (-103.5, [0.36, 0.73, 1.0, 1.0]),
        (-101.5, [0.15, 0.41, 1.0, 0.95]),
        (-99.5, [0.13, 0.24, 0.80, 0.84]),
        (-97.5, [0.12, 0.14, 0.46, 0.62]),
        (-95.5, [0.05, 0.07, 0.22, 0.29]),
        (-93.5, [0.05, 0.05, 0.05, 0.05]),
        (-89.5, [0.01, 0.01, 0.00, 0.01]),
    ];
    /// Operating modes of the four columns: the modulation index is not stated by the data set, and these fit.
    const MEASURED_MODES: [PhyMode; 4] = [PhyMode::M1b, PhyMode::M2b, PhyMode::M3, PhyMode::M4a];

    fn spread_db() -> f64 {
        FadingSpec::default().spread_db()
    }

    fn rms_against_measurement(mode: PhyMode, column: usize) -> f64 {
        let model = ErrorModel::new(mode, 10.0, spread_db());
        let squares = MEASURED.iter().map(|(rssi, row)| {
            let off = model.mean_loss(*rssi, 250) - row[column];
            off * off
        });
        (squares.sum::<f64>() / MEASURED.len() as f64).sqrt()
    }

    #[test]
    fn half_loss_is_where_it_was_measured() {
        for (mode, measured_dbm) in MEASURED_MODES.into_iter().zip([-105.7, -102.3, -97.5, -96.8]) {
            let dbm = ErrorModel::new(mode, 10.0, spread_db()).sensitivity_dbm(0.5, 250);
            assert!((dbm - measured_dbm).abs() < 1.5, "{mode:?}: {dbm}, measured {measured_dbm}");
        }
    }

    #[test]
    fn loss_at_minus_98_dbm_is_as_measured() {
        for (column, mode) in MEASURED_MODES.into_iter().enumerate() {
            let model = ErrorModel::new(mode, 10.0, spread_db());
            let measured = MEASURED[3].1[column];
            for rssi in [-98.0, -97.5] {
                let loss = model.mean_loss(rssi, 250);
                assert!((loss - measured).abs() < 0.15, "{mode:?} at {rssi} dBm: {loss}, measured {measured}");
            }
        }
    }

    #[test]
    fn the_whole_measured_curve_fits_with_these_modulation_indices_and_not_with_the_others() {
        for (column, mode) in MEASURED_MODES.into_iter().enumerate() {
            let rms = rms_against_measurement(mode, column);
            assert!(rms < 0.08, "{mode:?}: {rms}");
        }
        for (column, mode) in [(0, PhyMode::M1a), (1, PhyMode::M2a), (3, PhyMode::M4b)] {
            let rms = rms_against_measurement(mode, column);
            assert!(rms > 0.14, "{mode:?}: {rms}");
        }
    }

    #[test]
    fn without_the_frame_spread_the_curve_is_too_steep() {
        let model = ErrorModel::new(PhyMode::M3, 10.0, 0.0);
        assert!(model.mean_loss(-95.5, 250) < 0.05); // measured 0.22
        assert!(ErrorModel::new(PhyMode::M3, 10.0, spread_db()).mean_loss(-95.5, 250) > 0.15);
    }

    #[test]
    fn oqpsk_bit_error_has_the_published_values() {
        // ns-3 lr-wpan-error-model-test.
        for (snr_db, ber, tolerance) in [
            (5.0, 7.38e-14, 0.01e-14),
            (2.0, 5.13e-7, 0.01e-7),
            (-1.0, 0.001_14, 0.000_01),
            (-4.0, 0.039_1, 0.000_1),
            (-7.0, 0.175, 0.001),
        ] {
            let value = oqpsk_bit_error(ratio(snr_db));
            assert!((value - ber).abs() <= tolerance, "{snr_db} dB: {value}, not {ber}");
        }
        assert!((oqpsk_bit_error(0.0) - 0.5).abs() < 1e-9);
        // kT over 2 MHz.
        assert!((ErrorModel::new(PhyMode::Oqpsk250, 0.0, 0.0).noise_dbm() + 110.99).abs() < 0.01);
    }

    #[test]
    fn the_table_is_within_a_thousandth_of_the_formula() {
        for (mode, bit_error) in [(PhyMode::M1b, fsk_bit_error as fn(f64) -> f64), (PhyMode::Oqpsk250, oqpsk_bit_error)]
        {
            let model = ErrorModel::new(mode, 10.0, 0.0);
            for len in [5, 100, 1_576] {
                let bits = f64::from(model.phy.psdu_bits(len));
                for step in 0..40_000 {
                    let sinr_db = -22.0 + f64::from(step) * 0.001_1;
                    let exact = -libm::expm1(bits * libm::log1p(-bit_error(ratio(sinr_db))));
                    let loss = model.loss_probability(sinr_db + model.noise_dbm(), len);
                    assert!((loss - exact).abs() < 0.001, "{mode:?} {len} B {sinr_db} dB: {loss}, not {exact}");
                }
            }
        }
    }

    #[test]
    fn loss_falls_with_level_and_grows_with_length() {
        for mode in MODES {
            let model = ErrorModel::new(mode, 10.0, spread_db());
            let mut last = [1.0; 2];
            for step in 0..400 {
                let rssi = -130.0 + f64::from(step) * 0.2;
                let [long, short] = [250, 20].map(|len| model.mean_loss(rssi, len));
                assert!((0.0..=1.0).contains(&long) && short <= long && long <= last[0] && short <= last[1]);
                last = [long, short];
            }
            assert!(last[0] < 1e-9, "{mode:?} {}", last[0]);
        }
    }

    #[test]
    fn quadrature_agrees_with_a_fine_sum() {
        let model = ErrorModel::new(PhyMode::M1b, 10.0, spread_db());
        for rssi in [-112.0, -105.3, -101.0, -95.0] {
            let (mut sum, mut weights) = (0.0, 0.0);
            for i in -6_000..=6_000 {
                let z = f64::from(i) * 1e-3;
                let weight = libm::exp(-0.5 * z * z);
                sum += weight * model.loss_probability(rssi + spread_db() * z, 250);
                weights += weight;
            }
            let loss = model.mean_loss(rssi, 250);
            assert!((loss - sum / weights).abs() < 2e-4, "{rssi} dBm: {loss}, not {}", sum / weights);
        }
    }

    #[test]
    fn the_mean_loss_table_is_the_function() {
        for spread_db in [0.5, 3.0] {
            let model = ErrorModel::new(PhyMode::M3, 10.0, spread_db);
            let table = model.mean_loss_table(100);
            for step in 0..2_000 {
                let rssi = -140.0 + f64::from(step) * 0.037;
                let (fast, slow) = (table.at(rssi), model.mean_loss(rssi, 100));
                assert!((fast - slow).abs() < 0.002, "{spread_db} dB, {rssi} dBm: {fast}, not {slow}");
            }
        }
    }

    #[test]
    fn capture_needs_the_stated_ratio() {
        for (mode, threshold_db) in [(PhyMode::M1b, 8.0), (PhyMode::M3, 11.0)] {
            let model = ErrorModel::new(mode, 10.0, spread_db());
            assert_eq!(model.capture_threshold_db(), threshold_db);
            // Far above the noise, the interferer alone decides.
            let loss = |signal_to_interference_db: f64| {
                let noise = ratio(model.noise_dbm()) + model.interference_weight() * ratio(-60.0);
                let sinr_db = -60.0 + signal_to_interference_db - crate::math::level_db(noise);
                ErrorModel::loss_of(f64::from(model.phy.psdu_bits(250)) * model.ln_success_per_bit(sinr_db))
            };
            assert!((loss(threshold_db) - 0.5).abs() < 0.01);
            assert!(loss(threshold_db - 2.0) > 0.95 && loss(threshold_db + 2.0) < 0.05);
        }
    }
}
