//! Opening, proving and releasing an association (ACSE).

use super::cipher::{self, Form};
use super::hls::{self, Mechanism};
use super::security::policy;
use super::server::{self, Refusal, Scratch};
use super::service::Desk;
use super::session::{Challenge, OFFERED, Session};
use super::{Client, Denied, Effects, Meter, Moment, Rest};
use dlms_cosem_rs::Obis;
use dlms_cosem_rs::acse::{
    Aare, Aarq, ApplicationContext, AssociationResult, AuthMechanism, Diagnostic, ReleaseReason, Rlre, Rlrq,
    UserDiagnostic,
};
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::codec::{Decode, Encode};
use dlms_cosem_rs::security::{Key, SecuritySuite, SystemTitle};
use dlms_cosem_rs::xdlms::{
    ActionResult, DLMS_VERSION, InitiateRequest, InitiateResponse, MethodDescriptor, Protection, SecurityControl,
    VAA_NAME_LN,
};
use sha2::{Digest, Sha256};

/// Smallest APDU that a client may ask for, bytes: a block with its head, ciphered.
const CLIENT_PDU_MIN: u16 = 64;
/// Initiate errors of confirmed-service-error.
const VERSION_TOO_LOW: u8 = 1;
const INCOMPATIBLE: u8 = 2;
const PDU_TOO_SHORT: u8 = 3;

/// Why an association is refused.
enum No {
    /// AARE with this diagnostic.
    Diagnostic(UserDiagnostic),
    /// AARE with a confirmed-service-error of the class initiate.
    Initiate(u8),
    /// Something else than an AARE.
    Refusal(Refusal),
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        No::Refusal(refusal)
    }
}

/// Answers an AARQ. An association that was open with this client is gone, whatever comes of the new one.
#[allow(clippy::too_many_arguments)]
pub(super) fn open(
    meter: Meter<'_>,
    rest: &mut Rest,
    slot: &mut Option<Box<Session>>,
    client: Client,
    now: Moment,
    request: &mut [u8],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
    effects: &mut Effects,
) -> Result<(), Refusal> {
    *slot = None;
    let mut session = Box::new(Session::new(meter, rest, client));
    let title = meter.system_title();
    let agreed = agree(meter, rest, &mut session, now, request, scratch, effects);
    let mut information = std::mem::take(&mut scratch.plain);
    information.clear();
    let mut aare = Aare {
        application_context: Some(ApplicationContext::LogicalName.with_ciphering(session.ciphered)),
        result: AssociationResult::RejectedPermanent,
        ..Aare::default()
    };
    let outcome = match agreed {
        Ok(envelope) => {
            let mut plain = Vec::with_capacity(16);
            plain.push(0x08);
            let response = InitiateResponse {
                negotiated_quality_of_service: None,
                negotiated_dlms_version: DLMS_VERSION,
                negotiated_conformance: session.conformance,
                server_max_receive_pdu_size: meter.vendor().pdu_max,
                vaa_name: VAA_NAME_LN,
            };
            let encoded = response.encode(&mut plain).map_err(|_| Refusal::Close);
            let sealed = match envelope {
                None => {
                    information.extend_from_slice(&plain);
                    Ok(())
                }
                Some((form, control)) => server::seal(
                    meter,
                    rest,
                    &session,
                    form,
                    control,
                    &plain,
                    &mut information,
                    &mut scratch.authenticated,
                    effects,
                ),
            };
            aare.result = AssociationResult::Accepted;
            let names = session.ciphered || session.mechanism.is_high();
            aare.responding_ap_title = names.then_some(title.as_bytes());
            if session.mechanism != Mechanism::None {
                aare.responder_acse_requirements = true;
                aare.mechanism_name = Some(AuthMechanism::from_arc(session.mechanism.arc()));
            }
            if session.mechanism.is_high() {
                aare.diagnostic = Diagnostic::User(UserDiagnostic::AuthenticationRequired);
                aare.responding_authentication_value = Some(session.challenges.1.bytes());
            }
            aare.user_information = Some(&information);
            encoded.and(sealed).and_then(|()| aare.encode(out).map_err(|_| Refusal::Close)).map(|()| true)
        }
        Err(No::Diagnostic(diagnostic)) => {
            effects.denied = Some(Denied::Association(diagnostic.as_u8()));
            aare.diagnostic = Diagnostic::User(diagnostic);
            aare.encode(out).map_err(|_| Refusal::Close).map(|()| false)
        }
        Err(No::Initiate(code)) => {
            effects.denied = Some(Denied::Association(UserDiagnostic::NoReasonGiven.as_u8()));
            aare.diagnostic = Diagnostic::User(UserDiagnostic::NoReasonGiven);
            // Confirmed-service-error: initiate error, class initiate.
            information.extend_from_slice(&[0x0E, 1, 6, code]);
            aare.user_information = Some(&information);
            aare.encode(out).map_err(|_| Refusal::Close).map(|()| false)
        }
        Err(No::Refusal(refusal)) => Err(refusal),
    };
    scratch.plain = information;
    if outcome? {
        *slot = Some(session);
    }
    Ok(())
}

/// Works out what both sides can do. Returns how the initiate request was protected.
fn agree(
    meter: Meter<'_>,
    rest: &mut Rest,
    session: &mut Session,
    now: Moment,
    request: &mut [u8],
    scratch: &mut Scratch,
    effects: &mut Effects,
) -> Result<Option<(Form, SecurityControl)>, No> {
    use UserDiagnostic as D;
    let aarq = Aarq::from_bytes(request).map_err(|_| No::Diagnostic(D::NoReasonGiven))?;
    session.ciphered = match aarq.application_context {
        Some(ApplicationContext::LogicalName) => false,
        // What the public client received would be counted where the broadcast key's counter is.
        Some(ApplicationContext::LogicalNameCiphered) if session.client != Client::Public => true,
        _ => return Err(No::Diagnostic(D::ApplicationContextNameNotSupported)),
    };
    if !session.ciphered && rest.policy_for(session.client) & policy::CIPHERED != 0 {
        return Err(No::Diagnostic(D::ApplicationContextNameNotSupported));
    }
    let arc = aarq.mechanism_name.map_or(0, AuthMechanism::arc);
    session.mechanism = Mechanism::from_arc(arc).ok_or(No::Diagnostic(D::AuthenticationMechanismNameNotRecognised))?;
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
        return Err(No::Diagnostic(why));
    }
    if session.mechanism == Mechanism::Ecdsa && suite == SecuritySuite::Suite0 {
        return Err(No::Diagnostic(D::AuthenticationMechanismNameNotRecognised));
    }
    if session.ciphered || session.mechanism.needs_titles() {
        let title = aarq.calling_ap_title.and_then(|t| t.try_into().ok());
        // Calling-AP-title not recognised.
        session.client_title = title.ok_or(No::Diagnostic(D::Other(3)))?;
        // Both sides would then use the same initialisation vectors.
        if session.client_title == meter.system_title().0 {
            return Err(No::Diagnostic(D::Other(3)));
        }
    }
    let secret = aarq.calling_authentication_value.unwrap_or(&[]);
    if session.mechanism == Mechanism::Low {
        let keys = meter.fleet.keys.of_meter(meter.system_title(), suite);
        if !hls::password_holds(&keys, secret) {
            return Err(No::Diagnostic(D::AuthenticationFailure));
        }
    }
    if session.mechanism.is_high() {
        let shortest = if session.mechanism == Mechanism::Ecdsa { 32 } else { 8 };
        let theirs = Challenge::of(secret).filter(|c| c.bytes().len() >= shortest);
        let theirs = theirs.ok_or(No::Diagnostic(D::AuthenticationFailure))?;
        session.challenges = (theirs, challenge(meter, rest, session.mechanism, now, theirs.bytes(), scratch));
    }
    let information = aarq.user_information.ok_or(No::Initiate(INCOMPATIBLE))?;
    // The information is a part of the request and is deciphered there.
    let from = information.as_ptr() as usize - request.as_ptr() as usize;
    let to = from + information.len();
    let information = &mut request[from..to];
    let (envelope, plain) = if session.ciphered {
        let envelope = cipher::envelope(information).ok_or(Refusal::DECIPHERING)?;
        if !matches!(envelope.form, Form::Service(Protection::Global) | Form::General(Protection::Global)) {
            return Err(Refusal::DECIPHERING.into());
        }
        server::have_counters(rest, 1, effects)?;
        let plain = server::unwrap(meter, rest, session, &envelope, information, scratch, effects)?;
        let form = server::answer_form(meter, &envelope);
        (Some((form, server::answer_control(rest, &envelope))), &information[envelope.at..envelope.at + plain])
    } else {
        (None, &information[..])
    };
    let [0x01, initiate @ ..] = plain else { return Err(No::Initiate(INCOMPATIBLE)) };
    let initiate = InitiateRequest::from_bytes(initiate).map_err(|_| No::Initiate(INCOMPATIBLE))?;
    if initiate.proposed_dlms_version < DLMS_VERSION {
        return Err(No::Initiate(VERSION_TOO_LOW));
    }
    session.conformance = initiate.proposed_conformance & OFFERED;
    if session.conformance.is_empty() {
        return Err(No::Initiate(INCOMPATIBLE));
    }
    session.client_pdu = match initiate.client_max_receive_pdu_size {
        0 => usize::from(u16::MAX),
        short if short < CLIENT_PDU_MIN => return Err(No::Initiate(PDU_TOO_SHORT)),
        size => usize::from(size),
    };
    if let Some(key) = initiate.dedicated_key.filter(|_| session.ciphered) {
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
fn challenge(
    meter: Meter<'_>,
    rest: &Rest,
    mechanism: Mechanism,
    now: Moment,
    theirs: &[u8],
    scratch: &mut Scratch,
) -> Challenge {
    scratch.challenges += 1;
    let mut hash = Sha256::new();
    hash.update(meter.fleet.challenge_key);
    hash.update(meter.system_title().as_bytes());
    hash.update(now.unix_ms.to_be_bytes());
    hash.update(rest.counter.to_be_bytes());
    hash.update(scratch.challenges.to_be_bytes());
    hash.update(theirs);
    let digest = hash.finalize();
    let used = if mechanism == Mechanism::Ecdsa { 32 } else { 16 };
    Challenge::of(&digest[..used]).unwrap_or(Challenge::NONE)
}

/// Whether a method is the client's answer to the meter's challenge.
pub(super) fn is_proof(method: &MethodDescriptor) -> bool {
    method.class_id == 15 && method.method_id == 1 && method.instance_id == Obis([0, 0, 40, 0, 0, 255])
}

/// Passes 3 and 4 of high-level security. A wrong answer ends the association.
pub(super) fn prove(desk: &mut Desk<'_>, parameter: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let fail = |desk: &mut Desk<'_>, out: &mut Vec<u8>| {
        desk.effects.denied = Some(Denied::Proof);
        desk.session.expelled = true;
        desk.session.proven = false;
        out.extend_from_slice(&[ActionResult::OtherReason.as_u8(), 0]);
    };
    if !desk.session.mechanism.is_high() || desk.session.proven {
        return Err(Refusal::NOT_ALLOWED);
    }
    let Some(Ok(Data::OctetString(proof))) = parameter.map(Data::from_bytes) else {
        fail(desk, out);
        return Ok(());
    };
    let meter = desk.meter;
    let suite = meter.vendor().suite;
    let (ctos, stoc) = desk.session.challenges;
    let changed = desk.rest.changed.clone();
    let facts = hls::Facts {
        keys: &meter.fleet.keys,
        client: desk.session.client,
        changed: changed.as_deref().map(|changed| &changed.security),
        suite,
        client_title: SystemTitle(desk.session.client_title),
        server_title: meter.system_title(),
        client_challenge: ctos.bytes(),
        server_challenge: stoc.bytes(),
    };
    let Ok(counter) = hls::verify_client(desk.session.mechanism, &facts, proof) else {
        fail(desk, out);
        return Ok(());
    };
    if let Some(counter) = counter {
        // The proof was made before the message that brings it, and has the lower counter.
        server::check_counter(meter, desk.session.counter_before, counter)?;
        server::took_counter(desk.rest, desk.session.client, counter, desk.effects);
    }
    let counter = if desk.session.mechanism == Mechanism::Gmac {
        server::next_counter(desk.rest, desk.effects).ok_or(Refusal::Close)?
    } else {
        0
    };
    let proof = hls::server_proof(desk.session.mechanism, &facts, counter).map_err(|_| Refusal::Close)?;
    // Two bytes of head in front of the octet string, three of result and presence.
    if out.len() + 5 + proof.bytes().len() > desk.room {
        fail(desk, out);
        return Ok(());
    }
    desk.session.proven = true;
    // Success, data follow, a value.
    out.extend_from_slice(&[0, 1, 0]);
    Data::OctetString(proof.bytes()).encode(out).map_err(|_| Refusal::Close)
}

/// Answers an RLRQ; one without an association is confirmed as well.
pub(super) fn release(
    meter: Meter<'_>,
    rest: &mut Rest,
    slot: &mut Option<Box<Session>>,
    request: &mut [u8],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
    effects: &mut Effects,
) -> Result<(), Refusal> {
    let rlrq = Rlrq::from_bytes(request).map_err(|_| Refusal::UNSUPPORTED)?;
    let information = rlrq.user_information.map(|i| (i.as_ptr() as usize - request.as_ptr() as usize, i.len()));
    let mut answer = std::mem::take(&mut scratch.plain);
    answer.clear();
    let protected = match (slot.as_deref_mut(), information) {
        (Some(session), Some((from, len))) if session.ciphered => {
            let information = &mut request[from..from + len];
            farewell(meter, rest, session, information, scratch, &mut answer, effects).map(|()| true)
        }
        _ => Ok(false),
    };
    let outcome = protected.and_then(|protected| {
        let user_information = protected.then_some(&answer[..]);
        Rlre { reason: Some(ReleaseReason::Normal), user_information }.encode(out).map_err(|_| Refusal::Close)
    });
    scratch.plain = answer;
    outcome?;
    *slot = None;
    Ok(())
}

/// Opens the sealed initiate request of an RLRQ; appends the sealed initiate response of the RLRE.
fn farewell(
    meter: Meter<'_>,
    rest: &mut Rest,
    session: &mut Session,
    information: &mut [u8],
    scratch: &mut Scratch,
    answer: &mut Vec<u8>,
    effects: &mut Effects,
) -> Result<(), Refusal> {
    let envelope = cipher::envelope(information).ok_or(Refusal::DECIPHERING)?;
    server::have_counters(rest, 1, effects)?;
    server::unwrap(meter, rest, session, &envelope, information, scratch, effects)?;
    let mut plain = vec![0x08];
    let response = InitiateResponse {
        negotiated_conformance: session.conformance,
        server_max_receive_pdu_size: meter.vendor().pdu_max,
        vaa_name: VAA_NAME_LN,
        ..InitiateResponse::default()
    };
    response.encode(&mut plain).map_err(|_| Refusal::Close)?;
    let form = server::answer_form(meter, &envelope);
    let buffer = &mut scratch.authenticated;
    let control = server::answer_control(rest, &envelope);
    server::seal(meter, rest, session, form, control, &plain, answer, buffer, effects)
}
