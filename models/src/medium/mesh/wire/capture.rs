//! What a sniffer beside every radio would write: each frame once, when it is sent, with the time of its first bit.
//!
//! Only a captured run encodes frames. What is captured changes nothing of the run: the counters that only bytes need
//! (frame counters, sequence numbers) live here.

use super::datagram::Hop;
use super::frame::{Network, Sender, Sweep};
use super::{security, sixlowpan};
use crate::medium::mesh::mac::packet::{Kind, Packet};
use crate::medium::mesh::mac::sweep;
use crate::medium::mesh::net::NO_ONE;
use crate::medium::mesh::radio::air::{COMMON, EVERYONE};
use crate::medium::mesh::radio::neighbours::code_db;
use crate::region::Region;
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

/// A capture of a mesh.
#[derive(Debug)]
pub struct Capture {
    network: Network,
    /// By local index: frames from or to it are captured.
    wanted: Vec<bool>,
    /// By local index: frames secured.
    counters: Vec<u32>,
    /// By local index: sequence number of the newest data frame.
    sequences: Vec<u8>,
    /// By local index: sequence number of the last data frame sent, which an acknowledgement repeats.
    last: Vec<u8>,
    frames: Vec<Captured>,
}

impl Capture {
    fn sender(&mut self, region: &Region, node: u16, at: SimTime, secured: bool) -> Sender {
        let index = usize::from(node);
        let counter = self.counters[index];
        self.counters[index] += u32::from(secured);
        Sender {
            node: region.globals[index],
            router: region.globals[usize::from(region.gateway_of(node))],
            at,
            phase_ms: region.air.radios[index].phase_ms,
            counter,
            sequence: self.last[index],
        }
    }

    fn wants(&self, from: u16, to: u16) -> bool {
        self.wanted[usize::from(from)] || (to != EVERYONE && self.wanted[usize::from(to)])
    }

    fn push(&mut self, at: SimTime, channel: Option<u16>, frame: &[u8]) {
        let mut bytes = VERSION.to_vec();
        bytes.extend([0, 0]);
        let mut field = |kind: u16, value: &[u8]| {
            bytes.extend(kind.to_le_bytes());
            bytes.extend((value.len() as u16).to_le_bytes());
            bytes.extend_from_slice(value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        };
        field(FCS_TYPE, &[CRC_32]);
        if let Some([low, high]) = channel.map(u16::to_le_bytes) {
            field(CHANNEL, &[low, high, SUN_FSK_PAGE]);
        }
        let header = bytes.len() as u16;
        bytes[2..4].copy_from_slice(&header.to_le_bytes());
        bytes.extend_from_slice(frame);
        bytes.extend(security::check_sequence(frame));
        self.frames.push(Captured { at, bytes });
    }
}

impl Region {
    /// Captures what is sent from now on: by or to the radios with these global ids, or by all.
    pub fn start_capture(&mut self, network: Network, nodes: Option<&[u32]>) {
        let own = usize::from(self.own);
        let wanted = self.globals[..own].iter().map(|id| nodes.is_none_or(|nodes| nodes.contains(id))).collect();
        self.capture = Some(Box::new(Capture {
            network,
            wanted,
            counters: vec![0; own],
            sequences: vec![0; own],
            last: vec![0; own],
            frames: Vec::new(),
        }));
    }

    /// Frames since they were last taken, in the order of their first bits.
    pub fn take_captured(&mut self) -> Vec<Captured> {
        self.capture.as_mut().map(|c| std::mem::take(&mut c.frames)).unwrap_or_default()
    }

    /// The channel a frame is on; a broadcast slot's is not one of the plan's.
    fn captured_channel(&self, channel: u16) -> Option<u16> {
        match channel {
            COMMON if self.hopping() => None,
            COMMON => Some(0),
            channel => Some(channel),
        }
    }

    /// A data frame goes out: the packet `at`, on its first airing or a repetition.
    pub(crate) fn capture_data(&mut self, now: SimTime, node: u16, channel: u16, at: u32, bytes: u16) {
        let Some(mut capture) = self.capture.take() else { return };
        let index = usize::from(node);
        let packet = self.packets.get_mut(at);
        if packet.airings == 1 {
            capture.sequences[index] = capture.sequences[index].wrapping_add(1);
            packet.sequence = capture.sequences[index];
        }
        capture.last[index] = packet.sequence;
        let packet = self.packets.get(at).clone();
        if capture.wants(node, packet.hop_to) {
            let sender = capture.sender(self, node, now, true);
            let to = (packet.hop_to != EVERYONE).then(|| self.globals[usize::from(packet.hop_to)]);
            let lowpan = self.datagram_of(&packet, node);
            let frame = capture.network.data(&sender, to, &lowpan);
            assert_eq!(frame.len(), usize::from(bytes), "{:?}: bytes on the air and bytes encoded", packet.kind);
            capture.push(now, self.captured_channel(channel), &frame);
        }
        self.capture = Some(capture);
    }

    /// An acknowledgement goes out.
    pub(crate) fn capture_acknowledgement(&mut self, now: SimTime, node: u16, to: u16, channel: u16, bytes: u16) {
        let Some(mut capture) = self.capture.take() else { return };
        if capture.wants(node, to) {
            let loss = self.air.neighbours.code(node, to).map_or(0.0, code_db);
            let sequence = capture.last[usize::from(to)];
            let sender = Sender { sequence, ..capture.sender(self, node, now, true) };
            let to = self.globals[usize::from(to)];
            let frame = capture.network.acknowledgement(&sender, to, self.tx_power_dbm - loss);
            assert_eq!(frame.len(), usize::from(bytes), "an acknowledgement: bytes on the air and bytes encoded");
            capture.push(now, self.captured_channel(channel), &frame);
        }
        self.capture = Some(capture);
    }

    /// A sweep's frame goes out.
    pub(crate) fn capture_sweep(&mut self, now: SimTime, node: u16, channel: u16, what: sweep::Sweep, bytes: u16) {
        let Some(mut capture) = self.capture.take() else { return };
        if capture.wants(node, EVERYONE) {
            let sender = capture.sender(self, node, now, what == sweep::Sweep::Config);
            let size = self.pan.iter().take(usize::from(self.own)).filter(|&&p| p == self.gateway_of(node)).count();
            let what = match what {
                sweep::Sweep::Advert => Sweep::Advert(size as u16, self.mesh(node).rank),
                sweep::Sweep::Config => Sweep::Config,
                sweep::Sweep::Solicit => Sweep::Solicit,
            };
            let frame = capture.network.sweep(&sender, what);
            assert_eq!(frame.len(), usize::from(bytes), "{what:?}: bytes on the air and bytes encoded");
            capture.push(now, self.captured_channel(channel), &frame);
        }
        self.capture = Some(capture);
    }

    /// The 6LoWPAN frame of a packet that `node` sends.
    fn datagram_of(&mut self, packet: &Packet, node: u16) -> Vec<u8> {
        let rank = self.mesh(node).rank;
        let global = |node: u16| if node == NO_ONE { 0 } else { self.globals[usize::from(node)] };
        let (route, left, done) = (&packet.route, usize::from(packet.route_len), usize::from(packet.hops));
        let routed = matches!(packet.kind, Kind::Reply | Kind::DaoAck | Kind::Command | Kind::Confirm | Kind::Request);
        let (ahead, visited): (Vec<u32>, Vec<u32>) = if routed {
            let place = |&node: &u16| global(node);
            (
                route[..left].iter().rev().map(place).collect(),
                route[left + 1..][..done].iter().rev().map(place).collect(),
            )
        } else {
            (Vec::new(), Vec::new())
        };
        let payload = match &packet.apdu.bytes {
            Some(bytes) => bytes.to_vec(),
            // Reports without meaning, and payloads that are only sized.
            None => vec![0; usize::from(packet.payload)],
        };
        let hop = Hop {
            kind: packet.kind,
            origin: global(packet.origin),
            router: global(self.gateway_of(node)),
            from: global(node),
            to: (packet.hop_to != EVERYONE).then(|| global(packet.hop_to)),
            via: global(packet.via),
            hops: packet.hops,
            visited: &visited,
            ahead: &ahead,
            rank,
            value: packet.value,
            renewal: packet.value != 0,
            payload: &payload,
        };
        let datagram = hop.compressed();
        if packet.fragments == 0 {
            return datagram.bytes;
        }
        let (room, index) = (self.frame_room(packet.hop_to), u16::from(packet.fragment));
        sixlowpan::fragment(&datagram, packet.tag, room, index).unwrap_or_default()
    }
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
