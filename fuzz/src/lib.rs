//! What the fuzz targets do with their bytes, and what must hold whatever these are.

pub mod association;
pub mod general;
pub mod hdlc;
pub mod parquet;
pub mod placement;
pub mod replay;
pub mod scenario;
pub mod seeds;
pub mod state;
pub mod wrapper;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A folder of this process for what is read by name; `fuzz/run` removes what it lies in.
pub fn folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = std::env::temp_dir().join(format!("amitwin-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder to write to");
        folder
    });
    &FOLDER
}

/// Takes bytes off the front of an input, zeros when it is used up.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }
    /// The next bytes, fewer at the end.
    pub fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }
    /// A length of two bytes, and so many.
    pub fn piece(&mut self, most: usize) -> &'a [u8] {
        let length = usize::from(u16::from_be_bytes([self.byte(), self.byte()]));
        self.take(length.min(most))
    }
}
