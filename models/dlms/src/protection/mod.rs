//! Counters, rights and envelopes: what a request must have before a service sees it, and what its answer gets.

pub mod counters;
pub mod exchange;
pub mod general;
mod head;
pub mod message;
pub mod signing;
