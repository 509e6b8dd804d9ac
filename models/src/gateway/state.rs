//! What of the border routers changes in a run: supply and backhaul, what is on its way over a slow backhaul.

use super::{Gateway, Gateways};
use crate::backhaul::{Destination, Down, DownKind};
use crate::check::{Bounds, ensure, same_count};
use crate::node::{Node, PerNode};
use crate::slab::Slab;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// The border routers in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    gateways: PerNode<Gateway>,
    serves: PerNode<Node>,
    delayed: Slab<Down>,
    answered_outside: Vec<(u32, SimTime)>,
}

impl Gateways {
    /// What changes in a run.
    pub fn save(&self) -> State {
        let (gateways, delayed) = (self.gateways.clone(), self.delayed.clone());
        State { gateways, serves: self.serves.clone(), delayed, answered_outside: self.answered_outside.clone() }
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is not of these border routers.
    pub fn restore(&mut self, state: State, bounds: &Bounds) -> Result<(), String> {
        same_count("gateway: border routers", state.gateways.len(), self.gateways.len())?;
        same_count("gateway: radios that are served", state.serves.len(), self.serves.len())?;
        let known = state.serves.0.iter().all(|&by| by == Node::NONE || by.0 < bounds.gateways);
        ensure(known, || "gateway: a radio is served by somebody else".to_owned())?;
        state.delayed.check("gateway: what is on its way")?;
        ensure(state.delayed.iter().all(|down| down.fits(bounds)), || {
            "gateway: something on its way is of a job that there is not".to_owned()
        })?;
        (self.gateways, self.serves, self.delayed) = (state.gateways, state.serves, state.delayed);
        self.answered_outside = state.answered_outside;
        Ok(())
    }
}

impl Down {
    /// Whether what it names is there; a meter that is not is passed over.
    pub fn fits(&self, bounds: &Bounds) -> bool {
        match (self.kind, self.to) {
            (DownKind::Command { job } | DownKind::Confirm { job }, _) => bounds.is_job(job),
            (DownKind::Request { .. }, to) => to != Destination::All,
            (DownKind::Spread { .. }, to) => to == Destination::All,
        }
    }
}
