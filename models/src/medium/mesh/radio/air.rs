//! What is on the air: transmissions, the energy that each radio senses, and which frame a receiver is locked on.
//!
//! A radio locks on the first frame that it detects while it listens and is free, whoever the frame is for, and is
//! deaf to others until that frame ends; a much stronger frame takes it over within the preamble (FSK only). Frames
//! on the *common* channel (all frames without hopping, broadcast slots with it) are pushed to every neighbour, so
//! that sensing is one read. Frames on a *hopped* channel, of which only a few overlap, are kept in a list of their
//! channel and looked up by those who ask. Levels are integers of 1e-16 mW: sums are exact in any order.

mod state;

pub use state::State;

use super::error::ErrorModel;
use super::math::{level_db, normal_quantile, ratio};
use super::neighbours::{Neighbours, code_db};
use super::overlay::{NodeOverlay, Overlay};
use super::phy::Phy;
use crate::medium::mesh::mpdu::{Frame, Mpdu};
use crate::node::{Channel, Node, PerNode};
use crate::purpose;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::{Stream, key};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// No transmission, or nobody.
pub const NONE: u32 = u32::MAX;
/// Units of level in a milliwatt.
const UNITS_PER_MW: f64 = 1e16;

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
    /// Random numbers used for receptions.
    draws: u32,
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

/// The medium of one partition.
pub struct Air {
    /// Who hears whom.
    pub neighbours: Neighbours,
    /// State of each radio by local index.
    pub radios: PerNode<Radio>,
    /// Timing of the operating mode.
    pub phy: Phy,
    model: ErrorModel,
    noise: f64,
    busy: u64,
    detect: f64,
    capture: f64,
    /// 2.4 GHz O-QPSK as ns-3 has it: error checks where a frame arrives and at the end, no capture.
    stretches: bool,
    globals: PerNode<u32>,
    /// Radios from here on are foreign: heard here, hearing at home.
    own: u16,
    seed: u64,
    linear: Vec<f32>,
    transmissions: Vec<Transmission>,
    free: Vec<u32>,
    channels: Vec<Vec<u32>>,
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
    #[allow(clippy::too_many_arguments)]
    /// The medium of radios with the given global ids and transmit powers, of which the first `own` receive and the
    /// others are only heard; `channels` = 0 without hopping.
    pub fn new(
        neighbours: Neighbours,
        model: ErrorModel,
        phy: Phy,
        cca_threshold_dbm: f64,
        radios: impl Iterator<Item = (u32, f64)>,
        own: u16,
        channels: u16,
        seed: u64,
    ) -> Self {
        let (globals, powers): (Vec<u32>, Vec<f64>) = radios.unzip();
        let stretches = phy.modulation_index.is_none();
        let radio = |dbm: &f64| Radio {
            energy: 0,
            deaf_until: SimTime::ZERO,
            lock_level: 0,
            peak: 0,
            lock: NONE,
            phase_ms: 0,
            power_mw: (ratio(*dbm) * UNITS_PER_MW) as f32,
            draws: 0,
        };
        Air {
            neighbours,
            radios: powers.iter().map(radio).collect(),
            own,
            phy,
            noise: ratio(model.noise_dbm()) * UNITS_PER_MW,
            busy: (ratio(cca_threshold_dbm) * UNITS_PER_MW) as u64,
            detect: ratio(if stretches { -5.0 } else { 0.0 }),
            capture: ratio(model.capture_threshold_db()),
            stretches,
            model,
            globals: PerNode(globals),
            seed,
            linear: (0..=255u8).map(|code| ratio(-f64::from(code_db(code))) as f32).collect(),
            transmissions: Vec::new(),
            free: Vec::new(),
            channels: (0..channels).map(|_| Vec::new()).collect(),
            overlay: None,
        }
    }

    #[inline]
    fn level(&self, from: Node, code: u8) -> u64 {
        (self.radios[from].power_mw * self.linear[code as usize]) as u64
    }

    /// A frame on the air.
    pub fn transmission(&self, id: u32) -> &Transmission {
        &self.transmissions[id as usize]
    }

    /// Whether `node` would find `channel` busy: energy over the threshold, or busy with a frame or a turn itself.
    #[inline]
    pub fn is_busy(&self, node: Node, channel: Channel, now: SimTime) -> bool {
        let radio = &self.radios[node];
        if radio.lock != NONE || radio.deaf_until > now {
            return true;
        }
        let energy = if channel == Channel::COMMON { radio.energy } else { self.energy_on(node, channel, NONE) };
        energy + self.overlay.as_ref().map_or(0, |overlay| overlay.noise(node)) >= self.busy
    }

    fn energy_on(&self, node: Node, channel: Channel, but: u32) -> u64 {
        let others = self.channels[channel.at()].iter().filter(|&&id| id != but);
        others.filter_map(|&id| self.heard(id, node)).sum()
    }

    /// Level of a frame at a node, if it is in earshot.
    fn heard(&self, id: u32, at: Node) -> Option<u64> {
        let t = &self.transmissions[id as usize];
        let code = self.neighbours.code(at, t.from)?;
        Some(match &t.overlay {
            None => self.level(t.from, code),
            Some(overlay) => overlaid(self.radios[t.from].power_mw * self.linear[code as usize], overlay, t.from, at),
        })
    }

    /// Sum of the signals on the common channel at a node, in 1e-16 mW.
    pub fn energy(&self, node: Node) -> u64 {
        self.radios[node].energy
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
        let radio = &self.radios[node];
        radio.lock != NONE || radio.deaf_until > now
    }

    /// Whether a frame of `node` is on the air or its radio turns around.
    pub fn is_sending(&self, node: Node, now: SimTime) -> bool {
        self.radios[node].deaf_until > now
    }

    /// Switches a radio on or off; off, it loses the frame it was receiving and spoils the one it was sending.
    pub fn power(&mut self, node: Node, on: bool) {
        let radio = &mut self.radios[node];
        radio.deaf_until = if on { SimTime::ZERO } else { SimTime::MAX };
        radio.lock = NONE;
        if !on {
            for t in self.transmissions.iter_mut().filter(|t| t.live && t.from == node) {
                t.ln_success = f64::NEG_INFINITY;
            }
        }
    }

    /// Puts a frame on the air at `now`. On a hopped channel only `hearers` are tuned to it.
    pub fn begin(&mut self, now: SimTime, frame: Frame, hearers: &[Node]) -> u32 {
        let Frame { from, to, channel, bytes, mpdu } = frame;
        let end = now + self.phy.airtime(bytes);
        let id = self.free.pop().unwrap_or_else(|| {
            self.transmissions.push(Transmission {
                from: Node(0),
                to: Node(0),
                channel: Channel(0),
                bytes: 0,
                mpdu: Mpdu::Foreign,
                start: now,
                end,
                hearers: Vec::new(),
                checked: now,
                ln_success: 0.0,
                live: false,
                overlay: None,
            });
            (self.transmissions.len() - 1) as u32
        });
        let t = &mut self.transmissions[id as usize];
        (t.from, t.to, t.channel, t.bytes, t.mpdu) = (from, to, channel, bytes, mpdu);
        (t.start, t.end, t.checked, t.ln_success, t.live) = (now, end, now, 0.0, true);
        t.hearers.clear();
        t.hearers.extend_from_slice(hearers);
        t.overlay.clone_from(&self.overlay);
        self.deafen(from, end);
        if channel == Channel::COMMON {
            match self.overlay.clone() {
                None => self.begin_common::<false>(id, now, from, None),
                Some(overlay) => self.begin_common::<true>(id, now, from, Some(&overlay)),
            }
        } else {
            self.begin_hopped(id, now, channel);
            self.channels[channel.at()].push(id);
        }
        id
    }

    /// Compiled twice, so that nothing is asked where nothing is overlaid.
    fn begin_common<const OVERLAID: bool>(&mut self, id: u32, now: SimTime, from: Node, overlay: Option<&Overlay>) {
        let power = self.radios[from].power_mw;
        let (ids, codes) = self.neighbours.of(from);
        for (&node, &code) in ids.iter().zip(codes) {
            let plain = power * self.linear[code as usize];
            let (level, noise) = match overlay {
                Some(overlay) if OVERLAID => {
                    (overlaid(plain, overlay, from, node), self.noise + overlay.noise(node) as f64)
                }
                _ => (plain as u64, self.noise),
            };
            let radio = &mut self.radios[node];
            let others = radio.energy;
            radio.energy += level;
            if radio.lock != NONE {
                let locked = &mut self.transmissions[radio.lock as usize];
                if self.stretches {
                    if locked.to == node {
                        let sinr = radio.lock_level as f64 / (others.saturating_sub(radio.lock_level) as f64 + noise);
                        let bits = bits_between(&self.phy, locked.checked, now);
                        locked.ln_success += bits * self.model.ln_success_per_bit(level_db(sinr));
                        locked.checked = now;
                    }
                } else if now < locked.start + self.phy.preamble
                    && level as f64 > radio.lock_level as f64 * self.capture
                {
                    (radio.lock, radio.lock_level, radio.peak) = (id, level, others);
                } else {
                    radio.peak = radio.peak.max(radio.energy.saturating_sub(radio.lock_level));
                }
            } else if node.0 < self.own
                && radio.deaf_until <= now
                && level as f64 > (others as f64 + noise) * self.detect
            {
                (radio.lock, radio.lock_level, radio.peak) = (id, level, others);
            }
        }
    }

    /// Noise at a node while a frame is on the air.
    fn noise_at(&self, node: Node, overlay: &Option<Arc<Overlay>>) -> f64 {
        self.noise + overlay.as_ref().map_or(0, |overlay| overlay.noise(node)) as f64
    }

    fn begin_hopped(&mut self, id: u32, now: SimTime, channel: Channel) {
        for n in 0..self.channels[channel.at()].len() {
            let other = self.channels[channel.at()][n];
            for h in 0..self.transmissions[other as usize].hearers.len() {
                let node = self.transmissions[other as usize].hearers[h];
                if self.radios[node].lock == other
                    && let Some(level) = self.heard(id, node)
                {
                    let sum = level + self.energy_on(node, channel, other);
                    let radio = &mut self.radios[node];
                    radio.peak = radio.peak.max(sum);
                    let in_preamble = now < self.transmissions[other as usize].start + self.phy.preamble;
                    // Taken over; whether the newcomer is for this radio is settled below.
                    if in_preamble && level as f64 > radio.lock_level as f64 * self.capture {
                        radio.lock = NONE;
                    }
                }
            }
        }
        for h in 0..self.transmissions[id as usize].hearers.len() {
            let node = self.transmissions[id as usize].hearers[h];
            let Some(level) = self.heard(id, node) else { continue };
            let radio = &self.radios[node];
            if radio.deaf_until > now || radio.lock != NONE {
                continue;
            }
            let others = self.energy_on(node, channel, id);
            let noise = self.noise_at(node, &self.transmissions[id as usize].overlay);
            if level as f64 > (others as f64 + noise) * self.detect {
                let radio = &mut self.radios[node];
                (radio.lock, radio.lock_level, radio.peak) = (id, level, others);
            }
        }
    }

    /// Takes a frame off the air; `each` is told what became of it at its addressee, or at everyone who was locked on
    /// it. Returns the frame.
    pub fn finish(&mut self, id: u32, mut each: impl FnMut(Node, Fate, f32)) -> Transmission {
        let frame = {
            let t = &mut self.transmissions[id as usize];
            t.live = false;
            Transmission { hearers: std::mem::take(&mut t.hearers), ..t.clone() }
        };
        if frame.channel == Channel::COMMON {
            let power = self.radios[frame.from].power_mw;
            if frame.to != Node::EVERYONE {
                let (fate, dbm) = self.fate(id, &frame, frame.to);
                each(frame.to, fate, dbm);
            }
            for n in 0..self.neighbours.of(frame.from).0.len() {
                let (ids, codes) = self.neighbours.of(frame.from);
                let (node, code) = (ids[n], codes[n]);
                if frame.to == Node::EVERYONE && self.radios[node].lock == id {
                    let (fate, dbm) = self.fate(id, &frame, node);
                    each(node, fate, dbm);
                }
                let plain = power * self.linear[code as usize];
                let level = match &frame.overlay {
                    None => plain as u64,
                    Some(overlay) => overlaid(plain, overlay, frame.from, node),
                };
                let radio = &mut self.radios[node];
                radio.energy = radio.energy.saturating_sub(level);
                if radio.lock == id {
                    radio.lock = NONE;
                }
            }
        } else {
            let list = &mut self.channels[frame.channel.at()];
            if let Some(at) = list.iter().position(|&other| other == id) {
                list.swap_remove(at);
            }
            for &node in &frame.hearers {
                let (fate, dbm) = self.fate(id, &frame, node);
                each(node, fate, dbm);
                let radio = &mut self.radios[node];
                if radio.lock == id {
                    radio.lock = NONE;
                }
            }
        }
        let mut kept = frame.hearers;
        kept.clear();
        let t = &mut self.transmissions[id as usize];
        (t.hearers, t.overlay) = (kept, None);
        self.free.push(id);
        Transmission { hearers: Vec::new(), ..self.transmissions[id as usize].clone() }
    }

    fn fate(&mut self, id: u32, frame: &Transmission, node: Node) -> (Fate, f32) {
        let thermal = self.noise_at(node, &frame.overlay);
        let radio = &mut self.radios[node];
        if radio.lock != id {
            return (Fate::Deaf, f32::NAN);
        }
        let level = radio.lock_level as f64;
        let dbm = level_db(level / UNITS_PER_MW) as f32;
        if frame.ln_success == f64::NEG_INFINITY {
            return (Fate::Noise, dbm);
        }
        let mut stream =
            Stream::resume(key(self.seed, u64::from(self.globals[node]), purpose::RECEPTION), u64::from(radio.draws));
        let draw = stream.unit();
        let (loss, quiet) = if self.stretches {
            let others = (radio.energy as f64 - level).max(0.0);
            let sinr = level_db(level / (others + thermal));
            let bits = bits_between(&self.phy, frame.checked, frame.end);
            let ln = frame.ln_success + bits * self.model.ln_success_per_bit(sinr);
            (ErrorModel::loss_of(ln), 0.0)
        } else {
            let spread = normal_quantile(stream.unit().max(f64::EPSILON));
            let rssi = level_db(level) + spread * self.model.frame_spread_db();
            let bits = f64::from(self.phy.psdu_bits(frame.bytes));
            let noise_db = level_db(thermal);
            let quiet = ErrorModel::loss_of(bits * self.model.ln_success_per_bit(rssi - noise_db));
            if radio.peak == 0 {
                (quiet, quiet)
            } else {
                let noise = thermal + self.model.interference_weight() * radio.peak as f64;
                (ErrorModel::loss_of(bits * self.model.ln_success_per_bit(rssi - level_db(noise))), quiet)
            }
        };
        radio.draws = stream.drawn() as u32;
        let fate = if draw >= loss {
            Fate::Received
        } else if draw < quiet {
            Fate::Noise
        } else {
            Fate::Collided
        };
        (fate, dbm)
    }

    /// Frames on the air now.
    pub fn live(&self) -> usize {
        self.transmissions.len() - self.free.len()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.neighbours.bytes()
            + self.overlay.as_ref().map_or(0, |overlay| overlay.bytes())
            + self.radios.bytes()
            + self.globals.bytes()
            + self.transmissions.capacity() * size_of::<Transmission>()
    }
}

/// Level of a frame where something is overlaid; `plain` is its level without.
#[inline]
fn overlaid(plain: f32, overlay: &Overlay, from: Node, to: Node) -> u64 {
    (plain * overlay.factor(from, to)) as u64
}

/// Bits that fit between two instants at the mode's rate, a part counting as a whole bit.
fn bits_between(phy: &Phy, from: SimTime, to: SimTime) -> f64 {
    let product = u128::from(to.saturating_sub(from).nanos()) * u128::from(phy.bit_rate_bps);
    product.div_ceil(1_000_000_000) as f64
}
