//! Which places are worth trying: those that reach most of whoever needs a repeater, and have a way on themselves.

use super::outlook::Town;
use amitwin_data::rows::{NodeKind, NodeRow};
use amitwin_models::build::frequency_mhz;
use amitwin_models::medium::mesh::radio::error::ErrorModel;
use amitwin_models::medium::mesh::radio::neighbours::{Limits, LossMap, Neighbours, code_db};
use amitwin_models::node::Node;
use amitwin_models::spec::WorldSpec;
use amitwin_models::terrain::Site;
use std::collections::{BTreeMap, BTreeSet};

/// Strongest places that a radio keeps in the table of who hears whom.
const STRONGEST: usize = 1_024;
/// A link is counted on if so many of its frames of so many bytes are lost, and its level is better by a margin, dB.
const LOST: f64 = 0.1;
const BYTES: u16 = 250;
const MARGIN_DB: f64 = 3.0;
/// Places tried out are at least so much of the longest link apart, so that they are different ones.
const APART: f64 = 0.15;

/// Why a meter needs a repeater, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// It has no route.
    Route,
    /// It has no other route than through this relay.
    SecondWay(u32),
    /// Its way leads through the relay that carries most.
    Relief,
}

impl Need {
    /// Of a meter, if it has any.
    fn of(town: &Town, node: &NodeRow) -> Option<Need> {
        match (node.reachable, node.cut_off_by, town.busiest) {
            (false, ..) => Some(Need::Route),
            (true, Some(relay), _) => Some(Need::SecondWay(relay)),
            (true, None, Some(busiest)) if town.is_behind(node.node, busiest) => Some(Need::Relief),
            _ => None,
        }
    }

    /// All meters that need one.
    pub fn all(town: &Town) -> impl Iterator<Item = (&NodeRow, Need)> {
        let meters = town.nodes.values().filter(|node| node.kind == NodeKind::Meter);
        meters.filter_map(|node| Some((node, Need::of(town, node)?)))
    }
}

/// What a place promises: meters that get a route, a second way, relief from the busiest relay, and hops that they save.
type Promise = (u32, u32, u32, u32);

/// The places that promise most, by their numbers.
pub(super) fn best(spec: &WorldSpec, town: &Town, places: &[Site], count: usize) -> Vec<usize> {
    let mut promises: Vec<(Promise, usize)> = promises(spec, town, places)
        .into_iter()
        .zip(0..)
        .filter(|(promise, _)| *promise != Promise::default())
        .collect();
    promises.sort_by_key(|&(promise, at)| (std::cmp::Reverse(promise), at));
    let apart_m = APART * town.longest_m;
    let mut best: Vec<usize> = Vec::new();
    for (_, at) in promises {
        if best.len() == count {
            break;
        }
        if best.iter().all(|&other| places[other].distance_m(&places[at]) >= apart_m) {
            best.push(at);
        }
    }
    best
}

/// What each place promises, by the levels between it and all radios.
fn promises(spec: &WorldSpec, town: &Town, places: &[Site]) -> Vec<Promise> {
    let radios: Vec<u32> = town.nodes.keys().copied().collect();
    let mut sites = spec.placement.sites.clone();
    let first = sites.len() as u32;
    sites.extend_from_slice(places);
    let map = LossMap::new(&spec.radio, frequency_mhz(&spec.radio), spec.seed, &sites);
    let nodes: Vec<u32> = radios.iter().copied().chain(first..sites.len() as u32).collect();
    // Places are looked at as foreign radios are, of which no two need to know each other.
    let usable_dbm = usable_dbm(spec);
    let limits = Limits { own_dbm: usable_dbm, foreign_dbm: usable_dbm, strongest: STRONGEST };
    let (heard, stays) = Neighbours::build(&map, &sites, &nodes, radios.len(), limits);
    let usable = |from: Node, power_dbm: f64| {
        let linked = |(neighbour, code): (Node, u8)| {
            let node = town.nodes.get(radios.get(neighbour.at())?)?;
            let weaker_dbm = power_dbm.min(power_of(node));
            (weaker_dbm - f64::from(code_db(code)) >= usable_dbm).then_some((neighbour, node))
        };
        heard.of(from).filter_map(linked).collect::<Vec<(Node, &NodeRow)>>()
    };
    let without_route = |linked: Vec<(Node, &NodeRow)>| {
        let without = linked.into_iter().filter(|(_, node)| !node.reachable);
        without.map(|(at, _)| at).collect::<Vec<Node>>()
    };
    // Whoever gets a route gives one to those who hear each other.
    let groups = groups(radios.len(), |at| {
        let node = &town.nodes[&radios[at.at()]];
        if node.reachable { Vec::new() } else { without_route(usable(at, power_of(node))) }
    });
    let mut meters: BTreeMap<Node, u32> = BTreeMap::new();
    for (group, radio) in groups.iter().zip(&radios) {
        *meters.entry(*group).or_default() += u32::from(town.nodes[radio].kind == NodeKind::Meter);
    }
    let mut local = radios.len() as u16;
    let mut promises = Vec::with_capacity(places.len());
    for (place, stays) in stays[radios.len()..].iter().enumerate() {
        if !stays {
            promises.push(Promise::default());
            continue;
        }
        let reached = usable(Node(local), map.power_dbm(first + place as u32, &places[place]));
        local += 1;
        let mut promise = promise(town, &reached.iter().map(|(_, node)| *node).collect::<Vec<_>>());
        if promise.0 > 0 {
            let found: BTreeSet<Node> = without_route(reached).into_iter().map(|at| groups[at.at()]).collect();
            promise.0 = found.iter().filter_map(|group| meters.get(group)).sum();
        }
        promises.push(promise);
    }
    promises
}

/// What a radio sends with, dBm.
fn power_of(node: &NodeRow) -> f64 {
    node.tx_power_dbm.map_or(f64::NEG_INFINITY, f64::from)
}

/// For each radio the first of those that it is linked to, directly or through others.
fn groups(count: usize, linked: impl Fn(Node) -> Vec<Node>) -> Vec<Node> {
    let mut groups: Vec<Node> = vec![Node::NONE; count];
    for first in (0..count as u16).map(Node) {
        let mut open = vec![first];
        while let Some(at) = open.pop() {
            if groups[at.at()] == Node::NONE {
                groups[at.at()] = first;
                open.extend(linked(at));
            }
        }
    }
    groups
}

/// Level from which on a link is counted on. What a stack really takes shows when the place is tried out.
fn usable_dbm(spec: &WorldSpec) -> f64 {
    let radio = &spec.radio;
    let model = ErrorModel::new(radio.phy, radio.noise_figure_db, radio.fading.spread_db());
    let threshold_dbm = spec.mesh.parent_threshold_dbm.unwrap_or(f64::NEG_INFINITY);
    model.sensitivity_dbm(LOST, BYTES).max(radio.hearing_floor_dbm).max(threshold_dbm) + MARGIN_DB
}

/// What a place promises that reaches these radios.
fn promise(town: &Town, reached: &[&NodeRow]) -> Promise {
    let mut promise = Promise::default();
    // A way on for those who need one: the nearest radio with a route, that does not itself depend on the relay in question.
    let ways = |without: Option<u32>| {
        let usable = reached.iter().filter(move |node| {
            node.reachable
                && without.is_none_or(|relay| {
                    node.node != relay && node.cut_off_by != Some(relay) && !town.is_behind(node.node, relay)
                })
        });
        usable.filter_map(|node| node.hops).min()
    };
    let Some(nearest) = ways(None) else { return promise };
    let mut relays = BTreeSet::new();
    for node in reached.iter().filter(|node| node.kind == NodeKind::Meter) {
        match Need::of(town, node) {
            Some(Need::Route) => promise.0 += 1,
            Some(Need::SecondWay(relay)) if ways(Some(relay)).is_some() => {
                relays.insert(relay);
            }
            Some(Need::Relief) if ways(town.busiest).is_some() => promise.2 += 1,
            _ => {}
        }
        promise.3 += u32::from(node.hops.unwrap_or(0)).saturating_sub(u32::from(nearest) + 2);
    }
    // Whoever finds another way takes along those that depended on the same relay.
    let depends =
        |node: &&NodeRow| node.kind == NodeKind::Meter && node.cut_off_by.is_some_and(|relay| relays.contains(&relay));
    promise.1 = if relays.is_empty() { 0 } else { town.nodes.values().filter(depends).count() as u32 };
    promise
}
