//! When push setups send: their spread, retries and pauses.

use crate::vocabulary::obis::{ALARM, LAST_GASP, READINGS};
use dlms_cosem_rs::obis::Obis;
use serde::{Deserialize, Serialize};

/// How a setup sends: attributes 5, 6 and 7 of its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushTiming {
    /// A push by the clock starts at a random moment up to this long after it is due, s.
    pub spread_s: u16,
    /// Attempts after one that failed.
    pub retries: u8,
    /// Time between a failure and the next attempt, s.
    pub pause_s: u16,
}

/// Setups with timings, in the order of [`PushTimings`].
pub const SETUPS: [Obis; 3] = [READINGS, LAST_GASP, ALARM];

/// How the setups of a meter send, in the order of [`SETUPS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushTimings(pub [PushTiming; 3]);

impl Default for PushTimings {
    /// As delivered. A last gasp has no energy for a second attempt.
    fn default() -> Self {
        let timing = |spread_s, retries, pause_s| PushTiming { spread_s, retries, pause_s };
        PushTimings([timing(300, 3, 60), timing(0, 0, 0), timing(10, 3, 30)])
    }
}
