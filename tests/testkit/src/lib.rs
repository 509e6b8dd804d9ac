//! What tests of several crates share. A crate names it in its dev-dependencies, with the features that it needs.
//!
//! | module | feature | is |
//! | --- | --- | --- |
//! | [`tools`] | none | programs that a test may lack: it is skipped without them, and fails where `CI=true` |
//! | [`skipped`] | none | the list of the tests that were skipped in this run |
//! | [`gallery`] | none | messages side by side, for a snapshot |
//! | [`parquet`] | none | Parquet files written by hand, which may lie |
//! | [`exchange`] | `engine` | several engines in one process, and a number of threads |
//! | [`air`] | `worlds` | a few radios with given losses, and frames |
//! | [`worlds`] | `worlds` | small worlds, run to their end |
//! | [`joins`] | `worlds` | a node that restarts, or joins for the first time |
//! | [`queues`] | `worlds` | a desk of the head-end under arrivals by chance |
//! | [`folders`], [`runs`] | `files` | folders of a test's own, rows and run directories |
//! | [`program`], [`serving`] | `program` | `amitwin` as its users run it, and while it serves |
//! | [`wire`], [`manager`] | `clients` | what a raw DLMS client needs, with and without ciphering |
//! | [`served`] | `live` | meters served by the test itself |
//!
//! Unit tests (`#[cfg(test)]` in a crate's `src`) are compiled with another build of that crate, whose types are not those
//! of this kit: helpers of their own stay with them.

#[cfg(feature = "worlds")]
pub mod air;
#[cfg(feature = "engine")]
pub mod exchange;
#[cfg(feature = "files")]
pub mod folders;
pub mod gallery;
#[cfg(feature = "worlds")]
pub mod joins;
#[cfg(feature = "clients")]
pub mod manager;
pub mod parquet;
#[cfg(feature = "program")]
pub mod program;
#[cfg(feature = "worlds")]
pub mod queues;
#[cfg(feature = "files")]
pub mod runs;
#[cfg(feature = "live")]
pub mod served;
#[cfg(feature = "program")]
pub mod serving;
pub mod skipped;
pub mod tools;
#[cfg(feature = "clients")]
pub mod wire;
#[cfg(feature = "worlds")]
pub mod worlds;
