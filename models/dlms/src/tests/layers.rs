//! Signatures and ciphering over each other, in either order.

use crate::crypto::cipher::Form;
use crate::crypto::keys::Owner;
use crate::meter::fleet::{AnswerForm, Vendor};
use crate::meter::rest::keys_of;
use crate::meter::security::policy;
use crate::tests::client::{NAME, TITLE, TestClient, fleet};
use crate::tests::general::{head, is_name, open, opened_as, request_as, signed, vendor};
use dlms_cosem_rs::codec::{Decode, Writer};
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::{GeneralSigning, KeyInfo, Protection};

const SUITES: [SecuritySuite; 2] = [SecuritySuite::Suite1, SecuritySuite::Suite2];
const NOT_ALLOWED: [u8; 3] = [0xD8, 1, 1];
const DECIPHERING: [u8; 3] = [0xD8, 1, 5];
const UNSUPPORTED: [u8; 3] = [0xD8, 2, 2];
const OBJECT_LIST: [u8; 13] = [0xC0, 1, 0xC1, 0, 15, 0, 0, 40, 0, 0, 255, 2, 0];

/// A general-signing request.
fn sign(line: &TestClient<'_>, content: &[u8]) -> Vec<u8> {
    let head = head(b"7", &TITLE, &line.meter.system_title().0);
    let mut apdu = [&[0xDF], &head[..]].concat();
    apdu.write_length_prefixed(content).unwrap();
    apdu.write_length_prefixed(&signed(line, &[&head, content].concat())).unwrap();
    apdu
}

/// What a general-signing answer carries, its signature checked.
fn content(line: &TestClient<'_>, apdu: &[u8]) -> Vec<u8> {
    assert_eq!(apdu[0], 0xDF, "{apdu:02X?}");
    let answer = GeneralSigning::from_bytes(&apdu[1..]).unwrap();
    let (title, suite) = (line.meter.system_title(), line.meter.vendor().suite);
    let message = [&head(b"7", &title.0, &TITLE), answer.content].concat();
    assert!(line.meter.fleet.keys.public_key(Owner::Meter(title), suite).unwrap().verify(&message, answer.signature));
    answer.content.to_vec()
}

/// A signed request in a ciphered one.
fn sealed(line: &mut TestClient<'_>, plain: &[u8]) -> Vec<u8> {
    let signed = sign(line, plain);
    line.form = Form::General(Protection::Global);
    line.sealed(&signed)
}

#[test]
fn a_signed_request_that_came_ciphered_is_answered_signed_and_ciphered() {
    for suite in SUITES {
        let fleet = fleet(vendor(suite));
        let mut line = open(&fleet);
        let asked = sealed(&mut line, &NAME);
        let (_, answer) = line.ask(&asked);
        assert_eq!(answer[0], 0xDB);
        let inner = line.opened(answer);
        is_name(&content(&line, &inner));
        assert_eq!(line.ask(&asked).1[..3], [0xD8, 1, 6], "the counter was used");

        let (key, how) = (keys_of(line.meter, &line.rest).unicast, (0x30, true));
        let inner = sign(&line, &NAME);
        let info = KeyInfo::Identified { key_id: 0 };
        let asked = request_as(&line, b"any", info, key, line.counter, &inner, how);
        let (_, answer) = line.ask(&asked);
        is_name(&content(&line, &opened_as(&line, &answer, |_| key, how)));
    }
}

#[test]
fn a_signature_that_does_not_hold_is_no_less_wrong_for_being_ciphered() {
    let fleet = fleet(vendor(SecuritySuite::Suite1));
    let mut line = open(&fleet);
    let mut forged = sign(&line, &[0xC3, 1, 0xC1, 0, 70, 0, 0, 96, 3, 10, 255, 1, 1, 15, 0]);
    *forged.last_mut().unwrap() ^= 1;
    line.form = Form::General(Protection::Global);
    let asked = line.sealed(&forged);
    assert_eq!(line.ask(&asked).1, DECIPHERING);
    assert!(line.rest.connected);
}

#[test]
fn a_policy_of_signatures_is_met_in_either_order() {
    let fleet = fleet(vendor(SecuritySuite::Suite1));
    let mut line = open(&fleet);
    line.rest.security_mut().policy = policy::SIGNED | policy::CIPHERED;
    let asked = sealed(&mut line, &NAME);
    let (_, answer) = line.ask(&asked);
    let inner = line.opened(answer);
    is_name(&content(&line, &inner));
    let inner = line.sealed(&NAME);
    let asked = sign(&line, &inner);
    let (_, answer) = line.ask(&asked);
    is_name(&line.opened(content(&line, &answer)));
    // One of the two is not enough.
    let unsigned = line.sealed(&NAME);
    assert_eq!(line.ask(&unsigned).1, NOT_ALLOWED);
    let plain = sign(&line, &NAME);
    assert_eq!(line.ask(&plain).1, NOT_ALLOWED);
}

#[test]
fn each_layer_comes_once_and_none_has_the_tag_of_a_service() {
    let fleet = fleet(vendor(SecuritySuite::Suite1));
    let mut line = open(&fleet);
    let whole = sealed(&mut line, &NAME);
    // Tag, length and title of the general form replaced by the tag of glo-get-request.
    let service = [&[0xC8], &whole[10..]].concat();
    assert_eq!(line.ask(&service).1, UNSUPPORTED);
    let inner = sealed(&mut line, &NAME);
    let twice = sign(&line, &inner);
    assert_eq!(line.ask(&twice).1, UNSUPPORTED, "signed, ciphered, signed");
    let inner = line.sealed(&NAME);
    let signed = sign(&line, &inner);
    let twice = line.sealed(&signed);
    assert_eq!(line.ask(&twice).1, UNSUPPORTED, "ciphered, signed, ciphered");
    let inner = sign(&line, &NAME);
    let twice = sign(&line, &inner);
    assert_eq!(line.ask(&twice).1, UNSUPPORTED, "signed twice");
    let once = sealed(&mut line, &NAME);
    assert_eq!(line.ask(&once).1[0], 0xDB);
}

/// The client takes 512 bytes.
#[test]
fn a_long_answer_comes_in_blocks_that_fit_with_both_layers() {
    for answer_form in [AnswerForm::AsRequested, AnswerForm::ServiceSpecific] {
        let fleet = fleet(Vendor { answer_form, ..vendor(SecuritySuite::Suite2) });
        let mut line = open(&fleet);
        let asked = sealed(&mut line, &OBJECT_LIST);
        let (_, answer) = line.ask(&asked);
        assert!((500..=512).contains(&answer.len()), "{answer_form:?}: {} bytes", answer.len());
        let inner = line.opened(answer);
        let block = content(&line, &inner);
        // With a block, which is not the last, number 1.
        assert_eq!(block[..8], [0xC4, 2, 0xC1, 0, 0, 0, 0, 1], "{answer_form:?}");
    }
}
