//! `[[campaign]]`: jobs of the head-end, each kind with settings of its own.

use super::reset::ResetSpec;
use amitwin_sim_core::SimTime;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

/// A job of the head-end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = named_kinds)]
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

/// Moves what all kinds share into each of them, so that a table is checked against the one branch of its kind and
/// every key that this does not have is unknown.
fn named_kinds(schema: &mut Schema) {
    let properties = schema.remove("properties");
    let required = schema.remove("required");
    schema.remove("additionalProperties");
    schema.remove("unevaluatedProperties");
    for kind in schema.get_mut("oneOf").and_then(|kinds| kinds.as_array_mut()).into_iter().flatten() {
        let shared = properties.iter().filter_map(|p| p.as_object()).flatten();
        if let Some(own) = kind["properties"].as_object_mut() {
            own.extend(shared.map(|(key, value)| (key.clone(), value.clone())));
            own["kind"]["description"] = "What is done.".into();
        }
        if let Some(own) = kind["required"].as_array_mut() {
            own.splice(0..0, required.iter().filter_map(|r| r.as_array()).flatten().cloned());
        }
        kind["additionalProperties"] = false.into();
    }
}
