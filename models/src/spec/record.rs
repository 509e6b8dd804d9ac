//! `[record]`: what is recorded.

use super::quantity::TimeOrZero;
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is recorded besides the tables that are always written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RecordSpec {
    /// Every n-th frame goes into the `frames` table; 0 switches the table off.
    #[schemars(range(min = 0, max = 4_294_967_295_u32))]
    pub frames_every: u32,
    /// Time between two snapshots of the `links` table; "off" leaves those at start and end.
    #[serde(with = "TimeOrZero")]
    #[schemars(extend("x-min" = "1s", "x-max" = "366d"))]
    pub links_every: SimTime,
    /// How long an hour of the table `load` is: what each radio sent, relayed and lost in it; "off" switches it off.
    #[serde(with = "TimeOrZero")]
    #[schemars(extend("x-min" = "1min", "x-max" = "366d"))]
    pub load_every: SimTime,
    /// Time between two censuses in the table `census`: who has a supply and who carries faults; "off" switches it off.
    #[serde(with = "TimeOrZero")]
    #[schemars(extend("x-min" = "1s", "x-max" = "366d"))]
    pub census_every: SimTime,
}

impl Default for RecordSpec {
    fn default() -> Self {
        RecordSpec {
            frames_every: 0,
            links_every: SimTime::ZERO,
            load_every: SimTime::from_secs(3_600),
            census_every: SimTime::ZERO,
        }
    }
}
