//! What waits in the host of a router: wsrd reads its own datagrams only while its radio has room for more than one.
//!
//! W `wsrd.c`, `wsrd_poll`: what the host says by itself goes through its network device, RPL and DHCPv6 and what it relays in UDP as well. Neighbour discovery, datagrams that are
//! passed on, floods and what goes bare to a node that joins do not wait, and are dropped where the radio is full.

use super::{Content, Net, Packet, Stack, host};
use crate::books::Loss;
use crate::context::{Ctx, Facts};
use crate::medium::PortUser;
use crate::medium::mesh::mac::{LinkLayer, enqueue};
use crate::node::Node;

/// Whether a datagram of a router comes from its host.
fn is_of_host(node: Node, packet: &Packet) -> bool {
    let is_relayed = packet.via == node && packet.origin != node;
    match packet.content {
        Content::Ns { .. } | Content::Na { .. } | Content::Nud | Content::Probe { .. } => false,
        Content::Eapol { .. } => is_relayed && !packet.is_bare_eapol(),
        Content::Solicit => is_relayed || packet.origin == node,
        // The relay of a node that joins.
        Content::Reply => packet.route_len == 0,
        Content::Message(_) => packet.origin == node && packet.hop_to != Node::EVERYONE,
        _ => packet.origin == node,
    }
}

/// Whether it is told who is next when it is read.
fn is_for_border_router(packet: &Packet) -> bool {
    match packet.content {
        Content::Dis | Content::Dio { .. } | Content::Reply => false,
        Content::Solicit => packet.hops > 0,
        _ => true,
    }
}

/// A node sends a datagram, unless it has to wait in its host.
pub(super) fn submit<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    packet: Packet,
) {
    if !waits(stack.net, link, ctx.facts, node, &packet) {
        return enqueue(link, stack, ctx, node, packet);
    }
    host::hold(stack, link, ctx, node, packet);
}

fn waits(net: &Net, link: &LinkLayer, facts: &Facts, node: Node, packet: &Packet) -> bool {
    if facts.is_gateway(node) || !is_of_host(node, packet) {
        return false;
    }
    net.hosts.waiting(node) > 0 || !link.reads_host(facts, node)
}

/// A frame has left the radio: the host is read on.
pub(super) fn read<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    while stack.net.hosts.waiting(node) > 0 && link.reads_host(ctx.facts, node) {
        let Some(mut packet) = stack.net.hosts.take(node) else { return };
        if is_for_border_router(&packet) {
            let Some(hop_to) = stack.net.way_up(node, Node::NONE, &packet) else {
                stack.count_lost(ctx, node, &packet, Loss::NoRoute);
                continue;
            };
            packet.hop_to = hop_to;
        }
        enqueue(link, stack, ctx, node, packet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::medium::message::{Body, Message};
    use amitwin_sim_core::SimTime;

    #[test]
    fn what_the_host_says_waits_and_what_is_passed_on_does_not() {
        let (own, parent, child, border) = (Node(5), Node(3), Node(7), Node(0));
        let report = |origin| {
            let message = Message::new(Body::Push { number: 1 }, border, SimTime::ZERO);
            Packet::new(Content::Message(message), origin, border, parent)
        };
        assert!(is_of_host(own, &report(own)) && !is_of_host(own, &report(child)));
        let dao = |origin| {
            let content = Content::Dao { sequence: 240, second: Node::NONE, is_equal: false, back: None };
            Packet::new(content, origin, border, parent)
        };
        assert!(is_of_host(own, &dao(own)) && !is_of_host(own, &dao(child)));
        assert!(!is_of_host(own, &Packet::new(Content::Nud, own, parent, parent)));
        assert!(is_of_host(own, &Packet::new(Content::Dis, own, Node::EVERYONE, Node::EVERYONE)));
        // Of a solicit the child's own frame, what the relay makes of it, and what others pass on.
        let solicit = Packet { via: own, ..Packet::new(Content::Solicit, child, border, own) };
        assert!(is_of_host(child, &solicit) && is_of_host(own, &solicit) && !is_of_host(parent, &solicit));
    }
}
