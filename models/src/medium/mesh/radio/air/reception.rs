//! What becomes of a frame at a radio: levels, noise, and the draw that decides.

use super::{Air, Fate, Transmission, UNITS_DB};
use crate::math::{level_db, normal_quantile, ratio};
use crate::medium::mesh::radio::error::ErrorModel;
use crate::medium::mesh::radio::heat::LinkHeat;
use crate::medium::mesh::radio::overlay::Overlay;
use crate::medium::mesh::radio::phy::Phy;
use crate::node::Node;
use crate::purpose;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::{Stream, key};
use std::sync::Arc;

impl Air {
    /// Noise at a node while a frame is on the air.
    pub(super) fn noise_at(&self, node: Node, overlay: &Option<Arc<Overlay>>) -> f64 {
        self.levels.noise + overlay.as_ref().map_or(0, |overlay| overlay.noise(node)) as f64
    }

    /// What becomes of a frame at a radio, and its level there, dBm; not a number where nobody asks for that ([`Air::measure`]).
    pub(super) fn fate(&mut self, id: u32, frame: &Transmission, node: Node) -> (Fate, f32) {
        let thermal = self.noise_at(node, &frame.overlay);
        if self.radios[node].lock != id {
            return (Fate::Deaf, f32::NAN);
        }
        let interference = self.interference(node, frame.channel, frame.start, frame.end);
        let heat = match &mut self.heat {
            None => Some(LinkHeat::default()),
            Some(heat) => heat.link((frame.from, self.sites[frame.from]), (node, self.sites[node]), frame.start),
        };
        let units_db = self.kept.in_db.of(self.radios[node].lock_level);
        let Some(heat) = heat.filter(|_| frame.ln_success > f64::NEG_INFINITY) else {
            return (Fate::Noise, (units_db - UNITS_DB) as f32);
        };
        let thermal = if heat.noise_db == 0.0 { thermal } else { thermal * ratio(heat.noise_db) };
        // By the instant and not by their number, so that what is not worked out changes nothing. A radio is locked on one frame that
        // began then, and takes two draws for it.
        let mut stream =
            Stream::resume(key(self.seed, u64::from(self.sites[node]), purpose::RECEPTION), 2 * frame.start.nanos());
        let draw = stream.unit();
        let radio = &self.radios[node];
        if self.phy.is_oqpsk() {
            let level = radio.lock_level as f64;
            let others = (radio.energy as f64 - level).max(0.0) + interference as f64;
            let sinr = level_db(level / (others + thermal));
            let bits = bits_between(&self.phy, frame.checked, frame.end);
            let ln = frame.ln_success + bits * self.model.ln_success_per_bit(sinr);
            return (drawn(draw, ErrorModel::loss_of(ln), 0.0), (units_db - UNITS_DB) as f32);
        }
        let noise_db = if thermal == self.levels.noise { self.levels.noise_db } else { level_db(thermal) };
        let peak = radio.peak + interference;
        let mean = Mean { units_db, heat_db: heat.loss_db, thermal, noise_db, peak };
        let is_clear = peak == 0 && self.levels.clear.arrives(units_db - heat.loss_db - noise_db, draw);
        if is_clear {
            debug_assert_eq!(self.faded_fate(frame, node, &mean, (draw, stream)).0, Fate::Received);
            return (Fate::Received, f32::NAN);
        }
        self.faded_fate(frame, node, &mean, (draw, stream))
    }

    /// The same of FSK, with what the link has faded by.
    fn faded_fate(
        &mut self,
        frame: &Transmission,
        node: Node,
        mean: &Mean,
        (draw, mut stream): (f64, Stream),
    ) -> (Fate, f32) {
        let &Mean { units_db, heat_db, thermal, noise_db, peak } = mean;
        let faded_db = self.faded_db(frame, node) - heat_db;
        let spread = normal_quantile(stream.unit().max(f64::EPSILON));
        let dbm = (units_db - UNITS_DB) as f32 + (faded_db + spread * self.fading.frame_db()) as f32;
        let rssi = units_db + faded_db + spread * self.fading.frame_db();
        let bits = f64::from(self.phy.psdu_bits(frame.bytes));
        let quiet = ErrorModel::loss_of(bits * self.model.ln_success_per_bit(rssi - noise_db));
        let loss = if peak == 0 {
            quiet
        } else {
            let noise = thermal + self.model.interference_weight() * peak as f64;
            ErrorModel::loss_of(bits * self.model.ln_success_per_bit(rssi - level_db(noise)))
        };
        (drawn(draw, loss, quiet), dbm)
    }
}

/// A reception before it fades.
struct Mean {
    /// Level over a unit, dB.
    units_db: f64,
    /// What heat takes of it, dB.
    heat_db: f64,
    /// Noise, and the same over a unit in dB.
    thermal: f64,
    noise_db: f64,
    /// Strongest sum of other signals.
    peak: u64,
}

/// What a draw decides, between the probability of a loss and that without others on the air.
fn drawn(draw: f64, loss: f64, quiet: f64) -> Fate {
    if draw >= loss {
        Fate::Received
    } else if draw < quiet {
        Fate::Noise
    } else {
        Fate::Collided
    }
}

impl Air {
    /// What the link of a frame has at its beginning, dB.
    fn faded_db(&mut self, frame: &Transmission, node: Node) -> f64 {
        let channel = self.on_air(frame.channel, frame.start);
        self.fading.shared_db(self.sites[frame.from], self.sites[node], channel, frame.start)
    }
}

/// Level of a frame where something is overlaid; `plain` is its level without.
#[inline]
pub(super) fn overlaid(plain: f32, factor: f32) -> u64 {
    units(plain * factor)
}

/// Whole units of a level: below 2^63, which takes the processor a single instruction.
#[inline]
pub(super) fn units(level: f32) -> u64 {
    level as i64 as u64
}

/// A level as a number: below 2^63, which takes the processor a single instruction.
#[inline]
pub(super) fn number(units: u64) -> f64 {
    units as i64 as f64
}

/// Bits that fit between two instants at the mode's rate, a part counting as a whole bit.
pub(super) fn bits_between(phy: &Phy, from: SimTime, to: SimTime) -> f64 {
    let product = u128::from(to.saturating_sub(from).nanos()) * u128::from(phy.bit_rate_bps);
    product.div_ceil(1_000_000_000) as f64
}
