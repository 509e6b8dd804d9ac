//! `[policy]`, `[watch]`, `[lots]` and `[[rule]]`: by what rules meters are looked after.

use super::super::quantity::{Maybe, Share, Size, Time};
use super::fleet::days;
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Ways to look after meters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    /// Nothing is done before something is known to have failed.
    #[default]
    RunToFailure,
    /// Each meter is visited at a fixed interval.
    FixedInterval,
    /// Each meter is visited when heat has aged it by an interval at 30 C: sooner in hot places, later in cool ones.
    HeatAdjusted,
    /// Meters report their health regularly, and are visited for what they report.
    ConditionBased,
    /// Meters report when a value leaves its band, and are visited for that.
    EdgeDriven,
    /// Lots are verified by law: a sample decides whether they may go on.
    Verification,
}

/// What is done at a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TaskName {
    /// Look at case, socket and seals.
    Inspect,
    /// Clean, with a new gasket where it is worn.
    Clean,
    /// Check the measurement at 15, 30 and 60 A, and adjust it.
    Calibrate,
    /// Look through the table of neighbours: weak ones have water in their cases, and who is not there is off.
    Neighbours,
    /// Test the battery, and exchange it where it is worn.
    Battery,
    /// Test the supercapacitor, and exchange it where it is worn.
    Supercapacitor,
    /// Restart the module and set the clock.
    Restart,
    /// Put a new meter in its place.
    Exchange,
    /// Put right what is known to have failed.
    Repair,
}

/// By what rules meters are looked after. Whatever is known to have failed is repaired under all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PolicySection {
    /// Which way.
    pub kind: PolicyKind,
    /// The interval of `fixed-interval`, and of `heat-adjusted` as years at 30 C.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "30d", "x-max" = "40y"))]
    pub every: SimTime,
    /// What is done on these visits.
    #[schemars(length(min = 1, max = 9))]
    pub tasks: Vec<TaskName>,
    /// Within what time they are to be done.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1d", "x-max" = "5y"))]
    pub within: SimTime,
    /// From a meter's falling silent until the head-end is sure of it (E105): no heartbeat, and repetitions failed.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "300s", "x-max" = "1y"))]
    pub alarm_after: SimTime,
    /// From then until somebody is sent; most meters come back by themselves.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1y"))]
    pub patience: SimTime,
    /// Whether silent meters are restarted from afar first.
    pub restart: bool,
    /// Within what time a known failure is to be repaired.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1h", "x-max" = "5y"))]
    pub repair_within: SimTime,
}

impl Default for PolicySection {
    fn default() -> Self {
        use TaskName::{Battery, Calibrate, Clean, Inspect, Neighbours, Restart, Supercapacitor};
        PolicySection {
            kind: PolicyKind::default(),
            every: SimTime::from_secs(5 * 31_557_600),
            tasks: vec![Inspect, Clean, Calibrate, Neighbours, Battery, Supercapacitor, Restart],
            within: days(180),
            alarm_after: days(1),
            patience: days(3),
            restart: true,
            repair_within: days(30),
        }
    }
}

/// What meters report of themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Quantity {
    /// The clock.
    Clock,
    /// Voltages of battery, capacitor and supercapacitor.
    Voltage,
    /// The level of signals.
    Rssi,
    /// The measurement, by its phase angle and against neighbours.
    Phase,
}

/// What meters report of their health, for `condition-based` and `edge-driven`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WatchSection {
    /// What is watched.
    #[schemars(length(min = 1, max = 4))]
    pub quantities: Vec<Quantity>,
    /// How often meters report: of `condition-based`.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1h", "x-max" = "1y"))]
    pub report_every: SimTime,
    /// Length of a report.
    #[serde(rename = "report_size", with = "Size")]
    #[schemars(extend("x-min" = "1 B", "x-max" = "65535 B"))]
    pub report_bytes: u16,
    /// Standard deviation of what a meter can say of its own error.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 1e-6, "x-max" = 0.1))]
    pub phase_error: f64,
    /// Share of a part's life from which on its voltage shows.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.1, "x-max" = 1.0))]
    pub worn: f64,
    /// Standard deviations that a value is off when it is reported: of `edge-driven`.
    #[schemars(range(min = 0.5, max = 20.0))]
    pub k: f64,
    /// Values in a row that are so far off, on the same side: of `edge-driven`.
    #[schemars(range(min = 1, max = 100))]
    pub in_a_row: u32,
    /// Values that a meter watches: of `edge-driven`.
    #[schemars(range(min = 1, max = 1_000))]
    pub values: u32,
    /// How often they are taken: of `edge-driven`.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1s", "x-max" = "30d"))]
    pub sample_every: SimTime,
}

impl Default for WatchSection {
    fn default() -> Self {
        WatchSection {
            quantities: vec![Quantity::Clock, Quantity::Voltage, Quantity::Rssi, Quantity::Phase],
            report_every: days(30),
            report_bytes: 64,
            phase_error: 0.002,
            worn: 0.9,
            k: 3.0,
            in_a_row: 3,
            values: 8,
            sample_every: SimTime::from_secs(900),
        }
    }
}

/// Lots that a sample judges, for `verification`: the meters of a vintage at a depot are a lot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LotsSection {
    /// Age at which a lot is verified first, from the end of its installation.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1y", "x-max" = "40y"))]
    pub first: SimTime,
    /// How long a lot may go on that has passed.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1y", "x-max" = "40y"))]
    pub extension: SimTime,
    /// Meters of a sample.
    #[schemars(range(min = 1, max = 100_000))]
    pub sample: u32,
    /// How many of them may be bad.
    #[schemars(range(min = 0, max = 100_000))]
    pub accepted: u32,
    /// Error from which on one is.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 1e-6, "x-max" = 0.5))]
    pub limit: f64,
    /// Within what time a sample is taken, and a lot that has failed is exchanged.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1d", "x-max" = "5y"))]
    pub within: SimTime,
}

impl Default for LotsSection {
    fn default() -> Self {
        let years = |n: u64| SimTime::from_secs(n * 31_557_600);
        LotsSection { first: years(8), extension: years(5), sample: 200, accepted: 7, limit: 0.02, within: days(365) }
    }
}

/// What the head-end hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CodeName {
    /// The measurement drifts; needs reports of `phase`.
    E001,
    /// Somebody has been at the meter.
    E042,
    /// Nothing has been heard over the radio.
    E105,
    /// The metrology has locked itself.
    #[serde(rename = "Err 05")]
    Err05,
    /// The clock is off; needs reports of `clock`.
    #[serde(rename = "clock")]
    Clock,
    /// Signals are weaker; needs reports of `rssi`, or visits with the task neighbours.
    #[serde(rename = "signal")]
    Signal,
    /// A voltage is low; needs reports of `voltage`.
    #[serde(rename = "voltage")]
    Voltage,
    /// A socket is hot.
    #[serde(rename = "hot")]
    Hot,
    /// What the meter sends is not accepted, because its certificate was wrong from the beginning.
    #[serde(rename = "certificate")]
    Certificate,
}

/// When a rule holds: one of these.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WhenSection {
    /// Each time so much time has passed since the meter's installation.
    #[serde(with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "30d", "x-max" = "60y"))]
    pub every: Option<SimTime>,
    /// Each time heat has aged the depot's meters by so much, as time at 30 C.
    #[serde(with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "30d", "x-max" = "60y"))]
    pub every_at_30_c: Option<SimTime>,
    /// Once, when the meter is so old.
    #[serde(with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "1d", "x-max" = "60y"))]
    pub age: Option<SimTime>,
    /// When the head-end hears of it; the rule then stands for what is done otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeName>,
}

/// A rule of your own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSection {
    /// Name.
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// When it holds.
    pub when: WhenSection,
    /// What is done.
    #[schemars(length(min = 1, max = 9))]
    pub r#do: Vec<TaskName>,
    /// Within what time, such as "30d".
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1h", "x-max" = "5y"))]
    pub within: SimTime,
    /// How urgent it is: 0 before all else, 1 as failures, 3 as reports, 5 as intervals.
    #[serde(default = "priority_default")]
    #[schemars(range(min = 0, max = 7))]
    pub priority: u8,
    /// Vintages that it is for; all when missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub vintages: Vec<String>,
    /// Depots that it is for; all when missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub depots: Vec<String>,
}

fn priority_default() -> u8 {
    5
}
