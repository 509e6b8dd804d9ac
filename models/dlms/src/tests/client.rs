//! A client of a few lines, for tests.

use crate::crypto::cipher::{self, Aead, Form, Lock, Sealing};
use crate::crypto::keys::KeyMaster;
use crate::meter::client::Client;
use crate::meter::fleet::{CivilTime, Fleet, Meter, Vendor};
use crate::meter::local_time::LocalTime;
use crate::meter::rest::Rest;
use crate::protection::exchange::{Call, Scratch};
use crate::server::{Reaction, answer, answer_in_blocks};
use crate::session::Session;
use crate::session::hls::{Facts, Mechanism, client_proof, verify_server};
use crate::vocabulary::effects::Effects;
use crate::vocabulary::moment::Moment;
use dlms_cosem_rs::acse::{Aare, Aarq, ApplicationContext, AuthMechanism, ReleaseReason, Rlrq};
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::codec::{Decode, Encode};
use dlms_cosem_rs::security::{SecuritySuite, SystemTitle};
use dlms_cosem_rs::xdlms::{Conformance, InitiateRequest, InitiateResponse, Protection, SecurityControl};

pub const TITLE: [u8; 8] = *b"HES\0\0\0\0\x01";
pub const CTOS: [u8; 32] = *b"a challenge of the client, 32 b.";
pub const NAME: [u8; 13] = [0xC0, 1, 0xC1, 0, 1, 0, 0, 42, 0, 0, 255, 2, 0];
pub const NOW: Moment = Moment { unix_ms: 1_795_000_000_000 };

pub fn fleet(vendor: Vendor) -> Fleet {
    Fleet {
        seed: 1,
        time: CivilTime { start_unix_s: 1_795_000_000, local: LocalTime::fixed(0) },
        vendors: vec![vendor],
        keys: KeyMaster::Test,
        challenge_key: [7; 32],
    }
}

/// A client of one meter.
pub struct TestClient<'a> {
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
    /// Services that it asks for.
    pub proposed: Conformance,
}

impl<'a> TestClient<'a> {
    pub fn new(fleet: &'a Fleet, address: u16) -> Self {
        TestClient {
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
            proposed: InitiateRequest::default().proposed_conformance,
        }
    }

    pub fn ask(&mut self, request: &[u8]) -> (Reaction, Vec<u8>) {
        let (mut request, mut out) = (request.to_vec(), vec![0xEE]);
        let mut call = Call {
            meter: self.meter,
            rest: &mut self.rest,
            now: NOW,
            scratch: &mut self.scratch,
            effects: &mut self.effects,
        };
        let reaction = answer(&mut call, &mut self.session, self.address, &mut request, &mut out);
        (reaction, out)
    }

    /// As over a link that takes several APDUs at once.
    pub fn ask_in_blocks(&mut self, request: &[u8]) -> (Reaction, Vec<Vec<u8>>) {
        let (mut request, mut out, mut more) = (request.to_vec(), vec![0xEE], Vec::new());
        let mut call = Call {
            meter: self.meter,
            rest: &mut self.rest,
            now: NOW,
            scratch: &mut self.scratch,
            effects: &mut self.effects,
        };
        let reaction = answer_in_blocks(&mut call, &mut self.session, self.address, &mut request, &mut out, &mut more);
        more.insert(0, out);
        (reaction, more)
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
        let sealing = Sealing { form: self.form, control, title: &title, counter: self.counter };
        cipher::seal(lock, &sealing, plain, &mut out, &mut scratch).unwrap();
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
        let proposal = InitiateRequest {
            client_max_receive_pdu_size: pdu,
            proposed_conformance: self.proposed,
            ..InitiateRequest::default()
        };
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

    /// An association request of the reader, ciphered, that brings a dedicated key.
    pub fn aarq_with_dedicated_key(&mut self, key: &[u8]) -> Vec<u8> {
        let mut initiate = vec![1];
        let proposal = InitiateRequest { dedicated_key: Some(key), ..InitiateRequest::default() };
        proposal.encode(&mut initiate).unwrap();
        let initiate = self.sealed(&initiate);
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
            client: Client::of_address(self.address).unwrap(),
            changed: None,
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
