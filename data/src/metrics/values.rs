//! The values of a variant, written by metric and read by metric or by key.

use super::Metric;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Deref;

/// Figures by key; empty: not reached, or no data.
///
/// A key gets in by its [`Metric`] alone, or from a file, where one that this version does not know is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Values(BTreeMap<String, Option<f64>>);

impl Values {
    /// Writes a figure; `None` is written as an empty value.
    pub fn set(&mut self, metric: Metric, value: Option<f64>) {
        self.0.insert(metric.key().to_owned(), value);
    }

    /// Value of a figure, if it has a finite one.
    pub fn value(&self, metric: Metric) -> Option<f64> {
        self.0.get(metric.key()).copied().flatten().filter(|v| v.is_finite())
    }

    /// Whether the figure was written, be it as an empty value.
    pub fn has(&self, metric: Metric) -> bool {
        self.0.contains_key(metric.key())
    }
}

impl Deref for Values {
    type Target = BTreeMap<String, Option<f64>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromIterator<(Metric, Option<f64>)> for Values {
    fn from_iter<I: IntoIterator<Item = (Metric, Option<f64>)>>(values: I) -> Self {
        Values(values.into_iter().map(|(metric, value)| (metric.key().to_owned(), value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_a_plain_map_and_may_hold_more_than_is_known() {
        let text = r#"{"back":3.0,"of_a_later_version":1.0,"rejoin_p99_s":null}"#;
        let values: Values = serde_json::from_str(text).expect("values");
        assert_eq!((values.value(Metric::Back), values.value(Metric::RejoinP99S)), (Some(3.0), None));
        assert!(values.has(Metric::RejoinP99S) && !values.has(Metric::RejoinP50S));
        assert_eq!(serde_json::to_string(&values).expect("JSON"), text);
    }
}
