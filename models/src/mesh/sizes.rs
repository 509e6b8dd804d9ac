//! Bytes above the link layer, by field: 6LoWPAN-compressed headers and the messages of joining and routing.

/// IPHC with both link-local addresses elided: base 2, next header 1.
const LINK_LOCAL: u16 = 3;
/// IPHC between a global address of the mesh and the border router: base 2, context 1, two 64-bit interface ids.
const ROUTED: u16 = 2 + 1 + 8 + 8;
/// Hop-by-hop option with the RPL packet information, compressed next header included.
const RPL_OPTION: u16 = 2 + 6;
/// UDP with compressed ports and the checksum.
const UDP: u16 = 4;
/// ICMPv6 header.
const ICMP: u16 = 4;

/// Neighbour solicitation 20, address registration option 16, link-layer address option 16.
pub const NS: u16 = LINK_LOCAL + ICMP + 20 + 16 + 16;
/// Neighbour advertisement 20, address registration option 16.
pub const NA: u16 = LINK_LOCAL + ICMP + 20 + 16;
/// DIS base 2.
pub const DIS: u16 = LINK_LOCAL + ICMP + 2;
/// DIO base 24, configuration option 16, prefix option 32.
pub const DIO: u16 = LINK_LOCAL + ICMP + 24 + 16 + 32;
/// DHCPv6 solicit of a node to its parent: header 4, client id 14, identity association 16, elapsed 6, rapid commit 4.
pub const DHCP_SOLICIT: u16 = LINK_LOCAL + UDP + 44;
/// The same relayed: relay header 34, relay message option 4, interface id 12.
pub const DHCP_RELAY: u16 = ROUTED + RPL_OPTION + UDP + 34 + 4 + 12 + 44;
/// DHCPv6 reply relayed: as the relay, with server id 14 and the address 28 in place of elapsed and rapid commit.
pub const DHCP_RELAY_REPLY: u16 = ROUTED + UDP + 34 + 4 + 12 + 44 + 32;
/// The reply on the last hop.
pub const DHCP_REPLY: u16 = LINK_LOCAL + UDP + 44 + 32;
/// DAO base 4, DODAG id 16, target option 20, transit option 22.
pub const DAO: u16 = ROUTED + RPL_OPTION + ICMP + 4 + 16 + 20 + 22;
/// DAO acknowledgement base 4, DODAG id 16.
pub const DAO_ACK: u16 = ROUTED + ICMP + 4 + 16;
/// A flooded command: multicast option 8, application header and authentication 36.
pub const FLOOD: u16 = ROUTED + 8 + UDP + 36;
/// A command to one meter: application header and authentication.
pub const COMMAND_PAYLOAD: u16 = 36;
/// Its acknowledgement.
pub const COMMAND_ACK_PAYLOAD: u16 = 24;
/// Confirmation of a heartbeat: the header of an empty CoAP acknowledgement.
pub const CONFIRM_PAYLOAD: u16 = 4;
/// A heartbeat: identity, time of restart, cause, authentication.
pub const HEARTBEAT_PAYLOAD: u16 = 48;

/// A datagram over UDP towards the border router.
pub const fn up(payload: u16) -> u16 {
    ROUTED + RPL_OPTION + UDP + payload
}

/// A datagram over UDP from the border router; the routing header costs 4 bytes and 8 for each hop after the first.
pub const fn down(payload: u16, hops_after_first: u8) -> u16 {
    ROUTED + UDP + payload + routing_header(hops_after_first)
}

/// Compressed source routing header.
pub const fn routing_header(hops_after_first: u8) -> u16 {
    if hops_after_first == 0 { 0 } else { 4 + 8 * hops_after_first as u16 }
}
