#![doc = include_str!("README.md")]

mod event;

pub use event::Event;

use crate::backhaul::{Down, HEAD_END, Order, Report, Said};
use crate::books::{Loss, MINUTE};
use crate::context::Ctx;
use crate::medium::message::{Body, Carried, Message, Return};
use crate::medium::{Medium, PortUser};
use crate::meter;
use crate::node::Node;
use amitwin_sim_core::SimTime;

/// The border routers or concentrators of a partition, above the port.
#[derive(Debug)]
pub struct Gateways {
    /// One-way latency of the backhaul.
    latency: SimTime,
    /// Answers for somebody outside the simulation: number of the request, and when they are there.
    answered_outside: Vec<(u32, SimTime)>,
}

impl Gateways {
    /// With a backhaul of this latency.
    pub fn new(latency: SimTime) -> Self {
        Gateways { latency, answered_outside: Vec::new() }
    }

    /// Schedules what happens by itself.
    pub fn start(&self, ctx: &mut Ctx) {
        ctx.schedule(MINUTE, Node(0), Event::Minute);
    }

    /// Answers for somebody outside the simulation since they were last taken: number of the request, and when each
    /// reaches the head-end.
    pub fn take_answered_outside(&mut self) -> Vec<(u32, SimTime)> {
        std::mem::take(&mut self.answered_outside)
    }

    /// Carries out an event.
    pub fn handle<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, event: Event) {
        match event {
            Event::Down(down) => self.down(medium, ctx, *down),
            Event::Minute => {
                let now = ctx.now();
                ctx.books.close_minute(ctx.facts, now);
                ctx.schedule(now + MINUTE, Node(0), Event::Minute);
            }
        }
    }

    /// An APDU came from the head-end: it goes to one meter, or from each border router to all.
    fn down<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, down: Down) {
        let (body, to) = match down.order {
            Order::Flood { job } => (Body::Flood { job }, None),
            Order::Command { node, job } => (Body::Command { job }, Some(node)),
            Order::Request { node, read } => (Body::Request { read }, Some(node)),
            Order::Confirm { node } => (Body::Confirm, Some(node)),
        };
        let message =
            |to| Message { bytes: down.bytes, apdu: down.apdu.clone(), ..Message::new(body, to, ctx.engine.now()) };
        match to {
            None => {
                let message = message(Node::EVERYONE);
                for gateway in ctx.facts.routers() {
                    medium.send(self, ctx, gateway, message.clone());
                }
            }
            Some(global) => {
                let Some(node) = ctx.facts.member(global) else { return };
                let message = message(node);
                medium.send(self, ctx, ctx.facts.gateway_of(node), message);
            }
        }
    }

    fn report(&self, ctx: &mut Ctx, gateway: Node, report: Report) {
        let at = ctx.now() + self.latency;
        ctx.send(HEAD_END, at, gateway, crate::event::Event::Report(Box::new(report)));
    }
}

impl PortUser for Gateways {
    fn attached<M: Medium>(&mut self, _medium: &mut M, _ctx: &mut Ctx, _node: Node) {}

    fn detached(&mut self, _ctx: &mut Ctx, _node: Node) {}

    /// A message of a meter: on to the head-end.
    fn delivered<M: Medium>(&mut self, _medium: &mut M, ctx: &mut Ctx, gateway: Node, carried: Carried) {
        let Carried { origin, hops, message } = carried;
        let said = match message.body {
            Body::Heartbeat { job } => Said::Heartbeat { job },
            Body::Push { number } => Said::Push { number },
            Body::CommandAck { job } => Said::CommandAck { job },
            Body::Answer { read } if message.apdu.outside => {
                self.answered_outside.push((read, ctx.now() + self.latency));
                return;
            }
            Body::Answer { read } => Said::Answer { read },
            Body::Confirm | Body::Command { .. } | Body::Request { .. } | Body::Flood { .. } => return,
        };
        let report = Report {
            node: ctx.facts.globals[origin],
            said,
            planned: message.planned,
            hops: hops + 1,
            attempts: message.attempts,
            bytes: message.bytes,
            apdu: message.apdu.clone(),
        };
        self.report(ctx, gateway, report);
        if let Some(push) = meter::push_report(Carried { hops: hops + 1, ..carried }) {
            let answered = ctx.now() + self.latency;
            ctx.books.report(ctx.facts, &push, "ok", Some(answered));
        }
    }

    fn lost(&mut self, ctx: &mut Ctx, carried: Carried, _why: Loss) {
        meter::lost(ctx, carried);
    }

    fn returning(&self, _node: Node) -> Option<Return> {
        None
    }

    fn returned(&mut self, ctx: &mut Ctx, gateway: Node, node: Node, hops: u8, back: Return) {
        let report = Report {
            node: ctx.facts.globals[node],
            said: Said::Route { job: back.job },
            planned: back.reset_at,
            hops,
            attempts: 1,
            bytes: 0,
            apdu: Default::default(),
        };
        self.report(ctx, gateway, report);
    }
}
