//! Files that appear under their final name only when complete and on the disk.

use super::error::FileError;
use crate::manifest::FileEntry;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What names of unfinished files end in.
const ENDING: &str = ".tmp";
/// Letters and digits before that, so that nobody else has the name.
const RANDOM_LETTERS: usize = 6;

/// A file in the making; dropped, it leaves nothing behind.
#[derive(Debug)]
pub struct Pending {
    file: NamedTempFile,
    target: PathBuf,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Pending {
    /// Starts a file that will become `target`, in its folder and under a name that no `*.parquet` or `*.json` matches.
    pub fn create(target: &Path) -> Result<Self, FileError> {
        let folder = folder_of(target);
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(ENDING).rand_bytes(RANDOM_LETTERS);
        #[cfg(unix)]
        let builder = {
            use std::os::unix::fs::PermissionsExt;
            // Readable as any other new file: the umask still applies.
            builder.permissions(fs::Permissions::from_mode(0o666))
        };
        let file = builder.tempfile_in(folder).map_err(|e| FileError::io(target, "create the file", e))?;
        Ok(Pending { file, target: target.to_owned(), hasher: blake3::Hasher::new(), bytes: 0 })
    }

    /// Puts the file on the disk and under its final name. The entry's path is left to the caller.
    pub fn commit(self) -> Result<FileEntry, FileError> {
        self.sync()?;
        let folder = folder_of(&self.target).to_owned();
        let entry = self.name()?;
        sync_folder(&folder)?;
        Ok(entry)
    }

    fn sync(&self) -> Result<(), FileError> {
        let synced = self.file.as_file().sync_all();
        synced.map_err(|e| FileError::io(&self.target, "write the file to the disk", e))
    }

    fn name(self) -> Result<FileEntry, FileError> {
        let Pending { file, target, hasher, bytes } = self;
        file.persist(&target).map_err(|e| FileError::io(&target, "give the file its final name", e.error))?;
        Ok(FileEntry { path: String::new(), bytes, blake3: hasher.finalize().to_hex().to_string(), rows: None })
    }
}

impl Write for Pending {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buf)?;
        self.hasher.update(&buf[..written]);
        self.bytes += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a small file whole.
pub fn write_whole(target: &Path, content: &[u8]) -> Result<FileEntry, FileError> {
    let mut pending = Pending::create(target)?;
    pending.write_all(content).map_err(|e| FileError::io(target, "write the file", e))?;
    pending.commit()
}

/// Writes small files of one folder whole. Together they take hardly longer than one: the disk is waited for when all are written.
pub fn write_together(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<(), FileError> {
    let begin = |(name, content): &(String, Vec<u8>)| {
        let target = folder.join(name);
        let mut pending = Pending::create(&target)?;
        pending.write_all(content).map_err(|e| FileError::io(&target, "write the file", e))?;
        Ok(pending)
    };
    let pending = files.iter().map(begin).collect::<Result<Vec<_>, FileError>>()?;
    pending.iter().try_for_each(Pending::sync)?;
    pending.into_iter().try_for_each(|file| file.name().map(|_| ()))?;
    sync_folder(folder)
}

/// Makes a folder and those above it, each on the disk.
pub fn make_folder(path: &Path) -> Result<(), FileError> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    make_folder(folder_of(path))?;
    match fs::create_dir(path) {
        Ok(()) => sync_folder(folder_of(path)),
        // Another variant's thread was quicker.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(e) => Err(FileError::io(path, "make the directory", e)),
    }
}

/// Makes the names in a folder durable.
pub fn sync_folder(path: &Path) -> Result<(), FileError> {
    #[cfg(unix)]
    File::open(path).and_then(|folder| folder.sync_all()).map_err(|e| FileError::io(path, "write to the disk", e))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// BLAKE3 and length of a file.
pub fn hash_file(path: &Path) -> Result<(String, u64), FileError> {
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(path).map_err(|e| FileError::io(path, "open the file", e))?;
    let bytes = io::copy(&mut file, &mut hasher).map_err(|e| FileError::io(path, "read the file", e))?;
    Ok((hasher.finalize().to_hex().to_string(), bytes))
}

/// The path of the file that an unfinished one would have become, by its path.
pub fn becomes(unfinished: &str) -> Option<String> {
    let (folder, name) = unfinished.rsplit_once('/').map_or(("", unfinished), |(folder, name)| (folder, name));
    let (target, random) = name.strip_prefix('.')?.strip_suffix(ENDING)?.rsplit_once('.')?;
    let is_random = random.len() == RANDOM_LETTERS && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let target = if folder.is_empty() { target.to_owned() } else { format!("{folder}/{target}") };
    is_random.then_some(target)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
