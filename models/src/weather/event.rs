//! What the weather schedules.

use serde::{Deserialize, Serialize};

/// An event of the weather.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// An hour is over.
    Hour,
}
