//! Push setups as a client reads and writes them.

use crate::meter::fleet::{PushTo, Vendor};
use crate::meter::push_timing::PushTiming;
use crate::meter::rest::Rest;
use crate::server::push;
use crate::session::hls::Mechanism;
use crate::tests::client::{TestClient, fleet};
use dlms_cosem_rs::obis::Obis;

const DENIED: u8 = 3;
const TYPE_UNMATCHED: u8 = 12;

/// GET of an attribute of a push setup: the bytes of its value.
fn read(line: &mut TestClient<'_>, setup: Obis, index: u8, ciphered: bool) -> Vec<u8> {
    let request = [&[0xC0, 1, 0xC1, 0, 40], &setup.as_bytes()[..], &[index, 0]].concat();
    let reply = if ciphered { line.ask_sealed(&request) } else { line.ask(&request).1 };
    assert_eq!(reply[..4], [0xC4, 1, 0xC1, 0], "{reply:02X?}");
    reply[4..].to_vec()
}

/// SET of an attribute of a push setup: its data-access-result.
fn write(line: &mut TestClient<'_>, setup: Obis, index: u8, value: &[u8], ciphered: bool) -> u8 {
    let request = [&[0xC1, 1, 0xC1, 0, 40], &setup.as_bytes()[..], &[index, 0], value].concat();
    let reply = if ciphered { line.ask_sealed(&request) } else { line.ask(&request).1 };
    assert_eq!((&reply[..3], reply.len()), (&[0xC5, 1, 0xC1][..], 4), "{reply:02X?}");
    reply[3]
}

#[test]
fn the_management_client_writes_how_a_setup_sends() {
    let fleet = fleet(Vendor::default());
    for ciphered in [false, true] {
        let mut line = TestClient::new(&fleet, 0x01);
        line.open(Mechanism::Gmac, ciphered);
        assert_eq!(read(&mut line, push::READINGS, 5, ciphered), [18, 1, 44], "300 s as delivered");
        assert!(line.rest.changed.is_none(), "reading keeps nothing");
        for (index, value) in [(5, &[18, 0x0E, 0x10][..]), (6, &[17, 7]), (7, &[18, 0, 5])] {
            line.effects.rest_changed = false;
            assert_eq!(write(&mut line, push::READINGS, index, value, ciphered), 0);
            assert!(line.effects.rest_changed, "it is to be kept");
            assert_eq!(read(&mut line, push::READINGS, index, ciphered), value);
        }
        let written = PushTiming { spread_s: 3_600, retries: 7, pause_s: 5 };
        assert_eq!(push::timing(&line.rest, push::READINGS), Some(written));
        for other in [push::LAST_GASP, push::ALARM] {
            assert_eq!(push::timing(&line.rest, other), push::timing(&Rest::default(), other));
        }
    }
}

#[test]
fn what_cannot_be_written_says_why_and_changes_nothing() {
    let fleet = fleet(Vendor::default());
    let mut line = TestClient::new(&fleet, 0x01);
    line.open(Mechanism::Gmac, false);
    for (index, value, why) in [
        (1, &[9, 6, 0, 0, 25, 9, 0, 255][..], DENIED),
        (2, &[1, 0], DENIED),
        (3, &[2, 3, 22, 0, 9, 0, 22, 0], DENIED),
        (4, &[1, 0], DENIED),
        (5, &[17, 9], TYPE_UNMATCHED),
        (6, &[18, 0, 9], TYPE_UNMATCHED),
        (7, &[6, 0, 0, 0, 9], TYPE_UNMATCHED),
    ] {
        assert_eq!(write(&mut line, push::READINGS, index, value, false), why, "attribute {index}");
    }
    assert!(line.rest.changed.is_none());
    let mut reader = TestClient::new(&fleet, 0x11);
    reader.open(Mechanism::Low, false);
    assert_eq!(write(&mut reader, push::READINGS, 5, &[18, 0, 9], false), DENIED);
    assert!(reader.rest.changed.is_none());
}

#[test]
fn the_destination_is_the_networks() {
    for (push_to, expected) in [
        (PushTo::default(), &[2, 3, 22, 1, 9, 0, 22, 0][..]),
        (PushTo { tcp: true, address: "[::1]:7".to_owned() }, b"\x02\x03\x16\x00\x09\x07[::1]:7\x16\x00"),
    ] {
        let fleet = fleet(Vendor { push_to, ..Vendor::default() });
        let mut line = TestClient::new(&fleet, 0x11);
        line.open(Mechanism::Low, false);
        assert_eq!(read(&mut line, push::ALARM, 3, false), expected);
    }
}
