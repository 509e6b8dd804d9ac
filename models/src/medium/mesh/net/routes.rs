//! What border routers know of routes, and the way down along them (RPL, non-storing mode).

use super::candidates::seconds;
use super::{Content, Net, Packet, Stack};
use super::{flood, host, lollipop};
use crate::books::Loss;
use crate::check::Bounds;
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::packet::ROUTE_MAX;
use crate::medium::message::{Body, Message, Return};
use crate::node::{Node, PerNode};
use crate::spec::BorderStack;
use serde::{Deserialize, Serialize};

/// What a radio announced last.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Announced {
    /// Good until then, s of the run.
    until_s: u32,
    /// Its parent; nobody: no route is known.
    parent: Node,
    /// The border router to which it was announced.
    by: Node,
    /// Path sequence of the announcement.
    sequence: u8,
}

impl Announced {
    /// Its parent, if the route is known and good.
    fn parent(&self, now_s: u32) -> Node {
        if self.until_s > now_s { self.parent } else { Node::NONE }
    }
}

/// Routes of all radios, as their border routers know them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Routes {
    of: PerNode<Announced>,
    /// By border router: how many it knows.
    known: PerNode<u32>,
}

impl Routes {
    /// The routes of a tree to so many border routers.
    pub(super) fn announced(of: impl Iterator<Item = (Node, Node)>, sequence: u8, gateways: u16) -> Self {
        let of = of.map(|(parent, by)| Announced { until_s: u32::MAX, parent, by, sequence });
        let mut routes = Routes { of: of.collect(), known: PerNode::of(0, usize::from(gateways)) };
        for known in routes.of.0.iter().filter(|known| known.parent.is_some()) {
            routes.known[known.by] += 1;
        }
        routes
    }

    /// Radios.
    pub(super) fn len(&self) -> usize {
        self.of.len()
    }

    /// Whether what was saved names radios that are here.
    pub(super) fn check(&self, bounds: &Bounds) -> Result<(), String> {
        let fits = |known: &Announced| {
            bounds.is_own_or_none(known.parent) && (known.by == Node::NONE || known.by.0 < bounds.gateways)
        };
        match self.of.0.iter().position(|known| !fits(known)) {
            Some(node) => Err(format!("net: the route of node {node} leads astray")),
            None => Ok(()),
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.of.bytes() + self.known.bytes()
    }

    /// Nodes to which a border router has a route; when it has last looked, some of them may have ended.
    pub(super) fn known(&self, gateway: Node) -> u32 {
        self.known[gateway]
    }

    /// A route is good until then, s of the run.
    pub(super) fn is_good_until(&mut self, node: Node, until_s: u32) {
        self.of[node].until_s = until_s;
    }

    /// Lets go of a route.
    fn forget(&mut self, node: Node) {
        let known = &mut self.of[node];
        if std::mem::replace(&mut known.parent, Node::NONE).is_some() {
            self.known[known.by] -= 1;
        }
    }

    /// A border router lets go of all routes that `is_over` says.
    fn forget_if(&mut self, gateway: Node, is_over: impl Fn(&Announced) -> bool) {
        for node in (0..self.of.len()).map(|at| Node(at as u16)) {
            let known = &self.of[node];
            if known.by == gateway && known.parent.is_some() && is_over(known) {
                self.forget(node);
            }
        }
    }

    /// A border router lets go of the routes that have ended.
    pub(super) fn expire(&mut self, gateway: Node, now_s: u32) {
        self.forget_if(gateway, |known| known.until_s <= now_s);
    }

    fn take(&mut self, node: Node, new: Announced) -> Announced {
        let before = self.of[node];
        self.forget(node);
        if new.parent.is_some() {
            self.known[new.by] += 1;
        }
        self.of[node] = new;
        before
    }

    /// The relays on the way down to a node whose parent is `via`, from the last to the first; `false` if it is unknown or has a loop.
    fn walk(&self, gateway: Node, via: Node, now_s: u32, mut relay: impl FnMut(usize, Node)) -> bool {
        let (mut at, mut len) = (via, 1);
        while at != gateway {
            if at == Node::NONE || len == ROUTE_MAX {
                return false;
            }
            relay(len, at);
            len += 1;
            at = self.of[at].parent(now_s);
        }
        true
    }

    /// Whether a border router knows a way down to a node.
    fn leads(&self, gateway: Node, node: Node, now_s: u32) -> bool {
        self.walk(gateway, self.of[node].parent(now_s), now_s, |_, _| {})
    }

    /// Writes the source route to `dest`, whose parent is `via`, into a packet; `false` if it is unknown or has a loop.
    fn write(&self, gateway: Node, (dest, via): (Node, Node), now_s: u32, packet: &mut Packet) -> bool {
        packet.route[0] = dest;
        let mut last = 0;
        let leads = self.walk(gateway, via, now_s, |at, relay| {
            packet.route[at] = relay;
            last = at;
        });
        if leads {
            (packet.route_len, packet.hop_to) = (last as u8, packet.route[last]);
        }
        leads
    }

    /// An announcement is taken; by wsbrd not if it leads nowhere and the one before leads somewhere (W `rpl.c`, `rpl_apply_transits`).
    fn takes(&mut self, node: Node, new: Announced, border: BorderStack, now_s: u32) -> bool {
        let (gateway, is_careful) = (new.by, border == BorderStack::Wsbrd);
        let led = is_careful && self.of[node].by == gateway && self.leads(gateway, node, now_s);
        let before = self.take(node, new);
        let is_taken = !led || self.leads(gateway, node, now_s);
        if !is_taken {
            self.take(node, before);
        }
        is_taken
    }
}

/// A border router that stores nothing has lost the routes of its PAN.
pub(super) fn forget(net: &mut Net, gateway: Node) {
    net.routes.forget_if(gateway, |_| true);
    net.gone.forget(gateway, u32::MAX);
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
    let (now_s, border, node) = (seconds(ctx) as u32, stack.net.procedures.border, packet.origin);
    let known = stack.net.routes.of[node];
    let is_known = known.parent(now_s).is_some();
    // N `rpl_downward.c`: a counter that has just restarted is always believed.
    let is_new = !is_known || (border == BorderStack::Nanostack && !lollipop::is_in_circle(sequence));
    if !is_new && lollipop::is_older(sequence, known.sequence) {
        // Overtaken on the way by a later announcement.
        return;
    }
    // N `rpl_downward.c`: what comes again is good for as long as it was.
    let is_again = !is_new && border == BorderStack::Nanostack && sequence == known.sequence && known.by == gateway;
    let lifetime_s = stack.net.procedures.route.lifetime_s as u32;
    let until_s = if is_again { known.until_s } else { now_s.saturating_add(lifetime_s) };
    let new = Announced { until_s, parent: packet.via, by: gateway, sequence };
    if !stack.net.routes.takes(node, new, border, now_s) {
        return;
    }
    if border == BorderStack::Nanostack {
        // The border router of the PAN that it has left knows its route until that ends.
        stack.net.gone.returns(gateway, node);
        if is_known && known.by != gateway {
            stack.net.gone.leaves(known.by, node, known.until_s);
        }
    }
    stack.user.routed(ctx, gateway, packet.origin);
    if let Some(back) = back {
        stack.user.returned(ctx, gateway, packet.origin, packet.hops + 1, back);
    }
    send_by_relay(stack, link, ctx, gateway, Content::DaoAck { sequence }, (packet.origin, packet.via));
}

/// A node says that another, which a source route names behind it, is no child of its own: wsbrd deletes that route.
pub(super) fn failed(net: &mut Net, of: Node, parent: Node) {
    if net.procedures.border == BorderStack::Wsbrd && net.routes.of[of].parent == parent {
        net.routes.forget(of);
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
    let now_s = seconds(ctx) as u32;
    let via = if relay.is_some() { relay } else { stack.net.routes.of[packet.dest].parent(now_s) };
    if stack.net.routes.write(gateway, (packet.dest, via), now_s, &mut packet) {
        stack.submit(link, ctx, gateway, packet);
    } else if packet.is_control() {
        ctx.books.lost_control(gateway, Loss::NoRoute);
    } else {
        ctx.books.lost(gateway, Loss::NoRoute);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATE_S: u32 = 7_200;

    /// Routes of nodes 1, 2 and 3 in a line behind border router 0, which end after two hours, and of 4, which has none.
    fn line() -> Routes {
        let parents = [Node::NONE, Node(0), Node(1), Node(2), Node::NONE];
        let mut routes = Routes::announced(parents.into_iter().map(|parent| (parent, Node(0))), 0, 1);
        (1..=3).for_each(|node| routes.is_good_until(Node(node), LATE_S));
        routes
    }

    fn by(parent: u16, until_s: u32) -> Announced {
        Announced { until_s, parent: Node(parent), by: Node(0), sequence: 1 }
    }

    #[test]
    fn a_route_ends_with_its_lifetime_and_with_those_on_its_way() {
        let mut routes = line();
        let leads = |routes: &Routes, now_s| [1, 2, 3].map(|node| routes.leads(Node(0), Node(node), now_s));
        assert_eq!((leads(&routes, LATE_S - 1), leads(&routes, LATE_S)), ([true; 3], [false; 3]));
        // 2 announces itself anew, 1 does not.
        assert!(routes.takes(Node(2), by(1, LATE_S + 600), BorderStack::Wsbrd, 600));
        assert_eq!(leads(&routes, LATE_S), [false; 3]);
        assert!(routes.takes(Node(1), by(0, LATE_S + 700), BorderStack::Wsbrd, 700));
        assert_eq!(leads(&routes, LATE_S), [true, true, false]);
        assert_eq!(routes.known(Node(0)), 3);
        routes.expire(Node(0), LATE_S);
        assert_eq!(routes.known(Node(0)), 2);
    }

    #[test]
    fn wsbrd_takes_no_announcement_that_leads_nowhere_where_it_knows_a_way() {
        // 1 says that it is a child of 3, which is behind it: a loop. Nanostack takes what it is told.
        for (border, is_taken) in [(BorderStack::Wsbrd, false), (BorderStack::Nanostack, true)] {
            let mut routes = line();
            assert_eq!(routes.takes(Node(1), by(3, LATE_S), border, 0), is_taken, "{border:?}");
            assert_eq!(routes.leads(Node(0), Node(1), 0), !is_taken, "{border:?}");
            assert_eq!(routes.known(Node(0)), 3);
        }
        // 3 says that it is a child of 4, which has no route.
        let mut routes = line();
        assert!(!routes.takes(Node(3), by(4, LATE_S), BorderStack::Wsbrd, 0));
        // Where it knows no way it takes it: when 4 has announced itself as well it is one.
        routes.forget(Node(3));
        assert!(routes.takes(Node(3), by(4, LATE_S), BorderStack::Wsbrd, 0));
        assert!(!routes.leads(Node(0), Node(3), 0));
        assert!(routes.takes(Node(4), by(0, LATE_S), BorderStack::Wsbrd, 0));
        assert!(routes.leads(Node(0), Node(3), 0));
    }
}
