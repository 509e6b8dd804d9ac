//! The world.

pub mod spec;
pub mod terrain;
