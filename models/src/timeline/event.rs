//! What the timeline schedules.

use serde::{Deserialize, Serialize};

/// An event of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Something begins or ends.
    Due {
        /// Place in the list.
        entry: u32,
    },
}
