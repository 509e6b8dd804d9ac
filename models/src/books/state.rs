//! What of the books changes in a run: sums and loads. Rows belong to whoever takes them.

use super::{Books, Counters, Load, NodeLoad, OnAir, Ran};
use crate::check::{ensure, same_count};
use crate::node::{Node, PerNode};
use amitwin_data::rows::Rows;
use serde::{Deserialize, Serialize};

/// The books in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    counters: Counters,
    loads: PerNode<Load>,
    served_by: PerNode<Node>,
    on_air: PerNode<OnAir>,
    node_loads: PerNode<NodeLoad>,
    ran: PerNode<Ran>,
    frames_seen: u64,
}

impl Books {
    /// What changes in a run; rows are to be taken before.
    pub fn save(&self) -> State {
        State {
            counters: self.counters,
            loads: self.loads.clone(),
            served_by: self.served_by.clone(),
            on_air: self.on_air.clone(),
            node_loads: self.node_loads.clone(),
            ran: self.ran.clone(),
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
        same_count("books: radios whose charge is counted", state.ran.len(), self.ran.len())?;
        same_count("books: radios whose border router changes", state.served_by.len(), self.served_by.len())?;
        let routers = state.served_by.0.iter().all(|by| by.at() < state.loads.len());
        ensure(routers, || "books: a radio is served by somebody who is no border router".to_owned())?;
        self.served_by = state.served_by;
        self.rows = Rows::default();
        (self.counters, self.loads, self.frames_seen) = (state.counters, state.loads, state.frames_seen);
        (self.on_air, self.node_loads, self.ran) = (state.on_air, state.node_loads, state.ran);
        Ok(())
    }
}
