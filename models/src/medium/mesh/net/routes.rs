//! What border routers know of routes, and the way down along them (RPL, non-storing mode).

use super::{Content, Net, Packet, Stack};
use super::{flood, host, lollipop};
use crate::books::Loss;
use crate::check::Bounds;
use crate::context::{Ctx, Facts};
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::packet::ROUTE_MAX;
use crate::medium::message::{Body, Message, Return};
use crate::node::{Node, PerNode};
use crate::spec::BorderStack;
use serde::{Deserialize, Serialize};

/// The parent that each radio announced last.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Announced {
    parent: Node,
    /// Path sequence of the announcement.
    sequence: u8,
}

/// Routes of all radios, as their border routers know them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Routes(PerNode<Announced>);

impl Routes {
    /// The routes of a tree.
    pub(super) fn announced(parents: &PerNode<Node>, sequence: u8) -> Self {
        Routes(parents.0.iter().map(|&parent| Announced { parent, sequence }).collect())
    }

    /// Radios.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether what was saved names radios that are here.
    pub(super) fn check(&self, bounds: &Bounds) -> Result<(), String> {
        match self.0.0.iter().position(|known| !bounds.is_own_or_none(known.parent)) {
            Some(node) => Err(format!("net: the route of node {node} leads astray")),
            None => Ok(()),
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// Writes the source route to `dest`, whose parent is `via`, into a packet; `false` if it is unknown or has a loop.
    fn write(&self, gateway: Node, dest: Node, via: Node, packet: &mut Packet) -> bool {
        let (mut at, mut len) = (via, 0);
        packet.route[len] = dest;
        len += 1;
        while at != gateway {
            if at == Node::NONE || len == ROUTE_MAX {
                return false;
            }
            packet.route[len] = at;
            len += 1;
            at = self.0[at].parent;
        }
        packet.route_len = (len - 1) as u8;
        packet.hop_to = packet.route[len - 1];
        true
    }
}

/// A border router that stores nothing has lost the routes of its PAN.
pub(super) fn forget(net: &mut Net, facts: &Facts, gateway: Node) {
    for node in facts.nodes().filter(|&node| net.nodes[node].pan.of == gateway) {
        net.routes.0[node].parent = Node::NONE;
    }
}

/// A meter asks for an address: the answer goes to the relay, which knows the node; the node itself has no route yet.
pub(super) fn solicited<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    gateway: Node,
    packet: &Packet,
) {
    send_by_relay(stack, link, ctx, gateway, Content::Reply, (packet.origin, packet.via));
}

/// A route announcement came.
pub(super) fn announced<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    gateway: Node,
    packet: &Packet,
    sequence: u8,
    back: Option<Return>,
) {
    let known = &mut stack.net.routes.0[packet.origin];
    // N `rpl_downward.c`: a counter that has just restarted is always believed.
    let is_believed = known.parent == Node::NONE
        || (stack.net.procedures.border == BorderStack::Nanostack && !lollipop::is_in_circle(sequence));
    if !is_believed && lollipop::is_older(sequence, known.sequence) {
        // Overtaken on the way by a later announcement.
        return;
    }
    *known = Announced { parent: packet.via, sequence };
    stack.user.routed(ctx, gateway, packet.origin);
    if let Some(back) = back {
        stack.user.returned(ctx, gateway, packet.origin, packet.hops + 1, back);
    }
    send_by_relay(stack, link, ctx, gateway, Content::DaoAck { sequence }, (packet.origin, packet.via));
}

/// A node says that another, which a source route names behind it, is no child of its own: wsbrd deletes that route.
pub(super) fn failed(net: &mut Net, of: Node, parent: Node) {
    let known = &mut net.routes.0[of];
    if net.procedures.border == BorderStack::Wsbrd && known.parent == parent {
        known.parent = Node::NONE;
    }
}

/// A message of a border router: for all, or for one meter by its route.
pub(super) fn send_down<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    gateway: Node,
    message: Message,
) {
    let to = message.to;
    host::send(stack, link, ctx, gateway, Packet::new(Content::Message(message), gateway, to, to));
}

/// A datagram of a border router to a radio by a relay.
pub(super) fn send_by_relay<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    gateway: Node,
    content: Content,
    (to, relay): (Node, Node),
) {
    host::send(stack, link, ctx, gateway, Packet { via: relay, ..Packet::new(content, gateway, to, to) });
}

/// A datagram enters the mesh: for all, or along the route that is known now.
pub(super) fn route<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    gateway: Node,
    mut packet: Packet,
) {
    if let Content::Message(message) = &packet.content
        && matches!(message.body, Body::Flood { .. } | Body::Spread { .. })
    {
        return flood::begin(stack.net, ctx, gateway, message.clone());
    }
    let relay = std::mem::replace(&mut packet.via, Node::NONE);
    let via = if relay.is_some() { relay } else { stack.net.routes.0[packet.dest].parent };
    if stack.net.routes.write(gateway, packet.dest, via, &mut packet) {
        stack.submit(link, ctx, gateway, packet);
    } else if packet.is_control() {
        ctx.books.lost_control(gateway, Loss::NoRoute);
    } else {
        ctx.books.lost(gateway, Loss::NoRoute);
    }
}
