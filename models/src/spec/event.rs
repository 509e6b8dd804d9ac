//! `[[event]]`: what happens to the world from outside.

use super::quantity::{Maybe, Ratio, Share, Time};
use super::tagged::{Tag, tagged};
use super::target::Target;
use amitwin_dlms::ResetTier;
use amitwin_sim_core::SimTime;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

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
