#![doc = include_str!("README.md")]

pub mod error;
pub mod math;
pub mod phy;
pub mod propagation;
pub mod shadowing;
