//! Two independent clients read the same meters and get the same values, however they connect.

use amitwin_testkit::serving::Serving;
use amitwin_testkit::tools::{peer, python};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

/// The packages' clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Client {
    Gurux,
    Cosem,
}

use Client::{Cosem, Gurux};

const BOTH: &[Client] = &[Gurux, Cosem];

const READ: &str = "names,registers,profile,objects";
const ALL: &str = "names,registers,profile,objects,relay,image,reset";
/// `dlms-cosem` cannot cipher more than 127 bytes, and a block of an image is longer.
const NO_IMAGE: &str = "names,registers,profile,objects,relay,reset";

/// Who reads which meter (suite 0: 1, 4, 7 …; suite 1: 2, 5 …; suite 2: 3, 6 …), how, and what. Lines of one meter run
/// after each other.
const CASES: &[(&[Client], u8, &str, &str)] = &[
    (BOTH, 1, "", "names"),
    (BOTH, 2, "--framing hdlc", "names"),
    (BOTH, 3, "--transport udp", "names"),
    (BOTH, 4, "--client 0x11 --mechanism low", READ),
    (BOTH, 5, "--client 0x11 --mechanism low --transport udp --suite 1", READ),
    (BOTH, 6, "--client 0x11 --mechanism low --framing hdlc --suite 2", READ),
    (BOTH, 7, "--client 1 --mechanism md5", ALL),
    (BOTH, 8, "--client 1 --mechanism sha1 --suite 1 --pdu 512", ALL),
    (BOTH, 9, "--client 1 --mechanism sha256 --suite 2 --framing hdlc", ALL),
    (&[Cosem], 10, "--client 1 --mechanism gmac --ciphered general", NO_IMAGE),
    (&[Gurux], 10, "--client 1 --mechanism gmac --ciphered general", ALL),
    (&[Gurux], 10, "--client 1 --mechanism gmac --ciphered service --framing hdlc --pdu 512", ALL),
    (&[Cosem], 11, "--client 1 --mechanism gmac --ciphered general --suite 1 --transport udp", NO_IMAGE),
    (&[Gurux], 11, "--client 1 --mechanism gmac --ciphered general --suite 1 --transport udp --pdu 512", ALL),
    (&[Gurux], 11, "--client 1 --mechanism gmac --ciphered service --suite 1", ALL),
    (&[Cosem], 12, "--client 1 --mechanism gmac --ciphered general --suite 2 --framing hdlc", NO_IMAGE),
    (&[Gurux], 12, "--client 1 --mechanism gmac --ciphered general --suite 2", ALL),
    (&[Gurux], 12, "--client 1 --mechanism sha256 --ciphered service --suite 2", ALL),
    (&[Gurux], 12, "--client 1 --mechanism sha256 --ciphered service --suite 2 --protection encrypted", READ),
    (&[Gurux], 13, "--client 1 --mechanism gmac", READ),
    (&[Gurux], 13, "--client 1 --mechanism gmac --ciphered service --protection authenticated", ALL),
    (&[Gurux], 13, "--client 1 --mechanism gmac --ciphered general --protection encrypted --transport udp", READ),
    (BOTH, 14, "--client 1 --mechanism ecdsa --suite 1", ALL),
    (&[Gurux], 17, "--client 1 --mechanism ecdsa --suite 1 --ciphered service", READ),
    (&[Cosem], 17, "--client 1 --mechanism ecdsa --suite 1 --ciphered general", READ),
    (&[Gurux], 17, "--client 1 --mechanism ecdsa --suite 1 --ciphered general --protection authenticated", READ),
    // P-384: not in `gurux-dlms`, and its signature is too long to be ciphered by `dlms-cosem`.
    (&[Cosem], 15, "--client 1 --mechanism ecdsa --suite 2", ALL),
];

/// What one client printed: step by step.
type Found = BTreeMap<String, Value>;

fn read(python: &Path, client: Client, serving: &Serving, meter: u8, how: &str, steps: &str) -> Found {
    read_at(python, client, serving.address(meter), how, steps)
}

fn read_at(python: &Path, client: Client, address: SocketAddr, how: &str, steps: &str) -> Found {
    let program = match client {
        Gurux => "dlms_gurux.py",
        Cosem => "dlms_cosem_client.py",
    };
    let mut command = Command::new(python);
    command.arg(peer(program));
    command.args([address.ip().to_string(), address.port().to_string()]).args(how.split_whitespace());
    command.args(["--steps", steps, "--limit", "120"]).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = command.output().expect("python starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{client:?}, {address}, {how}: {}\n{said}", output.status);
    let mut found = Found::new();
    for line in String::from_utf8(output.stdout).expect("UTF-8").lines() {
        let mut values: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let step = values.as_object_mut().and_then(|o| o.remove("step")).expect("a step");
        found.insert(step.as_str().expect("a word").to_owned(), values);
    }
    assert_eq!(found.len(), steps.split(',').count(), "{client:?}, {address}, {how}");
    found
}

/// What must be so of one reading alone.
fn judge(place: &str, found: &Found) {
    assert!(found["names"]["clock_off_s"].as_u64() <= Some(5), "{place}: {}", found["names"]);
    if let Some(profile) = found.get("profile") {
        let rows = profile["rows"].as_array().expect("rows");
        for pair in rows.windows(2) {
            assert_eq!(pair[1][0].as_i64(), pair[0][0].as_i64().map(|t| t + 900), "{place}: {profile}");
            assert!(pair[1][2].as_u64() >= pair[0][2].as_u64(), "{place}: import runs backwards: {profile}");
        }
        // Cumulative: the last row is at most a quarter of an hour behind the register, the day's row the same as the
        // quarter's at midnight.
        let last = rows.last().expect("rows");
        let since = profile["register"].as_u64().expect("Wh") - last[2].as_u64().expect("Wh, not above the register");
        assert!(since < 20_000, "{place}: {since} Wh since the last row");
        assert_eq!(profile["midnight"][1], profile["midnight_load"][2], "{place}: {profile}");
        assert_eq!(profile["midnight"][2], profile["midnight_load"][3], "{place}: {profile}");
    }
    for (step, expected) in [
        (
            "relay",
            json!({ "states": [false, false, true, true], "disconnections": 1, "codes": [62, 63], "in_time": true }),
        ),
        ("image", json!({ "flash_writes": [1, 1], "active_kept": true, "named": true, "bytes": 516 })),
        ("reset", json!({ "resets": 1, "relay_kept": true })),
    ] {
        if let Some(value) = found.get(step) {
            assert_eq!(*value, expected, "{place}: {step}");
        }
    }
}

#[test]
fn meters_behind_one_address_are_told_apart() {
    let Some(python) = python() else { return };
    let here = tempfile::tempdir().expect("a folder");
    // `gurux-dlms` puts the gateway form inside what it ciphers, so that it is not used with ciphering here.
    let by_gateway = ["--client 0x11 --mechanism low --gateway", "--client 1 --mechanism sha256 --pdu 512 --gateway"];
    let by_port = ["--client 0x11 --mechanism low --server", "--client 0x11 --mechanism low --framing hdlc --server"];
    for (addressing, clients, ways) in [("port", BOTH, by_port), ("gateway", &[Gurux][..], by_gateway)] {
        let setting = format!("serve.addressing={addressing}");
        let serving = Serving::begin(here.path(), &["--state", "none", "--set", &setting]);
        let mut names = Vec::new();
        for meter in [1, 7, 100] {
            for (client, way) in clients.iter().flat_map(|client| ways.map(|way| (client, way))) {
                // Everything is at the address of place 0.
                let found = read_at(python, *client, serving.address(1), &format!("{way} {meter}"), READ);
                judge(&format!("{client:?}, {way} {meter}"), &found);
                names.push((meter, found["names"]["name"].clone()));
            }
        }
        for (meter, name) in &names {
            for (other, its) in &names {
                assert_eq!(meter == other, name == its, "{addressing}: {meter} is {name}, {other} is {its}");
            }
        }
        assert_eq!(serving.end().code, Some(0));
    }
}

#[test]
fn what_meters_send_on_their_own_over_udp_is_received_and_read() {
    both_clients_take_pushes("udp");
}

#[test]
fn what_meters_send_on_their_own_over_tcp_is_received_and_read() {
    both_clients_take_pushes("tcp");
}

fn both_clients_take_pushes(transport: &str) {
    let Some(python) = python() else { return };
    let here = tempfile::tempdir().expect("a folder");
    let free = match transport {
        "udp" => std::net::UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()),
        _ => std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()),
    };
    let free = free.expect("a free port");
    let (to, over) = (format!("serve.push_to={free}"), format!("serve.push_transport={transport}"));
    for ciphered in [true, false] {
        let form = format!("serve.push_ciphered={ciphered}");
        let settings = ["--state", "none", "--set", &to, "--set", &over, "--set", &form];
        let serving = Serving::begin(here.path(), &settings);
        for (meter, suite) in [(1, 0), (2, 1), (3, 2)] {
            let base = format!("--client 1 --mechanism gmac --ciphered general --suite {suite}");
            let how = format!("{base} --push-port {} --push-transport {transport}", free.port());
            for client in BOTH {
                let found = read(python, *client, &serving, meter, &how, "names,registers,push");
                let (push, place) = (&found["push"], format!("{client:?}, meter {meter}"));
                assert_eq!(
                    (&push["setup"], &push["ciphered"]),
                    (&json!("0.0.25.9.0.255"), &json!(ciphered)),
                    "{place}"
                );
                assert_eq!(push["name"], found["names"]["name"], "{place}");
                assert!(push["clock_off_s"].as_u64() <= Some(5), "{place}: {push}");
                // What the registers were a moment before, or a little more.
                let wh = |value: &Value| value.as_u64().expect("Wh");
                for (pushed, register) in [("imported", "import"), ("exported", "export")] {
                    let since = wh(&push[pushed]).checked_sub(wh(&found["registers"][register]));
                    assert!(since < Some(1_000) && since.is_some(), "{place}: {push} after {}", found["registers"]);
                }
            }
        }
        let ended = serving.end();
        let counters = &ended.counters;
        assert_eq!((ended.code, &counters["pushes"]), (Some(0), &json!(6)), "{}", ended.said);
        assert_eq!((&counters["push_retries"], &counters["pushes_lost"]), (&json!(0), &json!(0)), "{}", ended.said);
    }
}

#[test]
fn both_clients_read_the_same_from_a_meter_and_differ_between_meters() {
    let Some(python) = python() else { return };
    let here = tempfile::tempdir().expect("a folder");
    let serving = Serving::begin(here.path(), &["--state", "none"]);
    let meters: Vec<u8> = {
        let mut meters: Vec<u8> = CASES.iter().map(|case| case.1).collect();
        meters.dedup();
        meters
    };
    let queue = Mutex::new(meters.clone());
    let all = Mutex::new(BTreeMap::<u8, Vec<(String, Found)>>::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(meter) = queue.lock().expect("no panic elsewhere").pop() else { return };
                    for (clients, _, how, steps) in CASES.iter().filter(|case| case.1 == meter) {
                        for client in *clients {
                            let found = read(python, *client, &serving, meter, how, steps);
                            let place = format!("{client:?}, meter {meter}, {how}");
                            judge(&place, &found);
                            all.lock().expect("no panic elsewhere").entry(meter).or_default().push((place, found));
                        }
                    }
                }
            });
        }
    });
    let all = all.into_inner().expect("no panic");
    let (mut names, mut registers) = (Vec::new(), Vec::new());
    for (meter, readings) in &all {
        let (first_place, first) = &readings[0];
        for (place, found) in &readings[1..] {
            for (step, key) in [("names", "name"), ("names", "device"), ("profile", "rows"), ("objects", "listed")] {
                let (a, b) = (first.get(step), found.get(step));
                if key == "rows" && a.zip(b).is_some_and(|(a, b)| a["rows"][0][0] != b["rows"][0][0]) {
                    // A quarter of an hour ended between the two.
                    let later = b.and_then(|b| b["rows"].as_array()).expect("rows");
                    let earlier = a.and_then(|a| a["rows"].as_array()).expect("rows");
                    assert!(later.iter().any(|row| earlier.contains(row)), "{first_place} and {place}: {step}");
                    continue;
                }
                assert_eq!(a.map(|a| &a[key]), b.map(|b| &b[key]), "{first_place} and {place}: {step} {key}");
            }
            if let (Some(a), Some(b)) = (first.get("registers"), found.get("registers")) {
                let import = |values: &Value| values["import"].as_u64().expect("Wh");
                assert!((0..5_000).contains(&(import(b) - import(a))), "{first_place} and {place}: {a} {b}");
                assert_eq!(a["import_unit"], json!([0, 30]), "{first_place}");
                for unit in ["import_unit", "export_unit", "power_unit", "current_unit", "voltage_unit"] {
                    assert_eq!(a[unit], b[unit], "{first_place} and {place}");
                }
            }
        }
        names.push(first["names"]["name"].clone());
        registers.extend(first.get("profile").map(|profile| (meter, profile["rows"][0][2].clone())));
    }
    for (n, name) in names.iter().enumerate() {
        assert!(!names[..n].contains(name), "two meters are called {name}");
    }
    for (n, (meter, value)) in registers.iter().enumerate() {
        assert!(!registers[..n].iter().any(|(_, other)| other == value), "meter {meter} reads as another: {value}");
    }
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    let counters = &ended.counters;
    assert!(counters["resets"].as_u64() >= Some(14) && counters["relay_moves"].as_u64() >= Some(28), "{counters}");
    assert_eq!(counters["refused"]["exception"], 0, "{counters}");
}
