//! DHCPv6 (RFC 8415) as far as a node needs it for its address: solicit with rapid commit, reply, and both relayed.

use super::address;
use crate::node::SiteId;
use smoltcp::wire::Ipv6Address;

/// Port of clients.
pub const CLIENT_PORT: u16 = 546;
/// Port of relays and servers.
pub const SERVER_PORT: u16 = 547;

const SOLICIT: u8 = 1;
const REPLY: u8 = 7;
const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;
const CLIENT_ID: u16 = 1;
const SERVER_ID: u16 = 2;
const IA_NA: u16 = 3;
const IA_ADDRESS: u16 = 5;
const ELAPSED_TIME: u16 = 8;
const RELAY_MESSAGE: u16 = 9;
const RAPID_COMMIT: u16 = 14;
/// Hardware type EUI-64.
const EUI64: u16 = 27;
const FOR_EVER: [u8; 4] = [0xff; 4];

fn option(code: u16, content: &[u8]) -> Vec<u8> {
    let mut bytes = code.to_be_bytes().to_vec();
    bytes.extend((content.len() as u16).to_be_bytes());
    bytes.extend_from_slice(content);
    bytes
}

/// DUID of link-layer addresses.
fn duid(site: SiteId) -> Vec<u8> {
    let mut bytes = vec![0, 3];
    bytes.extend(EUI64.to_be_bytes());
    bytes.extend(address::eui64(site));
    bytes
}

fn message(kind: u8, transaction: u32, options: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend(&transaction.to_be_bytes()[1..]);
    bytes.extend(options.concat());
    bytes
}

/// Identity association of one interface: its number, two times that the server leaves to the client, options.
fn association(options: &[u8]) -> Vec<u8> {
    let mut content = vec![0, 0, 0, 1];
    content.extend([0; 8]);
    content.extend_from_slice(options);
    option(IA_NA, &content)
}

/// A node asks for an address.
pub fn solicit(node: SiteId) -> Vec<u8> {
    let options =
        [option(CLIENT_ID, &duid(node)), association(&[]), option(ELAPSED_TIME, &[0, 0]), option(RAPID_COMMIT, &[])];
    message(SOLICIT, node.0, &options)
}

/// The border router gives it one.
pub fn reply(router: SiteId, node: SiteId) -> Vec<u8> {
    let mut given = address::global(router, node).octets().to_vec();
    given.extend(FOR_EVER);
    given.extend(FOR_EVER);
    let options = [
        option(CLIENT_ID, &duid(node)),
        option(SERVER_ID, &duid(router)),
        association(&option(IA_ADDRESS, &given)),
        option(RAPID_COMMIT, &[]),
    ];
    message(REPLY, node.0, &options)
}

fn relayed(kind: u8, relay: Ipv6Address, peer: Ipv6Address, inner: &[u8]) -> Vec<u8> {
    let hops = 0;
    let mut bytes = vec![kind, hops];
    bytes.extend(relay.octets());
    bytes.extend(peer.octets());
    bytes.extend(option(RELAY_MESSAGE, inner));
    bytes
}

/// The parent passes a solicit on to the border router.
pub fn relay_forward(router: SiteId, parent: SiteId, node: SiteId) -> Vec<u8> {
    relayed(RELAY_FORWARD, address::global(router, parent), address::link_local(node), &solicit(node))
}

/// The border router answers by way of the parent.
pub fn relay_reply(router: SiteId, parent: SiteId, node: SiteId) -> Vec<u8> {
    relayed(RELAY_REPLY, address::global(router, parent), address::link_local(node), &reply(router, node))
}
