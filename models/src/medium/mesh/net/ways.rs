//! Who depends on a single relay: the radios without which others have no way to their border router.
//!
//! An edge leads from a node to each that may take it as its parent. The nearest radio that all ways from the border router to a node
//! pass is the node's immediate dominator in that graph.

use super::Net;
use crate::context::Facts;
use crate::medium::mesh::mac::LinkLayer;
use crate::node::{Node, PerNode};
use petgraph::algo::dominators::simple_fast;
use petgraph::visit::{GraphBase, IntoNeighbors, VisitMap, Visitable};

/// The links of a PAN over which a node may take another as its parent; edges lead away from the border router.
struct Links<'a> {
    /// Who may take a node as its parent.
    followers: &'a dyn Fn(Node) -> Vec<u16>,
    nodes: usize,
}

/// Nodes that a search has seen.
struct Seen(PerNode<bool>);

impl VisitMap<u16> for Seen {
    fn visit(&mut self, node: u16) -> bool {
        !std::mem::replace(&mut self.0[Node(node)], true)
    }

    fn is_visited(&self, node: &u16) -> bool {
        self.0[Node(*node)]
    }

    fn unvisit(&mut self, node: u16) -> bool {
        std::mem::take(&mut self.0[Node(node)])
    }
}

impl GraphBase for Links<'_> {
    type NodeId = u16;
    type EdgeId = (u16, u16);
}

impl Visitable for Links<'_> {
    type Map = Seen;

    fn visit_map(&self) -> Seen {
        Seen(PerNode::of(false, self.nodes))
    }

    fn reset_map(&self, map: &mut Seen) {
        *map = self.visit_map();
    }
}

impl IntoNeighbors for &Links<'_> {
    type Neighbors = std::vec::IntoIter<u16>;

    fn neighbors(self, node: u16) -> Self::Neighbors {
        (self.followers)(Node(node)).into_iter()
    }
}

impl Net {
    /// Own radios of the same PAN that may take a node as their parent.
    fn may_follow<'a>(
        &'a self,
        link: &'a LinkLayer,
        facts: &'a Facts,
        parent: Node,
    ) -> impl Iterator<Item = Node> + use<'a> {
        let heard = link.air.neighbours.of(parent).map(|(node, _)| node);
        heard.filter(move |&child| {
            facts.is_own(child)
                && !facts.is_gateway(child)
                && self.pan_of(child) == self.pan_of(parent)
                && self.acceptable(link, child, parent, false).is_some()
        })
    }

    /// For each own radio the nearest other one without which no way leads from it to its border router; [`Node::NONE`] where there
    /// are two ways, or none.
    pub fn cut_off_by(&self, link: &LinkLayer, facts: &Facts) -> PerNode<Node> {
        let mut found = PerNode::of(Node::NONE, usize::from(facts.own));
        for root in facts.routers() {
            let mut is_first = PerNode::of(false, usize::from(facts.own));
            for child in self.may_follow(link, facts, root) {
                is_first[child] = true;
            }
            // Who may follow the border router has its way; no other edge to it counts.
            let followers = |parent: Node| {
                let children = self.may_follow(link, facts, parent);
                children.filter(|&child| parent == root || !is_first[child]).map(|child| child.0).collect()
            };
            let ways = simple_fast(&Links { followers: &followers, nodes: usize::from(facts.own) }, root.0);
            for node in facts.members().filter(|&node| self.pan_of(node) == root) {
                if let Some(by) = ways.immediate_dominator(node.0).filter(|&by| by != root.0) {
                    found[node] = Node(by);
                }
            }
        }
        found
    }
}
