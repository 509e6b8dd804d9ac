//! Who is in the fleet, and what systems know them by.

use crate::node::Node;
use amitwin_data::rows::NodeKind;
use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

/// What stands at a node; a component of every one.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A meter.
    Meter,
    /// A repeater.
    Repeater,
    /// A border router or concentrator.
    Gateway,
}

impl Kind {
    /// Its word in tables.
    pub fn in_tables(self) -> NodeKind {
        match self {
            Kind::Meter => NodeKind::Meter,
            Kind::Repeater => NodeKind::Repeater,
            Kind::Gateway => NodeKind::Gateway,
        }
    }
}

/// What an entity is: a node of the partition; or a pair of radios, only while it carries a fault.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Member {
    /// A node.
    Node(Node),
    /// The edge between two nodes.
    Edge(Node, Node),
}

/// Faults that it carries, only while there are any.
#[derive(Component, Clone, Copy, Debug)]
pub(super) struct FaultCount(pub u16);
