//! `[[head_end.role]]`: what jobs may do in whose name.

use super::campaign::{CampaignSpec, JobSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role of the head-end. What a job asks of a meter and its role may not is never sent, and stands in the table `audit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleSpec {
    /// Name, which `role` of reads and campaigns names.
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// What it may do; nothing else.
    pub may: Vec<Right>,
}

/// What a role may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Read registers and load profiles.
    Read,
    /// Ask for clocks.
    Ping,
    /// Reset meters.
    Reset,
    /// Bring firmware into meters.
    Firmware,
    /// Write configuration.
    Write,
    /// Open and close relays.
    Relay,
    /// Set clocks.
    Time,
    /// Change keys.
    Keys,
    /// Renew certificates.
    Certificates,
}

impl CampaignSpec {
    /// What its role has to allow.
    pub fn right(&self) -> Right {
        match self.job {
            JobSpec::Reset(_) => Right::Reset,
            JobSpec::Ping(_) => Right::Ping,
            JobSpec::Firmware(_) => Right::Firmware,
            JobSpec::Write(_) => Right::Write,
            JobSpec::Relay(_) => Right::Relay,
            JobSpec::Time(_) => Right::Time,
            JobSpec::Keys(_) => Right::Keys,
            JobSpec::Certificates(_) => Right::Certificates,
        }
    }
}
