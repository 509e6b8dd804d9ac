//! `kind = "reset"`: a campaign that resets every meter.

use super::campaign::is_false;
use super::quantity::{Maybe, Share, Time, TimeRange};
use super::target::Target;
use super::waves::{Clusters, WavesSpec};
use amitwin_dlms::ResetTier;
use amitwin_sim_core::SimTime;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Meters are reset. Needs a `window` or `clusters`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetSpec {
    /// How deep a reset goes.
    #[serde(default = "tier_default")]
    pub tier: ResetTier,
    /// When it starts.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub at: SimTime,
    /// Each meter resets at a random time in this window after the start, ["10s", "60s"]; or "auto": a window computed
    /// from the border router's air time, the hops of the mesh and the timers of its stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Share of the border router's air time that meters coming back may take, for `window = "auto"`. What it carries is
    /// limited by hidden nodes: its first-hop neighbours hardly hear each other, as in pure ALOHA.
    #[serde(default = "busy_share_default", with = "Share")]
    #[schemars(extend("x-min" = 0.01, "x-max" = 0.95))]
    pub busy_share: f64,
    /// Share of the time for which others on a meter's way to its border router may be away, for `window = "auto"`: each
    /// of them restarts as well, and is away for as long as its stack needs.
    #[serde(default = "away_share_default", with = "Share")]
    #[schemars(extend("x-min" = 0.01, "x-max" = 0.95))]
    pub away_share: f64,
    /// How the command reaches the meters.
    #[serde(default = "delivery_default")]
    pub delivery: Delivery,
    /// How the head-end learns that a meter is back after a warm or cold reset.
    #[serde(default = "back_default")]
    pub back: BackSign,
    /// How long the head-end waits for a meter before it counts as failed, from when its command was sent first, or from its planned reset
    /// where one flood commands all; to the end of the run when missing.
    #[serde(default, with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "1s", "x-max" = "366d"))]
    pub give_up_after: Option<SimTime>,
    /// Which meters: those that fit all that is said, all of them when nothing is. A flood reaches all, so this needs delivery = "unicast".
    #[serde(default, skip_serializing_if = "Target::is_empty")]
    pub target: Target,
    /// Whose turn is when; waves and `parallel`, by which no more meters are away at a time, need delivery = "unicast" and `give_up_after`.
    #[serde(flatten)]
    pub waves: WavesSpec,
    /// A meter that is given up gets a visit by one of the crews of `[technicians]`; needs `give_up_after`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub visit: bool,
    /// A flooded command goes out this long before the start: of a log that is played again, as the log has it.
    #[serde(skip, default = "notice_default")]
    pub notice: SimTime,
}

/// A flooded command goes out this long before the first reset, so that the flood is over when resets begin.
pub const NOTICE: SimTime = SimTime::from_secs(300);

fn notice_default() -> SimTime {
    NOTICE
}

fn tier_default() -> ResetTier {
    ResetTier::Warm
}
fn busy_share_default() -> f64 {
    0.2
}
fn away_share_default() -> f64 {
    0.1
}
fn delivery_default() -> Delivery {
    Delivery::Broadcast
}
fn back_default() -> BackSign {
    BackSign::Route
}

impl Default for ResetSpec {
    /// All at once, at the start of the run.
    fn default() -> Self {
        ResetSpec {
            tier: tier_default(),
            at: SimTime::ZERO,
            window: None,
            busy_share: busy_share_default(),
            away_share: away_share_default(),
            delivery: delivery_default(),
            back: back_default(),
            give_up_after: None,
            target: Target::default(),
            waves: WavesSpec::default(),
            visit: false,
            notice: NOTICE,
        }
    }
}

impl ResetSpec {
    /// Who resets when. Of `window` and `clusters` a scenario has one; without either, all reset at once.
    pub fn schedule(&self) -> ResetSchedule {
        match (self.window, self.waves.clusters) {
            (_, Some(clusters)) => ResetSchedule::Clusters(clusters),
            (Some(Window::Range(first, last)), None) => ResetSchedule::Window(first, last),
            (Some(Window::Auto), None) => {
                ResetSchedule::Auto { busy_share: self.busy_share, away_share: self.away_share }
            }
            (None, None) => ResetSchedule::Window(SimTime::ZERO, SimTime::ZERO),
        }
    }
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
pub enum BackSign {
    /// The border router reports its route, over the backhaul; no frame is needed for it.
    Route,
    /// The meter sends a heartbeat, which is confirmed: two more messages through the border router's radio.
    Heartbeat,
}

/// Spread of a campaign over time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "WindowText", into = "WindowText")]
pub enum Window {
    /// Smallest and largest delay.
    Range(SimTime, SimTime),
    /// Computed from the border router's air time.
    Auto,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WindowText {
    Range(#[serde(with = "TimeRange")] (SimTime, SimTime)),
    Word(WindowWord),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WindowWord {
    Auto,
}

impl From<WindowText> for Window {
    fn from(text: WindowText) -> Window {
        match text {
            WindowText::Range((first, last)) => Window::Range(first, last),
            WindowText::Word(WindowWord::Auto) => Window::Auto,
        }
    }
}

impl From<Window> for WindowText {
    fn from(window: Window) -> WindowText {
        match window {
            Window::Range(first, last) => WindowText::Range((first, last)),
            Window::Auto => WindowText::Word(WindowWord::Auto),
        }
    }
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

/// Spread of a reset over time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ResetSchedule {
    /// Each meter waits a uniform random time in this window after the command's start.
    Window(SimTime, SimTime),
    /// Groups of meters in their order, a uniform random gap between two groups.
    Clusters(Clusters),
    /// The shortest window that both shares allow.
    Auto {
        /// Share of the border router's air time that reconnects may take, 0 to 1.
        busy_share: f64,
        /// Share of the time for which others on a meter's way may be away, 0 to 1.
        away_share: f64,
    },
}
