//! An event and the only order that events have: (time, source, sequence).

use crate::SimTime;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// The place of an event in the run's one order (invariant I1).
///
/// `source` is the global id of the entity that caused the event and `sequence` counts what that entity caused, so the
/// key of an event depends neither on threads nor on how entities are split into partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EventKey {
    /// When it happens.
    pub time: SimTime,
    origin: u64,
}

impl EventKey {
    /// A key from its three parts.
    pub const fn new(time: SimTime, source: u32, sequence: u32) -> Self {
        EventKey { time, origin: ((source as u64) << 32) | sequence as u64 }
    }
    /// Global id of the entity that caused the event.
    pub const fn source(self) -> u32 {
        (self.origin >> 32) as u32
    }
    /// How many events that entity had caused before.
    pub const fn sequence(self) -> u32 {
        self.origin as u32
    }
    #[inline]
    fn rank(self) -> u128 {
        (u128::from(self.time.nanos()) << 64) | u128::from(self.origin)
    }
}

impl Ord for EventKey {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}
impl PartialOrd for EventKey {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What happens, and when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event<T> {
    /// Place in the order.
    pub key: EventKey,
    /// What happens.
    pub what: T,
}

// Reversed, so that the standard max-heap pops the earliest event.
impl<T> Ord for Event<T> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.rank().cmp(&self.key.rank())
    }
}
impl<T> PartialOrd for Event<T> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> PartialEq for Event<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl<T> Eq for Event<T> {}
