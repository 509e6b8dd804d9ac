//! Everything that can happen in the world, by the room that handles it.

use crate::backhaul::{Down, Health, Report, Resets, Visit};
use crate::fleet;
use crate::gateway;
use crate::headend;
use crate::medium::{ideal, mesh};
use crate::meter;
use crate::timeline;
use crate::weather;
use serde::{Deserialize, Serialize};

/// An event of a partition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// In the mesh.
    Mesh(mesh::Event),
    /// In the ideal medium.
    Ideal(ideal::Event),
    /// At a meter.
    Meter(meter::Event),
    /// At a border router.
    Gateway(gateway::Event),
    /// In the fleet.
    Fleet(fleet::Event),
    /// From outside.
    Timeline(timeline::Event),
    /// Of the weather.
    Weather(weather::Event),
    /// At a border router, from the head-end: an APDU for one meter or for all.
    Down(Box<Down>),
    /// At the head-end: one of its own.
    HeadEnd(headend::Event),
    /// At the head-end: a meter reported.
    Report(Box<Report>),
    /// At the head-end: how the links of a mesh were.
    Health(Box<Health>),
    /// At a meter: somebody stands before it; at the head-end: what he found.
    Visit(Box<Visit>),
    /// At the head-end, when the run ends: what really happened in a mesh.
    Resets(Box<Resets>),
}

// Queues hold millions of them.
const _: () = assert!(size_of::<Event>() <= 16, "an Event has at most 16 bytes");

macro_rules! nested {
    ($($variant:ident($event:ty)),+) => {$(
        impl From<$event> for Event {
            #[inline]
            fn from(event: $event) -> Self {
                Event::$variant(event)
            }
        }
    )+};
}

impl From<Box<Health>> for Event {
    fn from(health: Box<Health>) -> Self {
        Event::Health(health)
    }
}

nested!(
    Mesh(mesh::Event),
    Ideal(ideal::Event),
    Meter(meter::Event),
    Gateway(gateway::Event),
    Fleet(fleet::Event),
    Timeline(timeline::Event),
    Weather(weather::Event),
    HeadEnd(headend::Event)
);
