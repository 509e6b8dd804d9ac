//! One result, whatever the number of threads and the order in which partitions are given (invariant I3).

mod common;

use amitwin_sim_core::{Engine, EngineError, Local, SimTime};
use amitwin_testkit::exchange::on_threads;
use common::{Cell, History, LOOKAHEAD, PARTITIONS};

fn run(seed: u64, threads: usize, stops_ms: &[u64], order: impl Fn(u32) -> u32 + Sync) -> (f64, Vec<History>) {
    on_threads(threads, || {
        let partitions = (0..PARTITIONS).map(|n| Cell::new(seed, order(n))).collect();
        let mut engine = Engine::new(partitions, LOOKAHEAD, Local).expect("distinct partitions");
        for stop in stops_ms {
            engine.run_until(SimTime::from_millis(*stop)).expect("every partition exists");
        }
        engine.finish().expect("every partition exists");
        (engine.events() as f64 / engine.windows() as f64, engine.partitions().map(Cell::history).collect())
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
    let mut engine = Engine::new(Cell::all(7), LOOKAHEAD, Local).expect("distinct ids");
    let token = u32::MAX;
    engine.post(1, SimTime::from_millis(500), (3, token)).expect("it exists");
    engine.run_until(SimTime::from_secs(2)).expect("every target exists");
    engine.post(0, SimTime::from_secs(1), (5, token)).expect("it exists");
    engine.run_until(SimTime::from_secs(3)).expect("every target exists");
    let first = |id: usize, entity| {
        let cell = engine.partitions().nth(id).expect("a cell");
        cell.seen().iter().find(|(_, n, t)| (*n, *t) == (entity, token)).map(|s| s.0)
    };
    assert_eq!(first(1, 3), Some(SimTime::from_millis(500)));
    assert_eq!(first(0, 5), Some(SimTime::from_secs(2)), "as soon as the run goes on");
    assert!(engine.post(PARTITIONS, SimTime::ZERO, (0, 0)).is_err());
}

#[test]
fn what_is_sent_at_the_end_comes_in_the_order_of_its_keys_and_nothing_follows() {
    let mut engine = Engine::new(Cell::all(7), LOOKAHEAD, Local).expect("distinct ids");
    engine.run_until(SimTime::from_secs(2)).expect("every target exists");
    let events = engine.events();
    engine.finish().expect("every target exists");
    assert_eq!(engine.events(), events, "what was pending stays unhandled");
    let told: Vec<_> = engine.partitions().map(|cell| cell.history().1).collect();
    assert!(told.iter().all(|t| t.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1))), "the order is that of the keys");
    let count: usize = told.iter().map(Vec::len).sum();
    assert!(count > PARTITIONS as usize * 10 && told[PARTITIONS as usize / 2..].iter().all(Vec::is_empty), "{count}");
    assert_eq!(engine.finish(), Err(EngineError::Finished));
    assert_eq!(engine.run_until(SimTime::from_secs(3)), Err(EngineError::Finished));
    assert_eq!(engine.post(0, SimTime::from_secs(3), (0, 0)), Err(EngineError::Finished));
}
