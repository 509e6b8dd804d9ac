//! What waits in the host of a border router: wsbrd reads the next datagram only while few frames wait in front of its radio, so that the host,
//! and not the queue of the mesh, is where congestion shows.
//!
//! W `wsbrd.c`, `wsbr_poll`: everything that the host sends goes through its network device, from the head-end as well as its own answers (DHCPv6,
//! RPL, relayed EAPOL). What the border router says to neighbours by itself does not. A source route is written when a datagram is read.

use super::{Net, Packet, Stack, device, routes};
use crate::books::Loss;
use crate::check::Bounds;
use crate::context::Ctx;
use crate::medium::PortUser;
use crate::medium::mesh::mac::LinkLayer;
use crate::node::Node;
use crate::spec::BorderStack;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The host is read while so many frames wait at most.
const READ_BELOW: u16 = 2;
/// Datagrams that the network device of a border router or a router holds (W `tun.c`: the length of its queue); one more is dropped.
const DEVICE_MAX: usize = 10;

/// Datagrams that wait in the hosts of border routers and routers, in order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Hosts(BTreeMap<Node, VecDeque<Packet>>);

impl Hosts {
    /// Whether what was saved names radios that are here.
    pub(super) fn fits(&self, bounds: &Bounds) -> bool {
        self.0.iter().all(|(&gateway, waiting)| bounds.is_own(gateway) && waiting.iter().all(|p| p.fits(bounds)))
    }

    pub(super) fn waiting(&self, gateway: Node) -> usize {
        self.0.get(&gateway).map_or(0, VecDeque::len)
    }

    /// Takes the next datagram.
    pub(super) fn take(&mut self, gateway: Node) -> Option<Packet> {
        self.0.get_mut(&gateway)?.pop_front()
    }
}

/// The host of a border router sends a datagram, whose `via` is the relay that it goes by, if not the announced parent.
pub(super) fn send<P: PortUser>(
    stack: &mut Stack<P>,
    link: &mut LinkLayer,
    ctx: &mut Ctx,
    gateway: Node,
    packet: Packet,
) {
    // To a neighbour without keys it speaks by itself.
    let is_direct = packet.via == gateway && matches!(packet.content, super::Content::Eapol { .. });
    if stack.net.procedures.border == BorderStack::Nanostack || is_direct {
        return routes::route(stack, link, ctx, gateway, packet);
    }
    if stack.net.hosts.waiting(gateway) == 0 && link.waiting(gateway) <= READ_BELOW {
        return routes::route(stack, link, ctx, gateway, packet);
    }
    hold(stack, link, ctx, gateway, packet);
}

/// A datagram waits in a host, which drops it if it is full.
pub(super) fn hold<P: PortUser>(stack: &mut Stack<P>, link: &LinkLayer, ctx: &mut Ctx, node: Node, packet: Packet) {
    let waiting = stack.net.hosts.waiting(node);
    if waiting >= DEVICE_MAX {
        stack.count_lost(ctx, node, &packet, Loss::QueueFull);
        if let Some(load) = ctx.books.load(node) {
            load.dropped += 1;
        }
        return;
    }
    stack.net.hosts.0.entry(node).or_default().push_back(packet);
    ctx.books.queues(node, waiting as u32 + 1 + u32::from(link.queued(node)));
}

/// A frame has left the queue of a node: its host is read on.
pub(super) fn read<P: PortUser>(stack: &mut Stack<P>, link: &mut LinkLayer, ctx: &mut Ctx, node: Node) {
    if !ctx.facts.is_gateway(node) {
        return device::read(stack, link, ctx, node);
    }
    let gateway = node;
    while link.waiting(gateway) <= READ_BELOW {
        let Some(packet) = stack.net.hosts.take(gateway) else { return };
        routes::route(stack, link, ctx, gateway, packet);
    }
}

/// A border router is off: what its host held is lost.
pub(super) fn clear<P: PortUser>(stack: &mut Stack<P>, ctx: &mut Ctx, gateway: Node) {
    while let Some(packet) = stack.net.hosts.take(gateway) {
        stack.count_lost(ctx, gateway, &packet, Loss::Reset);
    }
}

impl Net {
    /// Takes the next datagram that waits in the host of a border router.
    pub fn take_from_host(&mut self, gateway: Node) -> Option<Packet> {
        self.hosts.take(gateway)
    }
}
