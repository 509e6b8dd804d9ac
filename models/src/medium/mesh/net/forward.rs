//! Forwarding: upwards by parent, downwards by source route.

use super::candidates::{Candidate, seconds};
use super::etx::{ETX_LOST, ETX_MAX, ETX_ONE};
use super::{Content, INFINITE_RANK, Net, Packet, Stack, State, Topic, trickle};
use crate::books::Loss;
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::packet::Turn;
use crate::node::Node;
use crate::spec::RouterStack;

/// Datagrams with more hops are in a loop.
const HOPS_MAX: u8 = 32;

/// Passes a datagram on.
pub(super) fn forward<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    from: Node,
    packet: &Packet,
) {
    let mut next = packet.clone();
    next.hops += 1;
    (next.tries, next.airings, next.delivered, next.turn) = (0, 0, false, Turn::default());
    if next.hops > HOPS_MAX {
        stack.count_lost(ctx, node, &next, Loss::TooFar);
        return;
    }
    if packet.route_len > 0 {
        // Downwards: the next stop stands last.
        next.route_len -= 1;
        next.hop_to = next.route[next.route_len as usize];
        let is_bad = leads_over_a_bad_link(stack, link, ctx, node, &next);
        if is_bad {
            // It is asked whether it is there, which counts as well.
            stack.submit(link, ctx, node, Packet::new(Content::Nud, node, next.hop_to, next.hop_to));
        }
        if is_bad || leads_astray(stack, ctx, node, &next) {
            report_route(stack, link, ctx, node, packet, next.hop_to);
            stack.count_lost(ctx, node, &next, Loss::NoRoute);
            return;
        }
    } else {
        let Some(hop_to) = stack.net.way_up(node, from, packet) else {
            stack.count_lost(ctx, node, &next, Loss::NoRoute);
            // N `rpl_data.c`: a way that is missing is an inconsistency. wsrd says nothing.
            if stack.net.procedures.stack == RouterStack::Nanostack {
                disagrees(stack.net, ctx, node);
            }
            return;
        };
        // The sender's rank travels with the datagram, and that it met a node which is not nearer: one to which that happens twice is in a loop.
        if stack.net.comes_from_above(node, from, packet) && std::mem::replace(&mut next.strayed, true) {
            stack.count_lost(ctx, node, &next, Loss::TooFar);
            return disagrees(stack.net, ctx, node);
        }
        next.hop_to = hop_to;
    }
    ctx.books.relays(node);
    stack.submit(link, ctx, node, next);
}

/// What a node is told does not fit its place in the tree: it says its rank soon.
fn disagrees(net: &mut Net, ctx: &mut Ctx, node: Node) {
    if net.nodes[node].state == State::Operational {
        trickle::reset(net, ctx, node, Topic::Dio);
    }
}

impl Net {
    /// Next hop of a datagram for a node's border router that has come from a neighbour, or from nobody.
    pub(super) fn way_up(&self, node: Node, from: Node, packet: &Packet) -> Option<Node> {
        let parents = self.parents(node);
        match self.procedures.stack {
            // N `rpl_data.c`: nothing goes back to where it has come from; by the second parent, if there is one.
            RouterStack::Nanostack => parents.into_iter().find(|&parent| parent.is_some() && parent != from),
            // W `join_state.c`: who is not part of the mesh relays for nobody.
            RouterStack::Wsrd if is_of_who_joins(packet, from) && self.nodes[node].state != State::Operational => None,
            RouterStack::Wsrd if self.goes_straight(node, packet) => Some(packet.dest),
            RouterStack::Wsrd => parents[0].is_some().then_some(parents[0]),
        }
    }

    /// W `ipv6.c`: what is for the border router itself goes straight to it where that is a neighbour that may be the parent, behind a link of at most 4 or one
    /// that is not known.
    fn goes_straight(&self, node: Node, packet: &Packet) -> bool {
        let is_for_it = matches!(
            packet.content,
            Content::Dao { .. } | Content::RouteError { .. } | Content::Solicit | Content::Eapol { .. }
        );
        let is_near = |of: &Candidate| {
            let is_known = of.rank != INFINITE_RANK || of.denied_until_min != 0;
            is_known && of.etx.value().is_none_or(|etx| etx <= ETX_MAX)
        };
        is_for_it && self.parents(node)[0].is_some() && self.candidate(node, packet.dest).is_some_and(is_near)
    }

    /// Whether a datagram on its way up comes from a neighbour that is not further down: in wsrd by steps of rank nearer, in nanostack no further away. W `rpl_rpi.c`,
    /// N `rpl_data.c`.
    fn comes_from_above(&self, node: Node, from: Node, packet: &Packet) -> bool {
        let step = self.procedures.parents.rank_step;
        let (theirs, own) = (self.nodes[from].rank / step, self.nodes[node].rank / step);
        let is_error = match self.procedures.stack {
            RouterStack::Wsrd => theirs < own,
            RouterStack::Nanostack => theirs <= own,
        };
        is_error && !is_of_who_joins(packet, from)
    }
}

/// Whether a datagram comes right from a node that joins by this one.
fn is_of_who_joins(packet: &Packet, from: Node) -> bool {
    let is_bare = matches!(packet.content, Content::Solicit) || packet.is_bare_eapol();
    is_bare && packet.origin == from
}

/// Whether wsrd does not pass a datagram on along its source route: the next on it is no child of this node, or this node has no address of
/// its own. W `rpl_srh.c`. What a relay passes on to a node that joins is for the relay itself.
fn leads_astray<P: PortUser>(stack: &Stack<P>, ctx: &Ctx, node: Node, next: &Packet) -> bool {
    let is_relayed = next.route_len == 0 && matches!(next.content, Content::Reply | Content::Eapol { .. });
    stack.net.procedures.stack == RouterStack::Wsrd
        && !is_relayed
        && !stack.net.is_child(node, next.hop_to, seconds(ctx))
}

/// Share of the datagrams along a source route that nanostack does not pass on over a link of so many expected transmissions, 1/128: none up to 2.5,
/// all from 33 on, which it never counts. N `rpl_policy.c` with the limits of `ws_bootstrap_ffn.c`.
fn refused_share(etx: u16) -> f64 {
    let (none, all) = (f64::from(ETX_ONE) * 2.5, f64::from(ETX_ONE) * 33.0);
    ((f64::from(etx) - none) / (all - none)).clamp(0.0, 1.0)
}

/// Whether nanostack does not pass a datagram on along its source route: the next on it is nobody that it knows, or the link there is a bad one. That to a
/// child that has been sent little is taken for a good one. N `ws_bootstrap.c`.
fn leads_over_a_bad_link<P: PortUser>(
    stack: &mut Stack<P>,
    link: &LinkLayer,
    ctx: &Ctx,
    node: Node,
    next: &Packet,
) -> bool {
    let is_relayed = next.route_len == 0 && matches!(next.content, Content::Reply | Content::Eapol { .. });
    if stack.net.procedures.stack != RouterStack::Nanostack || is_relayed {
        return false;
    }
    let to = next.hop_to;
    let etx = stack.net.etx_down(node, to, seconds(ctx)).or_else(|| stack.net.candidate(node, to)?.etx.value());
    match etx {
        None => !stack.net.is_child(node, to, seconds(ctx)),
        Some(etx) => {
            // A signal that is too weak for a parent counts like the worst link.
            let is_weak = stack.net.acceptable(link, node, to, true).is_none();
            match refused_share(if is_weak { ETX_LOST } else { etx }) {
                0.0 => false,
                share => stack.net.draw(ctx.facts, node) < share,
            }
        }
    }
}

/// Tells the border router that a source route leads no further.
fn report_route<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    packet: &Packet,
    of: Node,
) {
    let content = Content::RouteError { of, bytes: link.sent_back(packet) };
    let mut error = Packet::new(content, node, stack.net.pan_of(node), Node::NONE);
    if stack.net.nodes[node].state == State::Operational
        && let Some(hop_to) = stack.net.way_up(node, Node::NONE, &error)
    {
        error.hop_to = hop_to;
        stack.submit(link, ctx, node, error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanostack_refuses_source_routes_more_and_more_often_from_2_5_transmissions_on() {
        // 2.5 and 33 transmissions are 320 and 4,224; half-way 2,272. More than 8, which are 1,024, it does not count: (8 - 2.5) / 30.5 = 18 %.
        assert_eq!([128, 320, 2_272, 4_224].map(refused_share), [0.0, 0.0, 0.5, 1.0]);
        assert!((refused_share(ETX_LOST) - 0.18).abs() < 0.001);
    }
}
