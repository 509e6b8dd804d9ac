//! `[[variant]]`, `[[gate]]` and `[study]`: what is compared, what must hold, and with how many seeds.

use super::quantity::{Maybe, Share};
use amitwin_data::metrics::gates;
use amitwin_data::summary::Average;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What is said of `stat`.
fn stat_help() -> String {
    format!("Which figure of the metric: {}; none for the rest.", gates::stats())
}

/// The file with some settings changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantSection {
    /// Name, for tables and gates.
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// Settings that differ: a dotted path and its value. Campaigns are addressed by name: "campaign.reset.window".
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub set: BTreeMap<String, toml::Value>,
}

/// A limit on a result. `amitwin run` exits with 4 when one is broken, and with 5 when one had no data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GateSection {
    /// What is judged.
    #[schemars(extend("enum" = gates::names()))]
    pub metric: String,
    /// Which figure of the metric, where it has several.
    #[schemars(description = stat_help())]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stat: Option<String>,
    /// Largest allowed value: a time, a share or a number, as the metric is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Limit>,
    /// Smallest allowed value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Limit>,
    /// Variants that are judged; all when missing. How the others would fare is told, and does not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<String>,
    /// Share of all seeds that must keep the limit, such as "95 %". Without it the limit is held against the average over the
    /// seeds and its 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "Maybe::<Share>")]
    #[schemars(extend("x-min" = 0.5, "x-max" = 0.9999))]
    pub share: Option<f64>,
    /// How sure the verdict on that share must be, such as "90 %"; 95 % when missing.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "Maybe::<Share>")]
    #[schemars(extend("x-min" = 0.5, "x-max" = 0.9999))]
    pub confidence: Option<f64>,
}

/// How many seeds every variant runs with, and what is said over them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StudySection {
    /// Seeds of each variant: the scenario's, and those that follow it. 1 when missing; with `until` the first ones, 10 when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub seeds: Option<u32>,
    /// What stands for the seeds: "mean" or "median". Where a time was not reached with some seeds it is the median anyway.
    #[serde(default, skip_serializing_if = "is_mean")]
    pub average: Average,
    /// Variant that the others are compared with, seed by seed; the first when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// What `amitwin sweep` varies: settings and their values, such as "placement.meters=1000,2000" or "placement.meters=1000..8000/4log".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-example" = "vary = [\"placement.meters=1000..8000/4log\", \"radio.phy=1b,3,5\"]"))]
    pub vary: Vec<String>,
    /// Points of the Latin hypercube that the ranges of `vary` make together, instead of a grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 10_000))]
    pub latin: Option<u32>,
    /// Go on with further seeds until a figure is known well enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UntilSection>,
}

impl StudySection {
    /// Whether it says nothing.
    pub fn is_default(&self) -> bool {
        *self == StudySection::default()
    }
}

fn is_mean(average: &Average) -> bool {
    *average == Average::Mean
}

/// When enough seeds have run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-example" = "until = { metric = \"rejoin_time\", stat = \"p95\", half_width = \"2 %\", seeds_max = 100 }"))]
pub struct UntilSection {
    /// The figure that must be known, as gates call it.
    #[schemars(extend("enum" = gates::names()))]
    pub metric: String,
    /// Which figure of the metric, where it has several.
    #[schemars(description = stat_help())]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stat: Option<String>,
    /// Largest half of its 95 % interval, as a share of the average, in every variant.
    #[serde(default = "half_width_default", with = "Share")]
    #[schemars(extend("x-min" = 0.001, "x-max" = 1.0))]
    pub half_width: f64,
    /// Seeds after which it ends in any case.
    #[serde(default = "seeds_max_default")]
    #[schemars(range(min = 2, max = 10_000))]
    pub seeds_max: u32,
}

fn half_width_default() -> f64 {
    0.05
}

fn seeds_max_default() -> u32 {
    100
}

/// A limit as written: text with a unit, or a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Limit {
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A value with its unit.
    Text(String),
}

impl JsonSchema for Limit {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number"]})
    }
}
