//! What has happened to the meter, as far as what it keeps at rest tells: kinds of events and how often.

use crate::meter::rest::Rest;

/// One kind of event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Code, as in the event lists of companion specifications.
    pub code: u8,
    /// How often.
    pub count: u32,
}

/// Most kinds that there can be.
pub const KINDS: u32 = 6;

/// The kinds that have happened, in the order of their codes.
pub fn of(rest: &Rest) -> impl Iterator<Item = Event> {
    let moves = u32::from(rest.relay_moves);
    // The contacts were closed at the factory, so every other move, from the first on, opened them.
    let all: [Event; KINDS as usize] = [
        // Power down: a cold reset took the supply away.
        Event { code: 1, count: u32::from(rest.cold_resets) },
        // Power up after a warm or cold reset.
        Event { code: 2, count: u32::from(rest.resets) },
        // Clock adjusted: it differs from true time.
        Event { code: 5, count: u32::from(rest.clock_offset_s != 0) },
        // Firmware activated.
        Event { code: 18, count: u32::from(rest.flash_writes) },
        // Remote disconnection.
        Event { code: 62, count: moves.div_ceil(2) },
        // Remote reconnection.
        Event { code: 63, count: moves / 2 },
    ];
    all.into_iter().filter(|event| event.count > 0)
}

/// The last kind in the list; zeros if nothing has happened.
pub fn last(rest: &Rest) -> Event {
    of(rest).last().unwrap_or_default()
}

/// Alarm register: bit 0 the clock differs from true time, bit 1 the contacts are open, bit 2 a firmware image is on its
/// way in.
pub fn alarms(rest: &Rest) -> u32 {
    u32::from(rest.clock_offset_s != 0) | u32::from(!rest.connected) << 1 | u32::from(rest.transfer.is_some()) << 2
}
