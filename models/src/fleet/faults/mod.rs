//! What acts put on nodes and edges: a file a fault, with its component and the systems that say what it changes.

mod backhaul;
mod causes;
mod loss;
mod supply;

pub use backhaul::Backhaul;
pub(super) use backhaul::BackhaulFaults;
pub(super) use causes::Causes;
pub(super) use loss::ExtraLoss;
pub(super) use supply::Unpowered;

use super::members::{Kind, Member};
use super::{Fleet, members};
use crate::node::Node;
use crate::spec::Act;
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::SingleThreadedExecutor;

/// The systems of a tick, in their order.
pub(super) fn schedule() -> Schedule {
    let mut schedule = Schedule::default();
    schedule.set_executor(SingleThreadedExecutor::new());
    let systems = (loss::of_nodes, loss::of_edges, supply::of_nodes, backhaul::of_routers, members::rest);
    schedule.add_systems(systems.chain());
    schedule
}

impl Fleet {
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
                let is_router = |member: &Member| member.kind == Kind::Gateway;
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

    fn slow(&mut self, entities: &[Entity], event: u16, backhaul: Backhaul) {
        entities.iter().for_each(|&entity| self.add::<BackhaulFaults, Backhaul>(entity, event, backhaul));
    }
}
