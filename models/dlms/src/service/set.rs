//! SET: one attribute, several, and values that come in blocks.

use crate::objects;
use crate::objects::view::View;
use crate::protection::exchange::Exchange;
use crate::service::parts::{Answer, CONFIRMED, ends, malformed, selection};
use crate::session::blocks::{Purpose, Upload};
use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::codec::{Decode, Encode, Reader, Writer};
use dlms_cosem_rs::xdlms::{
    AttributeDescriptor, AttributeDescriptorWithSelection, Conformance, DataAccessResult, DataBlockSA, List,
    SelectiveAccess,
};

/// Answers a SET of this choice.
pub fn serve(
    exchange: &mut Exchange<'_>,
    choice: u8,
    invoke: u8,
    reader: &mut Reader<'_>,
    out: &mut Vec<u8>,
) -> Answer {
    let blocks = exchange.session.conformance.contains(Conformance::BLOCK_TRANSFER_WITH_SET_OR_WRITE);
    let lists = exchange.session.conformance.contains(Conformance::MULTIPLE_REFERENCES);
    if !exchange.session.conformance.contains(Conformance::SET)
        || (matches!(choice, 2 | 3 | 5) && !blocks)
        || (matches!(choice, 4 | 5) && !lists)
    {
        return Err(Refusal::NOT_ALLOWED);
    }
    match choice {
        1 => {
            exchange.session.upload = None;
            let attribute = AttributeDescriptor::decode(reader).map_err(malformed)?;
            let selection = selection(reader)?;
            let result = store(exchange, attribute, selection, reader.rest());
            if invoke & CONFIRMED != 0 {
                out.extend_from_slice(&[0xC5, 1, invoke, result.as_u8()]);
            }
            Ok(())
        }
        4 => {
            exchange.session.upload = None;
            let list = List::<AttributeDescriptorWithSelection<'_>>::decode(reader).map_err(malformed)?;
            let mut descriptors = Vec::new();
            list.encode(&mut descriptors).map_err(malformed)?;
            out.extend_from_slice(&[0xC5, 5, invoke]);
            store_list(exchange, &descriptors, reader.rest(), out)?;
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
                exchange.session.upload = Some(Upload::new(purpose, descriptors));
            }
            let block = DataBlockSA::decode(reader).map_err(malformed)?;
            ends(reader)?;
            let number = block.block_number.to_be_bytes();
            let taken = match &mut exchange.session.upload {
                Some(upload) if matches!(upload.purpose, Purpose::Set | Purpose::SetList) => {
                    upload.take(block.block_number, block.raw_data)
                }
                _ => Err(DataAccessResult::NoLongSetInProgress),
            };
            if let Err(error) = taken {
                exchange.session.upload = None;
                out.extend_from_slice(&[0xC5, 3, invoke, exchange.result(error.as_u8())]);
                out.extend_from_slice(&number);
                return Ok(());
            }
            if !block.last_block {
                out.extend_from_slice(&[0xC5, 2, invoke]);
                out.extend_from_slice(&number);
                return Ok(());
            }
            let Some(upload) = exchange.session.upload.take() else { return Err(Refusal::UNSUPPORTED) };
            if upload.purpose == Purpose::Set {
                let mut reader = Reader::new(&upload.descriptors);
                let attribute = AttributeDescriptor::decode(&mut reader).map_err(malformed)?;
                let selection = selection(&mut reader)?;
                let result = store(exchange, attribute, selection, upload.bytes());
                out.extend_from_slice(&[0xC5, 3, invoke, result.as_u8()]);
            } else {
                out.extend_from_slice(&[0xC5, 4, invoke]);
                store_list(exchange, &upload.descriptors, upload.bytes(), out)?;
            }
            out.extend_from_slice(&number);
            Ok(())
        }
    }
}

/// Sets one attribute to an encoded value.
pub fn store(
    exchange: &mut Exchange<'_>,
    attribute: AttributeDescriptor,
    selection: Option<SelectiveAccess<'_>>,
    value: &[u8],
) -> DataAccessResult {
    if Data::from_bytes(value).is_err() {
        exchange.result(DataAccessResult::TypeUnmatched.as_u8());
        return DataAccessResult::TypeUnmatched;
    }
    let session = Some(&*exchange.session);
    let view = View { meter: exchange.meter, now: exchange.now, client: exchange.session.client, session };
    let result = objects::set(&view, exchange.rest, attribute, selection, value, exchange.effects);
    exchange.result(result.as_u8());
    result
}

/// Sets several attributes; appends how many, and each result.
fn store_list(exchange: &mut Exchange<'_>, descriptors: &[u8], values: &[u8], out: &mut Vec<u8>) -> Answer {
    let list = List::<AttributeDescriptorWithSelection<'_>>::from_bytes(descriptors).map_err(malformed)?;
    let values = List::<Data<'_>>::from_bytes(values).map_err(malformed)?;
    if list.len() != values.len() {
        return Err(Refusal::UNSUPPORTED);
    }
    // A length of up to three bytes, the results, and the number of the last block.
    if out.len() + 3 + list.len() + 4 > exchange.room {
        return Err(Refusal::TOO_LONG);
    }
    out.write_length(list.len()).map_err(malformed)?;
    let mut encoded = Vec::new();
    for (item, value) in list.iter().zip(values.iter()) {
        let (item, value) = (item.map_err(malformed)?, value.map_err(malformed)?);
        encoded.clear();
        value.encode(&mut encoded).map_err(malformed)?;
        out.push(store(exchange, item.descriptor, item.access, &encoded).as_u8());
    }
    Ok(())
}
