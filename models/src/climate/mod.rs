#![doc = include_str!("README.md")]

pub mod boxes;
pub mod effective;
pub mod enclosure;
pub mod overheating;
pub mod process;
pub mod rain;
pub mod recorded;
pub mod sky;
pub mod sun;
pub mod table;

pub use effective::effective_c;
pub use enclosure::Enclosure;
pub use sky::{Sky, Weather};
pub use table::{City, HALF_YEAR_D};
