//! `[device.hang]`: meters whose application hangs.

use super::quantity::TimeOrOff;
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Applications that hang by themselves: the meter answers nothing and reports nothing, and its radio goes on relaying, until a reset of any tier or a restart.
/// Without this section none hangs unless an event says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HangSpec {
    /// How often a meter's application hangs in a year, on average; at random times.
    #[schemars(range(min = 0.0, max = 100_000.0))]
    pub per_year: f64,
    /// How long a watchdog waits before it restarts the meter (a warm reset), or "off". It watches those as well that an event has made hang.
    #[serde(with = "TimeOrOff")]
    #[schemars(extend("x-min" = "1s", "x-max" = "366d"))]
    pub watchdog: Option<SimTime>,
}

impl Default for HangSpec {
    fn default() -> Self {
        HangSpec { per_year: 0.1, watchdog: None }
    }
}
