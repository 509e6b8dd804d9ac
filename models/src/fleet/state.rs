//! What of the fleet changes in a run: the faults that nodes and edges carry, by event.

use super::Fleet;
use super::faults::{Backhaul, BackhaulFaults, ExtraLoss, Unpowered};
use super::members::{Edge, Touched};
use crate::check::{Bounds, ensure};
use crate::node::Node;
use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

/// Faults of a node, by event, in the order in which they came.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Faults {
    node: Node,
    losses: Vec<(u16, f32)>,
    unpowered: Vec<u16>,
    backhaul: Vec<(u16, Backhaul)>,
}

/// Faults of an edge.
type OfEdge = ((Node, Node), Vec<(u16, f32)>);

/// The fleet in the middle of a run: healthy nodes and edges are not in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    nodes: Vec<Faults>,
    edges: Vec<OfEdge>,
}

impl Fleet {
    /// What changes in a run. Its systems have run since something was last put on it.
    pub fn save(&self) -> State {
        let world = &self.world;
        let losses = |entity| world.get::<ExtraLoss>(entity).map(|faults| faults.0.clone()).unwrap_or_default();
        let members = self.members.0.iter().enumerate();
        let nodes = members.map(|(n, &entity)| Faults {
            node: Node(n as u16),
            losses: losses(entity),
            unpowered: world.get::<Unpowered>(entity).iter().flat_map(|f| &f.0).map(|cause| cause.0).collect(),
            backhaul: world.get::<BackhaulFaults>(entity).map(|faults| faults.0.clone()).unwrap_or_default(),
        });
        let is_faulty = |of: &Faults| !(of.losses.is_empty() && of.unpowered.is_empty() && of.backhaul.is_empty());
        let edges = self.edges.iter().map(|(&edge, &entity)| (edge, losses(entity)));
        State { nodes: nodes.filter(is_faulty).collect(), edges: edges.collect() }
    }

    /// Goes on from what was saved. Nothing is touched: the rest of the partition knows of these faults.
    ///
    /// # Errors
    /// It is not of this fleet.
    pub fn restore(&mut self, state: State, bounds: &Bounds) -> Result<(), String> {
        let nodes = state.nodes.iter().all(|of| of.node.at() < self.members.len());
        ensure(nodes && state.nodes.is_sorted_by(|a, b| a.node < b.node), || {
            "fleet: a fault is of a node that is not here, or nodes are not in their order".to_owned()
        })?;
        let edges = state.edges.iter().all(|((a, b), _)| bounds.is_own(*a) && bounds.is_own(*b));
        ensure(edges && state.edges.is_sorted_by(|a, b| a.0 < b.0), || {
            "fleet: a fault is of an edge that is not here, or edges are not in their order".to_owned()
        })?;
        self.heal();
        for of in state.nodes {
            let mut entity = self.world.entity_mut(self.members[of.node]);
            if !of.losses.is_empty() {
                entity.insert(ExtraLoss(of.losses));
            }
            if !of.unpowered.is_empty() {
                entity.insert(Unpowered(of.unpowered.into_iter().map(|event| (event, ())).collect()));
            }
            if !of.backhaul.is_empty() {
                entity.insert(BackhaulFaults(of.backhaul));
            }
        }
        for (edge, losses) in state.edges {
            let entity = self.world.spawn((Edge(edge.0, edge.1), ExtraLoss(losses))).id();
            self.edges.insert(edge, entity);
        }
        Ok(())
    }

    /// Takes all faults off, without a word to anybody.
    fn heal(&mut self) {
        for &entity in &self.members.0 {
            self.world.entity_mut(entity).remove::<(ExtraLoss, Unpowered, BackhaulFaults, Touched)>();
        }
        for (_, entity) in std::mem::take(&mut self.edges) {
            self.world.despawn(entity);
        }
    }
}
