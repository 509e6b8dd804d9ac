//! GET: one attribute, several, and what is longer than an APDU.

use super::super::blocks::{DOWNLOAD_MAX, Download};
use super::super::objects::{self, View};
use super::super::server::Refusal;
use super::{Answer, Desk, ends, malformed, selection};
use dlms_cosem_rs::codec::{Decode, Reader, Writer};
use dlms_cosem_rs::xdlms::{
    AttributeDescriptor, AttributeDescriptorWithSelection, Conformance, DataAccessResult, List, SelectiveAccess,
};

/// Head of a block of an answer: tag, choice, invoke id, last block, number, result choice, length.
const BLOCK_HEAD: usize = 3 + 1 + 4 + 1 + 3;

/// Answers a GET of this choice.
pub fn serve(desk: &mut Desk<'_>, choice: u8, invoke: u8, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Answer {
    if !desk.session.conformance.contains(Conformance::GET) {
        return Err(Refusal::NOT_ALLOWED);
    }
    if choice != 2 {
        desk.session.download = None;
    }
    match choice {
        1 => {
            let attribute = AttributeDescriptor::decode(reader).map_err(malformed)?;
            let selection = selection(reader)?;
            ends(reader)?;
            out.extend_from_slice(&[0xC4, 1, invoke, 0]);
            if let Err(error) = value(desk, attribute, selection, out) {
                out.truncate(3);
                out.extend_from_slice(&[1, desk.tell(error.as_u8())]);
            } else if out.len() > desk.room {
                if !desk.session.conformance.contains(Conformance::BLOCK_TRANSFER_WITH_GET_OR_READ) {
                    out.truncate(3);
                    out.extend_from_slice(&[1, desk.tell(DataAccessResult::OtherReason.as_u8())]);
                    return Ok(());
                }
                desk.session.download = Some(Download::new(out[4..].to_vec()));
                next_block(desk, invoke, out);
            }
            Ok(())
        }
        2 => {
            let number = reader.u32().map_err(malformed)?;
            ends(reader)?;
            let error = match &desk.session.download {
                Some(download) if download.block() == number => {
                    next_block(desk, invoke, out);
                    return Ok(());
                }
                Some(_) => DataAccessResult::DataBlockNumberInvalid,
                None => DataAccessResult::NoLongGetInProgress,
            };
            desk.session.download = None;
            out.extend_from_slice(&[0xC4, 2, invoke, 1]);
            out.extend_from_slice(&number.to_be_bytes());
            out.extend_from_slice(&[1, desk.tell(error.as_u8())]);
            Ok(())
        }
        _ => {
            if !desk.session.conformance.contains(Conformance::MULTIPLE_REFERENCES) {
                return Err(Refusal::NOT_ALLOWED);
            }
            let list = List::<AttributeDescriptorWithSelection<'_>>::decode(reader).map_err(malformed)?;
            ends(reader)?;
            out.extend_from_slice(&[0xC4, 3, invoke]);
            out.write_length(list.len()).map_err(malformed)?;
            for item in list.iter() {
                let item = item.map_err(malformed)?;
                let at = out.len();
                out.push(0);
                if let Err(error) = value(desk, item.descriptor, item.access, out) {
                    out.truncate(at);
                    out.extend_from_slice(&[1, desk.tell(error.as_u8())]);
                }
                if out.len() > DOWNLOAD_MAX {
                    return Err(Refusal::TOO_LONG);
                }
            }
            if out.len() > desk.room {
                if !desk.session.conformance.contains(Conformance::BLOCK_TRANSFER_WITH_GET_OR_READ) {
                    return Err(Refusal::TOO_LONG);
                }
                desk.session.download = Some(Download::new(out[3..].to_vec()));
                next_block(desk, invoke, out);
            }
            Ok(())
        }
    }
}

fn value(
    desk: &Desk<'_>,
    attribute: AttributeDescriptor,
    selection: Option<SelectiveAccess<'_>>,
    out: &mut Vec<u8>,
) -> Result<(), DataAccessResult> {
    if selection.is_some() && !desk.session.conformance.contains(Conformance::SELECTIVE_ACCESS) {
        return Err(DataAccessResult::ScopeOfAccessViolated);
    }
    let session = Some(&*desk.session);
    let view = View { meter: desk.meter, now: desk.now, client: desk.session.client, session };
    objects::get(&view, desk.rest, attribute, selection, out)
}

/// Writes the next block of the answer on its way out.
fn next_block(desk: &mut Desk<'_>, invoke: u8, out: &mut Vec<u8>) {
    let room = desk.room.saturating_sub(BLOCK_HEAD).max(1);
    let Some(download) = &mut desk.session.download else { return };
    let (number, last, bytes) = download.next(room);
    out.clear();
    out.extend_from_slice(&[0xC4, 2, invoke, u8::from(last)]);
    out.extend_from_slice(&number.to_be_bytes());
    out.push(0);
    // A vector takes every length below 4 GiB.
    let _ = out.write_length_prefixed(bytes);
    if last {
        desk.session.download = None;
    }
}
