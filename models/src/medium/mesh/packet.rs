//! Datagrams on their way through the mesh, in one slab; queues are lists through it, so an idle node holds nothing.

mod kind;
mod state;

pub use kind::Kind;

use crate::medium::message::{Body, Carried, Message, Return};
use crate::node::Node;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// No packet.
pub const NIL: u32 = u32::MAX;
/// Longest source route, hops.
pub const ROUTE_MAX: usize = 24;

/// How much of the exchange it takes by which a node gets keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Depth {
    /// All of it, for a node of which nothing is known, or no longer.
    #[default]
    Full,
    /// The four-way handshake: what certificates have shown is good.
    Pairwise,
    /// The group handshake: keys between the two are good as well.
    Group,
}

/// What a datagram carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// Link-layer bench: bytes without meaning.
    Probe {
        /// Bytes above the link layer.
        bytes: u16,
        /// When it was asked for.
        asked: SimTime,
    },
    /// Neighbour solicitation with address registration.
    Ns {
        /// It is good for a minute only: the receiver is the parent no longer.
        leaves: bool,
    },
    /// Neighbour advertisement. To one: its registration is refused. To all: children are to register again, the node
    /// has lost its table.
    Na {
        /// The table is full; otherwise the node has no way itself.
        is_full: bool,
    },
    /// Neighbour solicitation that asks whether a neighbour is there.
    Nud,
    /// DHCPv6 solicit.
    Solicit,
    /// DHCPv6 reply.
    Reply,
    /// RPL destination advertisement.
    Dao {
        /// Path sequence.
        sequence: u8,
        /// The second parent, if there is one.
        second: Node,
        /// Its path is not worse than that by the first.
        is_equal: bool,
        /// What the border router passes on to the head-end. On the air it is the path sequence, which starts in the
        /// linear region after a restart (RFC 6550, 7.2).
        back: Option<Return>,
    },
    /// Its answer.
    DaoAck {
        /// Path sequence that it answers.
        sequence: u8,
    },
    /// A node that a source route names next is no child of the sender.
    RouteError {
        /// That node.
        of: Node,
        /// Bytes of the datagram that comes back with it.
        bytes: u16,
    },
    /// A frame of the exchange by which a node gets its keys; from a border router, or for it.
    Eapol {
        /// Its number in the exchange, from 0.
        step: u8,
        /// Bytes of EAPOL.
        bytes: u16,
        /// The node that gets keys.
        of: Node,
        /// Of which exchange.
        depth: Depth,
    },
    /// RPL solicitation.
    Dis,
    /// RPL information.
    Dio {
        /// Rank of its sender.
        rank: u16,
        /// Hops of its sender.
        hops: u8,
        /// Version of the DODAG that it is in.
        version: u8,
    },
    /// What somebody above the medium says.
    Message(Message),
}

impl Content {
    /// What it is for.
    pub const fn kind(&self) -> Kind {
        match self {
            Content::Probe { .. } => Kind::Probe,
            Content::Ns { .. } => Kind::Ns,
            Content::Na { .. } => Kind::Na,
            Content::Nud => Kind::Nud,
            Content::Solicit => Kind::Solicit,
            Content::Reply => Kind::Reply,
            Content::Dao { .. } => Kind::Dao,
            Content::DaoAck { .. } => Kind::DaoAck,
            Content::RouteError { .. } => Kind::RouteError,
            Content::Eapol { .. } => Kind::Eapol,
            Content::Dis => Kind::Dis,
            Content::Dio { .. } => Kind::Dio,
            Content::Message(message) => match message.body {
                Body::Heartbeat { .. } => Kind::Heartbeat,
                Body::Push { .. } | Body::Bundle { .. } => Kind::Push,
                Body::Alarm { .. } | Body::Notice { .. } => Kind::Alarm,
                Body::CommandAck { .. } => Kind::CommandAck,
                Body::Answer { .. } => Kind::Answer,
                Body::Confirm => Kind::Confirm,
                Body::Command { .. } => Kind::Command,
                Body::Request { .. } => Kind::Request,
                Body::Flood { .. } | Body::Spread { .. } => Kind::Flood,
            },
        }
    }

    /// Payload above UDP (of a probe: above the link layer), bytes.
    pub const fn payload(&self) -> u16 {
        match self {
            Content::Probe { bytes, .. } | Content::RouteError { bytes, .. } | Content::Eapol { bytes, .. } => *bytes,
            Content::Message(message) => message.bytes,
            _ => 0,
        }
    }
}

/// When a frame may be sent, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Not before this.
    pub not_before: SimTime,
    /// Since when the radio has it; when missing, it has had no turn yet.
    pub given: Option<SimTime>,
    /// Looks at a busy channel on this hop so far, where they are counted for the frame.
    pub looks: u8,
}

/// A datagram held by one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Packet {
    /// Next in the same queue, or in the free list.
    pub next: u32,
    /// Bytes above the link layer in this hop's frame; set when it is queued.
    pub bytes: u16,
    /// First sender.
    pub origin: Node,
    /// Last receiver.
    pub dest: Node,
    /// Receiver of this hop, or [`Node::EVERYONE`].
    pub hop_to: Node,
    /// The origin's parent when it was sent.
    pub via: Node,
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
    /// What its holder's radio makes of it.
    pub turn: Turn,
    /// Since when its holder has it.
    pub queued: SimTime,
    /// What it carries.
    pub content: Content,
    /// Places on the source route left to visit after this hop.
    pub route_len: u8,
    /// Source route, last hop first.
    pub route: [Node; ROUTE_MAX],
}

impl Packet {
    /// A datagram for the next hop.
    pub fn new(content: Content, origin: Node, dest: Node, hop_to: Node) -> Self {
        Packet {
            next: NIL,
            bytes: 0,
            origin,
            dest,
            hop_to,
            via: Node::NONE,
            hops: 0,
            tries: 0,
            airings: 0,
            fragment: 0,
            fragments: 0,
            tag: 0,
            sequence: 0,
            strayed: false,
            delivered: false,
            turn: Turn::default(),
            queued: SimTime::ZERO,
            content,
            route_len: 0,
            route: [Node(0); ROUTE_MAX],
        }
    }

    /// It has its turn: if the radio has had it for `most` or longer, all counts of this hop begin anew.
    pub fn begin_anew(&mut self, now: SimTime, most: SimTime) {
        let since = *self.turn.given.get_or_insert(now);
        if now.saturating_sub(since) >= most {
            (self.tries, self.airings, self.turn.looks, self.turn.given) = (0, 0, 0, Some(now));
        }
    }

    /// What it is for.
    pub const fn kind(&self) -> Kind {
        self.content.kind()
    }

    /// It is an EAPOL frame between a node without keys and the neighbour that relays for it: no datagram, and not secured.
    pub fn is_bare_eapol(&self) -> bool {
        match self.content {
            Content::Eapol { of, .. } => self.hop_to == of || (self.origin == of && self.hops == 0),
            _ => false,
        }
    }

    /// It keeps the mesh together, instead of saying something for somebody above it.
    pub const fn is_control(&self) -> bool {
        !matches!(self.content, Content::Message(_) | Content::Probe { .. })
    }

    /// Nanostack marks it as network control (class CS6): all that keeps the mesh together, but for what is for everybody, and an address between a
    /// node and its relay.
    pub fn is_network_control(&self) -> bool {
        match self.content {
            Content::Ns { .. }
            | Content::Nud
            | Content::Dao { .. }
            | Content::DaoAck { .. }
            | Content::Eapol { .. } => true,
            Content::Na { .. } | Content::Dis | Content::Dio { .. } => self.hop_to != Node::EVERYONE,
            Content::Solicit => self.hops > 0,
            Content::Reply => self.route_len > 0,
            _ => false,
        }
    }

    /// Whether it brings a block of a firmware image.
    pub fn is_image_block(&self) -> bool {
        match &self.content {
            Content::Message(message) => message.apdu.word.as_ref().is_some_and(|word| word.is_block()),
            _ => false,
        }
    }

    /// What somebody above the medium says with it.
    pub const fn carried(&self) -> Option<Carried<'_>> {
        match &self.content {
            Content::Message(message) => Some(Carried { origin: self.origin, hops: self.hops, message }),
            _ => None,
        }
    }
}

/// A first-in-first-out list through the slab.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
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
    /// Last packet, or [`NIL`].
    pub fn tail(&self) -> u32 {
        self.tail
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
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    /// Puts a packet into a queue behind another; behind [`NIL`]: first.
    pub fn insert(&mut self, fifo: &mut Fifo, behind: u32, at: u32) {
        let next = if behind == NIL { fifo.head } else { self.slots[behind as usize].next };
        self.slots[at as usize].next = next;
        match behind {
            NIL => fifo.head = at,
            _ => self.slots[behind as usize].next = at,
        }
        if next == NIL {
            fifo.tail = at;
        }
        fifo.len += 1;
    }
    /// Takes the packet behind another out of a queue; behind [`NIL`]: the first.
    pub fn take_behind(&mut self, fifo: &mut Fifo, behind: u32) -> Option<u32> {
        if behind == NIL {
            return self.pop(fifo);
        }
        let at = self.slots[behind as usize].next;
        if at == NIL {
            return None;
        }
        self.slots[behind as usize].next = self.slots[at as usize].next;
        if fifo.tail == at {
            fifo.tail = behind;
        }
        fifo.len -= 1;
        Some(at)
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
