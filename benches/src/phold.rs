//! PHOLD: every entity holds events; handling one sends it on after a random delay, now and then to another entity.

use amitwin_sim_core::rng::{Stream, mix64};
use amitwin_sim_core::{Context, Engine, Event, Exchange, Partition, SimTime};
use rand_distr::{Distribution, Exp1};
use std::collections::BinaryHeap;
use std::time::Instant;

/// Entities in a partition: their events stay in the first-level cache.
pub const PARTITION: u32 = 250;

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Entities.
    pub entities: u32,
    /// Events that each holds at the start.
    pub per_entity: u32,
    /// Share of events that go to a uniformly chosen entity instead of back to the same one.
    pub remote: f64,
    /// Smallest delay of an event; an exponential time with mean 1 s comes on top.
    pub lookahead: SimTime,
    /// Simulated time.
    pub end: SimTime,
}

/// What came out.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Events handled.
    pub events: u64,
    /// Hash over the entities' states in the order of their ids.
    pub state_hash: u64,
    /// Bytes of state and queues.
    pub bytes: usize,
    /// Wall time of the run without setting it up, s.
    pub wall_s: f64,
}

/// 16 bytes, so that none lies across two cache lines; the stream's key is a hash of the id, as cheap as the peer's
/// generator.
#[derive(Clone, Copy, Default)]
struct Entity {
    drawn: u64,
    state: u64,
}

impl Entity {
    #[inline]
    fn delay(stream: &mut Stream, lookahead: SimTime) -> SimTime {
        let delay: f64 = Exp1.sample(stream);
        lookahead + SimTime::from_secs_f64(delay)
    }
    /// Delay of one of the first events.
    fn first(&mut self, id: u32, lookahead: SimTime) -> SimTime {
        let mut stream = Stream::resume(mix64(u64::from(id)), self.drawn);
        let delay = Self::delay(&mut stream, lookahead);
        self.drawn = stream.drawn();
        delay
    }
    /// Takes an event; returns where it goes and when.
    #[inline]
    fn step(&mut self, id: u32, now: SimTime, work: &Workload) -> (u32, SimTime) {
        self.state = mix64(self.state ^ now.nanos());
        let mut stream = Stream::resume(mix64(u64::from(id)), self.drawn);
        let to = if stream.unit() < work.remote { stream.below(work.entities) } else { id };
        let at = now + Self::delay(&mut stream, work.lookahead);
        self.drawn = stream.drawn();
        (to, at)
    }
}

fn fold(hash: u64, entity: &Entity) -> u64 {
    mix64(hash.rotate_left(1) ^ entity.state)
}

struct Town {
    first: u32,
    entities: Vec<Entity>,
    work: Workload,
}

impl Partition for Town {
    type Event = u32;
    fn id(&self) -> u32 {
        self.first / PARTITION
    }
    fn sources(&self) -> Vec<u32> {
        (self.first..).take(self.entities.len()).collect()
    }
    fn start(&mut self, context: &mut Context<'_, u32>) {
        for n in 0..self.entities.len() {
            for _ in 0..self.work.per_entity {
                let at = self.entities[n].first(self.first + n as u32, self.work.lookahead);
                context.schedule(at, n as u32, n as u32);
            }
        }
    }
    fn foresee(&self, events: &[Event<u32>]) {
        let states = events.iter().fold(0, |sum, e| sum ^ self.entities[e.what as usize].state);
        std::hint::black_box(states);
    }
    #[inline]
    fn handle(&mut self, local: u32, context: &mut Context<'_, u32>) {
        let id = self.first + local;
        let (to, at) = self.entities[local as usize].step(id, context.now(), &self.work);
        let (partition, there) = (to / PARTITION, to % PARTITION);
        if partition == self.id() {
            context.schedule(at, local, there);
        } else {
            context.send(partition, at, local, there);
        }
    }
}

/// Runs the workload on the engine, on the threads of the current rayon pool.
pub fn on_engine<X: Exchange<u32>>(work: Workload, exchange: X) -> Outcome {
    let towns = (0..work.entities)
        .step_by(PARTITION as usize)
        .map(|first| {
            let count = PARTITION.min(work.entities - first);
            Town { first, entities: vec![Entity::default(); count as usize], work }
        })
        .collect();
    let mut engine = Engine::new(towns, work.lookahead, exchange).expect("partition ids are distinct");
    let started = Instant::now();
    engine.run_until(work.end).expect("every target exists");
    let wall_s = started.elapsed().as_secs_f64();
    let state_hash = engine.partitions().flat_map(|t| &t.entities).fold(0, fold);
    let bytes = engine.queue_bytes() + work.entities as usize * size_of::<Entity>();
    Outcome { events: engine.events(), state_hash, bytes, wall_s }
}

/// Runs the workload as a loop over one standard heap of 16-byte events.
pub fn on_heap(work: Workload) -> Outcome {
    let mut entities = vec![Entity::default(); work.entities as usize];
    let mut heap = BinaryHeap::with_capacity((work.entities * work.per_entity) as usize);
    for (id, entity) in entities.iter_mut().enumerate() {
        for _ in 0..work.per_entity {
            heap.push(std::cmp::Reverse((entity.first(id as u32, work.lookahead), id as u32)));
        }
    }
    let mut events = 0;
    let started = Instant::now();
    while let Some(std::cmp::Reverse((now, id))) = heap.pop() {
        if now >= work.end {
            break;
        }
        events += 1;
        let (to, at) = entities[id as usize].step(id, now, &work);
        heap.push(std::cmp::Reverse((at, to)));
    }
    let wall_s = started.elapsed().as_secs_f64();
    let bytes = heap.capacity() * 16 + entities.len() * size_of::<Entity>();
    Outcome { events, state_hash: entities.iter().fold(0, fold), bytes, wall_s }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amitwin_sim_core::Local;

    #[test]
    fn engine_and_heap_reach_the_same_state() {
        let work = Workload {
            entities: 3_500,
            per_entity: 2,
            remote: 0.1,
            lookahead: SimTime::from_millis(100),
            end: SimTime::from_secs(5),
        };
        let (a, b) = (on_engine(work, Local), on_heap(work));
        assert_eq!((a.events, a.state_hash), (b.events, b.state_hash));
        assert!(a.events > 3_500 * 2 * 3);
    }
}
