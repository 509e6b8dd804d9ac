//! A desk of the head-end under Poisson arrivals, for those who know what the textbooks say.

use amitwin_models::headend::desk::{Arrival, Desk};
use amitwin_models::spec::{HeadEndSpec, ServiceTimes};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What a queue came to: share of arrivals that had to wait (of those that were not refused), mean wait, 95th percentile of the wait, s, and
/// the share that was refused.
pub struct Came {
    /// Share of those that began that had to wait.
    pub waited: f64,
    /// Mean wait, s.
    pub mean_s: f64,
    /// 95th percentile of the wait, s.
    pub p95_s: f64,
    /// Share refused.
    pub refused: f64,
}

/// A desk with Poisson arrivals of so many a second.
///
/// # Panics
/// Little's law does not hold to the nanosecond, or something was lost.
pub fn queue(spec: &HeadEndSpec, rate: f64, jobs: u64) -> Came {
    let mut desk: Desk<SimTime> = Desk::new(spec);
    let mut arrivals = Stream::new(11, 0, 0);
    let mut ends: BinaryHeap<Reverse<(SimTime, u32)>> = BinaryHeap::new();
    let mut waits_ns: Vec<u64> = Vec::new();
    let mut now = SimTime::ZERO;
    let mut note = |at: SimTime, came: SimTime| waits_ns.push(at.saturating_sub(came).nanos());
    let mut last = SimTime::ZERO;
    for n in 0..=jobs {
        now = if n < jobs { now + SimTime::from_secs_f64(-libm::log1p(-arrivals.unit()) / rate) } else { SimTime::MAX };
        while let Some(&Reverse((at, place))) = ends.peek().filter(|end| end.0.0 <= now) {
            ends.pop();
            last = at;
            let next_came = desk.waits_since();
            if let (_, Some(begun)) = desk.done(spec, 5, at, place) {
                note(at, next_came.expect("something waited"));
                ends.push(Reverse((begun.at, begun.place)));
            }
        }
        if n < jobs
            && let Arrival::Begun(begun) = desk.arrives(spec, 5, now, now)
        {
            note(now, now);
            ends.push(Reverse((begun.at, begun.place)));
        }
    }
    let counts = desk.take_counts();
    // Little's law over the whole run, to the nanosecond: what waited in all is what stood in the queue over time.
    assert_eq!(desk.queue_ns(), counts.waited_ns);
    assert_eq!((desk.waiting(), desk.busy(spec), counts.begun + counts.refused), (0, 0, jobs));
    assert_eq!(counts.waited_ns, waits_ns.iter().map(|&ns| u128::from(ns)).sum::<u128>());
    assert!(last > SimTime::ZERO);
    waits_ns.sort_unstable();
    let begun = counts.begun as f64;
    Came {
        waited: counts.waited as f64 / begun,
        mean_s: counts.waited_ns as f64 / begun / 1e9,
        p95_s: waits_ns[(0.95 * begun) as usize] as f64 / 1e9,
        refused: counts.refused as f64 / jobs as f64,
    }
}

/// A desk with a mean service time of 1 s.
pub fn desk(workers: u16, service_times: ServiceTimes) -> HeadEndSpec {
    HeadEndSpec { workers, service: SimTime::from_secs(1), service_times, ..HeadEndSpec::default() }
}
