//! A run directory while a run writes it.

use super::atomic::{Pending, is_unfinished, make_folder, sync_folder, write_whole};
use super::claim::{Claim, OWNER};
use super::error::FileError;
use super::slug::slug;
use super::table_file::Origin;
use super::table_set::TableSet;
use crate::manifest::{FileEntry, Manifest};
use crate::rows::TABLES;
use crate::summary::{Status, Summary};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the run was made from; there from the first moment on.
pub const MANIFEST: &str = "manifest.json";
/// What it came to.
pub const SUMMARY: &str = "summary.json";
/// The scenario with all defaults filled in.
pub const SCENARIO: &str = "scenario.resolved.toml";
/// The report for people.
pub const REPORT: &str = "report.html";
/// What the program said; grows while it runs, so the manifest has no hash of it.
pub const LOG: &str = "log.txt";
/// Name beside the run directories that points to the last one.
pub const LATEST: &str = "latest";
const TABLES_FOLDER: &str = "tables";
/// Copies of what the run was made from.
pub const INPUTS: &str = "inputs";

/// Finished files of a run, and the variants that have begun.
#[derive(Debug, Default)]
pub(super) struct Registry(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    files: BTreeMap<String, FileEntry>,
    variants: BTreeSet<String>,
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    pub(super) fn add(&self, entry: FileEntry) {
        self.lock().files.insert(entry.path.clone(), entry);
    }
}

/// A run directory that says "incomplete" until [`RunDir::finish`].
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    manifest: Manifest,
    registry: Arc<Registry>,
    _claim: Claim,
}

impl RunDir {
    /// Takes an empty or new directory, or with `force` one that holds a run, which is deleted. From then on the
    /// directory says that its run is incomplete, also if the program is killed. Nobody else can take it meanwhile.
    pub fn create(path: &Path, force: bool, summary: &Summary, manifest: &Manifest) -> Result<Self, FileError> {
        Self::check_free(path, force)?;
        make_folder(path)?;
        let claim = Claim::new(path)?;
        // Somebody may have been quicker.
        let (old, tables) = old_run(path, force)?;
        let manifest = Manifest { complete: false, files: Vec::new(), ..manifest.clone() };
        let run = RunDir { path: path.to_owned(), manifest, registry: Arc::default(), _claim: claim };
        // First of all, so that a program killed while it deletes the old run leaves "incomplete" and no mixture.
        write_whole(&path.join(MANIFEST), &json(&run.manifest))?;
        write_whole(
            &path.join(SUMMARY),
            &json(&Summary { status: Status::Running, exit_code: None, ..summary.clone() }),
        )?;
        remove_tables(path, &tables)?;
        for name in old {
            run.remove_old(&name)?;
        }
        sync_folder(path)?;
        Ok(run)
    }

    /// Whether [`RunDir::create`] would take the directory.
    pub fn check_free(path: &Path, force: bool) -> Result<(), FileError> {
        old_run(path, force).map(|_| ())
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writers for the tables of a variant; each variant once.
    pub fn tables(&self, variant: &str) -> Result<TableSet, FileError> {
        let slug = slug(variant)?;
        // Compared without case, because some file systems do.
        if !self.registry.lock().variants.insert(slug.to_ascii_lowercase()) {
            let what =
                "another variant has this name (upper and lower case count as the same in folder names)".to_owned();
            return Err(FileError::VariantName { name: variant.to_owned(), what });
        }
        let manifest = &self.manifest;
        let origin = Origin {
            scenario: manifest.name.clone(),
            variant: variant.to_owned(),
            version: manifest.version.clone(),
            seed: manifest.seed,
            keys: manifest.keys.clone(),
            start_unix_s: 0,
        };
        Ok(TableSet::new(&self.path, slug, origin, Arc::clone(&self.registry)))
    }

    /// Writes a small file whole, such as the scenario or the report; the manifest will list it.
    pub fn put(&self, name: &str, content: &[u8]) -> Result<(), FileError> {
        let entry = write_whole(&self.path.join(name), content)?;
        self.registry.add(FileEntry { path: name.to_owned(), ..entry });
        Ok(())
    }

    /// Copies a file into the folder [`INPUTS`], under this name; the manifest will list it. Its content must be that of this
    /// BLAKE3, in hexadecimal: the one that the run was made from.
    pub fn copy_input(&self, name: &str, source: &Path, blake3: &str) -> Result<(), FileError> {
        let path = format!("{INPUTS}/{name}");
        let target = self.path.join(&path);
        make_folder(&self.path.join(INPUTS))?;
        let mut pending = Pending::create(&target)?;
        let mut file = File::open(source).map_err(|e| FileError::io(source, "open the file", e))?;
        io::copy(&mut file, &mut pending).map_err(|e| FileError::io(&target, "copy the input", e))?;
        let entry = pending.commit()?;
        if entry.blake3 != blake3 {
            return Err(FileError::Unreadable {
                path: source.to_owned(),
                what: "it was changed after it was read; run again".to_owned(),
            });
        }
        self.registry.add(FileEntry { path, ..entry });
        Ok(())
    }

    /// Opens the log for appending.
    pub fn open_log(&self) -> Result<File, FileError> {
        let path = self.path.join(LOG);
        let open = File::options().create(true).append(true).open(&path);
        open.map_err(|e| FileError::io(&path, "open the log", e))
    }

    /// Makes `latest`, beside the run directory, point to it: a relative symbolic link, or a text file with the
    /// directory's name where the file system has no links.
    pub fn point_latest(&self) -> Result<(), FileError> {
        let full = self.path.canonicalize().map_err(|e| FileError::io(&self.path, "find the directory", e))?;
        let (Some(parent), Some(name)) = (full.parent(), full.file_name()) else { return Ok(()) };
        let latest = parent.join(LATEST);
        if name == LATEST {
            return Ok(());
        }
        match fs::symlink_metadata(&latest) {
            Ok(found) if found.is_dir() => {
                return Err(FileError::Exists { path: latest, what: "this is a directory of its own" });
            }
            _ => {}
        }
        #[cfg(unix)]
        {
            let beside = parent.join(format!(".{LATEST}.{}.tmp", std::process::id()));
            let _ = fs::remove_file(&beside);
            if std::os::unix::fs::symlink(name, &beside).is_ok() {
                return fs::rename(&beside, &latest).map_err(|e| FileError::io(&latest, "point to the run", e));
            }
        }
        write_whole(&latest, format!("{}\n", name.to_string_lossy()).as_bytes()).map(|_| ())
    }

    /// Writes the summary and, last of all, the manifest; only with status "complete" does the run count as complete.
    pub fn finish(&self, summary: &Summary) -> Result<(), FileError> {
        self.put(SUMMARY, &json(summary))?;
        let manifest = Manifest {
            fingerprint: summary.fingerprint.clone(),
            complete: summary.status == Status::Complete,
            files: self.registry.lock().files.values().cloned().collect(),
            ..self.manifest.clone()
        };
        write_whole(&self.path.join(MANIFEST), &json(&manifest)).map(|_| ())
    }

    /// Deletes what belongs to an old run and nothing that somebody else put beside it.
    fn remove_old(&self, name: &str) -> Result<(), FileError> {
        let path = self.path.join(name);
        let removed = match name {
            SCENARIO | REPORT | LOG => fs::remove_file(&path),
            OWNER => Ok(()),
            _ if is_unfinished(name) => fs::remove_file(&path),
            _ => Ok(()),
        };
        match removed {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(FileError::io(&path, "delete the old run", e)),
            _ => Ok(()),
        }
    }
}

/// What [`RunDir::create`] replaces: names in the directory, and files of its tables and inputs.
fn old_run(path: &Path, force: bool) -> Result<(Vec<String>, Vec<String>), FileError> {
    let old = occupants(path)?;
    if old.is_empty() {
        return Ok((old, Vec::new()));
    }
    if !force {
        let what = if path.join(MANIFEST).is_file() { "this holds a run" } else { "this holds files" };
        return Err(FileError::Exists { path: path.to_owned(), what });
    }
    let manifest = read_manifest(path).map_err(|_| FileError::NotOurs { path: path.to_owned() })?;
    let tables = old_tables(path, &manifest)?;
    Ok((old, tables))
}

/// Files of an old run's tables and inputs, below the directory: those that its manifest names; of a run that did not end all that have
/// names as tables have.
fn old_tables(path: &Path, manifest: &Manifest) -> Result<Vec<String>, FileError> {
    let mut found = Vec::new();
    walk(path, TABLES_FOLDER, &mut found)?;
    walk(path, INPUTS, &mut found)?;
    let named: BTreeSet<&str> = manifest.files.iter().map(|entry| entry.path.as_str()).collect();
    let ours = |file: &str| {
        let name = file.rsplit('/').next().unwrap_or_default();
        is_unfinished(name) || if manifest.complete { named.contains(file) } else { is_table(file) || is_input(file) }
    };
    match found.iter().find(|file| !ours(file)) {
        Some(file) => Err(FileError::Foreign { path: path.to_owned(), file: file.clone() }),
        None => Ok(found),
    }
}

/// `tables/TABLE/VARIANT/part-NNN.parquet`.
fn is_table(file: &str) -> bool {
    let parts: Vec<&str> = file.split('/').collect();
    let [TABLES_FOLDER, table, _, part] = parts[..] else { return false };
    let number = part.strip_prefix("part-").and_then(|part| part.strip_suffix(".parquet"));
    TABLES.iter().any(|info| info.name == table)
        && number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `inputs/NAME`.
fn is_input(file: &str) -> bool {
    file.strip_prefix(INPUTS).and_then(|rest| rest.strip_prefix('/')).is_some_and(|name| !name.contains('/'))
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

/// Deletes files, and the folders that are empty without them.
fn remove_tables(root: &Path, files: &[String]) -> Result<(), FileError> {
    for file in files {
        let path = root.join(file);
        fs::remove_file(&path).map_err(|e| FileError::io(&path, "delete the old run", e))?;
    }
    remove_empty(&root.join(TABLES_FOLDER))?;
    remove_empty(&root.join(INPUTS))
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

/// Names in a directory, without unfinished files if there is nothing else; none if the directory is not there.
fn occupants(path: &Path) -> Result<Vec<String>, FileError> {
    let list = |entries: fs::ReadDir| -> io::Result<Vec<String>> {
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    };
    match fs::read_dir(path).and_then(list) {
        Ok(names) if names.iter().all(|name| is_unfinished(name)) => Ok(Vec::new()),
        Ok(names) => Ok(names),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) if e.kind() == ErrorKind::NotADirectory && path.is_file() => {
            Err(FileError::Exists { path: path.to_owned(), what: "this is a file" })
        }
        // A part of the path is a file.
        Err(e) if e.kind() == ErrorKind::NotADirectory => Err(FileError::io(path, "make the directory", e)),
        Err(e) => Err(FileError::io(path, "read the directory", e)),
    }
}

/// The manifest of a run directory.
pub(super) fn read_manifest(path: &Path) -> Result<Manifest, FileError> {
    let not = |why: String| FileError::NotARun { path: path.to_owned(), why };
    if !path.exists() {
        return Err(not("it does not exist".to_owned()));
    }
    if !path.is_dir() {
        return Err(not("it is a file".to_owned()));
    }
    let file = path.join(MANIFEST);
    let text = match fs::read(&file) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Err(not(format!("it has no {MANIFEST}"))),
        Err(e) => return Err(FileError::io(&file, "read the file", e)),
    };
    serde_json::from_slice(&text)
        .map_err(|e| FileError::Unreadable { path: file, what: format!("this is not a manifest of ours: {e}") })
}

/// JSON for people and programs, with a line end.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("plain values with text keys always serialise");
    text.push(b'\n');
    text
}
