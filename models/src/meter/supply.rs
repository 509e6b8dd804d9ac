//! Supplies that sag: brown-outs by bursts of the transmitter, and last gasps that a flash write brings about.

use super::{Event, Meters};
use crate::apdu::{ImageStep, Word};
use crate::books::Happened;
use crate::context::{Ctx, Facts};
use crate::medium::message::Message;
use crate::medium::{Medium, Supply};
use crate::node::{Node, SiteId};
use crate::purpose::SUPPLY;
use crate::spec::SupplySpec;
use amitwin_sim_core::rng::Stream;

/// Whether the supply of a meter or repeater is a weak one.
pub fn is_weak(spec: &SupplySpec, seed: u64, site: SiteId) -> bool {
    spec.weak_share > 0.0 && Stream::new(seed, u64::from(site), SUPPLY).unit() < spec.weak_share
}

impl Meters {
    /// A burst of its transmitter has sagged the supply of a node: it restarts, and what it was about to do is gone.
    pub(super) fn browns_out<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node) {
        let meter = &mut self.meters[node];
        if meter.dark || meter.bricked {
            return;
        }
        meter.boots += 1;
        (meter.attached, meter.hung) = (false, false);
        let boots = meter.boots;
        ctx.note(node, Happened::BrownOut);
        ctx.note(node, Happened::PowerDown { boots });
        medium.power(self, ctx, node, Supply::Off);
        let at = ctx.now() + ctx.facts.boot_time(node, boots, self.boot);
        ctx.schedule(at, node, Event::Booted { node, boots });
    }

    /// A meter that is told to verify an image writes it to flash, which a weak supply may take for an outage.
    pub(super) fn may_sag<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, message: &Message) {
        let Some(Word::AskImage { step: ImageStep::Verify, .. }) = message.apdu.word.as_deref() else { return };
        let Some(takes) = self.supply.as_ref().filter(|spec| sags(spec, ctx.facts, node)).map(|spec| spec.flash_write)
        else {
            return;
        };
        if self.meters[node].dark || self.runs_on_capacitor(node) {
            return;
        }
        if let Some(outage) = self.takes_for_outage(medium, ctx, node) {
            ctx.schedule(ctx.now() + takes, node, Event::SagOver { node, outage });
        }
    }
}

fn sags(spec: &SupplySpec, facts: &Facts, node: Node) -> bool {
    spec.sags_at_flash(is_weak(spec, facts.seed, facts.sites[node]))
}
