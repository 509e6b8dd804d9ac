//! A group of partitions that one thread runs in a window: the hot loop.

use super::route::Route;
use crate::SimTime;
use crate::event::Event;
use crate::partition::{Context, Message, Partition};
use crate::queue::EventQueue;
use crate::source::Sources;

/// A window in which a partition has more events than this reads ahead.
const FORESEEN_EVENTS: usize = 24;
/// A queue is read ahead as a whole if a window handles more than one in this many of its events.
const TOUCHED_SHARE: usize = 4;

pub(super) struct Cell<P: Partition> {
    pub(super) partition: P,
    pub(super) queue: EventQueue<P::Event>,
    pub(super) sources: Sources,
    pub(super) handled: u64,
    /// Events handled in its last window.
    pub(super) recently: usize,
}

/// A fixed group of partitions that one thread runs in a window. Their number depends on the world only.
pub(super) struct Shard<P: Partition> {
    pub(super) cells: Vec<Cell<P>>,
    pub(super) next: Vec<u64>,
    pub(super) earliest: u64,
    pub(super) outbox: Vec<Message<P::Event>>,
    /// For each shard: index of the partition in it, and the event.
    pub(super) outgoing: Vec<Vec<(u32, Event<P::Event>)>>,
    /// Events in these.
    pub(super) waiting: usize,
    /// Messages that arrived since the last window: index of the partition, and the event.
    pub(super) inbox: Vec<(u32, Event<P::Event>)>,
}

impl<P: Partition> Shard<P> {
    pub(super) fn start(&mut self, lookahead: SimTime) {
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

    #[inline]
    pub(super) fn run(&mut self, edge: SimTime, lookahead: SimTime) -> u64 {
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
    pub(super) fn sort_outbox(&mut self, route: &Route) {
        if self.outbox.is_empty() {
            return;
        }
        let mut elsewhere = Vec::new();
        for message in self.outbox.drain(..) {
            match route.find(message.to) {
                Some(place) => {
                    self.waiting += 1;
                    self.outgoing[place.shard as usize].push((place.cell, message.event));
                }
                None => elsewhere.push(message),
            }
        }
        self.outbox.append(&mut elsewhere);
    }

    #[inline]
    pub(super) fn accept(&mut self, cell: usize, event: Event<P::Event>) {
        let time = event.key.time.nanos();
        self.inbox.push((cell as u32, event));
        self.next[cell] = self.next[cell].min(time);
        self.earliest = self.earliest.min(time);
    }
}
