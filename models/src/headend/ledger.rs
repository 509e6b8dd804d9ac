//! The meter data management side: which rows of which load profile have arrived, each kept once.

use crate::apdu::{Cosem, Rows};
use crate::node::SiteId;
use crate::spec::{PollContent, PollSpec};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// Rows that have arrived, one bit each.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// First row that is wanted, in quarters of an hour since 1970.
    first: u32,
    words_each: usize,
    bits: Vec<u64>,
    /// Rows kept.
    pub kept: u64,
    /// Rows discarded because they had been kept before.
    pub duplicates: u64,
}

impl Ledger {
    /// Of `sites` sites for the rows `first` to `last`, which may be before the first: then there are none.
    pub fn new(sites: usize, first: u32, last: u32) -> Self {
        let rows = (u64::from(last) + 1).saturating_sub(u64::from(first)) as usize;
        let words_each = rows.div_ceil(64);
        Ledger { first, words_each, bits: vec![0; sites * words_each], kept: 0, duplicates: 0 }
    }

    /// For what is read of `sites` sites in a run; empty if no schedule reads load profiles.
    pub fn of(reads: &[PollSpec], cosem: &Cosem, sites: usize, duration: SimTime) -> Self {
        if reads.iter().all(|read| read.content != PollContent::Profile) {
            return Ledger::default();
        }
        // The first row that ends within the run.
        let first = cosem.newest_row(SimTime::ZERO) + 1;
        Ledger::new(sites, first, cosem.newest_row(duration))
    }

    /// Whether the same rows of the same sites are wanted in both.
    pub(super) fn is_like(&self, other: &Ledger) -> bool {
        (self.first, self.words_each, self.bits.len()) == (other.first, other.words_each, other.bits.len())
    }

    fn place(&self, meter: SiteId, row: u32) -> Option<(usize, u64)> {
        let index = row.checked_sub(self.first)? as usize;
        (index < self.words_each * 64).then(|| (meter.at() * self.words_each + index / 64, 1 << (index % 64)))
    }

    /// Whether a row is there.
    pub fn has(&self, meter: SiteId, row: u32) -> bool {
        self.place(meter, row).is_some_and(|(word, bit)| self.bits[word] & bit != 0)
    }

    /// Keeps rows of a meter. One that is there already, or that nobody wants, is discarded and counted.
    pub fn take(&mut self, meter: SiteId, rows: Rows) {
        for row in (rows.first..).take(usize::from(rows.count)) {
            match self.place(meter, row) {
                Some((word, bit)) if self.bits[word] & bit == 0 => {
                    self.bits[word] |= bit;
                    self.kept += 1;
                }
                _ => self.duplicates += 1,
            }
        }
    }

    /// The first missing row of a meter up to `newest`, and as many as reach to the last missing one, at most `rows_max`.
    pub fn missing(&self, meter: SiteId, newest: u32, rows_max: u16) -> Option<Rows> {
        let words = &self.bits[meter.at() * self.words_each..][..self.words_each];
        let word = words.iter().position(|&bits| bits != u64::MAX)?;
        let first = self.first + word as u32 * 64 + words[word].trailing_ones();
        if first > newest {
            return None;
        }
        let end = first.saturating_add(u32::from(rows_max)).min(newest.saturating_add(1));
        let last = (first..end).rev().find(|&row| !self.has(meter, row))?;
        Some(Rows { first, count: (last - first + 1) as u16 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METER: SiteId = SiteId(1);

    #[test]
    fn gaps_are_asked_for_and_nothing_is_kept_twice() {
        let mut ledger = Ledger::new(2, 100, 199);
        assert_eq!(ledger.missing(METER, 99, 10), None, "nothing is wanted yet");
        assert_eq!(ledger.missing(METER, 103, 10), Some(Rows { first: 100, count: 4 }));
        ledger.take(METER, Rows { first: 101, count: 2 });
        assert_eq!(ledger.missing(METER, 103, 10), Some(Rows { first: 100, count: 4 }), "around what is there");
        assert_eq!(ledger.missing(METER, 102, 10), Some(Rows { first: 100, count: 1 }));
        ledger.take(METER, Rows { first: 100, count: 4 });
        assert_eq!((ledger.kept, ledger.duplicates), (4, 2));
        assert_eq!(ledger.missing(METER, 103, 10), None);
        assert_eq!(ledger.missing(METER, 150, 10), Some(Rows { first: 104, count: 10 }));
        assert!(!ledger.has(SiteId(0), 100), "each meter has its own");
        ledger.take(METER, Rows { first: 99, count: 1 });
        assert_eq!(ledger.duplicates, 3, "from before the run");
    }
}
