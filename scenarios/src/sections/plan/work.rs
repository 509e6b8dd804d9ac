//! `[[crew]]`, `[work]`, `[[spare]]` and `[prices]` of a plan: who does the work, how it goes, what it costs.

use super::super::quantity::{Maybe, Share, Time};
use super::fleet::{PartName, days};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What not everybody can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Skill {
    /// Exchange a meter.
    Exchange,
    /// Calibrate one.
    Calibrate,
}

/// Who does the work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrewSection {
    /// Name.
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// Crews at each depot.
    #[schemars(range(min = 0, max = 10_000))]
    pub count: u32,
    /// What they can do beside looking, cleaning and restarting.
    #[serde(default = "skills_default")]
    #[schemars(length(max = 2))]
    pub skills: Vec<Skill>,
    /// Depots that they belong to; all when missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub depots: Vec<String>,
    /// Whether they are a contractor's, who give some work back.
    #[serde(default, skip_serializing_if = "is_false")]
    pub contractor: bool,
    /// Share of their visits after which they give the work back, such as "12 %"; when missing, `work.handed_back` of contractors and nothing of
    /// others. What is given back is done by crews of the depot who give nothing back, if there are such.
    #[serde(default, with = "Maybe::<Share>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 0.9))]
    pub handed_back: Option<f64>,
}

fn is_false(is: &bool) -> bool {
    !is
}

fn skills_default() -> Vec<Skill> {
    vec![Skill::Exchange, Skill::Calibrate]
}

/// Time that things take at a meter, on average.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TimesSection {
    /// At the door, whatever is done.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub visit: SimTime,
    /// Look at case, socket and seals.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub inspect: SimTime,
    /// Clean.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub clean: SimTime,
    /// Calibrate.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub calibrate: SimTime,
    /// Look through the table of neighbours.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub neighbours: SimTime,
    /// Test the battery.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub battery: SimTime,
    /// Test the supercapacitor.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub supercapacitor: SimTime,
    /// Restart and set the clock.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub restart: SimTime,
    /// Exchange the meter.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub exchange: SimTime,
    /// Find what has failed and put it right; most are exchanges.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub repair: SimTime,
}

impl Default for TimesSection {
    fn default() -> Self {
        let minutes = |n: u64| SimTime::from_secs(n * 60);
        TimesSection {
            visit: minutes(2),
            inspect: minutes(3),
            clean: minutes(2),
            calibrate: minutes(4),
            neighbours: minutes(1),
            battery: minutes(1),
            supercapacitor: minutes(1),
            restart: minutes(1),
            exchange: minutes(120),
            repair: minutes(120),
        }
    }
}

/// How work goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WorkSection {
    /// When a shift begins, since midnight.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "23h"))]
    pub shift_begins: SimTime,
    /// How long it is.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1h", "x-max" = "1d"))]
    pub shift: SimTime,
    /// Days of the week with a shift.
    #[schemars(range(min = 1, max = 7))]
    pub days_a_week: u32,
    /// Speed between meters.
    #[schemars(range(min = 1.0, max = 200.0))]
    pub speed_kmh: f64,
    /// Standard deviation of a visit's time over its mean.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub spread: f64,
    /// Share of visits where nobody opens.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 0.9))]
    pub missed: f64,
    /// Share of visits after which contractors give the work back who do not say otherwise.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 0.9))]
    pub handed_back: f64,
    /// When somebody comes again after one of these.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1h", "x-max" = "1y"))]
    pub again_after: SimTime,
    /// Share of its life from which on a tested part is exchanged.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub worn: f64,
    /// Time that things take.
    pub times: TimesSection,
}

impl Default for WorkSection {
    fn default() -> Self {
        WorkSection {
            shift_begins: SimTime::from_secs(8 * 3_600),
            shift: SimTime::from_secs(8 * 3_600),
            days_a_week: 5,
            speed_kmh: 30.0,
            spread: 0.3,
            missed: 0.05,
            handed_back: 0.1,
            again_after: days(7),
            worn: 0.8,
            times: TimesSection::default(),
        }
    }
}

/// What can run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpareName {
    /// Meters.
    Meter,
    /// Supercapacitors.
    Supercapacitor,
    /// Batteries.
    Battery,
    /// Gaskets.
    Gasket,
}

/// Spares that can run out, at each depot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpareSection {
    /// Which.
    pub name: SpareName,
    /// How many there are when the plan begins, and again when an order has come.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub full: u32,
    /// How many are left when more are ordered.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub reorder: u32,
    /// From the order until they come.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "5y"))]
    pub lead: SimTime,
}

/// What a part costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartPriceSection {
    /// Which.
    pub name: PartName,
    /// Its price.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub price: f64,
}

/// What things and work cost, all in one currency; what has no price costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanPricesSection {
    /// A visit, whatever comes of it.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub visit: f64,
    /// An hour of a crew on the way or at work.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub crew_hour: f64,
    /// A meter.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub meter: f64,
    /// Other parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub part: Vec<PartPriceSection>,
    /// A remote check, a restart from afar or a special read.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub special_read: f64,
    /// The correction of a bill.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub bill_correction: f64,
    /// A kilowatt-hour that is not billed, or measured wrongly.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub kwh: f64,
    /// A megabyte of health reports.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub megabyte: f64,
    /// How much less money is worth a year later.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 0.5))]
    pub discount: f64,
}
