//! `[[obstacle]]`: trees and buildings that radio links pass through.

use super::quantity::{Length, Maybe, Ratio, Share, Time};
use amitwin_sim_core::SimTime;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

/// Trees, or a building, that take something from every link through them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObstacleSpec {
    /// Name, for messages and for `set` ("obstacle.NAME.height").
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// What it is.
    pub kind: ObstacleKind,
    /// Its outline, latitudes and longitudes in degrees,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 3, max = 1_000),
        extend("x-expects" = "a list of three to 1,000 corners, each [latitude, longitude] in degrees"),
        transform = expects_degrees
    )]
    pub polygon: Option<Vec<[f64; 2]>>,
    /// or in metres east and north of the placement's origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 3, max = 1_000),
        extend("x-expects" = "a list of three to 1,000 corners, each [metres east, metres north]"),
        transform = expects_metres
    )]
    pub polygon_m: Option<Vec<[f64; 2]>>,
    /// Trees without an outline: the share of all links that pass through some, drawn for each link,
    #[serde(default, with = "Maybe::<Share>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub share: Option<f64>,
    /// and how far these pass through them.
    #[serde(rename = "depth", default, with = "Maybe::<Length>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "1 m", "x-max" = "1 km"))]
    pub depth_m: Option<f64>,
    /// Height over ground: what passes above it loses nothing.
    #[serde(rename = "height", default = "height_default", with = "Length")]
    #[schemars(extend("x-min" = "1 m", "x-max" = "1 km"))]
    pub height_m: f64,
    /// What a building takes from a link on average, 15 dB when missing; trees take what their depth and the season say.
    #[serde(rename = "loss", default, with = "Maybe::<Ratio>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "100 dB"))]
    pub loss_db: Option<f64>,
    /// Standard deviation of that between links, 3.5 dB when missing.
    #[serde(rename = "loss_spread", default, with = "Maybe::<Ratio>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "30 dB"))]
    pub loss_spread_db: Option<f64>,
    /// Trees that keep their leaves in winter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub evergreen: bool,
    /// Day of the year on which half of the leaves are out; 115 (late April) when missing, south of the equator 298.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 366))]
    pub leaves_out_day: Option<u16>,
    /// Day of the year on which half of them have fallen; 300 (late October) when missing, south of the equator 117.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 366))]
    pub leaves_fall_day: Option<u16>,
    /// What leaves take more while they are wet: for three hours after rain, of a climate by name, or of a file of hours with rain.
    #[serde(rename = "wet_leaves", default, with = "Maybe::<Ratio>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "20 dB"))]
    pub wet_leaves_db: Option<f64>,
    /// When it is built or planted; from the start when missing.
    #[serde(default, with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub at: Option<SimTime>,
    /// When it is taken away; never when missing.
    #[serde(default, with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub until: Option<SimTime>,
    /// Its outline, metres east and north of the placement's origin.
    #[serde(skip)]
    pub outline_m: Vec<(f64, f64)>,
}

/// What an obstacle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ObstacleKind {
    /// Trees: what they take grows with the way through them, and with their leaves.
    Trees,
    /// A building: what it takes does not depend on the way through it.
    Building,
}

/// What stands, sends and goes about around the network without being part of it, and what years do to antennas and gaskets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surroundings {
    /// What else sends in the band.
    pub interferers: Vec<super::InterfererSpec>,
    /// What links pass through.
    pub obstacles: Vec<ObstacleSpec>,
    /// What ages.
    pub ageing: super::AgeingSpec,
    /// Crews that go to meters, if there are some.
    pub technicians: Option<super::TechniciansSpec>,
}

impl ObstacleSpec {
    /// An obstacle of this kind with the defaults and this outline, metres.
    pub fn plain(name: &str, kind: ObstacleKind, outline_m: Vec<(f64, f64)>) -> Self {
        ObstacleSpec {
            name: name.to_owned(),
            kind,
            polygon: None,
            polygon_m: None,
            share: None,
            depth_m: None,
            height_m: height_default(),
            loss_db: None,
            loss_spread_db: None,
            evergreen: false,
            wet_leaves_db: None,
            leaves_out_day: None,
            leaves_fall_day: None,
            at: None,
            until: None,
            outline_m,
        }
    }

    /// Whether it stands at a moment of the run.
    pub fn stands(&self, now: SimTime) -> bool {
        self.at.is_none_or(|at| at <= now) && self.until.is_none_or(|until| now < until)
    }
}

fn height_default() -> f64 {
    10.0
}

fn expects_degrees(schema: &mut Schema) {
    schema.ensure_object()["items"]["x-expects"] = "a latitude and a longitude in degrees, such as [50.1, 8.2]".into();
}

fn expects_metres(schema: &mut Schema) {
    schema.ensure_object()["items"]["x-expects"] = "metres east and north, such as [120.0, -35.0]".into();
}
