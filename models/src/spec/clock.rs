//! `[device.clock]`: clocks of meters that run fast or slow.

use super::quantity::{Deviation, Time};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Clocks that drift. Each meter's crystal has a rate of its own, normally distributed among the meters; positive ones run fast. Intervals of load
/// profiles end by the meter's clock. Without this section all clocks are right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClockSpec {
    /// Rate of all of them, on average.
    #[serde(rename = "drift", with = "Deviation")]
    #[schemars(extend("x-min" = "-10000 ppm", "x-max" = "10000 ppm"))]
    pub drift_ppm: f64,
    /// Standard deviation of the rates.
    #[serde(rename = "drift_spread", with = "Deviation")]
    #[schemars(extend("x-min" = "0 ppm", "x-max" = "10000 ppm"))]
    pub drift_spread_ppm: f64,
    /// Standard deviation of what clocks show too much or too little as the run begins.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub start_spread: SimTime,
    /// A clock that is further off counts as wrong.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub tolerance: SimTime,
}

impl Default for ClockSpec {
    fn default() -> Self {
        ClockSpec {
            drift_ppm: 0.0,
            drift_spread_ppm: 20.0,
            start_spread: SimTime::ZERO,
            tolerance: SimTime::from_secs(1),
        }
    }
}
