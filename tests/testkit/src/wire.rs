//! What a raw DLMS client needs: requests in the clear, wrapper frames, whole answers.

use dlms_cosem_rs::acse::{Aarq, ApplicationContext, AuthMechanism};
use dlms_cosem_rs::codec::Encode;
use dlms_cosem_rs::xdlms::InitiateRequest;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Wrapper port of the public client: no security.
pub const PUBLIC: u8 = 0x10;
/// Of the reader: low-level security.
pub const READER: u8 = 0x11;
/// Of the management client: high-level security.
pub const MANAGEMENT: u8 = 1;

/// An association request of the public client.
pub const ASSOCIATE: &[u8] = &[
    0x60, 0x1D, 0xA1, 0x09, 0x06, 0x07, 0x60, 0x85, 0x74, 0x05, 0x08, 0x01, 0x01, 0xBE, 0x10, 0x04, 0x0E, 0x01, 0, 0,
    0, 0x06, 0x5F, 0x1F, 0x04, 0x00, 0x62, 0x1E, 0x5D, 0xFF, 0xFF,
];
/// Reading the logical device name: 0.0.42.0.0.255, class 1, attribute 2.
pub const NAME: &[u8] = &[0xC0, 0x01, 0xC1, 0x00, 0x01, 0x00, 0x00, 0x2A, 0x00, 0x00, 0xFF, 0x02, 0x00];

/// GET of the whole load profile, which a reader may have.
pub const PROFILE: &[u8] = &[0xC0, 1, 0xC1, 0, 7, 1, 0, 99, 1, 0, 255, 2, 0];
/// An association request by a mechanism, with a password or a challenge, without ciphering.
pub fn aarq(mechanism: AuthMechanism, value: &[u8]) -> Vec<u8> {
    let (mut initiate, mut out) = (vec![1], Vec::new());
    InitiateRequest::default().encode(&mut initiate).expect("encoded");
    let aarq = Aarq {
        application_context: Some(ApplicationContext::LogicalName),
        calling_ap_title: Some(b"HES\0\0\0\0\x01"),
        sender_acse_requirements: true,
        mechanism_name: Some(mechanism),
        calling_authentication_value: Some(value),
        user_information: Some(&initiate),
        ..Aarq::default()
    };
    aarq.encode(&mut out).expect("encoded");
    out
}

/// An association request of the reader with a password.
pub fn reader_aarq(password: &[u8]) -> Vec<u8> {
    aarq(AuthMechanism::Low, password)
}

/// Bytes from hexadecimal digits.
pub fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).expect("hexadecimal")).collect()
}

/// An APDU in a wrapper frame from a client to the meter.
pub fn framed(client: u8, apdu: &[u8]) -> Vec<u8> {
    framed_to(client, 1, apdu)
}

/// An APDU in a wrapper frame from a client to a port of the meter's side.
pub fn framed_to(client: u8, port: u16, apdu: &[u8]) -> Vec<u8> {
    let length = u16::try_from(apdu.len()).expect("short").to_be_bytes();
    [&[0, 1, 0, client], &port.to_be_bytes()[..], &length, apdu].concat()
}

/// The next APDU that a meter sends; `None` if it closes the connection, and a panic if it says nothing in time.
pub fn next(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let (head, apdu) = take(stream)?;
    assert_eq!(head[..4], [0, 1, 0, 1], "a wrapper header of the meter");
    Some(apdu)
}

/// The same, from any port of the meter's side.
pub fn next_of_any(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let (head, apdu) = take(stream)?;
    assert_eq!(head[..2], [0, 1], "a wrapper header");
    Some(apdu)
}

/// A wrapper header and as many bytes as it announces.
fn take(stream: &mut TcpStream) -> Option<([u8; 8], Vec<u8>)> {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionReset, UnexpectedEof};
    let mut take = |buffer: &mut [u8]| match stream.read_exact(buffer) {
        Ok(()) => true,
        Err(e) if matches!(e.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted) => false,
        Err(e) => panic!("neither an answer nor the end: {e}"),
    };
    let mut head = [0; 8];
    if !take(&mut head) {
        return None;
    }
    let mut apdu = vec![0; usize::from(u16::from_be_bytes([head[6], head[7]]))];
    take(&mut apdu).then_some((head, apdu))
}

/// Sends an APDU and takes what comes back.
pub fn ask(stream: &mut TcpStream, client: u8, apdu: &[u8]) -> Option<Vec<u8>> {
    // A meter that has closed the connection may refuse the bytes as well.
    let _ = stream.write_all(&framed(client, apdu));
    next(stream)
}

/// Associates as the public client and reads the logical device name: the answer, of which all but the name is checked.
#[track_caller]
pub fn name(stream: &mut TcpStream) -> Vec<u8> {
    assert_eq!(ask(stream, PUBLIC, ASSOCIATE).expect("an AARE")[0], 0x61);
    let answer = ask(stream, PUBLIC, NAME).expect("a name");
    assert_eq!(answer[..4], [0xC4, 0x01, 0xC1, 0x00], "{answer:02X?}");
    answer
}
