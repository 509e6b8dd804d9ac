//! The door of a meter: bytes of one APDU in, bytes of one APDU out.

use super::cipher::{self, Envelope, Form, Lock};
use super::security::policy;
use super::service::{self, Desk};
use super::session::Session;
use super::{
    AnswerForm, Client, Denied, Effects, Meter, Moment, OnCounterError, OnSuiteMismatch, Rest, association, general,
    signing,
};
use dlms_cosem_rs::xdlms::{Protection, SecurityControl, ServiceError, StateError};

/// Buffers that a caller lends and uses again.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) plain: Vec<u8>,
    pub(super) authenticated: Vec<u8>,
    /// Challenges given out with these buffers.
    pub(super) challenges: u64,
}

/// What to do after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Send what is in the output.
    Reply,
    /// Send nothing.
    Silent,
    /// Close the connection; a datagram gets no answer.
    Close,
}

/// Why a request is not answered as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Exception-response; with the expected counter, if that is the matter.
    Exception(StateError, ServiceError, Option<u32>),
    /// Nothing is said.
    Silent,
    /// The connection is closed.
    Close,
}

impl Refusal {
    /// Not known or not readable.
    pub const UNSUPPORTED: Refusal =
        Refusal::Exception(StateError::ServiceUnknown, ServiceError::ServiceNotSupported, None);
    /// Known, but not now.
    pub const NOT_ALLOWED: Refusal =
        Refusal::Exception(StateError::ServiceNotAllowed, ServiceError::OperationNotPossible, None);
    /// Longer than an answer can be.
    pub const TOO_LONG: Refusal = Refusal::Exception(StateError::ServiceNotAllowed, ServiceError::PduTooLong, None);
    /// Cannot be deciphered.
    pub const DECIPHERING: Refusal =
        Refusal::Exception(StateError::ServiceNotAllowed, ServiceError::DecipheringError, None);
}

/// The next invocation counter, or `None` if no more are reserved: none is ever used twice.
pub(super) fn next_counter(rest: &mut Rest, effects: &mut Effects) -> Option<u32> {
    if rest.counter >= rest.counter_reserved {
        effects.counter_exhausted = true;
        return None;
    }
    let counter = rest.counter;
    rest.counter += 1;
    effects.rest_changed = true;
    Some(counter)
}

/// Whether the counters are reserved that an answer can take. It is asked before a request is deciphered or does anything,
/// so that a caller who is told of [`Effects::counter_exhausted`] can ask the same again.
pub(super) fn have_counters(rest: &Rest, due: u32, effects: &mut Effects) -> Result<(), Refusal> {
    if rest.counter_reserved.saturating_sub(rest.counter) >= due {
        return Ok(());
    }
    effects.counter_exhausted = true;
    Err(Refusal::Close)
}

/// Answers one request of the client at `client_address` (wrapper port or HDLC address).
///
/// `request` is deciphered in place; `out` is cleared and then holds the answer. `session` is the association of this
/// client over this connection, opened and released here. No answer of an association is longer than the client takes or
/// the meter sends. Where `effects` tells of counters exhausted, nothing was done and the request is as it was.
#[allow(clippy::too_many_arguments)]
pub fn answer(
    meter: Meter<'_>,
    rest: &mut Rest,
    session: &mut Option<Box<Session>>,
    client_address: u16,
    now: Moment,
    request: &mut [u8],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
    effects: &mut Effects,
) -> Reaction {
    out.clear();
    let Some(client) = Client::of_address(client_address) else {
        effects.denied = Some(Denied::Client);
        return Reaction::Close;
    };
    let Some(&tag) = request.first() else { return Reaction::Close };
    // Its keys are no longer the meter's.
    session.take_if(|open| open.generation != rest.generation());
    let outcome = match tag {
        0x60 => association::open(meter, rest, session, client, now, request, scratch, out, effects),
        0x62 => association::release(meter, rest, session, request, scratch, out, effects),
        _ => serve(meter, rest, session, now, request, scratch, out, effects),
    };
    match outcome {
        Ok(()) if out.is_empty() => Reaction::Silent,
        Ok(()) => Reaction::Reply,
        Err(Refusal::Silent) => Reaction::Silent,
        Err(Refusal::Close) => Reaction::Close,
        Err(Refusal::Exception(state, service, counter)) => {
            effects.denied.get_or_insert(Denied::Exception(service.as_u8()));
            out.clear();
            out.extend_from_slice(&[0xD8, state.as_u8(), service.as_u8()]);
            out.extend(counter.iter().flat_map(|c| c.to_be_bytes()));
            Reaction::Reply
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn serve(
    meter: Meter<'_>,
    rest: &mut Rest,
    session: &mut Option<Box<Session>>,
    now: Moment,
    request: &mut [u8],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
    effects: &mut Effects,
) -> Result<(), Refusal> {
    let Some(open) = session.as_deref_mut() else {
        return Err(Refusal::NOT_ALLOWED);
    };
    let room = open.room(meter);
    let mut desk = Desk { meter, rest, session: open, now, effects, room };
    let outcome = if request.first() == Some(&signing::SIGNED) {
        signed(&mut desk, request, scratch, out)
    } else if desk.policy() & policy::SIGNED != 0 {
        Err(Refusal::NOT_ALLOWED)
    } else {
        content(&mut desk, request, scratch, out)
    };
    if open.generation != rest.generation() {
        open.rekey(meter, rest);
    }
    if !open.proven && open.expelled {
        *session = None;
    }
    outcome
}

/// Serves what a general-signing APDU carries; the answer is signed too.
fn signed(desk: &mut Desk<'_>, request: &mut [u8], scratch: &mut Scratch, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let signed = signing::opened(desk.meter, desk.session, request)?;
    desk.leave_room(signed.overhead(desk.meter.vendor().suite))?;
    let mut answer = Vec::new();
    content(desk, &mut request[signed.content.clone()], scratch, &mut answer)?;
    if answer.is_empty() { Ok(()) } else { signed.seal(desk.meter, &answer, out) }
}

/// Serves a request, plain or ciphered.
fn content(desk: &mut Desk<'_>, request: &mut [u8], scratch: &mut Scratch, out: &mut Vec<u8>) -> Result<(), Refusal> {
    match request.first() {
        Some(0xC0 | 0xC1 | 0xC3) => {
            if desk.session.ciphered || desk.policy() & policy::CIPHERED != 0 {
                return Err(Refusal::NOT_ALLOWED);
            }
            desk.begin()?;
            return service::serve(desk, request, out);
        }
        Some(&general::CIPHERED) => return general::ciphered(desk, request, scratch, out),
        _ => {}
    }
    let envelope = cipher::envelope(request).ok_or(Refusal::UNSUPPORTED)?;
    if !desk.session.ciphered {
        return Err(Refusal::NOT_ALLOWED);
    }
    let form = answer_form(desk.meter, &envelope);
    let control = answer_control(desk.rest, &envelope);
    desk.leave_room(cipher::overhead(form, control, desk.room))?;
    desk.begin()?;
    let plain = unwrap(desk.meter, desk.rest, desk.session, &envelope, request, scratch, desk.effects)?;
    sealed(desk, &request[envelope.at..envelope.at + plain], scratch, |desk, answer, scratch| {
        let buffer = &mut scratch.authenticated;
        seal(desk.meter, desk.rest, desk.session, form, control, answer, out, buffer, desk.effects)
    })
}

/// Serves the plain request in a ciphered one; `seal` protects the answer, if there is one.
pub(super) fn sealed(
    desk: &mut Desk<'_>,
    plain: &[u8],
    scratch: &mut Scratch,
    seal: impl FnOnce(&mut Desk<'_>, &[u8], &mut Scratch) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut answer = std::mem::take(&mut scratch.plain);
    answer.clear();
    let outcome = match service::serve(desk, plain, &mut answer) {
        Ok(()) if !answer.is_empty() => seal(desk, &answer, scratch),
        outcome => outcome,
    };
    scratch.plain = answer;
    outcome
}

/// The form of the answer to a request in this envelope.
pub(super) fn answer_form(meter: Meter<'_>, envelope: &Envelope) -> Form {
    match (meter.vendor().answer_form, envelope.form) {
        (AnswerForm::ServiceSpecific, Form::General(kind)) => Form::Service(kind),
        (_, form) => form,
    }
}

/// The protection of the answer to a request in this envelope: the request's, and what the policy wants.
pub(super) fn answer_control(rest: &Rest, envelope: &Envelope) -> SecurityControl {
    let policy = rest.policy();
    let authenticated = if policy & policy::ANSWER_AUTHENTICATED != 0 { 0x10 } else { 0 };
    let encrypted = if policy & policy::ANSWER_ENCRYPTED != 0 { 0x20 } else { 0 };
    SecurityControl(envelope.control.0 | authenticated | encrypted)
}

/// Checks and takes off the protection of a request. Returns the bytes of the plain APDU at `envelope.at`.
pub(super) fn unwrap(
    meter: Meter<'_>,
    rest: &mut Rest,
    session: &mut Session,
    envelope: &Envelope,
    request: &mut [u8],
    scratch: &mut Scratch,
    effects: &mut Effects,
) -> Result<usize, Refusal> {
    let vendor = meter.vendor();
    let control = envelope.control;
    if control.suite() != vendor.suite.id() {
        effects.denied = Some(Denied::Suite);
        return Err(other_suite(meter));
    }
    let dedicated =
        matches!(envelope.form, Form::Service(Protection::Dedicated) | Form::General(Protection::Dedicated));
    let encrypted = session.client != Client::Reader || rest.policy() & policy::REQUEST_ENCRYPTED != 0;
    let strong = control.authenticated() && (control.encrypted() || !encrypted);
    let own = envelope.title.is_none_or(|title| title == session.client_title);
    if control.compressed() || control.broadcast_key() || !strong || !own {
        return Err(Refusal::DECIPHERING);
    }
    let aead = if dedicated { session.dedicated.as_ref() } else { Some(&session.unicast) };
    let lock = Lock { aead: aead.ok_or(Refusal::DECIPHERING)?, authentication: session.authentication_key() };
    let slot = session.client.slot();
    check_counter(meter, if dedicated { session.dedicated_received } else { rest.received[slot] }, envelope.counter)?;
    let payload = &mut request[envelope.at..];
    let plain =
        cipher::open(lock, control, &session.client_title, envelope.counter, payload, &mut scratch.authenticated)
            .ok_or(Refusal::DECIPHERING)?;
    if dedicated {
        session.dedicated_received = envelope.counter + 1;
    } else {
        took_counter(rest, session.client, envelope.counter, effects);
    }
    if cipher::is_consistent(envelope, request) { Ok(plain) } else { Err(Refusal::UNSUPPORTED) }
}

/// What a request of another suite gets.
pub(super) fn other_suite(meter: Meter<'_>) -> Refusal {
    match meter.vendor().on_suite_mismatch {
        OnSuiteMismatch::Exception => Refusal::DECIPHERING,
        OnSuiteMismatch::Silent => Refusal::Silent,
    }
}

/// Whether a counter is not below the one expected.
pub(super) fn check_counter(meter: Meter<'_>, expected: u32, counter: u32) -> Result<(), Refusal> {
    if counter != u32::MAX && counter >= expected {
        return Ok(());
    }
    Err(match meter.vendor().on_counter_error {
        OnCounterError::Exception => {
            Refusal::Exception(StateError::ServiceNotAllowed, ServiceError::InvocationCounterError, Some(expected))
        }
        OnCounterError::Close => Refusal::Close,
    })
}

/// Remembers a counter whose message was genuine.
pub(super) fn took_counter(rest: &mut Rest, client: Client, counter: u32, effects: &mut Effects) {
    let expected = &mut rest.received[client.slot()];
    *expected = (*expected).max(counter + 1);
    effects.rest_changed = true;
}

/// Appends a sealed answer under the next counter of the meter.
#[allow(clippy::too_many_arguments)]
pub(super) fn seal(
    meter: Meter<'_>,
    rest: &mut Rest,
    session: &Session,
    form: Form,
    control: SecurityControl,
    plain: &[u8],
    out: &mut Vec<u8>,
    authenticated: &mut Vec<u8>,
    effects: &mut Effects,
) -> Result<(), Refusal> {
    let kind = match form {
        Form::Service(kind) | Form::General(kind) => kind,
    };
    let aead = if kind == Protection::Dedicated { session.dedicated.as_ref() } else { Some(&session.unicast) };
    let lock = Lock { aead: aead.ok_or(Refusal::Close)?, authentication: session.authentication_key() };
    let counter = next_counter(rest, effects).ok_or(Refusal::Close)?;
    let title = meter.system_title();
    cipher::seal(lock, form, control, title.as_bytes(), counter, plain, out, authenticated).ok_or(Refusal::Close)
}
