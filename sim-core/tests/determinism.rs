//! One result, whatever the number of threads and the order in which partitions are given (invariant I3).

use amitwin_sim_core::rng::Stream;
use amitwin_sim_core::{Context, Engine, Local, Partition, SimTime};
use rayon::ThreadPoolBuilder;

const PARTITIONS: u32 = 150;
const ENTITIES: u32 = 24;
const LOOKAHEAD: SimTime = SimTime::from_millis(10);

/// Entities that pass tokens on, to themselves or far away, and write down what they saw.
struct Cell {
    id: u32,
    streams: Vec<Stream>,
    seen: Vec<(SimTime, u32, u32)>,
}

impl Cell {
    fn new(seed: u64, id: u32) -> Self {
        let stream = |n| Stream::new(seed, u64::from(id * ENTITIES + n), 1);
        Cell { id, streams: (0..ENTITIES).map(stream).collect(), seen: Vec::new() }
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
}

/// What every partition saw, in the order in which it saw it.
type History = Vec<Vec<(SimTime, u32, u32)>>;

fn run(seed: u64, threads: usize, stops_ms: &[u64], order: impl Fn(u32) -> u32 + Sync) -> (f64, History) {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
    pool.install(|| {
        let partitions = (0..PARTITIONS).map(|n| Cell::new(seed, order(n))).collect();
        let mut engine = Engine::new(partitions, LOOKAHEAD, Local).expect("distinct partitions");
        for stop in stops_ms {
            engine.run_until(SimTime::from_millis(*stop)).expect("every partition exists");
        }
        (engine.events() as f64 / engine.windows() as f64, engine.partitions().map(|cell| cell.seen.clone()).collect())
    })
}

#[test]
fn threads_order_of_partitions_and_stops_do_not_show() {
    let (events_per_window, seen) = run(7, 1, &[6_000], |n| n);
    // Enough that windows run in parallel and messages are handed over in parallel.
    assert!(events_per_window > 400.0, "{events_per_window}");
    for threads in [2, 4, 8] {
        assert!(run(7, threads, &[6_000], |n| n).1 == seen, "{threads} threads saw another history");
    }
    // 77 and 150 have no common factor: each id once, far from sorted.
    assert!(run(7, 2, &[6_000], |n| (n * 77 + 13) % PARTITIONS).1 == seen, "the order of partitions shows");
    assert!(run(7, 2, &[1_003, 2_500, 6_000], |n| n).1 == seen, "a stop within a window shows");
    assert!(run(8, 1, &[6_000], |n| n).1 != seen, "the seed does not show");
}

#[test]
fn what_is_posted_is_handled_in_its_time_and_never_in_the_past() {
    let cells = (0..PARTITIONS).map(|id| Cell::new(7, id)).collect();
    let mut engine = Engine::new(cells, LOOKAHEAD, Local).expect("distinct ids");
    let token = u32::MAX;
    engine.post(1, SimTime::from_millis(500), (3, token)).expect("it exists");
    engine.run_until(SimTime::from_secs(2)).expect("every target exists");
    engine.post(0, SimTime::from_secs(1), (5, token)).expect("it exists");
    engine.run_until(SimTime::from_secs(3)).expect("every target exists");
    let first = |id: usize, entity| {
        let cell = engine.partitions().nth(id).expect("a cell");
        cell.seen.iter().find(|(_, n, t)| (*n, *t) == (entity, token)).map(|s| s.0)
    };
    assert_eq!(first(1, 3), Some(SimTime::from_millis(500)));
    assert_eq!(first(0, 5), Some(SimTime::from_secs(2)), "as soon as the run goes on");
    assert!(engine.post(PARTITIONS, SimTime::ZERO, (0, 0)).is_err());
}
