//! What happens at a meter.

use crate::node::Node;
use serde::{Deserialize, Serialize};

/// An event of a meter. `boots` makes it valid only as long as the meter has not restarted since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A scheduled reset is due.
    Reset {
        /// Meter.
        node: Node,
        /// Job that asked for it.
        job: u16,
    },
    /// The radio runs again.
    Booted {
        /// Meter.
        node: Node,
        /// Restarts.
        boots: u16,
    },
    /// The repeated heartbeat after a reset is due.
    Heartbeat {
        /// Meter.
        node: Node,
        /// Restarts.
        boots: u16,
    },
    /// The answer to a request is due.
    Answer {
        /// Meter.
        node: Node,
        /// Restarts.
        boots: u16,
        /// Which of the answers that wait.
        answer: u32,
    },
    /// A regular report is due.
    Push {
        /// Meter.
        node: Node,
    },
}
