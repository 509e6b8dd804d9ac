//! What general-ciphering and general-signing begin with: a transaction and both parties.

use crate::meter::fleet::Meter;
use crate::session::Session;
use dlms_cosem_rs::codec::{Reader, Result as Read};
use std::ops::Range;

/// Longest transaction identifier that is answered, bytes.
const TRANSACTION_MAX: usize = 32;

/// What this form and general-signing begin with.
pub(crate) struct Head {
    pub transaction: Vec<u8>,
    pub originator: Vec<u8>,
    recipient: Vec<u8>,
    /// Where the head lies in the APDU, its fields with their lengths.
    pub bytes: Range<usize>,
}

impl Head {
    pub fn read(reader: &mut Reader<'_>) -> Read<Head> {
        let from = reader.consumed();
        let transaction = reader.length_prefixed()?.to_vec();
        let originator = reader.length_prefixed()?.to_vec();
        let recipient = reader.length_prefixed()?.to_vec();
        // Date and time, other information: authenticated, of no consequence.
        reader.length_prefixed()?;
        reader.length_prefixed()?;
        Ok(Head { transaction, originator, recipient, bytes: from..reader.consumed() })
    }

    /// Whether it goes from this client to this meter.
    pub fn fits(&self, meter: Meter<'_>, session: &Session) -> bool {
        let known = session.client_title != [0; 8] && self.originator == session.client_title;
        known && self.recipient == meter.system_title().0 && self.transaction.len() <= TRANSACTION_MAX
    }

    /// The answer's: the same transaction, the other way.
    pub fn answer(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        for field in [&self.transaction, &self.recipient, &self.originator] {
            out.push(field.len() as u8);
            out.extend_from_slice(field);
        }
        out.extend_from_slice(&[0, 0]);
        out
    }
}
