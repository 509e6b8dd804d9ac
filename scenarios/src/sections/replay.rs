//! `[[replay]]`: a log of what really happened, which happens again.

use amitwin_models::spec::Utc;
use amitwin_models::spec::quantity::Maybe;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A head-end's log whose outages and restarts happen at their times.
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
    /// Moment of the log at which the run begins; without it that of `dlms.start`.
    #[serde(default, rename = "start", with = "Maybe::<Utc>", skip_serializing_if = "Option::is_none")]
    pub start_unix_s: Option<i64>,
    /// What happens again; without it everything that the log knows. An empty list replays nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4))]
    pub only: Option<Vec<ReplayKind>>,
    /// What codes and kinds of the log mean, beside those that are known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<String, ReplayKind>,
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
    /// Nothing that a run plays.
    Ignore,
}
