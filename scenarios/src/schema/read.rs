//! `[[read]]`: what the head-end reads by schedule.

use super::quantity::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Meters that the head-end reads by a schedule, every one in each round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadSection {
    /// Name, for tables and for `set` ("read.NAME.every").
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// What is read.
    #[serde(default)]
    pub what: What,
    /// Time between the starts of two rounds, such as "15min", "1h" or "1d".
    #[schemars(extend("x-min" = "1min", "x-max" = "366d"))]
    pub every: Time,
    /// Start of the first round.
    #[serde(default = "at_default")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub at: Time,
    /// Time over which the meters of a border router are spread in a round; four fifths of `every` when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub window: Option<Time>,
    /// Reads under way behind one border router at most.
    #[serde(default = "parallel_default")]
    #[schemars(range(min = 1, max = 10_000))]
    pub parallel: u16,
    /// Requests for the same thing at most; after them the read has failed.
    #[serde(default = "attempts_default")]
    #[schemars(range(min = 1, max = 20))]
    pub attempts: u8,
    /// How long the head-end waits for an answer before it asks again.
    #[serde(default = "timeout_default")]
    #[schemars(extend("x-min" = "1s", "x-max" = "1h"))]
    pub timeout: Time,
}

fn at_default() -> Time {
    Time(0.0)
}
fn parallel_default() -> u16 {
    8
}
fn attempts_default() -> u8 {
    3
}
fn timeout_default() -> Time {
    Time::secs(60)
}

/// What is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Rows of the load profile that the head-end does not have yet, as many to a request as an answer holds.
    #[default]
    Profile,
    /// Clock and energy registers of the moment.
    Registers,
}
