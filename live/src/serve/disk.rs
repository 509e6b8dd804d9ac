//! Where the state file lies: what of a disk it needs, and a real one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
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

/// A file, and one beside it that keeps a second process away.
#[derive(Debug)]
pub struct FileDisk {
    path: PathBuf,
    file: Option<File>,
    _lock: File,
}

impl FileDisk {
    /// The file at `path`; its directory is made if it is missing.
    ///
    /// # Errors
    /// A directory that cannot be made or written to, or another process that uses the file.
    pub fn open(path: &Path) -> io::Result<FileDisk> {
        std::fs::create_dir_all(folder(path))?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(beside(path, "lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let text = "is in use by another amitwin serve; stop that one, or name another file with --state";
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, text));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        Ok(FileDisk { path: path.to_owned(), file: None, _lock: lock })
    }
}

impl Disk for FileDisk {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        match File::open(&self.path) {
            Ok(mut file) => file.read_to_end(&mut bytes).map(|_| Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.open_file()?.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.open_file()?.sync_data()
    }

    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        let temporary = beside(&self.path, "tmp");
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, &self.path)?;
        // The name is on the disk once its directory is.
        File::open(folder(&self.path))?.sync_all()?;
        // What was written last is where the next record goes.
        self.file = Some(file);
        Ok(())
    }
}

impl FileDisk {
    fn open_file(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            self.file = Some(OpenOptions::new().append(true).open(&self.path)?);
        }
        self.file.as_mut().ok_or_else(|| io::Error::other("no file"))
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
