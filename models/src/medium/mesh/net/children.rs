//! The children of a node: who has registered with it, and how many it takes.

use super::candidates::seconds;
use super::{Content, Event, Net, Packet, Stack, State};
use super::{join, parents};
use crate::context::{Ctx, Facts};
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::node::Node;
use amitwin_sim_core::SimTime;

/// A registration is good for so long, s.
pub(super) const REGISTERED_S: u64 = 2_200;
/// W `wsrd.c`: a node that has lost its table asks its children this often after the first time to register again, within this window, s.
const ASKED_AGAIN: u8 = 3;
const ASKED_WINDOW_S: f64 = 10.0;
/// W `ndp.c`: a parent that is one no longer keeps its child for so long after the new route is acknowledged, s.
const KEPT_S: u32 = 60;
/// How long a parent that refuses is not asked again: the least and the most, min.
const REFUSED_MIN: (f64, f64) = (30.0, 60.0);

impl Net {
    /// Children that a node takes, if there is a limit.
    pub(super) fn children_max(&self, facts: &Facts, node: Node) -> Option<u16> {
        if facts.is_gateway(node) {
            self.procedures.parents.border_children_max
        } else {
            self.procedures.parents.children_max
        }
    }

    /// Children that are registered with a node.
    fn children(&self, link: &LinkLayer, facts: &Facts, node: Node, now_s: u64) -> usize {
        let neighbours = link.air.neighbours.of(node).0.iter();
        let own = neighbours.filter(|&&n| facts.is_own(n)).map(|&n| &self.nodes[n]);
        own.filter(|child| child.registration.with == node && u64::from(child.registration.until_s) > now_s).count()
    }

    /// A node has restarted and knows its children no longer.
    pub(super) fn forget_children(&mut self, link: &LinkLayer, facts: &Facts, node: Node) {
        for &neighbour in link.air.neighbours.of(node).0 {
            if facts.is_own(neighbour) {
                let registration = &mut self.nodes[neighbour].registration;
                for with in [&mut registration.with, &mut registration.before] {
                    if *with == node {
                        *with = Node::NONE;
                    }
                }
            }
        }
    }

    /// Whether a node has another among its children.
    pub(super) fn is_child(&self, node: Node, child: Node, now_s: u64) -> bool {
        let of = &self.nodes[child].registration;
        (of.with == node && u64::from(of.until_s) > now_s)
            || (of.before == node && u64::from(of.before_until_s) > now_s)
    }
}

/// A neighbour registers its address: taken, or refused where the table is full.
pub(super) fn registers<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    child: Node,
) {
    let now_s = seconds(ctx);
    let known = &stack.net.nodes[child];
    let is_known = known.registration.with == node && u64::from(known.registration.until_s) > now_s;
    if !is_known
        && let Some(most) = stack.net.children_max(ctx.facts, node)
        && stack.net.children(link, ctx.facts, node, now_s) >= usize::from(most)
    {
        stack.submit(link, ctx, node, Packet::new(Content::Na, node, child, child));
        return;
    }
    let registration = &mut stack.net.nodes[child].registration;
    if registration.with != node {
        (registration.before, registration.before_until_s) = (registration.with, registration.until_s);
    }
    (registration.with, registration.until_s) = (node, (now_s + REGISTERED_S) as u32);
}

/// The border router knows the way by a node's parent: the one before needs it no longer.
pub(super) fn leaves_before(net: &mut Net, ctx: &Ctx, node: Node) {
    let registration = &mut net.nodes[node].registration;
    registration.before_until_s = registration.before_until_s.min(seconds(ctx) as u32 + KEPT_S);
}

/// [`Event::Children`]: a node that has lost its table asks its children to register again. W `ndp.c`.
pub(super) fn ask<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, again: u8) {
    if stack.net.nodes[node].state != State::Operational {
        return;
    }
    if again > 0 {
        let after = SimTime::from_secs_f64(ASKED_WINDOW_S / f64::from(ASKED_AGAIN));
        ctx.schedule(ctx.now() + after, node, Event::Children { node, again: again - 1 });
    }
    stack.submit(link, ctx, node, Packet::new(Content::Na, node, Node::EVERYONE, Node::EVERYONE));
}

/// A node that has come back begins to ask for its children.
pub(super) fn begin_to_ask<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    if std::mem::take(&mut stack.net.nodes[node].pan.asks_children) {
        ask(stack, link, ctx, node, ASKED_AGAIN);
    }
}

/// A neighbour asks its children to register again: this node does, once, if it is one that the neighbour has forgotten.
pub(super) fn is_asked(net: &mut Net, ctx: &mut Ctx, node: Node, from: Node) {
    let joining = &net.nodes[node];
    if joining.parent == from && !net.is_child(from, node, seconds(ctx)) {
        join::renew(net, ctx, node, (0.0, ASKED_WINDOW_S));
    }
}

/// The parent has refused: its table is full.
pub(super) fn refused<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, from: Node) {
    if stack.net.nodes[node].parent == from {
        let minutes = stack.net.between(ctx.facts, node, REFUSED_MIN);
        parents::give_up_parent(stack, link, ctx, node, minutes as u16);
    }
}
