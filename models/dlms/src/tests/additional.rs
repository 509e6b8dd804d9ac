//! What general-ciphering authenticates besides its content: the head of the message, as the standard has it, or not.

use crate::meter::rest::keys_of;
use crate::meter::security::policy;
use crate::tests::client::{NAME, TestClient, fleet};
use crate::tests::general::{How, is_name, open, opened_as, request_as, statically, vendor, wrapped};
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::KeyInfo;

const SUITES: [SecuritySuite; 2] = [SecuritySuite::Suite1, SecuritySuite::Suite2];
const DECIPHERING: [u8; 3] = [0xD8, 1, 5];
const COUNTER: [u8; 3] = [0xD8, 1, 6];
/// Authenticated alone, and encrypted as well; with the head and without it.
const ALL: [How; 4] = [(0x30, true), (0x30, false), (0x10, true), (0x10, false)];
const GLOBAL: KeyInfo<'_> = KeyInfo::Identified { key_id: 0 };

/// Asks under the global key; the client's counter goes up.
fn under_global(line: &mut TestClient<'_>, how: How) -> Vec<u8> {
    let key = keys_of(line.meter, &line.rest).unicast;
    line.counter += 1;
    request_as(line, b"transact", GLOBAL, key, line.counter - 1, &NAME, how)
}

#[test]
fn an_answer_authenticates_what_its_request_did() {
    for suite in SUITES {
        let fleet = fleet(vendor(suite));
        let mut line = open(&fleet);
        let keys = keys_of(line.meter, &line.rest);
        let sent = wrapped(suite, keys.master, [0x77; 32]);
        // Each kind of key counts on its own; a wrapped one and an agreed one together.
        for (count, how) in (1..).step_by(2).zip(ALL) {
            let asked = under_global(&mut line, how);
            let (_, answer) = line.ask(&asked);
            is_name(&opened_as(&line, &answer, |_| keys.unicast, how));
            assert_eq!(line.ask(&asked).1[..3], COUNTER, "{how:?}: the counter was used");

            let info = KeyInfo::Wrapped { kek_id: 0, ciphered_key: &sent };
            let asked = request_as(&line, b"any", info, [0x77; 32], count, &NAME, how);
            let (_, answer) = line.ask(&asked);
            is_name(&opened_as(&line, &answer, |_| [0x77; 32], how));
            assert_eq!(line.ask(&asked).1[..3], COUNTER, "{how:?}");

            let info = KeyInfo::Agreed { parameters: &[2], ciphered_key: &[] };
            let asked = request_as(&line, b"any", info, statically(&line, b"any", true), count + 1, &NAME, how);
            let (_, answer) = line.ask(&asked);
            let key = statically(&line, b"any", false);
            is_name(&opened_as(&line, &answer, |_| key, how));
            assert_eq!(line.ask(&asked).1[..3], COUNTER, "{how:?}");
        }
    }
}

/// A recording with another transaction would be a new message, if the head is not authenticated.
#[test]
fn without_the_head_no_transaction_makes_a_message_fresh() {
    let fleet = fleet(vendor(SecuritySuite::Suite1));
    let mut line = open(&fleet);
    let sent = wrapped(SecuritySuite::Suite1, keys_of(line.meter, &line.rest).master, [0x77; 32]);
    let info = KeyInfo::Wrapped { kek_id: 0, ciphered_key: &sent };
    for (how, taken) in [((0x30, false), false), ((0x10, false), false), ((0x30, true), true)] {
        let asked = request_as(&line, &5_u64.to_be_bytes(), info, [0x77; 32], 0, &NAME, how);
        let (_, answer) = line.ask(&asked);
        assert_eq!((answer[0] == 0xDD, answer == DECIPHERING), (taken, !taken), "{how:?}: {answer:02X?}");
        assert_eq!(line.rest.changed.is_some(), taken, "{how:?}");
    }
    let asked = request_as(&line, &5_u64.to_be_bytes(), info, [0x77; 32], 1, &NAME, (0x30, false));
    assert_eq!(line.ask(&asked).1[0], 0xDD, "a counter does");
}

#[test]
fn whatever_is_authenticated_cannot_be_changed() {
    let fleet = fleet(vendor(SecuritySuite::Suite1));
    let mut line = open(&fleet);
    for how in ALL {
        let asked = under_global(&mut line, how);
        let before = line.rest.clone();
        for at in 0..asked.len() {
            // Of the head transaction and lengths: 1 to 9, then two titles of 9 bytes, then two that are empty.
            let mut bad = asked.clone();
            bad[at] ^= 1;
            let free = !how.1 && (2..10).contains(&at);
            if free {
                continue;
            }
            let (_, answer) = line.ask(&bad);
            assert!(answer.is_empty() || answer[0] == 0xD8, "{how:?}, byte {at}: {answer:02X?}");
            assert_eq!(line.rest, before, "{how:?}, byte {at}: nothing is remembered of it");
        }
        assert_eq!(line.ask(&asked).1[0], 0xDD, "{how:?}");
    }
}

#[test]
fn the_policy_binds_general_ciphering_too() {
    let fleet = fleet(vendor(SecuritySuite::Suite1));
    let mut line = open(&fleet);
    let unicast = keys_of(line.meter, &line.rest).unicast;
    // Encrypted alone: nothing says who sent it.
    let asked = under_global(&mut line, (0x20, true));
    assert_eq!(line.ask(&asked).1, DECIPHERING);
    line.rest.security_mut().policy = policy::ANSWER_ENCRYPTED;
    let asked = under_global(&mut line, (0x10, true));
    let (_, answer) = line.ask(&asked);
    is_name(&opened_as(&line, &answer, |_| unicast, (0x30, true)));
    line.rest.security_mut().policy = policy::REQUEST_ENCRYPTED;
    let asked = under_global(&mut line, (0x10, true));
    assert_eq!(line.ask(&asked).1, DECIPHERING);
}
