//! The RF mesh: radios, link layers and the network layer between meters and their border router.
//!
//! | layer | is |
//! | --- | --- |
//! | [`radio`] | the air: losses, neighbour table, error model, who is locked on what |
//! | [`mac`] | queues, CSMA/CA, acknowledgement, hopping, sweeps |
//! | [`net`] | joining, parents, routes, fragments, floods |
//! | [`wire`] | all of it as bytes: encoders, lengths, captures |
//!
//! Beside them what they share: datagrams ([`packet`]), hop sequences ([`hopping`]), the [`Event`]s; and [`Probes`], a bench of
//! the link layer that takes the place of everything above it: a frame each period to a fixed neighbour, delays in a histogram.

mod event;
pub mod hopping;
mod left_out;
pub mod mac;
pub mod mpdu;
pub mod net;
pub mod packet;
mod probe;
pub mod radio;
pub mod wire;

pub use event::Event;
pub use left_out::LeftOut;
pub use probe::Probes;

use crate::books::Books;
use crate::context::{Ctx, Facts};
use crate::medium::PortUser;
use crate::node::Node;
use amitwin_sim_core::SimTime;
use mac::{Above, LinkLayer, sweep};
use net::{MeshMut, Net, Stack};

/// The layers of a mesh.
pub struct Mesh {
    /// Link layers and air.
    pub link: LinkLayer,
    /// Network layer.
    pub net: Net,
    /// The bench of the link layer, in the place of everything above it.
    pub probes: Option<Box<Probes>>,
}

impl Mesh {
    /// As a medium.
    pub fn port(&mut self) -> MeshMut<'_> {
        MeshMut { link: &mut self.link, net: &mut self.net }
    }

    /// Schedules what a node does by itself; whether it is part of the mesh from the start.
    pub fn start(&mut self, ctx: &mut Ctx, node: Node) -> bool {
        net::start(&mut self.net, ctx, node)
    }

    /// Carries out an event.
    #[inline]
    pub fn handle<P: PortUser>(&mut self, user: &mut P, ctx: &mut Ctx, event: Event) {
        let Mesh { link, net, probes } = self;
        if let Some(probes) = probes {
            return probe::handle(probes, link, ctx, event);
        }
        let stack = &mut Stack { net, user };
        match event {
            Event::Trickle { .. }
            | Event::Join { .. }
            | Event::Eapol { .. }
            | Event::Pan { .. }
            | Event::Keys { .. }
            | Event::Children { .. }
            | Event::Version { .. }
            | Event::Ask { .. }
            | Event::Lease { .. }
            | Event::Flood { .. }
            | Event::Snapshot
            | Event::Load => net::handle(stack, link, ctx, event),
            Event::BrownOut { node } => stack.browns_out(link, ctx, node),
            _ => link_event(link, stack, ctx, event),
        }
    }

    /// What is still held, as the run ends: each datagram once, whether its next hop has it or not.
    pub fn drain(&mut self, facts: &Facts, mut each: impl FnMut(crate::medium::message::Carried)) {
        for node in facts.nodes() {
            let mut last = (Node::NONE, 0);
            while let Some(packet) = self.link.take_any(node) {
                // Of a datagram in pieces the first that has not arrived stands for all.
                let told = packet.fragments > 0 && last == (packet.origin, packet.tag);
                if let Some(carried) = packet.carried().filter(|_| !packet.delivered && !told) {
                    last = (packet.origin, packet.tag);
                    each(carried);
                }
            }
            while let Some(packet) = self.net.take_from_host(node) {
                packet.carried().into_iter().for_each(&mut each);
            }
        }
    }

    /// Rows of the edges in use at this moment.
    pub fn snapshot(&self, facts: &Facts, books: &mut Books, now: SimTime) {
        self.net.snapshot(&self.link, facts, books, now);
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.link.bytes() + self.net.bytes()
    }
}

/// Carries out an event of the link layer.
#[inline]
fn link_event<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, event: Event) {
    match event {
        Event::Attempt { node, epoch } => mac::attempt(link, above, ctx, node, epoch),
        Event::Send { node, epoch } => mac::send(link, above, ctx, node, epoch),
        Event::Ended { frame } => mac::ended(link, above, ctx, frame),
        Event::Acknowledge { node, to, channel, epoch } => mac::acknowledge(link, ctx, node, to, channel, epoch),
        Event::Unacknowledged { node, epoch } => mac::unacknowledged(link, above, ctx, node, epoch),
        Event::Resume { node } => mac::resume(link, ctx, node),
        Event::Sweep { node, epoch, step } => sweep::step(link, above, ctx, node, epoch, step),
        Event::Foreign { from, channel, bytes } => mac::foreign(link, ctx, from, channel, bytes),
        Event::ForeignTrain { from, bytes, first, frames } => {
            mac::foreign_train(link, ctx, from, bytes, (first, frames))
        }
        Event::ForeignLoss { from, loss_cdb } => mac::foreign_loss(link, from, loss_cdb),
        Event::Obstacles => link.look_at_obstacles(ctx),
        _ => unreachable!("{event:?} belongs to the network layer"),
    }
}
