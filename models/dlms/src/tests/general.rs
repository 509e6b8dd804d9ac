//! General-ciphering, general-signing, and changes of keys and policy, as a client of suites 1 and 2 sees them.

use crate::crypto::agreement::{AgreementKey, Purpose, public_bytes};
use crate::crypto::cipher::{Aead, TAG, iv};
use crate::crypto::keys::Owner;
use crate::crypto::pairs::SIGNATURE_MAX;
use crate::meter::fleet::Vendor;
use crate::meter::rest::keys_of;
use crate::meter::security::policy;
use crate::server::Reaction;
use crate::session::hls::Mechanism;
use crate::tests::client::{CTOS, NAME, TITLE, TestClient, fleet};
use crate::vocabulary::effects::Denied;
use aes_kw::{KekAes128, KekAes256};
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::codec::{Decode, Encode, Writer};
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::{GeneralCiphering, GeneralSigning, KeyInfo};

const SUITES: [SecuritySuite; 2] = [SecuritySuite::Suite1, SecuritySuite::Suite2];
const NOT_ALLOWED: [u8; 3] = [0xD8, 1, 1];
const DECIPHERING: [u8; 3] = [0xD8, 1, 5];
/// Invocation-counter-error; the expected counter follows.
const COUNTER: [u8; 3] = [0xD8, 1, 6];
/// An ACTION that did nothing.
const REFUSED: [u8; 5] = [0xC7, 1, 0xC1, 250, 0];
const EPHEMERAL: [u8; 32] = [0x33; 32];

pub fn vendor(suite: SecuritySuite) -> Vendor {
    Vendor { suite, ..Vendor::default() }
}

pub fn open<'a>(fleet: &'a crate::Fleet) -> TestClient<'a> {
    let mut line = TestClient::new(fleet, 0x01);
    line.open(Mechanism::Ecdsa, true);
    line
}

pub fn signed(line: &TestClient<'_>, message: &[u8]) -> Vec<u8> {
    let key = line.meter.fleet.keys.signing_key(Owner::Client, line.meter.vendor().suite).unwrap();
    let mut signature = [0; SIGNATURE_MAX];
    let bytes = key.sign(message, &mut signature);
    signature[..bytes].to_vec()
}

pub fn wrapped(suite: SecuritySuite, master: [u8; 32], key: [u8; 32]) -> Vec<u8> {
    let length = suite.key_len();
    let mut out = vec![0; length + 8];
    match suite {
        SecuritySuite::Suite2 => KekAes256::from(master).wrap(&key, &mut out).unwrap(),
        _ => KekAes128::from(<[u8; 16]>::try_from(&master[..16]).unwrap()).wrap(&key[..16], &mut out).unwrap(),
    }
    out
}

pub fn head(transaction: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for field in [transaction, from, to, &[], &[]] {
        head.write_length_prefixed(field).unwrap();
    }
    head
}

/// Bits of the security control, and whether the head is authenticated too.
pub type How = (u8, bool);
/// As the standard has it.
const STANDARD: How = (0x30, true);

/// A general-ciphering request.
fn request(line: &TestClient<'_>, transaction: &[u8], info: KeyInfo<'_>, key: [u8; 32], counter: u32) -> Vec<u8> {
    request_as(line, transaction, info, key, counter, &NAME, STANDARD)
}

/// Tag of a text that is encrypted in place, if the control byte says so.
fn seal(line: &TestClient<'_>, key: [u8; 32], iv: [u8; 12], head: &[u8], text: &mut [u8], how: How) -> [u8; TAG] {
    let suite = line.meter.vendor().suite;
    let keys = keys_of(line.meter, &line.rest);
    let head = if how.1 { head } else { &[] };
    let mut aad = [&[how.0 | suite.id()], &keys.authentication[..suite.key_len()], head].concat();
    let aead = Aead::new(suite, &key);
    if how.0 & 0x20 != 0 {
        return aead.encrypt(&iv, &aad, text).unwrap();
    }
    aad.extend_from_slice(text);
    aead.encrypt(&iv, &aad, &mut []).unwrap()
}

pub fn request_as(
    line: &TestClient<'_>,
    transaction: &[u8],
    info: KeyInfo<'_>,
    key: [u8; 32],
    counter: u32,
    plain: &[u8],
    how: How,
) -> Vec<u8> {
    let head = head(transaction, &TITLE, &line.meter.system_title().0);
    let control = how.0 | line.meter.vendor().suite.id();
    let mut text = plain.to_vec();
    let tag = seal(line, key, iv(&TITLE, counter), &head, &mut text, how);
    let mut apdu = [&[0xDD], &head[..], &[1]].concat();
    info.encode(&mut apdu).unwrap();
    let content = [&[control], &counter.to_be_bytes()[..], &text, &tag].concat();
    apdu.write_length_prefixed(&content).unwrap();
    apdu
}

/// Opens an answer; `key` makes its key from the key information.
fn opened(line: &TestClient<'_>, apdu: &[u8], key: impl Fn(KeyInfo<'_>) -> [u8; 32]) -> Vec<u8> {
    opened_as(line, apdu, key, STANDARD)
}

pub fn opened_as(line: &TestClient<'_>, apdu: &[u8], key: impl Fn(KeyInfo<'_>) -> [u8; 32], how: How) -> Vec<u8> {
    assert_eq!(apdu[0], 0xDD, "{apdu:02X?}");
    let suite = line.meter.vendor().suite;
    let answer = GeneralCiphering::from_bytes(&apdu[1..]).unwrap();
    let title = line.meter.system_title().0;
    assert_eq!((answer.originator_system_title, answer.recipient_system_title), (&title[..], &TITLE[..]));
    let head = head(answer.transaction_id, &title, &TITLE);
    assert_eq!(answer.ciphered.security_control.0, how.0 | suite.id());
    let iv = iv(&title, answer.ciphered.invocation_counter);
    let (text, tag) = answer.ciphered.payload.split_at(answer.ciphered.payload.len() - TAG);
    let (key, mut text) = (key(answer.key_info.unwrap()), text.to_vec());
    if how.0 & 0x20 != 0 {
        // Counter mode: to encrypt again is to decrypt.
        Aead::new(suite, &key).encrypt(&iv, &[], &mut text).unwrap();
    }
    assert_eq!(seal(line, key, iv, &head, &mut text.clone(), how), tag);
    text
}

pub fn is_name(plain: &[u8]) {
    assert_eq!(plain[..4], [0xC4, 1, 0xC1, 0]);
    assert!(Data::from_bytes(&plain[4..]).unwrap().as_bytes().unwrap().starts_with(b"AMI"));
}

/// One-pass: (request, key of the answer).
fn one_pass(line: &TestClient<'_>, transaction: &[u8], counter: u32, before: &[u8]) -> Vec<u8> {
    let (suite, title) = (line.meter.vendor().suite, line.meter.system_title());
    let own = AgreementKey::ephemeral(suite, &EPHEMERAL).unwrap();
    let theirs = line.meter.fleet.keys.agreement_key(Owner::Meter(title), suite).unwrap().public();
    let key = own.derive(&theirs, Purpose::Cipher, &TITLE, &title.0).unwrap();
    let public = own.public();
    let data = [&public[..], &signed(line, &[before, &public].concat())].concat();
    request(line, transaction, KeyInfo::Agreed { parameters: &[1], ciphered_key: &data }, key, counter)
}

fn answer_key_of_one_pass(line: &TestClient<'_>, info: KeyInfo<'_>) -> [u8; 32] {
    let (suite, title) = (line.meter.vendor().suite, line.meter.system_title());
    let KeyInfo::Agreed { parameters: [1], ciphered_key } = info else { panic!("{info:?}") };
    let (public, signature) = ciphered_key.split_at(public_bytes(suite));
    assert!(line.meter.fleet.keys.public_key(Owner::Meter(title), suite).unwrap().verify(public, signature));
    let own = line.meter.fleet.keys.agreement_key(Owner::Client, suite).unwrap();
    own.derive(public, Purpose::Cipher, &title.0, &TITLE).unwrap()
}

pub fn statically(line: &TestClient<'_>, transaction: &[u8], to_meter: bool) -> [u8; 32] {
    let (suite, title) = (line.meter.vendor().suite, line.meter.system_title());
    let own = line.meter.fleet.keys.agreement_key(Owner::Client, suite).unwrap();
    let theirs = line.meter.fleet.keys.agreement_key(Owner::Meter(title), suite).unwrap().public();
    let (from, to) = if to_meter { (TITLE, title.0) } else { (title.0, TITLE) };
    own.derive(&theirs, Purpose::Cipher, &[&from[..], &[transaction.len() as u8], transaction].concat(), &to).unwrap()
}

#[test]
fn a_key_is_agreed_for_one_message_and_its_answer() {
    for suite in SUITES {
        let fleet = fleet(vendor(suite));
        let mut line = open(&fleet);
        for (n, before) in [(1_u64, &[][..]), (2, &[1])] {
            let asked = one_pass(&line, &n.to_be_bytes(), 0, before);
            let (_, answer) = line.ask(&asked);
            is_name(&opened(&line, &answer, |info| answer_key_of_one_pass(&line, info)));
            assert_eq!(line.ask(&asked).1[..3], COUNTER, "the transaction was used");
        }
        let n = 3_u64.to_be_bytes();
        let info = KeyInfo::Agreed { parameters: &[2], ciphered_key: &[] };
        let asked = request(&line, &n, info, statically(&line, &n, true), 0);
        let (_, answer) = line.ask(&asked);
        let key = statically(&line, &n, false);
        is_name(&opened(&line, &answer, |info| {
            assert_eq!(info, KeyInfo::Agreed { parameters: &[2], ciphered_key: &[] });
            key
        }));
        assert_eq!(line.ask(&asked).1[..3], COUNTER);
        // Nor does an earlier one that the meter has not seen.
        let earlier = one_pass(&line, &2_u64.to_be_bytes(), 0, &[]);
        assert_eq!(line.ask(&earlier).1[..3], COUNTER);
        // Clients that count do without rising transactions.
        let counter = line.counter;
        let asked = request(&line, &[], info, statically(&line, &[], true), counter);
        let (_, answer) = line.ask(&asked);
        let key = statically(&line, &[], false);
        is_name(&opened(&line, &answer, |_| key));
        assert_eq!(line.ask(&asked).1[..3], COUNTER, "the counter was used");
    }
}

#[test]
fn the_unicast_key_and_a_wrapped_one_do_as_well() {
    for suite in SUITES {
        let fleet = fleet(vendor(suite));
        let mut line = open(&fleet);
        let keys = keys_of(line.meter, &line.rest);
        let (counter, info) = (line.counter, KeyInfo::Identified { key_id: 0 });
        let asked = request(&line, b"any", info, keys.unicast, counter);
        let (_, answer) = line.ask(&asked);
        is_name(&opened(&line, &answer, |back| {
            assert_eq!(back, info);
            keys.unicast
        }));
        let sent = wrapped(suite, keys.master, [0x77; 32]);
        let info = KeyInfo::Wrapped { kek_id: 0, ciphered_key: &sent };
        let asked = request(&line, &[0, 0, 0, 0, 0, 0, 0, 9], info, [0x77; 32], 0);
        let (_, answer) = line.ask(&asked);
        is_name(&opened(&line, &answer, |back| {
            assert_eq!(back, info);
            [0x77; 32]
        }));
        // The broadcast key is for what nobody answers.
        let asked = request(&line, b"any", KeyInfo::Identified { key_id: 1 }, keys.broadcast, counter + 1);
        assert_eq!(line.ask(&asked).1, DECIPHERING);
    }
}

#[test]
fn whatever_is_changed_in_a_message_is_noticed() {
    let fleet = fleet(vendor(SecuritySuite::Suite1));
    let mut line = open(&fleet);
    let asked = one_pass(&line, &1_u64.to_be_bytes(), 0, &[]);
    for at in 0..asked.len() {
        let mut bad = asked.clone();
        bad[at] ^= 1;
        let (reaction, answer) = line.ask(&bad);
        assert!(reaction != Reaction::Reply || answer[0] == 0xD8, "byte {at}: {answer:02X?}");
        assert!(line.rest.changed.is_none(), "byte {at}: nothing is remembered of it");
    }
    for length in 0..asked.len() {
        let (_, answer) = line.ask(&asked[..length]);
        assert!(answer.is_empty() || answer[0] == 0xD8, "{length} bytes: {answer:02X?}");
    }
    let (_, answer) = line.ask(&asked);
    is_name(&opened(&line, &answer, |info| answer_key_of_one_pass(&line, info)));
}

#[test]
fn a_signed_request_gets_a_signed_answer() {
    for suite in SUITES {
        let fleet = fleet(vendor(suite));
        for ciphered in [false, true] {
            let mut line = TestClient::new(&fleet, 0x01);
            line.open(Mechanism::Ecdsa, ciphered);
            let title = line.meter.system_title();
            let content = if ciphered { line.sealed(&NAME) } else { NAME.to_vec() };
            let head = head(b"7", &TITLE, &title.0);
            let signature = signed(&line, &[&head, &content[..]].concat());
            let mut asked = [&[0xDF], &head[..]].concat();
            asked.write_length_prefixed(&content).unwrap();
            asked.write_length_prefixed(&signature).unwrap();
            let mut bad = asked.clone();
            bad[30] ^= 1;
            assert_eq!(line.ask(&bad).1, DECIPHERING);
            let (_, answer) = line.ask(&asked);
            assert_eq!(answer[0], 0xDF);
            let answer = GeneralSigning::from_bytes(&answer[1..]).unwrap();
            assert_eq!(answer.transaction_id, b"7");
            let message = [&self::head(b"7", &title.0, &TITLE), answer.content].concat();
            let meter = line.meter.fleet.keys.public_key(Owner::Meter(title), suite).unwrap();
            assert!(meter.verify(&message, answer.signature));
            let plain = if ciphered { line.opened(answer.content.to_vec()) } else { answer.content.to_vec() };
            is_name(&plain);
        }
    }
}

/// Method `index` of the security setup.
fn act(index: u8, parameter: &[u8]) -> Vec<u8> {
    [&[0xC3, 1, 0xC1, 0, 64, 0, 0, 43, 0, 0, 255, index, 1], parameter].concat()
}

fn key_list(keys: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut list = vec![1, keys.len() as u8];
    for (which, data) in keys {
        list.extend_from_slice(&[2, 2, 22, *which, 9]);
        list.write_length_prefixed(data).unwrap();
    }
    list
}

#[test]
fn transferred_keys_hold_from_the_next_message_on() {
    for suite in [SecuritySuite::Suite0, SecuritySuite::Suite1, SecuritySuite::Suite2] {
        let fleet = fleet(vendor(suite));
        let mut line = TestClient::new(&fleet, 0x01);
        line.open(Mechanism::Gmac, true);
        let first = keys_of(line.meter, &line.rest);
        let (mut bad, new) = (wrapped(suite, first.master, [0x51; 32]), [0x52; 32]);
        let good = wrapped(suite, first.master, new);
        bad[0] ^= 1;
        // One that is not whole and nothing is taken; neither is a number twice.
        for refused in
            [vec![(0, good.clone()), (2, bad)], vec![(0, good.clone()), (0, good.clone())], vec![(4, good.clone())]]
        {
            assert_eq!(line.ask_sealed(&act(2, &key_list(&refused))), REFUSED);
        }
        assert!(line.rest.changed.is_none());
        let before = line.rest.counter;
        assert_eq!(line.ask_sealed(&act(2, &key_list(&[(0, good)]))), [0xC7, 1, 0xC1, 0, 0]);
        assert!(line.effects.keys_changed && line.rest.counter > before);
        assert_eq!((line.rest.received, keys_of(line.meter, &line.rest).unicast[..16] == new[..16]), ([0; 4], true));
        let request = line.sealed(&NAME);
        assert_eq!(line.ask(&request).1, DECIPHERING, "the former key");
        // Counters begin anew with a key.
        (line.key, line.counter) = (Some(new), 0);
        let request = line.sealed(&NAME);
        assert_eq!(line.ask(&request).0, Reaction::Reply);
        assert_eq!(line.rest.received[2], 1);
        // An association of before, over another connection, is over.
        let stale =
            crate::Session::pre_established(line.meter, &crate::Rest::default(), crate::Client::Reader, TITLE, 512);
        (line.session, line.address) = (Some(stale), 0x11);
        let request = line.sealed(&NAME);
        assert_eq!((line.ask(&request).1, line.session.is_none()), (NOT_ALLOWED.to_vec(), true));
    }
}

#[test]
fn keys_are_agreed_on_if_the_client_can_be_told() {
    for suite in SUITES {
        let fleet = fleet(vendor(suite));
        let mut line = open(&fleet);
        let title = line.meter.system_title();
        let own = AgreementKey::ephemeral(suite, &EPHEMERAL).unwrap();
        let all: Vec<(u8, Vec<u8>)> = (0..4)
            .map(|which| {
                let public = own.public();
                (which, [&public[..], &signed(&line, &[&[which], &public[..]].concat())].concat())
            })
            .collect();
        let mut forged = all.clone();
        forged[3].1[100] ^= 1;
        assert_eq!(line.ask_sealed(&act(3, &key_list(&forged))), REFUSED);
        // Longer than the client takes, 512 bytes, or not to be answered: nothing changes.
        assert_eq!(line.ask_sealed(&act(3, &key_list(&all))), REFUSED);
        let mut unconfirmed = act(3, &key_list(&all[..1]));
        unconfirmed[2] = 0x81;
        let sealed = line.sealed(&unconfirmed);
        assert_eq!(line.ask(&sealed).0, Reaction::Silent);
        assert!(line.rest.changed.is_none());

        let (accepted, _, stoc) = line.associate(Mechanism::Ecdsa, true, &CTOS, 1_024);
        assert!(accepted);
        line.prove(Mechanism::Ecdsa, true, &stoc);
        let answer = line.ask_sealed(&act(3, &key_list(&all)));
        assert_eq!(answer[..6], [0xC7, 1, 0xC1, 0, 1, 0], "success, and a value");
        let Data::Array(items) = Data::from_bytes(&answer[6..]).unwrap() else { panic!("no array") };
        let mut derived = Vec::new();
        for (which, item) in items.iter().enumerate() {
            let Ok(Data::Structure(fields)) = item else { panic!("no structure") };
            let fields: Vec<_> = fields.iter().map(Result::unwrap).collect();
            let [Data::Enum(number), Data::OctetString(data)] = fields[..] else { panic!("{fields:?}") };
            assert_eq!(usize::from(number), which);
            let (public, signature) = data.split_at(public_bytes(suite));
            let meter = line.meter.fleet.keys.public_key(Owner::Meter(title), suite).unwrap();
            assert!(meter.verify(&[&[number], public].concat(), signature));
            let purpose = if which == 3 { Purpose::Wrap } else { Purpose::Cipher };
            derived.push(own.derive(public, purpose, &TITLE, &title.0).unwrap());
        }
        let now = keys_of(line.meter, &line.rest);
        assert_eq!(derived, now.changeable());
        assert!(derived.windows(2).all(|pair| pair[0] != pair[1]));
    }
}

/// What a key for one message follows from stays when another key changes, so that its counters stay as well.
#[test]
fn a_change_of_keys_makes_nothing_fresh_again() {
    let fleet = fleet(vendor(SecuritySuite::Suite1));
    let mut line = open(&fleet);
    let info = KeyInfo::Agreed { parameters: &[2], ciphered_key: &[] };
    let message = request(&line, &[], info, statically(&line, &[], true), 57);
    assert_eq!(line.ask(&message).1[0], 0xDD);
    let numbered = one_pass(&line, &9_u64.to_be_bytes(), 0, &[]);
    assert_eq!(line.ask(&numbered).1[0], 0xDD);
    let master = keys_of(line.meter, &line.rest).master;
    let asked = act(2, &key_list(&[(0, wrapped(SecuritySuite::Suite1, master, [0x51; 32]))]));
    assert_eq!(line.ask_sealed(&asked)[3], 0);
    assert_eq!(line.rest.received, [0; 4]);
    assert_eq!(line.ask(&message).1[..3], COUNTER);
    assert_eq!(line.ask(&numbered).1[..3], COUNTER);
    // A key that is in force already is not new: what came under it stays used.
    line.key = Some([0x51; 32]);
    line.counter = 5;
    let sealed = line.sealed(&asked);
    assert_eq!(line.ask(&sealed).0, Reaction::Reply);
    assert_eq!(line.rest.received[2], 6);
    assert_eq!(line.ask(&sealed).1[..3], COUNTER);
}

/// What cannot be answered is not carried out.
#[test]
fn a_client_with_no_room_for_the_answer_is_told_first() {
    let fleet = fleet(vendor(SecuritySuite::Suite1));
    let mut line = TestClient::new(&fleet, 0x01);
    let (_, _, stoc) = line.associate(Mechanism::Ecdsa, true, &CTOS, 150);
    line.prove(Mechanism::Ecdsa, true, &stoc);
    let asked = one_pass(&line, &1_u64.to_be_bytes(), 0, &[]);
    assert_eq!(line.ask(&asked).1, [0xD8, 1, 4]);
    assert!(line.rest.changed.is_none(), "its transaction is not used up");
    // Signed and ciphered: 99 bytes for the one, 28 for the other.
    let (_, _, stoc) = line.associate(Mechanism::Ecdsa, true, &CTOS, 128);
    line.prove(Mechanism::Ecdsa, true, &stoc);
    line.form = crate::cipher::Form::General(dlms_cosem_rs::xdlms::Protection::Global);
    let content = line.sealed(&[0xC3, 1, 0xC1, 0, 70, 0, 0, 96, 3, 10, 255, 1, 1, 15, 0]);
    let head = head(&[0; 8], &TITLE, &line.meter.system_title().0);
    let mut asked = [&[0xDF], &head[..]].concat();
    asked.write_length_prefixed(&content).unwrap();
    asked.write_length_prefixed(&signed(&line, &[&head, &content[..]].concat())).unwrap();
    assert_eq!(line.ask(&asked).1, [0xD8, 1, 4]);
    assert!(line.rest.connected);
}

#[test]
fn keys_do_not_change_in_the_clear_or_where_nothing_is_authenticated() {
    let fleet = fleet(vendor(SecuritySuite::Suite1));
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Ecdsa, false);
    let wrapped = wrapped(SecuritySuite::Suite1, keys_of(line.meter, &line.rest).master, [0x51; 32]);
    let change = act(2, &key_list(&[(0, wrapped)]));
    assert_eq!(line.ask(&change).1, REFUSED);
    // Encrypted alone: whoever knows the text could put another wrapped key in its place.
    let mut line = TestClient::new(&fleet, 0x01);
    line.control = 0x21;
    line.open(Mechanism::Ecdsa, true);
    assert_eq!(line.ask_sealed(&change), REFUSED);
    assert!(line.rest.security().is_none_or(|security| !security.has_keys()));
}

#[test]
fn a_policy_is_strengthened_and_never_weakened() {
    let fleet = fleet(vendor(SecuritySuite::Suite1));
    let mut line = open(&fleet);
    let activate = |line: &mut TestClient<'_>, bits: u8| line.ask_sealed(&act(1, &[22, bits]))[3];
    assert_eq!(activate(&mut line, 0x01), 250, "no such bit");
    let ciphered = policy::REQUEST_AUTHENTICATED | policy::ANSWER_AUTHENTICATED;
    assert_eq!(activate(&mut line, ciphered), 0);
    assert_eq!(activate(&mut line, ciphered), 0);
    assert_eq!(activate(&mut line, policy::REQUEST_AUTHENTICATED), 3, "weaker");
    // Without ciphering nothing but the public client comes in.
    let mut plain = TestClient::new(&fleet, 0x01);
    plain.rest = line.rest.clone();
    let (accepted, diagnostic, _) = plain.associate(Mechanism::Gmac, false, &CTOS, 512);
    assert_eq!((accepted, diagnostic, plain.effects.denied), (false, 2, Some(Denied::Association(2))));
    plain.address = 0x10;
    plain.open(Mechanism::None, false);
    is_name(&plain.ask(&NAME).1);
    // A reader that only authenticates gets answers that are encrypted once the policy wants it.
    assert_eq!(activate(&mut line, ciphered | policy::ANSWER_ENCRYPTED), 0);
    let mut reader = TestClient::new(&fleet, 0x11);
    (reader.rest, reader.control) = (line.rest.clone(), 0x11);
    reader.open(Mechanism::Low, true);
    let asked = reader.sealed(&NAME);
    let (_, answer) = reader.ask(&asked);
    assert_eq!(crate::cipher::envelope(&answer).unwrap().control.0, 0x31);
    is_name(&reader.opened(answer));
    assert_eq!(activate(&mut line, ciphered | policy::ANSWER_ENCRYPTED | policy::REQUEST_ENCRYPTED), 0);
    reader.rest = line.rest.clone();
    let asked = reader.sealed(&NAME);
    assert_eq!(reader.ask(&asked).1, DECIPHERING);
    // Signatures, from the next request on.
    assert_eq!(activate(&mut line, 0xFC), 0);
    let asked = line.sealed(&NAME);
    assert_eq!(line.ask(&asked).1, NOT_ALLOWED);
}
