//! IEEE 802.15.4 frames of Wi-SUN FAN, without their frame check sequence.

use super::address;
use super::eapol::Exchange;
use super::elements::{self, FrameType, Schedule};
use super::icmpv6::Dodag;
use super::security::{GroupKey, LEVEL};
use crate::medium::mesh::hopping::{self, BROADCAST_INTERVAL};
use crate::medium::mesh::radio::phy::excluded;
use crate::node::SiteId;
use crate::spec::WorldSpec;
use amitwin_sim_core::SimTime;

const DATA: u16 = 1;
const ACK: u16 = 2;
const SECURED: u16 = 1 << 3;
const ACK_REQUEST: u16 = 1 << 5;
const NO_PAN: u16 = 1 << 6;
const NO_SEQUENCE: u16 = 1 << 8;
const ELEMENTS: u16 = 1 << 9;
const LONG_DESTINATION: u16 = 3 << 10;
const VERSION_2015: u16 = 2 << 12;
const LONG_SOURCE: u16 = 3 << 14;
/// Security control: level, and the key by its index.
const KEY_BY_INDEX: u8 = 1 << 3;
const KEY_INDEX: u8 = 1;
/// PAN id of a node without PAN.
const NO_PAN_ID: u16 = 0xffff;

/// What all frames of a mesh have in common.
#[derive(Clone, Debug)]
pub struct Network {
    /// Key of all frames.
    pub key: GroupKey,
    /// How its nodes hop.
    pub schedule: Schedule,
    /// What its DODAGs say of themselves.
    pub dodag: Dodag,
    /// How its nodes get their keys.
    pub exchange: Exchange,
}

/// Who sends a frame, and when.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    /// The node.
    pub node: SiteId,
    /// Border router of its mesh.
    pub router: SiteId,
    /// Start of the frame.
    pub at: SimTime,
    /// Phase of its hop sequence.
    pub phase_ms: u32,
    /// Frames it has secured before.
    pub counter: u32,
    /// Sequence number.
    pub sequence: u8,
}

/// A sweep's frame: what it advertises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// PAN advertisement: nodes in the PAN, cost of the sender's way to its border router.
    Advert(u16, u16),
    /// PAN configuration.
    Config,
    /// PAN advertisement solicit.
    AdvertSolicit,
    /// PAN configuration solicit.
    ConfigSolicit,
}

fn long(out: &mut Vec<u8>, node: SiteId) {
    out.extend(address::eui64(node).iter().rev());
}

impl Network {
    /// That of a world.
    pub fn new(spec: &WorldSpec, dodag: Dodag) -> Self {
        let schedule =
            Schedule::new(spec.mac.hopping, &excluded(&spec.radio, &spec.mac), spec.radio.region, spec.radio.phy);
        Network { key: GroupKey::new(spec.seed), schedule, dodag, exchange: Exchange::of(&spec.mesh) }
    }

    /// A data frame; `to` is `None` for everyone.
    pub fn data(&self, sender: &Sender, to: Option<SiteId>, lowpan: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(lowpan.len() + 80);
        let pan = address::pan_id(sender.router);
        let control = DATA | SECURED | ELEMENTS | VERSION_2015 | LONG_SOURCE;
        match to {
            Some(to) => {
                out.extend((control | ACK_REQUEST | NO_PAN | LONG_DESTINATION).to_le_bytes());
                out.push(sender.sequence);
                long(&mut out, to);
            }
            None => {
                out.extend(control.to_le_bytes());
                out.push(sender.sequence);
                out.extend(pan.to_le_bytes());
            }
        }
        long(&mut out, sender.node);
        self.security(&mut out, sender);
        timing(&mut out, FrameType::Data, sender);
        slot(&mut out, sender);
        elements::end_of_header(&mut out);
        let header = out.len();
        elements::data(&mut out, &self.schedule, pan, to.is_none(), sender.sequence & 31, lowpan);
        self.key.seal(&mut out, header, address::eui64(sender.node), sender.counter);
        out
    }

    /// A frame with EAPOL in it, of or for a node that has no key: it is in the clear.
    pub fn eapol(&self, sender: &Sender, to: SiteId, frame: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(frame.len() + 80);
        let control = DATA | ACK_REQUEST | NO_PAN | ELEMENTS | LONG_DESTINATION | VERSION_2015 | LONG_SOURCE;
        out.extend(control.to_le_bytes());
        out.push(sender.sequence);
        long(&mut out, to);
        long(&mut out, sender.node);
        timing(&mut out, FrameType::Eapol, sender);
        slot(&mut out, sender);
        elements::end_of_header(&mut out);
        elements::key_management(&mut out, &self.schedule, sender.sequence & 31, frame);
        out
    }

    /// The acknowledgement of a frame of `to` that came at `dbm`, with that frame's sequence number.
    pub fn acknowledgement(&self, sender: &Sender, to: SiteId, dbm: f32) -> Vec<u8> {
        let mut out = Vec::with_capacity(48);
        let control = ACK | SECURED | NO_PAN | ELEMENTS | LONG_DESTINATION | VERSION_2015 | LONG_SOURCE;
        out.extend(control.to_le_bytes());
        out.push(sender.sequence);
        long(&mut out, to);
        long(&mut out, sender.node);
        self.security(&mut out, sender);
        timing(&mut out, FrameType::Ack, sender);
        elements::received_level(&mut out, dbm);
        let header = out.len();
        self.key.seal(&mut out, header, address::eui64(sender.node), sender.counter);
        out
    }

    /// A frame of a sweep. Only configurations are secured: who hears the others may not have the key.
    pub fn sweep(&self, sender: &Sender, sweep: Sweep) -> Vec<u8> {
        let mut out = Vec::with_capacity(120);
        let secured = matches!(sweep, Sweep::Config);
        let control = DATA | NO_SEQUENCE | ELEMENTS | VERSION_2015 | LONG_SOURCE;
        out.extend((control | if secured { SECURED } else { 0 }).to_le_bytes());
        // Who asks for advertisements has no PAN.
        let is_stray = sweep == Sweep::AdvertSolicit;
        let pan = if is_stray { NO_PAN_ID } else { address::pan_id(sender.router) };
        out.extend(pan.to_le_bytes());
        long(&mut out, sender.node);
        match sweep {
            Sweep::Advert(size, cost) => {
                timing(&mut out, FrameType::Advert, sender);
                elements::end_of_header(&mut out);
                elements::advert(&mut out, &self.schedule, size, cost);
            }
            Sweep::Config => {
                self.security(&mut out, sender);
                timing(&mut out, FrameType::Config, sender);
                slot(&mut out, sender);
                elements::end_of_header(&mut out);
                let header = out.len();
                elements::config(&mut out, &self.schedule, pan, self.key.hash());
                self.key.seal(&mut out, header, address::eui64(sender.node), sender.counter);
            }
            Sweep::AdvertSolicit | Sweep::ConfigSolicit => {
                let frame = if is_stray { FrameType::AdvertSolicit } else { FrameType::ConfigSolicit };
                timing(&mut out, frame, sender);
                elements::end_of_header(&mut out);
                elements::solicit(&mut out, &self.schedule);
            }
        }
        out
    }

    fn security(&self, out: &mut Vec<u8>, sender: &Sender) {
        out.push(LEVEL | KEY_BY_INDEX);
        out.extend(sender.counter.to_le_bytes());
        out.push(KEY_INDEX);
    }
}

/// Where the sender is in its hop sequence: 65,536 slots of its dwell time, as a fraction.
fn timing(out: &mut Vec<u8>, frame: FrameType, sender: &Sender) {
    let dwell = hopping::UNICAST_DWELL.nanos();
    let sequence = dwell << 16;
    let place = (sender.at.nanos() + u64::from(sender.phase_ms) * 1_000_000) % sequence;
    let fraction = (u128::from(place) << 24) / u128::from(sequence);
    elements::unicast_timing(out, frame, fraction as u32);
}

fn slot(out: &mut Vec<u8>, sender: &Sender) {
    let interval = BROADCAST_INTERVAL.nanos();
    let (slot, offset) = (sender.at.nanos() / interval, sender.at.nanos() % interval);
    elements::broadcast_timing(out, slot as u16, (offset / 1_000_000) as u32);
}

/// Header of a plain frame between two short addresses, as in ns-3's lr-wpan: control, sequence number, PAN, addresses.
pub fn plain_header(sequence: u8, pan: u16, to: u16, from: u16) -> [u8; 9] {
    let (intra_pan, ack_request, short) = (1 << 6, 1 << 5, 2 << 10 | 2 << 14);
    let [a, b] = (DATA | intra_pan | ack_request | short).to_le_bytes();
    let ([c, d], [e, f], [g, h]) = (pan.to_le_bytes(), to.to_le_bytes(), from.to_le_bytes());
    [a, b, sequence, c, d, e, f, g, h]
}

/// A plain acknowledgement.
pub fn plain_acknowledgement(sequence: u8) -> [u8; 3] {
    let [a, b] = ACK.to_le_bytes();
    [a, b, sequence]
}
