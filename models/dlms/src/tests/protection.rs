//! How strongly requests and answers are protected, and what the policy has to say about it.

use crate::crypto::cipher::{self, Form};
use crate::meter::fleet::{Fleet, Vendor};
use crate::meter::security::policy;
use crate::server::Reaction;
use crate::session::hls::Mechanism;
use crate::tests::client::{CTOS, NAME, TestClient, fleet};
use dlms_cosem_rs::acse::Aare;
use dlms_cosem_rs::codec::Decode;
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::Protection;

const DECIPHERING: [u8; 3] = [0xD8, 1, 5];
/// Bits of the security control.
const AUTHENTICATED: u8 = 0x10;
const ENCRYPTED: u8 = 0x20;
/// Client addresses, each with a mechanism that lets it in.
const CLIENTS: [(u16, Mechanism); 3] = [(0x11, Mechanism::Low), (0x01, Mechanism::Gmac), (0x20, Mechanism::Sha256)];

fn of_suite(suite: SecuritySuite) -> Fleet {
    fleet(Vendor { suite, ..Vendor::default() })
}

/// A client that protects what it sends in this way, and its meter under this policy.
fn line(fleet: &Fleet, address: u16, policy: u8, protection: u8) -> TestClient<'_> {
    let mut line = TestClient::new(fleet, address);
    line.control = protection | fleet.vendors[0].suite.id();
    if policy != 0 {
        line.rest.security_mut().policy = policy;
    }
    line
}

/// What a client says in its AARQ.
fn secret(mechanism: Mechanism) -> &'static [u8] {
    if mechanism == Mechanism::Low { b"12345678" } else { &CTOS }
}

/// Security control of a sealed answer.
fn control(answer: &[u8]) -> u8 {
    cipher::envelope(answer).unwrap_or_else(|| panic!("not sealed: {answer:02X?}")).control.0
}

#[test]
fn an_association_authenticated_or_encrypted_alone_is_answered_in_kind() {
    for suite in [SecuritySuite::Suite0, SecuritySuite::Suite1, SecuritySuite::Suite2] {
        let fleet = of_suite(suite);
        for protection in [AUTHENTICATED, ENCRYPTED, AUTHENTICATED | ENCRYPTED] {
            for (address, mechanism) in CLIENTS {
                for form in [Form::Service(Protection::Global), Form::General(Protection::Global)] {
                    let place = format!("{suite:?}, {address:#x}, {protection:#x}, {form:?}");
                    let mut line = line(&fleet, address, 0, protection);
                    line.form = form;
                    let aarq = line.aarq(mechanism, true, secret(mechanism), 512);
                    let (_, aare) = line.ask(&aarq);
                    let aare = Aare::from_bytes(&aare).unwrap();
                    assert!(aare.is_accepted(), "{place}");
                    assert_eq!(control(aare.user_information.unwrap()), line.control, "{place}: the AARE");
                    if let Some(stoc) = aare.responding_authentication_value {
                        line.prove(mechanism, true, stoc);
                    }
                    let asked = line.sealed(&NAME);
                    let (_, answer) = line.ask(&asked);
                    assert_eq!(control(&answer), line.control, "{place}");
                    assert_eq!(line.opened(answer)[..4], [0xC4, 1, 0xC1, 0], "{place}");
                    assert_eq!(line.ask(&asked).1[..3], [0xD8, 1, 6], "{place}: the counter was used");
                    let release = line.release();
                    assert_eq!(line.ask(&release).1[0], 0x63, "{place}");
                }
            }
        }
    }
}

#[test]
fn the_policy_decides_what_is_taken_and_how_it_is_answered() {
    use policy::{ANSWER_AUTHENTICATED, ANSWER_ENCRYPTED, REQUEST_AUTHENTICATED, REQUEST_ENCRYPTED};
    let fleet = of_suite(SecuritySuite::Suite0);
    let both = AUTHENTICATED | ENCRYPTED;
    // Policy, protection of a request, and of its answer if there is one.
    for (policy, protection, expected) in [
        (REQUEST_AUTHENTICATED, AUTHENTICATED, Some(AUTHENTICATED)),
        (REQUEST_AUTHENTICATED, ENCRYPTED, None),
        (REQUEST_ENCRYPTED, AUTHENTICATED, None),
        (REQUEST_ENCRYPTED, ENCRYPTED, Some(ENCRYPTED)),
        (REQUEST_AUTHENTICATED | REQUEST_ENCRYPTED, AUTHENTICATED, None),
        (REQUEST_AUTHENTICATED | REQUEST_ENCRYPTED, ENCRYPTED, None),
        (REQUEST_AUTHENTICATED | REQUEST_ENCRYPTED, both, Some(both)),
        (ANSWER_ENCRYPTED, AUTHENTICATED, Some(both)),
        (ANSWER_AUTHENTICATED, ENCRYPTED, Some(both)),
    ] {
        for (address, mechanism) in CLIENTS {
            let place = format!("{address:#x}, policy {policy:#x}, {protection:#x}");
            let mut line = line(&fleet, address, policy, protection);
            let Some(expected) = expected else {
                let received = line.rest.received;
                let aarq = line.aarq(mechanism, true, secret(mechanism), 512);
                assert_eq!(line.ask(&aarq).1, DECIPHERING, "{place}");
                assert!(line.session.is_none(), "{place}");
                // Nor is such a request taken in an association that was opened as the policy wants it.
                line.control = both;
                line.open(mechanism, true);
                line.control = protection;
                let asked = line.sealed(&NAME);
                assert_eq!(line.ask(&asked).1, DECIPHERING, "{place}");
                assert_ne!(line.rest.received, received, "{place}");
                continue;
            };
            line.open(mechanism, true);
            let asked = line.sealed(&NAME);
            let (_, answer) = line.ask(&asked);
            assert_eq!(control(&answer), expected, "{place}");
        }
    }
}

/// Counter mode: without its tag an authenticated message could be changed bit by bit and sent as one that is encrypted alone.
#[test]
fn an_association_opened_authenticated_takes_nothing_whose_tag_was_cut_off() {
    let fleet = of_suite(SecuritySuite::Suite0);
    let mut line = line(&fleet, 0x01, 0, AUTHENTICATED | ENCRYPTED);
    line.open(Mechanism::Gmac, true);
    let asked = line.sealed(&NAME);
    let mut cut = asked[..asked.len() - cipher::TAG].to_vec();
    cut[1] -= cipher::TAG as u8;
    cut[2] = ENCRYPTED;
    assert_eq!(line.ask(&cut).1, DECIPHERING);
    assert_eq!(line.ask(&asked).0, Reaction::Reply, "its counter is not used up");
    // The control byte is authenticated where anything is, so that the client is free to leave out the other half.
    line.control = AUTHENTICATED;
    assert_eq!(line.ask_sealed(&NAME)[0], 0xC4);
}

/// Without a tag any counter would do, so that a stranger could use up the client's.
#[test]
fn what_is_encrypted_under_another_key_uses_up_no_counter() {
    let fleet = of_suite(SecuritySuite::Suite0);
    let mut line = line(&fleet, 0x01, 0, ENCRYPTED);
    (line.key, line.counter) = (Some([3; 32]), 70_000);
    let aarq = line.aarq(Mechanism::Gmac, true, &CTOS, 512);
    assert_eq!((line.ask(&aarq).1, line.rest.received), (DECIPHERING.to_vec(), [0; 4]));
    (line.key, line.counter) = (None, 1);
    line.open(Mechanism::Gmac, true);
    // Three: the association, the proof, and the message that brought it.
    assert_eq!(line.rest.received[2], 4);
    (line.key, line.counter) = (Some([3; 32]), 70_000);
    for _ in 0..20 {
        let asked = line.sealed(&NAME);
        assert_eq!(line.ask(&asked).1, DECIPHERING);
    }
    assert_eq!(line.rest.received[2], 4);
}

#[test]
fn a_changed_bit_of_what_is_authenticated_alone_is_noticed() {
    let fleet = of_suite(SecuritySuite::Suite0);
    let mut line = line(&fleet, 0x01, 0, AUTHENTICATED);
    line.open(Mechanism::Gmac, true);
    let asked = line.sealed(&NAME);
    // Tag and length, control, counter: five bytes and two before what is authenticated.
    for at in 7..asked.len() {
        let mut bad = asked.clone();
        bad[at] ^= 1;
        assert_eq!(line.ask(&bad).1, DECIPHERING, "byte {at}");
    }
    assert_eq!(line.ask(&asked).0, Reaction::Reply);
}

/// By the ASN.1 of the standard a dedicated key is not sent without encryption.
#[test]
fn a_dedicated_key_is_taken_encrypted_alone() {
    let fleet = of_suite(SecuritySuite::Suite0);
    for (protection, taken) in [(AUTHENTICATED, false), (ENCRYPTED, true), (AUTHENTICATED | ENCRYPTED, true)] {
        let mut line = line(&fleet, 0x11, 0, protection);
        let request = line.aarq_with_dedicated_key(&[0x55; 16]);
        let (_, answer) = line.ask(&request);
        assert_eq!(answer[0] == 0x61, taken, "{protection:#x}: {answer:02X?}");
        assert_eq!(line.session.is_some(), taken);
    }
}
