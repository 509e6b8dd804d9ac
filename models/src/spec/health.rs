//! `[traffic.health]` and `[traffic.keep_alive]`: what meters tell of themselves beside their readings.

use super::quantity::{Share, Time, TimeOrOff};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value that each meter watches, the mains voltage at its terminals, and when it reports it. Values are normally distributed around the nominal
/// one; events with `act = "voltage"` move them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HealthSpec {
    /// Time between two samples of a meter; each meter starts at a random phase.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1s", "x-max" = "1d"))]
    pub every: SimTime,
    /// "always": every sample is reported. "band": the meter looks at its samples itself, and reports when they leave their band and when they are back.
    pub mode: HealthMode,
    /// Half width of the band, in standard deviations of the samples.
    #[schemars(range(min = 0.1, max = 10.0))]
    pub k: f64,
    /// Samples in a row that have to be beyond the band before the meter reports that, and within it before it reports that they are back.
    #[schemars(range(min = 1, max = 100))]
    pub m: u8,
    /// Samples from which a meter learns mean and deviation of its band, before it reports anything; with 0 it is told both.
    #[schemars(range(max = 10_000))]
    pub learn: u16,
    /// Standard deviation of the samples, as a share of the nominal voltage.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0001, "x-max" = 0.2))]
    pub spread: f64,
    /// Over which time the voltage wanders: after it, samples have lost two thirds of what they had in common. "off": each sample is drawn by itself.
    #[serde(with = "TimeOrOff")]
    #[schemars(extend("x-min" = "1s", "x-max" = "30d"))]
    pub memory: Option<SimTime>,
}

impl Default for HealthSpec {
    fn default() -> Self {
        HealthSpec {
            every: SimTime::from_secs(60),
            mode: HealthMode::Band,
            k: 3.0,
            m: 3,
            learn: 0,
            spread: 0.01,
            memory: Some(SimTime::from_secs(1_800)),
        }
    }
}

/// Which samples are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HealthMode {
    /// All of them.
    Always,
    /// Those that leave their band, or are back in it.
    Band,
}

/// Short messages by which the head-end knows that a meter is alive, beside whatever else it says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeepAliveSpec {
    /// The period, the same for all meters: it begins at full multiples of this.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "10s", "x-max" = "30d"))]
    pub every: SimTime,
    /// A meter sends at a random time within this from the beginning of each period, drawn anew each time; with "0s" all send at once.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "30d"))]
    pub spread: SimTime,
    /// Periods in a row without a keep-alive after which the head-end takes a meter for silent.
    #[schemars(range(min = 1, max = 1000))]
    pub missed: u16,
}

impl Default for KeepAliveSpec {
    fn default() -> Self {
        let every = SimTime::from_secs(3_600);
        KeepAliveSpec { every, spread: every, missed: 3 }
    }
}
