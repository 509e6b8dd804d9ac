//! What stands between the head-end's jobs and the world: workers that take messages in, sessions with their permits and pace, and pauses between
//! tries.

use super::broker::Broker;
use super::desk::{self, Arrival, Desk};
use super::ledger::Ledger;
use super::sessions::{self, Key, Owner, Sessions};
use super::{Ctx, Event, Failure};
use crate::backhaul::{DownKind, Report, ReportKind};
use crate::check::same_count;
use crate::event;
use crate::node::SiteId;
use crate::purpose;
use crate::spec::{Balance, HeadEndSpec, PRIORITY_USUAL};
use amitwin_data::rows::{Added, HeadendRow, Rows};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::{Stream, key};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

const MINUTE: SimTime = SimTime::from_secs(60);

/// The limited head-end.
#[derive(Debug)]
pub struct Front {
    spec: HeadEndSpec,
    /// Of the service times.
    key: u64,
    /// Of each instance.
    desks: Vec<Desk<Box<Report>>>,
    /// What workers have of instances that have failed since: it is lost.
    doomed: BTreeSet<(u16, u32)>,
    /// Messages lost because their instance failed, in this minute.
    lost: u32,
    /// Until when minutes are written.
    written: SimTime,
    /// Who talks, and who waits for that.
    pub sessions: Sessions,
    /// The way to the meter data management, if there is one.
    pub broker: Option<Broker>,
    /// Each job.
    jobs: Vec<JobTerms>,
    /// Border routers, ascending, and the number of sites.
    routers: Vec<SiteId>,
    sites: usize,
    seed: u64,
    /// Sessions that have begun for jobs that are to be told.
    pub left: VecDeque<(Key, Left)>,
}

/// On what terms a job works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobTerms {
    /// The highest goes first.
    pub priority: u8,
    /// Its role, if that may not do what the job does.
    pub forbidden_to: Option<Arc<str>>,
}

/// Something that a job wanted to say has left the head-end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// When.
    pub at: SimTime,
    /// Its payload, bytes.
    pub bytes: u16,
}

/// What a job does about a try that was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another one at once.
    Now,
    /// Another one after a pause.
    After(SimTime),
    /// Nothing more.
    Never,
}

/// It in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    desks: Vec<Desk<Box<Report>>>,
    doomed: BTreeSet<(u16, u32)>,
    lost: u32,
    written: SimTime,
    sessions: sessions::State,
    broker: Option<Broker>,
}

impl State {
    /// Messages that wait or are served.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        self.desks.iter().flat_map(|desk| desk.iter()).map(|report| &**report)
    }

    /// Of what and with whom its sessions are.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        self.sessions.keys()
    }
}

/// Schedules the end of the first minute, and when instances fail and are back.
pub fn start(ctx: &mut Ctx, failures: &[Failure]) {
    ctx.schedule(MINUTE, 0, event::Event::HeadEnd(Event::Minute));
    for &Failure { at, end, instance } in failures {
        ctx.schedule(at, 0, event::Event::HeadEnd(Event::Fails { instance }));
        if let Some(end) = end {
            ctx.schedule(end, 0, event::Event::HeadEnd(Event::Returns { instance }));
        }
    }
}

impl Front {
    /// With nothing to do; jobs have these terms, sites these border routers, and the MDMS wants the rows of `ledger`.
    pub fn new(spec: &HeadEndSpec, seed: u64, jobs: Vec<JobTerms>, router: &[SiteId], ledger: &Ledger) -> Self {
        let mut routers = router.to_vec();
        routers.sort_unstable();
        routers.dedup();
        Front {
            desks: (0..spec.instances).map(|_| Desk::new(spec)).collect(),
            doomed: BTreeSet::new(),
            lost: 0,
            written: SimTime::ZERO,
            sessions: Sessions::new(spec, key(seed, 0, purpose::PERMIT)),
            broker: spec.broker.is_some().then(|| Broker::new(ledger.clone())),
            spec: spec.clone(),
            key: key(seed, 0, purpose::SERVICE),
            jobs,
            routers,
            sites: router.len(),
            seed,
            left: VecDeque::new(),
        }
    }

    /// The instance that a meter belongs to; none where a balancer says.
    pub fn shard(&self, meter: SiteId, router: SiteId) -> Option<u16> {
        let (count, of) = (self.desks.len(), self.spec.balance);
        match of {
            Balance::RoundRobin | Balance::LeastLoaded => None,
            Balance::ByRouter => Some((self.routers.binary_search(&router).unwrap_or_default() % count) as u16),
            Balance::ByMeter => Some((meter.at() * count / self.sites.max(1)) as u16),
        }
    }

    /// Priority of a job.
    pub fn priority(&self, job: u16) -> u8 {
        self.jobs.get(usize::from(job)).map_or(PRIORITY_USUAL, |job| job.priority)
    }

    /// The role that keeps a job from what it is to do.
    pub fn keeps_from(&self, job: u16) -> Option<&Arc<str>> {
        self.jobs.get(usize::from(job))?.forbidden_to.as_ref()
    }

    /// What follows a try with a meter that was not answered, the last of so many; a job has so many in a row.
    pub fn next(&mut self, (kind, meter): Key, tries: u32, in_a_row: u32) -> Next {
        let next = match (&self.spec.retry, self.spec.again_after) {
            (None, _) if !tries.is_multiple_of(in_a_row) => Next::Now,
            (Some(retry), _) if !tries.is_multiple_of(in_a_row) => {
                let number = match kind {
                    DownKind::Command { job } | DownKind::Confirm { job } => u64::from(job),
                    DownKind::Spread { slot } => u64::from(slot),
                    DownKind::Request { read } => u64::from(read),
                };
                let mut draw =
                    Stream::resume(key(self.seed, meter.into(), purpose::RETRY), number << 16 | u64::from(tries));
                Next::After(retry.pause(tries % in_a_row, draw.unit()))
            }
            (_, Some(again_after)) => Next::After(again_after),
            (_, None) => Next::Never,
        };
        if next != Next::Never {
            self.sessions.retried();
        }
        next
    }

    /// Sets the timers that sessions and the broker want.
    pub fn wake(&mut self, ctx: &mut Ctx) {
        let broker = self.broker.iter_mut().flat_map(|broker| broker.wakes.drain(..));
        for (at, event) in self.sessions.wakes.drain(..).chain(broker) {
            ctx.schedule(at, 0, event::Event::HeadEnd(event));
        }
    }

    /// A message of a meter arrives.
    pub fn arrives(&mut self, ctx: &mut Ctx, report: Box<Report>) {
        let owner = match report.kind {
            ReportKind::Answer { read } => self.sessions.owner((DownKind::Request { read }, report.meter)),
            ReportKind::CommandAck { job } => self.sessions.owner((DownKind::Command { job }, report.meter)),
            ReportKind::Back { .. }
            | ReportKind::Push { .. }
            | ReportKind::Bundle { .. }
            | ReportKind::Notice { .. }
            | ReportKind::Alarm { .. }
            | ReportKind::Moved => Owner::Nobody,
        };
        let instance = match owner {
            Owner::Instance(instance) => instance,
            Owner::Nobody => self.shard(report.meter, report.router).unwrap_or_else(|| self.sessions.balanced()),
            Owner::Lost => {
                self.lost += 1;
                return;
            }
        };
        if !self.sessions.runs(instance) {
            self.lost += 1;
            return;
        }
        let key = self.key.wrapping_add(u64::from(instance));
        // What is refused is lost: its sender hears nothing, as when it is lost on the way.
        if let Arrival::Begun(begun) = self.desks[usize::from(instance)].arrives(&self.spec, key, ctx.now(), report) {
            let place = begun.place;
            ctx.schedule(begun.at, 0, event::Event::HeadEnd(Event::Served { instance, place }));
        }
    }

    /// A worker is done with a message, and goes on with the next one.
    pub fn served(&mut self, ctx: &mut Ctx, instance: u16, place: u32) -> Option<Box<Report>> {
        let key = self.key.wrapping_add(u64::from(instance));
        let (report, next) = self.desks[usize::from(instance)].done(&self.spec, key, ctx.now(), place);
        if let Some(begun) = next {
            let place = begun.place;
            ctx.schedule(begun.at, 0, event::Event::HeadEnd(Event::Served { instance, place }));
        }
        report.filter(|_| self.doomed.is_empty() || !self.doomed.remove(&(instance, place)))
    }

    /// What happens at a full minute is of the one that begins: the one before is written.
    fn turn_to(&mut self, now: SimTime, rows: &mut Rows) {
        if now == self.written + MINUTE {
            self.write(now, rows);
        }
    }

    /// An instance is back.
    pub fn returns(&mut self, now: SimTime, instance: u16, rows: &mut Rows) {
        self.turn_to(now, rows);
        self.sessions.returns(now, instance);
    }

    /// An instance fails, with what it has.
    pub fn fails(&mut self, now: SimTime, instance: u16, rows: &mut Rows) {
        self.turn_to(now, rows);
        let desk = &mut self.desks[usize::from(instance)];
        let (waited, served) = desk.lose(now);
        self.lost += waited + served.len() as u32;
        self.doomed.extend(served.into_iter().map(|place| (instance, place)));
        self.sessions.fails(now, instance);
    }

    /// Rows of a meter go on to the meter data management.
    pub fn publish(&mut self, ctx: &mut Ctx, meter: SiteId, rows: crate::apdu::Rows) {
        if let (Some(broker), Some(spec)) = (&mut self.broker, &self.spec.broker) {
            broker.publish(spec, ctx.now(), meter, rows);
            self.wake(ctx);
        }
    }

    /// Something happens between broker and MDMS.
    pub fn brokered(&mut self, ctx: &mut Ctx, event: Event) {
        if let (Some(broker), Some(spec)) = (&mut self.broker, &self.spec.broker) {
            match event {
                Event::Ingested { place } => {
                    broker.ingested(spec, key(self.seed, 0, purpose::INGESTION), ctx.now(), place);
                }
                Event::Redelivered { place } => broker.redelivered(spec, ctx.now(), place),
                _ => {}
            }
            self.wake(ctx);
        }
    }

    /// Writes the minute that is over, if something that begins the next one has not had it written, and schedules the next one's end.
    pub fn minute(&mut self, ctx: &mut Ctx, rows: &mut Rows) {
        let now = ctx.now();
        self.turn_to(now, rows);
        ctx.schedule(now + MINUTE, 0, event::Event::HeadEnd(Event::Minute));
    }

    /// The run ends, in the midst of a minute or as one does.
    pub fn finish(&mut self, now: SimTime, rows: &mut Rows) {
        if now > self.written {
            self.write(now, rows);
        }
    }

    fn write(&mut self, now: SimTime, rows: &mut Rows) {
        let (start, length) = (self.written, now - self.written);
        self.written = now;
        let mut all = desk::Counts::default();
        for desk in &mut self.desks {
            all.add(&desk.take_counts());
        }
        let sessions = self.sessions.take_counts();
        let mdms = self.broker.as_mut().map(Broker::take_counts);
        let workers = f64::from(self.spec.workers) * self.desks.len() as f64;
        rows.headend.push(HeadendRow {
            time_s: start.secs_f64(),
            arrived: all.arrived as u32,
            refused: all.refused as u32,
            served: all.begun as u32,
            wait_s: (all.begun > 0).then(|| (all.waited_ns as f64 / all.begun as f64 / 1e9) as f32),
            queue_max: all.queue_max,
            queue_end: self.desks.iter().map(|desk| desk.waiting() as u32).sum(),
            busy_share: (all.service_ns as f64 / 1e9 / (length.secs_f64() * workers)) as f32,
            sessions: sessions.begun,
            sessions_wait_s: sessions.wait_max.secs_f64() as f32,
            sessions_open_max: Added(Some(sessions.open_max)),
            sessions_open: Added(Some(self.sessions.open())),
            sessions_waiting_max: Added(Some(sessions.waiting_max)),
            sessions_waiting: Added(Some(self.sessions.waiting())),
            sessions_refused: Added(Some(sessions.refused)),
            retries: Added(Some(sessions.retried)),
            instances: Added(Some(self.sessions.running())),
            sessions_lost: Added(Some(sessions.lost)),
            messages_lost: Added(Some(std::mem::take(&mut self.lost))),
            broker_queue_max: Added(mdms.map(|mdms| mdms.queue_max)),
            broker_queue: Added(self.broker.as_ref().map(Broker::waiting)),
            broker_redelivered: Added(mdms.map(|mdms| mdms.redelivered)),
            mdms_rows: Added(mdms.map(|mdms| mdms.rows)),
            mdms_rows_duplicate: Added(mdms.map(|mdms| mdms.duplicates)),
        });
    }

    /// Whether an event is about something that is here.
    pub fn knows(&self, event: Event) -> bool {
        match event {
            Event::Served { instance, place } => {
                self.desks.get(usize::from(instance)).is_some_and(|desk| desk.serves(place))
            }
            Event::Paced { instance } | Event::Fails { instance } | Event::Returns { instance } => {
                usize::from(instance) < self.desks.len()
            }
            Event::Minute | Event::Waited { .. } | Event::Again { .. } => true,
            Event::Ingested { .. } | Event::Redelivered { .. } => {
                self.broker.as_ref().is_some_and(|broker| broker.knows(event))
            }
            Event::Job(_) | Event::Alive { .. } | Event::Look => false,
        }
    }

    /// What changes in a run.
    pub fn save(&self) -> State {
        State {
            desks: self.desks.clone(),
            doomed: self.doomed.clone(),
            lost: self.lost,
            written: self.written,
            sessions: self.sessions.save(),
            broker: self.broker.clone(),
        }
    }

    /// Goes on from what was saved; `router` is that of each site.
    ///
    /// # Errors
    /// It is not of these limits.
    pub fn restore(&mut self, state: State, router: &[SiteId]) -> Result<(), String> {
        same_count("head-end: instances", state.desks.len(), self.desks.len())?;
        state.desks.iter().try_for_each(|desk| desk.check(&self.spec))?;
        match (&self.broker, &state.broker, &self.spec.broker) {
            (Some(here), Some(there), Some(spec)) => there.check(here, spec, router.len())?,
            (None, None, _) => {}
            _ => return Err("head-end: it has a broker in one and none in the other".to_owned()),
        }
        self.sessions.restore(state.sessions, router, &self.routers)?;
        (self.desks, self.doomed, self.lost, self.broker) = (state.desks, state.doomed, state.lost, state.broker);
        self.written = state.written;
        Ok(())
    }
}
