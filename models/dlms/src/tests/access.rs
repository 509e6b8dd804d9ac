//! ACCESS: lists of GET, SET and ACTION. Requests and answers are written out by hand.

use crate::crypto::cipher::Form;
use crate::meter::fleet::{AnswerForm, Vendor};
use crate::server::Reaction;
use crate::session::hls::Mechanism;
use crate::tests::client::{CTOS, NAME, TestClient, fleet};
use crate::vocabulary::effects::Denied;
use dlms_cosem_rs::xdlms::{Conformance, Protection};

const NOT_ALLOWED: [u8; 3] = [0xD8, 1, 1];
const UNSUPPORTED: [u8; 3] = [0xD8, 2, 2];
const TOO_LONG: [u8; 3] = [0xD8, 1, 4];
/// Long invoke ids: confirmed and number 7; what else they can ask for.
const CONFIRMED: u32 = 0x4000_0007;
const SELF_DESCRIPTIVE: u32 = 0x1000_0000;
const BREAK_ON_ERROR: u32 = 0x2000_0000;

const GET: u8 = 1;
const SET: u8 = 2;
const ACTION: u8 = 3;

const DEVICE_NAME: [u8; 9] = [0, 1, 0, 0, 42, 0, 0, 255, 2];
const OBJECT_LIST: [u8; 9] = [0, 15, 0, 0, 40, 0, 0, 255, 2];
const RELAY_MODE: [u8; 9] = [0, 70, 0, 0, 96, 3, 10, 255, 4];
const RELAY_STATE: [u8; 9] = [0, 70, 0, 0, 96, 3, 10, 255, 2];
const DISCONNECT: [u8; 9] = [0, 70, 0, 0, 96, 3, 10, 255, 1];
const NULL: &[u8] = &[0];

/// A request without a date: items are service, descriptor and selection, and their data.
fn request(invoke: u32, items: &[(u8, &[u8], &[u8])]) -> Vec<u8> {
    let mut apdu = vec![0xD9];
    apdu.extend_from_slice(&invoke.to_be_bytes());
    apdu.push(0);
    let length: &[u8] = if items.len() < 128 { &[items.len() as u8] } else { &[0x81, items.len() as u8] };
    apdu.extend_from_slice(length);
    for (service, descriptor, _) in items {
        apdu.push(*service);
        apdu.extend_from_slice(descriptor);
    }
    apdu.extend_from_slice(length);
    items.iter().for_each(|(_, _, data)| apdu.extend_from_slice(data));
    apdu
}

fn manager(fleet: &crate::meter::fleet::Fleet) -> TestClient<'_> {
    let mut line = TestClient::new(fleet, 0x01);
    line.open(Mechanism::Md5, false);
    line
}

#[test]
fn a_list_is_answered_with_data_and_results_in_its_order() {
    let fleet = fleet(Vendor::default());
    let mut line = manager(&fleet);
    let name = line.ask(&NAME).1[4..].to_vec();
    // Name; mode 4 (enum); open the contacts; whether they are closed; an object that there is not.
    let asked = request(
        CONFIRMED,
        &[
            (GET, &DEVICE_NAME, NULL),
            (SET, &RELAY_MODE, &[22, 4]),
            (ACTION, &DISCONNECT, &[15, 0]),
            (GET, &RELAY_STATE, NULL),
            (GET, &[0, 3, 1, 0, 99, 99, 0, 255, 2], NULL),
        ],
    );
    let mut expected = vec![0xDA, 0x40, 0, 0, 7, 0, 0, 5];
    expected.extend_from_slice(&name);
    expected.extend_from_slice(&[0, 0, 3, 0, 0]);
    // Object-undefined is 4.
    expected.extend_from_slice(&[5, 1, 0, 2, 0, 3, 0, 1, 0, 1, 4]);
    assert_eq!(line.ask(&asked).1, expected);
    assert_eq!((line.rest.connected, line.effects.denied), (false, Some(Denied::Result(4))));
}

#[test]
fn an_answer_repeats_the_specifications_and_tells_the_time_where_that_is_asked_for() {
    let fleet = fleet(Vendor::default());
    let mut line = manager(&fleet);
    let mut asked = request(CONFIRMED | SELF_DESCRIPTIVE, &[(GET, &RELAY_STATE, NULL)]);
    let when = [0x07, 0xEA, 0x0B, 0x15, 6, 8, 30, 0, 0, 0, 0, 0];
    asked.splice(5..6, [&[12], &when[..]].concat());
    let clock = line.ask(&[0xC0, 1, 0xC1, 0, 8, 0, 0, 1, 0, 0, 255, 2, 0]).1[6..].to_vec();
    let head = [0xDA, 0x50, 0, 0, 7, 12];
    let echo = [&[1, 1, GET], &RELAY_STATE[..]].concat();
    assert_eq!(line.ask(&asked).1, [&head, &clock[..], &echo, &[1, 3, 1], &[1, 1, 0]].concat());
}

#[test]
fn what_follows_an_error_is_not_done_where_the_client_says_so() {
    let fleet = fleet(Vendor::default());
    for (break_on_error, connected, results) in
        [(BREAK_ON_ERROR, true, [1, 4, 3, 250, 1, 250]), (0, false, [1, 4, 3, 0, 1, 0])]
    {
        let mut line = manager(&fleet);
        let undefined = [0, 3, 1, 0, 99, 99, 0, 255, 2];
        let items: [(u8, &[u8], &[u8]); 3] =
            [(GET, &undefined, NULL), (ACTION, &DISCONNECT, &[15, 0]), (GET, &RELAY_STATE, NULL)];
        let reply = line.ask(&request(CONFIRMED | break_on_error, &items)).1;
        assert_eq!((line.rest.connected, &reply[reply.len() - 6..]), (connected, &results[..]));
    }
}

#[test]
fn rows_are_selected_as_by_get() {
    let fleet = fleet(Vendor::default());
    let mut line = manager(&fleet);
    // Entries 1 to 2 of the load profile, all columns.
    let descriptor = [0, 7, 1, 0, 99, 1, 0, 255, 2];
    let entries = [2, 2, 4, 6, 0, 0, 0, 1, 6, 0, 0, 0, 2, 18, 0, 1, 18, 0, 0];
    let mut get = [&[0xC0, 1, 0xC1], &descriptor[..], &[1], &entries].concat();
    let rows = line.ask(&get).1[4..].to_vec();
    assert_eq!(rows[..2], [1, 2]);
    let selected = [&descriptor[..], &entries].concat();
    let reply = line.ask(&request(CONFIRMED, &[(4, &selected, NULL)])).1;
    assert_eq!(reply, [&[0xDA, 0x40, 0, 0, 7, 0, 0, 1], &rows[..], &[1, 1, 0]].concat());
    // An attribute that has no selection: scope of access violated, also where it would be set.
    get.clear();
    let mode = [&RELAY_MODE[..], &entries].concat();
    let reply = line.ask(&request(CONFIRMED, &[(5, &mode, &[22, 4]), (4, &mode, NULL)])).1;
    assert_eq!(reply[7..], [2, 0, 0, 2, 2, 13, 1, 13]);
}

#[test]
fn without_an_answer_all_is_done_in_silence() {
    let fleet = fleet(Vendor::default());
    let mut line = manager(&fleet);
    let asked = request(7, &[(GET, &DEVICE_NAME, NULL), (ACTION, &DISCONNECT, &[15, 0])]);
    assert_eq!(line.ask(&asked), (Reaction::Silent, vec![]));
    assert!(!line.rest.connected);
}

#[test]
fn rights_are_those_of_the_client() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x11);
    line.open(Mechanism::Low, false);
    let asked = request(CONFIRMED, &[(SET, &RELAY_MODE, &[22, 4]), (ACTION, &DISCONNECT, &[15, 0])]);
    // Read-write-denied is 3.
    assert_eq!(line.ask(&asked).1[7..], [2, 0, 0, 2, 2, 3, 3, 3]);
    assert!(line.rest.connected);
}

#[test]
fn lists_that_cannot_be_served_are_refused_before_anything_is_done() {
    let fleet = fleet(Vendor { pdu_max: 8_192, ..Vendor::default() });
    let act: (u8, &[u8], &[u8]) = (ACTION, &DISCONNECT, &[15, 0]);
    let proof = [0, 15, 0, 0, 40, 0, 0, 255, 1];
    let mut unequal = request(CONFIRMED, &[act, act]);
    unequal.splice(27.., [1, 15, 0]);
    let behind = [request(CONFIRMED, &[act]), vec![0]].concat();
    let unknown = request(CONFIRMED, &[act, (6, &RELAY_STATE, NULL)]);
    for (asked, expected) in [
        (unequal, UNSUPPORTED),
        (behind, UNSUPPORTED),
        (unknown, UNSUPPORTED),
        (request(CONFIRMED, &[act, (ACTION, &proof, &[9, 0])]), NOT_ALLOWED),
        (request(CONFIRMED, &[act; 127])[..200].to_vec(), UNSUPPORTED),
        // More than are served in one request.
        (request(CONFIRMED, &[act; 128]), TOO_LONG),
    ] {
        let mut line = manager(&fleet);
        assert_eq!(line.ask(&asked).1, expected, "{asked:02X?}");
        assert!(line.rest.connected);
    }
    // 127 are served if the answer fits: 8 bytes, a null and a result for each, and how many there are.
    for (pdu, fits) in [(8 + 127 + 1 + 254, true), (8 + 127 + 254, false)] {
        let mut line = TestClient::new(&fleet, 0x01);
        let (_, _, stoc) = line.associate(Mechanism::Md5, false, &CTOS, pdu);
        line.prove(Mechanism::Md5, false, &stoc);
        let reply = line.ask(&request(CONFIRMED, &[act; 127])).1;
        assert_eq!((reply.len(), line.rest.connected), (if fits { usize::from(pdu) } else { 3 }, !fits));
        assert!(fits || reply == TOO_LONG);
    }
}

#[test]
fn access_that_was_not_agreed_on_is_unknown() {
    let fleet = fleet(Vendor::default());
    for ciphered in [false, true] {
        let mut line = TestClient::new(&fleet, 0x01);
        line.proposed.remove(Conformance::ACCESS);
        line.form = Form::General(Protection::Global);
        line.open(Mechanism::Gmac, ciphered);
        let mut asked = request(CONFIRMED, &[(ACTION, &DISCONNECT, &[15, 0])]);
        if ciphered {
            asked = line.sealed(&asked);
        }
        assert_eq!(line.ask(&asked).1, UNSUPPORTED);
        assert!(line.rest.connected);
    }
}

#[test]
fn ciphered_it_goes_in_the_general_form_whatever_the_vendor_prefers() {
    for answer_form in [AnswerForm::AsRequested, AnswerForm::ServiceSpecific] {
        let fleet = fleet(Vendor { answer_form, ..Vendor::default() });
        let mut line = TestClient::new(&fleet, 0x01);
        line.form = Form::General(Protection::Global);
        line.open(Mechanism::Gmac, true);
        let sealed = line.sealed(&request(CONFIRMED, &[(GET, &RELAY_STATE, NULL)]));
        let reply = line.ask(&sealed).1;
        assert_eq!(reply[0], 0xDB);
        assert_eq!(line.opened(reply), [0xDA, 0x40, 0, 0, 7, 0, 0, 1, 3, 1, 1, 1, 0]);
        // In the clear it is not taken.
        assert_eq!(line.ask(&request(CONFIRMED, &[(ACTION, &DISCONNECT, &[15, 0])])).1[0], 0xD8);
        assert!(line.rest.connected);
    }
}

#[test]
fn a_value_that_does_not_fit_costs_its_own_result_alone_and_comes_in_general_blocks_if_these_are_agreed_on() {
    let fleet = fleet(Vendor { pdu_max: 8_192, answer_form: AnswerForm::ServiceSpecific, ..Vendor::default() });
    let items: [(u8, &[u8], &[u8]); 3] =
        [(GET, &RELAY_STATE, NULL), (GET, &OBJECT_LIST, NULL), (ACTION, &DISCONNECT, &[15, 0])];
    let open = |proposed: Conformance, pdu: u16| {
        let mut line = TestClient::new(&fleet, 0x01);
        line.proposed = proposed;
        line.form = Form::General(Protection::Global);
        let (_, _, stoc) = line.associate(Mechanism::Gmac, true, &CTOS, pdu);
        line.prove(Mechanism::Gmac, true, &stoc);
        line
    };
    let access = Conformance::ACCESS | Conformance::ACTION;
    // Other-reason is 250.
    assert_eq!(
        open(access, 128).ask_sealed(&request(CONFIRMED, &items)),
        [0xDA, 0x40, 0, 0, 7, 0, 0, 3, 3, 1, 0, 0, 3, 1, 0, 1, 250, 3, 0]
    );
    let whole = open(access, 8_192).ask_sealed(&request(CONFIRMED, &items));
    assert!(whole.len() > 1_000);
    let mut line = open(access | Conformance::GENERAL_BLOCK_TRANSFER, 128);
    let sealed = line.sealed(&request(CONFIRMED, &items));
    let (mut reply, mut put) = (line.ask(&sealed).1, Vec::new());
    for number in 1_u16.. {
        // Tag, control, numbers, a length of one byte below 128.
        assert_eq!((reply.len() <= 128, reply[0], &reply[2..4]), (true, 0xE0, &number.to_be_bytes()[..]));
        put.extend_from_slice(&reply[7..]);
        if reply[1] & 0x80 != 0 {
            break;
        }
        let [high, low] = number.to_be_bytes();
        reply = line.ask(&[0xE0, 0x81, high, low, high, low, 0]).1;
    }
    // The relay's state is what the first of each list found.
    assert_eq!(line.opened(put), whole);
}

/// An answer as long as the client takes, to a byte, in the form that has most overhead.
#[test]
fn no_answer_is_longer_than_the_client_takes() {
    let fleet = fleet(Vendor { answer_form: AnswerForm::ServiceSpecific, ..Vendor::default() });
    for pdu in 120..150 {
        let mut line = TestClient::new(&fleet, 0x01);
        line.form = Form::General(Protection::Global);
        let (_, _, stoc) = line.associate(Mechanism::Gmac, true, &CTOS, pdu);
        line.prove(Mechanism::Gmac, true, &stoc);
        for items in 1..30 {
            let sealed = line.sealed(&request(CONFIRMED, &vec![(GET, &RELAY_STATE[..], NULL); items]));
            let reply = line.ask(&sealed).1;
            assert!(reply.len() <= pdu.into(), "{} bytes to {pdu}", reply.len());
        }
    }
}
