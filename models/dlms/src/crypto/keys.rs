//! Keys of each meter, derived from one secret.
//!
//! BLAKE3 under the secret as its key, over a label, the suite and the system title, read as a stream: nothing is stored
//! for a meter, and no meter's keys say anything about another's. What belongs to the run and
//! not to one meter: the broadcast keys, which meters must share to be addressed together, and the clients' key pairs.

use dlms_cosem_rs::security::{SecuritySuite, SystemTitle};

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
    /// Authentication key of what is for all: they share it as they share the broadcast key.
    pub broadcast_authentication: [u8; 32],
    /// Master key: it wraps the keys that are transferred to the meter.
    pub master: [u8; 32],
    /// Secret of high-level security mechanisms 3, 4 and 6; `HLS-TEST-SECRET!` with test keys.
    pub hls_secret: [u8; 16],
    /// The same of the client that only resets; `RST-TEST-SECRET!` with test keys.
    pub operator_secret: [u8; 16],
    /// Low-level password, printable; `12345678` with test keys.
    pub password: [u8; 8],
}

impl MeterKeys {
    /// Those that a client can change, by the numbers of the security setup.
    pub fn changeable(&self) -> [[u8; 32]; 4] {
        [self.unicast, self.broadcast, self.authentication, self.master]
    }
}

impl std::fmt::Debug for MeterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl KeyMaster {
    /// Keys of a run that share nothing with those of other runs: a run begins at the first counters, and two that say
    /// different things under the same key and counter would give both away. Test keys stay what they are.
    pub fn of_run(&self, run: &str) -> KeyMaster {
        match self {
            KeyMaster::Test => KeyMaster::Test,
            KeyMaster::Secret(secret) => {
                let material = [&secret[..], run.as_bytes()].concat();
                KeyMaster::Secret(blake3::derive_key("amitwin 2026-11 secret of one run", &material))
            }
        }
    }

    /// What tells these keys from others, and tells nothing about them.
    pub fn fingerprint(&self) -> [u8; 16] {
        let whole = match self {
            KeyMaster::Test => blake3::derive_key("amitwin 2026-11 fingerprint of keys", b"TEST"),
            KeyMaster::Secret(secret) => blake3::derive_key("amitwin 2026-11 fingerprint of keys", secret),
        };
        std::array::from_fn(|i| whole[i])
    }

    /// The key under which meters' changed keys are kept on a disk.
    pub fn storage_key(&self) -> [u8; 32] {
        let material: &[u8] = match self {
            KeyMaster::Test => b"TEST",
            KeyMaster::Secret(secret) => secret,
        };
        blake3::derive_key("amitwin 2026-11 key of keys on a disk", material)
    }

    /// The keys of the meter with this title.
    ///
    /// Test keys: unicast 00 01 .. 1F, authentication D0 .. EF, broadcast 0F 0E .. 00 1F 1E .. 10, master 60 .. 7F.
    pub fn of_meter(&self, title: SystemTitle, suite: SecuritySuite) -> MeterKeys {
        match self {
            KeyMaster::Test => MeterKeys {
                unicast: std::array::from_fn(|i| i as u8),
                broadcast: std::array::from_fn(|i| (i as u8) ^ 0x0F),
                authentication: std::array::from_fn(|i| 0xD0 + i as u8),
                broadcast_authentication: std::array::from_fn(|i| 0xD0 + i as u8),
                master: std::array::from_fn(|i| 0x60 + i as u8),
                hls_secret: *b"HLS-TEST-SECRET!",
                operator_secret: *b"RST-TEST-SECRET!",
                password: *b"12345678",
            },
            KeyMaster::Secret(secret) => {
                let mut own = [0; 136];
                stream(secret, Use::Symmetric, suite, Some(title)).fill(&mut own);
                let (mut broadcast, mut broadcast_authentication) = ([0; 32], [0; 32]);
                let mut shared = stream(secret, Use::Broadcast, suite, None);
                shared.fill(&mut broadcast);
                shared.fill(&mut broadcast_authentication);
                MeterKeys {
                    unicast: part(&own, 0),
                    broadcast,
                    broadcast_authentication,
                    authentication: part(&own, 32),
                    hls_secret: part(&own, 64),
                    operator_secret: part(&own, 120),
                    master: part(&own, 88),
                    password: part::<8>(&own, 80).map(|b| PRINTABLE[usize::from(b & 63)]),
                }
            }
        }
    }

    /// The keys of a meter once a head-end has changed its unicast and its authentication key so often (the lower 16 bits), and its master key so often (the
    /// upper ones); 0: as delivered. The others stay.
    pub fn of_generation(&self, title: SystemTitle, suite: SecuritySuite, generation: u32) -> MeterKeys {
        let mut keys = self.of_meter(title, suite);
        let material = |times: u16| [self.material(), &title.0, &[suite as u8], &times.to_be_bytes()].concat();
        let (masters, times) = ((generation >> 16) as u16, generation as u16);
        if times > 0 {
            keys.unicast = blake3::derive_key("amitwin 2026-11 unicast key of a generation", &material(times));
            keys.authentication =
                blake3::derive_key("amitwin 2026-11 authentication key of a generation", &material(times));
        }
        if masters > 0 {
            keys.master = blake3::derive_key("amitwin 2026-11 master key of a generation", &material(masters));
        }
        keys
    }

    /// The broadcast key of the meters of a suite once a head-end has changed it so often; 0: as delivered.
    pub fn of_broadcast(&self, suite: SecuritySuite, generation: u16) -> [u8; 32] {
        if generation == 0 {
            return self.of_meter(SystemTitle([0; 8]), suite).broadcast;
        }
        let material = [self.material(), &[suite as u8], &generation.to_be_bytes()].concat();
        blake3::derive_key("amitwin 2026-11 broadcast key of a generation", &material)
    }

    /// What keys of generations are derived from.
    fn material(&self) -> &[u8] {
        match self {
            KeyMaster::Test => b"TEST",
            KeyMaster::Secret(secret) => secret,
        }
    }

    /// A party's private key of `N` bytes. A draw that is zero or not below the curve's order is drawn again: each scalar
    /// stays equally likely.
    pub(crate) fn draw<const N: usize, K>(
        &self,
        owner: Owner,
        suite: SecuritySuite,
        pair: Pair,
        make: impl Fn(&[u8]) -> Option<K>,
    ) -> K {
        let (purpose, title) = match (pair, owner) {
            (Pair::Signing, Owner::Meter(title)) => (Use::MeterSigning, Some(title)),
            (Pair::Signing, Owner::Client) => (Use::ClientSigning, None),
            (Pair::Agreement, Owner::Meter(title)) => (Use::MeterAgreement, Some(title)),
            (Pair::Agreement, Owner::Client) => (Use::ClientAgreement, None),
            (Pair::Signing, Owner::Operator) => (Use::OperatorSigning, None),
            (Pair::Agreement, Owner::Operator) => (Use::OperatorAgreement, None),
        };
        let mut derived = match self {
            KeyMaster::Test => None,
            KeyMaster::Secret(secret) => Some(stream(secret, purpose, suite, title)),
        };
        let first = match (pair, owner) {
            (Pair::Signing, Owner::Meter(_)) => 0x01,
            (Pair::Signing, Owner::Client) => 0x41,
            (Pair::Agreement, Owner::Meter(_)) => 0x81,
            (Pair::Agreement, Owner::Client) => 0xC1,
            (Pair::Signing, Owner::Operator) => 0x21,
            (Pair::Agreement, Owner::Operator) => 0xA1,
        };
        let mut scalar = [0; N];
        loop {
            match &mut derived {
                Some(stream) => stream.fill(&mut scalar),
                None => scalar.iter_mut().zip(first..).for_each(|(byte, value)| *byte = value),
            }
            if let Some(key) = make(&scalar) {
                return key;
            }
        }
    }
}

/// Whose key pair signs or verifies in high-level security 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The meter of this system title.
    Meter(SystemTitle),
    /// The management client: one key pair for the run, whatever title it presents.
    Client,
    /// The client that only resets, likewise.
    Operator,
}

/// What a key pair is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pair {
    /// Signatures (ECDSA).
    Signing,
    /// Key agreement (ECDH).
    Agreement,
}

/// What derived bytes are for.
#[derive(Clone, Copy)]
enum Use {
    Symmetric = 1,
    Broadcast = 2,
    MeterSigning = 3,
    ClientSigning = 4,
    MeterAgreement = 5,
    ClientAgreement = 6,
    OperatorSigning = 7,
    OperatorAgreement = 8,
}

const PRINTABLE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Derived bytes without end. The input has one length for all uses, so no two of them can collide.
fn stream(secret: &[u8; 32], purpose: Use, suite: SecuritySuite, title: Option<SystemTitle>) -> blake3::OutputReader {
    let mut input = *b"amitwin dlms keys 1\0\0\0\0\0\0\0\0\0\0";
    input[19] = purpose as u8;
    input[20] = suite as u8;
    if let Some(title) = title {
        input[21..].copy_from_slice(&title.0);
    }
    let mut hasher = blake3::Hasher::new_keyed(secret);
    hasher.update(&input);
    hasher.finalize_xof()
}

fn part<const N: usize>(bytes: &[u8; 136], from: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[from + i])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::pairs::SIGNATURE_MAX;

    const TITLE: SystemTitle = SystemTitle(*b"AMI\0\0\0\0\x07");
    const OTHER: SystemTitle = SystemTitle(*b"AMI\0\0\0\0\x08");
    const SECRET: KeyMaster = KeyMaster::Secret([0x5A; 32]);

    #[test]
    fn each_run_has_keys_of_its_own() {
        let unicast = |master: &KeyMaster| master.of_meter(TITLE, SecuritySuite::Suite0).unicast;
        let runs = ["a", "b"].map(|run| unicast(&SECRET.of_run(run)));
        assert!(runs[0] != runs[1] && !runs.contains(&unicast(&SECRET)));
        assert_eq!(runs[0], unicast(&SECRET.of_run("a")), "and the same run the same");
        assert_eq!(unicast(&KeyMaster::Test.of_run("a")), unicast(&KeyMaster::Test));
    }

    #[test]
    fn a_fingerprint_tells_keys_apart() {
        let other = KeyMaster::Secret([0x5B; 32]);
        let all = [SECRET, other, KeyMaster::Test].map(|master| master.fingerprint());
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
        assert_ne!(all[0], [0x5A; 16]);
    }

    fn all(keys: &MeterKeys) -> [&[u8]; 5] {
        [&keys.unicast, &keys.broadcast, &keys.authentication, &keys.hls_secret, &keys.password]
    }

    #[test]
    fn test_keys_are_the_published_ones() {
        let keys = KeyMaster::Test.of_meter(TITLE, SecuritySuite::Suite2);
        assert_eq!(keys.unicast[..4], [0, 1, 2, 3]);
        assert_eq!((keys.unicast[15], keys.unicast[31]), (0x0F, 0x1F));
        assert_eq!((keys.authentication[0], keys.authentication[16], keys.authentication[31]), (0xD0, 0xE0, 0xEF));
        assert_eq!(
            (keys.broadcast[0], keys.broadcast[15], keys.broadcast[16], keys.broadcast[31]),
            (0x0F, 0, 0x1F, 0x10)
        );
    }

    #[test]
    fn every_meter_secret_and_suite_has_its_own_keys() {
        let keys = SECRET.of_meter(TITLE, SecuritySuite::Suite0);
        for (master, title, suite, same_broadcast) in [
            (&SECRET, OTHER, SecuritySuite::Suite0, true),
            (&SECRET, TITLE, SecuritySuite::Suite2, false),
            (&KeyMaster::Secret([0x5B; 32]), TITLE, SecuritySuite::Suite0, false),
        ] {
            let other = master.of_meter(title, suite);
            for (at, (a, b)) in all(&keys).into_iter().zip(all(&other)).enumerate() {
                assert_eq!(a == b, at == 1 && same_broadcast, "{title:?} {suite:?} key {at}");
            }
        }
        assert!(keys.password.iter().all(u8::is_ascii_graphic));
        assert_ne!(keys.unicast, keys.authentication);
    }

    #[test]
    fn each_generation_changes_two_keys_of_one_meter() {
        for master in [&KeyMaster::Test, &SECRET] {
            let of = |title, generation| master.of_generation(title, SecuritySuite::Suite0, generation);
            let keys = [0, 1, 2].map(|generation| of(TITLE, generation));
            assert_eq!(keys[0].unicast, master.of_meter(TITLE, SecuritySuite::Suite0).unicast);
            for (one, other) in [(0, 1), (1, 2), (0, 2)] {
                assert_ne!(keys[one].unicast, keys[other].unicast);
                assert_ne!(keys[one].authentication, keys[other].authentication);
                assert_eq!(keys[one].master, keys[other].master);
                assert_eq!(keys[one].broadcast, keys[other].broadcast);
            }
            let masters = [0, 1 << 16 | 1, 2 << 16 | 2].map(|generation| of(TITLE, generation));
            assert_eq!((masters[1].unicast, masters[2].unicast), (keys[1].unicast, keys[2].unicast));
            assert!(masters[0].master != masters[1].master && masters[1].master != masters[2].master);
            assert_ne!(masters[1].master, of(OTHER, 1 << 16 | 1).master);
            let shared = [0, 1, 2].map(|generation| master.of_broadcast(SecuritySuite::Suite0, generation));
            assert_eq!(shared[0], keys[0].broadcast);
            assert!(shared[0] != shared[1] && shared[1] != shared[2]);
            assert_ne!(keys[1].unicast, of(OTHER, 1).unicast);
            assert_ne!(keys[1].unicast, keys[1].authentication);
        }
    }

    #[test]
    fn derivation_stays_as_it_is_for_deployed_secrets() {
        let keys = SECRET.of_meter(TITLE, SecuritySuite::Suite0);
        assert_eq!(keys.unicast[..4], [0xD1, 0xA9, 0x40, 0xBD]);
    }

    #[test]
    fn signatures_hold_for_their_owner_curve_and_message_only() {
        for master in [&KeyMaster::Test, &SECRET] {
            for (suite, length) in [(SecuritySuite::Suite1, 64), (SecuritySuite::Suite2, 96)] {
                let meter = master.signing_key(Owner::Meter(TITLE), suite).unwrap();
                let mut signature = [0; SIGNATURE_MAX];
                assert_eq!(meter.sign(b"message", &mut signature), length);
                let public = master.public_key(Owner::Meter(TITLE), suite).unwrap();
                assert_eq!(public.coordinates().len(), length);
                assert!(public.verify(b"message", &signature[..length]));
                assert!(!public.verify(b"massage", &signature[..length]));
                assert!(!public.verify(b"message", &signature[..length - 1]));
                assert!(!master.public_key(Owner::Client, suite).unwrap().verify(b"message", &signature[..length]));
                signature[length - 1] ^= 1;
                assert!(!public.verify(b"message", &signature[..length]));
            }
        }
        assert_ne!(
            SECRET.public_key(Owner::Meter(TITLE), SecuritySuite::Suite1),
            SECRET.public_key(Owner::Meter(OTHER), SecuritySuite::Suite1)
        );
        assert!(SECRET.signing_key(Owner::Client, SecuritySuite::Suite0).is_none());
    }

    #[test]
    fn nothing_secret_is_printed() {
        let printed = format!("{:?} {:?}", SECRET, SECRET.signing_key(Owner::Client, SecuritySuite::Suite1));
        assert_eq!(printed, "[REDACTED] Some([REDACTED])");
    }
}
