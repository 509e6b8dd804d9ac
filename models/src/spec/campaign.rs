//! `[[campaign]]`: jobs of the head-end, each kind with settings of its own.

use super::quantity::Time;
use super::reset::ResetSpec;
use super::tagged::{Tag, tagged};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A job of the head-end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = tagged::<Kinds>)]
pub struct CampaignSpec {
    /// Name, for tables and for `set` ("campaign.NAME.window").
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// What is done.
    #[serde(flatten)]
    pub job: JobSpec,
}

/// What is done, told by `kind`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum JobSpec {
    /// Every meter is reset. Needs a `window` or `clusters`.
    Reset(ResetSpec),
    /// Every meter is asked once for its clock, in the order of ids.
    Ping(PingSpec),
}

/// Every meter is asked once for its clock, in the order of ids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PingSpec {
    /// When it starts.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub at: SimTime,
    /// Time over which the questions are spread evenly.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1s", "x-max" = "366d"))]
    pub window: SimTime,
    /// How long the head-end waits for an answer; a meter is asked once.
    #[serde(default = "ping_timeout_default", with = "Time")]
    #[schemars(extend("x-min" = "1s", "x-max" = "1h"))]
    pub timeout: SimTime,
}

fn ping_timeout_default() -> SimTime {
    SimTime::from_secs(60)
}

struct Kinds;

impl Tag for Kinds {
    const KEY: &str = "kind";
    const DOC: &str = "What is done.";
}

impl JobSpec {
    /// The reset, if it is one.
    pub fn reset(&self) -> Option<&ResetSpec> {
        if let JobSpec::Reset(reset) = self { Some(reset) } else { None }
    }
}

impl CampaignSpec {
    /// A reset of every meter.
    pub fn reset(name: impl Into<String>, reset: ResetSpec) -> CampaignSpec {
        CampaignSpec { name: name.into(), job: JobSpec::Reset(reset) }
    }

    /// When it starts.
    pub fn at(&self) -> SimTime {
        match &self.job {
            JobSpec::Reset(reset) => reset.at,
            JobSpec::Ping(ping) => ping.at,
        }
    }
}
