//! What a search for a value came to.

use crate::sweep::{SweepSummary, Varied};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `summary.json` of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindSummary {
    /// What was asked.
    pub question: Question,
    /// An answer for each of the settings that it was asked for.
    pub answers: Vec<Answer>,
    /// The values that ran, with the seeds of each.
    pub study: SweepSummary,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// Dotted path of the setting.
    pub path: String,
    /// The largest value that passes is wanted, not the smallest.
    pub largest: bool,
    /// Smaller end of the range.
    pub low: f64,
    /// Larger end of the range.
    pub high: f64,
    /// Unit of the range and of the answers; may be empty.
    pub unit: String,
    /// Largest distance of the answer from a value that breaches, as a share of itself (of the range, where that does not begin above zero
    /// or is in decibels).
    pub tolerance: f64,
    /// How sure the answers are to be: the most that a gate asks for.
    pub confidence: f64,
    /// Seeds of a value, at most.
    pub seeds_max: u32,
}

/// How a search has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The answer is known to the tolerance.
    Found,
    /// Every value passes.
    AllPass,
    /// No value passes.
    NonePasses,
    /// A value has as many seeds as it may have, and its gates are undecided.
    Undecided,
    /// Gates hold where it should be harder and not where it should be easier.
    NotMonotone,
    /// A gate had no data.
    NoData,
    /// A value makes no scenario, with one seed at least.
    Invalid,
    /// It was stopped.
    Interrupted,
}

impl Ended {
    /// Exit code of the program.
    pub fn exit_code(self) -> u8 {
        match self {
            Ended::Found | Ended::AllPass => 0,
            Ended::Invalid => 3,
            Ended::NonePasses => 4,
            Ended::NoData => 5,
            Ended::Undecided | Ended::NotMonotone => 8,
            Ended::Interrupted => 130,
        }
    }
}

/// The answer for one choice of the other settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The other settings.
    pub per: Vec<Varied>,
    /// How the search has ended.
    pub ended: Ended,
    /// Last value with which every gate passes; empty if none does.
    pub passes: Option<Found>,
    /// First value beyond it with which a gate is breached; empty if none is.
    pub breaches: Option<Found>,
    /// How sure it is that gates hold up to the value and not beyond; at most what was asked for.
    pub confidence: f64,
    /// What there is to know of it, as a sentence.
    pub told: String,
    /// Values that ran.
    pub values: u32,
    /// Values times seeds.
    pub runs: u32,
}

/// A value of the setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// The number, in the unit of the question.
    pub value: f64,
    /// With its unit.
    pub text: String,
    /// Seeds that it ran with.
    pub seeds: u32,
}
