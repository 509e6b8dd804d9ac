//! `[radio]`: what years do to the radio of a fleet.

use super::super::quantity::Ratio;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What years do to the radio of a fleet. Losses are those of a meter's signals, each way: a link between two such meters loses them
/// at both its ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RadioSection {
    /// Read success by extra loss and share of meters that are off: `summary.json` of a sweep that varies an event's `loss` and another
    /// one's `target.share`, such as library/radio-years.toml, or a CSV file with `loss_db`, `off_share` and `read_success`. The path is
    /// relative to the plan. Without it whoever works is heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub table: Option<String>,
    /// Lost when there is water in the case.
    #[serde(rename = "wet", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "60 dB"))]
    pub wet_db: f64,
    /// Lost with each year since the meter was put there, by oxide on its contacts.
    #[serde(rename = "ageing_a_year", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "5 dB"))]
    pub ageing_db_y: f64,
    /// Lost while trees have leaves: from day 115 to 300, in the south half a year later.
    #[serde(rename = "leaf_on", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "60 dB"))]
    pub leaf_on_db: f64,
    /// Lost in the warmest month, nothing in the coldest, and in between by the temperature.
    #[serde(rename = "hot", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "60 dB"))]
    pub hot_db: f64,
    /// Days of a year with storm.
    #[schemars(range(min = 0.0, max = 365.0))]
    pub storm_days: f64,
    /// Lost on those.
    #[serde(rename = "storm", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "60 dB"))]
    pub storm_db: f64,
}

impl Default for RadioSection {
    fn default() -> Self {
        RadioSection {
            table: None,
            wet_db: 3.0,
            ageing_db_y: 0.15,
            leaf_on_db: 0.0,
            hot_db: 0.0,
            storm_days: 0.0,
            storm_db: 0.0,
        }
    }
}

impl RadioSection {
    /// Whether it says nothing.
    pub fn is_default(&self) -> bool {
        *self == RadioSection::default()
    }
}
