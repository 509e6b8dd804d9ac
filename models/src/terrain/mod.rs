//! Where radios stand: placements, generators, siting of gateways.
#![doc = ""]
#![doc = include_str!("README.md")]

mod assign;
mod check;
mod error;
mod extent;
mod generate;
mod grid;
mod name;
mod plane;
mod site;
mod siting;

pub use assign::{Assignment, assign, assign_within};
pub use check::{Problem, check};
pub use error::TerrainError;
pub use extent::Extent;
pub use generate::{GenerateSpec, Generator, generate};
pub use grid::SpatialGrid;
pub use name::SiteName;
pub use plane::LocalPlane;
pub use site::{AntennaGain, Placement, Site, SiteKind};
pub use siting::{at_transformers, k_means, k_means_count};

/// Widest placement for which the local plane is used, m.
pub const EXTENT_MAX_M: f64 = 200_000.0;
/// Radios that one border router's mesh may have (short addresses are 16 bits wide).
pub const RADIOS_PER_GATEWAY_MAX: usize = 65_000;
