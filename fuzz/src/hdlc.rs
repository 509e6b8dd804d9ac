//! HDLC frames of several clients on one stream: bounded memory, progress at every step, and nothing but frames sent.

use crate::Input;
use amitwin_dlms::link::hdlc::{Event, FRAME_BYTES_MAX, Found, Station, find};
use dlms_cosem_rs::codec::Encode;
use dlms_cosem_rs::transport::hdlc::{Address, Control, Frame};

const APDU_MAX: u16 = 1_152;
const LINKS: usize = 4;
const REPLY_MAX: usize = 4_000;
const HELD_MAX: usize = 64 << 10;

/// One input: bytes as they are, whole frames of any kind, or I frames with the numbers that are due.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let mut station = Station::new(APDU_MAX, LINKS, 16 + u16::from(input.byte()) * 8);
    let (mut stream, mut out) = (Vec::new(), Vec::new());
    let (mut sent, mut received) = ([0u8; 8], [0u8; 8]);
    while !input.0.is_empty() {
        let kind = input.byte();
        let place = usize::from(kind >> 5);
        let client = 1 + place as u8;
        match kind & 3 {
            0 => stream.extend_from_slice(input.piece(600)),
            sort => {
                let control = match sort {
                    1 => Control::from_u8(input.byte()),
                    2 => Control::Snrm,
                    _ => Control::I { ns: sent[place], nr: received[place], pf: kind & 4 == 0 },
                };
                match control {
                    Control::I { .. } => sent[place] = (sent[place] + 1) % 8,
                    Control::Snrm => (sent[place], received[place]) = (0, 0),
                    _ => {}
                }
                let destination = match kind & 0x18 {
                    0 => Address::Single(1),
                    8 => Address::Double { upper: 1, lower: input.byte() & 0x7F },
                    _ => Address::Quad { upper: 1, lower: u16::from(input.byte()) },
                };
                let information = input.piece(2_100);
                let segmented = kind & 4 != 0;
                let source = Address::Single(client);
                let frame = Frame { segmented, destination, source, control, information };
                let begin = stream.len();
                if frame.encode(&mut stream).is_err() {
                    stream.truncate(begin);
                }
            }
        }
        turn(&mut station, &mut stream, &mut out, &mut input, &mut received);
    }
}

fn turn(station: &mut Station, stream: &mut Vec<u8>, out: &mut Vec<u8>, input: &mut Input<'_>, received: &mut [u8; 8]) {
    loop {
        let used = match find(stream) {
            Found::Wait => break,
            Found::Noise(used, _) => used,
            Found::Frame(frame, used) => {
                if let Event::Request(ends) = station.take(&frame, out) {
                    assert!(station.request(ends).len() <= usize::from(APDU_MAX));
                    if input.byte() & 1 == 0 {
                        let length = usize::from(u16::from_be_bytes([input.byte(), input.byte()])) % REPLY_MAX;
                        station.reply(ends, &vec![0xC4; length], out);
                    } else {
                        station.silence(ends);
                    }
                }
                used
            }
        };
        assert!(used > 0 && used <= stream.len(), "each step drops something");
        stream.drain(..used);
        assert!(station.held_bytes() <= HELD_MAX, "{} bytes held", station.held_bytes());
    }
    assert!(stream.len() <= FRAME_BYTES_MAX, "{} bytes wait for the end of a frame", stream.len());
    let mut rest = &out[..];
    loop {
        match find(rest) {
            Found::Frame(frame, used) => {
                if let (Control::I { .. }, Address::Single(client)) = (frame.control, frame.destination) {
                    let place = usize::from(client.wrapping_sub(1)) % 8;
                    received[place] = (received[place] + 1) % 8;
                }
                rest = &rest[used..];
            }
            Found::Wait => break,
            // The flag that closes one frame, and the one that opens the next.
            Found::Noise(1, false) if rest.starts_with(&[0x7E, 0x7E]) => rest = &rest[1..],
            Found::Noise(..) => panic!("not a frame: {rest:02X?}"),
        }
    }
    assert!(rest.len() <= 1, "a part of a frame was sent: {rest:02X?}");
    out.clear();
}
