//! What the entities of the fleet carry.

use crate::node::Node;
use amitwin_sim_core::SimTime;
use bevy_ecs::component::Mutable;
use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

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

/// Signals lose more: by event, dB.
#[derive(Component, Clone, Debug)]
pub(super) struct ExtraLoss(pub Vec<(u16, f32)>);

/// No supply: by event.
#[derive(Component, Clone, Debug)]
pub(super) struct Unpowered(pub Vec<(u16, ())>);

/// The backhaul is down or slow: by event.
#[derive(Component, Clone, Debug)]
pub(super) struct BackhaulFaults(pub Vec<(u16, Backhaul)>);

/// How a backhaul is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backhaul {
    /// Nothing gets through.
    pub down: bool,
    /// Added to the latency, each way.
    pub delay: SimTime,
}

/// A component that several events can put on the same entity.
pub(super) trait Causes<T>: Component<Mutability = Mutable> {
    /// With its first cause.
    fn of(event: u16, what: T) -> Self;
    /// All causes.
    fn causes(&mut self) -> &mut Vec<(u16, T)>;
}

macro_rules! causes {
    ($($name:ident: $what:ty),+) => {$(
        impl Causes<$what> for $name {
            fn of(event: u16, what: $what) -> Self {
                $name(vec![(event, what)])
            }
            fn causes(&mut self) -> &mut Vec<(u16, $what)> {
                &mut self.0
            }
        }
    )+};
}

causes!(ExtraLoss: f32, Unpowered: (), BackhaulFaults: Backhaul);
