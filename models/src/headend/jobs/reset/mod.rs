#![doc = include_str!("README.md")]

mod follow;
pub mod schedule;

use super::held::{Gate, Held, Waiting};
use super::order::Fleet;
use super::waves::Waves;
use super::{End, JobKind, Tools};
use crate::apdu::Ask;
use crate::backhaul::{DownKind, Report, ReportKind};
use crate::books::TransactionId;
use crate::check::{ensure, same_count};
use crate::event::Event;
use crate::headend;
use crate::headend::Ctx;
use crate::headend::front::{Left, Next};
use crate::headend::links::Lack;
use crate::headend::sessions::Key;
use crate::node::SiteId;
use crate::plan::{Plan, ResetPlan};
use crate::spec::{BackSign, Delivery, ResetSpec};
use amitwin_data::rows::{Added, Outcome, TransactionKind, TransactionRow};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// Attempts of a unicast command in a row, and how long an answer is waited for.
const COMMAND_ATTEMPTS: u32 = 3;
const COMMAND_TIMEOUT: SimTime = SimTime::from_secs(60);

/// Timers of a reset job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wake {
    /// The job starts.
    Begin,
    /// The next meter of the schedule is due for its command.
    Next {
        /// Position in the order of planned times.
        position: u32,
    },
    /// A meter's link is what it is to be.
    Released {
        /// Index of the meter in the job.
        index: u32,
    },
    /// A command has waited long enough for its answer.
    Repeat {
        /// Index of the meter in the job.
        index: u32,
    },
    /// A meter that has not answered is commanded again.
    Again {
        /// Index of the meter in the job.
        index: u32,
    },
    /// The next wave begins.
    Wave,
    /// A meter has had as long as it may take.
    Overdue {
        /// Index of the meter in the job.
        index: u32,
    },
}

/// What the head-end knows of one meter in the job.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Progress {
    /// When its command left the head-end first, which may be long after its turn where sessions are limited.
    sent: Option<SimTime>,
    /// As the meter's return tells it.
    reset: Option<SimTime>,
    answered: Option<SimTime>,
    /// Border router by which that came.
    by: Option<SiteId>,
    attempts: u16,
    acknowledged: bool,
    /// The meter could not decipher a command.
    refused: bool,
    hops: u8,
    /// What its link lacked when its turn came, or last.
    lack: Option<Lack>,
    left_out: bool,
    forbidden: bool,
    /// Its certificate had run out when its turn came.
    expired: bool,
    /// When its turn was.
    turn: Option<SimTime>,
    /// Its wave no longer waits for it.
    is_over: bool,
    /// It is one of those of which only so many may be away at a time.
    is_away: bool,
}

/// A reset job in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    progress: Vec<Progress>,
    waiting: Vec<Waiting>,
    queue: VecDeque<u32>,
    course: Course,
}

/// How far a job has come that follows its meters, because it has waves, may be halted, or has meters visited.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Course {
    wave: u16,
    /// When the wave began.
    began: SimTime,
    /// Meters of the wave that are not over.
    open: u32,
    failed: u32,
    halted: bool,
    /// Meters that have been commanded and are not over, where only so many may be.
    away: u32,
}

/// A reset job.
#[derive(Debug)]
pub struct Reset {
    job: u16,
    spec: ResetSpec,
    plan: Arc<Plan>,
    progress: Vec<Progress>,
    held: Held,
    /// Meters whose turn has come and that others keep waiting.
    queue: VecDeque<u32>,
    waves: Waves,
    course: Course,
    /// Indices of the meters, wave by wave, each in the order of planned times.
    by_time: Vec<u32>,
}

impl Reset {
    /// Job `job` of a plan.
    pub fn new(spec: &ResetSpec, job: u16, plan: Arc<Plan>, fleet: Fleet<'_>) -> Self {
        let ResetPlan { times, meters, .. } = plan.reset(job);
        let waves = Waves::new(&spec.waves, meters, job, fleet);
        let mut by_time = Vec::with_capacity(times.len());
        for wave in 0..waves.count() as u16 {
            let mut of = waves.in_order(wave);
            of.sort_by_key(|&n| times[n as usize]);
            by_time.extend(of);
        }
        let held = Held::new(&spec.waves);
        let progress = vec![Progress::default(); times.len()];
        let (queue, course) = (VecDeque::new(), Course::default());
        Reset { job, held, queue, spec: spec.clone(), progress, waves, course, by_time, plan }
    }

    fn planned(&self) -> &ResetPlan {
        self.plan.reset(self.job)
    }

    fn wake(&self, ctx: &mut Ctx, at: SimTime, wake: Wake) {
        ctx.schedule(at, 0, Event::HeadEnd(headend::Event::Job(super::Wake::Reset { job: self.job, wake })));
    }

    fn begin(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        match self.spec.delivery {
            Delivery::Broadcast if self.forbids(ctx, tools, None) => {
                self.progress.iter_mut().for_each(|meter| meter.forbidden = true);
            }
            Delivery::Broadcast => {
                for meter in &mut self.progress {
                    (meter.sent, meter.attempts) = (Some(ctx.now()), 1);
                }
                let down = tools.talk.reset_all(self.job, self.planned().tier);
                tools.send(ctx, down);
                for index in 0..self.progress.len() as u32 {
                    self.follow(ctx, index);
                }
            }
            Delivery::Unicast => self.begin_wave(ctx, tools, 0),
        }
    }

    /// Sets the timer of the meter at a position in the order of planned times, if there is one in this wave.
    fn wait_for(&self, ctx: &mut Ctx, position: u32) {
        if position < self.waves.until(self.course.wave) {
            let at = self.turn(self.by_time[position as usize]).max(ctx.now());
            self.wake(ctx, at, Wake::Next { position });
        }
    }

    /// When a meter of this wave has its turn.
    fn turn(&self, index: u32) -> SimTime {
        let plan = self.planned();
        self.course.began + (plan.times[index as usize] - plan.at)
    }

    fn forbids(&self, ctx: &Ctx, tools: &mut Tools<'_>, meter: Option<SiteId>) -> bool {
        tools.forbids(ctx.now(), self.job, TransactionKind::Reset, &self.planned().name, meter)
    }

    fn leave_out(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, waiting: Waiting) {
        let progress = &mut self.progress[waiting.index as usize];
        (progress.lack, progress.left_out) = (Some(waiting.lack), true);
        self.is_over(ctx, tools, waiting.index, false);
    }

    fn session(&self, index: u32) -> Key {
        (DownKind::Command { job: self.job }, self.planned().meters[index as usize])
    }

    fn is_settled(&self, index: u32) -> bool {
        let progress = &self.progress[index as usize];
        progress.acknowledged || progress.refused || progress.answered.is_some()
    }

    /// Commands a meter whose turn has come, unless its certificate has run out.
    fn command_first(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, index: u32) {
        let meter = self.planned().meters[index as usize];
        if tools.network.reachable[meter.at()] && tools.talk.has_expired(meter, ctx.now()) {
            self.progress[index as usize].expired = true;
            self.is_over(ctx, tools, index, false);
        } else if let Some(most) = self.spec.waves.parallel
            && tools.network.reachable[meter.at()]
        {
            self.queue.push_back(index);
            self.fill(ctx, tools, most);
        } else {
            self.command(ctx, tools, index);
        }
    }

    fn command(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, index: u32) {
        if self.is_settled(index) {
            return;
        }
        let tier = self.planned().tier;
        if let Some(left) = tools.ask(ctx, self.session(index), Ask::Reset(tier)) {
            self.commanded(ctx, index, left);
        }
    }

    /// A command has left.
    fn commanded(&mut self, ctx: &mut Ctx, index: u32, left: Left) {
        let progress = &mut self.progress[index as usize];
        progress.attempts = progress.attempts.saturating_add(1);
        if progress.sent.is_none() {
            progress.sent = Some(left.at);
            self.follow(ctx, index);
        }
        self.wake(ctx, left.at + COMMAND_TIMEOUT, Wake::Repeat { index });
    }

    /// Commands again, now or after a pause, or gives up.
    fn repeat(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, index: u32) {
        let is_late = self.deadline(index as usize).is_some_and(|deadline| ctx.now() > deadline);
        let attempts = u32::from(self.progress[index as usize].attempts);
        if self.is_settled(index) || is_late && attempts >= COMMAND_ATTEMPTS {
            tools.close(ctx, self.session(index));
            return;
        }
        match tools.after_failure(ctx, self.session(index), attempts, COMMAND_ATTEMPTS) {
            Next::Now => self.command(ctx, tools, index),
            Next::After(pause) => self.wake(ctx, ctx.now() + pause, Wake::Again { index }),
            Next::Never => {}
        }
    }

    /// Until when a meter may be heard again, if there is an end to it: so long from its command on, which says in a flood when it is to reset.
    fn deadline(&self, at: usize) -> Option<SimTime> {
        let from = match self.spec.delivery {
            Delivery::Broadcast => self.planned().times[at],
            Delivery::Unicast => self.progress[at].sent?,
        };
        self.spec.give_up_after.map(|after| from + after)
    }

    /// What the head-end knows of a meter, if it is part of the job.
    fn of(&mut self, meter: SiteId) -> Option<&mut Progress> {
        let at = self.planned().position(meter)?;
        Some(&mut self.progress[at])
    }

    fn outcome(&self, at: usize, tools: &Tools<'_>, now: SimTime) -> Outcome {
        let (plan, progress) = (self.planned(), &self.progress[at]);
        let deadline = self.deadline(at);
        let is_late = |t: SimTime| deadline.is_some_and(|d| t > d);
        match progress.answered {
            Some(t) if !is_late(t) => Outcome::Ok,
            Some(_) => Outcome::Failed,
            None if progress.forbidden => Outcome::Forbidden,
            None if progress.expired => Outcome::Expired,
            None if progress.left_out => Outcome::LeftOut,
            None if !tools.network.reachable[plan.meters[at].at()] => Outcome::Unreachable,
            None if progress.refused => Outcome::Refused,
            None if self.course.halted && progress.attempts == 0 => Outcome::Halted,
            None if is_late(now) => Outcome::Failed,
            None => Outcome::Pending,
        }
    }
}

impl JobKind for Reset {
    const ASKS: bool = false;
    type Wake = Wake;
    type State = State;

    fn save(&self) -> State {
        State {
            progress: self.progress.clone(),
            waiting: self.held.save(),
            queue: self.queue.clone(),
            course: self.course,
        }
    }

    fn knows(&self, wake: Wake) -> bool {
        match wake {
            Wake::Begin | Wake::Wave => true,
            Wake::Next { position: n }
            | Wake::Repeat { index: n }
            | Wake::Again { index: n }
            | Wake::Overdue { index: n }
            | Wake::Released { index: n } => (n as usize) < self.progress.len(),
        }
    }

    fn restore(&mut self, state: State) -> Result<(), String> {
        same_count("reset: meters", state.progress.len(), self.progress.len())?;
        self.held.restore(state.waiting, self.progress.len())?;
        ensure(
            usize::from(state.course.wave) < self.waves.count() && state.course.open as usize <= state.progress.len(),
            || "reset: it is about a wave that there is not".to_owned(),
        )?;
        let queued = state.queue.iter().all(|&index| (index as usize) < state.progress.len());
        ensure(queued, || "reset: a meter that waits for others is not here".to_owned())?;
        (self.progress, self.queue, self.course) = (state.progress, state.queue, state.course);
        Ok(())
    }

    fn start(&mut self, ctx: &mut Ctx, _tools: &mut Tools<'_>) {
        let notice = if self.spec.delivery == Delivery::Broadcast { self.spec.notice } else { SimTime::ZERO };
        self.wake(ctx, self.spec.at.saturating_sub(notice), Wake::Begin);
    }

    fn due(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, wake: Wake) {
        match wake {
            Wake::Begin => self.begin(ctx, tools),
            Wake::Wave => self.begin_wave(ctx, tools, self.course.wave + 1),
            Wake::Overdue { index } => self.overdue(ctx, tools, index),
            Wake::Next { .. } | Wake::Released { .. } if self.course.halted => {}
            Wake::Next { position } => {
                self.wait_for(ctx, position + 1);
                let index = self.by_time[position as usize];
                let meter = self.planned().meters[index as usize];
                self.progress[index as usize].turn = Some(self.turn(index));
                if self.forbids(ctx, tools, Some(meter)) {
                    self.progress[index as usize].forbidden = true;
                    self.is_over(ctx, tools, index, false);
                } else {
                    match self.held.gate(tools, ctx.now(), index, meter) {
                        Gate::Open => self.command_first(ctx, tools, index),
                        Gate::Waits => {}
                        Gate::LeftOut(waiting) => self.leave_out(ctx, tools, waiting),
                    }
                }
            }
            Wake::Released { index } => self.command_first(ctx, tools, index),
            Wake::Repeat { index } => self.repeat(ctx, tools, index),
            Wake::Again { index } => self.command(ctx, tools, index),
        }
    }

    fn left(&mut self, ctx: &mut Ctx, _tools: &mut Tools<'_>, (_, meter): Key, left: Left) {
        if let Some(index) = self.planned().position(meter) {
            self.commanded(ctx, index as u32, left);
        }
    }

    fn heard(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
        if let ReportKind::Back { by: BackSign::Heartbeat, .. } = report.kind {
            let down = tools.talk.confirm(report.meter, self.job);
            tools.send(ctx, down);
        }
        if self.spec.delivery == Delivery::Unicast {
            tools.close(ctx, (DownKind::Command { job: self.job }, report.meter));
        }
        let Some(index) = self.planned().position(report.meter) else { return };
        let progress = &mut self.progress[index];
        match report.kind {
            ReportKind::CommandAck { .. } => progress.acknowledged = true,
            ReportKind::Back { .. } if progress.answered.is_some() => tools.statistics.duplicates += 1,
            ReportKind::Back { .. } => {
                (progress.answered, progress.reset) = (Some(ctx.now()), Some(report.planned));
                (progress.hops, progress.by) = (report.hops, Some(report.router));
                if self.deadline(index).is_none_or(|deadline| ctx.now() <= deadline) {
                    self.is_over(ctx, tools, index as u32, false);
                }
            }
            ReportKind::Push { .. }
            | ReportKind::Bundle { .. }
            | ReportKind::Notice { .. }
            | ReportKind::Moved
            | ReportKind::Alarm { .. }
            | ReportKind::Answer { .. } => {
                unreachable!("{report:?} is for no reset")
            }
        }
    }

    fn refused(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
        tools.close(ctx, (DownKind::Command { job: self.job }, report.meter));
        if let (ReportKind::CommandAck { .. }, Some(index)) = (report.kind, self.planned().position(report.meter)) {
            self.progress[index].refused = true;
            self.is_over(ctx, tools, index as u32, true);
        }
    }

    fn links(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        let plan = self.plan.clone();
        let meters = &plan.reset(self.job).meters;
        let looked = self.held.look(tools, ctx.now(), |index| meters[index as usize]);
        for waiting in looked.left_out {
            self.leave_out(ctx, tools, waiting);
        }
        for (at, waiting) in looked.released {
            self.progress[waiting.index as usize].lack = Some(waiting.lack);
            self.wake(ctx, at, Wake::Released { index: waiting.index });
        }
    }

    /// One row for each meter.
    fn finish(&mut self, tools: &mut Tools<'_>, end: End<'_>) {
        let job = self.job;
        for &(_, meter, at) in end.resets.iter().filter(|reset| reset.0 == job) {
            if let Some(progress) = self.of(meter) {
                progress.reset = progress.reset.or(Some(at));
            }
        }
        for waiting in self.held.rest() {
            let progress = &mut self.progress[waiting.index as usize];
            (progress.lack, progress.left_out) = (Some(waiting.lack), true);
        }
        let plan = self.planned();
        for (at, (&meter, progress)) in plan.meters.iter().zip(&self.progress).enumerate() {
            let outcome = self.outcome(at, tools, end.now);
            let id = TransactionId::Campaign { kind: TransactionKind::Reset, job: self.job, meter };
            tools.rows.transactions.push(TransactionRow {
                transaction: id.number(),
                campaign: plan.name.clone(),
                gateway: progress.by.unwrap_or(tools.network.gateway[meter.at()]).0,
                sent_s: progress.sent.map(SimTime::secs_f64),
                reset_s: progress.reset.map(SimTime::secs_f64),
                acknowledged: (self.spec.delivery == Delivery::Unicast).then_some(progress.acknowledged),
                answered_s: progress.answered.map(SimTime::secs_f64),
                outcome,
                attempts: progress.attempts,
                hops: (progress.hops > 0).then_some(progress.hops),
                hops_made: (progress.hops > 0).then_some(progress.hops),
                bytes: u32::from(tools.talk.cosem().lengths(meter).of(Ask::Reset(plan.tier)).1),
                held_by: Added(progress.lack.map(Lack::in_tables)),
                wave: Added(self.waves.number(at)),
                ..TransactionRow::new(id.kind(), meter.0, progress.turn.unwrap_or(plan.times[at]).secs_f64())
            });
        }
    }
}
