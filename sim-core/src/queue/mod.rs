//! The pending events of one partition: a sorted run and a small heap for now, two timing wheels for later.
//!
//! Link-layer events follow each other within milliseconds, protocol timers lie minutes ahead; one heap for both would
//! not stay in cache. Here an event waits, unsorted, in the wheel slot of its time (one slot is 268 ms, a turn of the
//! inner wheel 275 s, of the outer 78 h). When time reaches a slot its events are sorted once into a run; what is
//! scheduled into the slot that time has reached goes through a heap of just those, but for one that comes before all others, as the next
//! step of a frame mostly does: it waits beside the heap. Slots keep their events in pooled
//! chunks, so memory follows the number of pending events and not their spread.

use crate::SimTime;
use crate::event::{Event, EventKey};
use std::collections::BinaryHeap;

#[cfg(test)]
mod tests;

const SLOT_BITS: u32 = 28;
const WHEEL_BITS: u32 = 10;
const SLOTS: usize = 1 << WHEEL_BITS;
const CHUNK: usize = 6;
const NIL: u32 = u32::MAX;

/// Events of a partition in the order of their keys.
#[derive(Debug)]
pub struct EventQueue<T> {
    /// The event before all others, if it was scheduled as such into the slot that time has reached.
    first: Option<Event<T>>,
    /// Events of the slot that time has reached, latest first.
    run: Vec<Event<T>>,
    /// Events scheduled into that slot or before since it was sorted.
    near: BinaryHeap<Event<T>>,
    /// The inner slot that `run` and `near` cover; nothing in the wheels lies at or before it.
    slot: u64,
    inner: Wheel,
    outer: Wheel,
    beyond: Vec<Event<T>>,
    chunks: Vec<Chunk<T>>,
    free: Vec<u32>,
    len: usize,
}

/// Events side by side, so that adding one touches one cache line. Only the first chunk of a slot is not full; what lies
/// behind its last event is stale.
#[derive(Debug)]
struct Chunk<T> {
    events: [Event<T>; CHUNK],
    next: u32,
}

/// First chunk of a slot, and how many events it holds.
#[derive(Clone, Copy, Debug)]
struct Head {
    chunk: u32,
    used: u32,
}

const EMPTY: Head = Head { chunk: NIL, used: CHUNK as u32 };

#[derive(Debug)]
struct Wheel {
    heads: Box<[Head]>,
    occupied: [u64; SLOTS / 64],
}

impl Wheel {
    fn new() -> Self {
        Wheel { heads: vec![EMPTY; SLOTS].into_boxed_slice(), occupied: [0; SLOTS / 64] }
    }
    fn take(&mut self, slot: usize) -> Head {
        self.occupied[slot / 64] &= !(1 << (slot % 64));
        std::mem::replace(&mut self.heads[slot], EMPTY)
    }
    /// The first occupied slot at or after `from`, without wrapping.
    fn next_occupied(&self, from: usize) -> Option<usize> {
        if from >= SLOTS {
            return None;
        }
        let mut word = from / 64;
        let mut bits = self.occupied[word] & (u64::MAX << (from % 64));
        loop {
            if bits != 0 {
                return Some(word * 64 + bits.trailing_zeros() as usize);
            }
            word += 1;
            if word == SLOTS / 64 {
                return None;
            }
            bits = self.occupied[word];
        }
    }
}

impl<T: Clone> Default for EventQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone> EventQueue<T> {
    /// An empty queue.
    pub fn new() -> Self {
        EventQueue {
            first: None,
            run: Vec::new(),
            near: BinaryHeap::new(),
            slot: 0,
            inner: Wheel::new(),
            outer: Wheel::new(),
            beyond: Vec::new(),
            chunks: Vec::new(),
            free: Vec::new(),
            len: 0,
        }
    }

    /// Pending events.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an event.
    #[inline]
    pub fn push(&mut self, event: Event<T>) {
        self.len += 1;
        let slot = event.key.time.nanos() >> SLOT_BITS;
        if slot > self.slot {
            self.park(slot, event);
        } else if self.is_first(event.key) {
            if let Some(second) = self.first.replace(event) {
                self.near.push(second);
            }
        } else {
            self.near.push(event);
        }
    }

    /// Whether a key comes before those of all events of the slot that time has reached.
    #[inline]
    fn is_first(&self, key: EventKey) -> bool {
        match &self.first {
            Some(first) => key < first.key,
            None => {
                self.run.last().is_none_or(|next| key < next.key) && self.near.peek().is_none_or(|next| key < next.key)
            }
        }
    }

    #[inline]
    fn park(&mut self, slot: u64, event: Event<T>) {
        let turn = slot >> WHEEL_BITS;
        let this_turn = self.slot >> WHEEL_BITS;
        let (wheel, index) = if turn == this_turn {
            (&mut self.inner, slot as usize % SLOTS)
        } else if turn >> WHEEL_BITS == this_turn >> WHEEL_BITS {
            (&mut self.outer, turn as usize % SLOTS)
        } else {
            self.beyond.push(event);
            return;
        };
        let head = &mut wheel.heads[index];
        if (head.used as usize) < CHUNK {
            self.chunks[head.chunk as usize].events[head.used as usize] = event;
            head.used += 1;
            return;
        }
        wheel.occupied[index / 64] |= 1 << (index % 64);
        let at = if let Some(at) = self.free.pop() {
            let chunk = &mut self.chunks[at as usize];
            (chunk.events[0], chunk.next) = (event, head.chunk);
            at
        } else {
            let events = std::array::from_fn(|_| event.clone());
            if self.chunks.len() == self.chunks.capacity() {
                self.chunks.reserve_exact(self.chunks.len() / 8 + 16);
            }
            self.chunks.push(Chunk { events, next: head.chunk });
            (self.chunks.len() - 1) as u32
        };
        *head = Head { chunk: at, used: 1 };
    }

    /// Time of the earliest event.
    #[inline]
    pub fn next_time(&mut self) -> Option<SimTime> {
        if let Some(first) = &self.first {
            return Some(first.key.time);
        }
        if self.run.is_empty() && self.near.is_empty() {
            self.advance();
        }
        match (self.run.last(), self.near.peek()) {
            (Some(a), Some(b)) => Some(a.key.time.min(b.key.time)),
            (Some(a), None) => Some(a.key.time),
            (None, b) => b.map(|e| e.key.time),
        }
    }

    /// Takes the earliest event if it lies before `end`.
    #[inline]
    pub fn pop_before(&mut self, end: SimTime) -> Option<Event<T>> {
        if let Some(first) = &self.first {
            if first.key.time >= end {
                return None;
            }
            self.len -= 1;
            return self.first.take();
        }
        if self.run.is_empty() && self.near.is_empty() {
            self.advance();
        }
        let from_run = match (self.run.last(), self.near.peek()) {
            (Some(a), Some(b)) => a.key < b.key,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let first = if from_run { self.run.last() } else { self.near.peek() };
        if first?.key.time >= end {
            return None;
        }
        self.len -= 1;
        if from_run { self.run.pop() } else { self.near.pop() }
    }

    /// The events before `end` that are known by now and already in order (latest first): most of a window.
    pub fn foreseen(&mut self, end: SimTime) -> &[Event<T>] {
        if self.first.is_none() && self.run.is_empty() && self.near.is_empty() {
            self.advance();
        }
        &self.run[self.run.partition_point(|e| e.key.time >= end)..]
    }

    /// Whether all events of the slot that time has reached are taken.
    #[inline]
    pub fn is_slot_done(&self) -> bool {
        self.first.is_none() && self.run.is_empty() && self.near.is_empty()
    }

    /// Reads what is parked, in one go, before a window that will change much of it.
    pub(crate) fn warm(&self) -> u64 {
        let line = |c: &Chunk<T>| c.events.iter().fold(u64::from(c.next), |sum, e| sum ^ e.key.time.nanos());
        self.chunks.iter().fold(0, |sum, chunk| sum ^ line(chunk))
    }

    /// Moves time to the next slot that holds events. Called only when run and heap are empty.
    #[cold]
    fn advance(&mut self) {
        while self.run.is_empty() && self.len > 0 {
            let turn = self.slot >> WHEEL_BITS;
            if let Some(index) = self.inner.next_occupied((self.slot as usize % SLOTS) + 1) {
                self.slot = (turn << WHEEL_BITS) | index as u64;
                let head = self.inner.take(index);
                self.release(head, |queue, event| queue.run.push(event));
            } else if let Some(index) = self.outer.next_occupied((turn as usize % SLOTS) + 1) {
                self.slot = ((turn >> WHEEL_BITS << WHEEL_BITS) | index as u64) << WHEEL_BITS;
                let head = self.outer.take(index);
                self.release(head, Self::place);
            } else {
                let Some(first) = self.beyond.iter().map(|e| e.key.time.nanos() >> SLOT_BITS).min() else { return };
                self.slot = first >> WHEEL_BITS << WHEEL_BITS;
                for event in std::mem::take(&mut self.beyond) {
                    self.place(event);
                }
            }
        }
        self.run.sort_unstable_by(Event::cmp);
    }

    /// Puts an event that was parked far ahead where it belongs now.
    fn place(&mut self, event: Event<T>) {
        let slot = event.key.time.nanos() >> SLOT_BITS;
        if slot <= self.slot {
            self.run.push(event);
        } else {
            self.park(slot, event);
        }
    }

    fn release(&mut self, head: Head, mut sink: impl FnMut(&mut Self, Event<T>)) {
        let Head { chunk: mut at, mut used } = head;
        while at != NIL {
            for n in 0..used as usize {
                let event = self.chunks[at as usize].events[n].clone();
                sink(self, event);
            }
            self.free.push(at);
            (at, used) = (self.chunks[at as usize].next, CHUNK as u32);
        }
    }

    /// All pending events, in no order.
    pub fn events(&self) -> impl Iterator<Item = &Event<T>> {
        let parked = self.inner.heads.iter().chain(&self.outer.heads).flat_map(|head| self.parked(*head));
        self.first.iter().chain(&self.run).chain(&self.near).chain(&self.beyond).chain(parked)
    }

    fn parked(&self, head: Head) -> impl Iterator<Item = &Event<T>> {
        let chunk = |at: u32, used: usize| (at != NIL).then_some((at, used));
        let chunks = std::iter::successors(chunk(head.chunk, head.used as usize), move |(at, _)| {
            chunk(self.chunks[*at as usize].next, CHUNK)
        });
        chunks.flat_map(|(at, used)| &self.chunks[at as usize].events[..used])
    }

    /// Bytes that the queue holds.
    pub fn bytes(&self) -> usize {
        (self.near.capacity() + self.run.capacity() + self.beyond.capacity()) * size_of::<Event<T>>()
            + self.chunks.capacity() * size_of::<Chunk<T>>()
            + self.free.capacity() * 4
            + 2 * SLOTS * size_of::<Head>()
            + size_of::<Self>()
    }
}
