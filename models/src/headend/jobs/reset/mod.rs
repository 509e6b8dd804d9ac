#![doc = include_str!("README.md")]

pub mod schedule;

use amitwin_sim_core::SimTime;

/// A flooded command goes out this long before the first reset, so that the flood is over when resets begin.
pub const NOTICE: SimTime = SimTime::from_secs(300);
