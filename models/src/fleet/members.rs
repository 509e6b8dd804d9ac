//! Who is in the fleet, and what systems know them by.

use crate::node::Node;
use amitwin_data::rows::NodeKind;
use bevy_ecs::prelude::*;

/// What stands at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// A node of the partition.
#[derive(Component, Clone, Copy, Debug)]
pub(super) struct Member {
    pub node: Node,
    pub kind: Kind,
}

/// A pair of radios; an entity only while it carries a fault.
#[derive(Component, Clone, Copy, Debug)]
pub(super) struct Edge(pub Node, pub Node);

/// Something of it has changed since the systems ran.
#[derive(Component, Clone, Copy, Debug)]
pub(super) struct Touched;

/// Nothing is touched any more: the last system of a tick.
pub(super) fn rest(touched: Query<Entity, With<Touched>>, mut commands: Commands) {
    for entity in &touched {
        commands.entity(entity).remove::<Touched>();
    }
}
