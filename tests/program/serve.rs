//! `amitwin serve`: who may start it, what it says, how it stops, and what it leaves behind.
#![cfg(unix)]

use crate::common::{amitwin, folder, run, skip, wait_for};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
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

/// An association request of the public client, and the reading of the logical device name.
const ASSOCIATE: &str = "601DA109060760857405080101BE10040E01000000065F1F0400621E5DFFFF";
const NAME: &str = "C001C1000100002A0000FF0200";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).expect("hexadecimal")).collect()
}

fn framed(apdu: &str) -> Vec<u8> {
    bytes(&format!("000100100001{:04X}{apdu}", apdu.len() / 2))
}

/// The program while it serves; killed when dropped.
struct Serving {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    ready: Value,
}

impl Serving {
    fn begin(here: &Path, more: &[&str]) -> Serving {
        let arguments = [&["serve", "small.toml", "--format", "json"], more].concat();
        let mut child =
            amitwin(here, &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut said = String::new();
            let _ = child.stderr.take().expect("piped").read_to_string(&mut said);
            panic!("not ready:\n{line}{said}")
        });
        Serving { child, out, ready }
    }

    fn port(&self) -> u16 {
        self.ready["port"].as_u64().expect("a port") as u16
    }

    fn connect(&self, meter: u8) -> TcpStream {
        let stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, meter], self.port()))).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        stream
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill");
        assert!(status.success());
    }

    /// Exit code, the rest of standard output, and standard error.
    fn end(mut self, signal: &str) -> (Option<i32>, String, String) {
        self.signal(signal);
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).expect("UTF-8");
        self.child.stderr.take().expect("piped").read_to_string(&mut err).expect("UTF-8");
        (self.child.wait().expect("ended").code(), out, err)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(stream: &mut TcpStream, request: &[u8]) -> Vec<u8> {
    stream.write_all(request).expect("sent");
    let mut head = [0; 8];
    stream.read_exact(&mut head).expect("a header");
    let mut apdu = vec![0; usize::from(u16::from_be_bytes([head[6], head[7]]))];
    stream.read_exact(&mut apdu).expect("an APDU");
    apdu
}

fn name(stream: &mut TcpStream) -> Vec<u8> {
    assert_eq!(ask(stream, &framed(ASSOCIATE))[0], 0x61);
    let answer = ask(stream, &framed(NAME));
    assert_eq!(answer[..4], [0xC4, 0x01, 0xC1, 0x00]);
    answer
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
        let serving = Serving::begin(here.path(), &["-v"]);
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
        let (code, out, err) = serving.end(signal);
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
    let serving = Serving::begin(here.path(), &more);
    assert_eq!(serving.ready["keys"], "file");
    name(&mut serving.connect(2));
    let mut odd = serving.connect(2);
    let _ = ask(&mut odd, &framed("C8"));
    let said = serving.ready.to_string();
    let (code, out, err) = serving.end("-INT");
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
    let _first = Serving::begin(here.path(), &["--state", "street.state"]);
    let second = ["serve", "small.toml", "--state", "street.state"];
    run(here.path(), &second).expect(3).tells(&["street.state", "in use by another amitwin serve"]);
    std::fs::write(here.path().join("other.state"), "something else, and long enough").expect("written");
    let other = ["serve", "small.toml", "--state", "other.state"];
    run(here.path(), &other).expect(3).tells(&["other.state", "no state file"]);
}

#[test]
fn a_capture_is_followed_by_a_dissector() {
    let here = folder(STREET);
    let serving = Serving::begin(here.path(), &["--capture", "street.pcapng"]);
    name(&mut serving.connect(1));
    let udp = UdpSocket::bind("127.0.0.1:0").expect("bound");
    udp.send_to(&framed(ASSOCIATE), ("127.0.0.4", serving.port())).expect("sent");
    udp.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
    udp.recv_from(&mut [0; 500]).expect("an answer");
    let port = serving.port();
    assert_eq!(serving.end("-INT").0, Some(0));
    let head = std::fs::read(here.path().join("street.pcapng")).expect("the capture");
    assert!(head[..200].windows(15).any(|part| part == b"DLMS keys: TEST"), "a capture says whose keys it shows");
    let Ok(version) = Command::new("tshark").arg("--version").output() else { return skip("tshark is missing") };
    assert!(version.status.success());
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
    assert_eq!(bytes(payloads[0]), framed(ASSOCIATE));
    assert_eq!(bytes(payloads[2]), framed(NAME));
    assert_eq!(tshark(&["-Y", "udp", "-T", "fields", "-e", "ip.src"]), "127.0.0.1\n127.0.0.4\n");
    assert_eq!(tshark(&["-Y", "tcp.flags.syn == 1 && tcp.flags.ack == 0"]).lines().count(), 1);
}

#[test]
fn a_capture_that_was_cut_off_can_be_read_to_its_end() {
    let here = folder(STREET);
    let mut serving = Serving::begin(here.path(), &["--capture", "street.pcapng"]);
    name(&mut serving.connect(1));
    let path = here.path().join("street.pcapng");
    // What is gathered is written within a second.
    wait_for("packets in the capture", || std::fs::metadata(&path).is_ok_and(|meta| meta.len() > 600));
    serving.signal("-KILL");
    let _ = serving.child.wait();
    let Ok(output) = Command::new("tshark").arg("-r").arg(&path).output() else { return skip("tshark is missing") };
    assert!(String::from_utf8_lossy(&output.stdout).lines().count() >= 7);
}
