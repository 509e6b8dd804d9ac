//! The state file: what meters that were talked to keep over a restart, and a kill.
//!
//! A log of records of fixed size, each with a check; the last record of a meter holds. Parts of what it keeps have records of
//! their own: keys that a client changed, wrapped under a key that follows from the meters' secret, rows of the event
//! log, eight in a record, the identifier of its firmware, and the settings of its clock. They are the meter's once the record of the rest follows: a
//! set of keys is changed as a whole. Counters that a meter sends with are reserved in blocks: a record says from where on
//! they are free after a restart, and it is on the disk before a byte that was ciphered with a counter of its block leaves
//! the process. A record of the time says up to which second meters may have been read (`served_clock`). What a kill
//! leaves half-written at the end was promised to nobody; a file that was cut off looks the same, within a record or between two,
//! so that all meters of a file that was not closed go on with counters that cannot have been used. When the log has grown to a multiple of what it says, it
//! is written anew under another name and renamed.

use super::disk::Disk;
use super::registry::JUMP;
use amitwin_dlms::Rest;
use record::{FLOOR, RECORD_BYTES};
use std::collections::BTreeMap;
use std::io;

mod record;

pub use record::{EVENTS_EACH, Part, Record};

/// First bytes of the file; a fingerprint of the meters' keys follows.
const HEADER: &[u8; 16] = b"amitwin state 8\n";
/// First bytes of one without clocks that have settings of their own.
const SEVENTH_HEADER: &[u8; 16] = b"amitwin state 7\n";
/// First bytes of one without the time that was served, events and identifiers of firmware.
const SIXTH_HEADER: &[u8; 16] = b"amitwin state 6\n";
/// First bytes of one that does not say where it was last written anew.
const FIFTH_HEADER: &[u8; 16] = b"amitwin state 5\n";
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
const VERSIONS: [(&[u8; 16], usize, bool); 7] = [
    (HEADER, RECORD_BYTES, true),
    (SEVENTH_HEADER, RECORD_BYTES, true),
    (SIXTH_HEADER, RECORD_BYTES, true),
    (FIFTH_HEADER, RECORD_BYTES, true),
    (THIRD_HEADER, THIRD_RECORD_BYTES, true),
    (SECOND_HEADER, THIRD_RECORD_BYTES, false),
    (FIRST_HEADER, FIRST_RECORD_BYTES, false),
];
/// The log is not written anew before it has this size.
const COMPACT_BYTES_MIN: u64 = 64 << 20;

/// The state of all meters that were talked to, on a disk.
#[derive(Debug)]
pub struct StateFile<D> {
    disk: D,
    keys: [u8; 16],
    /// By meter, its parts before the rest.
    live: BTreeMap<(u32, u8), Record>,
    /// Where the counters of meters begin that have no record.
    floor: u32,
    /// The second since 1970 (UTC) up to which meters may have been read.
    served_s: Option<i64>,
    /// How it was found, if it had not been closed.
    unclosed: Option<String>,
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
        let Parsed { live, floor, served_s, unclosed } = match disk.read()? {
            Some(bytes) => parse(&bytes, &keys)?,
            None => Parsed { live: BTreeMap::new(), floor: Rest::default().counter, served_s: None, unclosed: None },
        };
        let compact_bytes_min = COMPACT_BYTES_MIN;
        let mut file =
            StateFile { disk, keys, live, floor, served_s, unclosed, bytes: 0, compact_bytes_min, broken: false };
        file.compact()?;
        Ok(file)
    }

    /// Where the counters of meters begin that have no record.
    pub fn floor(&self) -> u32 {
        self.floor
    }

    /// The second since 1970 (UTC) up to which meters may have been read, if any was.
    pub fn served_s(&self) -> Option<i64> {
        self.served_s
    }

    /// That the file had not been closed, and what follows from it.
    pub fn unclosed(&self) -> Option<&str> {
        self.unclosed.as_deref()
    }

    /// The last record of each meter, after those of its parts.
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
        let bytes: Vec<u8> = records.iter().flat_map(|record| *record.bytes()).collect();
        self.disk.append(&bytes)?;
        if sync {
            self.disk.sync()?;
        }
        self.bytes += bytes.len() as u64;
        for record in records {
            match record.time_s() {
                Some(second) => self.served_s = self.served_s.max(Some(second)),
                None => _ = self.live.insert(record.place(), *record),
            }
        }
        let live = (self.live.len() * RECORD_BYTES) as u64;
        if self.bytes > self.compact_bytes_min.max(8 * live) {
            self.compact()?;
        }
        self.broken = false;
        Ok(())
    }

    /// Says that everything that was used is written.
    ///
    /// # Errors
    /// What the disk says.
    pub fn close(&mut self) -> io::Result<()> {
        self.write_anew(true)
    }

    /// Writes the last state of each meter and nothing else.
    ///
    /// # Errors
    /// What the disk says.
    pub fn compact(&mut self) -> io::Result<()> {
        self.write_anew(false)
    }

    fn write_anew(&mut self, closed: bool) -> io::Result<()> {
        self.broken = true;
        let mut bytes = Vec::with_capacity(HEADER.len() + self.keys.len() + self.live.len() * RECORD_BYTES);
        bytes.extend_from_slice(HEADER);
        bytes.extend_from_slice(&self.keys);
        let floor = Record::of_floor(self.floor, closed);
        let time = self.served_s.map(Record::of_time);
        self.live.values().chain(&time).chain([&floor]).for_each(|record| bytes.extend_from_slice(record.bytes()));
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
    served_s: Option<i64>,
    unclosed: Option<String>,
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
            "is damaged at byte {}: put back the file as it was when it was last used (an older copy would use counters again), or begin \
             with new keys and another --state",
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
    let ends_with_floor = [HEADER, SEVENTH_HEADER, SIXTH_HEADER].contains(&header);
    let (mut floor, mut served_s) = ((!ends_with_floor).then_some(Rest::default().counter), None);
    let is_closed = torn.is_empty() && records.last().copied().flatten().is_some_and(|last| last.is_end());
    for record in records.into_iter().flatten() {
        if record.number() == FLOOR {
            floor = Some(record.counter());
        } else if let Some(second) = record.time_s() {
            served_s = served_s.max(Some(second));
        } else if record.is_part() {
            open.entry(record.number()).or_default().push(record);
        } else {
            let set = open.remove(&record.number()).unwrap_or_default();
            live.extend(set.into_iter().chain([record]).map(|record| (record.place(), record)));
        }
    }
    // It was written anew as a whole, or not at all.
    let Some(mut floor) = floor else { return damaged(end) };
    let unclosed = (!is_closed).then(|| {
        floor = floor.saturating_add(JUMP);
        for record in live.values_mut().filter(|record| !record.is_part()) {
            *record = Record::new(record.number(), &record.rest(), record.counter().saturating_add(JUMP));
        }
        let (how, lost) = match torn {
            [] => ("was not closed", "if it was cut off, what had changed last is lost"),
            _ => ("ended within its last record", "what else had changed in it is lost"),
        };
        format!("{how}; all meters go on {JUMP} counters later, so that none is used again; {lost}")
    });
    Ok(Parsed { live, floor, served_s, unclosed })
}

#[cfg(test)]
mod tests;
