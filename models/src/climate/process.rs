//! An Ornstein-Uhlenbeck process at any time, without state: what fading and weather wander by.

use crate::math::{exp, normal_quantile};
use amitwin_sim_core::rng::Stream;

/// Correlation times from one knot, whose values are drawn by themselves, to the next.
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

/// A standard normal process whose autocorrelation is `exp(-dt / tau)`: knots each 4 tau, halved eight times by bridges, then on a line.
///
/// Its autocorrelation is within 0.025 of that, its variance 0.992.
#[derive(Clone, Debug)]
pub struct Process {
    /// Of each halving: what the mean of the two ends counts, and the standard deviation around that.
    halvings: [(f64, f64); HALVINGS],
}

impl Default for Process {
    fn default() -> Self {
        let mut halvings = [(0.0, 0.0); HALVINGS];
        for (n, halving) in halvings.iter_mut().enumerate() {
            let r = exp(-KNOT_TAUS / f64::from(2u32 << n));
            *halving = (r / (1.0 + r * r), ((1.0 - r * r) / (1.0 + r * r)).sqrt());
        }
        Process { halvings }
    }
}

impl Process {
    /// Its value under a key, so many correlation times after the beginning, which is not negative.
    pub fn at(&self, key: u64, taus: f64) -> f64 {
        let place = Process::place(key, taus);
        Process::on_line(self.ends(key, place as u64), place)
    }

    /// Where its finest steps have it then: a step, and how far on from that.
    #[inline]
    pub fn place(key: u64, taus: f64) -> f64 {
        // Where its knots lie is the key's own.
        let phase = (number(key) >> 48) as f64;
        taus * (STEPS as f64 / KNOT_TAUS) + phase
    }

    /// Its value at a place, from those at the two ends of its step.
    #[inline]
    pub fn on_line((left, right): (f64, f64), place: f64) -> f64 {
        left + (right - left) * (place - place as u64 as f64)
    }

    /// Its values at the two ends of a step.
    pub fn ends(&self, key: u64, step: u64) -> (f64, f64) {
        let mut low = step & !(STEPS - 1);
        let (mut left, mut right) = (normal(key, low), normal(key, low + STEPS));
        let mut half = STEPS;
        for (n, (share, sigma)) in self.halvings.iter().enumerate() {
            half /= 2;
            let middle = low + half;
            let chance = if n < EXACT_HALVINGS { normal(key, middle) } else { nearly_normal(draw(key, middle)) };
            let value = share * (left + right) + sigma * chance;
            if step >= middle {
                (low, left) = (middle, value);
            } else {
                right = value;
            }
        }
        (left, right)
    }
}

/// A number that belongs to a key, beside its process.
#[inline]
pub fn number(key: u64) -> u64 {
    draw(key, u64::MAX >> 1)
}

/// Draw number `n` under a key.
#[inline]
pub fn draw(key: u64, n: u64) -> u64 {
    Stream::resume(key, n).bits()
}

/// Draw number `n` under a key, standard normal.
#[inline]
pub fn normal(key: u64, n: u64) -> f64 {
    normal_quantile(((draw(key, n) >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64))
}

/// Where the tails of [`nearly_normal`] end.
pub const NEARLY_NORMAL_MOST: f64 = 3.47;

/// 64 bits as a number that is normal but for its tails, which end at 3.46.
#[inline]
pub fn nearly_normal(bits: u64) -> f64 {
    let sum = (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
    (sum as f64 - SUM_MEAN) / SUM_SIGMA
}
