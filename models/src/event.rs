//! Everything that can happen in the world, by the room that handles it.

use crate::backhaul::{Report, Resets};
use crate::gateway;
use crate::headend;
use crate::medium::mesh;
use crate::meter;

/// An event of a partition.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// In the mesh.
    Mesh(mesh::Event),
    /// At a meter.
    Meter(meter::Event),
    /// At a border router.
    Gateway(gateway::Event),
    /// At the head-end: one of its own.
    HeadEnd(headend::Event),
    /// At the head-end: a meter reported.
    Report(Box<Report>),
    /// At the head-end, when the run ends: what really happened in a mesh.
    Resets(Box<Resets>),
}

// Queues hold millions of them.
const _: () = assert!(size_of::<Event>() <= 16, "an Event has at most 16 bytes");

impl From<mesh::Event> for Event {
    #[inline]
    fn from(event: mesh::Event) -> Self {
        Event::Mesh(event)
    }
}

impl From<meter::Event> for Event {
    #[inline]
    fn from(event: meter::Event) -> Self {
        Event::Meter(event)
    }
}

impl From<headend::Event> for Event {
    fn from(event: headend::Event) -> Self {
        Event::HeadEnd(event)
    }
}

impl From<gateway::Event> for Event {
    fn from(event: gateway::Event) -> Self {
        Event::Gateway(event)
    }
}
