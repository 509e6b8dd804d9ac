//! Keys of each meter, derived from one secret.

/// Where keys come from.
#[derive(Clone)]
pub enum KeyMaster {
    /// The published keys of the field's examples, the same in every meter. Never for a real network.
    Test,
    /// A secret of 32 bytes from which each meter's keys are derived.
    Secret([u8; 32]),
}

impl std::fmt::Debug for KeyMaster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            KeyMaster::Test => "TEST",
            KeyMaster::Secret(_) => "[REDACTED]",
        })
    }
}

/// Keys of one meter; 16 bytes of each are used in suites 0 and 1, 32 in suite 2.
#[derive(Clone)]
pub struct MeterKeys {
    /// Global unicast encryption key.
    pub unicast: [u8; 32],
    /// Global broadcast encryption key.
    pub broadcast: [u8; 32],
    /// Authentication key.
    pub authentication: [u8; 32],
    /// Secret of high-level security mechanisms 3, 4 and 6.
    pub hls_secret: [u8; 16],
    /// Low-level password.
    pub password: [u8; 8],
}

impl std::fmt::Debug for MeterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[REDACTED]")
    }
}
