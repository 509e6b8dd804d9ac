//! What border routers know of routes, and the way down along them (RPL, non-storing mode).

use super::candidates::seconds;
use super::etx::ETX_MAX;
use super::{Content, Net, Packet, Stack};
use super::{flood, host, lollipop};
use crate::books::Loss;
use crate::check::Bounds;
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::packet::ROUTE_MAX;
use crate::medium::message::{Body, Message};
use crate::node::{Node, PerNode};
use crate::spec::BorderStack;
use serde::{Deserialize, Serialize};

/// What a radio announced last.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Announced {
    /// Good until then, s of the run.
    until_s: u32,
    /// Its parents, the first of them first; nobody: no route is known.
    parents: [Node; 2],
    /// The border router to which it was announced.
    by: Node,
    /// What the way by each parent costs, where the border router weighs ways.
    costs: [u8; 2],
    /// Path sequence of the announcement.
    sequence: u8,
}

/// N `rpl_downward.c`: cost of a way by the first parent, and by a second that is worse; what an error of a source route adds.
const COSTS: [u8; 2] = [1, 2];
const COST_OF_ERROR: u8 = 4;
/// N `rpl_policy.c`: what the link from the border router to a child adds if its ETX is above 4.
const COST_OF_BAD_LINK: u16 = 8;

impl Announced {
    /// Its parents, if the route is known and good.
    fn parents(&self, now_s: u32) -> [Node; 2] {
        if self.until_s > now_s { self.parents } else { [Node::NONE; 2] }
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
    /// The routes of a tree, by both parents and border router, to so many of those.
    pub(super) fn announced(of: impl Iterator<Item = ([Node; 2], Node)>, sequence: u8, gateways: u16) -> Self {
        let of = of.map(|(parents, by)| Announced { until_s: u32::MAX, parents, by, costs: COSTS, sequence });
        let mut routes = Routes { of: of.collect(), known: PerNode::of(0, usize::from(gateways)) };
        for known in routes.of.0.iter().filter(|known| known.parents[0].is_some()) {
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
            known.parents.iter().all(|&parent| bounds.is_own_or_none(parent))
                && (known.by == Node::NONE || known.by.0 < bounds.gateways)
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

    /// Whether a border router knows a route by these parents.
    pub(super) fn knows(&self, node: Node, by: [Node; 2], gateway: Node, now_s: u32) -> bool {
        self.of[node].by == gateway && self.of[node].parents(now_s) == by
    }

    /// Lets go of a route.
    fn forget(&mut self, node: Node) {
        let known = &mut self.of[node];
        if std::mem::replace(&mut known.parents, [Node::NONE; 2])[0].is_some() {
            self.known[known.by] -= 1;
        }
    }

    /// A border router lets go of all routes that `is_over` says.
    fn forget_if(&mut self, gateway: Node, is_over: impl Fn(&Announced) -> bool) {
        for node in (0..self.of.len()).map(|at| Node(at as u16)) {
            let known = &self.of[node];
            if known.by == gateway && known.parents[0].is_some() && is_over(known) {
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
        if new.parents[0].is_some() {
            self.known[new.by] += 1;
        }
        self.of[node] = new;
        before
    }

    /// Up from a radio by first parents.
    fn up(&self, first: Node, now_s: u32) -> impl Iterator<Item = Node> {
        std::iter::successors(Some(first), move |&at| at.is_some().then(|| self.of[at].parents(now_s)[0]))
    }

    /// Whether a border router knows a way down to a node by first parents.
    fn leads(&self, gateway: Node, node: Node, now_s: u32) -> bool {
        let stops = self.up(self.of[node].parents(now_s)[0], now_s).take(ROUTE_MAX);
        stops.take_while(|at| at.is_some()).any(|at| at == gateway)
    }

    /// Writes the source route to `dest`, whose relay is `via` if there is one, into a packet; `false` if it is unknown or has a loop. W `rpl_srh.c`: wsbrd
    /// goes by first parents alone.
    fn write(&self, now_s: u32, gateway: Node, (dest, via): (Node, Node), packet: &mut Packet) -> bool {
        let first = if via.is_some() { via } else { self.of[dest].parents(now_s)[0] };
        put(packet, gateway, dest, self.up(first, now_s))
    }

    /// The same along the cheapest way by any parents. N `rpl_downward.c`; `first_link` is what the link from the border router to a child adds.
    fn write_cheapest(
        &self,
        now_s: u32,
        gateway: Node,
        (dest, via): (Node, Node),
        packet: &mut Packet,
        first_link: impl Fn(Node) -> u16,
    ) -> bool {
        let start = if via.is_some() { via } else { dest };
        // What is reached from below: its cost, from which place, and whether that is the least.
        let mut reached = vec![(0, start, usize::MAX, false)];
        let end = loop {
            let open = reached.iter().enumerate().filter(|(_, of)| !of.3);
            let Some(at) = open.min_by_key(|(_, of)| of.0).map(|(at, _)| at) else { return false };
            let (cost, node, ..) = reached[at];
            if node == gateway {
                break at;
            }
            reached[at].3 = true;
            let above = self.of[node].parents(now_s).into_iter().zip(self.of[node].costs);
            for (parent, more) in above.filter(|(parent, _)| parent.is_some()) {
                let first_link = if parent == gateway { first_link(node) } else { 0 };
                let cost = cost + u16::from(more) + first_link;
                match reached.iter_mut().find(|of| of.1 == parent) {
                    Some(of) if of.0 > cost => (of.0, of.2) = (cost, at),
                    Some(_) => {}
                    None => reached.push((cost, parent, at, false)),
                }
            }
        };
        let mut stops: Vec<Node> = Vec::new();
        let mut at = end;
        while at != usize::MAX {
            stops.push(reached[at].1);
            at = reached[at].2;
        }
        // From below, and not where it begins, unless that is a relay.
        stops.reverse();
        put(packet, gateway, dest, stops.into_iter().skip(usize::from(via == Node::NONE)))
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

/// Puts the stops from below up to the border router into a packet; `false` if they do not lead there, or there are too many.
fn put(packet: &mut Packet, gateway: Node, dest: Node, stops: impl Iterator<Item = Node>) -> bool {
    packet.route[0] = dest;
    for (len, at) in (1..).zip(stops) {
        if at == gateway {
            packet.route_len = (len - 1) as u8;
            packet.hop_to = packet.route[len - 1];
            return true;
        }
        if at == Node::NONE || len == ROUTE_MAX {
            return false;
        }
        packet.route[len] = at;
    }
    false
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
) {
    let Content::Dao { sequence, second, is_equal, back } = packet.content else { return };
    let (now_s, border, node) = (seconds(ctx) as u32, stack.net.procedures.border, packet.origin);
    let known = stack.net.routes.of[node];
    let is_known = known.parents(now_s)[0].is_some();
    // N `rpl_downward.c`: a counter that has just restarted is always believed.
    let is_new = !is_known || (border == BorderStack::Nanostack && !lollipop::is_in_circle(sequence));
    if !is_new && lollipop::is_older(sequence, known.sequence) {
        // Overtaken on the way by a later announcement.
        return;
    }
    // N `rpl_downward.c`: what comes again is good for as long as it was, and does not take back what errors have told.
    let is_again = !is_new && border == BorderStack::Nanostack && sequence == known.sequence && known.by == gateway;
    let lifetime_s = stack.net.procedures.route.lifetime_s as u32;
    let until_s = if is_again { known.until_s } else { now_s.saturating_add(lifetime_s) };
    let parents = [packet.via, second];
    let costs = match is_equal {
        _ if is_again && known.parents == parents => known.costs,
        true => [COSTS[0]; 2],
        false => COSTS,
    };
    let new = Announced { until_s, parents, by: gateway, costs, sequence };
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
    host::send(
        stack,
        link,
        ctx,
        gateway,
        Packet::new(Content::DaoAck { sequence }, gateway, packet.origin, packet.origin),
    );
}

/// A node says that another, which a source route names behind it, is no child of its own: wsbrd deletes that way, after which the one by the second
/// parent is the first; nanostack takes it for a longer one.
pub(super) fn failed(net: &mut Net, of: Node, parent: Node) {
    let known = &mut net.routes.of[of];
    let Some(which) = known.parents.iter().position(|&known| known == parent && known.is_some()) else { return };
    match net.procedures.border {
        BorderStack::Wsbrd if which == 1 => known.parents[1] = Node::NONE,
        BorderStack::Wsbrd if known.parents[1].is_some() => known.parents = [known.parents[1], Node::NONE],
        BorderStack::Wsbrd => net.routes.forget(of),
        BorderStack::Nanostack => known.costs[which] = known.costs[which].saturating_add(COST_OF_ERROR),
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
    let (net, dest, now_s) = (&*stack.net, packet.dest, seconds(ctx) as u32);
    let is_known = match net.procedures.border {
        BorderStack::Wsbrd => net.routes.write(now_s, gateway, (dest, relay), &mut packet),
        BorderStack::Nanostack => {
            let is_bad = |child| net.etx_down(gateway, child, u64::from(now_s)).is_some_and(|etx| etx > ETX_MAX);
            let first_link = |child| if is_bad(child) { COST_OF_BAD_LINK } else { 0 };
            net.routes.write_cheapest(now_s, gateway, (dest, relay), &mut packet, first_link)
        }
    };
    if is_known {
        stack.submit(link, ctx, gateway, packet);
    } else if packet.is_control() {
        ctx.books.lost_control(gateway, Loss::NoRoute);
    } else {
        ctx.books.lost(gateway, Loss::NoRoute);
    }
}

#[cfg(test)]
mod tests;
