//! Several engines, each with a part of the partitions and another exchange than `Local`, come to the result of one.

mod common;

use amitwin_sim_core::{Engine, Exchange, Local, Partition, SimTime};
use amitwin_testkit::exchange::{lines, on_threads};
use common::{Cell, History, LOOKAHEAD};

/// How many engines there are, and which of them runs a partition.
type Division = (usize, fn(u32) -> usize);

/// What came of the partitions of one engine.
struct Part {
    histories: Vec<(u32, History)>,
    events: u64,
    windows: u64,
}

fn run<X: Exchange<(u32, u32)>>(exchange: X) -> Part {
    let mut engine = Engine::new(Cell::all(7), LOOKAHEAD, exchange).expect("distinct partitions");
    engine.run_until(SimTime::from_millis(1_203)).expect("every partition exists");
    engine.run_until(SimTime::from_secs(3)).expect("every partition exists");
    engine.finish().expect("every partition exists");
    let histories = engine.partitions().map(|cell| (cell.id(), cell.history())).collect();
    Part { histories, events: engine.events(), windows: engine.windows() }
}

/// On as many engines, each with a thread of its own and a pool of two for its windows.
fn on_engines(count: usize, owner: fn(u32) -> usize) -> Vec<Part> {
    std::thread::scope(|scope| {
        let ends = lines(count, owner);
        let jobs: Vec<_> = ends.into_iter().map(|end| scope.spawn(|| on_threads(2, || run(end)))).collect();
        jobs.into_iter().map(|job| job.join().expect("it runs")).collect()
    })
}

#[test]
fn the_number_of_engines_does_not_show() {
    let one = run(Local);
    let divisions: [Division; 3] =
        [(2, |id| usize::from(id >= 75)), (2, |id| id as usize % 2), (3, |id| id as usize / 13 % 3)];
    for (count, owner) in divisions {
        let parts = on_engines(count, owner);
        assert!(parts.iter().all(|p| !p.histories.is_empty() && p.histories.len() < one.histories.len()));
        assert!(parts.iter().all(|p| p.windows == one.windows), "all run the same windows");
        assert_eq!(parts.iter().map(|p| p.events).sum::<u64>(), one.events);
        let mut histories: Vec<_> = parts.into_iter().flat_map(|p| p.histories).collect();
        histories.sort_by_key(|(id, _)| *id);
        assert!(histories == one.histories, "{count} engines saw another history");
    }
}
