//! General block transfer and ACCESS over a socket: by a stock client that agrees on them, and by one that does not.

use crate::golden::{NAME, READER, says_no};
use amitwin_testkit::serving::Serving;
use amitwin_testkit::tools::{peer, python};
use amitwin_testkit::wire::{ask, bytes};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// What the client of `gurux-dlms` printed, step by step.
fn steps(python: &Path, serving: &Serving, meter: u8, how: &str, wanted: &str) -> Vec<Value> {
    let address = serving.address(meter);
    let mut command = Command::new(python);
    command.arg(peer("dlms_blocks.py")).args([address.ip().to_string(), address.port().to_string()]);
    command.args(how.split_whitespace()).args(["--steps", wanted, "--limit", "120"]);
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().expect("python starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "meter {meter}, {how}: {}\n{said}", output.status);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

#[test]
fn a_stock_client_reads_by_general_blocks_and_by_access_what_it_reads_without() {
    let Some(python) = python() else { return };
    let here = tempfile::tempdir().expect("a folder");
    let serving = Serving::begin(here.path(), &["--state", "none"]);
    let reader = "--client 0x11 --mechanism low --pdu 512";
    let manager = "--client 1 --mechanism gmac --ciphered general --pdu 512";
    for (meter, how, windows) in [
        (1, reader.to_owned(), &[1, 5, 63][..]),
        (4, format!("{reader} --transport udp"), &[5]),
        (7, format!("{reader} --framing hdlc"), &[1]),
        (10, manager.to_owned(), &[5]),
        (2, format!("{manager} --suite 1"), &[5]),
        (3, format!("{manager} --suite 2"), &[5]),
    ] {
        let without = steps(python, &serving, meter, &how, "names,long,list");
        let (name, long) = (&without[0]["name"], &without[1]);
        assert_eq!((long["rows"].as_array().map(Vec::len), &long["by_blocks"]), (Some(96), &json!(false)));
        for window in windows {
            let place = format!("meter {meter}, {how}, window {window}");
            let with = steps(python, &serving, meter, &format!("{how} --window {window}"), "long,list,upload");
            assert_eq!(with[0]["by_blocks"], true, "{place}");
            for key in ["rows", "objects"] {
                assert_eq!(with[0][key], long[key], "{place}: {key}");
            }
            // 120 specifications of 10 bytes and a null each.
            assert!(with[2]["frames"].as_u64() >= Some(2), "{place}: {}", with[2]);
            assert_eq!(with[2]["errors"], json!(["0"]), "{place}");
            for list in [&without[2], &with[1]] {
                // Object-undefined, of the fourth alone.
                assert_eq!(list["errors"], json!(["0", "0", "0", "4", "0"]), "{place}");
                assert_eq!((&list["name"], &list["unit"]), (name, &json!([0, 30])), "{place}");
            }
        }
    }
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert_eq!(ended.counters["refused"]["exception"], 0, "{}", ended.said);
    assert_eq!(ended.counters["refused"]["silent"], 0, "blocks that wait are no refusals: {}", ended.said);
}

#[test]
fn a_client_that_did_not_agree_on_them_is_told_that_they_are_unknown() {
    let here = tempfile::tempdir().expect("a folder");
    let serving = Serving::begin(here.path(), &["--state", "none"]);
    let name = bytes(NAME);
    let block = [&bytes("E08100010000"), &[name.len() as u8][..], &name].concat();
    let list = bytes("D94000000100010100010000 2A0000FF020100".replace(' ', "").as_str());
    // Of a conformance block, 20 00 00 is general block transfer and 00 00 40 is ACCESS.
    for (conformance, known) in [("DFFFBF", false), ("FFFFFF", true)] {
        let mut stream = serving.connect(1);
        let aarq = format!(
            "6036A1090607608574050801018A0207808B0760857405080201AC0A80083132333435363738BE10040E01000000065F1F0400{conformance}FFFF"
        );
        let aare = ask(&mut stream, READER, &bytes(&aarq)).expect("an AARE");
        assert!(!says_no(&aare), "{aare:02X?}");
        for (request, begins) in [(&block, &[0xE0, 0x88, 0, 1, 0, 1][..]), (&list, &[0xDA, 0x40, 0, 0, 1, 0, 0, 1, 9])]
        {
            let answer = ask(&mut stream, READER, request).expect("an answer");
            // Service unknown, service not supported.
            let expected = if known { begins } else { &[0xD8, 2, 2] };
            assert!(answer.starts_with(expected), "{answer:02X?}, expected {expected:02X?}");
        }
    }
    assert_eq!(serving.end().code, Some(0));
}
