//! General-signing (0xDF): APDUs that name both parties and are signed. Their answers are signed as well.

use crate::crypto::agreement;
use crate::meter::client::Client;
use crate::meter::fleet::Meter;
use crate::meter::signatures;
use crate::protection::head::Head;
use crate::session::Session;
use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::codec::{Reader, Writer};
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::Conformance;
use std::ops::Range;

/// Tag of general-signing.
pub const SIGNED: u8 = 0xDF;

/// The content of a general-signing APDU of this client, once its signature holds.
pub(crate) fn open(meter: Meter<'_>, session: &Session, request: &[u8]) -> Result<Signed, Refusal> {
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
pub(crate) struct Signed {
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
        let signature = signatures::meter_signature(meter, &[&head, content].concat());
        out.push(SIGNED);
        out.extend_from_slice(&head);
        for field in [content, &signature] {
            out.write_length(field.len()).map_err(|_| Refusal::Close)?;
            out.extend_from_slice(field);
        }
        Ok(())
    }
}
