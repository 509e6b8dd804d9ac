//! What acts put on nodes and edges: a file a fault, and one list of them, from which systems, census and saved state
//! follow.

mod backhaul;
mod fault;
mod loss;
mod supply;
mod voltage;

pub use backhaul::Backhaul;
pub(super) use fault::{Carried, Fault, Touched};
pub(super) use supply::Unpowered;

use super::Fleet;
use crate::spec::Act;
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::SingleThreadedExecutor;
use loss::ExtraLoss;
use serde::{Deserialize, Serialize};
use voltage::Voltage;

macro_rules! faults {
    ($($file:ident: $fault:ty),+) => {
        /// The systems of a tick, in their order.
        pub(super) fn schedule() -> Schedule {
            let mut schedule = Schedule::default();
            schedule.set_executor(SingleThreadedExecutor::new());
            schedule.add_systems(($(fault::tell::<$fault>,)+).chain());
            schedule
        }

        /// All faults of an entity, by event, in the order in which they came.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub(super) struct All {
            $($file: Vec<(u16, $fault)>,)+
        }

        impl All {
            /// What an entity carries.
            pub fn of(world: &World, entity: Entity) -> Self {
                All { $($file: world.get::<Carried<$fault>>(entity).map(|all| all.0.clone()).unwrap_or_default(),)+ }
            }

            /// Puts them on an entity that carries none.
            pub fn put(self, world: &mut World, entity: Entity) {
                $(if !self.$file.is_empty() {
                    world.entity_mut(entity).insert(Carried(self.$file));
                })+
            }

            /// How many there are.
            pub fn count(&self) -> usize {
                0 $(+ self.$file.len())+
            }
        }

        impl Fleet {
            /// Puts what an act does on an entity.
            pub(super) fn add(&mut self, entity: Entity, event: u16, act: &Act) {
                $(if let Some(fault) = <$fault>::of(act) {
                    self.add_fault(entity, event, fault);
                })+
            }

            /// Takes what an event did off an entity.
            pub(super) fn remove(&mut self, entity: Entity, event: u16) {
                $(self.remove_fault::<$fault>(entity, event);)+
            }

            /// Takes all faults off an entity, without a word to anybody.
            pub(super) fn clear_faults(&mut self, entity: Entity) {
                self.world.entity_mut(entity).remove::<($(Carried<$fault>, Touched<$fault>,)+)>();
            }
        }
    };
}

faults!(loss: ExtraLoss, supply: Unpowered, backhaul: Backhaul, voltage: Voltage);
