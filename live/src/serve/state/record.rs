//! Records of the state file: what a meter keeps, one of its keys, or the time that was served, as bytes with a check.

use amitwin_dlms::push::{PushTiming, PushTimings};
use amitwin_dlms::security::{SEALED_BYTES, Security};
use amitwin_dlms::{Changed, Rest};

/// Bytes of a record.
pub const RECORD_BYTES: usize = 88;
/// Bytes of the check at a record's end.
pub(super) const CHECK_BYTES: usize = 8;
/// Number in the record that ends what was written anew; its counter is where those of meters begin that have no record.
pub(super) const FLOOR: u32 = u32::MAX;
/// Number in a record of the time that was served.
pub(super) const TIME: u32 = u32::MAX - 1;

/// Where a record says what it holds: bit 0, timings of pushing; bit 1, a key and nothing else; above, the policy.
const MARK: usize = 40;
/// Where it has the last transaction identifier that was used up.
const TRANSACTION: usize = 56;
/// Where it has what came later: received from the operator, cold resets, next counter under keys for one message.
const LATER: usize = 64;

/// What one meter keeps, or one of its keys. An image transfer under way is not kept: it begins anew.
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
        put(&rest.image.to_le_bytes());
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
        bytes[LATER + 4..LATER + 6].copy_from_slice(&rest.cold_resets.to_le_bytes());
        let message_counter = rest.security().map_or(0, |security| security.message_counter);
        bytes[LATER + 6..LATER + 10].copy_from_slice(&message_counter.to_le_bytes());
        Record(checked(bytes))
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
        let mut bytes = [0; RECORD_BYTES];
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        bytes[4] = which as u8;
        bytes[8..MARK].copy_from_slice(&sealed[..MARK - 8]);
        bytes[MARK] = 2;
        bytes[MARK + 1..=SEALED_BYTES + 8].copy_from_slice(&sealed[MARK - 8..]);
        Record(checked(bytes))
    }

    /// Number of the key and its wrapped bytes, if that is what it holds.
    pub fn key(&self) -> Option<(usize, [u8; SEALED_BYTES])> {
        let mut sealed = [0; SEALED_BYTES];
        sealed[..MARK - 8].copy_from_slice(&self.0[8..MARK]);
        sealed[MARK - 8..].copy_from_slice(&self.0[MARK + 1..=SEALED_BYTES + 8]);
        (self.0[MARK] & 2 != 0).then_some((usize::from(self.0[4]), sealed))
    }

    /// Which record it takes the place of: keys come before the rest.
    pub(super) fn place(&self) -> (u32, u8) {
        (self.number(), self.key().map_or(u8::MAX, |(which, _)| which as u8))
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
        let changed = Changed { timings, security: Security::known(policy, transaction, word(LATER + 6)) };
        Rest {
            counter: self.counter(),
            received: [word(8), word(12), word(16), word(LATER)],
            clock_offset_s: i32::from_le_bytes(self.field(20)),
            resets: half(24),
            cold_resets: half(LATER + 4),
            relay_moves: half(26),
            flash_writes: half(28),
            connected: self.0[30] != 0,
            relay_mode: self.0[31],
            image: u64::from_le_bytes(self.field(32)),
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
