//! General block transfer: numbers, windows, lost blocks, what is refused. Heads of blocks are written out by hand.

use crate::meter::fleet::{Fleet, Vendor};
use crate::server::Reaction;
use crate::session::blocks::UPLOAD_MAX;
use crate::session::hls::Mechanism;
use crate::tests::client::{CTOS, NAME, TestClient, fleet};
use crate::vocabulary::effects::Effects;
use dlms_cosem_rs::xdlms::Conformance;

const NOT_ALLOWED: [u8; 3] = [0xD8, 1, 1];
const UNSUPPORTED: [u8; 3] = [0xD8, 2, 2];
const TOO_LONG: [u8; 3] = [0xD8, 1, 4];
/// GET of the object list.
const OBJECT_LIST: [u8; 13] = [0xC0, 1, 0xC1, 0, 15, 0, 0, 40, 0, 0, 255, 2, 0];
/// ACTION, confirmed and not: open the contacts.
const DISCONNECT: [u8; 15] = [0xC3, 1, 0xC1, 0, 70, 0, 0, 96, 3, 10, 255, 1, 1, 15, 0];

// Of the control byte, beside the window.
const LAST: u8 = 0x80;
const STREAMING: u8 = 0x40;

fn block(control: u8, number: u16, ack: u16, data: &[u8]) -> Vec<u8> {
    let mut apdu = vec![0xE0, control];
    apdu.extend_from_slice(&number.to_be_bytes());
    apdu.extend_from_slice(&ack.to_be_bytes());
    match data.len() {
        short @ 0..=127 => apdu.push(short as u8),
        long => apdu.extend_from_slice(&[0x82, (long >> 8) as u8, long as u8]),
    }
    apdu.extend_from_slice(data);
    apdu
}

/// An association of a reader or manager that takes 64 bytes and has general blocks instead of those of a service.
fn line(fleet: &Fleet, address: u16, ciphered: bool) -> TestClient<'_> {
    let mut line = TestClient::new(fleet, address);
    line.proposed = Conformance::GET | Conformance::SET | Conformance::ACTION | Conformance::GENERAL_BLOCK_TRANSFER;
    let (mechanism, secret): (_, &[u8]) =
        if address == 0x11 { (Mechanism::Low, b"12345678") } else { (Mechanism::Gmac, &CTOS) };
    let (accepted, _, stoc) = line.associate(mechanism, ciphered, secret, 64);
    assert!(accepted);
    if mechanism.is_high() {
        line.prove(mechanism, ciphered, &stoc);
    }
    line
}

/// The object list in one APDU, to a client that agreed on the same but takes any length.
fn reference(fleet: &Fleet, address: u16, ciphered: bool) -> Vec<u8> {
    let mut long = line(fleet, address, ciphered);
    long.session.as_mut().unwrap().client_pdu = 65_535;
    if ciphered { long.ask_sealed(&OBJECT_LIST) } else { long.ask(&OBJECT_LIST).1 }
}

/// The state of a transfer, in words that can be compared.
fn state(line: &TestClient<'_>) -> String {
    format!("{:?}", line.session.as_ref().unwrap().transfer)
}

#[test]
fn a_long_answer_comes_in_blocks_of_the_window_that_the_client_takes() {
    let fleet = fleet(Vendor { pdu_max: 8_192, ..Vendor::default() });
    let whole = reference(&fleet, 0x11, false);
    let mut line = line(&fleet, 0x11, false);
    // 64 bytes less a head of 9; the length of 55 takes one byte of the three that are kept for it.
    let pieces: Vec<&[u8]> = whole.chunks(55).collect();
    assert!(pieces.len() > 20, "{} blocks", pieces.len());
    let (reaction, first) = line.ask_in_blocks(&OBJECT_LIST);
    assert_eq!((reaction, first), (Reaction::Reply, vec![block(8, 1, 0, pieces[0])]), "nothing is known of the window");
    // Three, then one, then more than the meter sends at once.
    assert_eq!(
        line.ask_in_blocks(&block(LAST | 3, 1, 1, &[])).1,
        [block(STREAMING | 8, 2, 1, pieces[1]), block(STREAMING | 8, 3, 1, pieces[2]), block(8, 4, 1, pieces[3]),]
    );
    assert_eq!(line.ask_in_blocks(&block(LAST | 1, 2, 4, &[])).1, [block(8, 5, 2, pieces[4])]);
    let eight = line.ask_in_blocks(&block(LAST | 63, 3, 5, &[])).1;
    assert_eq!((eight.len(), &eight[7]), (8, &block(8, 13, 3, pieces[12])));
    let (mut put, mut number, mut ack) = (whole[..13 * 55].to_vec(), 13, 4);
    loop {
        let (_, blocks) = line.ask_in_blocks(&block(LAST | 8, ack, number, &[]));
        for apdu in &blocks {
            assert!(apdu.len() <= 64);
            put.extend_from_slice(&apdu[7..]);
        }
        number += blocks.len() as u16;
        ack += 1;
        if blocks.last().unwrap()[1] & LAST != 0 {
            assert_eq!(*blocks.last().unwrap(), block(LAST | 8, number, ack - 1, pieces.last().unwrap()));
            break;
        }
    }
    assert_eq!((put == whole, usize::from(number)), (true, pieces.len()));
    // The last one is kept until the client has it, or asks something else.
    assert_eq!(
        line.ask(&block(LAST | 8, ack, number - 1, &[])).1,
        block(LAST | 8, number, ack, pieces.last().unwrap())
    );
    assert_eq!(line.ask(&block(LAST | 8, ack + 1, number, &[])), (Reaction::Wait, vec![]));
    assert_eq!(state(&line), "None");
}

#[test]
fn a_link_that_takes_one_apdu_at_a_time_gets_a_window_of_one() {
    let fleet = fleet(Vendor { pdu_max: 8_192, ..Vendor::default() });
    let whole = reference(&fleet, 0x11, false);
    let mut line = line(&fleet, 0x11, false);
    line.ask(&OBJECT_LIST);
    assert_eq!(line.ask(&block(LAST | 8, 1, 1, &[])).1, block(8, 2, 1, &whole[55..110]));
}

#[test]
fn a_lost_block_of_an_answer_is_sent_again_alone_or_with_what_follows() {
    let fleet = fleet(Vendor { pdu_max: 8_192, ..Vendor::default() });
    let whole = reference(&fleet, 0x11, false);
    let pieces: Vec<&[u8]> = whole.chunks(55).collect();
    let mut line = line(&fleet, 0x11, false);
    line.ask_in_blocks(&OBJECT_LIST);
    // Of blocks 2 to 5 the third is lost.
    assert_eq!(line.ask_in_blocks(&block(LAST | 4, 1, 1, &[])).1.len(), 4);
    assert_eq!(line.ask_in_blocks(&block(LAST | 1, 2, 2, &[])).1, [block(8, 3, 2, pieces[2])]);
    assert_eq!(
        line.ask_in_blocks(&block(LAST | 2, 3, 5, &[])).1,
        [block(STREAMING | 8, 6, 3, pieces[5]), block(8, 7, 3, pieces[6])]
    );
    // Both are lost, and so is the client's confirmation after that.
    let again = line.ask_in_blocks(&block(LAST | 2, 5, 5, &[])).1;
    assert_eq!(again, [block(STREAMING | 8, 6, 5, pieces[5]), block(8, 7, 5, pieces[6])]);
}

#[test]
fn a_long_request_is_confirmed_by_window_and_its_lost_block_asked_for_again() {
    let fleet = fleet(Vendor::default());
    let mut line = line(&fleet, 0x01, false);
    let apdu = DISCONNECT;
    assert_eq!(line.ask(&block(3, 1, 0, &apdu[..3])).1, block(8, 1, 1, &[]), "its own block 1 has no data");
    assert_eq!(line.ask(&block(STREAMING | 3, 2, 1, &apdu[3..6])), (Reaction::Wait, vec![]));
    // The third is lost. What follows it does not count, and is not answered before the client waits.
    assert_eq!(line.ask(&block(STREAMING | 3, 4, 1, &apdu[9..12])).0, Reaction::Wait);
    assert_eq!(line.ask(&block(LAST | 3, 5, 1, &apdu[12..])).1, block(8, 2, 2, &[]));
    assert!(line.rest.connected);
    assert_eq!(line.ask(&block(STREAMING | 3, 3, 2, &apdu[6..9])).0, Reaction::Wait);
    assert_eq!(line.ask(&block(3, 4, 2, &apdu[9..12])).1, block(8, 3, 4, &[]));
    // That confirmation is lost, so that the block comes again and the same number with it.
    assert_eq!(line.ask(&block(3, 4, 2, &apdu[9..12])).1, block(8, 3, 4, &[]));
    let answer = line.ask(&block(LAST | 3, 5, 3, &apdu[12..])).1;
    assert_eq!(answer, block(LAST | 8, 4, 5, &[0xC7, 1, 0xC1, 0, 0]));
    assert!(!line.rest.connected);
}

#[test]
fn a_request_longer_than_an_apdu_is_taken_in_blocks() {
    let fleet = fleet(Vendor { pdu_max: 128, ..Vendor::default() });
    let mut line = line(&fleet, 0x01, false);
    // A time of 12 bytes and its head, in front of what makes it no SET: 300 bytes that are read as a whole.
    let mut apdu = vec![0xC1, 1, 0xC1, 0, 8, 0, 0, 1, 0, 0, 255, 2, 0, 9, 0x82, 1, 29];
    apdu.resize(17 + 285, 0);
    for (n, piece) in apdu.chunks(100).enumerate() {
        let last = if n == 3 { LAST } else { 0 };
        let reply = line.ask(&block(last | 1, n as u16 + 1, n as u16, piece)).1;
        // Type-unmatched.
        let expected = if n == 3 {
            block(LAST | 8, 4, 4, &[0xC5, 1, 0xC1, 12])
        } else {
            block(8, n as u16 + 1, n as u16 + 1, &[])
        };
        assert_eq!(reply, expected);
    }
    assert_eq!(line.ask(&apdu).1, TOO_LONG, "and in one APDU it is not");
}

#[test]
fn what_is_ciphered_is_cut_after_it_was_sealed_and_put_together_before_it_is_opened() {
    let fleet = fleet(Vendor { pdu_max: 8_192, ..Vendor::default() });
    for general in [false, true] {
        let mut line = line(&fleet, 0x01, true);
        if general {
            use dlms_cosem_rs::xdlms::Protection;
            line.form = crate::crypto::cipher::Form::General(Protection::Global);
        }
        let (counter, sealed) = (line.rest.counter, line.sealed(&OBJECT_LIST));
        assert_eq!(line.ask(&block(STREAMING | 8, 1, 0, &sealed[..20])).0, Reaction::Wait);
        let mut blocks = line.ask_in_blocks(&block(LAST | 8, 2, 0, &sealed[20..])).1;
        let (mut put, mut ack) = (Vec::new(), 2);
        loop {
            blocks.iter().for_each(|apdu| put.extend_from_slice(&apdu[7..]));
            let last = blocks.last().unwrap();
            if last[1] & LAST != 0 {
                break;
            }
            ack += 1;
            let number = u16::from_be_bytes([last[2], last[3]]);
            blocks = line.ask_in_blocks(&block(LAST | 8, ack, number, &[])).1;
        }
        assert_eq!(put[0], if general { 0xDB } else { 0xCC });
        assert_eq!(line.opened(put), reference(&fleet, 0x01, true));
        assert_eq!(line.rest.counter, counter + 1, "one message, one counter");
        // Plain inside of blocks is no way around ciphering.
        assert_eq!(line.ask(&block(LAST | 8, 1, 0, &NAME)).1, NOT_ALLOWED);
    }
}

#[test]
fn without_a_window_nothing_is_confirmed_or_answered() {
    let fleet = fleet(Vendor::default());
    let mut line = line(&fleet, 0x01, false);
    let mut apdu = DISCONNECT;
    apdu[2] = 0x81;
    assert_eq!(line.ask(&block(STREAMING, 1, 0, &apdu[..8])).0, Reaction::Wait);
    // What is missing will not come.
    assert_eq!(line.ask(&block(STREAMING, 3, 0, &apdu[9..])).1, NOT_ALLOWED);
    assert_eq!(line.ask(&block(LAST, 2, 0, &apdu[8..])), (Reaction::Silent, vec![]));
    assert!(!line.rest.connected);
    assert_eq!(line.ask(&block(LAST, 1, 0, &NAME)), (Reaction::Silent, vec![]));
}

/// What is refused changes nothing: the transfer goes on from where it was.
#[test]
fn blocks_that_do_not_belong_are_refused_and_change_nothing() {
    let fleet = fleet(Vendor { pdu_max: 8_192, ..Vendor::default() });
    let mut line = line(&fleet, 0x01, false);
    let nothing = "None";
    for (hostile, expected) in [
        (block(LAST | 1, 0, 0, &NAME), NOT_ALLOWED),
        (block(LAST | 1, 2, 0, &NAME), NOT_ALLOWED),
        (block(LAST | 1, 1, 1, &[]), NOT_ALLOWED),
        ([block(LAST | 1, 1, 0, &NAME), vec![0]].concat(), UNSUPPORTED),
        (block(LAST | 1, 1, 0, &NAME)[..15].to_vec(), UNSUPPORTED),
        (vec![0xE0], UNSUPPORTED),
        (block(LAST | 1, 1, 0, &[0; 8_193]), TOO_LONG),
    ] {
        assert_eq!((line.ask(&hostile).1, &*state(&line)), (expected.to_vec(), nothing), "{hostile:02X?}");
    }
    // A request under way: blocks 1 to 10 are taken, and confirmed one by one.
    for number in 1..=10 {
        assert_eq!(line.ask(&block(1, number, number - 1, &[0xC0])).1, block(8, number, number, &[]));
    }
    let before = state(&line);
    for hostile in [
        block(1, 1, 9, &[1]),
        block(1, 2, 9, &[1]),
        block(1, 19, 9, &[1]),
        block(1, u16::MAX, 9, &[1]),
        block(1, 11, 8, &[1]),
        block(1, 11, 11, &[1]),
    ] {
        assert_eq!((line.ask(&hostile).1, state(&line)), (NOT_ALLOWED.to_vec(), before.clone()), "{hostile:02X?}");
    }
    // An answer under way.
    line.ask_in_blocks(&OBJECT_LIST);
    line.ask_in_blocks(&block(LAST | 4, 1, 1, &[]));
    let before = state(&line);
    for hostile in [
        block(LAST, 2, 5, &[]),
        block(LAST | 1, 2, 6, &[]),
        block(LAST | 1, 2, 0, &[]),
        block(LAST | 1, 0, 5, &[]),
        block(LAST | 1, 10, 5, &[]),
        block(LAST | 1, 2, 5, &[1]),
    ] {
        assert_eq!((line.ask(&hostile).1, state(&line)), (NOT_ALLOWED.to_vec(), before.clone()), "{hostile:02X?}");
    }
    assert_eq!(line.ask(&block(LAST | 1, 2, 5, &[])).1[..6], [0xE0, 8, 0, 6, 0, 2]);
    assert_eq!(line.ask(&NAME).1[..4], [0xC4, 1, 0xC1, 0]);
}

#[test]
fn a_request_whose_last_block_never_comes_is_bounded() {
    let fleet = fleet(Vendor { pdu_max: 8_192, ..Vendor::default() });
    let mut line = line(&fleet, 0x01, false);
    let kib = [0xC0; 1_024];
    for number in 1..=64 {
        assert_eq!(line.ask(&block(STREAMING | 8, number, 0, &kib)).0, Reaction::Wait);
    }
    assert_eq!(64 * kib.len(), UPLOAD_MAX);
    let before = state(&line);
    for data in [&kib[..], &kib[..1]] {
        assert_eq!((line.ask(&block(STREAMING | 8, 65, 0, data)).1, state(&line)), (TOO_LONG.to_vec(), before.clone()));
    }
    // A client that gives it up begins anew, or asks in one APDU.
    assert_eq!(line.ask(&block(LAST | 8, 1, 0, &NAME)).1[..7], [0xE0, LAST | 8, 0, 1, 0, 1, 4 + 2 + 4]);
    assert_eq!(line.ask(&NAME).1[0], 0xC4);
    assert_eq!(state(&line), "None");
}

#[test]
fn general_blocks_that_were_not_agreed_on_are_unknown() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x11);
    assert_eq!(line.ask(&block(LAST | 1, 1, 0, &NAME)).1, NOT_ALLOWED, "no association");
    line.open(Mechanism::Low, false);
    assert_eq!(line.ask(&block(LAST | 1, 1, 0, &NAME)).1, UNSUPPORTED);
}

#[test]
fn general_blocks_carry_no_association_no_proof_and_no_general_blocks() {
    let fleet = fleet(Vendor::default());
    let mut line = line(&fleet, 0x01, false);
    for inside in [vec![0x62, 0], block(LAST | 1, 1, 0, &NAME)] {
        assert_eq!(line.ask(&block(LAST | 1, 1, 0, &inside)).1, UNSUPPORTED);
        assert!(line.session.is_some());
    }
    let (_, _, stoc) = line.associate(Mechanism::Md5, false, &CTOS, 64);
    let proof = line.proof(Mechanism::Md5, &stoc);
    assert_eq!(line.ask(&block(LAST | 1, 1, 0, &proof)).1, NOT_ALLOWED);
}

/// A client that names general blocks among all that it can need not mean them for a GET, for which it has others.
#[test]
fn blocks_of_a_service_go_before_general_ones_unless_the_request_came_in_these() {
    let fleet = fleet(Vendor { pdu_max: 8_192, ..Vendor::default() });
    let mut line = TestClient::new(&fleet, 0x11);
    line.proposed |= Conformance::GENERAL_BLOCK_TRANSFER;
    assert!(line.associate(Mechanism::Low, false, b"12345678", 64).0);
    assert_eq!(line.ask(&OBJECT_LIST).1[..4], [0xC4, 2, 0xC1, 0]);
    assert_eq!(line.ask(&block(LAST | 1, 1, 0, &OBJECT_LIST)).1[..7], [0xE0, 8, 0, 1, 0, 1, 55]);
}

#[test]
fn a_last_block_that_finds_no_counter_can_come_again() {
    let fleet = fleet(Vendor::default());
    let mut line = line(&fleet, 0x01, true);
    let sealed = line.sealed(&DISCONNECT);
    line.ask(&block(STREAMING | 8, 1, 0, &sealed[..20]));
    line.rest.counter_reserved = line.rest.counter;
    let before = (line.rest.clone(), state(&line));
    let last = block(LAST | 8, 2, 0, &sealed[20..]);
    assert_eq!(line.ask(&last), (Reaction::Close, vec![]));
    assert!(line.effects.counter_exhausted);
    assert_eq!((line.rest.clone(), state(&line)), before);
    line.rest.counter_reserved += 1;
    line.effects = Effects::default();
    let reply = line.ask(&last).1;
    assert_eq!(reply[..6], [0xE0, LAST | 8, 0, 1, 0, 2]);
    assert_eq!(line.opened(reply[7..].to_vec()), [0xC7, 1, 0xC1, 0, 0]);
}
