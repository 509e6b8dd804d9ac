//! Partitions run alone to a window's edge, then exchange messages.
//!
//! 1. A partition handles its own events in key order and sees nothing of another partition (invariant I2).
//! 2. A message to another partition arrives no earlier than one lookahead after it was sent.
//! 3. The next window starts at the earliest pending event of all partitions: empty time costs nothing.
//! 4. The result does not depend on the number of threads, nor on the order in which partitions were given.

use crate::event::{Event, EventKey};
use crate::exchange::Exchange;
use crate::queue::EventQueue;
use crate::source::Sources;
use crate::{EngineError, SimTime};
use rayon::prelude::*;

/// A part of the world that runs alone: state, and what its events do to it.
pub trait Partition: Send {
    /// What can happen; plain data, so that it can cross to another process.
    type Event: Clone + Send + Sync;

    /// Number of this partition in the whole run; fixes the order in which results are collected.
    fn id(&self) -> u32;

    /// Global ids of the entities that cause events here, by local index.
    fn sources(&self) -> Vec<u32>;

    /// Schedules the first events.
    fn start(&mut self, context: &mut Context<'_, Self::Event>);

    /// Told at the start of a window which events it will handle, latest first, as far as they are known. A partition
    /// much larger than the cache can read here, in one go, what they will touch; it must not change anything.
    fn foresee(&self, _events: &[Event<Self::Event>]) {}

    /// Carries out one event. `context.now()` is its time.
    fn handle(&mut self, event: Self::Event, context: &mut Context<'_, Self::Event>);
}

/// An event for another partition.
#[derive(Clone, Debug)]
pub struct Message<E> {
    /// Id of the partition it goes to.
    pub to: u32,
    /// The event.
    pub event: Event<E>,
}

/// What a handler can do: read the time, schedule its own events, send to other partitions.
pub struct Context<'a, E> {
    now: SimTime,
    lookahead: SimTime,
    queue: &'a mut EventQueue<E>,
    sources: &'a mut Sources,
    outbox: &'a mut Vec<Message<E>>,
}

impl<E: Clone> Context<'_, E> {
    /// Time of the event in hand.
    #[inline]
    pub fn now(&self) -> SimTime {
        self.now
    }
    /// Smallest delay of a message to another partition.
    pub fn lookahead(&self) -> SimTime {
        self.lookahead
    }
    /// Schedules an event in this partition, caused by the entity with local index `source`, at `at` (now or later).
    #[inline]
    pub fn schedule(&mut self, at: SimTime, source: u32, what: E) {
        assert!(at >= self.now, "an event cannot lie in the past");
        let key = self.sources.key(at, source);
        self.queue.push(Event { key, what });
    }
    /// Sends an event to partition `to`; it must lie at least one lookahead ahead.
    #[inline]
    pub fn send(&mut self, to: u32, at: SimTime, source: u32, what: E) {
        assert!(at >= self.now + self.lookahead, "a message must lie at least one lookahead ahead");
        let key = self.sources.key(at, source);
        self.outbox.push(Message { to, event: Event { key, what } });
    }
}

struct Cell<P: Partition> {
    partition: P,
    queue: EventQueue<P::Event>,
    sources: Sources,
    handled: u64,
    /// Events handled in its last window.
    recently: usize,
}

/// A fixed group of partitions that one thread runs in a window. Their number depends on the world only.
struct Shard<P: Partition> {
    cells: Vec<Cell<P>>,
    next: Vec<u64>,
    earliest: u64,
    outbox: Vec<Message<P::Event>>,
    /// For each shard: index of the partition in it, and the event.
    outgoing: Vec<Vec<(u32, Event<P::Event>)>>,
    /// Messages that arrived since the last window: index of the partition, and the event.
    inbox: Vec<(u32, Event<P::Event>)>,
}

const SHARDS_MAX: usize = 64;
/// A window with fewer events than this is not worth waking another thread for (about 10 us of work).
const SERIAL_EVENTS: u64 = 200;
/// A window in which a partition has more events than this reads ahead.
const FORESEEN_EVENTS: usize = 24;
/// A queue is read ahead as a whole if a window handles more than one in this many of its events.
const TOUCHED_SHARE: usize = 4;

/// Where a partition is.
#[derive(Clone, Copy)]
struct Place {
    id: u32,
    shard: u32,
    cell: u32,
}

/// Places of all partitions, sorted by id.
struct Route(Vec<Place>);

impl Route {
    #[inline]
    fn find(&self, id: u32) -> Option<Place> {
        // Ids mostly count from zero.
        match self.0.get(id as usize) {
            Some(place) if place.id == id => Some(*place),
            _ => self.0.binary_search_by_key(&id, |p| p.id).ok().map(|at| self.0[at]),
        }
    }
}

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
}

/// Source of what comes from outside the world; no entity has this id.
const OUTSIDE: u32 = u32::MAX - 1;

impl<P: Partition, X: Exchange<P::Event>> Engine<P, X> {
    /// Takes the partitions in any order. `lookahead` is the smallest delay of any message between two of them.
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
        let per_shard = partitions.len().div_ceil(SHARDS_MAX).max(1);
        let count = partitions.len().div_ceil(per_shard);
        let mut shards: Vec<Shard<P>> = (0..count)
            .map(|_| Shard {
                cells: Vec::with_capacity(per_shard),
                next: Vec::new(),
                earliest: u64::MAX,
                outbox: Vec::new(),
                outgoing: (0..count).map(|_| Vec::new()).collect(),
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
    /// A message to a partition that does not exist.
    pub fn run_until(&mut self, until: SimTime) -> Result<(), EngineError> {
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
    /// There is no such partition.
    pub fn post(&mut self, to: u32, at: SimTime, what: P::Event) -> Result<(), EngineError> {
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
            waiting += shard.outgoing.iter().map(Vec::len).sum::<usize>();
            remote.append(&mut shard.outbox);
        }
        for message in self.exchange.swap(remote)? {
            let place = self.route.find(message.to).ok_or(EngineError::NoSuchPartition(message.to))?;
            self.shards[place.shard as usize].accept(place.cell as usize, message.event);
        }
        if waiting == 0 {
            return Ok(());
        }
        // Each shard's outgoing boxes are read by all; they are taken out so that the shards can be written.
        let boxes: Vec<_> = self.shards.iter_mut().map(|s| std::mem::take(&mut s.outgoing)).collect();
        let take = |(n, shard): (usize, &mut Shard<P>)| {
            for (cell, event) in boxes.iter().flat_map(|from| &from[n]) {
                shard.accept(*cell as usize, event.clone());
            }
        };
        if waiting as u64 > SERIAL_EVENTS {
            self.shards.par_iter_mut().enumerate().for_each(take);
        } else {
            self.shards.iter_mut().enumerate().for_each(take);
        }
        for (shard, mut outgoing) in self.shards.iter_mut().zip(boxes) {
            outgoing.iter_mut().for_each(Vec::clear);
            shard.outgoing = outgoing;
        }
        Ok(())
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

impl<P: Partition> Shard<P> {
    fn start(&mut self, lookahead: SimTime) {
        for (n, cell) in self.cells.iter_mut().enumerate() {
            let mut context = Context {
                now: SimTime::ZERO,
                lookahead,
                queue: &mut cell.queue,
                sources: &mut cell.sources,
                outbox: &mut self.outbox,
            };
            cell.partition.start(&mut context);
            self.next[n] = cell.queue.next_time().map_or(u64::MAX, SimTime::nanos);
        }
        self.earliest = self.next.iter().copied().min().unwrap_or(u64::MAX);
    }

    fn run(&mut self, edge: SimTime, lookahead: SimTime) -> u64 {
        let mut handled = 0;
        // By partition, so that each queue is fetched once; within one, queues order by key.
        self.inbox.sort_unstable_by_key(|(n, _)| *n);
        let mut inbox = self.inbox.drain(..).peekable();
        for (n, cell) in self.cells.iter_mut().enumerate() {
            let runs = self.next[n] < edge.nanos();
            if runs && cell.recently * TOUCHED_SHARE > cell.queue.len() {
                std::hint::black_box(cell.queue.warm());
            }
            while let Some((_, event)) = inbox.next_if(|(to, _)| *to == n as u32) {
                cell.queue.push(event);
            }
            if !runs {
                continue;
            }
            let before = handled;
            let (mut first, mut warm) = (true, false);
            loop {
                if std::mem::take(&mut first) || cell.queue.is_slot_done() {
                    let foreseen = cell.queue.foreseen(edge);
                    if foreseen.len() > FORESEEN_EVENTS {
                        // What such a slot touches is mostly not in the cache: many reads at once cost little more
                        // than one.
                        cell.partition.foresee(foreseen);
                        if !std::mem::replace(&mut warm, true) {
                            std::hint::black_box(cell.sources.warm());
                        }
                    }
                }
                let Some(event) = cell.queue.pop_before(edge) else { break };
                handled += 1;
                let mut context = Context {
                    now: event.key.time,
                    lookahead,
                    queue: &mut cell.queue,
                    sources: &mut cell.sources,
                    outbox: &mut self.outbox,
                };
                cell.partition.handle(event.what, &mut context);
            }
            cell.handled += handled - before;
            cell.recently = (handled - before) as usize;
            self.next[n] = cell.queue.next_time().map_or(u64::MAX, SimTime::nanos);
        }
        self.earliest = self.next.iter().copied().min().unwrap_or(u64::MAX);
        handled
    }

    /// Moves messages for partitions of this process into the box of their shard; the others stay for the exchange.
    fn sort_outbox(&mut self, route: &Route) {
        let mut elsewhere = Vec::new();
        for message in self.outbox.drain(..) {
            match route.find(message.to) {
                Some(place) => self.outgoing[place.shard as usize].push((place.cell, message.event)),
                None => elsewhere.push(message),
            }
        }
        self.outbox.append(&mut elsewhere);
    }

    #[inline]
    fn accept(&mut self, cell: usize, event: Event<P::Event>) {
        let time = event.key.time.nanos();
        self.inbox.push((cell as u32, event));
        self.next[cell] = self.next[cell].min(time);
        self.earliest = self.earliest.min(time);
    }
}
