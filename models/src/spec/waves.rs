//! `waves` and `only_when`: a campaign serves some of its meters first, the others once those are done, and none before its link is fit for it.

use super::condition::{Condition, ConditionText};
use super::quantity::{GrowingShares, Maybe, Share, Time};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Meters of a campaign in waves, when it is halted, and what links must be like; part of the settings of each kind that has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WavesSpec {
    /// Shares of the meters, drawn at random, that have been served when each wave has ended, such as ["1 %", "10 %", "100 %"]; all at once when missing. The
    /// next wave begins when every meter of the last one is done or has failed.
    #[serde(rename = "waves", with = "Maybe::<GrowingShares>", skip_serializing_if = "Option::is_none")]
    pub shares: Option<Vec<f64>>,
    /// Between the end of a wave and the beginning of the next one.
    #[serde(with = "Time", skip_serializing_if = "is_usual")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub pause: SimTime,
    /// Share of the meters of all waves so far that may fail: one more, and the campaign is halted, with the outcome `halted` for all that were not done.
    #[serde(with = "Maybe::<Share>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub stop_at_failed: Option<f64>,
    /// What a meter's link to its parent must be like, as the head-end knows it from the last hour of the table `load`: "snr >= 15 dB", "rssi >= -90 dBm",
    /// "loss <= 5 %", or several joined by "and". A meter whose link is not waits until it is.
    #[serde(with = "Maybe::<ConditionText>", skip_serializing_if = "Option::is_none")]
    pub only_when: Option<Condition>,
    /// How long a meter's turn waits for that; to the end of the run when missing. Then it is left out.
    #[serde(with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "1min", "x-max" = "366d"))]
    pub wait: Option<SimTime>,
    /// When each of the meters that are meant has its turn, in the order of ids, in place of what the campaign says of that: of a log that is played again. Empty otherwise.
    #[serde(skip)]
    pub turns: Vec<SimTime>,
}

const PAUSE: SimTime = SimTime::from_secs(3_600);

fn is_usual(pause: &SimTime) -> bool {
    *pause == PAUSE
}

impl Default for WavesSpec {
    fn default() -> Self {
        WavesSpec { shares: None, pause: PAUSE, stop_at_failed: None, only_when: None, wait: None, turns: Vec::new() }
    }
}
