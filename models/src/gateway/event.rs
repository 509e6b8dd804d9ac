//! What happens at a border router.

use crate::backhaul::Down;

/// An event of the border routers of a partition.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// From the head-end: an APDU for one meter or for all.
    Down(Box<Down>),
    /// A minute ends: load rows.
    Minute,
}
