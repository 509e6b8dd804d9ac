//! Asks every meter once for its clock: who can be reached, and how long an answer takes.

use super::{End, JobKind, Tools};
use crate::apdu::Ask;
use crate::backhaul::{DownKind, Report, ReportKind};
use crate::books::TransactionId;
use crate::check::ensure;
use crate::event::Event;
use crate::headend::{self, Ctx};
use crate::node::SiteId;
use crate::spec::PingSpec;
use amitwin_data::rows::{Outcome, TransactionKind, TransactionRow};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Timers of a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wake {
    /// A meter's turn has come.
    Turn {
        /// Its position in the order of ids.
        position: u32,
    },
    /// A meter has not answered in time.
    Timeout {
        /// Number of the question.
        read: u32,
    },
}

/// A meter that has been asked and has not answered yet.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Asked {
    position: u32,
    sent: SimTime,
    bytes: u32,
}

/// What came of one meter's turn.
#[derive(Clone, Copy, Debug)]
struct Came {
    outcome: Outcome,
    asked: Option<Asked>,
    answered: Option<SimTime>,
    hops: u8,
    /// Of the answer.
    bytes: u32,
}

/// A ping in the middle of a run: questions that wait for their answers, by number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    next: u32,
    under_way: BTreeMap<u32, Asked>,
}

/// A ping of every meter.
#[derive(Debug)]
pub struct Ping {
    job: u16,
    name: Arc<str>,
    spec: PingSpec,
    meters: Arc<[SiteId]>,
    /// Position of the next meter.
    next: u32,
    under_way: BTreeMap<u32, Asked>,
}

impl Ping {
    /// Job `job` over these meters, in the order of their ids.
    pub fn new(name: &str, spec: &PingSpec, job: u16, meters: Arc<[SiteId]>) -> Self {
        Ping { job, name: name.into(), spec: spec.clone(), meters, next: 0, under_way: BTreeMap::new() }
    }

    fn wake(&self, ctx: &mut Ctx, at: SimTime, wake: Wake) {
        ctx.schedule(at, 0, Event::HeadEnd(headend::Event::Job(super::Wake::Ping { job: self.job, wake })));
    }

    /// When a meter's turn comes: spread evenly over the window.
    fn planned(&self, position: u32) -> SimTime {
        let into = u128::from(self.spec.window.nanos()) * u128::from(position) / self.meters.len().max(1) as u128;
        self.spec.at + SimTime::from_nanos(into as u64)
    }

    fn wait_for(&mut self, ctx: &mut Ctx, position: u32) {
        self.next = position;
        if (position as usize) < self.meters.len() {
            self.wake(ctx, self.planned(position), Wake::Turn { position });
        }
    }

    fn ask(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, position: u32) {
        let meter = self.meters[position as usize];
        if !tools.network.reachable[meter.at()] {
            self.record(tools, position, Came::nothing(Outcome::Unreachable, None));
            return;
        }
        let read = tools.numbers.open(self.job);
        let down = tools.talk.ask(DownKind::Request { read }, meter, Ask::Clock);
        let bytes = u32::from(down.bytes);
        let sent = tools.send(ctx, down);
        self.under_way.insert(read, Asked { position, sent, bytes });
        self.wake(ctx, sent + self.spec.timeout, Wake::Timeout { read });
    }

    /// A meter answered, with its clock or with an exception.
    fn answered(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report, outcome: Outcome) {
        let ReportKind::Answer { read } = report.kind else { unreachable!("{report:?} is for no ping") };
        let Some(asked) = self.under_way.remove(&read) else { return };
        tools.numbers.close(read);
        let (hops, bytes) = (report.hops, u32::from(report.bytes));
        let came = Came { outcome, asked: Some(asked), answered: Some(ctx.now()), hops, bytes };
        self.record(tools, asked.position, came);
    }

    fn record(&self, tools: &mut Tools<'_>, position: u32, came: Came) {
        let meter = self.meters[position as usize];
        let id = TransactionId::Campaign { kind: TransactionKind::Ping, job: self.job, meter };
        tools.rows.transactions.push(TransactionRow {
            transaction: id.number(),
            kind: id.kind(),
            campaign: self.name.clone(),
            node: meter.0,
            gateway: tools.network.gateway[meter.at()].0,
            planned_s: self.planned(position).secs_f64(),
            sent_s: came.asked.map(|asked| asked.sent.secs_f64()),
            reset_s: None,
            acknowledged: None,
            answered_s: came.answered.map(SimTime::secs_f64),
            outcome: came.outcome,
            attempts: u16::from(came.asked.is_some()),
            hops: (came.hops > 0).then_some(came.hops),
            hops_made: (came.hops > 0).then_some(came.hops),
            bytes: came.bytes + came.asked.map_or(0, |asked| asked.bytes),
        });
    }
}

impl Came {
    /// Without an answer.
    fn nothing(outcome: Outcome, asked: Option<Asked>) -> Came {
        Came { outcome, asked, answered: None, hops: 0, bytes: 0 }
    }
}

impl JobKind for Ping {
    const ASKS: bool = true;
    type Wake = Wake;
    type State = State;

    fn save(&self) -> State {
        State { next: self.next, under_way: self.under_way.clone() }
    }

    fn knows(&self, wake: Wake) -> bool {
        match wake {
            Wake::Turn { position } => (position as usize) < self.meters.len(),
            Wake::Timeout { .. } => true,
        }
    }

    fn restore(&mut self, state: State) -> Result<(), String> {
        let meters = self.meters.len();
        let known = state.under_way.values().all(|asked| (asked.position as usize) < meters);
        ensure(known && state.next as usize <= meters, || "ping: it is about a meter that is not here".to_owned())?;
        (self.next, self.under_way) = (state.next, state.under_way);
        Ok(())
    }

    fn start(&mut self, ctx: &mut Ctx, _tools: &mut Tools<'_>) {
        self.wait_for(ctx, 0);
    }

    fn due(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, wake: Wake) {
        match wake {
            Wake::Turn { position } => {
                self.wait_for(ctx, position + 1);
                self.ask(ctx, tools, position);
            }
            Wake::Timeout { read } => {
                let Some(asked) = self.under_way.remove(&read) else { return };
                tools.numbers.close(read);
                self.record(tools, asked.position, Came::nothing(Outcome::Failed, Some(asked)));
            }
        }
    }

    fn heard(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
        self.answered(ctx, tools, report, Outcome::Ok);
    }

    fn refused(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
        self.answered(ctx, tools, report, Outcome::Refused);
    }

    fn unanswered(&mut self, tools: &mut Tools<'_>, read: u32) {
        if let Some(asked) = self.under_way.remove(&read) {
            self.record(tools, asked.position, Came::nothing(Outcome::Pending, Some(asked)));
        }
    }

    /// Meters whose turn did not come.
    fn finish(&mut self, tools: &mut Tools<'_>, _end: End<'_>) {
        for position in self.next..self.meters.len() as u32 {
            self.record(tools, position, Came::nothing(Outcome::Pending, None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_spread_evenly_over_the_window() {
        let s = SimTime::from_secs;
        let spec = PingSpec { at: s(100), window: s(60), timeout: s(10) };
        let ping = Ping::new("clocks", &spec, 0, [4, 5, 9].map(SiteId).into());
        assert_eq!([0, 1, 2].map(|position| ping.planned(position)), [100, 120, 140].map(s));
        // A million meters over a year: their product is beyond 64 bits.
        let spec = PingSpec { window: s(366 * 86_400), ..spec };
        let ping = Ping::new("clocks", &spec, 0, (0..1_000_000).map(SiteId).collect());
        assert_eq!(ping.planned(500_000), s(100 + 183 * 86_400));
    }
}
