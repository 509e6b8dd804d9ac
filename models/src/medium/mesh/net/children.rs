//! The children of a node: who has registered with it, and how many it takes.

use super::candidates::seconds;
use super::parents;
use super::{Content, Net, Packet, Stack};
use crate::context::{Ctx, Facts};
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::node::Node;

/// A registration is good for so long, s.
pub(super) const REGISTERED_S: u64 = 2_200;
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
            if facts.is_own(neighbour) && self.nodes[neighbour].registration.with == node {
                self.nodes[neighbour].registration.with = Node::NONE;
            }
        }
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
    let child = &mut stack.net.nodes[child];
    (child.registration.with, child.registration.until_s) = (node, (now_s + REGISTERED_S) as u32);
}

/// The parent has refused: its table is full.
pub(super) fn refused<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node, from: Node) {
    if stack.net.nodes[node].parent == from {
        let minutes = stack.net.between(ctx.facts, node, REFUSED_MIN);
        parents::give_up_parent(stack, link, ctx, node, minutes as u16);
    }
}
