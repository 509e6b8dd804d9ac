//! High-level security: the proofs that client and meter give each other after the association request.
//!
//! CtoS is the challenge of the client, in its association request; StoC is the meter's, in its response. In pass 3 the
//! client answers StoC ([`client_proof`], checked by [`verify_client`]); in pass 4 the meter answers CtoS
//! ([`server_proof`], checked by [`verify_server`]). Nothing is allocated.

use crate::crypto::keys::{KeyMaster, MeterKeys, Owner};
use crate::crypto::pairs::SIGNATURE_MAX;
use crate::meter::client::Client;
use crate::meter::security::{Security, keys_with};
use aes_gcm::aead::AeadInPlace;
use aes_gcm::aes::{Aes128, Aes256, cipher::consts::U12};
use aes_gcm::{AesGcm, KeyInit};
use dlms_cosem_rs::security::{SecuritySuite, SystemTitle, constant_time_eq};
use sha2::Digest;

/// Shortest and longest challenge, bytes.
pub const CHALLENGE: std::ops::RangeInclusive<usize> = 8..=64;

/// Bytes of a mechanism 5 proof: security control, counter, tag.
const GMAC_PROOF: usize = 17;

/// How a client proves who it is; the value is the last arc of the mechanism's object identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mechanism {
    /// Lowest level: nothing is proved.
    None = 0,
    /// Low level: a password in the association request.
    Low = 1,
    /// MD5 over challenge and secret.
    Md5 = 3,
    /// SHA-1 over challenge and secret.
    Sha1 = 4,
    /// GMAC under the unicast key.
    Gmac = 5,
    /// SHA-256 over secret, titles and challenges.
    Sha256 = 6,
    /// ECDSA over titles and challenges.
    Ecdsa = 7,
}

impl Mechanism {
    /// The mechanism of an arc; arc 2 is left to manufacturers and not offered.
    pub fn from_arc(arc: u8) -> Option<Self> {
        Some(match arc {
            0 => Mechanism::None,
            1 => Mechanism::Low,
            3 => Mechanism::Md5,
            4 => Mechanism::Sha1,
            5 => Mechanism::Gmac,
            6 => Mechanism::Sha256,
            7 => Mechanism::Ecdsa,
            _ => return None,
        })
    }
    /// Its arc.
    pub fn arc(self) -> u8 {
        self as u8
    }
    /// Passes 3 and 4 are due before anything else is served.
    pub fn is_high(self) -> bool {
        self.arc() >= 3
    }
    /// The client's title enters the proof, so the association request must carry it.
    pub fn needs_titles(self) -> bool {
        self.arc() >= 5
    }
}

/// Who gives a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client, in pass 3.
    Client,
    /// The meter, in pass 4.
    Server,
}

/// What both sides know once the association request is answered.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Where the meter's keys come from.
    pub keys: &'a KeyMaster,
    /// Which client it is.
    pub client: Client,
    /// What a client changed of the meter's keys.
    pub changed: Option<&'a Security>,
    /// Security suite of the meter.
    pub suite: SecuritySuite,
    /// The client's title; any value where [`Mechanism::needs_titles`] is false.
    pub client_title: SystemTitle,
    /// The meter's title.
    pub server_title: SystemTitle,
    /// CtoS.
    pub client_challenge: &'a [u8],
    /// StoC.
    pub server_challenge: &'a [u8],
}

/// Why there is no proof, or a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HlsError {
    /// The mechanism has no passes 3 and 4.
    #[error("this mechanism proves nothing after the association request")]
    NotHigh,
    /// A challenge is shorter than 8 bytes, longer than 64, or the same as the other side's.
    #[error("a challenge is shorter than 8 bytes, longer than 64 or a copy of the other one")]
    Challenge,
    /// Both sides use one system title, so they would share initialisation vectors.
    #[error("client and meter have the same system title")]
    SameTitle,
    /// Mechanism 7 in suite 0, which has no signatures.
    #[error("the security suite has no signatures")]
    Suite,
    /// The proof has the wrong form or value.
    #[error("the proof does not hold")]
    Refused,
}

/// A proof as it travels in `reply_to_HLS_authentication`.
#[derive(Clone, Copy)]
pub struct Proof {
    bytes: [u8; SIGNATURE_MAX],
    used: u8,
}

impl Proof {
    /// The octet string.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.used)]
    }
    fn of(bytes: &[u8]) -> Self {
        let mut proof = Proof { bytes: [0; SIGNATURE_MAX], used: bytes.len() as u8 };
        proof.bytes[..bytes.len()].copy_from_slice(bytes);
        proof
    }
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.bytes().fmt(f)
    }
}

/// What the client must send in pass 3. `counter` is its invocation counter, used up by mechanism 5 and ignored by the
/// others.
pub fn client_proof(mechanism: Mechanism, facts: &Facts<'_>, counter: u32) -> Result<Proof, HlsError> {
    proof(mechanism, Side::Client, facts, counter)
}

/// What the meter sends in pass 4. `counter` is the meter's own, used up by mechanism 5 and ignored by the others.
pub fn server_proof(mechanism: Mechanism, facts: &Facts<'_>, counter: u32) -> Result<Proof, HlsError> {
    proof(mechanism, Side::Server, facts, counter)
}

/// Checks pass 3. With mechanism 5 it returns the client's counter, which the caller must refuse if it is not above
/// those received before, and otherwise remember.
pub fn verify_client(mechanism: Mechanism, facts: &Facts<'_>, given: &[u8]) -> Result<Option<u32>, HlsError> {
    verify(mechanism, Side::Client, facts, given)
}

/// Checks pass 4, as a client does; returns the meter's counter with mechanism 5.
pub fn verify_server(mechanism: Mechanism, facts: &Facts<'_>, given: &[u8]) -> Result<Option<u32>, HlsError> {
    verify(mechanism, Side::Server, facts, given)
}

/// Whether a low-level password is the meter's, in a time that does not tell where they differ.
pub fn password_holds(keys: &MeterKeys, given: &[u8]) -> bool {
    constant_time_eq(&keys.password, given)
}

/// Titles and challenges in the order in which one side proves them.
struct Ordered<'a> {
    prover: SystemTitle,
    verifier: SystemTitle,
    answered: &'a [u8],
    asked: &'a [u8],
}

fn ordered<'a>(mechanism: Mechanism, by: Side, facts: &Facts<'a>) -> Result<Ordered<'a>, HlsError> {
    let (ctos, stoc) = (facts.client_challenge, facts.server_challenge);
    if !mechanism.is_high() {
        return Err(HlsError::NotHigh);
    }
    // A client that sent the meter's own challenge back could have the meter answer for it.
    if !CHALLENGE.contains(&ctos.len()) || !CHALLENGE.contains(&stoc.len()) || ctos == stoc {
        return Err(HlsError::Challenge);
    }
    if mechanism.needs_titles() && facts.client_title == facts.server_title {
        return Err(HlsError::SameTitle);
    }
    let (client, server) = (facts.client_title, facts.server_title);
    Ok(match by {
        Side::Client => Ordered { prover: client, verifier: server, answered: stoc, asked: ctos },
        Side::Server => Ordered { prover: server, verifier: client, answered: ctos, asked: stoc },
    })
}

fn proof(mechanism: Mechanism, by: Side, facts: &Facts<'_>, counter: u32) -> Result<Proof, HlsError> {
    let order = ordered(mechanism, by, facts)?;
    let keys = keys_with(facts.keys, facts.server_title, facts.suite, facts.changed);
    let secret = if facts.client == Client::Operator { &keys.operator_secret } else { &keys.hls_secret };
    Ok(match mechanism {
        Mechanism::None | Mechanism::Low => return Err(HlsError::NotHigh),
        Mechanism::Md5 => Proof::of(&digest::<md5::Md5>(&[order.answered, secret])),
        Mechanism::Sha1 => Proof::of(&digest::<sha1::Sha1>(&[order.answered, secret])),
        Mechanism::Sha256 => Proof::of(&digest::<sha2::Sha256>(&[
            secret,
            &order.prover.0,
            &order.verifier.0,
            order.answered,
            order.asked,
        ])),
        Mechanism::Gmac => {
            let mut bytes = [0; GMAC_PROOF];
            bytes[0] = 0x10 | facts.suite.id();
            bytes[1..5].copy_from_slice(&counter.to_be_bytes());
            bytes[5..].copy_from_slice(&gmac(facts.suite, &keys, order.prover, counter, order.answered));
            Proof::of(&bytes)
        }
        Mechanism::Ecdsa => {
            let owner = owner(by, facts);
            let key = facts.keys.signing_key(owner, facts.suite).ok_or(HlsError::Suite)?;
            let (message, used) = message(&order);
            let mut bytes = [0; SIGNATURE_MAX];
            let used = key.sign(&message[..used], &mut bytes);
            Proof::of(&bytes[..used])
        }
    })
}

fn verify(mechanism: Mechanism, by: Side, facts: &Facts<'_>, given: &[u8]) -> Result<Option<u32>, HlsError> {
    let counter = match (mechanism, given) {
        (Mechanism::Ecdsa, _) => {
            let order = ordered(mechanism, by, facts)?;
            let key = facts.keys.public_key(owner(by, facts), facts.suite).ok_or(HlsError::Suite)?;
            let (message, used) = message(&order);
            return if key.verify(&message[..used], given) { Ok(None) } else { Err(HlsError::Refused) };
        }
        (Mechanism::Gmac, [_, a, b, c, d, ..]) => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        (Mechanism::Gmac, _) => return Err(HlsError::Refused),
        _ => None,
    };
    // The expected proof is made whole, security control byte included: a prover cannot choose another construction.
    let expected = proof(mechanism, by, facts, counter.unwrap_or(0))?;
    if constant_time_eq(expected.bytes(), given) { Ok(counter) } else { Err(HlsError::Refused) }
}

fn owner(by: Side, facts: &Facts<'_>) -> Owner {
    match by {
        Side::Client => facts.client.owner(),
        Side::Server => Owner::Meter(facts.server_title),
    }
}

fn digest<D: Digest>(parts: &[&[u8]]) -> sha2::digest::Output<D> {
    let mut hasher = D::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}

/// What mechanism 7 signs.
fn message(order: &Ordered<'_>) -> ([u8; 144], usize) {
    concat([&order.prover.0, &order.verifier.0, order.answered, order.asked])
}

/// Joins parts whose lengths [`ordered`] has bounded.
fn concat<const PARTS: usize, const MAX: usize>(parts: [&[u8]; PARTS]) -> ([u8; MAX], usize) {
    let mut bytes = [0; MAX];
    let mut used = 0;
    for part in parts {
        bytes[used..used + part.len()].copy_from_slice(part);
        used += part.len();
    }
    (bytes, used)
}

fn gmac(suite: SecuritySuite, keys: &MeterKeys, title: SystemTitle, counter: u32, challenge: &[u8]) -> [u8; 12] {
    let (iv, _) = concat::<2, 12>([&title.0, &counter.to_be_bytes()]);
    let key_bytes = suite.key_len();
    let control = [0x10 | suite.id()];
    let (aad, used) = concat::<3, 97>([&control, &keys.authentication[..key_bytes], challenge]);
    let key = &keys.unicast[..key_bytes];
    let tag = match suite {
        SecuritySuite::Suite2 => {
            AesGcm::<Aes256, U12, U12>::new(key.into()).encrypt_in_place_detached(&iv.into(), &aad[..used], &mut [])
        }
        _ => AesGcm::<Aes128, U12, U12>::new(key.into()).encrypt_in_place_detached(&iv.into(), &aad[..used], &mut []),
    };
    tag.expect("97 bytes are far below the limit of GCM").into()
}

#[cfg(test)]
mod tests;
