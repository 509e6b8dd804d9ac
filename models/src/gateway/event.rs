//! What happens at border routers.

use crate::check::Bounds;
use crate::node::Node;
use serde::{Deserialize, Serialize};

/// An event of the border routers of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A minute ends: load rows.
    Minute,
    /// Its software runs again.
    Booted {
        /// Border router.
        gateway: Node,
        /// Restarts.
        boots: u16,
    },
    /// What the head-end sent has come over a slow backhaul.
    Delayed {
        /// Which of those that wait.
        down: u32,
    },
}

impl Event {
    /// Whether the border router that it names is there.
    pub fn fits(&self, bounds: &Bounds) -> bool {
        match *self {
            Event::Booted { gateway, .. } => gateway.0 < bounds.gateways,
            Event::Minute | Event::Delayed { .. } => true,
        }
    }
}
