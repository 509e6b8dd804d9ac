//! `[vintage.part]`: the life of a part, by itself or by what its maker says of it.

use super::super::quantity::{Maybe, Share, Time};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// By what a part ages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AgesBy {
    /// By heat: lives are those at 30 C inside the meter, half as long for each 10 K more.
    Heat,
    /// By the calendar.
    Calendar,
}

/// The life of a part, as far as it is not the usual one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PartSection {
    /// Life by which 63 % have failed (eta of a Weibull distribution), such as "35y".
    #[serde(with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "1d", "x-max" = "500y"))]
    pub life: Option<SimTime>,
    /// How lives scatter (beta): 1 at random, 3 to 5 wear, 12 within a tenth.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 50.0))]
    pub shape: Option<f64>,
    /// Share that fails in a year at random, instead of `life` and `shape`.
    #[serde(with = "Maybe::<Share>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = 1e-9, "x-max" = 1.0))]
    pub fail_a_year: Option<f64>,
    /// By what it ages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ages_by: Option<AgesBy>,
    /// Share of its failures that a restart from afar cures.
    #[serde(with = "Maybe::<Share>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub restart_cures: Option<f64>,
    /// Share that is wrong from the day on which the meter is put in, so that nothing it sends is accepted: of certificate alone.
    #[serde(with = "Maybe::<Share>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub wrong: Option<f64>,
    /// How long it lasts on average: of coverage alone.
    #[serde(with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "1min", "x-max" = "1y"))]
    pub lasts: Option<SimTime>,
    /// Standard deviation of the error of new meters: of accuracy alone.
    #[serde(with = "Maybe::<Share>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 0.1))]
    pub new_error: Option<f64>,
    /// Standard deviation of the drift of that error in a year at 30 C: of accuracy alone.
    #[serde(with = "Maybe::<Share>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 0.1))]
    pub drift_a_year: Option<f64>,
    /// Error from which on a meter has failed: of accuracy alone.
    #[serde(with = "Maybe::<Share>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = 1e-6, "x-max" = 0.5))]
    pub limit: Option<f64>,
    /// Hours at a temperature that the maker rates it for, instead of `life`: of capacitor and supercapacitor alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rated: Option<RatedSection>,
    /// Charge, load and self-discharge, instead of `life`: of battery alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<CellSection>,
    /// Error, synchronisation and limit, instead of `life`: of clock alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crystal: Option<CrystalSection>,
    /// How many uses it takes, and how many a day has, instead of `life`: of flash and relay alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<UsedSection>,
}

impl PartSection {
    /// Whether it says nothing.
    pub fn is_default(&self) -> bool {
        *self == PartSection::default()
    }
}

/// What the maker of a capacitor answers for: twice as long for each 10 K less.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RatedSection {
    /// Hours by which 63 % have failed.
    #[schemars(range(min = 10.0, max = 1_000_000.0))]
    pub hours: f64,
    /// Temperature of the part at which that is so, degrees Celsius.
    #[schemars(range(min = 20.0, max = 200.0))]
    pub at_c: f64,
    /// However cool it is, no longer than this by the calendar: of capacitor alone. 15y when missing, which is what makers answer for.
    #[serde(default, with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "1y", "x-max" = "100y"))]
    pub at_most: Option<SimTime>,
    /// Series resistance of a new one, ohm, which doubles by the rated end: of capacitor alone, together with `burst_a`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 100.0))]
    pub esr_ohm: Option<f64>,
    /// Current of the radio's bursts, A: the part has failed when a burst pulls the supply from 4.2 V below 3.6 V and the meter restarts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 20.0))]
    pub burst_a: Option<f64>,
    /// Voltage at which that is so: of supercapacitor alone, together with `used_at_volts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.5, max = 20.0))]
    pub volts: Option<f64>,
    /// Voltage at which it is kept: 1.3 times as long for each 0.1 V less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.5, max = 20.0))]
    pub used_at_volts: Option<f64>,
}

/// A lithium cell: t = ln(1 + sQ/I)/s, with s by the temperature inside the meter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CellSection {
    /// Charge, Ah.
    #[schemars(range(min = 0.001, max = 1_000.0))]
    pub charge_ah: f64,
    /// What the meter takes in a year, mAh.
    #[schemars(range(min = 0.01, max = 1_000_000.0))]
    pub load_mah_year: f64,
    /// Share that it loses by itself in a year at 20 C; twice as much for each 15 K more.
    #[serde(default = "self_discharge", with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 0.5))]
    pub self_discharge: f64,
}

fn self_discharge() -> f64 {
    0.01
}

/// A tuning-fork crystal: fastest at 25 C, -0.034 ppm/K2 beside that, and by its own error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrystalSection {
    /// Error of new ones at 25 C, ppm, at most, either way.
    #[serde(default = "within_ppm")]
    #[schemars(range(min = 0.0, max = 1_000.0))]
    pub within_ppm: f64,
    /// Standard deviation of how far that error drifts in a year, ppm.
    #[serde(default = "ageing_ppm_year")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub ageing_ppm_year: f64,
    /// How often the head-end sets the clock.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1min", "x-max" = "10y"))]
    pub sync_every: SimTime,
    /// Error of the time from which on a clock is wrong.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub limit: SimTime,
}

fn within_ppm() -> f64 {
    20.0
}

fn ageing_ppm_year() -> f64 {
    0.5
}

/// What wears by use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsedSection {
    /// Writes to a sector, or operations of contacts, by which 63 % have failed.
    #[schemars(range(min = 1.0, max = 1e12))]
    pub times: f64,
    /// Of them in a day, without campaigns.
    #[schemars(range(min = 1e-6, max = 1e9))]
    pub a_day: f64,
}
