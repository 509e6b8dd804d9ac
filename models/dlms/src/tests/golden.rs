//! Requests of every service as they should be, then cut, lengthened, out of turn and without end.

use crate::crypto::cipher::Form;
use crate::meter::fleet::Vendor;
use crate::meter::rest::Rest;
use crate::server::Reaction;
use crate::session::blocks::UPLOAD_MAX;
use crate::session::hls::Mechanism;
use crate::tests::client::{CTOS, NAME, TestClient, fleet};
use dlms_cosem_rs::acse::Aare;
use dlms_cosem_rs::codec::Decode;
use dlms_cosem_rs::xdlms::Protection;

const UNSUPPORTED: [u8; 3] = [0xD8, 2, 2];
const RELAY: [u8; 8] = [70, 0, 0, 96, 3, 10, 255, 4];
/// GET of the object list.
const LIST: [u8; 13] = [0xC0, 1, 0xC1, 0, 15, 0, 0, 40, 0, 0, 255, 2, 0];

/// Joins the parts of an APDU.
fn apdu(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// One request of each kind, and what its answer begins with.
fn golden() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mode: &[u8] = &[0, 70, 0, 0, 96, 3, 10, 255, 4];
    let method: &[u8] = &[0, 70, 0, 0, 96, 3, 10, 255, 1];
    let load: &[u8] = &[0, 7, 1, 0, 99, 1, 0, 255, 2];
    // Entries 1 to 1, all columns.
    let entries: &[u8] = &[2, 2, 4, 6, 0, 0, 0, 1, 6, 0, 0, 0, 1, 18, 0, 0, 18, 0, 0];
    let block: &[u8] = &[1, 0, 0, 0, 1, 2, 22, 4];
    let first: &[u8] = &[0, 0, 0, 0, 1, 1, 15];
    vec![
        (NAME.to_vec(), vec![0xC4, 1, 0xC1, 0, 9]),
        (apdu(&[&[0xC0, 1, 0xC1], load, &[1], entries]), vec![0xC4, 1, 0xC1, 0, 1, 1, 2]),
        (apdu(&[&[0xC0, 3, 0xC1, 2], mode, &[0], load, &[1], entries]), vec![0xC4, 3, 0xC1, 2, 0, 22, 4, 0, 1, 1]),
        (apdu(&[&[0xC0, 2, 0xC1, 0, 0, 0, 1]]), vec![0xC4, 2, 0xC1, 1, 0, 0, 0, 1, 1, 16]),
        (apdu(&[&[0xC1, 1, 0xC1], mode, &[0, 22, 4]]), vec![0xC5, 1, 0xC1, 0]),
        (apdu(&[&[0xC1, 2, 0xC1], mode, &[0], block]), vec![0xC5, 3, 0xC1, 0, 0, 0, 0, 1]),
        (apdu(&[&[0xC1, 3, 0xC1], block]), vec![0xC5, 3, 0xC1, 18, 0, 0, 0, 1]),
        (apdu(&[&[0xC1, 4, 0xC1, 1], mode, &[0, 1, 22, 4]]), vec![0xC5, 5, 0xC1, 1, 0]),
        (apdu(&[&[0xC1, 5, 0xC1, 1], mode, &[0, 1, 0, 0, 0, 1, 3, 1, 22, 4]]), vec![0xC5, 4, 0xC1, 1, 0, 0, 0, 0, 1]),
        (apdu(&[&[0xC3, 1, 0xC1], method, &[1, 15, 0]]), vec![0xC7, 1, 0xC1, 0, 0]),
        (apdu(&[&[0xC3, 2, 0xC1, 0, 0, 0, 1]]), vec![0xC7, 1, 0xC1, 16, 0]),
        (apdu(&[&[0xC3, 3, 0xC1, 1], method, &[1, 15, 0]]), vec![0xC7, 3, 0xC1, 1, 0, 0]),
        (apdu(&[&[0xC3, 4, 0xC1], method, first]), vec![0xC7, 4, 0xC1, 0, 0, 0, 1]),
        (apdu(&[&[0xC3, 5, 0xC1, 1], method, &[1, 0, 0, 0, 1, 3, 1, 15, 0]]), vec![0xC7, 3, 0xC1, 1, 0, 0]),
        (apdu(&[&[0xC3, 6, 0xC1], first]), vec![0xC7, 1, 0xC1, 16, 0]),
    ]
}

#[test]
fn every_service_is_answered_as_the_standard_has_it() {
    let fleet = fleet(Vendor::default());
    for (request, expected) in golden() {
        for ciphered in [false, true] {
            let mut line = TestClient::new(&fleet, 0x01);
            line.open(Mechanism::Gmac, ciphered);
            let reply = if ciphered { line.ask_sealed(&request) } else { line.ask(&request).1 };
            assert_eq!(reply[..expected.len().min(reply.len())], expected, "{request:02X?}: {reply:02X?}");
        }
    }
}

/// What a cut ACTION gets whose parameter alone is cut: its own result, type unmatched.
fn tells(reply: &[u8]) -> bool {
    reply == UNSUPPORTED || reply == [0xC5, 1, 0xC1, 12] || reply == [0xC7, 1, 0xC1, 12, 0]
}

#[test]
fn a_request_cut_anywhere_is_refused_and_does_nothing() {
    let fleet = fleet(Vendor::default());
    for (request, _) in golden() {
        for cut in 1..request.len() {
            let mut line = TestClient::new(&fleet, 0x01);
            line.open(Mechanism::Md5, false);
            let before = line.rest.clone();
            let reply = line.ask(&request[..cut]).1;
            assert!(tells(&reply), "{:02X?}: {reply:02X?}", &request[..cut]);
            assert_eq!(line.rest, before);
            let mut line = TestClient::new(&fleet, 0x01);
            line.open(Mechanism::Gmac, true);
            let reply = line.sealed(&request[..cut]);
            let (_, reply) = line.ask(&reply);
            let plain = if reply[0] == 0xD8 { reply } else { line.opened(reply) };
            assert!(tells(&plain), "{:02X?}: {plain:02X?}", &request[..cut]);
            assert!(line.rest.connected && line.rest.relay_mode == 4);
        }
    }
}

#[test]
fn a_sealed_request_cut_anywhere_or_changed_anywhere_is_refused() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, true);
    let act = apdu(&[&[0xC3, 1, 0xC1, 0], &RELAY[..7], &[1, 1, 15, 0]]);
    for form in [Form::Service(Protection::Global), Form::General(Protection::Global)] {
        line.form = form;
        let whole = line.sealed(&act);
        for cut in 1..whole.len() {
            assert_eq!(line.ask(&whole[..cut]).1, UNSUPPORTED);
        }
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                let (_, reply) = line.ask(&changed);
                // A changed tag may be that of another kind of envelope, whose answer is sealed all the same.
                assert!(reply.first().is_none_or(|&tag| tag == 0xD8 || at == 0), "{at}: {reply:02X?}");
                assert!(line.rest.connected);
                assert!(line.session.is_some());
            }
        }
    }
}

#[test]
fn an_association_request_or_release_cut_anywhere_opens_nothing() {
    let fleet = fleet(Vendor::default());
    for (mechanism, address, ciphered) in [
        (Mechanism::None, 0x10, false),
        (Mechanism::Low, 0x11, false),
        (Mechanism::Low, 0x11, true),
        (Mechanism::Sha256, 0x01, false),
        (Mechanism::Gmac, 0x01, true),
    ] {
        let mut line = TestClient::new(&fleet, address);
        let secret: &[u8] = if mechanism == Mechanism::Low { b"12345678" } else { &CTOS };
        let whole = line.aarq(mechanism, ciphered, secret, 512);
        for cut in 1..whole.len() {
            let (reaction, reply) = line.ask(&whole[..cut]);
            let refused = reply[0] == 0xD8 || !Aare::from_bytes(&reply).unwrap().is_accepted();
            assert!(reaction == Reaction::Reply && refused, "{mechanism:?} {cut}: {reply:02X?}");
            assert!(line.session.is_none());
        }
        assert_eq!((line.rest.received, line.rest.counter), (Rest::default().received, 1));
        line.ask(&whole);
        assert!(line.session.is_some());
        let release = if ciphered { line.release() } else { vec![0x62, 3, 0x80, 1, 0] };
        for cut in 1..release.len() {
            line.ask(&release[..cut]);
            assert!(line.session.is_some(), "{mechanism:?} {cut}");
        }
        assert_eq!(line.ask(&release).1[0], 0x63);
        assert!(line.session.is_none());
    }
}

#[test]
fn lengths_beyond_the_request_do_no_harm_wherever_they_stand() {
    let fleet = fleet(Vendor::default());
    for (request, _) in golden() {
        for at in 3..request.len() {
            for length in
                [&[0x84, 0xFF, 0xFF, 0xFF, 0xFF][..], &[0x88, 255, 255, 255, 255, 255, 255, 255, 255], &[0xFF]]
            {
                let mut line = TestClient::new(&fleet, 0x01);
                line.open(Mechanism::Md5, false);
                let mut changed = request[..at].to_vec();
                changed.extend_from_slice(length);
                changed.extend_from_slice(&request[at + 1..]);
                let (reaction, reply) = line.ask(&changed);
                assert!(reaction != Reaction::Reply || reply.len() <= 512, "{changed:02X?}");
            }
        }
    }
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, true);
    for tag in [0xC8, 0xCB, 0xD0, 0xDB, 0xDC, 0xDD, 0xDF, 0xE0, 0xD9] {
        for length in [&[0x84, 0xFF, 0xFF, 0xFF, 0xFF][..], &[0x80], &[0x7F], &[0]] {
            let request = apdu(&[&[tag], length, &[0x30, 0, 0, 1, 0]]);
            assert_eq!(line.ask(&request).1, UNSUPPORTED, "{request:02X?}");
        }
    }
}

#[test]
fn data_nested_without_end_are_refused() {
    let fleet = fleet(Vendor { pdu_max: u16::MAX, ..Vendor::default() });
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Md5, false);
    let deep = [1, 1].repeat(20_000);
    let set = apdu(&[&[0xC1, 1, 0xC1, 0], &RELAY, &[0], &deep]);
    assert_eq!(line.ask(&set).1, [0xC5, 1, 0xC1, 12]);
    let act = apdu(&[&[0xC3, 1, 0xC1, 0], &RELAY[..7], &[1, 1], &deep]);
    assert_eq!(line.ask(&act).1, [0xC7, 1, 0xC1, 12, 0]);
    assert_eq!(line.rest.relay_mode, 4);
}

#[test]
fn a_block_out_of_turn_ends_the_transfer() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    let next = |number: u8| [0xC0, 2, 0xC1, 0, 0, 0, number];
    line.open(Mechanism::Md5, false);
    assert_eq!(line.ask(&LIST).1[..8], [0xC4, 2, 0xC1, 0, 0, 0, 0, 1]);
    assert_eq!(line.ask(&next(1)).1[..8], [0xC4, 2, 0xC1, 0, 0, 0, 0, 2]);
    // The number is not valid; after that there is no transfer.
    assert_eq!(line.ask(&next(1)).1, [0xC4, 2, 0xC1, 1, 0, 0, 0, 1, 1, 19]);
    assert_eq!(line.ask(&next(2)).1, [0xC4, 2, 0xC1, 1, 0, 0, 0, 2, 1, 16]);
    // Another GET gives the transfer up.
    line.ask(&LIST);
    assert_eq!(line.ask(&NAME).1[..4], [0xC4, 1, 0xC1, 0]);
    assert_eq!(line.ask(&next(1)).1[8..], [1, 16]);
    assert!(line.session.as_ref().unwrap().download.is_none());
}

fn set_block(choice: u8, last: bool, number: u32, content: &[u8]) -> Vec<u8> {
    let mut request = vec![0xC1, choice, 0xC1];
    if choice == 2 {
        request.extend_from_slice(&[0]);
        request.extend_from_slice(&RELAY);
        request.push(0);
    }
    request.push(u8::from(last));
    request.extend_from_slice(&number.to_be_bytes());
    request.extend_from_slice(&[0x82, (content.len() >> 8) as u8, content.len() as u8]);
    request.extend_from_slice(content);
    request
}

#[test]
fn a_long_request_out_of_turn_or_given_up_changes_nothing() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Md5, false);
    assert_eq!(line.ask(&set_block(2, false, 1, &[22])).1, [0xC5, 2, 0xC1, 0, 0, 0, 1]);
    assert_eq!(line.ask(&set_block(3, true, 3, &[2])).1, [0xC5, 3, 0xC1, 19, 0, 0, 0, 3]);
    assert_eq!(line.ask(&set_block(3, true, 2, &[2])).1, [0xC5, 3, 0xC1, 18, 0, 0, 0, 2]);
    assert_eq!(line.rest.relay_mode, 4);
    // A request in one piece gives it up.
    line.ask(&set_block(2, false, 1, &[22]));
    let set = apdu(&[&[0xC1, 1, 0xC1, 0], &RELAY, &[0, 22, 0]]);
    assert_eq!(line.ask(&set).1, [0xC5, 1, 0xC1, 0]);
    assert_eq!(line.ask(&set_block(3, true, 2, &[2])).1, [0xC5, 3, 0xC1, 18, 0, 0, 0, 2]);
    assert_eq!(line.rest.relay_mode, 0);
    // A release as well.
    line.ask(&set_block(2, false, 1, &[22]));
    line.ask(&[0x62, 3, 0x80, 1, 0]);
    assert_eq!(line.ask(&set_block(3, true, 2, &[2])).1, [0xD8, 1, 1]);
    // Blocks of a SET do not continue an ACTION.
    line.open(Mechanism::Md5, false);
    let first = apdu(&[&[0xC3, 4, 0xC1, 0], &RELAY[..7], &[1, 0, 0, 0, 0, 1, 1, 15]]);
    assert_eq!(line.ask(&first).1, [0xC7, 4, 0xC1, 0, 0, 0, 1]);
    assert_eq!(line.ask(&set_block(3, true, 2, &[0])).1, [0xC5, 3, 0xC1, 18, 0, 0, 0, 2]);
    assert!(line.rest.connected);
}

#[test]
fn blocks_without_end_are_stopped() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Md5, false);
    let content = [0; 900];
    line.ask(&set_block(2, false, 1, &content));
    let stopped = (2..1_000).find(|&number| {
        let reply = line.ask(&set_block(3, false, number, &content)).1;
        reply[..3] == [0xC5, 3, 0xC1] && reply[3] == 17
    });
    assert_eq!(stopped, Some((UPLOAD_MAX / 900 + 1) as u32));
    assert!(line.session.as_ref().unwrap().upload.is_none());
    assert_eq!(line.ask(&NAME).1[0], 0xC4);
}

#[test]
fn a_request_that_wants_no_answer_gets_none_and_is_carried_out() {
    let fleet = fleet(Vendor::default());
    for ciphered in [false, true] {
        let mut line = TestClient::new(&fleet, 0x01);
        line.open(Mechanism::Gmac, ciphered);
        let set = apdu(&[&[0xC1, 1, 0x81, 0], &RELAY, &[0, 22, 2]]);
        let act = apdu(&[&[0xC3, 1, 0x81, 0], &RELAY[..7], &[1, 1, 15, 0]]);
        for request in [set, act] {
            let request = if ciphered { line.sealed(&request) } else { request };
            assert_eq!(line.ask(&request), (Reaction::Silent, vec![]));
        }
        assert_eq!((line.rest.relay_mode, line.rest.connected), (2, false));
    }
}
