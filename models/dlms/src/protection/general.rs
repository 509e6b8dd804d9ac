//! General-ciphering (0xDD): APDUs that name both parties, under a key that may be agreed for this one message. An answer has
//! the form of its request.

use crate::crypto::agreement::{self, Purpose, Scheme};
use crate::crypto::cipher::{Aead, TAG, iv};
use crate::crypto::keys::Owner;
use crate::meter::client::Client;
use crate::meter::fleet::Meter;
use crate::meter::rest::keys_of;
use crate::meter::{security, signatures};
use crate::protection::exchange::Exchange;
use crate::protection::head::Head;
use crate::protection::{counters, message};
use crate::vocabulary::effects::Denied;
use crate::vocabulary::refusal::Refusal;
use dlms_cosem_rs::codec::{Decode, Encode, Reader, Writer};
use dlms_cosem_rs::xdlms::{CipheredService, Conformance, KeyInfo, SecurityControl};
use std::ops::Range;

/// Tag of general-ciphering.
pub const CIPHERED: u8 = 0xDD;

/// How the key of a message is known.
enum Key {
    /// The global unicast key.
    Global,
    /// It came wrapped under the master key, in these bytes.
    Wrapped(Vec<u8>, [u8; 32]),
    /// It follows from key pairs.
    Agreed(Scheme),
}

/// What is authenticated besides the plain APDU.
#[derive(Clone, Copy, PartialEq)]
enum Additional {
    /// By the standard: control byte, authentication key, and the head of the message.
    Head,
    /// Control byte and authentication key alone, as some clients do it.
    Bare,
}

impl Additional {
    /// The additional data; `plain` is what is authenticated without being encrypted.
    fn data(self, control: SecurityControl, key: &[u8], head: &[u8], plain: &[u8]) -> Vec<u8> {
        let head = if self == Additional::Head { head } else { &[] };
        [&[control.0], key, head, plain].concat()
    }
}

/// A request whose protection is taken off.
pub(crate) struct Opened {
    /// Where the plain APDU lies.
    pub plain: Range<usize>,
    head: Head,
    key: Key,
    control: SecurityControl,
    additional: Additional,
}

/// Checks and takes off the protection of a general-ciphering APDU, once there is room and a counter for the answer.
pub(crate) fn open(exchange: &mut Exchange<'_>, request: &mut [u8]) -> Result<Opened, Refusal> {
    let meter = exchange.meter;
    if !exchange.session.ciphered || !exchange.session.conformance.contains(Conformance::GENERAL_PROTECTION) {
        return Err(Refusal::NOT_ALLOWED);
    }
    let suite = meter.vendor().suite;
    let mut reader = Reader::new(request);
    let unreadable = |_| Refusal::UNSUPPORTED;
    reader.skip(1).map_err(unreadable)?;
    let head = Head::read(&mut reader).map_err(unreadable)?;
    let info = match reader.u8().map_err(unreadable)? {
        0 => None,
        _ => Some(KeyInfo::decode(&mut reader).map_err(unreadable)?),
    };
    let content = CipheredService::decode(&mut reader).map_err(unreadable)?;
    if !reader.is_empty() {
        return Err(Refusal::UNSUPPORTED);
    }
    let (control, counter) = (content.security_control, content.invocation_counter);
    if control.suite() != suite.id() {
        exchange.effects.denied = Some(Denied::Suite);
        return Err(message::other_suite(meter));
    }
    // What is encrypted alone would not show who sent it, nor when.
    let strong = control.authenticated() && message::is_enough(exchange.policy(), control);
    let whole = strong && !control.compressed() && !control.broadcast_key();
    let plain = content.payload.len().checked_sub(TAG).filter(|_| whole && head.fits(meter, exchange.session));
    let plain = plain.ok_or(Refusal::DECIPHERING)?;
    let (key, cipher) = match info {
        Some(KeyInfo::Identified { key_id: 0 }) => (Key::Global, exchange.session.unicast.clone()),
        // Transactions are counted once: for the client that may do everything.
        Some(KeyInfo::Wrapped { .. } | KeyInfo::Agreed { .. }) if exchange.session.client != Client::Management => {
            return Err(Refusal::DECIPHERING);
        }
        Some(KeyInfo::Wrapped { kek_id: 0, ciphered_key }) => {
            let master = keys_of(meter, exchange.rest).master;
            let key = security::unwrap_key(suite, &master, ciphered_key).ok_or(Refusal::DECIPHERING)?;
            (Key::Wrapped(ciphered_key.to_vec(), key), Aead::new(suite, &key))
        }
        Some(KeyInfo::Agreed { parameters, ciphered_key }) => {
            let scheme = Scheme::of_parameters(parameters).ok_or(Refusal::DECIPHERING)?;
            let key = agreed_by_client(meter, exchange.session.client, &head, scheme, ciphered_key);
            let key = key.ok_or(Refusal::DECIPHERING)?;
            (Key::Agreed(scheme), Aead::new(suite, &key))
        }
        _ => return Err(Refusal::DECIPHERING),
    };
    let key_bytes = match &key {
        Key::Global => 3,
        Key::Wrapped(wrapped, _) => 4 + wrapped.len(),
        Key::Agreed(Scheme::OnePass) => 8 + 2 * agreement::public_bytes(suite),
        Key::Agreed(Scheme::Static) => 5,
    };
    // Tag, head, key, length, control, counter, tag.
    exchange.leave_room(1 + head.answer().len() + key_bytes + 5 + 5 + TAG)?;
    exchange.begin()?;
    let freshness = freshness(exchange, &key, &head, counter)?;
    let at = request.len() - content.payload.len();
    let (before, payload) = request.split_at_mut(at);
    let (text, tag) = payload.split_at_mut(plain);
    let tag: &[u8; TAG] = (&*tag).try_into().map_err(|_| Refusal::DECIPHERING)?;
    let iv = iv(&exchange.session.client_title, counter);
    let mut genuine = |additional: Additional| {
        let (key, head) = (exchange.session.authentication_key(), &before[head.bytes.clone()]);
        // The text stays as it is where the tag is wrong.
        if control.encrypted() {
            cipher.decrypt(&iv, &additional.data(control, key, head, &[]), text, tag)
        } else {
            cipher.decrypt(&iv, &additional.data(control, key, head, text), &mut [], tag)
        }
    };
    // A transaction that is not authenticated tells nothing from a recording.
    let counted = !matches!(freshness, Freshness::Transaction(_));
    let additional = if genuine(Additional::Head) {
        Additional::Head
    } else if counted && genuine(Additional::Bare) {
        Additional::Bare
    } else {
        return Err(Refusal::DECIPHERING);
    };
    match freshness {
        Freshness::Global => counters::take(exchange.rest, exchange.session.client, counter, exchange.effects),
        Freshness::Counter => exchange.rest.security_mut().message_counter = counter + 1,
        Freshness::Transaction(number) => exchange.rest.security_mut().transaction = number,
    }
    exchange.effects.rest_changed = true;
    Ok(Opened { plain: at..at + plain, head, key, control, additional })
}

impl Opened {
    /// Appends the answer, protected as its request was.
    pub fn seal(&self, exchange: &mut Exchange<'_>, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let (meter, session) = (exchange.meter, &*exchange.session);
        let suite = meter.vendor().suite;
        let title = meter.system_title();
        let counter = counters::next(exchange.rest, exchange.effects).ok_or(Refusal::Close)?;
        let mut data = Vec::new();
        let (info, cipher) = match &self.key {
            Key::Global => (KeyInfo::Identified { key_id: 0 }, session.unicast.clone()),
            Key::Wrapped(wrapped, key) => {
                (KeyInfo::Wrapped { kek_id: 0, ciphered_key: wrapped }, Aead::new(suite, key))
            }
            Key::Agreed(scheme) => {
                let key = agreed_by_meter(meter, session.client, &self.head, *scheme, counter, &mut data);
                let aead = Aead::new(suite, &key.ok_or(Refusal::Close)?);
                (KeyInfo::Agreed { parameters: scheme.parameters(), ciphered_key: &data }, aead)
            }
        };
        let control = message::answer_control(exchange.rest, self.control);
        let head = self.head.answer();
        out.push(CIPHERED);
        out.extend_from_slice(&head);
        out.push(1);
        info.encode(out).map_err(|_| Refusal::Close)?;
        out.write_length(5 + plain.len() + TAG).map_err(|_| Refusal::Close)?;
        out.push(control.0);
        out.extend_from_slice(&counter.to_be_bytes());
        let at = out.len();
        out.extend_from_slice(plain);
        let (key, iv) = (session.authentication_key(), iv(title.as_bytes(), counter));
        let tag = if control.encrypted() {
            cipher.encrypt(&iv, &self.additional.data(control, key, &head, &[]), &mut out[at..])
        } else {
            cipher.encrypt(&iv, &self.additional.data(control, key, &head, plain), &mut [])
        };
        let tag = tag.ok_or(Refusal::Close)?;
        out.extend_from_slice(&tag);
        Ok(())
    }
}

/// What tells a message from one that came before.
enum Freshness {
    /// Its invocation counter under the global keys.
    Global,
    /// Its invocation counter; those under keys for one message count apart.
    Counter,
    /// Its transaction identifier: where a key is for one message, senders may leave the counter at 0.
    Transaction(u64),
}

fn freshness(exchange: &Exchange<'_>, key: &Key, head: &Head, counter: u32) -> Result<Freshness, Refusal> {
    if matches!(key, Key::Global) {
        let expected = exchange.rest.received[exchange.session.client.slot()];
        return counters::check(exchange.meter, expected, counter).map(|()| Freshness::Global);
    }
    let (last, expected) =
        exchange.rest.security().map_or((0, 0), |security| (security.transaction, security.message_counter));
    let number = head.transaction.as_slice().try_into().map(u64::from_be_bytes).ok();
    match number.filter(|number| counter == 0 && *number > last) {
        Some(number) => Ok(Freshness::Transaction(number)),
        None => counters::check(exchange.meter, expected.max(1), counter).map(|()| Freshness::Counter),
    }
}

/// The key of a message from the client.
fn agreed_by_client(meter: Meter<'_>, client: Client, head: &Head, scheme: Scheme, data: &[u8]) -> Option<[u8; 32]> {
    let (suite, title, keys) = (meter.vendor().suite, meter.system_title(), &meter.fleet.keys);
    let own = keys.agreement_key(Owner::Meter(title), suite)?;
    match scheme {
        Scheme::OnePass => {
            let theirs = signatures::signed_public(meter, client, data, &[&[], scheme.parameters()])?;
            own.derive(theirs, Purpose::Cipher, &head.originator, &title.0)
        }
        Scheme::Static => {
            let theirs = keys.agreement_key(client.owner(), suite)?.public();
            data.is_empty().then_some(())?;
            own.derive(&theirs, Purpose::Cipher, &transaction_of(&head.originator, head), &title.0)
        }
    }
}

/// Sender and transaction, as the derivation of a static agreement takes them.
fn transaction_of(sender: &[u8], head: &Head) -> Vec<u8> {
    [sender, &[head.transaction.len() as u8], &head.transaction].concat()
}

/// The key of a message to the client; appends what the client needs to find it.
fn agreed_by_meter(
    meter: Meter<'_>,
    client: Client,
    head: &Head,
    scheme: Scheme,
    counter: u32,
    data: &mut Vec<u8>,
) -> Option<[u8; 32]> {
    let (suite, title, keys) = (meter.vendor().suite, meter.system_title(), &meter.fleet.keys);
    let theirs = keys.agreement_key(client.owner(), suite)?.public();
    match scheme {
        Scheme::OnePass => {
            // Its counter is used for this message alone.
            let own = signatures::ephemeral(meter, &[u64::from(counter)])?;
            let public = own.public();
            data.extend_from_slice(&public);
            data.extend_from_slice(&signatures::meter_signature(meter, &public));
            own.derive(&theirs, Purpose::Cipher, title.as_bytes(), &head.originator)
        }
        Scheme::Static => {
            let own = keys.agreement_key(Owner::Meter(title), suite)?;
            own.derive(&theirs, Purpose::Cipher, &transaction_of(title.as_bytes(), head), &head.originator)
        }
    }
}
