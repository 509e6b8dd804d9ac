//! How push setups send: their spread, retries and pauses.

use crate::vocabulary::obis::{ALARM, LAST_GASP, READINGS};
use dlms_cosem_rs::obis::Obis;

/// How a setup sends: attributes 5, 6 and 7 of its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habit {
    /// A push by the clock starts at a random moment up to this long after it is due, s.
    pub spread_s: u16,
    /// Attempts after one that failed.
    pub retries: u8,
    /// Time between a failure and the next attempt, s.
    pub pause_s: u16,
}

/// Setups with habits, in the order of [`Habits`].
pub const SETUPS: [Obis; 3] = [READINGS, LAST_GASP, ALARM];

/// How the setups of a meter send, in the order of [`SETUPS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits(pub [Habit; 3]);

impl Default for Habits {
    /// As delivered. A last gasp has no energy for a second attempt.
    fn default() -> Self {
        let habit = |spread_s, retries, pause_s| Habit { spread_s, retries, pause_s };
        Habits([habit(300, 3, 60), habit(0, 0, 0), habit(10, 3, 30)])
    }
}
