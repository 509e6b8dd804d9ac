//! ACTION: one method, several, and parameters that come in blocks.

use super::super::association;
use super::super::blocks::{Purpose, Upload};
use super::super::objects::{self, View};
use super::super::server::Refusal;
use super::{Answer, CONFIRMED, Desk, ends, malformed};
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::codec::{Decode, Encode, Reader, Writer};
use dlms_cosem_rs::xdlms::{ActionResult, Conformance, DataBlockSA, List, MethodDescriptor};

/// Answers an ACTION of this choice.
pub fn serve(desk: &mut Desk<'_>, choice: u8, invoke: u8, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Answer {
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
            invoke_one(desk, method, parameter, after(invoke, 0), out)?;
        }
        // No method returns more than an APDU holds, so that no return value comes in blocks.
        2 => {
            reader.u32().map_err(malformed)?;
            ends(reader)?;
            let result = desk.tell(ActionResult::NoLongActionInProgress.as_u8());
            out.extend_from_slice(&[0xC7, 1, invoke, result, 0]);
        }
        3 => {
            desk.session.upload = None;
            let list = List::<MethodDescriptor>::decode(reader).map_err(malformed)?;
            let mut descriptors = Vec::new();
            list.encode(&mut descriptors).map_err(malformed)?;
            out.extend_from_slice(&[0xC7, 3, invoke]);
            invoke_list(desk, &descriptors, reader.rest(), invoke, out)?;
        }
        _ => return long_action(desk, choice, invoke, reader, out),
    }
    if invoke & CONFIRMED == 0 {
        out.clear();
    } else if out.len() > desk.room {
        out.truncate(3);
        out.extend_from_slice(&[desk.tell(ActionResult::OtherReason.as_u8()), 0]);
        out[1] = 1;
    }
    Ok(())
}

/// Bytes of an answer that results of the methods after this one take; `None` if nothing is answered.
fn after(invoke: u8, methods: usize) -> Option<usize> {
    (invoke & CONFIRMED != 0).then_some(2 * methods)
}

/// Invokes one method; appends result and what it returns.
fn invoke_one(
    desk: &mut Desk<'_>,
    method: MethodDescriptor,
    parameter: Option<&[u8]>,
    after: Option<usize>,
    out: &mut Vec<u8>,
) -> Answer {
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
        out.extend_from_slice(&[desk.tell(ActionResult::TypeUnmatched.as_u8()), 0]);
        return Ok(());
    }
    let session = Some(&*desk.session);
    let view = View { meter: desk.meter, now: desk.now, client: desk.session.client, session };
    let room = after.map(|after| desk.room.saturating_sub(out.len() + after));
    let (result, returns) = objects::act(&view, desk.rest, method, parameter, room, desk.effects, out);
    out[at] = desk.tell(result.as_u8());
    if !returns {
        out.truncate(at + 1);
        out.push(0);
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
        out.extend_from_slice(&[0xC7, 1, invoke, desk.tell(error.as_u8()), 0]);
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
        invoke_one(desk, method, Some(upload.bytes()), after(invoke, 0), out)
    } else {
        out.extend_from_slice(&[0xC7, 3, invoke]);
        invoke_list(desk, &upload.descriptors, upload.bytes(), invoke, out)
    }
}

fn invoke_list(desk: &mut Desk<'_>, descriptors: &[u8], parameters: &[u8], invoke: u8, out: &mut Vec<u8>) -> Answer {
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
    for (place, (method, parameter)) in list.iter().zip(parameters.iter()).enumerate() {
        let (method, parameter) = (method.map_err(malformed)?, parameter.map_err(malformed)?);
        encoded.clear();
        parameter.encode(&mut encoded).map_err(malformed)?;
        invoke_one(desk, method, Some(&encoded), after(invoke, list.len() - 1 - place), out)?;
    }
    Ok(())
}
