//! The server's state file: one that was written honestly and then damaged, or one of made-up records with right checks.

use crate::Input;
use amitwin_dlms::event_log::Event;
use amitwin_dlms::{ClockSettings, Rest, security};
use amitwin_live::serve::{Disk, Record, StateFile};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

const KEYS: [u8; 16] = *b"keys of meters.\n";
/// First bytes of a file of each version, bytes of a record, and whether the fingerprint of the keys follows.
const VERSIONS: [(&[u8; 16], usize, bool); 7] = [
    (b"amitwin state 8\n", 88, true),
    (b"amitwin state 7\n", 88, true),
    (b"amitwin state 6\n", 88, true),
    (b"amitwin state 5\n", 88, true),
    (b"amitwin state 3\n", 72, true),
    (b"amitwin state 2\n", 72, false),
    (b"amitwin state 1\n", 56, false),
];
/// Number in the record whose counter is where meters without one begin.
const FLOOR: u32 = u32::MAX;
/// Number in a record of the time that was served.
const TIME: u32 = u32::MAX - 1;
/// Where a record says that it is a part of what a meter keeps, such as a key.
const MARK: usize = 40;

/// A disk in memory.
#[derive(Clone, Default)]
struct Memory(Rc<RefCell<Option<Vec<u8>>>>);

impl Disk for Memory {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.borrow().clone())
    }
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().get_or_insert_default().extend_from_slice(bytes);
        Ok(())
    }
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        *self.0.borrow_mut() = Some(bytes.to_vec());
        Ok(())
    }
}

/// What a file has promised: counters by meter, and where those without a record begin.
#[derive(Clone, Debug, Default)]
struct Promised {
    counters: BTreeMap<u32, u32>,
    floor: u32,
}

/// One input: a file.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let (bytes, promised) = match input.byte() {
        0 => (input.0.to_vec(), Promised::default()),
        way if way & 1 == 0 => made_up(&mut input),
        _ => damaged(&mut input),
    };
    judge(bytes, &promised);
}

/// Records of any content with the check that they need, and what is torn at the end.
fn made_up(input: &mut Input<'_>) -> (Vec<u8>, Promised) {
    let (header, size, keyed) = VERSIONS[usize::from(input.byte()) % VERSIONS.len()];
    let mut bytes = header.to_vec();
    if keyed {
        bytes.extend_from_slice(&KEYS);
    }
    let mut promised = Promised::default();
    while !input.0.is_empty() {
        let kind = input.byte();
        if kind == 0 {
            let torn = input.take(size - 1);
            bytes.extend_from_slice(torn);
            break;
        }
        let mut record = input.take(size - 8).to_vec();
        record.resize(size - 8, 0);
        if kind & 1 != 0 {
            // So that the same meters come again.
            record[1..4].fill(0);
        }
        if kind & 2 != 0 {
            record[..4].fill(0xFF);
        }
        let word = |at: usize| u32::from_le_bytes(*record[at..].first_chunk().expect("4 bytes"));
        let (number, counter) = (word(0), word(4));
        if number == FLOOR {
            promised.floor = counter;
        } else if record[MARK] & 2 == 0 && number != TIME {
            promised.counters.insert(number, counter);
        }
        bytes.extend_from_slice(&record);
        bytes.extend_from_slice(&blake3::hash(&record).as_bytes()[..8]);
    }
    (bytes, promised)
}

/// A file that was written turn by turn, with what had been promised where the damage begins.
fn damaged(input: &mut Input<'_>) -> (Vec<u8>, Promised) {
    let disk = Memory::default();
    let mut file = StateFile::open(disk.clone(), KEYS).expect("a new one");
    let (mut now, mut ends) = (Promised { floor: 1, ..Promised::default() }, Vec::new());
    ends.push((length(&disk), now.clone()));
    for _ in 0..input.byte() % 8 {
        let (number, step) = (u32::from(input.byte() & 7), u32::from(input.byte()));
        let counter = now.counters.get(&number).copied().unwrap_or(now.floor).saturating_add(step << 8);
        let rest = Rest { received: [1, 2, 3, step], resets: step as u16, ..Rest::default() };
        let mut records = Vec::new();
        if step & 1 != 0 {
            records.push(Record::of_key(number, step as usize % security::KEYS, &[step as u8; security::SEALED_BYTES]));
        }
        if step & 2 != 0 {
            let rows = (0..step % 9).map(|row| Event { unix_s: i64::from(row), code: step as u8 });
            records.push(Record::of_events(number, step, rows));
            records.push(Record::of_firmware(number, &[step as u8; 9]));
        }
        if step & 4 != 0 {
            let (begin, end) = ([step as u8; 12], [0xFF; 12]);
            let settings = ClockSettings { time_zone_min: -60, begin, end, deviation_min: 60, enabled: true };
            records.push(Record::of_clock(number, &settings));
        }
        if step & 8 != 0 {
            records.push(Record::of_time(i64::from(step)));
        }
        records.push(Record::new(number, &rest, counter));
        file.append(&records, true).expect("a disk in memory");
        now.counters.insert(number, counter);
        ends.push((length(&disk), now.clone()));
        if step & 6 == 6 {
            file.compact().expect("a disk in memory");
            // What was there before is gone, and all of this is one write.
            ends = vec![(length(&disk), now.clone())];
        }
    }
    let mut bytes = disk.0.take().expect("written");
    let at = usize::from(u16::from_be_bytes([input.byte(), input.byte()])) % (bytes.len() + 1);
    match input.byte() & 3 {
        0 => bytes.truncate(at),
        1 => {
            let flip = input.byte();
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= flip;
            }
        }
        2 => {
            bytes.truncate(at);
            bytes.extend_from_slice(input.0);
        }
        _ => bytes.splice(at..at, input.0.iter().copied()).for_each(drop),
    }
    let promised = ends.iter().rev().find(|(end, _)| *end <= at).map(|(_, promised)| promised.clone());
    (bytes, promised.unwrap_or_default())
}

fn length(disk: &Memory) -> usize {
    disk.0.borrow().as_ref().map_or(0, Vec::len)
}

fn records(file: &StateFile<Memory>) -> Vec<Record> {
    file.records().copied().collect()
}

fn judge(bytes: Vec<u8>, promised: &Promised) {
    let disk = Memory(Rc::new(RefCell::new(Some(bytes.clone()))));
    let Ok(mut file) = StateFile::open(disk.clone(), KEYS) else {
        assert_eq!(disk.0.take(), Some(bytes), "a file that was refused is changed");
        return;
    };
    assert!(file.floor() >= promised.floor, "meters without a record begin at {}: {promised:?}", file.floor());
    let counters: BTreeMap<u32, u32> =
        file.records().filter(|record| !record.is_part()).map(|r| (r.number(), r.counter())).collect();
    for (number, counter) in &promised.counters {
        let goes_on = counters.get(number).copied().unwrap_or(file.floor());
        assert!(goes_on >= *counter, "meter {number} goes on at {goes_on}, and has used those below {counter}");
    }
    file.close().expect("a disk in memory");
    let (all, floor, written) = (records(&file), file.floor(), disk.0.borrow().clone());
    let mut again = StateFile::open(disk.clone(), KEYS).expect("what was closed");
    assert_eq!((records(&again), again.floor(), again.unclosed()), (all, floor, None));
    again.close().expect("a disk in memory");
    assert_eq!(*disk.0.borrow(), written, "what was closed is written otherwise");
    let last = Record::new(3, &Rest::default(), u32::MAX - 1);
    again.append(&[last], true).expect("a disk in memory");
    again.close().expect("a disk in memory");
    let again = StateFile::open(disk, KEYS).expect("what was added to");
    assert!(again.records().any(|record| *record == last) && again.unclosed().is_none(), "what was added is lost");
}

/// Files that are whole, torn, and damaged.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![b"\0amitwin state 8\n".to_vec(), b"\0".to_vec()];
    // Six turns of four meters; then cut off, flipped, longer.
    let turns = [6, 1, 10, 2, 7, 1, 3, 3, 9, 2, 255, 4, 2];
    for damage in [0, 1, 2, 3] {
        for at in [0_u16, 20, 40, 130, 200, 300, 500] {
            seeds.push([&[1][..], &turns, &at.to_be_bytes(), &[damage], &[0xFF; 9]].concat());
        }
    }
    for version in 0..VERSIONS.len() as u8 {
        let size = VERSIONS[usize::from(version)].1 - 8;
        let record = |kind: u8, number: u32, counter: u32, mark: u8| {
            let mut record = vec![0; size + 1];
            record[0] = kind;
            record[1..5].copy_from_slice(&number.to_le_bytes());
            record[5..9].copy_from_slice(&counter.to_le_bytes());
            record[1 + MARK] = mark;
            record
        };
        let meters = [record(1, 4, 9, 2), record(1, 4, 70, 1), record(1, 5, 30, 0), record(2, 0, 7, 0)].concat();
        seeds.push([&[2, version][..], &meters].concat());
        seeds.push([&[2, version][..], &meters, &[0, 4, 0, 0, 0, 9]].concat());
    }
    seeds
}
