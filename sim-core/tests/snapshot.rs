//! A world saved in the middle of a run and read back goes on as though nothing had happened; other bytes are refused.

mod common;

use amitwin_sim_core::engine::{EngineState, States};
use amitwin_sim_core::{Engine, EngineError, Exchange, Local, Partition, SimTime, SnapshotError, snapshot};
use amitwin_testkit::exchange::{Line, lines, on_threads};
use common::{Cell, ENTITIES, History, LOOKAHEAD};
use proptest::prelude::*;

const CONTENTS: u32 = 7;
/// Within a window, and no round number of anything.
const MIDDLE: SimTime = SimTime::from_micros(1_903_107);
const END: SimTime = SimTime::from_secs(3);
/// Bytes before the contents.
const HEADER: usize = 24;

type State = EngineState<States<Cell>>;

fn engine<X: Exchange<(u32, u32)>>(exchange: X) -> Engine<Cell, X> {
    Engine::new(Cell::all(7), LOOKAHEAD, exchange).expect("distinct partitions")
}

/// To the middle, with events from outside, one of which is still to come.
fn to_the_middle<X: Exchange<(u32, u32)>>(engine: &mut Engine<Cell, X>) {
    for at in [SimTime::from_secs(1), MIDDLE + LOOKAHEAD] {
        if engine.partitions().any(|cell| cell.id() == 3) {
            engine.post(3, at, (1, u32::MAX)).expect("it exists");
        }
    }
    engine.run_until(MIDDLE).expect("every partition exists");
}

fn saved<X: Exchange<(u32, u32)>>(engine: &Engine<Cell, X>) -> Vec<u8> {
    snapshot::encode(CONTENTS, &engine.save()).expect("it can be written")
}

fn restored<X: Exchange<(u32, u32)>>(exchange: X, bytes: &[u8]) -> Engine<Cell, X> {
    let mut engine = engine(exchange);
    let state: State = snapshot::decode(CONTENTS, bytes).expect("it can be read");
    engine.restore(state).expect("it is of the same world");
    engine
}

/// What came of it: histories by partition, events and windows.
type Outcome = (Vec<(u32, History)>, u64, u64);

fn to_the_end<X: Exchange<(u32, u32)>>(engine: &mut Engine<Cell, X>) -> Outcome {
    engine.run_until(END).expect("every partition exists");
    if engine.partitions().any(|cell| cell.id() == 3) {
        engine.post(3, SimTime::ZERO, (2, u32::MAX)).expect("it exists");
    }
    engine.run_until(END + LOOKAHEAD).expect("every partition exists");
    engine.finish().expect("every partition exists");
    let histories = engine.partitions().map(|cell| (cell.id(), cell.history())).collect();
    (histories, engine.events(), engine.windows())
}

/// The bytes of the middle, and what comes of the world that was never read back.
fn reference() -> (Vec<u8>, Outcome) {
    let mut engine = engine(Local);
    to_the_middle(&mut engine);
    (saved(&engine), to_the_end(&mut engine))
}

#[test]
fn a_restored_world_goes_on_as_the_saved_one_on_any_number_of_threads() {
    let (bytes, outcome) = reference();
    let state: State = snapshot::decode(CONTENTS, &bytes).expect("it can be read");
    let events = state.partitions.iter().flat_map(|p| p.events.iter().map(|event| (p.id, event.key.source())));
    let under_way = events.filter(|(id, source)| source / ENTITIES != *id).count();
    assert!(under_way > 1_000 && state.reached == MIDDLE, "{under_way} messages were under way");
    for threads in [1, 2, 4] {
        let bytes_here = on_threads(threads, || {
            let mut engine = engine(Local);
            to_the_middle(&mut engine);
            saved(&engine)
        });
        assert!(bytes_here == bytes, "{threads} threads wrote another snapshot");
        on_threads(threads, || {
            let mut engine = restored(Local, &bytes);
            assert!(saved(&engine) == bytes, "what was read is not what was written");
            assert!(to_the_end(&mut engine) == outcome, "{threads} threads went on differently");
        });
    }
}

#[test]
fn a_restored_world_can_be_saved_again_and_an_ended_one_stays_ended() {
    let (bytes, outcome) = reference();
    let mut engine = restored(Local, &bytes);
    engine.run_until(SimTime::from_millis(2_500)).expect("every partition exists");
    let mut engine = restored(Local, &saved(&engine));
    let (histories, events, _) = to_the_end(&mut engine);
    assert!((histories, events) == (outcome.0, outcome.1), "a second stop shows");
    let mut engine = restored(Local, &saved(&engine));
    assert_eq!(engine.finish(), Err(EngineError::Finished));
}

/// Does a job on each of two engines that share the partitions.
fn on_both<R: Send>(job: impl Fn(Line<(u32, u32)>, usize) -> R + Sync) -> Vec<R> {
    let job = &job;
    std::thread::scope(|scope| {
        let ends = lines(2, |id| id as usize % 2);
        let jobs: Vec<_> = (0..).zip(ends).map(|(n, end)| scope.spawn(move || job(end, n))).collect();
        jobs.into_iter().map(|job| job.join().expect("it runs")).collect()
    })
}

#[test]
fn each_of_two_engines_is_saved_and_restored_for_itself() {
    let (_, outcome) = reference();
    let halves = on_both(|end, _| {
        let mut engine = engine(end);
        to_the_middle(&mut engine);
        saved(&engine)
    });
    let ends = on_both(|end, n| to_the_end(&mut restored(end, &halves[n])));
    let mut histories: Vec<_> = ends.into_iter().flat_map(|o| o.0).collect();
    histories.sort_by_key(|(id, _)| *id);
    assert!(histories == outcome.0, "two restored engines saw another history");
}

#[test]
fn a_snapshot_of_another_world_is_refused_with_the_difference() {
    let (bytes, _) = reference();
    let state = || snapshot::decode::<State>(CONTENTS, &bytes).expect("it can be read");
    let refused = |cells: Vec<Cell>, lookahead, state| {
        let mut engine = Engine::new(cells, lookahead, Local).expect("distinct partitions");
        engine.restore(state).expect_err("it is of another world").to_string()
    };
    // Tokens go to all partitions: one that is not there would stop the engine, were it to run.
    let text = refused(vec![Cell::new(7, 0), Cell::new(7, 149), Cell::new(7, 150)], LOOKAHEAD, state());
    let ids = "1, 2, 3, 4, 5, 6, 7, 8, 140 more";
    let here = "it has partitions that are not here";
    assert_eq!(text, format!("the snapshot is of another world: {here}: {ids}; and lacks some that are: 150"));
    let text = refused(Cell::all(7), SimTime::from_millis(20), state());
    assert_eq!(text, "the snapshot is of another world: its lookahead is 0.010000 s, here it is 0.020000 s");
    let mut twice = state();
    twice.partitions[5].events[1] = twice.partitions[5].events[0].clone();
    let text = refused(Cell::all(7), LOOKAHEAD, twice);
    assert_eq!(text, "the snapshot contradicts itself: the events of partition 5 are not in the order of their keys");
    let mut late = state();
    late.reached = END;
    let text = refused(Cell::all(7), LOOKAHEAD, late);
    assert!(text.ends_with("an event of partition 0 lies before the time that the run reached"), "{text}");
    let mut less = state();
    less.partitions[9].state.0.pop();
    let text = refused(Cell::all(7), LOOKAHEAD, less);
    let what = "it has streams of 23 entities, not of 24";
    assert_eq!(text, format!("partition 9 cannot take over its state in the snapshot: {what}"));
}

#[test]
fn bytes_that_are_no_whole_snapshot_are_refused() {
    let (bytes, _) = reference();
    let decode = |bytes: &[u8]| snapshot::decode::<State>(CONTENTS, bytes).expect_err("it is refused");
    let length = bytes.len() as u64;
    for cut in [1, 8, HEADER - 1, HEADER, bytes.len() / 2, bytes.len() - 1] {
        assert!(matches!(decode(&bytes[..cut]), SnapshotError::Torn { found, .. } if found == cut as u64), "{cut}");
    }
    assert_eq!(decode(&bytes[..HEADER + 9]), SnapshotError::Torn { found: HEADER as u64 + 9, expected: length });
    assert_eq!(decode(b""), SnapshotError::Foreign);
    assert_eq!(decode(b"\x89PNG\r\n\x1a\n and so on, for more bytes than a header has"), SnapshotError::Foreign);
    assert_eq!(decode(&[&bytes[..], &[0]].concat()), SnapshotError::Damaged);
    let changed = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 3;
        bytes
    };
    assert_eq!(decode(&changed(8)), SnapshotError::Format { found: 2, expected: 1 });
    assert_eq!(decode(&changed(HEADER + 1_000)), SnapshotError::Damaged);
    assert_eq!(decode(&changed(bytes.len() - 1)), SnapshotError::Damaged);
    let other = snapshot::decode::<State>(CONTENTS + 1, &bytes).expect_err("it is refused");
    assert_eq!(other, SnapshotError::Contents { found: CONTENTS, expected: CONTENTS + 1 });
    assert_eq!(
        other.to_string(),
        "the snapshot holds a world of version 7, this program runs version 8; start the run anew"
    );
    let more = snapshot::encode(CONTENTS, &(1u8, 2u8)).expect("it can be written");
    let text = snapshot::decode::<u8>(CONTENTS, &more).expect_err("it is refused").to_string();
    assert_eq!(text, "the snapshot does not hold the state of a run: 1 bytes are left over");
}

/// A world of one cell, to be restored often and never run.
fn small() -> Engine<Cell, Local> {
    Engine::new(vec![Cell::new(7, 0)], LOOKAHEAD, Local).expect("one partition")
}

proptest! {
    /// Also with a right header and checksum, so that the decoder and the engine see them.
    #[test]
    fn no_bytes_make_it_panic(
        random in proptest::collection::vec(any::<u8>(), 0..200),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let bytes = snapshot::encode(CONTENTS, &small().save()).expect("it can be written");
        let body = HEADER..bytes.len() - 32;
        prop_assert!(snapshot::decode::<State>(CONTENTS, &random).is_err());
        let mut damaged = bytes.clone();
        changes.iter().for_each(|(at, value)| damaged[at.index(bytes.len())] ^= value);
        prop_assert_eq!(snapshot::decode::<State>(CONTENTS, &damaged).is_ok(), damaged == bytes);
        prop_assert!(snapshot::decode::<State>(CONTENTS, &bytes[..cut.index(bytes.len())]).is_err());
        let mut changed = bytes[body].to_vec();
        changes.iter().for_each(|(at, value)| changed[at.index(bytes.len() - HEADER - 32)] ^= value);
        let short = changed[..cut.index(changed.len())].to_vec();
        for body in [random, changed, short] {
            let length = (body.len() as u64).to_le_bytes();
            let mut bytes = [&bytes[..HEADER - 8], &length, &body].concat();
            bytes.extend(blake3::hash(&bytes).as_bytes());
            if let Ok(state) = snapshot::decode::<State>(CONTENTS, &bytes) {
                let _ = small().restore(state);
            }
        }
    }
}
