//! Associations, proofs, ciphering and refusals, as a client sees them.

use crate::crypto::cipher::Form;
use crate::meter::fleet::{AnswerForm, OnCounterError, OnSuiteMismatch, Vendor};
use crate::server::Reaction;
use crate::session::hls::Mechanism;
use crate::tests::client::{CTOS, NAME, TestClient, fleet};
use crate::vocabulary::effects::Denied;
use dlms_cosem_rs::acse::{Aare, Aarq, ApplicationContext};
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::codec::{Decode, Encode};
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::{InitiateRequest, Protection};

const NOT_ALLOWED: [u8; 3] = [0xD8, 1, 1];
const UNSUPPORTED: [u8; 3] = [0xD8, 2, 2];
const DECIPHERING: [u8; 3] = [0xD8, 1, 5];

#[test]
fn the_public_client_reads_the_name_without_security() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x10);
    line.open(Mechanism::None, false);
    let (_, reply) = line.ask(&NAME);
    assert_eq!(reply[..4], [0xC4, 1, 0xC1, 0]);
    assert!(Data::from_bytes(&reply[4..]).unwrap().as_bytes().unwrap().starts_with(b"AMI"));
}

#[test]
fn every_mechanism_opens_in_every_suite_plain_and_ciphered() {
    use Mechanism::{Ecdsa, Gmac, Low, Md5, Sha1, Sha256};
    for suite in [SecuritySuite::Suite0, SecuritySuite::Suite1, SecuritySuite::Suite2] {
        let fleet = fleet(Vendor { suite, ..Vendor::default() });
        for ciphered in [false, true] {
            for mechanism in [Low, Md5, Sha1, Gmac, Sha256, Ecdsa] {
                if mechanism == Ecdsa && suite == SecuritySuite::Suite0 {
                    continue;
                }
                let mut line = TestClient::new(&fleet, if mechanism == Low { 0x11 } else { 0x01 });
                line.open(mechanism, ciphered);
                let reply = if ciphered { line.ask_sealed(&NAME) } else { line.ask(&NAME).1 };
                assert_eq!(reply[..4], [0xC4, 1, 0xC1, 0], "{suite:?} {mechanism:?} {ciphered}");
            }
        }
    }
}

#[test]
fn until_the_proof_only_the_proof_is_served() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    let (accepted, diagnostic, stoc) = line.associate(Mechanism::Gmac, false, &CTOS, 512);
    assert_eq!((accepted, diagnostic), (true, 14));
    assert_eq!(line.ask(&NAME).1, NOT_ALLOWED);
    line.prove(Mechanism::Gmac, false, &stoc);
    assert_eq!(line.ask(&NAME).1[0], 0xC4);
}

/// The current association has two names: 0.0.40.0.0.255, and for clients 0x01 and 0x20 that of place 3 and 4.
#[test]
fn the_proof_is_taken_at_the_own_association_too_and_at_no_other() {
    let fleet = fleet(Vendor::default());
    for (address, own, others) in [(0x01, 3, [1, 2, 4, 5]), (0x20, 4, [1, 2, 3, 5])] {
        for ciphered in [false, true] {
            let mut line = TestClient::new(&fleet, address);
            let ask = |line: &mut TestClient<'_>, place: u8, proof: &[u8]| {
                let mut action = proof.to_vec();
                action[9] = place;
                if ciphered {
                    let sealed = line.sealed(&action);
                    let (_, answer) = line.ask(&sealed);
                    if answer[0] == 0xD8 { answer } else { line.opened(answer) }
                } else {
                    line.ask(&action).1
                }
            };
            let (_, _, stoc) = line.associate(Mechanism::Sha256, ciphered, &CTOS, 512);
            let proof = line.proof(Mechanism::Sha256, &stoc);
            for place in others {
                assert_eq!(ask(&mut line, place, &proof), NOT_ALLOWED, "client {address}, 0.0.40.0.{place}.255");
            }
            // Success, and a value: the meter's own proof, 32 bytes.
            let answer = ask(&mut line, own, &proof);
            assert_eq!(answer[..8], [0xC7, 1, 0xC1, 0, 1, 0, 9, 32], "client {address}: {answer:02X?}");
            assert!(line.session.as_ref().unwrap().is_proven());
        }
    }
}

#[test]
fn a_wrong_proof_ends_the_association() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    line.associate(Mechanism::Sha256, false, &CTOS, 512);
    let mut action = vec![0xC3, 1, 0xC1, 0, 15, 0, 0, 40, 0, 0, 255, 1, 1];
    Data::OctetString(&[9; 32]).encode(&mut action).unwrap();
    assert_eq!(line.ask(&action).1, [0xC7, 1, 0xC1, 250, 0]);
    assert!(line.session.is_none());
}

#[test]
fn passwords_mechanisms_and_contexts_that_do_not_fit_are_refused() {
    let fleet = fleet(Vendor::default());
    for (address, mechanism, secret, expected) in [
        (0x11, Mechanism::Low, b"12345679".as_slice(), 13),
        (0x11, Mechanism::None, b"", 14),
        (0x01, Mechanism::Low, b"12345678", 13),
        (0x01, Mechanism::Gmac, b"short", 13),
        (0x01, Mechanism::Ecdsa, &CTOS, 11),
    ] {
        let mut line = TestClient::new(&fleet, address);
        let (accepted, diagnostic, _) = line.associate(mechanism, false, secret, 512);
        assert_eq!((accepted, diagnostic), (false, expected), "{mechanism:?}");
        assert!(line.session.is_none());
    }
}

#[test]
fn the_public_client_ciphers_nothing() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x10);
    let (accepted, diagnostic, _) = line.associate(Mechanism::None, true, b"", 512);
    assert_eq!((accepted, diagnostic), (false, 2), "application context name not supported");
    assert_eq!(line.effects.denied, Some(Denied::Association(2)));
    line.open(Mechanism::None, false);
}

#[test]
fn an_initiate_that_cannot_be_met_gets_a_confirmed_service_error() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x10);
    let mut initiate = vec![1];
    InitiateRequest { client_max_receive_pdu_size: 20, ..InitiateRequest::default() }.encode(&mut initiate).unwrap();
    let aarq = Aarq {
        application_context: Some(ApplicationContext::LogicalName),
        user_information: Some(&initiate),
        ..Aarq::default()
    };
    let mut request = Vec::new();
    aarq.encode(&mut request).unwrap();
    let (_, reply) = line.ask(&request);
    assert_eq!(Aare::from_bytes(&reply).unwrap().user_information, Some(&[0x0E, 1, 6, 3][..]));
}

#[test]
fn service_before_association_and_plain_where_cipher_is_due_are_refused() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    assert_eq!(line.ask(&NAME).1, NOT_ALLOWED);
    line.open(Mechanism::Gmac, true);
    assert_eq!(line.ask(&NAME).1, NOT_ALLOWED);
    assert_eq!(line.ask_sealed(&NAME)[0], 0xC4);
}

#[test]
fn an_association_twice_starts_anew() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, true);
    line.associate(Mechanism::Gmac, true, &CTOS, 512);
    let request = line.sealed(&NAME);
    assert_eq!(line.ask(&request).1, NOT_ALLOWED);
}

#[test]
fn the_answer_has_the_form_of_the_request_unless_the_vendor_has_its_own() {
    for (answer_form, expected) in [(AnswerForm::AsRequested, 0xDB), (AnswerForm::ServiceSpecific, 0xCC)] {
        let fleet = fleet(Vendor { answer_form, ..Vendor::default() });
        let mut line = TestClient::new(&fleet, 0x01);
        line.form = Form::General(Protection::Global);
        line.open(Mechanism::Gmac, true);
        let request = line.sealed(&NAME);
        assert_eq!(line.ask(&request).1[0], expected);
    }
}

#[test]
fn a_replayed_or_lower_counter_is_refused_and_does_not_move_the_window() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, true);
    let request = line.sealed(&NAME);
    assert_eq!(line.ask(&request).1[0], 0xCC);
    let expected = line.counter;
    let mut refused = vec![0xD8, 1, 6];
    refused.extend_from_slice(&expected.to_be_bytes());
    assert_eq!(line.ask(&request).1, refused);
    line.counter = 1;
    let lower = line.sealed(&NAME);
    assert_eq!(line.ask(&lower).1, refused);
    line.counter = expected;
    assert_eq!(line.ask_sealed(&NAME)[0], 0xC4);
}

#[test]
fn a_vendor_may_close_on_counters_and_stay_silent_on_suites() {
    let fleet = fleet(Vendor {
        on_counter_error: OnCounterError::Close,
        on_suite_mismatch: OnSuiteMismatch::Silent,
        ..Vendor::default()
    });
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, true);
    let request = line.sealed(&NAME);
    line.ask(&request);
    assert_eq!(line.ask(&request).0, Reaction::Close);
    line.control = 0x31;
    let other = line.sealed(&NAME);
    assert_eq!(line.ask(&other), (Reaction::Silent, vec![]));
}

#[test]
fn wrong_keys_tags_suites_and_weaker_protection_are_refused() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, true);
    line.key = Some([3; 32]);
    let wrong_key = line.sealed(&NAME);
    line.key = None;
    let mut wrong_tag = line.sealed(&NAME);
    *wrong_tag.last_mut().unwrap() ^= 1;
    let mut refused = vec![wrong_key, wrong_tag];
    for control in [0x31, 0x00, 0x20, 0x70, 0xB0] {
        line.control = control;
        refused.push(line.sealed(&NAME));
    }
    for request in refused {
        assert_eq!(line.ask(&request).1, DECIPHERING, "{request:02X?}");
    }
    // A forged counter has not locked the client out.
    (line.control, line.counter) = (0x30, 50);
    assert_eq!(line.ask_sealed(&NAME)[0], 0xC4);
}

#[test]
fn no_counter_is_used_that_is_not_reserved() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, true);
    line.rest.counter_reserved = line.rest.counter + 1;
    assert_eq!(line.ask_sealed(&NAME)[0], 0xC4);
    let request = line.sealed(&NAME);
    assert_eq!(line.ask(&request).0, Reaction::Close);
    assert!(line.effects.counter_exhausted);
    line.rest.counter_reserved += 1;
    assert_eq!(line.ask_sealed(&NAME)[0], 0xC4);
}

#[test]
fn a_dedicated_key_protects_what_follows() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x11);
    let request = line.aarq_with_dedicated_key(&[0x55; 16]);
    assert!(Aare::from_bytes(&line.ask(&request).1).unwrap().is_accepted());
    (line.key, line.form) = (Some([0x55; 32]), Form::Service(Protection::Dedicated));
    let request = line.sealed(&NAME);
    assert_eq!(line.ask(&request).1[0], 0xD4);
}

#[test]
fn release_ends_it_and_is_confirmed() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x10);
    line.open(Mechanism::None, false);
    assert_eq!(line.ask(&[0x62, 3, 0x80, 1, 0]).1, [0x63, 3, 0x80, 1, 0]);
    assert_eq!(line.ask(&NAME).1, NOT_ALLOWED);
}

#[test]
fn a_client_that_does_not_exist_is_not_spoken_to() {
    let fleet = fleet(Vendor::default());
    assert_eq!(TestClient::new(&fleet, 0x55).ask(&NAME), (Reaction::Close, vec![]));
}

#[test]
fn an_aarq_and_a_sealed_get_cut_anywhere_do_no_harm() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, true);
    let whole = line.sealed(&NAME);
    for n in 1..whole.len() {
        assert_eq!(line.ask(&whole[..n]).1, UNSUPPORTED);
    }
    let mut public = TestClient::new(&fleet, 0x10);
    public.open(Mechanism::None, false);
    for n in 1..NAME.len() {
        let reply = public.ask(&NAME[..n]).1;
        assert_eq!(reply, UNSUPPORTED, "{n}");
    }
}

/// Least privilege: a client whose secret resets meters, shows that they did, and does nothing else.
#[test]
fn the_operator_resets_and_does_nothing_else() {
    let fleet = fleet(Vendor { suite: SecuritySuite::Suite1, manual_alias: true, ..Vendor::default() });
    // Neither a password nor the keys that the other clients share let it in.
    for mechanism in [Mechanism::Low, Mechanism::Md5, Mechanism::Sha1, Mechanism::Gmac] {
        let mut line = TestClient::new(&fleet, 0x20);
        let (accepted, diagnostic, _) = line.associate(mechanism, false, &CTOS, 512);
        assert_eq!((accepted, diagnostic), (false, 13), "{mechanism:?}");
    }
    for mechanism in [Mechanism::Sha256, Mechanism::Ecdsa] {
        for ciphered in [false, true] {
            let mut line = TestClient::new(&fleet, 0x20);
            line.open(mechanism, ciphered);
            let mut ask = |apdu: &[u8]| if ciphered { line.ask_sealed(apdu) } else { line.ask(apdu).1 };
            let action = |class: u8, [b, c, d, e]: [u8; 4], method: u8, parameter: &[u8]| {
                [&[0xC3, 1, 0xC1, 0, class, 0, b, c, d, e, 255, method, 1], parameter].concat()
            };
            let cold = action(9, [0, 10, 0, 0], 1, &[18, 0, 3]);
            let warm = [0xC3, 1, 0xC1, 0x20, 0, 0, 0, 96, 1, 2, 255, 1, 1, 15, 0];
            for reset in [&cold[..], &warm] {
                assert_eq!(ask(reset), [0xC7, 1, 0xC1, 0, 0]);
            }
            // The relay, an image, keys, the clock: denied. So are values of customers.
            for denied in [
                action(70, [0, 96, 3, 10], 1, &[15, 0]),
                action(18, [0, 44, 0, 0], 4, &[15, 0]),
                action(64, [0, 43, 0, 0], 1, &[22, 0x0C]),
                action(8, [0, 1, 0, 0], 6, &[16, 0, 60]),
            ] {
                assert_eq!(ask(&denied), [0xC7, 1, 0xC1, 3, 0], "{denied:02X?}");
            }
            assert_eq!(ask(&[0xC0, 1, 0xC1, 0, 3, 1, 0, 1, 8, 0, 255, 2, 0]), [0xC4, 1, 0xC1, 1, 3]);
            assert_eq!(ask(&NAME)[..4], [0xC4, 1, 0xC1, 0]);
            // The event log: a power down and a power up, then a power up alone. Rows have 18 bytes, the code at their end.
            let events = ask(&[0xC0, 1, 0xC1, 0, 7, 0, 0, 99, 98, 0, 255, 2, 0]);
            let codes: Vec<&[u8]> = events[6..].chunks(18).map(|row| &row[16..]).collect();
            assert_eq!((&events[4..6], codes), (&[1, 3][..], vec![&[17, 1][..], &[17, 2], &[17, 2]]), "{events:02X?}");
            assert!(line.rest.connected);
        }
    }
    // Who holds its secret is not the management client, nor the other way round.
    let mut line = TestClient::new(&fleet, 0x20);
    let (_, _, stoc) = line.associate(Mechanism::Sha256, false, &CTOS, 512);
    let proof = line.proof(Mechanism::Sha256, &stoc);
    let mut other = TestClient::new(&fleet, 0x01);
    let (_, _, stoc) = other.associate(Mechanism::Sha256, false, &CTOS, 512);
    assert_ne!(proof, other.proof(Mechanism::Sha256, &stoc));
    line.address = 0x01;
    let stolen = line.proof(Mechanism::Sha256, &stoc);
    line.address = 0x20;
    assert_eq!(line.ask(&stolen).1[..4], [0xC7, 1, 0xC1, 250]);
    assert_eq!(line.effects.denied, Some(Denied::Proof));
}
