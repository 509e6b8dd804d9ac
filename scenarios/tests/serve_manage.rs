//! A client with high-level security on real sockets: a relay over a restart, a reset and the time it takes.

use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::consts::U12;
use aes_gcm::{AesGcm, Key, Nonce, Tag};
use amitwin_models::device::dlms::link::wrapper;
use amitwin_scenarios::load_text;
use amitwin_scenarios::serve::{Counters, Options, Server};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const SCENARIO: &str = r#"name = "street"
duration = "1h"
[placement]
generator = "grid"
meters = 4
gateways = 1
[device]
boot = ["700ms", "800ms"]
[serve]
port = 0
"#;
const CLIENT: [u8; 8] = *b"MMM\0\0\0\0\x01";
/// Of the first meter: manufacturer, zero, number.
const METER: [u8; 8] = *b"AMI\0\0\0\0\0";
const MANAGEMENT: u16 = 1;
/// Disconnect control, 0.0.96.3.10.255 of class 70.
const RELAY: [u8; 8] = [0, 70, 0, 0, 96, 3, 10, 255];
/// Script table, 0.0.10.0.0.255 of class 9.
const SCRIPTS: [u8; 8] = [0, 9, 0, 0, 10, 0, 0, 255];

/// Serves while `work` goes on.
fn while_served(state: &Path, work: impl FnOnce(u16)) -> Counters {
    let scenario = load_text(SCENARIO, "street.toml", Path::new("."), &[], None).unwrap_or_else(|e| panic!("{e}"));
    let options = Options { state: Some(state.to_owned()), workers: 2, ..Options::default() };
    let server = Server::open(scenario.variants[0].clone(), &options).unwrap_or_else(|e| panic!("{e}"));
    let (port, stop) = (server.port(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let running = scope.spawn(|| server.run(&|| stop.load(Ordering::Relaxed), None));
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(port)));
        stop.store(true, Ordering::Relaxed);
        let counters = running.join().expect("no panic").unwrap_or_else(|e| panic!("{e}"));
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        counters
    })
}

struct Manager {
    stream: TcpStream,
}

/// What the client has counted to, over all connections.
struct Counter(u32);

fn cipher() -> AesGcm<Aes128, U12, U12> {
    let key: [u8; 16] = std::array::from_fn(|n| n as u8);
    AesGcm::new(Key::<Aes128>::from_slice(&key))
}

fn nonce(title: &[u8; 8], counter: &[u8]) -> Vec<u8> {
    [title, counter].concat()
}

/// Security control, authentication key, and what else is authenticated.
fn associated(control: u8, more: &[u8]) -> Vec<u8> {
    let key: [u8; 16] = std::array::from_fn(|n| 0xD0 + n as u8);
    [&[control], &key[..], more].concat()
}

impl Counter {
    fn next(&mut self) -> [u8; 4] {
        self.0 += 1;
        self.0.to_be_bytes()
    }

    fn seal(&mut self, tag: u8, plain: &[u8]) -> Vec<u8> {
        let (counter, mut text) = (self.next(), plain.to_vec());
        let nonce = nonce(&CLIENT, &counter);
        let mac = cipher().encrypt_in_place_detached(Nonce::from_slice(&nonce), &associated(0x30, &[]), &mut text);
        let length = 5 + text.len() + 12;
        [&[tag, length as u8, 0x30], &counter[..], &text, &mac.expect("short")[..]].concat()
    }
}

/// The text of a ciphered answer, whose authentication is checked.
fn unseal(answer: &[u8]) -> Vec<u8> {
    let (head, rest) = answer.split_at(7);
    let (text, mac) = rest.split_at(rest.len() - 12);
    let mut text = text.to_vec();
    let nonce = nonce(&METER, &head[3..]);
    let aad = associated(head[2], &[]);
    cipher()
        .decrypt_in_place_detached(Nonce::from_slice(&nonce), &aad, &mut text, Tag::from_slice(mac))
        .expect("genuine");
    text
}

impl Manager {
    /// Connects to the first meter and proves who it is by GMAC.
    fn new(port: u16, counter: &mut Counter) -> Manager {
        let stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        let mut manager = Manager { stream };
        let initiate = counter.seal(0x21, &[1, 0, 0, 0, 6, 0x5F, 0x1F, 4, 0, 0x62, 0x1E, 0x5D, 0xFF, 0xFF]);
        let mut body = vec![0xA1, 9, 6, 7, 0x60, 0x85, 0x74, 5, 8, 1, 3, 0xA6, 10, 4, 8];
        body.extend_from_slice(&CLIENT);
        body.extend_from_slice(&[0x8A, 2, 7, 0x80, 0x8B, 7, 0x60, 0x85, 0x74, 5, 8, 2, 5, 0xAC, 10, 0x80, 8]);
        body.extend_from_slice(b"K56iVagY");
        body.extend_from_slice(&[0xBE, initiate.len() as u8 + 2, 4, initiate.len() as u8]);
        body.extend_from_slice(&initiate);
        let answer = manager.ask(&[&[0x60, body.len() as u8], &body[..]].concat());
        let at =
            answer.windows(4).position(|w| w == [0xAA, 0x12, 0x80, 0x10]).unwrap_or_else(|| panic!("{answer:02X?}"));
        let challenge = &answer[at + 4..at + 20];
        let own = counter.next();
        let aad = associated(0x10, challenge);
        let nonce = nonce(&CLIENT, &own);
        let mac = cipher().encrypt_in_place_detached(Nonce::from_slice(&nonce), &aad, &mut []).expect("short");
        let association = [0, 15, 0, 0, 40, 0, 0, 255];
        let proof = [&[9, 17, 0x10], &own[..], &mac[..]].concat();
        assert_eq!(manager.act(counter, association, 1, &proof)[..4], [0xC7, 1, 0xC1, 0]);
        manager
    }

    fn ask(&mut self, apdu: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        assert!(wrapper::put(MANAGEMENT, 1, apdu, &mut frame));
        self.stream.write_all(&frame).expect("sent");
        let mut head = [0; 8];
        self.stream.read_exact(&mut head).expect("a header");
        let mut answer = vec![0; usize::from(u16::from_be_bytes([head[6], head[7]]))];
        self.stream.read_exact(&mut answer).expect("an APDU");
        answer
    }

    fn act(&mut self, counter: &mut Counter, object: [u8; 8], method: u8, parameter: &[u8]) -> Vec<u8> {
        let plain = [&[0xC3, 1, 0xC1], &object[..], &[method, 1], parameter].concat();
        let answer = self.ask(&counter.seal(0xCB, &plain));
        assert_eq!(answer[0], 0xCF, "{answer:02X?}");
        unseal(&answer)
    }

    fn get(&mut self, counter: &mut Counter, object: [u8; 8], attribute: u8) -> Vec<u8> {
        let answer = self.ask(&counter.seal(0xC8, &[&[0xC0, 1, 0xC1], &object[..], &[attribute, 0]].concat()));
        assert_eq!(answer[0], 0xCC, "{answer:02X?}");
        unseal(&answer)
    }
}

#[test]
fn a_relay_stays_open_over_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("street.state");
    let mut counter = Counter(0);
    let counters = while_served(&state, |port| {
        let mut manager = Manager::new(port, &mut counter);
        assert_eq!(manager.get(&mut counter, RELAY, 2)[3..], [0, 3, 1], "delivered as connected");
        for _ in 0..2 {
            assert_eq!(manager.act(&mut counter, RELAY, 1, &[0x0F, 0])[3], 0, "disconnecting twice succeeds");
        }
        assert_eq!(manager.get(&mut counter, RELAY, 2)[3..], [0, 3, 0]);
    });
    assert_eq!(counters.relay_moves, 1, "and moves the contacts once");
    while_served(&state, |port| {
        let mut manager = Manager::new(port, &mut counter);
        assert_eq!(manager.get(&mut counter, RELAY, 2)[3..], [0, 3, 0]);
    });
}

#[test]
fn a_reset_takes_its_time_and_spares_the_neighbours() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("street.state");
    let mut counter = Counter(0);
    let counters = while_served(&state, |port| {
        let mut manager = Manager::new(port, &mut counter);
        let mut other = Manager::new(port, &mut counter);
        let neighbour = TcpStream::connect(SocketAddr::from(([127, 0, 0, 2], port))).expect("connected");
        let began = Instant::now();
        // The second script restarts warm.
        assert_eq!(manager.act(&mut counter, SCRIPTS, 1, &[0x12, 0, 2])[3], 0);
        assert_eq!(manager.stream.read(&mut [0]).unwrap_or(0), 0, "its connection is gone");
        let mut again = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).expect("connected");
        assert_eq!(again.read(&mut [0]).unwrap_or(0), 0, "it does not answer yet");
        let mut neighbour = Manager { stream: neighbour };
        neighbour.stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        neighbour.stream.write_all(&[0, 1, 0, 0x10, 0, 1, 0, 1, 0xC0]).expect("sent");
        neighbour.stream.read_exact(&mut [0; 9]).expect("the neighbour answers");
        std::thread::sleep(Duration::from_millis(900).saturating_sub(began.elapsed()));
        // What was agreed before the reset is gone with it.
        let request = counter.seal(0xC8, &[&[0xC0, 1, 0xC1], &RELAY[..], &[2, 0]].concat());
        assert_eq!(other.ask(&request)[0], 0xD8);
        let mut manager = Manager::new(port, &mut counter);
        assert_eq!(manager.get(&mut counter, RELAY, 2)[3..], [0, 3, 1]);
    });
    assert_eq!((counters.resets, counters.relay_moves, counters.refused.away), (1, 0, 1));
}
