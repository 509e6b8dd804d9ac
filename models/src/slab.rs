//! Values by place, so that an event needs no more than the number of the place.

use crate::check::{distinct, ensure, same_count};
use serde::{Deserialize, Serialize};

/// Values by place; freed places are used again, the last one first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slab<T> {
    places: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Keeps a value; returns its place.
    pub fn add(&mut self, value: T) -> u32 {
        if let Some(place) = self.free.pop() {
            self.places[place as usize] = Some(value);
            return place;
        }
        self.places.push(Some(value));
        (self.places.len() - 1) as u32
    }

    /// Takes what is kept at a place.
    pub fn take(&mut self, place: u32) -> Option<T> {
        let value = self.places.get_mut(place as usize)?.take()?;
        self.free.push(place);
        Some(value)
    }

    /// Takes everything, by place.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + use<T> {
        self.free.clear();
        std::mem::take(&mut self.places).into_iter().flatten()
    }

    /// Whether something is kept at a place.
    pub fn has(&self, place: u32) -> bool {
        self.places.get(place as usize).is_some_and(Option::is_some)
    }

    /// What is kept, by place.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.places.iter().flatten()
    }

    /// Places where something is kept, ascending.
    pub fn places(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.places).filter(|(_, value)| value.is_some()).map(|(place, _)| place)
    }

    /// Whether its free places are those where nothing is kept: it may have been read from anywhere.
    ///
    /// # Errors
    /// They are not; `what` says whose places.
    pub fn check(&self, what: &str) -> Result<(), String> {
        distinct(what, self.free.iter().copied(), self.places.len())?;
        same_count(what, self.free.len(), self.places.iter().filter(|place| place.is_none()).count())?;
        let empty = self.free.iter().all(|&place| self.places[place as usize].is_none());
        ensure(empty, || format!("{what}: something is kept at a free place"))
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<Option<T>>() + self.free.capacity() * 4
    }
}

#[cfg(test)]
mod tests {
    use super::Slab;

    #[test]
    fn places_are_used_again_and_a_value_is_taken_once() {
        let mut slab = Slab::default();
        assert_eq!((slab.add('a'), slab.add('b')), (0, 1));
        assert_eq!((slab.take(0), slab.take(0), slab.take(7)), (Some('a'), None, None));
        assert_eq!(slab.add('c'), 0);
        assert_eq!(slab.drain().collect::<Vec<_>>(), ['c', 'b']);
        assert_eq!(slab.add('d'), 0);
    }
}
