//! `[wear]`: what campaigns of the head-end wear out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What campaigns of the head-end wear out: a run of frames says how long a meter sends for one, how often it restarts and how often its
/// contacts move, and batteries, flash memory and relays of vintages that have them live the shorter for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WearSection {
    /// Directory of a run that has played one such campaign, relative to the plan; of several variants and seeds the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub run: Option<String>,
    /// Time that a meter sends in one, s, on average, instead of `run`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1e7))]
    pub tx_s: Option<f64>,
    /// Restarts of a meter in one, on average, instead of `run`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1e6))]
    pub restarts: Option<f64>,
    /// Moves of a meter's contacts in one, on average, beside `tx_s` and `restarts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1e6))]
    pub relay_moves: Option<f64>,
    /// Such campaigns in a year.
    #[schemars(range(min = 0.0, max = 100_000.0))]
    pub times_a_year: f64,
    /// Current while the radio sends, mA: 46 mA is what a CC1200 takes at 14 dBm.
    #[serde(default = "transmit_ma")]
    #[schemars(range(min = 0.1, max = 10_000.0))]
    pub transmit_ma: f64,
    /// Writes to the same sector of flash memory in a restart.
    #[serde(default = "writes")]
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub writes_a_restart: f64,
}

fn transmit_ma() -> f64 {
    46.0
}

fn writes() -> f64 {
    4.0
}
