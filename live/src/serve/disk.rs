//! Where the state file lies: what of a disk it needs, and a real one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What the state file needs of a disk.
pub trait Disk {
    /// Everything, or `None` if there is nothing yet.
    ///
    /// # Errors
    /// As the disk's.
    fn read(&mut self) -> io::Result<Option<Vec<u8>>>;
    /// Adds to the end. A kill of the process cannot take it back any more, a loss of power can.
    ///
    /// # Errors
    /// As the disk's; what is there then is unknown.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// What was added is on the disk when this returns.
    ///
    /// # Errors
    /// As the disk's.
    fn sync(&mut self) -> io::Result<()>;
    /// Puts other content in place of all, at once or not at all, and on the disk when this returns.
    ///
    /// # Errors
    /// As the disk's.
    fn replace(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// A file that is locked itself: whoever opens it by another name (a link) is kept away as well.
#[derive(Debug)]
pub struct FileDisk {
    path: PathBuf,
    file: File,
    /// It was not there before.
    is_new: bool,
    /// What servers up to state version 5 lock instead, if one was here.
    _beside: Option<File>,
    /// What was replaced while it had another name: its lock is kept, because it can be opened by that name.
    replaced: Vec<File>,
}

impl FileDisk {
    /// The file at `path`, or where a symbolic link there leads; it and its directory are made if they are missing.
    ///
    /// # Errors
    /// A directory that cannot be made or written to, what is no regular file, a file with several names (hard links), or
    /// another process that uses the file.
    pub fn open(path: &Path) -> io::Result<FileDisk> {
        std::fs::create_dir_all(folder(path))?;
        loop {
            // A link stays a link when the file is replaced.
            let path = match path.canonicalize() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
                found => found?,
            };
            if path.is_symlink() {
                let text = "is a link to a file that is not there; bring that file back, because without it counters would be \
                            used again, or delete the link and begin with new keys";
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
            if std::fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
                let text = "is no regular file; name another with --state";
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
            let mut options = OpenOptions::new();
            options.read(true).append(true);
            let (file, is_new) = match options.open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => (options.create_new(true).open(&path)?, true),
                found => (found?, false),
            };
            lock(&file)?;
            // It may have been replaced before it was locked.
            if is_at(&file, &path)? {
                let beside = lock_beside(&path).inspect_err(|_| {
                    if is_new {
                        // It would be taken for one that was cut off.
                        let _ = std::fs::remove_file(&path);
                    }
                })?;
                return FileDisk { path, file, is_new, _beside: beside, replaced: Vec::new() }.with_one_name();
            }
        }
    }

    fn with_one_name(self) -> io::Result<FileDisk> {
        let names = names(&self.file)?;
        if names > 1 {
            let text = format!(
                "is a file with {names} names (hard links), and by another one its counters could be used again; delete \
                 the other names, or copy the file and delete it"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        Ok(self)
    }
}

/// An older server may still run, and know of no other lock than a file beside.
fn lock_beside(path: &Path) -> io::Result<Option<File>> {
    match OpenOptions::new().write(true).open(beside(path, "lock")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => {
            let file = found?;
            lock(&file)?;
            Ok(Some(file))
        }
    }
}

fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let text = "is in use by another amitwin serve, by this name or another; stop that one, or name another file \
                        with --state";
            Err(io::Error::new(io::ErrorKind::ResourceBusy, text))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether an open file is the one that has this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let open = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(named) => Ok((open.dev(), open.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}

/// Names that an open file has.
#[cfg(unix)]
fn names(file: &File) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.nlink())
}

#[cfg(not(unix))]
fn names(_: &File) -> io::Result<u64> {
    Ok(1)
}

impl Disk for FileDisk {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut bytes)?;
        Ok((!self.is_new).then_some(bytes))
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        let temporary = beside(&self.path, "tmp");
        // Its own, not what somebody left or linked there.
        match std::fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().create_new(true).read(true).append(true).open(&temporary)?;
        // Before it has the name under which others look for it.
        lock(&file)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, &self.path)?;
        // The name is on the disk once its directory is.
        File::open(folder(&self.path))?.sync_all()?;
        let old = std::mem::replace(&mut self.file, file);
        self.is_new = false;
        if names(&old)? > 0 {
            self.replaced.push(old);
        }
        Ok(())
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}
