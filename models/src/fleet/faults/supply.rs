//! Nodes without a supply.

use super::causes::causes;
use crate::fleet::Change;
use crate::fleet::change::Found;
use crate::fleet::members::{Member, Touched};
use bevy_ecs::prelude::*;

/// No supply: by event.
#[derive(Component, Clone, Debug)]
pub(in crate::fleet) struct Unpowered(pub Vec<(u16, ())>);

causes!(Unpowered: ());

/// Supply of nodes.
pub(super) fn of_nodes(nodes: Query<(&Member, Has<Unpowered>), With<Touched>>, mut found: ResMut<Found>) {
    found.0.extend(nodes.iter().map(|(m, unpowered)| Change::Supply { node: m.node, on: !unpowered }));
}
