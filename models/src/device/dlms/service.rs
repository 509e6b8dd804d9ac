//! GET, SET and ACTION: plain requests of an open association, and their plain answers.

use super::association;
use super::blocks::{DOWNLOAD_MAX, Download, Purpose, Upload};
use super::objects::{self, View};
use super::server::Refusal;
use super::session::Session;
use super::{Effects, Meter, Moment, Rest};
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::codec::{Decode, Encode, Reader, Writer};
use dlms_cosem_rs::xdlms::{
    ActionResult, AttributeDescriptor, AttributeDescriptorWithSelection, Conformance, DataAccessResult, DataBlockSA,
    List, MethodDescriptor, SelectiveAccess,
};

/// Head of a block of an answer: tag, choice, invoke id, last block, number, result choice, length.
const BLOCK_HEAD: usize = 3 + 1 + 4 + 1 + 3;
/// Invoke id: an answer is wanted.
const CONFIRMED: u8 = 0x40;

/// What a request is answered with.
pub(super) struct Desk<'a> {
    pub meter: Meter<'a>,
    pub rest: &'a mut Rest,
    pub session: &'a mut Session,
    pub now: Moment,
    pub effects: &'a mut Effects,
    /// Largest plain answer, bytes.
    pub room: usize,
}

type Answer = Result<(), Refusal>;

/// Answers a plain request of an association; nothing in `out` means that none is wanted.
///
/// # Errors
/// What to send or do instead.
pub(super) fn serve(desk: &mut Desk<'_>, request: &[u8], out: &mut Vec<u8>) -> Answer {
    let mut reader = Reader::new(request);
    let (Ok(tag), Ok(choice), Ok(invoke)) = (reader.u8(), reader.u8(), reader.u8()) else {
        return Err(Refusal::UNSUPPORTED);
    };
    if !desk.session.proven && tag != 0xC3 {
        return Err(Refusal::NOT_ALLOWED);
    }
    if request.len() > usize::from(desk.meter.vendor().pdu_max) {
        return Err(Refusal::TOO_LONG);
    }
    match (tag, choice) {
        (0xC0, 1..=3) => get(desk, choice, invoke, &mut reader, out),
        (0xC1, 1..=5) => set(desk, choice, invoke, &mut reader, out),
        (0xC3, 1..=6) => action(desk, choice, invoke, &mut reader, out),
        _ => Err(Refusal::UNSUPPORTED),
    }?;
    if out.len() > desk.room { Err(Refusal::TOO_LONG) } else { Ok(()) }
}

/// A request ends where it should.
fn ends(reader: &Reader<'_>) -> Answer {
    if reader.is_empty() { Ok(()) } else { Err(Refusal::UNSUPPORTED) }
}

fn malformed<E>(_: E) -> Refusal {
    Refusal::UNSUPPORTED
}

fn selection<'a>(reader: &mut Reader<'a>) -> Result<Option<SelectiveAccess<'a>>, Refusal> {
    match reader.u8().map_err(malformed)? {
        0 => Ok(None),
        1 => SelectiveAccess::decode(reader).map(Some).map_err(malformed),
        _ => Err(Refusal::UNSUPPORTED),
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

fn get(desk: &mut Desk<'_>, choice: u8, invoke: u8, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Answer {
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
                out.extend_from_slice(&[1, error.as_u8()]);
            } else if out.len() > desk.room {
                if !desk.session.conformance.contains(Conformance::BLOCK_TRANSFER_WITH_GET_OR_READ) {
                    out.truncate(3);
                    out.extend_from_slice(&[1, DataAccessResult::OtherReason.as_u8()]);
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
            out.extend_from_slice(&[1, error.as_u8()]);
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
                    out.extend_from_slice(&[1, error.as_u8()]);
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

fn store(
    desk: &mut Desk<'_>,
    attribute: AttributeDescriptor,
    selection: Option<SelectiveAccess<'_>>,
    value: &[u8],
) -> DataAccessResult {
    if Data::from_bytes(value).is_err() {
        return DataAccessResult::TypeUnmatched;
    }
    let session = Some(&*desk.session);
    let view = View { meter: desk.meter, now: desk.now, client: desk.session.client, session };
    objects::set(&view, desk.rest, attribute, selection, value, desk.effects)
}

fn set(desk: &mut Desk<'_>, choice: u8, invoke: u8, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Answer {
    let blocks = desk.session.conformance.contains(Conformance::BLOCK_TRANSFER_WITH_SET_OR_WRITE);
    let lists = desk.session.conformance.contains(Conformance::MULTIPLE_REFERENCES);
    if !desk.session.conformance.contains(Conformance::SET)
        || (matches!(choice, 2 | 3 | 5) && !blocks)
        || (matches!(choice, 4 | 5) && !lists)
    {
        return Err(Refusal::NOT_ALLOWED);
    }
    match choice {
        1 => {
            desk.session.upload = None;
            let attribute = AttributeDescriptor::decode(reader).map_err(malformed)?;
            let selection = selection(reader)?;
            let result = store(desk, attribute, selection, reader.rest());
            if invoke & CONFIRMED != 0 {
                out.extend_from_slice(&[0xC5, 1, invoke, result.as_u8()]);
            }
            Ok(())
        }
        4 => {
            desk.session.upload = None;
            let list = List::<AttributeDescriptorWithSelection<'_>>::decode(reader).map_err(malformed)?;
            let mut descriptors = Vec::new();
            list.encode(&mut descriptors).map_err(malformed)?;
            out.extend_from_slice(&[0xC5, 5, invoke]);
            store_list(desk, &descriptors, reader.rest(), out)?;
            if invoke & CONFIRMED == 0 {
                out.clear();
            }
            Ok(())
        }
        _ => {
            if choice != 3 {
                let from = reader.rest();
                let before = reader.consumed();
                if choice == 2 {
                    AttributeDescriptor::decode(reader).map_err(malformed)?;
                    selection(reader)?;
                } else {
                    List::<AttributeDescriptorWithSelection<'_>>::decode(reader).map_err(malformed)?;
                }
                let descriptors = from[..reader.consumed() - before].to_vec();
                let purpose = if choice == 2 { Purpose::Set } else { Purpose::SetList };
                desk.session.upload = Some(Upload::new(purpose, descriptors));
            }
            let block = DataBlockSA::decode(reader).map_err(malformed)?;
            ends(reader)?;
            let number = block.block_number.to_be_bytes();
            let taken = match &mut desk.session.upload {
                Some(upload) if matches!(upload.purpose, Purpose::Set | Purpose::SetList) => {
                    upload.take(block.block_number, block.raw_data)
                }
                _ => Err(DataAccessResult::NoLongSetInProgress),
            };
            if let Err(error) = taken {
                desk.session.upload = None;
                out.extend_from_slice(&[0xC5, 3, invoke, error.as_u8()]);
                out.extend_from_slice(&number);
                return Ok(());
            }
            if !block.last_block {
                out.extend_from_slice(&[0xC5, 2, invoke]);
                out.extend_from_slice(&number);
                return Ok(());
            }
            let Some(upload) = desk.session.upload.take() else { return Err(Refusal::UNSUPPORTED) };
            if upload.purpose == Purpose::Set {
                let mut reader = Reader::new(&upload.descriptors);
                let attribute = AttributeDescriptor::decode(&mut reader).map_err(malformed)?;
                let selection = selection(&mut reader)?;
                let result = store(desk, attribute, selection, upload.bytes());
                out.extend_from_slice(&[0xC5, 3, invoke, result.as_u8()]);
            } else {
                out.extend_from_slice(&[0xC5, 4, invoke]);
                store_list(desk, &upload.descriptors, upload.bytes(), out)?;
            }
            out.extend_from_slice(&number);
            Ok(())
        }
    }
}

/// Sets several attributes; appends how many, and each result.
fn store_list(desk: &mut Desk<'_>, descriptors: &[u8], values: &[u8], out: &mut Vec<u8>) -> Answer {
    let list = List::<AttributeDescriptorWithSelection<'_>>::from_bytes(descriptors).map_err(malformed)?;
    let values = List::<Data<'_>>::from_bytes(values).map_err(malformed)?;
    if list.len() != values.len() {
        return Err(Refusal::UNSUPPORTED);
    }
    // A length of up to three bytes, the results, and the number of the last block.
    if out.len() + 3 + list.len() + 4 > desk.room {
        return Err(Refusal::TOO_LONG);
    }
    out.write_length(list.len()).map_err(malformed)?;
    let mut encoded = Vec::new();
    for (item, value) in list.iter().zip(values.iter()) {
        let (item, value) = (item.map_err(malformed)?, value.map_err(malformed)?);
        encoded.clear();
        value.encode(&mut encoded).map_err(malformed)?;
        out.push(store(desk, item.descriptor, item.access, &encoded).as_u8());
    }
    Ok(())
}

/// Invokes one method; appends result and what it returns.
fn invoke_one(desk: &mut Desk<'_>, method: MethodDescriptor, parameter: Option<&[u8]>, out: &mut Vec<u8>) -> Answer {
    if association::is_proof(&method) {
        return association::prove(desk, parameter, out);
    }
    if !desk.session.proven {
        return Err(Refusal::NOT_ALLOWED);
    }
    let at = out.len();
    // Result, presence of data, choice of data.
    out.extend_from_slice(&[0, 1, 0]);
    if parameter.is_some_and(|p| Data::from_bytes(p).is_err()) {
        out.truncate(at);
        out.extend_from_slice(&[ActionResult::TypeUnmatched.as_u8(), 0]);
        return Ok(());
    }
    let session = Some(&*desk.session);
    let view = View { meter: desk.meter, now: desk.now, client: desk.session.client, session };
    let (result, returns) = objects::act(&view, desk.rest, method, parameter, desk.effects, out);
    out[at] = result.as_u8();
    if !returns {
        out.truncate(at + 1);
        out.push(0);
    }
    Ok(())
}

fn action(desk: &mut Desk<'_>, choice: u8, invoke: u8, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Answer {
    let blocks = desk.session.conformance.contains(Conformance::BLOCK_TRANSFER_WITH_ACTION);
    let lists = desk.session.conformance.contains(Conformance::MULTIPLE_REFERENCES);
    if !desk.session.conformance.contains(Conformance::ACTION)
        || (matches!(choice, 4..=6) && !(blocks && desk.session.proven))
        || (matches!(choice, 3 | 5) && !(lists && desk.session.proven))
    {
        return Err(Refusal::NOT_ALLOWED);
    }
    match choice {
        1 => {
            desk.session.upload = None;
            let method = MethodDescriptor::decode(reader).map_err(malformed)?;
            let parameter = match reader.u8().map_err(malformed)? {
                0 => {
                    ends(reader)?;
                    None
                }
                1 => Some(reader.rest()),
                _ => return Err(Refusal::UNSUPPORTED),
            };
            out.extend_from_slice(&[0xC7, 1, invoke]);
            invoke_one(desk, method, parameter, out)?;
        }
        // No method returns more than an APDU holds, so that no return value comes in blocks.
        2 => {
            reader.u32().map_err(malformed)?;
            ends(reader)?;
            out.extend_from_slice(&[0xC7, 1, invoke, ActionResult::NoLongActionInProgress.as_u8(), 0]);
        }
        3 => {
            desk.session.upload = None;
            let list = List::<MethodDescriptor>::decode(reader).map_err(malformed)?;
            let mut descriptors = Vec::new();
            list.encode(&mut descriptors).map_err(malformed)?;
            out.extend_from_slice(&[0xC7, 3, invoke]);
            invoke_list(desk, &descriptors, reader.rest(), out)?;
        }
        _ => return long_action(desk, choice, invoke, reader, out),
    }
    if invoke & CONFIRMED == 0 {
        out.clear();
    } else if out.len() > desk.room {
        out.truncate(3);
        out.extend_from_slice(&[ActionResult::OtherReason.as_u8(), 0]);
        out[1] = 1;
    }
    Ok(())
}

fn long_action(desk: &mut Desk<'_>, choice: u8, invoke: u8, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Answer {
    if choice != 6 {
        let from = reader.rest();
        let before = reader.consumed();
        if choice == 4 {
            MethodDescriptor::decode(reader).map_err(malformed)?;
        } else {
            List::<MethodDescriptor>::decode(reader).map_err(malformed)?;
        }
        let descriptors = from[..reader.consumed() - before].to_vec();
        let purpose = if choice == 4 { Purpose::Action } else { Purpose::ActionList };
        desk.session.upload = Some(Upload::new(purpose, descriptors));
    }
    let block = DataBlockSA::decode(reader).map_err(malformed)?;
    ends(reader)?;
    let taken = match &mut desk.session.upload {
        Some(upload) if matches!(upload.purpose, Purpose::Action | Purpose::ActionList) => {
            upload.take(block.block_number, block.raw_data).map_err(|_| ActionResult::LongActionAborted)
        }
        _ => Err(ActionResult::NoLongActionInProgress),
    };
    if let Err(error) = taken {
        desk.session.upload = None;
        out.extend_from_slice(&[0xC7, 1, invoke, error.as_u8(), 0]);
        return Ok(());
    }
    if !block.last_block {
        out.extend_from_slice(&[0xC7, 4, invoke]);
        out.extend_from_slice(&block.block_number.to_be_bytes());
        return Ok(());
    }
    let Some(upload) = desk.session.upload.take() else { return Err(Refusal::UNSUPPORTED) };
    if upload.purpose == Purpose::Action {
        let method = MethodDescriptor::from_bytes(&upload.descriptors).map_err(malformed)?;
        out.extend_from_slice(&[0xC7, 1, invoke]);
        invoke_one(desk, method, Some(upload.bytes()), out)
    } else {
        out.extend_from_slice(&[0xC7, 3, invoke]);
        invoke_list(desk, &upload.descriptors, upload.bytes(), out)
    }
}

fn invoke_list(desk: &mut Desk<'_>, descriptors: &[u8], parameters: &[u8], out: &mut Vec<u8>) -> Answer {
    let list = List::<MethodDescriptor>::from_bytes(descriptors).map_err(malformed)?;
    let parameters = List::<Data<'_>>::from_bytes(parameters).map_err(malformed)?;
    if list.len() != parameters.len() {
        return Err(Refusal::UNSUPPORTED);
    }
    if out.len() + 3 + 2 * list.len() > desk.room {
        return Err(Refusal::TOO_LONG);
    }
    if list.iter().flatten().any(|method| association::is_proof(&method)) {
        return Err(Refusal::NOT_ALLOWED);
    }
    out.write_length(list.len()).map_err(malformed)?;
    let mut encoded = Vec::new();
    for (method, parameter) in list.iter().zip(parameters.iter()) {
        let (method, parameter) = (method.map_err(malformed)?, parameter.map_err(malformed)?);
        encoded.clear();
        parameter.encode(&mut encoded).map_err(malformed)?;
        invoke_one(desk, method, Some(&encoded), out)?;
    }
    Ok(())
}
