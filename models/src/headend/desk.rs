//! Workers with a queue before them: what waits, what is served, and what is refused because too much waits already.
//!
//! Who comes first is served first. The desk knows no engine: it is told when something arrives and when a worker is done, and says until when
//! the next one works.

use crate::check::ensure;
use crate::math::normal_quantile;
use crate::slab::Slab;
use crate::spec::{HeadEndSpec, ServiceTimes};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A worker began: the place of its work, and when it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Place in the desk, for [`Desk::done`].
    pub place: u32,
    /// Done then.
    pub at: SimTime,
}

/// What became of what arrived.
#[derive(Debug, PartialEq)]
pub enum Arrival<T> {
    /// A worker was free.
    Begun(Begun),
    /// It waits.
    Waits,
    /// As many wait as may.
    Refused(T),
}

/// What has happened since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Arrived, those that were refused among them.
    pub arrived: u64,
    /// Refused.
    pub refused: u64,
    /// Begun to be served.
    pub begun: u64,
    /// Of those they had to wait.
    pub waited: u64,
    /// Waiting times of those that began, summed, ns.
    pub waited_ns: u128,
    /// Service times of those that began, summed, ns.
    pub service_ns: u128,
    /// Most that waited at a time.
    pub queue_max: u32,
}

impl Counts {
    /// With those of another desk.
    pub fn add(&mut self, other: &Counts) {
        self.arrived += other.arrived;
        self.refused += other.refused;
        self.begun += other.begun;
        self.waited += other.waited;
        self.waited_ns += other.waited_ns;
        self.service_ns += other.service_ns;
        self.queue_max += other.queue_max;
    }
}

/// A desk for things of one kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Desk<T> {
    free: u16,
    /// What waits, with when it came.
    queue: VecDeque<(SimTime, T)>,
    served: Slab<T>,
    /// Service times drawn.
    draws: u64,
    counts: Counts,
    /// Length of the queue over time, summed, in ns times things; up to `looked`.
    queue_ns: u128,
    looked: SimTime,
}

impl<T> Desk<T> {
    /// With all workers free.
    pub fn new(spec: &HeadEndSpec) -> Self {
        Desk {
            free: spec.workers,
            queue: VecDeque::new(),
            served: Slab::default(),
            draws: 0,
            counts: Counts::default(),
            queue_ns: 0,
            looked: SimTime::ZERO,
        }
    }

    /// Something arrives.
    pub fn arrives(&mut self, spec: &HeadEndSpec, key: u64, now: SimTime, what: T) -> Arrival<T> {
        self.look(now);
        self.counts.arrived += 1;
        if self.free > 0 {
            return Arrival::Begun(self.begin(spec, key, now, (now, what)));
        }
        if spec.queue_max.is_some_and(|most| self.queue.len() >= most as usize) {
            self.counts.refused += 1;
            return Arrival::Refused(what);
        }
        self.queue.push_back((now, what));
        self.counts.queue_max = self.counts.queue_max.max(self.queue.len() as u32);
        Arrival::Waits
    }

    /// A worker is done: what it served, and what it goes on with, if something waits.
    pub fn done(&mut self, spec: &HeadEndSpec, key: u64, now: SimTime, place: u32) -> (Option<T>, Option<Begun>) {
        self.look(now);
        let Some(served) = self.served.take(place) else { return (None, None) };
        self.free += 1;
        let next = self.queue.pop_front().map(|next| self.begin(spec, key, now, next));
        (Some(served), next)
    }

    fn begin(&mut self, spec: &HeadEndSpec, key: u64, now: SimTime, (came, what): (SimTime, T)) -> Begun {
        self.free -= 1;
        let took = service(spec, key, self.draws);
        self.draws += 1;
        let waited = now.saturating_sub(came);
        self.counts.begun += 1;
        self.counts.waited += u64::from(waited > SimTime::ZERO);
        self.counts.waited_ns += u128::from(waited.nanos());
        self.counts.service_ns += u128::from(took.nanos());
        Begun { place: self.served.add(what), at: now + took }
    }

    fn look(&mut self, now: SimTime) {
        let since = now.saturating_sub(self.looked).nanos();
        self.queue_ns += u128::from(since) * self.queue.len() as u128;
        self.looked = now;
    }

    /// Things that wait now.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Since when the next one waits.
    pub fn waits_since(&self) -> Option<SimTime> {
        self.queue.front().map(|next| next.0)
    }

    /// Workers that are busy now.
    pub fn busy(&self, spec: &HeadEndSpec) -> u16 {
        spec.workers - self.free
    }

    /// What has happened since this was asked last.
    pub fn take_counts(&mut self) -> Counts {
        let now = Counts { queue_max: self.queue.len() as u32, ..Counts::default() };
        std::mem::replace(&mut self.counts, now)
    }

    /// Length of the queue over time, summed up to the last arrival or end of a service, ns times things.
    pub fn queue_ns(&self) -> u128 {
        self.queue_ns
    }

    /// All that waits is lost: how many, and at which places something is still served.
    pub fn lose(&mut self, now: SimTime) -> (u32, Vec<u32>) {
        self.look(now);
        let waited = std::mem::take(&mut self.queue).len() as u32;
        (waited, self.served.places().collect())
    }

    /// What waits or is served, as a run ends.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + use<T> {
        let waits: Vec<T> = std::mem::take(&mut self.queue).into_iter().map(|(_, what)| what).collect();
        self.served.drain().chain(waits)
    }

    /// Whether something is served at a place.
    pub fn serves(&self, place: u32) -> bool {
        self.served.has(place)
    }

    /// Things that wait or are served.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.queue.iter().map(|(_, what)| what).chain(self.served.iter())
    }

    /// Whether it may have come from a desk of these limits.
    ///
    /// # Errors
    /// It has not.
    pub fn check(&self, spec: &HeadEndSpec) -> Result<(), String> {
        self.served.check("head-end: what is served")?;
        let (busy, free) = (self.served.iter().count(), usize::from(self.free));
        let whole = busy + free == usize::from(spec.workers) && (self.queue.is_empty() || free == 0);
        ensure(whole, || format!("head-end: {busy} of {} workers are busy and {free} free", spec.workers))?;
        let most = spec.queue_max.map_or(usize::MAX, |most| most as usize);
        ensure(self.queue.len() <= most, || format!("head-end: {} messages wait", self.queue.len()))
    }
}

/// The service time with this number.
fn service(spec: &HeadEndSpec, key: u64, number: u64) -> SimTime {
    let unit = Stream::resume(key, number).unit();
    if !spec.service_measured_ms.is_empty() {
        let count = spec.service_measured_ms.len();
        let ms = spec.service_measured_ms[((unit * count as f64) as usize).min(count - 1)];
        return SimTime::from_nanos((ms * 1e6) as u64);
    }
    match spec.service_times {
        ServiceTimes::Fixed => spec.service,
        // With the average and the deviation that are said.
        ServiceTimes::Lognormal => {
            let variance = libm::log1p(spec.service_spread * spec.service_spread);
            let deviation = libm::sqrt(variance) * normal_quantile(unit);
            SimTime::from_nanos((spec.service.nanos() as f64 * libm::exp(deviation - variance / 2.0)) as u64)
        }
        ServiceTimes::Exponential => SimTime::from_nanos((-libm::log1p(-unit) * spec.service.nanos() as f64) as u64),
    }
}
