//! The world: radios, meshes, meters, border routers and the head-end, as partitions for the engine.
//!
//! A frame's way, one direction down and one up, no room entered twice:
//!
//! ```text
//! campaign / headend -> gateway -> mesh (route) -> mac (queue, hop, CSMA) -> radio (air, SINR)
//!                                                                               |
//! device             <-            mesh         <- mac (acknowledge, dedup)  <- radio (receive)
//! ```
//!
//! A layer talks to the next by a plain call with plain values within one event, across time by an [`event::Event`],
//! across partitions by a message of the engine. [`build::build`] turns a [`spec::WorldSpec`] into partitions.

pub mod apdu;
pub mod backhaul;
pub mod books;
pub mod build;
pub mod cell;
pub mod check;
pub mod context;
pub mod event;
pub mod fleet;
pub mod gateway;
pub mod headend;
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
