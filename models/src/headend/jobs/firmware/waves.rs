//! Waves of meters, rounds of blocks, and what becomes of each meter in the end.

use super::progress::{Phase, Stage};
use super::{Awaited, Ctx, Firmware, Tools, Wake, slots};
use crate::apdu::{Fate, ImageStep};
use crate::books::TransactionId;
use crate::headend::jobs::technicians::{Call, Cause};
use crate::headend::links::Lack;
use crate::node::SiteId;
use amitwin_data::rows::{Added, Outcome, RoundRow, TransactionKind, TransactionRow};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A multicast image is announced so many times, because who misses all of them takes none of its blocks.
pub(super) const ANNOUNCED: u32 = 3;

/// Silent meters are tried again after this.
const AGAIN_AFTER: SimTime = SimTime::from_secs(900);

/// Silent meters are tried again so many times in a row without an answer of any of them.
const AGAIN_MAX: u8 = 3;

/// Positions in ascending order, one of each border router after the other, so that no border router has to do with all who are talked to at a time.
fn by_turns(positions: Vec<u32>, router: impl Fn(u32) -> SiteId) -> Vec<u32> {
    let mut turns: BTreeMap<SiteId, u32> = BTreeMap::new();
    let mut placed: Vec<(u32, u32)> = Vec::with_capacity(positions.len());
    for position in positions {
        let turn = turns.entry(router(position)).or_default();
        placed.push((*turn, position));
        *turn += 1;
    }
    placed.sort_unstable();
    placed.into_iter().map(|(_, position)| position).collect()
}

/// What is multicast in a round.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct RoundBlocks {
    /// Numbers of the blocks.
    pub(super) numbers: Vec<u32>,
    /// By block, positions of meters, one of each mesh that gets it again; empty in the first round, of which all get all.
    whose: Vec<Vec<u32>>,
}

impl RoundBlocks {
    /// Whether they are of an image of so many blocks, for so many meters.
    pub(super) fn fit(&self, blocks: u32, meters: u32) -> bool {
        self.numbers.iter().all(|&block| block < blocks)
            && self.whose.iter().flatten().all(|&position| position < meters)
            && (self.whose.is_empty() || self.whose.len() == self.numbers.len())
    }
}

impl Firmware {
    /// Positions of the meters of this wave that had a route at the start, in the order of their turns, with whom something is left to be done.
    fn left(&self, tools: &Tools<'_>) -> Vec<u32> {
        let reachable = |&position: &u32| {
            let position = position as usize;
            tools.network.reachable[self.meters[position].at()] && !self.state.meters[position].stage.is_final()
        };
        let mut left: Vec<u32> = self.waves.of(self.state.wave).iter().copied().filter(reachable).collect();
        self.waves.sort(&mut left);
        left
    }

    /// Begins to talk to all that are left, in a phase.
    pub(super) fn talk_to_all(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, phase: Phase) {
        let left = self.left(tools);
        for &position in &left {
            let meter = &mut self.state.meters[position as usize];
            (meter.asked, meter.silent) = (false, false);
        }
        self.state.phase = phase;
        let left = by_turns(left, |position| tools.network.gateway[self.meters[position as usize].at()]);
        if phase == Phase::Activate && self.spec.activation.spread > SimTime::ZERO {
            self.state.queue.clear();
            self.take_turns(ctx, &left);
        } else if phase == Phase::Serve && !self.is_multicast() {
            self.wait_for_turns(ctx, left);
        } else {
            self.state.queue = left.into();
        }
        self.fill(ctx, tools);
    }

    /// Meters are served as soon as others leave room; those that have turns of their own not before these.
    fn wait_for_turns(&mut self, ctx: &mut Ctx, left: Vec<u32>) {
        self.state.queue.clear();
        for position in left {
            match self.spec.waves.turns.get(position as usize) {
                Some(&turn) if turn > ctx.now() => {
                    self.state.coming += 1;
                    self.wake(ctx, turn, Wake::Place { position });
                }
                _ => self.state.queue.push_back(position),
            }
        }
    }

    /// Meters are told to activate the image one after the other, as far apart as a whole wave takes the campaign's spread.
    fn take_turns(&mut self, ctx: &mut Ctx, positions: &[u32]) {
        let wave = self.waves.of(self.state.wave).len().max(1) as u64;
        let gap_ns = self.spec.activation.spread.nanos() / wave;
        let told = |position: &&u32| self.state.meters[**position as usize].question(Phase::Activate).is_some();
        let told: Vec<u32> = positions.iter().filter(told).copied().collect();
        self.state.coming += told.len() as u32;
        for (n, position) in (0..).zip(told) {
            self.wake(ctx, ctx.now() + SimTime::from_nanos(gap_ns * n), Wake::Place { position });
        }
    }

    /// What was awaited has come.
    pub(super) fn next(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        match self.state.awaited {
            Awaited::Wave => {
                (self.state.round, self.state.again) = (0, 0);
                if self.left(tools).is_empty() {
                    return self.wave_over(ctx);
                }
                if !self.is_multicast() {
                    return self.talk_to_all(ctx, tools, Phase::Serve);
                }
                if self.waves.count() > 1 || self.spec.target.nodes.is_some() {
                    // A flood would reach meters of other waves as well, and those that are not meant.
                    return self.talk_to_all(ctx, tools, Phase::Offer);
                }
                for position in self.left(tools) {
                    let meter = &mut self.state.meters[position as usize];
                    (meter.stage, meter.offered) = (Stage::Offered, Some(ctx.now()));
                }
                self.begin_round(ctx, tools, 0);
            }
            Awaited::Settled => self.talk_to_all(ctx, tools, Phase::Ask),
            Awaited::Again => self.talk_to_all(ctx, tools, Phase::Serve),
            Awaited::Activation => self.talk_to_all(ctx, tools, Phase::Activate),
        }
    }

    /// Nobody is left to be talked to in this phase.
    pub(super) fn phase_over(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        match self.state.phase {
            Phase::Offer => self.begin_round(ctx, tools, ANNOUNCED),
            Phase::Ask => self.asked_all(ctx, tools),
            Phase::Serve => {
                let left = self.left(tools);
                let verified =
                    left.iter().filter(|at| self.state.meters[**at as usize].stage == Stage::Verified).count();
                let at = self.spec.activation.begins(ctx.now(), self.begins_of_day);
                let has_time = verified == 0 || at > ctx.now() + AGAIN_AFTER;
                if verified < left.len() && has_time && self.tries_again(ctx) {
                    return;
                }
                // Who has said nothing keeps nobody waiting.
                if verified > 0 {
                    self.wait_for(ctx, at, Awaited::Activation);
                } else {
                    self.give_up(ctx, tools);
                    self.wave_over(ctx);
                }
            }
            Phase::Activate => {
                if !self.left(tools).is_empty() && self.tries_again(ctx) {
                    return;
                }
                self.give_up(ctx, tools);
                self.wave_over(ctx);
            }
            Phase::Waits | Phase::Spread | Phase::Done => {}
        }
    }

    /// Turns to those that said nothing once more after a while, if that has not been in vain too often.
    fn tries_again(&mut self, ctx: &mut Ctx) -> bool {
        if self.state.again >= AGAIN_MAX {
            return false;
        }
        self.state.again += 1;
        self.wait_for(ctx, ctx.now() + AGAIN_AFTER, Awaited::Again);
        true
    }

    /// Nothing is left to be done with the meters of this wave.
    fn wave_over(&mut self, ctx: &mut Ctx) {
        if self.state.halted {
            return;
        }
        if usize::from(self.state.wave) + 1 < self.waves.count() {
            self.state.wave += 1;
            self.wait_for(ctx, ctx.now() + self.spec.waves.pause, Awaited::Wave);
        } else {
            self.state.phase = Phase::Done;
        }
    }

    /// Meters of this wave with whom something is left to be done have failed.
    fn give_up(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        for position in self.left(tools) {
            self.state.meters[position as usize].stage = Stage::Failed;
            self.call(tools, position, Cause::NotServed);
            self.has_failed(ctx, tools);
        }
    }

    /// A meter that has failed gets a visit, if the campaign says so.
    pub(super) fn call(&self, tools: &mut Tools<'_>, position: u32, cause: Cause) {
        if self.spec.visit {
            let meter = self.meters[position as usize];
            tools.calls.push(Call { meter, job: self.job, campaign: self.name.clone(), cause });
        }
    }

    /// One more meter has failed; too many of them halt the campaign.
    pub(super) fn has_failed(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        self.state.failed += 1;
        if self.waves.are_too_many(self.state.failed, self.state.wave) {
            (self.state.halted, self.state.phase) = (true, Phase::Done);
            self.state.queue.clear();
            self.state.bursts.clear();
            self.held.rest();
            for read in std::mem::take(&mut self.state.asked).into_keys() {
                tools.numbers.close(read);
            }
            self.give_all_back(ctx, tools);
            self.state.open = 0;
        }
    }

    /// All that answer have said what they lack: another round, or the rest goes to single meters.
    fn asked_all(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        // By block and mesh, how many lack it, and one of them.
        let mut lack: BTreeMap<u32, BTreeMap<u32, (u32, u32)>> = BTreeMap::new();
        for position in self.left(tools) {
            let meter = &self.state.meters[position as usize];
            let mesh = tools.network.partition[self.meters[position as usize].at()];
            // One that has said nothing is not known to lack anything.
            for block in meter.gaps().filter(|_| meter.asked) {
                lack.entry(block).or_default().entry(mesh).or_insert((0, position)).0 += 1;
            }
        }
        let lacking = lack.len() as u32;
        let most = self.spec.multicast_from();
        let shared = lack.into_iter().map(|(block, by_mesh)| {
            let of_meshes = by_mesh.into_values().filter(|(count, _)| *count >= most).map(|(_, position)| position);
            (block, of_meshes.collect::<Vec<_>>())
        });
        let (numbers, whose): (Vec<_>, Vec<_>) = shared.filter(|(_, whose)| !whose.is_empty()).unzip();
        if numbers.is_empty() || self.state.round >= self.spec.rounds() {
            return self.talk_to_all(ctx, tools, Phase::Serve);
        }
        self.round_with(ctx, tools, RoundBlocks { numbers, whose }, lacking);
        self.wake(ctx, ctx.now(), Wake::Block { place: ANNOUNCED });
    }

    /// The first round: all blocks.
    fn begin_round(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, place: u32) {
        let lacking = self.spec.blocks();
        let blocks = RoundBlocks { numbers: (0..lacking).collect(), whose: Vec::new() };
        self.round_with(ctx, tools, blocks, lacking);
        self.wake(ctx, ctx.now(), Wake::Block { place });
    }

    fn round_with(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, blocks: RoundBlocks, lacking: u32) {
        self.state.round += 1;
        let counts = &mut tools.statistics.images;
        counts.rounds = counts.rounds.max(self.state.round.into());
        let (mut meters, mut complete) = (0, 0);
        for &position in self.waves.of(self.state.wave) {
            let meter = &mut self.state.meters[position as usize];
            if !tools.network.reachable[self.meters[position as usize].at()] {
                continue;
            }
            meters += 1;
            complete += u32::from(meter.complete.is_some());
            if meter.complete.is_none() {
                meter.rounds = self.state.round;
                // What was known is about to change.
                meter.lacks.clear();
            }
        }
        tools.rows.rounds.push(RoundRow {
            time_s: ctx.now().secs_f64(),
            campaign: self.name.clone(),
            wave: self.state.wave + 1,
            round: self.state.round,
            blocks: blocks.numbers.len() as u32,
            lacking,
            complete,
            meters,
        });
        (self.state.phase, self.state.blocks) = (Phase::Spread, blocks);
    }

    /// Multicasts the block at a place of the round, or announces the image.
    pub(super) fn spread(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, place: u32) {
        let step = match place.checked_sub(ANNOUNCED) {
            None => ImageStep::Initiate,
            Some(place) => {
                let counts = &mut tools.statistics.images;
                counts.blocks += 1;
                counts.again += u64::from(self.state.round > 1);
                ImageStep::Block(self.state.blocks.numbers[place as usize])
            }
        };
        let slot = (self.state.floods % u32::from(slots(&self.spec))) as u16;
        self.state.floods = self.state.floods.wrapping_add(1);
        let down = tools.talk.image_to_all(slot, self.image, step);
        match place.checked_sub(ANNOUNCED).and_then(|place| self.state.blocks.whose.get(place as usize)) {
            Some(whose) => {
                let mesh = |&position: &u32| tools.network.partition[self.meters[position as usize].at()];
                let meshes: Vec<u32> = whose.iter().map(mesh).collect();
                tools.send_in(ctx, &down, &meshes);
            }
            None => tools.send(ctx, down),
        }
        if ((place + 1).saturating_sub(ANNOUNCED) as usize) < self.state.blocks.numbers.len() {
            self.wake(ctx, ctx.now() + self.spec.pace(), Wake::Block { place: place + 1 });
        } else {
            self.wait_for(ctx, ctx.now() + self.spec.settle(), Awaited::Settled);
        }
    }

    /// The row of a meter as the run ends, with what an activation has made of it, whether or not the head-end has heard of that.
    pub(super) fn record(&self, tools: &mut Tools<'_>, position: usize, fate: Option<Fate>) {
        let (meter, progress) = (self.meters[position], &self.state.meters[position]);
        let waits = self.state.phase == Phase::Waits && self.state.awaited == Awaited::Activation;
        let state = progress.in_tables(waits, fate);
        let reachable = tools.network.reachable[meter.at()];
        let outcome = match progress.stage {
            Stage::Running => Outcome::Ok,
            Stage::HadIt => Outcome::Refused,
            stage if stage.has_failed() && progress.undeciphered => Outcome::Refused,
            stage if stage.has_failed() => Outcome::Failed,
            Stage::LeftOut => Outcome::LeftOut,
            Stage::Expired => Outcome::Expired,
            _ if !reachable => Outcome::Unreachable,
            _ if self.state.forbidden => Outcome::Forbidden,
            // Nobody asks it any more, and it would not answer.
            _ if self.state.halted && fate == Some(Fate::Bricks) => Outcome::Failed,
            _ if self.state.halted => Outcome::Halted,
            _ => Outcome::Pending,
        };
        let id = TransactionId::Campaign { kind: TransactionKind::Firmware, job: self.job, meter };
        let hops = progress.way.map(|way| way.1).filter(|hops| *hops > 0);
        tools.rows.transactions.push(TransactionRow {
            transaction: id.number(),
            kind: id.kind(),
            campaign: self.name.clone(),
            node: meter.0,
            gateway: progress.way.map_or(tools.network.gateway[meter.at()], |way| way.0).0,
            planned_s: self.spec.at.secs_f64(),
            sent_s: progress.offered.map(SimTime::secs_f64),
            reset_s: progress.restarted.map(SimTime::secs_f64),
            acknowledged: None,
            answered_s: progress.answered.map(SimTime::secs_f64),
            outcome,
            attempts: progress.requests,
            hops,
            hops_made: hops,
            bytes: progress.bytes,
            held_by: Added(self.state.entries[position].lack().map(Lack::in_tables)),
            image_state: Added(Some(state)),
            rounds: Added(Some(progress.rounds)),
            blocks_alone: Added(Some(progress.alone)),
            blocks_again: Added(Some(progress.again)),
            complete_s: Added(progress.complete.map(SimTime::secs_f64)),
            verified_s: Added(progress.verified.map(SimTime::secs_f64)),
            clock_off_s: Added::default(),
            wave: Added(self.waves.number(position)),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn border_routers_take_turns() {
        // Meters 0 to 3 are behind border router 9, 4 and 5 behind 8.
        let router = |position: u32| SiteId(if position < 4 { 9 } else { 8 });
        assert_eq!(by_turns((0..6).collect(), router), [0, 4, 1, 5, 2, 3]);
        // Behind a single one it is the order of ids.
        assert_eq!(by_turns(vec![2, 5, 7], |_| SiteId(1)), [2, 5, 7]);
    }
}
