#![doc = include_str!("README.md")]

mod flood;
mod record;
mod renewal;
mod talked;
#[cfg(test)]
mod tests;
mod topic;
mod turns;

pub use topic::Topic;

use super::held::{Gate, Held, Waiting};
use super::order::Fleet;
use super::waves::Waves;
use super::{End, JobKind, Tools};
use crate::apdu::Said;
use crate::backhaul::{DownKind, Report, ReportKind};
use crate::check::ensure;
use crate::event::Event;
use crate::headend::front::{Left, Next};
use crate::headend::links::Lack;
use crate::headend::sessions::Key;
use crate::headend::{self, Ctx};
use crate::node::SiteId;
use crate::spec::{JobSpec, PaceSpec};
use amitwin_data::rows::Outcome;
use amitwin_sim_core::SimTime;
use flood::{Flood, Flooded};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use talked::Talked;
use topic::{Came, Follows};

/// Timers of such a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wake {
    /// A wave begins.
    Wave,
    /// A round begins after the first.
    Round,
    /// A flood leaves, or the last one has settled.
    Flood {
        /// Which of the round.
        number: u8,
    },
    /// A meter's turn has come.
    Turn {
        /// Its place in the wave.
        place: u32,
    },
    /// A meter's certificate is about to run out.
    Due {
        /// Its position in the order of ids.
        position: u32,
    },
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
    /// A meter is asked again.
    Again {
        /// Number of the question.
        read: u32,
        /// Valid if this is still the last try.
        attempt: u16,
    },
}

/// A campaign in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// Which round, where meters have their turns in rounds.
    round: u16,
    /// Generation of the broadcast key of the round; 0: it brings none.
    broadcast: u16,
    /// What has been flooded in the round.
    flooded: Flooded,
    wave: u16,
    /// When it began; `None` before the first one.
    begun: Option<SimTime>,
    /// Place in the wave of the meter whose turn is next.
    next: u32,
    /// Meters of the wave that are not done.
    left: u32,
    /// Meters whose turn has come and that others keep waiting: position, when it came, what it lacked.
    queue: VecDeque<(u32, SimTime, Option<Lack>)>,
    under_way: BTreeMap<u32, Talked>,
    /// Meters that have a row, by bit.
    done: Vec<u64>,
    /// Turns that each meter has had, where they come by its own state.
    rounds: Vec<u16>,
    failed: u32,
    halted: bool,
    waiting: Vec<Waiting>,
}

/// A campaign that asks every meter a few questions.
#[derive(Debug)]
pub struct Dialogue {
    job: u16,
    name: Arc<str>,
    topic: Topic,
    pace: PaceSpec,
    /// Where one flood tells all meters.
    flood: Option<Flood>,
    /// Times that a question is asked at most.
    attempts: u8,
    meters: Arc<[SiteId]>,
    waves: Waves,
    /// Positions of the meters of each wave, in the order of their turns.
    turns: Vec<Vec<u32>>,
    /// When each cluster of each wave begins, from the beginning of the wave on; empty without clusters.
    clusters: Vec<Vec<SimTime>>,
    held: Held,
    state: State,
}

impl Dialogue {
    /// Job `job` over these meters, of a kind that asks questions; its floods have that place and the next one.
    pub fn new(name: &str, spec: &JobSpec, (job, place): (u16, u16), meters: Arc<[SiteId]>, fleet: Fleet<'_>) -> Self {
        let (pace, topic) = spec.pace().zip(Topic::of(spec)).expect("whoever is no reset or image asks questions");
        let state = State {
            round: 0,
            broadcast: 0,
            flooded: Flooded::default(),
            wave: 0,
            begun: None,
            next: 0,
            left: 0,
            queue: VecDeque::new(),
            under_way: BTreeMap::new(),
            done: vec![0; meters.len().div_ceil(64)],
            rounds: vec![0; if topic.comes_again() { meters.len() } else { 0 }],
            failed: 0,
            halted: false,
            waiting: Vec::new(),
        };
        let waves = Waves::new(&pace.waves, &meters, job, fleet);
        let sorted = |wave| {
            let mut positions = waves.in_order(wave);
            positions.sort_by_key(|&position| pace.waves.turns.get(position as usize));
            positions
        };
        Dialogue {
            job,
            name: name.into(),
            topic,
            pace: pace.clone(),
            flood: spec.flood().map(|settle| Flood { settle, place }),
            attempts: spec.attempts(),
            clusters: pace.waves.clusters.map_or_else(Vec::new, |of| waves.clusters(of, job, fleet.seed)),
            turns: (0..waves.count() as u16).map(sorted).collect(),
            waves,
            held: Held::new(&pace.waves),
            meters,
            state,
        }
    }

    fn wake(&self, ctx: &mut Ctx, at: SimTime, wake: Wake) {
        ctx.schedule(at, 0, Event::HeadEnd(headend::Event::Job(super::Wake::Dialogue { job: self.job, wake })));
    }

    /// A meter's turn has come.
    fn turn(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, position: u32) {
        let (meter, now) = (self.meters[position as usize], ctx.now());
        let is_told = self.state.flooded.at.is_some();
        if !is_told && tools.forbids(now, self.job, self.topic.kind(), &self.name, Some(meter)) {
            self.over(ctx, tools, Talked::new(position, now, None), Outcome::Forbidden, None);
        } else if !tools.network.reachable[meter.at()] {
            self.over(ctx, tools, self.talked(position, now, None), Outcome::Unreachable, None);
        } else if tools.talk.has_expired(meter, now) && !self.topic.comes_again() {
            self.over(ctx, tools, self.talked(position, now, None), Outcome::Expired, None);
        } else {
            match self.held.gate(tools, now, position, meter) {
                Gate::Open => self.queue(ctx, tools, (position, now, None)),
                Gate::Waits => {}
                Gate::LeftOut(waiting) => self.leave_out(ctx, tools, waiting),
            }
        }
    }

    fn leave_out(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, waiting: Waiting) {
        let talked = self.talked(waiting.index, waiting.since, Some(waiting.lack));
        self.over(ctx, tools, talked, Outcome::LeftOut, None);
    }

    /// A meter may be talked to as soon as others leave room.
    fn queue(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, turn: (u32, SimTime, Option<Lack>)) {
        if !self.state.halted {
            self.state.queue.push_back(turn);
            self.fill(ctx, tools);
        }
    }

    fn fill(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        let most = self.pace.waves.parallel.unwrap_or(u32::MAX) as usize;
        while self.state.under_way.len() < most {
            let Some((position, planned, lack)) = self.state.queue.pop_front() else { break };
            let mut talked = self.talked(position, planned, lack);
            talked.ask = self.topic.begins(tools.talk, self.meters[position as usize], &mut talked);
            let read = self.open(tools, talked);
            self.say(ctx, tools, read);
        }
    }

    fn open(&mut self, tools: &mut Tools<'_>, talked: Talked) -> u32 {
        let read = tools.numbers.open(self.job);
        self.state.under_way.insert(read, Talked { tries: 0, ..talked });
        read
    }

    fn key(&self, read: u32, talked: &Talked) -> Key {
        (DownKind::Request { read }, self.meters[talked.position as usize])
    }

    fn say(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32) {
        let talked = self.state.under_way[&read];
        let ask = Topic::now(tools.talk, &talked, ctx.now());
        if let Some(left) = tools.ask(ctx, self.key(read, &talked), ask) {
            self.said(ctx, read, left);
        }
    }

    /// A question has left.
    fn said(&mut self, ctx: &mut Ctx, read: u32, left: Left) {
        let Some(talked) = self.state.under_way.get_mut(&read) else { return };
        talked.sent_at = left.at;
        talked.sent = talked.sent.or(Some(left.at));
        talked.tries = talked.tries.saturating_add(1);
        talked.attempts = talked.attempts.saturating_add(1);
        talked.bytes += u32::from(left.bytes);
        let attempt = talked.attempts;
        self.wake(ctx, left.at + self.pace.timeout, Wake::Timeout { read, attempt });
    }

    /// A meter has not answered in time: it is asked again, now or after a pause, or the topic says what follows.
    fn timeout(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32, attempt: u16) {
        let Some(talked) = self.state.under_way.get(&read).copied().filter(|talked| talked.attempts == attempt) else {
            return;
        };
        let (tries, most) = (talked.tries.into(), self.attempts.into());
        match tools.after_failure(ctx, self.key(read, &talked), tries, most) {
            Next::Now => self.say(ctx, tools, read),
            Next::After(pause) => self.wake(ctx, ctx.now() + pause, Wake::Again { read, attempt }),
            Next::Never => self.came(ctx, tools, read, &Came::Silence),
        }
    }

    /// Something has come of a question.
    fn came(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32, came: &Came) {
        let Some(mut talked) = self.state.under_way.remove(&read) else { return };
        tools.numbers.close(read);
        let (key, meter) = (self.key(read, &talked), self.meters[talked.position as usize]);
        let follows = self.topic.follows(tools.talk, meter, &mut talked, (ctx.now(), came));
        match self.topic.after_flood(tools.talk, meter, &mut talked, (came, follows)) {
            Follows::Ask(ask) => {
                let next = self.open(tools, Talked { ask, ..talked });
                tools.go_on(ctx, key, self.key(next, &talked));
                self.say(ctx, tools, next);
            }
            Follows::Later(pause, ask) => {
                tools.close(ctx, key);
                let attempt = talked.attempts;
                let read = self.open(tools, Talked { ask, ..talked });
                self.wake(ctx, ctx.now() + pause, Wake::Again { read, attempt });
            }
            Follows::Over(outcome) => {
                tools.close(ctx, key);
                let answered = (*came != Came::Silence).then(|| ctx.now());
                self.over(ctx, tools, talked, outcome, answered);
                self.fill(ctx, tools);
            }
        }
    }

    /// Nothing more is done with a meter.
    fn over(
        &mut self,
        ctx: &mut Ctx,
        tools: &mut Tools<'_>,
        talked: Talked,
        outcome: Outcome,
        answered: Option<SimTime>,
    ) {
        self.record(tools, &talked, outcome, answered);
        self.state.left = self.state.left.saturating_sub(1);
        if matches!(outcome, Outcome::Failed | Outcome::Refused) {
            self.state.failed += 1;
            if self.waves.are_too_many(self.state.failed, self.state.wave) {
                self.state.halted = true;
                self.state.queue.clear();
            }
        }
        self.may_end_wave(ctx, tools);
        self.watch_again(ctx, tools, talked.position, outcome);
    }
}

impl JobKind for Dialogue {
    const ASKS: bool = true;
    type Wake = Wake;
    type State = State;

    fn save(&self) -> State {
        State { waiting: self.held.save(), ..self.state.clone() }
    }

    fn knows(&self, wake: Wake) -> bool {
        match wake {
            Wake::Turn { place } => (place as usize) < self.wave().len(),
            Wake::Due { position } | Wake::Released { position, .. } => (position as usize) < self.meters.len(),
            Wake::Round => self.pace.every.is_some(),
            Wake::Flood { .. } => self.flood.is_some(),
            Wake::Wave | Wake::Timeout { .. } | Wake::Again { .. } => true,
        }
    }

    fn restore(&mut self, mut state: State) -> Result<(), String> {
        let meters = self.meters.len();
        let queued = state.queue.iter().map(|turn| turn.0);
        let known = queued.chain(state.under_way.values().map(|talked| talked.position));
        ensure(known.into_iter().all(|position| (position as usize) < meters), || {
            format!("{}: it is about a meter that is not here", self.name)
        })?;
        let rounds = state.rounds.len() == self.state.rounds.len();
        let fits = rounds && usize::from(state.wave) < self.waves.count() && state.done.len() == meters.div_ceil(64);
        ensure(fits, || format!("{}: it is about a wave that there is not", self.name))?;
        self.held.restore(std::mem::take(&mut state.waiting), meters)?;
        self.state = state;
        Ok(())
    }

    fn start(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        match self.topic {
            // A ping has always been planned beforehand; the order of what happens at the same time follows from that.
            Topic::Ping => self.begin_wave(ctx, tools, self.pace.at),
            _ => self.wake(ctx, self.pace.at, Wake::Wave),
        }
    }

    fn due(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, wake: Wake) {
        match wake {
            Wake::Wave => {
                let now = ctx.now();
                self.begin_wave(ctx, tools, now);
            }
            Wake::Round => self.begin_round(ctx, tools),
            Wake::Flood { number } => self.flood(ctx, tools, number),
            Wake::Due { .. } if self.state.halted => {}
            Wake::Due { position } => {
                if self.is_due(ctx, tools, position) {
                    self.turn(ctx, tools, position);
                }
            }
            Wake::Turn { .. } if self.state.halted => {}
            Wake::Turn { place } => {
                self.wait_for(ctx, place + 1);
                self.turn(ctx, tools, self.wave()[place as usize]);
            }
            Wake::Released { position, lack } => self.queue(ctx, tools, (position, ctx.now(), Some(lack))),
            Wake::Timeout { read, attempt } => self.timeout(ctx, tools, read, attempt),
            Wake::Again { read, attempt } => {
                if self.state.under_way.get(&read).is_some_and(|talked| talked.attempts == attempt) {
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
        let ReportKind::Answer { read } = report.kind else { unreachable!("{report:?} is for no question") };
        let Some(talked) = self.state.under_way.get_mut(&read) else { return };
        talked.hops = report.hops;
        talked.bytes += u32::from(report.bytes);
        let said = tools.said.take().unwrap_or(Said::Done);
        self.came(ctx, tools, read, &Came::Said(said));
    }

    fn refused(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
        if let ReportKind::Answer { read } = report.kind {
            self.came(ctx, tools, read, &Came::Undeciphered);
        }
    }

    fn other_keys(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32) {
        self.came(ctx, tools, read, &Came::Undeciphered);
    }

    fn links(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        if self.state.halted {
            return;
        }
        let meters = self.meters.clone();
        let looked = self.held.look(tools, ctx.now(), |position| meters[position as usize]);
        for waiting in looked.left_out {
            self.leave_out(ctx, tools, waiting);
        }
        for (at, Waiting { index: position, lack, .. }) in looked.released {
            self.wake(ctx, at, Wake::Released { position, lack });
        }
    }

    fn unanswered(&mut self, tools: &mut Tools<'_>, read: u32) {
        if let Some(talked) = self.state.under_way.remove(&read) {
            self.record(tools, &talked, Outcome::Pending, None);
        }
    }

    fn finish(&mut self, tools: &mut Tools<'_>, _end: End<'_>) {
        self.record_rest(tools);
    }
}
