#![doc = include_str!("README.md")]

mod event;

pub use event::Event;

use crate::backhaul::{Destination, Down, DownKind, GlobalId, HEAD_END, Report, ReportKind};
use crate::books::{Loss, MINUTE, PushReport};
use crate::context::Ctx;
use crate::medium::message::{Body, Carried, Message, Return};
use crate::medium::{Medium, PortUser};
use crate::node::Node;
use crate::spec::BackSign;
use amitwin_data::rows::Outcome;
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
        let body = match (down.kind, down.to) {
            (DownKind::Command { job }, Destination::All) => Body::Flood { job },
            (DownKind::Command { job }, Destination::Unicast(_)) => Body::Command { job },
            (DownKind::Request { read }, _) => Body::Request { read },
            (DownKind::Confirm { .. }, _) => Body::Confirm,
        };
        let message =
            |to| Message { bytes: down.bytes, apdu: down.apdu.clone(), ..Message::new(body, to, ctx.engine.now()) };
        match down.to {
            Destination::All => {
                let message = message(Node::EVERYONE);
                for gateway in ctx.facts.routers() {
                    medium.send(self, ctx, gateway, message.clone());
                }
            }
            Destination::Unicast(meter) => {
                let Some(node) = ctx.facts.member(meter.0) else { return };
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
        let kind = match message.body {
            Body::Heartbeat { job } => ReportKind::Back { job, by: BackSign::Heartbeat },
            Body::Push { number } => ReportKind::Push { number },
            Body::CommandAck { job } => ReportKind::CommandAck { job },
            Body::Answer { read } if message.apdu.outside => {
                self.answered_outside.push((read, ctx.now() + self.latency));
                return;
            }
            Body::Answer { read } => ReportKind::Answer { read },
            Body::Confirm | Body::Command { .. } | Body::Request { .. } | Body::Flood { .. } => return,
        };
        let report = Report {
            meter: GlobalId(ctx.facts.globals[origin]),
            kind,
            planned: message.planned,
            hops: hops + 1,
            attempts: message.attempts,
            bytes: message.bytes,
            apdu: message.apdu.clone(),
        };
        self.report(ctx, gateway, report);
        if let Some(push) = PushReport::of(Carried { hops: hops + 1, ..carried }) {
            let answered = ctx.now() + self.latency;
            ctx.books.report(ctx.facts, &push, Outcome::Ok, Some(answered));
        }
    }

    fn lost(&mut self, ctx: &mut Ctx, carried: Carried, _why: Loss) {
        ctx.books.message_lost(ctx.facts, carried);
    }

    fn returning(&self, _node: Node) -> Option<Return> {
        None
    }

    fn returned(&mut self, ctx: &mut Ctx, gateway: Node, node: Node, hops: u8, back: Return) {
        let report = Report {
            meter: GlobalId(ctx.facts.globals[node]),
            kind: ReportKind::Back { job: back.job, by: BackSign::Route },
            planned: back.reset_at,
            hops,
            attempts: 1,
            bytes: 0,
            apdu: Default::default(),
        };
        self.report(ctx, gateway, report);
    }
}
