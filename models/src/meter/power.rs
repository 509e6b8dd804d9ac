//! Resets and boots.

use super::{Event, Meters};
use crate::context::Ctx;
use crate::medium::{Medium, Supply};
use crate::node::Node;
use crate::purpose::BOOT;
use crate::spec::ResetTier;
use amitwin_data::rows::EventKind;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;

/// A cold reset keeps the supply off this long, for its capacitors.
const SUPPLY_OFF: SimTime = SimTime::from_secs(10);

impl Meters {
    /// [`Event::Reset`].
    pub(super) fn reset<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, job: u16) {
        let now = ctx.now();
        let tier = self.plan.reset(job).tier;
        let meter = &mut self.meters[node];
        meter.boots += 1;
        meter.reset_at = now;
        (meter.back_due, meter.heartbeats) = (job + 1, 0);
        let boots = meter.boots;
        self.resets.push((job, ctx.facts.globals[node], now));
        ctx.note(node, EventKind::Reset, tier as i32);
        if tier == ResetTier::Soft {
            // The application starts again; radio and routes stay.
            if self.meters[node].attached {
                self.back(medium, ctx, node);
            }
            return;
        }
        ctx.note(node, EventKind::PowerDown, i32::from(boots));
        self.meters[node].attached = false;
        medium.power(self, ctx, node, Supply::Off);
        let (low, high) = self.boot;
        let global = u64::from(ctx.facts.globals[node]);
        let place = Stream::new(ctx.facts.seed, global, BOOT ^ (u32::from(boots) << 16)).unit();
        let mut at = now + low + SimTime::from_secs_f64((high - low).secs_f64() * place);
        if tier == ResetTier::Cold {
            at += SUPPLY_OFF;
        }
        ctx.schedule(at, node, Event::Booted { node, boots });
    }

    /// [`Event::Booted`]: the radio runs, the software looks for its gateway.
    pub(super) fn booted<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, boots: u16) {
        if self.meters[node].boots != boots {
            return;
        }
        ctx.note(node, EventKind::Boot, i32::from(boots));
        medium.power(self, ctx, node, Supply::On { boots });
        medium.wake(self, ctx, node);
    }
}
