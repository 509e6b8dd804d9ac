//! What the engine runs, and what it lets it do.

use crate::SimTime;
use crate::event::Event;
use crate::queue::EventQueue;
use crate::source::Sources;

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

    /// The end of the run at `context.now()`, see [`Engine::finish`](crate::Engine::finish): records what is only known
    /// now, and sends what another partition needs to conclude.
    fn finish(&mut self, _context: &mut FinishContext<'_, Self::Event>) {}

    /// The very last call, with what the others sent when they finished, in the order of keys.
    fn conclude(&mut self, _now: SimTime, messages: Vec<Event<Self::Event>>) {
        assert!(messages.is_empty(), "partition {} was sent a message that it does not conclude with", self.id());
    }
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
    pub(crate) now: SimTime,
    pub(crate) lookahead: SimTime,
    pub(crate) queue: &'a mut EventQueue<E>,
    pub(crate) sources: &'a mut Sources,
    pub(crate) outbox: &'a mut Vec<Message<E>>,
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

/// What a partition can do when the run ends: read the time and send to other partitions. Nothing can be scheduled.
pub struct FinishContext<'a, E> {
    pub(crate) now: SimTime,
    pub(crate) sources: &'a mut Sources,
    pub(crate) outbox: &'a mut Vec<Message<E>>,
}

impl<E> FinishContext<'_, E> {
    /// The time that the run has reached.
    pub fn now(&self) -> SimTime {
        self.now
    }
    /// Sends to partition `to` what it shall conclude with, caused by the entity with local index `source`.
    pub fn send(&mut self, to: u32, source: u32, what: E) {
        let key = self.sources.key(self.now, source);
        self.outbox.push(Message { to, event: Event { key, what } });
    }
}
