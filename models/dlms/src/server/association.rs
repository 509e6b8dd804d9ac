//! Opening, proving and releasing an association (ACSE).

use crate::crypto::cipher::{self, Form};
use crate::meter::client::Client;
use crate::meter::security::policy;
use crate::protection::exchange::{Call, Exchange};
use crate::protection::{counters, message};
use crate::session::hls::{self, Mechanism};
use crate::session::{CLIENT_PDU_MIN, Challenge, OFFERED, Session};
use crate::vocabulary::effects::Denied;
use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::acse::{
    Aare, Aarq, ApplicationContext, AssociationResult, AuthMechanism, Diagnostic, ReleaseReason, Rlre, Rlrq,
    UserDiagnostic,
};
use dlms_cosem_rs::codec::{Decode, Encode};
use dlms_cosem_rs::security::{Key, SecuritySuite};
use dlms_cosem_rs::xdlms::{DLMS_VERSION, InitiateRequest, InitiateResponse, Protection, SecurityControl, VAA_NAME_LN};
use sha2::{Digest, Sha256};

/// Initiate errors of confirmed-service-error.
const VERSION_TOO_LOW: u8 = 1;
const INCOMPATIBLE: u8 = 2;
const PDU_TOO_SHORT: u8 = 3;

/// Why an association is refused.
enum Denial {
    /// AARE with this diagnostic.
    Diagnostic(UserDiagnostic),
    /// AARE with a confirmed-service-error of the class initiate.
    Initiate(u8),
    /// Something else than an AARE.
    Refusal(Refusal),
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        Denial::Refusal(refusal)
    }
}

/// Answers an AARQ. An association that was open with this client is gone, whatever comes of the new one.
pub(crate) fn open(
    call: &mut Call<'_>,
    slot: &mut Option<Box<Session>>,
    client: Client,
    request: &mut [u8],
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    *slot = None;
    let mut session = Box::new(Session::new(call.meter, call.rest, client));
    let mut exchange = call.exchange(&mut session, usize::from(u16::MAX));
    let agreed = agree(&mut exchange, request);
    let title = exchange.meter.system_title();
    let mut information = std::mem::take(&mut exchange.scratch.plain);
    information.clear();
    let mut aare = Aare {
        application_context: Some(ApplicationContext::LogicalName.with_ciphering(exchange.session.ciphered)),
        result: AssociationResult::RejectedPermanent,
        ..Aare::default()
    };
    let outcome = match agreed {
        Ok(envelope) => {
            let challenge = exchange.session.challenges.1;
            let mut plain = Vec::with_capacity(16);
            plain.push(0x08);
            let response = InitiateResponse {
                negotiated_quality_of_service: None,
                negotiated_dlms_version: DLMS_VERSION,
                negotiated_conformance: exchange.session.conformance,
                server_max_receive_pdu_size: exchange.meter.vendor().pdu_max,
                vaa_name: VAA_NAME_LN,
            };
            let encoded = response.encode(&mut plain).map_err(|_| Refusal::Close);
            let sealed = match envelope {
                None => {
                    information.extend_from_slice(&plain);
                    Ok(())
                }
                Some((form, control)) => message::seal(&mut exchange, form, control, &plain, &mut information),
            };
            aare.result = AssociationResult::Accepted;
            let names = exchange.session.ciphered || exchange.session.mechanism.is_high();
            aare.responding_ap_title = names.then_some(title.as_bytes());
            if exchange.session.mechanism != Mechanism::None {
                aare.responder_acse_requirements = true;
                aare.mechanism_name = Some(AuthMechanism::from_arc(exchange.session.mechanism.arc()));
            }
            if exchange.session.mechanism.is_high() {
                aare.diagnostic = Diagnostic::User(UserDiagnostic::AuthenticationRequired);
                aare.responding_authentication_value = Some(challenge.bytes());
            }
            aare.user_information = Some(&information);
            encoded.and(sealed).and_then(|()| aare.encode(out).map_err(|_| Refusal::Close)).map(|()| true)
        }
        Err(Denial::Diagnostic(diagnostic)) => {
            exchange.effects.denied = Some(Denied::Association(diagnostic.as_u8()));
            aare.diagnostic = Diagnostic::User(diagnostic);
            aare.encode(out).map_err(|_| Refusal::Close).map(|()| false)
        }
        Err(Denial::Initiate(code)) => {
            exchange.effects.denied = Some(Denied::Association(UserDiagnostic::NoReasonGiven.as_u8()));
            aare.diagnostic = Diagnostic::User(UserDiagnostic::NoReasonGiven);
            // Confirmed-service-error: initiate error, class initiate.
            information.extend_from_slice(&[0x0E, 1, 6, code]);
            aare.user_information = Some(&information);
            aare.encode(out).map_err(|_| Refusal::Close).map(|()| false)
        }
        Err(Denial::Refusal(refusal)) => Err(refusal),
    };
    exchange.scratch.plain = information;
    if outcome? {
        *slot = Some(session);
    }
    Ok(())
}

/// Works out what both sides can do. Returns how the initiate request was protected.
fn agree(exchange: &mut Exchange<'_>, request: &mut [u8]) -> Result<Option<(Form, SecurityControl)>, Denial> {
    use UserDiagnostic as D;
    let aarq = Aarq::from_bytes(request).map_err(|_| Denial::Diagnostic(D::NoReasonGiven))?;
    let (meter, session) = (exchange.meter, &mut *exchange.session);
    session.ciphered = match aarq.application_context {
        Some(ApplicationContext::LogicalName) => false,
        // What the public client received would be counted where the broadcast key's counter is.
        Some(ApplicationContext::LogicalNameCiphered) if session.client != Client::Public => true,
        _ => return Err(Denial::Diagnostic(D::ApplicationContextNameNotSupported)),
    };
    if !session.ciphered && exchange.rest.policy_for(session.client) & policy::CIPHERED != 0 {
        return Err(Denial::Diagnostic(D::ApplicationContextNameNotSupported));
    }
    let arc = aarq.mechanism_name.map_or(0, AuthMechanism::arc);
    session.mechanism =
        Mechanism::from_arc(arc).ok_or(Denial::Diagnostic(D::AuthenticationMechanismNameNotRecognised))?;
    let suite = meter.vendor().suite;
    let fits = match session.client {
        Client::Public => session.mechanism == Mechanism::None,
        Client::Reader => session.mechanism != Mechanism::None,
        Client::Management => session.mechanism.is_high(),
        // Mechanism 5 proves the global keys, which other clients have too.
        Client::Operator => matches!(session.mechanism, Mechanism::Sha256 | Mechanism::Ecdsa),
    };
    if !fits {
        let why =
            if session.mechanism == Mechanism::None { D::AuthenticationRequired } else { D::AuthenticationFailure };
        return Err(Denial::Diagnostic(why));
    }
    if session.mechanism == Mechanism::Ecdsa && suite == SecuritySuite::Suite0 {
        return Err(Denial::Diagnostic(D::AuthenticationMechanismNameNotRecognised));
    }
    if session.ciphered || session.mechanism.needs_titles() {
        let title = aarq.calling_ap_title.and_then(|t| t.try_into().ok());
        // Calling-AP-title not recognised.
        session.client_title = title.ok_or(Denial::Diagnostic(D::Other(3)))?;
        // Both sides would then use the same initialisation vectors.
        if session.client_title == meter.system_title().0 {
            return Err(Denial::Diagnostic(D::Other(3)));
        }
    }
    let secret = aarq.calling_authentication_value.unwrap_or(&[]);
    if session.mechanism == Mechanism::Low {
        let keys = meter.fleet.keys.of_meter(meter.system_title(), suite);
        if !hls::password_holds(&keys, secret) {
            return Err(Denial::Diagnostic(D::AuthenticationFailure));
        }
    }
    if session.mechanism.is_high() {
        let shortest = if session.mechanism == Mechanism::Ecdsa { 32 } else { 8 };
        let theirs = Challenge::of(secret).filter(|c| c.bytes().len() >= shortest);
        let theirs = theirs.ok_or(Denial::Diagnostic(D::AuthenticationFailure))?;
        exchange.session.challenges = (theirs, challenge(exchange, theirs.bytes()));
    }
    let information = aarq.user_information.ok_or(Denial::Initiate(INCOMPATIBLE))?;
    // The information is a part of the request and is deciphered there.
    let from = information.as_ptr() as usize - request.as_ptr() as usize;
    let to = from + information.len();
    let information = &mut request[from..to];
    let mut encrypted = false;
    let (envelope, plain) = if exchange.session.ciphered {
        let envelope = cipher::envelope(information).ok_or(Refusal::DECIPHERING)?;
        if !matches!(envelope.form, Form::Service(Protection::Global) | Form::General(Protection::Global)) {
            return Err(Refusal::DECIPHERING.into());
        }
        counters::reserved(exchange.rest, 1, exchange.effects)?;
        encrypted = envelope.control.encrypted();
        let plain = message::open(exchange, &envelope, information)?;
        exchange.session.authenticated = envelope.control.authenticated();
        let form = message::answer_form(meter, &envelope);
        let control = message::answer_control(exchange.rest, envelope.control);
        (Some((form, control)), &information[envelope.at..envelope.at + plain])
    } else {
        (None, &information[..])
    };
    let [0x01, initiate @ ..] = plain else { return Err(Denial::Initiate(INCOMPATIBLE)) };
    let initiate = InitiateRequest::from_bytes(initiate).map_err(|_| Denial::Initiate(INCOMPATIBLE))?;
    if initiate.proposed_dlms_version < DLMS_VERSION {
        return Err(Denial::Initiate(VERSION_TOO_LOW));
    }
    let session = &mut *exchange.session;
    session.conformance = initiate.proposed_conformance & OFFERED;
    if session.conformance.is_empty() {
        return Err(Denial::Initiate(INCOMPATIBLE));
    }
    session.client_pdu = match initiate.client_max_receive_pdu_size {
        0 => usize::from(u16::MAX),
        short if short < CLIENT_PDU_MIN => return Err(Denial::Initiate(PDU_TOO_SHORT)),
        size => usize::from(size),
    };
    if let Some(key) = initiate.dedicated_key.filter(|_| session.ciphered) {
        // A key that everyone can read is none.
        if !encrypted {
            return Err(Refusal::DECIPHERING.into());
        }
        let key = Key::from_slice(key).map_err(|_| Refusal::DECIPHERING)?;
        if key.len() != session.key_bytes {
            return Err(Refusal::DECIPHERING.into());
        }
        let mut bytes = [0; 32];
        bytes[..key.len()].copy_from_slice(key.expose());
        session.dedicated = Some(cipher::Aead::new(suite, &bytes));
    }
    session.proven = !session.mechanism.is_high();
    Ok(envelope)
}

/// A challenge that nobody can foresee who does not hold the fleet's challenge key, and that does not come twice.
fn challenge(exchange: &mut Exchange<'_>, theirs: &[u8]) -> Challenge {
    exchange.scratch.challenges += 1;
    let mut hash = Sha256::new();
    hash.update(exchange.meter.fleet.challenge_key);
    hash.update(exchange.meter.system_title().as_bytes());
    hash.update(exchange.now.unix_ms.to_be_bytes());
    hash.update(exchange.rest.counter.to_be_bytes());
    hash.update(exchange.scratch.challenges.to_be_bytes());
    hash.update(theirs);
    let digest = hash.finalize();
    let used = if exchange.session.mechanism == Mechanism::Ecdsa { 32 } else { 16 };
    Challenge::of(&digest[..used]).unwrap_or(Challenge::NONE)
}

/// Answers an RLRQ; one without an association is confirmed as well.
pub(crate) fn release(
    call: &mut Call<'_>,
    slot: &mut Option<Box<Session>>,
    request: &mut [u8],
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let rlrq = Rlrq::from_bytes(request).map_err(|_| Refusal::UNSUPPORTED)?;
    let information = rlrq.user_information.map(|i| (i.as_ptr() as usize - request.as_ptr() as usize, i.len()));
    let mut answer = std::mem::take(&mut call.scratch.plain);
    answer.clear();
    let protected = match (slot.as_deref_mut(), information) {
        (Some(session), Some((from, len))) if session.ciphered => {
            let information = &mut request[from..from + len];
            let mut exchange = call.exchange(session, usize::from(u16::MAX));
            confirm(&mut exchange, information, &mut answer).map(|()| true)
        }
        _ => Ok(false),
    };
    let outcome = protected.and_then(|protected| {
        let user_information = protected.then_some(&answer[..]);
        Rlre { reason: Some(ReleaseReason::Normal), user_information }.encode(out).map_err(|_| Refusal::Close)
    });
    call.scratch.plain = answer;
    outcome?;
    *slot = None;
    Ok(())
}

/// Opens the sealed initiate request of an RLRQ; appends the sealed initiate response of the RLRE.
fn confirm(exchange: &mut Exchange<'_>, information: &mut [u8], answer: &mut Vec<u8>) -> Result<(), Refusal> {
    let envelope = cipher::envelope(information).ok_or(Refusal::DECIPHERING)?;
    counters::reserved(exchange.rest, 1, exchange.effects)?;
    message::open(exchange, &envelope, information)?;
    let mut plain = vec![0x08];
    let response = InitiateResponse {
        negotiated_conformance: exchange.session.conformance,
        server_max_receive_pdu_size: exchange.meter.vendor().pdu_max,
        vaa_name: VAA_NAME_LN,
        ..InitiateResponse::default()
    };
    response.encode(&mut plain).map_err(|_| Refusal::Close)?;
    let form = message::answer_form(exchange.meter, &envelope);
    let control = message::answer_control(exchange.rest, envelope.control);
    message::seal(exchange, form, control, &plain, answer)
}
