//! `[[event]]`: what happens to the world from outside.

use super::quantity::{Length, Maybe, Ratio, Share, Time};
use super::tagged::{Tag, tagged};
use amitwin_dlms::ResetTier;
use amitwin_sim_core::SimTime;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that happens to a part of the network, at a time or for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = tagged::<Acts>)]
pub struct EventSpec {
    /// Name, for messages and for `set` ("event.NAME.at").
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// When it begins.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub at: SimTime,
    /// When it ends; with neither `until` nor `for` it lasts to the end of the run.
    #[serde(default, with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub until: Option<SimTime>,
    /// How long it lasts, instead of `until`.
    #[serde(rename = "for", default, with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "366d"))]
    pub lasts: Option<SimTime>,
    /// Whom it happens to: nodes that fit all that is said.
    #[serde(default, skip_serializing_if = "Target::is_empty")]
    pub target: Target,
    /// What happens.
    #[serde(flatten)]
    pub act: Act,
    /// The nodes that fit, by number of their site, ascending.
    #[serde(skip)]
    pub nodes: Vec<u32>,
    /// The pairs of nodes that are named, by number of their sites.
    #[serde(skip)]
    pub edges: Vec<(u32, u32)>,
}

struct Acts;

impl Tag for Acts {
    const KEY: &str = "act";
    const DOC: &str = "What happens.";
}

impl EventSpec {
    /// When it ends, if it does.
    pub fn end(&self) -> Option<SimTime> {
        self.until.or(self.lasts.map(|lasts| self.at + lasts))
    }
}

impl Act {
    /// Which instance of the head-end it happens to, if to one, counted from 0.
    pub fn instance(&self) -> Option<u16> {
        if let Act::HeadEndFails(fails) = self { Some(fails.instance.saturating_sub(1)) } else { None }
    }

    /// Whether it happens to border routers alone.
    pub fn is_of_routers(&self) -> bool {
        matches!(self, Act::RouterFails(_) | Act::BackhaulDown(_) | Act::BackhaulSlow(_))
    }
}

/// What happens, told by `act`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum Act {
    /// Signals of nodes, or between named pairs, lose more on their way.
    ExtraLoss(ExtraLoss),
    /// Nodes lose their supply; meters boot when it comes back, border routers too.
    PowerOff(PowerOff),
    /// Meters and repeaters restart by themselves, each at once; of border routers in the target nothing is lost.
    Restart(Restart),
    /// The application of meters hangs: they answer nothing and report nothing, and relay on, until a reset or a restart.
    Hang(Hang),
    /// The mains voltage of nodes is too low or too high, which meters with `traffic.health` may see.
    Voltage(Voltage),
    /// Border routers fail and boot when they are repaired; of other nodes in the target nothing is lost.
    RouterFails(RouterFails),
    /// The backhaul of border routers is down: what is on its way over it is lost.
    BackhaulDown(BackhaulDown),
    /// The backhaul of border routers is slower.
    BackhaulSlow(BackhaulSlow),
    /// An instance of the head-end fails: its sessions and what it has not taken in yet are lost. It needs no `target`.
    HeadEndFails(HeadEndFails),
}

/// Extra loss of nodes, in both directions, or of pairs of nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtraLoss {
    /// How much more is lost.
    #[serde(rename = "loss", with = "Ratio")]
    #[schemars(extend("x-min" = "0 dB", "x-max" = "200 dB"))]
    pub loss_db: f64,
    /// Pairs of nodes between which it is lost, by their ids, instead of a `target`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100_000), transform = expects_two_ids)]
    pub links: Vec<[String; 2]>,
}

fn expects_two_ids(schema: &mut Schema) {
    schema.ensure_object()["items"]["x-expects"] = "two ids, such as [\"M000001\", \"M000002\"]".into();
}

fn expects_a_corner(schema: &mut Schema) {
    schema.ensure_object()["items"]["x-expects"] = "a latitude and a longitude in degrees, such as [50.1, 8.2]".into();
}

/// No supply.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerOff {}

/// A restart that nobody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// How deep it is.
    #[serde(default = "warm")]
    pub tier: ResetTier,
}

/// A mains voltage that is too low or too high.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Voltage {
    /// What it is, as a share of what it would be; several events multiply.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.01, "x-max" = 2.0))]
    pub level: f64,
}

/// An application that hangs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hang {}

const fn warm() -> ResetTier {
    ResetTier::Warm
}

/// A border router without supply, as its failure looks from outside.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouterFails {}

/// No backhaul.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackhaulDown {}

/// A slower backhaul.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackhaulSlow {
    /// Added to the latency, each way.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub delay: SimTime,
}

/// An instance of the head-end that is down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadEndFails {
    /// Which, counted from 1.
    #[serde(default = "first_instance")]
    #[schemars(range(min = 1, max = 1_000))]
    pub instance: u16,
}

fn first_instance() -> u16 {
    1
}

/// Whom an event happens to. What is said must all fit; at least one thing must be said.
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
