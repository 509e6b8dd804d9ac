//! Mains voltages that are too low or too high.

use super::Fault;
use crate::fleet::{Change, Member};
use crate::spec::Act;
use serde::{Deserialize, Serialize};

/// So much of the voltage is there.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(in crate::fleet) struct Voltage(pub f32);

impl Fault for Voltage {
    fn of(act: &Act) -> Option<Self> {
        if let Act::Voltage(voltage) = act { Some(Voltage(voltage.level as f32)) } else { None }
    }

    /// The product of all.
    fn change(member: Member, causes: &[Self]) -> Option<Change> {
        let Member::Node(node) = member else { return None };
        Some(Change::Voltage { node, level: causes.iter().map(|cause| cause.0).product() })
    }
}
