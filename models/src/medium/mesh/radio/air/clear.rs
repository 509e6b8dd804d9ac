//! Receptions that nothing can spoil: a level so far above the noise that the frame arrives however its link has faded. Most frames
//! between a node and its candidates are of this kind, and for them no fading is worked out.

use super::super::error::ErrorModel;
use super::super::fading::Fading;
use super::Air;

/// Frames that are sure to arrive are lost with less than this probability, whatever their length.
const LOSS: f64 = 1e-6;

/// From where on a reception is clear.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clear {
    /// Level over the noise with nothing else on the air, dB.
    from_db: f64,
    /// Levels of receptions are asked for, so that all are worked out.
    is_measured: bool,
}

impl Clear {
    pub(super) fn new(model: &ErrorModel, fading: &Fading) -> Self {
        // A hundredth of a dB for what sums of levels lose in their last digits.
        Clear { from_db: model.sure_db(LOSS) + fading.most_db() + 0.01, is_measured: true }
    }

    /// Whether a frame arrives, so far above the noise and with this draw, whatever its link has faded by, and nobody asks for its level.
    #[inline]
    pub(super) fn arrives(self, over_noise_db: f64, draw: f64) -> bool {
        over_noise_db >= self.from_db && draw >= 2.0 * LOSS && !self.is_measured
    }
}

impl Air {
    /// Levels of receptions are asked for, as they are unless this says otherwise: if not, that of a frame which is sure to arrive is not
    /// worked out.
    pub fn measure(&mut self, is_asked: bool) {
        self.levels.clear.is_measured = is_asked;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{FadingSpec, PhyMode};

    #[test]
    fn at_the_end_of_all_tails_the_longest_frame_still_arrives() {
        let fading = Fading::new(&FadingSpec::default(), 1);
        // 7 x 2.8 + 3.47 x 1.1 + 8.5 x 0.2.
        let most_db = 25.117;
        assert!((fading.most_db() - most_db).abs() < 1e-9, "{}", fading.most_db());
        for mode in [PhyMode::M1b, PhyMode::M3] {
            let model = ErrorModel::new(mode, 10.0, 3.0);
            let clear = Clear { is_measured: false, ..Clear::new(&model, &fading) };
            // 2,047 bytes with their check sequence.
            let loss = |below_db: f64| model.loss_probability(model.noise_dbm() + clear.from_db - below_db, 2_043);
            assert!(loss(most_db) <= LOSS && loss(most_db + 0.1) > LOSS, "{mode:?}: {}", loss(most_db));
            assert!(clear.arrives(clear.from_db, 2.0 * LOSS) && !clear.arrives(clear.from_db, LOSS));
            assert!(!clear.arrives(clear.from_db - 0.1, 0.5));
        }
    }
}
