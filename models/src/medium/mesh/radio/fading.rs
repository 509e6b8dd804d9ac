//! How the level of a link wanders: for hours, for a minute on a channel, for a frame.
//!
//! `level = mean + slow X(link, t) + channel Y(link, channel, minute) + frame Z(frame)`, all three standard normal. X is an
//! Ornstein-Uhlenbeck process, whose autocorrelation is `exp(-dt / tau)`, with a tau of each link's own. X and Y are the same in both
//! directions and pure functions of (seed, pair of sites, time): nothing happens in between, and what is kept is a copy of what was worked out last.

use crate::climate::process::{NEARLY_NORMAL_MOST, Process, draw, nearly_normal, number};
use crate::math::exp;
use crate::node::{Channel, SiteId};
use crate::purpose;
use crate::spec::FadingSpec;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::key;

/// So many links are kept at hand, at least and at most: an acknowledgement takes the link of its frame, what is repeated as well, and
/// neighbours are asked a few times within minutes.
const AT_HAND: (usize, usize) = (32, 512);
/// The slow part ends at so many standard deviations: it goes beyond in fewer than one of 10^11 cases.
const SLOW_MOST: f64 = 7.0;
/// No draw of a frame's own part is further out: 53 bits are not more.
const FRAME_MOST: f64 = 8.5;

/// What the levels of a run's links do over time.
#[derive(Clone, Debug)]
pub struct Fading {
    seed: u64,
    slow_db: f64,
    channel_db: f64,
    frame_db: f64,
    median_s: f64,
    time_spread: f64,
    process: Process,
    /// Links that were looked at last, by the last digits of their keys.
    at_hand: Box<[Known]>,
}

/// What is known of the slow part of a link.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    key: u64,
    tau_s: f64,
    /// A step of its process, and its values at the two ends.
    step: u64,
    ends: (f64, f64),
}

impl Fading {
    /// The fading of a run.
    pub fn new(spec: &FadingSpec, seed: u64) -> Self {
        Fading {
            seed,
            slow_db: spec.slow_db,
            channel_db: spec.channel_db,
            frame_db: spec.frame_db,
            median_s: spec.time.secs_f64(),
            time_spread: spec.time_spread,
            process: Process::default(),
            at_hand: vec![Known::default(); AT_HAND.0].into(),
        }
    }

    /// The same, for the links of so many radios: about one at hand for each, within limits.
    pub fn among(self, radios: usize) -> Self {
        let at_hand = radios.next_power_of_two().clamp(AT_HAND.0, AT_HAND.1);
        Fading { at_hand: vec![Known::default(); at_hand].into(), ..self }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.at_hand)
    }

    /// Standard deviation of what a single frame has, dB.
    pub fn frame_db(&self) -> f64 {
        self.frame_db
    }

    /// The most that a level may be below its link's mean, dB.
    pub fn most_db(&self) -> f64 {
        self.slow_db * SLOW_MOST + self.channel_db * NEARLY_NORMAL_MOST + self.frame_db * FRAME_MOST
    }

    /// What a link has at an instant on a channel, dB: the slow part and that of the channel's minute.
    #[inline]
    pub fn shared_db(&mut self, a: SiteId, b: SiteId, channel: Channel, at: SimTime) -> f64 {
        let mut db = 0.0;
        if self.slow_db == 0.0 && self.channel_db == 0.0 {
            return db;
        }
        let key = self.key(a, b);
        if self.slow_db != 0.0 {
            db += self.slow_db * self.slow_at_hand(key, at);
        }
        if self.channel_db != 0.0 {
            let minute = at.nanos() / 60_000_000_000;
            db += self.channel_db * nearly_normal(draw(!key, (minute << 16) | u64::from(channel.0)));
        }
        db
    }

    /// The slow part alone, dB.
    pub fn slow_db(&self, a: SiteId, b: SiteId, at: SimTime) -> f64 {
        if self.slow_db == 0.0 { 0.0 } else { self.slow_db * self.slow(self.key(a, b), at) }
    }

    fn key(&self, a: SiteId, b: SiteId) -> u64 {
        let (a, b) = (u64::from(a), u64::from(b));
        key(self.seed, (a.min(b) << 32) | a.max(b), purpose::FADING)
    }

    /// The standard process of a link, which has a time of its own.
    fn slow(&self, key: u64, at: SimTime) -> f64 {
        self.process.at(key, at.secs_f64() / self.tau_s(key)).clamp(-SLOW_MOST, SLOW_MOST)
    }

    /// The same, for those who ask often.
    #[inline]
    fn slow_at_hand(&mut self, key: u64, at: SimTime) -> f64 {
        let known = self.at_hand[key as usize & (self.at_hand.len() - 1)];
        let is_known = known.key == key && known.tau_s > 0.0;
        let tau_s = if is_known { known.tau_s } else { self.tau_s(key) };
        let place = Process::place(key, at.secs_f64() / tau_s);
        let step = place as u64;
        let ends = if is_known && known.step == step { known.ends } else { self.look_at(key, tau_s, step) };
        Process::on_line(ends, place).clamp(-SLOW_MOST, SLOW_MOST)
    }

    fn look_at(&mut self, key: u64, tau_s: f64, step: u64) -> (f64, f64) {
        let ends = self.process.ends(key, step);
        self.at_hand[key as usize & (self.at_hand.len() - 1)] = Known { key, tau_s, step, ends };
        ends
    }

    fn tau_s(&self, key: u64) -> f64 {
        self.median_s * exp(self.time_spread * nearly_normal(number(key)))
    }
}

#[cfg(test)]
mod tests;
