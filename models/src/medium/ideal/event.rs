//! What happens in a medium without air.

use crate::check::Bounds;
use crate::node::Node;
use serde::{Deserialize, Serialize};

/// An event of the ideal medium. An epoch makes it valid only as long as its node has not lost its supply since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A message is there.
    Arrived {
        /// Which of those on their way.
        flight: u32,
    },
    /// A node registers, or does so again.
    Register {
        /// Who.
        node: Node,
        /// Of its supply.
        epoch: u16,
    },
    /// A registration is at the gateway.
    Registered {
        /// Whose.
        node: Node,
        /// Of its supply.
        epoch: u16,
    },
    /// The gateway's answer is at the node.
    Attached {
        /// Who.
        node: Node,
        /// Of its supply.
        epoch: u16,
    },
}

impl Event {
    /// Whether the nodes that it names are there.
    pub fn fits(&self, bounds: &Bounds) -> bool {
        match *self {
            Event::Arrived { .. } => true,
            Event::Register { node, .. } | Event::Registered { node, .. } | Event::Attached { node, .. } => {
                bounds.is_own(node)
            }
        }
    }
}
