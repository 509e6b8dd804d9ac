#![doc = include_str!("README.md")]

mod census;
mod change;
mod faults;
mod members;
mod state;
#[cfg(test)]
mod tests;

pub use census::{Counted, Event};
pub use change::Change;
pub use faults::Backhaul;
pub use members::{Kind, Member};
pub use state::State;

use crate::node::{Node, PerNode};
use crate::spec::Act;
use amitwin_sim_core::SimTime;
use bevy_ecs::prelude::*;
use census::Asked;
use change::Found;
use faults::{All, Carried, Fault, Touched};
use members::FaultCount;
use std::collections::BTreeMap;

/// The fleet of a partition: an entity for each meter, repeater and border router, and for each edge with a fault.
pub struct Fleet {
    world: World,
    schedule: Schedule,
    members: PerNode<Entity>,
    edges: BTreeMap<(Node, Node), Entity>,
    asked: QueryState<Asked>,
    census_every: SimTime,
}

impl Fleet {
    /// Healthy nodes of these kinds, with a census this often; never if that is zero.
    pub fn new(kinds: impl Iterator<Item = Kind>, census_every: SimTime) -> Self {
        let mut world = World::new();
        world.init_resource::<Found>();
        let members: Vec<_> = (0..).map(Node).zip(kinds).map(|(n, kind)| (Member::Node(n), kind)).collect();
        let members = world.spawn_batch(members).collect();
        let asked = world.query();
        Fleet { world, schedule: faults::schedule(), members, edges: BTreeMap::new(), asked, census_every }
    }

    /// Puts what an event does on nodes and edges; on border routers alone if it is an act of theirs.
    pub fn put(&mut self, event: u16, act: &Act, nodes: &[Node], edges: &[(Node, Node)]) {
        for &node in nodes {
            let entity = self.members[node];
            let is_router = self.world.get::<Kind>(entity) == Some(&Kind::Gateway);
            if is_router || !act.is_of_routers() {
                self.add(entity, event, act);
            }
        }
        for &edge in edges {
            let world = &mut self.world;
            let entity = *self.edges.entry(edge).or_insert_with(|| world.spawn(Member::Edge(edge.0, edge.1)).id());
            self.add(entity, event, act);
        }
    }

    /// Takes it off again.
    pub fn take(&mut self, event: u16, nodes: &[Node], edges: &[(Node, Node)]) {
        let of_edges: Vec<Entity> = edges.iter().filter_map(|edge| self.edges.get(edge).copied()).collect();
        for entity in nodes.iter().map(|&node| self.members[node]).chain(of_edges).collect::<Vec<_>>() {
            self.remove(entity, event);
        }
    }

    /// Runs the systems; what has changed, by node.
    pub fn tick(&mut self) -> Vec<Change> {
        self.schedule.run(&mut self.world);
        let found = std::mem::take(&mut self.world.resource_mut::<Found>().0);
        // An edge is an entity only while it carries a fault.
        let world = &mut self.world;
        self.edges.retain(|_, &mut entity| world.get::<FaultCount>(entity).is_some() || !world.despawn(entity));
        sorted(found.into_iter(), Change::place)
    }

    fn add_fault<F: Fault>(&mut self, entity: Entity, event: u16, fault: F) {
        let mut on = self.world.entity_mut(entity);
        match on.get_mut::<Carried<F>>() {
            Some(mut carried) => carried.0.push((event, fault)),
            None => _ = on.insert(Carried(vec![(event, fault)])),
        }
        self.touch::<F>(entity);
    }

    fn remove_fault<F: Fault>(&mut self, entity: Entity, event: u16) {
        let mut on = self.world.entity_mut(entity);
        let Some(mut carried) = on.get_mut::<Carried<F>>() else { return };
        carried.0.retain(|(by, _)| *by != event);
        if carried.0.is_empty() {
            on.remove::<Carried<F>>();
        }
        self.touch::<F>(entity);
    }

    /// Counts its faults again, and has the system of this one look at it.
    fn touch<F: Fault>(&mut self, entity: Entity) {
        self.count_faults(entity);
        self.world.entity_mut(entity).insert(Touched::<F>::default());
    }

    fn count_faults(&mut self, entity: Entity) {
        let count = All::of(&self.world, entity).count() as u16;
        let mut on = self.world.entity_mut(entity);
        if count == 0 {
            on.remove::<FaultCount>();
        } else {
            on.insert(FaultCount(count));
        }
    }
}

/// What a query finds comes in an order of its own, which changes when components come and go: here it gets the order of
/// nodes, before it becomes a row, a draw or an event.
fn sorted<T, K: Ord>(found: impl Iterator<Item = T>, place: impl Fn(&T) -> K) -> Vec<T> {
    let mut all: Vec<T> = found.collect();
    all.sort_by_key(place);
    all
}
