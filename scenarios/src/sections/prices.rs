//! `[prices]`: what things and work cost, in one currency.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What things and work cost, all in one currency; what has no price costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PricesSection {
    /// A meter, installed.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1e9))]
    pub meter: f64,
    /// A border router, without the visit that installs it.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1e9))]
    pub border_router: f64,
    /// A repeater, without the visit that installs it.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1e9))]
    pub repeater: f64,
    /// A visit to one site.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1e9))]
    pub site_visit: f64,
    /// The backhaul of one border router for a month.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1e9))]
    pub backhaul_month: f64,
    /// An hour in which a border router's radio is busy.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1e9))]
    pub airtime_hour: f64,
    /// Years over which backhaul and air time are paid.
    #[serde(default = "years_default")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub years: f64,
}

fn years_default() -> f64 {
    15.0
}
