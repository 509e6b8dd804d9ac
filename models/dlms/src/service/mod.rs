//! GET, SET, ACTION and ACCESS: plain requests of an open association, and their plain answers.

pub mod access;
mod action;
mod get;
pub mod parts;
mod proof;
mod set;

use crate::protection::exchange::Exchange;
use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::codec::Reader;
use parts::Answer;

/// Answers a plain request of an association; nothing in `out` means that none is wanted.
///
/// # Errors
/// What to send or do instead.
pub(crate) fn serve(exchange: &mut Exchange<'_>, request: &[u8], out: &mut Vec<u8>) -> Answer {
    let mut reader = Reader::new(request);
    let (Ok(tag), Ok(choice), Ok(invoke)) = (reader.u8(), reader.u8(), reader.u8()) else {
        return Err(Refusal::UNSUPPORTED);
    };
    if !exchange.session.proven && tag != 0xC3 {
        return Err(Refusal::NOT_ALLOWED);
    }
    if request.len() > exchange.longest {
        return Err(Refusal::TOO_LONG);
    }
    match (tag, choice) {
        (0xC0, 1..=3) => get::serve(exchange, choice, invoke, &mut reader, out),
        (0xC1, 1..=5) => set::serve(exchange, choice, invoke, &mut reader, out),
        (0xC3, 1..=6) => action::serve(exchange, choice, invoke, &mut reader, out),
        (access::REQUEST, _) => access::serve(exchange, &request[1..], out),
        _ => Err(Refusal::UNSUPPORTED),
    }?;
    if out.len() > exchange.room && out.len() > exchange.longest_answer() { Err(Refusal::TOO_LONG) } else { Ok(()) }
}
