//! `summary.json`: what a run came to, in numbers.

use crate::metrics::Values;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Too few seeds to tell with the confidence that is asked for; never a pass.
    Undecided,
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
    /// Where a gate asks for a share of the seeds: how many pass, and between what shares of all seeds that puts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<SeedShare>,
    /// Where it does not: seeds with which the figure was not reached, so that the gate is breached.
    #[serde(default, skip_serializing_if = "is_none_of_them")]
    pub not_reached: u32,
}

fn is_none_of_them(count: &u32) -> bool {
    *count == 0
}

/// How many seeds pass a gate, and what that says of all seeds there could be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeedShare {
    /// Seeds that pass.
    pub passed: u32,
    /// Seeds that ran.
    pub of: u32,
    /// Share that the gate asks for.
    pub wanted: f64,
    /// Confidence that it asks for.
    pub confidence: f64,
    /// The share of all seeds that pass lies above this, with the confidence (Clopper and Pearson, one-sided).
    pub at_least: f64,
    /// The share of all seeds that pass lies below this, with the same confidence.
    pub at_most: f64,
    /// Seeds to run in all until the gate could pass, if no further one breaches it; empty if more than a million.
    pub needed: Option<u64>,
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
    /// Results by name, with the unit last in the name; empty: not reached, or no data. Of several seeds their average.
    pub metrics: Values,
    /// What became of the logs that it replays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replays: Vec<ReplaySummary>,
    /// Where several seeds ran, what each came to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seeds: Vec<SeedResult>,
    /// Where several seeds ran, the average of each figure with its interval.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub over_seeds: BTreeMap<String, OverSeeds>,
}

/// What became of the lines of a log that is replayed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReplaySummary {
    /// Name in the scenario.
    pub name: String,
    /// Lines of the log.
    pub lines: u64,
    /// Outages that happen, each from its first line to its last one.
    pub outages: u64,
    /// Restarts that happen.
    pub restarts: u64,
    /// Commands that are sent.
    pub commands: u64,
    /// Times that the voltage of a device is too low or too high.
    pub voltages: u64,
    /// Lines that are not to be played.
    pub ignored: u64,
    /// Lines that say again what is so already.
    pub repeated: u64,
    /// Lines outside of the run.
    pub outside: u64,
    /// Restarts of meters that hang or brown out, which they do in the run by themselves.
    pub by_themselves: u64,
    /// Lines of firmware, without a campaign to go by.
    pub imageless: u64,
    /// Commands to devices that are no meters.
    pub not_meters: u64,
    /// Lines whose codes or words mean nothing here, or ask for what meters cannot do.
    pub unknown_codes: Unknown,
    /// Lines about devices that the placement does not have.
    pub unknown_devices: Unknown,
}

/// What of a log nobody knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unknown {
    /// Lines about it.
    pub lines: u64,
    /// What is named most often, with the lines that each has.
    pub names: Vec<(String, u64)>,
    /// How many more there are.
    pub more: u64,
}

impl Unknown {
    /// The names that are listed, the most frequent first.
    pub const LISTED: usize = 20;

    /// Of counts by name.
    pub fn of(counts: &BTreeMap<String, u64>) -> Unknown {
        let mut names: Vec<(String, u64)> = counts.iter().map(|(name, lines)| (name.clone(), *lines)).collect();
        names.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
        let more = names.len().saturating_sub(Unknown::LISTED) as u64;
        names.truncate(Unknown::LISTED);
        Unknown { lines: counts.values().sum(), names, more }
    }

    /// The names in one line.
    pub fn list(&self) -> String {
        let named: Vec<String> = self.names.iter().map(|(name, lines)| format!("{name}: {lines}")).collect();
        let more = if self.more > 0 { format!(", and {} more", self.more) } else { String::new() };
        named.join(", ") + &more
    }
}

impl VariantSummary {
    /// The figures with one of the seeds; `first` is the seed of a run that has no other.
    pub fn metrics_of(&self, seed: u64, first: u64) -> Option<&Values> {
        match self.seeds.iter().find(|result| result.seed == seed) {
            Some(result) => Some(&result.metrics),
            None => (self.seeds.is_empty() && seed == first).then_some(&self.metrics),
        }
    }
}

/// Results of one variant with one seed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeedResult {
    /// Seed.
    pub seed: u64,
    /// Fingerprint of its rows.
    pub fingerprint: String,
    /// Meters that no border router can reach.
    pub unreachable: u32,
    /// Results by name.
    pub metrics: Values,
}

/// What stands for several values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Average {
    /// Their mean.
    #[default]
    Mean,
    /// Their median.
    Median,
}

/// A figure, or the difference of one, over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OverSeeds {
    /// Mean, or median: where it is asked for, and where the figure was not reached with some seeds.
    pub average: Average,
    /// The average; empty if it was not reached.
    pub value: Option<f64>,
    /// Lower end of its 95 % interval; empty if not reached, or if there are too few seeds.
    pub low: Option<f64>,
    /// Upper end of its 95 % interval; empty if not reached, or if there are too few seeds.
    pub high: Option<f64>,
    /// Seeds that tell something of it.
    pub seeds: u32,
    /// Of them those with which it was not reached; they count as later than any time.
    pub not_reached: u32,
}

/// A variant less the baseline, seed by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// What is compared with the baseline.
    pub variant: String,
    /// The baseline.
    pub baseline: String,
    /// Variant less baseline by figure: the average of the differences with the same seed.
    pub figures: BTreeMap<String, OverSeeds>,
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
    /// Seed; the first one of several.
    pub seed: u64,
    /// Seeds that every variant ran with to the end, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seeds: Vec<u64>,
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
    /// Where several seeds ran, what distinguishes the other variants from the baseline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Judgements of every gate on every variant.
    pub gates: Vec<GateVerdict>,
    /// What to know before trusting the results.
    pub warnings: Vec<String>,
}

impl Summary {
    /// Every seed that ran.
    pub fn each_seed(&self) -> Vec<u64> {
        if self.seeds.is_empty() { vec![self.seed] } else { self.seeds.clone() }
    }

    /// A run that has just begun.
    pub fn begun(name: &str, seed: u64, duration_s: f64) -> Self {
        Summary {
            name: name.to_owned(),
            status: Status::Running,
            exit_code: None,
            seed,
            seeds: Vec::new(),
            duration_s,
            keys: String::new(),
            fingerprint: String::new(),
            finding: None,
            variants: Vec::new(),
            differences: Vec::new(),
            gates: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_listed_by_how_often_it_occurs() {
        let counts: BTreeMap<String, u64> = (1..=25).map(|n| (format!("X{n:02}"), n)).collect();
        let unknown = Unknown::of(&counts);
        // 1 + 2 + ... + 25 lines.
        assert_eq!((unknown.lines, unknown.names.len(), unknown.more), (325, 20, 5));
        assert!(unknown.list().starts_with("X25: 25, X24: 24, ") && unknown.list().ends_with("X06: 6, and 5 more"));
        let few = BTreeMap::from([("odd".to_owned(), 1), ("bad".to_owned(), 1)]);
        assert_eq!(Unknown::of(&few).list(), "bad: 1, odd: 1");
    }

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
