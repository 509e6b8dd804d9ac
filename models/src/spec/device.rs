//! `[device]`: meter hardware.

use super::boards::BoardsSpec;
use super::clock::ClockSpec;
use super::hang::HangSpec;
use super::last_gasp::LastGaspSpec;
use super::quantity::TimeRange;
use super::supply::{BatterySpec, SupplySpec};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Meter hardware.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceSpec {
    /// Time from reset to a running radio, uniform between the two.
    #[serde(with = "TimeRange")]
    pub boot: (SimTime, SimTime),
    /// Clocks that drift; without it all are right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockSpec>,
    /// Applications that hang by themselves; without it none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hang: Option<HangSpec>,
    /// Supplies that bursts of the transmitter sag; without it they bear everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supply: Option<SupplySpec>,
    /// Batteries of the meters; without it charge is not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub battery: Option<BatterySpec>,
    /// The two boards of a meter, if they are told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boards: Option<BoardsSpec>,
    /// Capacitors, if there are some: the section `last_gasp`.
    #[serde(skip)]
    pub last_gasp: Option<LastGaspSpec>,
}

impl Default for DeviceSpec {
    fn default() -> Self {
        DeviceSpec {
            boot: (SimTime::from_secs(5), SimTime::from_secs(15)),
            clock: None,
            hang: None,
            supply: None,
            battery: None,
            boards: None,
            last_gasp: None,
        }
    }
}
