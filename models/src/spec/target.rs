//! `target`: whom an event happens to, and which meters a campaign means.

use super::quantity::{Length, Maybe, Share};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whom an event happens to, or which meters a campaign means. What is said must all fit; of an event at least one thing must be said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Target {
    /// Ids of the placement.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// A file with one id a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What stands at the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<TargetKind>,
    /// Id of the border router that serves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub router: Option<String>,
    /// Name of its kind of meter, one of `dlms.vendor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vintage: Option<String>,
    /// Columns of the placement file that are your own, each with the value or the values that fit.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Fitting>,
    /// Within a distance of a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circle: Option<Circle>,
    /// Within a polygon of latitudes and longitudes, degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 3, max = 10_000),
        extend("x-expects" = "a list of three to 10,000 corners, each [latitude, longitude] in degrees"),
        transform = expects_a_corner
    )]
    pub polygon: Option<Vec<[f64; 2]>>,
    /// Of those that fit so far a random share, the same in every variant.
    #[serde(with = "Maybe::<Share>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub share: Option<f64>,
    /// Of a campaign the meters that fit, by number of their site, ascending; `None`: it says nothing, so all are meant.
    #[serde(skip)]
    pub nodes: Option<Vec<u32>>,
}

impl Target {
    /// These and nobody else.
    pub fn of(nodes: Vec<u32>) -> Target {
        Target { nodes: Some(nodes), ..Target::default() }
    }

    /// Whether a campaign means a meter.
    pub fn means(&self, meter: u32) -> bool {
        self.nodes.as_ref().is_none_or(|nodes| nodes.binary_search(&meter).is_ok())
    }

    /// Nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Target::default()
    }
}

/// Text that a column may hold: one, or one of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend("x-expects" = "text in quotes, or a list of texts"))]
pub enum Fitting {
    /// One text.
    One(String),
    /// Any of these.
    Any(Vec<String>),
}

impl Fitting {
    /// The texts.
    pub fn texts(&self) -> &[String] {
        match self {
            Fitting::One(text) => std::slice::from_ref(text),
            Fitting::Any(texts) => texts,
        }
    }
}

/// What stands at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// Meters.
    Meter,
    /// Repeaters.
    Repeater,
    /// Border routers.
    Gateway,
}

/// A place and a distance from it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Circle {
    /// Latitude, degrees.
    #[schemars(range(min = -90.0, max = 90.0))]
    pub lat: f64,
    /// Longitude, degrees.
    #[schemars(range(min = -180.0, max = 180.0))]
    pub lon: f64,
    /// Distance from there.
    #[serde(rename = "radius", with = "Length")]
    #[schemars(extend("x-min" = "1 m", "x-max" = "1000 km"))]
    pub radius_m: f64,
}

fn expects_a_corner(schema: &mut Schema) {
    schema.ensure_object()["items"]["x-expects"] = "a latitude and a longitude in degrees, such as [50.1, 8.2]".into();
}
