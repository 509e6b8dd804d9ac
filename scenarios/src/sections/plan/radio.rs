//! `[radio]`: what years do to the radio of a fleet.

use super::super::quantity::Ratio;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What years do to the radio of a fleet: how much more of a meter's signals is lost, each way, as it ages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RadioSection {
    /// Lost when there is water in the case.
    #[serde(rename = "wet", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "60 dB"))]
    pub wet_db: f64,
    /// Lost with each year since the meter was put there, by oxide on its contacts.
    #[serde(rename = "ageing_a_year", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "5 dB"))]
    pub ageing_db_y: f64,
}

impl Default for RadioSection {
    fn default() -> Self {
        RadioSection { wet_db: 3.0, ageing_db_y: 0.15 }
    }
}

impl RadioSection {
    /// Whether it says nothing.
    pub fn is_default(&self) -> bool {
        *self == RadioSection::default()
    }
}
