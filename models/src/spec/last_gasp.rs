//! `[last_gasp]`: meters that run on for a moment when their supply fails, and say so.

use super::quantity::{Share, Time};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Capacitors of meters and repeaters, and what meters say when their supply fails and when it is back. Without this section a node is gone
/// with its supply, and says nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LastGaspSpec {
    /// How long a full capacitor keeps a radio that only listens: its energy over the power of listening.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "100ms", "x-max" = "1d"))]
    pub hold_up: SimTime,
    /// What a second of sending takes, in seconds of listening.
    #[schemars(range(min = 1.0, max = 1000.0))]
    pub sending_takes: f64,
    /// How long the supply takes to fill an empty capacitor.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub recharge: SimTime,
    /// An outage is told when it has lasted for so long; a shorter one is momentary and nobody hears of it.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1h"))]
    pub filter: SimTime,
    /// Then a meter says so at a random time within this.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1h"))]
    pub spread: SimTime,
    /// How often it says so, while its capacitor lasts.
    #[schemars(range(min = 1, max = 100))]
    pub tries: u8,
    /// Time between two of them, on average; each is half of it to one and a half.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "10ms", "x-max" = "1h"))]
    pub gap: SimTime,
    /// Share of the meters that say so, the same in every variant: bellwethers, where not all are to speak at once in a storm.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub bellwethers: f64,
    /// A meter that is back in its mesh says so at a random time within this.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1h"))]
    pub power_up_spread: SimTime,
}

impl Default for LastGaspSpec {
    fn default() -> Self {
        LastGaspSpec {
            hold_up: SimTime::from_secs(60),
            sending_takes: 8.0,
            recharge: SimTime::from_secs(300),
            filter: SimTime::from_secs(30),
            spread: SimTime::from_secs(10),
            tries: 3,
            gap: SimTime::from_secs(4),
            bellwethers: 1.0,
            power_up_spread: SimTime::from_secs(30),
        }
    }
}
