//! The entities of a partition as causes of events: global id and how many events each has caused.

use crate::{EventKey, SimTime};
use serde::{Deserialize, Serialize};

/// Sources of a partition by local index.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sources {
    /// Events caused so far.
    sequence: Vec<u32>,
    /// Global ids; empty where they are consecutive from `first`, so that they cost nothing.
    ids: Vec<u32>,
    first: u32,
}

impl Sources {
    pub(crate) fn new(ids: Vec<u32>) -> Self {
        let first = ids.first().copied().unwrap_or(0);
        let consecutive = ids.iter().enumerate().all(|(n, &id)| u64::from(id) == u64::from(first) + n as u64);
        Sources { sequence: vec![0; ids.len()], ids: if consecutive { Vec::new() } else { ids }, first }
    }

    /// The key of the next event that the entity with local index `source` causes.
    #[inline]
    pub(crate) fn key(&mut self, at: SimTime, source: u32) -> EventKey {
        let sequence = &mut self.sequence[source as usize];
        let now = *sequence;
        *sequence = now.checked_add(1).expect("an entity causes fewer than 2^32 events");
        let id = if self.ids.is_empty() { self.first + source } else { self.ids[source as usize] };
        EventKey::new(at, id, now)
    }

    /// Reads all counts, in one go, before a window that will change many of them.
    pub(crate) fn warm(&self) -> u32 {
        // One read a cache line.
        self.sequence.iter().step_by(16).fold(0, |sum, n| sum ^ n)
    }

    /// Whether these are the same entities, whatever they have caused.
    pub(crate) fn same_entities(&self, other: &Sources) -> bool {
        (self.sequence.len(), &self.ids, self.first) == (other.sequence.len(), &other.ids, other.first)
    }

    pub(crate) fn bytes(&self) -> usize {
        (self.sequence.capacity() + self.ids.capacity()) * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entity_counts_for_itself_whether_ids_are_consecutive_or_not() {
        for (ids, expected) in [(vec![7, 8, 9], 8), (vec![7, 30, 9], 30)] {
            let mut sources = Sources::new(ids);
            let keys = [sources.key(SimTime::ZERO, 1), sources.key(SimTime::ZERO, 1), sources.key(SimTime::ZERO, 0)];
            assert_eq!(keys.map(|k| (k.source(), k.sequence())), [(expected, 0), (expected, 1), (7, 0)]);
        }
    }
}
