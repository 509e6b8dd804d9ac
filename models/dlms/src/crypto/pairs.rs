//! Key pairs: whose they are, and signatures made and checked with them (ECDSA).

use crate::crypto::keys::{KeyMaster, Owner, Pair};
use dlms_cosem_rs::security::{SecuritySuite, SystemTitle};
use p256::ecdsa::signature::{Signer, Verifier};

/// A private key of ECDSA: P-256 in suite 1, P-384 in suite 2.
#[derive(Clone)]
pub struct PrivateKey(Curve<p256::ecdsa::SigningKey, p384::ecdsa::SigningKey>);

/// A public key of ECDSA.
#[derive(Clone, Debug, PartialEq)]
pub struct PublicKey(Curve<p256::ecdsa::VerifyingKey, p384::ecdsa::VerifyingKey>);

#[derive(Clone, Debug, PartialEq)]
enum Curve<A, B> {
    P256(A),
    P384(B),
}

/// Longest signature, bytes: r and s of P-384.
pub const SIGNATURE_MAX: usize = 96;

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl PrivateKey {
    /// Signs `message` (hashed with SHA-256 or SHA-384) into `out`; returns the length of r followed by s, bytes. The
    /// nonce follows from key and message (RFC 6979), so nothing here draws randomness.
    pub fn sign(&self, message: &[u8], out: &mut [u8; SIGNATURE_MAX]) -> usize {
        match &self.0 {
            Curve::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                out[..64].copy_from_slice(&signature.to_bytes());
                64
            }
            Curve::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign(message);
                out.copy_from_slice(&signature.to_bytes());
                96
            }
        }
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(match &self.0 {
            Curve::P256(key) => Curve::P256(*key.verifying_key()),
            Curve::P384(key) => Curve::P384(*key.verifying_key()),
        })
    }
}

impl PublicKey {
    /// The key with these coordinates, if they are a point of the suite's curve.
    pub fn of(suite: SecuritySuite, coordinates: &[u8]) -> Option<PublicKey> {
        let point = [&[4], coordinates].concat();
        Some(PublicKey(match suite {
            SecuritySuite::Suite0 => return None,
            SecuritySuite::Suite1 => Curve::P256(p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?),
            SecuritySuite::Suite2 => Curve::P384(p384::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?),
        }))
    }

    /// Whether `signature` (r followed by s) is this key's over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Curve::P256(key) => {
                p256::ecdsa::Signature::from_slice(signature).is_ok_and(|s| key.verify(message, &s).is_ok())
            }
            Curve::P384(key) => {
                p384::ecdsa::Signature::from_slice(signature).is_ok_and(|s| key.verify(message, &s).is_ok())
            }
        }
    }

    /// x followed by y, as class 64 carries public keys: 64 or 96 bytes.
    pub fn coordinates(&self) -> Vec<u8> {
        match &self.0 {
            Curve::P256(key) => key.to_encoded_point(false).as_bytes()[1..].to_vec(),
            Curve::P384(key) => key.to_encoded_point(false).as_bytes()[1..].to_vec(),
        }
    }
}

impl KeyMaster {
    /// The signing key of a party in high-level security 7; none in suite 0, which has no signatures. It costs a
    /// multiplication on the curve: make it when a signature is needed, not for each request.
    ///
    /// A meter knows the client's public key because both follow from the same secret, as though the maker had put the
    /// client's certificate in at the factory; a client with a key pair of its own is refused. Test keys: the scalar is
    /// 01 02 03 .. for every meter, 41 42 43 .. for the client and 21 22 23 .. for the one that only resets, as long as the
    /// curve's order.
    pub fn signing_key(&self, owner: Owner, suite: SecuritySuite) -> Option<PrivateKey> {
        let p256 = |scalar: &[u8]| p256::ecdsa::SigningKey::from_slice(scalar).ok();
        let p384 = |scalar: &[u8]| p384::ecdsa::SigningKey::from_slice(scalar).ok();
        Some(PrivateKey(match suite {
            SecuritySuite::Suite0 => return None,
            SecuritySuite::Suite1 => Curve::P256(self.draw::<32, _>(owner, suite, Pair::Signing, p256)),
            SecuritySuite::Suite2 => Curve::P384(self.draw::<48, _>(owner, suite, Pair::Signing, p384)),
        }))
    }

    /// The signing key of a pair that a meter has made for its next certificate, by number; 0: the one that it was delivered with. None in suite 0.
    pub fn pair_key(&self, title: SystemTitle, suite: SecuritySuite, number: u16) -> Option<PrivateKey> {
        if number == 0 {
            return self.signing_key(Owner::Meter(title), suite);
        }
        self.derived("amitwin 2026-11 signing key of a pair", &[&title.0[..], &number.to_be_bytes()].concat(), suite)
    }

    /// The key of the authority that signs the certificates of a run; none in suite 0.
    pub fn authority_key(&self, suite: SecuritySuite) -> Option<PrivateKey> {
        self.derived("amitwin 2026-11 certification authority", &[], suite)
    }

    /// The key by which the maker of the meters signs firmware images (P-256, whatever the suite); `other` is that of somebody else.
    pub fn image_key(&self, other: bool) -> PrivateKey {
        let context = if other { "amitwin 2026-11 somebody else" } else { "amitwin 2026-11 firmware images" };
        self.derived(context, &[], SecuritySuite::Suite1).expect("suite 1 has signatures")
    }

    fn derived(&self, context: &str, of: &[u8], suite: SecuritySuite) -> Option<PrivateKey> {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        hasher.update(match self {
            KeyMaster::Test => b"TEST",
            KeyMaster::Secret(secret) => secret,
        });
        hasher.update(of);
        hasher.update(&[suite as u8]);
        let mut stream = hasher.finalize_xof();
        let mut scalar = [0; 48];
        // What is no scalar of the curve is drawn again: each stays equally likely.
        loop {
            stream.fill(&mut scalar);
            let key = match suite {
                SecuritySuite::Suite0 => return None,
                SecuritySuite::Suite1 => p256::ecdsa::SigningKey::from_slice(&scalar[..32]).ok().map(Curve::P256),
                SecuritySuite::Suite2 => p384::ecdsa::SigningKey::from_slice(&scalar).ok().map(Curve::P384),
            };
            if let Some(key) = key {
                return Some(PrivateKey(key));
            }
        }
    }

    /// The public key by which a party's signatures are checked; none in suite 0.
    pub fn public_key(&self, owner: Owner, suite: SecuritySuite) -> Option<PublicKey> {
        Some(self.signing_key(owner, suite)?.public())
    }
}
