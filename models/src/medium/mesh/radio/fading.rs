//! How the level of a link wanders: for hours, for a minute on a channel, for a frame.
//!
//! `level = mean + slow X(link, t) + channel Y(link, channel, minute) + frame Z(frame)`, all three standard normal. X is an
//! Ornstein-Uhlenbeck process, whose autocorrelation is `exp(-dt / tau)`, with a tau of each link's own. X and Y are the same in both
//! directions and pure functions of (seed, pair of sites, time): nothing is kept, and nothing happens in between.

use super::math::{exp, normal_quantile};
use crate::node::{Channel, SiteId};
use crate::purpose;
use crate::spec::FadingSpec;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::{Stream, key};

/// Times tau from one knot, whose values are drawn by themselves, to the next.
const KNOT_TAUS: f64 = 4.0;
/// Halvings of the time between two knots; in between the value is on a line.
const HALVINGS: usize = 8;
/// So many finest steps from knot to knot.
const STEPS: u64 = 1 << HALVINGS;
/// Halvings whose draw comes from the quantile; of the later ones, which add less than 0.4 of a standard deviation each, a sum of
/// four is enough.
const EXACT_HALVINGS: usize = 4;

/// Sums of four uniform numbers of 16 bits: mean, and standard deviation `2^16 / sqrt(3)`.
const SUM_MEAN: f64 = 131_070.0;
const SUM_SIGMA: f64 = 37_837.227;

/// What the levels of a run's links do over time.
#[derive(Clone, Debug)]
pub struct Fading {
    seed: u64,
    slow_db: f64,
    channel_db: f64,
    frame_db: f64,
    median_s: f64,
    time_spread: f64,
    /// Of each halving: what the mean of the two ends counts, and the standard deviation around that.
    halvings: [(f64, f64); HALVINGS],
}

impl Fading {
    /// The fading of a run.
    pub fn new(spec: &FadingSpec, seed: u64) -> Self {
        let mut halvings = [(0.0, 0.0); HALVINGS];
        for (n, halving) in halvings.iter_mut().enumerate() {
            let r = exp(-KNOT_TAUS / (2u32 << n) as f64);
            *halving = (r / (1.0 + r * r), ((1.0 - r * r) / (1.0 + r * r)).sqrt());
        }
        Fading {
            seed,
            slow_db: spec.slow_db,
            channel_db: spec.channel_db,
            frame_db: spec.frame_db,
            median_s: spec.time.secs_f64(),
            time_spread: spec.time_spread,
            halvings,
        }
    }

    /// Standard deviation of what a single frame has, dB.
    pub fn frame_db(&self) -> f64 {
        self.frame_db
    }

    /// What a link has at an instant on a channel, dB: the slow part and that of the channel's minute.
    #[inline]
    pub fn shared_db(&self, a: SiteId, b: SiteId, channel: Channel, at: SimTime) -> f64 {
        let mut db = 0.0;
        if self.slow_db == 0.0 && self.channel_db == 0.0 {
            return db;
        }
        let key = self.key(a, b);
        if self.slow_db != 0.0 {
            db += self.slow_db * self.slow(key, at);
        }
        if self.channel_db != 0.0 {
            let minute = at.nanos() / 60_000_000_000;
            db += self.channel_db * normal(draw(!key, (minute << 16) | u64::from(channel.0)));
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

    /// The standard Ornstein-Uhlenbeck process of a link.
    fn slow(&self, key: u64, at: SimTime) -> f64 {
        // The link's own: its time, and where its knots lie.
        let own = draw(key, u64::MAX >> 1);
        let tau_s = self.median_s * exp(self.time_spread * normal(own));
        let phase = (own >> 48) as f64;
        let place = at.secs_f64() / tau_s * (STEPS as f64 / KNOT_TAUS) + phase;
        let step = place as u64;
        let mut low = step & !(STEPS - 1);
        let exact = |n: u64| normal_quantile(((draw(key, n) >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64));
        let (mut left, mut right) = (exact(low), exact(low + STEPS));
        let mut half = STEPS;
        for (n, (share, sigma)) in self.halvings.iter().enumerate() {
            half /= 2;
            let middle = low + half;
            let chance = if n < EXACT_HALVINGS { exact(middle) } else { normal(draw(key, middle)) };
            let value = share * (left + right) + sigma * chance;
            if step >= middle {
                (low, left) = (middle, value);
            } else {
                right = value;
            }
        }
        left + (right - left) * (place - step as f64)
    }
}

/// Draw number `n` under a key.
#[inline]
fn draw(key: u64, n: u64) -> u64 {
    Stream::resume(key, n).bits()
}

/// A draw as a number that is normal but for its tails, which end at 3.46.
#[inline]
fn normal(bits: u64) -> f64 {
    let sum = (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
    (sum as f64 - SUM_MEAN) / SUM_SIGMA
}

#[cfg(test)]
mod tests;
