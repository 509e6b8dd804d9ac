//! `[traffic]`: regular reports.

use super::health::{HealthSpec, KeepAliveSpec};
use super::quantity::{Maybe, Size, TimeOrOff};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Reports of every meter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrafficSpec {
    /// Time between two reports of a meter, or "off"; each meter starts at a random phase.
    #[serde(rename = "push", with = "TimeOrOff")]
    #[schemars(extend("x-min" = "10s", "x-max" = "30d"))]
    pub push_period: Option<SimTime>,
    /// Size of a report above UDP, of bytes without meaning. When missing, a report is what the meters' push setup for
    /// readings sends: clock and energy registers as a ciphered DataNotification of 96 B.
    #[serde(rename = "payload", with = "Maybe::<Size>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "1 B", "x-max" = "1200 B"))]
    pub payload_bytes: Option<u16>,
    /// Reports that a meter keeps and sends as one payload of their joint size; it needs `payload`.
    #[schemars(range(min = 1, max = 1000))]
    pub aggregate: u16,
    /// A value that meters watch, and when they report it; without it none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthSpec>,
    /// Keep-alives; without it there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_alive: Option<KeepAliveSpec>,
}

impl Default for TrafficSpec {
    fn default() -> Self {
        TrafficSpec { push_period: None, payload_bytes: None, aggregate: 1, health: None, keep_alive: None }
    }
}

impl TrafficSpec {
    /// What every meter reports, and how often; `None` leaves the mesh to itself.
    pub fn push(&self) -> Option<PushSpec> {
        let content = self.payload_bytes.map_or(PushContent::Readings, PushContent::Opaque);
        self.push_period.map(|period| PushSpec { period, content, aggregate: self.aggregate })
    }
}

/// Regular reports of a meter.
#[derive(Clone, Debug)]
pub struct PushSpec {
    /// Time between two reports; each meter starts at a random phase.
    pub period: SimTime,
    /// What a report is.
    pub content: PushContent,
    /// Reports that go in one payload.
    pub aggregate: u16,
}

/// What a regular report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushContent {
    /// The DataNotification of the push setup for readings.
    Readings,
    /// So many bytes above UDP of which nobody knows more.
    Opaque(u16),
}
