//! Clients with the published keys, of a few lines: what they cipher, and one with high-level security.

use crate::wire::{MANAGEMENT, ask};
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::consts::U12;
use aes_gcm::{AesGcm, Key, Nonce, Tag};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Title of the client.
pub const CLIENT: [u8; 8] = *b"MMM\0\0\0\0\x01";
/// Of the first meter: manufacturer, zero, number.
const METER: [u8; 8] = *b"AMI\0\0\0\0\0";

/// A connection to a meter over which the client may do everything.
pub struct Manager {
    /// The socket.
    pub stream: TcpStream,
}

/// What the client has counted to, over all connections.
pub struct Counter(pub u32);

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

    /// A service-specific ciphered request.
    pub fn seal(&mut self, tag: u8, plain: &[u8]) -> Vec<u8> {
        let (counter, mut text) = (self.next(), plain.to_vec());
        let nonce = nonce(&CLIENT, &counter);
        let mac = cipher().encrypt_in_place_detached(Nonce::from_slice(&nonce), &associated(0x30, &[]), &mut text);
        let length = 5 + text.len() + 12;
        [&[tag, length as u8, 0x30], &counter[..], &text, &mac.expect("short")[..]].concat()
    }

    /// A ciphered association request: with the secret of a mechanism, or the challenge that it begins with.
    pub fn associate(&mut self, mechanism: u8, secret: &[u8; 8]) -> Vec<u8> {
        let initiate = self.seal(0x21, &[1, 0, 0, 0, 6, 0x5F, 0x1F, 4, 0, 0x62, 0x1E, 0x5D, 0xFF, 0xFF]);
        let mut body = vec![0xA1, 9, 6, 7, 0x60, 0x85, 0x74, 5, 8, 1, 3, 0xA6, 10, 4, 8];
        body.extend_from_slice(&CLIENT);
        body.extend_from_slice(&[0x8A, 2, 7, 0x80, 0x8B, 7, 0x60, 0x85, 0x74, 5, 8, 2, mechanism, 0xAC, 10, 0x80, 8]);
        body.extend_from_slice(secret);
        body.extend_from_slice(&[0xBE, initiate.len() as u8 + 2, 4, initiate.len() as u8]);
        body.extend_from_slice(&initiate);
        [&[0x60, body.len() as u8], &body[..]].concat()
    }
}

/// The text of an answer of the first meter, whose authentication is checked.
fn unseal(answer: &[u8]) -> Vec<u8> {
    open(&METER, &answer[2..])
}

/// What a meter of a title has ciphered, from the security control on; its authentication is checked.
pub fn open(title: &[u8; 8], sealed: &[u8]) -> Vec<u8> {
    let (head, rest) = sealed.split_at(5);
    let (text, mac) = rest.split_at(rest.len() - 12);
    let mut text = text.to_vec();
    let nonce = nonce(title, &head[1..]);
    let aad = associated(head[0], &[]);
    cipher()
        .decrypt_in_place_detached(Nonce::from_slice(&nonce), &aad, &mut text, Tag::from_slice(mac))
        .expect("genuine");
    text
}

impl Manager {
    /// Connects to the first meter and proves who it is by GMAC.
    pub fn new(port: u16, counter: &mut Counter) -> Manager {
        let stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        let mut manager = Manager { stream };
        let answer = manager.ask(&counter.associate(5, b"K56iVagY"));
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

    /// Sends an APDU as it is, and takes the answer.
    pub fn ask(&mut self, apdu: &[u8]) -> Vec<u8> {
        ask(&mut self.stream, MANAGEMENT, apdu).expect("an APDU")
    }

    /// Invokes a method.
    pub fn act(&mut self, counter: &mut Counter, object: [u8; 8], method: u8, parameter: &[u8]) -> Vec<u8> {
        let plain = [&[0xC3, 1, 0xC1], &object[..], &[method, 1], parameter].concat();
        let answer = self.ask(&counter.seal(0xCB, &plain));
        assert_eq!(answer[0], 0xCF, "{answer:02X?}");
        unseal(&answer)
    }

    /// Reads an attribute.
    pub fn get(&mut self, counter: &mut Counter, object: [u8; 8], attribute: u8) -> Vec<u8> {
        let answer = self.ask(&counter.seal(0xC8, &[&[0xC0, 1, 0xC1], &object[..], &[attribute, 0]].concat()));
        assert_eq!(answer[0], 0xCC, "{answer:02X?}");
        unseal(&answer)
    }
}
