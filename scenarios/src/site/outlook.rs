//! What a mesh is like as a run starts: who has a route, who has a single way out, how far it is, and what the busiest relay carries.

use amitwin_data::rows::{NodeKind, NodeRow};
use amitwin_models::build::{BuildError, build};
use amitwin_models::spec::WorldSpec;
use std::collections::BTreeMap;

/// A mesh in a few numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// Meters.
    pub meters: u32,
    /// Meters without a route to a border router.
    pub without_route: u32,
    /// Meters with a route that have no other if one relay fails.
    pub single_way: u32,
    /// Mean hops of meters with a route.
    pub hops_mean: f64,
    /// Most hops of a meter.
    pub hops_max: u8,
    /// Radios behind the busiest relay.
    pub behind_max: u32,
    /// Its name; empty if nobody relays.
    pub busiest: String,
}

impl Outlook {
    /// What is to become less, the worst first: meters without a route, meters with a single way out, radios behind the busiest relay,
    /// hops.
    pub(super) fn badness(&self) -> (u32, u32, u32, u64) {
        let hops = self.hops_mean * f64::from(self.meters - self.without_route);
        (self.without_route, self.single_way, self.behind_max, hops.round() as u64)
    }
}

/// A built world with what is needed to look for places.
pub(super) struct Town {
    /// In a few numbers.
    pub outlook: Outlook,
    /// Every radio, by its site.
    pub nodes: BTreeMap<u32, NodeRow>,
    /// Node id of the busiest relay.
    pub busiest: Option<u32>,
    /// The longest link in use, m.
    pub longest_m: f64,
}

impl Town {
    /// As a run of this world starts.
    pub fn of(spec: &WorldSpec) -> Result<Town, BuildError> {
        let mut built = build(spec)?;
        let mut nodes = BTreeMap::new();
        for part in &mut built.parts {
            part.describe(&spec.placement.sites);
            nodes.extend(std::mem::take(part.rows()).nodes.into_iter().map(|node| (node.node, node)));
        }
        let behind = behind(&nodes);
        let busiest = behind.iter().rev().max_by_key(|(_, n)| **n).map(|(node, n)| (*node, *n));
        let meters = || nodes.values().filter(|node| node.kind == NodeKind::Meter);
        let hops = || meters().filter(|node| node.reachable).filter_map(|node| node.hops);
        let routed = hops().count();
        let outlook = Outlook {
            meters: meters().count() as u32,
            without_route: meters().filter(|node| !node.reachable).count() as u32,
            single_way: meters().filter(|node| node.reachable && node.cut_off_by.is_some()).count() as u32,
            hops_mean: hops().map(f64::from).sum::<f64>() / routed.max(1) as f64,
            hops_max: hops().max().unwrap_or(0),
            behind_max: busiest.map_or(0, |(_, n)| n),
            busiest: busiest.map_or_else(String::new, |(node, _)| nodes[&node].name.clone()),
        };
        let longest_m = longest(&nodes);
        Ok(Town { outlook, nodes, busiest: busiest.map(|(node, _)| node), longest_m })
    }

    /// Whether the way of a radio leads through another.
    pub fn is_behind(&self, node: u32, relay: u32) -> bool {
        let parent = |node: &u32| self.nodes.get(node)?.parent;
        std::iter::successors(Some(node), parent).skip(1).take(usize::from(u8::MAX)).any(|above| above == relay)
    }
}

/// Radios behind each relay that is no border router.
fn behind(nodes: &BTreeMap<u32, NodeRow>) -> BTreeMap<u32, u32> {
    let mut behind = BTreeMap::new();
    for node in nodes.values() {
        let mut above = node.parent;
        while let Some(relay) = above.and_then(|id| nodes.get(&id)).filter(|relay| relay.kind != NodeKind::Gateway) {
            *behind.entry(relay.node).or_default() += 1;
            above = relay.parent;
        }
    }
    behind
}

fn longest(nodes: &BTreeMap<u32, NodeRow>) -> f64 {
    let length = |node: &NodeRow| {
        let parent = nodes.get(&node.parent?)?;
        Some(f64::from(node.x_m - parent.x_m).hypot(f64::from(node.y_m - parent.y_m)))
    };
    nodes.values().filter_map(length).fold(0.0, f64::max)
}
