//! Requests that meters are asked all day are answered without allocation, plain and ciphered, in every suite and form.

use amitwin_dlms::cipher::{self, Aead, Form, Lock, Sealing};
use amitwin_dlms::{
    Call, CivilTime, Client, Effects, Fleet, KeyMaster, LocalTime, Meter, Moment, Reaction, Rest, Scratch, Session,
    Vendor, answer,
};
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::{Protection, SecurityControl};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const TITLE: [u8; 8] = *b"HES\0\0\0\0\x01";
/// An association without security, of the reader with its password.
const AARQ: &[u8] = &[
    0x60, 0x36, 0xA1, 9, 6, 7, 0x60, 0x85, 0x74, 5, 8, 1, 1, 0x8A, 2, 7, 0x80, 0x8B, 7, 0x60, 0x85, 0x74, 5, 8, 2, 1,
    0xAC, 10, 0x80, 8, b'1', b'2', b'3', b'4', b'5', b'6', b'7', b'8', 0xBE, 0x10, 4, 0x0E, 1, 0, 0, 0, 6, 0x5F, 0x1F,
    4, 0, 0xFF, 0xFF, 0xFF, 2, 0,
];
/// GET of the clock, of a register, of an object that there is not; disconnection and reconnection.
const REQUESTS: [&[u8]; 5] = [
    &[0xC0, 1, 0xC1, 0, 8, 0, 0, 1, 0, 0, 255, 2, 0],
    &[0xC0, 1, 0xC1, 0, 3, 1, 0, 1, 8, 0, 255, 2, 0],
    &[0xC0, 1, 0xC1, 0, 3, 1, 0, 99, 99, 0, 255, 2, 0],
    &[0xC3, 1, 0xC1, 0, 70, 0, 0, 96, 3, 10, 255, 1, 1, 15, 0],
    &[0xC3, 1, 0xC1, 0, 70, 0, 0, 96, 3, 10, 255, 2, 1, 15, 0],
];

#[test]
fn requests_of_every_day_allocate_nothing() {
    // The counts are the process's: let the test runner, which starts this thread, come to rest.
    #[allow(clippy::disallowed_methods)]
    std::thread::sleep(std::time::Duration::from_millis(200));
    for suite in [SecuritySuite::Suite0, SecuritySuite::Suite1, SecuritySuite::Suite2] {
        let fleet = Fleet {
            seed: 1,
            time: CivilTime { start_unix_s: 1_767_225_600, local: LocalTime::fixed(60) },
            vendors: vec![Vendor { suite, ..Vendor::default() }],
            keys: KeyMaster::Test,
            challenge_key: [1; 32],
        };
        let meter = Meter { fleet: &fleet, number: 7 };
        let keys = fleet.keys.of_meter(meter.system_title(), suite);
        let aead = Aead::new(suite, &keys.unicast);
        let lock = Lock { aead: &aead, authentication: &keys.authentication[..suite.key_len()] };
        let (mut rest, mut scratch, mut out) = (Rest::default(), Scratch::default(), Vec::new());
        // An event log takes its size with its first rows.
        (0..64).for_each(|_| rest.note(0, 62));
        let mut now = Moment { unix_ms: fleet.time.start_unix_s * 1_000 };
        let mut counter = 0;
        for form in [None, Some(Form::Service(Protection::Global)), Some(Form::General(Protection::Global))] {
            let (client, mut session) = match form {
                Some(_) => (1, Some(Session::pre_established(meter, &rest, Client::Management, TITLE, u16::MAX))),
                None => (0x11, None),
            };
            let mut ask = |request: &mut [u8], session: &mut Option<Box<Session>>, now| {
                let mut effects = Effects::default();
                let region = Region::new(ALLOCATOR);
                let (rest, scratch, effects) = (&mut rest, &mut scratch, &mut effects);
                let mut call = Call { meter, rest, now, scratch, effects };
                let reaction = answer(&mut call, session, client, request, &mut out);
                let change = region.change();
                assert_eq!(reaction, Reaction::Reply);
                (change.allocations + change.reallocations, out[0])
            };
            if form.is_none() {
                ask(&mut AARQ.to_vec(), &mut session, now);
                assert!(session.is_some());
            }
            // Buffers take their size in the first round.
            for round in 0..50 {
                for plain in REQUESTS {
                    now.unix_ms += 61_000;
                    let mut request = plain.to_vec();
                    if let Some(form) = form {
                        counter += 1;
                        request.clear();
                        let control = SecurityControl(0x30 | suite.id());
                        let mut scratch = Vec::new();
                        let sealing = Sealing { form, control, title: &TITLE, counter };
                        cipher::seal(lock, &sealing, plain, &mut request, &mut scratch).unwrap();
                    }
                    let (allocations, tag) = ask(&mut request, &mut session, now);
                    assert_ne!(tag, 0xD8);
                    assert!(allocations == 0 || round == 0, "{suite:?} {form:?} {plain:02X?}: {allocations}");
                }
            }
        }
        assert_eq!(rest.relay_moves, 200);
    }
}
