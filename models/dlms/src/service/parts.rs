//! Parts that the requests of all services are made of.

use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::codec::{Decode, Reader};
use dlms_cosem_rs::xdlms::SelectiveAccess;

/// Done, or what to send or do instead.
pub type Answer = Result<(), Refusal>;

/// Invoke id: an answer is wanted.
pub const CONFIRMED: u8 = 0x40;

/// A request ends where it should.
pub fn ends(reader: &Reader<'_>) -> Answer {
    if reader.is_empty() { Ok(()) } else { Err(Refusal::UNSUPPORTED) }
}

pub fn malformed<E>(_: E) -> Refusal {
    Refusal::UNSUPPORTED
}

pub fn selection<'a>(reader: &mut Reader<'a>) -> Result<Option<SelectiveAccess<'a>>, Refusal> {
    match reader.u8().map_err(malformed)? {
        0 => Ok(None),
        1 => SelectiveAccess::decode(reader).map(Some).map_err(malformed),
        _ => Err(Refusal::UNSUPPORTED),
    }
}
