//! The engine of amitwin.

pub mod rng;
pub mod time;
pub use time::SimTime;
