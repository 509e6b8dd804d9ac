//! Scheduled reads: who is read when, what is asked again, and what came of each.

use super::ledger::Ledger;
use super::talk::{Heard, Talk};
use super::{Network, TransactionRow};
use crate::apdu::{Ask, Cosem, Rows};
use crate::event::{Event, Report};
use crate::mac::packet::Kind;
use crate::region::Ctx;
use crate::spec::{PollContent, PollSpec};
use amitwin_data::rows::{Outcome, Rows as Recorded, TransactionKind};
use amitwin_sim_core::SimTime;
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A poll behind one border router.
#[derive(Debug)]
struct Runner {
    poll: usize,
    meters: Arc<[u32]>,
    /// Rounds begun.
    rounds: u32,
    /// Meters of this round that have had their turn.
    at: usize,
    under_way: u16,
    /// Time of the next event that is already scheduled.
    wakes_at: SimTime,
}

/// A read under way.
#[derive(Clone, Copy, Debug)]
struct Flight {
    runner: u32,
    node: u32,
    round: u32,
    planned: SimTime,
    sent: SimTime,
    /// Requests so far, and those for what is wanted now.
    requests: u16,
    tries: u8,
    /// What is wanted now; nothing in a read of registers.
    rows: Rows,
    /// Newest row that this read is to bring.
    newest: u32,
    hops: u8,
    bytes: u32,
}

/// The reads of a head-end.
#[derive(Debug)]
pub struct Polls {
    specs: Vec<PollSpec>,
    runners: Vec<Runner>,
    flights: BTreeMap<u32, Flight>,
    next_flight: u32,
    /// Rows that have arrived.
    pub ledger: Ledger,
    /// From the moment a read was due to its last answer, ms.
    pub delay_ms: Histogram<u64>,
    /// Answers to reads that were over.
    pub late: u64,
}

impl Polls {
    /// Of the given meters.
    pub fn new(specs: &[PollSpec], network: &Network, cosem: &Cosem, meters: &[u32], duration: SimTime) -> Self {
        let mut behind: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        if !specs.is_empty() {
            for &meter in meters {
                behind.entry(network.gateway[meter as usize]).or_default().push(meter);
            }
        }
        let behind: Vec<Arc<[u32]>> = behind.into_values().map(Arc::from).collect();
        let runner = |poll, meters: &Arc<[u32]>| Runner {
            poll,
            meters: meters.clone(),
            rounds: 0,
            at: meters.len(),
            under_way: 0,
            wakes_at: SimTime::MAX,
        };
        let profile = specs.iter().any(|spec| spec.content == PollContent::Profile);
        // The first row that ends within the run.
        let first = cosem.newest_row(SimTime::ZERO) + 1;
        let ledger = match profile {
            true => Ledger::new(network.partition.len(), first, cosem.newest_row(duration)),
            false => Ledger::default(),
        };
        Polls {
            specs: specs.to_vec(),
            runners: (0..specs.len()).flat_map(|n| behind.iter().map(move |m| runner(n, m))).collect(),
            flights: BTreeMap::new(),
            next_flight: 0,
            ledger,
            delay_ms: Histogram::new_with_bounds(1, 86_400_000, 2).expect("the bounds are in order"),
            late: 0,
        }
    }

    /// Schedules the first rounds.
    pub fn start(&mut self, ctx: &mut Ctx) {
        for (n, runner) in self.runners.iter_mut().enumerate() {
            runner.wakes_at = self.specs[runner.poll].at;
            ctx.schedule(runner.wakes_at, 0, Event::Poll { runner: n as u32 });
        }
    }

    /// [`Event::Poll`]: begins a round and reads as far as turn and limit allow.
    pub fn due(&mut self, ctx: &mut Ctx, desk: &mut Desk<'_>, runner: u32) {
        self.runners[runner as usize].wakes_at = SimTime::MAX;
        self.advance(ctx, desk, runner);
    }

    fn advance(&mut self, ctx: &mut Ctx, desk: &mut Desk<'_>, n: u32) {
        let now = ctx.now();
        loop {
            let runner = &mut self.runners[n as usize];
            let spec = &self.specs[runner.poll];
            let next_round = spec.at + spec.every * u64::from(runner.rounds);
            let count = runner.meters.len();
            if now >= next_round {
                let (from, round) = (runner.at, runner.rounds);
                runner.rounds += 1;
                runner.at = 0;
                let left = runner.meters.clone();
                for &node in &left[from..] {
                    // Its turn did not come; the next round asks for what is missing.
                    let planned = self.planned(n, round - 1, node);
                    self.record(desk, n, node, round - 1, planned, None, Outcome::Skipped);
                }
                continue;
            }
            let turn = spec.at + spec.every * u64::from(runner.rounds.max(1) - 1);
            let due = |at: usize| turn + spec.window * at as u64 / count.max(1) as u64;
            let free = runner.under_way < spec.parallel;
            if runner.rounds > 0 && runner.at < count && free && due(runner.at) <= now {
                let (node, planned, round) = (runner.meters[runner.at], due(runner.at), runner.rounds - 1);
                runner.at += 1;
                self.begin(ctx, desk, n, node, round, planned);
                continue;
            }
            let wake = if runner.rounds > 0 && runner.at < count && free {
                due(runner.at).min(next_round)
            } else {
                next_round
            };
            if wake < runner.wakes_at {
                runner.wakes_at = wake;
                ctx.schedule(wake, 0, Event::Poll { runner: n });
            }
            return;
        }
    }

    fn planned(&self, n: u32, round: u32, node: u32) -> SimTime {
        let runner = &self.runners[n as usize];
        let spec = &self.specs[runner.poll];
        let at = runner.meters.binary_search(&node).unwrap_or(0) as u64;
        spec.at + spec.every * u64::from(round) + spec.window * at / runner.meters.len() as u64
    }

    fn begin(&mut self, ctx: &mut Ctx, desk: &mut Desk<'_>, n: u32, node: u32, round: u32, planned: SimTime) {
        let poll = self.runners[n as usize].poll;
        let newest = desk.talk.cosem().newest_row(ctx.now());
        let rows = match self.specs[poll].content {
            PollContent::Registers => Rows::default(),
            PollContent::Profile => {
                let rows_max = desk.talk.cosem().lengths(node).rows_max();
                // Nothing is missing: nothing to read.
                let Some(rows) = self.ledger.missing(node, newest, rows_max) else { return };
                rows
            }
        };
        if !desk.network.reachable[node as usize] {
            self.record(desk, n, node, round, planned, None, Outcome::Unreachable);
            return;
        }
        let flight = Flight {
            runner: n,
            node,
            round,
            planned,
            sent: ctx.now(),
            requests: 0,
            tries: 0,
            rows,
            newest,
            hops: 0,
            bytes: 0,
        };
        self.runners[n as usize].under_way += 1;
        let id = self.next_flight;
        self.next_flight = self.next_flight.wrapping_add(1);
        self.flights.insert(id, flight);
        self.send(ctx, desk, id);
    }

    fn send(&mut self, ctx: &mut Ctx, desk: &mut Desk<'_>, id: u32) {
        let flight = self.flights.get_mut(&id).expect("a read that is under way");
        let spec = &self.specs[self.runners[flight.runner as usize].poll];
        let ask = match spec.content {
            PollContent::Registers => Ask::Registers,
            PollContent::Profile => Ask::Rows(flight.rows),
        };
        flight.requests += 1;
        flight.tries += 1;
        let (node, request) = (flight.node, flight.requests);
        let down = desk.talk.ask(Kind::Request, node, id, ask);
        flight.bytes += u32::from(down.bytes);
        let at = ctx.now() + desk.network.latency;
        ctx.send(desk.network.partition[node as usize], at, 0, Event::Down(Box::new(down)));
        ctx.schedule(ctx.now() + spec.timeout, 0, Event::PollTimeout { flight: id, request });
    }

    /// [`Event::PollTimeout`]: asks again, or gives up.
    pub fn timeout(&mut self, ctx: &mut Ctx, desk: &mut Desk<'_>, id: u32, request: u16) {
        let Some(flight) = self.flights.get(&id) else { return };
        if flight.requests != request {
            return;
        }
        let attempts = self.specs[self.runners[flight.runner as usize].poll].attempts;
        if flight.tries < attempts {
            self.send(ctx, desk, id);
        } else {
            self.end(ctx, desk, id, None, Outcome::Failed);
        }
    }

    /// An answer came.
    pub fn answered(&mut self, ctx: &mut Ctx, desk: &mut Desk<'_>, report: &Report) {
        match desk.talk.hear(report) {
            Heard::New(_) => {}
            Heard::Undeciphered => return self.refused(ctx, desk, report),
            Heard::Again | Heard::Refused | Heard::Wrong => return,
        }
        let rows = report.apdu.rows;
        self.ledger.take(report.node, rows);
        let id = report.value;
        let Some(flight) = self.flights.get_mut(&id) else {
            self.late += 1;
            return;
        };
        flight.bytes += u32::from(report.bytes);
        flight.hops = report.hops;
        if rows.count > 0 {
            let rows_max = desk.talk.cosem().lengths(flight.node).rows_max();
            if let Some(more) = self.ledger.missing(flight.node, flight.newest, rows_max) {
                if more != flight.rows {
                    (flight.rows, flight.tries) = (more, 0);
                    self.send(ctx, desk, id);
                }
                return;
            }
        }
        let delay = ctx.now() - flight.planned;
        self.delay_ms.saturating_record(delay.nanos() / 1_000_000);
        self.end(ctx, desk, id, Some(ctx.now()), Outcome::Ok);
    }

    /// The meter has another security suite than the one on file: to ask again helps nobody.
    fn refused(&mut self, ctx: &mut Ctx, desk: &mut Desk<'_>, report: &Report) {
        let Some(flight) = self.flights.get_mut(&report.value) else { return };
        flight.bytes += u32::from(report.bytes);
        flight.hops = report.hops;
        self.end(ctx, desk, report.value, Some(ctx.now()), Outcome::Refused);
    }

    fn end(&mut self, ctx: &mut Ctx, desk: &mut Desk<'_>, id: u32, answered: Option<SimTime>, outcome: Outcome) {
        let Some(flight) = self.flights.remove(&id) else { return };
        self.runners[flight.runner as usize].under_way -= 1;
        self.record_flight(desk, &flight, answered, outcome);
        self.advance(ctx, desk, flight.runner);
    }

    /// The end of the run: what is still under way.
    pub fn finish(&mut self, desk: &mut Desk<'_>) {
        for flight in std::mem::take(&mut self.flights).into_values() {
            self.record_flight(desk, &flight, None, Outcome::Pending);
        }
    }

    fn record_flight(&self, desk: &mut Desk<'_>, f: &Flight, answered: Option<SimTime>, outcome: Outcome) {
        self.record(desk, f.runner, f.node, f.round, f.planned, Some((f, answered)), outcome);
    }

    #[allow(clippy::too_many_arguments)]
    fn record(
        &self,
        desk: &mut Desk<'_>,
        runner: u32,
        node: u32,
        round: u32,
        planned: SimTime,
        flight: Option<(&Flight, Option<SimTime>)>,
        outcome: Outcome,
    ) {
        let poll = self.runners[runner as usize].poll;
        desk.rows.transactions.push(TransactionRow {
            transaction: (1 << 62) | ((poll as u64) << 52) | (u64::from(round) << 32) | u64::from(node),
            kind: TransactionKind::Read,
            campaign: self.specs[poll].name.as_str().into(),
            node,
            gateway: desk.network.gateway[node as usize],
            planned_s: planned.secs_f64(),
            sent_s: flight.map(|(f, _)| f.sent.secs_f64()),
            reset_s: None,
            acknowledged: None,
            answered_s: flight.and_then(|(_, answered)| answered).map(SimTime::secs_f64),
            outcome,
            attempts: flight.map_or(0, |(f, _)| f.requests),
            hops: flight.map_or(0, |(f, _)| f.hops),
            bytes: flight.map_or(0, |(f, _)| f.bytes),
        });
    }
}

/// What a read needs of the rest of the head-end.
pub struct Desk<'a> {
    /// The network.
    pub network: &'a Network,
    /// Its conversations.
    pub talk: &'a mut Talk,
    /// Where rows go.
    pub rows: &'a mut Recorded,
}
