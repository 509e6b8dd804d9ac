//! Signatures: general-signing (0xDF), whose answers are signed as well, and signed public keys.

use super::agreement;
use super::general::Head;
use super::keys::{Owner, SIGNATURE_MAX};
use super::server::Refusal;
use super::session::Session;
use super::{Client, Meter};
use dlms_cosem_rs::codec::{Reader, Writer};
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::Conformance;
use std::ops::Range;

/// Tag of general-signing.
pub const SIGNED: u8 = 0xDF;

/// A public key in front of the client's signature over it; `before` is what may stand in front of the signed bytes:
/// published examples have nothing there, clients in the field the number of the scheme or key.
pub(super) fn signed_public<'a>(
    meter: Meter<'_>,
    client: Client,
    data: &'a [u8],
    before: &[&[u8]],
) -> Option<&'a [u8]> {
    let suite = meter.vendor().suite;
    let (public, signature) = data.split_at_checked(agreement::public_bytes(suite))?;
    let client = meter.fleet.keys.public_key(client.owner(), suite)?;
    before.iter().any(|before| client.verify(&[before, public].concat(), signature)).then_some(public)
}

/// Signs as the meter does; empty in suite 0.
pub(super) fn meter_signature(meter: Meter<'_>, message: &[u8]) -> Vec<u8> {
    let key = meter.fleet.keys.signing_key(Owner::Meter(meter.system_title()), meter.vendor().suite);
    key.map_or_else(Vec::new, |key| {
        let mut signature = [0; SIGNATURE_MAX];
        let bytes = key.sign(message, &mut signature);
        signature[..bytes].to_vec()
    })
}

/// The content of a general-signing APDU of this client, once its signature holds.
pub(super) fn opened(meter: Meter<'_>, session: &Session, request: &[u8]) -> Result<Signed, Refusal> {
    // Public client and reader have no key pairs.
    let signs = matches!(session.client, Client::Management | Client::Operator);
    if !signs || !session.conformance.contains(Conformance::GENERAL_PROTECTION) {
        return Err(Refusal::NOT_ALLOWED);
    }
    let suite = meter.vendor().suite;
    let unreadable = |_| Refusal::UNSUPPORTED;
    let mut reader = Reader::new(request);
    reader.skip(1).map_err(unreadable)?;
    let head = Head::read(&mut reader).map_err(unreadable)?;
    let content = reader.length_prefixed().map_err(unreadable)?;
    let end = reader.consumed();
    let signature = reader.length_prefixed().map_err(unreadable)?;
    if !reader.is_empty() {
        return Err(Refusal::UNSUPPORTED);
    }
    // The content without its length is what is signed.
    let message = [&request[head.bytes.clone()], content].concat();
    let client = meter.fleet.keys.public_key(session.client.owner(), suite).filter(|_| head.fits(meter, session));
    if !client.is_some_and(|client| client.verify(&message, signature)) {
        return Err(Refusal::DECIPHERING);
    }
    Ok(Signed { content: end - content.len()..end, head })
}

/// A signed request whose signature holds.
pub(super) struct Signed {
    /// Where its content lies.
    pub content: Range<usize>,
    head: Head,
}

impl Signed {
    /// Bytes that signing adds to an answer, at most.
    pub fn overhead(&self, suite: SecuritySuite) -> usize {
        1 + self.head.answer().len() + 3 + 2 + agreement::public_bytes(suite)
    }

    /// Appends the signed answer.
    pub fn seal(&self, meter: Meter<'_>, content: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let head = self.head.answer();
        let signature = meter_signature(meter, &[&head, content].concat());
        out.push(SIGNED);
        out.extend_from_slice(&head);
        for field in [content, &signature] {
            out.write_length(field.len()).map_err(|_| Refusal::Close)?;
            out.extend_from_slice(field);
        }
        Ok(())
    }
}
