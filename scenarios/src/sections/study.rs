//! `[[variant]]` and `[[gate]]`: what is compared, and what must hold.

use amitwin_data::metrics::gates;
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
