//! Captures of served connections: bytes above TCP and UDP become IP packets that a dissector can follow.
//!
//! The system's own packets are not seen from here; sequence numbers, handshakes and farewells are made up so that they
//! fit the bytes, and time stamps are those of reading and writing.

use amitwin_data::input;
use amitwin_data::pcapng::{LinkType, Pcapng};
use std::fs::File;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Most bytes of a stream in one packet.
const SEGMENT_BYTES: usize = 16_000;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;
const TCP: u8 = 6;
const UDP: u8 = 17;

/// A capture that all workers write to.
#[derive(Debug)]
pub struct Capture {
    file: Mutex<Pcapng<File>>,
}

/// Next sequence numbers of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    peer: SocketAddr,
    local: SocketAddr,
    from_peer: u32,
    from_local: u32,
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The client.
    Peer,
    /// The meter.
    Local,
}

impl Capture {
    /// Into a file, whose content is replaced; `keys` is what outputs say of the meters' keys.
    ///
    /// # Errors
    /// As the system's.
    pub fn create(path: &std::path::Path, keys: &str) -> io::Result<Capture> {
        let application = format!("amitwin {}; DLMS keys: {keys}", env!("CARGO_PKG_VERSION"));
        Ok(Capture { file: Mutex::new(Pcapng::new(input::create(path)?, LinkType::RawIp, &application)?) })
    }

    /// A connection begins.
    ///
    /// # Errors
    /// As the file's, here and below.
    pub fn open(&self, peer: SocketAddr, local: SocketAddr) -> io::Result<Flow> {
        // Like a real one, a connection does not begin at zero.
        let begin = 0x1000_0000 ^ u32::from(peer.port()) << 8;
        let mut flow = Flow { peer, local, from_peer: begin, from_local: begin ^ 0x0FFF_0000 };
        self.tcp(&flow, From::Peer, SYN, &[])?;
        flow.from_peer = flow.from_peer.wrapping_add(1);
        self.tcp(&flow, From::Local, SYN | ACK, &[])?;
        flow.from_local = flow.from_local.wrapping_add(1);
        self.tcp(&flow, From::Peer, ACK, &[])?;
        Ok(flow)
    }

    /// Bytes of a connection.
    ///
    /// # Errors
    /// As the file's.
    pub fn data(&self, flow: &mut Flow, from: From, bytes: &[u8]) -> io::Result<()> {
        for part in bytes.chunks(SEGMENT_BYTES) {
            self.tcp(flow, from, PSH | ACK, part)?;
            let next = if from == From::Peer { &mut flow.from_peer } else { &mut flow.from_local };
            *next = next.wrapping_add(part.len() as u32);
        }
        Ok(())
    }

    /// A connection ends.
    ///
    /// # Errors
    /// As the file's.
    pub fn close(&self, mut flow: Flow) -> io::Result<()> {
        self.tcp(&flow, From::Local, FIN | ACK, &[])?;
        flow.from_local = flow.from_local.wrapping_add(1);
        self.tcp(&flow, From::Peer, FIN | ACK, &[])?;
        flow.from_peer = flow.from_peer.wrapping_add(1);
        self.tcp(&flow, From::Local, ACK, &[])
    }

    /// A datagram.
    ///
    /// # Errors
    /// As the file's.
    pub fn datagram(&self, peer: SocketAddr, local: SocketAddr, from: From, bytes: &[u8]) -> io::Result<()> {
        let (source, destination) = if from == From::Peer { (peer, local) } else { (local, peer) };
        let length = 8 + bytes.len();
        let mut packet = head(source.ip(), destination.ip(), UDP, length);
        let begin = packet.len();
        packet.extend_from_slice(&source.port().to_be_bytes());
        packet.extend_from_slice(&destination.port().to_be_bytes());
        packet.extend_from_slice(&(length as u16).to_be_bytes());
        packet.extend_from_slice(&[0, 0]);
        packet.extend_from_slice(bytes);
        // A sum of zero is written as its complement, because zero means that there is none.
        let sum = match transport_sum(source.ip(), destination.ip(), UDP, &packet[begin..]) {
            0 => 0xFFFF,
            sum => sum,
        };
        packet[begin + 6..begin + 8].copy_from_slice(&sum.to_be_bytes());
        self.put(&packet)
    }

    /// Writes what is gathered.
    ///
    /// # Errors
    /// As the file's.
    pub fn flush(&self) -> io::Result<()> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }

    fn tcp(&self, flow: &Flow, from: From, flags: u8, bytes: &[u8]) -> io::Result<()> {
        let (source, destination, sequence, other) = match from {
            From::Peer => (flow.peer, flow.local, flow.from_peer, flow.from_local),
            From::Local => (flow.local, flow.peer, flow.from_local, flow.from_peer),
        };
        let acknowledged = if flags & ACK == 0 { 0 } else { other };
        let mut packet = head(source.ip(), destination.ip(), TCP, 20 + bytes.len());
        let begin = packet.len();
        packet.extend_from_slice(&source.port().to_be_bytes());
        packet.extend_from_slice(&destination.port().to_be_bytes());
        packet.extend_from_slice(&sequence.to_be_bytes());
        packet.extend_from_slice(&acknowledged.to_be_bytes());
        // Five words of header, the largest window, the sum, no urgent bytes.
        packet.extend_from_slice(&[5 << 4, flags, 0xFF, 0xFF, 0, 0, 0, 0]);
        packet.extend_from_slice(bytes);
        let sum = transport_sum(source.ip(), destination.ip(), TCP, &packet[begin..]);
        packet[begin + 16..begin + 18].copy_from_slice(&sum.to_be_bytes());
        self.put(&packet)
    }

    fn put(&self, packet: &[u8]) -> io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        self.file.lock().unwrap_or_else(PoisonError::into_inner).packet(now, packet)
    }
}

/// The IP header in front of `length` bytes.
fn head(source: IpAddr, destination: IpAddr, protocol: u8, length: usize) -> Vec<u8> {
    let mut packet = Vec::with_capacity(40 + length);
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            packet.extend_from_slice(&[0x45, 0]);
            packet.extend_from_slice(&((20 + length) as u16).to_be_bytes());
            // No identification, not to be fragmented, 64 hops.
            packet.extend_from_slice(&[0, 0, 0x40, 0, 64, protocol, 0, 0]);
            packet.extend_from_slice(&source.octets());
            packet.extend_from_slice(&destination.octets());
            let sum = !folded(words(&packet));
            packet[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        _ => {
            packet.extend_from_slice(&[0x60, 0, 0, 0]);
            packet.extend_from_slice(&(length as u16).to_be_bytes());
            packet.extend_from_slice(&[protocol, 64]);
            packet.extend_from_slice(&sixteen(source));
            packet.extend_from_slice(&sixteen(destination));
        }
    }
    packet
}

fn sixteen(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// The checksum of TCP and UDP, over addresses, protocol, length and all bytes.
fn transport_sum(source: IpAddr, destination: IpAddr, protocol: u8, bytes: &[u8]) -> u16 {
    let addresses = match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => words(&source.octets()) + words(&destination.octets()),
        _ => words(&sixteen(source)) + words(&sixteen(destination)),
    };
    !folded(addresses + u64::from(protocol) + bytes.len() as u64 + words(bytes))
}

fn words(bytes: &[u8]) -> u64 {
    let word = |pair: &[u8]| u64::from(pair[0]) << 8 | u64::from(pair.get(1).copied().unwrap_or(0));
    bytes.chunks(2).map(word).sum()
}

fn folded(mut sum: u64) -> u16 {
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_with_its_sums_adds_up() {
        let (source, destination) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let packet = head(source, destination, UDP, 11);
        assert_eq!(folded(words(&packet)), 0xFFFF, "a header with its sum adds up to ones");
        let udp = [0x13, 0x88, 0x0F, 0xDB, 0x00, 0x0B, 0x00, 0x00, b'a', b'b', 0x01];
        let sum = transport_sum(source, destination, UDP, &udp);
        let mut with = udp;
        with[6..8].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(transport_sum(source, destination, UDP, &with), 0);
    }
}
