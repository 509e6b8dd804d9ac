//! 6LoWPAN: header compression (RFC 6282) and fragments (RFC 4944).
//!
//! Stateless only: Wi-SUN nodes keep no contexts, so global addresses are carried in full and link-local ones, which
//! follow from the frame's addresses, not at all.

use super::ip::IPV6;
use smoltcp::wire::{
    Ieee802154Address, IpProtocol, Ipv6Packet, SixlowpanExtHeaderId, SixlowpanExtHeaderPacket, SixlowpanExtHeaderRepr,
    SixlowpanFragPacket, SixlowpanFragRepr, SixlowpanIphcPacket, SixlowpanIphcRepr, SixlowpanNextHeader, UdpPacket,
};

/// Bytes of the header of a first fragment.
pub const FIRST_FRAGMENT: u16 = 4;
/// Bytes of the header of a later fragment.
pub const LATER_FRAGMENT: u16 = 5;
const IPV6_HEADER: usize = 40;
/// Next-header code of IPv6 in IPv6: the inner header follows in IPHC form.
const NHC_IPV6: u8 = 0b1110_1110;
const NHC_UDP: u8 = 0b1111_0000;
/// Bits that say what of traffic class and flow label is carried, and their value for the class alone.
const TF_BITS: u8 = 0b0001_1000;
const TF_CLASS: u8 = 0b0001_0000;
/// Bytes of the base encoding.
const IPHC_BASE: usize = 2;

/// A datagram whose headers are compressed.
#[derive(Clone, Debug)]
pub struct Compressed {
    /// Compressed headers, then what is carried as it is.
    pub bytes: Vec<u8>,
    /// Bytes of the compressed headers.
    pub headers: usize,
    /// Bytes of the same headers uncompressed.
    pub plain_headers: usize,
}

/// Compresses the headers of an IPv6 datagram for a frame between two link-layer addresses.
pub fn compress(datagram: &[u8], from: Ieee802154Address, to: Ieee802154Address) -> Compressed {
    let mut bytes = Vec::with_capacity(datagram.len());
    let plain_headers = ipv6(datagram, 0, Some((from, to)), &mut bytes);
    let headers = bytes.len();
    bytes.extend_from_slice(&datagram[plain_headers..]);
    Compressed { bytes, headers, plain_headers }
}

/// Whether a next header has a compressed form.
fn compressible(next: IpProtocol) -> bool {
    matches!(next, IpProtocol::HopByHop | IpProtocol::Ipv6Route | IPV6 | IpProtocol::Udp)
}

fn form(next: IpProtocol) -> SixlowpanNextHeader {
    if compressible(next) { SixlowpanNextHeader::Compressed } else { SixlowpanNextHeader::Uncompressed(next) }
}

/// Compresses the IPv6 header at `at` and all behind it that can be; returns where the first uncompressed byte is.
fn ipv6(datagram: &[u8], at: usize, link: Option<(Ieee802154Address, Ieee802154Address)>, out: &mut Vec<u8>) -> usize {
    let header = Ipv6Packet::new_unchecked(&datagram[at..]);
    let next = header.next_header();
    let repr = SixlowpanIphcRepr {
        src_addr: header.src_addr(),
        ll_src_addr: link.map(|l| l.0),
        dst_addr: header.dst_addr(),
        ll_dst_addr: link.map(|l| l.1),
        next_header: form(next),
        hop_limit: header.hop_limit(),
        ecn: None,
        dscp: None,
        flow_label: None,
    };
    let start = out.len();
    out.resize(start + repr.buffer_len(), 0);
    repr.emit(&mut SixlowpanIphcPacket::new_unchecked(&mut out[start..]));
    let class = header.traffic_class();
    if class > 0 {
        // Carried without a flow label (RFC 6282, 3.2.1), in the other order: two bits of congestion first.
        out[start] &= !TF_BITS;
        out[start] |= TF_CLASS;
        out.insert(start + IPHC_BASE, class.rotate_right(2));
    }
    behind(datagram, at + IPV6_HEADER, next, out)
}

fn behind(datagram: &[u8], at: usize, next: IpProtocol, out: &mut Vec<u8>) -> usize {
    match next {
        IpProtocol::HopByHop => extension(datagram, at, SixlowpanExtHeaderId::HopByHopHeader, out),
        IpProtocol::Ipv6Route => extension(datagram, at, SixlowpanExtHeaderId::RoutingHeader, out),
        IPV6 => {
            out.push(NHC_IPV6);
            ipv6(datagram, at, None, out)
        }
        IpProtocol::Udp => udp(datagram, at, out),
        _ => at,
    }
}

fn extension(datagram: &[u8], at: usize, id: SixlowpanExtHeaderId, out: &mut Vec<u8>) -> usize {
    let (next, end) = (IpProtocol::from(datagram[at]), at + 8 * (usize::from(datagram[at + 1]) + 1));
    let content = match id {
        SixlowpanExtHeaderId::HopByHopHeader => unpadded(&datagram[at + 2..end]),
        _ => &datagram[at + 2..end],
    };
    let repr = SixlowpanExtHeaderRepr { ext_header_id: id, next_header: form(next), length: content.len() as u8 };
    let start = out.len();
    out.resize(start + repr.buffer_len(), 0);
    repr.emit(&mut SixlowpanExtHeaderPacket::new_unchecked(&mut out[start..]));
    out.extend_from_slice(content);
    behind(datagram, end, next, out)
}

/// Options without the padding behind them, which the receiver can put back.
fn unpadded(options: &[u8]) -> &[u8] {
    let (mut at, mut kept) = (0, 0);
    while at < options.len() {
        let padding = options[at] < 2;
        at += if options[at] == 0 { 1 } else { 2 + usize::from(options[at + 1]) };
        if !padding {
            kept = at;
        }
    }
    &options[..kept]
}

/// Ports 0xF0B0 to 0xF0BF shrink to 4 bits, others from 0xF000 on to 8; the length follows from the frame.
fn udp(datagram: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
    let header = UdpPacket::new_unchecked(&datagram[at..]);
    let (from, to) = (header.src_port(), header.dst_port());
    let short = |port: u16| port & 0xff00 == 0xf000;
    match (from, to) {
        (0xf0b0..=0xf0bf, 0xf0b0..=0xf0bf) => out.extend([NHC_UDP | 3, ((from & 15) << 4 | (to & 15)) as u8]),
        _ if short(from) => {
            out.extend([NHC_UDP | 2, from as u8]);
            out.extend(to.to_be_bytes());
        }
        _ if short(to) => {
            out.push(NHC_UDP | 1);
            out.extend(from.to_be_bytes());
            out.push(to as u8);
        }
        _ => {
            out.push(NHC_UDP);
            out.extend(from.to_be_bytes());
            out.extend(to.to_be_bytes());
        }
    }
    out.extend(header.checksum().to_be_bytes());
    at + 8
}

/// Lengths of a datagram for cutting it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Compressed headers, bytes.
    pub headers: u16,
    /// The same headers uncompressed, bytes.
    pub plain_headers: u16,
    /// What follows them, bytes.
    pub body: u16,
}

impl Extent {
    /// Bytes in a frame, if it fits in one.
    pub fn whole(&self) -> u16 {
        self.headers + self.body
    }

    /// Where fragment `index` lies in the bytes behind the compressed headers, if frames have `room` bytes: first byte
    /// and the one after the last. The first fragment carries the headers as well. `None` behind the last.
    ///
    /// Offsets count units of 8 bytes of the uncompressed datagram, so all fragments but the last end at one.
    pub fn cut(&self, room: u16, index: u16) -> Option<(u16, u16)> {
        let first_end = self.plain_headers + room.saturating_sub(FIRST_FRAGMENT + self.headers);
        let first = ((first_end & !7).max(self.plain_headers) - self.plain_headers).min(self.body);
        if index == 0 {
            return Some((0, first));
        }
        let step = room.saturating_sub(LATER_FRAGMENT) & !7;
        assert!(step > 0, "a frame has room for at least 8 bytes of a fragment, not {room}");
        let start = u32::from(first) + u32::from(step) * u32::from(index - 1);
        (start < u32::from(self.body)).then(|| (start as u16, self.body.min(start as u16 + step)))
    }

    /// Fragments that frames with `room` need.
    pub fn fragments(&self, room: u16) -> u16 {
        (1..).find(|&index| self.cut(room, index).is_none()).unwrap_or(u16::MAX)
    }

    /// Bytes in the frame of fragment `index`.
    pub fn fragment(&self, room: u16, index: u16) -> Option<u16> {
        let (start, end) = self.cut(room, index)?;
        let header = if index == 0 { FIRST_FRAGMENT + self.headers } else { LATER_FRAGMENT };
        Some(header + end - start)
    }
}

/// Fragment `index` of a compressed datagram; `None` behind the last.
pub fn fragment(datagram: &Compressed, tag: u16, room: u16, index: u16) -> Option<Vec<u8>> {
    let extent = datagram.extent();
    let (start, end) = extent.cut(room, index)?;
    let size = extent.plain_headers + extent.body;
    let repr = if index == 0 {
        SixlowpanFragRepr::FirstFragment { size, tag }
    } else {
        SixlowpanFragRepr::Fragment { size, tag, offset: ((extent.plain_headers + start) / 8) as u8 }
    };
    let mut bytes = vec![0; repr.buffer_len()];
    repr.emit(&mut SixlowpanFragPacket::new_unchecked(&mut bytes[..]));
    if index == 0 {
        bytes.extend_from_slice(&datagram.bytes[..datagram.headers]);
    }
    bytes.extend_from_slice(&datagram.bytes[datagram.headers..][usize::from(start)..usize::from(end)]);
    Some(bytes)
}

impl Compressed {
    /// Its lengths.
    pub fn extent(&self) -> Extent {
        Extent {
            headers: self.headers as u16,
            plain_headers: self.plain_headers as u16,
            body: (self.bytes.len() - self.headers) as u16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::medium::mesh::wire::datagram::NETWORK_CONTROL;
    use crate::medium::mesh::wire::{address, icmpv6, ip};
    use crate::node::SiteId;

    #[test]
    fn network_control_is_a_byte_behind_the_first_two_of_a_compressed_header() {
        let [from, to] = [SiteId(9), SiteId(5)].map(address::link_local);
        let mut datagram = ip::datagram(from, to, 255, ip::icmp(from, to, icmpv6::solicitation(SiteId(9), to)));
        let link = (address::link(SiteId(9)), address::link(SiteId(5)));
        let plain = compress(&datagram, link.0, link.1).bytes;
        Ipv6Packet::new_unchecked(&mut datagram[..]).set_traffic_class(NETWORK_CONTROL);
        // Before compression 0x6, then the class, of which the first six bits are CS6, 48.
        assert_eq!(datagram[..2], [0x6c, 0x00]);
        let marked = compress(&datagram, link.0, link.1);
        // 011, nothing of class and flow label, next header carried, hop limit 255; addresses of the frame. Then the class without a label.
        assert_eq!((&plain[..2], &marked.bytes[..3]), (&[0x7b, 0x33][..], &[0x73, 0x33, 0x30][..]));
        assert_eq!(
            (&plain[2..], marked.headers),
            (&marked.bytes[3..], plain.len() + 1 - (datagram.len() - IPV6_HEADER))
        );
        let iphc = SixlowpanIphcPacket::new_checked(&marked.bytes[..]).expect("IPHC");
        assert_eq!((iphc.ecn_field(), iphc.dscp_field()), (Some(0), Some(48)));
    }
}
