//! Whatever bytes come: an answer, a refusal or nothing, and an honest client served afterwards.

use crate::crypto::cipher::{self, Form};
use crate::meter::client::Client;
use crate::meter::fleet::{Fleet, Vendor};
use crate::server::Reaction;
use crate::session::hls::Mechanism;
use crate::tests::client::{CTOS, NAME, TestClient, fleet};
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::codec::{Decode, Reader};
use dlms_cosem_rs::xdlms::{Conformance, List, Protection};
use proptest::prelude::*;

/// A client with an association open, as its address has it.
fn opened(fleet: &Fleet, address: u16, ciphered: bool) -> TestClient<'_> {
    let mut line = TestClient::new(fleet, address);
    match Client::of_address(address) {
        Some(Client::Public) => line.open(Mechanism::None, false),
        Some(Client::Reader) => line.open(Mechanism::Low, ciphered),
        _ => line.open(Mechanism::Gmac, ciphered),
    }
    line
}

const ADDRESSES: [u16; 3] = [0x10, 0x11, 0x01];

proptest! {
    #[test]
    fn whatever_comes_the_meter_answers_or_stays_silent(
        tag in proptest::sample::select(vec![0x60u8, 0x62, 0xC0, 0xC1, 0xC3, 0xC8, 0xCB, 0xD9, 0xDB, 0xE0, 0x0F]),
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
        tag in proptest::sample::select(vec![0xC0u8, 0xC1, 0xC3, 0xD9]),
        choice in 0u8..8,
        tail in proptest::collection::vec(any::<u8>(), 0..120),
        address in proptest::sample::select(ADDRESSES[1..].to_vec()),
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
            // ACCESS has no form of its own.
            let form = if tag == 0xD9 { Form::General(Protection::Global) } else { line.form };
            prop_assert_eq!(cipher::envelope(&out).map(|envelope| envelope.form), Some(form));
            line.opened(out);
        }
    }

    #[test]
    fn whatever_lists_come_each_item_has_data_and_a_result(
        options in 0u8..4,
        items in proptest::collection::vec((0u8..7, 0usize..4, -1i8..8, 0u8..24), 0..40),
        pdu in 64u16..512,
    ) {
        let fleet = fleet(Vendor::default());
        let mut line = TestClient::new(&fleet, 0x01);
        let (_, _, stoc) = line.associate(Mechanism::Md5, false, &CTOS, pdu);
        line.prove(Mechanism::Md5, false, &stoc);
        let objects = [[0, 8, 0, 0, 1, 0, 0, 255], [0, 70, 0, 0, 96, 3, 10, 255], [0, 7, 1, 0, 99, 1, 0, 255], [0; 8]];
        let mut request = vec![0xD9, 0x40 | options << 4, 0, 0, 1, 0, items.len() as u8];
        for (service, object, index, _) in &items {
            request.push(*service);
            request.extend_from_slice(&objects[*object]);
            request.push(*index as u8);
            if *service > 3 {
                // The last entries of a profile.
                request.extend_from_slice(&[2, 2, 4, 6, 0, 0, 0, 1, 6, 0, 0, 0, 2, 18, 0, 1, 18, 0, 0]);
            }
        }
        request.push(items.len() as u8);
        for (.., data) in &items {
            request.extend_from_slice(if data % 2 == 0 { &[0] } else { &[15, 0] });
        }
        let out = line.ask(&request).1;
        prop_assert!(out.len() <= usize::from(pdu), "{} bytes of {pdu}", out.len());
        if items.iter().any(|(service, ..)| !(1..=5).contains(service)) {
            prop_assert_eq!(&out, &[0xD8, 2, 2]);
        } else if out[0] != 0xD8 {
            let results = &out[out.len() - 2 * items.len()..];
            let mut reader = Reader::new(&out[1..out.len() - 2 * items.len()]);
            reader.skip(4 + 1).unwrap();
            if reader.u8().unwrap() == 1 {
                let echoed = request.len() - 1 - items.iter().map(|i| 1 + usize::from(i.3 % 2)).sum::<usize>() - 6;
                prop_assert_eq!(reader.take(echoed).unwrap(), &request[6..6 + echoed]);
            }
            prop_assert_eq!(List::<Data<'_>>::decode(&mut reader).unwrap().len(), items.len());
            prop_assert_eq!(reader.rest(), &[items.len() as u8]);
            for ((service, ..), result) in items.iter().zip(results.chunks(2)) {
                prop_assert_eq!(result[0], if *service > 3 { service - 3 } else { *service });
            }
        }
    }

    #[test]
    fn whatever_blocks_come_they_are_taken_or_refused_and_change_nothing_then(
        ciphered in any::<bool>(),
        blocks in proptest::collection::vec((0u8..4, 0u8..10, -3i32..4, -3i32..4, 0usize..70), 1..60),
    ) {
        let fleet = fleet(Vendor { pdu_max: 128, ..Vendor::default() });
        let mut line = TestClient::new(&fleet, 0x11);
        line.proposed = Conformance::GET | Conformance::GENERAL_BLOCK_TRANSFER;
        prop_assert!(line.associate(Mechanism::Low, ciphered, b"12345678", 64).0);
        let object_list = [0xC0, 1, 0xC1, 0, 15, 0, 0, 40, 0, 0, 255, 2, 0];
        // What an honest client would send next, and how far these are from it.
        let (mut number, mut ack) = (1i32, 0i32);
        for (flags, window, off, ack_off, bytes) in blocks {
            let request = if ciphered { line.sealed(&object_list) } else { object_list.to_vec() };
            let (n, a) = ((number + off) as u16, (ack + ack_off) as u16);
            let data = &request[..bytes.min(request.len())];
            let mut block = vec![0xE0, flags << 6 | if window == 9 { 63 } else { window }];
            block.extend_from_slice(&n.to_be_bytes());
            block.extend_from_slice(&a.to_be_bytes());
            block.push(data.len() as u8);
            block.extend_from_slice(data);
            let before = format!("{:?}", line.session.as_ref().unwrap().transfer);
            let (reaction, out) = line.ask_in_blocks(&block);
            prop_assert_eq!(reaction == Reaction::Reply, !out[0].is_empty());
            prop_assert!(out.len() <= 8 && out.iter().all(|apdu| apdu.len() <= 64));
            if out[0].starts_with(&[0xD8]) && flags & 2 == 0 {
                prop_assert_eq!(before, format!("{:?}", line.session.as_ref().unwrap().transfer));
                continue;
            }
            number = i32::from(n) + 1;
            for apdu in out.iter().filter(|apdu| apdu.first() == Some(&0xE0)) {
                ack = i32::from(u16::from_be_bytes([apdu[2], apdu[3]]));
            }
            if reaction == Reaction::Silent || out[0].starts_with(&[0xD8]) {
                (number, ack) = (1, 0);
            }
        }
        // An honest client is served after all of it.
        let request = if ciphered { line.sealed(&NAME) } else { NAME.to_vec() };
        let mut block = vec![0xE0, 0x81, 0, 1, 0, 0, request.len() as u8];
        block.extend_from_slice(&request);
        let reply = line.ask(&block).1;
        prop_assert_eq!(&reply[..6], &[0xE0, 0x88, 0, 1, 0, 1]);
    }

    #[test]
    fn a_changed_association_request_opens_nothing_that_an_honest_one_could_not(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
        address in proptest::sample::select(ADDRESSES.to_vec()),
        ciphered in any::<bool>(),
    ) {
        let fleet = fleet(Vendor::default());
        let mut line = TestClient::new(&fleet, address);
        let (mechanism, secret): (_, &[u8]) = match address {
            0x10 => (Mechanism::None, b""),
            0x11 => (Mechanism::Low, b"12345678"),
            _ => (Mechanism::Gmac, &CTOS),
        };
        // The public client ciphers nothing.
        let ciphered = ciphered && address != 0x10;
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
