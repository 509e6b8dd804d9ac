//! Files that are read: regular ones, and no others.

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
