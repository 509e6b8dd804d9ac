//! IPv6 datagrams as they are before compression: header, extension headers, UDP, ICMPv6, tunnels.

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    Icmpv6Packet, IpAddress, IpProtocol, Ipv6Address, Ipv6Option, Ipv6OptionRepr, Ipv6Packet, Ipv6Repr,
    Ipv6RoutingHeader, Ipv6RoutingRepr, RplHopByHopRepr, RplInstanceId, UdpPacket, UdpRepr,
};

/// Protocol number of IPv6 in IPv6.
pub const IPV6: IpProtocol = IpProtocol::Unknown(41);
/// Hop limit that a node gives its own datagrams.
pub const HOP_LIMIT: u8 = 64;
/// Option type of RFC 7731 (MPL): 10 to skip, may change on the way.
const MPL_OPTION: u8 = 0x6d;
/// The one RPL instance of a PAN.
pub fn instance() -> RplInstanceId {
    RplInstanceId::Global(0)
}

/// What follows an IPv6 header: its protocol number, and the bytes.
pub struct Body {
    /// Protocol.
    pub protocol: IpProtocol,
    /// Header and payload.
    pub bytes: Vec<u8>,
}

/// Puts an IPv6 header before a body.
pub fn datagram(from: Ipv6Address, to: Ipv6Address, hop_limit: u8, body: Body) -> Vec<u8> {
    let header =
        Ipv6Repr { src_addr: from, dst_addr: to, next_header: body.protocol, payload_len: body.bytes.len(), hop_limit };
    let mut bytes = vec![0; header.buffer_len()];
    header.emit(&mut Ipv6Packet::new_unchecked(&mut bytes));
    bytes.extend_from_slice(&body.bytes);
    bytes
}

/// A whole datagram as the body of another: IPv6 in IPv6.
pub fn tunnelled(inner: Vec<u8>) -> Body {
    Body { protocol: IPV6, bytes: inner }
}

/// UDP with its checksum.
pub fn udp(from: Ipv6Address, to: Ipv6Address, ports: (u16, u16), payload: &[u8]) -> Body {
    let header = UdpRepr { src_port: ports.0, dst_port: ports.1 };
    let mut bytes = vec![0; header.header_len() + payload.len()];
    let mut packet = UdpPacket::new_unchecked(&mut bytes);
    let (from, to) = (IpAddress::Ipv6(from), IpAddress::Ipv6(to));
    let fill = |to: &mut [u8]| to.copy_from_slice(payload);
    header.emit(&mut packet, &from, &to, payload.len(), fill, &ChecksumCapabilities::default());
    Body { protocol: IpProtocol::Udp, bytes }
}

/// An ICMPv6 message of which all but the checksum is there.
pub fn icmp(from: Ipv6Address, to: Ipv6Address, mut bytes: Vec<u8>) -> Body {
    Icmpv6Packet::new_unchecked(&mut bytes[..]).fill_checksum(&from, &to);
    Body { protocol: IpProtocol::Icmpv6, bytes }
}

/// Puts an extension header of whole units of 8 bytes before a body; `content` begins at its third byte.
fn extended(protocol: IpProtocol, content: &[u8], body: Body) -> Body {
    let length = 2 + content.len();
    assert_eq!(length % 8, 0, "an extension header is a multiple of 8 bytes long");
    let mut bytes = vec![body.protocol.into(), (length / 8 - 1) as u8];
    bytes.extend_from_slice(content);
    bytes.extend_from_slice(&body.bytes);
    Body { protocol, bytes }
}

/// The RPL option in a hop-by-hop header (RFC 6553). `rank` is that of the sender on this hop, in steps of 128.
pub fn with_rpl_option(down: bool, rank: u16, body: Body) -> Body {
    let rpl = RplHopByHopRepr {
        down,
        rank_error: false,
        forwarding_error: false,
        instance_id: instance(),
        sender_rank: rank,
    };
    let mut content = [0; 6];
    Ipv6OptionRepr::Rpl(rpl).emit(&mut Ipv6Option::new_unchecked(&mut content[..]));
    extended(IpProtocol::HopByHop, &content, body)
}

/// The MPL option in a hop-by-hop header; the seed is the source address, so its id is left out.
pub fn with_mpl_option(sequence: u8, body: Body) -> Body {
    let largest = 0x20;
    let pad_n = [1, 0];
    extended(IpProtocol::HopByHop, &[MPL_OPTION, 2, largest, sequence, pad_n[0], pad_n[1]], body)
}

/// The source routing header (RFC 6554) of a datagram that has `ahead` places to visit after its current destination.
/// Places share the prefix of the mesh, 8 bytes, which is left out.
pub fn with_source_route(places: &[Ipv6Address], ahead: usize, body: Body) -> Body {
    let addresses: Vec<u8> = places.iter().flat_map(|a| a.octets()[8..].to_vec()).collect();
    let route =
        Ipv6RoutingRepr::Rpl { segments_left: ahead as u8, cmpr_i: 8, cmpr_e: 8, pad: 0, addresses: &addresses };
    let mut content = vec![0; route.buffer_len()];
    route.emit(&mut Ipv6RoutingHeader::new_unchecked(&mut content[..]));
    extended(IpProtocol::Ipv6Route, &content, body)
}
