//! `[[campaign]]`: what the head-end does to the network.

use super::quantity::{Share, Time, TimeRange};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A job of the head-end. A reset needs a `window` or `clusters`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignSection {
    /// Name, for tables and for `set` ("campaign.NAME.window").
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// What is done.
    pub kind: CampaignKind,
    /// How deep a reset goes.
    #[serde(default = "tier_default")]
    pub tier: Tier,
    /// When it starts.
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub at: Time,
    /// Each meter resets at a random time in this window after the start, ["10s", "60s"]; or "auto": a window computed
    /// from the border router's air time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Share of the border router's air time that meters coming back may take, for `window = "auto"`. What it carries is
    /// limited by hidden nodes: its first-hop neighbours hardly hear each other, as in pure ALOHA.
    #[serde(default = "busy_share_default")]
    #[schemars(extend("x-min" = 0.01, "x-max" = 0.95))]
    pub busy_share: Share,
    /// Meters reset group by group, instead of a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<Clusters>,
    /// How the command reaches the meters.
    #[serde(default = "delivery_default")]
    pub delivery: Delivery,
    /// How the head-end learns that a meter is back after a warm or cold reset.
    #[serde(default = "back_default")]
    pub back: Back,
    /// How long the head-end waits for a meter before it counts as failed; to the end of the run when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "1s", "x-max" = "366d"))]
    pub give_up_after: Option<Time>,
}

fn tier_default() -> Tier {
    Tier::Warm
}
fn busy_share_default() -> Share {
    Share(0.2)
}
fn delivery_default() -> Delivery {
    Delivery::Broadcast
}

fn back_default() -> Back {
    Back::Route
}

/// Kind of campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CampaignKind {
    /// Every meter is reset.
    Reset,
}

/// Depth of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Clears the application's buffers; the radio stays up.
    Soft,
    /// Restarts the communication module; PAN id and keys are kept.
    Warm,
    /// Cycles the supply; a longer boot.
    Cold,
}

/// How a command travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// One flood over the mesh; nobody acknowledges.
    Broadcast,
    /// One command to each meter, acknowledged.
    Unicast,
}

/// What tells the head-end that a meter is back. After a soft reset, which leaves the route alone, it is always the
/// heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Back {
    /// The border router reports its route, over the backhaul; no frame is needed for it.
    Route,
    /// The meter sends a heartbeat, which is confirmed: two more messages through the border router's radio.
    Heartbeat,
}

/// Groups of meters, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clusters {
    /// Meters in a group.
    #[schemars(range(min = 1, max = 2_000_000))]
    pub size: u32,
    /// Smallest and largest time between two groups, ["10s", "60s"].
    pub gap: TimeRange,
}

/// Spread of a campaign over time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Window {
    /// Smallest and largest delay.
    Range(TimeRange),
    /// A word.
    Word(WindowWord),
}

/// Words that stand for a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WindowWord {
    /// Computed from the border router's air time.
    Auto,
}

impl JsonSchema for Window {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Window".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let range = TimeRange::json_schema(generator);
        json_schema!({
            "anyOf": [range, {"type": "string", "enum": ["auto"]}],
            "x-expects": "a smallest and a largest time, such as [\"10s\", \"60s\"], or \"auto\"",
        })
    }
}
