//! The meter that nobody talks to: its kind, what it keeps, what it measures, and who may talk to it.

pub mod certificate;
pub mod client;
pub mod clock_settings;
pub mod consumption;
pub mod event_log;
pub mod fleet;
pub mod image;
pub mod local_time;
pub mod prices;
pub mod push_timing;
pub mod rest;
pub mod security;
mod shapes;
pub mod signatures;
