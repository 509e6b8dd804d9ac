#![doc = include_str!("README.md")]

pub mod alive;
pub mod broker;
pub mod certificates;
pub mod desk;
mod duties;
pub mod front;
pub mod jobs;
pub mod ledger;
pub mod links;
mod network;
pub mod numbers;
pub mod sessions;
pub mod standing;
mod state;
pub mod talk;
#[cfg(test)]
mod tests;

use duties::conditions;
pub use duties::{Duties, Failure, ask_of_links};
pub use network::Network;
pub use state::State;

use crate::apdu::{Apdu, Word};
use crate::backhaul::{Found, Notice, Report, ReportKind};
use crate::event;
use crate::node::SiteId;
use crate::spec::{BackSign, Condition};
use alive::Alive;
use amitwin_data::rows::Rows;
use amitwin_sim_core::Context;
use broker::Broker;
use front::Front;
use hdrhistogram::Histogram;
use jobs::technicians::Call;
use jobs::{End, Job, Tools, Wake};
use ledger::Ledger;
use links::Links;
use numbers::Numbers;
use serde::{Deserialize, Serialize};
use standing::Standings;
use std::sync::Arc;
use talk::{Heard, Talk};

/// What a handler gets from the engine.
pub type Ctx<'a> = Context<'a, event::Event>;

/// Events of the head-end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The timer of a job.
    Job(Wake),
    /// A worker is done.
    Served {
        /// At which instance.
        instance: u16,
        /// Its place at the desk.
        place: u32,
    },
    /// A minute is over.
    Minute,
    /// Meters that wait for what a job asks of them are looked at again.
    Look,
    /// All keep-alives of a period should have come.
    Alive {
        /// Of which, counted from 0.
        period: u32,
    },
    /// The pace of an instance allows the next session.
    Paced {
        /// Which.
        instance: u16,
    },
    /// A session has waited for as long as it may.
    Waited {
        /// Its number.
        number: u32,
    },
    /// A session that was refused comes again.
    Again {
        /// Its number.
        number: u32,
    },
    /// An instance fails.
    Fails {
        /// Which.
        instance: u16,
    },
    /// An instance is back.
    Returns {
        /// Which.
        instance: u16,
    },
    /// The MDMS is done with an answer.
    Ingested {
        /// Its place among those that it has.
        place: u32,
    },
    /// An answer that the MDMS has not acknowledged is handed over again.
    Redelivered {
        /// Its place among those that come again.
        place: u32,
    },
}

const _: () = assert!(size_of::<Event>() <= 12 && align_of::<Event>() <= 4, "it is nested in an event of 16 bytes");

/// What firmware campaigns have sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageCounts {
    /// Blocks multicast, and blocks sent to single meters.
    pub blocks: u64,
    /// Of them those that had been sent before: multicast, or to the same meter.
    pub again: u64,
    /// Rounds of multicast, of the campaign with the most.
    pub rounds: u32,
}

/// What campaigns have changed in meters by questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandCounts {
    /// Clocks set.
    pub clocks_set: u64,
    /// Meters with new keys.
    pub keys_changed: u64,
    /// Of them those that were asked under both.
    pub keys_recovered: u64,
    /// Meters that a flood had not come to, or had not set right, and that were told alone.
    pub told_again: u64,
}

/// What is counted besides rows.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// Heartbeats of meters that were back already.
    pub duplicates: u64,
    /// Answers to reads that were over.
    pub late: u64,
    /// Of firmware campaigns.
    pub images: ImageCounts,
    /// Of campaigns that ask questions.
    pub commands: CommandCounts,
    /// Delay of regular reports, ms.
    pub push_delay_ms: Histogram<u64>,
    /// From the moment a read was due to its last answer, ms.
    pub read_delay_ms: Histogram<u64>,
}

impl Default for Statistics {
    fn default() -> Self {
        let delay = Histogram::new_with_bounds(1, 86_400_000, 2).expect("the bounds are in order");
        Statistics {
            duplicates: 0,
            late: 0,
            images: ImageCounts::default(),
            commands: CommandCounts::default(),
            push_delay_ms: delay.clone(),
            read_delay_ms: delay,
        }
    }
}

/// The head-end.
pub struct HeadEnd {
    /// By number: see [`jobs::of`].
    jobs: Vec<Job>,
    /// The meters, ascending.
    meters: Arc<[SiteId]>,
    network: Network,
    /// What is said, and under which counter.
    pub talk: Talk,
    /// Rows of load profiles that have arrived.
    pub ledger: Ledger,
    numbers: Numbers,
    /// What it knows of links, if a job asks for that.
    links: Links,
    /// What it knows of meters, if a job asks for that.
    standings: Standings,
    /// Its workers and its sessions, if they are limited.
    front: Option<Front>,
    /// Who is alive, if keep-alives tell.
    alive: Option<Alive>,
    failures: Vec<Failure>,
    /// Meters that are to get a visit, while an event is handled.
    calls: Vec<Call>,
    /// Counts and delays.
    pub statistics: Statistics,
    /// Rows since the driver last took them.
    pub rows: Rows,
}

impl HeadEnd {
    /// A head-end over the given meshes.
    pub fn new(duties: &Duties<'_>, network: Network, talk: Talk) -> Self {
        let sites = network.partition.len();
        let asked: Vec<&Condition> = conditions(duties.campaigns, duties.reads).collect();
        let of_links = asked.iter().any(|condition| condition.is_of_links());
        let of_meters = asked.iter().any(|condition| condition.is_of_meters());
        let known = if of_meters { sites } else { 0 };
        let ledger = Ledger::of(duties.reads, talk.cosem(), network.partition.len(), duties.duration);
        let front = |limits| Front::new(limits, duties.seed, jobs::terms(duties, limits), &network.gateway, &ledger);
        HeadEnd {
            links: Links::new(if of_links { sites } else { 0 }),
            standings: Standings::new(known, duties.delivered, duties.campaigns),
            jobs: jobs::of(duties, &network),
            meters: duties.meters.into(),
            front: duties.limits.map(front),
            alive: duties.keep_alive.map(|spec| Alive::new(spec, duties.meters)),
            failures: duties.failures.into(),
            calls: Vec::new(),
            ledger,
            network,
            talk,
            numbers: Numbers::default(),
            statistics: Statistics::default(),
            rows: Rows::default(),
        }
    }

    pub(crate) fn start(&mut self, ctx: &mut Ctx) {
        if self.front.is_some() {
            front::start(ctx, &self.failures);
        }
        if let Some(alive) = &self.alive {
            alive.start(ctx);
        }
        if self.standings.are_wanted() {
            self.look_later(ctx);
        }
        let (jobs, mut tools) = self.split();
        for job in jobs {
            job.start(ctx, &mut tools);
        }
        self.tell(ctx);
    }

    pub(crate) fn handle(&mut self, event: event::Event, ctx: &mut Ctx) {
        self.handle_one(event, ctx);
        for call in std::mem::take(&mut self.calls) {
            let (jobs, mut tools) = self.split();
            if let Some(technicians) = jobs.last_mut() {
                technicians.called(ctx, &mut tools, call);
            }
        }
        if self.front.is_some() {
            self.tell(ctx);
        }
    }

    /// Tells jobs whose sessions have begun.
    fn tell(&mut self, ctx: &mut Ctx) {
        let (jobs, mut tools) = self.split();
        while let Some((key, left)) = tools.front.as_mut().and_then(|front| front.left.pop_front()) {
            if let Some(job) = tools.job(key) {
                jobs[usize::from(job)].left(ctx, &mut tools, key, left);
            }
        }
    }

    fn handle_one(&mut self, event: event::Event, ctx: &mut Ctx) {
        match event {
            event::Event::HeadEnd(Event::Job(wake)) => {
                let (jobs, mut tools) = self.split();
                jobs[usize::from(wake.job())].due(ctx, &mut tools, wake);
            }
            event::Event::HeadEnd(Event::Served { instance, place }) => {
                if let Some(report) = self.front.as_mut().and_then(|front| front.served(ctx, instance, place)) {
                    self.report(ctx, &report);
                }
            }
            event::Event::HeadEnd(Event::Minute) => {
                if let Some(front) = &mut self.front {
                    front.minute(ctx, &mut self.rows);
                }
            }
            event::Event::HeadEnd(Event::Alive { period }) => {
                if let Some(alive) = &mut self.alive {
                    alive.look(ctx, &mut self.rows, period);
                    alive.tell(&mut self.standings);
                }
            }
            event::Event::HeadEnd(Event::Look) => {
                self.look_later(ctx);
                self.links_are_new(ctx);
            }
            event::Event::HeadEnd(event @ (Event::Ingested { .. } | Event::Redelivered { .. })) => {
                if let Some(front) = &mut self.front {
                    front.brokered(ctx, event);
                }
            }
            event::Event::HeadEnd(event) => {
                let (now, (_, mut tools)) = (ctx.now(), self.split());
                if let Some(front) = tools.front.as_mut() {
                    match event {
                        Event::Paced { instance } => front.sessions.paced(now, instance),
                        Event::Waited { number } => front.sessions.waited(now, number),
                        Event::Again { number } => front.sessions.again(now, number),
                        Event::Fails { instance } => front.fails(now, instance, tools.rows),
                        Event::Returns { instance } => front.returns(now, instance, tools.rows),
                        _ => {}
                    }
                }
                tools.say_granted(ctx);
            }
            event::Event::Report(report) => {
                self.network.serves(report.router, report.meter);
                match &mut self.front {
                    _ if report.kind == ReportKind::Moved => {}
                    Some(front) => front.arrives(ctx, report),
                    None => self.report(ctx, &report),
                }
            }
            event::Event::Health(health) => {
                self.links.hear(&health);
                self.links_are_new(ctx);
            }
            event::Event::Visit(visit) => {
                if visit.found == Some(Found::Bricked) {
                    self.standings.is_as_delivered(visit.meter);
                }
                let (jobs, mut tools) = self.split();
                if let Some(technicians) = jobs.last_mut() {
                    technicians.visited(ctx, &mut tools, &visit);
                }
            }
            _ => unreachable!("{event:?} belongs to a mesh"),
        }
    }

    fn look_later(&self, ctx: &mut Ctx) {
        ctx.schedule(ctx.now() + self.network.health_every, 0, event::Event::HeadEnd(Event::Look));
    }

    fn links_are_new(&mut self, ctx: &mut Ctx) {
        let (jobs, mut tools) = self.split();
        for job in jobs {
            job.links(ctx, &mut tools);
        }
    }

    /// The meters, ascending.
    pub fn meters(&self) -> &[SiteId] {
        &self.meters
    }

    /// The way of rows to the meter data management, if there is one.
    pub fn broker(&self) -> Option<&Broker> {
        self.front.as_ref()?.broker.as_ref()
    }

    /// Partition of each site.
    pub fn partitions(&self) -> Arc<Vec<u32>> {
        self.network.partition.clone()
    }

    fn split(&mut self) -> (&mut [Job], Tools<'_>) {
        let tools = Tools {
            network: &self.network,
            talk: &mut self.talk,
            ledger: &mut self.ledger,
            numbers: &mut self.numbers,
            links: &self.links,
            standings: &mut self.standings,
            front: self.front.as_mut(),
            statistics: &mut self.statistics,
            rows: &mut self.rows,
            calls: &mut self.calls,
            said: None,
        };
        (&mut self.jobs, tools)
    }

    /// Opens what a meter says, once, and hands it to the job that it is for.
    fn report(&mut self, ctx: &mut Ctx, report: &Report) {
        let is_heartbeat = matches!(report.kind, ReportKind::Back { by: BackSign::Heartbeat, .. });
        let heard = match report.kind {
            ReportKind::Back { by: BackSign::Route, .. } => Heard::New(None),
            // Bytes without meaning.
            ReportKind::Push { .. } | ReportKind::Bundle { .. } | ReportKind::Alarm { .. }
                if report.apdu == Apdu::default() =>
            {
                Heard::New(None)
            }
            _ => self.talk.hear(report),
        };
        let mut said = None;
        let refused = match heard {
            Heard::New(new) => {
                said = new;
                false
            }
            // A confirmation that was lost is said again.
            Heard::Again if is_heartbeat => false,
            Heard::Undeciphered | Heard::TooLong => true,
            Heard::OtherKeys => return self.other_keys(ctx, report),
            Heard::Again | Heard::Refused | Heard::Wrong => return,
        };
        if !matches!(report.kind, ReportKind::Back { by: BackSign::Route, .. }) {
            self.standings.hear(report.meter, ctx.now());
        }
        let job = match report.kind {
            ReportKind::Push { .. } | ReportKind::Bundle { .. } | ReportKind::Notice { .. } if refused => return,
            // Its row is that of the border router.
            ReportKind::Alarm { alarm } => return self.standings.alarm(report.meter, alarm),
            ReportKind::Moved => return,
            ReportKind::Notice { notice, number } => {
                if notice == Notice::Health {
                    self.standings.strained(report.meter, report.apdu.word.as_deref() == Some(&Word::OutOfBand));
                }
                if let (Notice::KeepAlive, Some(alive)) = (notice, &mut self.alive) {
                    alive.hear(ctx.now(), &mut self.rows, report, number);
                    self.standings.silent(report.meter, false);
                }
                return;
            }
            ReportKind::Bundle { count, period } => {
                let last = ctx.now() - report.planned;
                for n in 0..u64::from(count) {
                    let delay_ns = last.nanos() + period.nanos() * n;
                    self.statistics.push_delay_ms.saturating_record(delay_ns / 1_000_000);
                }
                return;
            }
            ReportKind::Push { .. } => {
                let delay = ctx.now() - report.planned;
                self.statistics.push_delay_ms.saturating_record(delay.nanos() / 1_000_000);
                return;
            }
            ReportKind::Back { job, .. } | ReportKind::CommandAck { job } => job,
            ReportKind::Answer { read } => {
                if !refused {
                    self.ledger.take(report.meter, report.apdu.rows);
                    if let Some(front) = self.front.as_mut().filter(|_| report.apdu.rows.count > 0) {
                        front.publish(ctx, report.meter, report.apdu.rows);
                    }
                }
                let Some(job) = self.numbers.job(read) else {
                    self.statistics.late += u64::from(!refused);
                    return;
                };
                job
            }
        };
        let (jobs, mut tools) = self.split();
        tools.said = said;
        let job = &mut jobs[usize::from(job)];
        if refused {
            job.refused(ctx, &mut tools, report);
        } else {
            job.heard(ctx, &mut tools, report);
        }
    }

    /// A meter has other keys than it was thought to have: who asked it asks again.
    fn other_keys(&mut self, ctx: &mut Ctx, report: &Report) {
        let ReportKind::Answer { read } = report.kind else { return };
        if let Some(job) = self.numbers.job(read) {
            let (jobs, mut tools) = self.split();
            jobs[usize::from(job)].other_keys(ctx, &mut tools, read);
        }
    }

    /// The end of the run, with what really happened.
    pub fn finish(&mut self, end: End<'_>) {
        if let Some(front) = &mut self.front {
            front.finish(end.now, &mut self.rows);
        }
        let open = self.numbers.take();
        let (jobs, mut tools) = self.split();
        for (read, job) in open {
            jobs[usize::from(job)].unanswered(&mut tools, read);
        }
        for job in jobs {
            job.finish(&mut tools, end);
        }
    }
}
