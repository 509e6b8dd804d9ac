//! Extra loss of nodes and edges.

use super::Fault;
use crate::fleet::{Change, Member};
use crate::spec::Act;
use serde::{Deserialize, Serialize};

/// Signals lose more, dB.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(in crate::fleet) struct ExtraLoss(f32);

impl Fault for ExtraLoss {
    fn of(act: &Act) -> Option<Self> {
        let Act::ExtraLoss(extra) = act else { return None };
        Some(ExtraLoss(extra.loss_db as f32))
    }

    fn change(member: Member, causes: &[Self]) -> Option<Change> {
        let loss_db = causes.iter().map(|cause| cause.0).sum();
        Some(match member {
            Member::Node(node) => Change::NodeLoss { node, loss_db },
            Member::Edge(a, b) => Change::EdgeLoss { edge: (a, b), loss_db },
        })
    }
}
