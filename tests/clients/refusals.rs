//! Genuine and forged ciphered requests over a socket: what is refused, with what, and that it is logged.

use crate::golden::{ASSOCIATE, NAME, READER, says_no};
use amitwin_dlms::cipher::{self, Aead, Form, Lock, Sealing};
use amitwin_testkit::serving::Serving;
use amitwin_testkit::wire::{ask, bytes, framed};
use dlms_cosem_rs::security::SecuritySuite;
use dlms_cosem_rs::xdlms::{Protection, SecurityControl};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const TITLE: [u8; 8] = *b"MMM\0\0\0\0\x01";
const FORM: Form = Form::Service(Protection::Global);
/// Exception-response: service not allowed, and why.
const DECIPHERING: &[u8] = &[0xD8, 1, 5];
const COUNTER: &[u8] = &[0xD8, 1, 6];
const NOT_POSSIBLE: &[u8] = &[0xD8, 1, 1];

fn seal(counter: u32, first_of_key: u8, plain: &[u8]) -> Vec<u8> {
    let mut key = [0; 32];
    key.iter_mut().zip(first_of_key..).for_each(|(byte, n)| *byte = n);
    let aead = Aead::new(SecuritySuite::Suite0, &key);
    let authentication: [u8; 16] = std::array::from_fn(|n| 0xD0 + n as u8);
    let lock = Lock { aead: &aead, authentication: &authentication };
    let (mut out, mut scratch) = (Vec::new(), Vec::new());
    let control = SecurityControl(0x30);
    let sealing = Sealing { form: FORM, control, title: &TITLE, counter };
    cipher::seal(lock, &sealing, plain, &mut out, &mut scratch).expect("short");
    out
}

/// A ciphered association with low-level security.
fn aarq(counter: u32) -> Vec<u8> {
    let initiate = seal(counter, 0, &bytes("01000000065F1F0400FFFFFFFFFF"));
    let mut body = bytes("A109060760857405080103A60A0408");
    body.extend_from_slice(&TITLE);
    body.extend_from_slice(&bytes("8A0207808B0760857405080201AC0A80083132333435363738"));
    body.extend_from_slice(&[0xBE, initiate.len() as u8 + 2, 4, initiate.len() as u8]);
    body.extend_from_slice(&initiate);
    [&[0x60, body.len() as u8], &body[..]].concat()
}

fn begins(answer: Option<Vec<u8>>, with: &[u8], what: &str) {
    let answer = answer.unwrap_or_else(|| panic!("{what}: closed"));
    assert!(answer.starts_with(with), "{what}: {answer:02X?}, expected {with:02X?}");
}

fn associated(serving: &Serving, meter: u8, counter: u32) -> TcpStream {
    let mut stream = serving.connect(meter);
    let aare = ask(&mut stream, READER, &aarq(counter)).expect("an AARE");
    assert!(aare[0] == 0x61 && !says_no(&aare), "{aare:02X?}");
    stream
}

#[test]
fn what_is_forged_repeated_or_out_of_order_is_refused_and_logged() {
    let here = tempfile::tempdir().expect("a folder");
    let serving = Serving::begin(here.path(), &["--state", "none", "-v"]);
    let get = bytes(NAME);
    let mut stream = serving.connect(1);
    begins(ask(&mut stream, READER, &get), NOT_POSSIBLE, "a service before an association");
    begins(ask(&mut stream, READER, &seal(1, 0, &get)), NOT_POSSIBLE, "a ciphered one before an association");
    let mut stream = associated(&serving, 1, 100);
    begins(ask(&mut stream, READER, &get), NOT_POSSIBLE, "in the clear where ciphering is due");
    begins(ask(&mut stream, READER, &seal(101, 0, &get)), &[0xCC], "a genuine one");
    let expected = [COUNTER, &102u32.to_be_bytes()].concat();
    begins(ask(&mut stream, READER, &seal(101, 0, &get)), &expected, "the same again");
    begins(ask(&mut stream, READER, &seal(7, 0, &get)), &expected, "a lower counter");
    let mut forged = seal(102, 0, &get);
    *forged.last_mut().expect("a tag") ^= 1;
    begins(ask(&mut stream, READER, &forged), DECIPHERING, "a wrong tag");
    begins(ask(&mut stream, READER, &seal(102, 1, &get)), DECIPHERING, "a wrong key");
    let mut suite_1 = seal(102, 0, &get);
    suite_1[2] |= 1;
    begins(ask(&mut stream, READER, &suite_1), DECIPHERING, "another suite");
    // What was forged has used up no counter.
    begins(ask(&mut stream, READER, &seal(102, 0, &get)), &[0xCC], "a genuine one after all that");
    // Another connection does not bring a counter back; a second association replaces the first.
    begins(ask(&mut serving.connect(1), READER, &aarq(102)), COUNTER, "an association with a used counter");
    begins(ask(&mut stream, READER, &aarq(103)), &[0x61], "an association twice");
    begins(ask(&mut stream, READER, &seal(104, 0, &get)), &[0xCC], "a genuine one in the second");
    begins(ask(&mut stream, READER, &bytes(ASSOCIATE)), &[0x61], "one without ciphering");
    begins(ask(&mut stream, READER, &seal(105, 0, &get)), NOT_POSSIBLE, "ciphered where it is not agreed");
    begins(ask(&mut stream, READER, &get), &[0xC4, 1, 0xC1, 0], "in the clear where that is agreed");
    let ended = serving.end();
    let refused = |reason: &str| ended.counters["refused"][reason].as_u64();
    assert_eq!((ended.code, refused("exception"), refused("suite")), (Some(0), Some(9), Some(1)), "{}", ended.said);
    assert_eq!(ended.said.matches("answered with an exception").count(), 9, "{}", ended.said);
    assert_eq!(ended.said.matches("another security suite: meter 1").count(), 1, "{}", ended.said);
}

#[test]
fn a_vendor_closes_or_keeps_silent_instead() {
    let here = tempfile::tempdir().expect("a folder");
    let settings =
        ["dlms.vendor.\"suite 0\".on_counter_error=close", "dlms.vendor.\"suite 0\".on_suite_mismatch=silent"];
    let serving = Serving::begin(here.path(), &["--state", "none", "--set", settings[0], "--set", settings[1]]);
    let get = bytes(NAME);
    let mut stream = associated(&serving, 1, 10);
    let mut suite_1 = seal(11, 0, &get);
    suite_1[2] |= 1;
    stream.set_read_timeout(Some(Duration::from_millis(500))).expect("set");
    stream.write_all(&framed(READER, &suite_1)).expect("sent");
    let answer = stream.read(&mut [0]).map_err(|error| error.kind());
    assert_eq!(answer, Err(ErrorKind::WouldBlock), "nothing is said");
    begins(ask(&mut stream, READER, &seal(11, 0, &get)), &[0xCC], "a genuine one");
    assert_eq!(ask(&mut stream, READER, &seal(11, 0, &get)), None, "closed without a word");
    let refused = &serving.end().counters["refused"];
    assert_eq!((&refused["suite"], &refused["closed"]), (&1.into(), &1.into()), "{refused}");
}

#[test]
fn what_a_meter_denies_in_its_answers_is_counted_and_told() {
    let here = tempfile::tempdir().expect("a folder");
    let serving = Serving::begin(here.path(), &["--state", "none", "-v"]);
    let wrong = bytes(&ASSOCIATE.replace("3132333435363738", "3132333435363739"));
    let aare = ask(&mut serving.connect(1), READER, &wrong).expect("an AARE");
    assert!(says_no(&aare), "a wrong password: {aare:02X?}");

    // The reader may not set the clock, in the clear or ciphered.
    let set = bytes("C101C100080000010000FF0200090C07EA0B1506100000FF8000FF");
    let mut stream = serving.connect(2);
    begins(ask(&mut stream, READER, &bytes(ASSOCIATE)), &[0x61], "an association");
    begins(ask(&mut stream, READER, &set), &[0xC5, 1, 0xC1, 3], "read-write denied");
    let mut stream = associated(&serving, 1, 10);
    begins(ask(&mut stream, READER, &seal(11, 0, &set)), &[0xCD], "a ciphered answer");

    // High-level security with MD5: the password's bytes serve as challenge, and zeros as proof.
    let mut stream = serving.connect(4);
    let high = bytes(&ASSOCIATE.replace("60857405080201AC", "60857405080203AC"));
    let aare = ask(&mut stream, READER, &high).expect("an AARE");
    assert!(aare[0] == 0x61 && !says_no(&aare), "a challenge: {aare:02X?}");
    let proof = [bytes("C301C1000F0000280000FF01010910"), vec![0; 16]].concat();
    begins(ask(&mut stream, READER, &proof), &[0xC7, 1, 0xC1, 250, 0], "other reason");
    begins(ask(&mut stream, READER, &bytes(NAME)), NOT_POSSIBLE, "the association is gone");

    let ended = serving.end();
    let refused = &ended.counters["refused"];
    let counted = ["association", "denied", "proof", "exception"].map(|reason| refused[reason].as_u64());
    assert_eq!(counted, [Some(1), Some(2), Some(1), Some(1)], "{}", ended.said);
    for told in [
        "association refused: meter 1: authentication failure (13)",
        "answered with an error result: meter 2: read-write denied (3)",
        "answered with an error result: meter 1: read-write denied (3)",
        "wrong proof of high-level security: meter 4",
    ] {
        assert_eq!(ended.said.matches(told).count(), 1, "{told}: {}", ended.said);
    }
}
