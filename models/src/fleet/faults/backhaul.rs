//! Backhauls that are down or slow.

use super::Fault;
use crate::fleet::{Change, Member};
use crate::spec::Act;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// How a backhaul is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backhaul {
    /// Nothing gets through.
    pub down: bool,
    /// Added to the latency, each way.
    pub delay: SimTime,
}

impl Fault for Backhaul {
    fn of(act: &Act) -> Option<Self> {
        match act {
            Act::BackhaulDown(_) => Some(Backhaul { down: true, ..Backhaul::default() }),
            Act::BackhaulSlow(slow) => Some(Backhaul { down: false, delay: slow.delay }),
            _ => None,
        }
    }

    /// Down if any event says so, slower by the sum of all.
    fn change(member: Member, causes: &[Self]) -> Option<Change> {
        let Member::Node(gateway) = member else { return None };
        let mut backhaul = Backhaul::default();
        for cause in causes {
            backhaul.down |= cause.down;
            backhaul.delay += cause.delay;
        }
        Some(Change::Backhaul { gateway, backhaul })
    }
}
