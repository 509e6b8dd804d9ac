//! The world.

pub mod radio;
pub mod spec;
pub mod terrain;
