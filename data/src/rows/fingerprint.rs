//! Fingerprint of rows: the same for the same results, whatever the threads, files and compression.

use super::{EachTable, Row, Rows, TABLES};
use std::convert::Infallible;

/// Canonical bytes are hashed in pieces of about this size.
const PIECE_BYTES: usize = 64 * 1024;

/// BLAKE3 over the canonical bytes of each table, folded into one.
///
/// Rows count in the order they are handed over, table by table, so it does not matter how they are cut into batches.
/// A table without rows counts as if it did not exist: an opt-in table that is off changes nothing.
#[derive(Clone, Debug)]
pub struct Fingerprinter {
    tables: Vec<(blake3::Hasher, u64)>,
    bytes: Vec<u8>,
}

impl Default for Fingerprinter {
    fn default() -> Self {
        Self::new()
    }
}

impl Fingerprinter {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Fingerprinter { tables: vec![(blake3::Hasher::new(), 0); TABLES.len()], bytes: Vec::new() }
    }

    /// Adds a batch.
    pub fn update(&mut self, rows: &Rows) {
        let Ok(()) = Update { into: self, rows, table: 0 }.each();
    }

    /// Fingerprint of all rows so far: 64 hexadecimal digits.
    pub fn finish(&self) -> String {
        let mut whole = blake3::Hasher::new();
        for (info, (hasher, rows)) in TABLES.iter().zip(&self.tables).filter(|(_, (_, rows))| *rows > 0) {
            whole.update(&(info.name.len() as u32).to_le_bytes());
            whole.update(info.name.as_bytes());
            whole.update(&rows.to_le_bytes());
            whole.update(hasher.finalize().as_bytes());
        }
        whole.finalize().to_hex().to_string()
    }

    /// One fingerprint for several in a fixed order, such as those of partitions or variants.
    pub fn combine<S: AsRef<str>>(parts: impl IntoIterator<Item = S>) -> String {
        let mut whole = blake3::Hasher::new();
        for part in parts {
            whole.update(&(part.as_ref().len() as u32).to_le_bytes());
            whole.update(part.as_ref().as_bytes());
        }
        whole.finalize().to_hex().to_string()
    }
}

struct Update<'a> {
    into: &'a mut Fingerprinter,
    rows: &'a Rows,
    table: usize,
}

impl EachTable for Update<'_> {
    type Error = Infallible;
    fn table<R: Row>(&mut self) -> Result<(), Infallible> {
        let Fingerprinter { tables, bytes } = &mut *self.into;
        let (hasher, count) = &mut tables[self.table];
        let rows = R::of(self.rows);
        for row in rows {
            row.canonical(bytes);
            if bytes.len() >= PIECE_BYTES {
                hasher.update(bytes);
                bytes.clear();
            }
        }
        hasher.update(bytes);
        bytes.clear();
        *count += rows.len() as u64;
        self.table += 1;
        Ok(())
    }
}
