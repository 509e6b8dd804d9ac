//! The systems of the fleet: they look at what was touched and say what the rest of the partition has to know.

use super::Change;
use super::components::{Backhaul, BackhaulFaults, Edge, ExtraLoss, Kind, Member, Touched, Unpowered};
use bevy_ecs::prelude::*;

/// What the systems have found in this tick.
#[derive(Resource, Debug, Default)]
pub(super) struct Found(pub Vec<Change>);

/// In the order of events, so that the sum does not depend on which came first.
fn total_db(loss: Option<&ExtraLoss>) -> f32 {
    let mut causes = loss.map(|loss| loss.0.clone()).unwrap_or_default();
    causes.sort_by_key(|cause| cause.0);
    causes.iter().map(|cause| cause.1).sum()
}

/// Extra loss of nodes.
pub(super) fn losses(nodes: Query<(&Member, Option<&ExtraLoss>), With<Touched>>, mut found: ResMut<Found>) {
    found.0.extend(nodes.iter().map(|(m, loss)| Change::NodeLoss { node: m.node, loss_db: total_db(loss) }));
}

/// Extra loss of edges.
pub(super) fn edges(edges: Query<(&Edge, Option<&ExtraLoss>), With<Touched>>, mut found: ResMut<Found>) {
    found.0.extend(edges.iter().map(|(e, loss)| Change::EdgeLoss { edge: (e.0, e.1), loss_db: total_db(loss) }));
}

/// Supply of nodes.
pub(super) fn supply(nodes: Query<(&Member, Has<Unpowered>), With<Touched>>, mut found: ResMut<Found>) {
    found.0.extend(nodes.iter().map(|(m, unpowered)| Change::Supply { node: m.node, on: !unpowered }));
}

/// Backhaul of border routers: down if any fault says so, slower by the sum of all.
pub(super) fn backhauls(nodes: Query<(&Member, Option<&BackhaulFaults>), With<Touched>>, mut found: ResMut<Found>) {
    for (member, faults) in nodes.iter().filter(|(m, _)| m.kind == Kind::Gateway) {
        let mut backhaul = Backhaul::default();
        for (_, fault) in faults.iter().flat_map(|faults| &faults.0) {
            backhaul.down |= fault.down;
            backhaul.delay += fault.delay;
        }
        found.0.push(Change::Backhaul { gateway: member.node, backhaul });
    }
}

/// Nothing is touched any more.
pub(super) fn rest(touched: Query<Entity, With<Touched>>, mut commands: Commands) {
    for entity in &touched {
        commands.entity(entity).remove::<Touched>();
    }
}
