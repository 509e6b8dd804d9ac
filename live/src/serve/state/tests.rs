//! The state file over crashes at every point of writing, and over damage.

use super::record::{CHECK_BYTES, check};
use super::*;
use crate::serve::disk::FileDisk;
use crate::serve::registry::{Change, JUMP, RESERVE_FIRST, Registry};
use amitwin_dlms::image::Firmware;
use amitwin_dlms::push::{PushTiming, PushTimings};
use amitwin_dlms::security::{SEALED_BYTES, Security};
use amitwin_dlms::{Changed, Rest};
use amitwin_sim_core::rng::Stream;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Fingerprint of the meters' keys.
const KEYS: [u8; 16] = *b"keys of meters.\n";

/// Bytes before the first record.
const HEAD_BYTES: usize = HEADER.len() + KEYS.len();

/// What a disk holds: on the platter, and what a loss of power takes away.
#[derive(Debug, Default)]
struct Platter {
    durable: Option<Vec<u8>>,
    pending: Vec<u8>,
    /// Calls until the crash.
    left: u32,
    /// What decides how much of the last call is done, and whether what is pending survives.
    draw: u64,
}

impl Platter {
    /// Counts a call; `true` if it is the one that the crash cuts.
    fn crashes(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left == 0
    }

    /// After the crash: a kill leaves what is pending, a loss of power any part of it.
    fn restart(&mut self, left: u32, draw: u64) {
        let kept = match self.draw % 3 {
            0 => self.pending.len(),
            1 => 0,
            _ => (self.draw >> 8) as usize % (self.pending.len() + 1),
        };
        let pending = std::mem::take(&mut self.pending);
        if let Some(durable) = &mut self.durable {
            durable.extend_from_slice(&pending[..kept]);
        }
        (self.left, self.draw) = (left, draw);
    }
}

#[derive(Clone, Debug)]
struct CrashDisk(Arc<Mutex<Platter>>);

fn crashed<T>() -> io::Result<T> {
    Err(io::Error::other("the machine has stopped"))
}

impl Disk for CrashDisk {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let platter = self.0.lock().expect("one thread");
        Ok(platter.durable.as_ref().map(|durable| [durable.as_slice(), &platter.pending].concat()))
    }
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut platter = self.0.lock().expect("one thread");
        if platter.crashes() {
            let part = (platter.draw >> 32) as usize % (bytes.len() + 1);
            platter.pending.extend_from_slice(&bytes[..part]);
            return crashed();
        }
        platter.pending.extend_from_slice(bytes);
        Ok(())
    }
    fn sync(&mut self) -> io::Result<()> {
        let mut platter = self.0.lock().expect("one thread");
        if platter.crashes() {
            return crashed();
        }
        let pending = std::mem::take(&mut platter.pending);
        platter.durable.get_or_insert_default().extend_from_slice(&pending);
        Ok(())
    }
    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut platter = self.0.lock().expect("one thread");
        // A rename is there or not; either may be what the crash leaves.
        let cut = platter.crashes();
        if !cut || platter.draw & 1 << 40 != 0 {
            platter.durable = Some(bytes.to_vec());
            platter.pending.clear();
        }
        if cut { crashed() } else { Ok(()) }
    }
}

#[test]
fn no_counter_leaves_twice_over_a_thousand_crashes() {
    let platter = Arc::new(Mutex::new(Platter::default()));
    let mut draws = Stream::new(7, 1, 1);
    let mut seen: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    let (mut crashes, mut left) = (0, 0);
    let mut sent = 0u64;
    while crashes < 1_000 {
        left = left % 40 + 1;
        platter.lock().expect("one thread").restart(left, draws.bits());
        let disk = CrashDisk(platter.clone());
        let Ok(mut file) = StateFile::open(disk, KEYS) else {
            crashes += 1;
            continue;
        };
        file.compact_bytes_min = 8_000;
        let registry = Registry::new(file.records(), file.floor(), [0; 32]).expect("no keys are kept");
        let before = crashes;
        while crashes == before {
            // Answers of one turn: counters are taken, records gathered, and nothing leaves before they are written.
            let (mut dirty, mut sync, mut turn) = (BTreeSet::new(), false, Vec::new());
            for _ in 0..=draws.below(3) {
                let number = draws.below(4);
                for _ in 0..=draws.below(3) * RESERVE_FIRST / 2 {
                    let ((), change) = registry.meter(number).change(|rest| {
                        turn.push((number, rest.counter));
                        rest.counter += 1;
                        rest.received[2] += 1;
                    });
                    dirty.insert(number);
                    sync |= change.expect("a record is due") == Change::Sync;
                }
            }
            let records = registry.records(dirty.iter().copied());
            match file.append(&records, sync) {
                Err(_) => crashes += 1,
                Ok(()) => {
                    if sync {
                        records.iter().for_each(|record| registry.is_durable(record));
                    }
                    for (number, counter) in turn {
                        sent += 1;
                        assert!(seen.entry(number).or_default().insert(counter), "meter {number} sent {counter} twice");
                    }
                }
            }
        }
    }
    assert!(sent > 100_000, "{sent} counters were used");
}

fn timing((spread_s, retries, pause_s): (u16, u8, u16)) -> PushTiming {
    PushTiming { spread_s, retries, pause_s }
}

/// An image that is active, and nothing else that was changed.
fn firmware(identity: u64, identifier: &[u8]) -> Option<Box<Changed>> {
    let firmware = Some(Firmware { identity, identifier: identifier.to_vec() });
    Some(Box::new(Changed { firmware, ..Changed::default() }))
}

#[test]
fn a_file_of_the_first_version_is_read_and_written_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.state");
    // Meter 9: counter 40, received 1 to 3, clock -7 s, 8 resets, 9 relay moves, 6 flash writes, disconnected, mode 4.
    let mut old = Vec::new();
    [9, 40, 1, 2, 3, 0xFFFF_FFF9_u32].iter().for_each(|word| old.extend_from_slice(&word.to_le_bytes()));
    [8, 9, 6_u16].iter().for_each(|half| old.extend_from_slice(&half.to_le_bytes()));
    old.extend_from_slice(&[0, 4]);
    old.extend_from_slice(&7_u64.to_le_bytes());
    old.extend_from_slice(&[0; 8]);
    old.extend_from_slice(&blake3::hash(&old).as_bytes()[..8]);
    let bytes = [b"amitwin state 1\n", &old[..], &old[..30]].concat();
    std::fs::write(&path, bytes).expect("written");
    let expected = |counter| Rest {
        counter,
        received: [1, 2, 3, 0],
        clock_offset_s: -7,
        resets: 8,
        relay_moves: 9,
        flash_writes: 6,
        connected: false,
        changed: firmware(7, b""),
        ..Rest::default()
    };
    // What was lost at the end may have been its own: neither file says that it was closed.
    for counter in [40 + JUMP, 40 + 2 * JUMP] {
        let file = StateFile::open(FileDisk::open(&path).expect("opened"), KEYS).expect("read");
        let all: Vec<(u32, Rest)> = file.records().map(|r| (r.number(), r.rest())).collect();
        assert_eq!(all, [(9, expected(counter))]);
    }
    assert!(std::fs::read(&path).expect("there").starts_with(HEADER));
}

/// As a wrapped key may look, each byte another.
const SEALED: [u8; SEALED_BYTES] = {
    let mut sealed = [0; SEALED_BYTES];
    let mut n = 0;
    while n < SEALED_BYTES {
        sealed[n] = 0xFF - n as u8;
        n += 1;
    }
    sealed
};

#[test]
fn what_is_written_comes_back() {
    let sealed = [7; SEALED_BYTES];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new/network.state");
    let rest = Rest {
        counter: 40,
        received: [1, 2, 3, 4],
        clock_offset_s: -7,
        resets: 8,
        relay_moves: 9,
        connected: false,
        relay_mode: 5,
        flash_writes: 6,
        changed: Some(Box::new(Changed {
            timings: Some(PushTimings([(700, 1, 900), (0, 255, 65_535), (65_535, 0, 0)].map(timing))),
            security: Security::known(0xFC, u64::MAX - 1, 77),
            firmware: Some(Firmware { identity: 0x0123_4567_89AB_CDEF, identifier: Vec::new() }),
            clock: None,
            certificate: None,
            prices: None,
        })),
        ..Rest::default()
    };
    {
        let mut file = StateFile::open(FileDisk::open(&path).expect("opened"), KEYS).expect("read");
        file.append(&[Record::new(7, &Rest::default(), 1), Record::new(9, &rest, 40)], true).expect("written");
        file.append(&[Record::new(7, &rest, 41)], false).expect("written");
        let set = [Record::of_key(9, 3, &sealed), Record::of_key(9, 3, &SEALED), Record::new(9, &rest, 40)];
        file.append(&set, true).expect("written");
        drop(file);
        // A key whose set is not closed by the rest is not there.
        let mut text = std::fs::read(&path).expect("there");
        text.extend_from_slice(Record::of_key(9, 3, &sealed).bytes());
        std::fs::write(&path, text).expect("written");
        let mut file = StateFile::open(FileDisk::open(&path).expect("opened"), KEYS).expect("read");
        let busy = FileDisk::open(&path).expect_err("in use");
        assert!(busy.to_string().contains("in use by another"), "{busy}");
        file.close().expect("written");
    }
    let file = StateFile::open(FileDisk::open(&path).expect("opened"), KEYS).expect("read");
    let meters = file.records().filter(|record| !record.is_part());
    let all: Vec<(u32, Rest)> = meters.map(|r| (r.number(), r.rest())).collect();
    let at = |counter| Rest { counter: counter + JUMP, ..rest.clone() };
    assert_eq!(all, [(7, at(41)), (9, at(40))]);
    let keys: Vec<(u32, Part)> = file.records().filter_map(|r| Some((r.number(), r.part()?))).collect();
    assert_eq!(keys, [(9, Part::Key(3, SEALED))], "the last one holds");
    assert_eq!(std::fs::metadata(&path).expect("there").len() as usize, HEAD_BYTES + 4 * RECORD_BYTES);
}

#[test]
fn damage_is_told_wherever_it_is_and_a_torn_end_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.state");
    let mut file = StateFile::open(FileDisk::open(&path).expect("opened"), KEYS).expect("read");
    let records: Vec<Record> = (0..10).map(|n| Record::new(n, &Rest::default(), 5)).collect();
    file.append(&records, true).expect("written");
    drop(file);
    let good = std::fs::read(&path).expect("there");
    let open = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("written");
        StateFile::open(FileDisk::open(&path).expect("opened"), KEYS).map(|file| file.records().count())
    };
    for cut in 0..RECORD_BYTES {
        assert_eq!(open(&good[..good.len() - cut]).expect("read"), if cut == 0 { 10 } else { 9 });
    }
    // What was written anew is whole.
    for cut in HEAD_BYTES..HEAD_BYTES + RECORD_BYTES {
        assert!(open(&good[..cut]).expect_err("cut off").to_string().contains("damaged at byte"), "{cut}");
    }
    let mut flipped = good.clone();
    flipped[HEAD_BYTES + 3 * RECORD_BYTES + 5] ^= 1;
    let message = open(&flipped).expect_err("damaged").to_string();
    assert!(message.contains(&format!("damaged at byte {}", HEAD_BYTES + 3 * RECORD_BYTES)), "{message}");
    // Every bit of the last record, and garbage behind it.
    for at in good.len() - RECORD_BYTES..good.len() {
        let mut flipped = good.clone();
        flipped[at] ^= 1 << (at % 8);
        let message = open(&flipped).expect_err("damaged").to_string();
        assert!(message.contains(&format!("damaged at byte {}", HEAD_BYTES + 10 * RECORD_BYTES)), "{at}: {message}");
    }
    assert!(
        open(&[&good[..], &[7; RECORD_BYTES]].concat()).expect_err("garbage").to_string().contains("damaged at byte")
    );
    assert!(open(b"").expect_err("empty").to_string().contains("is empty"));
    assert!(open(b"something else").expect_err("no state file").to_string().contains("no state file"));
}

#[test]
fn counters_of_other_keys_are_not_taken_for_these() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.state");
    let open = |keys| StateFile::open(FileDisk::open(&path).expect("opened"), keys);
    open(KEYS).expect("new").append(&[Record::new(1, &Rest::default(), 5)], true).expect("written");
    let message = open([7; 16]).expect_err("of other keys").to_string();
    assert!(message.contains("other keys") && message.contains("--state"), "{message}");
    assert_eq!(open(KEYS).expect("untouched").records().count(), 1);
    // A file of before did not say whose counters it has.
    let told = std::fs::read(&path).expect("there");
    let record = &told[HEAD_BYTES..][..THIRD_RECORD_BYTES - CHECK_BYTES];
    let check = &check(record)[..];
    let third = [&b"amitwin state 3\n"[..], &KEYS, record, check].concat();
    std::fs::write(&path, &third).expect("written");
    assert_eq!(open(KEYS).expect("of the last version").records().count(), 1);
    std::fs::write(&path, &third).expect("written");
    assert!(open([7; 16]).is_err(), "of other keys");
    std::fs::write(&path, [&SECOND_HEADER[..], record, check].concat()).expect("written");
    assert_eq!(open(KEYS).expect("taken over").records().count(), 1);
    assert!(open([7; 16]).is_err(), "it belongs to those keys now");
}

#[test]
fn a_file_that_was_not_closed_goes_on_where_nobody_has_been_wherever_it_was_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.state");
    let open = || StateFile::open(FileDisk::open(&path).expect("opened"), KEYS).expect("read");
    let rest = Rest { relay_moves: 9, ..Rest::default() };
    let mut file = open();
    file.append(&[Record::new(4, &rest, 100), Record::new(5, &rest, 100), Record::new(5, &rest, 8_292)], true)
        .expect("written");
    assert_eq!(file.unclosed(), None, "it was new");
    drop(file);
    let whole = std::fs::read(&path).expect("there");
    let kept = |file: &StateFile<FileDisk>| -> Vec<_> {
        file.records().map(|record| (record.number(), record.counter(), record.rest().relay_moves)).collect()
    };
    // As a kill leaves it, cut off between two records, and within one; nobody can tell how many were there.
    for (left, last, words) in [
        (whole.len(), 8_292, "was not closed"),
        (whole.len() - RECORD_BYTES, 100, "was not closed"),
        (whole.len() - 1, 100, "ended within its last record"),
        (whole.len() - RECORD_BYTES + 1, 100, "ended within its last record"),
    ] {
        std::fs::write(&path, &whole[..left]).expect("written");
        let mut file = open();
        assert_eq!((kept(&file), file.floor()), (vec![(4, 100 + JUMP, 9), (5, last + JUMP, 9)], 1 + JUMP), "{left}");
        // Where a record was lost that had reserved 8,192 more, 100 + 16,384 is beyond them.
        let how = file.unclosed().expect("told");
        assert!(how.starts_with(words) && how.contains("all meters go on 16384 counters later"), "{how}");
        let found = (kept(&file), file.floor());
        file.close().expect("written");
        drop(file);
        let file = open();
        assert_eq!((file.unclosed(), (kept(&file), file.floor())), (None, found), "what was closed moves no counter");
    }
}

#[test]
fn a_file_is_used_by_one_server_whatever_its_name() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let open = |name: &str| FileDisk::open(&path(name)).and_then(|disk| StateFile::open(disk, KEYS));
    let refused = |name: &str| open(name).expect_err(name).to_string();
    let mut file = open("a.state").expect("new");
    file.append(&[Record::new(1, &Rest::default(), 5)], true).expect("written");
    symlink("a.state", path("b.state")).expect("linked");
    symlink(folder.path(), path("folder")).expect("linked");
    std::fs::hard_link(path("a.state"), path("c.state")).expect("linked");
    for name in ["a.state", "b.state", "c.state", "folder/a.state"] {
        assert!(refused(name).contains("in use by another amitwin serve"), "{name}: {}", refused(name));
    }
    // Once it is replaced, the other name has an old file, which is locked as long.
    file.compact().expect("replaced");
    file.compact().expect("replaced");
    for name in ["a.state", "b.state", "c.state"] {
        assert!(refused(name).contains("in use by another amitwin serve"), "{name}: {}", refused(name));
    }
    drop(file);
    assert_eq!(open("b.state").expect("read").records().count(), 1);
    assert!(path("b.state").symlink_metadata().expect("there").is_symlink(), "a link stays one");
    std::fs::hard_link(path("a.state"), path("d.state")).expect("linked");
    assert!(refused("a.state").contains("is a file with 2 names"), "{}", refused("a.state"));
    std::fs::remove_file(path("d.state")).expect("removed");
    assert!(open("a.state").is_ok());
}

#[test]
fn an_older_server_that_locks_a_file_beside_keeps_this_one_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.state");
    let older = std::fs::File::create(folder.path().join("a.state.lock")).expect("made");
    older.try_lock().expect("locked");
    let refused = FileDisk::open(&path).expect_err("in use").to_string();
    assert!(refused.contains("in use by another amitwin serve"), "{refused}");
    assert!(!path.exists(), "nothing is left of the attempt");
    drop(older);
    assert!(FileDisk::open(&path).is_ok());
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    for name in ["/dev/full", "/dev/null", "/"] {
        let refused = FileDisk::open(std::path::Path::new(name)).expect_err(name).to_string();
        assert!(refused.contains("is no regular file"), "{name}: {refused}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("a.state");
    std::os::unix::fs::symlink("nowhere.state", &link).expect("linked");
    let refused = FileDisk::open(&link).expect_err("a link to nothing").to_string();
    assert!(refused.starts_with("is a link to a file that is not there; bring that file back"), "{refused}");
    assert!(!folder.path().join("nowhere.state").exists());
}

#[test]
fn the_time_that_was_served_comes_back_and_a_torn_one_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.state");
    let open = || StateFile::open(FileDisk::open(&path).expect("opened"), KEYS).expect("read");
    let mut file = open();
    assert_eq!(file.served_s(), None);
    let meter = Record::new(4, &Rest::default(), 100);
    file.append(&[Record::of_time(1_800_000_000), meter, Record::of_time(1_799_999_999)], false).expect("written");
    assert_eq!(file.served_s(), Some(1_800_000_000), "the latest counts, whoever writes last");
    drop(file);
    assert_eq!(open().served_s(), Some(1_800_000_000), "as it was appended");
    let file = open();
    assert_eq!((file.served_s(), file.records().count()), (Some(1_800_000_000), 1), "as it was written anew");
    drop(file);
    let whole = std::fs::read(&path).expect("there");
    std::fs::write(&path, [&whole[..], &Record::of_time(1_900_000_000).bytes()[..20]].concat()).expect("written");
    let file = open();
    assert_eq!((file.records().count(), file.served_s()), (1, Some(1_800_000_000)));
    drop(file);
    // Two versions before had the same records but for these; the one before had these, and no settings of clocks.
    let floor = &whole[whole.len() - RECORD_BYTES..];
    std::fs::write(&path, [&SIXTH_HEADER[..], &KEYS, meter.bytes(), floor].concat()).expect("written");
    let file = open();
    assert_eq!((file.records().count(), file.served_s()), (1, None));
    drop(file);
    std::fs::write(&path, [&SEVENTH_HEADER[..], &whole[HEADER.len()..]].concat()).expect("written");
    let file = open();
    assert_eq!((file.records().count(), file.served_s()), (1, Some(1_800_000_000)));
}
