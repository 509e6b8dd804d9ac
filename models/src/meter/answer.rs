//! What a meter does when it is spoken to: commands, reads, and the answers, after a while.

use super::servers::Said;
use super::{Event, Meters};
use crate::context::Ctx;
use crate::medium::Medium;
use crate::medium::message::{Body, Message};
use crate::node::Node;
use crate::purpose::ANSWER as ANSWER_DELAY;
use crate::spec::ResetTier;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;

/// From a command to the reset at the earliest, so that frame and command are acknowledged first.
const ANSWER: SimTime = SimTime::from_secs(2);

impl Meters {
    /// A reset for all was heard: it is carried out at the time planned for this meter, at once if that has passed.
    pub(super) fn command_for_all(&mut self, ctx: &mut Ctx, node: Node, job: u16, message: &Message) {
        let site = ctx.facts.sites[node];
        let tier = self.plan.reset(job).tier;
        let Some(at) = self.plan.reset_time(job, site) else { return };
        let now = ctx.now();
        if self.servers.as_mut().is_some_and(|servers| servers.hear(node, site, now, &message.apdu, tier)) {
            ctx.schedule(at.max(now), node, Event::Reset { node, job });
        }
    }

    /// A command for this meter alone: answer, then as planned. The head-end repeats a command whose answer it misses: the job is what
    /// both know it by, and another job's reset or a restart with a new image is not this one.
    pub(super) fn command(&mut self, ctx: &mut Ctx, node: Node, job: u16, message: &Message) {
        let tier = self.plan.reset(job).tier;
        if !self.answer(ctx, node, Body::CommandAck { job }, u32::from(job), message, Some(tier)) {
            return;
        }
        let Some(at) = self.plan.reset_time(job, ctx.facts.sites[node]) else { return };
        let answered = ctx.now() + self.answer_delay(ctx, node, u32::from(job), message);
        if !self.obeyed.contains(&(node, job)) {
            ctx.schedule(at.max(answered + ANSWER), node, Event::Reset { node, job });
        }
    }

    /// The head-end reads this meter, or somebody outside does, whose answer is as long as the request says.
    pub(super) fn request(&mut self, ctx: &mut Ctx, node: Node, read: u32, message: &Message) {
        if self.meters[node].hung {
            return;
        }
        let body = Body::Answer { read };
        if message.apdu.outside {
            let said = (message.apdu.clone(), message.apdu.answer_bytes);
            return self.delay_answer(ctx, node, body, read, message, said);
        }
        self.answer(ctx, node, body, read, message, None);
        self.may_have_activated(ctx, node, read, message);
    }

    /// Makes what the meter answers; returns whether it runs a reset of `tier`. One whose application hangs says nothing, and resets all the same.
    fn answer(
        &mut self,
        ctx: &mut Ctx,
        node: Node,
        body: Body,
        number: u32,
        message: &Message,
        tier: Option<ResetTier>,
    ) -> bool {
        let (site, now) = (ctx.facts.sites[node], ctx.now());
        if self.boards_refuse(ctx, node, message) {
            let said = self.servers.as_ref().map(|servers| servers.not_served()).unwrap_or_default();
            self.delay_answer(ctx, node, body, number, message, said);
            return false;
        }
        let Some(servers) = &mut self.servers else { return false };
        let (said, obeyed, overflows) = servers.answer(node, site, now, &message.apdu, tier);
        ctx.books.counters.window_overflows += u64::from(overflows);
        if let Some(said) = said.filter(|_| !self.meters[node].hung) {
            self.delay_answer(ctx, node, body, number, message, said);
        }
        obeyed
    }

    /// Random time between a request and its answer; `number` is the request's.
    pub(super) fn answer_delay(&self, ctx: &Ctx, node: Node, number: u32, request: &Message) -> SimTime {
        let servers = self.servers.as_ref();
        let (low, high) = servers.map_or_else(Default::default, |servers| servers.cosem().answer_delay);
        let entity = u64::from(ctx.facts.sites[node]) | u64::from(number) << 32;
        let place = Stream::new(ctx.facts.seed, entity, ANSWER_DELAY ^ (request.apdu.counter << 8)).unit();
        low + SimTime::from_secs_f64((high - low).secs_f64() * place)
    }

    fn delay_answer(
        &mut self,
        ctx: &mut Ctx,
        node: Node,
        body: Body,
        number: u32,
        request: &Message,
        (apdu, bytes): Said,
    ) {
        let due = ctx.now() + self.answer_delay(ctx, node, number, request);
        let message = Message { apdu, bytes, ..Message::new(body, ctx.facts.gateway_of(node), due) };
        let boots = self.meters[node].boots;
        let answer = self.answers.add(message);
        ctx.schedule(due, node, Event::Answer { node, boots, answer });
    }

    /// [`Event::Answer`].
    pub(super) fn send_answer<M: Medium>(
        &mut self,
        medium: &mut M,
        ctx: &mut Ctx,
        node: Node,
        boots: u16,
        answer: u32,
    ) {
        let Some(message) = self.answers.take(answer) else { return };
        if self.meters[node].boots == boots {
            medium.send(self, ctx, node, message);
        }
    }
}
