//! The tree of a mesh that has run for long, grown by the rules by which nodes join: who hears a route first chooses first.
//!
//! A node that hears a route asks for keys, which a border router gives out in turn, looks for a parent, and is one to others when its route is
//! there, with times drawn between those that these steps take. It chooses among the neighbours that have a route by then, of a few that it has heard
//! the cheapest, if it takes another child, and a second parent beside it. Afterwards all look again, by the order of `candidates`, until nobody finds a path
//! that is clearly better. Nothing is sent: links have the ETX that counting comes to on average.

use super::candidates::{CANDIDATES, CONSIDERED, Candidate, INFINITE_RANK, order, place};
use super::choice::{Heard, Order};
use super::etx::{ETX_MAX, Etx};
use super::parents::SWITCH_THRESHOLD;
use super::second::{Limit, rank_below_both};
use crate::context::Facts;
use crate::medium::mesh::mac::LinkLayer;
use crate::node::{Node, PerNode};
use crate::purpose::{HEARD_ORDER, JOIN_ORDER};
use crate::spec::RouterStack;
use amitwin_sim_core::rng::Stream;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Looks at all nodes after which those that still change are left as they are.
const LOOKS_MAX: usize = 8;

/// Nodes behind a border router get their keys one after the other, each in the time of so many frames of 1,000 bytes: measured of 100 to
/// 1,000 new nodes at 50, 100 and 150 kb/s, which takes 1.5 to 2.7 s a node at 150 kb/s under wsrd.
pub(super) const KEYS_FRAMES: f64 = 37.0;

/// For each radio: parent and rank, or [`Node::NONE`] where no usable path leads to a border router.
pub struct Tree {
    /// Next hop.
    pub parent: PerNode<Node>,
    /// Second parent, if there is one.
    pub second: PerNode<Node>,
    /// RPL rank.
    pub rank: PerNode<u16>,
    /// Hops to the border router.
    pub hops: PerNode<u8>,
    /// Border router of the PAN; nobody where no PAN is in reach of a node that chooses.
    pub pan: PerNode<Node>,
    /// When it has chosen a parent, or looked for one last, s after the first.
    asked_s: PerNode<u32>,
    /// When others may choose it, s after the first.
    routed_s: PerNode<u32>,
    /// It has grown for so long, s.
    now_s: u32,
    /// Neighbours that may become the parent, the parent among them.
    pub candidates: PerNode<[Candidate; CANDIDATES]>,
}

/// How nodes choose among PANs as the tree grows.
pub struct PanChoice<'a> {
    /// Place of a PAN with so many nodes, of which a neighbour was heard with a cost, at a level, after failures: the smallest is joined.
    pub order: &'a dyn Fn(Node, u32, Heard) -> Order,
    /// Nodes that a border router lets in, if there is a limit.
    pub nodes_max: Option<u32>,
}

/// By which rules it grows.
pub struct Rules<'a> {
    /// How nodes choose among PANs; otherwise they are in that which they are assigned.
    pub pans: Option<&'a PanChoice<'a>>,
    /// Level at which a node hears a neighbour, dBm, if that is good enough for a parent.
    pub acceptable: &'a dyn Fn(&LinkLayer, Node, Node) -> Option<f32>,
    /// Expected transmissions from a node to a neighbour, 1/128.
    pub etx: &'a dyn Fn(Node, Node) -> u16,
    /// Children that a node takes, if there is a limit.
    pub children_max: &'a dyn Fn(Node) -> Option<u16>,
    /// Rank of a border router, and the least step to a child.
    pub step: u16,
    /// How far a rank may rise above its lowest; 0: within its step.
    pub increase_max: u16,
    /// Parents of a node, one or two.
    pub parents_max: u8,
    /// Hops above which a radio is out of reach.
    pub hops_max: u8,
    /// Time that a join takes, each the least and the most, s: to keys, from those to a parent, from that to a route.
    pub join_s: [(f64, f64); 3],
    /// From one node that gets its keys to the next behind the same border router, s.
    pub keys_s: f64,
    /// Where a node considers those that it has heard first, instead of going by rank and signal: time within which it hears a neighbour
    /// that has a rank, s.
    pub heard_within_s: Option<f64>,
}

impl Tree {
    fn parents(&self, node: Node) -> [Node; 2] {
        [self.parent[node], self.second[node]]
    }

    /// Rank of a node that others may choose by now.
    fn said(&self, node: Node) -> u16 {
        if self.routed_s[node] <= self.now_s { self.rank[node] } else { INFINITE_RANK }
    }
}

/// What is due of a node, and when, ms after the first.
type Ready = BinaryHeap<Reverse<(u64, Node, At)>>;

/// How far a node has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum At {
    /// It asks for keys.
    Keys,
    /// It chooses a parent.
    Parent,
    /// It is one itself.
    Route,
}

struct Growing<'a> {
    link: &'a LinkLayer,
    facts: &'a Facts,
    rules: &'a Rules<'a>,
    tree: Tree,
    children: PerNode<u16>,
    /// By border router: nodes of its PAN, where they choose.
    members: PerNode<u32>,
    /// By border router: when the next node may get its keys, ms after the first.
    keys_from_ms: PerNode<u64>,
}

/// Grows the tree of all PANs of a partition.
pub fn grow(link: &LinkLayer, facts: &Facts, rules: &Rules<'_>) -> Tree {
    let count = usize::from(facts.own);
    let tree = Tree {
        parent: PerNode::of(Node::NONE, count),
        second: PerNode::of(Node::NONE, count),
        rank: PerNode::of(INFINITE_RANK, count),
        hops: PerNode::of(u8::MAX, count),
        asked_s: PerNode::of(0, count),
        routed_s: PerNode::of(0, count),
        now_s: 0,
        pan: facts
            .nodes()
            .map(|node| if rules.pans.is_some() { alone(facts, node) } else { facts.pan[node] })
            .collect(),
        candidates: PerNode::of([Candidate::default(); CANDIDATES], count),
    };
    let members = PerNode::of(0, usize::from(facts.gateways));
    let keys_from_ms = PerNode::of(0, usize::from(facts.gateways));
    let mut growing = Growing { link, facts, rules, tree, children: PerNode::of(0, count), members, keys_from_ms };
    growing.join();
    for _ in 0..LOOKS_MAX {
        if !growing.look_again() {
            break;
        }
    }
    let mut tree = growing.tree;
    for node in facts.nodes().filter(|&node| !facts.is_gateway(node) && tree.parent[node].is_some()) {
        let mut best = considered(link, facts, rules, &tree, node, tree.parents(node));
        // Beside two parents nanostack keeps two others.
        if rules.heard_within_s.is_some() && tree.second[node].is_some() {
            best[CONSIDERED - 1] = Candidate::default();
        }
        tree.candidates[node][..CONSIDERED].copy_from_slice(&best);
    }
    tree
}

/// When a node hears a neighbour, among those that have a route: a uniform number.
fn heard_place(facts: &Facts, node: Node, other: Node) -> u64 {
    let pair = u64::from(facts.sites[node]) << 32 | u64::from(facts.sites[other]);
    Stream::new(facts.seed, pair, HEARD_ORDER).bits()
}

/// The PAN of a node before it has heard of any.
fn alone(facts: &Facts, node: Node) -> Node {
    if facts.is_gateway(node) { node } else { Node::NONE }
}

/// The neighbours of a node that may become its parent, in the order of `candidates`; parents that it has lead them.
fn considered(
    link: &LinkLayer,
    facts: &Facts,
    rules: &Rules<'_>,
    tree: &Tree,
    node: Node,
    parents: [Node; 2],
) -> [Candidate; CONSIDERED] {
    let mut best = [Candidate::default(); CONSIDERED];
    // Who has a rank says it within the smallest interval, because somebody asks: the node itself, once it has its keys.
    let within_s = rules.heard_within_s.unwrap_or(0.0);
    let asks_s = tree.asked_s[node].saturating_sub(within_s as u32);
    let heard_s = |other: Node| {
        let place = (heard_place(facts, node, other) >> 11) as f64 / (1u64 << 53) as f64;
        tree.routed_s[other].max(asks_s) + (within_s * place) as u32
    };
    let key = |c: &Candidate| match rules.heard_within_s {
        // As [`order`] has it, with the time in the place of rank steps and signal.
        Some(_) if c.node.is_some() => {
            (u64::from(place(c, parents)) << 48) | (u64::from(heard_s(c.node)) << 16) | u64::from(c.node.0)
        }
        _ => order(c, parents, rules.step, 0),
    };
    for (other, _) in link.air.neighbours.of(node) {
        if !facts.is_own(other) || tree.pan[other] != tree.pan[node] {
            continue;
        }
        let rank = tree.said(other);
        if rank >= tree.rank[node] || tree.hops[other] >= rules.hops_max {
            continue;
        }
        let last = &best[CONSIDERED - 1];
        if rules.heard_within_s.is_none()
            && last.node.is_some()
            && !parents.contains(&other)
            && rank / rules.step > last.rank / rules.step
        {
            continue;
        }
        let Some(level_dbm) = (rules.acceptable)(link, node, other) else { continue };
        let new = Candidate { node: other, rank, rsl_dbm: level_dbm as i8, ..Candidate::default() };
        // Behind a bad link it is forgotten as soon as that is known.
        let is_kept =
            |other| rules.heard_within_s.is_none() || parents.contains(&other) || (rules.etx)(node, other) <= ETX_MAX;
        if key(&new) < key(last) && is_kept(other) {
            best[CONSIDERED - 1] = new;
            best.sort_by_key(key);
        }
    }
    for candidate in best.iter_mut().filter(|c| c.node.is_some()) {
        candidate.etx = Etx::settled((rules.etx)(node, candidate.node), 0);
    }
    best
}

impl Growing<'_> {
    /// Everybody joins, those who hear a route first before the others.
    fn join(&mut self) {
        let mut ready: Ready = BinaryHeap::new();
        let mut waits = PerNode::of(false, usize::from(self.facts.own));
        let mut has_keys = PerNode::of(false, usize::from(self.facts.own));
        for node in self.facts.nodes().filter(|&node| self.facts.is_gateway(node)) {
            (self.tree.rank[node], self.tree.hops[node]) = (self.rules.step, 0);
        }
        for node in self.facts.nodes().filter(|&node| self.facts.is_gateway(node)) {
            self.wake(node, 0, &mut waits, &mut ready);
        }
        while let Some(Reverse((at_ms, node, at))) = ready.pop() {
            self.tree.now_s = (at_ms / 1_000) as u32;
            let wait_ms = |n: usize| {
                let (low, high) = self.rules.join_s[n];
                let site = u64::from(self.facts.sites[node]);
                let place = Stream::new(self.facts.seed, site | (n as u64) << 32, JOIN_ORDER).unit();
                ((low + (high - low) * place) * 1e3) as u64
            };
            match at {
                At::Keys => {
                    let mut got_ms = at_ms;
                    if !std::mem::replace(&mut has_keys[node], true) {
                        let from_ms = &mut self.keys_from_ms[self.facts.gateway_of(node)];
                        got_ms = at_ms.max(*from_ms);
                        *from_ms = got_ms + (self.rules.keys_s * 1e3) as u64;
                    }
                    ready.push(Reverse((got_ms + wait_ms(1), node, At::Parent)));
                }
                At::Parent => {
                    let routed_ms = at_ms + wait_ms(2);
                    (self.tree.asked_s[node], self.tree.routed_s[node]) = (self.tree.now_s, (routed_ms / 1_000) as u32);
                    if self.choose(node) {
                        ready.push(Reverse((routed_ms, node, At::Route)));
                    } else {
                        // All that it hears are full, or the link is too bad: the next that joins wakes it.
                        waits[node] = false;
                    }
                }
                At::Route => self.wake(node, at_ms, &mut waits, &mut ready),
            }
        }
        self.tree.now_s = u32::MAX;
    }

    /// A node has a route from now on: neighbours that have none begin to join.
    fn wake(&self, node: Node, at_ms: u64, waits: &mut PerNode<bool>, ready: &mut Ready) {
        for (other, _) in self.link.air.neighbours.of(node) {
            let is_without = self.facts.is_own(other)
                && (self.rules.pans.is_some() || self.tree.pan[other] == self.tree.pan[node])
                && self.tree.rank[other] == INFINITE_RANK
                && !waits[other];
            if is_without && (self.rules.acceptable)(self.link, other, node).is_some() {
                waits[other] = true;
                let site = u64::from(self.facts.sites[other]);
                let (low, high) = self.rules.join_s[0];
                let place = Stream::new(self.facts.seed, site, JOIN_ORDER).unit();
                ready.push(Reverse((at_ms + ((low + (high - low) * place) * 1e3) as u64, other, At::Keys)));
            }
        }
    }

    /// The cheapest of those that a node considers and that take it.
    fn best(&self, node: Node) -> Option<Candidate> {
        self.cheapest(node, considered(self.link, self.facts, self.rules, &self.tree, node, self.tree.parents(node)))
    }

    /// The same of those that it has asked, if they have a route by then: a node that joins does not know of others yet.
    fn first(&self, node: Node) -> Option<Candidate> {
        let asked = if self.rules.heard_within_s.is_none() { self.cheapest(node, self.heard(node)) } else { None };
        asked.or_else(|| self.best(node))
    }

    fn cheapest(&self, node: Node, among: [Candidate; CONSIDERED]) -> Option<Candidate> {
        let usable = among.into_iter().filter(|c| {
            c.node.is_some() && c.etx.value().is_some_and(|etx| etx <= ETX_MAX) && self.takes(node, c.node)
        });
        usable.min_by_key(|c| (c.cost(), c.node))
    }

    /// A few of the neighbours that have a route by then, whoever happens to have advertised: advertisements are rare, because each keeps silent who
    /// has heard another.
    fn heard(&self, node: Node) -> [Candidate; CONSIDERED] {
        let mut first = [(u64::MAX, Candidate::default()); CONSIDERED];
        for (other, _) in self.link.air.neighbours.of(node) {
            let rank = if self.facts.is_own(other) { self.tree.said(other) } else { INFINITE_RANK };
            if rank == INFINITE_RANK
                || self.tree.pan[other] != self.tree.pan[node]
                || self.tree.hops[other] >= self.rules.hops_max
            {
                continue;
            }
            let Some(level_dbm) = (self.rules.acceptable)(self.link, node, other) else { continue };
            let place = heard_place(self.facts, node, other);
            if place < first[CONSIDERED - 1].0 {
                let etx = Etx::settled((self.rules.etx)(node, other), 0);
                let heard = Candidate { node: other, rank, rsl_dbm: level_dbm as i8, etx, ..Candidate::default() };
                first[CONSIDERED - 1] = (place, heard);
                first.sort_by_key(|&(place, _)| place);
            }
        }
        first.map(|(_, heard)| heard)
    }

    /// Gives a node a parent; `false` if there is none for it.
    fn choose(&mut self, node: Node) -> bool {
        let Some(pans) = self.rules.pans.filter(|_| self.tree.pan[node] == Node::NONE) else {
            let Some(best) = self.first(node) else { return false };
            self.attach(node, &best);
            return true;
        };
        for pan in self.offers(node, pans) {
            self.tree.pan[node] = pan;
            if let Some(best) = self.first(node) {
                self.members[pan] += 1;
                self.attach(node, &best);
                return true;
            }
        }
        self.tree.pan[node] = Node::NONE;
        false
    }

    /// The PANs that a node hears and that have room, the one that it joins first.
    fn offers(&self, node: Node, pans: &PanChoice<'_>) -> Vec<Node> {
        let mut best: Vec<(u16, i16, Node)> = vec![(u16::MAX, 0, Node::NONE); self.members.len()];
        for (other, _) in self.link.air.neighbours.of(node) {
            if !self.facts.is_own(other) || self.tree.said(other) == INFINITE_RANK {
                continue;
            }
            let Some(level_dbm) = (self.rules.acceptable)(self.link, node, other) else { continue };
            let cost = self.tree.rank[other].saturating_sub(self.rules.step);
            let known = &mut best[self.tree.pan[other].at()];
            *known = (*known).min((cost, -(level_dbm as i16), other));
        }
        let routers = best.iter().zip(self.facts.routers()).filter(|(found, _)| found.2.is_some());
        let open = routers.filter(|&(_, pan)| pans.nodes_max.is_none_or(|most| self.members[pan] < most));
        let mut open: Vec<_> = open
            .map(|(&(cost, weaker, _), pan)| ((pans.order)(pan, self.members[pan], (cost, -weaker as i8, 0)), pan))
            .collect();
        open.sort_unstable();
        open.into_iter().map(|(_, pan)| pan).collect()
    }

    /// Whether another takes a node for its child, or has it already.
    fn takes(&self, node: Node, other: Node) -> bool {
        self.tree.parents(node).contains(&other)
            || (self.rules.children_max)(other).is_none_or(|most| self.children[other] < most)
    }

    fn attach(&mut self, node: Node, to: &Candidate) {
        let before = self.tree.parent[node];
        if before.is_some() {
            self.children[before] -= 1;
        }
        if self.tree.second[node] == to.node {
            self.tree.second[node] = Node::NONE;
        } else {
            self.children[to.node] += 1;
        }
        self.tree.parent[node] = to.node;
        self.follow(node, to);
    }

    /// The place of a node below its parent, and a second one beside it.
    fn follow(&mut self, node: Node, first: &Candidate) {
        let rules = self.rules;
        self.tree.hops[node] = self.tree.hops[first.node].saturating_add(1);
        // As below the first alone, so that those that are as far down are none.
        self.tree.rank[node] = first.rank_below(rules.step).min(u32::from(INFINITE_RANK) - 1) as u16;
        let limit = Limit {
            stack: if rules.heard_within_s.is_some() { RouterStack::Nanostack } else { RouterStack::Wsrd },
            step: rules.step,
            increase_max: rules.increase_max,
            rank_max: None,
            lowest: self.tree.rank[node],
        };
        let parents = self.tree.parents(node);
        let all = considered(self.link, self.facts, rules, &self.tree, node, parents);
        let those = all.iter().filter(|c| c.node.is_some() && self.takes(node, c.node));
        let second = limit.best(first, parents[1], those).filter(|_| rules.parents_max > 1).copied();
        if parents[1].is_some() {
            self.children[parents[1]] -= 1;
        }
        if let Some(second) = &second {
            self.children[second.node] += 1;
        }
        self.tree.second[node] = second.map_or(Node::NONE, |second| second.node);
        let rank = rank_below_both(first, second.as_ref(), rules.step, rules.increase_max);
        self.tree.rank[node] = rank.min(u32::from(INFINITE_RANK) - 1) as u16;
    }

    /// All nodes, those with the fewest hops first, follow what their parents have become and change to a clearly better one.
    fn look_again(&mut self) -> bool {
        let mut order: Vec<Node> = self.facts.nodes().filter(|&node| self.tree.parent[node].is_some()).collect();
        order.sort_by_key(|&node| (self.tree.hops[node], node));
        let mut has_changed = false;
        for node in order {
            let parent = self.tree.parent[node];
            let etx = Etx::settled((self.rules.etx)(node, parent), 0);
            let current = Candidate { node: parent, rank: self.tree.rank[parent], etx, ..Candidate::default() };
            let before = (self.tree.rank[node], self.tree.hops[node], self.tree.second[node]);
            self.follow(node, &current);
            has_changed |= before != (self.tree.rank[node], self.tree.hops[node], self.tree.second[node]);
            let Some(best) = self.best(node) else { continue };
            if best.node != parent && best.cost() + SWITCH_THRESHOLD <= current.cost() {
                self.attach(node, &best);
                has_changed = true;
            }
        }
        has_changed
    }
}
