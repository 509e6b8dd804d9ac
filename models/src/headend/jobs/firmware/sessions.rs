//! Sessions with single meters: some at a time, one question under way to each, asked again when no answer comes.

use super::progress::{Entry, Follows, Phase, Progress, Stage};
use super::{Ctx, Firmware, Tools, Wake};
use crate::apdu::{Ask, ImageStep, Said};
use crate::backhaul::{DownKind, Report};
use crate::headend::front::Left;
use crate::headend::jobs::held::{Gate, Looked, Waiting};
use crate::headend::jobs::technicians::Cause;
use crate::headend::links::Lack;
use crate::headend::sessions::Key;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// A question is asked so many times in a session.
const TRIES: u8 = 3;

/// A meter that is busy is asked again after this.
const BUSY: SimTime = SimTime::from_secs(10);

/// After its restart a meter has this long before it is asked which image it runs, and then between two questions.
const REJOINS: SimTime = SimTime::from_secs(120);

/// A question under way.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    position: u32,
    step: ImageStep,
    /// When it left the head-end.
    sent: SimTime,
    /// It has left.
    left: bool,
    /// It is part of a session; after an activation there is none.
    session: bool,
}

impl Asked {
    pub(super) fn position(&self) -> u32 {
        self.position
    }

    pub(super) fn is_of_session(&self) -> bool {
        self.session
    }
}

impl Firmware {
    /// Begins sessions until as many as may be are open.
    pub(super) fn fill(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        while self.state.open < self.spec.parallel() {
            let Some(position) = self.state.queue.pop_front() else { break };
            let phase = self.state.phase;
            if phase == Phase::Serve && self.holds(ctx, tools, position) {
                continue;
            }
            if self.is_shut_out(ctx, tools, position) {
                continue;
            }
            if let Some(step) = self.state.meters[position as usize].question(phase) {
                self.state.open += 1;
                self.state.meters[position as usize].tries = 0;
                self.ask(ctx, tools, (position, step));
            }
        }
        let nobody = self.state.open == 0 && self.state.queue.is_empty() && self.state.activating == 0;
        if nobody && self.state.coming == 0 && !self.held.any() {
            self.phase_over(ctx, tools);
        }
    }

    /// Whether no session can be begun with a meter, because its certificate has run out; then nothing more is done with it.
    fn is_shut_out(&mut self, ctx: &Ctx, tools: &Tools<'_>, position: u32) -> bool {
        let stage = &mut self.state.meters[position as usize].stage;
        let begins = !self.state.sessions.contains_key(&position) && !stage.is_final();
        if !begins || !tools.talk.has_expired(self.meters[position as usize], ctx.now()) {
            return false;
        }
        if *stage == Stage::Activating {
            self.state.activating -= 1;
        }
        *stage = Stage::Expired;
        true
    }

    /// Whether a meter has to wait for its link before anything is asked of it; of one that has been let in that is no longer asked.
    fn holds(&mut self, ctx: &Ctx, tools: &Tools<'_>, position: u32) -> bool {
        let meter = self.meters[position as usize];
        if self.state.entries[position as usize] != Entry::Closed {
            return false;
        }
        match self.held.gate(tools, ctx.now(), position, meter) {
            Gate::Open => {
                self.state.entries[position as usize] = Entry::Open;
                return false;
            }
            Gate::Waits => {}
            Gate::LeftOut(waiting) => self.leave_out(waiting),
        }
        true
    }

    /// Links have been told of: who waits has its turn, goes on waiting or is left out.
    pub(super) fn look_at_links(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        let meters = self.meters.clone();
        let Looked { released, left_out } = self.held.look(tools, ctx.now(), |position| meters[position as usize]);
        let nobody = released.is_empty() && left_out.is_empty();
        left_out.into_iter().for_each(|waiting| self.leave_out(waiting));
        for (at, Waiting { index: position, lack, .. }) in released {
            self.state.coming += 1;
            self.wake(ctx, at, Wake::Released { position, lack });
        }
        if !nobody {
            self.fill(ctx, tools);
        }
    }

    /// A meter has waited for its link and may be talked to.
    pub(super) fn released(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, position: u32, lack: Lack) {
        self.state.coming = self.state.coming.saturating_sub(1);
        self.state.entries[position as usize] = Entry::Opened(lack);
        self.state.queue.push_back(position);
        self.fill(ctx, tools);
    }

    /// A meter's place has come to be served or told to activate the image.
    pub(super) fn placed(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, position: u32) {
        self.state.coming = self.state.coming.saturating_sub(1);
        self.state.queue.push_back(position);
        self.fill(ctx, tools);
    }

    fn leave_out(&mut self, waiting: Waiting) {
        let at = waiting.index as usize;
        self.state.meters[at].stage = Stage::LeftOut;
        self.state.entries[at] = Entry::Refused(waiting.lack);
    }

    /// The run ends: who still waits is left out.
    pub(super) fn leave_out_the_rest(&mut self) {
        self.held.rest().into_iter().for_each(|waiting| self.leave_out(waiting));
    }

    fn key(&self, position: u32, read: u32) -> Key {
        (DownKind::Request { read }, self.meters[position as usize])
    }

    /// Asks a meter something: the first question of a session waits for its permit, the others follow at once.
    fn ask(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, (position, step): (u32, ImageStep)) {
        let begins = !self.state.sessions.contains_key(&position);
        let step = match step {
            // It has no permit for blocks yet.
            ImageStep::Block(_) if self.spec.burst > 1 && begins && tools.front.is_some() => ImageStep::Received,
            // Several blocks go out before the meter is asked which have come.
            ImageStep::Block(_) if self.spec.burst > 1 => return self.begin_burst(ctx, tools, position),
            step => step,
        };
        let read = tools.numbers.open(self.job);
        let from = self.state.sessions.insert(position, read);
        let progress = &mut self.state.meters[position as usize];
        if let ImageStep::Block(block) = step {
            count_block(progress, tools, block);
        }
        progress.tries = progress.tries.saturating_add(1);
        progress.requests = progress.requests.saturating_add(1);
        let session = progress.stage != Stage::Activating;
        let until = (!session).then(|| progress.activated.unwrap_or_default() + self.spec.give_up_after);
        self.state.asked.insert(read, Asked { position, step, sent: ctx.now(), left: false, session });
        let key = self.key(position, read);
        if let Some(from) = from {
            tools.go_on(ctx, self.key(position, from), key);
        }
        if let Some(left) = tools.ask(ctx, key, Ask::Image { image: self.image, step }) {
            self.has_left(ctx, read, left);
        } else if let Some(until) = until {
            self.wake(ctx, until.max(ctx.now()), Wake::Overdue { read });
        }
    }

    /// A meter that activates the image has had its time: it is given up, unless it is being asked.
    pub(super) fn overdue(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32) {
        if self.state.asked.get(&read).is_some_and(|asked| !asked.left) {
            self.timed_out(ctx, tools, read);
        }
    }

    /// A question has left.
    pub(super) fn has_left(&mut self, ctx: &mut Ctx, read: u32, left: Left) {
        let Some(asked) = self.state.asked.get_mut(&read) else { return };
        (asked.sent, asked.left) = (left.at, true);
        let progress = &mut self.state.meters[asked.position as usize];
        progress.bytes = progress.bytes.saturating_add(u32::from(left.bytes));
        self.wake(ctx, left.at + self.spec.timeout, Wake::Timeout { read });
    }

    /// The permit of a meter's session goes to others.
    fn give_back(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, position: u32) {
        if let Some(read) = self.state.sessions.remove(&position) {
            tools.close(ctx, self.key(position, read));
        }
    }

    /// The campaign is over: all permits go to others.
    pub(super) fn give_all_back(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        while let Some((&position, _)) = self.state.sessions.first_key_value() {
            self.give_back(ctx, tools, position);
        }
    }

    /// A meter gets the first of the blocks that it lacks, which it does not answer.
    fn begin_burst(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, position: u32) {
        let gaps = self.state.meters[position as usize].gaps();
        let mut blocks: Vec<u32> = gaps.take(usize::from(self.spec.burst)).collect();
        blocks.reverse();
        self.state.bursts.insert(position, blocks);
        self.burst_on(ctx, tools, position);
    }

    /// The next block of a burst goes to a meter, or all that are left where none has to wait for the one before; then it is asked which have come.
    pub(super) fn burst_on(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, position: u32) {
        let pace = self.spec.pace_alone();
        while let Some(block) = self.state.bursts.get_mut(&position).and_then(Vec::pop) {
            self.send_block(ctx, tools, (position, block));
            if pace > SimTime::ZERO {
                return self.wake(ctx, ctx.now() + pace, Wake::Burst { position });
            }
        }
        if self.state.bursts.remove(&position).is_some() {
            self.ask(ctx, tools, (position, ImageStep::Received));
        }
    }

    /// A block of a burst goes to a meter, which does not answer it.
    fn send_block(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, (position, block): (u32, u32)) {
        let meter = self.meters[position as usize];
        let progress = &mut self.state.meters[position as usize];
        count_block(progress, tools, block);
        let read = tools.numbers.open(self.job);
        tools.numbers.close(read);
        let down = tools.talk.image(read, meter, (self.image, ImageStep::Block(block)), false);
        progress.bytes = progress.bytes.saturating_add(u32::from(down.bytes));
        tools.send(ctx, down);
    }

    /// The question that a meter had to wait for.
    pub(super) fn turn(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, position: u32) {
        if self.is_shut_out(ctx, tools, position) {
            return self.fill(ctx, tools);
        }
        match self.state.meters[position as usize].question(self.state.phase) {
            Some(step) => self.ask(ctx, tools, (position, step)),
            None => self.close(ctx, tools, position),
        }
    }

    /// A session is over.
    fn close(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, position: u32) {
        self.give_back(ctx, tools, position);
        self.state.open -= 1;
        self.fill(ctx, tools);
    }

    /// What a meter is asked next, now or in its turn.
    fn go_on(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, asked: Asked, follows: Follows) {
        let (now, position) = (ctx.now(), asked.position);
        let progress = &self.state.meters[position as usize];
        let next = progress.question(self.state.phase);
        let paced = matches!((asked.step, next), (ImageStep::Block(_), Some(ImageStep::Block(_))));
        let earliest = match follows {
            Follows::Later => now + BUSY,
            Follows::On if paced => asked.sent + self.spec.pace_alone(),
            Follows::On => now,
        };
        match next {
            None => self.close(ctx, tools, position),
            Some(_) if earliest > now => self.wake(ctx, earliest, Wake::Turn { position }),
            Some(step) => self.ask(ctx, tools, (position, step)),
        }
    }

    /// A meter is asked which image it runs, once it has had the time to restart.
    fn asks_later(&mut self, ctx: &mut Ctx, position: u32, restarts: bool) {
        let restart = if restarts { self.spec.activation.install } else { SimTime::ZERO };
        self.wake(ctx, ctx.now() + restart + REJOINS, Wake::Turn { position });
    }

    /// A meter has answered.
    pub(super) fn answered(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, report: &Report, read: u32) {
        let Some(asked) = self.state.asked.remove(&read) else { return };
        tools.numbers.close(read);
        let said = match tools.said.take() {
            Some(Said::Image(said)) => said,
            Some(Said::Done) => crate::apdu::ImageSaid::Result(0),
            Some(Said::Denied(why)) => crate::apdu::ImageSaid::Result(why),
            // It says something else than it was asked, which fails it below.
            _ => crate::apdu::ImageSaid::Identifier(Vec::new()),
        };
        let blocks = self.spec.blocks();
        let cosem = tools.talk.cosem().clone();
        let mine = &cosem.images[usize::from(self.image)].identifier;
        let progress = &mut self.state.meters[asked.position as usize];
        progress.way = Some((report.router, report.hops));
        progress.bytes = progress.bytes.saturating_add(u32::from(report.bytes));
        (progress.tries, progress.silent) = (0, false);
        // Somebody has got on: the others are worth another try.
        self.state.again = 0;
        let before = progress.stage;
        let follows = progress.take(asked.step, &said, ctx.now(), mine, blocks);
        let after = progress.stage;
        if before == Stage::Activating && after != Stage::Activating {
            self.state.activating -= 1;
        }
        if matches!(after, Stage::Running | Stage::HadIt) {
            tools.standings.runs(report.meter, self.image);
        }
        if after == Stage::Failed {
            self.call(tools, asked.position, Cause::NotServed);
        }
        if after.has_failed() {
            self.has_failed(ctx, tools);
            if self.state.phase == Phase::Done {
                return;
            }
        }
        if !asked.session {
            // Whoever has been told to activate is asked in a session of its own.
            self.give_back(ctx, tools, asked.position);
            // It had not been told.
            self.state.queue.extend((after == Stage::Verified).then_some(asked.position));
            return self.fill(ctx, tools);
        }
        if before == Stage::Verified && after == Stage::Activating {
            self.state.activating += 1;
            self.asks_later(ctx, asked.position, true);
            return self.close(ctx, tools, asked.position);
        }
        self.go_on(ctx, tools, asked, follows);
    }

    /// A meter has not answered in time.
    pub(super) fn timed_out(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32) {
        let Some(asked) = self.state.asked.remove(&read) else { return };
        tools.numbers.close(read);
        if !asked.session {
            self.give_back(ctx, tools, asked.position);
        }
        let progress = &mut self.state.meters[asked.position as usize];
        if !asked.session {
            let since = progress.activated.unwrap_or_default();
            if ctx.now() < since + self.spec.give_up_after {
                return self.asks_later(ctx, asked.position, false);
            }
            progress.stage = Stage::Failed;
            self.state.activating -= 1;
            self.call(tools, asked.position, Cause::NotRunning);
            self.has_failed(ctx, tools);
            if self.state.phase != Phase::Done {
                self.fill(ctx, tools);
            }
            return;
        }
        if progress.tries < TRIES {
            return self.ask(ctx, tools, (asked.position, asked.step));
        }
        progress.silent = true;
        if self.spec.burst > 1 {
            // Blocks may have come that nobody has heard of.
            progress.lacks.clear();
        }
        if self.state.phase == Phase::Activate && progress.stage == Stage::Verified {
            // It may have done it, and its answer been lost.
            (progress.stage, progress.activated, progress.unsure) = (Stage::Activating, Some(ctx.now()), true);
            self.state.activating += 1;
            self.asks_later(ctx, asked.position, true);
        }
        self.close(ctx, tools, asked.position);
    }

    /// A meter cannot decipher what it is asked.
    pub(super) fn not_understood(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, read: u32) {
        let Some(asked) = self.state.asked.remove(&read) else { return };
        tools.numbers.close(read);
        let progress = &mut self.state.meters[asked.position as usize];
        progress.undeciphered = true;
        if progress.stage == Stage::Activating {
            self.state.activating -= 1;
        }
        progress.stage = Stage::Failed;
        self.has_failed(ctx, tools);
        if self.state.phase == Phase::Done {
            return;
        }
        if asked.session {
            self.close(ctx, tools, asked.position);
        } else {
            self.give_back(ctx, tools, asked.position);
            self.fill(ctx, tools);
        }
    }
}

/// A block goes to a single meter.
fn count_block(progress: &mut Progress, tools: &mut Tools<'_>, block: u32) {
    let again = progress.rounds > 0 || block < progress.next;
    progress.next = progress.next.max(block + 1);
    progress.alone += 1;
    progress.again += u32::from(again);
    tools.statistics.images.blocks += 1;
    tools.statistics.images.again += u64::from(again);
}
