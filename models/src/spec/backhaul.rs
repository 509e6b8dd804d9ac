//! `[backhaul]`: border router to head-end.

use super::quantity::Time;
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Border router to head-end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BackhaulSpec {
    /// One-way latency.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "10ms", "x-max" = "1min"))]
    pub latency: SimTime,
}

impl Default for BackhaulSpec {
    fn default() -> Self {
        BackhaulSpec { latency: SimTime::from_millis(50) }
    }
}
