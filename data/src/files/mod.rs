//! What touches a disk: the run directory, its Parquet tables, and their readers.
//!
//! - [`RunDir`]: a run directory while a run writes it; says "incomplete" until [`RunDir::finish`].
//! - [`TableSet`]: the tables of one variant, written in batches with bounded memory.
//! - [`RunReader`]: a finished run directory; [`read_rows`] and [`each_group`] give typed rows back.
//! - [`SweepDir`]: the directory of a sweep, with a small file for each case that has ended.
//! - [`FileError`]: what went wrong, where, what it means for the run, and what to do.
//!
//! Every file gets its final name only when it is complete and on the disk, so that a killed run leaves no torn file.

mod atomic;
mod claim;
mod derived;
mod error;
mod old_run;
mod program;
mod registry;
mod run_dir;
mod run_reader;
mod slug;
mod sweep_dir;
mod sweep_table;
mod table_file;
mod table_reader;
mod table_set;

pub use error::FileError;
pub use run_dir::{INPUTS, LATEST, LOG, MANIFEST, REPORT, RunDir, SCENARIO, SUMMARY};
pub use run_reader::{Problem, RunReader, Verification};
pub use slug::{slug, unslug};
pub use sweep_dir::{CASES, SweepDir, study};
pub use table_reader::{each_group, read_rows};
pub use table_set::{ROWS_PER_GROUP, ROWS_PER_PART, TableSet};
