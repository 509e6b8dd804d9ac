//! A run directory as its readers see it.

use super::atomic::{hash_file, write_whole};
use super::claim::Claim;
use super::error::FileError;
use super::run_dir::{LATEST, MANIFEST, RunDir, SUMMARY, json, read_manifest, seed_prefix};
use super::slug::{slug, unslug};
use super::table_reader::{each_group, read_rows};
use crate::manifest::{FileEntry, Manifest};
use crate::rows::Row;
use crate::summary::{Status, Summary};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// A run directory, opened.
#[derive(Clone, Debug)]
pub struct RunReader {
    /// Where it is.
    pub path: PathBuf,
    /// What the run came to.
    pub summary: Summary,
    /// What it was made from, and its files.
    pub manifest: Manifest,
}

/// A file that is not as the manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path within the run directory.
    pub path: String,
    /// What is wrong.
    pub what: String,
}

/// Outcome of [`RunReader::verify`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Files that are as the manifest says.
    pub files: usize,
    /// Their length together.
    pub bytes: u64,
    /// Files that are not.
    pub problems: Vec<Problem>,
}

impl RunDir {
    /// Opens a finished run. Anything else is an error that says what it is.
    pub fn open(path: &Path) -> Result<RunReader, FileError> {
        let run = RunDir::open_any(path)?;
        if !run.manifest.complete {
            // Killed between its last two files, a run has a summary that says complete and a manifest that does not.
            let status = match run.summary.status {
                Status::Complete => "not quite finished",
                status => status.word(),
            };
            return Err(FileError::Incomplete { path: run.path, status });
        }
        for entry in &run.manifest.files {
            let file = run.path.join(&entry.path);
            if let Some(what) = length_differs(&file, entry) {
                return Err(FileError::Changed { path: file, what });
            }
        }
        Ok(run)
    }

    /// Opens a run whatever its state: running, failed, interrupted or killed.
    pub fn open_any(path: &Path) -> Result<RunReader, FileError> {
        let path = follow_text_link(path);
        let manifest = read_manifest(&path)?;
        for entry in &manifest.files {
            if Path::new(&entry.path).components().any(|part| !matches!(part, Component::Normal(_))) {
                let why = format!("its {MANIFEST} names a file outside of it (\"{}\")", entry.path);
                return Err(FileError::NotARun { path, why });
            }
        }
        let file = path.join(SUMMARY);
        let text = fs::read(&file).map_err(|e| FileError::io(&file, "read the file", e))?;
        let summary: Summary = serde_json::from_slice(&text).map_err(|e| FileError::Unreadable {
            path: file.clone(),
            what: format!("this is not a summary of ours: {e}"),
        })?;
        let listed = manifest.files.iter().find(|entry| entry.path == SUMMARY);
        if listed.is_some_and(|entry| entry.blake3 != *blake3::hash(&text).to_hex()) {
            return Err(FileError::Changed {
                path: file,
                what: "the file changed after the run (its hash differs)".into(),
            });
        }
        if manifest.complete && summary.status != Status::Complete {
            let what = format!("its status is \"{}\", but the manifest says complete", summary.status.word());
            return Err(FileError::Changed { path: file, what });
        }
        Ok(RunReader { path, summary, manifest })
    }
}

impl RunReader {
    /// Names of the variants that have tables, sorted.
    pub fn variants(&self) -> Vec<String> {
        let names: BTreeSet<String> =
            self.manifest.files.iter().filter_map(|entry| unslug(folder_of(&entry.path)?)).collect();
        names.into_iter().collect()
    }

    /// Files of a table, variant and seed, in order.
    pub fn files<R: Row>(&self, variant: &str, seed: u64) -> Result<Vec<PathBuf>, FileError> {
        let (table, slug, prefix) = (format!("tables/{}/", R::TABLE.name), slug(variant)?, seed_prefix(seed));
        // Names of a run's files say the seed where there are several.
        let of_seed = |path: &str| match path.rsplit('/').next() {
            Some(name) if name.starts_with("part-") => seed == self.manifest.seed,
            name => name.is_some_and(|name| name.starts_with(&prefix)),
        };
        let files: Vec<PathBuf> = self
            .manifest
            .files
            .iter()
            .filter(|entry| entry.path.starts_with(&table) && folder_of(&entry.path) == Some(&slug))
            .filter(|entry| of_seed(&entry.path))
            .map(|entry| self.path.join(&entry.path))
            .collect();
        if files.is_empty() && !R::TABLE.opt_in {
            let what = format!("this run has no table `{}` of variant \"{variant}\", seed {seed}", R::TABLE.name);
            return Err(FileError::Unreadable { path: self.path.clone(), what });
        }
        Ok(files)
    }

    /// All rows of a table, variant and seed; none for an opt-in table that was not asked for.
    pub fn rows<R: Row>(&self, variant: &str, seed: u64) -> Result<Vec<R>, FileError> {
        read_rows(&self.files::<R>(variant, seed)?)
    }

    /// Hands over the rows of a table, variant and seed in pieces, so that memory stays bounded.
    pub fn each_group<R: Row>(&self, variant: &str, seed: u64, take: impl FnMut(Vec<R>)) -> Result<(), FileError> {
        each_group(&self.files::<R>(variant, seed)?, take)
    }

    /// Whether nobody writes the run at this moment.
    ///
    /// # Errors
    /// Somebody does.
    pub fn is_at_rest(&self) -> Result<(), FileError> {
        Claim::new(&self.path).map(|_| ())
    }

    /// Writes a small file, such as a report made afterwards, and enters it into the manifest.
    pub fn put(&mut self, name: &str, content: &[u8]) -> Result<(), FileError> {
        let entry = FileEntry { path: name.to_owned(), ..write_whole(&self.path.join(name), content)? };
        self.manifest.files.retain(|old| old.path != name);
        let at = self.manifest.files.partition_point(|old| old.path < entry.path);
        self.manifest.files.insert(at, entry);
        write_whole(&self.path.join(MANIFEST), &json(&self.manifest)).map(|_| ())
    }

    /// Hashes every file, and looks for table files that the manifest does not know but a `*.parquet` would match.
    pub fn verify(&self) -> Result<Verification, FileError> {
        let mut found = Verification::default();
        for entry in &self.manifest.files {
            let file = self.path.join(&entry.path);
            let what = match length_differs(&file, entry) {
                Some(what) => Some(what),
                None => {
                    let (hash, _) = hash_file(&file)?;
                    (hash != entry.blake3).then(|| "the content changed after the run (its hash differs)".to_owned())
                }
            };
            match what {
                Some(what) => found.problems.push(Problem { path: entry.path.clone(), what }),
                None => {
                    found.files += 1;
                    found.bytes += entry.bytes;
                }
            }
        }
        let listed: BTreeSet<PathBuf> = self.manifest.files.iter().map(|entry| self.path.join(&entry.path)).collect();
        let mut strangers = Vec::new();
        table_files(&self.path.join("tables"), &mut strangers)?;
        strangers.sort();
        for path in strangers.iter().filter(|path| !listed.contains(*path)) {
            let path = path.strip_prefix(&self.path).unwrap_or(path).display().to_string();
            found.problems.push(Problem { path, what: "the manifest does not list this file".to_owned() });
        }
        Ok(found)
    }
}

fn length_differs(file: &Path, entry: &FileEntry) -> Option<String> {
    match fs::metadata(file) {
        Ok(found) if found.len() == entry.bytes => None,
        Ok(found) => Some(format!("the file has {} bytes instead of {}", found.len(), entry.bytes)),
        Err(e) => Some(format!("the file cannot be opened ({e})")),
    }
}

/// `latest` is a text file with a directory's name where the file system has no links.
fn follow_text_link(path: &Path) -> PathBuf {
    let is_link = path.file_name().is_some_and(|name| name == LATEST) && path.is_file();
    if is_link && let Ok(name) = fs::read_to_string(path) {
        return path.with_file_name(name.trim());
    }
    path.to_owned()
}

fn table_files(folder: &Path, into: &mut Vec<PathBuf>) -> Result<(), FileError> {
    if !folder.is_dir() {
        return Ok(());
    }
    let wrong = |e| FileError::io(folder, "read the directory", e);
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.is_dir() {
            table_files(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            into.push(path);
        }
    }
    Ok(())
}

/// Folder of the variant in the path of a table's file. Runs up to 0.1.0 have `variant=` in front of it.
fn folder_of(path: &str) -> Option<&str> {
    let folder = path.strip_prefix("tables/")?.split('/').nth(1)?;
    Some(folder.strip_prefix("variant=").unwrap_or(folder))
}
