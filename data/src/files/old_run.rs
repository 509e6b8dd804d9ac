//! What a run directory holds before a run begins in it: which files are an old run's, and may be deleted, and which are not.

use super::atomic::becomes;
use super::claim::OWNER;
use super::error::FileError;
use super::registry::{BEGUN, begun};
use super::run_dir::{INPUTS, LOG, MANIFEST, REPORT, SCENARIO, SUMMARY, TABLES_FOLDER, read_manifest};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Files of a run that are no table and no input.
const OURS: [&str; 6] = [MANIFEST, SUMMARY, SCENARIO, REPORT, LOG, BEGUN];

/// A run that is to be replaced, or nothing.
#[derive(Debug, Default)]
pub(super) struct OldRun {
    /// Its files, by their paths in the directory, but for the manifest and the summary, which are written over.
    pub files: Vec<String>,
}

/// What helps where a run stands.
pub(super) const OR_FORCE: &str = "or give `--force` to replace a run that is there";

impl OldRun {
    /// Looks at a directory, which may be missing.
    ///
    /// # Errors
    /// It holds something, and `force` does not say that an old run may go; it holds what is no run, or a table or an input that
    /// the old run did not write.
    pub fn find(path: &Path, force: bool) -> Result<OldRun, FileError> {
        let mut files = occupants(path)?;
        let occupied = files.iter().any(|name| name != OWNER && !is_named_tmp(name, &BTreeSet::new()));
        if !occupied {
            files.retain(|name| name != OWNER);
            return Ok(OldRun { files });
        }
        if !force {
            let what =
                if path.join(MANIFEST).is_file() { "this holds a run already" } else { "this holds files already" };
            return Err(FileError::Exists { path: path.to_owned(), what, remedy: OR_FORCE });
        }
        let manifest = read_manifest(path).map_err(|_| FileError::NotOurs { path: path.to_owned() })?;
        let mut named: BTreeSet<String> = manifest.files.into_iter().map(|entry| entry.path).collect();
        named.extend(begun(path)?);
        let replaced = [SCENARIO, REPORT, LOG];
        files.retain(|name| replaced.contains(&&**name) || is_named_tmp(name, &named));
        let mut below = Vec::new();
        walk(path, TABLES_FOLDER, &mut below)?;
        walk(path, INPUTS, &mut below)?;
        match below.iter().find(|file| !named.contains(*file) && !is_named_tmp(file, &named)) {
            Some(file) => Err(FileError::Foreign { path: path.to_owned(), file: file.clone() }),
            None => Ok(OldRun { files: [files, below].concat() }),
        }
    }

    /// Deletes its files, and the folders that are empty without them.
    ///
    /// # Errors
    /// As the disk's.
    pub fn remove(&self, root: &Path) -> Result<(), FileError> {
        for file in self.files.iter().filter(|file| *file != BEGUN) {
            let path = root.join(file);
            match fs::remove_file(&path) {
                Err(e) if e.kind() != ErrorKind::NotFound => {
                    return Err(FileError::io(&path, "delete the old run", e));
                }
                _ => {}
            }
        }
        remove_empty(&root.join(TABLES_FOLDER))?;
        remove_empty(&root.join(INPUTS))
    }
}

/// Whether a file is an unfinished one of a run that has these: it became none of them by a kill.
fn is_named_tmp(file: &str, named: &BTreeSet<String>) -> bool {
    file == BEGUN || becomes(file).is_some_and(|target| OURS.contains(&&*target) || named.contains(&target))
}

/// Files below a folder of a directory, by their paths from there; a link counts as a file.
fn walk(root: &Path, folder: &str, found: &mut Vec<String>) -> Result<(), FileError> {
    let path = root.join(folder);
    let list = |entries: fs::ReadDir| -> io::Result<Vec<(String, bool)>> {
        let each = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            Ok((entry.file_name().to_string_lossy().into_owned(), entry.file_type()?.is_dir()))
        };
        entries.map(each).collect()
    };
    let entries = match fs::read_dir(&path).and_then(list) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        found => found.map_err(|e| FileError::io(&path, "read the directory", e))?,
    };
    for (name, is_folder) in entries {
        let below = format!("{folder}/{name}");
        if is_folder {
            walk(root, &below, found)?;
        } else {
            found.push(below);
        }
    }
    Ok(())
}

/// Deletes a folder and those in it, as far as they are empty.
fn remove_empty(path: &Path) -> Result<(), FileError> {
    let failed = |e| FileError::io(path, "delete the old run", e);
    let entries = match fs::read_dir(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            remove_empty(&entry.path())?;
        }
    }
    match fs::remove_dir(path) {
        Err(e) if e.kind() != ErrorKind::DirectoryNotEmpty => Err(failed(e)),
        _ => Ok(()),
    }
}

/// Names in a directory; none if it is not there.
fn occupants(path: &Path) -> Result<Vec<String>, FileError> {
    let list = |entries: fs::ReadDir| -> io::Result<Vec<String>> {
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    };
    match fs::read_dir(path).and_then(list) {
        Ok(names) => Ok(names),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) if e.kind() == ErrorKind::NotADirectory && path.is_file() => {
            Err(FileError::Exists { path: path.to_owned(), what: "this is a file already", remedy: OR_FORCE })
        }
        // A part of the path is a file.
        Err(e) if e.kind() == ErrorKind::NotADirectory => Err(FileError::io(path, "make the directory", e)),
        Err(e) => Err(FileError::io(path, "read the directory", e)),
    }
}
