//! Keep-alives, and how health reports and keep-alives are sent.

use super::{Event, Meters};
use crate::apdu::{Apdu, Word};
use crate::backhaul::Notice;
use crate::books::{Loss, OwnReport, Says};
use crate::context::Ctx;
use crate::medium::Medium;
use crate::medium::message::{Body, Message};
use crate::node::Node;
use crate::purpose::KEEP_ALIVE;
use amitwin_dlms::push::ALARM;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use std::sync::Arc;

impl Meters {
    /// Schedules the keep-alive of a period, counted from 0.
    pub(super) fn start_keep_alives(&mut self, ctx: &mut Ctx, node: Node, period: u32) {
        let Some(spec) = &self.keep_alive else { return };
        if self.meters[node].measures {
            let place = Stream::resume(ctx.facts.stream_key(node, KEEP_ALIVE), u64::from(period)).unit();
            let begins = SimTime::from_nanos(spec.every.nanos().saturating_mul(u64::from(period)));
            let at = begins + SimTime::from_secs_f64(spec.spread.secs_f64() * place);
            ctx.schedule(at, node, Event::KeepAlive { node, period });
        }
    }

    /// [`Event::KeepAlive`].
    pub(super) fn keeps_alive<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, period: u32) {
        self.start_keep_alives(ctx, node, period + 1);
        let meter = &self.meters[node];
        if meter.dark || meter.bricked || meter.hung {
            return;
        }
        self.notify(medium, ctx, node, (Notice::KeepAlive, period), None);
    }

    /// Sends a health report or keep-alive that is due now; without a way to the gateway it is lost.
    pub(super) fn notify<M: Medium>(
        &mut self,
        medium: &mut M,
        ctx: &mut Ctx,
        node: Node,
        (notice, number): (Notice, u32),
        word: Option<Arc<Word>>,
    ) {
        let planned = ctx.now();
        if !self.meters[node].attached {
            ctx.books.lost(node, Loss::NoRoute);
            let says = Says::Notice { notice, number };
            let report =
                OwnReport { origin: node, says, planned, sent: None, attempts: 0, distance: 0, hops_made: 0, bytes: 0 };
            return ctx.books.report_lost(ctx.facts, &report, Loss::NoRoute);
        }
        let (apdu, bytes) = self.notification(ctx, node, ALARM, number);
        let message = Message::new(Body::Notice { notice, number }, ctx.facts.gateway_of(node), planned);
        medium.send(self, ctx, node, Message { apdu: Apdu { word, ..apdu }, bytes, ..message });
    }
}
