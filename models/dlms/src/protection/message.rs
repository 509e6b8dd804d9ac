//! The envelope of a request under the association's keys taken off, that of its answer put on.

use crate::crypto::cipher::{self, Envelope, Form, Lock, Sealing};
use crate::meter::fleet::{AnswerForm, Meter, OnSuiteMismatch};
use crate::meter::rest::Rest;
use crate::meter::security::policy;
use crate::protection::counters;
use crate::protection::exchange::Exchange;
use crate::protection::head::Head;
use crate::protection::signing::SIGNED;
use crate::session::Session;
use crate::vocabulary::effects::Denied;
use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::codec::{Decode, Reader};
use dlms_cosem_rs::xdlms::{InitiateRequest, Protection, SecurityControl};

/// The form of the answer to a request in this envelope.
pub(crate) fn answer_form(meter: Meter<'_>, envelope: &Envelope) -> Form {
    match (meter.vendor().answer_form, envelope.form) {
        (AnswerForm::ServiceSpecific, Form::General(kind)) => Form::Service(kind),
        (_, form) => form,
    }
}

/// The protection of the answer to a request with this one: the same, and what the policy wants.
pub(crate) fn answer_control(rest: &Rest, control: SecurityControl) -> SecurityControl {
    let policy = rest.policy();
    let authenticated = if policy & policy::ANSWER_AUTHENTICATED != 0 { 0x10 } else { 0 };
    let encrypted = if policy & policy::ANSWER_ENCRYPTED != 0 { 0x20 } else { 0 };
    SecurityControl(control.0 | authenticated | encrypted)
}

/// Whether a request is protected at all, and as the policy wants it.
pub(crate) fn is_enough(policy: u8, control: SecurityControl) -> bool {
    let authenticated = if control.authenticated() { policy::REQUEST_AUTHENTICATED } else { 0 };
    let encrypted = if control.encrypted() { policy::REQUEST_ENCRYPTED } else { 0 };
    let (has, wanted) = (authenticated | encrypted, policy::REQUEST_AUTHENTICATED | policy::REQUEST_ENCRYPTED);
    has != 0 && policy & wanted & !has == 0
}

/// Whether a plain APDU begins as a request does: what is not authenticated shows by this alone that its key is right.
fn is_readable(meter: Meter<'_>, session: &Session, plain: &[u8]) -> bool {
    match plain {
        [0x01, initiate @ ..] => InitiateRequest::from_bytes(initiate).is_ok(),
        // ACCESS: a long invoke id, then a date-time or none.
        [0xC0, 1..=3, ..] | [0xC1, 1..=5, ..] | [0xC3, 1..=6, ..] | [0xD9, _, _, _, _, 0 | 12, ..] => true,
        [SIGNED, rest @ ..] => Head::read(&mut Reader::new(rest)).is_ok_and(|head| head.fits(meter, session)),
        _ => false,
    }
}

/// Checks and takes off the protection of a request. Returns the bytes of the plain APDU at `envelope.at`.
pub(crate) fn open(exchange: &mut Exchange<'_>, envelope: &Envelope, request: &mut [u8]) -> Result<usize, Refusal> {
    let Exchange { meter, rest, session, scratch, effects, .. } = exchange;
    let control = envelope.control;
    if control.suite() != meter.vendor().suite.id() {
        effects.denied = Some(Denied::Suite);
        return Err(other_suite(*meter));
    }
    let dedicated =
        matches!(envelope.form, Form::Service(Protection::Dedicated) | Form::General(Protection::Dedicated));
    let strong =
        is_enough(rest.policy_for(session.client), control) && (control.authenticated() || !session.authenticated);
    let own = envelope.title.is_none_or(|title| title == session.client_title);
    if control.compressed() || control.broadcast_key() || !strong || !own {
        return Err(Refusal::DECIPHERING);
    }
    let aead = if dedicated { session.dedicated.as_ref() } else { Some(&session.unicast) };
    let lock = Lock { aead: aead.ok_or(Refusal::DECIPHERING)?, authentication: session.authentication_key() };
    let expected = if dedicated { session.dedicated_received } else { rest.received[session.client.slot()] };
    counters::check(*meter, expected, envelope.counter)?;
    let payload = &mut request[envelope.at..];
    let plain =
        cipher::open(lock, control, &session.client_title, envelope.counter, payload, &mut scratch.authenticated)
            .ok_or(Refusal::DECIPHERING)?;
    let consistent = cipher::is_consistent(envelope, request);
    let readable = || consistent && is_readable(*meter, session, &request[envelope.at..envelope.at + plain]);
    // A counter that nobody vouches for is not remembered.
    if !control.authenticated() && !readable() {
        return Err(Refusal::DECIPHERING);
    }
    if dedicated {
        session.dedicated_received = envelope.counter + 1;
    } else {
        counters::take(rest, session.client, envelope.counter, effects);
    }
    if consistent { Ok(plain) } else { Err(Refusal::UNSUPPORTED) }
}

/// What a request of another suite gets.
pub(crate) fn other_suite(meter: Meter<'_>) -> Refusal {
    match meter.vendor().on_suite_mismatch {
        OnSuiteMismatch::Exception => Refusal::DECIPHERING,
        OnSuiteMismatch::Silent => Refusal::Silent,
    }
}

/// Appends a sealed answer under the next counter of the meter.
pub(crate) fn seal(
    exchange: &mut Exchange<'_>,
    form: Form,
    control: SecurityControl,
    plain: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let Exchange { meter, rest, session, scratch, effects, .. } = exchange;
    let kind = match form {
        Form::Service(kind) | Form::General(kind) => kind,
    };
    let aead = if kind == Protection::Dedicated { session.dedicated.as_ref() } else { Some(&session.unicast) };
    let lock = Lock { aead: aead.ok_or(Refusal::Close)?, authentication: session.authentication_key() };
    let counter = counters::next(rest, effects).ok_or(Refusal::Close)?;
    let title = meter.system_title();
    let sealing = Sealing { form, control, title: title.as_bytes(), counter };
    cipher::seal(lock, &sealing, plain, out, &mut scratch.authenticated).ok_or(Refusal::Close)
}
