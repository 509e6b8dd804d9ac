//! A network layer as a run begins: a mesh that has run for long, or border routers among new nodes.

use super::auth::authenticator::Authenticators;
use super::joining::Joining;
use super::nodes::Nodes;
use super::reassembly::Reassembly;
use super::routes::Routes;
use super::{
    ETX_LOST, ETX_ONE, Net, Parts, RUN_FOR_LONG, State, auth, candidates, choice, etx, gone, host, lollipop, rests,
    tree,
};
use crate::context::Facts;
use crate::medium::mesh::mac::LinkLayer;
use crate::node::{Node, PerNode};
use crate::spec::{RouterStack, Start};

impl Net {
    /// Nodes in the places of a mesh that has run for long; those without a way to a border router are off.
    pub fn new(parts: Parts, link: &LinkLayer, facts: &Facts) -> Self {
        let own = usize::from(facts.own);
        let rests = rests::sure_db(&parts);
        let mut net = Net {
            nodes: Nodes::new(PerNode::of(Joining::default(), own)),
            routes: Routes::announced((0..own).map(|_| ([Node::NONE; 2], Node::NONE)), 0, facts.gateways),
            hosts: host::Hosts::default(),
            reassembly: Reassembly::default(),
            authenticators: Authenticators::default(),
            members: PerNode::of(0, usize::from(facts.gateways)),
            gone: gone::Gone::new(facts.gateways),
            floods: vec![None; usize::from(parts.jobs) + usize::from(parts.spreads)],
            jobs: parts.jobs,
            weakest_dbm: candidates::weakest(link, facts, parts.faintest_dbm),
            procedures: parts.procedures,
            hops_max: parts.hops_max,
            lease: parts.lease,
            links_every: parts.links_every,
            load_every: parts.load_every,
            tells_health: parts.tells_health,
            rests,
        };
        let etx = |node, to| {
            let level = |from, at| link.air.link_dbm(from, at).map_or(f64::NEG_INFINITY, f64::from);
            let arrives = 1.0 - parts.data_loss.at(level(node, to));
            let is_acknowledged = 1.0 - parts.ack_loss.at(level(to, node));
            let share = (arrives * is_acknowledged).max(f64::from(ETX_ONE) / f64::from(ETX_LOST));
            (f64::from(ETX_ONE) / share) as u16
        };
        let pans = tree::PanChoice {
            order: &|pan, nodes, heard| choice::order(net.procedures.stack, &net.weighed(pan, nodes, heard)),
            nodes_max: net.procedures.pan.choosing.nodes_max,
        };
        let rules = tree::Rules {
            pans: net.chooses().then_some(&pans),
            acceptable: &|link, node, neighbour| net.acceptable(link, node, neighbour, false),
            etx: &etx,
            children_max: &|node| net.children_max(facts, node),
            step: net.procedures.parents.rank_step,
            increase_max: net.procedures.parents.rank_increase_max,
            parents_max: net.procedures.parents.parents_max,
            hops_max: net.hops_max,
            join_s: net.procedures.join_s(),
            keys_s: tree::KEYS_FRAMES * link.air.phy.airtime(1_000).secs_f64(),
            heard_within_s: match net.procedures.stack {
                RouterStack::Nanostack => Some(net.procedures.dio.imin_s()),
                RouterStack::Wsrd => None,
            },
        };
        let tree = tree::grow(link, facts, &rules);
        for node in facts.nodes() {
            net.nodes[node].pan.is_in_reach = facts.is_gateway(node) || tree.parent[node].is_some();
            let found = tree.pan[node];
            net.nodes[node].pan.of = if found.is_some() { found } else { facts.gateway_of(node) };
        }
        net.count_members();
        if parts.start == Start::Cold {
            net.begin_cold(facts);
            return net;
        }
        let sequence = match net.procedures.stack {
            RouterStack::Nanostack => RUN_FOR_LONG,
            RouterStack::Wsrd => 0,
        };
        let routes = facts.nodes().map(|node| ([tree.parent[node], tree.second[node]], net.nodes[node].pan.of));
        net.routes = Routes::announced(routes, sequence, facts.gateways);
        for node in facts.nodes() {
            if facts.is_gateway(node) || tree.parent[node].is_some() {
                let joining = &mut net.nodes[node];
                joining.state = State::Operational;
                joining.candidates = tree.candidates[node];
                (joining.rpl.version, joining.rpl.path_sequence) = (RUN_FOR_LONG, sequence);
                for candidate in &mut joining.candidates {
                    candidate.version = RUN_FOR_LONG;
                    candidate.probe.advertises();
                }
                (joining.rank, joining.hops, joining.parent) = (tree.rank[node], tree.hops[node], tree.parent[node]);
                (joining.lowest, joining.rpl.second) = (joining.rank, tree.second[node]);
                joining.rpl.advertised = joining.rank;
                if joining.parent.is_some() {
                    joining.registration.stands(joining.parent, 0, true);
                    joining.registration.down = etx::Etx::settled(etx(joining.parent, node), 0);
                }
            }
        }
        net
    }

    /// Border routers run; all others are new.
    fn begin_cold(&mut self, facts: &Facts) {
        for node in facts.nodes() {
            let joining = &mut self.nodes[node];
            if facts.is_gateway(node) {
                (joining.state, joining.rpl.version) = (State::Operational, lollipop::INITIAL);
                (joining.rank, joining.lowest) = (self.procedures.parents.rank_step, self.procedures.parents.rank_step);
            } else {
                joining.pan.keys = auth::Keys::none();
                joining.pan.of = facts.gateway_of(node);
            }
        }
        self.count_members();
    }
}
