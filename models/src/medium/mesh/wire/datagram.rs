//! What a datagram of the simulation is in bytes: one [`Hop`] becomes an IPv6 datagram.
//!
//! ```text
//! to the border router itself    IPv6, RPL option, ICMPv6 or UDP
//! to what lies behind it         IPv6, RPL option, IPv6, UDP          (a tunnel to the border router)
//! from the border router itself  IPv6, source route, ICMPv6 or UDP    (RPL option instead if it is one hop)
//! from what lies behind it       IPv6, source route, IPv6, UDP        (a tunnel to the node)
//! for all                        IPv6, MPL option, IPv6, UDP          (a tunnel to the forwarders)
//! to a neighbour                 IPv6 with link-local addresses
//! ```

use super::address::{self, ALL_METERS, ALL_MPL_FORWARDERS, ALL_NODES, ALL_RPL_NODES, HEAD_END};
use super::dhcpv6::{self, CLIENT_PORT, SERVER_PORT};
use super::ip::{self, Body, HOP_LIMIT};
use super::{eapol, icmpv6, sixlowpan};
use crate::medium::mesh::packet::Kind;
use crate::node::SiteId;
use smoltcp::wire::{Ieee802154Address, Ipv6Address, Ipv6Packet};

/// UDP port of DLMS/COSEM, on both sides.
pub const DLMS_PORT: u16 = 4059;
/// Traffic class of network control (DSCP CS6).
pub const NETWORK_CONTROL: u8 = 48 << 2;
/// Hop limit by which neighbour discovery knows that nobody forwarded it.
const ON_LINK: u8 = 255;

/// A datagram on one hop; radios by site.
#[derive(Clone, Debug)]
pub struct Hop<'a> {
    /// Purpose.
    pub kind: Kind,
    /// First sender.
    pub origin: SiteId,
    /// Border router of the mesh.
    pub router: SiteId,
    /// Sender on this hop.
    pub from: SiteId,
    /// Receiver on this hop; `None`: everyone.
    pub to: Option<SiteId>,
    /// Parent of the origin.
    pub via: SiteId,
    /// Its second parent, if it has one.
    pub second: Option<SiteId>,
    /// Hops done.
    pub hops: u8,
    /// Places of the source route before `to`, in order.
    pub visited: &'a [SiteId],
    /// Places of the source route after `to`, in order.
    pub ahead: &'a [SiteId],
    /// RPL rank of the sender on this hop.
    pub rank: u16,
    /// Path sequence of a DAO and its answer, version that a DIO tells, number of a flood, or why a registration is refused.
    pub number: u8,
    /// Rank that a DIO tells.
    pub told_rank: u16,
    /// Traffic class.
    pub class: u8,
    /// What a DIO says of the DODAG.
    pub dodag: icmpv6::Dodag,
    /// What UDP carries.
    pub payload: &'a [u8],
}

impl Hop<'_> {
    fn here(&self) -> Ipv6Address {
        address::link_local(self.from)
    }
    fn at(&self, radio: SiteId) -> Ipv6Address {
        address::global(self.router, radio)
    }

    /// The IPv6 datagram.
    pub fn datagram(&self) -> Vec<u8> {
        let mut datagram = self.of_no_class();
        if self.class > 0 {
            Ipv6Packet::new_unchecked(&mut datagram[..]).set_traffic_class(self.class);
        }
        datagram
    }

    fn of_no_class(&self) -> Vec<u8> {
        let next = self.to.map(address::link_local);
        match self.kind {
            Kind::Probe => self.payload.to_vec(),
            Kind::Ns => {
                let (from, to) = (self.at(self.from), next.unwrap_or(ALL_RPL_NODES));
                ip::datagram(
                    from,
                    to,
                    ON_LINK,
                    ip::icmp(from, to, icmpv6::registration(self.from, to, self.number > 0)),
                )
            }
            Kind::Na if self.to.is_none() => {
                let message = icmpv6::refresh(self.here());
                ip::datagram(self.here(), ALL_NODES, ON_LINK, ip::icmp(self.here(), ALL_NODES, message))
            }
            Kind::Na => {
                let to = self.at(self.to.unwrap_or(self.origin));
                let message = icmpv6::refusal(self.to.unwrap_or(self.origin), to, self.number == 0);
                ip::datagram(self.here(), to, ON_LINK, ip::icmp(self.here(), to, message))
            }
            Kind::Nud => {
                let to = next.unwrap_or(ALL_RPL_NODES);
                self.to_neighbours(icmpv6::solicitation(self.from, to))
            }
            Kind::Dis => self.to_neighbours(icmpv6::dis()),
            Kind::Dio => self.to_neighbours(icmpv6::dio(self.router, (self.told_rank, self.number), &self.dodag)),
            Kind::Solicit if self.hops == 0 => {
                let to = next.unwrap_or(ALL_RPL_NODES);
                let ports = (CLIENT_PORT, SERVER_PORT);
                let body = ip::udp(self.here(), to, ports, &dhcpv6::solicit(self.origin));
                ip::datagram(self.here(), to, HOP_LIMIT, body)
            }
            Kind::Solicit => {
                let (from, to) = (self.at(self.via), self.at(self.router));
                let ports = (SERVER_PORT, SERVER_PORT);
                let body = ip::udp(from, to, ports, &dhcpv6::relay_forward(self.router, self.via, self.origin));
                self.up(from, self.hops - 1, body)
            }
            Kind::Reply => self.reply(),
            Kind::Dao => {
                let (from, to) = (self.at(self.origin), self.at(self.router));
                let message = icmpv6::dao(self.router, self.origin, (self.via, self.second), self.number);
                self.up(from, self.hops, ip::icmp(from, to, message))
            }
            Kind::DaoAck => {
                let (from, to) = (self.at(self.router), self.last());
                let body = ip::icmp(from, to, icmpv6::dao_ack(self.number));
                self.down(self.ahead, body)
            }
            Kind::RouteError => {
                let (from, to) = (self.at(self.origin), self.at(self.router));
                self.up(from, self.hops, ip::icmp(from, to, icmpv6::source_route_error(self.payload)))
            }
            Kind::Eapol if self.ahead.is_empty() => {
                let (from, to) = (self.at(self.via), self.at(self.router));
                self.up(from, self.hops - 1, ip::udp(from, to, eapol::PORTS, self.payload))
            }
            Kind::Eapol => {
                let (_, relays) = self.ahead.split_last().unwrap_or((&self.origin, &[]));
                let (from, to) =
                    (self.at(self.router), self.at(relays.last().copied().or(self.to).unwrap_or(self.router)));
                self.down(relays, ip::udp(from, to, (eapol::PORTS.1, eapol::PORTS.0), self.payload))
            }
            Kind::Heartbeat | Kind::Push | Kind::Alarm | Kind::CommandAck | Kind::Answer => {
                let from = self.at(self.origin);
                let body = ip::udp(from, HEAD_END, (DLMS_PORT, DLMS_PORT), self.payload);
                self.up(from, self.hops, ip::tunnelled(ip::datagram(from, HEAD_END, HOP_LIMIT, body)))
            }
            Kind::Confirm | Kind::Command | Kind::Request => {
                let to = self.last();
                let body = ip::udp(HEAD_END, to, (DLMS_PORT, DLMS_PORT), self.payload);
                self.down(self.ahead, ip::tunnelled(ip::datagram(HEAD_END, to, HOP_LIMIT - 1, body)))
            }
            Kind::Flood => {
                let from = self.at(self.router);
                let body = ip::udp(HEAD_END, ALL_METERS, (DLMS_PORT, DLMS_PORT), self.payload);
                let inner = ip::tunnelled(ip::datagram(HEAD_END, ALL_METERS, HOP_LIMIT - 1, body));
                let body = ip::with_mpl_option(self.number, inner);
                ip::datagram(from, ALL_MPL_FORWARDERS, HOP_LIMIT, body)
            }
        }
    }

    /// The same with its headers compressed.
    pub fn compressed(&self) -> sixlowpan::Compressed {
        if self.kind == Kind::Probe {
            // Traffic of the link-layer bench is no IPv6.
            return sixlowpan::Compressed { bytes: self.payload.to_vec(), headers: 0, plain_headers: 0 };
        }
        let to = self.to.map_or(Ieee802154Address::BROADCAST, address::link);
        sixlowpan::compress(&self.datagram(), address::link(self.from), to)
    }

    fn to_neighbours(&self, message: Vec<u8>) -> Vec<u8> {
        let to = self.to.map_or(ALL_RPL_NODES, address::link_local);
        let body = ip::icmp(self.here(), to, message);
        ip::datagram(self.here(), to, ON_LINK, body)
    }

    /// Towards the border router, `hops` after whoever made the header.
    fn up(&self, from: Ipv6Address, hops: u8, body: Body) -> Vec<u8> {
        let body = ip::with_rpl_option(false, self.rank / self.dodag.rank_step, body);
        ip::datagram(from, self.at(self.router), HOP_LIMIT - hops, body)
    }

    /// Where the source route ends.
    fn last(&self) -> Ipv6Address {
        self.at(self.ahead.last().copied().or(self.to).unwrap_or(self.origin))
    }

    /// From the border router by source route, of which `ahead` lies behind this hop.
    fn down(&self, ahead: &[SiteId], body: Body) -> Vec<u8> {
        let from = self.at(self.router);
        let to = self.at(self.to.unwrap_or(self.origin));
        let hop_limit = HOP_LIMIT - self.hops;
        if self.visited.is_empty() && ahead.is_empty() {
            return ip::datagram(
                from,
                to,
                hop_limit,
                ip::with_rpl_option(true, self.rank / self.dodag.rank_step, body),
            );
        }
        let places: Vec<Ipv6Address> = self.visited.iter().chain(ahead).map(|&n| self.at(n)).collect();
        ip::datagram(from, to, hop_limit, ip::with_source_route(&places, ahead.len(), body))
    }

    /// A DHCPv6 reply: to the relay by source route, from there to the node.
    fn reply(&self) -> Vec<u8> {
        let Some((&node, relays)) = self.ahead.split_last() else {
            let node = self.to.unwrap_or(self.origin);
            let to = address::link_local(node);
            let ports = (SERVER_PORT, CLIENT_PORT);
            let body = ip::udp(self.here(), to, ports, &dhcpv6::reply(self.router, node));
            return ip::datagram(self.here(), to, HOP_LIMIT, body);
        };
        let relay = relays.last().copied().or(self.to).unwrap_or(self.router);
        let (from, to) = (self.at(self.router), self.at(relay));
        let ports = (SERVER_PORT, SERVER_PORT);
        let body = ip::udp(from, to, ports, &dhcpv6::relay_reply(self.router, relay, node));
        self.down(relays, body)
    }
}
