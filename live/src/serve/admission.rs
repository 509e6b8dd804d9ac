//! Who is let in: connections are limited, over all meters and to each, and hosts share them.
//!
//! When the limit is reached, the host with most connections gives one up for a host that has at least two less, so that nobody
//! keeps others out by connecting first. Where all have the same, a new one is refused.

use super::counters::Refused;
use super::fair_queue::network_of;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A connection that is to be closed for a new one: the one of a host, to a meter if it says so, that is idle for longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivesWay {
    /// Network of the host.
    pub host: IpAddr,
    /// Place of the meter; `None`: to any.
    pub place: Option<u64>,
}

/// A connection that is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    /// The worker that is to serve it.
    pub worker: usize,
    /// What it must close first.
    pub instead_of: Option<GivesWay>,
}

/// Connections at this moment.
#[derive(Debug)]
pub struct Admission {
    most: i64,
    most_to_meter: Option<i64>,
    workers: usize,
    held: Mutex<Connections>,
}

#[derive(Debug, Default)]
struct Connections {
    all: Group,
    to_meter: BTreeMap<u64, Group>,
    next_worker: usize,
}

/// Connections that share a limit. A count may be below 0 for a moment: a connection that was to give way has ended by itself.
#[derive(Debug, Default)]
struct Group {
    total: i64,
    /// Of each host, by worker.
    hosts: BTreeMap<IpAddr, Vec<i64>>,
    ranking: BTreeSet<(i64, IpAddr)>,
}

impl Group {
    fn count(&self, host: IpAddr) -> i64 {
        self.hosts.get(&host).map_or(0, |by_worker| by_worker.iter().sum())
    }

    fn add(&mut self, host: IpAddr, worker: usize, workers: usize, more: i64) {
        let before = self.count(host);
        let by_worker = self.hosts.entry(host).or_insert_with(|| vec![0; workers]);
        by_worker[worker] += more;
        let is_empty = by_worker.iter().all(|count| *count == 0);
        self.ranking.remove(&(before, host));
        if is_empty {
            self.hosts.remove(&host);
        } else {
            self.ranking.insert((before + more, host));
        }
        self.total += more;
    }

    /// The host with most connections and the worker with most of these, if a host with so many is to be let in.
    fn gives_way(&self, has: i64) -> Option<(IpAddr, usize)> {
        let (most, host) = self.ranking.last()?;
        if *most < has + 2 {
            return None;
        }
        let by_worker = self.hosts.get(host)?.iter().enumerate();
        by_worker.max_by_key(|(_, count)| **count).map(|(worker, _)| (*host, worker))
    }
}

impl Connections {
    fn add(&mut self, host: IpAddr, (place, worker): (u64, usize), workers: usize, more: i64, limited: bool) {
        self.all.add(host, worker, workers, more);
        if limited {
            self.add_to_meter(host, (place, worker), workers, more);
        }
    }

    fn add_to_meter(&mut self, host: IpAddr, (place, worker): (u64, usize), workers: usize, more: i64) {
        let group = self.to_meter.entry(place).or_default();
        group.add(host, worker, workers, more);
        if group.hosts.is_empty() {
            self.to_meter.remove(&place);
        }
    }
}

impl Admission {
    /// At most so many connections, and so many to one meter where each has an address; they are distributed to workers.
    pub fn new(most: usize, most_to_meter: Option<usize>, workers: usize) -> Admission {
        let limit = |most: usize| i64::try_from(most).unwrap_or(i64::MAX);
        let held = Mutex::default();
        Admission { most: limit(most), most_to_meter: most_to_meter.map(limit), workers: workers.max(1), held }
    }

    /// Counts a connection in, and the one out that gives way for it.
    ///
    /// # Errors
    /// The limit is reached, and its host has its share; it is not counted then.
    pub fn enter(&self, peer: IpAddr, place: u64) -> Result<Entered, Refused> {
        let (host, mut held) = (network_of(peer), self.lock());
        let to_meter = held.to_meter.get(&place);
        let full = |most: i64| to_meter.filter(|group| group.total >= most);
        let entered = if let Some(group) = self.most_to_meter.and_then(full) {
            let (who, worker) = group.gives_way(group.count(host)).ok_or(Refused::Connections)?;
            held.add(who, (place, worker), self.workers, -1, true);
            Entered { worker, instead_of: Some(GivesWay { host: who, place: Some(place) }) }
        } else if held.all.total >= self.most {
            let (who, worker) = held.all.gives_way(held.all.count(host)).ok_or(Refused::Connections)?;
            // To which meter that one is shows when it is found.
            held.all.add(who, worker, self.workers, -1);
            Entered { worker, instead_of: Some(GivesWay { host: who, place: None }) }
        } else {
            let worker = held.next_worker;
            held.next_worker = (worker + 1) % self.workers;
            Entered { worker, instead_of: None }
        };
        held.add(host, (place, entered.worker), self.workers, 1, self.most_to_meter.is_some());
        Ok(entered)
    }

    /// Counts a connection of a worker out that ends by itself.
    pub fn leave(&self, peer: IpAddr, place: u64, worker: usize) {
        self.lock().add(network_of(peer), (place, worker), self.workers, -1, self.most_to_meter.is_some());
    }

    /// A worker has closed what was to give way, which was to the meter at `place`; `None`: it had none such any more.
    pub fn gave_way(&self, way: GivesWay, worker: usize, place: Option<u64>) {
        let mut held = self.lock();
        match (way.place, place) {
            (None, Some(place)) if self.most_to_meter.is_some() => {
                held.add_to_meter(way.host, (place, worker), self.workers, -1);
            }
            (None, None) => held.all.add(way.host, worker, self.workers, 1),
            (Some(place), None) => held.add(way.host, (place, worker), self.workers, 1, true),
            _ => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(n: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, n])
    }

    fn total(admission: &Admission) -> (i64, usize) {
        let held = admission.lock();
        (held.all.total, held.to_meter.len())
    }

    #[test]
    fn a_host_that_has_all_gives_up_half_of_them() {
        let admission = Admission::new(10, Some(32), 2);
        for place in 0..10 {
            assert_eq!(admission.enter(host(1), place).map(|entered| entered.instead_of), Ok(None));
        }
        assert_eq!(admission.enter(host(1), 10), Err(Refused::Connections), "it has as many as it");
        // Places 0, 2, 4 .. are with worker 0, the others with worker 1.
        let mut idle = [0, 1];
        for _ in 0..5 {
            let entered = admission.enter(host(2), 20).expect("let in");
            let way = entered.instead_of.expect("another is closed");
            assert_eq!(way, GivesWay { host: host(1), place: None });
            admission.gave_way(way, entered.worker, Some(idle[entered.worker]));
            idle[entered.worker] += 2;
        }
        assert_eq!(admission.enter(host(2), 20), Err(Refused::Connections), "five each");
        // Five places of the first, and the one of the second.
        assert_eq!(total(&admission), (10, 6));
        // A third host takes from either in turn, until the difference is less than two: 4, 4 and 2, then 3, 4 and 3.
        let from: Vec<u8> = (0..5)
            .map_while(|_| admission.enter(host(3), 30).ok())
            .map(|entered| entered.instead_of.map_or(0, |way| if way.host == host(1) { 1 } else { 2 }))
            .collect();
        assert_eq!(from, [2, 1, 2]);
    }

    #[test]
    fn connections_to_a_meter_are_shared_in_the_same_way() {
        let admission = Admission::new(100, Some(4), 3);
        for _ in 0..4 {
            admission.enter(host(1), 7).expect("room");
        }
        let entered = admission.enter(host(2), 7).expect("let in");
        // Workers 0, 1, 2 and again 0 have them.
        assert_eq!(entered, Entered { worker: 0, instead_of: Some(GivesWay { host: host(1), place: Some(7) }) });
        admission.gave_way(entered.instead_of.expect("one"), entered.worker, Some(7));
        admission.enter(host(2), 7).expect("two each");
        assert_eq!(admission.enter(host(2), 7), Err(Refused::Connections));
        let entered = admission.enter(host(3), 7).expect("let in: of 2, 2 and 0 the difference is two");
        assert_eq!(entered.instead_of.map(|way| way.host), Some(host(2)));
        assert_eq!(admission.enter(host(3), 7), Err(Refused::Connections), "2, 1 and 1");
    }

    #[test]
    fn one_that_has_ended_by_itself_meanwhile_is_counted_once() {
        for place in [None, Some(7)] {
            let admission = Admission::new(if place.is_none() { 2 } else { 100 }, Some(2), 1);
            admission.enter(host(1), 7).expect("room");
            admission.enter(host(1), 7).expect("room");
            let other = if place.is_none() { 8 } else { 7 };
            let entered = admission.enter(host(2), other).expect("let in");
            let way = entered.instead_of.expect("one");
            assert_eq!(way.place, place);
            admission.leave(host(1), 7, 0);
            admission.leave(host(1), 7, 0);
            admission.gave_way(way, 0, None);
            assert_eq!(total(&admission), (1, 1));
            admission.leave(host(2), other, 0);
            assert_eq!(total(&admission), (0, 0));
            assert_eq!(admission.lock().all.ranking.len(), 0);
        }
    }
}
