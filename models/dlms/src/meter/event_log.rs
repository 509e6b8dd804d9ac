//! The event log of a meter: what happened, and what its clock showed. A meter without events has none.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Rows that a log keeps; the oldest go first.
pub const ROWS_MAX: usize = 64;

/// Codes of events, as in the event lists of companion specifications.
pub mod code {
    /// A cold reset took the supply away.
    pub const POWER_DOWN: u8 = 1;
    /// The meter is up after a warm or cold reset.
    pub const POWER_UP: u8 = 2;
    /// The clock is adjusted, at the old time.
    pub const CLOCK_FROM: u8 = 4;
    /// The clock is adjusted, at the new time.
    pub const CLOCK_TO: u8 = 5;
    /// A firmware image was activated.
    pub const FIRMWARE_ACTIVATED: u8 = 18;
    /// The contacts were opened by a client.
    pub const DISCONNECTED: u8 = 62;
    /// The contacts were closed by a client.
    pub const RECONNECTED: u8 = 63;
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What the meter's clock showed, seconds since 1970, UTC.
    pub unix_s: i64,
    /// What happened, [`code`].
    pub code: u8,
}

/// What has happened to one meter, 40 bytes and 8 for each row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLog {
    /// Events so far, with those that the log has dropped.
    total: u32,
    /// Time and code in one word each.
    rows: VecDeque<i64>,
}

impl EventLog {
    /// Adds an event as the newest row.
    pub fn push(&mut self, event: Event) {
        if self.rows.len() == ROWS_MAX {
            self.rows.pop_front();
        }
        self.rows.push_back(event.unix_s << 8 | i64::from(event.code));
        self.total = self.total.saturating_add(1);
    }

    /// Events so far, with those that the log has dropped.
    pub fn total(&self) -> u32 {
        self.total
    }

    /// Number of the oldest row, counted over all events from 0.
    pub fn first(&self) -> u32 {
        self.total - self.rows.len() as u32
    }

    /// The rows, the oldest first.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Event> {
        self.rows.iter().map(|word| Event { unix_s: word >> 8, code: *word as u8 })
    }

    /// Rows that were kept elsewhere, of which the first has this number. Those that do not follow the ones before take their
    /// place.
    pub fn restore(&mut self, first: u32, rows: impl Iterator<Item = Event>) {
        if self.total != first {
            (self.total, self.rows) = (first, VecDeque::new());
        }
        rows.for_each(|event| self.push(event));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(n: u32) -> Event {
        Event { unix_s: i64::from(n) * 1_000 - 5_000, code: n as u8 }
    }

    #[test]
    fn the_oldest_rows_go_first_and_times_before_1970_hold() {
        let mut log = EventLog::default();
        (0..70).for_each(|n| log.push(event(n)));
        assert_eq!((log.total(), log.first()), (70, 6));
        assert!(log.rows().eq((6..70).map(event)));
    }

    #[test]
    fn rows_that_do_not_follow_begin_anew() {
        let mut log = EventLog::default();
        log.restore(0, (0..5).map(event));
        log.restore(16, (16..24).map(event));
        log.restore(24, (24..30).map(event));
        assert_eq!((log.total(), log.first()), (30, 16));
        assert!(log.rows().eq((16..30).map(event)));
    }
}
