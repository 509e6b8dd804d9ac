//! ACCESS: GET, SET and ACTION in one list, each with a result of its own.

use crate::crypto::cipher::TITLE;
use crate::objects;
use crate::objects::view::View;
use crate::protection::exchange::Exchange;
use crate::service::parts::{Answer, ends, malformed};
use crate::service::{action, get, proof, set};
use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::codec::{Decode, Encode, Error, ErrorKind, Reader, Writer};
use dlms_cosem_rs::xdlms::{
    AttributeDescriptor, Conformance, DataAccessResult, List, MethodDescriptor, OptionalDateTime, SelectiveAccess,
};

/// Tags of the request and of its answer.
pub const REQUEST: u8 = 0xD9;
const RESPONSE: u8 = 0xDA;

// Of the long invoke id, by the standard's numbers of bits.
const SELF_DESCRIPTIVE: u32 = 1 << 28;
const BREAK_ON_ERROR: u32 = 1 << 29;
const CONFIRMED: u32 = 1 << 30;

/// Most specifications of a request; each can cost as much as a GET.
const ITEMS_MAX: usize = 127;
/// Bytes of a result: which service, and what became of it.
const RESULT: usize = 2;

/// What a request specifies. Not the protocol crate's type: that expects a flag in front of a selection, which these have not.
#[derive(Clone, Copy)]
enum Item<'a> {
    Get(AttributeDescriptor, Option<SelectiveAccess<'a>>),
    Set(AttributeDescriptor, Option<SelectiveAccess<'a>>),
    Action(MethodDescriptor),
}

impl<'a> Decode<'a> for Item<'a> {
    fn decode(reader: &mut Reader<'a>) -> Result<Self, Error> {
        Ok(match reader.u8()? {
            1 => Item::Get(AttributeDescriptor::decode(reader)?, None),
            2 => Item::Set(AttributeDescriptor::decode(reader)?, None),
            3 => Item::Action(MethodDescriptor::decode(reader)?),
            4 => Item::Get(AttributeDescriptor::decode(reader)?, Some(SelectiveAccess::decode(reader)?)),
            5 => Item::Set(AttributeDescriptor::decode(reader)?, Some(SelectiveAccess::decode(reader)?)),
            other => return Err(Error::new(ErrorKind::InvalidTag(other), reader.consumed())),
        })
    }
}

impl Item<'_> {
    /// The service that answers it.
    fn service(&self) -> u8 {
        match self {
            Item::Get(..) => 1,
            Item::Set(..) => 2,
            Item::Action(_) => 3,
        }
    }
}

/// Answers an ACCESS request; `request` is what follows its tag.
pub fn serve(exchange: &mut Exchange<'_>, request: &[u8], out: &mut Vec<u8>) -> Answer {
    if !exchange.session.conformance.contains(Conformance::ACCESS) {
        return Err(Refusal::UNSUPPORTED);
    }
    let mut reader = Reader::new(request);
    let invoke = reader.u32().map_err(malformed)?;
    let asked_at = OptionalDateTime::decode(&mut reader).map_err(malformed)?;
    let (described, before) = (reader.rest(), reader.consumed());
    let list = List::<Item<'_>>::decode(&mut reader).map_err(malformed)?;
    let described = &described[..reader.consumed() - before];
    let data = List::<Data<'_>>::decode(&mut reader).map_err(malformed)?;
    ends(&reader)?;
    if list.len() != data.len() {
        return Err(Refusal::UNSUPPORTED);
    }
    let client = exchange.session.client;
    if list.iter().flatten().any(|item| matches!(item, Item::Action(method) if proof::is_proof(client, &method))) {
        return Err(Refusal::NOT_ALLOWED);
    }
    if list.len() > ITEMS_MAX {
        return Err(Refusal::TOO_LONG);
    }
    out.push(RESPONSE);
    out.extend_from_slice(&invoke.to_be_bytes());
    match asked_at.0 {
        // Who says when it asks is told when it is answered.
        Some(_) => {
            let view = view(exchange);
            let now = objects::time(&view, exchange.rest).to_bytes();
            out.write_length_prefixed(&now).map_err(malformed)?;
        }
        None => out.push(0),
    }
    if invoke & SELF_DESCRIPTIVE != 0 {
        out.push(1);
        out.extend_from_slice(described);
    } else {
        out.push(0);
    }
    out.push(list.len() as u8);
    let confirmed = invoke & CONFIRMED != 0;
    // Ciphered, it has the general form, whatever form the vendor prefers.
    let longest = exchange.longest_answer().saturating_sub(if exchange.session.ciphered { TITLE } else { 0 });
    // Null-data for each, and the results with their number.
    if out.len() + list.len() + 1 + RESULT * list.len() > longest {
        return Err(Refusal::TOO_LONG);
    }
    let mut results = Vec::with_capacity(1 + RESULT * list.len());
    results.push(list.len() as u8);
    let (mut encoded, mut stopped) = (Vec::new(), false);
    for (place, (item, value)) in list.iter().zip(data.iter()).enumerate() {
        let (item, value) = (item.map_err(malformed)?, value.map_err(malformed)?);
        let at = out.len();
        let after = list.len() - 1 - place + 1 + RESULT * list.len();
        // Where its value must have ended.
        let end = longest.saturating_sub(after);
        encoded.clear();
        value.encode(&mut encoded).map_err(malformed)?;
        let result = match item {
            _ if stopped => DataAccessResult::OtherReason.as_u8(),
            Item::Get(attribute, selection) => read(exchange, attribute, selection, end, out).as_u8(),
            Item::Set(attribute, selection) => set::store(exchange, attribute, selection, &encoded).as_u8(),
            Item::Action(method) => {
                let parameter = (value != Data::Null).then_some(&encoded[..]);
                let room = confirmed.then(|| end.saturating_sub(at));
                let (result, returns) = action::invoke(exchange, method, parameter, room, out);
                if !returns {
                    out.truncate(at);
                }
                result.as_u8()
            }
        };
        if out.len() == at {
            out.push(0);
        }
        stopped |= exchange.result(result) != 0 && invoke & BREAK_ON_ERROR != 0;
        results.extend_from_slice(&[item.service(), result]);
    }
    out.extend_from_slice(&results);
    if !confirmed {
        out.clear();
    }
    Ok(())
}

fn view<'a>(exchange: &'a Exchange<'_>) -> View<'a> {
    View {
        meter: exchange.meter,
        now: exchange.now,
        client: exchange.session.client,
        session: Some(&*exchange.session),
    }
}

/// Appends a value that ends in time, or nothing.
fn read(
    exchange: &Exchange<'_>,
    attribute: AttributeDescriptor,
    selection: Option<SelectiveAccess<'_>>,
    end: usize,
    out: &mut Vec<u8>,
) -> DataAccessResult {
    let at = out.len();
    let result = match get::value(exchange, attribute, selection, out) {
        Ok(()) if out.len() <= end => return DataAccessResult::Success,
        // As a GET of what is too long for an APDU.
        Ok(()) => DataAccessResult::OtherReason,
        Err(error) => error,
    };
    out.truncate(at);
    result
}
