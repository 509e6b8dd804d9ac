//! What a head-end does with meters over time: one contract, one file or folder for each kind of job.
//!
//! A job has a number, which commands and the signs of being back carry through the mesh. It sets its own timers
//! ([`Wake`]), is told what it hears, and writes one row for each meter that it had to do with. A further kind is its
//! file here, a line in the list of [`Job`], its specification, what meters do with it, and its figures.

pub mod firmware;
pub mod held;
pub mod ping;
pub mod read;
pub mod reset;

use super::front::Pace;
use super::ledger::Ledger;
use super::links::Links;
use super::numbers::Numbers;
use super::talk::Talk;
use super::{Duties, Network, Statistics};
use crate::apdu::Said;
use crate::backhaul::{Destination, Down, DownKind, Report};
use crate::event::Event;
use crate::headend::Ctx;
use crate::node::SiteId;
use crate::spec::{CampaignSpec, JobSpec, PollSpec};
use amitwin_data::rows::Rows;
use amitwin_sim_core::SimTime;
use firmware::Firmware;
use ping::Ping;
use read::Read;
use reset::Reset;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

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

    /// What is known of links is new.
    fn links(&mut self, _ctx: &mut Ctx, _tools: &mut Tools<'_>) {}

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

            /// See [`JobKind::links`].
            pub fn links(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
                match self {
                    $(Job::$kind(job) => job.links(ctx, tools),)*
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
    /// Asks every meter once for its clock.
    Ping,
    /// Brings a firmware image into every meter.
    Firmware
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
    /// Pace of the sessions, if it is limited.
    pub pace: Option<&'a mut Pace>,
    /// Counts and delays.
    pub statistics: &'a mut Statistics,
    /// Where rows go.
    pub rows: &'a mut Rows,
    /// What the meter says that a job is told of, where that is not its rows.
    pub said: Option<Said>,
}

impl Tools<'_> {
    /// Sends something to the border routers that it concerns; returns when it leaves the head-end, which is later where sessions have to wait
    /// for their turn.
    pub fn send(&mut self, ctx: &mut Ctx, down: Down) -> SimTime {
        let begins = matches!(
            (down.to, down.kind),
            (Destination::Unicast(_), DownKind::Command { .. } | DownKind::Request { .. })
        );
        let leaves = match &mut self.pace {
            Some(pace) if begins => pace.session(ctx.now()),
            _ => ctx.now(),
        };
        let at = leaves + self.network.latency;
        match down.to {
            Destination::Unicast(meter) => {
                ctx.send(self.network.partition[meter.at()], at, 0, Event::Down(Box::new(down)));
            }
            Destination::All => {
                for &mesh in &self.network.meshes {
                    ctx.send(mesh, at, 0, Event::Down(Box::new(down.clone())));
                }
            }
        }
        leaves
    }
}

/// What is known when a run ends.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// When it ends.
    pub now: SimTime,
    /// Resets that really happened: job, meter, time.
    pub resets: &'a [(u16, SiteId, SimTime)],
    /// Meters that an activation has bricked: job, meter.
    pub bricked: &'a [(u16, SiteId)],
}

/// Number of the first firmware campaign's job: those of other kinds come before.
pub fn before_firmware(campaigns: &[CampaignSpec], reads: &[PollSpec]) -> u16 {
    (reads.len() + campaigns.iter().filter(|campaign| campaign.job.firmware().is_none()).count()) as u16
}

/// The jobs of a head-end by number: resets first, so that their numbers are those of the plan, then reads, then campaigns of
/// other kinds. Numbers are in random streams: a kind that comes new is numbered behind those that have been there.
pub fn of(duties: &Duties<'_>, network: &Network) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::with_capacity(duties.campaigns.len() + duties.reads.len());
    for reset in duties.campaigns.iter().filter_map(|campaign| campaign.job.reset()) {
        jobs.push(Job::Reset(Reset::new(reset, jobs.len() as u16, duties.plan.clone())));
    }
    if !duties.reads.is_empty() {
        let mut behind: BTreeMap<SiteId, Vec<SiteId>> = BTreeMap::new();
        for &meter in duties.meters {
            behind.entry(network.gateway[meter.at()]).or_default().push(meter);
        }
        let behind: Vec<Arc<[SiteId]>> = behind.into_values().map(Arc::from).collect();
        for (schedule, spec) in duties.reads.iter().enumerate() {
            jobs.push(Job::Read(Read::new(spec, jobs.len() as u16, schedule as u16, &behind)));
        }
    }
    for campaign in duties.campaigns {
        if let JobSpec::Ping(ping) = &campaign.job {
            jobs.push(Job::Ping(Ping::new(&campaign.name, ping, jobs.len() as u16, duties.meters.into())));
        }
    }
    let firmware = duties.campaigns.iter().filter_map(|campaign| Some((&campaign.name, campaign.job.firmware()?)));
    for (image, (name, spec)) in (0..).zip(firmware) {
        let job = jobs.len() as u16;
        let meters = duties.meters.iter().filter(|meter| spec.target.means(meter.0)).copied().collect();
        jobs.push(Job::Firmware(Firmware::new(name, spec, (job, image), meters, duties.seed)));
    }
    jobs
}
