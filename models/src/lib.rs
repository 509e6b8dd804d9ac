//! The world: radios, meshes, meters, border routers and the head-end, as partitions for the engine.
//!
//! A frame's way, one direction down and one up, no room entered twice:
//!
//! ```text
//! headend (jobs) -> gateway -> port -> net (route, fragment)  -> mac (queue, hop, CSMA)         -> radio (air, SINR)
//!                                                                                                   |
//! meter (DLMS)             <- port <- net (reassemble)        <- mac (acknowledge, deduplicate) <- radio (receive)
//! ```
//!
//! A room talks to the next by a plain call with plain values within one event, across time by an [`event::Event`],
//! across partitions by a message of the engine. What a function borrows is what it may change: its own room, and the
//! [`context::Ctx`]. [`build::build`] turns a [`spec::WorldSpec`] into partitions, which [`cell`] keeps side by side.
//!
//! | room | owns |
//! | --- | --- |
//! | [`spec`], [`terrain`] | what a world is made of; places, siting, assignment |
//! | [`medium`] | the port: how a meter reaches its gateway; [`medium::mesh`] with radios, [`medium::ideal`] without |
//! | [`fleet`], [`timeline`] | which faults nodes and edges carry, as components; what happens from outside, by time |
//! | [`climate`], [`weather`] | the sky and the boxes under it; the sky of a run, written down |
//! | [`meter`] | the meter above the port, as a DLMS server |
//! | [`gateway`] | the border router, between the port and the backhaul |
//! | [`headend`] | jobs, the DLMS client, the ledger |
//! | [`books`] | what is written down |
//! | [`apdu`], [`backhaul`], [`plan`], [`node`] | what rooms tell each other: payloads, messages, planned resets, numbers |

pub mod apdu;
pub mod backhaul;
pub mod books;
pub mod build;
pub mod cell;
pub mod check;
pub mod climate;
pub mod context;
pub mod event;
pub mod fleet;
pub mod gateway;
pub mod headend;
pub mod math;
pub mod medium;
pub mod meter;
pub mod node;
pub mod plan;
pub mod purpose;
pub mod slab;
pub mod spec;
pub mod state;
pub mod terrain;
pub mod timeline;
pub mod weather;
