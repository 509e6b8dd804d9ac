//! The security setup (class 64): the policy in force, and new keys, transferred or agreed.

use crate::crypto::agreement::{self, Purpose};
use crate::meter::client::Client;
use crate::meter::rest::{Rest, keys_of};
use crate::meter::security::{KEYS, policy, unwrap_key};
use crate::meter::signatures;
use crate::objects::certificates;
use crate::objects::put::{Answer, Put};
use crate::objects::table::Kind;
use crate::objects::view::View;
use crate::vocabulary::effects::Effects;
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::codec::Writer;
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::ActionResult;

/// Numbers of keys in requests.
const UNICAST: usize = 0;
const BROADCAST: usize = 1;
const MASTER: usize = 3;

/// Reads attributes 2 to 6.
pub fn get(view: &View<'_>, rest: &Rest, index: i8, put: &mut Put<'_>) -> Answer {
    match index {
        2 => put.choice(rest.policy()),
        3 => put.choice(view.meter.vendor().suite.id()),
        4 => put.octets(view.session.map_or(&[], |session| &session.client_title)),
        5 => put.octets(&view.meter.system_title().0),
        // No certificates: the client's public keys came with the meter.
        _ => put.array(0),
    }
}

/// Whether a method is one of those by which the management client gives certificates to meters that take them: 4 makes a pair, 5 returns a request, 6 imports.
pub fn certifies(view: &View<'_>, kind: Kind, index: i8) -> bool {
    let has = view.meter.vendor().certificates && view.client == Client::Management;
    has && kind == Kind::Security && (4..=6).contains(&index)
}

/// Invokes methods 1 to 6; the value says whether `out` holds return data. Whoever is not answered changes nothing.
pub fn act(
    view: &View<'_>,
    rest: &mut Rest,
    index: i8,
    parameter: &Data<'_>,
    room: Option<usize>,
    effects: &mut Effects,
    out: &mut dyn Writer,
) -> Result<bool, ActionResult> {
    let room = room.ok_or(ActionResult::OtherReason)?;
    // What travels in the clear has nothing that tells it from a recording: a former key could be brought back with it.
    if index != 1 && !view.session.is_some_and(|session| session.ciphered && session.authenticated) {
        return Err(ActionResult::OtherReason);
    }
    match index {
        1 => activate(view, rest, parameter, effects).map(|()| false),
        2 => transfer(view, rest, parameter, effects).map(|()| false),
        4..=6 => certify(view, rest, index, parameter, effects, out),
        _ => agree(view, rest, parameter, room, effects, out).map(|()| true),
    }
}

/// What a pair for signatures is called in requests.
const DIGITAL_SIGNATURE: Data<'static> = Data::Enum(0);

fn certify(
    view: &View<'_>,
    rest: &mut Rest,
    index: i8,
    parameter: &Data<'_>,
    effects: &mut Effects,
    out: &mut dyn Writer,
) -> Result<bool, ActionResult> {
    match (index, parameter) {
        (4, of) if *of == DIGITAL_SIGNATURE => {
            if !certificates::make_pair(view.meter, rest) {
                return Err(ActionResult::OtherReason);
            }
            effects.rest_changed = true;
            Ok(false)
        }
        (5, of) if *of == DIGITAL_SIGNATURE => {
            let request = certificates::request(view.meter, rest).ok_or(ActionResult::TemporaryFailure)?;
            Put(out).octets(&request).map_err(|_| ActionResult::OtherReason)?;
            Ok(true)
        }
        (6, Data::OctetString(bytes)) => {
            if !certificates::import(view.meter, rest, bytes) {
                return Err(ActionResult::OtherReason);
            }
            effects.rest_changed = true;
            Ok(false)
        }
        _ => Err(ActionResult::TypeUnmatched),
    }
}

/// Takes a stronger policy; a weaker one is denied, the same one changes nothing.
fn activate(view: &View<'_>, rest: &mut Rest, parameter: &Data<'_>, effects: &mut Effects) -> Result<(), ActionResult> {
    let Data::Enum(wanted) = parameter else { return Err(ActionResult::TypeUnmatched) };
    let signatures = view.meter.vendor().suite != SecuritySuite::Suite0;
    let known = policy::CIPHERED | if signatures { policy::SIGNED } else { 0 };
    if wanted & !known != 0 {
        return Err(ActionResult::OtherReason);
    }
    if wanted & rest.policy() != rest.policy() {
        return Err(ActionResult::ReadWriteDenied);
    }
    if *wanted != rest.policy() {
        rest.security_mut().policy = *wanted;
        effects.rest_changed = true;
    }
    Ok(())
}

/// Number and bytes of each key in a request, none of them twice.
fn listed<'a>(parameter: &Data<'a>) -> Result<Vec<(usize, &'a [u8])>, ActionResult> {
    let Data::Array(items) = parameter else { return Err(ActionResult::TypeUnmatched) };
    let mut keys = Vec::new();
    for item in items.iter() {
        let Ok(Data::Structure(fields)) = item else { return Err(ActionResult::TypeUnmatched) };
        let mut fields = fields.iter();
        let (Some(Ok(Data::Enum(which))), Some(Ok(Data::OctetString(bytes))), None) =
            (fields.next(), fields.next(), fields.next())
        else {
            return Err(ActionResult::TypeUnmatched);
        };
        let which = usize::from(which);
        if which >= KEYS || keys.iter().any(|(other, _)| *other == which) {
            return Err(ActionResult::OtherReason);
        }
        keys.push((which, bytes));
    }
    if keys.is_empty() { Err(ActionResult::TypeUnmatched) } else { Ok(keys) }
}

/// Takes keys that are wrapped under the master key: all of them or none.
fn transfer(view: &View<'_>, rest: &mut Rest, parameter: &Data<'_>, effects: &mut Effects) -> Result<(), ActionResult> {
    let suite = view.meter.vendor().suite;
    let master = keys_of(view.meter, rest).master;
    let mut keys = Vec::new();
    for (which, wrapped) in listed(parameter)? {
        keys.push((which, unwrap_key(suite, &master, wrapped).ok_or(ActionResult::OtherReason)?));
    }
    install(view, rest, &keys, effects);
    Ok(())
}

/// Agrees on keys, C(2e, 0s): each side sends an ephemeral public key with its signature over it and the key's number.
fn agree(
    view: &View<'_>,
    rest: &mut Rest,
    parameter: &Data<'_>,
    room: usize,
    effects: &mut Effects,
    out: &mut dyn Writer,
) -> Result<(), ActionResult> {
    let meter = view.meter;
    let suite = meter.vendor().suite;
    let session = view.session.filter(|session| session.client_title != [0; 8]).ok_or(ActionResult::OtherReason)?;
    let client = session.client_title;
    let wanted = listed(parameter)?;
    // Keys that the client is not told of must not come into force, nor can the answer come in blocks: to ask for the second
    // one it would have to know the keys that are in it.
    let bytes = 2 + wanted.len() * (2 * agreement::public_bytes(suite) + 8);
    if suite == SecuritySuite::Suite0 || bytes > room {
        return Err(ActionResult::OtherReason);
    }
    let (mut keys, mut answers) = (Vec::new(), Vec::new());
    for (which, data) in wanted {
        let number = [which as u8];
        let theirs =
            signatures::signed_public(meter, view.client, data, &[&number]).ok_or(ActionResult::OtherReason)?;
        // The answer takes this counter: no other request finds it. What came before in the same one changed the keys.
        let numbers = [u64::from(rest.counter), u64::from(rest.generation()), which as u64];
        let own = signatures::ephemeral(meter, &numbers).ok_or(ActionResult::OtherReason)?;
        let public = own.public();
        let purpose = if which == MASTER { Purpose::Wrap } else { Purpose::Cipher };
        let key = own.derive(theirs, purpose, &client, &meter.system_title().0);
        keys.push((which, key.ok_or(ActionResult::OtherReason)?));
        let signature = signatures::meter_signature(meter, &[&number[..], &public].concat());
        answers.push((which, [public, signature].concat()));
    }
    let mut put = Put(out);
    let mut write = || -> Answer {
        put.array(answers.len())?;
        answers.iter().try_for_each(|(which, data)| {
            put.structure(2)?;
            put.choice(*which as u8)?;
            put.octets(data)
        })
    };
    write().map_err(|_| ActionResult::OtherReason)?;
    install(view, rest, &keys, effects);
    Ok(())
}

/// Puts keys into force. What was received under a former key is no longer counted; what the meter sends goes on. A key that is
/// in force already stays with its counters.
fn install(view: &View<'_>, rest: &mut Rest, keys: &[(usize, [u8; 32])], effects: &mut Effects) {
    let bytes = view.meter.vendor().suite.key_len();
    let now = keys_of(view.meter, rest).changeable();
    let keys: Vec<_> = keys.iter().filter(|(which, key)| key[..bytes] != now[*which][..bytes]).collect();
    if keys.is_empty() {
        return;
    }
    for (which, key) in keys {
        rest.security_mut().set_key(*which, *key);
        match *which {
            UNICAST => {
                for client in [Client::Reader, Client::Management, Client::Operator] {
                    rest.received[client.slot()] = 0;
                }
            }
            // The place of the public client counts what comes under the broadcast key.
            BROADCAST => rest.received[Client::Public.slot()] = 0,
            _ => {}
        }
    }
    effects.keys_changed = true;
    effects.rest_changed = true;
}
