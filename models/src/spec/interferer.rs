//! `[[interferer]]`: what else sends in the band.

use super::channels::{ChannelList, Channels};
use super::quantity::{Length, Maybe, Power, Share, Time, TimeRange};
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
    #[serde(rename = "power", with = "Power")]
    #[schemars(extend("x-min" = "-50 dBm", "x-max" = "60 dBm"))]
    pub power_dbm: f64,
    /// Share of the time that each of its channels is taken. At 868 MHz usual channels are taken for less than 1 %, the fullest for 2 %.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub duty: f64,
    /// How long a burst lasts.
    #[serde(default = "burst_default", with = "Time")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub burst: SimTime,
    /// Channels of the plan that it sends on, each by itself; all when missing.
    #[serde(default, with = "ChannelList", skip_serializing_if = "Channels::is_empty")]
    pub channels: Channels,
    /// Between which times of the day it sends, by the clocks of the meters when the run begins; all day when missing.
    #[serde(default, with = "Maybe::<TimeRange>", skip_serializing_if = "Option::is_none")]
    pub hours: Option<(SimTime, SimTime)>,
    /// Metres east and north of the placement's origin.
    #[serde(skip)]
    pub place_m: (f64, f64),
}

fn height_default() -> f64 {
    10.0
}

fn burst_default() -> SimTime {
    SimTime::from_millis(50)
}
