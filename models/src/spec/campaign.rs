//! `[[campaign]]`: jobs of the head-end, each kind with settings of its own.

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
}

struct Kinds;

impl Tag for Kinds {
    const KEY: &str = "kind";
    const DOC: &str = "What is done.";
}

impl JobSpec {
    /// The reset, if it is one.
    pub fn reset(&self) -> Option<&ResetSpec> {
        let JobSpec::Reset(reset) = self;
        Some(reset)
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
        }
    }
}
