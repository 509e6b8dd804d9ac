//! What happens in a mesh.

use crate::check::Bounds;
use crate::node::{Channel, Node};
use serde::{Deserialize, Serialize};

/// An event of the mesh. An epoch makes it valid only as long as its owner is still at that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A clear channel assessment ends: send or back off again.
    Attempt {
        /// Who wants to send.
        node: Node,
        /// Of its link layer.
        epoch: u16,
    },
    /// The turn to transmit is done: first bit.
    Send {
        /// Sender.
        node: Node,
        /// Of its link layer.
        epoch: u16,
    },
    /// Last bit of a frame.
    Ended {
        /// Frame in the air's list.
        frame: u32,
    },
    /// An acknowledgement starts.
    Acknowledge {
        /// Who acknowledges.
        node: Node,
        /// Whose frame.
        to: Node,
        /// Channel of that frame.
        channel: Channel,
        /// Of the sender's link layer while it waits.
        epoch: u16,
    },
    /// No acknowledgement came.
    Unacknowledged {
        /// Sender of the frame.
        node: Node,
        /// Of its link layer.
        epoch: u16,
    },
    /// The link layer may look for its next job.
    Resume {
        /// Who.
        node: Node,
    },
    /// A step of an advertisement sweep over all channels.
    Sweep {
        /// Sender.
        node: Node,
        /// Of its link layer.
        epoch: u16,
        /// Its number, which is the place of its channel among those that are hopped over.
        step: u16,
    },
    /// A trickle timer: transmission point or end of the interval.
    Trickle {
        /// Who.
        node: Node,
        /// Which of its timers.
        topic: Topic,
        /// Of that timer.
        epoch: u8,
    },
    /// The timer of the joining procedure, or of registration refresh once joined.
    Join {
        /// Who.
        node: Node,
        /// Of its join timer.
        epoch: u16,
    },
    /// A neighbour is to be asked whether it is there.
    Ask {
        /// Who asks.
        node: Node,
    },
    /// A node's address is to be renewed, or has run out.
    Lease {
        /// Whose.
        node: Node,
    },
    /// A border router has waited long enough for an answer of a node that gets its keys.
    Eapol {
        /// Border router.
        gateway: Node,
        /// Who gets keys.
        node: Node,
    },
    /// The time-out of a PAN ends soon, or now.
    Pan {
        /// Who.
        node: Node,
    },
    /// A border router's group keys change, or a node is to ask for the next one.
    Keys {
        /// Who.
        node: Node,
    },
    /// A border router begins a new version of its DODAG.
    Version {
        /// Border router.
        gateway: Node,
    },
    /// A node asks its children to register again.
    Children {
        /// Who.
        node: Node,
        /// So often after this.
        again: u8,
    },
    /// A flooded command is due for repetition.
    Flood {
        /// Who.
        node: Node,
        /// Job whose command it is.
        job: u16,
        /// Of its part in the flood.
        epoch: u8,
    },
    /// A burst has sagged a node's supply for too long.
    BrownOut {
        /// Whose.
        node: Node,
    },
    /// A snapshot of the links is due.
    Snapshot,
    /// An hour of the table `load` ends.
    Load,
    /// What obstacles take and what ages is to be looked at again.
    Obstacles,
    /// The probe traffic of the link-layer bench.
    Probe {
        /// Sender.
        node: Node,
    },
    /// From a neighbouring partition: a foreign frame is on the air.
    Foreign {
        /// The sender, by its number here.
        from: Node,
        /// Channel.
        channel: Channel,
        /// Bytes before the frame check sequence.
        bytes: u16,
    },
    /// From a neighbouring partition: frames of a sweep of a foreign radio begin.
    ForeignTrain {
        /// The sender, by its number here.
        from: Node,
        /// Bytes of each before the frame check sequence.
        bytes: u16,
        /// Place of the first one's channel among those that are hopped over.
        first: u16,
        /// How many.
        frames: u16,
    },
    /// From a neighbouring partition: a foreign radio is heard weaker, or no longer so.
    ForeignLoss {
        /// The radio, by its number here.
        from: Node,
        /// Extra loss of what it sends, hundredths of a dB.
        loss_cdb: i32,
    },
}

impl Event {
    /// Whether the radios that it names are there.
    pub fn fits(&self, bounds: &Bounds) -> bool {
        match *self {
            Event::Attempt { node, .. }
            | Event::Send { node, .. }
            | Event::Unacknowledged { node, .. }
            | Event::Resume { node }
            | Event::BrownOut { node }
            | Event::Sweep { node, .. }
            | Event::Trickle { node, .. }
            | Event::Join { node, .. }
            | Event::Ask { node }
            | Event::Lease { node }
            | Event::Pan { node }
            | Event::Keys { node }
            | Event::Children { node, .. }
            | Event::Version { gateway: node }
            | Event::Flood { node, .. } => bounds.is_own(node),
            Event::Eapol { gateway, node } => bounds.is_own(gateway) && bounds.is_own(node),
            Event::Acknowledge { node, to, .. } => bounds.is_own(node) && bounds.is_own(to),
            Event::Foreign { from, .. } | Event::ForeignTrain { from, .. } | Event::ForeignLoss { from, .. } => {
                bounds.is_foreign(from)
            }
            Event::Ended { .. } | Event::Snapshot | Event::Load | Event::Obstacles => true,
            // The bench of the link layer is not saved.
            Event::Probe { .. } => false,
        }
    }
}

/// What a trickle timer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Topic {
    /// PAN advertisements.
    Advert = 0,
    /// PAN configurations.
    Config = 1,
    /// Advertisement solicits of a node without PAN.
    AdvertSolicit = 2,
    /// Configuration solicits of a node without configuration.
    ConfigSolicit = 3,
    /// RPL information.
    Dio = 4,
}

/// Number of topics.
pub const TOPICS: usize = 5;
/// All topics.
pub const ALL_TOPICS: [Topic; TOPICS] =
    [Topic::Advert, Topic::Config, Topic::AdvertSolicit, Topic::ConfigSolicit, Topic::Dio];
