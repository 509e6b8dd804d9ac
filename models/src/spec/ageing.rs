//! `[ageing]`: what years do to antennas and gaskets.

use super::quantity::{Maybe, Ratio, Share, Time};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What years do to antennas and to the gaskets of meters. Without the section nothing ages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AgeingSpec {
    /// Age of all radios when the run begins.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "14600d"))]
    pub age: SimTime,
    /// What an antenna loses by oxide in a year, on average, both ways; single ones up to twice that. Field figures are missing: 0.15 dB is
    /// an assumption that others make.
    #[serde(rename = "oxide", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "10 dB"))]
    pub oxide_db: f64,
    /// Share of the meters behind whose gasket moisture gets from `wet_at` on.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub wet: f64,
    /// When it does.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub wet_at: SimTime,
    /// Instead of a share at a time: the age at which half of the gaskets have failed.
    #[serde(default, with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "365d", "x-max" = "36500d"))]
    pub gasket_life: Option<SimTime>,
    /// What moisture takes from all that such a meter sends and hears (an assumption).
    #[serde(rename = "wet_loss", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "40 dB"))]
    pub wet_loss_db: f64,
}

impl Default for AgeingSpec {
    fn default() -> Self {
        AgeingSpec {
            age: SimTime::ZERO,
            oxide_db: 0.0,
            wet: 0.0,
            wet_at: SimTime::ZERO,
            gasket_life: None,
            wet_loss_db: 3.0,
        }
    }
}

impl AgeingSpec {
    /// Whether anything ages.
    pub fn is_off(&self) -> bool {
        self.oxide_db == 0.0 && self.wet == 0.0 && self.gasket_life.is_none()
    }
}
