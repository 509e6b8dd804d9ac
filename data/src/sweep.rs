//! What a sweep came to: its `summary.json`, and the small file of each case.

mod fullest;

pub use fullest::{Fullest, fullest};

use crate::summary::{GateVerdict, Status, VariantSummary};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A setting of a case, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Varied {
    /// Dotted path.
    pub key: String,
    /// Value as text, with its unit.
    pub value: String,
}

/// Settings in one line.
pub fn named(settings: &[Varied]) -> String {
    settings.iter().map(|s| format!("{}={}", s.key, s.value)).collect::<Vec<_>>().join(", ")
}

/// What a study is made of. A directory that holds another one is not gone on with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// Name of the scenario.
    pub name: String,
    /// Version of the program.
    pub version: String,
    /// BLAKE3 of what each case says, of the seeds and of the variants, hexadecimal.
    pub plan_hash: String,
    /// Seeds that each case may run with.
    pub seeds: Vec<u64>,
    /// Variants of each case.
    pub variants: Vec<String>,
    /// The cases, in order.
    pub cases: Vec<PlannedCase>,
}

/// A case before it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedCase {
    /// Its settings, in the order of the axes.
    pub settings: Vec<Varied>,
    /// Why it makes no scenario; empty if it does.
    pub invalid: Option<String>,
}

impl PlannedCase {
    /// `placement.meters=1000, radio.phy=3`.
    pub fn name(&self) -> String {
        named(&self.settings)
    }
}

/// What a case came to with one seed; the content of its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseResult {
    /// Place of the case in the plan.
    pub case: u32,
    /// Seed.
    pub seed: u64,
    /// Its variants, in the order of the plan.
    pub variants: Vec<VariantSummary>,
    /// What to know before trusting them, by variant.
    pub warnings: Vec<Vec<String>>,
    /// Why it makes no scenario with this seed; nothing has run then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid: Option<String>,
}

/// A case over its seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseSummary {
    /// Place of the case in the plan.
    pub case: u32,
    /// Its settings.
    pub settings: Vec<Varied>,
    /// Why it makes no scenario; empty if it does.
    pub invalid: Option<String>,
    /// Its variants over the seeds that have run; none of a case that has not.
    pub variants: Vec<VariantSummary>,
    /// Every gate on every variant.
    pub gates: Vec<GateVerdict>,
    /// Where there are several limits, the one that each variant uses most of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fullest: Vec<Fullest>,
}

/// What a sweep came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SweepSummary {
    /// Name of the scenario.
    pub name: String,
    /// State.
    pub status: Status,
    /// Exit code of the program; empty while it runs.
    pub exit_code: Option<u8>,
    /// Version of the program.
    pub version: String,
    /// BLAKE3 of what was planned.
    pub plan_hash: String,
    /// Seeds of each case; where they differ, of the case with the most.
    pub seeds: Vec<u64>,
    /// The meters' DLMS keys: `TEST` or `file`.
    pub keys: String,
    /// Fingerprint of all cases in their order.
    pub fingerprint: String,
    /// The cases, in order.
    pub cases: Vec<CaseSummary>,
    /// Where there are prices, the variant of a case that costs least of those that pass every gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cheapest: Option<Cheapest>,
    /// Limits in the figures' units, for lines in charts.
    pub limits: Vec<Limit>,
    /// What to know before trusting the results.
    pub warnings: Vec<String>,
}

/// What costs least.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cheapest {
    /// Place of the case in the plan.
    pub case: u32,
    /// Variant.
    pub variant: String,
    /// Its cost, averaged over the seeds.
    pub cost: f64,
}

/// A limit that a gate sets on a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// Key of the figure in the summary.
    pub figure: String,
    /// The limit in the figure's unit.
    pub value: f64,
    /// As the scenario writes it, such as `max 25min`.
    pub text: String,
}
