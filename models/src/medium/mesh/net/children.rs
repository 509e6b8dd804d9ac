//! The children of a node: who has registered with it, and how many it takes.

use super::candidates::seconds;
use super::{Content, Event, Net, Packet, Stack, State};
use super::{join, lost};
use crate::context::{Ctx, Facts};
use crate::medium::PortUser;
use crate::medium::mesh::mac::{Done, LinkLayer};
use crate::node::Node;
use crate::spec::RouterStack;
use amitwin_sim_core::SimTime;

/// A registration is good for so long, s.
pub(super) const REGISTERED_S: u64 = 2_200;
/// W `wsrd.c`, `wsbrd.c`: a node that has restarted asks its children this often after the first time to register again, within this window, s.
const ASKED_AGAIN: u8 = 3;
const ASKED_WINDOW_S: f64 = 10.0;
/// W `ndp.c`: a parent that is told that it is one no longer keeps its child for so long, s.
const KEPT_S: u32 = 60;
/// N `blacklist.c`, `ws_config.h`: how long a parent that refuses is not asked again, the first time and each other one: the least and the most, min.
const REFUSED_MIN: [(f64, f64); 2] = [(30.0, 45.0), (60.0, 90.0)];

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
        let neighbours = link.air.neighbours.of(node);
        let own = neighbours.filter(|&(n, _)| facts.is_own(n)).map(|(n, _)| &self.nodes[n]);
        own.filter(|child| child.registration.is_known_to(node, now_s)).count()
    }

    /// A node has restarted and knows its children no longer.
    pub(super) fn forget_children(&mut self, link: &LinkLayer, facts: &Facts, node: Node) {
        for (neighbour, _) in link.air.neighbours.of(node) {
            if facts.is_own(neighbour) {
                self.nodes.aside(neighbour).registration.is_forgotten(node);
            }
        }
    }

    /// Whether a node has another among its children.
    pub(super) fn is_child(&self, node: Node, child: Node, now_s: u64) -> bool {
        self.nodes[child].registration.is_known_to(node, now_s)
    }
}

impl Net {
    /// A unicast frame of a node to a child is done: nanostack counts the link to it as well.
    pub(super) fn counts_down(&mut self, ctx: &Ctx, node: Node, done: &Done) {
        if self.procedures.stack != RouterStack::Nanostack || done.sent == 0 {
            return;
        }
        let (counting, now_s) = (self.procedures.parents.counting, seconds(ctx));
        let registration = &mut self.nodes.aside(done.to).registration;
        if registration.first() == node {
            registration.down.catches_up(&counting, now_s);
            registration.down.count(&counting, now_s, done.sent, done.ok);
        }
    }

    /// Expected transmissions to a child, if enough has been sent to it.
    pub(super) fn etx_down(&self, node: Node, child: Node, now_s: u64) -> Option<u16> {
        let registration = &self.nodes[child].registration;
        let mut down = registration.down;
        down.catches_up(&self.procedures.parents.counting, now_s);
        if registration.first() == node { down.value() } else { None }
    }
}

/// A neighbour registers its address: taken, or refused where the table is full.
pub(super) fn registers<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    (child, packet): (Node, &Packet),
) {
    let now_s = seconds(ctx);
    if packet.content == (Content::Ns { leaves: true }) {
        return stack.net.nodes.aside(child).registration.ends(node, now_s as u32 + KEPT_S);
    }
    let is_known = stack.net.is_child(node, child, now_s);
    let own = &stack.net.nodes[node];
    let (has_way, is_refused) = match stack.net.procedures.stack {
        _ if ctx.facts.is_gateway(node) => (true, false),
        // N `ws_common.c`: nor does it take a child before it has a parent.
        RouterStack::Nanostack => (own.parent.is_some(), !is_known),
        // W `ws.c`: without a PAN it hears no data. `ndp.c`: nor does it keep one as long as no way of its own is acknowledged.
        RouterStack::Wsrd if own.state < State::ConfigureRouting => return,
        RouterStack::Wsrd => (own.registration.has_way(), true),
    };
    if is_refused && !has_way {
        return stack.submit(link, ctx, node, Packet::new(Content::Na { is_full: false }, node, child, child));
    }
    if !is_known
        && let Some(most) = stack.net.children_max(ctx.facts, node)
        && stack.net.children(link, ctx.facts, node, now_s) >= usize::from(most)
    {
        stack.submit(link, ctx, node, Packet::new(Content::Na { is_full: true }, node, child, child));
        return;
    }
    let joining = stack.net.nodes.aside(child);
    let is_first = joining.parent == node;
    let other = if is_first { joining.rpl.second } else { joining.parent };
    joining.registration.taken(node, (now_s + REGISTERED_S) as u32, (is_first, other), now_s);
}

/// wsrd tells all with whom it is registered, but for some, that it leaves them, once; nanostack tells nobody.
pub(super) fn leaves_all_but<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    those: [Node; 2],
) {
    for with in stack.net.nodes[node].registration.all() {
        let registration = &mut stack.net.nodes.aside(node).registration;
        if !those.contains(&with) && registration.is_held(with) {
            registration.hold(with, false);
            says_goodbye(stack, link, ctx, node, with);
        }
    }
}

/// Tells a parent that this node is its child for a minute only, so that what is under way arrives. The frame may be lost.
pub(super) fn says_goodbye<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    to: Node,
) {
    if stack.net.procedures.stack == RouterStack::Wsrd && stack.net.nodes[node].addressed {
        stack.submit(link, ctx, node, Packet::new(Content::Ns { leaves: true }, node, to, to));
    }
}

/// [`Event::Children`]: a node that has restarted asks its children to register again. W `ndp.c`, `nd_router_object.c`.
pub(super) fn ask<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, again: u8) {
    if stack.net.nodes[node].state != State::Operational {
        return;
    }
    if again > 0 {
        let after = SimTime::from_secs_f64(ASKED_WINDOW_S / f64::from(ASKED_AGAIN));
        ctx.schedule(ctx.now() + after, node, Event::Children { node, again: again - 1 });
    }
    stack.submit(link, ctx, node, Packet::new(Content::Na { is_full: false }, node, Node::EVERYONE, Node::EVERYONE));
}

/// Whether a border router that has restarted has children in its store.
pub(super) fn are_stored(net: &Net, ctx: &Ctx, gateway: Node) -> bool {
    ctx.facts.members().any(|node| net.is_child(gateway, node, seconds(ctx)))
}

/// wsbrd that has restarted with children in its store begins to ask for them. W `ws_bootstrap_6lbr.c`.
pub(super) fn begin_to_ask_stored<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    if are_stored(stack.net, ctx, node) {
        ask(stack, link, ctx, node, ASKED_AGAIN);
    }
}

/// A node that has come back begins to ask for its children.
pub(super) fn begin_to_ask<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    if std::mem::take(&mut stack.net.nodes.aside(node).pan.asks_children) {
        ask(stack, link, ctx, node, ASKED_AGAIN);
    }
}

/// A neighbour asks its children to register again: this node does, unless it has just done so. W `ndp.c`: once within the window, whether the
/// neighbour has forgotten it or not. Nanostack does not know the question.
pub(super) fn is_asked(net: &mut Net, ctx: &mut Ctx, node: Node, from: Node) {
    let Some(which) = net.which_parent(node, from) else { return };
    let until_s = net.nodes[node].registration.held_until_s(from).map(u64::from);
    let has_just = until_s.is_some_and(|until_s| until_s + (ASKED_WINDOW_S as u64) > seconds(ctx) + REGISTERED_S);
    if net.procedures.stack == RouterStack::Wsrd && !has_just {
        join::renew(net, ctx, node, which, (0.0, ASKED_WINDOW_S));
    }
}

/// A parent has refused: its table is full, or it has no parent itself, for which it is not blamed longer.
pub(super) fn refused<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    node: Node,
    (from, packet): (Node, &Packet),
) {
    if let Some(which) = stack.net.which_parent(node, from) {
        let minutes = match packet.content {
            // W `ndp.c`: whatever the reason.
            _ if stack.net.procedures.stack == RouterStack::Wsrd => stack.net.procedures.parents.denied_min,
            Content::Na { is_full: false } => 0,
            _ => {
                let candidates = &mut stack.net.nodes.aside(node).candidates;
                let again = candidates.iter_mut().find(|c| c.node == from).is_some_and(|c| c.probe.is_refused());
                stack.net.between(ctx.facts, node, REFUSED_MIN[usize::from(again)]) as u16
            }
        };
        lost::give_up(stack, link, ctx, node, which, minutes);
    }
}
