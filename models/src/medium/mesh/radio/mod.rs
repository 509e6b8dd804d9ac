#![doc = include_str!("README.md")]

pub mod air;
pub mod crystal;
pub mod error;
pub mod fading;
pub mod heat;
pub mod interference;
pub mod limits;
pub mod neighbours;
pub mod overlay;
pub mod phy;
pub mod power;
pub mod propagation;
pub mod rooftops;
pub mod shadowing;
