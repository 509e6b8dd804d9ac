//! `[head_end]`: how much the head-end can do at a time.

use super::quantity::Time;
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Limits of the head-end. Without this section it has none: it takes in everything at once, and begins as many conversations as its jobs ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HeadEndSpec {
    /// Workers that take in what meters say, each one message at a time.
    #[schemars(range(min = 1, max = 10_000))]
    pub workers: u16,
    /// What a worker takes for a message, on average.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1us", "x-max" = "1h"))]
    pub service: SimTime,
    /// How these times spread.
    pub service_times: ServiceTimes,
    /// Measured times, milliseconds, of which each message gets one at random, instead of `service` and `service_times`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10_000), inner(range(min = 0.0, max = 3_600_000.0)))]
    pub service_measured_ms: Vec<f64>,
    /// Messages that wait at most; what comes when so many do is refused and lost. Without it there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 4_000_000_000_u64))]
    pub queue_max: Option<u32>,
    /// Requests and commands to single meters that it begins in a second, at most; the others wait for their turn. Without it there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 1_000_000.0))]
    pub sessions_per_second: Option<f64>,
}

impl Default for HeadEndSpec {
    fn default() -> Self {
        HeadEndSpec {
            workers: 8,
            service: SimTime::from_millis(5),
            service_times: ServiceTimes::Fixed,
            service_measured_ms: Vec::new(),
            queue_max: None,
            sessions_per_second: None,
        }
    }
}

/// How service times spread around their average.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceTimes {
    /// All the same.
    #[default]
    Fixed,
    /// Exponentially distributed.
    Exponential,
}
