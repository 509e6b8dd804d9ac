//! A client of a few lines against the server: associations, proofs, ciphering, refusals, blocks.

use super::cipher::{self, Aead, Form, Lock};
use super::hls::{Facts, Mechanism, client_proof, verify_server};
use super::server::{Reaction, Scratch, answer};
use super::session::Session;
use super::{
    AnswerForm, Client, Effects, Fleet, KeyMaster, Meter, Moment, OnCounterError, OnSuiteMismatch, Rest, Vendor,
};
use dlms_cosem_rs::acse::{Aare, Aarq, ApplicationContext, AuthMechanism, ReleaseReason, Rlrq};
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::codec::{Decode, Encode};
use dlms_cosem_rs::security::{SecuritySuite, SystemTitle};
use dlms_cosem_rs::xdlms::{InitiateRequest, InitiateResponse, Protection, SecurityControl};
use proptest::prelude::*;

pub const TITLE: [u8; 8] = *b"HES\0\0\0\0\x01";
pub const CTOS: [u8; 32] = *b"a challenge of the client, 32 b.";
pub const NAME: [u8; 13] = [0xC0, 1, 0xC1, 0, 1, 0, 0, 42, 0, 0, 255, 2, 0];
pub const NOW: Moment = Moment { unix_ms: 1_795_000_000_000 };

pub fn fleet(vendor: Vendor) -> Fleet {
    Fleet {
        seed: 1,
        start_unix_s: 1_795_000_000,
        utc_offset_min: 0,
        vendors: vec![vendor],
        keys: KeyMaster::Test,
        challenge_key: [7; 32],
    }
}

/// A client of one meter.
pub struct Line<'a> {
    pub meter: Meter<'a>,
    pub rest: Rest,
    pub session: Option<Box<Session>>,
    pub scratch: Scratch,
    pub effects: Effects,
    pub address: u16,
    pub counter: u32,
    /// What the client calls itself.
    pub title: [u8; 8],
    pub form: Form,
    pub control: u8,
    /// Overrides the unicast key.
    pub key: Option<[u8; 32]>,
}

impl<'a> Line<'a> {
    pub fn new(fleet: &'a Fleet, address: u16) -> Self {
        Line {
            meter: Meter { fleet, number: 5 },
            rest: Rest::default(),
            session: None,
            scratch: Scratch::default(),
            effects: Effects::default(),
            address,
            counter: 1,
            title: TITLE,
            form: Form::Service(Protection::Global),
            control: 0x30 | fleet.vendors[0].suite.id(),
            key: None,
        }
    }

    pub fn ask(&mut self, request: &[u8]) -> (Reaction, Vec<u8>) {
        let (mut request, mut out) = (request.to_vec(), vec![0xEE]);
        let reaction = answer(
            self.meter,
            &mut self.rest,
            &mut self.session,
            self.address,
            NOW,
            &mut request,
            &mut self.scratch,
            &mut out,
            &mut self.effects,
        );
        (reaction, out)
    }

    pub fn sealed(&mut self, plain: &[u8]) -> Vec<u8> {
        let keys = self.meter.fleet.keys.of_meter(self.meter.system_title(), self.meter.vendor().suite);
        let suite = self.meter.vendor().suite;
        let aead = Aead::new(suite, &self.key.unwrap_or(keys.unicast));
        let bytes = if suite == SecuritySuite::Suite2 { 32 } else { 16 };
        let lock = Lock { aead: &aead, authentication: &keys.authentication[..bytes] };
        let (mut out, mut scratch) = (Vec::new(), Vec::new());
        let control = SecurityControl(self.control);
        let title = self.title;
        cipher::seal(lock, self.form, control, &title, self.counter, plain, &mut out, &mut scratch).unwrap();
        self.counter += 1;
        out
    }

    pub fn opened(&mut self, mut apdu: Vec<u8>) -> Vec<u8> {
        let keys = self.meter.fleet.keys.of_meter(self.meter.system_title(), self.meter.vendor().suite);
        let suite = self.meter.vendor().suite;
        let aead = Aead::new(suite, &keys.unicast);
        let bytes = if suite == SecuritySuite::Suite2 { 32 } else { 16 };
        let lock = Lock { aead: &aead, authentication: &keys.authentication[..bytes] };
        let e = cipher::envelope(&apdu).expect("ciphered");
        let title = self.meter.system_title().0;
        let plain =
            cipher::open(lock, e.control, &title, e.counter, &mut apdu[e.at..], &mut Vec::new()).expect("genuine");
        apdu[e.at..e.at + plain].to_vec()
    }

    pub fn ask_sealed(&mut self, plain: &[u8]) -> Vec<u8> {
        let request = self.sealed(plain);
        let (reaction, out) = self.ask(&request);
        assert_eq!(reaction, Reaction::Reply);
        self.opened(out)
    }

    /// An AARQ.
    pub fn aarq(&mut self, mechanism: Mechanism, ciphered: bool, secret: &[u8], pdu: u16) -> Vec<u8> {
        let mut initiate = vec![1];
        let proposal = InitiateRequest { client_max_receive_pdu_size: pdu, ..InitiateRequest::default() };
        proposal.encode(&mut initiate).unwrap();
        if ciphered {
            initiate = self.sealed(&initiate);
        }
        let aarq = Aarq {
            application_context: Some(ApplicationContext::LogicalName.with_ciphering(ciphered)),
            calling_ap_title: Some(&self.title),
            sender_acse_requirements: mechanism != Mechanism::None,
            mechanism_name: (mechanism != Mechanism::None).then(|| AuthMechanism::from_arc(mechanism.arc())),
            calling_authentication_value: (mechanism != Mechanism::None).then_some(secret),
            user_information: Some(&initiate),
            ..Aarq::default()
        };
        let mut request = Vec::new();
        aarq.encode(&mut request).unwrap();
        request
    }

    /// Sends an AARQ; returns the diagnostic and the meter's challenge.
    pub fn associate(&mut self, mechanism: Mechanism, ciphered: bool, secret: &[u8], pdu: u16) -> (bool, u8, Vec<u8>) {
        let request = self.aarq(mechanism, ciphered, secret, pdu);
        let (reaction, out) = self.ask(&request);
        assert_eq!(reaction, Reaction::Reply);
        if out[0] != 0x61 {
            return (false, 0, out);
        }
        let aare = Aare::from_bytes(&out).unwrap();
        let stoc = aare.responding_authentication_value.unwrap_or(&[]).to_vec();
        let accepted = aare.is_accepted();
        if accepted {
            let information = aare.user_information.unwrap().to_vec();
            let plain = if ciphered { self.opened(information) } else { information };
            assert_eq!(plain[0], 8);
            let response = InitiateResponse::from_bytes(&plain[1..]).unwrap();
            assert_eq!(response.server_max_receive_pdu_size, self.meter.vendor().pdu_max);
            assert_eq!(response.vaa_name, 7);
        }
        let dlms_cosem_rs::acse::Diagnostic::User(diagnostic) = aare.diagnostic else {
            panic!("{:?}", aare.diagnostic)
        };
        (accepted, diagnostic.as_u8(), stoc)
    }

    fn facts<'f>(&'f self, stoc: &'f [u8]) -> Facts<'f> {
        Facts {
            keys: &self.meter.fleet.keys,
            suite: self.meter.vendor().suite,
            client_title: SystemTitle(TITLE),
            server_title: self.meter.system_title(),
            client_challenge: &CTOS,
            server_challenge: stoc,
        }
    }

    /// The ACTION of pass 3.
    pub fn proof(&mut self, mechanism: Mechanism, stoc: &[u8]) -> Vec<u8> {
        let counter = self.counter;
        self.counter += 1;
        let proof = client_proof(mechanism, &self.facts(stoc), counter).unwrap();
        let mut action = vec![0xC3, 1, 0xC1, 0, 15, 0, 0, 40, 0, 0, 255, 1, 1];
        Data::OctetString(proof.bytes()).encode(&mut action).unwrap();
        action
    }

    /// An RLRQ with a sealed initiate request.
    pub fn release(&mut self) -> Vec<u8> {
        let mut initiate = vec![1];
        InitiateRequest::default().encode(&mut initiate).unwrap();
        let initiate = self.sealed(&initiate);
        let rlrq = Rlrq { reason: Some(ReleaseReason::Normal), user_information: Some(&initiate) };
        let mut request = Vec::new();
        rlrq.encode(&mut request).unwrap();
        request
    }

    /// Passes 3 and 4.
    pub fn prove(&mut self, mechanism: Mechanism, ciphered: bool, stoc: &[u8]) {
        let action = self.proof(mechanism, stoc);
        let reply = if ciphered { self.ask_sealed(&action) } else { self.ask(&action).1 };
        assert_eq!(reply[..6], [0xC7, 1, 0xC1, 0, 1, 0], "{reply:02X?}");
        let Data::OctetString(theirs) = Data::from_bytes(&reply[6..]).unwrap() else { panic!("no proof") };
        verify_server(mechanism, &self.facts(stoc), theirs).expect("the meter is genuine");
    }

    pub fn open(&mut self, mechanism: Mechanism, ciphered: bool) {
        let secret: &[u8] = if mechanism == Mechanism::Low { b"12345678" } else { &CTOS };
        let (accepted, diagnostic, stoc) = self.associate(mechanism, ciphered, secret, 512);
        assert!(accepted, "diagnostic {diagnostic}");
        if mechanism.is_high() {
            assert_eq!(diagnostic, 14);
            self.prove(mechanism, ciphered, &stoc);
        }
    }
}

const NOT_ALLOWED: [u8; 3] = [0xD8, 1, 1];
const UNSUPPORTED: [u8; 3] = [0xD8, 2, 2];
const DECIPHERING: [u8; 3] = [0xD8, 1, 5];

#[test]
fn the_public_client_reads_the_name_without_security() {
    let fleet = fleet(Vendor::default());
    let mut line = Line::new(&fleet, 0x10);
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
                let mut line = Line::new(&fleet, if mechanism == Low { 0x11 } else { 0x01 });
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
    let mut line = Line::new(&fleet, 0x01);
    let (accepted, diagnostic, stoc) = line.associate(Mechanism::Gmac, false, &CTOS, 512);
    assert_eq!((accepted, diagnostic), (true, 14));
    assert_eq!(line.ask(&NAME).1, NOT_ALLOWED);
    line.prove(Mechanism::Gmac, false, &stoc);
    assert_eq!(line.ask(&NAME).1[0], 0xC4);
}

#[test]
fn a_wrong_proof_ends_the_association() {
    let fleet = fleet(Vendor::default());
    let mut line = Line::new(&fleet, 0x01);
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
        let mut line = Line::new(&fleet, address);
        let (accepted, diagnostic, _) = line.associate(mechanism, false, secret, 512);
        assert_eq!((accepted, diagnostic), (false, expected), "{mechanism:?}");
        assert!(line.session.is_none());
    }
}

#[test]
fn an_initiate_that_cannot_be_met_gets_a_confirmed_service_error() {
    let fleet = fleet(Vendor::default());
    let mut line = Line::new(&fleet, 0x10);
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
    let mut line = Line::new(&fleet, 0x01);
    assert_eq!(line.ask(&NAME).1, NOT_ALLOWED);
    line.open(Mechanism::Gmac, true);
    assert_eq!(line.ask(&NAME).1, NOT_ALLOWED);
    assert_eq!(line.ask_sealed(&NAME)[0], 0xC4);
}

#[test]
fn an_association_twice_starts_anew() {
    let fleet = fleet(Vendor::default());
    let mut line = Line::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, true);
    line.associate(Mechanism::Gmac, true, &CTOS, 512);
    let request = line.sealed(&NAME);
    assert_eq!(line.ask(&request).1, NOT_ALLOWED);
}

#[test]
fn the_answer_has_the_form_of_the_request_unless_the_vendor_has_its_own() {
    for (answer_form, expected) in [(AnswerForm::AsRequested, 0xDB), (AnswerForm::ServiceSpecific, 0xCC)] {
        let fleet = fleet(Vendor { answer_form, ..Vendor::default() });
        let mut line = Line::new(&fleet, 0x01);
        line.form = Form::General(Protection::Global);
        line.open(Mechanism::Gmac, true);
        let request = line.sealed(&NAME);
        assert_eq!(line.ask(&request).1[0], expected);
    }
}

#[test]
fn a_replayed_or_lower_counter_is_refused_and_does_not_move_the_window() {
    let fleet = fleet(Vendor::default());
    let mut line = Line::new(&fleet, 0x01);
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
    let mut line = Line::new(&fleet, 0x01);
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
    let mut line = Line::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, true);
    line.key = Some([3; 32]);
    let wrong_key = line.sealed(&NAME);
    line.key = None;
    let mut wrong_tag = line.sealed(&NAME);
    *wrong_tag.last_mut().unwrap() ^= 1;
    let mut refused = vec![wrong_key, wrong_tag];
    for control in [0x31, 0x10, 0x20, 0x70, 0xB0] {
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
    let mut line = Line::new(&fleet, 0x01);
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
    let mut line = Line::new(&fleet, 0x11);
    let mut initiate = vec![1];
    InitiateRequest { dedicated_key: Some(&[0x55; 16]), ..InitiateRequest::default() }.encode(&mut initiate).unwrap();
    let initiate = line.sealed(&initiate);
    let aarq = Aarq {
        application_context: Some(ApplicationContext::LogicalNameCiphered),
        calling_ap_title: Some(&TITLE),
        sender_acse_requirements: true,
        mechanism_name: Some(AuthMechanism::Low),
        calling_authentication_value: Some(b"12345678"),
        user_information: Some(&initiate),
        ..Aarq::default()
    };
    let mut request = Vec::new();
    aarq.encode(&mut request).unwrap();
    assert!(Aare::from_bytes(&line.ask(&request).1).unwrap().is_accepted());
    (line.key, line.form) = (Some([0x55; 32]), Form::Service(Protection::Dedicated));
    let request = line.sealed(&NAME);
    assert_eq!(line.ask(&request).1[0], 0xD4);
}

#[test]
fn release_ends_it_and_is_confirmed() {
    let fleet = fleet(Vendor::default());
    let mut line = Line::new(&fleet, 0x10);
    line.open(Mechanism::None, false);
    assert_eq!(line.ask(&[0x62, 3, 0x80, 1, 0]).1, [0x63, 3, 0x80, 1, 0]);
    assert_eq!(line.ask(&NAME).1, NOT_ALLOWED);
}

#[test]
fn a_client_that_does_not_exist_is_not_spoken_to() {
    let fleet = fleet(Vendor::default());
    assert_eq!(Line::new(&fleet, 0x55).ask(&NAME), (Reaction::Close, vec![]));
}

#[test]
fn an_aarq_and_a_sealed_get_cut_anywhere_do_no_harm() {
    let fleet = fleet(Vendor::default());
    let mut line = Line::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, true);
    let whole = line.sealed(&NAME);
    for n in 1..whole.len() {
        assert_eq!(line.ask(&whole[..n]).1, UNSUPPORTED);
    }
    let mut public = Line::new(&fleet, 0x10);
    public.open(Mechanism::None, false);
    for n in 1..NAME.len() {
        let reply = public.ask(&NAME[..n]).1;
        assert_eq!(reply, UNSUPPORTED, "{n}");
    }
}

/// A client with an association open, as its address has it.
fn opened(fleet: &Fleet, address: u16, ciphered: bool) -> Line<'_> {
    let mut line = Line::new(fleet, address);
    match Client::of_address(address) {
        Some(Client::Public) => line.open(Mechanism::None, ciphered),
        Some(Client::Reader) => line.open(Mechanism::Low, ciphered),
        _ => line.open(Mechanism::Gmac, ciphered),
    }
    line
}

const ADDRESSES: [u16; 3] = [0x10, 0x11, 0x01];

proptest! {
    #[test]
    fn whatever_comes_the_meter_answers_or_stays_silent(
        tag in proptest::sample::select(vec![0x60u8, 0x62, 0xC0, 0xC1, 0xC3, 0xC8, 0xCB, 0xDB, 0xE0, 0x0F]),
        tail in proptest::collection::vec(any::<u8>(), 0..120),
        address in proptest::sample::select(ADDRESSES.to_vec()),
        ciphered in any::<bool>(),
    ) {
        let fleet = fleet(Vendor::default());
        let mut line = opened(&fleet, address, ciphered);
        let mut request = vec![tag];
        request.extend_from_slice(&tail);
        let (reaction, out) = line.ask(&request);
        prop_assert_eq!(reaction == Reaction::Reply, !out.is_empty());
        prop_assert!(out.len() <= 512);
    }

    #[test]
    fn whatever_is_sealed_the_answer_is_sealed_too_or_a_refusal(
        tag in proptest::sample::select(vec![0xC0u8, 0xC1, 0xC3]),
        choice in 0u8..8,
        tail in proptest::collection::vec(any::<u8>(), 0..120),
        address in proptest::sample::select(ADDRESSES.to_vec()),
        general in any::<bool>(),
    ) {
        let fleet = fleet(Vendor::default());
        let mut line = opened(&fleet, address, true);
        if general {
            line.form = Form::General(Protection::Global);
        }
        let mut request = vec![tag, choice, 0xC1];
        request.extend_from_slice(&tail);
        let request = line.sealed(&request);
        let (reaction, out) = line.ask(&request);
        prop_assert_eq!(reaction, Reaction::Reply);
        prop_assert!(out.len() <= 512);
        if out[0] != 0xD8 {
            prop_assert_eq!(cipher::envelope(&out).map(|envelope| envelope.form), Some(line.form));
            line.opened(out);
        }
    }

    #[test]
    fn a_changed_association_request_opens_nothing_that_an_honest_one_could_not(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
        address in proptest::sample::select(ADDRESSES.to_vec()),
        ciphered in any::<bool>(),
    ) {
        let fleet = fleet(Vendor::default());
        let mut line = Line::new(&fleet, address);
        let (mechanism, secret): (_, &[u8]) = match address {
            0x10 => (Mechanism::None, b""),
            0x11 => (Mechanism::Low, b"12345678"),
            _ => (Mechanism::Gmac, &CTOS),
        };
        let mut request = line.aarq(mechanism, ciphered, secret, 512);
        for (at, value) in changes {
            let at = at.index(request.len());
            request[at] = value;
        }
        line.ask(&request);
        if let Some(session) = &line.session {
            prop_assert!(!session.proven || address != 0x01, "proven without a proof");
            prop_assert!(address != 0x11 || session.mechanism != Mechanism::None);
        }
        // Whatever it was, an honest one is served after it.
        line.counter = 10;
        line.open(mechanism, ciphered);
    }
}
