//! What a tick finds to be different, for the rooms that it concerns.

use super::faults::Backhaul;
use crate::node::Node;
use bevy_ecs::prelude::Resource;

/// What the systems found to be different, and the rest of the partition is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Extra loss of a node, now.
    NodeLoss {
        /// Which.
        node: Node,
        /// In all, dB.
        loss_db: f32,
    },
    /// Extra loss of an edge, now.
    EdgeLoss {
        /// Its ends.
        edge: (Node, Node),
        /// In all, dB.
        loss_db: f32,
    },
    /// A node has a supply, or has lost it.
    Supply {
        /// Which.
        node: Node,
        /// It is there.
        on: bool,
    },
    /// Mains voltage of a node, now.
    Voltage {
        /// Which.
        node: Node,
        /// Of the nominal one.
        level: f32,
    },
    /// The backhaul of a border router, now.
    Backhaul {
        /// Which.
        gateway: Node,
        /// How it is.
        backhaul: Backhaul,
    },
}

impl Change {
    /// Its place in the order of changes: by node.
    pub(super) fn place(&self) -> (Node, Node, u8) {
        match *self {
            Change::NodeLoss { node, .. } => (node, Node(0), 0),
            Change::Supply { node, .. } => (node, Node(0), 1),
            Change::Backhaul { gateway, .. } => (gateway, Node(0), 2),
            Change::EdgeLoss { edge: (a, b), .. } => (a, b, 3),
            Change::Voltage { node, .. } => (node, Node(0), 4),
        }
    }
}

/// What the systems have found in this tick.
#[derive(Resource, Debug, Default)]
pub(super) struct Found(pub Vec<Change>);
