//! `amitwin serve`: who may start it, what it says, how it stops, and what it leaves behind.
#![cfg(unix)]

use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{run, wait_for};
use amitwin_testkit::serving::{Ended, Serving};
use amitwin_testkit::tools;
use amitwin_testkit::wire::{ASSOCIATE, NAME, PUBLIC, ask, bytes, framed, name};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Nine meters on loopback.
const STREET: &str = r#"
name = "street"
duration = "1h"

[placement]
generator = "grid"
meters = 9
gateways = 1

[serve]
port = 0
"#;

/// Secret of a keys file: it must appear nowhere.
const CANARY: &str = "c0ffee00c0ffee01c0ffee02c0ffee03c0ffee04c0ffee05c0ffee06c0ffee07";

fn serve(here: &Path, more: &[&str]) -> Serving {
    Serving::with(here, "small.toml", more)
}

fn keys(here: &Path, text: &str, mode: u32) {
    let path = here.join("keys.hex");
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
}

#[test]
fn it_says_where_meters_are_and_stops_cleanly_on_a_signal() {
    for signal in ["-INT", "-TERM"] {
        let here = folder(STREET);
        let serving = serve(here.path(), &["-v"]);
        assert_eq!(serving.ready["ready"], true);
        assert_eq!(serving.ready["keys"], "TEST");
        assert_eq!(serving.ready["meters"], 9);
        assert_eq!(serving.ready["first_address"], "127.0.0.1");
        assert_eq!(serving.ready["last_address"], "127.0.0.9");
        let first = name(&mut serving.connect(1));
        assert_ne!(name(&mut serving.connect(9)), first);
        let mut bad = serving.connect(3);
        bad.write_all(&[9, 9]).expect("sent");
        assert_eq!(bad.read(&mut [0]).unwrap_or(0), 0, "closed");
        let Ended { code, out, err, .. } = serving.end_by(signal);
        assert_eq!(code, Some(0), "{err}");
        let last: Value = serde_json::from_str(&out).expect("one line of JSON");
        assert_eq!(last["keys"], "TEST");
        assert_eq!(last["counters"]["requests"], 4);
        assert_eq!(last["counters"]["refused"]["wrapper"], 1);
        for word in ["keys: TEST", "meter 9 is 127.0.0.9", "not a wrapper frame", "stopping; what meters keep is saved"]
        {
            assert!(err.contains(word), "{word}:\n{err}");
        }
        assert!(here.path().join("runs/serve-street.state").is_file());
    }
}

#[test]
fn other_hosts_are_let_in_only_if_scenario_and_flag_say_so() {
    let here = folder(STREET);
    let one = ["serve", "small.toml", "--set", "serve.addressing=port", "--set", "serve.listen=0.0.0.0"];
    run(here.path(), &one).expect(3).tells(&["other hosts can reach 0.0.0.0", "remote = true"]);
    let flag = [&one[..], &["--allow-remote"]].concat();
    run(here.path(), &flag).expect(3);
    let setting = [&one[..], &["--set", "serve.remote=true"]].concat();
    run(here.path(), &setting).expect(2).tells(&["add --allow-remote"]);
}

#[test]
fn keys_come_from_a_file_that_nobody_else_reads() {
    let here = folder(STREET);
    let with = ["serve", "small.toml", "--set", "dlms.keys=keys.hex"];
    run(here.path(), &with).expect(3).tells(&["keys.hex", "cannot be read"]);
    keys(here.path(), CANARY, 0o644);
    run(here.path(), &with).expect(3).tells(&["has mode 0644", "chmod 600"]);
    keys(here.path(), &CANARY[2..], 0o600);
    let said = run(here.path(), &with).expect(3).tells(&["must hold 64 hexadecimal digits"]);
    assert!(!said.err.contains("c0ffee"), "{}", said.err);
    keys(here.path(), CANARY, 0o600);
    let none = [&with[..], &["--state", "none"]].concat();
    run(here.path(), &none).expect(2).tells(&["counters would begin anew"]);
}

#[test]
fn a_secret_is_found_in_nothing_that_is_written_or_said() {
    let here = folder(STREET);
    keys(here.path(), CANARY, 0o600);
    let more = ["--set", "dlms.keys=keys.hex", "--capture", "street.pcapng", "-vv"];
    let serving = serve(here.path(), &more);
    assert_eq!(serving.ready["keys"], "file");
    name(&mut serving.connect(2));
    let mut odd = serving.connect(2);
    let _ = ask(&mut odd, PUBLIC, &[0xC8]);
    let said = serving.ready.to_string();
    let Ended { code, out, err, .. } = serving.end();
    assert_eq!(code, Some(0), "{err}");
    assert!(!err.contains("TEST") && !out.contains("TEST") && !said.contains("TEST"), "{said}{out}{err}");
    let secret = bytes(CANARY);
    let mut texts = vec![said.into_bytes(), out.into_bytes(), err.into_bytes()];
    for file in ["street.pcapng", "keys.hex.state"] {
        texts.push(std::fs::read(here.path().join(file)).expect(file));
    }
    for text in &texts {
        let lower = text.to_ascii_lowercase();
        // Neither as it was written nor as bytes, whole or a part of it.
        assert!(!lower.windows(16).any(|part| CANARY.as_bytes().windows(16).any(|canary| canary == part)));
        assert!(!text.windows(8).any(|part| secret.windows(8).any(|canary| canary == part)));
    }
}

#[test]
fn a_second_process_does_not_use_the_same_counters() {
    let here = folder(STREET);
    let _first = serve(here.path(), &["--state", "street.state"]);
    let second = ["serve", "small.toml", "--state", "street.state"];
    run(here.path(), &second).expect(3).tells(&["street.state", "in use by another amitwin serve"]);
    std::fs::write(here.path().join("other.state"), "something else, and long enough").expect("written");
    let other = ["serve", "small.toml", "--state", "other.state"];
    run(here.path(), &other).expect(3).tells(&["other.state", "no state file"]);
}

#[test]
fn a_capture_is_followed_by_a_dissector() {
    let here = folder(STREET);
    let serving = serve(here.path(), &["--capture", "street.pcapng"]);
    name(&mut serving.connect(1));
    let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
    udp.send_to(&framed(PUBLIC, ASSOCIATE), ("127.0.0.4", serving.port())).expect("sent");
    udp.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
    udp.recv_from(&mut [0; 500]).expect("an answer");
    let port = serving.port();
    assert_eq!(serving.end().code, Some(0));
    let head = std::fs::read(here.path().join("street.pcapng")).expect("the capture");
    assert!(head[..200].windows(15).any(|part| part == b"DLMS keys: TEST"), "a capture says whose keys it shows");
    if !tools::tshark() {
        return;
    }
    let tshark = |more: &[&str]| {
        let mut command = Command::new("tshark");
        command.current_dir(here.path()).args(["-r", "street.pcapng"]);
        for check in ["ip.check_checksum", "tcp.check_checksum", "udp.check_checksum"] {
            command.args(["-o", &format!("{check}:TRUE")]);
        }
        let output = command.args(more).output().expect("started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let wrong = "_ws.malformed || tcp.analysis.flags || ip.checksum.status == 0 || tcp.checksum.status == 0 \
                 || udp.checksum.status == 0";
    assert_eq!(tshark(&["-Y", wrong]), "");
    let streams = tshark(&["-Y", &format!("tcp.port == {port} && tcp.len > 0"), "-T", "fields", "-e", "tcp.payload"]);
    let payloads: Vec<&str> = streams.lines().collect();
    assert_eq!(payloads.len(), 4, "{streams}");
    assert_eq!(bytes(payloads[0]), framed(PUBLIC, ASSOCIATE));
    assert_eq!(bytes(payloads[2]), framed(PUBLIC, NAME));
    assert_eq!(tshark(&["-Y", "udp", "-T", "fields", "-e", "ip.src"]), "127.0.0.1\n127.0.0.4\n");
    assert_eq!(tshark(&["-Y", "tcp.flags.syn == 1 && tcp.flags.ack == 0"]).lines().count(), 1);
}

#[test]
fn a_capture_into_a_pipe_is_refused_at_once() {
    let here = folder(STREET);
    assert!(Command::new("mkfifo").arg(here.path().join("pipe")).status().expect("mkfifo").success());
    for command in ["serve", "run"] {
        let said = run(here.path(), &[command, "small.toml", "--capture", "pipe"]).expect(1);
        said.tells(&["pipe", "no regular file but a pipe, a socket or a device; name a file"]);
    }
}

#[test]
fn a_capture_that_was_cut_off_can_be_read_to_its_end() {
    let here = folder(STREET);
    let mut serving = serve(here.path(), &["--capture", "street.pcapng"]);
    name(&mut serving.connect(1));
    let path = here.path().join("street.pcapng");
    // What is gathered is written within a second.
    wait_for("packets in the capture", || std::fs::metadata(&path).is_ok_and(|meta| meta.len() > 600));
    serving.kill();
    if !tools::tshark() {
        return;
    }
    let output = Command::new("tshark").arg("-r").arg(&path).output().expect("started");
    assert!(String::from_utf8_lossy(&output.stdout).lines().count() >= 7);
}

#[test]
fn standard_error_that_nobody_reads_stops_no_meter_and_no_signal() {
    let here = folder(STREET);
    // A pipe takes 64 KiB. There is room for what is said at the start, and for some lines.
    let (kept, mut full) = std::io::pipe().expect("a pipe");
    full.write_all(&vec![b'.'; (64 << 10) - 3_000]).expect("written");
    let (serving, mut said) = (Serving::into(here.path(), "small.toml", &["-v"], full.into()), 0);
    for n in 0..200 {
        let mut bad = serving.connect(3);
        bad.write_all(&[9, 9]).expect("sent");
        assert_eq!(bad.read(&mut [0]).unwrap_or(0), 0, "connection {n} is closed");
        said += usize::from(!name(&mut serving.connect(1)).is_empty());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(said, 200);
    // The first signal cannot be told, and ends it all the same.
    serving.signal("-INT");
    let serving = std::cell::RefCell::new(serving);
    wait_for("the end", || serving.borrow_mut().has_ended());
    drop(kept);
}
