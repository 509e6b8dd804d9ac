//! Numbers that few meters have, or few parts of meters: kept for those alone, in one table.

/// No key.
const NONE: u32 = u32::MAX;
/// Places at first.
const PLACES_MIN: usize = 16;

/// Numbers by keys below [`u32::MAX`], in places that follow from the key: a full place sends on to the next one (linear probing).
#[derive(Debug)]
pub struct Sparse<T> {
    places: Vec<(u32, T)>,
    full: usize,
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Sparse { places: Vec::new(), full: 0 }
    }
}

impl<T: Copy + Default> Sparse<T> {
    /// What a key has.
    #[inline]
    pub fn get(&self, key: u32) -> Option<T> {
        if self.full == 0 {
            return None;
        }
        let (found, value) = self.places[self.find(key)];
        (found == key).then_some(value)
    }

    /// A key has it from now on.
    pub fn set(&mut self, key: u32, value: T) {
        if 5 * (self.full + 1) > 4 * self.places.len() {
            self.grow();
        }
        let at = self.find(key);
        self.full += usize::from(self.places[at].0 == NONE);
        self.places[at] = (key, value);
    }

    /// A key has nothing any more.
    pub fn end(&mut self, key: u32) {
        if self.full == 0 {
            return;
        }
        let mut hole = self.find(key);
        if self.places[hole].0 != key {
            return;
        }
        // Who was sent on by what is gone moves up, or it would not be found.
        let places = self.places.len();
        let mut at = hole;
        loop {
            at = if at + 1 == places { 0 } else { at + 1 };
            let other = self.places[at].0;
            if other == NONE {
                break;
            }
            let sent_on = (at + places - self.home(other)) % places;
            if sent_on >= (at + places - hole) % places {
                self.places[hole] = self.places[at];
                hole = at;
            }
        }
        self.places[hole].0 = NONE;
        self.full -= 1;
    }

    /// All of them, in no order: not for what could show in a result.
    pub fn iter(&self) -> impl Iterator<Item = (u32, T)> {
        self.places.iter().copied().filter(|(key, _)| *key != NONE)
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        self.places.len() * size_of::<(u32, T)>()
    }

    /// The place that follows from a key.
    fn home(&self, key: u32) -> usize {
        // Fibonacci hashing: the upper bits of the product are even over the places.
        let spread = u64::from(key.wrapping_mul(0x9E37_79B1));
        ((spread * self.places.len() as u64) >> 32) as usize
    }

    /// The place of a key, or the free one that it would get.
    fn find(&self, key: u32) -> usize {
        let mut at = self.home(key);
        while self.places[at].0 != key && self.places[at].0 != NONE {
            at = if at + 1 == self.places.len() { 0 } else { at + 1 };
        }
        at
    }

    fn grow(&mut self) {
        let more = (self.places.len() + self.places.len() / 4).max(PLACES_MIN);
        let before = std::mem::replace(&mut self.places, vec![(NONE, T::default()); more]);
        for (key, value) in before.into_iter().filter(|(key, _)| *key != NONE) {
            let at = self.find(key);
            self.places[at] = (key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw;
    use amitwin_sim_core::rng::Stream;
    use std::collections::BTreeMap;

    #[test]
    fn it_says_what_a_map_says() {
        let (mut sparse, mut map) = (Sparse::default(), BTreeMap::new());
        let mut stream = Stream::new(5, 1, draw::VISIT);
        for step in 0..60_000_u32 {
            // Keys in a narrow range, so that many are set again and taken out; more of them come in the first half than in the second.
            let (key, is_end) = (stream.below(4_000), stream.below(10) < if step < 30_000 { 3 } else { 7 });
            if is_end {
                sparse.end(key);
                map.remove(&key);
            } else {
                sparse.set(key, step);
                map.insert(key, step);
            }
            assert_eq!(sparse.full, map.len());
        }
        assert!((0..4_000).all(|key| sparse.get(key) == map.get(&key).copied()));
    }

    #[test]
    fn it_takes_memory_for_what_it_has() {
        let mut sparse: Sparse<u32> = Sparse::default();
        assert_eq!((sparse.get(3), sparse.bytes()), (None, 0));
        (0..12).for_each(|key| sparse.set(key, key));
        // Of 16 places of 8 bytes four fifths are 12; a thirteenth makes 20 of them.
        assert_eq!(sparse.bytes(), 16 * 8);
        sparse.set(12, 12);
        assert_eq!((sparse.bytes(), sparse.get(12), sparse.get(13)), (20 * 8, Some(12), None));
    }
}
