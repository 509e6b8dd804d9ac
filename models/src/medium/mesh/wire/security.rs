//! Link-layer security: the group key of a run, AES-CCM* with 8 bytes of integrity code, and the frame check sequence.

use super::elements::NETWORK;
use aes::Aes128;
use ccm::aead::generic_array::GenericArray;
use ccm::aead::{AeadInPlace, KeyInit};
use ccm::consts::{U8, U13};
use sha2::{Digest, Sha256};

/// Security level: encrypted, 64 bits of integrity code.
pub const LEVEL: u8 = 6;
/// Bytes of the integrity code.
pub const MIC: usize = 8;

/// The group key that protects all frames of a run.
#[derive(Clone)]
pub struct GroupKey {
    cipher: ccm::Ccm<Aes128, U8, U13>,
    key: [u8; 16],
    hash: [u8; 8],
}

impl std::fmt::Debug for GroupKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GroupKey")
    }
}

fn first<const N: usize>(digest: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&digest[..N]);
    bytes
}

impl GroupKey {
    /// The key of the run with this seed. As in Wi-SUN FAN frames are encrypted with a hash of network name and group
    /// transient key; that one is drawn from the seed, the same in all meshes of a run.
    pub fn new(seed: u64) -> Self {
        let gtk: [u8; 16] =
            first(&Sha256::new_with_prefix(b"amitwin group key").chain_update(seed.to_be_bytes()).finalize());
        let key = first(&Sha256::new_with_prefix(NETWORK.as_bytes()).chain_update(gtk).finalize());
        let hash = Sha256::digest(gtk);
        GroupKey { cipher: ccm::Ccm::new(&key.into()), key, hash: first(&hash[hash.len() - 8..]) }
    }

    /// The key that a dissector needs, in hexadecimal.
    pub fn hex(&self) -> String {
        self.key.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// What tells which transient key is in use without telling the key.
    pub fn hash(&self) -> [u8; 8] {
        self.hash
    }

    /// Encrypts what follows `header` bytes of a frame and appends the integrity code.
    pub fn seal(&self, frame: &mut Vec<u8>, header: usize, sender: [u8; 8], counter: u32) {
        let (associated, secret) = frame.split_at_mut(header);
        let nonce = nonce(sender, counter);
        let code = self
            .cipher
            .encrypt_in_place_detached(GenericArray::from_slice(&nonce), associated, secret)
            .expect("a frame is shorter than the 64 KiB that CCM with this nonce takes");
        frame.extend_from_slice(&code);
    }

    /// Undoes [`GroupKey::seal`]; `false` if the integrity code does not fit.
    pub fn open(&self, frame: &mut Vec<u8>, header: usize, sender: [u8; 8], counter: u32) -> bool {
        if frame.len() < header + MIC {
            return false;
        }
        let code = frame.split_off(frame.len() - MIC);
        let (associated, secret) = frame.split_at_mut(header);
        let nonce = nonce(sender, counter);
        self.cipher
            .decrypt_in_place_detached(
                GenericArray::from_slice(&nonce),
                associated,
                secret,
                GenericArray::from_slice(&code),
            )
            .is_ok()
    }
}

fn nonce(sender: [u8; 8], counter: u32) -> [u8; 13] {
    let mut nonce = [LEVEL; 13];
    nonce[..8].copy_from_slice(&sender);
    nonce[8..12].copy_from_slice(&counter.to_be_bytes());
    nonce
}

/// The 4-byte frame check sequence of SUN FSK: CRC-32 of Ethernet, over at least 4 bytes.
pub fn check_sequence(frame: &[u8]) -> [u8; 4] {
    let padding = 4usize.saturating_sub(frame.len());
    let mut crc = u32::MAX;
    for byte in frame.iter().copied().chain(std::iter::repeat_n(0, padding)) {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    (!crc).to_le_bytes()
}
