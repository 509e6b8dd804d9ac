//! `[traffic]`: regular reports.

use super::quantity::{Maybe, Size, TimeOrOff};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Regular reports of every meter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
}

impl TrafficSpec {
    /// What every meter reports, and how often; `None` leaves the mesh to itself.
    pub fn push(&self) -> Option<PushSpec> {
        let content = self.payload_bytes.map_or(PushContent::Readings, PushContent::Opaque);
        self.push_period.map(|period| PushSpec { period, content })
    }
}

/// Regular reports of a meter.
#[derive(Clone, Debug)]
pub struct PushSpec {
    /// Time between two reports; each meter starts at a random phase.
    pub period: SimTime,
    /// What a report is.
    pub content: PushContent,
}

/// What a regular report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushContent {
    /// The DataNotification of the push setup for readings.
    Readings,
    /// So many bytes above UDP of which nobody knows more.
    Opaque(u16),
}
