//! Captures: a pcapng file of one interface, with nanoseconds, that Wireshark and tshark open.
//!
//! Whole blocks go out in one piece, so that a writer that is killed leaves a file that can be read to its last block
//! in all but the rarest case.

use std::io::{self, Write};

/// What a packet begins with, as the registry of link types numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkType {
    /// An IPv4 or IPv6 header.
    RawIp,
    /// An IEEE 802.15.4 frame with its frame check sequence at the end.
    Ieee802154WithFcs,
    /// An IEEE 802.15.4 frame behind a TAP header, which says how long its frame check sequence is.
    Ieee802154Tap,
}

impl LinkType {
    /// Number in the registry.
    pub const fn number(self) -> u16 {
        match self {
            LinkType::RawIp => 101,
            LinkType::Ieee802154WithFcs => 195,
            LinkType::Ieee802154Tap => 283,
        }
    }
}

/// Longest packet that is written whole, bytes.
pub const PACKET_BYTES_MAX: usize = 65_535;

/// Bytes that are gathered before they are written.
const BUFFER_BYTES: usize = 1 << 16;

const SECTION_HEADER: u32 = 0x0A0D_0D0A;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

/// A capture being written. [`Pcapng::flush`] brings what is gathered out; dropping it does not.
#[derive(Debug)]
pub struct Pcapng<W> {
    out: W,
    buffer: Vec<u8>,
    bytes: u64,
}

impl<W: Write> Pcapng<W> {
    /// Begins a capture of one interface; `application` is who wrote it.
    ///
    /// # Errors
    /// As the writer's.
    pub fn new(out: W, link: LinkType, application: &str) -> io::Result<Self> {
        let mut capture = Pcapng { out, buffer: Vec::with_capacity(2 * BUFFER_BYTES), bytes: 0 };
        let mut body = Vec::new();
        body.extend_from_slice(&0x1A2B_3C4D_u32.to_le_bytes());
        body.extend_from_slice(&[1, 0, 0, 0]);
        // The length of the section is not known.
        body.extend_from_slice(&[0xFF; 8]);
        option(&mut body, 4, application.as_bytes());
        end_of_options(&mut body);
        capture.block(SECTION_HEADER, &[&body]);
        body.clear();
        body.extend_from_slice(&link.number().to_le_bytes());
        body.extend_from_slice(&[0, 0]);
        body.extend_from_slice(&(PACKET_BYTES_MAX as u32).to_le_bytes());
        // Time stamps count in units of 10^-9 s.
        option(&mut body, 9, &[9]);
        end_of_options(&mut body);
        capture.block(INTERFACE_DESCRIPTION, &[&body]);
        capture.flush()?;
        Ok(capture)
    }

    /// Adds a packet of a moment, in nanoseconds since 1970; of a longer one than [`PACKET_BYTES_MAX`] the beginning.
    ///
    /// # Errors
    /// As the writer's.
    pub fn packet(&mut self, unix_ns: u64, bytes: &[u8]) -> io::Result<()> {
        let kept = &bytes[..bytes.len().min(PACKET_BYTES_MAX)];
        let word = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let head = [0, (unix_ns >> 32) as u32, unix_ns as u32, word(kept.len()), word(bytes.len())];
        let mut fixed = [0; 20];
        for (to, value) in fixed.chunks_exact_mut(4).zip(head) {
            to.copy_from_slice(&value.to_le_bytes());
        }
        self.block(ENHANCED_PACKET, &[&fixed, kept]);
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes what is gathered.
    ///
    /// # Errors
    /// As the writer's; what could not be written is dropped.
    pub fn flush(&mut self) -> io::Result<()> {
        let written = self.out.write_all(&self.buffer).and_then(|()| self.out.flush());
        self.buffer.clear();
        written
    }

    /// Bytes of the file so far, those included that are not written yet.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Type, length, parts padded to four bytes, length.
    fn block(&mut self, kind: u32, parts: &[&[u8]]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let padding = length.wrapping_neg() % 4;
        let total = ((12 + length + padding) as u32).to_le_bytes();
        self.buffer.extend_from_slice(&kind.to_le_bytes());
        self.buffer.extend_from_slice(&total);
        for part in parts {
            self.buffer.extend_from_slice(part);
        }
        self.buffer.extend_from_slice(&[0; 3][..padding]);
        self.buffer.extend_from_slice(&total);
        self.bytes += (12 + length + padding) as u64;
    }
}

/// Code, length, value padded to four bytes.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(usize::from(u16::MAX))];
    body.extend_from_slice(&code.to_le_bytes());
    body.extend_from_slice(&(value.len() as u16).to_le_bytes());
    body.extend_from_slice(value);
    body.extend_from_slice(&[0; 3][..value.len().wrapping_neg() % 4]);
}

fn end_of_options(body: &mut Vec<u8>) {
    body.extend_from_slice(&[0; 4]);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Type and body of each whole block.
    fn blocks(mut bytes: &[u8]) -> Vec<(u32, Vec<u8>)> {
        let word = |at: &[u8]| u32::from_le_bytes(at[..4].try_into().expect("four bytes"));
        let mut all = Vec::new();
        while !bytes.is_empty() {
            let (kind, length) = (word(bytes), word(&bytes[4..]) as usize);
            assert_eq!((length % 4, word(&bytes[length - 4..]) as usize), (0, length));
            all.push((kind, bytes[8..length - 4].to_vec()));
            bytes = &bytes[length..];
        }
        all
    }

    #[test]
    fn blocks_are_whole_and_padded() {
        let mut file = Vec::new();
        let mut capture = Pcapng::new(&mut file, LinkType::Ieee802154WithFcs, "a test").expect("written");
        for length in 0..9 {
            capture.packet(0x0123_4567_89AB_CDEF, &[0xA5; 9][..length]).expect("written");
        }
        capture.flush().expect("written");
        let bytes = capture.bytes();
        assert_eq!(file.len() as u64, bytes);
        let blocks = blocks(&file);
        assert_eq!(blocks.len(), 2 + 9);
        assert_eq!(blocks[0].0, SECTION_HEADER);
        assert!(blocks[0].1.starts_with(&[0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 0, 0]));
        assert_eq!(blocks[1].1, [195, 0, 0, 0, 0xFF, 0xFF, 0, 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
        let (kind, body) = &blocks[2 + 5];
        assert_eq!(*kind, ENHANCED_PACKET);
        let head = [0, 0, 0, 0, 0x67, 0x45, 0x23, 0x01, 0xEF, 0xCD, 0xAB, 0x89, 5, 0, 0, 0, 5, 0, 0, 0];
        assert_eq!(body[..20], head);
        assert_eq!(body[20..], [0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0, 0, 0]);
    }

    #[test]
    fn a_packet_that_is_too_long_says_how_long_it_was() {
        let mut file = Vec::new();
        let mut capture = Pcapng::new(&mut file, LinkType::RawIp, "a test").expect("written");
        capture.packet(1, &[1; PACKET_BYTES_MAX + 7]).expect("written");
        capture.flush().expect("written");
        let (_, body) = &blocks(&file)[2];
        assert_eq!(body[12..20], [0xFF, 0xFF, 0, 0, 6, 0, 1, 0]);
    }
}
