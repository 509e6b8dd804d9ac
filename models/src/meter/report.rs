//! What a meter says by itself: regular reports, and that it is back.

use super::servers::Said;
use super::{Event, Meters};
use crate::books::{Loss, OwnReport, Says};
use crate::context::Ctx;
use crate::medium::Medium;
use crate::medium::message::{Body, Message};
use crate::node::Node;
use crate::purpose::PUSH_PHASE;
use crate::spec::PushContent;
use amitwin_dlms::push::{ALARM, READINGS};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use dlms_cosem_rs::obis::Obis;

/// A heartbeat that the head-end has not confirmed is repeated after this time.
const HEARTBEAT_AGAIN: SimTime = SimTime::from_secs(300);
/// Heartbeats after a reset at the most.
const HEARTBEATS: u8 = 10;

impl Meters {
    /// Schedules the first report, at the meter's place in the period.
    pub(super) fn start_reports(&mut self, ctx: &mut Ctx, node: Node) {
        let Some(push) = &self.push else { return };
        if self.meters[node].measures {
            let global = u64::from(ctx.facts.sites[node]);
            let phase = Stream::new(ctx.facts.seed, global, PUSH_PHASE).unit();
            let at = SimTime::from_secs_f64(push.period.secs_f64() * phase);
            ctx.schedule(at, node, Event::Push { node });
        }
    }

    /// [`Event::Push`]: a regular report.
    pub(super) fn push<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node) {
        let Some(push) = &self.push else { return };
        let (period, content) = (push.period, push.content);
        ctx.schedule(ctx.now() + period, node, Event::Push { node });
        let meter = &mut self.meters[node];
        meter.pushes += 1;
        // On its capacitor a meter keeps what it has for what matters.
        let (number, attached) = (meter.pushes, meter.attached && !meter.dark);
        let (apdu, bytes) = match content {
            PushContent::Readings => self.notification(ctx, node, READINGS, number),
            PushContent::Opaque(bytes) => (Default::default(), bytes),
        };
        if !attached {
            ctx.books.lost(node, Loss::NoRoute);
            let (says, planned) = (Says::Push { number }, ctx.now());
            let report =
                OwnReport { origin: node, says, planned, sent: None, attempts: 0, distance: 0, hops_made: 0, bytes };
            return ctx.books.report_lost(ctx.facts, &report, Loss::NoRoute);
        }
        let message = Message::new(Body::Push { number }, ctx.facts.gateway_of(node), ctx.now());
        medium.send(self, ctx, node, Message { apdu, bytes, ..message });
    }

    /// What a push setup of the meter sends now.
    pub(super) fn notification(&mut self, ctx: &Ctx, node: Node, setup: Obis, number: u32) -> Said {
        let (site, now) = (ctx.facts.sites[node], ctx.now());
        let servers = self.servers.as_mut();
        servers.map(|servers| servers.notification(node, site, now, setup, number)).unwrap_or_default()
    }

    /// The node is attached again.
    pub(super) fn back<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node) {
        if self.back_by_route(node).is_some() {
            // The answer to its route says that the head-end knows.
            self.meters[node].back_due = 0;
        } else if self.meters[node].back_due > 0 {
            let boots = self.meters[node].boots;
            self.heartbeat(medium, ctx, node, boots);
        }
    }

    /// Tells the head-end that the meter is back, until it confirms.
    pub(super) fn heartbeat<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, boots: u16) {
        let meter = &self.meters[node];
        let Some(job) = meter.back_due.checked_sub(1) else { return };
        if meter.boots != boots || !meter.attached {
            return;
        }
        let (apdu, bytes) = self.notification(ctx, node, ALARM, u32::from(boots));
        let meter = &mut self.meters[node];
        meter.heartbeats += 1;
        if meter.heartbeats < HEARTBEATS {
            ctx.schedule(ctx.now() + HEARTBEAT_AGAIN, node, Event::Heartbeat { node, boots });
        }
        let message = Message {
            attempts: meter.heartbeats,
            apdu,
            bytes,
            ..Message::new(Body::Heartbeat { job }, ctx.facts.gateway_of(node), meter.reset_at)
        };
        medium.send(self, ctx, node, message);
    }

    /// The head-end has confirmed a heartbeat.
    pub(super) fn confirmed(&mut self, ctx: &Ctx, node: Node, message: &Message) {
        let site = ctx.facts.sites[node];
        let servers = self.servers.as_mut();
        if servers.is_some_and(|servers| servers.confirmed(node, site, &message.apdu)) {
            self.meters[node].back_due = 0;
        }
    }
}
