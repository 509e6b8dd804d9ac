//! What border routers know of routes, and the way down along them (RPL, non-storing mode).

use super::candidates::seconds;
use super::etx::ETX_MAX;
use super::{Content, Net, Packet, Stack};
use super::{flood, host, lollipop};
use crate::books::Loss;
use crate::check::Bounds;
use crate::context::{Ctx, Facts};
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
    /// Its parents, the first of them first.
    parents: [Node; 2],
    /// What the way by each costs, where the border router weighs ways.
    costs: [u8; 2],
    /// Path sequence of the announcement.
    sequence: u8,
    /// Good until then, s of the run.
    until_s: u32,
}

/// N `rpl_downward.c`: cost of a way by the first parent, and by a second that is worse; what an error of a source route adds.
const COSTS: [u8; 2] = [1, 2];
const COST_OF_ERROR: u8 = 4;
/// N `rpl_policy.c`: what the link from the border router to a child adds if its ETX is above 4.
const COST_OF_BAD_LINK: u16 = 8;

/// Routes of all radios, as their border routers know them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Routes(PerNode<Announced>);

impl Routes {
    /// The routes of a tree.
    pub(super) fn announced(parents: &PerNode<Node>, seconds: &PerNode<Node>, sequence: u8) -> Self {
        let of =
            |(&parent, &second)| Announced { parents: [parent, second], costs: COSTS, sequence, until_s: u32::MAX };
        Routes(parents.0.iter().zip(&seconds.0).map(of).collect())
    }

    /// That of a radio, as it was announced before the run, is good until then, s of the run.
    pub(super) fn is_good_until(&mut self, node: Node, until_s: u32) {
        self.0[node].until_s = until_s;
    }

    /// The parents of a radio, while what it has announced is good.
    fn parents(&self, of: Node, now_s: u64) -> [Node; 2] {
        let known = &self.0[of];
        if u64::from(known.until_s) > now_s { known.parents } else { [Node::NONE; 2] }
    }

    /// Radios.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether what was saved names radios that are here.
    pub(super) fn check(&self, bounds: &Bounds) -> Result<(), String> {
        match self.0.0.iter().position(|known| !known.parents.iter().all(|&parent| bounds.is_own_or_none(parent))) {
            Some(node) => Err(format!("net: the route of node {node} leads astray")),
            None => Ok(()),
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// Writes the source route to `dest`, whose relay is `via` if there is one, into a packet; `false` if it is unknown or has a loop. W `rpl_srh.c`: wsbrd
    /// goes by first parents alone.
    fn write(&self, now_s: u64, gateway: Node, (dest, via): (Node, Node), packet: &mut Packet) -> bool {
        let above = |at| self.parents(at, now_s)[0];
        let first = if via.is_some() { via } else { above(dest) };
        let up = std::iter::successors(Some(first), |&at| at.is_some().then(|| above(at)));
        put(packet, gateway, dest, up)
    }

    /// The same along the cheapest way by any parents. N `rpl_downward.c`; `first_link` is what the link from the border router to a child adds.
    fn write_cheapest(
        &self,
        now_s: u64,
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
            let above = self.parents(node, now_s).into_iter().zip(self.0[node].costs);
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
}

/// Puts the stops from below up to the border router into a packet; `false` if they do not lead there, or there are too many.
fn put(packet: &mut Packet, gateway: Node, dest: Node, stops: impl Iterator<Item = Node>) -> bool {
    let mut len = 1;
    packet.route[0] = dest;
    for at in stops {
        if at == gateway {
            packet.route_len = (len - 1) as u8;
            packet.hop_to = packet.route[len - 1];
            return true;
        }
        if at == Node::NONE || len == ROUTE_MAX {
            return false;
        }
        packet.route[len] = at;
        len += 1;
    }
    false
}

/// A border router that stores nothing has lost the routes of its PAN.
pub(super) fn forget(net: &mut Net, facts: &Facts, gateway: Node) {
    for node in facts.nodes().filter(|&node| net.nodes[node].pan.of == gateway) {
        net.routes.0[node].parents = [Node::NONE; 2];
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
) {
    let Content::Dao { sequence, second, is_equal, back } = packet.content else { return };
    let now_s = seconds(ctx);
    let until_s = now_s as u32 + stack.net.procedures.route.lifetime_s as u32;
    let is_unknown = stack.net.routes.parents(packet.origin, now_s) == [Node::NONE; 2];
    let known = &mut stack.net.routes.0[packet.origin];
    // N `rpl_downward.c`: a counter that has just restarted is always believed.
    let is_believed =
        is_unknown || (stack.net.procedures.border == BorderStack::Nanostack && !lollipop::is_in_circle(sequence));
    if !is_believed && lollipop::is_older(sequence, known.sequence) {
        // Overtaken on the way by a later announcement.
        return;
    }
    let costs = if is_equal { [COSTS[0]; 2] } else { COSTS };
    // What is repeated with the same number does not take back what errors have told.
    if known.sequence != sequence || known.parents != [packet.via, second] {
        *known = Announced { parents: [packet.via, second], costs, sequence, until_s };
    }
    known.until_s = until_s;
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
    let known = &mut net.routes.0[of];
    let Some(which) = known.parents.iter().position(|&known| known == parent && known.is_some()) else { return };
    match net.procedures.border {
        BorderStack::Wsbrd if which == 0 => known.parents = [known.parents[1], Node::NONE],
        BorderStack::Wsbrd => known.parents[1] = Node::NONE,
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
    let (net, dest, now_s) = (&*stack.net, packet.dest, seconds(ctx));
    let is_known = match net.procedures.border {
        BorderStack::Wsbrd => net.routes.write(now_s, gateway, (dest, relay), &mut packet),
        BorderStack::Nanostack => {
            let is_bad = |child| net.etx_down(gateway, child).is_some_and(|etx| etx > ETX_MAX);
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
mod tests {
    use super::*;

    /// Border router 0; 1 and 2 below it, 3 below 1; 4 below 3, and 2 as its second parent.
    fn routes() -> Routes {
        let parents = [Node::NONE, Node(0), Node(0), Node(1), Node(3)].into_iter().collect();
        let seconds = [Node::NONE, Node::NONE, Node::NONE, Node::NONE, Node(2)].into_iter().collect();
        Routes::announced(&parents, &seconds, 0)
    }

    fn to_4() -> Packet {
        Packet::new(Content::DaoAck { sequence: 0 }, Node(0), Node(4), Node(4))
    }

    /// The way down as it is written: the destination first.
    fn way(packet: &Packet) -> &[Node] {
        &packet.route[..=usize::from(packet.route_len)]
    }

    #[test]
    fn wsbrd_goes_by_first_parents_and_by_the_second_where_the_first_is_deleted() {
        let (mut routes, mut packet) = (routes(), to_4());
        let write = |routes: &Routes, packet: &mut Packet| routes.write(100, Node(0), (Node(4), Node::NONE), packet);
        assert!(write(&routes, &mut packet));
        assert_eq!((way(&packet), packet.hop_to), (&[Node(4), Node(3), Node(1)][..], Node(1)));
        routes.0[Node(4)].parents = [Node(2), Node::NONE];
        assert!(write(&routes, &mut packet));
        assert_eq!(way(&packet), [Node(4), Node(2)]);
        routes.0[Node(4)].parents = [Node::NONE; 2];
        assert!(!write(&routes, &mut packet));
        // A loop has no end.
        routes.0[Node(4)].parents = [Node(3), Node::NONE];
        routes.0[Node(3)].parents = [Node(4), Node::NONE];
        assert!(!write(&routes, &mut packet));
        assert!(!routes.write_cheapest(100, Node(0), (Node(4), Node::NONE), &mut packet, |_| 0));
    }

    #[test]
    fn nanostack_goes_by_the_parents_whose_ways_cost_least() {
        let (mut routes, mut packet) = (routes(), to_4());
        let write = |routes: &Routes, packet: &mut Packet, bad: Node| {
            let first_link = |child| if child == bad { COST_OF_BAD_LINK } else { 0 };
            assert!(routes.write_cheapest(100, Node(0), (Node(4), Node::NONE), packet, first_link));
        };
        // 1 for each first parent, 2 for a second: 1 + 1 + 1 by 3 and 1, and 2 + 1 by 2: of two that cost the same that of fewer hops.
        write(&routes, &mut packet, Node::NONE);
        assert_eq!((way(&packet), packet.hop_to), (&[Node(4), Node(2)][..], Node(2)));
        // A bad link to 2 adds 8, as much as two errors there.
        write(&routes, &mut packet, Node(2));
        assert_eq!(way(&packet), [Node(4), Node(3), Node(1)]);
        routes.0[Node(4)].costs[1] += COST_OF_ERROR;
        write(&routes, &mut packet, Node::NONE);
        assert_eq!(way(&packet), [Node(4), Node(3), Node(1)]);
        // By a relay that is given, whatever the node has announced.
        assert!(routes.write_cheapest(100, Node(0), (Node(4), Node(1)), &mut packet, |_| 0));
        assert_eq!(way(&packet), [Node(4), Node(1)]);
    }

    #[test]
    fn a_route_that_is_not_announced_again_ends() {
        let (mut routes, mut packet) = (routes(), to_4());
        routes.is_good_until(Node(3), 7_200);
        for (now_s, is_known) in [(7_199, true), (7_200, false)] {
            assert_eq!(routes.write(now_s, Node(0), (Node(4), Node::NONE), &mut packet), is_known);
        }
        // By the second parent of 4 another way is left.
        assert!(routes.write_cheapest(7_200, Node(0), (Node(4), Node::NONE), &mut packet, |_| 0));
        assert_eq!(way(&packet), [Node(4), Node(2)]);
    }
}
