//! Resets and boots.

use super::{Event, Meters};
use crate::books::Happened;
use crate::context::Ctx;
use crate::medium::{Medium, Supply};
use crate::node::Node;
use crate::spec::ResetTier;
use amitwin_sim_core::SimTime;

/// A cold reset keeps the supply off this long, for its capacitors.
const SUPPLY_OFF: SimTime = SimTime::from_secs(10);

impl Meters {
    /// [`Event::Reset`].
    pub(super) fn reset<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, job: u16) {
        let now = ctx.now();
        let tier = self.plan.reset(job).tier;
        let meter = &mut self.meters[node];
        if meter.dark || meter.bricked || !self.obeyed.insert((node, job)) {
            return;
        }
        meter.boots += 1;
        meter.reset_at = now;
        (meter.back_due, meter.heartbeats) = (job + 1, 0);
        let boots = meter.boots;
        self.resets.push((job, ctx.facts.sites[node], now));
        self.restart_boards(ctx, node, tier, boots);
        self.carry_out(medium, ctx, node, (tier, boots));
    }

    /// A node restarts, and no job has asked for it.
    pub fn restart_by_itself<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, tier: ResetTier) {
        let meter = &mut self.meters[node];
        if meter.dark || meter.bricked {
            return;
        }
        meter.boots += 1;
        let boots = meter.boots;
        self.restart_boards(ctx, node, tier, boots);
        self.carry_out(medium, ctx, node, (tier, boots));
    }

    pub(super) fn carry_out<M: Medium>(
        &mut self,
        medium: &mut M,
        ctx: &mut Ctx,
        node: Node,
        (tier, boots): (ResetTier, u16),
    ) {
        let now = ctx.now();
        ctx.note(node, Happened::Reset { tier });
        self.meters[node].hung = false;
        if tier == ResetTier::Soft {
            // The application starts again; radio and routes stay.
            if self.meters[node].attached {
                self.back(medium, ctx, node);
            }
            return;
        }
        ctx.note(node, Happened::PowerDown { boots });
        self.meters[node].attached = false;
        medium.power(self, ctx, node, Supply::Off);
        let mut at = now + ctx.facts.boot_time(node, boots, self.boot);
        if tier == ResetTier::Cold {
            at += SUPPLY_OFF;
        }
        ctx.schedule(at, node, Event::Booted { node, boots });
    }

    /// A new meter gets its first supply, and boots.
    pub fn install(&mut self, ctx: &mut Ctx, node: Node) {
        let meter = &mut self.meters[node];
        meter.boots += 1;
        let boots = meter.boots;
        let at = ctx.now() + ctx.facts.boot_time(node, boots, self.boot);
        ctx.note(node, Happened::PowerUp { boots });
        ctx.schedule(at, node, Event::Booted { node, boots });
    }

    /// The supply of a meter fails, or comes back: then it boots. Nothing else is left of what it was about to do than
    /// what it owes the head-end.
    pub fn supply<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, on: bool) {
        let meter = &mut self.meters[node];
        if meter.dark != on {
            return;
        }
        meter.dark = !on;
        if meter.bricked {
            return;
        }
        if on {
            self.supply_returns(medium, ctx, node);
        } else {
            self.loses_supply(medium, ctx, node);
        }
    }

    /// The supply of a node is back: it has run on its capacitor, or boots.
    pub(super) fn supply_returns<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node) {
        let boots = self.meters[node].boots;
        if self.ran_on(medium, ctx, node) {
            return ctx.note(node, Happened::PowerUp { boots });
        }
        let meter = &mut self.meters[node];
        meter.boots += 1;
        meter.out_of_step = false;
        let boots = meter.boots;
        let at = ctx.now() + ctx.facts.boot_time(node, boots, self.boot);
        ctx.note(node, Happened::PowerUp { boots });
        ctx.schedule(at, node, Event::Booted { node, boots });
    }

    /// [`Event::Booted`]: the radio runs, the software looks for its gateway.
    pub(super) fn booted<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, boots: u16) {
        if self.meters[node].boots != boots {
            return;
        }
        ctx.note(node, Happened::Boot { boots });
        medium.power(self, ctx, node, Supply::On { boots });
        medium.wake(self, ctx, node);
    }
}
