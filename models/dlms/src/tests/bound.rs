//! What the server must hold to whatever is asked: sizes agreed, counters reserved, keys apart.

use crate::crypto::cipher::Form;
use crate::meter::fleet::Vendor;
use crate::server::Reaction;
use crate::session::hls::Mechanism;
use crate::tests::client::{CTOS, NAME, TITLE, TestClient, fleet};
use crate::vocabulary::effects::Effects;
use dlms_cosem_rs::acse::{Aare, Aarq, ApplicationContext, AuthMechanism};
use dlms_cosem_rs::codec::Decode;
use dlms_cosem_rs::codec::Encode;
use dlms_cosem_rs::xdlms::{Conformance, InitiateRequest, Protection};

const NOT_ALLOWED: [u8; 3] = [0xD8, 1, 1];
const TOO_LONG: [u8; 3] = [0xD8, 1, 4];
/// GET of the object list, whose answer is longer than any APDU here.
const OBJECT_LIST: [u8; 13] = [0xC0, 1, 0xC1, 0, 15, 0, 0, 40, 0, 0, 255, 2, 0];
/// ACTION: open the contacts.
const DISCONNECT: [u8; 15] = [0xC3, 1, 0xC1, 0, 70, 0, 0, 96, 3, 10, 255, 1, 1, 15, 0];

/// An association request of the reader, ciphered, with what the test cares about.
fn aarq(line: &mut TestClient<'_>, initiate: InitiateRequest<'_>, ciphered: bool) -> Aare<'static> {
    let mut information = vec![1];
    initiate.encode(&mut information).unwrap();
    if ciphered {
        information = line.sealed(&information);
    }
    let title = line.title;
    let aarq = Aarq {
        application_context: Some(ApplicationContext::LogicalName.with_ciphering(ciphered)),
        calling_ap_title: Some(&title),
        sender_acse_requirements: true,
        mechanism_name: Some(AuthMechanism::Low),
        calling_authentication_value: Some(b"12345678"),
        user_information: Some(&information),
        ..Aarq::default()
    };
    let mut request = Vec::new();
    aarq.encode(&mut request).unwrap();
    let reply = line.ask(&request).1;
    Aare::from_bytes(reply.leak()).unwrap()
}

#[test]
fn a_request_that_finds_no_counter_has_done_nothing_and_succeeds_when_asked_again() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, true);
    line.rest.counter_reserved = line.rest.counter;
    let before = line.rest.clone();
    let request = line.sealed(&DISCONNECT);
    assert_eq!(line.ask(&request), (Reaction::Close, vec![]));
    assert!(line.effects.counter_exhausted);
    assert_eq!(line.rest, before, "the relay or a counter moved");
    line.rest.counter_reserved += 1;
    line.effects = Effects::default();
    let (reaction, reply) = line.ask(&request);
    assert_eq!(reaction, Reaction::Reply);
    assert_eq!(line.opened(reply), [0xC7, 1, 0xC1, 0, 0]);
    assert!(line.effects.relay_moved);
}

#[test]
fn associations_proofs_and_releases_find_their_counters_or_do_nothing() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    line.rest.counter_reserved = line.rest.counter;
    let request = line.aarq(Mechanism::Gmac, true, &CTOS, 512);
    assert_eq!(line.ask(&request).0, Reaction::Close);
    assert_eq!((line.rest.received[2], line.session.is_none()), (0, true));
    line.rest.counter_reserved += 1;
    let reply = line.ask(&request).1;
    assert!(Aare::from_bytes(&reply).unwrap().is_accepted());
    let stoc = Aare::from_bytes(&reply).unwrap().responding_authentication_value.unwrap().to_vec();
    // The proof takes one counter and the answer that carries it another.
    line.rest.counter_reserved = line.rest.counter + 1;
    let before = line.rest.clone();
    let action = line.proof(Mechanism::Gmac, &stoc);
    let request = line.sealed(&action);
    assert_eq!(line.ask(&request).0, Reaction::Close);
    assert_eq!(line.rest, before);
    line.rest.counter_reserved += 1;
    let reply = line.ask(&request).1;
    assert_eq!(line.opened(reply)[..4], [0xC7, 1, 0xC1, 0]);
    line.rest.counter_reserved = line.rest.counter;
    let release = line.release();
    assert_eq!(line.ask(&release).0, Reaction::Close);
    assert!(line.session.is_some());
    line.rest.counter_reserved += 1;
    assert_eq!(line.ask(&release).1[0], 0x63);
    assert!(line.session.is_none());
}

#[test]
fn a_client_under_the_meters_own_title_is_refused() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x11);
    line.title = line.meter.system_title().0;
    assert!(!aarq(&mut line, InitiateRequest::default(), true).is_accepted());
    line.title = TITLE;
    assert!(aarq(&mut line, InitiateRequest::default(), true).is_accepted());
}

#[test]
fn no_answer_is_longer_than_the_meter_sends_even_where_the_client_sets_no_limit() {
    let fleet = fleet(Vendor { pdu_max: 300, ..Vendor::default() });
    for ciphered in [false, true] {
        for pdu in [0, u16::MAX] {
            let mut line = TestClient::new(&fleet, 0x11);
            let initiate = InitiateRequest { client_max_receive_pdu_size: pdu, ..InitiateRequest::default() };
            assert!(aarq(&mut line, initiate, ciphered).is_accepted());
            let request = if ciphered { line.sealed(&OBJECT_LIST) } else { OBJECT_LIST.to_vec() };
            let length = line.ask(&request).1.len();
            assert!((250..=300).contains(&length), "{length} bytes");
        }
    }
}

#[test]
fn a_request_longer_than_the_meter_takes_is_refused_as_such() {
    let fleet = fleet(Vendor { pdu_max: 128, ..Vendor::default() });
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, true);
    let mut long = DISCONNECT.to_vec();
    long.resize(129, 0);
    let request = line.sealed(&long);
    assert_eq!(line.ask(&request).1, TOO_LONG);
    assert!(line.rest.connected);
    assert_eq!(line.ask_sealed(&NAME)[0], 0xC4);
}

#[test]
fn services_that_were_not_agreed_are_not_served() {
    let fleet = fleet(Vendor::default());
    for (agreed, request) in [
        (Conformance::SET, NAME.to_vec()),
        (Conformance::GET, vec![0xC1, 1, 0xC1, 0, 8, 0, 0, 1, 0, 0, 255, 2, 0, 0]),
        (Conformance::GET, DISCONNECT.to_vec()),
        (Conformance::GET, vec![0xC0, 3, 0xC1, 0]),
    ] {
        let mut line = TestClient::new(&fleet, 0x11);
        let initiate = InitiateRequest { proposed_conformance: agreed, ..InitiateRequest::default() };
        assert!(aarq(&mut line, initiate, false).is_accepted());
        assert_eq!(line.ask(&request).1, NOT_ALLOWED, "{request:02X?}");
    }
}

#[test]
fn a_list_whose_results_do_not_fit_is_refused_before_anything_is_done() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    let (accepted, _, stoc) = line.associate(Mechanism::Md5, false, &CTOS, 64);
    assert!(accepted);
    line.prove(Mechanism::Md5, false, &stoc);
    let (mut actions, mut sets) = (vec![0xC3, 3, 0xC1, 70], vec![0xC1, 4, 0xC1, 70]);
    for _ in 0..70 {
        actions.extend_from_slice(&DISCONNECT[3..12]);
        sets.extend_from_slice(&[0, 70, 0, 0, 96, 3, 10, 255, 4, 0]);
    }
    for list in [&mut actions, &mut sets] {
        list.push(70);
    }
    actions.extend_from_slice(&[15, 0].repeat(70));
    sets.extend_from_slice(&[22, 0].repeat(70));
    let before = line.rest.clone();
    for request in [actions, sets] {
        assert_eq!(line.ask(&request).1, TOO_LONG);
        assert_eq!(line.rest, before);
    }
}

#[test]
fn a_proof_that_the_client_cannot_take_opens_nothing() {
    use dlms_cosem_rs::security::SecuritySuite;
    let fleet = fleet(Vendor { suite: SecuritySuite::Suite2, ..Vendor::default() });
    let mut line = TestClient::new(&fleet, 0x01);
    let (_, _, stoc) = line.associate(Mechanism::Ecdsa, false, &CTOS, 64);
    let action = line.proof(Mechanism::Ecdsa, &stoc);
    assert!(line.ask(&action).1.len() <= 64);
    assert_eq!(line.ask(&NAME).1, NOT_ALLOWED);
}

#[test]
fn a_dedicated_key_counts_on_its_own() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x11);
    line.counter = 500;
    let initiate = InitiateRequest { dedicated_key: Some(&[0x55; 16]), ..InitiateRequest::default() };
    assert!(aarq(&mut line, initiate, true).is_accepted());
    (line.key, line.form, line.counter) = (Some([0x55; 32]), Form::Service(Protection::Dedicated), 1);
    let request = line.sealed(&NAME);
    assert_eq!(line.ask(&request).1[0], 0xD4);
    assert_eq!(line.ask(&request).1, [0xD8, 1, 6, 0, 0, 0, 2], "replayed");
    assert_eq!(line.rest.received[1], 501, "the global key's window is where it was");
    line.form = Form::General(Protection::Dedicated);
    let request = line.sealed(&NAME);
    assert_eq!(line.ask(&request).1[0], 0xDC);
}

#[test]
fn an_envelope_of_one_service_does_not_carry_another() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, true);
    let mut request = line.sealed(&DISCONNECT);
    assert_eq!(request[0], 0xCB);
    request[0] = 0xC8;
    assert_eq!(line.ask(&request).1, [0xD8, 2, 2]);
    assert!(line.rest.connected);
}

#[test]
fn what_follows_a_whole_request_makes_it_another() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Md5, false);
    let no_parameter = [&DISCONNECT[..12], &[0]].concat();
    let next = vec![0xC0, 2, 0xC1, 0, 0, 0, 1];
    let list = [&[0xC0, 3, 0xC1, 1][..], &NAME[3..]].concat();
    for mut request in [NAME.to_vec(), DISCONNECT.to_vec(), no_parameter, next, list] {
        request.push(0);
        let reply = line.ask(&request).1;
        // ACTION tells what is wrong with its parameter.
        let expected: &[u8] =
            if request[..] == [&DISCONNECT[..], &[0]].concat() { &[0xC7, 1, 0xC1, 12, 0] } else { &[0xD8, 2, 2] };
        assert_eq!(reply, expected, "{request:02X?}");
        assert!(line.rest.connected);
    }
}
