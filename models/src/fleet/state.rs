//! What of the fleet changes in a run: the faults that nodes and edges carry.

use super::faults::All;
use super::members::FaultCount;
use super::{Fleet, Member};
use crate::check::{Bounds, ensure};
use serde::{Deserialize, Serialize};

/// The fleet in the middle of a run: healthy nodes and edges are not in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    faulty: Vec<(Member, All)>,
}

impl Fleet {
    /// What changes in a run. Its systems have run since something was last put on it.
    pub fn save(&self) -> State {
        let all = |entity| All::of(&self.world, entity);
        let nodes = (0..).zip(&self.members.0).map(|(n, &entity)| (Member::Node(crate::node::Node(n)), all(entity)));
        let edges = self.edges.iter().map(|(&(a, b), &entity)| (Member::Edge(a, b), all(entity)));
        State { faulty: nodes.chain(edges).filter(|(_, faults)| faults.count() > 0).collect() }
    }

    /// Goes on from what was saved. Nothing is touched: the rest of the partition knows of these faults.
    ///
    /// # Errors
    /// It is not of this fleet.
    pub fn restore(&mut self, state: State, bounds: &Bounds) -> Result<(), String> {
        let is_here = |member: &Member| match *member {
            Member::Node(node) => node.at() < self.members.len(),
            Member::Edge(a, b) => bounds.is_own(a) && bounds.is_own(b),
        };
        let faulty = &state.faulty;
        let fits = faulty.iter().all(|(member, _)| is_here(member)) && faulty.windows(2).all(|two| two[0].0 < two[1].0);
        ensure(fits, || "fleet: a fault is of who is not here, or nodes and edges are not in their order".to_owned())?;
        for entity in self.members.0.clone() {
            if self.world.get::<FaultCount>(entity).is_some() {
                self.clear_faults(entity);
                self.count_faults(entity);
            }
        }
        for (_, entity) in std::mem::take(&mut self.edges) {
            self.world.despawn(entity);
        }
        for (member, faults) in state.faulty {
            let entity = match member {
                Member::Node(node) => self.members[node],
                Member::Edge(a, b) => {
                    let entity = self.world.spawn(member).id();
                    self.edges.insert((a, b), entity);
                    entity
                }
            };
            faults.put(&mut self.world, entity);
            self.count_faults(entity);
        }
        Ok(())
    }
}
