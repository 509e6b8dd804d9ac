//! Firmware images in a meter: steps that all hear, and the restart with a new image.

use super::{Event, Meters};
use crate::apdu::Fate;
use crate::books::Happened;
use crate::context::Ctx;
use crate::medium::message::Message;
use crate::medium::{Medium, Supply};
use crate::node::Node;
use amitwin_sim_core::SimTime;

/// From an activation to the restart at the earliest, so that frame and answer are acknowledged first.
const ANSWERED: SimTime = SimTime::from_secs(2);

impl Meters {
    /// A step with an image, or a command, for all was heard; nobody answers.
    pub(super) fn step_for_all(&mut self, ctx: &mut Ctx, node: Node, message: &Message) {
        let (site, now) = (ctx.facts.sites[node], ctx.now());
        if !self.meters[node].measures || self.meters[node].hung {
            return;
        }
        if let Some(servers) = &mut self.servers {
            servers.hear_for_all(node, site, now, &message.apdu);
        }
    }

    /// A meter that a request has made activate an image restarts after its answer.
    pub(super) fn may_have_activated(&mut self, ctx: &mut Ctx, node: Node, read: u32, message: &Message) {
        let Some((job, fate)) = self.servers.as_mut().and_then(|servers| servers.take_activated()) else { return };
        let at = ctx.now() + self.answer_delay(ctx, node, read, message) + ANSWERED;
        ctx.schedule(at, node, Event::Restart { node, job, fate });
        ctx.note(node, Happened::Activated { fate });
    }

    /// [`Event::Restart`]: the image is written, then the meter boots, if it does.
    pub(super) fn restart<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, job: u16, fate: Fate) {
        let now = ctx.now();
        let images = self.servers.as_ref().map_or(&[][..], |servers| &servers.cosem().images);
        let install = images.iter().find(|image| image.job == job).map(|image| image.install).unwrap_or_default();
        let site = ctx.facts.sites[node];
        let meter = &mut self.meters[node];
        if meter.bricked {
            return;
        }
        meter.bricked = fate == Fate::Bricks;
        self.fates.push((job, site, fate));
        // Without a supply it starts with the image when that is back.
        if meter.dark {
            return;
        }
        meter.boots += 1;
        meter.reset_at = now;
        (meter.attached, meter.hung, meter.out_of_step) = (false, false, false);
        let boots = meter.boots;
        self.resets.push((job, site, now));
        ctx.note(node, Happened::PowerDown { boots });
        medium.power(self, ctx, node, Supply::Off);
        if fate != Fate::Bricks {
            let at = now + install + ctx.facts.boot_time(node, boots, self.boot);
            ctx.schedule(at, node, Event::Booted { node, boots });
        }
    }
}
