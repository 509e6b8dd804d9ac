//! `[backhaul]`: border router to head-end.

use super::quantity::{Share, Time};
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
    /// Share of the messages that is lost, each way.
    #[serde(with = "Share", skip_serializing_if = "is_zero")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 0.99))]
    pub loss: f64,
}

fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

impl Default for BackhaulSpec {
    fn default() -> Self {
        BackhaulSpec { latency: SimTime::from_millis(50), loss: 0.0 }
    }
}
