//! What the management client changed of a meter's security: its policy and its keys. Most meters have nothing here.

use crate::crypto::keys::{KeyMaster, MeterKeys};
use aes_kw::{KekAes128, KekAes256};
use dlms_cosem_rs::security::{SecuritySuite, SystemTitle};
use serde::ser::Error;
use serde::{Deserialize, Serialize, Serializer};

/// Bits of a policy (version 1 of the class), by which a message must be protected.
pub mod policy {
    /// Requests are authenticated.
    pub const REQUEST_AUTHENTICATED: u8 = 0x04;
    /// Requests are encrypted.
    pub const REQUEST_ENCRYPTED: u8 = 0x08;
    /// Requests are signed.
    pub const REQUEST_SIGNED: u8 = 0x10;
    /// Answers are authenticated.
    pub const ANSWER_AUTHENTICATED: u8 = 0x20;
    /// Answers are encrypted.
    pub const ANSWER_ENCRYPTED: u8 = 0x40;
    /// Answers are signed.
    pub const ANSWER_SIGNED: u8 = 0x80;
    /// What wants signatures.
    pub const SIGNED: u8 = REQUEST_SIGNED | ANSWER_SIGNED;
    /// What only a ciphered association can give.
    pub const CIPHERED: u8 = REQUEST_AUTHENTICATED | REQUEST_ENCRYPTED | ANSWER_AUTHENTICATED | ANSWER_ENCRYPTED;
}

/// Kinds of keys that can be changed, by the number that requests give them.
pub const KEYS: usize = 4;

/// Bytes of a key as a disk has it.
pub const SEALED_BYTES: usize = 40;

/// What has been changed.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Security {
    /// How messages must be protected, [`policy`].
    pub policy: u8,
    /// Transaction identifiers up to this one were used with keys for one message, and are used up.
    pub transaction: u64,
    /// Counters below this one were used with keys for one message. They never begin anew: what such a key follows from
    /// stays when others change.
    pub message_counter: u32,
    /// Changes of keys so far; associations of before are over.
    pub generation: u32,
    /// Keys in the place of the first ones: unicast, broadcast, authentication, master. They go to a disk only sealed.
    #[serde(serialize_with = "without_keys")]
    keys: [Option<[u8; 32]>; KEYS],
}

fn without_keys<S: Serializer>(keys: &[Option<[u8; 32]>; KEYS], serializer: S) -> Result<S::Ok, S::Error> {
    if keys.iter().any(Option::is_some) {
        return Err(S::Error::custom("keys are not written unsealed"));
    }
    keys.serialize(serializer)
}

impl std::fmt::Debug for Security {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Security").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Security {
    /// What is known from before, keys apart.
    pub fn known(policy: u8, transaction: u64, message_counter: u32) -> Security {
        Security { policy, transaction, message_counter, ..Security::default() }
    }

    /// The same with another key; of 32 bytes suites 0 and 1 use the first 16. `which` is below [`KEYS`].
    pub fn set_key(&mut self, which: usize, key: [u8; 32]) {
        self.keys[which] = Some(key);
        self.generation += 1;
    }

    /// Whether keys have been changed.
    pub fn has_keys(&self) -> bool {
        self.keys.iter().any(Option::is_some)
    }

    /// A changed key as it is kept on a disk, under the storage key of the run.
    pub fn sealed(&self, which: usize, storage: &[u8; 32]) -> Option<[u8; SEALED_BYTES]> {
        let mut sealed = [0; SEALED_BYTES];
        KekAes256::from(*storage).wrap(&self.keys[which]?, &mut sealed).ok()?;
        Some(sealed)
    }

    /// Takes the changed keys out, each as it is kept on a disk, by its number.
    pub fn take_sealed(&mut self, storage: &[u8; 32]) -> Vec<(u8, Vec<u8>)> {
        let sealed = |which| Some((which as u8, self.sealed(which, storage)?.to_vec()));
        let all = (0..KEYS).filter_map(sealed).collect();
        self.keys = Default::default();
        all
    }

    /// Takes a key from a disk; says whether it was whole.
    pub fn unseal(&mut self, which: usize, sealed: &[u8; SEALED_BYTES], storage: &[u8; 32]) -> bool {
        let mut key = [0; 32];
        let whole = which < KEYS && KekAes256::from(*storage).unwrap(sealed, &mut key).is_ok();
        if whole {
            self.keys[which] = Some(key);
        }
        whole
    }
}

/// The keys of the meter with this title, some of which may have been changed.
pub(crate) fn keys_with(
    master: &KeyMaster,
    title: SystemTitle,
    suite: SecuritySuite,
    changed: Option<&Security>,
) -> MeterKeys {
    let mut keys = master.of_meter(title, suite);
    let places = [&mut keys.unicast, &mut keys.broadcast, &mut keys.authentication, &mut keys.master];
    for (place, key) in places.into_iter().zip(changed.iter().flat_map(|security| security.keys)) {
        if let Some(key) = key {
            *place = key;
        }
    }
    keys
}

/// A key as it travels under a master key (AES key wrap, RFC 3394), unwrapped; `None` if it is not whole or of another
/// length than the suite's keys.
pub fn unwrap_key(suite: SecuritySuite, master: &[u8; 32], wrapped: &[u8]) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let length = suite.key_len();
    if wrapped.len() != length + 8 {
        return None;
    }
    let mut short = [0; 16];
    short.copy_from_slice(&master[..16]);
    let done = match suite {
        SecuritySuite::Suite2 => KekAes256::from(*master).unwrap(wrapped, &mut key[..length]),
        _ => KekAes128::from(short).unwrap(wrapped, &mut key[..length]),
    };
    done.is_ok().then_some(key)
}

/// A key as it travels under a master key: what [`unwrap_key`] opens.
pub fn wrap_key(suite: SecuritySuite, master: &[u8; 32], key: &[u8; 32]) -> Vec<u8> {
    let length = suite.key_len();
    let mut wrapped = vec![0; length + 8];
    let mut short = [0; 16];
    short.copy_from_slice(&master[..16]);
    let done = match suite {
        SecuritySuite::Suite2 => KekAes256::from(*master).wrap(&key[..length], &mut wrapped),
        _ => KekAes128::from(short).wrap(&key[..length], &mut wrapped),
    };
    done.expect("keys are two or four blocks of eight bytes, with room for one more");
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// RFC 3394, sections 4.1 and 4.6.
    #[test]
    fn the_published_wrapped_keys_are_opened() {
        let master = std::array::from_fn(|n| n as u8);
        let short = unhex("1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5");
        let long = unhex("28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21");
        let key = unwrap_key(SecuritySuite::Suite0, &master, &short).unwrap();
        assert_eq!(key[..16], unhex("00112233445566778899AABBCCDDEEFF"));
        let key = unwrap_key(SecuritySuite::Suite2, &master, &long).unwrap();
        assert_eq!(key[..], unhex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F"));
        for at in 0..short.len() {
            let mut bad = short.clone();
            bad[at] ^= 1;
            assert_eq!(unwrap_key(SecuritySuite::Suite1, &master, &bad), None);
        }
        assert_eq!(unwrap_key(SecuritySuite::Suite2, &master, &short), None);
        let whole = std::array::from_fn(|n| if n < 16 { n as u8 * 0x11 } else { n as u8 - 16 });
        assert_eq!(wrap_key(SecuritySuite::Suite1, &master, &whole), short);
        assert_eq!(wrap_key(SecuritySuite::Suite2, &master, &whole), long);
        assert_eq!(unwrap_key(SecuritySuite::Suite0, &master, &[]), None);
    }

    #[test]
    fn a_kept_key_comes_back_and_a_damaged_one_does_not() {
        let mut security = Security::default();
        security.set_key(2, [9; 32]);
        let sealed = security.sealed(2, &[1; 32]).unwrap();
        assert_eq!((security.sealed(0, &[1; 32]), sealed.windows(4).any(|w| w == [9; 4])), (None, false));
        let mut again = Security::default();
        assert!(again.unseal(2, &sealed, &[1; 32]));
        assert_eq!(again.keys, security.keys);
        assert!(!again.unseal(2, &sealed, &[2; 32]) && !again.unseal(KEYS, &sealed, &[1; 32]));
        assert!(!format!("{security:?}").contains('9'));
    }
}
