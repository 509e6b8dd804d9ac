//! What happens at a meter.

use crate::apdu::Fate;
use crate::check::Bounds;
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
    /// A meter that has activated a firmware image restarts.
    Restart {
        /// Meter.
        node: Node,
        /// Job that brought the image.
        job: u16,
        /// What becomes of it.
        fate: Fate,
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
    /// The meter looks at a value that it watches.
    Sample {
        /// Meter.
        node: Node,
    },
    /// A keep-alive is due.
    KeepAlive {
        /// Meter.
        node: Node,
        /// Of this period, counted from 0.
        period: u32,
    },
    /// The application hangs.
    Hangs {
        /// Meter.
        node: Node,
        /// Random numbers used for that before.
        draws: u16,
    },
    /// The watchdog looks at an application that hangs.
    Watchdog {
        /// Meter.
        node: Node,
        /// Which of the times that it has hung.
        hang: u16,
    },
    /// The capacitor may be empty.
    Capacitor {
        /// Meter or repeater.
        node: Node,
        /// Which of its outages.
        outage: u16,
    },
    /// A last gasp is due.
    LastGasp {
        /// Meter.
        node: Node,
        /// Which of its outages.
        outage: u16,
    },
    /// A supply that sagged for a flash write is as it was.
    SagOver {
        /// Meter.
        node: Node,
        /// Which of its outages it took the sag for.
        outage: u16,
    },
    /// The meter says that its supply is back.
    PowerUp {
        /// Meter.
        node: Node,
        /// Which of its outages.
        outage: u16,
    },
}

impl Event {
    /// Whether the meter and the job that it names are there.
    pub fn fits(&self, bounds: &Bounds) -> bool {
        match *self {
            Event::Reset { node, job } => bounds.is_own(node) && bounds.is_job(job),
            Event::Booted { node, .. }
            | Event::Restart { node, .. }
            | Event::Heartbeat { node, .. }
            | Event::Answer { node, .. }
            | Event::Capacitor { node, .. }
            | Event::LastGasp { node, .. }
            | Event::PowerUp { node, .. }
            | Event::SagOver { node, .. }
            | Event::Hangs { node, .. }
            | Event::Sample { node }
            | Event::KeepAlive { node, .. }
            | Event::Watchdog { node, .. }
            | Event::Push { node } => bounds.is_own(node),
        }
    }
}
