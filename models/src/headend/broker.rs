//! The way of rows from the head-end to the meter data management: a broker that hands over what it has until it is acknowledged, and an MDMS that keeps
//! each row once, by meter and time stamp.
//!
//! The broker knows no engine: it is told what happens, and says when it wants to be woken.

use super::Event;
use super::ledger::Ledger;
use crate::apdu::Rows;
use crate::check::ensure;
use crate::node::SiteId;
use crate::slab::Slab;
use crate::spec::BrokerSpec;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The rows of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    meter: SiteId,
    rows: Rows,
    /// Handed over so many times.
    times: u32,
}

/// What has happened since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows that the MDMS kept.
    pub rows: u32,
    /// Rows that it discarded because it had them.
    pub duplicates: u32,
    /// Answers handed over again.
    pub redelivered: u32,
    /// Most answers that waited at the broker at a time.
    pub queue_max: u32,
}

/// Broker and MDMS.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Broker {
    /// To be handed over.
    queue: VecDeque<Batch>,
    /// Handed over, not acknowledged yet.
    out: Slab<Batch>,
    out_count: u16,
    /// To be handed over again later.
    away: Slab<Batch>,
    /// The MDMS has work until then.
    busy_until: SimTime,
    /// Answers that the MDMS has dealt with.
    dealt: u64,
    /// Rows that the MDMS has.
    pub ledger: Ledger,
    counts: Counts,
    /// To be woken then.
    #[serde(skip)]
    pub wakes: Vec<(SimTime, Event)>,
}

impl Broker {
    /// Nothing yet, for an MDMS that wants the rows of `ledger`.
    pub fn new(ledger: Ledger) -> Broker {
        Broker {
            queue: VecDeque::new(),
            out: Slab::default(),
            out_count: 0,
            away: Slab::default(),
            busy_until: SimTime::ZERO,
            dealt: 0,
            ledger,
            counts: Counts::default(),
            wakes: Vec::new(),
        }
    }

    /// The head-end has rows of a meter.
    pub fn publish(&mut self, spec: &BrokerSpec, now: SimTime, meter: SiteId, rows: Rows) {
        self.enqueue(spec, now, Batch { meter, rows, times: 0 });
    }

    fn enqueue(&mut self, spec: &BrokerSpec, now: SimTime, batch: Batch) {
        self.queue.push_back(batch);
        self.hand_over(spec, now);
        self.counts.queue_max = self.counts.queue_max.max(self.queue.len() as u32);
    }

    fn hand_over(&mut self, spec: &BrokerSpec, now: SimTime) {
        while self.out_count < spec.prefetch
            && let Some(mut batch) = self.queue.pop_front()
        {
            batch.times += 1;
            let work = SimTime::from_secs_f64(f64::from(batch.rows.count) / spec.rows_per_second);
            self.busy_until = self.busy_until.max(now + spec.latency) + work;
            self.out_count += 1;
            let place = self.out.add(batch);
            self.wakes.push((self.busy_until + spec.latency, Event::Ingested { place }));
        }
    }

    /// The MDMS is done with an answer, and its acknowledgement arrives or is missed.
    pub fn ingested(&mut self, spec: &BrokerSpec, key: u64, now: SimTime, place: u32) {
        let Some(batch) = self.out.take(place) else { return };
        self.out_count -= 1;
        let unit = Stream::resume(key, self.dealt).unit();
        self.dealt += 1;
        if unit >= spec.unwritten {
            let had = (self.ledger.kept, self.ledger.duplicates);
            self.ledger.take(batch.meter, batch.rows);
            self.counts.rows += (self.ledger.kept - had.0) as u32;
            self.counts.duplicates += (self.ledger.duplicates - had.1) as u32;
        }
        if unit < spec.unwritten + spec.unacknowledged {
            let place = self.away.add(batch);
            self.wakes.push((now + pause(spec, batch.times), Event::Redelivered { place }));
        }
        self.hand_over(spec, now);
    }

    /// An answer that was not acknowledged is handed over again.
    pub fn redelivered(&mut self, spec: &BrokerSpec, now: SimTime, place: u32) {
        if let Some(batch) = self.away.take(place) {
            self.counts.redelivered += 1;
            self.enqueue(spec, now, batch);
        }
    }

    /// Answers that wait at the broker.
    pub fn waiting(&self) -> u32 {
        self.queue.len() as u32
    }

    /// Answers that the MDMS has not acknowledged yet, those that wait among them.
    pub fn unacknowledged(&self) -> usize {
        self.queue.len() + self.out.iter().count() + self.away.iter().count()
    }

    /// What has happened since this was asked last.
    pub fn take_counts(&mut self) -> Counts {
        let now = Counts { queue_max: self.waiting(), ..Counts::default() };
        std::mem::replace(&mut self.counts, now)
    }

    /// Whether something is kept at the place of an event.
    pub fn knows(&self, event: Event) -> bool {
        match event {
            Event::Ingested { place } => self.out.has(place),
            Event::Redelivered { place } => self.away.has(place),
            _ => false,
        }
    }

    /// Whether it may have come from a broker like another one, among so many sites.
    ///
    /// # Errors
    /// It has not.
    pub fn check(&self, other: &Broker, spec: &BrokerSpec, sites: usize) -> Result<(), String> {
        self.out.check("broker: what is handed over")?;
        self.away.check("broker: what comes again")?;
        ensure(self.ledger.is_like(&other.ledger), || "broker: other rows of load profiles are wanted".to_owned())?;
        let out = self.out.iter().count();
        ensure(out == usize::from(self.out_count) && self.out_count <= spec.prefetch, || {
            format!("broker: {out} answers are handed over")
        })?;
        let known = self.queue.iter().chain(self.out.iter()).chain(self.away.iter()).all(|b| b.meter.at() < sites);
        ensure(known, || "broker: an answer is of a meter that there is not".to_owned())
    }
}

/// After which time an answer comes again that was handed over so many times.
fn pause(spec: &BrokerSpec, times: u32) -> SimTime {
    let (first, last) = spec.redelivery;
    let factor = 1u64 << (times - 1).min(20);
    SimTime::from_nanos(first.nanos().saturating_mul(factor).min(last.nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: u16 = 10;

    /// Hands so many answers of ten rows over, one every 10 ms each of a meter of its own; returns the broker when all is done, and when that was.
    fn run(spec: &BrokerSpec, answers: u32) -> (Broker, SimTime, u64) {
        let mut broker = Broker::new(Ledger::new(answers as usize, 0, u32::from(ROWS) - 1));
        let mut due: Vec<(SimTime, Option<Event>)> = Vec::new();
        let mut next = 0;
        let (mut last, mut redelivered) = (SimTime::ZERO, 0);
        for n in (0..answers).rev() {
            due.push((SimTime::from_millis(10 * u64::from(n)), None));
        }
        while let Some(at) = (0..due.len()).min_by_key(|&n| (due[n].0, n)) {
            let (now, event) = due.swap_remove(at);
            match event {
                None => {
                    broker.publish(spec, now, SiteId(next), Rows { first: 0, count: ROWS });
                    next += 1;
                }
                Some(Event::Ingested { place }) => {
                    last = now;
                    broker.ingested(spec, 3, now, place);
                }
                Some(Event::Redelivered { place }) => {
                    redelivered += 1;
                    broker.redelivered(spec, now, place);
                }
                Some(event) => unreachable!("{event:?}"),
            }
            due.extend(broker.wakes.drain(..).map(|(at, event)| (at, Some(event))));
        }
        assert_eq!(broker.unacknowledged(), 0);
        (broker, last, redelivered)
    }

    #[test]
    fn what_comes_again_gives_no_row_twice_and_none_is_lost() {
        let spec = BrokerSpec { unacknowledged: 0.2, unwritten: 0.1, prefetch: 4, ..BrokerSpec::default() };
        let (mut broker, _, redelivered) = run(&spec, 500);
        assert_eq!(broker.ledger.kept, 5_000, "none is lost");
        // Each answer that was kept and not acknowledged comes again, as a copy; three in ten do each time, of which two are copies: 500 x 0.3 / 0.7
        // come again, and of all that were kept before 500 x 0.2 / 0.7 times; within three times the spread of chance.
        assert!((redelivered as f64 - 214.0).abs() < 3.0 * 18.0, "{redelivered}");
        assert_eq!(broker.ledger.duplicates % 10, 0);
        let counts = broker.take_counts();
        assert_eq!((counts.rows, u64::from(counts.duplicates)), (5_000, broker.ledger.duplicates));
        assert_eq!(u64::from(counts.redelivered), redelivered);
        // What was handed over was kept, a copy, or not written.
        let unwritten = 500 + redelivered - (5_000 + broker.ledger.duplicates) / 10;
        assert!((unwritten as f64 - 71.0).abs() < 3.0 * 9.0, "{unwritten}");
        let times = [1, 2, 3, 40].map(|times| pause(&spec, times).secs_f64());
        assert_eq!(times, [300.0, 600.0, 900.0, 900.0]);
    }

    #[test]
    fn prefetch_and_rate_bound_what_the_mdms_takes() {
        // An answer of ten rows takes 5 ms at 2,000 rows a second, and 40 ms to the MDMS and back.
        let latency = SimTime::from_millis(20);
        let spec = BrokerSpec { latency, rows_per_second: 2_000.0, ..BrokerSpec::default() };
        // One at a time: 45 ms each, though one comes every 10 ms.
        assert_eq!(run(&spec, 200).1, SimTime::from_millis(200 * 45));
        // Three at a time: three in 45 ms, the last one of the 200 as the second of its three.
        let (_, last, _) = run(&BrokerSpec { prefetch: 3, ..spec.clone() }, 200);
        assert!((last.secs_f64() - 200.0 / 3.0 * 0.045).abs() < 0.045, "{last}");
        // Ten at a time are as many as come.
        assert_eq!(run(&BrokerSpec { prefetch: 10, ..spec.clone() }, 200).1, SimTime::from_millis(199 * 10 + 45));
        // Half the rate: 100 answers a second come, and 100 are what it takes.
        let slow = BrokerSpec { prefetch: 1_000, rows_per_second: 500.0, ..spec };
        assert_eq!(run(&slow, 200).1, SimTime::from_millis(200 * 20 + 40));
    }
}
