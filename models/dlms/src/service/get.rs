//! GET: one attribute, several, and what is longer than an APDU.

use crate::objects;
use crate::objects::view::View;
use crate::protection::exchange::Exchange;
use crate::service::parts::{Answer, ends, malformed, selection};
use crate::session::blocks::{DOWNLOAD_MAX, Download};
use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::codec::{Decode, Reader, Writer};
use dlms_cosem_rs::xdlms::{
    AttributeDescriptor, AttributeDescriptorWithSelection, Conformance, DataAccessResult, List, SelectiveAccess,
};

/// Head of a block of an answer: tag, choice, invoke id, last block, number, result choice, length.
const BLOCK_HEAD: usize = 3 + 1 + 4 + 1 + 3;

/// Answers a GET of this choice.
pub fn serve(
    exchange: &mut Exchange<'_>,
    choice: u8,
    invoke: u8,
    reader: &mut Reader<'_>,
    out: &mut Vec<u8>,
) -> Answer {
    if !exchange.session.conformance.contains(Conformance::GET) {
        return Err(Refusal::NOT_ALLOWED);
    }
    if choice != 2 {
        exchange.session.download = None;
    }
    match choice {
        1 => {
            let attribute = AttributeDescriptor::decode(reader).map_err(malformed)?;
            let selection = selection(reader)?;
            ends(reader)?;
            out.extend_from_slice(&[0xC4, 1, invoke, 0]);
            if let Err(error) = value(exchange, attribute, selection, out) {
                out.truncate(3);
                out.extend_from_slice(&[1, exchange.result(error.as_u8())]);
            } else if out.len() > exchange.room {
                if !exchange.session.conformance.contains(Conformance::BLOCK_TRANSFER_WITH_GET_OR_READ) {
                    if out.len() <= exchange.longest_answer() {
                        return Ok(());
                    }
                    out.truncate(3);
                    out.extend_from_slice(&[1, exchange.result(DataAccessResult::OtherReason.as_u8())]);
                    return Ok(());
                }
                exchange.session.download = Some(Download::new(out[4..].to_vec()));
                next_block(exchange, invoke, out);
            }
            Ok(())
        }
        2 => {
            let number = reader.u32().map_err(malformed)?;
            ends(reader)?;
            let error = match &exchange.session.download {
                Some(download) if download.block() == number => {
                    next_block(exchange, invoke, out);
                    return Ok(());
                }
                Some(_) => DataAccessResult::DataBlockNumberInvalid,
                None => DataAccessResult::NoLongGetInProgress,
            };
            exchange.session.download = None;
            out.extend_from_slice(&[0xC4, 2, invoke, 1]);
            out.extend_from_slice(&number.to_be_bytes());
            out.extend_from_slice(&[1, exchange.result(error.as_u8())]);
            Ok(())
        }
        _ => {
            if !exchange.session.conformance.contains(Conformance::MULTIPLE_REFERENCES) {
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
                if let Err(error) = value(exchange, item.descriptor, item.access, out) {
                    out.truncate(at);
                    out.extend_from_slice(&[1, exchange.result(error.as_u8())]);
                }
                if out.len() > DOWNLOAD_MAX {
                    return Err(Refusal::TOO_LONG);
                }
            }
            if out.len() > exchange.room {
                if !exchange.session.conformance.contains(Conformance::BLOCK_TRANSFER_WITH_GET_OR_READ) {
                    let fits = out.len() <= exchange.longest_answer();
                    return if fits { Ok(()) } else { Err(Refusal::TOO_LONG) };
                }
                exchange.session.download = Some(Download::new(out[3..].to_vec()));
                next_block(exchange, invoke, out);
            }
            Ok(())
        }
    }
}

/// Appends the value of an attribute. After an error, what was written does not count.
pub fn value(
    exchange: &Exchange<'_>,
    attribute: AttributeDescriptor,
    selection: Option<SelectiveAccess<'_>>,
    out: &mut Vec<u8>,
) -> Result<(), DataAccessResult> {
    if selection.is_some() && !exchange.session.conformance.contains(Conformance::SELECTIVE_ACCESS) {
        return Err(DataAccessResult::ScopeOfAccessViolated);
    }
    let session = Some(&*exchange.session);
    let view = View { meter: exchange.meter, now: exchange.now, client: exchange.session.client, session };
    objects::get(&view, exchange.rest, attribute, selection, out)
}

/// Writes the next block of the answer on its way out.
fn next_block(exchange: &mut Exchange<'_>, invoke: u8, out: &mut Vec<u8>) {
    let room = exchange.room.saturating_sub(BLOCK_HEAD).max(1);
    let Some(download) = &mut exchange.session.download else { return };
    let (number, last, bytes) = download.next(room);
    out.clear();
    out.extend_from_slice(&[0xC4, 2, invoke, u8::from(last)]);
    out.extend_from_slice(&number.to_be_bytes());
    out.push(0);
    // A vector takes every length below 4 GiB.
    let _ = out.write_length_prefixed(bytes);
    if last {
        exchange.session.download = None;
    }
}
