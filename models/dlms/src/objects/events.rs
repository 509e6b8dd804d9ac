//! What has happened to the meter, as objects show it: last code, count, rows of the log, alarms.

use crate::meter::event_log::{Event, EventLog};
use crate::meter::rest::Rest;

/// The rows of the log, the oldest first.
pub fn rows(rest: &Rest) -> impl Iterator<Item = Event> {
    rest.log.iter().flat_map(|log| log.rows())
}

/// Code of the last event; 0 if nothing has happened.
pub fn last_code(rest: &Rest) -> u8 {
    rows(rest).last().map_or(0, |event| event.code)
}

/// Events so far, with those that the log has dropped.
pub fn total(rest: &Rest) -> u32 {
    rest.log.as_deref().map_or(0, EventLog::total)
}

/// Alarm register: bit 0 the clock differs from true time, bit 1 the contacts are open, bit 2 a firmware image is on its
/// way in.
pub fn alarms(rest: &Rest) -> u32 {
    u32::from(rest.clock_offset_s != 0) | u32::from(!rest.connected) << 1 | u32::from(rest.transfer.is_some()) << 2
}
