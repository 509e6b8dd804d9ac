#![doc = include_str!("README.md")]

pub mod air;
pub mod error;
pub mod fading;
pub mod limits;
pub mod math;
pub mod neighbours;
pub mod overlay;
pub mod phy;
pub mod power;
pub mod propagation;
pub mod rooftops;
pub mod shadowing;
