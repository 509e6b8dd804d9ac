//! A desk of the head-end under Poisson arrivals, for those who know what the textbooks say.

use amitwin_models::headend::desk::{Arrival, Desk};
use amitwin_models::spec::{HeadEndSpec, ServiceTimes};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use hdrhistogram::Histogram;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Arrivals of a test.
pub const JOBS: u64 = 1_000_000;
/// Where a queue is nearly full, or spreads: it remembers, with eight workers at 0.95 for some 195 s, of which a million arrivals have 675, with a
/// hundred at 0.98 for 99 s, of which eight million have 825.
pub const MANY_JOBS: u64 = 8_000_000;

/// Arrivals of which a queue at this load has forgotten the last one often enough that chance leaves about 1 %.
pub fn enough(load: f64) -> u64 {
    match load {
        l if l > 0.97 => 25 * MANY_JOBS,
        l if l > 0.9 => 8 * MANY_JOBS,
        _ => 4 * JOBS,
    }
}

/// Exponential service of 1 s on average: workers, load, and by Erlang's C the share that waits, the mean wait and its 95th percentile, s. The wait
/// of those that wait is exponential with c (1 - load).
pub const ERLANG: [(u16, f64, f64, f64, f64); 5] = [
    (1, 0.8, 0.8, 4.0, 13.863),
    (2, 0.8, 0.7111, 1.7778, 6.637),
    (8, 0.8, 0.4576, 0.2860, 1.384),
    (8, 0.95, 0.8442, 2.1104, 7.066),
    (100, 0.98, 0.7751, 0.3876, 1.371),
];

/// One in five takes 5 s and the others nothing: mean 1 s, variance 25 / 5 - 1 = 4 s2.
pub fn mixed() -> HeadEndSpec {
    HeadEndSpec { service_measured_ms: vec![0.0, 0.0, 0.0, 0.0, 5_000.0], ..desk(1, ServiceTimes::Fixed) }
}

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
    let mut waits_ns = Histogram::<u64>::new(3).expect("three digits");
    let mut waited_ns = 0;
    let mut now = SimTime::ZERO;
    let mut note = |at: SimTime, came: SimTime| {
        let wait = at.saturating_sub(came).nanos();
        waited_ns += u128::from(wait);
        waits_ns.record(wait).expect("the histogram grows");
    };
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
    assert_eq!(counts.waited_ns, waited_ns);
    assert!(last > SimTime::ZERO);
    let begun = counts.begun as f64;
    Came {
        waited: counts.waited as f64 / begun,
        mean_s: counts.waited_ns as f64 / begun / 1e9,
        p95_s: waits_ns.value_at_quantile(0.95) as f64 / 1e9,
        refused: counts.refused as f64 / jobs as f64,
    }
}

/// A desk with a mean service time of 1 s.
pub fn desk(workers: u16, service_times: ServiceTimes) -> HeadEndSpec {
    HeadEndSpec { workers, service: SimTime::from_secs(1), service_times, ..HeadEndSpec::default() }
}
