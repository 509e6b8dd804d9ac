//! The meter's server: bytes of one APDU in, bytes of one APDU out, or of several.

mod association;
mod blocks;
pub mod broadcast;
pub mod push;

use crate::crypto::cipher;
use crate::meter::client::Client;
use crate::meter::security::policy;
use crate::protection::exchange::{Call, Exchange};
use crate::protection::signing::Signed;
use crate::protection::{general, message, signing};
use crate::service;
use crate::session::{Session, transfer};
use crate::vocabulary::effects::Denied;
use crate::vocabulary::refusal::Refusal;
use blocks::Taken;

/// What to do after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Send what is in the output.
    Reply,
    /// Send nothing.
    Silent,
    /// Send nothing: more blocks come, or all of them have arrived.
    Wait,
    /// Close the connection; a datagram gets no answer.
    Close,
}

/// Answers one request of the client at `client_address` (wrapper port or HDLC address).
///
/// `request` is deciphered in place; `out` is cleared and then holds the answer. `session` is the association of this
/// client over this connection, opened and released here. No answer of an association is longer than the client takes or
/// the meter sends. Where the call's effects tell of counters exhausted, nothing was done and the request is as it was.
pub fn answer(
    call: &mut Call<'_>,
    session: &mut Option<Box<Session>>,
    client_address: u16,
    request: &mut [u8],
    out: &mut Vec<u8>,
) -> Reaction {
    dispatch(call, session, client_address, request, out, None)
}

/// As [`answer`], over a link that takes several APDUs at once: those that follow the one in `out` are appended to `more`.
/// There are any in an answer in general blocks, whose client takes more than one before it confirms them.
pub fn answer_in_blocks(
    call: &mut Call<'_>,
    session: &mut Option<Box<Session>>,
    client_address: u16,
    request: &mut [u8],
    out: &mut Vec<u8>,
    more: &mut Vec<Vec<u8>>,
) -> Reaction {
    dispatch(call, session, client_address, request, out, Some(more))
}

fn dispatch(
    call: &mut Call<'_>,
    session: &mut Option<Box<Session>>,
    client_address: u16,
    request: &mut [u8],
    out: &mut Vec<u8>,
    more: Option<&mut Vec<Vec<u8>>>,
) -> Reaction {
    out.clear();
    let Some(client) = Client::of_address(client_address) else {
        call.effects.denied = Some(Denied::Client);
        return Reaction::Close;
    };
    let Some(&tag) = request.first() else { return Reaction::Close };
    // Its keys are no longer the meter's.
    session.take_if(|open| open.generation != call.rest.generation());
    let outcome = match tag {
        0x60 => association::open(call, session, client, request, out),
        0x62 => association::release(call, session, request, out),
        transfer::TAG => match blocks::take(call, session, request, out, more) {
            Ok(Taken::Waits) => return Reaction::Wait,
            taken => taken.map(|_| ()),
        },
        _ => serve(call, session, request, out),
    };
    match outcome {
        Ok(()) if out.is_empty() => Reaction::Silent,
        Ok(()) => Reaction::Reply,
        Err(Refusal::Silent) => Reaction::Silent,
        Err(Refusal::Close) => Reaction::Close,
        Err(Refusal::Exception(state, service, counter)) => {
            call.effects.denied.get_or_insert(Denied::Exception(service.as_u8()));
            out.clear();
            out.extend_from_slice(&[0xD8, state.as_u8(), service.as_u8()]);
            out.extend(counter.iter().flat_map(|c| c.to_be_bytes()));
            Reaction::Reply
        }
    }
}

/// Serves a request that came as one APDU.
fn serve(
    call: &mut Call<'_>,
    session: &mut Option<Box<Session>>,
    request: &mut [u8],
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let Some(open) = session.as_deref_mut() else {
        return Err(Refusal::NOT_ALLOWED);
    };
    // The client has something else to ask than how a transfer goes on.
    open.transfer = None;
    let room = open.room(call.meter);
    within(call, session, room, None, request, out)?;
    match session {
        Some(open) if out.len() > room => blocks::first(open, room, out),
        _ => Ok(()),
    }
}

/// Serves a whole request of an open association, signed or not; its plain answer has `room` bytes. `longest` bounds a request
/// that was put together, bytes.
#[inline(always)]
fn within(
    call: &mut Call<'_>,
    session: &mut Option<Box<Session>>,
    room: usize,
    longest: Option<usize>,
    request: &mut [u8],
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let Some(open) = session.as_deref_mut() else {
        return Err(Refusal::NOT_ALLOWED);
    };
    let mut exchange = call.exchange(open, room);
    exchange.longest = longest.unwrap_or(exchange.longest);
    let outcome = if request.first() == Some(&signing::SIGNED) {
        signed(&mut exchange, request, out)
    } else {
        content(&mut exchange, request, out)
    };
    if open.generation != call.rest.generation() {
        open.rekey(call.meter, call.rest);
    }
    if !open.proven && open.expelled {
        *session = None;
    }
    outcome
}

/// Serves what a general-signing APDU carries, plain or ciphered; the answer is signed too.
fn signed(exchange: &mut Exchange<'_>, request: &mut [u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
    let signed = verified(exchange, request)?;
    let mut answer = Vec::new();
    content(exchange, &mut request[signed.content.clone()], &mut answer)?;
    if answer.is_empty() { Ok(()) } else { signed.seal(exchange.meter, &answer, out) }
}

/// Serves a general-signing APDU that came ciphered; what it carries is plain.
fn signed_within(exchange: &mut Exchange<'_>, request: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
    let signed = verified(exchange, request)?;
    // It is ciphered in the general form, whatever form the vendor prefers.
    exchange.leave_room(cipher::TITLE)?;
    let mut answer = Vec::new();
    service::serve(exchange, &request[signed.content.clone()], &mut answer)?;
    if answer.is_empty() { Ok(()) } else { signed.seal(exchange.meter, &answer, out) }
}

/// A signed request whose signature holds, once there is room for that of the answer.
fn verified(exchange: &mut Exchange<'_>, request: &[u8]) -> Result<Signed, Refusal> {
    let signed = signing::open(exchange.meter, exchange.session, request)?;
    exchange.leave_room(signed.overhead(exchange.meter.vendor().suite))?;
    exchange.signed = true;
    Ok(signed)
}

/// Serves a request, plain or ciphered.
fn content(exchange: &mut Exchange<'_>, request: &mut [u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
    match request.first() {
        Some(0xC0 | 0xC1 | 0xC3) => {
            if exchange.session.ciphered || exchange.policy() & policy::CIPHERED != 0 || exchange.lacks_signature() {
                return Err(Refusal::NOT_ALLOWED);
            }
            exchange.begin()?;
            return service::serve(exchange, request, out);
        }
        Some(&general::CIPHERED) => {
            let opened = general::open(exchange, request)?;
            let plain = &request[opened.plain.clone()];
            return protected(exchange, plain, |exchange, answer| opened.seal(exchange, answer, out));
        }
        _ => {}
    }
    if !exchange.session.ciphered {
        return plain_list(exchange, request, out);
    }
    let envelope = cipher::envelope(request).ok_or(Refusal::UNSUPPORTED)?;
    let form = message::answer_form(exchange.meter, &envelope);
    let control = message::answer_control(exchange.rest, envelope.control);
    exchange.leave_room(cipher::overhead(form, control, exchange.room))?;
    exchange.begin()?;
    let plain = message::open(exchange, &envelope, request)?;
    protected(exchange, &request[envelope.at..envelope.at + plain], |exchange, answer| {
        message::seal(exchange, form, control, answer, out)
    })
}

/// Serves an ACCESS request in the clear, which is what is left for an association without ciphering.
fn plain_list(exchange: &mut Exchange<'_>, request: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
    if request.first() != Some(&service::access::REQUEST) {
        return Err(if cipher::envelope(request).is_some() { Refusal::NOT_ALLOWED } else { Refusal::UNSUPPORTED });
    }
    if exchange.policy() & policy::CIPHERED != 0 || exchange.lacks_signature() {
        return Err(Refusal::NOT_ALLOWED);
    }
    exchange.begin()?;
    service::serve(exchange, request, out)
}

/// Serves the request in a ciphered one, signed or plain; `seal` protects the answer, if there is one.
fn protected(
    exchange: &mut Exchange<'_>,
    plain: &[u8],
    seal: impl FnOnce(&mut Exchange<'_>, &[u8]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut answer = std::mem::take(&mut exchange.scratch.plain);
    answer.clear();
    let served = if plain.first() == Some(&signing::SIGNED) && !exchange.signed {
        signed_within(exchange, plain, &mut answer)
    } else if exchange.lacks_signature() {
        Err(Refusal::NOT_ALLOWED)
    } else {
        service::serve(exchange, plain, &mut answer)
    };
    let outcome = match served {
        Ok(()) if !answer.is_empty() => seal(exchange, &answer),
        outcome => outcome,
    };
    exchange.scratch.plain = answer;
    outcome
}
