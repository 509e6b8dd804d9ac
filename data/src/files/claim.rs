//! A directory is written by one process at a time.

use super::error::FileError;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// Says who writes, while somebody does; a kill leaves it behind.
pub(super) const OWNER: &str = ".running.tmp";

/// A directory that nobody else writes to, until this is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    owner: PathBuf,
    _lock: File,
}

impl Claim {
    /// Claims a directory that is there.
    ///
    /// # Errors
    /// Another process has claimed it, or it cannot be written to.
    pub fn new(path: &Path) -> Result<Claim, FileError> {
        let owner = path.join(OWNER);
        let lock = open(path, &owner).map_err(|e| FileError::io(path, "claim the directory", e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let process = fs::read_to_string(&owner).unwrap_or_default();
                let process = process.trim().parse().unwrap_or(0);
                return Err(FileError::Claimed { path: path.to_owned(), process });
            }
            Err(TryLockError::Error(e)) => return Err(FileError::io(path, "claim the directory", e)),
        }
        fs::write(&owner, format!("{}\n", std::process::id()))
            .map_err(|e| FileError::io(&owner, "write the file", e))?;
        Ok(Claim { owner, _lock: lock })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // If it stays, nobody is misled: the lock is what counts.
        let _ = fs::remove_file(&self.owner);
    }
}

/// What is locked: the directory itself, which is the same by all its names.
#[cfg(unix)]
fn open(path: &Path, _: &Path) -> std::io::Result<File> {
    File::open(path)
}

#[cfg(not(unix))]
fn open(_: &Path, owner: &Path) -> std::io::Result<File> {
    File::options().create(true).truncate(false).write(true).open(owner)
}
