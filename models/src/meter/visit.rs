//! A technician at a meter.

use super::{Event, Meters};
use crate::backhaul::Found;
use crate::books::Happened;
use crate::context::Ctx;
use crate::medium::Medium;
use crate::node::Node;
use crate::spec::ResetTier;

impl Meters {
    /// Somebody stands before a meter that a job has given up: how he finds it. One that has a supply he restarts by that, and one that is bricked starts
    /// with its golden image.
    pub fn visit<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, job: u16) -> Found {
        let meter = &self.meters[node];
        if meter.dark {
            return Found::Dark;
        }
        if meter.bricked {
            self.unbrick(ctx, node);
            return Found::Bricked;
        }
        let is_done = match usize::from(job) < self.plan.resets.len() {
            true => self.obeyed.contains(&(node, job)),
            false => self.servers.as_ref().is_some_and(|servers| servers.runs_image_of(node, job)),
        };
        let found = match (meter.attached, is_done) {
            (false, _) => Found::CutOff,
            (true, true) => Found::Done,
            (true, false) => Found::NotDone,
        };
        let meter = &mut self.meters[node];
        meter.boots += 1;
        meter.out_of_step = false;
        let boots = meter.boots;
        self.carry_out(medium, ctx, node, (ResetTier::Cold, boots));
        found
    }

    /// A bricked meter starts again, with the image that it came with.
    fn unbrick(&mut self, ctx: &mut Ctx, node: Node) {
        if let Some(servers) = &mut self.servers {
            servers.take_golden_image(node);
        }
        let meter = &mut self.meters[node];
        (meter.bricked, meter.out_of_step) = (false, false);
        meter.boots += 1;
        let boots = meter.boots;
        let at = ctx.now() + ctx.facts.boot_time(node, boots, self.boot);
        ctx.note(node, Happened::PowerUp { boots });
        ctx.schedule(at, node, Event::Booted { node, boots });
    }
}
