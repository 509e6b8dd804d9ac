//! Information elements of Wi-SUN FAN in 802.15.4 frames: what a header says of timing, and a payload of schedules.

use crate::medium::mesh::hopping::{BROADCAST_DWELL, BROADCAST_INTERVAL, UNICAST_DWELL};
use crate::medium::mesh::radio::phy::channel_plan;
use crate::spec::{Channels, PhyMode, Region};

/// What a Wi-SUN frame is, as its unicast timing element says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameType {
    /// PAN advertisement.
    Advert = 0,
    /// PAN advertisement solicit.
    AdvertSolicit = 1,
    /// PAN configuration.
    Config = 2,
    /// PAN configuration solicit.
    ConfigSolicit = 3,
    /// Data.
    Data = 4,
    /// Acknowledgement.
    Ack = 5,
    /// What a node without keys says, and hears.
    Eapol = 6,
}

const WI_SUN_HEADER: u16 = 0x2a;
const HEADER_END: u16 = 0x7e;
const WI_SUN_PAYLOAD: u16 = 4;
const MULTIPLEXED: u16 = 3;
/// Unicast timing.
const UTT: u8 = 1;
/// Broadcast timing.
const BT: u8 = 2;
/// Received signal level.
const RSL: u8 = 4;
/// Unicast schedule.
const US: u16 = 1;
/// Broadcast schedule.
const BS: u16 = 2;
const PAN: u16 = 4;
const NETWORK_NAME: u16 = 5;
const PAN_VERSION: u16 = 6;
const GTK_HASHES: u16 = 7;
/// Upper layer of a multiplexed element: 6LoWPAN.
const LOWPAN: u16 = 0xa0ed;
/// The same: protocols that manage keys (IEEE 802.15.9).
const KEY_MANAGEMENT: u16 = 1;
/// A received level of 0 stands for -174 dBm.
const LEVEL_ZERO_DBM: f32 = -174.0;

/// Name that all meshes of a run share.
pub const NETWORK: &str = "amitwin";

/// How a network hops, as its schedules tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Nodes hop by the direct hash; otherwise all stay on channel 0.
    pub hopping: bool,
    /// Regulatory domain.
    pub domain: u8,
    /// Operating class, which stands for the channel spacing.
    pub class: u8,
    /// Channels of the plan that are left out, as it is written.
    excluded: Excluded,
}

/// How a schedule says which channels are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Excluded {
    /// None is.
    None,
    /// First and last of each run.
    Ranges(Vec<(u16, u16)>),
    /// A bit for each channel of the plan, the first in the lowest bit of the first byte.
    Mask(Vec<u8>),
}

/// More ranges than this are written as a mask.
const RANGES_MAX: usize = 3;

impl Excluded {
    /// In the form that has fewer bytes.
    fn new(channels: &Channels, plan: u16) -> Self {
        let (runs, mask_bytes) = (channels.runs(), usize::from(plan).div_ceil(8));
        if runs.is_empty() {
            return Excluded::None;
        }
        if runs.len() <= RANGES_MAX && 1 + 4 * runs.len() < mask_bytes {
            return Excluded::Ranges(runs.to_vec());
        }
        let mut mask = vec![0; mask_bytes];
        for channel in (0..plan).filter(|&channel| channels.contains(channel)) {
            mask[usize::from(channel / 8)] |= 1 << (channel % 8);
        }
        Excluded::Mask(mask)
    }

    /// Its number in a schedule.
    fn control(&self) -> u8 {
        match self {
            Excluded::None => 0,
            Excluded::Ranges(_) => 1,
            Excluded::Mask(_) => 2,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Excluded::None => {}
            Excluded::Ranges(runs) => {
                out.push(runs.len() as u8);
                out.extend(runs.iter().flat_map(|run| [run.0.to_le_bytes(), run.1.to_le_bytes()]).flatten());
            }
            Excluded::Mask(mask) => out.extend_from_slice(mask),
        }
    }
}

impl Schedule {
    /// The schedule of a mode in a region.
    pub fn new(hopping: bool, excluded: &Channels, region: Region, phy: PhyMode) -> Self {
        let (domain, class) = match (region, phy) {
            (Region::NorthAmerica, PhyMode::M5) => (1, 3),
            (Region::NorthAmerica, PhyMode::M3 | PhyMode::M4a) => (1, 2),
            (Region::NorthAmerica, _) => (1, 1),
            (Region::Europe, PhyMode::M1a) => (3, 1),
            (Region::Europe, _) => (3, 2),
        };
        let excluded = match channel_plan(region, phy).filter(|_| hopping) {
            Some(plan) => Excluded::new(excluded, plan.count),
            None => Excluded::None,
        };
        Schedule { hopping, domain, class, excluded }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let plan = 0;
        let function = if self.hopping { 2 } else { 0 };
        out.extend([plan | function << 3 | self.excluded.control() << 6, self.domain, self.class]);
        if !self.hopping {
            out.extend(0u16.to_le_bytes());
        }
        self.excluded.write(out);
    }
}

fn header(out: &mut Vec<u8>, content: &[u8]) {
    out.extend((content.len() as u16 | WI_SUN_HEADER << 7).to_le_bytes());
    out.extend_from_slice(content);
}

/// Unicast timing: the frame's type, and how far the sender is into its sequence, in 2^-24.
pub fn unicast_timing(out: &mut Vec<u8>, frame: FrameType, fraction: u32) {
    let [a, b, c, _] = fraction.to_le_bytes();
    header(out, &[UTT, frame as u8, a, b, c]);
}

/// Broadcast timing: number of the slot, and ms since the broadcast interval began.
pub fn broadcast_timing(out: &mut Vec<u8>, slot: u16, offset_ms: u32) {
    let ([a, b], [c, d, e, _]) = (slot.to_le_bytes(), offset_ms.to_le_bytes());
    header(out, &[BT, a, b, c, d, e]);
}

/// The level at which the acknowledged frame came.
pub fn received_level(out: &mut Vec<u8>, dbm: f32) {
    header(out, &[RSL, (dbm - LEVEL_ZERO_DBM).clamp(0.0, 254.0) as u8]);
}

/// End of the header's elements; those of the payload follow.
pub fn end_of_header(out: &mut Vec<u8>) {
    out.extend((HEADER_END << 7).to_le_bytes());
}

fn payload(out: &mut Vec<u8>, group: u16, content: &[u8]) {
    out.extend((content.len() as u16 | group << 11 | 1 << 15).to_le_bytes());
    out.extend_from_slice(content);
}

fn nested_long(out: &mut Vec<u8>, id: u16, content: &[u8]) {
    out.extend((content.len() as u16 | id << 11 | 1 << 15).to_le_bytes());
    out.extend_from_slice(content);
}

fn nested_short(out: &mut Vec<u8>, id: u16, content: &[u8]) {
    out.extend((content.len() as u16 | id << 8).to_le_bytes());
    out.extend_from_slice(content);
}

/// Clock drift in ppm and timing accuracy in 10 us, as schedules give them.
const CLOCK: [u8; 2] = [20, 10];

fn unicast_schedule(out: &mut Vec<u8>, schedule: &Schedule) {
    let mut content = vec![ms(UNICAST_DWELL) as u8];
    content.extend(CLOCK);
    schedule.write(&mut content);
    nested_long(out, US, &content);
}

fn broadcast_schedule(out: &mut Vec<u8>, schedule: &Schedule, pan: u16) {
    let mut content = ms(BROADCAST_INTERVAL).to_le_bytes().to_vec();
    content.extend(pan.to_le_bytes());
    content.push(ms(BROADCAST_DWELL) as u8);
    content.extend(CLOCK);
    schedule.write(&mut content);
    nested_long(out, BS, &content);
}

fn ms(time: amitwin_sim_core::SimTime) -> u32 {
    (time.nanos() / 1_000_000) as u32
}

/// Payload elements of a data frame around a 6LoWPAN frame; broadcasts carry the broadcast schedule too.
pub fn data(out: &mut Vec<u8>, schedule: &Schedule, pan: u16, broadcast: bool, transaction: u8, lowpan: &[u8]) {
    let mut nested = Vec::new();
    unicast_schedule(&mut nested, schedule);
    if broadcast {
        broadcast_schedule(&mut nested, schedule, pan);
    }
    payload(out, WI_SUN_PAYLOAD, &nested);
    multiplexed(out, LOWPAN, transaction, lowpan);
}

/// Payload elements of an EAPOL frame, behind the number of its protocol.
pub fn key_management(out: &mut Vec<u8>, schedule: &Schedule, transaction: u8, frame: &[u8]) {
    let mut nested = Vec::new();
    unicast_schedule(&mut nested, schedule);
    payload(out, WI_SUN_PAYLOAD, &nested);
    multiplexed(out, KEY_MANAGEMENT, transaction, frame);
}

fn multiplexed(out: &mut Vec<u8>, upper_layer: u16, transaction: u8, frame: &[u8]) {
    let full_frame = 0;
    let mut content = vec![full_frame | transaction << 3];
    content.extend(upper_layer.to_le_bytes());
    content.extend_from_slice(frame);
    payload(out, MULTIPLEXED, &content);
}

/// Payload elements of a PAN advertisement.
pub fn advert(out: &mut Vec<u8>, schedule: &Schedule, pan_size: u16, routing_cost: u16) {
    let mut nested = Vec::new();
    unicast_schedule(&mut nested, schedule);
    let [[a, b], [c, d]] = [pan_size.to_le_bytes(), routing_cost.to_le_bytes()];
    let (parents_broadcast, rpl, version) = (1, 1 << 1, 1 << 5);
    nested_short(&mut nested, PAN, &[a, b, c, d, parents_broadcast | rpl | version]);
    nested_short(&mut nested, NETWORK_NAME, NETWORK.as_bytes());
    payload(out, WI_SUN_PAYLOAD, &nested);
}

/// Payload elements of a PAN configuration; keys that are not in use have a hash of zeros.
pub fn config(out: &mut Vec<u8>, schedule: &Schedule, pan: u16, gtk_hash: [u8; 8]) {
    let mut nested = Vec::new();
    unicast_schedule(&mut nested, schedule);
    broadcast_schedule(&mut nested, schedule, pan);
    nested_short(&mut nested, PAN_VERSION, &1u16.to_le_bytes());
    let mut hashes = [0; 32];
    hashes[..8].copy_from_slice(&gtk_hash);
    nested_short(&mut nested, GTK_HASHES, &hashes);
    payload(out, WI_SUN_PAYLOAD, &nested);
}

/// Payload elements of a PAN advertisement or configuration solicit.
pub fn solicit(out: &mut Vec<u8>, schedule: &Schedule) {
    let mut nested = Vec::new();
    unicast_schedule(&mut nested, schedule);
    nested_short(&mut nested, NETWORK_NAME, NETWORK.as_bytes());
    payload(out, WI_SUN_PAYLOAD, &nested);
}
