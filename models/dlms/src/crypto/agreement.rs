//! Key agreement of suites 1 and 2: elliptic-curve Diffie-Hellman, and the symmetric key that follows from it.
//!
//! Public keys travel as x followed by y, 64 bytes on P-256 (suite 1) and 96 on P-384 (suite 2). The key is the start of
//! one hash over the number 1, the shared secret, the algorithm it is for, and what tells the two parties apart (NIST SP
//! 800-56A, one step).

use crate::crypto::keys::{KeyMaster, Owner, Pair};
use dlms_cosem_rs::security::SecuritySuite;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use sha2::{Digest, Sha256, Sha384};

/// Longest public key, bytes.
pub const PUBLIC_MAX: usize = 96;

/// How two parties agree on the key of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// C(1e, 1s): the sender's ephemeral key pair and the receiver's static one.
    OnePass,
    /// C(0e, 2s): both static; the transaction identifier makes each message's key another.
    Static,
}

impl Scheme {
    /// As the key-parameters of general-ciphering name it.
    pub fn of_parameters(parameters: &[u8]) -> Option<Scheme> {
        match parameters {
            [1] => Some(Scheme::OnePass),
            [2] => Some(Scheme::Static),
            _ => None,
        }
    }

    /// The key-parameters.
    pub fn parameters(self) -> &'static [u8] {
        match self {
            Scheme::OnePass => &[1],
            Scheme::Static => &[2],
        }
    }
}

/// What a derived key is for; it enters the derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// AES-GCM.
    Cipher,
    /// AES key wrap: a master key.
    Wrap,
}

/// A private key of ECDH.
#[derive(Clone)]
pub enum AgreementKey {
    /// Of suite 1.
    P256(p256::SecretKey),
    /// Of suite 2.
    P384(p384::SecretKey),
}

impl std::fmt::Debug for AgreementKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// Bytes of a public key, and of a signature: 0 in suite 0.
pub fn public_bytes(suite: SecuritySuite) -> usize {
    match suite {
        SecuritySuite::Suite0 => 0,
        SecuritySuite::Suite1 => 64,
        SecuritySuite::Suite2 => 96,
    }
}

impl AgreementKey {
    /// From a scalar of the curve's length, big-endian; `None` in suite 0 and for what is no private key.
    pub fn from_scalar(suite: SecuritySuite, scalar: &[u8]) -> Option<AgreementKey> {
        match suite {
            SecuritySuite::Suite0 => None,
            SecuritySuite::Suite1 => p256::SecretKey::from_slice(scalar).ok().map(AgreementKey::P256),
            SecuritySuite::Suite2 => p384::SecretKey::from_slice(scalar).ok().map(AgreementKey::P384),
        }
    }

    /// A key pair for one message. `seed` must be unforeseeable, and another each time.
    pub fn ephemeral(suite: SecuritySuite, seed: &[u8; 32]) -> Option<AgreementKey> {
        let bytes = public_bytes(suite) / 2;
        let mut draws = blake3::Hasher::new_keyed(seed).finalize_xof();
        let mut scalar = [0; PUBLIC_MAX / 2];
        if bytes == 0 {
            return None;
        }
        loop {
            draws.fill(&mut scalar[..bytes]);
            if let Some(key) = AgreementKey::from_scalar(suite, &scalar[..bytes]) {
                return Some(key);
            }
        }
    }

    /// The public half, x followed by y.
    pub fn public(&self) -> Vec<u8> {
        match self {
            AgreementKey::P256(key) => key.public_key().to_encoded_point(false).as_bytes()[1..].to_vec(),
            AgreementKey::P384(key) => key.public_key().to_encoded_point(false).as_bytes()[1..].to_vec(),
        }
    }

    /// The key that follows from this private key and `theirs`; `None` if `theirs` is no point of the curve. `from` and
    /// `to` tell the parties apart: who sends first, then who receives.
    pub fn derive(&self, theirs: &[u8], purpose: Purpose, from: &[u8], to: &[u8]) -> Option<[u8; 32]> {
        let point = [&[4], theirs].concat();
        let mut key = [0; 32];
        match self {
            AgreementKey::P256(own) => {
                let theirs = p256::PublicKey::from_sec1_bytes(&point).ok()?;
                let shared = p256::ecdh::diffie_hellman(own.to_nonzero_scalar(), theirs.as_affine());
                // The left half is the key; the rest of the hash is not used.
                let hash = hashed::<Sha256>(shared.raw_secret_bytes(), algorithm(false, purpose), from, to);
                key[..16].copy_from_slice(&hash[..16]);
            }
            AgreementKey::P384(own) => {
                let theirs = p384::PublicKey::from_sec1_bytes(&point).ok()?;
                let shared = p384::ecdh::diffie_hellman(own.to_nonzero_scalar(), theirs.as_affine());
                let hash = hashed::<Sha384>(shared.raw_secret_bytes(), algorithm(true, purpose), from, to);
                key.copy_from_slice(&hash[..32]);
            }
        }
        Some(key)
    }
}

impl KeyMaster {
    /// A party's static key pair for key agreement; none in suite 0. Test keys: the scalar is 81 82 83 .. for every meter
    /// and C1 C2 C3 .. for the client (A1 A2 A3 .. for the one that only resets).
    pub fn agreement_key(&self, owner: Owner, suite: SecuritySuite) -> Option<AgreementKey> {
        let make = |scalar: &[u8]| AgreementKey::from_scalar(suite, scalar);
        match suite {
            SecuritySuite::Suite0 => None,
            SecuritySuite::Suite1 => Some(self.draw::<32, _>(owner, suite, Pair::Agreement, make)),
            SecuritySuite::Suite2 => Some(self.draw::<48, _>(owner, suite, Pair::Agreement, make)),
        }
    }
}

/// Object identifier of an algorithm, 2.16.756.5.8.3.x.
fn algorithm(long: bool, purpose: Purpose) -> [u8; 7] {
    let last = 2 * u8::from(purpose == Purpose::Wrap) + u8::from(long);
    [0x60, 0x85, 0x74, 0x05, 0x08, 0x03, last]
}

fn hashed<D: Digest>(secret: &[u8], algorithm: [u8; 7], from: &[u8], to: &[u8]) -> sha2::digest::Output<D> {
    let mut hash = D::new();
    hash.update([0, 0, 0, 1]);
    hash.update(secret);
    hash.update(algorithm);
    hash.update(from);
    hash.update(to);
    hash.finalize()
}

#[cfg(test)]
mod tests;
