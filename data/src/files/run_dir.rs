//! A run directory while a run writes it.

use super::atomic::{Pending, make_folder, sync_folder, write_whole};
use super::claim::Claim;
use super::error::FileError;
use super::old_run::{OR_FORCE, OldRun};
use super::registry::Registry;
use super::slug::slug;
use super::table_file::Origin;
use super::table_set::TableSet;
use crate::manifest::{FileEntry, Manifest};
use crate::summary::{Status, Summary};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
/// The tables, each a folder.
pub(super) const TABLES_FOLDER: &str = "tables";
/// Copies of what the run was made from.
pub const INPUTS: &str = "inputs";

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
        let old = OldRun::find(path, force)?;
        let registry = Arc::new(Registry::new(path, &old.files)?);
        let manifest = Manifest { complete: false, files: Vec::new(), ..manifest.clone() };
        let run = RunDir { path: path.to_owned(), manifest, registry, _claim: claim };
        // First of all, so that a program killed while it deletes the old run leaves "incomplete" and no mixture.
        write_whole(&path.join(MANIFEST), &json(&run.manifest))?;
        write_whole(
            &path.join(SUMMARY),
            &json(&Summary { status: Status::Running, exit_code: None, ..summary.clone() }),
        )?;
        old.remove(path)?;
        sync_folder(path)?;
        Ok(run)
    }

    /// Whether [`RunDir::create`] would take the directory.
    pub fn check_free(path: &Path, force: bool) -> Result<(), FileError> {
        OldRun::find(path, force).map(|_| ())
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writers for the tables of a variant; each variant once.
    pub fn tables(&self, variant: &str) -> Result<TableSet, FileError> {
        self.tables_of(variant, self.manifest.seed, "")
    }

    /// Writers for the tables of a variant with one of several seeds, in files of their own; each variant and seed once.
    pub fn tables_of_seed(&self, variant: &str, seed: u64) -> Result<TableSet, FileError> {
        self.tables_of(variant, seed, &seed_prefix(seed))
    }

    fn tables_of(&self, variant: &str, seed: u64, prefix: &str) -> Result<TableSet, FileError> {
        let slug = slug(variant)?;
        if !self.registry.is_new_variant(&format!("{slug}/{prefix}")) {
            let what =
                "another variant has this name (upper and lower case count as the same in folder names)".to_owned();
            return Err(FileError::VariantName { name: variant.to_owned(), what });
        }
        let manifest = &self.manifest;
        let origin = Origin {
            scenario: manifest.name.clone(),
            variant: variant.to_owned(),
            version: manifest.version.clone(),
            seed,
            keys: manifest.keys.clone(),
            start_unix_s: 0,
        };
        Ok(TableSet::new(&self.path, format!("{slug}/{prefix}"), origin, Arc::clone(&self.registry)))
    }

    /// Writes a small file whole, such as the scenario or the report; the manifest will list it.
    pub fn put(&self, name: &str, content: &[u8]) -> Result<(), FileError> {
        self.registry.begin(name)?;
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
        self.registry.begin(&path)?;
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
                return Err(FileError::Exists {
                    path: latest,
                    what: "this is a directory of its own already",
                    remedy: OR_FORCE,
                });
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
            files: self.registry.files(),
            ..self.manifest.clone()
        };
        write_whole(&self.path.join(MANIFEST), &json(&manifest))?;
        self.registry.forget_names();
        Ok(())
    }
}

/// What the names of files of one of several seeds begin with.
pub(super) fn seed_prefix(seed: u64) -> String {
    format!("seed-{seed}-")
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
