//! `[head_end.broker]`: what stands between the head-end and the meter data management.

use super::quantity::{Share, Time, TimeRange};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A broker that hands rows of load profiles on to the meter data management (MDMS), an answer of a meter at a time. What is not acknowledged comes
/// again; the MDMS keeps each row once, by meter and time stamp.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BrokerSpec {
    /// Answers that the MDMS may have without having acknowledged them.
    #[schemars(range(min = 1, max = 65_535))]
    pub prefetch: u16,
    /// From the broker to the MDMS, one way.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1min"))]
    pub latency: SimTime,
    /// Rows a second that the MDMS takes.
    #[schemars(range(min = 0.001, max = 1_000_000_000.0))]
    pub rows_per_second: f64,
    /// When an answer that was not acknowledged is handed over again: after the first time, each further time twice as late, up to the second.
    #[serde(with = "TimeRange")]
    pub redelivery: (SimTime, SimTime),
    /// Share of the answers that the MDMS keeps and does not acknowledge.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 0.9))]
    pub unacknowledged: f64,
    /// Share of the answers that it neither keeps nor acknowledges.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 0.9))]
    pub unwritten: f64,
}

impl Default for BrokerSpec {
    /// Prefetch and redelivery of GXF; 278,000 rows a second, as an Oracle MDMS on a full Exadata rack; nothing goes wrong.
    fn default() -> Self {
        BrokerSpec {
            prefetch: 1,
            latency: SimTime::from_millis(1),
            rows_per_second: 278_000.0,
            redelivery: (SimTime::from_secs(300), SimTime::from_secs(900)),
            unacknowledged: 0.0,
            unwritten: 0.0,
        }
    }
}
