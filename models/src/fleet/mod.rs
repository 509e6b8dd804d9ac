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
pub use members::Kind;
pub use state::State;

use crate::node::{Node, PerNode};
use amitwin_sim_core::SimTime;
use bevy_ecs::prelude::*;
use census::Carried;
use change::Found;
use faults::{Causes, ExtraLoss};
use members::{Edge, Member, Touched};
use std::collections::BTreeMap;

/// The fleet of a partition: an entity for each meter, repeater and border router, and for each edge with a fault.
pub struct Fleet {
    world: World,
    schedule: Schedule,
    members: PerNode<Entity>,
    edges: BTreeMap<(Node, Node), Entity>,
    carried: QueryState<Carried>,
    census_every: SimTime,
}

impl Fleet {
    /// Healthy nodes of these kinds, with a census this often; never if that is zero.
    pub fn new(kinds: impl Iterator<Item = Kind>, census_every: SimTime) -> Self {
        let mut world = World::new();
        world.init_resource::<Found>();
        let members: Vec<Member> = (0..).map(Node).zip(kinds).map(|(node, kind)| Member { node, kind }).collect();
        let members = world.spawn_batch(members).collect();
        let carried = world.query();
        Fleet { world, schedule: faults::schedule(), members, edges: BTreeMap::new(), carried, census_every }
    }

    /// Runs the systems; what has changed, by node.
    pub fn tick(&mut self) -> Vec<Change> {
        self.schedule.run(&mut self.world);
        let found = std::mem::take(&mut self.world.resource_mut::<Found>().0);
        // An edge is an entity only while it carries a fault.
        let world = &mut self.world;
        self.edges.retain(|_, &mut entity| world.get::<ExtraLoss>(entity).is_some() || !world.despawn(entity));
        sorted(found.into_iter(), Change::place)
    }

    fn edge(&mut self, edge: (Node, Node)) -> Entity {
        let world = &mut self.world;
        *self.edges.entry(edge).or_insert_with(|| world.spawn(Edge(edge.0, edge.1)).id())
    }

    fn add<C: Causes<T>, T>(&mut self, entity: Entity, event: u16, what: T) {
        let mut entity = self.world.entity_mut(entity);
        if let Some(mut causes) = entity.get_mut::<C>() {
            causes.causes().push((event, what));
        } else {
            entity.insert(C::of(event, what));
        }
        entity.insert(Touched);
    }

    fn remove<C: Causes<T>, T>(&mut self, entity: Entity, event: u16) {
        let mut entity = self.world.entity_mut(entity);
        let Some(mut causes) = entity.get_mut::<C>() else { return };
        causes.causes().retain(|(by, _)| *by != event);
        if causes.causes().is_empty() {
            entity.remove::<C>();
        }
        entity.insert(Touched);
    }
}

/// What a query finds comes in an order of its own, which changes when components come and go: here it gets the order of
/// nodes, before it becomes a row, a draw or an event.
fn sorted<T, K: Ord>(found: impl Iterator<Item = T>, place: impl Fn(&T) -> K) -> Vec<T> {
    let mut all: Vec<T> = found.collect();
    all.sort_by_key(place);
    all
}
