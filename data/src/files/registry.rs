//! The files of a run: each is named in the directory before it is begun, so that another run knows them after a kill.

use super::atomic::write_whole;
use super::error::FileError;
use crate::manifest::FileEntry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Names of all files that the run has begun, a line each, until the manifest names them.
pub(super) const BEGUN: &str = ".files.tmp";

/// The files of a run, and its variants that have begun.
#[derive(Debug)]
pub(super) struct Registry {
    path: PathBuf,
    entries: Mutex<Entries>,
}

#[derive(Debug)]
struct Entries {
    begun: File,
    finished: BTreeMap<String, FileEntry>,
    variants: BTreeSet<String>,
}

impl Registry {
    /// Of a run in the directory `root`, where files of these names are left from an old one: they count as its own until they
    /// are deleted.
    ///
    /// # Errors
    /// The names cannot be written down.
    pub fn new(root: &Path, left: &[String]) -> Result<Registry, FileError> {
        let path = root.join(BEGUN);
        // At once, because a kill may follow.
        let names: String = left.iter().map(|name| format!("{name}\n")).collect();
        write_whole(&path, names.as_bytes())?;
        let begun = File::options().append(true).open(&path).map_err(|e| FileError::io(&path, "open the file", e))?;
        let entries = Entries { begun, finished: BTreeMap::new(), variants: BTreeSet::new() };
        Ok(Registry { path, entries: Mutex::new(entries) })
    }

    /// Whether a variant's folder is new; from then on it is not.
    pub fn is_new_variant(&self, slug: &str) -> bool {
        // Compared without case, because some file systems do.
        self.lock().variants.insert(slug.to_ascii_lowercase())
    }

    /// A file is about to be made.
    ///
    /// # Errors
    /// Its name cannot be written down.
    pub fn begin(&self, name: &str) -> Result<(), FileError> {
        let written = self.lock().begun.write_all(format!("{name}\n").as_bytes());
        written.map_err(|e| FileError::io(&self.path, "write the file", e))
    }

    /// A file is on the disk under its name.
    pub fn add(&self, entry: FileEntry) {
        self.lock().finished.insert(entry.path.clone(), entry);
    }

    /// All that are.
    pub fn files(&self) -> Vec<FileEntry> {
        self.lock().finished.values().cloned().collect()
    }

    /// The manifest names them.
    pub fn forget_names(&self) {
        // If it stays, nobody is misled: they are the run's.
        let _ = fs::remove_file(&self.path);
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The names that a run in this directory has written down, below it.
pub(super) fn begun(root: &Path) -> Result<BTreeSet<String>, FileError> {
    let path = root.join(BEGUN);
    match fs::read(&path) {
        Ok(names) => Ok(String::from_utf8_lossy(&names).lines().map(str::to_owned).collect()),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(e) => Err(FileError::io(&path, "read the file", e)),
    }
}
