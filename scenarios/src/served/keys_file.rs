//! The secret from which meters' keys are derived: a file that its owner alone can read.

use super::Keys;
use amitwin_data::input;
use amitwin_dlms::KeyMaster;
use std::io::Read;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Keys that cannot be used.
#[derive(Debug, Error)]
#[error("the keys file {}: {what}", path.display())]
pub struct KeysError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, and what to do.
    pub what: String,
}

/// Hexadecimal digits of a secret.
const DIGITS: usize = 64;

/// More than this is not read: a secret and a line break or two.
const BYTES_MAX: u64 = 1_024;

/// The keys that the settings name.
///
/// # Errors
/// A file that cannot be read, that others can read, or that holds no secret. No message repeats what it holds.
pub fn load(keys: &Keys) -> Result<KeyMaster, KeysError> {
    match keys {
        Keys::Test => Ok(KeyMaster::Test),
        Keys::File(path) => read(path).map_err(|what| KeysError { path: path.clone(), what }),
    }
}

fn read(path: &Path) -> Result<KeyMaster, String> {
    let file = input::open(path).map_err(|e| {
        format!("cannot be read: {e}; make one with: (umask 077; openssl rand -hex 32 > {})", path.display())
    })?;
    let meta = file.metadata().map_err(|e| format!("cannot be looked at: {e}"))?;
    if !meta.is_file() {
        return Err("is no file".to_owned());
    }
    own_alone(&meta, path)?;
    let mut text = String::new();
    file.take(BYTES_MAX).read_to_string(&mut text).map_err(|_| wanted("something else"))?;
    let text = text.trim();
    if text.len() != DIGITS || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(wanted("something else"));
    }
    let mut secret = [0; DIGITS / 2];
    for (byte, digits) in secret.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |d: u8| char::from(d).to_digit(16).unwrap_or(0) as u8;
        *byte = digit(digits[0]) << 4 | digit(digits[1]);
    }
    if secret.iter().all(|b| *b == secret[0]) {
        return Err("holds the same byte 32 times, which is no secret".to_owned());
    }
    Ok(KeyMaster::Secret(secret))
}

fn wanted(found: &str) -> String {
    format!("must hold {DIGITS} hexadecimal digits and nothing else; it holds {found}")
}

#[cfg(unix)]
fn own_alone(meta: &std::fs::Metadata, path: &Path) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let mode = meta.mode() & 0o7777;
    if mode == 0o600 {
        return Ok(());
    }
    let path = path.display();
    Err(format!("has mode {mode:04o}, and whoever reads it has every meter's keys; set it with: chmod 600 {path}"))
}

#[cfg(not(unix))]
fn own_alone(_: &std::fs::Metadata, _: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const CANARY: &str = "c0ffee00c0ffee01c0ffee02c0ffee03c0ffee04c0ffee05c0ffee06c0ffee07";

    fn file(text: &str, mode: u32) -> (tempfile::TempDir, Keys) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys.hex");
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
        (folder, Keys::File(path))
    }

    #[test]
    fn a_secret_is_read_and_never_printed() {
        let (_folder, keys) = file(&format!("{CANARY}\n"), 0o600);
        let master = load(&keys).expect("read");
        let KeyMaster::Secret(secret) = &master else { panic!("no secret") };
        assert_eq!(secret[..4], [0xC0, 0xFF, 0xEE, 0x00]);
        assert_eq!(secret[28..], [0xC0, 0xFF, 0xEE, 0x07]);
        assert_eq!(format!("{master:?}"), "[REDACTED]");
    }

    #[test]
    fn others_must_not_read_it() {
        for mode in [0o400, 0o644, 0o640, 0o660, 0o700, 0o604] {
            let (_folder, keys) = file(CANARY, mode);
            let message = load(&keys).expect_err("refused").to_string();
            assert!(message.contains(&format!("has mode {mode:04o}")) && message.contains("chmod 600"), "{message}");
        }
    }

    #[test]
    fn what_is_no_secret_is_refused_without_repeating_it() {
        for text in [&CANARY[1..], &format!("{CANARY}00"), &CANARY.replace('0', "g"), "", &"ab".repeat(32)] {
            let (_folder, keys) = file(text, 0o600);
            let message = load(&keys).expect_err("refused").to_string();
            assert!(!message.contains("c0ffee"), "{message}");
        }
        let missing = Keys::File("nowhere/keys.hex".into());
        assert!(load(&missing).expect_err("refused").to_string().contains("cannot be read"));
    }
}
