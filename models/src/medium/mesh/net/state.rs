//! What of the network layer changes in a run: where nodes stand, routes, datagrams in pieces, floods.

use super::auth::authenticator::Authenticators;
use super::flood::Flood;
use super::gone::Gone;
use super::host::Hosts;
use super::reassembly::Reassembly;
use super::routes::Routes;
use super::{Joining, Net, Nodes};
use crate::check::{Bounds, ensure, same_count};
use crate::node::PerNode;
use serde::{Deserialize, Serialize};

/// The network layer in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    nodes: PerNode<Joining>,
    routes: Routes,
    hosts: Hosts,
    reassembly: Reassembly,
    authenticators: Authenticators,
    gone: Gone,
    floods: Vec<Option<Flood>>,
}

impl Net {
    /// What changes in a run.
    pub fn save(&self) -> State {
        State {
            nodes: self.nodes.all().clone(),
            routes: self.routes.clone(),
            hosts: self.hosts.clone(),
            reassembly: self.reassembly.clone(),
            authenticators: self.authenticators.clone(),
            gone: self.gone.clone(),
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
            let fits = candidates
                .chain([joining.parent, joining.rpl.second, joining.rpl.latest])
                .chain(joining.registration.all())
                .all(|node| bounds.is_own_or_none(node));
            ensure(fits, || format!("net: node {n} has a parent that there is not"))?;
            let (pan, heard) = (
                joining.pan.of.0 < bounds.gateways,
                joining.pan.heard.iter().flat_map(|h| h.iter()).all(|h| h.fits(bounds)),
            );
            ensure(pan && heard, || format!("net: node {n} has heard a PAN that there is not"))?;
        }
        state.routes.check(bounds)?;
        state.reassembly.check(bounds)?;
        state.authenticators.check(bounds, self.procedures.authentication.exchange)?;
        let floods = state.floods.iter().flatten().all(|flood| flood.fits(bounds, self.nodes.len()));
        ensure(floods, || "net: a flood is of a job or of radios that there are not".to_owned())?;
        let gone = state.gone.count() == self.members.len() && state.gone.fits(bounds);
        ensure(gone, || "net: somebody has left who was never here".to_owned())?;
        ensure(state.hosts.fits(bounds), || "net: a host holds a datagram for a radio that is not here".to_owned())?;
        (self.nodes, self.routes, self.hosts) = (Nodes::new(state.nodes), state.routes, state.hosts);
        (self.reassembly, self.floods) = (state.reassembly, state.floods);
        (self.authenticators, self.gone) = (state.authenticators, state.gone);
        self.count_members();
        Ok(())
    }
}
