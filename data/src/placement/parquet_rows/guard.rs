//! Code of others that panics where a file contradicts itself.

use parquet::errors::{ParquetError, Result};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread is about the content of a file, and becomes an error that says so.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Does `work`. The Parquet reader takes much of a file at its word and panics where one part of it belies another. What
/// `work` was at must not be used again after an error.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(before);
    done.unwrap_or_else(|_| Err(ParquetError::General("parts of it contradict each other".to_owned())))
}
