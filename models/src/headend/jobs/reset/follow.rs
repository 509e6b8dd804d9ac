//! Following the meters of a reset: waves, the rule that halts it, and visits to those that are not back in time.

use super::{Delivery, Reset, Wake};
use crate::headend::Ctx;
use crate::headend::jobs::Tools;
use crate::headend::jobs::technicians::{Call, Cause};
use amitwin_sim_core::SimTime;

impl Reset {
    /// Whether anything depends on when a meter counts as failed.
    fn follows(&self) -> bool {
        let waves = &self.spec.waves;
        self.spec.visit || waves.shares.is_some() || waves.stop_at_failed.is_some() || waves.parallel.is_some()
    }

    /// Begins a wave: its meters have their turns.
    pub(super) fn begin_wave(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, wave: u16) {
        if usize::from(wave) >= self.waves.count() {
            return;
        }
        let first = wave.checked_sub(1).map_or(0, |last| self.waves.until(last));
        let reachable = |&&index: &&u32| tools.network.reachable[self.planned().meters[index as usize].at()];
        let open = self.waves.of(wave).iter().filter(reachable).count() as u32;
        // The first wave is planned, and may be due before its time.
        let began = if wave == 0 { self.planned().at } else { ctx.now() };
        self.course = super::Course { wave, began, open, ..self.course };
        self.wait_for(ctx, first);
        if self.follows() && open == 0 {
            self.wave_over(ctx);
        }
    }

    /// Commands meters that wait for others, as long as so many at the most are away.
    pub(super) fn fill(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, most: u32) {
        while self.course.away < most
            && let Some(index) = self.queue.pop_front()
        {
            self.progress[index as usize].is_away = true;
            self.course.away += 1;
            self.command(ctx, tools, index);
        }
    }

    /// A meter that has been commanded has so long.
    pub(super) fn follow(&self, ctx: &mut Ctx, index: u32) {
        if let Some(deadline) = self.deadline(index as usize).filter(|_| self.follows()) {
            // What comes at the deadline is in time.
            self.wake(ctx, deadline.max(ctx.now()) + SimTime::from_nanos(1), Wake::Overdue { index });
        }
    }

    /// A meter has had its time: it has failed, unless it has been heard or has said that it understands nothing.
    pub(super) fn overdue(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, index: u32) {
        let progress = &self.progress[index as usize];
        let meter = self.planned().meters[index as usize];
        if progress.is_over || progress.answered.is_some() || !tools.network.reachable[meter.at()] {
            return;
        }
        if self.spec.visit {
            let campaign = self.planned().name.clone();
            tools.calls.push(Call { meter, job: self.job, campaign, cause: Cause::NotBack });
        }
        if self.spec.delivery == Delivery::Unicast {
            self.is_over(ctx, tools, index, true);
        }
    }

    /// Nothing more is awaited of a meter.
    pub(super) fn is_over(&mut self, ctx: &mut Ctx, tools: &mut Tools<'_>, index: u32, failed: bool) {
        let meter = self.planned().meters[index as usize];
        if !self.follows() || self.progress[index as usize].is_over || !tools.network.reachable[meter.at()] {
            return;
        }
        self.progress[index as usize].is_over = true;
        if self.spec.delivery == Delivery::Broadcast {
            return;
        }
        self.course.open = self.course.open.saturating_sub(1);
        self.course.failed += u32::from(failed);
        self.course.away -= u32::from(self.progress[index as usize].is_away);
        if failed && self.waves.are_too_many(self.course.failed, self.course.wave) {
            self.course.halted = true;
            self.queue.clear();
            self.recall(ctx, tools);
            return;
        }
        if self.course.open == 0 {
            self.wave_over(ctx);
        }
        if let Some(most) = self.spec.waves.parallel {
            self.fill(ctx, tools, most);
        }
    }

    /// Commands that have not left yet, because sessions are limited, never do.
    fn recall(&self, ctx: &mut Ctx, tools: &mut Tools<'_>) {
        let unsent = |&index: &u32| self.progress[index as usize].sent.is_none();
        for index in (0..self.progress.len() as u32).filter(unsent) {
            tools.close(ctx, self.session(index));
        }
    }

    fn wave_over(&self, ctx: &mut Ctx) {
        if !self.course.halted && usize::from(self.course.wave) + 1 < self.waves.count() {
            self.wake(ctx, ctx.now() + self.spec.waves.pause, Wake::Wave);
        }
    }
}
