//! `[mesh.keys]`: how the keys of a mesh age.

use super::quantity::Time;
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the keys of a mesh age, and how border routers follow with new ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeySpec {
    /// How long a group key is good for after the one before has expired.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "6h", "x-max" = "366d"))]
    pub gtk_lifetime: SimTime,
    /// Share of that after which the next one is installed at the border router, and meters ask for it.
    #[schemars(range(min = 0.1, max = 0.95))]
    pub gtk_new_install: f64,
    /// The next one is used from this fraction of the lifetime on before the end: 1/720, an hour of 30 days.
    #[schemars(range(min = 20, max = 10_000))]
    pub gtk_new_activation: u32,
    /// How long the keys between a node and its border router are good for.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "6h", "x-max" = "3660d"))]
    pub ptk_lifetime: SimTime,
    /// How long it is good for what certificates have shown.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "6h", "x-max" = "3660d"))]
    pub pmk_lifetime: SimTime,
    /// How old all keys are at the start of the run.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "3660d"))]
    pub age: SimTime,
}

impl Default for KeySpec {
    fn default() -> Self {
        const DAY_S: u64 = 86_400;
        KeySpec {
            gtk_lifetime: SimTime::from_secs(30 * DAY_S),
            gtk_new_install: 0.8,
            gtk_new_activation: 720,
            ptk_lifetime: SimTime::from_secs(60 * DAY_S),
            pmk_lifetime: SimTime::from_secs(120 * DAY_S),
            age: SimTime::ZERO,
        }
    }
}
