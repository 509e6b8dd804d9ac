//! A third independent client reads all that a meter lists, and the list is right.

use amitwin_testkit::serving::Serving;
use amitwin_testkit::tools::{peer, python};
use serde_json::{Value, json};
use std::process::Command;

/// How a client associates; then objects in its list, attributes that it reads, and how often the secret of an association
/// is denied, which nobody reads.
const WAYS: [(&str, u64, u64, usize); 5] = [
    // Clock 9, three of class 1 2 each, two associations 9 each but for the secret.
    ("", 6, 31, 2),
    // Clock 9; 5 registers 3 each; 9 of class 1 2 each; relay 4; scripts 2; image 7; 5 associations 8 each; devices 2; security
    // 6; 3 profiles 8 each; 3 push setups 7 each; charge 13.
    ("--client 0x11 --mechanism low", 32, 161, 5),
    ("--client 1 --mechanism sha256", 32, 161, 5),
    ("--client 1 --mechanism sha256 --framing hdlc", 32, 161, 5),
    ("--client 1 --mechanism gmac --ciphered service", 32, 161, 5),
];

#[test]
fn every_attribute_of_every_listed_object_is_read() {
    let Some(python) = python() else { return };
    let here = tempfile::tempdir().expect("a folder");
    let serving = Serving::begin(here.path(), &["--state", "none"]);
    for (how, objects, read, secrets) in WAYS {
        let address = serving.address(1);
        let mut command = Command::new(python);
        command.arg(peer("dlms_listed.py")).args([address.ip().to_string(), address.port().to_string()]);
        command.args(how.split_whitespace()).args(["--limit", "120"]).env("PYTHONDONTWRITEBYTECODE", "1");
        let output = command.output().expect("python starts");
        assert!(output.status.success(), "{how}: {}", String::from_utf8_lossy(&output.stderr));
        let said: Value = serde_json::from_slice(&output.stdout).expect("one line of JSON");
        // Class 15, attribute 7.
        let denied = vec![json!([15, 7]); secrets];
        let expected = json!({ "objects": objects, "read": read, "denied": denied, "absent": 3 * objects });
        for (key, value) in expected.as_object().expect("an object") {
            assert_eq!(said[key], *value, "{how}: {key}: {said}");
        }
    }
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert_eq!(ended.counters["refused"]["exception"], 0, "{}", ended.counters);
}
