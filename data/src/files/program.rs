//! The program that runs: two builds of one version may give other figures.

use super::error::FileError;
use std::fs::File;
use std::path::Path;
use std::sync::OnceLock;

/// BLAKE3 of the file of the program that runs, the first 16 hexadecimal digits.
///
/// # Errors
/// The file cannot be found or read.
pub fn build() -> Result<&'static str, FileError> {
    static BUILD: OnceLock<String> = OnceLock::new();
    if let Some(known) = BUILD.get() {
        return Ok(known);
    }
    let path =
        std::env::current_exe().map_err(|e| FileError::io(Path::new("amitwin"), "find this program's file", e))?;
    // A program that was replaced since it began is still to be read under this name.
    let kept = Path::new("/proc/self/exe");
    let mut file =
        File::open(kept).or_else(|_| File::open(&path)).map_err(|e| FileError::io(&path, "read this program", e))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(&mut file).map_err(|e| FileError::io(&path, "read this program", e))?;
    Ok(BUILD.get_or_init(|| hasher.finalize().to_hex()[..16].to_owned()))
}
