//! A running world as bytes, in the middle of a run: written, read back, and it goes on as though nothing had happened.
//!
//! A snapshot is a header (magic, number of the format, number of the contents, length), the contents in `postcard`'s
//! encoding, and a BLAKE3 checksum over all of that. Contents are whatever the caller makes of
//! [`Engine::save`](crate::Engine::save) and its own state. They do not describe themselves, so the caller numbers them:
//! a number is for one shape of the types within and changes with it.
//!
//! ```
//! use amitwin_sim_core::{Context, Engine, Local, Partition, SimTime, Snapshot, snapshot};
//!
//! /// Counts seconds.
//! struct Clock { ticks: u64 }
//!
//! impl Partition for Clock {
//!     type Event = ();
//!     fn id(&self) -> u32 { 0 }
//!     fn sources(&self) -> Vec<u32> { vec![0] }
//!     fn start(&mut self, context: &mut Context<'_, ()>) { context.schedule(SimTime::ZERO, 0, ()); }
//!     fn handle(&mut self, _tick: (), context: &mut Context<'_, ()>) {
//!         self.ticks += 1;
//!         context.schedule(context.now() + SimTime::from_secs(1), 0, ());
//!     }
//! }
//!
//! impl Snapshot for Clock {
//!     type State = u64;
//!     fn save(&self) -> u64 { self.ticks }
//!     fn restore(&mut self, ticks: u64) -> Result<(), String> { self.ticks = ticks; Ok(()) }
//! }
//!
//! const CONTENTS: u32 = 1;
//! let built = || Engine::new(vec![Clock { ticks: 0 }], SimTime::from_secs(1), Local);
//! let mut engine = built()?;
//! engine.run_until(SimTime::from_secs(10))?;
//! let bytes = snapshot::encode(CONTENTS, &engine.save())?;
//!
//! let mut engine = built()?;
//! engine.restore(snapshot::decode(CONTENTS, &bytes)?)?;
//! engine.run_until(SimTime::from_secs(20))?;
//! assert_eq!(engine.partitions().next().map(|clock| clock.ticks), Some(20));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;

pub use error::SnapshotError;

use crate::partition::Partition;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A partition whose state can be written and read back.
pub trait Snapshot: Partition<Event: Serialize + DeserializeOwned> {
    /// Everything that its handlers read and change, as plain data. What only follows from how it was built may stay out.
    type State: Serialize + DeserializeOwned;

    /// Its state now.
    fn save(&self) -> Self::State;

    /// Puts itself, as built and started, into this state.
    ///
    /// # Errors
    /// What in the state does not fit this partition. It is checked here: the bytes may come from anywhere.
    fn restore(&mut self, state: Self::State) -> Result<(), String>;
}

/// Not ASCII at first, so that nobody takes it for text.
const MAGIC: [u8; 8] = *b"\x89AMITWIN";
/// Number of the format; changes with the header, the engine's own state and the encoding.
const FORMAT: u32 = 1;
const HEADER: usize = MAGIC.len() + 4 + 4 + 8;
const CHECKSUM: usize = blake3::OUT_LEN;

/// Writes a snapshot of contents with this number.
///
/// # Errors
/// The contents refuse to be written.
pub fn encode<T: Serialize>(contents: u32, value: &T) -> Result<Vec<u8>, SnapshotError> {
    let mut bytes = Vec::new();
    bytes.extend(MAGIC);
    bytes.extend(FORMAT.to_le_bytes());
    bytes.extend(contents.to_le_bytes());
    bytes.extend([0; 8]);
    let mut bytes = postcard::to_extend(value, bytes).map_err(|e| SnapshotError::Unwritable { what: e.to_string() })?;
    let length = (bytes.len() - HEADER) as u64;
    bytes[HEADER - 8..HEADER].copy_from_slice(&length.to_le_bytes());
    let checksum = blake3::hash(&bytes);
    bytes.extend(checksum.as_bytes());
    Ok(bytes)
}

/// Reads a snapshot of contents with this number. Bytes from anywhere are safe to try.
///
/// # Errors
/// They are no snapshot, one of another format or of other contents, torn, damaged, or do not hold what they say.
pub fn decode<T: DeserializeOwned>(contents: u32, bytes: &[u8]) -> Result<T, SnapshotError> {
    let start = bytes.len().min(MAGIC.len());
    if bytes[..start] != MAGIC[..start] || bytes.is_empty() {
        return Err(SnapshotError::Foreign);
    }
    let torn = |expected: u64| SnapshotError::Torn { found: bytes.len() as u64, expected };
    let Some((header, rest)) = bytes.split_at_checked(HEADER) else {
        return Err(torn((HEADER + CHECKSUM) as u64));
    };
    let number = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let format = number(MAGIC.len());
    if format != FORMAT {
        return Err(SnapshotError::Format { found: format, expected: FORMAT });
    }
    let length = u64::from(number(HEADER - 8)) | u64::from(number(HEADER - 4)) << 32;
    let expected = length.saturating_add((HEADER + CHECKSUM) as u64);
    if (bytes.len() as u64) < expected {
        return Err(torn(expected));
    }
    let (body, checksum) = rest.split_at(rest.len() - CHECKSUM);
    let hash = blake3::hash(&bytes[..bytes.len() - CHECKSUM]);
    if bytes.len() as u64 != expected || hash.as_bytes()[..] != *checksum {
        return Err(SnapshotError::Damaged);
    }
    let found = number(MAGIC.len() + 4);
    if found != contents {
        return Err(SnapshotError::Contents { found, expected: contents });
    }
    let unreadable = |what: String| SnapshotError::Unreadable { what };
    let (value, left) = postcard::take_from_bytes(body).map_err(|e| unreadable(e.to_string()))?;
    if !left.is_empty() {
        return Err(unreadable(format!("{} bytes are left over", left.len())));
    }
    Ok(value)
}
