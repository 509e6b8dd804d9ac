#![doc = include_str!("../README.md")]

pub mod calendar;
pub mod climate;
pub mod column;
pub mod condition;
pub mod depot;
pub mod draw;
pub mod fleet;
pub mod hardware;
pub mod heat;
pub mod hours;
pub mod jobs;
pub mod laws;
pub mod life;
pub mod plain;
pub mod plan;
pub mod radio;
pub mod shifts;
pub mod spec;
pub mod stock;
pub mod survival;
pub mod tally;

pub use plan::Run;
pub use spec::PlanSpec;
