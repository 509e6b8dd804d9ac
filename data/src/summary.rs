//! `summary.json`: what a run came to, in numbers.

use crate::metrics::Values;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What outputs say of meters with published keys, which protect nothing.
pub const TEST_KEYS: &str = "TEST";
/// What outputs say of meters whose keys are derived from a secret in a file.
pub const FILE_KEYS: &str = "file";

/// State of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Under way, or killed before it could say otherwise.
    Running,
    /// All variants ran to the end.
    Complete,
    /// Stopped by an error.
    Failed,
    /// Stopped by the user; what was finished is kept.
    Interrupted,
}

impl Status {
    /// The word in the file.
    pub const fn word(self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::Complete => "complete",
            Status::Failed => "failed",
            Status::Interrupted => "interrupted",
        }
    }
}

/// Verdict of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within the limit.
    Pass,
    /// Outside.
    Breach,
    /// Nothing to judge; never a pass.
    NoData,
}

/// A gate's judgement of one variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateVerdict {
    /// What is measured, such as `rejoin_time`.
    pub metric: String,
    /// Statistic, such as `p99`.
    pub stat: String,
    /// The limit as the scenario writes it, such as `max 60min`.
    pub limit: String,
    /// Variant that was judged.
    pub variant: String,
    /// What was found, in the metric's unit; empty: not reached, or no data.
    pub value: Option<f64>,
    /// Judgement.
    pub verdict: Verdict,
    /// Counts for the exit code: the gate judges this variant. Otherwise it only tells how the variant would fare.
    #[serde(default = "counts")]
    pub binding: bool,
}

/// A summary that does not say so holds only verdicts that count.
const fn counts() -> bool {
    true
}

/// Results of one variant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VariantSummary {
    /// Name in the scenario.
    pub name: String,
    /// Fingerprint of its rows.
    pub fingerprint: String,
    /// Meters in the placement.
    pub meters: u32,
    /// Border routers in the placement.
    pub gateways: u32,
    /// Meters that no border router can reach.
    pub unreachable: u32,
    /// Results by name, with the unit last in the name; empty: not reached, or no data.
    pub metrics: Values,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Name of the scenario.
    pub name: String,
    /// State.
    pub status: Status,
    /// Exit code of the program; empty while it runs.
    pub exit_code: Option<u8>,
    /// Seed.
    pub seed: u64,
    /// Simulated time of each variant, s.
    pub duration_s: f64,
    /// The meters' DLMS keys: `TEST` if those of any variant are the published ones, which protect nothing, otherwise `file`.
    #[serde(default)]
    pub keys: String,
    /// Fingerprint of all variants in their order.
    pub fingerprint: String,
    /// What the run shows, in one sentence.
    pub finding: Option<String>,
    /// Results, in the scenario's order.
    pub variants: Vec<VariantSummary>,
    /// Judgements of every gate on every variant.
    pub gates: Vec<GateVerdict>,
    /// What to know before trusting the results.
    pub warnings: Vec<String>,
}

impl Summary {
    /// A run that has just begun.
    pub fn begun(name: &str, seed: u64, duration_s: f64) -> Self {
        Summary {
            name: name.to_owned(),
            status: Status::Running,
            exit_code: None,
            seed,
            duration_s,
            keys: String::new(),
            fingerprint: String::new(),
            finding: None,
            variants: Vec::new(),
            gates: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_counts_unless_it_says_otherwise() {
        let read = |more: &str| {
            let text =
                r#"{"metric": "frames", "stat": "", "limit": "max 1", "variant": "a", "value": 2, "verdict": "breach""#;
            serde_json::from_str::<GateVerdict>(&format!("{text}{more}}}")).expect("a verdict")
        };
        assert!(read("").binding && read(r#", "binding": true"#).binding);
        let told = read(r#", "binding": false"#);
        assert!(!told.binding);
        assert_eq!(serde_json::to_value(&told).expect("JSON")["binding"], false);
    }
}
