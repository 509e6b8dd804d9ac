//! What is on the air: transmissions, the energy that each radio senses, and which frame a receiver is locked on.
//!
//! A radio locks on the first frame that it detects while it listens and is free, whoever the frame is for, and is
//! deaf to others until that frame ends; a much stronger frame takes it over within the preamble (FSK only). Frames
//! on the *common* channel (all frames without hopping, broadcast slots with it) are pushed to every neighbour, so
//! that sensing is one read, but for one that is alone there ([`Lone`]). Frames on a *hopped* channel, of which only a few overlap, are kept in a list of their
//! channel and looked up by those who ask, as are the [`Train`]s of sweeps that nobody listens for. Levels are integers of 1e-16 mW: sums are exact in any order.

mod cca;
mod clear;
mod frames;
mod levels;
mod lone;
mod measured;
mod reception;
mod state;
mod trains;

pub use state::State;
pub use trains::Train;

use super::error::ErrorModel;
use super::fading::Fading;
use super::heat::Heat;
use super::interference::Interference;
use super::neighbours::{Neighbours, code_db};
use super::overlay::{NodeOverlay, Overlay};
use super::phy::Phy;
use crate::math::{level_db, ratio};
use crate::medium::mesh::hopping::HopSet;
use crate::medium::mesh::mpdu::Mpdu;
use crate::node::{Channel, Node, PerNode, SiteId};
use amitwin_sim_core::SimTime;
use cca::Cca;
use clear::Clear;
use levels::{AtHand, InDb};
use lone::Lone;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A link over which fewer of short frames get through is a link for nobody: a share, and bytes.
const HOPELESS: (f64, u16) = (1e-2, 40);
/// What weather may add to a level, dB.
const WEATHER_DB: f64 = 10.0;

/// No transmission, or nobody.
pub const NONE: u32 = u32::MAX;
/// Units of level in a milliwatt.
pub const UNITS_PER_MW: f64 = 1e16;
/// The same in dB.
const UNITS_DB: f64 = 160.0;

/// State of one radio: at most 48 bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Radio {
    /// Sum of the signals on the common channel here.
    energy: u64,
    /// Transmitting or turning around until then; [`SimTime::MAX`]: switched off.
    deaf_until: SimTime,
    lock_level: u64,
    /// Strongest sum of other signals during the lock.
    peak: u64,
    lock: u32,
    /// Start of the hop sequence, ms.
    pub phase_ms: u32,
    /// Transmit power over [`UNITS_PER_MW`].
    #[serde(skip)]
    power_mw: f32,
    /// The same, dBm, to a thousandth.
    #[serde(skip)]
    power_dbm: f32,
}

// Each frame touches the state of every radio around its sender, and millions of radios are held.
const _: () = assert!(size_of::<Radio>() <= 48, "a Radio has at most 48 bytes");

/// One frame on the air.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Transmission {
    /// Sender.
    pub from: Node,
    /// Addressee, or [`Node::EVERYONE`].
    pub to: Node,
    /// Channel, or [`Channel::COMMON`].
    pub channel: Channel,
    /// Bytes before the frame check sequence.
    pub bytes: u16,
    /// What it is, to be found again at the end.
    pub mpdu: Mpdu,
    /// First bit.
    pub start: SimTime,
    /// Last bit.
    pub end: SimTime,
    /// Radios tuned to a hopped channel when it began.
    hearers: Vec<Node>,
    checked: SimTime,
    ln_success: f64,
    live: bool,
    /// What was overlaid when it began.
    overlay: Option<Arc<Overlay>>,
}

/// How a reception ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Intact.
    Received,
    /// Lost to other transmissions.
    Collided,
    /// Lost to noise.
    Noise,
    /// The receiver was off, sending, or busy with another frame.
    Deaf,
}

/// What an air is made of.
pub struct Parts {
    /// Who hears whom.
    pub neighbours: Neighbours,
    /// Which receptions succeed.
    pub model: ErrorModel,
    /// What levels do over time.
    pub fading: Fading,
    /// What heat does to the radios, if there is weather.
    pub heat: Option<Heat>,
    /// What interferers add, if there are some.
    pub interference: Option<Interference>,
    /// Timing of the operating mode.
    pub phy: Phy,
    /// A channel is busy from this level on, unless [`Air::set_cca`] says otherwise.
    pub cca_threshold_dbm: f64,
    /// So many radios receive, the first ones; the others are only heard.
    pub own: u16,
    /// Channels that are hopped over.
    pub hops: HopSet,
    /// Seed of the draws.
    pub seed: u64,
}

/// Levels, and ratios of levels, at which something happens.
struct Levels {
    /// Of thermal noise.
    noise: f64,
    /// The same over a unit, dB.
    noise_db: f64,
    /// From here on a channel is busy.
    cca: Cca,
    /// A frame is found that is so much above all else.
    detect: f64,
    /// It takes a receiver over that is so much above the frame that has it.
    capture: f64,
    /// Below this mean level not even short frames arrive.
    hopeless_dbm: f32,
    /// From here on a frame arrives whatever its link has faded by.
    clear: Clear,
}

/// Kept from frame to frame, so that it need not be made anew.
struct Kept {
    /// Who has a use for a frame.
    heeding: Vec<Node>,
    /// Losses looked up last.
    at_hand: AtHand,
    /// Levels looked at last.
    in_db: InDb,
}

/// The medium of one partition.
pub struct Air {
    /// Who hears whom.
    pub neighbours: Neighbours,
    /// State of each radio by local index.
    pub radios: PerNode<Radio>,
    /// Timing of the operating mode.
    pub phy: Phy,
    /// Channels that are hopped over.
    pub hops: HopSet,
    model: ErrorModel,
    fading: Fading,
    heat: Option<Box<Heat>>,
    interference: Option<Box<Interference>>,
    levels: Levels,
    sites: PerNode<SiteId>,
    /// Radios from here on are foreign: heard here, hearing at home.
    own: u16,
    seed: u64,
    linear: Box<[f32; 256]>,
    kept: Kept,
    /// The frame for all that is alone on the air.
    pub lone: Lone,
    transmissions: Vec<Transmission>,
    free: Vec<u32>,
    channels: Vec<Vec<u32>>,
    trains: Vec<Train>,
    overlay: Option<Arc<Overlay>>,
}

impl Radio {
    /// Powered and running.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.deaf_until < SimTime::MAX
    }
}

impl Air {
    /// The medium of these radios, each with its site and its transmit power in dBm.
    pub fn new(parts: Parts, radios: impl Iterator<Item = (SiteId, f64)>) -> Self {
        let Parts { neighbours, model, fading, heat, interference, phy, cca_threshold_dbm, own, hops, seed } = parts;
        let (sites, powers): (Vec<SiteId>, Vec<f64>) = radios.unzip();
        let noise = ratio(model.noise_dbm()) * UNITS_PER_MW;
        let radio = |dbm: &f64| {
            let power_mw = (ratio(*dbm) * UNITS_PER_MW) as f32;
            Radio {
                energy: 0,
                deaf_until: SimTime::ZERO,
                lock_level: 0,
                peak: 0,
                lock: NONE,
                phase_ms: 0,
                power_mw,
                power_dbm: ((1e3 * level_db(f64::from(power_mw) / UNITS_PER_MW)).round() / 1e3) as f32,
            }
        };
        Air {
            neighbours,
            radios: powers.iter().map(radio).collect(),
            own,
            phy,
            levels: Levels {
                noise,
                noise_db: level_db(noise),
                cca: Cca::new(cca_threshold_dbm),
                detect: ratio(if phy.is_oqpsk() { -5.0 } else { 0.0 }),
                capture: ratio(model.capture_threshold_db()),
                hopeless_dbm: {
                    let weather_db = if heat.is_some() { WEATHER_DB } else { 0.0 };
                    (model.sensitivity_dbm(1.0 - HOPELESS.0, HOPELESS.1) - weather_db) as f32
                },
                clear: Clear::new(&model, &fading),
            },
            model,
            fading,
            heat: heat.map(Box::new),
            interference: interference.map(Box::new),
            sites: PerNode(sites),
            seed,
            linear: Box::new(std::array::from_fn(|code| ratio(-f64::from(code_db(code as u8))) as f32)),
            kept: Kept { heeding: Vec::new(), at_hand: AtHand::among(usize::from(own)), in_db: InDb::default() },
            lone: Lone::default(),
            transmissions: Vec::new(),
            free: Vec::new(),
            channels: (0..hops.plan()).map(|_| Vec::new()).collect(),
            trains: Vec::new(),
            hops,
            overlay: None,
        }
    }

    /// A frame on the air.
    pub fn transmission(&self, id: u32) -> &Transmission {
        &self.transmissions[id as usize]
    }

    /// Whether `node` would find `channel` busy: energy over the threshold, or busy with a frame or a turn itself.
    #[inline]
    pub fn is_busy(&self, node: Node, channel: Channel, now: SimTime) -> bool {
        if self.radios[node].deaf_until > now {
            return true;
        }
        let (common, is_locked) = self.senses(node);
        if is_locked {
            return true;
        }
        let energy = if channel == Channel::COMMON { common } else { self.energy_on(node, channel, NONE, now) };
        let noise = self.overlay.as_ref().map_or(0, |overlay| overlay.noise(node));
        energy + noise + self.interference(node, channel, now, now) >= self.levels.cca.of(node)
    }

    /// Channel of the plan that frames on `channel` are on at an instant.
    fn on_air(&self, channel: Channel, at: SimTime) -> Channel {
        match channel {
            Channel::COMMON if self.hops.is_empty() => Channel(0),
            Channel::COMMON => self.hops.broadcast_channel(at),
            channel => channel,
        }
    }

    /// What a node hears of interferers on a channel between two instants.
    #[inline]
    fn interference(&self, node: Node, channel: Channel, from: SimTime, to: SimTime) -> u64 {
        match &self.interference {
            None => 0,
            Some(interference) => interference.level(node, self.on_air(channel, from), from, to),
        }
    }

    /// What is different about a node.
    pub fn node_overlay(&self, node: Node) -> NodeOverlay {
        self.overlay.as_ref().map_or_else(NodeOverlay::default, |overlay| overlay.node(node))
    }

    /// Extra loss between two nodes, dB.
    pub fn extra_loss_db(&self, a: Node, b: Node) -> f32 {
        self.overlay.as_ref().map_or(0.0, |overlay| overlay.loss_db(a, b))
    }

    /// Noise of so many dBm, as a [`NodeOverlay`] has it.
    pub fn noise_of(dbm: f64) -> u64 {
        (ratio(dbm) * UNITS_PER_MW) as u64
    }

    /// Changes what is overlaid. Frames that are on the air keep what was overlaid when they began.
    pub fn change_overlay(&mut self, change: impl FnOnce(&mut Overlay)) {
        let (radios, rate) = (self.radios.len(), self.phy.bit_rate_bps);
        let overlay = self.overlay.get_or_insert_with(|| Arc::new(Overlay::new(radios, rate)));
        change(Arc::make_mut(overlay));
        if overlay.is_neutral() {
            self.overlay = None;
        }
    }

    /// Makes `node` unable to receive until `until` (it turns around or sends).
    #[inline]
    pub fn deafen(&mut self, node: Node, until: SimTime) {
        let radio = &mut self.radios[node];
        radio.deaf_until = radio.deaf_until.max(until);
        radio.lock = NONE;
    }

    /// Whether `node` receives a frame or sends right now.
    pub fn is_engaged(&self, node: Node, now: SimTime) -> bool {
        self.radios[node].deaf_until > now || self.senses(node).1
    }

    /// When the frame ends that `node` receives now, if it does.
    pub fn receives_until(&self, node: Node, now: SimTime) -> Option<SimTime> {
        if self.radios[node].deaf_until > now || !self.senses(node).1 {
            return None;
        }
        let lock = self.radios[node].lock;
        let frame = if lock == NONE { self.lone.frame } else { lock };
        Some(self.transmissions[frame as usize].end)
    }

    /// Whether a frame of `node` is on the air or its radio turns around.
    pub fn is_sending(&self, node: Node, now: SimTime) -> bool {
        self.radios[node].deaf_until > now
    }

    /// Switches a radio on or off; off, it loses the frame it was receiving and spoils the one it was sending.
    pub fn power(&mut self, node: Node, on: bool) {
        self.spread_lone();
        let radio = &mut self.radios[node];
        radio.deaf_until = if on { SimTime::ZERO } else { SimTime::MAX };
        radio.lock = NONE;
        if !on {
            for t in self.transmissions.iter_mut().filter(|t| t.live && t.from == node) {
                t.ln_success = f64::NEG_INFINITY;
            }
        }
    }

    /// Frames on the air now.
    pub fn live(&self) -> usize {
        self.transmissions.len() - self.free.len()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.neighbours.bytes()
            + self.overlay.as_ref().map_or(0, |overlay| overlay.bytes())
            + self.heat.as_ref().map_or(0, |heat| heat.bytes())
            + self.interference.as_ref().map_or(0, |interference| interference.bytes())
            + self.radios.bytes()
            + self.fading.bytes()
            + self.levels.cca.bytes()
            + self.kept.at_hand.bytes()
            + self.sites.bytes()
            + self.transmissions.capacity() * size_of::<Transmission>()
    }
}
