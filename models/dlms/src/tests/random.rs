//! Whatever bytes come: an answer, a refusal or nothing, and an honest client served afterwards.

use crate::crypto::cipher::{self, Form};
use crate::meter::client::Client;
use crate::meter::fleet::{Fleet, Vendor};
use crate::server::Reaction;
use crate::session::hls::Mechanism;
use crate::tests::client::{CTOS, TestClient, fleet};
use dlms_cosem_rs::xdlms::Protection;
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
