//! The order of events, against a `BTreeMap`.

use super::*;
use crate::EventKey;
use proptest::prelude::*;

fn event(time: u64, source: u32, sequence: u32) -> Event<u64> {
    Event { key: EventKey::new(SimTime::from_nanos(time), source, sequence), what: time }
}

#[test]
fn events_of_one_instant_come_by_source_then_sequence() {
    let mut queue = EventQueue::new();
    for (source, sequence) in [(2, 0), (1, 1), (1, 0), (0, 7)] {
        queue.push(event(5, source, sequence));
    }
    let order: Vec<_> =
        std::iter::from_fn(|| queue.pop_before(SimTime::MAX)).map(|e| (e.key.source(), e.key.sequence())).collect();
    assert_eq!(order, [(0, 7), (1, 0), (1, 1), (2, 0)]);
}

#[test]
fn pop_before_leaves_what_lies_at_or_after_the_edge() {
    let mut queue = EventQueue::new();
    queue.push(event(10, 0, 0));
    queue.push(event(20, 0, 1));
    assert!(queue.pop_before(SimTime::from_nanos(20)).is_some());
    assert!(queue.pop_before(SimTime::from_nanos(20)).is_none());
    assert_eq!(queue.len(), 1);
}

proptest! {
    /// Invariant I1, with times from nanoseconds to years and with pushes between the pops.
    #[test]
    fn pops_in_key_order_whatever_the_order_of_pushes(
        batches in proptest::collection::vec(
            proptest::collection::vec((0u32..58, any::<u64>(), 0u32..4), 1..40), 1..8)
    ) {
        let mut queue = EventQueue::new();
        let mut reference = std::collections::BTreeMap::new();
        let mut now = 0u64;
        let mut sequence = 0;
        for batch in batches {
            for (magnitude, raw, source) in batch {
                let time = now + raw % (1u64 << magnitude);
                sequence += 1;
                let e = event(time, source, sequence);
                reference.insert(e.key, time);
                queue.push(e);
            }
            for _ in 0..reference.len() / 2 {
                let (key, _) = reference.pop_first().unwrap();
                let popped = queue.pop_before(SimTime::MAX).unwrap();
                prop_assert_eq!(popped.key, key);
                now = key.time.nanos();
            }
            prop_assert_eq!(queue.len(), reference.len());
            let mut pending: Vec<_> = queue.events().map(|e| e.key).collect();
            pending.sort_unstable();
            prop_assert!(pending.iter().eq(reference.keys()));
        }
        while let Some((key, _)) = reference.pop_first() {
            prop_assert_eq!(queue.pop_before(SimTime::MAX).unwrap().key, key);
        }
        prop_assert!(queue.pop_before(SimTime::MAX).is_none());
    }
}
