//! `[technicians]`: crews that go to meters which campaigns have given up.

use super::quantity::{Time, TimeRange};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Crews that go to the meters of campaigns with `visit = true`, in the order in which these were given up, and restart them by their supply. Without this
/// section nobody does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TechniciansSpec {
    /// Crews; each is at one meter at a time.
    #[schemars(range(min = 1, max = 10_000))]
    pub crews: u32,
    /// Between which times of the day crews set out, by the clocks of the meters when the run begins. Who has set out finishes.
    #[serde(with = "TimeRange")]
    pub shift: (SimTime, SimTime),
    /// Crews set out on Saturdays and Sundays as well; `dlms.start` says which day the run begins on.
    pub weekends: bool,
    /// On the way to a meter whatever its distance: a random time in this range.
    #[serde(with = "TimeRange")]
    pub travel: (SimTime, SimTime),
    /// On the way for each kilometre beside that: from the middle of all meters to the first meter of a shift, then from meter to meter, as the crow flies.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1h"))]
    pub travel_per_km: SimTime,
    /// At a meter: a random time in this range. The meter is restarted as it begins.
    #[serde(with = "TimeRange")]
    pub work: (SimTime, SimTime),
    /// The meter is asked for its clock, three times a minute apart, before a crew sets out; if it answers, nobody goes.
    pub ask_first: bool,
}

impl Default for TechniciansSpec {
    fn default() -> Self {
        let minutes = |low: u64, high: u64| (SimTime::from_secs(60 * low), SimTime::from_secs(60 * high));
        TechniciansSpec {
            crews: 2,
            shift: minutes(7 * 60, 16 * 60),
            weekends: true,
            travel: minutes(10, 20),
            travel_per_km: SimTime::from_secs(120),
            work: minutes(15, 30),
            ask_first: false,
        }
    }
}
