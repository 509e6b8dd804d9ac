//! The state file: what meters that were talked to keep over a restart, and a kill.
//!
//! A log of records of fixed size, each with a check; the last record of a meter holds. Keys that a client changed have
//! records of their own, wrapped under a key that follows from the meters' secret, and are the meter's once the record of the
//! rest follows: a set of keys is changed as a whole. Counters that a meter sends with
//! are reserved in blocks: a record says from where on they are free after a restart, and it is on the disk before a
//! byte that was ciphered with a counter of its block leaves the process. What a kill leaves half-written at the end was
//! promised to nobody; a file that was cut off looks the same, so that the meter of the torn record goes on with counters that
//! cannot have been used. When the log has grown to a multiple of what it says, it is written anew under
//! another name and renamed.

use super::disk::Disk;
use super::registry::JUMP;
use amitwin_dlms::push::{PushTiming, PushTimings};
use amitwin_dlms::security::{SEALED_BYTES, Security};
use amitwin_dlms::{Changed, Rest};
use std::collections::BTreeMap;
use std::io;

/// Bytes of a record.
pub const RECORD_BYTES: usize = 88;
/// First bytes of the file; a fingerprint of the meters' keys follows.
const HEADER: &[u8; 16] = b"amitwin state 6\n";
/// First bytes of one that does not say where it was last written anew.
const FIFTH_HEADER: &[u8; 16] = b"amitwin state 5\n";
/// Number in the record that ends what was written anew; its counter is where those of meters begin that have no record.
const FLOOR: u32 = u32::MAX;
/// Bytes of a record before there were keys, policies, transactions and an operator.
const THIRD_RECORD_BYTES: usize = 72;
/// First bytes of a file of those.
const THIRD_HEADER: &[u8; 16] = b"amitwin state 3\n";
/// First bytes of one that does not say whose keys it counts for.
const SECOND_HEADER: &[u8; 16] = b"amitwin state 2\n";
/// Bytes of a record as it was before push setups could be written.
const FIRST_RECORD_BYTES: usize = 56;
/// First bytes of a file of those.
const FIRST_HEADER: &[u8; 16] = b"amitwin state 1\n";
/// Versions that are read: first bytes, bytes of a record, whether the fingerprint of the keys follows.
const VERSIONS: [(&[u8; 16], usize, bool); 5] = [
    (HEADER, RECORD_BYTES, true),
    (FIFTH_HEADER, RECORD_BYTES, true),
    (THIRD_HEADER, THIRD_RECORD_BYTES, true),
    (SECOND_HEADER, THIRD_RECORD_BYTES, false),
    (FIRST_HEADER, FIRST_RECORD_BYTES, false),
];
/// Bytes of the check at a record's end.
const CHECK_BYTES: usize = 8;
/// The log is not written anew before it has this size.
const COMPACT_BYTES_MIN: u64 = 64 << 20;

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
    fn place(&self) -> (u32, u8) {
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
    fn read(bytes: &[u8], size: usize) -> Option<Record> {
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

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&blake3::hash(bytes).as_bytes()[..CHECK_BYTES]);
    check
}

/// The state of all meters that were talked to, on a disk.
#[derive(Debug)]
pub struct StateFile<D> {
    disk: D,
    keys: [u8; 16],
    /// By meter, its keys before the rest.
    live: BTreeMap<(u32, u8), Record>,
    /// Where the counters of meters begin that have no record.
    floor: u32,
    /// What was found torn at its end.
    torn: Option<String>,
    bytes: u64,
    compact_bytes_min: u64,
    /// Something went wrong half-way: what the file holds is unknown.
    broken: bool,
}

impl<D: Disk> StateFile<D> {
    /// Reads what is there and writes it anew, so that nothing half-written stays. `keys` is the fingerprint of the meters'
    /// keys.
    ///
    /// # Errors
    /// A file that is no state file, one of other keys, one that is damaged, or what the disk says.
    pub fn open(mut disk: D, keys: [u8; 16]) -> io::Result<StateFile<D>> {
        let Parsed { live, floor, torn } = match disk.read()? {
            Some(bytes) => parse(&bytes, &keys)?,
            None => Parsed { live: BTreeMap::new(), floor: Rest::default().counter, torn: None },
        };
        let mut file =
            StateFile { disk, keys, live, floor, torn, bytes: 0, compact_bytes_min: COMPACT_BYTES_MIN, broken: false };
        file.compact()?;
        Ok(file)
    }

    /// Where the counters of meters begin that have no record.
    pub fn floor(&self) -> u32 {
        self.floor
    }

    /// What was torn at the end of the file, and what follows from it.
    pub fn torn(&self) -> Option<&str> {
        self.torn.as_deref()
    }

    /// The last record of each meter, after those of its keys.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.live.values()
    }

    /// Adds records; with `sync` they are on the disk when this returns.
    ///
    /// # Errors
    /// What the disk says. Nothing that relies on these records may leave the process then, nor anything later.
    pub fn append(&mut self, records: &[Record], sync: bool) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other("an earlier write failed"));
        }
        self.broken = true;
        let bytes: Vec<u8> = records.iter().flat_map(|record| record.0).collect();
        self.disk.append(&bytes)?;
        if sync {
            self.disk.sync()?;
        }
        self.bytes += bytes.len() as u64;
        self.live.extend(records.iter().map(|record| (record.place(), *record)));
        let live = (self.live.len() * RECORD_BYTES) as u64;
        if self.bytes > self.compact_bytes_min.max(8 * live) {
            self.compact()?;
        }
        self.broken = false;
        Ok(())
    }

    /// Writes the last state of each meter and nothing else.
    ///
    /// # Errors
    /// What the disk says.
    pub fn compact(&mut self) -> io::Result<()> {
        self.broken = true;
        let mut bytes = Vec::with_capacity(HEADER.len() + self.keys.len() + self.live.len() * RECORD_BYTES);
        bytes.extend_from_slice(HEADER);
        bytes.extend_from_slice(&self.keys);
        let floor = Record::new(FLOOR, &Rest::default(), self.floor);
        self.live.values().chain([&floor]).for_each(|record| bytes.extend_from_slice(&record.0));
        self.disk.replace(&bytes)?;
        self.bytes = bytes.len() as u64;
        self.broken = false;
        Ok(())
    }
}

/// What a file holds.
struct Parsed {
    live: BTreeMap<(u32, u8), Record>,
    floor: u32,
    torn: Option<String>,
}

fn parse(bytes: &[u8], keys: &[u8; 16]) -> io::Result<Parsed> {
    let wrong = |what: String| Err(io::Error::new(io::ErrorKind::InvalidData, what));
    let version = VERSIONS.iter().find(|(header, ..)| bytes.starts_with(*header));
    let Some((header, size, keyed)) = version.copied() else {
        return wrong(if bytes.is_empty() {
            "is empty; delete it if no meter was ever served with it, or else begin with new keys and another --state"
                .to_owned()
        } else if bytes.starts_with(b"amitwin state ") {
            "is of a version that this program does not read; begin with new keys and another --state, because with these \
             keys counters would be used again"
                .to_owned()
        } else {
            "is no state file; name another with --state".to_owned()
        });
    };
    let fingerprint = if keyed { keys.len() } else { 0 };
    let Some((told, body)) = bytes[header.len()..].split_at_checked(fingerprint) else {
        return wrong("is no state file; name another with --state".to_owned());
    };
    if keyed && told != keys {
        return wrong("counts for meters with other keys; name another with --state".to_owned());
    }
    let damaged = |at: usize| {
        wrong(format!(
            "is damaged at byte {}: put back a copy of now, not an older one, because an older one would use counters again; \
             or begin with new keys and another --state",
            bytes.len() - body.len() + at
        ))
    };
    let whole = body.chunks_exact(size);
    let torn = whole.remainder();
    let records: Vec<Option<Record>> = whole.map(|bytes| Record::read(bytes, size)).collect();
    if let Some(at) = records.iter().position(Option::is_none) {
        return damaged(at * size);
    }
    let end = records.len() * size;
    let (mut live, mut open) = (BTreeMap::new(), BTreeMap::<u32, Vec<Record>>::new());
    let mut floor = (header != HEADER).then_some(Rest::default().counter);
    for record in records.into_iter().flatten() {
        if record.number() == FLOOR {
            floor = Some(record.counter());
        } else if record.key().is_some() {
            open.entry(record.number()).or_default().push(record);
        } else {
            let set = open.remove(&record.number()).unwrap_or_default();
            live.extend(set.into_iter().chain([record]).map(|record| (record.place(), record)));
        }
    }
    // It was written anew as a whole, or not at all.
    let Some(mut floor) = floor else { return damaged(end) };
    let torn = (!torn.is_empty()).then(|| take_over(torn, &mut live, &mut floor));
    Ok(Parsed { live, floor, torn })
}

/// Counters go on where they cannot have been used by whom a torn record was about; says so.
fn take_over(torn: &[u8], live: &mut BTreeMap<(u32, u8), Record>, floor: &mut u32) -> String {
    let number = torn.first_chunk().map(|number| u32::from_le_bytes(*number));
    let known = number.and_then(|number| Some((number, *live.get(&(number, u8::MAX))?)));
    let whose = if let Some((number, record)) = known {
        let counter = record.counter().saturating_add(JUMP);
        live.insert((number, u8::MAX), Record::new(number, &record.rest(), counter));
        format!("meter {} goes on with counter {counter}", u64::from(number) + 1)
    } else {
        *floor = floor.saturating_add(JUMP);
        if number.is_none() {
            let all: Vec<Record> = live.values().filter(|record| record.key().is_none()).copied().collect();
            for record in all {
                let counter = record.counter().saturating_add(JUMP);
                live.insert(record.place(), Record::new(record.number(), &record.rest(), counter));
            }
        }
        let who = if number.is_some() { "meters of which it says nothing begin" } else { "all meters go on" };
        format!("{who} {JUMP} counters later")
    };
    format!("ended within its last record; {whose}, so that none is used again; what else had changed in it is lost")
}

#[cfg(test)]
mod tests;
