//! Asks meters for their clocks: who can be reached, and how long an answer takes.

use super::held::{Held, Waiting};
use super::waves::Waves;
use super::{End, JobKind, Tools};
use crate::apdu::Ask;
use crate::backhaul::{DownKind, Report, ReportKind};
use crate::books::TransactionId;
use crate::check::ensure;
use crate::event::Event;
use crate::headend::front::{Left, Next};
use crate::headend::links::Lack;
use crate::headend::sessions::Key;
use crate::headend::{self, Ctx};
use crate::node::SiteId;
use crate::spec::PingSpec;
use amitwin_data::rows::{Added, Outcome, TransactionKind, TransactionRow};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Timers of a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wake {
    /// A meter's turn has come.
    Turn {
        /// Its place among the turns.
        turn: u32,
    },
    /// The next wave begins.
    Wave,
    /// A meter's link is what it is to be.
    Released {
        /// Its position in the order of ids.
        position: u32,
        /// What it lacked.
        lack: Lack,
    },
    /// A meter has not answered in time.
    Timeout {
        /// Number of the question.
        read: u32,
        /// Valid if this is still the last try.
        attempt: u16,
    },
    /// A meter that has not answered is asked again.
    Again {
        /// Number of the question.
        read: u32,
        /// Valid if this is still the last try.
        attempt: u16,
    },
}

/// A meter that has been asked and has not answered yet.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Asked {
    position: u32,
    sent: Option<SimTime>,
    /// Tries that have left.
    attempts: u16,
    bytes: u32,
    lack: Option<Lack>,
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
    /// What its link lacked before.
    lack: Option<Lack>,
}

/// A ping in the middle of a run: questions that wait for their answers, by number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    course: Course,
    under_way: BTreeMap<u32, Asked>,
    waiting: Vec<Waiting>,
}

/// How far it has come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Course {
    /// Place of the next turn.
    next: u32,
    wave: u16,
    /// When each wave began.
    began: Vec<SimTime>,
    /// Meters of the wave that nothing has come of yet.
    open: u32,
    failed: u32,
    halted: bool,
    /// Of which meters the row is written, by position.
    recorded: Vec<bool>,
}

/// A ping of every meter.
#[derive(Debug)]
pub struct Ping {
    job: u16,
    name: Arc<str>,
    spec: PingSpec,
    meters: Arc<[SiteId]>,
    waves: Waves,
    /// Positions of the meters by their turns: wave by wave, each in the order of ids.
    turns: Vec<u32>,
    /// Place of each meter's turn in its wave, and which that is.
    places: Vec<(u16, u32)>,
    course: Course,
    under_way: BTreeMap<u32, Asked>,
    held: Held,
}

impl Ping {
    /// Job `job` over these meters.
    pub fn new(name: &str, spec: &PingSpec, job: u16, meters: Arc<[SiteId]>, seed: u64) -> Self {
        let held = Held::new(&spec.waves);
        let waves = Waves::new(&spec.waves, &meters, job, seed);
        let (mut turns, mut places) = (Vec::with_capacity(meters.len()), vec![(0, 0); meters.len()]);
        for wave in 0..waves.count() as u16 {
            let mut by_turn = waves.by_id(wave);
            by_turn.sort_by_key(|&position| spec.waves.turns.get(position as usize));
            for (place, position) in (0..).zip(by_turn) {
                places[position as usize] = (wave, place);
                turns.push(position);
            }
        }
        let course = Course { recorded: vec![false; meters.len()], ..Course::default() };
        let under_way = BTreeMap::new();
        Ping { job, name: name.into(), spec: spec.clone(), meters, waves, turns, places, course, under_way, held }
    }

    fn wake(&self, ctx: &mut Ctx, at: SimTime, wake: Wake) {
        ctx.schedule(at, 0, Event::HeadEnd(headend::Event::Job(super::Wake::Ping { job: self.job, wake })));
    }

    /// When a meter's turn comes: the turns of a wave are spread evenly over the window, unless the campaign has them. Of a wave that has not begun: when the campaign
    /// starts.
    fn planned(&self, position: u32) -> SimTime {
        if let Some(&turn) = self.spec.waves.turns.get(position as usize) {
            return turn;
        }
        let (wave, place) = self.places[position as usize];
        let Some(&began) = self.course.began.get(usize::from(wave)) else { return self.spec.at };
        let into = u128::from(self.spec.window.nanos()) * u128::from(place) / self.waves.of(wave).len().max(1) as u128;
        began + SimTime::from_nanos(into as u64)
    }

    fn begin_wave(&mut self, ctx: &mut Ctx, wave: u16, at: SimTime) {
        let course = &mut self.course;
        (course.wave, course.open) = (wave, self.waves.of(wave).len() as u32);
        course.began.push(at);
        let first = course.next;
        self.wait_for(ctx, first);
        if self.course.open == 0 {
            self.wave_over(ctx);
        }
    }

    fn wait_for(&mut self, ctx: &mut Ctx, turn: u32) {
        self.course.next = turn;
        if turn < self.waves.until(self.course.wave) {
            self.wake(ctx, self.planned(self.turns[turn as usize]), Wake::Turn { turn });
        }
    }

    fn wave_over(&self, ctx: &mut Ctx) {
        if usize::from(self.course.wave) + 1 < self.waves.count() {
            self.wake(ctx, ctx.now() + self.spec.waves.pause, Wake::Wave);
        }
    }

    /// Something has come of a meter, and it may be the last of its wave, or one too many that has failed.
    fn is_over(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, position: u32, came: Came) {
        self.record(tools, position, came);
        self.course.open = self.course.open.saturating_sub(1);
        if matches!(came.outcome, Outcome::Failed | Outcome::Refused) {
            self.course.failed += 1;
            self.course.halted |= self.waves.are_too_many(self.course.failed, self.course.wave);
        }
        if self.course.open == 0 && !self.course.halted {
            self.wave_over(ctx);
        }
    }

    /// Asks a meter whose turn has come, unless its link is not what it is to be.
    fn turn(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, position: u32) {
        let meter = self.meters[position as usize];
        if tools.forbids(ctx.now(), self.job, TransactionKind::Ping, &self.name, Some(meter)) {
            self.is_over(ctx, tools, position, Came::nothing(Outcome::Forbidden, None));
        } else if !tools.network.reachable[meter.at()] {
            self.is_over(ctx, tools, position, Came::nothing(Outcome::Unreachable, None));
        } else if tools.talk.has_expired(meter, ctx.now()) {
            self.is_over(ctx, tools, position, Came::nothing(Outcome::Expired, None));
        } else if !self.held.holds(tools, ctx.now(), position, meter) {
            self.ask(ctx, tools, position, None);
        }
    }

    fn ask(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, position: u32, lack: Option<Lack>) {
        let read = tools.numbers.open(self.job);
        self.under_way.insert(read, Asked { position, sent: None, attempts: 0, bytes: 0, lack });
        self.say(ctx, tools, read);
    }

    fn say(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32) {
        let meter = self.meters[self.under_way[&read].position as usize];
        if let Some(left) = tools.ask(ctx, (DownKind::Request { read }, meter), Ask::Clock) {
            self.said(ctx, read, left);
        }
    }

    /// A question has left.
    fn said(&mut self, ctx: &mut Ctx, read: u32, left: Left) {
        let Some(asked) = self.under_way.get_mut(&read) else { return };
        asked.sent = asked.sent.or(Some(left.at));
        asked.attempts = asked.attempts.saturating_add(1);
        asked.bytes += u32::from(left.bytes);
        let attempt = asked.attempts;
        self.wake(ctx, left.at + self.spec.timeout, Wake::Timeout { read, attempt });
    }

    /// Asks again, now or after a pause, or gives up.
    fn timeout(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32, attempt: u16) {
        let Some(asked) = self.under_way.get(&read).copied().filter(|asked| asked.attempts == attempt) else { return };
        let session = (DownKind::Request { read }, self.meters[asked.position as usize]);
        match tools.after_failure(ctx, session, asked.attempts.into(), self.spec.attempts.into()) {
            Next::Now => self.say(ctx, tools, read),
            Next::After(pause) => self.wake(ctx, ctx.now() + pause, Wake::Again { read, attempt }),
            Next::Never => {
                self.under_way.remove(&read);
                tools.numbers.close(read);
                self.is_over(ctx, tools, asked.position, Came::nothing(Outcome::Failed, Some(asked)));
            }
        }
    }

    /// A meter answered, with its clock or with an exception.
    fn answered(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report, outcome: Outcome) {
        let ReportKind::Answer { read } = report.kind else { unreachable!("{report:?} is for no ping") };
        let Some(asked) = self.under_way.remove(&read) else { return };
        tools.numbers.close(read);
        tools.close(ctx, (DownKind::Request { read }, report.meter));
        let (hops, bytes) = (report.hops, u32::from(report.bytes));
        let came = Came { outcome, asked: Some(asked), answered: Some(ctx.now()), hops, bytes, lack: asked.lack };
        self.is_over(ctx, tools, asked.position, came);
    }

    fn record(&mut self, tools: &mut Tools<'_>, position: u32, came: Came) {
        self.course.recorded[position as usize] = true;
        let meter = self.meters[position as usize];
        let id = TransactionId::Campaign { kind: TransactionKind::Ping, job: self.job, meter };
        tools.rows.transactions.push(TransactionRow {
            transaction: id.number(),
            campaign: self.name.clone(),
            gateway: tools.network.gateway[meter.at()].0,
            sent_s: came.asked.and_then(|asked| asked.sent).map(SimTime::secs_f64),
            answered_s: came.answered.map(SimTime::secs_f64),
            outcome: came.outcome,
            attempts: came.asked.map_or(0, |asked| asked.attempts),
            hops: (came.hops > 0).then_some(came.hops),
            hops_made: (came.hops > 0).then_some(came.hops),
            bytes: came.bytes + came.asked.map_or(0, |asked| asked.bytes),
            held_by: Added(came.lack.map(Lack::in_tables)),
            wave: Added(self.waves.number(position as usize)),
            ..TransactionRow::new(id.kind(), meter.0, self.planned(position).secs_f64())
        });
    }
}

impl Came {
    /// Without an answer.
    fn nothing(outcome: Outcome, asked: Option<Asked>) -> Came {
        Came { outcome, asked, answered: None, hops: 0, bytes: 0, lack: asked.and_then(|asked| asked.lack) }
    }

    /// Left out.
    fn left_out(lack: Lack) -> Came {
        Came { lack: Some(lack), ..Came::nothing(Outcome::LeftOut, None) }
    }
}

impl JobKind for Ping {
    const ASKS: bool = true;
    type Wake = Wake;
    type State = State;

    fn save(&self) -> State {
        State { course: self.course.clone(), under_way: self.under_way.clone(), waiting: self.held.save() }
    }

    fn knows(&self, wake: Wake) -> bool {
        match wake {
            Wake::Turn { turn: position } | Wake::Released { position, .. } => (position as usize) < self.meters.len(),
            Wake::Wave => usize::from(self.course.wave) + 1 < self.waves.count(),
            Wake::Timeout { .. } | Wake::Again { .. } => true,
        }
    }

    fn restore(&mut self, state: State) -> Result<(), String> {
        let meters = self.meters.len();
        let (asked, course) = (&state.under_way, &state.course);
        let known = asked.values().all(|asked| (asked.position as usize) < meters)
            && usize::from(course.wave) < self.waves.count()
            && course.began.len() <= usize::from(course.wave) + 1
            && course.recorded.len() == meters;
        ensure(known && course.next as usize <= meters, || "ping: it is about a meter that is not here".to_owned())?;
        self.held.restore(state.waiting, meters)?;
        (self.course, self.under_way) = (state.course, state.under_way);
        Ok(())
    }

    fn start(&mut self, ctx: &mut Ctx, _tools: &mut Tools<'_>) {
        self.begin_wave(ctx, 0, self.spec.at);
    }

    fn due(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, wake: Wake) {
        match wake {
            Wake::Turn { .. } | Wake::Released { .. } if self.course.halted => {}
            Wake::Turn { turn } => {
                self.wait_for(ctx, turn + 1);
                self.turn(ctx, tools, self.turns[turn as usize]);
            }
            Wake::Wave => {
                let now = ctx.now();
                self.begin_wave(ctx, self.course.wave + 1, now);
            }
            Wake::Released { position, lack } => self.ask(ctx, tools, position, Some(lack)),
            Wake::Timeout { read, attempt } => self.timeout(ctx, tools, read, attempt),
            Wake::Again { read, attempt } => {
                if self.under_way.get(&read).is_some_and(|asked| asked.attempts == attempt) {
                    self.say(ctx, tools, read);
                }
            }
        }
    }

    fn left(&mut self, ctx: &mut Ctx, _tools: &mut Tools<'_>, (kind, _): Key, left: Left) {
        if let DownKind::Request { read } = kind {
            self.said(ctx, read, left);
        }
    }

    fn heard(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
        self.answered(ctx, tools, report, Outcome::Ok);
    }

    fn refused(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
        self.answered(ctx, tools, report, Outcome::Refused);
    }

    fn links(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        let meters = self.meters.clone();
        let looked = self.held.look(tools, ctx.now(), |position| meters[position as usize]);
        for waiting in looked.left_out {
            self.is_over(ctx, tools, waiting.index, Came::left_out(waiting.lack));
        }
        for (at, Waiting { index: position, lack, .. }) in looked.released {
            self.wake(ctx, at, Wake::Released { position, lack });
        }
    }

    fn unanswered(&mut self, tools: &mut Tools<'_>, read: u32) {
        if let Some(asked) = self.under_way.remove(&read) {
            self.record(tools, asked.position, Came::nothing(Outcome::Pending, Some(asked)));
        }
    }

    /// Meters that still wait for their links, and those whose turn did not come.
    fn finish(&mut self, tools: &mut Tools<'_>, _end: End<'_>) {
        for waiting in self.held.rest() {
            self.record(tools, waiting.index, Came::left_out(waiting.lack));
        }
        let outcome = if self.course.halted { Outcome::Halted } else { Outcome::Pending };
        for position in 0..self.meters.len() as u32 {
            if !self.course.recorded[position as usize] {
                self.record(tools, position, Came::nothing(outcome, None));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_spread_evenly_over_the_window() {
        let s = SimTime::from_secs;
        let spec = PingSpec { at: s(100), window: s(60), timeout: s(10), ..PingSpec::default() };
        let mut ping = Ping::new("clocks", &spec, 0, [4, 5, 9].map(SiteId).into(), 1);
        ping.course.began.push(s(100));
        assert_eq!([0, 1, 2].map(|position| ping.planned(position)), [100, 120, 140].map(s));
        // A million meters over a year: their product is beyond 64 bits.
        let spec = PingSpec { window: s(366 * 86_400), ..spec };
        let mut ping = Ping::new("clocks", &spec, 0, (0..1_000_000).map(SiteId).collect(), 1);
        ping.course.began.push(s(100));
        assert_eq!(ping.planned(500_000), s(100 + 183 * 86_400));
    }
}
