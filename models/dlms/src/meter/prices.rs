//! What a unit of energy costs, by the charge object.

use serde::{Deserialize, Serialize};

/// Prices of a kWh, in ten thousandths of the currency; 0 as delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// The one in force.
    pub active: i16,
    /// The one that a client has written.
    pub passive: i16,
}
