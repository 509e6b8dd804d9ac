#![doc = include_str!("README.md")]

mod components;
mod state;
mod systems;
#[cfg(test)]
mod tests;

pub use components::{Backhaul, Kind};
pub use state::State;

use crate::node::{Node, PerNode};
use crate::spec::Act;
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::SingleThreadedExecutor;
use components::{BackhaulFaults, Causes, Edge, ExtraLoss, Member, Touched, Unpowered};
use std::collections::BTreeMap;

/// What the systems found to be different, and the rest of the partition is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Extra loss of a node, now.
    NodeLoss {
        /// Which.
        node: Node,
        /// In all, dB.
        loss_db: f32,
    },
    /// Extra loss of an edge, now.
    EdgeLoss {
        /// Its ends.
        edge: (Node, Node),
        /// In all, dB.
        loss_db: f32,
    },
    /// A node has a supply, or has lost it.
    Supply {
        /// Which.
        node: Node,
        /// It is there.
        on: bool,
    },
    /// The backhaul of a border router, now.
    Backhaul {
        /// Which.
        gateway: Node,
        /// How it is.
        backhaul: Backhaul,
    },
}

impl Change {
    /// Its place in the order of changes: by node.
    fn place(&self) -> (Node, Node, u8) {
        match *self {
            Change::NodeLoss { node, .. } => (node, Node(0), 0),
            Change::Supply { node, .. } => (node, Node(0), 1),
            Change::Backhaul { gateway, .. } => (gateway, Node(0), 2),
            Change::EdgeLoss { edge: (a, b), .. } => (a, b, 3),
        }
    }
}

/// A node in a census.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Which.
    pub node: Node,
    /// What stands there.
    pub kind: Kind,
    /// It has a supply.
    pub powered: bool,
    /// Faults that it carries.
    pub faults: u16,
}

type Carried =
    (&'static Member, Option<&'static ExtraLoss>, Option<&'static Unpowered>, Option<&'static BackhaulFaults>);

/// The fleet of a partition: an entity for each meter, repeater and border router, and for each edge with a fault.
pub struct Fleet {
    world: World,
    schedule: Schedule,
    members: PerNode<Entity>,
    edges: BTreeMap<(Node, Node), Entity>,
    carried: QueryState<Carried>,
}

impl Fleet {
    /// Healthy nodes of these kinds.
    pub fn new(kinds: impl Iterator<Item = Kind>) -> Self {
        let mut world = World::new();
        world.init_resource::<systems::Found>();
        let members: Vec<Member> = (0..).map(Node).zip(kinds).map(|(node, kind)| Member { node, kind }).collect();
        let members = world.spawn_batch(members).collect();
        let mut schedule = Schedule::default();
        schedule.set_executor(SingleThreadedExecutor::new());
        let systems = (systems::losses, systems::edges, systems::supply, systems::backhauls, systems::rest);
        schedule.add_systems(systems.chain());
        let carried = world.query();
        Fleet { world, schedule, members, edges: BTreeMap::new(), carried }
    }

    /// Puts what an event does on nodes and edges.
    pub fn put(&mut self, event: u16, act: &Act, nodes: &[Node], edges: &[(Node, Node)]) {
        let entities: Vec<Entity> = nodes.iter().map(|&node| self.members[node]).collect();
        match act {
            Act::ExtraLoss(extra) => {
                let loss_db = extra.loss_db as f32;
                let edges: Vec<Entity> = edges.iter().map(|&edge| self.edge(edge)).collect();
                for entity in entities.into_iter().chain(edges) {
                    self.add::<ExtraLoss, f32>(entity, event, loss_db);
                }
            }
            Act::PowerOff(_) => entities.into_iter().for_each(|e| self.add::<Unpowered, ()>(e, event, ())),
            Act::RouterFails(_) => {
                let routers = entities.into_iter().filter(|&e| self.world.get::<Member>(e).is_some_and(is_router));
                let routers: Vec<Entity> = routers.collect();
                routers.into_iter().for_each(|e| self.add::<Unpowered, ()>(e, event, ()));
            }
            Act::BackhaulDown(_) => self.slow(&entities, event, Backhaul { down: true, ..Backhaul::default() }),
            Act::BackhaulSlow(slow) => self.slow(&entities, event, Backhaul { down: false, delay: slow.delay }),
        }
    }

    /// Takes it off again.
    pub fn take(&mut self, event: u16, act: &Act, nodes: &[Node], edges: &[(Node, Node)]) {
        let of_edges: Vec<Entity> = edges.iter().filter_map(|edge| self.edges.get(edge).copied()).collect();
        let of_nodes: Vec<Entity> = nodes.iter().map(|&node| self.members[node]).collect();
        for entity in of_nodes.into_iter().chain(of_edges) {
            match act {
                Act::ExtraLoss(_) => self.remove::<ExtraLoss, f32>(entity, event),
                Act::PowerOff(_) | Act::RouterFails(_) => self.remove::<Unpowered, ()>(entity, event),
                Act::BackhaulDown(_) | Act::BackhaulSlow(_) => self.remove::<BackhaulFaults, Backhaul>(entity, event),
            }
        }
    }

    /// Runs the systems; what has changed, by node.
    pub fn tick(&mut self) -> Vec<Change> {
        self.schedule.run(&mut self.world);
        let found = std::mem::take(&mut self.world.resource_mut::<systems::Found>().0);
        // An edge is an entity only while it carries a fault.
        let world = &mut self.world;
        self.edges.retain(|_, &mut entity| world.get::<ExtraLoss>(entity).is_some() || !world.despawn(entity));
        sorted(found.into_iter(), Change::place)
    }

    /// Who has a supply and who carries faults, by node.
    pub fn census(&mut self) -> Vec<Counted> {
        let rows = self.carried.iter(&self.world).map(|(member, loss, unpowered, backhaul)| Counted {
            node: member.node,
            kind: member.kind,
            powered: unpowered.is_none(),
            faults: (loss.map_or(0, |f| f.0.len())
                + unpowered.map_or(0, |f| f.0.len())
                + backhaul.map_or(0, |f| f.0.len())) as u16,
        });
        sorted(rows, |row| row.node)
    }

    fn edge(&mut self, edge: (Node, Node)) -> Entity {
        let world = &mut self.world;
        *self.edges.entry(edge).or_insert_with(|| world.spawn(Edge(edge.0, edge.1)).id())
    }

    fn slow(&mut self, entities: &[Entity], event: u16, backhaul: Backhaul) {
        entities.iter().for_each(|&entity| self.add::<BackhaulFaults, Backhaul>(entity, event, backhaul));
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

fn is_router(member: &Member) -> bool {
    member.kind == Kind::Gateway
}

/// What a query finds comes in an order of its own, which changes when components come and go: here it gets the order of
/// nodes, before it becomes a row, a draw or an event.
fn sorted<T, K: Ord>(found: impl Iterator<Item = T>, place: impl Fn(&T) -> K) -> Vec<T> {
    let mut all: Vec<T> = found.collect();
    all.sort_by_key(place);
    all
}
