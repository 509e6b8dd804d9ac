//! Whose turn is when: waves with their windows or clusters, in rounds.

use super::flood::Flooded;
use super::{Ctx, Dialogue, Tools, Topic, Wake};
use amitwin_sim_core::SimTime;

impl Dialogue {
    /// Positions of the meters of the wave.
    pub(super) fn wave(&self) -> &[u32] {
        &self.turns[usize::from(self.state.wave)]
    }

    /// When a turn of the wave comes: with its cluster, or spread evenly over the window, unless the campaign has them.
    pub(super) fn planned(&self, place: u32) -> SimTime {
        if let Some(&turn) = self.pace.waves.turns.get(self.wave()[place as usize] as usize) {
            return turn;
        }
        let Some(begun) = self.state.begun else { return self.round_at() };
        if let (Some(of), Some(begins)) = (self.pace.waves.clusters, self.clusters.get(usize::from(self.state.wave))) {
            return begun + begins[place as usize / of.size.max(1) as usize];
        }
        begun + self.within_window(place, self.wave().len())
    }

    /// When the round begins.
    pub(super) fn round_at(&self) -> SimTime {
        self.pace.at + self.pace.every.unwrap_or_default() * u64::from(self.state.round)
    }

    /// How far into the window a place among so many is.
    pub(super) fn within_window(&self, place: u32, count: usize) -> SimTime {
        let window = self.pace.window.unwrap_or_default();
        SimTime::from_nanos((u128::from(window.nanos()) * u128::from(place) / count.max(1) as u128) as u64)
    }

    pub(super) fn wait_for(&mut self, ctx: &mut Ctx, place: u32) {
        self.state.next = place;
        if (place as usize) < self.wave().len() {
            self.wake(ctx, self.planned(place), Wake::Turn { place });
        }
    }

    pub(super) fn begin_wave(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, at: SimTime) {
        self.state.begun = Some(at);
        if let Topic::Certificates { renew_before, .. } = self.topic {
            return self.watch(ctx, tools, renew_before);
        }
        if self.state.wave == 0 && self.topic.changes_broadcast() {
            self.state.broadcast = tools.talk.new_broadcast();
        }
        if self.flood.is_some() && self.state.wave == 0 {
            return self.flood(ctx, tools, 0);
        }
        self.begin_turns(ctx, tools);
    }

    /// The meters of the wave have their turns from now on.
    pub(super) fn begin_turns(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        self.state.left = self.wave().len() as u32;
        self.wait_for(ctx, 0);
        self.may_end_wave(ctx, tools);
    }

    /// The next wave, if everybody of this one is done.
    pub(super) fn may_end_wave(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        let is_last = usize::from(self.state.wave) + 1 >= self.waves.count();
        if self.state.left == 0 && !self.state.halted && !is_last {
            self.state.wave += 1;
            (self.state.begun, self.state.next) = (None, 0);
            self.wake(ctx, ctx.now() + self.pace.waves.pause, Wake::Wave);
        }
        if self.state.left == 0 && !self.state.halted && is_last && self.state.broadcast > 0 {
            // Whoever has not got it does not understand floods from now on.
            tools.talk.flood_under(self.state.broadcast);
        }
        let every = self.pace.every.filter(|_| self.state.left == 0 && !self.state.halted && is_last);
        if let Some(every) = every.filter(|_| self.state.begun.is_some()) {
            let next = self.round_at() + every;
            self.state.begun = None;
            self.wake(ctx, next.max(ctx.now()), Wake::Round);
        }
    }

    /// All meters have their turns anew.
    pub(super) fn begin_round(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        let state = &mut self.state;
        (state.round, state.wave, state.next, state.failed) = (state.round.saturating_add(1), 0, 0, 0);
        state.flooded = Flooded::default();
        state.done.fill(0);
        let now = ctx.now();
        self.begin_wave(ctx, tools, now);
    }
}
