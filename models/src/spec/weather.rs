//! `[weather]`: the sky over the network, the boxes under it, and what heat does to radios.

use super::hours::Hours;
use super::quantity::{Deviation, Share, TemperatureStep, Time};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Weather: one sky for every variant, that of `dlms.start` and later. Without this section there is none, and radios are at 25 degrees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeatherSpec {
    /// The city whose weather it is, drawn from its statistics; season and hour are those of the city's own standard time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub climate: Option<Climate>,
    /// A file with hours instead: a typical year (EPW), whose days come again each year, or a CSV with the columns `time` (with its
    /// zone), `air_c` and `sun_w_m2`, an hour a line, that covers the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Boxes of meters.
    #[serde(default)]
    pub meters: BoxSpec,
    /// Boxes of repeaters.
    #[serde(default)]
    pub repeaters: BoxSpec,
    /// Boxes of border routers.
    #[serde(default)]
    pub routers: BoxSpec,
    /// What heat does to radios.
    #[serde(default)]
    pub radios: HeatSpec,
    /// Share of meters in a hot socket, whose bad contacts add 45 K to the board; above 110 degrees such a meter trips for good.
    #[serde(default, with = "Share", skip_serializing_if = "is_zero")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub hot_sockets: f64,
    /// A column of the placement with the walls that boxes hang on: a point of the compass ("SW", "south-west") or degrees clockwise from the
    /// north; where it says nothing, `facing` of the box counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub wall_column: Option<String>,
    /// The hours of the file.
    #[serde(skip)]
    pub hours: Option<Arc<Hours>>,
    /// The walls of that column by site, as [`Facing::wall`] counts them.
    #[serde(skip)]
    pub walls: Option<Arc<Vec<Option<u8>>>>,
    /// Latitude and longitude of the placement, degrees, if it has any.
    #[serde(skip)]
    pub place_deg: Option<(f64, f64)>,
}

impl WeatherSpec {
    /// The weather of a climate, with the defaults of boxes and radios.
    pub fn of(climate: Climate) -> Self {
        let boxes = BoxSpec::default;
        WeatherSpec {
            climate: Some(climate),
            file: None,
            meters: boxes(),
            repeaters: boxes(),
            routers: boxes(),
            radios: HeatSpec::default(),
            hot_sockets: 0.0,
            wall_column: None,
            hours: None,
            walls: None,
            place_deg: None,
        }
    }
}

/// A city with statistics of its weather.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Climate {
    /// Hot desert.
    Phoenix,
    /// Cold winters, warm summers.
    Chicago,
    /// Hot, with a monsoon.
    Ahmedabad,
    /// Warm and damp all year.
    Singapore,
    /// Hot and dry summers.
    Seville,
    /// Mild; summer is in January.
    Sydney,
    /// Cool and cloudy.
    London,
    /// Cold winters, long summer days.
    Oslo,
    /// Hot summers, a monsoon, mild winters.
    Delhi,
}

impl Climate {
    /// All of them.
    pub const ALL: [Climate; 9] = [
        Climate::Phoenix,
        Climate::Chicago,
        Climate::Ahmedabad,
        Climate::Singapore,
        Climate::Seville,
        Climate::Sydney,
        Climate::London,
        Climate::Oslo,
        Climate::Delhi,
    ];
}

/// A box around a radio.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BoxSpec {
    /// Colour, which decides what the sun adds.
    pub colour: Colour,
    /// Shields against the sun.
    pub shade: Shade,
    /// Share of the boxes that the sun reaches; the others hang in the shade of houses all day.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub sunny: f64,
    /// Which way the wall faces that those in the sun hang on, which decides the hour at which the sun reaches them.
    #[serde(skip_serializing_if = "Facing::is_any")]
    pub facing: Facing,
    /// What the electronics inside add.
    #[serde(with = "TemperatureStep")]
    #[schemars(extend("x-min" = "0 K", "x-max" = "60 K"))]
    pub self_heating: f64,
    /// Time constant: after so long 63 % of a step in the air has reached the board.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1min", "x-max" = "6h"))]
    pub lag: SimTime,
}

impl Default for BoxSpec {
    fn default() -> Self {
        BoxSpec {
            colour: Colour::Light,
            shade: Shade::None,
            sunny: 1.0,
            facing: Facing::Any,
            self_heating: 8.0,
            lag: SimTime::from_secs(2_400),
        }
    }
}

/// Colour of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// Light grey: 14 K in a sun of 1,000 W/m2.
    Light,
    /// Dark, or on a dark wall: 25 K.
    Dark,
}

/// Which way a wall faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Facing {
    /// No wall: the sun falls on a box as on level ground.
    Any,
    /// One of the eight points of the compass, drawn for each box.
    Mixed,
    /// North.
    North,
    /// North-east.
    NorthEast,
    /// East: the sun comes in the morning.
    East,
    /// South-east.
    SouthEast,
    /// South: the sun comes at noon, north of the tropics.
    South,
    /// South-west.
    SouthWest,
    /// West: the sun comes in the afternoon, when the air is hottest.
    West,
    /// North-west.
    NorthWest,
}

impl Facing {
    /// The points of the compass, clockwise from the north.
    pub const WALLS: [Facing; 8] = [
        Facing::North,
        Facing::NorthEast,
        Facing::East,
        Facing::SouthEast,
        Facing::South,
        Facing::SouthWest,
        Facing::West,
        Facing::NorthWest,
    ];

    /// Which of the points of the compass it is, if it is one.
    pub fn wall(self) -> Option<u8> {
        Facing::WALLS.iter().position(|wall| *wall == self).map(|wall| wall as u8)
    }

    fn is_any(&self) -> bool {
        *self == Facing::Any
    }
}

/// Shields of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shade {
    /// None.
    None,
    /// A roof above it: the sun adds 11 K instead of 14.
    Top,
    /// A roof and sides: 8 K.
    Sides,
}

/// What heat does to radios.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HeatSpec {
    /// Generation of the radios.
    pub hardware: Hardware,
    /// Standard deviation of the crystals' offsets at 25 degrees.
    #[serde(with = "Deviation")]
    #[schemars(extend("x-min" = "0 ppm", "x-max" = "100 ppm"))]
    pub crystal_offset: f64,
    /// Standard deviation of what crystals drift in a year.
    #[serde(with = "Deviation")]
    #[schemars(extend("x-min" = "0 ppm", "x-max" = "20 ppm"))]
    pub ageing: f64,
    /// Age of the radios when the run begins.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "14600d"))]
    pub age: SimTime,
    /// Share of crystals cut a third of a degree wrong. A healthy crystal breaks no link.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub bad_crystals: f64,
    /// Share of amplifiers that lose 0.15 dB more with each degree above 25.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub bad_amplifiers: f64,
    /// Share of the radios with a board above `hot_limit_c` that fail for good within an hour of it.
    #[serde(with = "Share", skip_serializing_if = "is_zero")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub hot_hour_failures: f64,
    /// Temperature of a board, degrees C, above which `hot_hour_failures` counts.
    #[serde(skip_serializing_if = "is_usual_limit")]
    #[schemars(range(min = 40.0, max = 150.0))]
    pub hot_limit_c: f64,
    /// Share of the radios that a day fails for good whose board rises and falls by 40 K in it; of other days by the square of their swing. Solder cracks so
    /// (Coffin and Manson); the share itself is an assumption.
    #[serde(with = "Share", skip_serializing_if = "is_zero")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub swing_failures: f64,
}

/// Where the industrial range of parts ends, C.
const HOT_LIMIT_C: f64 = 85.0;

fn is_usual_limit(limit_c: &f64) -> bool {
    *limit_c == HOT_LIMIT_C
}

fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

impl Default for HeatSpec {
    fn default() -> Self {
        HeatSpec {
            hardware: Hardware::Modern,
            crystal_offset: 4.0,
            ageing: 0.5,
            age: SimTime::ZERO,
            bad_crystals: 0.0,
            bad_amplifiers: 0.0,
            hot_hour_failures: 0.0,
            hot_limit_c: HOT_LIMIT_C,
            swing_failures: 0.0,
        }
    }
}

/// A generation of radios, by what they lose with heat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hardware {
    /// 0.02 dB of transmit power and 0.015 dB of noise figure with each degree.
    Modern,
    /// 0.175 dB of a link with each degree, half of it at either end: 7 dB from 20 to 60 degrees.
    Older,
}
