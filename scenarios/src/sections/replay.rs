//! `[[replay]]`: a log of what really happened, which happens again.

use amitwin_models::spec::quantity::{Maybe, Time};
use amitwin_models::spec::{Utc, attempts_default, timeout_default};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A head-end's log whose outages, restarts and commands happen at their times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaySection {
    /// Name, for messages and for `set` ("replay.NAME.only").
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// A CSV or Parquet file with the columns `time_utc` and `device`, and `kind`, `code` or both.
    pub file: String,
    /// How the file calls `time_utc`, `device`, `kind` and `code`, where it has other names than those that exports have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, String>,
    /// A CSV file with the columns `what`, `theirs` and `ours`: how the log calls columns, codes and devices, and how it writes times. What `columns` and `codes` say here goes before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    /// Moment of the log at which the run begins; without it that of `dlms.start`.
    #[serde(default, rename = "start", with = "Maybe::<Utc>", skip_serializing_if = "Option::is_none")]
    pub start_unix_s: Option<i64>,
    /// What happens again; without it everything that the log knows. An empty list replays nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub only: Option<Vec<ReplayKind>>,
    /// How often a meter is asked at most for what a command of the log wants of it.
    #[serde(default = "attempts_default")]
    #[schemars(range(min = 1, max = 20))]
    pub attempts: u8,
    /// How long the head-end waits for an answer before it asks again.
    #[serde(default = "timeout_default", with = "Time")]
    #[schemars(extend("x-min" = "1s", "x-max" = "1h"))]
    pub timeout: SimTime,
    /// Name of a `[[campaign]]` with kind = "firmware": its image goes to the meters of lines of the kind `firmware`, to none of them before its time, and to nobody else. Lines whose
    /// `campaign=` names another one of the file go by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub firmware: Option<String>,
    /// What codes and kinds of the log mean, beside those that are known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<String, ReplayKind>,
}

impl ReplayKind {
    /// All of them.
    pub const ALL: [ReplayKind; 16] = [
        ReplayKind::PowerDown,
        ReplayKind::PowerUp,
        ReplayKind::Restart,
        ReplayKind::Undervoltage,
        ReplayKind::Overvoltage,
        ReplayKind::VoltageNormal,
        ReplayKind::Read,
        ReplayKind::Ping,
        ReplayKind::Reset,
        ReplayKind::Write,
        ReplayKind::Disconnect,
        ReplayKind::Reconnect,
        ReplayKind::Time,
        ReplayKind::Keys,
        ReplayKind::Firmware,
        ReplayKind::Ignore,
    ];
}

/// What a line of a log means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReplayKind {
    /// The supply fails.
    PowerDown,
    /// The supply is back.
    PowerUp,
    /// The device restarts.
    Restart,
    /// Its voltage is too low: 0.9 of the nominal one, or the share that `detail` says, until another line of it.
    Undervoltage,
    /// It is too high: 1.1, or the share that `detail` says.
    Overvoltage,
    /// It is as it should be.
    VoltageNormal,
    /// The head-end reads the device: `registers`, as without a `detail`, or `profile`.
    Read,
    /// It asks the device for its clock.
    Ping,
    /// It resets the device: `soft`, `warm`, as without a `detail`, or `cold`; and with `heartbeat` behind that a message tells that the device is back.
    Reset,
    /// It writes a setting, which `detail` names with its value: `push-retries=5`.
    Write,
    /// It opens the contacts of the relay.
    Disconnect,
    /// It closes them.
    Reconnect,
    /// It asks the device for its clock, and sets it if that is off by more than 10 s.
    Time,
    /// It gives the device new keys.
    Keys,
    /// It brings the device the image of the campaign that `firmware` names.
    Firmware,
    /// Nothing that a run plays.
    Ignore,
}
