//! What of the books changes in a run: sums and loads. Rows belong to whoever takes them.

use super::{Books, Counters, Load, NodeLoad, OnAir};
use crate::check::same_count;
use crate::node::PerNode;
use amitwin_data::rows::Rows;
use serde::{Deserialize, Serialize};

/// The books in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    counters: Counters,
    loads: PerNode<Load>,
    on_air: PerNode<OnAir>,
    node_loads: PerNode<NodeLoad>,
    frames_seen: u64,
}

impl Books {
    /// What changes in a run; rows are to be taken before.
    pub fn save(&self) -> State {
        State {
            counters: self.counters,
            loads: self.loads.clone(),
            on_air: self.on_air.clone(),
            node_loads: self.node_loads.clone(),
            frames_seen: self.frames_seen,
        }
    }

    /// Goes on from what was saved, without rows.
    ///
    /// # Errors
    /// It is not of these books.
    pub fn restore(&mut self, state: State) -> Result<(), String> {
        same_count("books: border routers", state.loads.len(), self.loads.len())?;
        same_count("books: radios", state.on_air.len(), self.on_air.len())?;
        same_count("books: radios of the table `load`", state.node_loads.len(), self.node_loads.len())?;
        self.rows = Rows::default();
        (self.counters, self.loads, self.frames_seen) = (state.counters, state.loads, state.frames_seen);
        (self.on_air, self.node_loads) = (state.on_air, state.node_loads);
        Ok(())
    }
}
