//! Addresses of the simulated network: EUI-64s, PAN ids and IPv6 addresses, all from the sites of radios.

use crate::node::SiteId;
use smoltcp::wire::{Ieee802154Address, Ipv6Address};

/// First half of every EUI-64: locally administered, then `ami`.
const VENDOR: [u8; 4] = [0x02, b'a', b'm', b'i'];
/// All nodes of the PAN that take part in flooding: ALL_MPL_FORWARDERS of realm-local scope (RFC 7731).
pub const ALL_MPL_FORWARDERS: Ipv6Address = Ipv6Address::new(0xff03, 0, 0, 0, 0, 0, 0, 0xfc);
/// All nodes on the link.
pub const ALL_NODES: Ipv6Address = Ipv6Address::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// All RPL nodes on the link (RFC 6550).
pub const ALL_RPL_NODES: Ipv6Address = Ipv6Address::new(0xff02, 0, 0, 0, 0, 0, 0, 0x1a);
/// The group of all meters, of site-local scope, that commands for all are sent to.
pub const ALL_METERS: Ipv6Address = Ipv6Address::new(0xff15, 0, 0, 0, 0, 0, 0x61, 0x6d69);
/// The head-end, behind the border routers. Like all global addresses here it is from the documentation prefix.
pub const HEAD_END: Ipv6Address = Ipv6Address::new(0x2001, 0xdb8, 0xffff, 0xffff, 0, 0, 0, 1);

/// EUI-64 of a radio, most significant byte first.
pub fn eui64(site: SiteId) -> [u8; 8] {
    let ([a, b, c, d], [e, f, g, h]) = (VENDOR, site.0.to_be_bytes());
    [a, b, c, d, e, f, g, h]
}

/// The same as smoltcp's link-layer address.
pub fn link(site: SiteId) -> Ieee802154Address {
    Ieee802154Address::Extended(eui64(site))
}

/// Interface id: the EUI-64 with its universal/local bit turned over.
fn interface(site: SiteId) -> [u8; 8] {
    let mut id = eui64(site);
    id[0] ^= 2;
    id
}

fn with_prefix(prefix: [u8; 8], site: SiteId) -> Ipv6Address {
    let mut octets = [0; 16];
    octets[..8].copy_from_slice(&prefix);
    octets[8..].copy_from_slice(&interface(site));
    Ipv6Address::from_octets(octets)
}

/// Link-local address of a radio.
pub fn link_local(site: SiteId) -> Ipv6Address {
    with_prefix([0xfe, 0x80, 0, 0, 0, 0, 0, 0], site)
}

/// The /64 of the mesh of the border router `router`.
pub fn prefix(router: SiteId) -> [u8; 8] {
    let [a, b, c, d] = router.0.to_be_bytes();
    [0x20, 0x01, 0x0d, 0xb8, a, b, c, d]
}

/// Global address of a radio in the mesh of `router`.
pub fn global(router: SiteId, radio: SiteId) -> Ipv6Address {
    with_prefix(prefix(router), radio)
}

/// PAN id of the mesh of `router`; 0xFFFF means any PAN and is left out.
pub fn pan_id(router: SiteId) -> u16 {
    (router.0 % 0xffff) as u16
}
