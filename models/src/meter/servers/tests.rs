//! Requests byte by byte, and what is for all: heard once, by those it is for, and nothing that wants an answer.

use super::Servers;
use crate::apdu::client::{self, Under};
use crate::apdu::{Apdu, Ask, Cosem, HEAD_END_TITLE, Rows, Said};
use crate::node::{Node, SiteId};
use crate::spec::{DlmsSpec, Payload, ResetTier};
use amitwin_dlms::broadcast;
use amitwin_dlms::cipher::{self, Aead, Form, Lock, Sealing};
use amitwin_dlms::{Call, Effects, Meter, Rest, Scratch, Vendor};
use amitwin_sim_core::SimTime;
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::{Protection, SecurityControl};
use std::sync::Arc;

fn cosem(payload: Payload, suite: SecuritySuite) -> Arc<Cosem> {
    let vendors = vec![Vendor { suite, ..Vendor::default() }.into()];
    Arc::new(Cosem::new(&DlmsSpec { payload, vendors, ..DlmsSpec::default() }, 1))
}

/// The plain APDU of a datagram of the head-end.
fn opened(meter: Meter<'_>, datagram: &[u8]) -> Vec<u8> {
    let mut apdu = client::unwrapped(datagram).expect("one wrapper frame").to_vec();
    let envelope = cipher::envelope(&apdu).expect("ciphered");
    assert_eq!((envelope.title, envelope.form), (Some(HEAD_END_TITLE), Form::General(Protection::Global)));
    let keys = meter.fleet.keys.of_meter(meter.system_title(), meter.vendor().suite);
    let aead = Aead::new(meter.vendor().suite, &keys.unicast);
    let lock = Lock { aead: &aead, authentication: &keys.authentication[..meter.vendor().suite.key_len()] };
    let payload = &mut apdu[envelope.at..];
    let bytes = cipher::open(lock, envelope.control, &HEAD_END_TITLE, envelope.counter, payload, &mut Vec::new())
        .expect("genuine");
    payload[..bytes].to_vec()
}

#[test]
fn requests_are_what_the_standard_writes() {
    let cosem = cosem(Payload::Real, SecuritySuite::Suite0);
    let meter = cosem.meter(SiteId(7));
    let reset = client::request(meter, Ask::Reset(ResetTier::Cold), Under::counter(9));
    // ACTION, normal, class 9, 0.0.10.0.0.255, method 1, a parameter: long-unsigned 3.
    assert_eq!(opened(meter, &reset), [0xC3, 1, 0xC1, 0, 9, 0, 0, 10, 0, 0, 255, 1, 1, 0x12, 0, 3]);
    // 2026-01-01 00:15 UTC, a Thursday, and a row more.
    let rows = Rows { first: cosem.newest_row(SimTime::ZERO) + 1, count: 2 };
    let asked = opened(meter, &client::request(meter, Ask::Rows(rows), Under::counter(10)));
    let mut expected = vec![0xC0, 1, 0xC1, 0, 7, 1, 0, 99, 1, 0, 255, 2, 1, 1, 2, 4];
    expected.extend([2, 4, 0x12, 0, 8, 9, 6, 0, 0, 1, 0, 0, 255, 0x0F, 2, 0x12, 0, 0]);
    for minute in [15, 30] {
        // Hundredths are not specified.
        expected.extend([9, 12, 0x07, 0xEA, 1, 1, 4, 0, minute, 0, 0xFF, 0, 0, 0]);
    }
    expected.extend([1, 0]);
    assert_eq!(asked, expected);
}

#[test]
fn lengths_are_those_of_the_bytes_whoever_speaks() {
    for suite in [SecuritySuite::Suite0, SecuritySuite::Suite2] {
        let real = cosem(Payload::Real, suite);
        let mut servers = Servers::new(real.clone(), 1);
        for number in [0, 9, 10, 65_535, 4_000_000_000] {
            let lengths = real.lengths(SiteId(number));
            let now = SimTime::from_secs(100_000);
            let rows = Rows { first: real.newest_row(now) - 4, count: 5 };
            for (n, ask) in [Ask::Registers, Ask::Rows(rows)].into_iter().enumerate() {
                let (answer_bytes, bytes) = lengths.of(ask);
                let under = Under::counter(u32::MAX / 2 + number / 3 + n as u32);
                let datagram = client::request(real.meter(SiteId(number)), ask, under);
                assert_eq!(datagram.len(), usize::from(bytes), "{ask:?} to {number}");
                // Another meter each time, at the same place.
                let mut servers = Servers::new(real.clone(), 1);
                let asked = Apdu { bytes: Some(datagram.into()), rows, ..Apdu::default() };
                let (said, obeyed, _) = servers.answer(Node(0), SiteId(number), now, &asked, None);
                let (said, bytes) = said.expect("an answer");
                assert_eq!((bytes, obeyed), (answer_bytes, false), "{ask:?} of {number}");
                let read = client::open(real.meter(SiteId(number)), 0, said.bytes.as_deref().expect("bytes"));
                match read.expect("genuine") {
                    Said::Rows(read) => assert!(crate::apdu::are(&read, rows)),
                    Said::Registers(read) => assert_eq!(read.unix_s, real.moment(now).unix_s()),
                    other => panic!("{other:?}"),
                }
            }
            for setup in [amitwin_dlms::push::READINGS, amitwin_dlms::push::ALARM] {
                assert_eq!(
                    servers.notification(Node(0), SiteId(number), now, setup, 1).1,
                    lengths.notification(number, setup)
                );
            }
        }
    }
}

#[test]
fn what_is_for_all_is_heard_once_and_only_if_it_is_genuine() {
    let cosem = cosem(Payload::Real, SecuritySuite::Suite1);
    let said = |counter| {
        let datagram =
            client::broadcast(cosem.meter(SiteId(0)), Ask::Reset(ResetTier::Warm), client::Under::counter(counter));
        Apdu { counter, bytes: Some(datagram.into()), ..Apdu::default() }
    };
    let mut servers = Servers::new(cosem.clone(), 3);
    let now = SimTime::from_secs(60);
    let mut hear =
        |local: u16, apdu: &Apdu, tier| servers.hear(Node(local), SiteId(100 + u32::from(local)), now, apdu, tier);
    assert!(hear(0, &said(5), ResetTier::Warm) && hear(1, &said(5), ResetTier::Warm), "every meter has the key");
    assert!(!hear(0, &said(5), ResetTier::Warm), "again");
    assert!(!hear(0, &said(4), ResetTier::Warm), "older");
    assert!(hear(0, &said(6), ResetTier::Warm));
    assert!(!hear(0, &said(7), ResetTier::Cold), "it is for another reset");
    let mut forged = said(8);
    let mut bytes = forged.bytes.take().expect("bytes").to_vec();
    *bytes.last_mut().expect("bytes") ^= 1;
    forged.bytes = Some(bytes.into());
    assert!(!hear(0, &forged, ResetTier::Warm), "a wrong tag");
    assert!(hear(0, &said(8), ResetTier::Warm), "and the counter was not taken");
    let own = client::request(cosem.meter(SiteId(100)), Ask::Reset(ResetTier::Warm), Under::counter(9));
    let own = Apdu { counter: 9, bytes: Some(own.into()), ..Apdu::default() };
    assert!(!hear(0, &own, ResetTier::Warm), "its own key is not the shared one");
}

#[test]
fn the_shared_key_opens_nothing_that_is_answered() {
    let cosem = cosem(Payload::Real, SecuritySuite::Suite0);
    let meter = cosem.meter(SiteId(3));
    let keys = meter.fleet.keys.of_meter(meter.system_title(), SecuritySuite::Suite0);
    let aead = Aead::new(SecuritySuite::Suite0, &keys.broadcast);
    let lock = Lock { aead: &aead, authentication: &keys.broadcast_authentication[..16] };
    let get = [0xC0, 1, 0xC1, 0, 1, 0, 0, 42, 0, 0, 255, 2, 0];
    let confirmed = [0xC3, 1, 0xC1, 0, 9, 0, 0, 10, 0, 0, 255, 1, 1, 0x12, 0, 1];
    for plain in [&get[..], &confirmed[..]] {
        let (mut apdu, mut scratch, mut effects) = (Vec::new(), Scratch::default(), Effects::default());
        let control = SecurityControl(0x70);
        let form = Form::General(Protection::Global);
        let sealing = Sealing { form, control, title: &HEAD_END_TITLE, counter: 1 };
        cipher::seal(lock, &sealing, plain, &mut apdu, &mut Vec::new()).expect("sealed");
        let mut rest = Rest::default();
        let now = cosem.moment(SimTime::ZERO);
        let mut call = Call { meter, rest: &mut rest, now, scratch: &mut scratch, effects: &mut effects };
        assert!(!broadcast::hear(&mut call, HEAD_END_TITLE, &mut apdu));
        assert_eq!((rest, effects), (Rest::default(), Effects::default()));
    }
}
