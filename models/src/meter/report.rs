//! What a meter says by itself: regular reports, and that it is back.

use super::servers::Said;
use super::{Event, Meters};
use crate::books::{Loss, OwnReport, Says};
use crate::context::{Ctx, Facts};
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
        if let Some(at) = self.first_push(ctx.facts, node) {
            ctx.schedule(at, node, Event::Push { node });
        }
    }

    /// [`Event::Push`]: a regular report.
    pub(super) fn push<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node) {
        let Some(push) = &self.push else { return };
        let (period, content, together) = (push.period, push.content, push.aggregate);
        ctx.schedule(ctx.now() + period, node, Event::Push { node });
        let meter = &mut self.meters[node];
        meter.pushes += 1;
        // On its capacitor a meter keeps what it has for what matters.
        let (number, attached, hung) = (meter.pushes, meter.attached && !meter.dark, meter.hung);
        if !number.is_multiple_of(u32::from(together)) {
            return;
        }
        let (apdu, bytes) = match content {
            PushContent::Readings => self.notification(ctx, node, READINGS, number),
            PushContent::Opaque(bytes) => (Default::default(), bytes),
        };
        if !attached || hung {
            if !hung {
                ctx.books.lost(node, Loss::NoRoute);
            }
            let (says, planned) = (Says::Push { number }, ctx.now());
            let report =
                OwnReport { origin: node, says, planned, sent: None, attempts: 0, distance: 0, hops_made: 0, bytes };
            for n in (0..u32::from(together)).rev() {
                ctx.books.report_lost(ctx.facts, &report.before(n, period), Loss::NoRoute);
            }
            return;
        }
        let (body, bytes) = match together {
            1 => (Body::Push { number }, bytes),
            count => (Body::Bundle { number, count, period }, bytes.saturating_mul(count)),
        };
        let message = Message::new(body, ctx.facts.gateway_of(node), ctx.now());
        medium.send(self, ctx, node, Message { apdu, bytes, ..message });
    }

    /// Regular reports that meters have made and kept for a payload that the run has not seen.
    pub fn kept_reports(&self, facts: &Facts, now: SimTime) -> Vec<OwnReport> {
        let Some(push) = self.push.as_ref().filter(|push| push.aggregate > 1) else { return Vec::new() };
        let bytes = if let PushContent::Opaque(bytes) = push.content { bytes } else { 0 };
        let mut kept = Vec::new();
        for (node, meter) in (0u16..).map(Node).zip(&self.meters.0) {
            let Some(first) = self.first_push(facts, node) else { continue };
            let planned = first + SimTime::from_nanos(push.period.nanos() * u64::from(meter.pushes.saturating_sub(1)));
            let says = Says::Push { number: meter.pushes };
            let last =
                OwnReport { origin: node, says, planned, sent: None, attempts: 0, distance: 0, hops_made: 0, bytes };
            let count = meter.pushes % u32::from(push.aggregate);
            kept.extend((0..count).rev().map(|n| last.before(n, push.period)).filter(|of| of.planned <= now));
        }
        kept
    }

    /// When a meter's first report is due: at its place in the period.
    fn first_push(&self, facts: &Facts, node: Node) -> Option<SimTime> {
        let push = self.push.as_ref().filter(|_| self.meters[node].measures)?;
        let phase = Stream::new(facts.seed, u64::from(facts.sites[node]), PUSH_PHASE).unit();
        Some(SimTime::from_secs_f64(push.period.secs_f64() * phase))
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
        if meter.boots != boots || !meter.attached || meter.hung {
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
        let servers = self.servers.as_mut().filter(|_| !self.meters[node].hung);
        if servers.is_some_and(|servers| servers.confirmed(node, site, &message.apdu)) {
            self.meters[node].back_due = 0;
        }
    }
}
