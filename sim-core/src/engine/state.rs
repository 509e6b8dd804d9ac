//! The state of an engine between two windows, as plain data: saved from a running one, restored onto one built anew.

use super::{Engine, Shard};
use crate::SimTime;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::partition::Partition;
use crate::queue::EventQueue;
use crate::snapshot::{Snapshot, SnapshotError};
use crate::source::Sources;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeSet;

/// State of an engine. What is written borrows the partitions ([`Saved`]), what is read owns their [`States`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EngineState<P> {
    /// Smallest delay between two partitions.
    pub lookahead: SimTime,
    /// Every event before this has been handled.
    pub reached: SimTime,
    /// Windows run.
    pub windows: u64,
    /// Events that came from outside the world.
    pub posted: u32,
    /// The run has ended.
    pub finished: bool,
    /// States of the partitions in the order of their ids.
    pub partitions: P,
}

/// State of a partition, and of what the engine keeps for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PartitionState<E, S> {
    /// Its id.
    pub id: u32,
    sources: Sources,
    /// Events handled.
    pub handled: u64,
    /// Pending events in the order of their keys, messages that are under way to it included.
    pub events: Vec<Event<E>>,
    /// What is its own.
    pub state: S,
}

/// The partitions of an engine, to be written one after the other, so that the state of one at a time is copied.
pub struct Partitions<'a, P: Partition>(&'a [Shard<P>]);

/// The state of an engine that is still there.
pub type Saved<'a, P> = EngineState<Partitions<'a, P>>;

impl<P: Snapshot> Serialize for Partitions<'_, P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut partitions = serializer.serialize_seq(Some(self.0.iter().map(|s| s.cells.len()).sum()))?;
        for shard in self.0 {
            let mut inbox: Vec<_> = shard.inbox.iter().collect();
            inbox.sort_by_key(|(cell, _)| *cell);
            let mut inbox = inbox.into_iter().peekable();
            for (n, cell) in (0..).zip(&shard.cells) {
                let mut events: Vec<_> = cell.queue.events().cloned().collect();
                while let Some((_, event)) = inbox.next_if(|(to, _)| *to == n) {
                    events.push(event.clone());
                }
                events.sort_unstable_by_key(|event| event.key);
                let (id, sources, handled) = (cell.partition.id(), cell.sources.clone(), cell.handled);
                let state = cell.partition.save();
                partitions.serialize_element(&PartitionState { id, sources, handled, events, state })?;
            }
        }
        partitions.end()
    }
}

/// States of partitions of type `P`, as they are read.
pub type States<P> = Vec<PartitionState<<P as Partition>::Event, <P as Snapshot>::State>>;

impl<P: Snapshot, X: Exchange<P::Event>> Engine<P, X> {
    /// The state between two windows, for [`snapshot::encode`](crate::snapshot::encode) or as a part of what that writes.
    pub fn save(&self) -> Saved<'_, P> {
        EngineState {
            lookahead: self.lookahead,
            reached: self.reached,
            windows: self.windows,
            posted: self.posted,
            finished: self.finished,
            partitions: Partitions(&self.shards),
        }
    }

    /// Takes over a state that was saved from an engine with the same partitions, and goes on from there. What this engine
    /// did before is forgotten.
    ///
    /// # Errors
    /// The state is of another world, or contradicts itself: nothing has changed. Or a partition refuses its part: this engine
    /// must be thrown away.
    pub fn restore(&mut self, state: EngineState<States<P>>) -> Result<(), SnapshotError> {
        self.check(&state)?;
        let mut states = state.partitions.into_iter();
        for shard in &mut self.shards {
            shard.inbox.clear();
            for ((cell, next), state) in shard.cells.iter_mut().zip(&mut shard.next).zip(&mut states) {
                cell.queue = EventQueue::new();
                state.events.into_iter().for_each(|event| cell.queue.push(event));
                (cell.sources, cell.handled, cell.recently) = (state.sources, state.handled, 0);
                *next = cell.queue.next_time().map_or(u64::MAX, SimTime::nanos);
                let refused = |what| SnapshotError::Refused { partition: state.id, what };
                cell.partition.restore(state.state).map_err(refused)?;
            }
            shard.earliest = shard.next.iter().copied().min().unwrap_or(u64::MAX);
        }
        (self.reached, self.windows, self.posted) = (state.reached, state.windows, state.posted);
        (self.finished, self.events_last_window) = (state.finished, u64::MAX);
        Ok(())
    }

    /// Whether a state is one of this world and agrees with itself.
    fn check(&self, state: &EngineState<States<P>>) -> Result<(), SnapshotError> {
        if state.lookahead != self.lookahead {
            return Err(SnapshotError::Lookahead { saved: state.lookahead, built: self.lookahead });
        }
        let saved: Vec<u32> = state.partitions.iter().map(|p| p.id).collect();
        let built: Vec<u32> = self.partitions().map(Partition::id).collect();
        if saved != built {
            return Err(SnapshotError::Partitions { saved: without(&saved, &built), built: without(&built, &saved) });
        }
        let cells = self.shards.iter().flat_map(|s| &s.cells);
        for (cell, state_of) in cells.zip(&state.partitions) {
            let partition = state_of.id;
            if !state_of.sources.same_entities(&cell.sources) {
                return Err(SnapshotError::Entities { partition });
            }
            if state_of.events.first().is_some_and(|first| first.key.time < state.reached) {
                return Err(SnapshotError::Past { partition });
            }
            if !state_of.events.is_sorted_by(|a, b| a.key < b.key) {
                return Err(SnapshotError::Order { partition });
            }
        }
        Ok(())
    }
}

/// The ids in `all` that are not in `others`.
fn without(all: &[u32], others: &[u32]) -> Vec<u32> {
    let others: BTreeSet<u32> = others.iter().copied().collect();
    all.iter().copied().filter(|id| !others.contains(id)).collect()
}
