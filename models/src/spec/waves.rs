//! Whose turn is when in a campaign: `order`, `clusters`, `parallel`, `waves` with the rule that halts it, and `only_when`.

use super::condition::{Condition, ConditionText};
use super::order::Order;
use super::quantity::{GrowingShares, Maybe, Share, Time, TimeRange};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose turn is when in a campaign: the part of its settings that all kinds have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WavesSpec {
    /// In which order meters have their turns, within each wave: "id", "random", "nearest-first" or "farthest-first" by hops, or a column of the placement, { column = "installed" }. When missing
    /// they have them by id, but for resets in a window, which is random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Meters have their turns group by group, instead of a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clusters: Option<Clusters>,
    /// Meters that the campaign has to do with at a time at the most; those whose turn comes meanwhile wait. As many as there are when missing, of firmware to single meters 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub parallel: Option<u32>,
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
    /// "loss <= 5 %"; or what the meter itself must be like, as the head-end knows it: "firmware >= 2.1.0" of what its communication board runs now, "heard within 1d", "healthy"; or several joined by "and".
    /// A meter for which that is not so waits until it is.
    #[serde(with = "Maybe::<ConditionText>", skip_serializing_if = "Option::is_none")]
    pub only_when: Option<Condition>,
    /// How long a meter's turn waits for that; to the end of the run when missing. Then it is left out; with "0s" at once.
    #[serde(with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub wait: Option<SimTime>,
    /// When each of the meters that are meant has its turn, in the order of ids, in place of what the campaign says of that: of a log that is played again. Empty otherwise.
    #[serde(skip)]
    pub turns: Vec<SimTime>,
}

/// Groups of meters, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clusters {
    /// Meters in a group.
    #[schemars(range(min = 1, max = 2_000_000))]
    pub size: u32,
    /// Smallest and largest time between two groups, ["10s", "60s"].
    #[serde(with = "TimeRange")]
    pub gap: (SimTime, SimTime),
}

const PAUSE: SimTime = SimTime::from_secs(3_600);

fn is_usual(pause: &SimTime) -> bool {
    *pause == PAUSE
}

impl Default for WavesSpec {
    fn default() -> Self {
        WavesSpec {
            order: None,
            clusters: None,
            parallel: None,
            shares: None,
            pause: PAUSE,
            stop_at_failed: None,
            only_when: None,
            wait: None,
            turns: Vec::new(),
        }
    }
}
