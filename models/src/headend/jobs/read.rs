//! Reads by a schedule: whose turn is when, what is asked again, and what came of each.

mod state;

pub use state::State;

use super::order::{self, Fleet};
use super::{JobKind, Tools};
use crate::apdu::{Ask, Rows};
use crate::backhaul::{DownKind, Report, ReportKind};
use crate::books::TransactionId;
use crate::event::Event;
use crate::headend;
use crate::headend::Ctx;
use crate::headend::front::{Left, Next};
use crate::headend::links::Lack;
use crate::headend::sessions::Key;
use crate::node::SiteId;
use crate::spec::{PollContent, PollSpec};
use amitwin_data::rows::{Added, Outcome, TransactionKind, TransactionRow};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Timers of a read job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wake {
    /// A round begins behind a border router, or somebody's turn comes there.
    Turn {
        /// Which border router.
        group: u32,
    },
    /// A request has waited long enough for its answer.
    Timeout {
        /// Number of the read.
        read: u32,
        /// Valid if this is still the last request of the read.
        request: u16,
    },
    /// A read that was not answered has paused for long enough.
    Again {
        /// Number of the read.
        read: u32,
        /// Valid if this is still the last request of the read.
        request: u16,
    },
}

/// The meters behind one border router.
#[derive(Debug)]
struct Group {
    meters: Arc<[SiteId]>,
    /// When each has its turn, and how many it has had before; of a schedule empty.
    turns: Vec<(SimTime, u32)>,
    /// Rounds begun.
    rounds: u32,
    /// Meters of this round that have had their turn.
    at: usize,
    under_way: u16,
    /// Places left in this cluster, where meters are read in clusters.
    left: u16,
    /// Reads whose pause is over and that wait for a place.
    due: VecDeque<u32>,
    /// Time of the next timer that is already set.
    wakes_at: SimTime,
}

/// One meter's turn in one round.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Turn {
    group: u32,
    meter: SiteId,
    round: u32,
    planned: SimTime,
}

/// A read under way.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Transaction {
    turn: Turn,
    sent: Option<SimTime>,
    /// Requests so far, and those for what is wanted now.
    requests: u16,
    tries: u32,
    /// It was not answered and waits for its next try, without a place behind its border router.
    pauses: bool,
    /// What is wanted now; nothing in a read of registers.
    rows: Rows,
    /// Newest row that this read is to bring.
    newest: u32,
    hops: u8,
    bytes: u32,
    answered: Option<SimTime>,
}

/// A read job: one schedule over all border routers.
#[derive(Debug)]
pub struct Read {
    job: u16,
    /// Ordinal among the schedules, for the rows.
    schedule: u16,
    spec: PollSpec,
    groups: Vec<Group>,
    under_way: BTreeMap<u32, Transaction>,
}

impl Read {
    /// Job `job`, the schedule with that ordinal, over the meters `behind` each border router.
    pub fn new(spec: &PollSpec, job: u16, schedule: u16, behind: &[Arc<[SiteId]>], fleet: Fleet<'_>) -> Self {
        let group = |meters: &Arc<[SiteId]>| {
            let meant = || {
                let mut meant: Vec<SiteId> =
                    meters.iter().copied().filter(|meter| spec.target.means(meter.0)).collect();
                let places = order::places(spec.order.as_ref(), &meant, job, fleet);
                if !places.is_empty() {
                    let mut placed: Vec<(u64, SiteId)> = places.into_iter().zip(meant).collect();
                    placed.sort_unstable();
                    meant = placed.into_iter().map(|(_, meter)| meter).collect();
                }
                meant.into()
            };
            let (meters, turns) = of_log(spec, meters).unwrap_or_else(|| (meant(), Vec::new()));
            let (at, due) = (meters.len(), VecDeque::new());
            Group { meters, turns, rounds: 0, at, under_way: 0, left: 0, due, wakes_at: SimTime::MAX }
        };
        let groups = behind.iter().map(group).collect();
        Read { job, schedule, spec: spec.clone(), groups, under_way: BTreeMap::new() }
    }

    fn wake(&self, ctx: &mut Ctx, at: SimTime, wake: Wake) {
        ctx.schedule(at, 0, Event::HeadEnd(headend::Event::Job(super::Wake::Read { job: self.job, wake })));
    }

    /// The turn of the meter at a position, spread over the window of its round; of a log, as the log has it.
    fn turn(&self, group: u32, round: u32, position: usize) -> Turn {
        if let Some(&(planned, round)) = self.groups[group as usize].turns.get(position) {
            return Turn { group, meter: self.groups[group as usize].meters[position], round, planned };
        }
        let (spec, meters) = (&self.spec, &self.groups[group as usize].meters);
        let within = spec.spread() * position as u64 / meters.len() as u64;
        let planned = spec.at + spec.every * u64::from(round) + within;
        Turn { group, meter: meters[position], round, planned }
    }

    /// Begins rounds and reads as far as turn and limit allow.
    fn advance(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, n: u32) {
        let now = ctx.now();
        loop {
            let group = &mut self.groups[n as usize];
            let (count, at) = (group.meters.len(), group.at);
            let next_round = self.spec.at + self.spec.every * u64::from(group.rounds);
            if now >= next_round {
                let round = group.rounds;
                (group.rounds, group.at) = (round + 1, 0);
                for position in at..count {
                    // Its turn did not come; the next round asks for what is missing.
                    self.record(tools, self.turn(n, round - 1, position), None, Outcome::Skipped);
                }
                continue;
            }
            if group.under_way == 0 {
                group.left = self.spec.parallel;
            }
            let has_place = group.under_way < self.spec.parallel;
            if has_place && let Some(read) = group.due.pop_front() {
                self.resume(ctx, tools, read);
                continue;
            }
            let group = &self.groups[n as usize];
            let can_read = group.rounds > 0 && at < count && has_place && (!self.spec.clusters || group.left > 0);
            let mut wakes_at = next_round;
            if can_read {
                let turn = self.turn(n, self.groups[n as usize].rounds - 1, at);
                if turn.planned <= now {
                    self.groups[n as usize].at += 1;
                    self.begin(ctx, tools, turn);
                    continue;
                }
                wakes_at = turn.planned.min(next_round);
            }
            if wakes_at < self.groups[n as usize].wakes_at {
                self.groups[n as usize].wakes_at = wakes_at;
                self.wake(ctx, wakes_at, Wake::Turn { group: n });
            }
            return;
        }
    }

    fn begin(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, turn: Turn) {
        let newest = tools.talk.cosem().newest_row(ctx.now());
        let rows = match self.spec.content {
            PollContent::Registers => Rows::default(),
            PollContent::Profile => {
                let rows_max = tools.talk.cosem().lengths(turn.meter).rows_max();
                // Nothing is missing: nothing to read.
                let Some(rows) = tools.ledger.missing(turn.meter, newest, rows_max) else { return };
                rows
            }
        };
        if tools.forbids(ctx.now(), self.job, TransactionKind::Read, &self.spec.name, Some(turn.meter)) {
            self.record(tools, turn, None, Outcome::Forbidden);
            return;
        }
        if !tools.network.reachable[turn.meter.at()] {
            self.record(tools, turn, None, Outcome::Unreachable);
            return;
        }
        if tools.talk.has_expired(turn.meter, ctx.now()) {
            self.record(tools, turn, None, Outcome::Expired);
            return;
        }
        let lack = |condition| tools.holds_back(condition, turn.meter, ctx.now());
        if let Some(lack) = self.spec.only_when.as_ref().and_then(lack) {
            self.record_held(tools, turn, (None, Outcome::LeftOut), Some(lack));
            return;
        }
        let group = &mut self.groups[turn.group as usize];
        (group.under_way, group.left) = (group.under_way + 1, group.left.saturating_sub(1));
        let read = tools.numbers.open(self.job);
        let transaction = Transaction {
            turn,
            sent: None,
            requests: 0,
            tries: 0,
            pauses: false,
            rows,
            newest,
            hops: 0,
            bytes: 0,
            answered: None,
        };
        self.under_way.insert(read, transaction);
        self.request(ctx, tools, read);
    }

    fn request(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32) {
        let transaction = &self.under_way[&read];
        let ask = match self.spec.content {
            PollContent::Registers => Ask::Registers,
            PollContent::Profile => Ask::Rows(transaction.rows),
        };
        if let Some(left) = tools.ask(ctx, (DownKind::Request { read }, transaction.turn.meter), ask) {
            self.requested(ctx, read, left);
        }
    }

    /// A request has left.
    fn requested(&mut self, ctx: &mut Ctx, read: u32, left: Left) {
        let Some(transaction) = self.under_way.get_mut(&read) else { return };
        transaction.requests = transaction.requests.saturating_add(1);
        transaction.tries += 1;
        transaction.bytes += u32::from(left.bytes);
        transaction.sent = transaction.sent.or(Some(left.at));
        let request = transaction.requests;
        self.wake(ctx, left.at + self.spec.timeout, Wake::Timeout { read, request });
    }

    /// Asks again, now or after a pause, or gives up.
    fn timeout(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32, request: u16) {
        let Some(transaction) = self.under_way.get_mut(&read).filter(|of| of.requests == request && !of.pauses) else {
            return;
        };
        let Turn { meter, group, .. } = transaction.turn;
        let session = (DownKind::Request { read }, meter);
        match tools.after_failure(ctx, session, transaction.tries, u32::from(self.spec.attempts)) {
            Next::Now => self.request(ctx, tools, read),
            Next::After(pause) => {
                transaction.pauses = true;
                self.groups[group as usize].under_way -= 1;
                self.wake(ctx, ctx.now() + pause, Wake::Again { read, request });
                self.advance(ctx, tools, group);
            }
            Next::Never => self.end(ctx, tools, read, Outcome::Failed),
        }
    }

    /// A pause is over: the read waits for a place, unless it was a temporary failure and the next round has begun.
    fn again(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32, request: u16) {
        let Some(transaction) = self.under_way.get(&read).filter(|of| of.requests == request && of.pauses) else {
            return;
        };
        let Turn { group, round, .. } = transaction.turn;
        let is_temporary = transaction.tries.is_multiple_of(u32::from(self.spec.attempts));
        if is_temporary && self.groups[group as usize].rounds > round + 1 {
            self.end(ctx, tools, read, Outcome::Failed);
        } else {
            self.groups[group as usize].due.push_back(read);
            self.advance(ctx, tools, group);
        }
    }

    /// There is a place for a read whose pause is over.
    fn resume(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32) {
        // It may have been answered after all.
        let Some(transaction) = self.under_way.get_mut(&read).filter(|transaction| transaction.pauses) else { return };
        transaction.pauses = false;
        self.groups[transaction.turn.group as usize].under_way += 1;
        self.request(ctx, tools, read);
    }

    /// The transaction that a report answers, with the report counted in.
    fn answered(&mut self, report: &Report) -> Option<(u32, &mut Transaction)> {
        let ReportKind::Answer { read } = report.kind else { unreachable!("{report:?} is for no read") };
        let transaction = self.under_way.get_mut(&read)?;
        transaction.bytes += u32::from(report.bytes);
        transaction.hops = report.hops;
        Some((read, transaction))
    }

    fn end(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32, outcome: Outcome) {
        let Some(transaction) = self.under_way.remove(&read) else { return };
        tools.numbers.close(read);
        tools.close(ctx, (DownKind::Request { read }, transaction.turn.meter));
        if !transaction.pauses {
            self.groups[transaction.turn.group as usize].under_way -= 1;
        }
        self.record(tools, transaction.turn, Some(&transaction), outcome);
        self.advance(ctx, tools, transaction.turn.group);
    }

    fn record(&self, tools: &mut Tools<'_>, turn: Turn, read: Option<&Transaction>, outcome: Outcome) {
        self.record_held(tools, turn, (read, outcome), None);
    }

    fn record_held(
        &self,
        tools: &mut Tools<'_>,
        turn: Turn,
        (read, outcome): (Option<&Transaction>, Outcome),
        lack: Option<Lack>,
    ) {
        let id = TransactionId::Read { schedule: self.schedule, round: turn.round, meter: turn.meter };
        let hops_made = read.map(|r| r.hops).filter(|hops| *hops > 0);
        tools.rows.transactions.push(TransactionRow {
            transaction: id.number(),
            campaign: self.spec.name.as_str().into(),
            gateway: tools.network.gateway[turn.meter.at()].0,
            sent_s: read.and_then(|r| r.sent).map(SimTime::secs_f64),
            answered_s: read.and_then(|r| r.answered).map(SimTime::secs_f64),
            outcome,
            attempts: read.map_or(0, |r| r.requests),
            hops: hops_made,
            hops_made,
            bytes: read.map_or(0, |r| r.bytes),
            held_by: Added(lack.map(Lack::in_tables)),
            ..TransactionRow::new(id.kind(), turn.meter.0, turn.planned.secs_f64())
        });
    }
}

/// Meters whose turns come one after the other, with when, and how many each has had before.
type Turns = (Arc<[SiteId]>, Vec<(SimTime, u32)>);

/// Of a log: whose turns come behind a border router, one after the other, when, and how many each has had before.
fn of_log(spec: &PollSpec, behind: &[SiteId]) -> Option<Turns> {
    let mut had: BTreeMap<SiteId, u32> = BTreeMap::new();
    let mut turn = |at: SimTime, meter: SiteId| {
        let count = had.entry(meter).or_default();
        *count += 1;
        (meter, (at, *count - 1))
    };
    let here = |&&(_, site): &&(SimTime, u32)| behind.binary_search(&SiteId(site)).is_ok();
    let (meters, turns): (Vec<SiteId>, Vec<(SimTime, u32)>) =
        spec.turns.iter().filter(here).map(|&(at, site)| turn(at, SiteId(site))).unzip();
    (!spec.turns.is_empty()).then(|| (meters.into(), turns))
}

impl JobKind for Read {
    const ASKS: bool = true;
    type Wake = Wake;
    type State = State;

    fn save(&self) -> State {
        self.saved()
    }

    fn knows(&self, wake: Wake) -> bool {
        match wake {
            Wake::Turn { group } => (group as usize) < self.groups.len(),
            Wake::Timeout { .. } | Wake::Again { .. } => true,
        }
    }

    fn restore(&mut self, state: State) -> Result<(), String> {
        self.take_over(state)
    }

    /// The first round of each border router.
    fn start(&mut self, ctx: &mut Ctx, _tools: &mut Tools<'_>) {
        for group in 0..self.groups.len() as u32 {
            self.groups[group as usize].wakes_at = self.spec.at;
            self.wake(ctx, self.spec.at, Wake::Turn { group });
        }
    }

    fn due(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, wake: Wake) {
        match wake {
            Wake::Turn { group } => {
                self.groups[group as usize].wakes_at = SimTime::MAX;
                self.advance(ctx, tools, group);
            }
            Wake::Timeout { read, request } => self.timeout(ctx, tools, read, request),
            Wake::Again { read, request } => self.again(ctx, tools, read, request),
        }
    }

    /// Asks for the rows that are still missing, or ends the read.
    fn heard(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
        let Some((read, transaction)) = self.answered(report) else { return };
        let meter = transaction.turn.meter;
        if report.apdu.rows.count > 0 {
            let rows_max = tools.talk.cosem().lengths(meter).rows_max();
            if let Some(more) = tools.ledger.missing(meter, transaction.newest, rows_max) {
                if more != transaction.rows {
                    (transaction.rows, transaction.tries) = (more, 0);
                    if transaction.pauses {
                        // An answer after all: it goes on when there is a place.
                        let group = transaction.turn.group;
                        self.groups[group as usize].due.push_back(read);
                        self.advance(ctx, tools, group);
                    } else {
                        self.request(ctx, tools, read);
                    }
                }
                return;
            }
        }
        transaction.answered = Some(ctx.now());
        let delay = ctx.now() - transaction.turn.planned;
        tools.statistics.read_delay_ms.saturating_record(delay.nanos() / 1_000_000);
        self.end(ctx, tools, read, Outcome::Ok);
    }

    fn left(&mut self, ctx: &mut Ctx, _tools: &mut Tools<'_>, (kind, _): Key, left: Left) {
        if let DownKind::Request { read } = kind {
            self.requested(ctx, read, left);
        }
    }

    fn refused(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
        let Some((read, transaction)) = self.answered(report) else { return };
        transaction.answered = Some(ctx.now());
        self.end(ctx, tools, read, Outcome::Refused);
    }

    fn unanswered(&mut self, tools: &mut Tools<'_>, read: u32) {
        if let Some(transaction) = self.under_way.remove(&read) {
            self.record(tools, transaction.turn, Some(&transaction), Outcome::Pending);
        }
    }
}
