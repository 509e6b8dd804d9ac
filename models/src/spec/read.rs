//! `[[read]]`: what the head-end reads by schedule.

use super::command::{attempts_default, timeout_default};
use super::condition::{Condition, ConditionText};
use super::head_end::{is_usual, priority_usual};
use super::order::Order;
use super::quantity::{Maybe, Time};
use super::target::Target;
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Meters that the head-end reads, once or by a schedule, every one in each round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PollSpec {
    /// Name, for tables and for `set` ("read.NAME.every").
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// What is read.
    #[serde(rename = "what", default)]
    pub content: PollContent,
    /// Time between the starts of two rounds, such as "15min", "1h" or "1d". Without it there is one round, as an operator asks for it.
    #[serde(default = "once", with = "Time", skip_serializing_if = "is_once")]
    #[schemars(extend("x-min" = "1min", "x-max" = "366d"))]
    pub every: SimTime,
    /// Start of the first round.
    #[serde(default, with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub at: SimTime,
    /// Time over which the meters of a border router are spread in a round; four fifths of `every` when missing, and none in a single round.
    #[serde(default, with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub window: Option<SimTime>,
    /// Reads under way behind one border router at most.
    #[serde(default = "parallel_default")]
    #[schemars(range(min = 1, max = 10_000))]
    pub parallel: u16,
    /// In which order the meters behind a border router have their turns: "id", "random", "nearest-first" or "farthest-first" by hops, or a column of the placement, { column = "installed" };
    /// by id when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Meters are read in clusters of `parallel` behind each border router: the next one begins when the last is done with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clusters: bool,
    /// Requests for the same thing at most; after them the read has failed.
    #[serde(default = "attempts_default")]
    #[schemars(range(min = 1, max = 20))]
    pub attempts: u8,
    /// How long the head-end waits for an answer before it asks again.
    #[serde(default = "timeout_default", with = "Time")]
    #[schemars(extend("x-min" = "1s", "x-max" = "1h"))]
    pub timeout: SimTime,
    /// Whose sessions go first where they wait for `[head_end]`: 9 before 0; above 4 a job is urgent.
    #[serde(default = "priority_usual", skip_serializing_if = "is_usual")]
    #[schemars(range(min = 0, max = 9))]
    pub priority: u8,
    /// In whose name it works, one of `[[head_end.role]]`; without one it may do everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub role: Option<String>,
    /// Whose turn it is: all meters when missing.
    #[serde(default, skip_serializing_if = "Target::is_empty")]
    pub target: Target,
    /// What a meter and its link must be like, as of campaigns: "firmware >= 2.1.0", "healthy", "snr >= 15 dB". One that is not when its turn comes is left out in this round.
    #[serde(default, with = "Maybe::<ConditionText>", skip_serializing_if = "Option::is_none")]
    pub only_when: Option<Condition>,
    /// Who is read when, by number of the site, ascending by time, in place of rounds: of a log that is played again. Empty otherwise.
    #[serde(skip)]
    pub turns: Vec<(SimTime, u32)>,
}

/// Beyond the end of every run.
const ONCE: SimTime = SimTime::from_secs(366 * 86_400);

fn once() -> SimTime {
    ONCE
}

fn is_once(every: &SimTime) -> bool {
    *every == ONCE
}

fn parallel_default() -> u16 {
    8
}

/// Share of the time between two rounds that a round takes, when the file does not say.
const WINDOW_SHARE: f64 = 0.8;

impl PollSpec {
    /// Time over which the meters of a border router are spread in a round.
    pub fn spread(&self) -> SimTime {
        let usual = || match self.every {
            ONCE => SimTime::ZERO,
            every => SimTime::from_nanos((every.nanos() as f64 * WINDOW_SHARE) as u64),
        };
        self.window.unwrap_or_else(usual)
    }

    /// One read of all meters at the start, with the usual settings.
    pub fn once(name: String, content: PollContent) -> Self {
        PollSpec {
            name,
            content,
            every: ONCE,
            at: SimTime::ZERO,
            window: None,
            parallel: parallel_default(),
            order: None,
            clusters: false,
            attempts: attempts_default(),
            timeout: timeout_default(),
            priority: priority_usual(),
            role: None,
            target: Target::default(),
            only_when: None,
            turns: Vec::new(),
        }
    }
}

/// What is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PollContent {
    /// Rows of the load profile that the head-end does not have yet, as many to a request as an answer holds.
    #[default]
    Profile,
    /// Clock and energy registers of the moment.
    Registers,
}
