//! Datagrams on their way through the mesh, in one slab; queues are lists through it, so an idle node holds nothing.

use crate::apdu::Apdu;
use amitwin_data::rows::FrameKind;
use amitwin_sim_core::SimTime;

/// No packet.
pub const NIL: u32 = u32::MAX;
/// Longest source route, hops.
pub const ROUTE_MAX: usize = 24;

/// What a datagram is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Link-layer bench: one hop, no meaning.
    Probe,
    /// Neighbour solicitation with address registration, to the parent.
    Ns,
    /// DHCPv6 solicit, relayed to the border router.
    Solicit,
    /// DHCPv6 reply.
    Reply,
    /// RPL destination advertisement, to the border router.
    Dao,
    /// Its answer.
    DaoAck,
    /// RPL solicitation, to one neighbour.
    Dis,
    /// RPL information, to one neighbour or to all.
    Dio,
    /// A meter is back.
    Heartbeat,
    /// The head-end has heard it.
    Confirm,
    /// A regular report.
    Push,
    /// A command for one meter.
    Command,
    /// Its answer.
    CommandAck,
    /// A read of one meter.
    Request,
    /// What was read.
    Answer,
    /// A command for all, repeated by everyone.
    Flood,
}

impl Kind {
    /// Its kind in the `frames` table.
    pub const fn frame_kind(self) -> FrameKind {
        match self {
            Kind::Probe => FrameKind::Probe,
            Kind::Ns => FrameKind::Ns,
            Kind::Solicit => FrameKind::DhcpSolicit,
            Kind::Reply => FrameKind::DhcpReply,
            Kind::Dao => FrameKind::Dao,
            Kind::DaoAck => FrameKind::DaoAck,
            Kind::Dis => FrameKind::Dis,
            Kind::Dio => FrameKind::Dio,
            Kind::Heartbeat => FrameKind::Heartbeat,
            Kind::Confirm => FrameKind::Confirm,
            Kind::Push => FrameKind::Push,
            Kind::Command => FrameKind::Command,
            Kind::CommandAck => FrameKind::CommandAck,
            Kind::Request => FrameKind::Request,
            Kind::Answer => FrameKind::Answer,
            Kind::Flood => FrameKind::Flood,
        }
    }
}

/// A datagram held by one node.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// Next in the same queue, or in the free list.
    pub next: u32,
    /// Purpose.
    pub kind: Kind,
    /// Bytes above the link layer in this hop's frame; set when it is queued.
    pub bytes: u16,
    /// First sender.
    pub origin: u16,
    /// Last receiver.
    pub dest: u16,
    /// Receiver of this hop, or [`crate::radio::air::EVERYONE`].
    pub hop_to: u16,
    /// The origin's parent when it was sent.
    pub via: u16,
    /// Hops done.
    pub hops: u8,
    /// Transmissions on this hop so far.
    pub airings: u8,
    /// Transmissions on this hop so far, and attempts that found no free channel.
    pub tries: u8,
    /// Number of this fragment, from 0.
    pub fragment: u8,
    /// Fragments of the datagram on this hop; 0: it is whole.
    pub fragments: u8,
    /// Tag that the fragments of a datagram share.
    pub tag: u16,
    /// Sequence number of its frame on this hop; given only while frames are captured.
    pub sequence: u8,
    /// It met a node that is not nearer to the border router than its sender.
    pub strayed: bool,
    /// This hop's receiver has it.
    pub delivered: bool,
    /// Meaning depends on the kind: campaign, number of a report, rank.
    pub value: u32,
    /// Attempts by the origin above the link layer.
    pub attempts: u8,
    /// Payload above UDP, bytes.
    pub payload: u16,
    /// The payload, if it is an APDU.
    pub apdu: Apdu,
    /// When its cause was due at the origin.
    pub planned: SimTime,
    /// Not to be sent before.
    pub not_before: SimTime,
    /// Places on the source route left to visit after this hop.
    pub route_len: u8,
    /// Source route, last hop first.
    pub route: [u16; ROUTE_MAX],
}

impl Packet {
    /// A datagram for the next hop.
    pub fn new(kind: Kind, origin: u16, dest: u16, hop_to: u16, now: SimTime) -> Self {
        Packet {
            next: NIL,
            kind,
            bytes: 0,
            origin,
            dest,
            hop_to,
            via: u16::MAX,
            hops: 0,
            tries: 0,
            airings: 0,
            fragment: 0,
            fragments: 0,
            tag: 0,
            sequence: 0,
            strayed: false,
            delivered: false,
            value: 0,
            attempts: 1,
            payload: 0,
            apdu: Apdu::default(),
            planned: now,
            not_before: SimTime::ZERO,
            route_len: 0,
            route: [0; ROUTE_MAX],
        }
    }
}

/// A first-in-first-out list through the slab.
#[derive(Clone, Copy, Debug)]
pub struct Fifo {
    head: u32,
    tail: u32,
    len: u16,
}

impl Default for Fifo {
    fn default() -> Self {
        Fifo { head: NIL, tail: NIL, len: 0 }
    }
}

impl Fifo {
    /// First packet, or [`NIL`].
    pub fn head(&self) -> u32 {
        self.head
    }
    /// Packets.
    pub fn len(&self) -> u16 {
        self.len
    }
    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// All packets of a partition.
#[derive(Debug)]
pub struct Packets {
    slots: Vec<Packet>,
    free: u32,
    held: u32,
}

impl Default for Packets {
    fn default() -> Self {
        Packets { slots: Vec::new(), free: NIL, held: 0 }
    }
}

impl Packets {
    /// Stores a packet.
    pub fn add(&mut self, packet: Packet) -> u32 {
        self.held += 1;
        if self.free == NIL {
            self.slots.push(packet);
            return (self.slots.len() - 1) as u32;
        }
        let at = self.free;
        self.free = self.slots[at as usize].next;
        self.slots[at as usize] = packet;
        at
    }
    /// Gives a slot back. The packet stays readable until the slot is used again.
    pub fn release(&mut self, at: u32) {
        self.held -= 1;
        self.slots[at as usize].next = self.free;
        self.free = at;
    }
    /// A packet.
    #[inline]
    pub fn get(&self, at: u32) -> &Packet {
        &self.slots[at as usize]
    }
    /// A packet, to be changed.
    #[inline]
    pub fn get_mut(&mut self, at: u32) -> &mut Packet {
        &mut self.slots[at as usize]
    }
    /// Appends a packet to a queue.
    pub fn push(&mut self, fifo: &mut Fifo, at: u32) {
        self.slots[at as usize].next = NIL;
        if fifo.tail == NIL {
            fifo.head = at;
        } else {
            self.slots[fifo.tail as usize].next = at;
        }
        fifo.tail = at;
        fifo.len += 1;
    }
    /// Takes the first packet off a queue.
    pub fn pop(&mut self, fifo: &mut Fifo) -> Option<u32> {
        if fifo.head == NIL {
            return None;
        }
        let at = fifo.head;
        fifo.head = self.slots[at as usize].next;
        if fifo.head == NIL {
            fifo.tail = NIL;
        }
        fifo.len -= 1;
        Some(at)
    }
    /// Moves the first packet of a queue to its end.
    pub fn rotate(&mut self, fifo: &mut Fifo) {
        if let Some(at) = self.pop(fifo) {
            self.push(fifo, at);
        }
    }
    /// Packets held by all nodes.
    pub fn held(&self) -> u32 {
        self.held
    }
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Packet>()
    }
}
