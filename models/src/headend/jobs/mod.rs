//! What a head-end does with meters over time: one contract, one file or folder for each kind of job.
//!
//! A job has a number, which commands and the signs of being back carry through the mesh. It sets its own timers
//! ([`Wake`]), is told what it hears, and writes one row for each meter that it had to do with. A further kind is its
//! file here, a line in the list of [`Job`], its specification, what meters do with it, and its figures.

pub mod dialogue;
pub mod firmware;
pub mod floods;
pub mod held;
pub mod order;
pub mod read;
pub mod reset;
pub mod technicians;
pub mod waves;

use super::front::{Front, JobTerms, Left, Next};
use super::ledger::Ledger;
use super::links::{Lack, Links};
use super::numbers::Numbers;
use super::sessions::{Asked, Key};
use super::standing::Standings;
use super::talk::Talk;
use super::{Duties, Network, Statistics};
use crate::apdu::{Ask, Fate, Said};
use crate::backhaul::{Destination, Down, DownKind, Report, Visit};
use crate::event::Event;
use crate::headend::Ctx;
use crate::node::SiteId;
use crate::spec::{CampaignSpec, Condition, HeadEndSpec, JobSpec, PRIORITY_USUAL, PollSpec, Right, Target};
use amitwin_data::rows::{AuditRow, Rows, TransactionKind};
use amitwin_sim_core::SimTime;
use dialogue::Dialogue;
use firmware::Firmware;
use order::Fleet;
use read::Read;
use reset::Reset;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use technicians::{Call, Technicians};

/// What every kind of job does.
pub trait JobKind {
    /// Whether it asks meters under numbers ([`Numbers`]) and hears their answers; a job that does not commands them.
    const ASKS: bool;
    /// Its timers: plain data of at most 8 bytes.
    type Wake;

    /// What of it changes in a run, as plain data.
    type State;

    /// What changes in a run.
    fn save(&self) -> Self::State;

    /// Whether a timer is about something that is here.
    fn knows(&self, wake: Self::Wake) -> bool;

    /// Goes on from what was saved, or says what in it is not of this job.
    fn restore(&mut self, state: Self::State) -> Result<(), String>;

    /// Sets the first timer.
    fn start(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>);

    /// One of its timers is due.
    fn due(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, wake: Self::Wake);

    /// A meter said something that is for this job; the head-end has found it genuine.
    fn heard(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report);

    /// A meter cannot decipher what this job asked of it: its security suite is another than the one on file, and to
    /// ask again helps nobody.
    fn refused(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report);

    /// A meter cannot decipher a question because its keys have been changed; asked once more, it can. Whoever waits for its answer may let the time for that run out.
    fn other_keys(&mut self, _ctx: &mut Ctx, _tools: &mut Tools<'_>, _read: u32) {}

    /// A session that had to wait has begun ([`Tools::ask`]).
    fn left(&mut self, _ctx: &mut Ctx, _tools: &mut Tools<'_>, _session: Key, _left: Left) {}

    /// What is known of links and meters is new.
    fn links(&mut self, _ctx: &mut Ctx, _tools: &mut Tools<'_>) {}

    /// A campaign has given a meter up that is to get a visit.
    fn called(&mut self, _ctx: &mut Ctx, _tools: &mut Tools<'_>, _call: Call) {}

    /// A visit is over.
    fn visited(&mut self, _ctx: &mut Ctx, _tools: &mut Tools<'_>, _visit: &Visit) {}

    /// The run ends while a read of this job is under way.
    fn unanswered(&mut self, _tools: &mut Tools<'_>, _read: u32) {}

    /// The run ends.
    fn finish(&mut self, _tools: &mut Tools<'_>, _end: End<'_>) {}
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident),*) => {
        /// A job of the head-end.
        #[derive(Debug)]
        pub enum Job {
            $($(#[$doc])* $kind($kind),)*
        }

        /// The timer of a job.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Wake {
            $($(#[$doc])* $kind {
                /// Number of the job.
                job: u16,
                /// Which of its timers.
                wake: <$kind as JobKind>::Wake,
            },)*
        }

        /// A job in the middle of a run.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub enum JobState {
            $($(#[$doc])* $kind(<$kind as JobKind>::State),)*
        }

        impl Wake {
            /// Number of the job.
            pub fn job(self) -> u16 {
                match self {
                    $(Wake::$kind { job, .. } => job,)*
                }
            }
        }

        impl Job {
            /// See [`JobKind::ASKS`].
            pub fn asks(&self) -> bool {
                match self {
                    $(Job::$kind(_) => <$kind as JobKind>::ASKS,)*
                }
            }

            /// See [`JobKind::start`].
            pub fn start(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
                match self {
                    $(Job::$kind(job) => job.start(ctx, tools),)*
                }
            }

            /// See [`JobKind::save`].
            pub fn save(&self) -> JobState {
                match self {
                    $(Job::$kind(job) => JobState::$kind(job.save()),)*
                }
            }

            /// See [`JobKind::knows`].
            pub fn knows(&self, wake: Wake) -> bool {
                match (self, wake) {
                    $((Job::$kind(job), Wake::$kind { wake, .. }) => job.knows(wake),)*
                    _ => false,
                }
            }

            /// See [`JobKind::restore`].
            ///
            /// # Errors
            /// It is not of this job.
            pub fn restore(&mut self, state: JobState) -> Result<(), String> {
                match (self, state) {
                    $((Job::$kind(job), JobState::$kind(state)) => job.restore(state),)*
                    _ => Err("head-end: a job is of another kind".to_owned()),
                }
            }

            /// See [`JobKind::due`].
            pub fn due(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, wake: Wake) {
                match (self, wake) {
                    $((Job::$kind(job), Wake::$kind { wake, .. }) => job.due(ctx, tools, wake),)*
                    _ => unreachable!("{wake:?} is the timer of another kind of job"),
                }
            }

            /// See [`JobKind::heard`].
            pub fn heard(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
                match self {
                    $(Job::$kind(job) => job.heard(ctx, tools, report),)*
                }
            }

            /// See [`JobKind::refused`].
            pub fn refused(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
                match self {
                    $(Job::$kind(job) => job.refused(ctx, tools, report),)*
                }
            }

            /// See [`JobKind::other_keys`].
            pub fn other_keys(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32) {
                match self {
                    $(Job::$kind(job) => job.other_keys(ctx, tools, read),)*
                }
            }

            /// See [`JobKind::left`].
            pub fn left(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, session: Key, left: Left) {
                match self {
                    $(Job::$kind(job) => job.left(ctx, tools, session, left),)*
                }
            }

            /// See [`JobKind::links`].
            pub fn links(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
                match self {
                    $(Job::$kind(job) => job.links(ctx, tools),)*
                }
            }

            /// See [`JobKind::called`].
            pub fn called(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, call: Call) {
                match self {
                    $(Job::$kind(job) => job.called(ctx, tools, call),)*
                }
            }

            /// See [`JobKind::visited`].
            pub fn visited(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, visit: &Visit) {
                match self {
                    $(Job::$kind(job) => job.visited(ctx, tools, visit),)*
                }
            }

            /// See [`JobKind::unanswered`].
            pub fn unanswered(&mut self, tools: &mut Tools<'_>, read: u32) {
                match self {
                    $(Job::$kind(job) => job.unanswered(tools, read),)*
                }
            }

            /// See [`JobKind::finish`].
            pub fn finish(&mut self, tools: &mut Tools<'_>, end: End<'_>) {
                match self {
                    $(Job::$kind(job) => job.finish(tools, end),)*
                }
            }
        }
    };
}

kinds! {
    /// Resets every meter once.
    Reset,
    /// Reads every meter by a schedule.
    Read,
    /// Brings a firmware image into every meter.
    Firmware,
    /// Asks every meter a few questions, by which something is done.
    Dialogue,
    /// Sends crews to meters that campaigns have given up.
    Technicians
}

/// What a job may touch of the rest of the head-end.
pub struct Tools<'a> {
    /// Where everyone is.
    pub network: &'a Network,
    /// What is said, and under which counter.
    pub talk: &'a mut Talk,
    /// Rows of load profiles that have arrived.
    pub ledger: &'a mut Ledger,
    /// Numbers of reads under way.
    pub numbers: &'a mut Numbers,
    /// What is known of links.
    pub links: &'a Links,
    /// What is known of meters.
    pub standings: &'a mut Standings,
    /// Workers and sessions, if they are limited.
    pub front: Option<&'a mut Front>,
    /// Counts and delays.
    pub statistics: &'a mut Statistics,
    /// Where rows go.
    pub rows: &'a mut Rows,
    /// Meters that are to get a visit.
    pub calls: &'a mut Vec<Call>,
    /// What the meter says that a job is told of, where that is not its rows.
    pub said: Option<Said>,
}

impl Tools<'_> {
    /// Asks something of a meter in a session: at once where nothing is limited or the session is open, else as soon as it may begin. Returns how it
    /// has left; if it has not, the job is told by [`JobKind::left`]. The job says when it is over, by [`Tools::close`].
    pub fn ask(&mut self, ctx: &mut Ctx, (kind, meter): Key, ask: Ask) -> Option<Left> {
        let job = self.job((kind, meter));
        let Some(front) = &mut self.front else { return Some(self.say(ctx, (kind, meter), ask)) };
        let priority = job.map_or(PRIORITY_USUAL, |job| front.priority(job));
        let router = self.network.gateway[meter.at()];
        let shard = front.shard(meter, router);
        front.sessions.ask(ctx.now(), (kind, meter), Asked { ask, priority, router, came: ctx.now(), shard });
        self.say_granted(ctx);
        let left = &mut self.front.as_mut()?.left;
        let at = left.iter().rposition(|(key, _)| *key == (kind, meter))?;
        left.remove(at).map(|(_, left)| left)
    }

    /// What of a condition a meter or its link does not meet; `None` if it meets all of it.
    pub fn holds_back(&self, condition: &Condition, meter: SiteId, now: SimTime) -> Option<Lack> {
        self.links.holds_back(condition, meter).or_else(|| self.standings.holds_back(condition, meter, now))
    }

    /// Whether the role of a job keeps it from a command to a meter, or to all; then that is written down, and it must not be sent.
    pub fn forbids(
        &mut self,
        now: SimTime,
        job: u16,
        kind: TransactionKind,
        campaign: &str,
        meter: Option<SiteId>,
    ) -> bool {
        let Some(role) = self.front.as_ref().and_then(|front| front.keeps_from(job)) else { return false };
        let row = AuditRow {
            time_s: now.secs_f64(),
            node: meter.map(|meter| meter.0),
            kind,
            campaign: campaign.into(),
            role: role.clone(),
        };
        self.rows.audit.push(row);
        true
    }

    /// A session is over: answered, or given up for now.
    pub fn close(&mut self, ctx: &mut Ctx, session: Key) {
        if let Some(front) = &mut self.front {
            front.sessions.close(ctx.now(), session);
            self.say_granted(ctx);
        }
    }

    /// A session that is open goes on with another question.
    pub fn go_on(&mut self, ctx: &mut Ctx, from: Key, to: Key) {
        if let Some(front) = &mut self.front {
            front.sessions.go_on(ctx.now(), from, to);
            self.say_granted(ctx);
        }
    }

    /// What follows a try of a session that was not answered, the last of so many; a job has so many in a row. The session is over.
    pub fn after_failure(&mut self, ctx: &mut Ctx, session: Key, tries: u32, in_a_row: u32) -> Next {
        self.close(ctx, session);
        match &mut self.front {
            Some(front) => front.next(session, tries, in_a_row),
            None if tries < in_a_row => Next::Now,
            None => Next::Never,
        }
    }

    /// Says what sessions that have begun are for, and sets their timers.
    pub(in crate::headend) fn say_granted(&mut self, ctx: &mut Ctx) {
        while let Some((key, ask)) = self.front.as_mut().and_then(|front| front.sessions.granted.pop_front()) {
            let left = self.say(ctx, key, ask);
            if let Some(front) = &mut self.front {
                front.left.push_back((key, left));
            }
        }
        if let Some(front) = &mut self.front {
            front.wake(ctx);
        }
    }

    /// Whose session it is; nobody's if the read is over.
    pub(in crate::headend) fn job(&self, (kind, _): Key) -> Option<u16> {
        match kind {
            DownKind::Command { job } | DownKind::Confirm { job } => Some(job),
            DownKind::Request { read } => self.numbers.job(read),
            // What is for all is no session.
            DownKind::Spread { .. } => None,
        }
    }

    fn say(&mut self, ctx: &mut Ctx, (kind, meter): Key, ask: Ask) -> Left {
        let down = match (kind, ask) {
            (DownKind::Request { read }, Ask::Image { image, step }) => {
                self.talk.image(read, meter, (image, step), true)
            }
            _ => self.talk.ask(kind, meter, ask),
        };
        let bytes = down.bytes;
        self.leave(ctx, down);
        Left { at: ctx.now(), bytes }
    }

    /// Sends something to the border routers that it concerns, within a session that is open or outside of sessions: to all, or a confirmation.
    pub fn send(&self, ctx: &mut Ctx, down: Down) {
        self.leave(ctx, down);
    }

    fn leave(&self, ctx: &mut Ctx, down: Down) {
        let at = ctx.now() + self.network.latency;
        match down.to {
            Destination::Unicast(meter) => {
                ctx.send(self.network.partition[meter.at()], at, 0, Event::Down(Box::new(down)));
            }
            Destination::All => self.send_in(ctx, &down, &self.network.meshes),
        }
    }

    /// Sends what is for all in some meshes alone.
    pub fn send_in(&self, ctx: &mut Ctx, down: &Down, meshes: &[u32]) {
        for &mesh in meshes {
            ctx.send(mesh, ctx.now() + self.network.latency, 0, Event::Down(Box::new(down.clone())));
        }
    }
}

/// What is known when a run ends.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// When it ends.
    pub now: SimTime,
    /// Resets that really happened: job, meter, time.
    pub resets: &'a [(u16, SiteId, SimTime)],
    /// What became of meters that activated an image: job, meter, fate.
    pub fates: &'a [(u16, SiteId, Fate)],
}

/// The campaigns that are no resets, in the order of their jobs: pings, firmware, then those that ask a few questions.
fn others(campaigns: &[CampaignSpec]) -> impl Iterator<Item = &CampaignSpec> {
    let is: [fn(&JobSpec) -> bool; 3] = [
        |job| matches!(job, JobSpec::Ping(_)),
        |job| matches!(job, JobSpec::Firmware(_)),
        |job| job.pace().is_some() && !matches!(job, JobSpec::Ping(_)),
    ];
    is.into_iter().flat_map(move |is| campaigns.iter().filter(move |campaign| is(&campaign.job)))
}

/// Number of the first firmware campaign's job: those of resets, reads and pings come before.
pub fn before_firmware(campaigns: &[CampaignSpec], reads: &[PollSpec]) -> u16 {
    let before = campaigns.iter().filter(|campaign| matches!(campaign.job, JobSpec::Reset(_) | JobSpec::Ping(_)));
    (reads.len() + before.count()) as u16
}

/// The jobs of a head-end by number: resets first, so that their numbers are those of the plan, then reads, then campaigns of
/// other kinds. Numbers are in random streams: a kind that comes new is numbered behind those that have been there.
pub fn of(duties: &Duties<'_>, network: &Network) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::with_capacity(duties.campaigns.len() + duties.reads.len());
    let fleet = Fleet { hops: &network.hops, seed: duties.seed };
    for reset in duties.campaigns.iter().filter_map(|campaign| campaign.job.reset()) {
        jobs.push(Job::Reset(Reset::new(reset, jobs.len() as u16, duties.plan.clone(), fleet)));
    }
    if !duties.reads.is_empty() {
        let mut behind: BTreeMap<SiteId, Vec<SiteId>> = BTreeMap::new();
        for &meter in duties.meters {
            behind.entry(network.gateway[meter.at()]).or_default().push(meter);
        }
        let behind: Vec<Arc<[SiteId]>> = behind.into_values().map(Arc::from).collect();
        for (schedule, spec) in duties.reads.iter().enumerate() {
            jobs.push(Job::Read(Read::new(spec, jobs.len() as u16, schedule as u16, &behind, fleet)));
        }
    }
    let mut image = 0;
    for campaign in others(duties.campaigns) {
        let (name, job) = (&campaign.name, jobs.len() as u16);
        jobs.push(match &campaign.job {
            JobSpec::Firmware(spec) => {
                image += 1;
                Job::Firmware(Firmware::new(
                    name,
                    spec,
                    (job, image - 1),
                    meant(duties, &spec.target),
                    (fleet, duties.begins_of_day),
                ))
            }
            other => {
                let meters = meant(duties, other.target());
                let place = floods::first(duties.campaigns, campaign);
                Job::Dialogue(Dialogue::new(name, other, (job, place), meters, fleet))
            }
        });
    }
    if let Some(technicians) = duties.technicians {
        jobs.push(Job::Technicians(Technicians::new(technicians, jobs.len() as u16, duties.seed)));
    }
    jobs
}

/// The meters that a campaign means, ascending.
fn meant(duties: &Duties<'_>, target: &Target) -> Arc<[SiteId]> {
    duties.meters.iter().filter(|meter| target.means(meter.0)).copied().collect()
}

/// On what terms jobs work, by number as in [`of`].
pub fn terms(duties: &Duties<'_>, limits: &HeadEndSpec) -> Vec<JobTerms> {
    let terms = |priority, right, role: Option<&str>| JobTerms {
        priority,
        forbidden_to: limits.keeps_from(right, role).map(Arc::from),
    };
    let of = |campaign: &CampaignSpec| terms(campaign.priority, campaign.right(), campaign.role.as_deref());
    let resets = duties.campaigns.iter().filter(|campaign| campaign.job.reset().is_some()).map(of);
    let reads = duties.reads.iter().map(|read| terms(read.priority, Right::Read, read.role.as_deref()));
    // What technicians ask is a ping that nobody can forbid.
    let technicians = duties.technicians.map(|_| terms(PRIORITY_USUAL, Right::Ping, None));
    resets.chain(reads).chain(others(duties.campaigns).map(of)).chain(technicians).collect()
}
