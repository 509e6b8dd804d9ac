//! The routing tree that a settled mesh has: shortest paths by expected transmissions from the border routers.

use super::parents::{ETX_MAX, RANK_STEP};
use crate::medium::mesh::radio::neighbours::Neighbours;
use crate::node::{Node, PerNode};
use petgraph::algo::dijkstra;
use petgraph::graph::{NodeIndex, UnGraph};

/// For each radio: parent and rank, or [`Node::NONE`] where no usable path leads to a border router.
pub struct Tree {
    /// Next hop.
    pub parent: PerNode<Node>,
    /// RPL rank; 128 at a border router.
    pub rank: PerNode<u16>,
    /// Hops to the border router.
    pub hops: PerNode<u8>,
}

/// Works the tree out over links with ETX of at most 4. Radios `0..gateways` are border routers; `pan[n]` is the border
/// router of radio `n`, and no link leads from one PAN to another. `own` radios take part, those after are foreign.
pub fn shortest(
    neighbours: &Neighbours,
    etx_of_code: &[u16],
    gateways: u16,
    pan: &PerNode<Node>,
    own: u16,
    hops_max: u8,
) -> Tree {
    let count = own as usize;
    let mut graph = UnGraph::<(), u16, u32>::with_capacity(count + 1, count * 8);
    for _ in 0..=count {
        graph.add_node(());
    }
    let source = NodeIndex::new(count);
    for g in 0..gateways {
        graph.add_edge(source, NodeIndex::new(g as usize), RANK_STEP);
    }
    let usable = |a: Node, b: Node, code: u8| b.0 < own && pan[a] == pan[b] && etx_of_code[code as usize] <= ETX_MAX;
    for a in (0..own).map(Node) {
        let (ids, codes) = neighbours.of(a);
        for (&b, &code) in ids.iter().zip(codes) {
            if b > a && usable(a, b, code) {
                graph.add_edge(NodeIndex::new(a.at()), NodeIndex::new(b.at()), etx_of_code[code as usize]);
            }
        }
    }
    let cost = dijkstra(&graph, source, None, |edge| u32::from(*edge.weight()));
    let rank: Vec<u32> = (0..count).map(|n| cost.get(&NodeIndex::new(n)).copied().unwrap_or(u32::MAX)).collect();
    drop(graph);
    let mut tree = Tree {
        parent: PerNode::of(Node::NONE, count),
        rank: PerNode::of(u16::MAX, count),
        hops: PerNode::of(u8::MAX, count),
    };
    let mut order: Vec<Node> = (0..own).map(Node).filter(|n| rank[n.at()] < u32::from(u16::MAX)).collect();
    order.sort_by_key(|&n| (rank[n.at()], n));
    for n in order {
        if n.0 < gateways {
            (tree.rank[n], tree.hops[n]) = (RANK_STEP, 0);
            continue;
        }
        let (ids, codes) = neighbours.of(n);
        let best = ids
            .iter()
            .zip(codes)
            .filter(|&(&b, &code)| usable(n, b, code) && tree.hops[b] < hops_max)
            .map(|(&b, &code)| (u32::from(tree.rank[b]) + u32::from(etx_of_code[code as usize]), b))
            .min();
        if let Some((cost, parent)) = best {
            tree.parent[n] = parent;
            tree.rank[n] = cost.min(u32::from(u16::MAX) - 1) as u16;
            tree.hops[n] = tree.hops[parent] + 1;
        }
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_four_and_one_out_of_reach() {
        // 90 dB is a perfect link here, 100 dB an unusable one.
        let etx: Vec<u16> = (0..=255u16).map(|code| if code <= 140 { 128 } else { 5 * 128 }).collect();
        let table = Neighbours::from_losses(5, &[(0, 1, 90.0), (1, 2, 90.0), (2, 3, 90.0), (3, 4, 100.0)]);
        let tree = shortest(&table, &etx, 1, &PerNode::of(Node(0), 5), 5, 24);
        assert_eq!(tree.parent.0, [Node::NONE, Node(0), Node(1), Node(2), Node::NONE]);
        assert_eq!(tree.hops.0, [0, 1, 2, 3, u8::MAX]);
        assert_eq!(tree.rank.0[..4], [128, 256, 384, 512]);
    }
}
