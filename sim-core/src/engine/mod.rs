//! Partitions run alone to a window's edge, then exchange messages.
//!
//! 1. A partition handles its own events in key order and sees nothing of another partition (invariant I2).
//! 2. A message to another partition arrives no earlier than one lookahead after it was sent.
//! 3. The next window starts at the earliest pending event of all partitions: empty time costs nothing.
//! 4. The result does not depend on the number of threads, nor on the order in which partitions were given, nor on how many
//!    engines share the partitions between them.
//! 5. A run ends in two steps, [`Engine::finish`]: all partitions send what others need to know, then all conclude with what
//!    they were sent. What is still pending stays unhandled.
//! 6. Between two windows the state is plain data: [`Engine::save`] and [`Engine::restore`].

mod finish;
mod route;
mod shard;
mod state;

use crate::event::{Event, EventKey};
use crate::exchange::Exchange;
use crate::partition::Partition;
use crate::queue::EventQueue;
use crate::source::Sources;
use crate::{EngineError, SimTime};
use rayon::prelude::*;
use route::{Place, Route};
use shard::{Cell, Shard};

pub use state::{EngineState, PartitionState, Partitions, Saved, States};

const SHARDS_MAX: usize = 64;
/// A window with fewer events than this is not worth waking another thread for (about 10 us of work).
const SERIAL_EVENTS: u64 = 200;

/// Runs partitions through windows.
pub struct Engine<P: Partition, X> {
    shards: Vec<Shard<P>>,
    route: Route,
    lookahead: SimTime,
    exchange: X,
    windows: u64,
    events_last_window: u64,
    parallel: bool,
    /// Every event before this has been handled.
    reached: SimTime,
    posted: u32,
    finished: bool,
}

/// Source of what comes from outside the world; no entity has this id.
const OUTSIDE: u32 = u32::MAX - 1;

impl<P: Partition, X: Exchange<P::Event>> Engine<P, X> {
    /// Takes the partitions of the world in any order, and keeps those that `exchange` says are run here. `lookahead` is
    /// the smallest delay of any message between two of them.
    ///
    /// # Errors
    /// Two partitions with one id, or a lookahead of zero.
    pub fn new(mut partitions: Vec<P>, lookahead: SimTime, exchange: X) -> Result<Self, EngineError> {
        if lookahead == SimTime::ZERO {
            return Err(EngineError::NoLookahead);
        }
        partitions.sort_by_key(Partition::id);
        if let Some(pair) = partitions.windows(2).find(|p| p[0].id() == p[1].id()) {
            return Err(EngineError::DuplicatePartition(pair[0].id()));
        }
        partitions.retain(|p| exchange.holds(p.id()));
        let per_shard = partitions.len().div_ceil(SHARDS_MAX).max(1);
        let count = partitions.len().div_ceil(per_shard);
        let mut shards: Vec<Shard<P>> = (0..count)
            .map(|_| Shard {
                cells: Vec::with_capacity(per_shard),
                next: Vec::new(),
                earliest: u64::MAX,
                outbox: Vec::new(),
                outgoing: (0..count).map(|_| Vec::new()).collect(),
                waiting: 0,
                inbox: Vec::new(),
            })
            .collect();
        let mut places = Vec::with_capacity(partitions.len());
        for (n, partition) in partitions.into_iter().enumerate() {
            let shard = &mut shards[n / per_shard];
            let (id, cell) = (partition.id(), shard.cells.len() as u32);
            places.push(Place { id, shard: (n / per_shard) as u32, cell });
            let sources = Sources::new(partition.sources());
            shard.cells.push(Cell { partition, queue: EventQueue::new(), sources, handled: 0, recently: 0 });
            shard.next.push(u64::MAX);
        }
        let parallel = count > 1;
        let mut engine = Engine {
            shards,
            route: Route(places),
            lookahead,
            exchange,
            windows: 0,
            events_last_window: u64::MAX,
            parallel,
            reached: SimTime::ZERO,
            posted: 0,
            finished: false,
        };
        let route = &engine.route;
        for shard in &mut engine.shards {
            shard.start(lookahead);
            shard.sort_outbox(route);
        }
        engine.deliver()?;
        Ok(engine)
    }

    /// Runs every event before `until`.
    ///
    /// # Errors
    /// A message to a partition that does not exist, or the run has ended.
    pub fn run_until(&mut self, until: SimTime) -> Result<(), EngineError> {
        self.still_running()?;
        loop {
            let local = self.shards.iter().map(|s| s.earliest).min().unwrap_or(u64::MAX);
            let start = self.exchange.earliest(SimTime::from_nanos(local));
            if start >= until {
                self.reached = self.reached.max(until);
                return Ok(());
            }
            let edge = start.saturating_add(self.lookahead).min(until);
            self.windows += 1;
            let (lookahead, route) = (self.lookahead, &self.route);
            let run = |shard: &mut Shard<P>| {
                if shard.earliest >= edge.nanos() {
                    return 0;
                }
                let handled = shard.run(edge, lookahead);
                shard.sort_outbox(route);
                handled
            };
            self.events_last_window = if self.parallel && self.events_last_window > SERIAL_EVENTS {
                self.shards.par_iter_mut().map(run).sum()
            } else {
                self.shards.iter_mut().map(run).sum()
            };
            self.deliver()?;
        }
    }

    /// Hands an event from outside the world to partition `to`, at `at` or when the run goes on, whichever is later. What is
    /// posted, and when, is part of what a run depends on.
    ///
    /// # Errors
    /// There is no such partition in this process, or the run has ended.
    pub fn post(&mut self, to: u32, at: SimTime, what: P::Event) -> Result<(), EngineError> {
        self.still_running()?;
        let place = self.route.find(to).ok_or(EngineError::NoSuchPartition(to))?;
        let key = EventKey::new(at.max(self.reached), OUTSIDE, self.posted);
        self.posted = self.posted.wrapping_add(1);
        self.shards[place.shard as usize].accept(place.cell as usize, Event { key, what });
        Ok(())
    }

    /// Hands every message to the queue of its partition. Queues order by key, so the order of hand-over is free.
    fn deliver(&mut self) -> Result<(), EngineError> {
        let mut waiting = 0;
        let mut remote = Vec::new();
        for shard in &mut self.shards {
            waiting += shard.waiting;
            remote.append(&mut shard.outbox);
        }
        for message in self.exchange.swap(remote)? {
            let place = self.route.find(message.to).ok_or(EngineError::NoSuchPartition(message.to))?;
            self.shards[place.shard as usize].accept(place.cell as usize, message.event);
        }
        if waiting as u64 > SERIAL_EVENTS {
            self.deliver_at_once();
        } else if waiting > 0 {
            self.deliver_in_turn();
        }
        Ok(())
    }

    /// Most windows have few messages, from few shards.
    fn deliver_in_turn(&mut self) {
        for from in 0..self.shards.len() {
            if std::mem::take(&mut self.shards[from].waiting) == 0 {
                continue;
            }
            let mut boxes = std::mem::take(&mut self.shards[from].outgoing);
            for (shard, outgoing) in self.shards.iter_mut().zip(&mut boxes) {
                outgoing.drain(..).for_each(|(cell, event)| shard.accept(cell as usize, event));
            }
            self.shards[from].outgoing = boxes;
        }
    }

    /// Each shard takes what all have for it.
    fn deliver_at_once(&mut self) {
        // They are taken out so that the shards can be written.
        let boxes: Vec<_> = self.shards.iter_mut().map(|s| std::mem::take(&mut s.outgoing)).collect();
        self.shards.par_iter_mut().enumerate().for_each(|(n, shard)| {
            for (cell, event) in boxes.iter().flat_map(|from| &from[n]) {
                shard.accept(*cell as usize, event.clone());
            }
        });
        for (shard, mut outgoing) in self.shards.iter_mut().zip(boxes) {
            outgoing.iter_mut().for_each(Vec::clear);
            (shard.outgoing, shard.waiting) = (outgoing, 0);
        }
    }

    /// The partitions in the order of their ids.
    pub fn partitions(&self) -> impl Iterator<Item = &P> {
        self.shards.iter().flat_map(|s| s.cells.iter().map(|c| &c.partition))
    }

    /// The partitions in the order of their ids, for collecting what they recorded.
    pub fn partitions_mut(&mut self) -> impl Iterator<Item = &mut P> {
        self.shards.iter_mut().flat_map(|s| s.cells.iter_mut().map(|c| &mut c.partition))
    }

    /// Events handled since the start.
    pub fn events(&self) -> u64 {
        self.shards.iter().flat_map(|s| &s.cells).map(|c| c.handled).sum()
    }

    /// Windows run since the start.
    pub fn windows(&self) -> u64 {
        self.windows
    }

    /// Bytes held by queues and event sources.
    pub fn queue_bytes(&self) -> usize {
        let cells = self.shards.iter().flat_map(|s| &s.cells);
        let inboxes = self.shards.iter().map(|s| s.inbox.capacity() * size_of::<(u32, Event<P::Event>)>());
        cells.map(|c| c.queue.bytes() + c.sources.bytes()).sum::<usize>() + inboxes.sum::<usize>()
    }
}
