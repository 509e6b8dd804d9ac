//! Records of the state file: what a meter keeps, or a part of it that is too long for that record: a key, events, the
//! firmware's identifier, settings of the clock, prices; or the time that was served. All are of one size, with a check.

use amitwin_dlms::event_log::Event;
use amitwin_dlms::image::{Firmware, IDENTIFIER_MAX};
use amitwin_dlms::push::{PushTiming, PushTimings};
use amitwin_dlms::security::{SEALED_BYTES, Security};
use amitwin_dlms::{Changed, ClockSettings, Prices, Rest};

/// Bytes of a record.
pub const RECORD_BYTES: usize = 88;
/// Bytes of the check at a record's end.
pub(super) const CHECK_BYTES: usize = 8;
/// Number in the record that ends what was written anew.
pub(super) const FLOOR: u32 = u32::MAX;
/// Number in a record of the time that was served.
const TIME: u32 = u32::MAX - 1;

/// Where a record says what it holds: bit 0, timings of pushing; bit 1, a part and nothing else; above, the policy.
const MARK: usize = 40;
/// Marks of parts: a key, events, the firmware's identifier, settings of the clock, prices.
const KEY: u8 = 2;
const EVENTS: u8 = 3;
const FIRMWARE: u8 = 6;
const CLOCK: u8 = 7;
const PRICES: u8 = 10;
/// Bytes of a part, but for its number.
const PART_BYTES: usize = RECORD_BYTES - CHECK_BYTES - 9;
/// Rows of the event log in a record.
pub const EVENTS_EACH: u32 = 8;
/// Records that the rows of a log can touch: one more than they fill.
const EVENT_PLACES: u32 = 9;
const _: () = assert!(SEALED_BYTES < PART_BYTES && IDENTIFIER_MAX < PART_BYTES);
const _: () = assert!(8 * EVENTS_EACH as usize == PART_BYTES - 7);
/// Where it has the last transaction identifier that was used up.
const TRANSACTION: usize = 56;
/// Where it has what came later: received from the operator, two bytes of earlier versions, next counter under keys for one
/// message.
const LATER: usize = 64;

/// A part of what a meter keeps; it is the meter's once the record of the rest follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A changed key, wrapped, by its number.
    Key(usize, [u8; SEALED_BYTES]),
    /// Identifier of the active firmware image.
    Firmware(Vec<u8>),
    /// Rows of the event log, of which the first has this number.
    Events(u32, Vec<Event>),
    /// What the clock has in place of the zone of all meters.
    Clock(ClockSettings),
    /// What energy costs.
    Prices(Prices),
}

/// What one meter keeps, or a part of it. An image transfer under way is not kept: it begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record([u8; RECORD_BYTES]);

impl Record {
    /// What a meter keeps, with the first counter that is free after a restart.
    pub fn new(number: u32, rest: &Rest, counter: u32) -> Record {
        let mut bytes = [0; RECORD_BYTES];
        let mut at = 0;
        let mut put = |value: &[u8]| {
            bytes[at..at + value.len()].copy_from_slice(value);
            at += value.len();
        };
        put(&number.to_le_bytes());
        put(&counter.to_le_bytes());
        rest.received[..3].iter().for_each(|received| put(&received.to_le_bytes()));
        put(&rest.clock_offset_s.to_le_bytes());
        put(&rest.resets.to_le_bytes());
        put(&rest.relay_moves.to_le_bytes());
        put(&rest.flash_writes.to_le_bytes());
        put(&[u8::from(rest.connected), rest.relay_mode]);
        put(&rest.image().to_le_bytes());
        let timings = rest.changed.as_ref().and_then(|changed| changed.timings);
        put(&[u8::from(timings.is_some()) | rest.policy()]);
        for timing in timings.iter().flat_map(|timings| timings.0) {
            put(&timing.spread_s.to_le_bytes());
            put(&timing.pause_s.to_le_bytes());
            put(&[timing.retries]);
        }
        let transaction = rest.security().map_or(0, |security| security.transaction);
        bytes[TRANSACTION..TRANSACTION + 8].copy_from_slice(&transaction.to_le_bytes());
        bytes[LATER..LATER + 4].copy_from_slice(&rest.received[3].to_le_bytes());
        let message_counter = rest.security().map_or(0, |security| security.message_counter);
        bytes[LATER + 6..LATER + 10].copy_from_slice(&message_counter.to_le_bytes());
        Record(checked(bytes))
    }

    /// The end of what was written anew: where counters of meters begin that have no record, and whether nothing follows.
    pub(super) fn of_floor(counter: u32, closed: bool) -> Record {
        Record::new(FLOOR, &Rest { resets: u16::from(closed), ..Rest::default() }, counter)
    }

    /// Whether nothing was to follow.
    pub(super) fn is_end(&self) -> bool {
        self.number() == FLOOR && self.rest().resets == 1
    }

    /// The second since 1970 (UTC) up to which meters may have been read.
    pub fn of_time(unix_s: i64) -> Record {
        let mut bytes = [0; RECORD_BYTES];
        bytes[..4].copy_from_slice(&TIME.to_le_bytes());
        bytes[8..16].copy_from_slice(&unix_s.to_le_bytes());
        Record(checked(bytes))
    }

    /// That second, if that is what it holds.
    pub(super) fn time_s(&self) -> Option<i64> {
        (self.number() == TIME).then(|| i64::from_le_bytes(self.field(8)))
    }

    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8; RECORD_BYTES] {
        &self.0
    }

    /// A meter's changed key, wrapped.
    pub fn of_key(number: u32, which: usize, sealed: &[u8; SEALED_BYTES]) -> Record {
        Record::of_part(number, which as u32, KEY, sealed)
    }

    /// Identifier of a meter's active firmware image.
    pub fn of_firmware(number: u32, identifier: &[u8]) -> Record {
        let length = identifier.len().min(IDENTIFIER_MAX);
        Record::of_part(number, 0, FIRMWARE, &[&[length as u8], &identifier[..length]].concat())
    }

    /// What a meter's clock has in place of the zone of all meters.
    pub fn of_clock(number: u32, settings: &ClockSettings) -> Record {
        let ClockSettings { time_zone_min, begin, end, deviation_min, enabled } = settings;
        let [a, b] = time_zone_min.to_le_bytes();
        let numbers = [a, b, *deviation_min as u8, u8::from(*enabled)];
        Record::of_part(number, 0, CLOCK, &[&numbers[..], begin, end].concat())
    }

    /// What energy costs at a meter.
    pub fn of_prices(number: u32, prices: Prices) -> Record {
        Record::of_part(number, 0, PRICES, &[prices.active.to_le_bytes(), prices.passive.to_le_bytes()].concat())
    }

    /// Rows of a meter's event log, at most [`EVENTS_EACH`], of which the first has the number `first`.
    pub fn of_events(number: u32, first: u32, rows: impl Iterator<Item = Event>) -> Record {
        let mut part = vec![0];
        for event in rows.take(EVENTS_EACH as usize) {
            part[0] += 1;
            part.extend_from_slice(&(event.unix_s << 8 | i64::from(event.code)).to_le_bytes());
        }
        Record::of_part(number, first, EVENTS, &part)
    }

    fn of_part(number: u32, which: u32, mark: u8, part: &[u8]) -> Record {
        let mut bytes = [0; RECORD_BYTES];
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        bytes[4..8].copy_from_slice(&which.to_le_bytes());
        let (front, back) = part.split_at(part.len().min(MARK - 8));
        bytes[8..8 + front.len()].copy_from_slice(front);
        bytes[MARK] = mark;
        bytes[MARK + 1..MARK + 1 + back.len()].copy_from_slice(back);
        Record(checked(bytes))
    }

    /// It is a part of what a meter keeps, and not the rest.
    pub fn is_part(&self) -> bool {
        self.0[MARK] & 2 != 0
    }

    /// The part, if that is what it holds.
    pub fn part(&self) -> Option<Part> {
        let mut part = [0; PART_BYTES];
        part[..MARK - 8].copy_from_slice(&self.0[8..MARK]);
        part[MARK - 8..].copy_from_slice(&self.0[MARK + 1..RECORD_BYTES - CHECK_BYTES]);
        let which = u32::from_le_bytes(self.field(4));
        let told = &part[1..];
        match self.0[MARK] {
            KEY => {
                let mut sealed = [0; SEALED_BYTES];
                sealed.copy_from_slice(&part[..SEALED_BYTES]);
                Some(Part::Key(which as usize, sealed))
            }
            FIRMWARE => Some(Part::Firmware(told[..usize::from(part[0]).min(IDENTIFIER_MAX)].to_vec())),
            CLOCK => Some(Part::Clock(ClockSettings {
                time_zone_min: i16::from_le_bytes([part[0], part[1]]),
                deviation_min: part[2] as i8,
                enabled: part[3] != 0,
                begin: std::array::from_fn(|at| part[4 + at]),
                end: std::array::from_fn(|at| part[16 + at]),
            })),
            PRICES => Some(Part::Prices(Prices {
                active: i16::from_le_bytes([part[0], part[1]]),
                passive: i16::from_le_bytes([part[2], part[3]]),
            })),
            EVENTS => {
                let words = told.chunks_exact(8).take(usize::from(part[0])).map(|word| {
                    let mut bytes = [0; 8];
                    bytes.copy_from_slice(word);
                    i64::from_le_bytes(bytes)
                });
                let rows = words.map(|word| Event { unix_s: word >> 8, code: word as u8 });
                Some(Part::Events(which, rows.collect()))
            }
            _ => None,
        }
    }

    /// Which record it takes the place of: parts come before the rest.
    pub fn place(&self) -> (u32, u8) {
        let which = u32::from_le_bytes(self.field(4));
        let place = match self.0[MARK] {
            KEY => which as u8,
            FIRMWARE => 8,
            CLOCK => 9,
            PRICES => 10,
            EVENTS => 16 + (which / EVENTS_EACH % EVENT_PLACES) as u8,
            _ => u8::MAX,
        };
        (self.number(), place)
    }

    /// Whose it is.
    pub fn number(&self) -> u32 {
        u32::from_le_bytes(self.field(0))
    }

    /// First counter that is free after a restart.
    pub fn counter(&self) -> u32 {
        u32::from_le_bytes(self.field(4))
    }

    /// The meter as it goes on after a restart.
    pub fn rest(&self) -> Rest {
        let word = |at| u32::from_le_bytes(self.field(at));
        let half = |at| u16::from_le_bytes(self.field(at));
        let policy = self.0[MARK] & !3;
        let transaction = u64::from_le_bytes(self.field(TRANSACTION));
        let timings = (self.0[MARK] & 1 != 0).then(|| self.timings());
        let identity = u64::from_le_bytes(self.field(32));
        // Versions up to 6 do not have its identifier.
        let firmware = (identity != 0).then(|| Firmware { identity, identifier: Vec::new() });
        let changed = Changed {
            timings,
            security: Security::known(policy, transaction, word(LATER + 6)),
            firmware,
            clock: None,
            certificate: None,
            prices: None,
        };
        Rest {
            counter: self.counter(),
            received: [word(8), word(12), word(16), word(LATER)],
            clock_offset_s: i32::from_le_bytes(self.field(20)),
            resets: half(24),
            relay_moves: half(26),
            flash_writes: half(28),
            connected: self.0[30] != 0,
            relay_mode: self.0[31],
            changed: (changed != Changed::default()).then(|| Box::new(changed)),
            ..Rest::default()
        }
    }

    fn timings(&self) -> PushTimings {
        let half = |at| u16::from_le_bytes(self.field(at));
        let at = |place| 41 + 5 * place;
        PushTimings(std::array::from_fn(|place| PushTiming {
            spread_s: half(at(place)),
            pause_s: half(at(place) + 2),
            retries: self.0[at(place) + 4],
        }))
    }

    fn field<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut field = [0; N];
        field.copy_from_slice(&self.0[at..at + N]);
        field
    }

    /// From a whole record of this version or an earlier one.
    pub(super) fn read(bytes: &[u8], size: usize) -> Option<Record> {
        let (told, sum) = bytes.split_at_checked(size - CHECK_BYTES)?;
        let mut whole = [0; RECORD_BYTES];
        whole[..told.len()].copy_from_slice(told);
        (check(told) == *sum).then(|| Record(checked(whole)))
    }
}

/// With the check at the end.
fn checked(mut bytes: [u8; RECORD_BYTES]) -> [u8; RECORD_BYTES] {
    let check = check(&bytes[..RECORD_BYTES - CHECK_BYTES]);
    bytes[RECORD_BYTES - CHECK_BYTES..].copy_from_slice(&check);
    bytes
}

pub(super) fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&blake3::hash(bytes).as_bytes()[..CHECK_BYTES]);
    check
}
