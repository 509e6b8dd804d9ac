//! `[radio.fading]`: how the level of a link changes while nothing moves that a scenario knows of.

use super::quantity::{Ratio, Time};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the level of a frame varies around its link's mean. Both directions of a link fade alike, but for `frame`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FadingSpec {
    /// Standard deviation of what a link has for hours, the same on all its channels; "0 dB" switches it off.
    #[serde(rename = "slow", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "15 dB"))]
    pub slow_db: f64,
    /// Standard deviation of what a link has on one channel for a minute.
    #[serde(rename = "channel", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "15 dB"))]
    pub channel_db: f64,
    /// Standard deviation of what a single frame has, beyond its bit errors, which are chance as well and count like 0.7 dB.
    #[serde(rename = "frame", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "15 dB"))]
    pub frame_db: f64,
    /// Time after which the slow part has forgotten all but 1/e of itself: the median over the links.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1min", "x-max" = "3660d"))]
    pub time: SimTime,
    /// Standard deviation of the logarithm of that time over the links; 0: all have the median.
    #[schemars(range(min = 0.0, max = 3.0))]
    pub time_spread: f64,
}

impl Default for FadingSpec {
    fn default() -> Self {
        FadingSpec {
            slow_db: 2.8,
            channel_db: 1.1,
            frame_db: 0.2,
            time: SimTime::from_secs(24 * 3_600),
            time_spread: 1.2,
        }
    }
}

impl FadingSpec {
    /// No fading at all: every frame has its link's mean level.
    pub fn off() -> Self {
        FadingSpec { slow_db: 0.0, channel_db: 0.0, frame_db: 0.0, ..FadingSpec::default() }
    }

    /// Standard deviation of a frame's level around its link's mean over long times, dB.
    pub fn spread_db(&self) -> f64 {
        (self.slow_db * self.slow_db + self.channel_db * self.channel_db + self.frame_db * self.frame_db).sqrt()
    }

    /// The same shares at another spread, dB.
    pub fn with_spread(&self, spread_db: f64) -> Self {
        let factor = if self.spread_db() > 0.0 { spread_db / self.spread_db() } else { 0.0 };
        let [slow_db, channel_db, frame_db] = [self.slow_db, self.channel_db, self.frame_db].map(|db| db * factor);
        FadingSpec { slow_db, channel_db, frame_db, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_the_root_of_the_sum_of_squares_and_shares_stay() {
        let fading = FadingSpec::default();
        // 7.84 + 1.21 + 0.04 = 9.09.
        assert!((fading.spread_db() - 3.014_96).abs() < 1e-5);
        let wider = fading.with_spread(3.0);
        assert!((wider.spread_db() - 3.0).abs() < 1e-12);
        assert!((wider.slow_db / wider.frame_db - 2.8 / 0.2).abs() < 1e-12);
        assert_eq!(FadingSpec::off().with_spread(1.0).spread_db(), 0.0);
    }
}
