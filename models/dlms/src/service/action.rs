//! ACTION: one method, several, and parameters that come in blocks.

use crate::objects;
use crate::objects::view::View;
use crate::protection::exchange::Exchange;
use crate::service::parts::{Answer, CONFIRMED, ends, malformed};
use crate::service::proof;
use crate::session::blocks::{Purpose, Upload};
use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::codec::{Decode, Encode, Reader, Writer};
use dlms_cosem_rs::xdlms::{ActionResult, Conformance, DataBlockSA, List, MethodDescriptor};

/// Answers an ACTION of this choice.
pub fn serve(
    exchange: &mut Exchange<'_>,
    choice: u8,
    invoke: u8,
    reader: &mut Reader<'_>,
    out: &mut Vec<u8>,
) -> Answer {
    let blocks = exchange.session.conformance.contains(Conformance::BLOCK_TRANSFER_WITH_ACTION);
    let lists = exchange.session.conformance.contains(Conformance::MULTIPLE_REFERENCES);
    if !exchange.session.conformance.contains(Conformance::ACTION)
        || (matches!(choice, 4..=6) && !(blocks && exchange.session.proven))
        || (matches!(choice, 3 | 5) && !(lists && exchange.session.proven))
    {
        return Err(Refusal::NOT_ALLOWED);
    }
    match choice {
        1 => {
            exchange.session.upload = None;
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
            invoke_one(exchange, method, parameter, after(invoke, 0), out)?;
        }
        // No method returns more than an APDU holds, so that no return value comes in blocks.
        2 => {
            reader.u32().map_err(malformed)?;
            ends(reader)?;
            let result = exchange.result(ActionResult::NoLongActionInProgress.as_u8());
            out.extend_from_slice(&[0xC7, 1, invoke, result, 0]);
        }
        3 => {
            exchange.session.upload = None;
            let list = List::<MethodDescriptor>::decode(reader).map_err(malformed)?;
            let mut descriptors = Vec::new();
            list.encode(&mut descriptors).map_err(malformed)?;
            out.extend_from_slice(&[0xC7, 3, invoke]);
            invoke_list(exchange, &descriptors, reader.rest(), invoke, out)?;
        }
        _ => return long_action(exchange, choice, invoke, reader, out),
    }
    if invoke & CONFIRMED == 0 {
        out.clear();
    } else if out.len() > exchange.room {
        out.truncate(3);
        out.extend_from_slice(&[exchange.result(ActionResult::OtherReason.as_u8()), 0]);
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
    exchange: &mut Exchange<'_>,
    method: MethodDescriptor,
    parameter: Option<&[u8]>,
    after: Option<usize>,
    out: &mut Vec<u8>,
) -> Answer {
    if proof::is_proof(exchange.session.client, &method) {
        return proof::prove(exchange, parameter, out);
    }
    if !exchange.session.proven {
        return Err(Refusal::NOT_ALLOWED);
    }
    let at = out.len();
    // Result, presence of data, choice of data.
    out.extend_from_slice(&[0, 1, 0]);
    let room = after.map(|after| exchange.room.saturating_sub(out.len() + after));
    let (result, returns) = invoke(exchange, method, parameter, room, out);
    out[at] = exchange.result(result.as_u8());
    if !returns {
        out.truncate(at + 1);
        out.push(0);
    }
    Ok(())
}

/// Invokes a method; the second value says whether `out` holds return data. `room` is how many bytes it may return, `None` if
/// nobody is answered.
pub fn invoke(
    exchange: &mut Exchange<'_>,
    method: MethodDescriptor,
    parameter: Option<&[u8]>,
    room: Option<usize>,
    out: &mut Vec<u8>,
) -> (ActionResult, bool) {
    if parameter.is_some_and(|p| Data::from_bytes(p).is_err()) {
        return (ActionResult::TypeUnmatched, false);
    }
    let session = Some(&*exchange.session);
    let view = View { meter: exchange.meter, now: exchange.now, client: exchange.session.client, session };
    objects::act(&view, exchange.rest, method, parameter, room, exchange.effects, out)
}

fn long_action(
    exchange: &mut Exchange<'_>,
    choice: u8,
    invoke: u8,
    reader: &mut Reader<'_>,
    out: &mut Vec<u8>,
) -> Answer {
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
        exchange.session.upload = Some(Upload::new(purpose, descriptors));
    }
    let block = DataBlockSA::decode(reader).map_err(malformed)?;
    ends(reader)?;
    let taken = match &mut exchange.session.upload {
        Some(upload) if matches!(upload.purpose, Purpose::Action | Purpose::ActionList) => {
            upload.take(block.block_number, block.raw_data).map_err(|_| ActionResult::LongActionAborted)
        }
        _ => Err(ActionResult::NoLongActionInProgress),
    };
    if let Err(error) = taken {
        exchange.session.upload = None;
        out.extend_from_slice(&[0xC7, 1, invoke, exchange.result(error.as_u8()), 0]);
        return Ok(());
    }
    if !block.last_block {
        out.extend_from_slice(&[0xC7, 4, invoke]);
        out.extend_from_slice(&block.block_number.to_be_bytes());
        return Ok(());
    }
    let Some(upload) = exchange.session.upload.take() else { return Err(Refusal::UNSUPPORTED) };
    if upload.purpose == Purpose::Action {
        let method = MethodDescriptor::from_bytes(&upload.descriptors).map_err(malformed)?;
        out.extend_from_slice(&[0xC7, 1, invoke]);
        invoke_one(exchange, method, Some(upload.bytes()), after(invoke, 0), out)
    } else {
        out.extend_from_slice(&[0xC7, 3, invoke]);
        invoke_list(exchange, &upload.descriptors, upload.bytes(), invoke, out)
    }
}

fn invoke_list(
    exchange: &mut Exchange<'_>,
    descriptors: &[u8],
    parameters: &[u8],
    invoke: u8,
    out: &mut Vec<u8>,
) -> Answer {
    let list = List::<MethodDescriptor>::from_bytes(descriptors).map_err(malformed)?;
    let parameters = List::<Data<'_>>::from_bytes(parameters).map_err(malformed)?;
    if list.len() != parameters.len() {
        return Err(Refusal::UNSUPPORTED);
    }
    if out.len() + 3 + 2 * list.len() > exchange.room {
        return Err(Refusal::TOO_LONG);
    }
    if list.iter().flatten().any(|method| proof::is_proof(exchange.session.client, &method)) {
        return Err(Refusal::NOT_ALLOWED);
    }
    out.write_length(list.len()).map_err(malformed)?;
    let mut encoded = Vec::new();
    for (place, (method, parameter)) in list.iter().zip(parameters.iter()).enumerate() {
        let (method, parameter) = (method.map_err(malformed)?, parameter.map_err(malformed)?);
        encoded.clear();
        parameter.encode(&mut encoded).map_err(malformed)?;
        invoke_one(exchange, method, Some(&encoded), after(invoke, list.len() - 1 - place), out)?;
    }
    Ok(())
}
