//! Nodes without a supply.

use super::Fault;
use crate::fleet::{Change, Member};
use crate::spec::Act;
use serde::{Deserialize, Serialize};

/// No supply.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(in crate::fleet) struct Unpowered;

impl Fault for Unpowered {
    fn of(act: &Act) -> Option<Self> {
        matches!(act, Act::PowerOff(_) | Act::RouterFails(_)).then_some(Unpowered)
    }

    fn change(member: Member, causes: &[Self]) -> Option<Change> {
        let Member::Node(node) = member else { return None };
        Some(Change::Supply { node, on: causes.is_empty() })
    }
}
