//! What goes in and out: table rows, run directory, Parquet writers, input readers.
//!
//! - [`rows`]: one row type per table, from one declaration; [`rows::Rows`] is the batch that a partition hands over.
//! - [`metrics`]: the figures of a run, from one declaration.
//! - [`summary`] and [`manifest`]: the two small files that say what a run came to and what it was made from.
//! - [`sweep`]: the same for a scenario at many settings; [`find`]: for a search for one.
//! - [`attributes`]: columns of a placement that are the user's own.
//! - [`link_health`]: how well a link is by the limits that operators act on.
//! - [`pcapng`]: captures of what is on the air or on a socket, into any writer.
//!
//! Feature `files` adds what touches a disk: the run directory with its Parquet tables, and the readers of inputs ([`input`]
//! opens them). Feature `stats` adds `stats`: intervals for what several seeds or many meters came to.

pub mod attributes;
#[cfg(feature = "files")]
pub mod device_log;
#[cfg(feature = "files")]
pub mod files;
pub mod find;
#[cfg(feature = "files")]
pub mod input;
pub mod link_health;
pub mod manifest;
pub mod metrics;
pub mod pcapng;
#[cfg(feature = "files")]
pub mod placement;
pub mod rows;
#[cfg(feature = "stats")]
pub mod stats;
pub mod summary;
#[cfg(feature = "files")]
pub mod survey;
pub mod sweep;
#[cfg(feature = "files")]
mod text_table;
