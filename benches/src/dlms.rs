//! A fleet of meters that answer GET requests in this process: requests/s of one core and allocations of a request.

use amitwin_dlms::cipher::{self, Aead, Form, Lock, Sealing};
use amitwin_dlms::{
    Call, CivilTime, Effects, Fleet, KeyMaster, LocalTime, Meter, Moment, Reaction, Rest, Scratch, Session, Vendor,
    answer,
};
use dlms_cosem_rs::acse::{Aarq, ApplicationContext, AuthMechanism};
use dlms_cosem_rs::codec::Encode;
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::{InitiateRequest, Protection, SecurityControl};
use std::time::{Duration, Instant};

/// GET of the import register's value.
pub const GET_ENERGY: [u8; 13] = [0xC0, 1, 0xC1, 0, 3, 1, 0, 1, 8, 0, 255, 2, 0];
const CLIENT: u16 = 0x11;
const CLIENT_TITLE: [u8; 8] = *b"HES\0\0\0\0\x01";
const PASSWORD: &[u8] = b"12345678";
const CONTROL: SecurityControl = SecurityControl(0x30);
/// Requests that are made, then answered, then made anew; the making is not timed.
const BATCH: usize = 4_096;

/// A fleet with test keys that begins its time in 2026.
pub fn fleet() -> Fleet {
    Fleet {
        seed: 1,
        time: CivilTime { start_unix_s: 1_767_225_600, local: LocalTime::fixed(60) },
        vendors: vec![Vendor::default()],
        keys: KeyMaster::Test,
        challenge_key: [1; 32],
    }
}

/// An association request of the reader with low-level security.
pub fn aarq(ciphered: bool, seal: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut initiate = vec![1];
    InitiateRequest::default().encode(&mut initiate).expect("a vector takes it");
    if ciphered {
        initiate = seal(&initiate);
    }
    let aarq = Aarq {
        application_context: Some(ApplicationContext::LogicalName.with_ciphering(ciphered)),
        calling_ap_title: ciphered.then_some(&CLIENT_TITLE),
        sender_acse_requirements: true,
        mechanism_name: Some(AuthMechanism::Low),
        calling_authentication_value: Some(PASSWORD),
        user_information: Some(&initiate),
        ..Aarq::default()
    };
    let mut out = Vec::new();
    aarq.encode(&mut out).expect("a vector takes it");
    out
}

/// Seals what a client sends and opens what it gets, with test keys of suite 0.
pub struct Sealer {
    aead: Aead,
    authentication: [u8; 32],
    scratch: Vec<u8>,
}

impl Default for Sealer {
    fn default() -> Self {
        let fleet = fleet();
        let title = Meter { fleet: &fleet, number: 0 }.system_title();
        let keys = KeyMaster::Test.of_meter(title, SecuritySuite::Suite0);
        let aead = Aead::new(SecuritySuite::Suite0, &keys.unicast);
        Sealer { aead, authentication: keys.authentication, scratch: Vec::new() }
    }
}

impl Sealer {
    /// Appends a service-specific ciphered APDU.
    pub fn seal(&mut self, counter: u32, plain: &[u8], out: &mut Vec<u8>) {
        let lock = Lock { aead: &self.aead, authentication: &self.authentication[..16] };
        let form = Form::Service(Protection::Global);
        let sealing = Sealing { form, control: CONTROL, title: &CLIENT_TITLE, counter };
        cipher::seal(lock, &sealing, plain, out, &mut self.scratch).expect("short enough");
    }

    /// The plain APDU in what the meter of this title has sealed, if it is genuine.
    pub fn open(&mut self, title: &[u8; 8], apdu: &[u8]) -> Option<Vec<u8>> {
        let envelope = cipher::envelope(apdu)?;
        let lock = Lock { aead: &self.aead, authentication: &self.authentication[..16] };
        let mut payload = apdu[envelope.at..].to_vec();
        let (control, counter) = (envelope.control, envelope.counter);
        let plain = cipher::open(lock, control, title, counter, &mut payload, &mut self.scratch)?;
        payload.truncate(plain);
        Some(payload)
    }
}

/// What came out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Requests answered with a value.
    pub answered: u64,
    /// Requests answered otherwise; none is expected.
    pub refused: u64,
    /// Time spent answering.
    pub busy: Duration,
    /// Allocations while answering.
    pub allocations: u64,
}

struct Place {
    rest: Rest,
    session: Option<Box<Session>>,
    counter: u32,
}

/// Answers for about `seconds`; `allocations` tells how many there were since the program began.
///
/// # Errors
/// A meter that refuses the association.
pub fn run(meters: u32, ciphered: bool, seconds: f64, allocations: impl Fn() -> u64) -> Result<Outcome, String> {
    let fleet = fleet();
    let mut sealer = Sealer::default();
    let (mut scratch, mut out, mut effects) = (Scratch::default(), Vec::new(), Effects::default());
    let mut now = Moment { unix_ms: fleet.time.start_unix_s * 1_000 };
    let mut places = Vec::new();
    for number in 0..meters {
        let mut place = Place { rest: Rest::default(), session: None, counter: 1 };
        let mut request = aarq(ciphered, &mut |plain| {
            let mut sealed = Vec::new();
            sealer.seal(1, plain, &mut sealed);
            sealed
        });
        place.counter += u32::from(ciphered);
        let (meter, rest) = (Meter { fleet: &fleet, number }, &mut place.rest);
        let mut call = Call { meter, rest, now, scratch: &mut scratch, effects: &mut effects };
        answer(&mut call, &mut place.session, CLIENT, &mut request, &mut out);
        if place.session.is_none() {
            return Err(format!("meter {number} refused the association: {out:02X?}"));
        }
        places.push(place);
    }
    let mut requests: Vec<(u32, Vec<u8>)> = vec![(0, Vec::with_capacity(64)); BATCH];
    let mut outcome = Outcome::default();
    let (expected, mut next) = (if ciphered { 0xCC } else { 0xC4 }, 0);
    while outcome.busy.as_secs_f64() < seconds {
        for (number, request) in &mut requests {
            // Neighbours in time are not neighbours in memory.
            next = (next + 7_919) % meters;
            *number = next;
            request.clear();
            if ciphered {
                let place = &mut places[next as usize];
                sealer.seal(place.counter, &GET_ENERGY, request);
                place.counter += 1;
            } else {
                request.extend_from_slice(&GET_ENERGY);
            }
        }
        now.unix_ms += 1_000;
        let (before, began) = (allocations(), Instant::now());
        for (number, request) in &mut requests {
            let place = &mut places[*number as usize];
            let (meter, rest) = (Meter { fleet: &fleet, number: *number }, &mut place.rest);
            let mut call = Call { meter, rest, now, scratch: &mut scratch, effects: &mut effects };
            let reaction = answer(&mut call, &mut place.session, CLIENT, request, &mut out);
            if reaction == Reaction::Reply && out[0] == expected {
                outcome.answered += 1;
            } else {
                outcome.refused += 1;
            }
        }
        outcome.busy += began.elapsed();
        outcome.allocations += allocations() - before;
    }
    Ok(outcome)
}
