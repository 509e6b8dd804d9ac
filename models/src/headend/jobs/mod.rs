//! What a head-end does with meters over time.

pub mod reset;
