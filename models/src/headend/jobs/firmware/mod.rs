#![doc = include_str!("README.md")]

mod progress;
mod sessions;
mod waves;

use super::held::{Held, Waiting};
use super::order::Fleet;
use super::waves::Waves;
use super::{End, JobKind, Tools};
use crate::apdu::Fate;
use crate::backhaul::{DownKind, Report, ReportKind};
use crate::check::{ensure, same_count};
use crate::event::Event;
use crate::headend::front::Left;
use crate::headend::links::Lack;
use crate::headend::sessions::Key;
use crate::headend::{self, Ctx};
use crate::node::SiteId;
use crate::spec::{FirmwareDelivery, FirmwareSpec};
use amitwin_data::rows::TransactionKind;
use amitwin_sim_core::SimTime;
use progress::{Entry, Phase, Progress, Stage};
use serde::{Deserialize, Serialize};
use sessions::Asked;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use waves::RoundBlocks;

/// For so long a flood may be under way before its place is used again.
const FLOOD_LASTS: SimTime = SimTime::from_secs(600);

/// Floods that may be under way at a time.
const SLOTS_MAX: u64 = 64;

/// Floods of a campaign that may be under way at a time; none of one that asks single meters.
pub fn slots(spec: &FirmwareSpec) -> u16 {
    match spec.delivery() {
        FirmwareDelivery::Multicast => {
            FLOOD_LASTS.nanos().div_ceil(spec.pace().nanos().max(1)).clamp(2, SLOTS_MAX) as u16
        }
        FirmwareDelivery::Unicast => 0,
    }
}

/// Timers of a firmware campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wake {
    /// What the campaign waits for has come: a wave, the end of a round, the time to activate.
    Next,
    /// The next block is multicast.
    Block {
        /// Its place among those of the round; those that announce the image come before.
        place: u32,
    },
    /// A meter's link is what it is to be, and its turn has come.
    Released {
        /// Its position in the order of ids.
        position: u32,
        /// What it lacked.
        lack: Lack,
    },
    /// A meter is asked its next question.
    Turn {
        /// Its position in the order of ids.
        position: u32,
    },
    /// A meter has not answered in time.
    Timeout {
        /// Number of the question.
        read: u32,
    },
    /// A meter that was told to activate the image has had its time, and the question whether it has waits for a session.
    Overdue {
        /// Number of the question.
        read: u32,
    },
    /// The next block of a burst goes to a meter.
    Burst {
        /// Its position in the order of ids.
        position: u32,
    },
    /// A meter's place among those that are served, or told to activate the image, has come.
    Place {
        /// Its position in the order of ids.
        position: u32,
    },
}

/// What a wave waits for while nothing else is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Awaited {
    /// The wave begins.
    Wave,
    /// The blocks of a round have settled.
    Settled,
    /// Meters that said nothing are tried again.
    Again,
    /// Images are activated.
    Activation,
}

/// A firmware campaign in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    phase: Phase,
    awaited: Awaited,
    wave: u16,
    round: u16,
    /// Times in a row that silent meters of this wave have been tried again and said nothing.
    again: u8,
    /// What is multicast in this round.
    blocks: RoundBlocks,
    /// Floods so far.
    floods: u32,
    /// Who still has to be talked to in this phase, by position.
    queue: VecDeque<u32>,
    /// Meters that are talked to.
    open: u32,
    /// Meters whose turns are still to come: their links have become what they are to be, or they are told to activate the image one after the other.
    coming: u32,
    /// Those that wait for their links.
    waiting: Vec<Waiting>,
    /// Meters that have been told to activate the image and have not said what they run.
    activating: u32,
    asked: BTreeMap<u32, Asked>,
    /// What is still to be sent of bursts, by position of the meter, the last block first.
    bursts: BTreeMap<u32, Vec<u32>>,
    /// Numbers of the questions that sessions are open for or wait with, by position of the meter.
    sessions: BTreeMap<u32, u32>,
    meters: Vec<Progress>,
    /// Whether the link of each lets it be talked to.
    entries: Vec<Entry>,
    failed: u32,
    halted: bool,
    /// Its role may not do this: nothing was sent.
    forbidden: bool,
}

/// A firmware campaign over all meters.
#[derive(Debug)]
pub struct Firmware {
    job: u16,
    /// Which image of the run.
    image: u16,
    name: Arc<str>,
    spec: Box<FirmwareSpec>,
    meters: Arc<[SiteId]>,
    waves: Waves,
    held: Held,
    /// What meters' clocks show as the run begins, since midnight.
    begins_of_day: SimTime,
    state: State,
}

impl Firmware {
    /// Job `job` with image `image` of the run, over these meters; with the fleet that they are of, and what clocks show as it begins.
    pub fn new(
        name: &str,
        spec: &FirmwareSpec,
        (job, image): (u16, u16),
        meters: Arc<[SiteId]>,
        (fleet, begins_of_day): (Fleet<'_>, SimTime),
    ) -> Self {
        let state = State {
            phase: Phase::Waits,
            awaited: Awaited::Wave,
            wave: 0,
            round: 0,
            again: 0,
            blocks: RoundBlocks::default(),
            floods: 0,
            queue: VecDeque::new(),
            open: 0,
            coming: 0,
            waiting: Vec::new(),
            activating: 0,
            asked: BTreeMap::new(),
            bursts: BTreeMap::new(),
            sessions: BTreeMap::new(),
            meters: vec![Progress::default(); meters.len()],
            entries: vec![Entry::default(); meters.len()],
            failed: 0,
            halted: false,
            forbidden: false,
        };
        let waves = Waves::new(&spec.waves, &meters, job, fleet);
        let held = Held::new(&spec.waves);
        let spec = Box::new(spec.clone());
        Firmware { job, image, name: name.into(), spec, meters, waves, held, begins_of_day, state }
    }

    /// Whether its role keeps it from beginning; a refusal for each meter where each would be talked to.
    fn is_forbidden(&mut self, ctx: &Ctx, tools: &mut Tools<'_>) -> bool {
        let begins = self.state.wave == 0 && self.state.phase == Phase::Waits && self.state.awaited == Awaited::Wave;
        if begins {
            let whom = if self.is_multicast() { &[][..] } else { &self.meters[..] };
            let whom = whom.iter().map(|&meter| Some(meter)).chain(self.is_multicast().then_some(None));
            for meter in whom {
                self.state.forbidden |=
                    tools.forbids(ctx.now(), self.job, TransactionKind::Firmware, &self.name, meter);
            }
        }
        self.state.forbidden
    }

    fn wake(&self, ctx: &mut Ctx, at: SimTime, wake: Wake) {
        ctx.schedule(at, 0, Event::HeadEnd(headend::Event::Job(super::Wake::Firmware { job: self.job, wake })));
    }

    /// Goes on with this after a while.
    fn wait_for(&mut self, ctx: &mut Ctx, at: SimTime, awaited: Awaited) {
        (self.state.phase, self.state.awaited) = (Phase::Waits, awaited);
        self.wake(ctx, at.max(ctx.now()), Wake::Next);
    }

    fn is_multicast(&self) -> bool {
        self.spec.delivery() == FirmwareDelivery::Multicast
    }
}

impl JobKind for Firmware {
    const ASKS: bool = true;
    type Wake = Wake;
    type State = State;

    fn save(&self) -> State {
        State { waiting: self.held.save(), ..self.state.clone() }
    }

    fn knows(&self, wake: Wake) -> bool {
        match wake {
            Wake::Turn { position }
            | Wake::Released { position, .. }
            | Wake::Place { position }
            | Wake::Burst { position } => (position as usize) < self.meters.len(),
            Wake::Next | Wake::Timeout { .. } | Wake::Overdue { .. } => true,
            Wake::Block { place } => {
                self.is_multicast() && (place as usize) < waves::ANNOUNCED as usize + self.state.blocks.numbers.len()
            }
        }
    }

    fn restore(&mut self, mut state: State) -> Result<(), String> {
        same_count("firmware: meters", state.meters.len(), self.meters.len())?;
        same_count("firmware: entries", state.entries.len(), self.meters.len())?;
        let meters = self.meters.len() as u32;
        let places = state.queue.iter().copied().chain(state.asked.values().map(Asked::position));
        let places = places.chain(state.sessions.keys().copied()).chain(state.bursts.keys().copied());
        ensure(places.into_iter().all(|position| position < meters), || {
            "firmware: it is about a meter that is not here".to_owned()
        })?;
        let blocks = self.spec.blocks();
        let known = state.blocks.fit(blocks, meters)
            && state.meters.iter().all(|meter| meter.gaps().all(|block| block < blocks))
            && state.bursts.values().flatten().all(|&block| block < blocks)
            && usize::from(state.wave) < self.waves.count();
        ensure(known, || "firmware: it is about a block or a wave that there is not".to_owned())?;
        ensure(state.coming <= meters, || "firmware: more meters are to have their turns than there are".to_owned())?;
        self.held.restore(std::mem::take(&mut state.waiting), meters as usize)?;
        let talked_to = state.asked.values().filter(|asked| asked.is_of_session()).count() + state.bursts.len();
        let open = state.open as usize >= talked_to;
        let activating = state.meters.iter().filter(|meter| meter.stage == Stage::Activating).count();
        ensure(open && activating == state.activating as usize, || {
            "firmware: meters that are talked to are miscounted".to_owned()
        })?;
        self.state = state;
        Ok(())
    }

    fn start(&mut self, ctx: &mut Ctx, _tools: &mut Tools<'_>) {
        self.wait_for(ctx, self.spec.at, Awaited::Wave);
    }

    fn due(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, wake: Wake) {
        if self.state.phase == Phase::Done {
            return;
        }
        match wake {
            Wake::Next if self.state.forbidden || self.is_forbidden(ctx, tools) => self.state.phase = Phase::Done,
            Wake::Next => self.next(ctx, tools),
            Wake::Block { place } => self.spread(ctx, tools, place),
            Wake::Released { position, lack } => self.released(ctx, tools, position, lack),
            Wake::Turn { position } => self.turn(ctx, tools, position),
            Wake::Timeout { read } => self.timed_out(ctx, tools, read),
            Wake::Overdue { read } => self.overdue(ctx, tools, read),
            Wake::Place { position } => self.placed(ctx, tools, position),
            Wake::Burst { position } => self.burst_on(ctx, tools, position),
        }
    }

    fn left(&mut self, ctx: &mut Ctx, _tools: &mut Tools<'_>, (kind, _): Key, left: Left) {
        if let DownKind::Request { read } = kind {
            self.has_left(ctx, read, left);
        }
    }

    fn heard(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
        let ReportKind::Answer { read } = report.kind else { unreachable!("{report:?} is for no firmware campaign") };
        self.answered(ctx, tools, report, read);
    }

    fn refused(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report) {
        if let ReportKind::Answer { read } = report.kind {
            self.not_understood(ctx, tools, read);
        }
    }

    fn links(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        self.look_at_links(ctx, tools);
    }

    fn unanswered(&mut self, _tools: &mut Tools<'_>, read: u32) {
        self.state.asked.remove(&read);
    }

    /// One row for each meter.
    fn finish(&mut self, tools: &mut Tools<'_>, end: End<'_>) {
        for &(_, meter, at) in end.resets.iter().filter(|reset| reset.0 == self.job) {
            if let Ok(position) = self.meters.binary_search(&meter) {
                let restarted = &mut self.state.meters[position].restarted;
                *restarted = restarted.or(Some(at));
            }
        }
        self.leave_out_the_rest();
        let fates = end.fates.iter().filter(|of| of.0 == self.job);
        let fates: BTreeMap<SiteId, Fate> = fates.map(|&(_, meter, fate)| (meter, fate)).collect();
        for position in 0..self.meters.len() {
            self.record(tools, position, fates.get(&self.meters[position]).copied());
        }
    }
}
