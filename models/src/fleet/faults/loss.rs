//! Extra loss of nodes and edges.

use super::causes::causes;
use crate::fleet::Change;
use crate::fleet::change::Found;
use crate::fleet::members::{Edge, Member, Touched};
use bevy_ecs::prelude::*;

/// Signals lose more: by event, dB.
#[derive(Component, Clone, Debug)]
pub(in crate::fleet) struct ExtraLoss(pub Vec<(u16, f32)>);

causes!(ExtraLoss: f32);

/// In the order of events, so that the sum does not depend on which came first.
fn total_db(loss: Option<&ExtraLoss>) -> f32 {
    let mut causes = loss.map(|loss| loss.0.clone()).unwrap_or_default();
    causes.sort_by_key(|cause| cause.0);
    causes.iter().map(|cause| cause.1).sum()
}

/// Extra loss of nodes.
pub(super) fn of_nodes(nodes: Query<(&Member, Option<&ExtraLoss>), With<Touched>>, mut found: ResMut<Found>) {
    found.0.extend(nodes.iter().map(|(m, loss)| Change::NodeLoss { node: m.node, loss_db: total_db(loss) }));
}

/// Extra loss of edges.
pub(super) fn of_edges(edges: Query<(&Edge, Option<&ExtraLoss>), With<Touched>>, mut found: ResMut<Found>) {
    found.0.extend(edges.iter().map(|(e, loss)| Change::EdgeLoss { edge: (e.0, e.1), loss_db: total_db(loss) }));
}
