//! Kills of `amitwin serve` while a client reads ciphered, and while meters push: no invocation counter leaves a meter twice.
#![cfg(unix)]

use crate::common::{amitwin, folder};
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::consts::U12;
use aes_gcm::{AesGcm, Key, Nonce};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const STREET: &str = r#"
name = "street"
duration = "1h"

[placement]
generator = "grid"
meters = 4
gateways = 1

[serve]
port = 0
"#;

const CLIENT_TITLE: [u8; 8] = *b"MMM\0\0\0\0\x01";
const TAG_BYTES: usize = 12;

/// A reader with low-level security and test keys, who counts on over everything that happens to the meters.
struct Reader {
    counter: u32,
}

impl Reader {
    /// Ciphers an APDU under the test keys: tag, length, control, counter, text, authentication tag.
    fn seal(&mut self, tag: u8, plain: &[u8]) -> Vec<u8> {
        self.counter += 1;
        let key: [u8; 16] = std::array::from_fn(|n| n as u8);
        let authentication: [u8; 16] = std::array::from_fn(|n| 0xD0 + n as u8);
        let cipher = AesGcm::<Aes128, U12, U12>::new(Key::<Aes128>::from_slice(&key));
        let nonce = [&CLIENT_TITLE[..], &self.counter.to_be_bytes()].concat();
        let mut text = plain.to_vec();
        let associated = [&[0x30], &authentication[..]].concat();
        let mac = cipher.encrypt_in_place_detached(Nonce::from_slice(&nonce), &associated, &mut text).expect("short");
        let length = 5 + text.len() + TAG_BYTES;
        [&[tag, length as u8, 0x30], &self.counter.to_be_bytes()[..], &text, &mac[..]].concat()
    }

    fn association(&mut self) -> Vec<u8> {
        let initiate = self.seal(0x21, &[1, 0, 0, 0, 6, 0x5F, 0x1F, 4, 0, 0x62, 0x1E, 0x5D, 0xFF, 0xFF]);
        let mut body = vec![0xA1, 9, 6, 7, 0x60, 0x85, 0x74, 5, 8, 1, 3, 0xA6, 10, 4, 8];
        body.extend_from_slice(&CLIENT_TITLE);
        body.extend_from_slice(&[0x8A, 2, 7, 0x80, 0x8B, 7, 0x60, 0x85, 0x74, 5, 8, 2, 1, 0xAC, 10, 0x80, 8]);
        body.extend_from_slice(b"12345678");
        body.extend_from_slice(&[0xBE, initiate.len() as u8 + 2, 4, initiate.len() as u8]);
        body.extend_from_slice(&initiate);
        [&[0x60, body.len() as u8], &body[..]].concat()
    }

    /// Asks until the meter is gone; the counters that its answers carried.
    fn ask(&mut self, stream: &mut TcpStream) -> Vec<u32> {
        let mut seen = Vec::new();
        let mut request = self.association();
        let mut tag = 0x28;
        loop {
            let head = [0, 1, 0, 0x11, 0, 1, 0, request.len() as u8];
            if stream.write_all(&[&head, &request[..]].concat()).is_err() {
                return seen;
            }
            let mut head = [0; 8];
            if stream.read_exact(&mut head).is_err() {
                return seen;
            }
            let mut answer = vec![0; usize::from(u16::from_be_bytes([head[6], head[7]]))];
            if stream.read_exact(&mut answer).is_err() {
                return seen;
            }
            // The ciphered part ends with the answer: tag, length, control, counter.
            let at = (0..answer.len().saturating_sub(7)).find(|at| {
                answer[*at] == tag && answer[at + 2] == 0x30 && at + 2 + usize::from(answer[at + 1]) == answer.len()
            });
            let at = at.unwrap_or_else(|| panic!("not ciphered: {answer:02X?}"));
            seen.push(u32::from_be_bytes(answer[at + 3..at + 7].try_into().expect("four bytes")));
            request = self.seal(0xC8, &[0xC0, 1, 0xC1, 0, 8, 0, 0, 1, 0, 0, 0xFF, 2, 0]);
            tag = 0xCC;
        }
    }
}

fn serve(here: &Path) -> (Child, u16) {
    let arguments = ["serve", "small.toml", "--format", "json"];
    let mut child = amitwin(here, &arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let ready: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    (child, ready["port"].as_u64().expect("a port") as u16)
}

#[test]
fn no_counter_is_used_twice_over_kills() {
    let here = folder(STREET);
    let mut readers: Vec<Reader> = (0..4).map(|_| Reader { counter: 0 }).collect();
    let mut all: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); 4];
    for cycle in 0..32u64 {
        let (mut child, port) = serve(here.path());
        let threads: Vec<_> = readers
            .drain(..)
            .enumerate()
            .map(|(meter, mut reader)| {
                std::thread::spawn(move || {
                    let to = SocketAddr::from(([127, 0, 0, meter as u8 + 1], port));
                    let mut stream = TcpStream::connect(to).expect("connected");
                    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
                    let seen = reader.ask(&mut stream);
                    (reader, seen)
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(40 + 37 * (cycle % 8)));
        child.kill().expect("killed");
        child.wait().expect("ended");
        for (meter, thread) in threads.into_iter().enumerate() {
            let (reader, seen) = thread.join().expect("no panic");
            assert!(seen.len() > 5, "meter {} answered {} times in cycle {cycle}", meter + 1, seen.len());
            for counter in seen {
                assert!(all[meter].insert(counter), "meter {} used counter {counter} twice", meter + 1);
            }
            readers.push(reader);
        }
    }
    // Nor is a counter taken twice: what was recorded before the kills is refused after them.
    let (mut child, port) = serve(here.path());
    for (meter, reader) in readers.iter().enumerate() {
        let mut stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, meter as u8 + 1], port))).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        // The last counter that was certainly received: one more may have been on its way.
        let recorded = Reader { counter: reader.counter - 2 }.association();
        let head = [0, 1, 0, 0x11, 0, 1, 0, recorded.len() as u8];
        stream.write_all(&[&head, &recorded[..]].concat()).expect("sent");
        let mut answer = vec![0; 8];
        stream.read_exact(&mut answer).expect("a header");
        answer.resize(usize::from(u16::from_be_bytes([answer[6], answer[7]])), 0);
        stream.read_exact(&mut answer).expect("an APDU");
        assert_eq!(answer[0], 0xD8, "meter {} took a counter again: {answer:02X?}", meter + 1);
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
}

#[test]
fn no_counter_is_pushed_twice_over_kills() {
    let head_end = UdpSocket::bind("127.0.0.1:0").expect("a port");
    head_end.set_read_timeout(Some(Duration::from_millis(10))).expect("set");
    let to = head_end.local_addr().expect("bound");
    let here =
        folder(&format!("{STREET}push_to = \"{to}\"\npush_every = \"1s\"\n").replace("meters = 4", "meters = 40"));
    let mut all: BTreeSet<([u8; 8], u32)> = BTreeSet::new();
    let mut buffer = [0; 2_048];
    for cycle in 0..16u64 {
        let (mut child, _) = serve(here.path());
        let until = Instant::now() + Duration::from_millis(300 + 61 * cycle);
        let mut take = |all: &mut BTreeSet<_>| {
            let Ok((bytes, _)) = head_end.recv_from(&mut buffer) else { return false };
            // Wrapper, general-glo-ciphering, title of eight bytes, length, control, counter.
            let push = &buffer[8..bytes];
            assert_eq!((&push[..2], push[11]), (&[0xDB, 8][..], 0x30), "{push:02X?}");
            let title = push[2..10].try_into().expect("eight bytes");
            let counter = u32::from_be_bytes(push[12..16].try_into().expect("four bytes"));
            assert!(all.insert((title, counter)), "meter {title:02X?} pushed counter {counter} twice");
            true
        };
        while Instant::now() < until {
            take(&mut all);
        }
        child.kill().expect("killed");
        child.wait().expect("ended");
        while take(&mut all) {}
    }
    assert!(all.len() > 200, "{} pushes", all.len());
}
