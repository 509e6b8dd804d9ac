//! ICMPv6 of the mesh: address registration (RFC 6775, 8505) and RPL messages (RFC 6550), without their checksum.

use super::address;
use super::ip::instance;
use crate::node::SiteId;
use smoltcp::wire::{Icmpv6Packet, Ipv6Address, RplOptionPacket, RplOptionRepr, RplRepr};

const NEIGHBOUR_SOLICITATION: u8 = 135;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
/// Flag: answers a solicitation.
const SOLICITED: u8 = 0x40;
/// Status of a registration (RFC 6775, 4.1).
const TABLE_FULL: u8 = 2;
/// Whom it asks has no parent itself.
const TOPOLOGICALLY_INCORRECT: u8 = 8;
/// Registration is asked for (RFC 9685, 7.3).
const REFRESH: u8 = 13;
/// Flag: its sender is a router.
const ROUTER: u8 = 0x80;
const UNREACHABLE: u8 = 1;
/// A source route leads no further (RFC 6550, 20.18).
const ERROR_IN_SOURCE_ROUTE: u8 = 7;
const SOURCE_LINK_LAYER_ADDRESS: u8 = 1;
const ADDRESS_REGISTRATION: u8 = 33;
/// Lifetime of a registration, minutes.
const REGISTERED_MINUTES: u16 = 37;
/// Objective function: minimum rank with hysteresis (RFC 6719).
const MRHOF: u16 = 1;
const NON_STORING: u8 = 1;

/// What a DODAG says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dodag {
    /// Smallest interval of its information, 2^x ms.
    pub interval_exponent: u8,
    /// Doublings of it.
    pub interval_doublings: u8,
    /// Suppression.
    pub k: u8,
    /// Least step of a rank.
    pub rank_step: u16,
    /// How far a rank may rise.
    pub rank_increase_max: u16,
    /// How long a route is good, h.
    pub lifetime_h: u16,
}

fn registration_option(site: SiteId, status: u8, minutes: u16) -> Vec<u8> {
    // Type, length in units of 8 bytes, status, three reserved bytes, lifetime, owner.
    let mut option = vec![ADDRESS_REGISTRATION, 2, status, 0, 0, 0];
    option.extend(minutes.to_be_bytes());
    option.extend(address::eui64(site));
    option
}

/// Neighbour solicitation of `node` for a neighbour's address.
pub fn solicitation(node: SiteId, target: Ipv6Address) -> Vec<u8> {
    let mut bytes = vec![NEIGHBOUR_SOLICITATION, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend(target.octets());
    bytes.extend([SOURCE_LINK_LAYER_ADDRESS, 2]);
    bytes.extend(address::eui64(node));
    bytes.extend([0; 6]);
    bytes
}

/// The same with the registration of `node`'s address, for a minute only if it leaves.
pub fn registration(node: SiteId, target: Ipv6Address, leaves: bool) -> Vec<u8> {
    let mut bytes = solicitation(node, target);
    bytes.extend(registration_option(node, 0, if leaves { 1 } else { REGISTERED_MINUTES }));
    bytes
}

/// Neighbour advertisement to `node` that its registration of an address is refused: the table is full, or there is no way.
pub fn refusal(node: SiteId, address: Ipv6Address, is_full: bool) -> Vec<u8> {
    let mut bytes = vec![NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, SOLICITED, 0, 0, 0];
    bytes.extend(address.octets());
    bytes.extend(registration_option(node, if is_full { TABLE_FULL } else { TOPOLOGICALLY_INCORRECT }, 0));
    bytes
}

/// Neighbour advertisement of a router to all that it has lost its table, so that children are to register again.
pub fn refresh(address: Ipv6Address) -> Vec<u8> {
    let mut bytes = vec![NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, ROUTER, 0, 0, 0];
    bytes.extend(address.octets());
    // For nobody in particular.
    bytes.extend([ADDRESS_REGISTRATION, 2, REFRESH, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

/// A datagram cannot be passed on along its source route; `invoking` is as much of it as comes back.
pub fn source_route_error(invoking: &[u8]) -> Vec<u8> {
    let mut bytes = vec![UNREACHABLE, ERROR_IN_SOURCE_ROUTE, 0, 0, 0, 0, 0, 0];
    bytes.extend_from_slice(invoking);
    bytes
}

fn rpl(message: &RplRepr) -> Vec<u8> {
    let mut bytes = vec![0; message.buffer_len()];
    message.emit(&mut Icmpv6Packet::new_unchecked(&mut bytes[..]));
    bytes
}

fn option(option: &RplOptionRepr) -> Vec<u8> {
    let mut bytes = vec![0; option.buffer_len()];
    option.emit(&mut RplOptionPacket::new_unchecked(&mut bytes[..]));
    bytes
}

/// DODAG information solicitation.
pub fn dis() -> Vec<u8> {
    rpl(&RplRepr::DodagInformationSolicitation { options: &[] })
}

/// Lifetime of a route in the units that the border router says.
const LIFETIME_UNITS: u8 = 120;

/// DODAG information object of a node of this rank in this version, with the DODAG's configuration and prefix.
pub fn dio(router: SiteId, (rank, version): (u16, u8), dodag: &Dodag) -> Vec<u8> {
    let mut prefix = [0; 16];
    prefix[..8].copy_from_slice(&address::prefix(router));
    let mut options = option(&RplOptionRepr::DodagConfiguration {
        authentication_enabled: false,
        path_control_size: 7,
        dio_interval_doublings: dodag.interval_doublings,
        dio_interval_min: dodag.interval_exponent,
        dio_redundancy_constant: dodag.k,
        max_rank_increase: dodag.rank_increase_max,
        minimum_hop_rank_increase: dodag.rank_step,
        objective_code_point: MRHOF,
        default_lifetime: LIFETIME_UNITS,
        lifetime_unit: dodag.lifetime_h * (3_600 / u16::from(LIFETIME_UNITS)),
    });
    options.extend(option(&RplOptionRepr::PrefixInformation {
        prefix_length: 64,
        on_link: false,
        autonomous_address_configuration: false,
        router_address: false,
        valid_lifetime: u32::MAX,
        preferred_lifetime: u32::MAX,
        destination_prefix: &prefix,
    }));
    rpl(&RplRepr::DodagInformationObject {
        rpl_instance_id: instance(),
        version_number: version,
        rank,
        grounded: true,
        mode_of_operation: NON_STORING.into(),
        dodag_preference: 0,
        dtsn: 240,
        dodag_id: address::global(router, router),
        options: &options,
    })
}

/// Which of the parents a route is by, as wsrd says it.
const PATH_CONTROL: [u8; 2] = [0x40, 0x10];

/// Destination advertisement of `node` below one or two parents, to be acknowledged.
pub fn dao(router: SiteId, node: SiteId, parents: (SiteId, Option<SiteId>), sequence: u8) -> Vec<u8> {
    let mut options = option(&RplOptionRepr::RplTarget { prefix_length: 128, prefix: address::global(router, node) });
    for (parent, path_control) in [Some(parents.0), parents.1].into_iter().flatten().zip(PATH_CONTROL) {
        options.extend(option(&RplOptionRepr::TransitInformation {
            external: false,
            path_control,
            path_sequence: sequence,
            path_lifetime: LIFETIME_UNITS,
            parent_address: Some(address::global(router, parent)),
        }));
    }
    rpl(&RplRepr::DestinationAdvertisementObject {
        rpl_instance_id: instance(),
        expect_ack: true,
        sequence,
        dodag_id: None,
        options: &options,
    })
}

/// Its acknowledgement.
pub fn dao_ack(sequence: u8) -> Vec<u8> {
    rpl(&RplRepr::DestinationAdvertisementObjectAck {
        rpl_instance_id: instance(),
        sequence,
        status: 0,
        dodag_id: None,
    })
}
