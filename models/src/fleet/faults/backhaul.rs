//! Backhauls that are down or slow.

use super::causes::causes;
use crate::fleet::change::Found;
use crate::fleet::members::{Member, Touched};
use crate::fleet::{Change, Kind};
use amitwin_sim_core::SimTime;
use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

/// How a backhaul is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backhaul {
    /// Nothing gets through.
    pub down: bool,
    /// Added to the latency, each way.
    pub delay: SimTime,
}

/// The backhaul is down or slow: by event.
#[derive(Component, Clone, Debug)]
pub(in crate::fleet) struct BackhaulFaults(pub Vec<(u16, Backhaul)>);

causes!(BackhaulFaults: Backhaul);

/// Backhaul of border routers: down if any fault says so, slower by the sum of all.
pub(super) fn of_routers(nodes: Query<(&Member, Option<&BackhaulFaults>), With<Touched>>, mut found: ResMut<Found>) {
    for (member, faults) in nodes.iter().filter(|(m, _)| m.kind == Kind::Gateway) {
        let mut backhaul = Backhaul::default();
        for (_, fault) in faults.iter().flat_map(|faults| &faults.0) {
            backhaul.down |= fault.down;
            backhaul.delay += fault.delay;
        }
        found.0.push(Change::Backhaul { gateway: member.node, backhaul });
    }
}
