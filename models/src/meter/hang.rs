//! Applications that hang: the meter answers nothing and reports nothing, and its radio goes on, until a reset of any tier or a restart.

use super::{Event, Meters};
use crate::books::Happened;
use crate::context::Ctx;
use crate::medium::Medium;
use crate::node::Node;
use crate::purpose::HANG;
use crate::spec::ResetTier;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;

const YEAR_S: f64 = 365.25 * 86_400.0;

impl Meters {
    /// The application of a meter hangs; of repeaters, which have none, and of meters that do not run nothing comes of it.
    pub fn hang(&mut self, ctx: &mut Ctx, node: Node) {
        let meter = &mut self.meters[node];
        if !meter.measures || meter.dark || meter.bricked || meter.hung {
            return;
        }
        (meter.hung, meter.hangs) = (true, meter.hangs.wrapping_add(1));
        let hang = meter.hangs;
        ctx.note(node, Happened::Hang);
        if let Some(watchdog) = self.hang.as_ref().and_then(|spec| spec.watchdog) {
            ctx.schedule(ctx.now() + watchdog, node, Event::Watchdog { node, hang });
        }
    }

    /// Schedules the next time that a meter's application hangs by itself.
    pub(super) fn may_hang(&mut self, ctx: &mut Ctx, node: Node, draws: u16) {
        let per_year = self.hang.as_ref().map_or(0.0, |spec| spec.per_year);
        if per_year == 0.0 || !self.meters[node].measures {
            return;
        }
        let unit = Stream::resume(ctx.facts.stream_key(node, HANG), u64::from(draws)).unit();
        let wait_s = -libm::log(1.0 - unit) * YEAR_S / per_year;
        ctx.schedule(ctx.now() + SimTime::from_secs_f64(wait_s), node, Event::Hangs { node, draws });
    }

    /// [`Event::Hangs`].
    pub(super) fn hangs(&mut self, ctx: &mut Ctx, node: Node, draws: u16) {
        self.hang(ctx, node);
        self.may_hang(ctx, node, draws.wrapping_add(1));
    }

    /// [`Event::Watchdog`]: a meter that still hangs restarts.
    pub(super) fn watchdog<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, hang: u16) {
        let meter = &self.meters[node];
        if meter.hung && meter.hangs == hang {
            self.restart_by_itself(medium, ctx, node, ResetTier::Warm);
        }
    }

    /// Meters whose application hangs now.
    pub fn hung(&self) -> u32 {
        self.meters.0.iter().filter(|meter| meter.hung).count() as u32
    }
}
