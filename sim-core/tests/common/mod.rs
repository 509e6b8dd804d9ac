//! A world like PHOLD, for the engine alone: only its own tests have a use for it.

#![allow(dead_code)]

use amitwin_sim_core::rng::Stream;
use amitwin_sim_core::{Context, Event, FinishContext, Partition, SimTime, Snapshot};

pub const PARTITIONS: u32 = 150;
pub const ENTITIES: u32 = 24;
pub const LOOKAHEAD: SimTime = SimTime::from_millis(10);

/// Entities that pass tokens on, to themselves or far away, and write down what they saw.
pub struct Cell {
    id: u32,
    streams: Vec<Stream>,
    seen: Vec<(SimTime, u32, u32)>,
    /// What others sent when the run ended: source, sequence, entity and token.
    told: Vec<(u32, u32, (u32, u32))>,
}

/// What a partition saw, in the order in which it saw it, and what it was told at the end.
pub type History = (Vec<(SimTime, u32, u32)>, Vec<(u32, u32, (u32, u32))>);

impl Cell {
    pub fn new(seed: u64, id: u32) -> Self {
        let stream = |n| Stream::new(seed, u64::from(id * ENTITIES + n), 1);
        Cell { id, streams: (0..ENTITIES).map(stream).collect(), seen: Vec::new(), told: Vec::new() }
    }

    /// All cells of a world, in the order of their ids.
    pub fn all(seed: u64) -> Vec<Cell> {
        (0..PARTITIONS).map(|id| Cell::new(seed, id)).collect()
    }

    pub fn seen(&self) -> &[(SimTime, u32, u32)] {
        &self.seen
    }

    pub fn history(&self) -> History {
        (self.seen.clone(), self.told.clone())
    }
}

impl Partition for Cell {
    /// (entity, token).
    type Event = (u32, u32);

    fn id(&self) -> u32 {
        self.id
    }

    fn sources(&self) -> Vec<u32> {
        (0..ENTITIES).map(|n| self.id * ENTITIES + n).collect()
    }

    fn start(&mut self, context: &mut Context<'_, Self::Event>) {
        for n in 0..ENTITIES {
            // All at one instant: only source and sequence tell them apart.
            context.schedule(SimTime::from_secs(1), n, (n, self.id * ENTITIES + n));
        }
    }

    fn handle(&mut self, (entity, token): Self::Event, context: &mut Context<'_, Self::Event>) {
        self.seen.push((context.now(), entity, token));
        let stream = &mut self.streams[entity as usize];
        // Steps of 5 ms, so that many events fall on one instant and on window edges.
        let at = context.now() + LOOKAHEAD + SimTime::from_millis(5) * u64::from(stream.below(20));
        let (to, whom) = (stream.below(PARTITIONS), stream.below(ENTITIES));
        match stream.below(3) {
            0 => context.schedule(at, entity, (whom, token)),
            _ => context.send(to, at, entity, (whom, token)),
        }
    }

    fn finish(&mut self, context: &mut FinishContext<'_, Self::Event>) {
        // From the last entity to the first, so that the order of sending is not that of the keys.
        for n in (0..ENTITIES).rev() {
            let stream = &mut self.streams[n as usize];
            for _ in 0..stream.below(3) {
                context.send(stream.below(PARTITIONS) / 2, n, (n, self.seen.len() as u32));
            }
        }
    }

    fn conclude(&mut self, now: SimTime, messages: Vec<Event<Self::Event>>) {
        assert!(messages.iter().all(|m| m.key.time == now), "a message of the run's end has another time");
        self.told.extend(messages.into_iter().map(|m| (m.key.source(), m.key.sequence(), m.what)));
    }
}

impl Snapshot for Cell {
    type State = (Vec<Stream>, History);

    fn save(&self) -> Self::State {
        (self.streams.clone(), self.history())
    }

    fn restore(&mut self, (streams, (seen, told)): Self::State) -> Result<(), String> {
        if streams.len() != self.streams.len() {
            return Err(format!("it has streams of {} entities, not of {ENTITIES}", streams.len()));
        }
        (self.streams, self.seen, self.told) = (streams, seen, told);
        Ok(())
    }
}
