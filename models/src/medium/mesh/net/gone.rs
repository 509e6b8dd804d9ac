//! Nodes that border routers still count although they are elsewhere, or count already.
//!
//! wsbrd advertises how many nodes have asked it for keys, of those that got none for half an hour, and forgets one that it has heard nothing of when the newest group key that there was at its
//! last exchange ends. Nanostack advertises how many nodes it has a route to, which end by their lifetime.

use crate::check::Bounds;
use crate::node::{Node, PerNode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who is none of the PANs of a partition and counts there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Gone {
    /// By border router and node: until then, s of the run.
    until_s: BTreeMap<(Node, Node), u32>,
    /// By border router: how many.
    count: PerNode<u32>,
}

impl Gone {
    /// Nobody yet.
    pub(super) fn new(gateways: u16) -> Self {
        Gone { until_s: BTreeMap::new(), count: PerNode::of(0, usize::from(gateways)) }
    }

    /// So many of a PAN.
    pub(super) fn of(&self, gateway: Node) -> u32 {
        self.count[gateway]
    }

    /// A node has left a PAN, whose border router counts it until then.
    pub(super) fn leaves(&mut self, gateway: Node, node: Node, until_s: u32) {
        if self.until_s.insert((gateway, node), until_s).is_none() {
            self.count[gateway] += 1;
        }
    }

    /// A node without keys asks wsbrd for them, which counts it until then at least.
    pub(super) fn asks(&mut self, gateway: Node, node: Node, until_s: u32) {
        let known_s = self.until_s.get(&(gateway, node)).copied().unwrap_or(0);
        self.leaves(gateway, node, until_s.max(known_s));
    }

    /// A node is back in a PAN.
    pub(super) fn returns(&mut self, gateway: Node, node: Node) {
        if self.until_s.remove(&(gateway, node)).is_some() {
            self.count[gateway] -= 1;
        }
    }

    /// A border router forgets those whose time is over.
    pub(super) fn forget(&mut self, gateway: Node, now_s: u32) {
        let of_gateway = (gateway, Node(0))..=(gateway, Node(u16::MAX));
        let over = self.until_s.range(of_gateway).filter(|&(_, &until_s)| until_s <= now_s).map(|(&key, _)| key);
        for (gateway, node) in over.collect::<Vec<_>>() {
            self.returns(gateway, node);
        }
    }

    /// Border routers.
    pub(super) fn count(&self) -> usize {
        self.count.len()
    }

    /// Whether what was saved names radios that are here, and counts them.
    pub(super) fn fits(&self, bounds: &Bounds) -> bool {
        let mut count = vec![0; self.count.len()];
        let named = self.until_s.keys().all(|&(gateway, node)| {
            let is_here = gateway.at() < count.len() && bounds.is_own(node);
            if is_here {
                count[gateway.at()] += 1;
            }
            is_here
        });
        named && count == self.count.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_has_left_counts_once_until_it_is_back_or_its_time_is_over() {
        let (here, there) = (Node(0), Node(1));
        let mut gone = Gone::new(2);
        gone.leaves(here, Node(7), 100);
        gone.leaves(here, Node(8), 200);
        // It leaves a second time, with newer keys.
        gone.leaves(here, Node(7), 300);
        gone.leaves(there, Node(7), 50);
        assert_eq!((gone.of(here), gone.of(there)), (2, 1));
        gone.returns(there, Node(7));
        gone.returns(there, Node(7));
        assert_eq!((gone.of(here), gone.of(there)), (2, 0));
        gone.forget(here, 199);
        assert_eq!(gone.of(here), 2);
        gone.forget(here, 200);
        gone.forget(there, 1_000);
        assert_eq!((gone.of(here), gone.of(there)), (1, 0));
    }

    #[test]
    fn a_node_that_asks_counts_from_its_first_request_and_no_shorter_than_if_it_had_left() {
        let (here, new, former) = (Node(0), Node(7), Node(8));
        let mut gone = Gone::new(1);
        gone.leaves(here, former, 9_000);
        for at_s in [0, 300, 900] {
            gone.asks(here, new, at_s + 1_920);
            gone.asks(here, former, at_s + 1_920);
            assert_eq!(gone.of(here), 2);
        }
        // 900 + 120 + 1,800 s; who has left counts as long as its keys would be good.
        gone.forget(here, 2_819);
        assert_eq!(gone.of(here), 2);
        gone.forget(here, 2_820);
        assert_eq!(gone.of(here), 1);
        // It gets its keys: a member.
        gone.asks(here, new, 5_000);
        gone.returns(here, new);
        assert_eq!(gone.of(here), 1);
    }
}
