//! A medium without air: every message arrives after a latency, or is lost with a probability.
//!
//! It answers what a head-end would see if the mesh were perfect. There are no hops, no frames and no load; who wakes
//! up registers at its gateway and is attached when the answer comes. Limitations: messages do not wait for each other,
//! however many there are, and all radios of a partition reach their gateway.

mod event;

pub use event::Event;

use super::message::{Body, Carried, Message, Return};
use super::{Medium, PortUser, Supply};
use crate::books::Loss;
use crate::check::{Bounds, ensure, same_count};
use crate::context::{Ctx, Facts};
use crate::node::{Node, PerNode};
use crate::purpose::IDEAL_LOSS;
use crate::slab::Slab;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use serde::{Deserialize, Serialize};

/// A registration without answer is repeated after this time.
const REGISTER_AGAIN: SimTime = SimTime::from_secs(5);

/// A node as the medium knows it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Way {
    /// Its radio has current.
    on: bool,
    /// Its gateway knows it.
    attached: bool,
    /// Counts restarts, so that a registration from before one is recognised.
    epoch: u16,
    /// Random numbers used for losses.
    draws: u32,
}

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flight {
    origin: Node,
    to: Node,
    message: Message,
}

/// The ways of all nodes of a partition.
#[derive(Debug)]
pub struct Ideal {
    latency: SimTime,
    loss: f64,
    ways: PerNode<Way>,
    flights: Slab<Flight>,
}

/// What changes in a run, as plain data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    ways: PerNode<Way>,
    flights: Slab<Flight>,
}

impl Ideal {
    /// All nodes attached; messages take `latency` and are lost with the probability `loss`.
    pub fn new(facts: &Facts, latency: SimTime, loss: f64) -> Self {
        let way = Way { on: true, attached: true, epoch: 0, draws: 0 };
        Ideal { latency, loss, ways: PerNode::of(way, usize::from(facts.own)), flights: Slab::default() }
    }

    /// Whether a node has a way to its gateway.
    pub fn is_attached(&self, node: Node) -> bool {
        self.ways[node].attached
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.ways.bytes() + self.flights.bytes()
    }

    /// What has not arrived as the run ends.
    pub fn drain(&mut self, mut each: impl FnMut(Carried)) {
        for flight in self.flights.drain() {
            each(Carried { origin: flight.origin, hops: 0, message: &flight.message });
        }
    }

    /// What changes in a run.
    pub fn save(&self) -> State {
        State { ways: self.ways.clone(), flights: self.flights.clone() }
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is not of this medium.
    pub fn restore(&mut self, state: State, bounds: &Bounds) -> Result<(), String> {
        same_count("ideal: nodes", state.ways.len(), self.ways.len())?;
        state.flights.check("ideal: messages")?;
        let known = |f: &Flight| bounds.is_own(f.origin) && bounds.is_own(f.to) && f.message.fits(bounds);
        ensure(state.flights.iter().all(known), || {
            "ideal: a message is of or for somebody who is not here".to_owned()
        })?;
        (self.ways, self.flights) = (state.ways, state.flights);
        Ok(())
    }

    /// Carries out an event.
    pub fn handle<P: PortUser>(&mut self, user: &mut P, ctx: &mut Ctx, event: Event) {
        match event {
            Event::Arrived { flight } => self.arrived(user, ctx, flight),
            Event::Register { node, epoch } => self.register(ctx, node, epoch),
            Event::Registered { node, epoch } => self.registered(user, ctx, node, epoch),
            Event::Attached { node, epoch } => self.attached(user, ctx, node, epoch),
        }
    }

    /// Whether a message of or to this node is lost.
    fn is_lost(&mut self, facts: &Facts, node: Node) -> bool {
        if self.loss == 0.0 {
            return false;
        }
        let way = &mut self.ways[node];
        let mut stream = Stream::resume(facts.stream_key(node, IDEAL_LOSS), u64::from(way.draws));
        way.draws += 1;
        stream.unit() < self.loss
    }

    fn fly(&mut self, ctx: &mut Ctx, origin: Node, to: Node, message: Message) {
        let flight = self.flights.add(Flight { origin, to, message });
        ctx.schedule(ctx.now() + self.latency, origin, Event::Arrived { flight });
    }

    fn arrived<P: PortUser>(&mut self, user: &mut P, ctx: &mut Ctx, flight: u32) {
        let Some(Flight { origin, to, message }) = self.flights.take(flight) else { return };
        let carried = Carried { origin, hops: 0, message: &message };
        // The loss is drawn at the meter's end, so that it does not depend on what others do.
        let meter = if ctx.facts.is_gateway(to) { origin } else { to };
        let why = match (self.is_lost(ctx.facts, meter), self.ways[to].on) {
            (true, _) => Some(Loss::Retries),
            (false, false) => Some(Loss::Reset),
            (false, true) => None,
        };
        match why {
            Some(why) => {
                ctx.books.lost(meter, why);
                user.lost(ctx, carried, why);
            }
            None => user.delivered(self, ctx, to, carried),
        }
    }

    fn is_current(&self, node: Node, epoch: u16) -> bool {
        let way = &self.ways[node];
        way.on && way.epoch == epoch
    }

    fn register(&mut self, ctx: &mut Ctx, node: Node, epoch: u16) {
        if !self.is_current(node, epoch) || self.ways[node].attached {
            return;
        }
        if !self.is_lost(ctx.facts, node) {
            ctx.schedule(ctx.now() + self.latency, node, Event::Registered { node, epoch });
        }
        ctx.schedule(ctx.now() + REGISTER_AGAIN, node, Event::Register { node, epoch });
    }

    /// At the gateway, which answers if it has current.
    fn registered<P: PortUser>(&mut self, user: &mut P, ctx: &mut Ctx, node: Node, epoch: u16) {
        let gateway = ctx.facts.gateway_of(node);
        if !self.ways[gateway].on || !self.is_current(node, epoch) {
            return;
        }
        if let Some(back) = user.returning(node) {
            self.tell_return(user, ctx, node, back);
        }
        if !self.is_lost(ctx.facts, node) {
            ctx.schedule(ctx.now() + self.latency, node, Event::Attached { node, epoch });
        }
    }

    fn tell_return<P: PortUser>(&self, user: &mut P, ctx: &mut Ctx, node: Node, back: Return) {
        user.returned(ctx, ctx.facts.gateway_of(node), node, 1, back);
    }

    fn attached<P: PortUser>(&mut self, user: &mut P, ctx: &mut Ctx, node: Node, epoch: u16) {
        if self.is_current(node, epoch) && !self.ways[node].attached {
            self.ways[node].attached = true;
            user.attached(self, ctx, node);
        }
    }
}

impl Medium for Ideal {
    fn send<P: PortUser>(&mut self, user: &mut P, ctx: &mut Ctx, node: Node, message: Message) {
        let from_gateway = ctx.facts.is_gateway(node);
        let distance = u8::from(!from_gateway && self.ways[node].attached);
        let message = Message { distance, ..message };
        if from_gateway && matches!(message.body, Body::Flood { .. } | Body::Spread { .. }) {
            for to in ctx.facts.members().filter(|&to| ctx.facts.gateway_of(to) == node) {
                self.fly(ctx, node, to, message.clone());
            }
            return;
        }
        let meter = if from_gateway { message.to } else { node };
        if self.ways[meter].attached {
            let to = message.to;
            self.fly(ctx, node, to, message);
        } else {
            ctx.books.lost(meter, Loss::NoRoute);
            user.lost(ctx, Carried { origin: node, hops: 0, message: &message }, Loss::NoRoute);
        }
    }

    fn power<P: PortUser>(&mut self, _user: &mut P, ctx: &mut Ctx, node: Node, supply: Supply) {
        let way = &mut self.ways[node];
        way.epoch = way.epoch.wrapping_add(1);
        way.on = supply != Supply::Off;
        // A gateway knows nobody and is known by itself.
        way.attached = ctx.facts.is_gateway(node) && way.on;
    }

    fn sent_us(&self, _node: Node) -> u32 {
        0
    }

    fn wake<P: PortUser>(&mut self, _user: &mut P, ctx: &mut Ctx, node: Node) {
        if !ctx.facts.is_gateway(node) {
            let epoch = self.ways[node].epoch;
            self.register(ctx, node, epoch);
        }
    }
}
