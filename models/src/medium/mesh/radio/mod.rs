#![doc = include_str!("README.md")]

pub mod ageing;
pub mod air;
pub mod crystal;
pub mod error;
pub mod fading;
pub mod foliage;
pub mod heat;
pub mod interference;
pub mod limits;
pub mod neighbours;
pub mod obstacles;
pub mod overlay;
pub mod phy;
pub mod power;
pub mod propagation;
pub mod rooftops;
mod shades;
pub mod shadowing;
