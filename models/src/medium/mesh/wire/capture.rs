//! What a sniffer beside every radio would write: each frame once, when it is sent, with the time of its first bit.
//!
//! Only a captured run encodes frames. What is captured changes nothing of the run: the counters that only bytes need
//! (frame counters, sequence numbers) live here.

use super::datagram::{Hop, NETWORK_CONTROL};
use super::eapol::Exchange;
use super::frame::{Network, Sender, Sweep};
use super::{security, sixlowpan};
use crate::context::Facts;
use crate::medium::mesh::packet::{Content, Kind, Packet};
use crate::medium::message::Body;
use crate::node::{Channel, Node, PerNode, SiteId};
use crate::spec::{BorderStack, RouterStack};
use amitwin_sim_core::SimTime;

/// TAP header: version, reserved byte, length of the header.
const VERSION: [u8; 2] = [0, 0];
const FCS_TYPE: u16 = 0;
const CHANNEL: u16 = 3;
const CRC_32: u8 = 2;
/// Channel page of SUN FSK.
const SUN_FSK_PAGE: u8 = 9;

/// A captured frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// First bit.
    pub at: SimTime,
    /// TAP header, frame, frame check sequence.
    pub bytes: Vec<u8>,
}

/// A frame that goes out, as far as its radio knows.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Sender.
    pub node: Node,
    /// First bit.
    pub at: SimTime,
    /// Place in the sender's hop sequence, ms.
    pub phase_ms: u32,
    /// Channel; `None` in a broadcast slot, whose channel is not one of the plan's.
    pub channel: Option<Channel>,
    /// Bytes that are charged for it, without its check sequence.
    pub bytes: u16,
    /// Border router of the PAN that it names; nobody in an acknowledgement, which names none.
    pub pan: Node,
}

/// A capture of a mesh.
#[derive(Debug)]
pub struct Capture {
    network: Network,
    /// Frames from or to it are captured.
    wanted: PerNode<bool>,
    /// Frames secured.
    counters: PerNode<u32>,
    /// Sequence number of the newest data frame.
    sequences: PerNode<u8>,
    /// Sequence number of the last data frame sent, which an acknowledgement repeats.
    last: PerNode<u8>,
    frames: Vec<Captured>,
}

impl Capture {
    /// Of what is sent by or to the radios at these sites, or by all.
    pub fn new(network: Network, facts: &Facts, nodes: Option<&[u32]>) -> Self {
        let own = usize::from(facts.own);
        let wanted = facts.nodes().map(|n| nodes.is_none_or(|nodes| nodes.contains(&facts.sites[n].0))).collect();
        Capture {
            network,
            wanted,
            counters: PerNode::of(0, own),
            sequences: PerNode::of(0, own),
            last: PerNode::of(0, own),
            frames: Vec::new(),
        }
    }

    /// A node has restarted: it stores its frame counter now and then, and goes on far enough ahead. N `ws_config.h`, W `ws_keys.h`.
    pub fn restarted(&mut self, facts: &Facts, node: Node) {
        let Exchange { router, border, .. } = self.network.exchange;
        let is_nanostack = match facts.is_gateway(node) {
            true => border == BorderStack::Nanostack,
            false => router == RouterStack::Nanostack,
        };
        let ahead = if is_nanostack { 1_000_000 } else { 200_000 };
        self.counters[node] = self.counters[node].wrapping_add(ahead);
    }

    /// Frames since they were last taken, in the order of their first bits but for those of trains, which come when their train ends.
    pub fn take(&mut self) -> Vec<Captured> {
        std::mem::take(&mut self.frames)
    }

    fn sender(&mut self, facts: &Facts, sent: &Sent, secured: bool) -> Sender {
        let counter = self.counters[sent.node];
        self.counters[sent.node] += u32::from(secured);
        Sender {
            node: facts.sites[sent.node],
            router: facts.sites[if sent.pan.is_some() { sent.pan } else { facts.gateway_of(sent.node) }],
            at: sent.at,
            phase_ms: sent.phase_ms,
            counter,
            sequence: self.last[sent.node],
        }
    }

    fn wants(&self, from: Node, to: Node) -> bool {
        self.wanted[from] || (to != Node::EVERYONE && self.wanted[to])
    }

    fn push(&mut self, sent: &Sent, frame: &[u8]) {
        let mut bytes = VERSION.to_vec();
        bytes.extend([0, 0]);
        let mut field = |kind: u16, value: &[u8]| {
            bytes.extend(kind.to_le_bytes());
            bytes.extend((value.len() as u16).to_le_bytes());
            bytes.extend_from_slice(value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        };
        field(FCS_TYPE, &[CRC_32]);
        if let Some([low, high]) = sent.channel.map(|channel| channel.0.to_le_bytes()) {
            field(CHANNEL, &[low, high, SUN_FSK_PAGE]);
        }
        let header = bytes.len() as u16;
        bytes[2..4].copy_from_slice(&header.to_le_bytes());
        bytes.extend_from_slice(frame);
        bytes.extend(security::check_sequence(frame));
        self.frames.push(Captured { at: sent.at, bytes });
    }

    /// A data frame goes out, on its first airing or a repetition. `rank` is its sender's, `room` what a frame to its
    /// receiver has room for.
    pub fn data(&mut self, facts: &Facts, sent: &Sent, packet: &mut Packet, rank: u16, room: u16) {
        let node = sent.node;
        if packet.airings == 1 {
            self.sequences[node] = self.sequences[node].wrapping_add(1);
            packet.sequence = self.sequences[node];
        }
        self.last[node] = packet.sequence;
        if !self.wants(node, packet.hop_to) {
            return;
        }
        if let Content::Eapol { step, of, depth, .. } = packet.content
            && packet.is_bare_eapol()
        {
            let sender = self.sender(facts, sent, false);
            let step_of = self.network.exchange.frames(depth)[usize::from(step)];
            let frame = step_of.direct(facts.sites[of], step / 2);
            let frame = self.network.eapol(&sender, facts.sites[packet.hop_to], &frame);
            assert_eq!(frame.len(), usize::from(sent.bytes), "EAPOL: bytes on the air and bytes encoded");
            return self.push(sent, &frame);
        }
        let sender = self.sender(facts, sent, true);
        let to = (packet.hop_to != Node::EVERYONE).then(|| facts.sites[packet.hop_to]);
        let frame = self.network.data(&sender, to, &lowpan(facts, &self.network, packet, (node, sent.pan), rank, room));
        assert_eq!(frame.len(), usize::from(sent.bytes), "{:?}: bytes on the air and bytes encoded", packet.kind());
        self.push(sent, &frame);
    }

    /// An acknowledgement goes out, of a frame of `to` that came at `dbm`.
    pub fn acknowledgement(&mut self, facts: &Facts, sent: &Sent, to: Node, dbm: f32) {
        if !self.wants(sent.node, to) {
            return;
        }
        let sequence = self.last[to];
        let sender = Sender { sequence, ..self.sender(facts, sent, true) };
        let frame = self.network.acknowledgement(&sender, facts.sites[to], dbm);
        assert_eq!(frame.len(), usize::from(sent.bytes), "an acknowledgement: bytes on the air and bytes encoded");
        self.push(sent, &frame);
    }

    /// A sweep's frame goes out.
    pub fn sweep(&mut self, facts: &Facts, sent: &Sent, what: Sweep) {
        if !self.wants(sent.node, Node::EVERYONE) {
            return;
        }
        let sender = self.sender(facts, sent, what == Sweep::Config);
        let frame = self.network.sweep(&sender, what);
        assert_eq!(frame.len(), usize::from(sent.bytes), "{what:?}: bytes on the air and bytes encoded");
        self.push(sent, &frame);
    }
}

/// The 6LoWPAN frame of a packet that `node` sends.
fn lowpan(
    facts: &Facts,
    network: &Network,
    packet: &Packet,
    (node, pan): (Node, Node),
    rank: u16,
    room: u16,
) -> Vec<u8> {
    let site = |node: Node| if node == Node::NONE { SiteId(0) } else { facts.sites[node] };
    let (route, left, done) = (&packet.route, usize::from(packet.route_len), usize::from(packet.hops));
    let routed = matches!(
        packet.kind(),
        Kind::Reply | Kind::Eapol | Kind::DaoAck | Kind::Command | Kind::Confirm | Kind::Request
    );
    let (ahead, visited): (Vec<SiteId>, Vec<SiteId>) = if routed {
        let place = |&node: &Node| site(node);
        (route[..left].iter().rev().map(place).collect(), route[left + 1..][..done].iter().rev().map(place).collect())
    } else {
        (Vec::new(), Vec::new())
    };
    // Reports without meaning, and payloads that are only sized, are zeros.
    let zeros = || vec![0; usize::from(packet.content.payload())];
    let payload = match &packet.content {
        Content::Message(message) => message.apdu.bytes.as_ref().map_or_else(zeros, |bytes| bytes.to_vec()),
        Content::Eapol { step, of, depth, .. } => {
            network.exchange.frames(*depth)[usize::from(*step)].relayed(site(*of), step / 2)
        }
        _ => zeros(),
    };
    let (number, told_rank) = match &packet.content {
        Content::Ns { leaves } => (u8::from(*leaves), 0),
        Content::Na { is_full } => (u8::from(!*is_full), 0),
        Content::Dao { sequence, .. } | Content::DaoAck { sequence } => (*sequence, 0),
        Content::Dio { rank, version, .. } => (*version, *rank),
        Content::Message(message) => match message.body {
            Body::Flood { job } => (job as u8, 0),
            Body::Spread { .. } => (message.apdu.counter as u8, 0),
            _ => (0, 0),
        },
        _ => (0, 0),
    };
    let second = match packet.content {
        Content::Dao { second, .. } if second.is_some() => Some(site(second)),
        _ => None,
    };
    let of = &network.exchange;
    let marks = if facts.is_gateway(packet.origin) {
        of.border == BorderStack::Nanostack
    } else {
        of.router == RouterStack::Nanostack
    };
    let is_marked = marks && packet.is_network_control();
    let hop = Hop {
        kind: packet.kind(),
        origin: site(packet.origin),
        router: site(pan),
        from: site(node),
        to: (packet.hop_to != Node::EVERYONE).then(|| site(packet.hop_to)),
        via: site(packet.via),
        second,
        hops: packet.hops,
        visited: &visited,
        ahead: &ahead,
        rank,
        number,
        told_rank,
        class: if is_marked { NETWORK_CONTROL } else { 0 },
        dodag: network.dodag,
        payload: &payload,
    };
    let datagram = hop.compressed();
    if packet.fragments == 0 {
        return datagram.bytes;
    }
    sixlowpan::fragment(&datagram, packet.tag, room, u16::from(packet.fragment)).unwrap_or_default()
}

/// How a dissector is told the key of a network: an option of tshark, and of Wireshark on its command line.
pub fn dissector_option(network: &Network) -> String {
    format!("-o 'uat:ieee802154_keys:\"{}\",\"1\",\"No hash\"'", network.key.hex())
}

/// What a capture says of itself; `test_keys`: the meters' DLMS keys are the published ones.
pub fn application(network: &Network, test_keys: bool) -> String {
    let keys = if test_keys { "TEST" } else { "file" };
    let how = dissector_option(network);
    format!("amitwin; DLMS keys: {keys}; frames are encrypted with a key made from the seed, open with {how}")
}
