//! What meters keep while they are served: only of those that were talked to.

use super::state::{EVENTS_EACH, Part, Record};
use amitwin_dlms::push::PushTimings;
use amitwin_dlms::security::KEYS;
use amitwin_dlms::{ClockSettings, Prices, Rest};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Parts of the table that can be used at the same time.
const SHARDS: usize = 64;
/// Counters that a meter's first answer reserves.
pub const RESERVE_FIRST: u32 = 64;
/// Counters that later ones reserve.
const RESERVE: u32 = 8_192;
/// Counters that one answer may take.
const ANSWER: u32 = 256;
/// More counters than a record that was lost can have reserved: a block beyond those of the record before it, and what one
/// answer took before the block was due.
pub const JUMP: u32 = 2 * RESERVE;
const _: () = assert!(JUMP > RESERVE + ANSWER);

/// One meter that was talked to.
#[derive(Debug)]
struct Entry {
    rest: Rest,
    /// Counters below this are reserved by a record that is on the disk.
    durable: u32,
    /// Counters below this are reserved by the next record.
    promised: u32,
    /// What records have told of.
    told: Told,
    /// Resets since the start; associations of an earlier boots are gone.
    boots: u32,
    /// It starts up until then.
    away_until: Option<Instant>,
}

/// All of them.
#[derive(Debug)]
pub struct Registry {
    shards: Vec<Mutex<BTreeMap<u32, Entry>>>,
    /// Key of the keys that records hold.
    storage: [u8; 32],
    /// Where the counters of meters begin of which nothing is known.
    floor: u32,
}

/// How a change of what a meter keeps must be written before the answer leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// A kill must not take it back.
    Write,
    /// Neither must a loss of power.
    Sync,
}

impl Registry {
    /// With what is known from before, and counters of others from `floor` on; meters' changed keys are kept under the key
    /// `storage`.
    ///
    /// # Errors
    /// The number of a meter whose kept key cannot be unwrapped.
    pub fn new<'a>(records: impl Iterator<Item = &'a Record>, floor: u32, storage: [u8; 32]) -> Result<Registry, u32> {
        let mut registry = Registry { shards: Vec::new(), storage, floor };
        registry.shards.resize_with(SHARDS, Default::default);
        let mut parts = Vec::new();
        for record in records {
            if let Some(part) = record.part() {
                parts.push(part);
                continue;
            }
            // The parts before it are this meter's.
            let (number, mut rest) = (record.number(), record.rest());
            if !take(&mut rest, parts.drain(..), &storage) {
                return Err(number);
            }
            registry.shard(number).insert(number, fresh(rest));
        }
        Ok(registry)
    }

    /// A meter; no one else can use it meanwhile.
    pub fn meter(&self, number: u32) -> Locked<'_> {
        Locked { number, shard: self.shard(number), floor: self.floor }
    }

    /// Looks at what a meter keeps.
    pub fn look<T>(&self, number: u32, look: impl FnOnce(&Rest) -> T) -> T {
        match self.shard(number).get(&number) {
            Some(entry) => look(&entry.rest),
            None => look(&untouched(self.floor)),
        }
    }

    /// Meters that were talked to.
    pub fn touched(&self) -> usize {
        (0..SHARDS as u32).map(|n| self.shard(n).len()).sum()
    }

    /// What is to be written of meters. Whoever writes it holds the state file from before this call until it is written,
    /// so that no older record follows a newer one.
    pub fn records(&self, numbers: impl Iterator<Item = u32>) -> Vec<Record> {
        let mut all = Vec::new();
        for number in numbers {
            if let Some(entry) = self.shard(number).get_mut(&number) {
                entry.record(number, entry.promised, &self.storage, &mut all);
            }
        }
        all
    }

    /// A record of the meter is on the disk.
    pub fn is_durable(&self, record: &Record) {
        if record.is_part() {
            return;
        }
        if let Some(entry) = self.shard(record.number()).get_mut(&record.number()) {
            entry.durable = entry.durable.max(record.counter());
        }
    }

    /// Records that free what was reserved and not used, for a clean end; a part of the meters at a time.
    pub fn last_records(&self) -> impl Iterator<Item = Vec<Record>> {
        (0..SHARDS as u32).map(|n| {
            let mut records = Vec::new();
            self.shard(n)
                .iter_mut()
                .for_each(|(number, entry)| entry.record(*number, entry.rest.counter, &self.storage, &mut records));
            records
        })
    }

    fn shard(&self, number: u32) -> MutexGuard<'_, BTreeMap<u32, Entry>> {
        // Nobody leaves an entry half-changed by a panic: a meter's answer is computed on it as a whole.
        self.shards[number as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One meter, for the time of one answer.
#[derive(Debug)]
pub struct Locked<'a> {
    number: u32,
    shard: MutexGuard<'a, BTreeMap<u32, Entry>>,
    floor: u32,
}

impl Locked<'_> {
    /// Resets since the start.
    pub fn boots(&self) -> u32 {
        self.shard.get(&self.number).map_or(0, |entry| entry.boots)
    }

    /// Whether it starts up at this moment.
    pub fn is_away(&self, now: Instant) -> bool {
        self.shard.get(&self.number).and_then(|entry| entry.away_until).is_some_and(|until| now < until)
    }

    /// It has reset, and is away until then.
    pub fn reset(&mut self, until: Option<Instant>) {
        let floor = self.floor;
        let entry = self.shard.entry(self.number).or_insert_with(|| fresh(untouched(floor)));
        entry.boots = entry.boots.wrapping_add(1);
        entry.away_until = until;
    }

    /// Does something to what it keeps, and says what of that must be written down.
    pub fn change<T>(&mut self, work: impl FnOnce(&mut Rest) -> T) -> (T, Option<Change>) {
        let number = self.number;
        if let Some(entry) = self.shard.get_mut(&number) {
            return entry.change(work);
        }
        // Most meters are only read, and leave nothing behind.
        let mut entry = fresh(untouched(self.floor));
        let (done, change) = entry.change(work);
        if change.is_some() || entry.rest.transfer.is_some() {
            self.shard.insert(number, entry);
        }
        (done, change)
    }
}

/// A meter that was not talked to, whose counters begin there.
fn untouched(floor: u32) -> Rest {
    Rest { counter: floor, ..Rest::default() }
}

fn fresh(rest: Rest) -> Entry {
    let told = Told { generation: 0, ..Told::of(&rest) };
    Entry { durable: rest.counter, promised: rest.counter, rest, told, boots: 0, away_until: None }
}

/// What a meter keeps besides the record of the rest.
#[derive(Debug)]
struct Told {
    /// Changes of keys.
    generation: u32,
    /// The image that is active.
    image: u64,
    /// Events so far.
    events: u32,
    /// What its clock has of its own.
    clock: Option<Box<ClockSettings>>,
    /// What energy costs there.
    prices: Prices,
}

impl Told {
    fn of(rest: &Rest) -> Told {
        Told {
            generation: rest.generation(),
            image: rest.image(),
            events: events(rest),
            clock: rest.clock_settings().map(|settings| Box::new(*settings)),
            prices: rest.prices(),
        }
    }
}

/// Events of a meter so far.
fn events(rest: &Rest) -> u32 {
    rest.log.as_ref().map_or(0, |log| log.total())
}

/// Puts parts of a meter in their places; whether the keys among them could be unwrapped.
fn take(rest: &mut Rest, parts: impl Iterator<Item = Part>, storage: &[u8; 32]) -> bool {
    let mut blocks = Vec::new();
    for part in parts {
        match part {
            Part::Key(which, sealed) => {
                if !rest.security_mut().unseal(which, &sealed, storage) {
                    return false;
                }
            }
            Part::Firmware(identifier) => {
                if let Some(firmware) = rest.changed.as_mut().and_then(|changed| changed.firmware.as_mut()) {
                    firmware.identifier = identifier;
                }
            }
            Part::Events(first, rows) => blocks.push((first, rows)),
            Part::Prices(prices) => rest.changed.get_or_insert_default().prices = Some(prices),
            Part::Clock(settings) => rest.changed.get_or_insert_default().clock = Some(Box::new(settings)),
        }
    }
    blocks.sort_unstable_by_key(|(first, _)| *first);
    for (first, rows) in blocks {
        rest.log.get_or_insert_default().restore(first, rows.into_iter());
    }
    true
}

impl Entry {
    /// Appends what is to be written; parts first, and only those that were not written before.
    fn record(&mut self, number: u32, counter: u32, storage: &[u8; 32], all: &mut Vec<Record>) {
        let generation = self.rest.generation();
        if let Some(security) = self.rest.security().filter(|_| generation != self.told.generation) {
            let sealed = (0..KEYS).filter_map(|which| Some((which, security.sealed(which, storage)?)));
            all.extend(sealed.map(|(which, sealed)| Record::of_key(number, which, &sealed)));
        }
        if let Some(firmware) = self.rest.firmware().filter(|firmware| firmware.identity != self.told.image) {
            all.push(Record::of_firmware(number, &firmware.identifier));
        }
        if let Some(settings) = self.rest.clock_settings().filter(|own| Some(*own) != self.told.clock.as_deref()) {
            all.push(Record::of_clock(number, settings));
        }
        if self.rest.prices() != self.told.prices {
            all.push(Record::of_prices(number, self.rest.prices()));
        }
        if let Some(log) = &self.rest.log {
            // A record has the rows of one multiple of its size, so that a later one takes its place.
            let begins = self.told.events / EVENTS_EACH..log.total().div_ceil(EVENTS_EACH);
            for begin in begins.map(|block| block * EVENTS_EACH).filter(|begin| begin + EVENTS_EACH > log.first()) {
                let first = begin.max(log.first());
                let rows = log.rows().skip((first - log.first()) as usize);
                all.push(Record::of_events(number, first, rows.take((begin + EVENTS_EACH - first) as usize)));
            }
        }
        self.told = Told::of(&self.rest);
        all.push(Record::new(number, &self.rest, counter));
    }

    fn change<T>(&mut self, work: impl FnOnce(&mut Rest) -> T) -> (T, Option<Change>) {
        let (lasting, received) = (Lasting::of(&self.rest), received(&self.rest));
        // The answer does not leave before a record has reserved what it took.
        self.rest.counter_reserved = self.rest.counter.saturating_add(ANSWER);
        let done = work(&mut self.rest);
        let counter = self.rest.counter;
        if counter > self.promised {
            let first = self.promised <= Rest::default().counter;
            self.promised = counter.saturating_add(if first { RESERVE_FIRST } else { RESERVE });
        }
        let change = if counter > self.durable || lasting != Lasting::of(&self.rest) {
            Some(Change::Sync)
        } else {
            (received != self::received(&self.rest)).then_some(Change::Write)
        };
        (done, change)
    }
}

/// What was received, so that it is not taken again.
fn received(rest: &Rest) -> ([u32; 4], u64, u32) {
    let messages = rest.security().map_or((0, 0), |security| (security.transaction, security.message_counter));
    (rest.received, messages.0, messages.1)
}

/// What changes seldom, and must not be lost with the power.
#[derive(PartialEq)]
struct Lasting(i32, u16, u16, bool, u8, u16, u64, Option<PushTimings>, (u8, u32, u32), (Option<ClockSettings>, Prices));

impl Lasting {
    fn of(rest: &Rest) -> Lasting {
        Lasting(
            rest.clock_offset_s,
            rest.resets,
            rest.relay_moves,
            rest.connected,
            rest.relay_mode,
            rest.flash_writes,
            rest.image(),
            rest.changed.as_ref().and_then(|changed| changed.timings),
            (rest.policy(), rest.generation(), events(rest)),
            (rest.clock_settings().copied(), rest.prices()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amitwin_dlms::image::Firmware;

    #[test]
    fn who_is_only_read_leaves_nothing_behind() {
        let registry = Registry::new([].into_iter(), 1, [0; 32]).expect("nothing is kept");
        let (_, change) = registry.meter(5).change(|rest| rest.counter);
        assert!(change.is_none());
        assert_eq!(registry.touched(), 0);
    }

    #[test]
    fn counters_are_reserved_before_they_are_used_and_returned_at_a_clean_end() {
        let registry = Registry::new([].into_iter(), 1, [0; 32]).expect("nothing is kept");
        let (mut synced, mut others) = (0, 0);
        for _ in 0..RESERVE_FIRST {
            let (reserved, change) = registry.meter(5).change(|rest| {
                rest.counter += 1;
                rest.counter_reserved
            });
            assert!(reserved > RESERVE_FIRST);
            others += u32::from(change == Some(Change::Write));
            if change == Some(Change::Sync) {
                synced += 1;
                // Another answer before the record is on the disk must wait for it as well.
                assert_eq!(registry.meter(5).change(|rest| rest.counter).1, Some(Change::Sync));
                registry.is_durable(&registry.records([5].into_iter())[0]);
            }
        }
        assert_eq!((synced, others), (1, 0), "the first answer reserves for all of them");
        let last: Vec<Record> = registry.last_records().flatten().collect();
        assert_eq!(last[0].rest().counter, 1 + RESERVE_FIRST);
        let again = Registry::new(last.iter(), 1, [0; 32]).expect("no keys are kept");
        assert_eq!(again.meter(5).change(|rest| rest.counter).0, 1 + RESERVE_FIRST);
    }

    #[test]
    fn a_relay_is_on_the_disk_and_a_counter_received_in_the_file() {
        let registry = Registry::new([].into_iter(), 1, [0; 32]).expect("nothing is kept");
        let (_, change) = registry.meter(1).change(|rest| rest.connected = false);
        assert_eq!(change, Some(Change::Sync));
        let (_, change) = registry.meter(1).change(|rest| rest.received[1] = 9);
        assert_eq!(change, Some(Change::Write));
        let (_, change) = registry
            .meter(1)
            .change(|rest| rest.changed.get_or_insert_default().timings = Some(PushTimings::default()));
        assert_eq!(change, Some(Change::Sync));
    }

    #[test]
    fn changed_keys_are_on_the_disk_and_come_back() {
        let storage = [3; 32];
        let registry = Registry::new([].into_iter(), 1, storage).expect("nothing is kept");
        let (_, change) = registry.meter(4).change(|rest| {
            rest.security_mut().set_key(0, [8; 32]);
            rest.security_mut().set_key(3, [9; 32]);
        });
        assert_eq!(change, Some(Change::Sync));
        let (_, change) = registry.meter(4).change(|rest| rest.security_mut().transaction = 77);
        assert_eq!(change, Some(Change::Write));
        let (_, change) = registry.meter(4).change(|rest| rest.security_mut().policy = 0x2C);
        assert_eq!(change, Some(Change::Sync));
        let records = registry.records([4, 5].into_iter());
        let kinds: Vec<Option<usize>> = records
            .iter()
            .map(|record| match record.part() {
                Some(Part::Key(which, _)) => Some(which),
                _ => None,
            })
            .collect();
        assert_eq!(kinds, [Some(0), Some(3), None], "keys are written before what belongs to them");
        assert_eq!(registry.records([4].into_iter()).len(), 1, "keys are written once");
        // Without the record that closes it, a set of keys does not count.
        assert_eq!(Registry::new(records[..2].iter(), 1, storage).map(|registry| registry.touched()), Ok(0));
        let again = Registry::new(records.iter(), 1, storage).expect("the same key");
        let kept = |registry: &Registry| registry.look(4, |rest| rest.security().cloned().expect("changed"));
        let (mut before, after) = (kept(&registry), kept(&again));
        before.generation = 0;
        assert_eq!(before, after);
        assert_eq!(Registry::new(records.iter(), 1, [4; 32]).map(|_| ()), Err(4));
    }

    #[test]
    fn events_and_the_firmwares_identifier_come_back_from_what_was_written() {
        let registry = Registry::new([].into_iter(), 1, [0; 32]).expect("nothing is kept");
        let (mut file, mut written) = (BTreeMap::new(), 0);
        // As many events in a turn as fill a part of a record, one, several, and more than the log has.
        for (turn, count) in [3, 1, 4, 1, 20, 64, 7, 150, 2].into_iter().enumerate() {
            let (_, change) = registry.meter(4).change(|rest| {
                (0..count).for_each(|n| rest.note(1_800_000_000 + 100 * turn as i64 + n, n as u8));
                let firmware = Firmware { identity: 5 + turn as u64 / 4, identifier: vec![turn as u8 / 4; 64] };
                rest.changed.get_or_insert_default().firmware = Some(firmware);
            });
            assert_eq!(change, Some(Change::Sync));
            let records = registry.records([4].into_iter());
            written += records.len();
            file.extend(records.iter().map(|record| (record.place(), *record)));
            // A kill at this moment.
            let again = Registry::new(file.values(), 1, [0; 32]).expect("no keys are kept");
            let kept = |registry: &Registry| registry.look(4, |rest| (rest.log.clone(), rest.firmware().cloned()));
            let (log, firmware) = kept(&again);
            let (expected, expected_firmware) = kept(&registry);
            let (log, expected) = (log.expect("a log"), expected.expect("a log"));
            assert_eq!((log.total(), firmware), (expected.total(), expected_firmware), "turn {turn}");
            assert!(log.rows().eq(expected.rows()), "turn {turn}");
            assert_eq!(again.records([4].into_iter()).len(), 1 + usize::from(log.total() % 8 != 0), "nothing anew");
        }
        // Nine records of the rest and three of the firmware. Of events: 3 and 4 in one block, 8 fill it; 9 begin the second,
        // 29 go on to the fourth, 93 from there to the twelfth, 100 fill it and begin the next, 250 leave the last 64 in nine
        // blocks, and 252 are in the last of them.
        assert_eq!(written, 9 + 3 + (1 + 1 + 1 + 1 + 3 + 9 + 2 + 9 + 1));
    }

    #[test]
    fn settings_of_a_clock_are_on_the_disk_and_come_back() {
        let registry = Registry::new([].into_iter(), 1, [0; 32]).expect("nothing is kept");
        let mut own =
            ClockSettings { time_zone_min: -60, begin: [3; 12], end: [10; 12], deviation_min: -30, enabled: true };
        for (turn, enabled) in [true, false].into_iter().enumerate() {
            own.enabled = enabled;
            let set = |rest: &mut Rest| rest.changed.get_or_insert_default().clock = Some(Box::new(own));
            assert_eq!(registry.meter(4).change(set).1, Some(Change::Sync));
            let records = registry.records([4].into_iter());
            assert_eq!(records.len(), 2, "a part and the rest");
            assert_eq!(registry.records([4].into_iter()).len(), 1, "once");
            let again = Registry::new(records.iter(), 1, [0; 32]).expect("no keys are kept");
            assert_eq!(again.look(4, |rest| rest.clock_settings().copied()), Some(own), "turn {turn}");
            assert_eq!(again.records([4].into_iter()).len(), 1, "nothing anew");
        }
    }

    #[test]
    fn prices_are_on_the_disk_and_come_back() {
        let registry = Registry::new([].into_iter(), 1, [0; 32]).expect("nothing is kept");
        let prices = Prices { active: 2_875, passive: 3_010 };
        let set = |rest: &mut Rest| rest.changed.get_or_insert_default().prices = Some(prices);
        assert_eq!(registry.meter(4).change(set).1, Some(Change::Sync));
        let records = registry.records([4].into_iter());
        assert_eq!((records.len(), registry.records([4].into_iter()).len()), (2, 1), "a part and the rest, once");
        let again = Registry::new(records.iter(), 1, [0; 32]).expect("no keys are kept");
        assert_eq!(again.look(4, Rest::prices), prices);
    }

    #[test]
    fn a_reset_ends_a_life() {
        let registry = Registry::new([].into_iter(), 1, [0; 32]).expect("nothing is kept");
        let now = Instant::now();
        assert!(!registry.meter(1).is_away(now));
        registry.meter(1).reset(Some(now + std::time::Duration::from_secs(1)));
        assert!(registry.meter(1).is_away(now));
        assert_eq!((registry.meter(1).boots(), registry.meter(2).boots()), (1, 0));
    }
}
