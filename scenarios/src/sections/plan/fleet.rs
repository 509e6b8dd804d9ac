//! `[fleet]`, `[[vintage]]`, `[[depot]]` and `[duty]`: meters, what of them can fail, and where they stand.

use super::super::quantity::{Maybe, Share, Time};
use super::part::PartSection;
use amitwin_data::placement::ColumnNames;
use amitwin_models::spec::Climate;
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The meters as a list; without one each depot has as many as it says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FleetSection {
    /// CSV, GeoJSON or Parquet with `id`, `lat`, `lon` and optionally `vintage` (the name of one), `installed` (a year, month or
    /// day such as 2019, 2019-05, 2019-05-31 or 31.05.2019) and `depot` (the name of one). The path is relative to the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub file: Option<String>,
    /// What the columns of the file are called, where their names are not the usual ones, such as { id = "Zaehler", installed = "Einbau" }.
    #[serde(skip_serializing_if = "FleetColumns::is_default")]
    pub columns: FleetColumns,
    /// Coordinate reference system of the file, such as "EPSG:25832"; degrees (WGS 84) when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1_000))]
    pub crs: Option<String>,
}

/// Columns of a list of meters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FleetColumns {
    /// Column of the ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Column of the latitude, or of metres to the north. GeoJSON has it in the geometry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<String>,
    /// Column of the longitude, or of metres to the east. GeoJSON has it in the geometry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lon: Option<String>,
    /// Column of what stands at a site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Column of the antenna height over ground, m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height_m: Option<String>,
    /// Column of the antenna gain, dBi.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub antenna_gain_dbi: Option<String>,
    /// Column of the vintage, the name of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub vintage: Option<String>,
    /// Column of the date of installation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub installed: Option<String>,
    /// Column of the depot, the name of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub depot: Option<String>,
}

impl FleetColumns {
    /// Nothing is said.
    pub fn is_default(&self) -> bool {
        *self == FleetColumns::default()
    }

    /// Those that say where a site is and what stands there.
    pub fn of_sites(&self) -> ColumnNames {
        let FleetColumns { id, lat, lon, kind, height_m, antenna_gain_dbi, .. } = self.clone();
        ColumnNames { id, lat, lon, kind, height_m, antenna_gain_dbi }
    }
}

/// Meters that were bought together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VintageSection {
    /// Name.
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// Year in which their installation began, on the first of January. A list may say it for each meter.
    #[schemars(range(min = 1930, max = 2240))]
    pub installed: u32,
    /// Year in which it ended, on its last day; the same year when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1930, max = 2240))]
    pub until: Option<u32>,
    /// How many of a depot's meters are of it, against the other vintages; without a list of meters.
    #[serde(default = "weight_default")]
    #[schemars(range(min = 0.0, max = 1e9))]
    pub weight: f64,
    /// Accuracy class: errors of new meters, their drift and the error from which on a meter has failed go with it. 0.5 when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_class: Option<AccuracyClass>,
    /// Parts that they have beside the usual ones: supercapacitor, battery, relay, flash; or coverage, to let meters fall silent for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub with: Vec<PartName>,
    /// Usual parts that they do not have, or whose failures are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub without: Vec<PartName>,
    /// Parts whose life is not the usual one.
    #[serde(default, skip_serializing_if = "PartsSection::is_default")]
    pub part: PartsSection,
}

/// Accuracy class of a meter (IEC 62053-21 and -22): the error in per cent that it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccuracyClass {
    /// 0.1 %.
    #[serde(rename = "0.1")]
    Tenth,
    /// 0.2 %.
    #[serde(rename = "0.2")]
    Fifth,
    /// 0.5 %.
    #[serde(rename = "0.5")]
    Half,
    /// 1 %.
    #[serde(rename = "1")]
    One,
    /// 2 %.
    #[serde(rename = "2")]
    Two,
}

impl AccuracyClass {
    /// The error that it allows, %.
    pub fn percent(self) -> f64 {
        match self {
            AccuracyClass::Tenth => 0.1,
            AccuracyClass::Fifth => 0.2,
            AccuracyClass::Half => 0.5,
            AccuracyClass::One => 1.0,
            AccuracyClass::Two => 2.0,
        }
    }
}

/// A generation of firmware that comes to meters, each at a moment of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirmwareSection {
    /// Name.
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// Year in which the first meters get it.
    #[schemars(range(min = 1930, max = 2240))]
    pub from: u32,
    /// Year in which the last ones do; the same year when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1930, max = 2240))]
    pub until: Option<u32>,
    /// Vintages that get it; all when missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub vintages: Vec<String>,
    /// Share of the meters that the update leaves silent; of those with the part firmware.
    #[serde(default = "bricked_default", with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub bricked: f64,
    /// Share of failures of the communication module that a restart from afar cures once a meter has it; as before when missing.
    #[serde(default, with = "Maybe::<Share>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub cures: Option<f64>,
}

fn bricked_default() -> f64 {
    1e-4
}

fn weight_default() -> f64 {
    1.0
}

macro_rules! parts {
    ($($(#[doc = $doc:literal])+ $name:ident $variant:ident,)+) => {
        /// Parts of a meter, and what else can go wrong with one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum PartName {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl PartName {
            /// The part.
            pub fn part(self) -> amitwin_data::rows::Part {
                match self {
                    $(PartName::$variant => amitwin_data::rows::Part::$variant,)+
                }
            }
        }

        /// Lives of parts.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct PartsSection {
            $($(#[doc = $doc])+ #[serde(skip_serializing_if = "PartSection::is_default")] pub $name: PartSection,)+
        }

        impl PartsSection {
            /// Each with its section.
            pub fn each(&self) -> Vec<(PartName, &'static str, &PartSection)> {
                vec![$((PartName::$variant, stringify!($name), &self.$name),)+]
            }
        }
    };
}

parts! {
    /// What fails at random on the boards: the meter is dead.
    board Board,
    /// The communication module and its solder: the meter is silent.
    module Module,
    /// An electrolytic capacitor of the supply: the meter is dead.
    capacitor Capacitor,
    /// The supercapacitor: no last gasp.
    supercapacitor Supercapacitor,
    /// The battery: the meter is silent.
    battery Battery,
    /// The relay: the meter locks itself.
    relay Relay,
    /// Flash memory: the meter is silent.
    flash Flash,
    /// The gasket: water gets in, boards and modules fail sooner.
    gasket Gasket,
    /// The measurement: it drifts beyond its limit.
    accuracy Accuracy,
    /// The crystal: the clock is wrong.
    clock Clock,
    /// Firmware that does not start after an update: the meter is silent.
    firmware Firmware,
    /// The certificate, if the meter was silent for too long: it stays silent.
    certificate Certificate,
    /// Somebody opens the case.
    tamper Tamper,
    /// The metrology locks itself.
    lockout Lockout,
    /// The socket is dangerously hot.
    socket Socket,
    /// The meter is out of reach of the radio for a while.
    coverage Coverage,
}

impl PartsSection {
    /// Whether it says nothing.
    pub fn is_default(&self) -> bool {
        *self == PartsSection::default()
    }
}

/// What a meter hangs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EnclosureName {
    /// In a house or in the shade: 8 K by its own losses.
    Shade,
    /// In the sun in a light grey box with shields on top and sides: 8 K more at full sun.
    Shielded,
    /// In the sun in a light grey box: 14 K more at full sun.
    LightBox,
    /// On a dark wall in the sun: 25 K more at full sun.
    DarkWall,
}

/// Where meters stand and who looks after them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DepotSection {
    /// Name.
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// Its meters, or those of each, if there are several; without a list of meters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub meters: Option<u32>,
    /// How many such depots there are.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1000))]
    pub count: u32,
    /// Its climate; with `months_c` the nearest to it, which then says the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub climate: Option<Climate>,
    /// A typical year of its place by the hour instead, as an EPW file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub weather_file: Option<String>,
    /// Mean temperatures of your own months, degrees Celsius, January first, instead of those of the climate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 12, max = 12))]
    pub months_c: Option<Vec<f64>>,
    /// Half of your own daily range, K: from the mean of a day to its warmest hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 25.0))]
    pub daily_k: Option<f64>,
    /// Sun of your own place: a day's over that of a clear sky, on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub clearness: Option<f64>,
    /// What its meters hang in.
    #[serde(default = "enclosure_default")]
    pub enclosure: EnclosureName,
    /// Standard deviation of how much warmer than others a meter is, K.
    #[serde(default = "spread_default")]
    #[schemars(range(min = 0.0, max = 10.0))]
    pub spread_k: f64,
    /// Meters on a square kilometre, which decides how far crews go; when missing 200, and of listed meters as many as there are within the hull of
    /// their places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.01, max = 100_000.0))]
    pub meters_per_km2: Option<f64>,
}

fn one() -> u32 {
    1
}

fn enclosure_default() -> EnclosureName {
    EnclosureName::LightBox
}

fn spread_default() -> f64 {
    2.0
}

/// What meters do all day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DutySection {
    /// Reads a day that each is asked for.
    #[schemars(range(min = 0.0, max = 1_440.0))]
    pub reads_a_day: f64,
    /// Energy that each measures in a year, kWh.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub energy_kwh_year: f64,
    /// How long the intervals of a silent meter are kept; older ones are lost.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "10y"))]
    pub kept: SimTime,
    /// How long the certificate of a silent meter lasts; 0s for ever.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "10y"))]
    pub certificate: SimTime,
    /// How many times sooner boards and modules fail in a wet case.
    #[schemars(range(min = 1.0, max = 100.0))]
    pub wet_factor: f64,
    /// How many times sooner modules fail and batteries are empty while water in the case weakens their signal, because frames are sent again.
    #[schemars(range(min = 1.0, max = 100.0))]
    pub retry_factor: f64,
}

impl Default for DutySection {
    fn default() -> Self {
        DutySection {
            reads_a_day: 96.0,
            energy_kwh_year: 10_500.0,
            kept: days(45),
            certificate: days(30),
            wet_factor: 3.0,
            retry_factor: 1.0,
        }
    }
}

/// So many days.
pub(super) fn days(days: u64) -> SimTime {
    SimTime::from_secs(days * 86_400)
}
