//! Files that a user names, to be read or written: regular ones, and no others.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Opens a file to read it. A pipe would wait for whoever writes to it, and a device may never end.
///
/// # Errors
/// It is a pipe, a socket or a device, or what the system says.
pub fn open(path: &Path) -> io::Result<File> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() && !metadata.is_dir() {
        let text = "it is no regular file but a pipe, a socket or a device; put its content into a file";
        return Err(io::Error::new(ErrorKind::InvalidInput, text));
    }
    File::open(path)
}

/// Opens a file to write it, empty. A pipe would wait for whoever reads it.
///
/// # Errors
/// It is a pipe, a socket or a device, or what the system says.
pub fn create(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        let text = "it is no regular file but a pipe, a socket or a device; name a file";
        return Err(io::Error::new(ErrorKind::InvalidInput, text));
    }
    File::create(path)
}
