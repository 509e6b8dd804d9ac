//! What happens in a medium without air.

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
