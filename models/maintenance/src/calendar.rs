//! What is due, by day: entries wait unsorted, packed into blocks of their day, and are sorted when it comes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Seconds of a bucket.
const BUCKET_S: u32 = 86_400;
/// Bits of the number.
pub const ID_BITS: u32 = 26;
/// Numbers below this fit.
pub const IDS_MAX: u32 = 1 << ID_BITS;
/// Bits of the kind.
const KIND_BITS: u32 = 5;
/// Bytes of an entry whose day is known: 17 bits of seconds, the kind and the number.
const PACKED: usize = 6;
/// Entries of a block, which takes 64 bytes.
const IN_BLOCK: usize = 10;
/// Blocks that are made at once.
const BLOCKS: usize = 256;
/// No block.
const NONE: u32 = u32::MAX;

/// Something that is due: its time, what it is, whom it is for; in that order, which is the order of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry(u64);

impl Entry {
    /// An entry; kinds are below 32, numbers below [`IDS_MAX`].
    pub fn new(time_s: u32, kind: u8, id: u32) -> Entry {
        let what = u64::from(kind & ((1 << KIND_BITS) - 1)) << ID_BITS | u64::from(id & (IDS_MAX - 1));
        Entry(u64::from(time_s) << (KIND_BITS + ID_BITS) | what)
    }

    /// When.
    pub fn time_s(self) -> u32 {
        (self.0 >> (KIND_BITS + ID_BITS)) as u32
    }

    /// What.
    pub fn kind(self) -> u8 {
        (self.0 >> ID_BITS & ((1 << KIND_BITS) - 1)) as u8
    }

    /// Whom.
    pub fn id(self) -> u32 {
        self.0 as u32 & (IDS_MAX - 1)
    }

    /// Its day, and the rest of it.
    fn packed(self) -> (usize, [u8; PACKED]) {
        let day = self.time_s() / BUCKET_S;
        let rest = (self.0 - Entry::new(day * BUCKET_S, 0, 0).0).to_le_bytes();
        (day as usize, std::array::from_fn(|byte| rest[byte]))
    }

    fn unpacked(day: usize, rest: [u8; PACKED]) -> Entry {
        let bytes = std::array::from_fn(|byte| rest.get(byte).copied().unwrap_or(0));
        Entry(Entry::new(day as u32 * BUCKET_S, 0, 0).0 + u64::from_le_bytes(bytes))
    }
}

/// Entries of a day; the one before it, if it is full and there is one.
#[derive(Clone, Copy, Debug)]
struct Block {
    entries: [[u8; PACKED]; IN_BLOCK],
    before: u32,
}

const _: () = assert!(size_of::<Block>() == 64);

/// The last block of a day, and how many entries it has.
#[derive(Clone, Copy, Debug)]
struct Day {
    block: u32,
    entries: u8,
}

/// Entries in their order.
#[derive(Debug)]
pub struct Calendar {
    days: Vec<Day>,
    /// Memory that neither moves nor has gaps, however days fill up.
    blocks: Vec<Box<[Block; BLOCKS]>>,
    /// The first block that nobody has; the others follow by `before`.
    free: u32,
    /// The day that is being worked through.
    today: usize,
    /// Its entries, the last one first.
    sorted: Vec<Entry>,
    /// Those that came while it was.
    fresh: BinaryHeap<Reverse<Entry>>,
}

impl Calendar {
    /// From the start to a time, behind which nothing is kept.
    pub fn new(end_s: u32) -> Calendar {
        Calendar {
            days: vec![Day { block: NONE, entries: 0 }; (end_s / BUCKET_S) as usize + 1],
            blocks: Vec::new(),
            free: NONE,
            today: 0,
            sorted: Vec::new(),
            fresh: BinaryHeap::new(),
        }
    }

    /// Something is due.
    pub fn push(&mut self, entry: Entry) {
        let (day, rest) = entry.packed();
        if day <= self.today && day < self.days.len() {
            self.fresh.push(Reverse(entry));
        } else if let Some(Day { block, entries }) = self.days.get(day).copied() {
            let has_room = block != NONE && usize::from(entries) < IN_BLOCK;
            let (place, at) = if has_room { (block, entries) } else { (self.block(block), 0) };
            self.days[day] = Day { block: place, entries: at + 1 };
            self.at(place).entries[usize::from(at)] = rest;
        }
    }

    fn at(&mut self, block: u32) -> &mut Block {
        &mut self.blocks[block as usize / BLOCKS][block as usize % BLOCKS]
    }

    /// A block behind another one.
    fn block(&mut self, before: u32) -> u32 {
        if self.free == NONE {
            let first = (self.blocks.len() * BLOCKS) as u32;
            let next = |at: usize| if at + 1 == BLOCKS { NONE } else { first + at as u32 + 1 };
            let empty = |at| Block { entries: [[0; PACKED]; IN_BLOCK], before: next(at) };
            self.blocks.push(Box::new(std::array::from_fn(empty)));
            self.free = first;
        }
        let block = self.free;
        self.free = std::mem::replace(&mut self.at(block).before, before);
        block
    }

    /// Takes the entries of a day, which has none any more.
    fn take(&mut self, day: usize) {
        let Day { mut block, entries } = std::mem::replace(&mut self.days[day], Day { block: NONE, entries: 0 });
        let mut entries = usize::from(entries);
        while block != NONE {
            let free = self.free;
            let of = self.at(block);
            let (packed, before) = (of.entries, std::mem::replace(&mut of.before, free));
            self.sorted.extend(packed[..entries].iter().map(|rest| Entry::unpacked(day, *rest)));
            (self.free, block, entries) = (block, before, IN_BLOCK);
        }
    }

    /// The next entry before a time.
    pub fn pop(&mut self, before_s: u32) -> Option<Entry> {
        loop {
            let fresh = self.fresh.peek().map(|entry| entry.0);
            let next = match (self.sorted.last().copied(), fresh) {
                (Some(sorted), Some(fresh)) => Some(sorted.min(fresh)),
                (sorted, fresh) => sorted.or(fresh),
            };
            if let Some(next) = next {
                if next.time_s() >= before_s {
                    return None;
                }
                if fresh == Some(next) {
                    self.fresh.pop();
                } else {
                    self.sorted.pop();
                }
                return Some(next);
            }
            let tomorrow = self.today + 1;
            if tomorrow >= self.days.len() || tomorrow as u32 * BUCKET_S >= before_s {
                return None;
            }
            self.today = tomorrow;
            self.take(tomorrow);
            self.sorted.sort_unstable_by(|a, b| b.cmp(a));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw;
    use amitwin_sim_core::rng::Stream;

    #[test]
    fn entries_come_in_their_order_whenever_they_are_pushed() {
        let end_s = 40 * BUCKET_S;
        let mut calendar = Calendar::new(end_s);
        let mut stream = Stream::new(3, 1, draw::VISIT);
        let mut wanted: Vec<Entry> = Vec::new();
        let mut push = |calendar: &mut Calendar, from: u32, wanted: &mut Vec<Entry>| {
            let entry = Entry::new(from + stream.below(end_s - from), stream.below(32) as u8, stream.below(IDS_MAX));
            calendar.push(entry);
            wanted.push(entry);
        };
        (0..2_000).for_each(|_| push(&mut calendar, 0, &mut wanted));
        let mut came = Vec::new();
        for before_s in [end_s / 3, end_s / 2, end_s + 1] {
            while let Some(entry) = calendar.pop(before_s) {
                came.push(entry);
                if came.len() % 5 == 0 && entry.time_s() + 1 < end_s {
                    push(&mut calendar, entry.time_s() + 1, &mut wanted);
                }
            }
        }
        wanted.sort_unstable();
        assert_eq!(came, wanted);
    }

    #[test]
    fn an_entry_has_its_parts() {
        let entry = Entry::new(u32::MAX, 31, IDS_MAX - 1);
        assert_eq!((entry.time_s(), entry.kind(), entry.id()), (u32::MAX, 31, IDS_MAX - 1));
        assert!(Entry::new(1, 0, 0) > Entry::new(0, 31, IDS_MAX - 1));
    }
}
