//! What can go wrong with files: the place, what it means for the run, what to do.

use parquet::errors::ParquetError;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// An error with a file or folder of a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// No space left.
    #[error(
        "{}: the disk is full, so the run cannot go on and its directory stays marked as incomplete. \
         Free some space or choose another disk with `-o DIR`, then run again (a run in the same directory with `--force`, a study with `--resume`)",
        path.display()
    )]
    DiskFull {
        /// File that was being written.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// No right to write or read.
    #[error(
        "{}: no permission to {doing} ({source}). Nothing can be kept there: \
         choose another directory with `-o DIR`, or change its owner or mode",
        path.display()
    )]
    Denied {
        /// File or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Cause.
        source: io::Error,
    },
    /// The output directory holds something.
    #[error(
        "{}: {what}; nothing was written. Choose another directory with `-o DIR`, {remedy}",
        path.display()
    )]
    Exists {
        /// The directory.
        path: PathBuf,
        /// What is there.
        what: &'static str,
        /// What else helps.
        remedy: &'static str,
    },
    /// Somebody else writes there.
    #[error(
        "{}: another amitwin{} writes a run there now; nothing was written. Wait until it ends, or choose another directory \
         with `-o DIR`",
        path.display(),
        if *process == 0 { String::new() } else { format!(" (process {process})") }
    )]
    Claimed {
        /// The directory.
        path: PathBuf,
        /// Its process; 0 if it is not known.
        process: u32,
    },
    /// `--force` on a run among whose tables lies something else.
    #[error(
        "{}: `{file}` is no file of the run that is to be replaced; nothing was written. Move it away, or choose another \
         directory with `-o DIR`",
        path.display()
    )]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// What lies there, below it.
        file: String,
    },
    /// `--force` on something that is not a run.
    #[error(
        "{}: this holds files but no run (it has no readable manifest.json), so `--force` does not touch it; \
         nothing was written. Choose another directory with `-o DIR`, or empty this one by hand",
        path.display()
    )]
    NotOurs {
        /// The directory.
        path: PathBuf,
    },
    /// Not a run directory.
    #[error("{}: not a run directory: {why}. Give the directory that `amitwin run` printed", path.display())]
    NotARun {
        /// What was given.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A run that was killed, failed, was interrupted, or still goes on.
    #[error(
        "{}: this run is incomplete (its status is \"{status}\"), so its tables are not the whole result. \
         Wait if it still runs; otherwise run the scenario again",
        path.display()
    )]
    Incomplete {
        /// The run directory.
        path: PathBuf,
        /// Status in summary.json.
        status: &'static str,
    },
    /// A study that has no summary yet.
    #[error("{}: this study has not ended, so that there is no summary of it; go on with it first (`--resume`)", path.display())]
    UnfinishedStudy {
        /// The directory.
        path: PathBuf,
    },
    /// A file is not what the manifest says.
    #[error("{}: {what}, so results from this run cannot be trusted. Run the scenario again, or restore the file", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// Difference.
        what: String,
    },
    /// A file that cannot be understood.
    #[error("{}: {what}. The file is damaged or not one of ours; run the scenario again, or restore the file", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A table with other columns than this program knows.
    #[error(
        "{}: table `{table}`, column `{column}`: {what}. \
         The file was written by another version of amitwin or by another program; run the scenario again with this one",
        path.display()
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// The table.
        table: &'static str,
        /// The column.
        column: String,
        /// Difference.
        what: String,
    },
    /// A variant whose name cannot be a folder.
    #[error("variant \"{name}\": {what}. Give the variant another name")]
    VariantName {
        /// The name.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// Anything else.
    #[error("{}: cannot {doing}: {source}{}", path.display(), remedy(doing))]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Cause.
        source: io::Error,
    },
}

/// What to do about something that could not be made; nothing where another directory would not help.
fn remedy(doing: &str) -> &'static str {
    if ["make", "create", "write"].iter().any(|verb| doing.starts_with(verb)) {
        ". Choose a directory that can be written to"
    } else {
        ""
    }
}

impl FileError {
    /// From an error of the operating system while `doing` something with `path`.
    pub fn io(path: &Path, doing: &'static str, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => FileError::DiskFull { path, source },
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => FileError::Denied { path, doing, source },
            _ => FileError::Io { path, doing, source },
        }
    }

    /// From an error while writing Parquet, which wraps those of the operating system.
    pub(crate) fn writing(path: &Path, error: ParquetError) -> Self {
        let source = match error {
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(source) => *source,
                Err(other) => io::Error::other(other),
            },
            other => io::Error::other(other),
        };
        FileError::io(path, "write the table", source)
    }

    /// From an error while reading Parquet.
    pub(crate) fn reading(path: &Path, error: ParquetError) -> Self {
        match error {
            ParquetError::External(inner) if inner.is::<io::Error>() => match inner.downcast::<io::Error>() {
                Ok(source) => FileError::io(path, "read the table", *source),
                Err(other) => FileError::Unreadable { path: path.to_owned(), what: other.to_string() },
            },
            other => FileError::Unreadable { path: path.to_owned(), what: other.to_string() },
        }
    }
}
