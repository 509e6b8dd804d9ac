//! The engine of amitwin.

pub mod time;
pub use time::SimTime;
