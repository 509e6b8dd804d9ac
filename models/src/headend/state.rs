//! What of the head-end changes in a run: jobs, conversations, rows that have arrived, numbers, counts and delays.

use super::alive::{self, Alive};
use super::front::{self, Front};
use super::jobs::{Job, JobState};
use super::ledger::Ledger;
use super::links::Links;
use super::numbers::Numbers;
use super::{CommandCounts, HeadEnd, ImageCounts, Statistics, sessions, standing, talk};
use crate::backhaul::{DownKind, Report, ReportKind};
use crate::check::{ensure, same_count};
use crate::event::Event;
use crate::headend;
use crate::node::SiteId;
use amitwin_data::rows::Rows;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The head-end in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    jobs: Vec<JobState>,
    talk: talk::State,
    ledger: Ledger,
    numbers: Numbers,
    links: Links,
    /// Border router of each site.
    served_by: Vec<SiteId>,
    standings: standing::State,
    front: Option<front::State>,
    alive: Option<alive::State>,
    duplicates: u64,
    late: u64,
    images: ImageCounts,
    commands: CommandCounts,
    push_delay_ms: Vec<(u64, u64)>,
    read_delay_ms: Vec<(u64, u64)>,
}

impl HeadEnd {
    /// What changes in a run; rows are to be taken before.
    pub fn save(&self) -> State {
        let statistics = &self.statistics;
        State {
            jobs: self.jobs.iter().map(|job| job.save()).collect(),
            talk: self.talk.save(),
            ledger: self.ledger.clone(),
            numbers: self.numbers.clone(),
            links: self.links.clone(),
            served_by: self.network.gateway.to_vec(),
            standings: self.standings.save(),
            front: self.front.as_ref().map(Front::save),
            alive: self.alive.as_ref().map(Alive::save),
            duplicates: statistics.duplicates,
            late: statistics.late,
            images: statistics.images,
            commands: statistics.commands,
            push_delay_ms: counts(&statistics.push_delay_ms),
            read_delay_ms: counts(&statistics.read_delay_ms),
        }
    }

    /// Whether an event is about a job and a meter that are here.
    pub fn knows(&self, event: &Event) -> bool {
        match event {
            Event::HeadEnd(headend::Event::Job(wake)) => {
                self.jobs.get(usize::from(wake.job())).is_some_and(|job| job.knows(*wake))
            }
            Event::HeadEnd(headend::Event::Alive { .. }) => self.alive.is_some(),
            Event::HeadEnd(headend::Event::Look) => self.standings.are_wanted(),
            Event::HeadEnd(event) => self.front.as_ref().is_some_and(|front| front.knows(*event)),
            Event::Report(report) => self.knows_report(report),
            Event::Health(_) => true,
            Event::Visit(visit) => {
                self.knows_site(visit.meter) && self.jobs.last().is_some_and(|job| matches!(job, Job::Technicians(_)))
            }
            _ => false,
        }
    }

    fn knows_site(&self, site: SiteId) -> bool {
        site.at() < self.network.partition.len()
    }

    fn knows_report(&self, report: &Report) -> bool {
        let is_site = self.knows_site(report.meter) && self.knows_site(report.router);
        let commands = |job: u16| self.jobs.get(usize::from(job)).is_some_and(|job| !job.asks());
        match report.kind {
            ReportKind::Back { job, .. } | ReportKind::CommandAck { job } => is_site && commands(job),
            ReportKind::Push { .. }
            | ReportKind::Bundle { .. }
            | ReportKind::Notice { .. }
            | ReportKind::Alarm { .. }
            | ReportKind::Moved
            | ReportKind::Answer { .. } => is_site,
        }
    }

    /// Goes on from what was saved, without rows.
    ///
    /// # Errors
    /// It is not of this head-end.
    pub fn restore(&mut self, state: State) -> Result<(), String> {
        same_count("head-end: jobs", state.jobs.len(), self.jobs.len())?;
        // A job of another kind would be told of answers that it does not expect.
        let asks = |job: u16| self.jobs.get(usize::from(job)).is_some_and(Job::asks);
        let known = state.numbers.all().all(|(_, job)| asks(job));
        ensure(known, || "head-end: a question is of a job that asks none, or that there is not".to_owned())?;
        ensure(state.ledger.is_like(&self.ledger), || "head-end: other rows of load profiles are wanted".to_owned())?;
        let mut statistics = Statistics {
            duplicates: state.duplicates,
            late: state.late,
            images: state.images,
            commands: state.commands,
            ..Statistics::default()
        };
        record(&mut statistics.push_delay_ms, &state.push_delay_ms)?;
        record(&mut statistics.read_delay_ms, &state.read_delay_ms)?;
        let waits = state.front.iter().flat_map(front::State::reports);
        ensure(waits.into_iter().all(|report| self.knows_report(report)), || {
            "head-end: a message that waits is about a meter or a job that there is not".to_owned()
        })?;
        // Who is told that a session has begun.
        let kinds = |(kind, _): sessions::Key| match kind {
            DownKind::Command { job } | DownKind::Confirm { job } => {
                self.jobs.get(usize::from(job)).is_some_and(|job| !job.asks())
            }
            DownKind::Request { .. } => true,
            DownKind::Spread { .. } => false,
        };
        let keys = state.front.iter().flat_map(front::State::keys);
        ensure(keys.into_iter().all(kinds), || "head-end: a session is of a job that there is not".to_owned())?;
        same_count("head-end: sites", state.served_by.len(), self.network.gateway.len())?;
        let known = state.served_by.iter().all(|&router| self.knows_site(router));
        ensure(known, || "head-end: a meter is behind a border router that there is not".to_owned())?;
        self.network.gateway = Arc::new(state.served_by);
        match (&mut self.front, state.front) {
            (Some(front), Some(state)) => front.restore(state, &self.network.gateway)?,
            (None, None) => {}
            _ => return Err("head-end: it has limits in one and none in the other".to_owned()),
        }
        match (&mut self.alive, state.alive) {
            (Some(alive), Some(state)) => alive.restore(state)?,
            (None, None) => {}
            _ => return Err("head-end: there are keep-alives in one and none in the other".to_owned()),
        }
        for (job, state) in self.jobs.iter_mut().zip(state.jobs) {
            job.restore(state)?;
        }
        self.talk.restore(state.talk)?;
        self.links.restore(state.links)?;
        self.standings.restore(state.standings)?;
        (self.ledger, self.numbers, self.statistics) = (state.ledger, state.numbers, statistics);
        self.rows = Rows::default();
        Ok(())
    }
}

/// Values that were recorded, as precise as they are kept, and how often each.
fn counts(delays: &Histogram<u64>) -> Vec<(u64, u64)> {
    delays.iter_recorded().map(|step| (step.value_iterated_to(), step.count_since_last_iteration())).collect()
}

fn record(delays: &mut Histogram<u64>, counts: &[(u64, u64)]) -> Result<(), String> {
    for &(value, count) in counts {
        delays.record_n(value, count).map_err(|_| format!("head-end: there is no delay of {value} ms"))?;
    }
    Ok(())
}
