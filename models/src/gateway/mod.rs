#![doc = include_str!("README.md")]

mod event;
mod state;

pub use event::Event;
pub use state::State;

use crate::backhaul::{Destination, Down, DownKind, HEAD_END, Report, ReportKind};
use crate::books::{Happened, Loss, MINUTE, OwnReport};
use crate::context::{Ctx, Facts};
use crate::fleet::Backhaul;
use crate::medium::message::{Body, Carried, Message, Return};
use crate::medium::{Medium, PortUser, Supply};
use crate::node::{Node, PerNode};
use crate::purpose::BACKHAUL_LOSS;
use crate::slab::Slab;
use crate::spec::{BackSign, BackhaulSpec};
use amitwin_data::rows::Outcome;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use serde::{Deserialize, Serialize};

/// A border router or concentrator.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Gateway {
    /// What events have done to its backhaul.
    backhaul: Backhaul,
    /// Restarts.
    boots: u16,
    /// It has no supply.
    dark: bool,
    /// Its software does not run.
    stopped: bool,
    /// Random numbers used for losses of the backhaul.
    draws: u32,
}

/// The border routers or concentrators of a partition, above the port.
#[derive(Debug)]
pub struct Gateways {
    gateways: PerNode<Gateway>,
    /// By radio: the border router that knows a way to it, or did last; nobody for one that has never been part of a mesh.
    serves: PerNode<Node>,
    /// What came over a slow backhaul and is not there yet.
    delayed: Slab<Down>,
    /// Answers for somebody outside the simulation: number of the request, and when they are there.
    answered_outside: Vec<(u32, SimTime)>,
    /// What all backhauls are like.
    backhaul: BackhaulSpec,
    /// Time from supply to running software: smallest and largest.
    boot: (SimTime, SimTime),
}

impl Gateways {
    /// All running; `serves` says which of them serves each radio.
    pub fn new(facts: &Facts, serves: PerNode<Node>, backhaul: &BackhaulSpec, boot: (SimTime, SimTime)) -> Self {
        let gateways = PerNode::of(Gateway::default(), usize::from(facts.gateways));
        let backhaul = backhaul.clone();
        Gateways { gateways, serves, delayed: Slab::default(), answered_outside: Vec::new(), backhaul, boot }
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
            Event::Minute => {
                let now = ctx.now();
                ctx.books.close_minute(ctx.facts, now);
                ctx.books.close_hour(now);
                ctx.schedule(now + MINUTE, Node(0), Event::Minute);
            }
            Event::Booted { gateway, boots } => self.booted(medium, ctx, gateway, boots),
            Event::Delayed { down } => {
                if let Some(down) = self.delayed.take(down) {
                    self.pass_on(medium, ctx, down);
                }
            }
        }
    }

    /// An APDU came from the head-end, over the backhaul as it is now.
    pub fn down<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, down: Down) {
        let delay = match down.to {
            Destination::Unicast(meter) => match ctx.facts.member(meter) {
                Some(node) => self.gateways[self.serving(ctx.facts, node)].backhaul.delay,
                None => return,
            },
            // The border routers of a partition share a slow backhaul only if all of them have it.
            Destination::All => self.gateways.0.iter().map(|g| g.backhaul.delay).min().unwrap_or_default(),
        };
        if delay == SimTime::ZERO {
            return self.pass_on(medium, ctx, down);
        }
        let down = self.delayed.add(down);
        ctx.schedule(ctx.now() + delay, Node(0), Event::Delayed { down });
    }

    /// It goes to one meter, or from each border router to all.
    fn pass_on<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, down: Down) {
        let body = match (down.kind, down.to) {
            (DownKind::Command { job }, Destination::All) => Body::Flood { job },
            (DownKind::Command { job }, Destination::Unicast(_)) => Body::Command { job },
            (DownKind::Spread { slot }, _) => Body::Spread { slot },
            (DownKind::Request { read }, _) => Body::Request { read },
            (DownKind::Confirm { .. }, _) => Body::Confirm,
        };
        let now = ctx.now();
        let message = |to| Message { bytes: down.bytes, apdu: down.apdu.clone(), ..Message::new(body, to, now) };
        match down.to {
            Destination::All => {
                for gateway in ctx.facts.routers() {
                    self.send(medium, ctx, gateway, message(Node::EVERYONE));
                }
            }
            Destination::Unicast(meter) => {
                let Some(node) = ctx.facts.member(meter) else { return };
                let gateway = self.serving(ctx.facts, node);
                self.send(medium, ctx, gateway, message(node));
            }
        }
    }

    /// The border router that messages for a radio go to.
    fn serving(&self, facts: &Facts, node: Node) -> Node {
        let known = self.serves[node];
        if known.is_some() { known } else { facts.gateway_of(node) }
    }

    fn send<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, gateway: Node, message: Message) {
        let lost = self.is_lost(ctx.facts, gateway);
        let of = &self.gateways[gateway];
        if of.backhaul.down || of.stopped || lost {
            ctx.books.lost(gateway, Loss::Backhaul);
        } else {
            medium.send(self, ctx, gateway, message);
        }
    }

    /// When a report that leaves now reaches the head-end; `None` if it does not.
    fn arrival(&mut self, ctx: &Ctx, gateway: Node) -> Option<SimTime> {
        let lost = self.is_lost(ctx.facts, gateway);
        let Gateway { backhaul, stopped, .. } = self.gateways[gateway];
        (!backhaul.down && !stopped && !lost).then(|| ctx.now() + self.backhaul.latency + backhaul.delay)
    }

    /// Whether the backhaul loses the next message.
    fn is_lost(&mut self, facts: &Facts, gateway: Node) -> bool {
        if self.backhaul.loss == 0.0 {
            return false;
        }
        let of = &mut self.gateways[gateway];
        let mut stream = Stream::resume(facts.stream_key(gateway, BACKHAUL_LOSS), u64::from(of.draws));
        of.draws += 1;
        stream.unit() < self.backhaul.loss
    }

    /// The backhaul of a border router goes down, comes up again, or changes its delay.
    pub fn set_backhaul(&mut self, ctx: &mut Ctx, gateway: Node, backhaul: Backhaul) {
        if std::mem::replace(&mut self.gateways[gateway].backhaul, backhaul) != backhaul {
            let delay = (!backhaul.down).then_some(backhaul.delay);
            ctx.note(gateway, Happened::Backhaul { delay });
        }
    }

    /// The supply of a border router fails, or comes back: then it boots, with the routes that it knew.
    pub fn supply<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, gateway: Node, on: bool) {
        let of = &mut self.gateways[gateway];
        if of.dark != on {
            return;
        }
        (of.dark, of.stopped) = (!on, true);
        of.boots += 1;
        let boots = of.boots;
        if on {
            let at = ctx.now() + ctx.facts.boot_time(gateway, boots, self.boot);
            ctx.note(gateway, Happened::PowerUp { boots });
            ctx.schedule(at, gateway, Event::Booted { gateway, boots });
        } else {
            ctx.note(gateway, Happened::PowerDown { boots });
            medium.power(self, ctx, gateway, Supply::Off);
        }
    }

    fn booted<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, gateway: Node, boots: u16) {
        let of = &mut self.gateways[gateway];
        if of.boots != boots {
            return;
        }
        of.stopped = false;
        ctx.note(gateway, Happened::Boot { boots });
        medium.power(self, ctx, gateway, Supply::On { boots });
        medium.wake(self, ctx, gateway);
    }

    /// What a border router says by itself of a meter.
    fn own(&self, ctx: &Ctx, (gateway, node): (Node, Node), kind: ReportKind, planned: SimTime) -> Report {
        let (meter, router) = (ctx.facts.sites[node], ctx.facts.sites[gateway]);
        Report { meter, router, kind, planned, hops: 0, attempts: 1, bytes: 0, apdu: Default::default() }
    }

    fn report(&self, ctx: &mut Ctx, gateway: Node, at: SimTime, report: Report) {
        ctx.send(HEAD_END, at, gateway, crate::event::Event::Report(Box::new(report)));
    }
}

impl PortUser for Gateways {
    fn attached<M: Medium>(&mut self, _medium: &mut M, _ctx: &mut Ctx, _node: Node) {}

    fn browns_out<M: Medium>(&mut self, _medium: &mut M, _ctx: &mut Ctx, _node: Node) {}

    fn detached(&mut self, _ctx: &mut Ctx, _node: Node) {}

    /// A message of a meter: on to the head-end.
    fn delivered<M: Medium>(&mut self, _medium: &mut M, ctx: &mut Ctx, gateway: Node, carried: Carried) {
        let Carried { origin, hops, message } = carried;
        let carried = Carried { hops: hops + 1, ..carried };
        let kind = match message.body {
            Body::Heartbeat { job } => ReportKind::Back { job, by: BackSign::Heartbeat },
            Body::Push { number } => ReportKind::Push { number },
            Body::Bundle { count, period, .. } => ReportKind::Bundle { count, period },
            Body::Notice { notice, number } => ReportKind::Notice { notice, number },
            Body::Alarm { alarm, .. } => ReportKind::Alarm { alarm },
            Body::CommandAck { job } => ReportKind::CommandAck { job },
            Body::Answer { read } => ReportKind::Answer { read },
            Body::Confirm | Body::Command { .. } | Body::Request { .. } | Body::Flood { .. } | Body::Spread { .. } => {
                return;
            }
        };
        let Some(at) = self.arrival(ctx, gateway) else {
            ctx.books.lost(gateway, Loss::Backhaul);
            return ctx.books.message_lost(ctx.facts, carried, Loss::Backhaul);
        };
        if let (ReportKind::Answer { read }, true) = (kind, message.apdu.outside) {
            self.answered_outside.push((read, at));
            return;
        }
        let report = Report {
            meter: ctx.facts.sites[origin],
            router: ctx.facts.sites[gateway],
            kind,
            planned: message.planned,
            hops: hops + 1,
            attempts: message.attempts,
            bytes: message.bytes,
            apdu: message.apdu.clone(),
        };
        self.report(ctx, gateway, at, report);
        for own in OwnReport::of(carried) {
            ctx.books.report(ctx.facts, &own, Outcome::Ok, Some(at));
        }
    }

    fn lost(&mut self, ctx: &mut Ctx, carried: Carried, why: Loss) {
        ctx.books.message_lost(ctx.facts, carried, why);
    }

    fn returning(&self, _node: Node) -> Option<Return> {
        None
    }

    fn routed(&mut self, ctx: &mut Ctx, gateway: Node, node: Node) {
        let before = std::mem::replace(&mut self.serves[node], gateway);
        if before != gateway {
            ctx.books.serves(gateway, node);
            if before.is_some() {
                ctx.note(node, Happened::PanChange { router: ctx.facts.sites[gateway] });
                if let Some(at) = self.arrival(ctx, gateway) {
                    let report = self.own(ctx, (gateway, node), ReportKind::Moved, ctx.now());
                    self.report(ctx, gateway, at, report);
                }
            }
        }
    }

    fn returned(&mut self, ctx: &mut Ctx, gateway: Node, node: Node, hops: u8, back: Return) {
        let Some(at) = self.arrival(ctx, gateway) else { return ctx.books.lost(gateway, Loss::Backhaul) };
        let report = Report {
            hops,
            ..self.own(ctx, (gateway, node), ReportKind::Back { job: back.job, by: BackSign::Route }, back.reset_at)
        };
        self.report(ctx, gateway, at, report);
    }
}
