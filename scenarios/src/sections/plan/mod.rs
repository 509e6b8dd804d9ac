//! What a maintenance plan can say: the list of its sections. What they mean is decided in `crate::plan::resolve`.

pub mod fleet;
pub mod part;
pub mod policy;
pub mod radio;
pub mod wear;
pub mod work;

use super::study::{GateSection, StudySection, VariantSection};
use amitwin_data::metrics::gates;
use fleet::{DepotSection, DutySection, FirmwareSection, FleetSection, VintageSection};
use policy::{LotsSection, PolicySection, RuleSection, WatchSection};
use radio::RadioSection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wear::WearSection;
use work::{CrewSection, PlanPricesSection, SpareSection, WorkSection};

/// A maintenance plan: a fleet, who looks after it, by what rules, and the variants to compare.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "amitwin maintenance plan")]
pub struct PlanFile {
    /// Name of the plan; also the name of its run directory.
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// What the plan shows, in a sentence or two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Seed of everything random; the same seed gives the same plan, bit for bit.
    #[serde(default = "seed_default")]
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_u64))]
    pub seed: u64,
    /// Year in which the plan begins, on the first of January.
    #[schemars(range(min = 1970, max = 2200))]
    pub start: u32,
    /// Years that it lasts.
    #[schemars(range(min = 1, max = 40))]
    pub years: u32,
    /// The meters as a list, and their surroundings.
    #[serde(default)]
    pub fleet: FleetSection,
    /// Meters that were bought together.
    #[schemars(length(min = 1, max = 200))]
    pub vintage: Vec<VintageSection>,
    /// Generations of firmware that come to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub firmware: Vec<FirmwareSection>,
    /// Where meters stand and who looks after them.
    #[schemars(length(min = 1, max = 1000))]
    pub depot: Vec<DepotSection>,
    /// Who does the work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub crew: Vec<CrewSection>,
    /// What meters do all day.
    #[serde(default)]
    pub duty: DutySection,
    /// What years do to their radio.
    #[serde(default, skip_serializing_if = "RadioSection::is_default")]
    pub radio: RadioSection,
    /// What campaigns of the head-end wear out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wear: Option<WearSection>,
    /// By what rules meters are looked after.
    #[serde(default)]
    pub policy: PolicySection,
    /// What meters report of their health, for policies that ask for it.
    #[serde(default)]
    pub watch: WatchSection,
    /// Lots that a sample judges, for verification by law.
    #[serde(default)]
    pub lots: LotsSection,
    /// Rules of your own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 15))]
    pub rule: Vec<RuleSection>,
    /// How work goes.
    #[serde(default)]
    pub work: WorkSection,
    /// Spares that can run out; what is not listed never does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub spare: Vec<SpareSection>,
    /// What things and work cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<PlanPricesSection>,
    /// Settings to compare; they share the seed, and with it the life of every part. Without any, the file itself is the one
    /// variant, `base`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub variant: Vec<VariantSection>,
    /// How many seeds every variant runs with.
    #[serde(default, skip_serializing_if = "StudySection::is_default")]
    pub study: StudySection,
    /// Limits that the results must keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub gate: Vec<GateSection>,
}

fn seed_default() -> u64 {
    1
}

/// The JSON Schema (draft 2020-12) of a plan, with every type inlined.
pub fn json_schema() -> Value {
    let mut schema = super::json_schema::of::<PlanFile>();
    for table in ["/properties/gate/items", "/properties/study/properties/until"] {
        if let Some(metric) = schema.pointer_mut(&format!("{table}/properties/metric/enum")) {
            *metric = gates::names_of_plans().into();
        }
    }
    schema
}
