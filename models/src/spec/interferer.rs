//! `[[interferer]]`: what else sends in the band.

use super::channels::{ChannelList, Channels};
use super::quantity::{DayHours, Length, Maybe, Power, Share, Time};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A sender of another system: bursts of noise on some channels, by chance, the same in every variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InterfererSpec {
    /// Name, for messages and for `set` ("interferer.NAME.duty").
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// A sender that has been measured, or that a rule allows: its `power`, `duty`, `burst`, `hours` and `quiet` where these are not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<InterfererPreset>,
    /// Where it stands: at this site of the placement,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<String>,
    /// or at this latitude, degrees, with `lon`,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -90.0, max = 90.0))]
    pub lat: Option<f64>,
    /// Longitude, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -180.0, max = 180.0))]
    pub lon: Option<f64>,
    /// or so far east of the placement's origin, with `y`.
    #[serde(default, with = "Maybe::<Length>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "-1000 km", "x-max" = "1000 km"))]
    pub x: Option<f64>,
    /// So far north of it.
    #[serde(default, with = "Maybe::<Length>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "-1000 km", "x-max" = "1000 km"))]
    pub y: Option<f64>,
    /// Height of its antenna over ground.
    #[serde(rename = "height", default = "height_default", with = "Length")]
    #[schemars(extend("x-min" = "0 m", "x-max" = "500 m"))]
    pub height_m: f64,
    /// What it radiates in each channel during a burst, over an isotropic antenna.
    #[serde(rename = "power", default, with = "Maybe::<Power>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "-50 dBm", "x-max" = "60 dBm"))]
    pub power_dbm: Option<f64>,
    /// Share of the time that each of its channels is taken. At 868 MHz usual channels are taken for less than 1 %, the fullest for 2 %.
    #[serde(default, with = "Maybe::<Share>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub duty: Option<f64>,
    /// How long a burst lasts; 50 ms when missing.
    #[serde(default, with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub burst: Option<SimTime>,
    /// Channels of the plan that it sends on, each by itself; all when missing.
    #[serde(default, with = "ChannelList", skip_serializing_if = "Channels::is_empty")]
    pub channels: Channels,
    /// Between which times of the day it sends, by the clocks of the meters when the run begins; over midnight where the first is the later one; all day
    /// when missing.
    #[serde(default, with = "Maybe::<DayHours>", skip_serializing_if = "Option::is_none")]
    pub hours: Option<(SimTime, SimTime)>,
    /// Share of its bursts that still go out at all other times; none when missing.
    #[serde(default, with = "Maybe::<Share>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub quiet: Option<f64>,
    /// Metres east and north of the placement's origin.
    #[serde(skip)]
    pub place_m: (f64, f64),
}

fn height_default() -> f64 {
    10.0
}

/// How an interferer sends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sends {
    /// Over an isotropic antenna, in each channel, dBm.
    pub power_dbm: f64,
    /// Share of the time that each channel is taken.
    pub duty: f64,
    /// Length of a burst.
    pub burst: SimTime,
    /// Times of the day; `None`: all day.
    pub hours: Option<(SimTime, SimTime)>,
    /// Share of the bursts that go out at other times.
    pub quiet: f64,
}

impl InterfererSpec {
    /// How it sends: as it says, else as its preset does; `None` if neither says its power and its duty.
    pub fn sends(&self) -> Option<Sends> {
        let preset = self.preset.map(InterfererPreset::sends);
        Some(Sends {
            power_dbm: self.power_dbm.or(preset.map(|preset| preset.power_dbm))?,
            duty: self.duty.or(preset.map(|preset| preset.duty))?,
            burst: self.burst.or(preset.map(|preset| preset.burst)).unwrap_or(BURST),
            hours: self.hours.or(preset.and_then(|preset| preset.hours)),
            quiet: self.quiet.or(preset.map(|preset| preset.quiet)).unwrap_or(0.0),
        })
    }
}

const BURST: SimTime = SimTime::from_millis(50);
/// 14 dBm over a dipole, the usual limit at 868 MHz, is 16.15 dBm over an isotropic antenna.
const SHORT_RANGE_DBM: f64 = 16.15;

/// A sender that has been measured, or that a rule allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum InterfererPreset {
    /// What usual channels of 868 MHz are taken for in residential areas, at most: 1 %, with 14 dBm over a dipole (*Sensors* 2021, 21, 7805).
    #[serde(rename = "residential-868")]
    Residential868,
    /// The fullest channel there: 2 %.
    #[serde(rename = "residential-868-fullest")]
    Residential868Fullest,
    /// A day with eight times as much in its busy hours as in the quiet ones: 1 % from 8 to 20 o'clock (an assumption), an eighth of it else
    /// (*Sensors* 2022, 22, 9928).
    #[serde(rename = "daily-868")]
    Daily868,
    /// The worst that was seen at 868 MHz, on one day: 65 % (the same).
    #[serde(rename = "jammed-868")]
    Jammed868,
    /// A frequency hopper at 902-928 MHz that does what it may: 0.4 s of each 20 s on a channel with 36 dBm over an isotropic antenna (47 CFR
    /// 15.247). It is a limit, not a measurement.
    #[serde(rename = "hopper-915")]
    Hopper915,
}

impl InterfererPreset {
    /// All of them.
    pub const ALL: [InterfererPreset; 5] = [
        InterfererPreset::Residential868,
        InterfererPreset::Residential868Fullest,
        InterfererPreset::Daily868,
        InterfererPreset::Jammed868,
        InterfererPreset::Hopper915,
    ];

    /// How it sends.
    pub fn sends(self) -> Sends {
        let short_range = |duty| Sends { power_dbm: SHORT_RANGE_DBM, duty, burst: BURST, hours: None, quiet: 0.0 };
        let hour = |hour: u64| SimTime::from_secs(3_600 * hour);
        match self {
            InterfererPreset::Residential868 => short_range(0.01),
            InterfererPreset::Residential868Fullest => short_range(0.02),
            InterfererPreset::Daily868 => Sends { hours: Some((hour(8), hour(20))), quiet: 0.125, ..short_range(0.01) },
            InterfererPreset::Jammed868 => short_range(0.65),
            InterfererPreset::Hopper915 => {
                Sends { power_dbm: 36.0, burst: SimTime::from_millis(400), ..short_range(0.02) }
            }
        }
    }
}
