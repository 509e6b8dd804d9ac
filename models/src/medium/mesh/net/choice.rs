//! Which PAN a node joins, of those that it hears while it looks for one.
//!
//! A PAN advertisement says how many nodes the PAN has, what the way from its sender to the border router costs and, under wsbrd, how full
//! the PAN is. wsrd takes the PAN that is least full, of equally full ones that with the lowest cost, in which each node of the PAN counts like
//! 1/32 of a transmission; nanostack one that it has not failed to join, then the lowest cost in steps of two transmissions or 64 nodes,
//! then the strongest signal. Of each PAN the neighbour with the cheapest way is asked for keys.

use super::auth::Keys;
use super::candidates::forget;
use super::rekey::{self, Renewal};
use super::{INFINITE_RANK, Net, State};
use crate::check::Bounds;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::packet::Depth;
use crate::node::Node;
use crate::spec::{BorderStack, RouterStack};
use serde::{Deserialize, Serialize};

/// PANs that a node remembers while it looks.
pub(super) const PANS: usize = 10;
/// What it has heard of them; nothing once it is part of one.
pub(super) type Offers = Option<Box<[Offer; PANS]>>;

/// Place of a PAN in the order of a stack.
pub type Order = (u32, u32, i16);
/// What was heard of a PAN: cost of a neighbour's way, its signal, and failures to join.
pub type Heard = (u16, i8, u8);

/// What a stack and its border router do about the choice of a PAN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choosing {
    /// Nodes choose their PAN; otherwise it is that which they are assigned.
    pub is_free: bool,
    /// Nodes that a border router lets in, if there is a limit.
    pub nodes_max: Option<u32>,
    /// How border routers advertise that they are full, if they do.
    pub load: Option<LoadFactor>,
}

/// A PAN load factor: nodes in per cent of those that it is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadFactor {
    /// So many nodes are 100 %.
    pub nodes: u32,
    /// It is worked out anew when the nodes pass a multiple of this.
    pub step: u32,
}

impl LoadFactor {
    fn percent(&self, nodes: u32) -> u32 {
        (100 * (nodes - nodes % self.step) / self.nodes.max(1)).min(100)
    }
}

/// The best neighbour of a PAN that was heard.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Offer {
    /// Border router of the PAN; nobody in a free place.
    pub(super) pan: Node,
    /// The neighbour; nobody if none was heard since the node began to look.
    pub(super) via: Node,
    /// What its way to the border router costs, 1/128 transmissions.
    cost: u16,
    /// Its signal, dBm.
    rsl_dbm: i8,
    /// How often joining this PAN has failed since it worked last.
    failures: u8,
}

impl Default for Offer {
    fn default() -> Self {
        Offer { pan: Node::NONE, via: Node::NONE, cost: u16::MAX, rsl_dbm: i8::MIN, failures: 0 }
    }
}

impl Offer {
    /// Whether what was saved names a border router and a radio that are here.
    pub(super) fn fits(&self, bounds: &Bounds) -> bool {
        (self.pan == Node::NONE || self.pan.0 < bounds.gateways) && bounds.is_own_or_none(self.via)
    }
}

/// What is known of a PAN when it is weighed against others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Weighed {
    /// PAN load factor, %.
    pub(super) load_percent: u32,
    /// Nodes of the PAN.
    pub(super) nodes: u32,
    /// Cost of the best neighbour's way, 1/128 transmissions.
    pub(super) cost: u16,
    /// Signal of that neighbour, dBm.
    pub(super) rsl_dbm: i8,
    /// Failures to join it.
    pub(super) failures: u8,
}

/// Place of a PAN in the order of a stack: the smallest is joined.
///
/// W `ws.c`, `ws_neigh.c`: routing cost + 4 x PAN size. N `ws_bootstrap.c`: routing cost / 256 + PAN size / 64.
pub(super) fn order(stack: RouterStack, of: &Weighed) -> Order {
    let stronger = -i16::from(of.rsl_dbm);
    match stack {
        RouterStack::Wsrd => (of.load_percent, u32::from(of.cost) + 4 * of.nodes, stronger),
        RouterStack::Nanostack => (u32::from(of.failures), u32::from(of.cost / 256) + of.nodes / 64, stronger),
    }
}

impl Net {
    /// Border router of the PAN that a node is in, was in last, or tries to join.
    pub fn pan_of(&self, node: Node) -> Node {
        self.nodes[node].pan.of
    }

    /// Whether nodes choose their PAN.
    pub(super) fn chooses(&self) -> bool {
        self.procedures.pan.choosing.is_free
    }

    /// Nodes of a PAN as its border router counts them. W `authenticator.c`: those that have its keys, until it forgets them. N `ws_bbr_api.c`: those
    /// to which it has a route.
    pub(super) fn nodes_of(&self, pan: Node) -> u32 {
        let here = match self.procedures.border {
            BorderStack::Wsbrd => self.members[pan],
            BorderStack::Nanostack => self.routes.known(pan),
        };
        here + self.gone.of(pan)
    }

    /// Whether a border router lets nobody else in.
    pub(super) fn is_full(&self, gateway: Node) -> bool {
        let joining = self.authenticators.active(gateway) as u32;
        self.procedures.pan.choosing.nodes_max.is_some_and(|most| self.members[gateway] + joining >= most)
    }

    /// How a PAN weighs for a node that has heard a neighbour of it.
    pub(super) fn weighed(&self, pan: Node, nodes: u32, (cost, rsl_dbm, failures): Heard) -> Weighed {
        debug_assert!(pan.is_some());
        let load_percent = self.procedures.pan.choosing.load.map_or(0, |load| load.percent(nodes));
        Weighed { load_percent, nodes, cost, rsl_dbm, failures }
    }

    /// Whether a node looks for a PAN and has not chosen one.
    pub(super) fn is_looking(&self, node: Node) -> bool {
        let joining = &self.nodes[node];
        matches!(joining.state, State::SelectPan | State::AcquireConfig) && !joining.pan.is_chosen
    }

    /// Counts the nodes that have the keys of each PAN.
    pub(super) fn count_members(&mut self) {
        self.members.0.fill(0);
        for joining in self.nodes.iter().skip(self.members.len()) {
            self.members[joining.pan.of] += u32::from(joining.pan.keys.has);
        }
    }

    /// The PAN to join, of those that a node has heard.
    pub(super) fn best_pan(&self, node: Node) -> Option<Offer> {
        let heard =
            self.nodes[node].pan.heard.iter().flat_map(|offers| offers.iter()).filter(|offer| offer.via.is_some());
        let able = heard.filter(|offer| self.nodes[offer.via].state == State::Operational);
        let weighed = |offer: &Offer| {
            self.weighed(offer.pan, self.nodes_of(offer.pan), (offer.cost, offer.rsl_dbm, offer.failures))
        };
        match self.procedures.stack {
            RouterStack::Wsrd => in_turn(able.map(|offer| (*offer, weighed(offer)))),
            RouterStack::Nanostack => {
                able.min_by_key(|offer| (order(RouterStack::Nanostack, &weighed(offer)), offer.pan)).copied()
            }
        }
    }
}

/// W `ws.c`: what was heard last comes first, and each other takes its place that is less full or else costs less, even if it is fuller.
fn in_turn<T>(mut offers: impl Iterator<Item = (T, Weighed)>) -> Option<T> {
    let first = offers.next()?;
    let taken = offers.fold(first, |best, other| {
        let (a, b) = (&other.1, &best.1);
        let costs = |of: &Weighed| u32::from(of.cost) + 4 * of.nodes;
        if a.load_percent < b.load_percent || costs(a) < costs(b) { other } else { best }
    });
    Some(taken.0)
}

/// Begins to look anew: what was heard before counts for nothing, but failures do.
pub(super) fn look(net: &mut Net, node: Node) {
    let pan = &mut net.nodes[node].pan;
    (pan.is_chosen, pan.keys.renews) = (false, false);
    pan.heard.iter_mut().flat_map(|offers| offers.iter_mut()).for_each(|offer| offer.via = Node::NONE);
}

/// A node that looks for a PAN has heard an advertisement; its sender as an offer if a parent may be as weak.
pub(super) fn heard(net: &mut Net, link: &LinkLayer, node: Node, from: Node) -> Option<Offer> {
    let level_dbm = net.acceptable(link, node, from, false)?;
    let (pan, rank) = (net.pan_of(from), net.nodes[from].rank);
    if rank == INFINITE_RANK {
        return None;
    }
    let cost = rank.saturating_sub(net.procedures.parents.rank_step);
    let offers = net.nodes[node].pan.heard.get_or_insert_with(|| Box::new([Offer::default(); PANS]));
    let known = offers.iter().position(|offer| offer.pan == pan);
    // A PAN more than there is room for takes the place of the one with the costliest way.
    let free =
        || (0..PANS).max_by_key(|&at| (offers[at].pan == Node::NONE, offers[at].via == Node::NONE, offers[at].cost));
    let place = &mut offers[known.or_else(free).unwrap_or(0)];
    let failures = if place.pan == pan { place.failures } else { 0 };
    let new = Offer { pan, via: from, cost, rsl_dbm: level_dbm as i8, failures };
    let is_better = place.pan != pan
        || place.via == Node::NONE
        || place.via == from
        || (new.cost, -i16::from(new.rsl_dbm)) < (place.cost, -i16::from(place.rsl_dbm));
    if is_better {
        *place = new;
    }
    Some(new)
}

/// A node has no keys any longer. Unless they have ended wsbrd does not know that.
pub(super) fn loses_keys(net: &mut Net, node: Node, have_ended: bool) {
    let until_s = rekey::ends_s(net, node);
    let pan = &mut net.nodes[node].pan;
    if std::mem::replace(&mut pan.keys.has, false) {
        net.members[pan.of] -= 1;
        if !have_ended && net.procedures.border == BorderStack::Wsbrd {
            net.gone.leaves(pan.of, node, until_s);
        }
    }
}

/// A node turns to another PAN: its keys and its address are of no use there.
pub(super) fn change(net: &mut Net, node: Node, to: Node) {
    loses_keys(net, node, false);
    net.nodes[node].pan.keys = Keys::none();
    (net.nodes[node].pan.of, net.nodes[node].pan.asks_children) = (to, false);
    net.nodes[node].pan.renewal = Renewal::default();
    net.nodes[node].addressed = false;
    forget(net, node);
}

/// A node has got the keys of its PAN.
pub(super) fn has_joined(net: &mut Net, node: Node) {
    let pan = &mut net.nodes[node].pan;
    (pan.keys.has, pan.keys.shares, pan.keys.used) = (true, Depth::Group, false);
    if let Some(offer) = pan.heard.iter_mut().flat_map(|offers| offers.iter_mut()).find(|offer| offer.pan == pan.of) {
        offer.failures = 0;
    }
    let of = net.nodes[node].pan.of;
    net.members[of] += 1;
    if net.procedures.border == BorderStack::Wsbrd {
        net.gone.returns(of, node);
    }
}

/// A node is part of a PAN: what it has heard of others is of no use any longer.
pub(super) fn is_member(net: &mut Net, node: Node) {
    net.nodes[node].pan.heard = None;
}

/// A node did not get the keys of its PAN.
pub(super) fn has_failed(net: &mut Net, node: Node) {
    let pan = &mut net.nodes[node].pan;
    if let Some(offer) = pan.heard.iter_mut().flat_map(|offers| offers.iter_mut()).find(|offer| offer.pan == pan.of) {
        offer.failures = offer.failures.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pan(nodes: u32, cost: u16, load_percent: u32) -> Weighed {
        Weighed { load_percent, nodes, cost, rsl_dbm: -70, failures: 0 }
    }

    fn first_is_better(stack: RouterStack, a: &Weighed, b: &Weighed) -> bool {
        order(stack, a) < order(stack, b)
    }

    #[test]
    fn for_wsrd_a_node_of_the_pan_counts_like_a_32nd_of_a_transmission() {
        use RouterStack::Wsrd;
        // 256 + 4 x 100 = 656 against 0 + 4 x 163 = 652, and against 4 x 165 = 660.
        assert!(!first_is_better(Wsrd, &pan(100, 256, 0), &pan(163, 0, 0)));
        assert!(first_is_better(Wsrd, &pan(100, 256, 0), &pan(165, 0, 0)));
        // A PAN that is less full goes first whatever it costs.
        assert!(first_is_better(Wsrd, &pan(400, 2_000, 40), &pan(600, 0, 60)));
    }

    #[test]
    fn wsrd_compares_pair_by_pair_so_that_the_order_of_its_neighbours_counts() {
        // The fuller one costs 100 + 4 x 60 = 340, the other 900 + 4 x 40 = 1,060: whichever comes second is taken, by its cost or by its load.
        let (fuller, dearer) = (("fuller", pan(60, 100, 60)), ("dearer", pan(40, 900, 40)));
        assert_eq!(in_turn([fuller, dearer].into_iter()), Some("dearer"));
        assert_eq!(in_turn([dearer, fuller].into_iter()), Some("fuller"));
        assert_eq!(in_turn([("alike", pan(60, 100, 60)), fuller].into_iter()), Some("alike"));
    }

    #[test]
    fn nanostack_counts_in_steps_of_two_transmissions_and_64_nodes() {
        use RouterStack::Nanostack;
        // 511 / 256 + 63 / 64 = 1 against 255 / 256 + 127 / 64 = 1: alike, so the stronger signal.
        let (far, near) = (pan(63, 511, 0), pan(127, 255, 0));
        assert!(first_is_better(Nanostack, &Weighed { rsl_dbm: -69, ..far }, &near));
        assert!(first_is_better(Nanostack, &Weighed { rsl_dbm: -69, ..near }, &far));
        // 512 / 256 + 0 = 2 against 0 + 127 / 64 = 1, and against 128 / 64 = 2 with a weaker signal.
        assert!(!first_is_better(Nanostack, &pan(63, 512, 0), &pan(127, 0, 0)));
        assert!(first_is_better(Nanostack, &pan(63, 512, 0), &Weighed { rsl_dbm: -71, ..pan(128, 0, 0) }));
        // One that could not be joined goes last.
        assert!(first_is_better(Nanostack, &pan(5_000, 9_000, 0), &Weighed { failures: 1, ..pan(1, 0, 0) }));
    }

    #[test]
    fn wsbrd_says_how_full_it_is_in_steps_of_200_nodes() {
        let medium = LoadFactor { nodes: 1_000, step: 200 };
        assert_eq!([0, 199, 200, 399, 999, 1_000, 1_300].map(|n| medium.percent(n)), [0, 0, 20, 20, 80, 100, 100]);
        // A limit of its own is told as it is.
        let limited = LoadFactor { nodes: 60, step: 1 };
        assert_eq!([0, 30, 59, 60].map(|n| limited.percent(n)), [0, 50, 98, 100]);
    }
}
