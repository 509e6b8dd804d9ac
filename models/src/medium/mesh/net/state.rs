//! What of the network layer changes in a run: where nodes stand, routes, datagrams in pieces, floods.

use super::reassembly::Reassembly;
use super::routes::Routes;
use super::stack::FLOOD_ROUNDS_MAX;
use super::{Joining, Net};
use crate::check::{Bounds, ensure, same_count};
use crate::medium::message::Message;
use crate::node::PerNode;
use serde::{Deserialize, Serialize};

/// The network layer in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    nodes: PerNode<Joining>,
    routes: Routes,
    reassembly: Reassembly,
    floods: Vec<Option<Message>>,
}

impl Net {
    /// What changes in a run.
    pub fn save(&self) -> State {
        State {
            nodes: self.nodes.clone(),
            routes: self.routes.clone(),
            reassembly: self.reassembly.clone(),
            floods: self.floods.clone(),
        }
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is not of this network layer.
    pub fn restore(&mut self, state: State, bounds: &Bounds) -> Result<(), String> {
        same_count("net: nodes", state.nodes.len(), self.nodes.len())?;
        same_count("net: routes", state.routes.len(), self.routes.len())?;
        same_count("net: jobs that flood", state.floods.len(), self.floods.len())?;
        for (n, joining) in state.nodes.0.iter().enumerate() {
            let candidates = joining.candidates.iter().map(|candidate| candidate.node);
            let fits = candidates.chain([joining.parent]).all(|node| bounds.is_own_or_none(node))
                && usize::from(joining.flood.seen) <= state.floods.len()
                && joining.flood.round <= FLOOD_ROUNDS_MAX;
            ensure(fits, || format!("net: node {n} has a parent or a flood that there is not"))?;
        }
        state.routes.check(bounds)?;
        state.reassembly.check(bounds)?;
        let floods = state.floods.iter().flatten().all(|message| message.fits(bounds));
        ensure(floods, || "net: a flood is of a job that there is not".to_owned())?;
        (self.nodes, self.routes) = (state.nodes, state.routes);
        (self.reassembly, self.floods) = (state.reassembly, state.floods);
        Ok(())
    }
}
