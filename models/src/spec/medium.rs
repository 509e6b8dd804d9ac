//! `medium`, `[ideal]`: how meters reach their gateway.

use super::quantity::{Share, Time};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How meters reach their border router.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MediumKind {
    /// Over the RF mesh.
    #[default]
    Mesh,
    /// Every message arrives after a latency, or is lost with a probability, as `[ideal]` says: a baseline.
    Ideal,
}

impl MediumKind {
    /// All media.
    pub const ALL: [MediumKind; 2] = [MediumKind::Mesh, MediumKind::Ideal];

    /// It is the RF mesh.
    pub fn is_mesh(&self) -> bool {
        *self == MediumKind::Mesh
    }
}

/// The ideal medium, for `medium = "ideal"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IdealSpec {
    /// From a meter to its border router, and back.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1h"))]
    pub latency: SimTime,
    /// Share of the messages that is lost.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 0.99))]
    pub loss: f64,
}

impl Default for IdealSpec {
    fn default() -> Self {
        IdealSpec { latency: SimTime::from_millis(100), loss: 0.0 }
    }
}

impl IdealSpec {
    /// Nothing is set.
    pub fn is_default(&self) -> bool {
        *self == IdealSpec::default()
    }
}
