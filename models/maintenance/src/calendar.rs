//! What is due, by day: entries wait unsorted in the bucket of their day and are sorted when it comes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Seconds of a bucket.
const BUCKET_S: u32 = 86_400;
/// Bits of the number.
const ID_BITS: u32 = 27;
/// Numbers below this fit.
pub const IDS_MAX: u32 = 1 << ID_BITS;

/// Something that is due: its time, what it is, whom it is for; in that order, which is the order of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry(u64);

impl Entry {
    /// An entry; kinds are below 32, numbers below [`IDS_MAX`].
    pub fn new(time_s: u32, kind: u8, id: u32) -> Entry {
        Entry(u64::from(time_s) << 32 | u64::from(kind & 31) << ID_BITS | u64::from(id & (IDS_MAX - 1)))
    }

    /// When.
    pub fn time_s(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// What.
    pub fn kind(self) -> u8 {
        (self.0 >> ID_BITS & 31) as u8
    }

    /// Whom.
    pub fn id(self) -> u32 {
        self.0 as u32 & (IDS_MAX - 1)
    }
}

/// Entries in their order.
#[derive(Debug)]
pub struct Calendar {
    days: Vec<Vec<Entry>>,
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
            days: (0..=end_s / BUCKET_S).map(|_| Vec::new()).collect(),
            today: 0,
            sorted: Vec::new(),
            fresh: BinaryHeap::new(),
        }
    }

    /// Something is due.
    pub fn push(&mut self, entry: Entry) {
        let day = (entry.time_s() / BUCKET_S) as usize;
        match self.days.get_mut(day) {
            Some(bucket) if day > self.today => {
                if bucket.len() == bucket.capacity() {
                    bucket.reserve_exact(4 + bucket.len() / 4);
                }
                bucket.push(entry);
            }
            Some(_) => self.fresh.push(Reverse(entry)),
            None => {}
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
            self.sorted = std::mem::take(&mut self.days[tomorrow]);
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
