//! Where everyone is, as far as the head-end knows.

use crate::node::SiteId;
use amitwin_sim_core::SimTime;
use std::sync::Arc;

/// Where everyone is.
#[derive(Clone, Debug)]
pub struct Network {
    /// Partition of each site.
    pub partition: Arc<Vec<u32>>,
    /// Border router of each site: that by which it was heard last, or which has told that it serves it.
    pub gateway: Arc<Vec<SiteId>>,
    /// Whether a site has a route at the start.
    pub reachable: Arc<Vec<bool>>,
    /// Hops of each site to its border router at the start.
    pub hops: Arc<Vec<u8>>,
    /// Partitions of the meshes.
    pub meshes: Vec<u32>,
    /// Of the backhaul, one way.
    pub latency: SimTime,
    /// Time from one telling of the links to the next.
    pub health_every: SimTime,
}

impl Network {
    /// Something of a site has come by a border router.
    pub(super) fn serves(&mut self, gateway: SiteId, site: SiteId) {
        if self.gateway[site.at()] != gateway {
            Arc::make_mut(&mut self.gateway)[site.at()] = gateway;
        }
    }
}
