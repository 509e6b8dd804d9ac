//! The certificate of a meter's signing key: what the meter keeps of it.

use serde::{Deserialize, Serialize};

/// What a meter keeps of certificates, once it has been asked for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Number of the pair that it signs with; 0: the one that it was delivered with.
    pub pair: u16,
    /// It has made the next pair, for which it has no certificate yet.
    pub has_next: bool,
    /// Number of the certificate that was imported last.
    pub serial: u64,
    /// Second since 1970, UTC, until which that is valid.
    pub to_unix_s: i64,
}
