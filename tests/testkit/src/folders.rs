//! Folders of a test's own, and what lies in a folder.

use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder of its own, gone with the value.
pub fn empty() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A folder of its own with a scenario `small.toml`.
pub fn folder(scenario: &str) -> TempDir {
    let folder = empty();
    std::fs::write(folder.path().join("small.toml"), scenario).expect("written");
    folder
}

/// Every file below `folder` whose name ends so.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// All files and links below a folder, relative to it, sorted.
pub fn listing(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("readable") {
            let path: PathBuf = entry.expect("entry").path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).expect("below").display().to_string());
            }
        }
    }
    found.sort();
    found
}
