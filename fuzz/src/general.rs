//! A meter and what a client who knows all keys ciphers and signs in the forms that name both parties.

use crate::Input;
use aes_gcm::aead::AeadInPlace;
use aes_gcm::aes::{Aes128, Aes256, cipher::consts::U12};
use aes_gcm::{AesGcm, KeyInit};
use aes_kw::{KekAes128, KekAes256};
use amitwin_dlms::agreement::{AgreementKey, Purpose, public_bytes};
use amitwin_dlms::keys::Owner;
use amitwin_dlms::pairs::SIGNATURE_MAX;
use amitwin_dlms::{
    Call, CivilTime, Client, Effects, Fleet, KeyMaster, LocalTime, Meter, Moment, Reaction, Rest, Scratch, Session,
    Vendor, answer, keys_of,
};
use dlms_cosem_rs::codec::{Decode, Encode, Writer};
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::{GeneralCiphering, GeneralSigning, KeyInfo};
use std::sync::LazyLock;

const TITLE: [u8; 8] = *b"HES\0\0\0\0\x01";
/// Bytes of a tag.
const TAG: usize = 12;

static FLEETS: LazyLock<[Fleet; 2]> = LazyLock::new(|| [SecuritySuite::Suite1, SecuritySuite::Suite2].map(fleet));

fn fleet(suite: SecuritySuite) -> Fleet {
    Fleet {
        seed: 1,
        time: CivilTime { start_unix_s: 1_767_225_600, local: LocalTime::fixed(60) },
        vendors: vec![Vendor { suite, ..Vendor::default() }],
        keys: KeyMaster::Test,
        challenge_key: [1; 32],
    }
}

/// How the key of a message is known to both.
#[derive(Clone, Copy)]
enum Way {
    Global,
    Wrapped,
    OnePass,
    Static,
}

struct Place {
    meter: Meter<'static>,
    suite: SecuritySuite,
    client: Client,
    rest: Rest,
    session: Option<Box<Session>>,
    scratch: Scratch,
    out: Vec<u8>,
    /// Of the last message.
    transaction: u64,
    counter: u32,
}

/// One input: a run of messages to one meter of suite 1 or 2, by the management client or the operator.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let first = input.byte();
    let fleet = &FLEETS[usize::from(first & 1)];
    let meter = Meter { fleet, number: 7 };
    let mut place = Place {
        meter,
        suite: meter.vendor().suite,
        client: if first & 2 == 0 { Client::Management } else { Client::Operator },
        rest: Rest::default(),
        session: None,
        scratch: Scratch::default(),
        out: Vec::new(),
        transaction: 0,
        counter: 0,
    };
    // Curves are slow: an input says little that a few messages do not.
    for _ in 0..4 {
        if input.0.is_empty() {
            break;
        }
        if place.session.is_none() {
            place.open();
        }
        let kind = input.byte();
        // Fresh by the transaction or by the counter, or not at all.
        let step = input.byte();
        if step & 1 != 0 {
            place.transaction = place.transaction.saturating_add(u64::from(step >> 2));
        }
        place.counter = if step & 2 != 0 { place.next_counter() } else { 0 };
        let content = input.piece(1_024);
        let content = match kind & 7 {
            0 | 1 => content.to_vec(),
            2 => place.ciphered(Way::Global, content),
            3 => place.ciphered(Way::Wrapped, content),
            4 => place.ciphered(Way::OnePass, content),
            5 => place.ciphered(Way::Static, content),
            // A ciphered message in a form that is nearly right.
            6 => altered(place.ciphered(Way::Static, &[]), content),
            _ => altered(place.ciphered(Way::OnePass, &[]), content),
        };
        let mut request = if kind & 8 == 0 { content } else { place.signed(&content) };
        let again = kind & 16 != 0;
        let copy = request.clone();
        let taken = place.ask(&mut request);
        if again && taken && copy[0] == 0xDD && place.session.is_some() {
            let mut copy = copy;
            assert!(!place.ask(&mut copy), "the same ciphered message is taken twice");
        }
    }
}

/// `message` with the bytes of `changes` in it: where, then what.
fn altered(mut message: Vec<u8>, changes: &[u8]) -> Vec<u8> {
    for change in changes.chunks_exact(2) {
        let at = usize::from(change[0]) % message.len().max(1);
        if let Some(byte) = message.get_mut(at) {
            *byte ^= change[1];
        }
    }
    message
}

fn head(transaction: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for field in [transaction, from, to, &[], &[]] {
        head.write_length_prefixed(field).expect("short");
    }
    head
}

fn crypt(suite: SecuritySuite, key: &[u8; 32], iv: &[u8; 12], aad: &[u8], text: &mut [u8]) -> [u8; TAG] {
    let tag = match suite {
        SecuritySuite::Suite2 => {
            AesGcm::<Aes256, U12, U12>::new(key.into()).encrypt_in_place_detached(iv.into(), aad, text)
        }
        _ => AesGcm::<Aes128, U12, U12>::new(key[..16].into()).encrypt_in_place_detached(iv.into(), aad, text),
    };
    tag.expect("short").into()
}

fn decrypt(suite: SecuritySuite, key: &[u8; 32], iv: &[u8; 12], aad: &[u8], text: &mut [u8], tag: &[u8]) -> bool {
    match suite {
        SecuritySuite::Suite2 => {
            let gcm = AesGcm::<Aes256, U12, U12>::new(key.into());
            gcm.decrypt_in_place_detached(iv.into(), aad, text, tag.into()).is_ok()
        }
        _ => {
            let gcm = AesGcm::<Aes128, U12, U12>::new(key[..16].into());
            gcm.decrypt_in_place_detached(iv.into(), aad, text, tag.into()).is_ok()
        }
    }
}

fn iv(title: &[u8; 8], counter: u32) -> [u8; 12] {
    let mut iv = [0; 12];
    iv[..8].copy_from_slice(title);
    iv[8..].copy_from_slice(&counter.to_be_bytes());
    iv
}

impl Place {
    fn open(&mut self) {
        self.session = Some(Session::pre_established(self.meter, &self.rest, self.client, TITLE, u16::MAX));
    }

    /// A counter that is fresh under the global keys and under those for one message.
    fn next_counter(&self) -> u32 {
        let message = self.rest.security().map_or(0, |security| security.message_counter);
        self.rest.received.into_iter().max().unwrap_or(0).max(message).max(1)
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let key = self.meter.fleet.keys.signing_key(self.client.owner(), self.suite).expect("suites 1 and 2");
        let mut signature = [0; SIGNATURE_MAX];
        let bytes = key.sign(message, &mut signature);
        signature[..bytes].to_vec()
    }

    fn signed(&self, content: &[u8]) -> Vec<u8> {
        let head = head(&self.transaction.to_be_bytes(), &TITLE, &self.meter.system_title().0);
        let signature = self.sign(&[&head, content].concat());
        let mut request = [&[0xDF], &head[..]].concat();
        request.write_length_prefixed(content).expect("short");
        request.write_length_prefixed(&signature).expect("short");
        request
    }

    fn ciphered(&self, way: Way, plain: &[u8]) -> Vec<u8> {
        let title = self.meter.system_title();
        let transaction = self.transaction.to_be_bytes();
        let head = head(&transaction, &TITLE, &title.0);
        let keys = keys_of(self.meter, &self.rest);
        let owned;
        let (info, key) = match way {
            Way::Global => (KeyInfo::Identified { key_id: 0 }, keys.unicast),
            Way::Wrapped => {
                owned = self.wrapped(&keys.master, &[0x5A; 32]);
                (KeyInfo::Wrapped { kek_id: 0, ciphered_key: &owned }, [0x5A; 32])
            }
            Way::OnePass => {
                let own = AgreementKey::ephemeral(self.suite, &[0x33; 32]).expect("suites 1 and 2");
                let key = own.derive(&self.meters().public(), Purpose::Cipher, &TITLE, &title.0).expect("a point");
                let public = own.public();
                owned = [&public[..], &self.sign(&[&[1], &public[..]].concat())].concat();
                (KeyInfo::Agreed { parameters: &[1], ciphered_key: &owned }, key)
            }
            Way::Static => {
                let from = [&TITLE[..], &[8], &transaction].concat();
                let key = self.own().derive(&self.meters().public(), Purpose::Cipher, &from, &title.0);
                (KeyInfo::Agreed { parameters: &[2], ciphered_key: &[] }, key.expect("a point"))
            }
        };
        let control = 0x30 | self.suite.id();
        let aad = [&[control], &keys.authentication[..self.suite.key_len()], &head].concat();
        let mut text = plain.to_vec();
        let tag = crypt(self.suite, &key, &iv(&TITLE, self.counter), &aad, &mut text);
        let mut request = [&[0xDD], &head[..], &[1]].concat();
        info.encode(&mut request).expect("short");
        let content = [&[control], &self.counter.to_be_bytes()[..], &text, &tag].concat();
        request.write_length_prefixed(&content).expect("short");
        request
    }

    fn wrapped(&self, master: &[u8; 32], key: &[u8; 32]) -> Vec<u8> {
        let bytes = self.suite.key_len();
        let mut out = vec![0; bytes + 8];
        match self.suite {
            SecuritySuite::Suite2 => KekAes256::from(*master).wrap(key, &mut out),
            _ => KekAes128::from(*master.first_chunk::<16>().expect("32 bytes")).wrap(&key[..16], &mut out),
        }
        .expect("a key's length");
        out
    }

    fn own(&self) -> AgreementKey {
        self.meter.fleet.keys.agreement_key(self.client.owner(), self.suite).expect("suites 1 and 2")
    }

    fn meters(&self) -> AgreementKey {
        let owner = Owner::Meter(self.meter.system_title());
        self.meter.fleet.keys.agreement_key(owner, self.suite).expect("suites 1 and 2")
    }

    /// Sends a request; whether its protection held.
    fn ask(&mut self, request: &mut [u8]) -> bool {
        let (tag, before) = (request.first().copied(), self.rest.clone());
        let mut effects = Effects::default();
        let address = if self.client == Client::Management { 1 } else { 0x20 };
        let Place { meter, rest, session, scratch, out, .. } = self;
        let now = Moment { unix_ms: meter.fleet.time.start_unix_s * 1_000 };
        let mut call = Call { meter: *meter, rest, now, scratch, effects: &mut effects };
        let reaction = answer(&mut call, session, address, request, out);
        let most = usize::from(self.meter.vendor().pdu_max);
        assert!(self.out.len() <= most, "{} bytes from a meter that sends {most}", self.out.len());
        assert!(self.rest.counter >= before.counter, "a counter goes back");
        let (now, then) = (self.rest.security(), before.security());
        let marks = |security: Option<&amitwin_dlms::security::Security>| {
            security.map_or((0, 0), |security| (security.transaction, security.message_counter))
        };
        let (now, then) = (marks(now), marks(then));
        let same_keys = self.rest.generation() == before.generation();
        if same_keys {
            assert!(now.0 >= then.0 && now.1 >= then.1, "a transaction is forgotten: {then:?}, then {now:?}");
            for (after, before) in self.rest.received.iter().zip(before.received) {
                assert!(*after >= before, "a counter that was seen is forgotten");
            }
        }
        assert!(effects.rest_changed || self.rest == before, "a change is not kept");
        if reaction == Reaction::Reply && same_keys {
            self.judge(tag);
        }
        now != then || self.rest.received != before.received
    }

    /// An answer has its request's form, and what its protection promises is so. `tag` is the request's.
    fn judge(&self, tag: Option<u8>) {
        let mut answer = &self.out[..];
        let outer = answer.first().copied();
        // An exception; or the first block of an answer whose protection is around the whole.
        if matches!(outer, Some(0xD8 | 0xE0)) {
            return;
        }
        let title = self.meter.system_title();
        if tag == Some(0xDF) {
            assert_eq!(outer, tag, "a signed request is answered without a signature");
            let signed = GeneralSigning::from_bytes(&answer[1..]).expect("general-signing");
            let message = [&head(signed.transaction_id, &title.0, &TITLE), signed.content].concat();
            let key = self.meter.fleet.keys.public_key(Owner::Meter(title), self.suite).expect("suites 1 and 2");
            assert!(key.verify(&message, signed.signature), "the meter's signature does not hold");
            answer = signed.content;
        }
        if answer.first() != Some(&0xDD) {
            assert_ne!(tag, Some(0xDD), "a ciphered request is answered in the clear: {answer:02X?}");
            return;
        }
        let ciphered = GeneralCiphering::from_bytes(&answer[1..]).expect("general-ciphering");
        let keys = keys_of(self.meter, &self.rest);
        let derive = |theirs: &[u8], from: &[u8]| self.own().derive(theirs, Purpose::Cipher, from, &TITLE);
        let key = match ciphered.key_info.expect("the answer says which key") {
            KeyInfo::Identified { .. } => Some(keys.unicast),
            KeyInfo::Wrapped { ciphered_key, .. } => {
                amitwin_dlms::security::unwrap_key(self.suite, &keys.master, ciphered_key)
            }
            KeyInfo::Agreed { parameters: [1], ciphered_key } => {
                derive(&ciphered_key[..public_bytes(self.suite)], &title.0)
            }
            KeyInfo::Agreed { .. } => {
                let transaction = ciphered.transaction_id;
                let from = [&title.0[..], &[transaction.len() as u8], transaction].concat();
                derive(&self.meters().public(), &from)
            }
        };
        let head = head(ciphered.transaction_id, &title.0, &TITLE);
        let control = ciphered.ciphered.security_control.0;
        let aad = [&[control], &keys.authentication[..self.suite.key_len()], &head].concat();
        let (text, tag) = ciphered.ciphered.payload.split_last_chunk::<TAG>().expect("a tag");
        let iv = iv(&title.0, ciphered.ciphered.invocation_counter);
        let mut text = text.to_vec();
        assert!(decrypt(self.suite, &key.expect("a key"), &iv, &aad, &mut text, tag), "the answer does not open");
    }
}
