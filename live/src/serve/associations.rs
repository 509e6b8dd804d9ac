//! What is agreed with clients: a table in which the newest take the places of those that were not used for longest.

use super::host_share::Charge;
use amitwin_dlms::Session;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What is held for a client.
#[derive(Debug, Default)]
pub struct Held {
    /// The meter's boots that it belongs to.
    pub boots: u32,
    /// What is agreed.
    pub session: Option<Box<Session>>,
    /// Room that its long answer or request takes.
    pub room: Charge,
}

struct Place<V> {
    /// Number of the last use.
    used: u64,
    /// When that was.
    last: Instant,
    held: V,
}

/// What is held by `K`, at most so many.
pub struct Associations<K, V> {
    places: BTreeMap<K, Place<V>>,
    /// By their last use, oldest first.
    order: BTreeMap<u64, K>,
    uses: u64,
    most: usize,
}

impl<K: std::fmt::Debug, V> std::fmt::Debug for Associations<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not what they hold: session keys are part of it.
        f.debug_set().entries(self.places.keys()).finish()
    }
}

impl<K: Copy + Ord, V> Associations<K, V> {
    /// A table of at most so many.
    pub fn new(most: usize) -> Self {
        Associations { places: BTreeMap::new(), order: BTreeMap::new(), uses: 0, most }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Looks at one without using it.
    pub fn peek(&self, key: K) -> Option<&V> {
        self.places.get(&key).map(|place| &place.held)
    }

    /// Looks one up, which counts as a use.
    pub fn get_mut(&mut self, key: K, now: Instant) -> Option<&mut V> {
        let place = self.places.get_mut(&key)?;
        place.last = now;
        // The one that was used last stays where it is: most connections have no other.
        if place.used != self.uses {
            self.order.remove(&place.used);
            self.uses += 1;
            place.used = self.uses;
            self.order.insert(self.uses, key);
        }
        Some(&mut place.held)
    }

    /// Keeps one. `true` if another had to give way for it.
    pub fn insert(&mut self, key: K, held: V, now: Instant) -> bool {
        if let Some(known) = self.get_mut(key, now) {
            *known = held;
            return false;
        }
        let full = self.places.len() >= self.most;
        if full && let Some((_, oldest)) = self.order.pop_first() {
            self.places.remove(&oldest);
        }
        self.uses += 1;
        self.order.insert(self.uses, key);
        self.places.insert(key, Place { used: self.uses, last: now, held });
        full
    }

    /// Ends one.
    pub fn remove(&mut self, key: K) -> Option<V> {
        let place = self.places.remove(&key)?;
        self.order.remove(&place.used);
        Some(place.held)
    }

    /// Ends those that were not used for longer than `idle`; how many there were.
    pub fn end_idle(&mut self, now: Instant, idle: Duration) -> usize {
        let before = self.len();
        while let Some((_, key)) = self.order.first_key_value() {
            if self.places.get(key).is_some_and(|place| now.duration_since(place.last) <= idle) {
                break;
            }
            let Some((_, key)) = self.order.pop_first() else { break };
            self.places.remove(&key);
        }
        before - self.len()
    }
}

impl<K: Copy + Ord> Associations<K, Held> {
    /// Lets `work` use what is held, or a new one, and keeps what it leaves open. Also whether another gave way for it.
    pub fn exchange<T>(&mut self, key: K, now: Instant, work: impl FnOnce(&mut Held) -> T) -> (T, bool) {
        if let Some(held) = self.get_mut(key, now) {
            let done = work(held);
            if held.session.is_none() {
                self.remove(key);
            }
            return (done, false);
        }
        let mut held = Held::default();
        let done = work(&mut held);
        let gave_way = held.session.is_some() && self.insert(key, held, now);
        (done, gave_way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(most: usize, keys: &[u32]) -> (Associations<u32, u8>, Instant) {
        let (mut table, now) = (Associations::new(most), Instant::now());
        for key in keys {
            assert!(!table.insert(*key, 0, now));
        }
        (table, now)
    }

    fn keys(table: &Associations<u32, u8>) -> Vec<u32> {
        assert_eq!(table.order.len(), table.places.len());
        table.order.values().copied().collect()
    }

    #[test]
    fn the_one_not_used_for_longest_gives_way() {
        let (mut table, now) = table(3, &[1, 2, 3]);
        assert!(table.get_mut(1, now).is_some());
        assert!(table.insert(4, 0, now), "another gave way");
        assert_eq!(keys(&table), [3, 1, 4]);
        assert!(table.get_mut(2, now).is_none());
        assert!(!table.insert(3, 7, now), "it replaces its own");
        assert_eq!(keys(&table), [1, 4, 3]);
        assert_eq!(table.get_mut(3, now), Some(&mut 7));
    }

    #[test]
    fn those_that_are_idle_end_and_the_others_stay() {
        let (mut table, start) = table(3, &[1, 2, 3]);
        let later = start + Duration::from_secs(10);
        table.get_mut(2, later);
        assert_eq!(table.end_idle(later, Duration::from_secs(10)), 0, "not longer than that");
        assert_eq!(table.end_idle(later + Duration::from_secs(1), Duration::from_secs(10)), 2);
        assert_eq!(keys(&table), [2]);
        assert!(table.remove(2).is_some() && table.remove(2).is_none());
        assert_eq!(keys(&table), [0; 0]);
    }
}
