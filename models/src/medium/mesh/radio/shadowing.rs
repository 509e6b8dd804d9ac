//! Shadowing that neighbours share: a correlated Gaussian field over the plane.
//!
//! [`Field`] gives each place a standard normal value; two places a distance d apart correlate as exp(-d/D). A link
//! takes half of its variance from the places of its two ends and half from itself ([`LinkShadow`]), so that meters
//! side by side are lucky or unlucky together and two links of one meter still differ.

use crate::math::{cos_turns, exp, normal_quantile};
use amitwin_sim_core::rng::Stream;

const WAVES: usize = 128;
/// Key of the field's waves.
const PURPOSE_FIELD: u32 = 0x5348_0001;
/// Key of the part that a link does not share.
const PURPOSE_LINK: u32 = 0x5348_0002;
/// Share of a link's variance that comes from its two places.
const SHARED: f64 = 0.5;
/// Fractional part of the golden ratio: multiples of it fill a turn evenly.
const GOLDEN_TURN: f64 = 0.618_033_988_749_894_9;

/// A standard normal value for each place of the plane.
#[derive(Clone, Debug)]
pub struct Field {
    distance_m: f64,
    /// Waves a metre, eastwards and northwards, and phase in turns; an array each, so that the sum vectorises.
    east: [f64; WAVES],
    north: [f64; WAVES],
    phase: [f64; WAVES],
}

impl Field {
    /// The field of a run: `distance_m` is the D of exp(-d/D); below 0.1 m counts as 0.1 m.
    ///
    /// Each wave's length is drawn from the spectrum of the exponential covariance in the plane, whose distribution
    /// function is 1 - (1 + D^2 k^2)^(-1/2). Lengths are drawn one from each of 128 equal strata and directions are
    /// spread evenly from a random start: every single draw keeps its distribution, and one field of 128 waves then
    /// has the covariance that independent draws have only on average over many fields.
    pub fn new(seed: u64, distance_m: f64) -> Self {
        let distance_m = distance_m.max(0.1);
        let mut draws = Stream::new(seed, 0, PURPOSE_FIELD);
        let mut field = Field { distance_m, east: [0.0; WAVES], north: [0.0; WAVES], phase: [0.0; WAVES] };
        let start = draws.unit();
        for i in 0..WAVES {
            // The cut at 1,000 / D leaves 0.1 % of the power out and keeps the phase of far places exact.
            let rest = (1.0 - (i as f64 + draws.unit()) / WAVES as f64).max(1e-3);
            let k = (1.0 / (rest * rest) - 1.0).sqrt() / distance_m;
            let direction = start + i as f64 * GOLDEN_TURN;
            let waves_per_m = k / std::f64::consts::TAU;
            field.east[i] = waves_per_m * cos_turns(direction);
            field.north[i] = waves_per_m * cos_turns(direction - 0.25);
            field.phase[i] = draws.unit();
        }
        field
    }

    /// Value at a place, metres east and north of the placement's origin; mean 0, variance 1.
    pub fn at(&self, x_m: f64, y_m: f64) -> f64 {
        // Four running sums in a fixed order: the same result on every machine, and the compiler may use lanes.
        let mut sums = [0.0; 4];
        for i in (0..WAVES).step_by(4) {
            for (lane, sum) in sums.iter_mut().enumerate() {
                let j = i + lane;
                *sum += cos_turns(self.east[j] * x_m + self.north[j] * y_m + self.phase[j]);
            }
        }
        ((sums[0] + sums[1]) + (sums[2] + sums[3])) * (2.0 / WAVES as f64).sqrt()
    }

    /// Correlation of two places `distance_m` apart.
    #[inline]
    pub fn correlation(&self, distance_m: f64) -> f64 {
        exp(-distance_m / self.distance_m)
    }
}

/// One end of a link.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    /// Node id in the whole run (not in a partition).
    pub node: u32,
    /// The field's value at the node's place.
    pub field: f64,
}

/// Shadowing of links.
#[derive(Clone, Copy, Debug)]
pub struct LinkShadow {
    seed: u64,
    sigma_db: f64,
}

impl LinkShadow {
    /// Links with standard deviation `sigma_db`.
    pub fn new(seed: u64, sigma_db: f64) -> Self {
        LinkShadow { seed, sigma_db }
    }

    /// Extra loss of the link between `a` and `b`, dB, the same in both directions; `correlation` is
    /// [`Field::correlation`] of their distance.
    ///
    /// The sum of both places' values has variance 2 (1 + correlation), so it is divided by its root: the standard
    /// deviation is `sigma_db` for a link of any length.
    #[inline]
    pub fn db(&self, a: End, b: End, correlation: f64) -> f64 {
        if self.sigma_db == 0.0 {
            return 0.0;
        }
        let pair = (u64::from(a.node.min(b.node)) << 32) | u64::from(a.node.max(b.node));
        let own = normal_quantile(Stream::new(self.seed, pair, PURPOSE_LINK).unit());
        let shared = (a.field + b.field) / (2.0 * (1.0 + correlation)).sqrt();
        self.sigma_db * (SHARED.sqrt() * shared + (1.0 - SHARED).sqrt() * own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const D: f64 = 50.0;

    #[test]
    fn variance_and_correlation_over_many_seeds() {
        let seeds = 4_000;
        let lags = [0.0, 25.0, 50.0, 100.0];
        let mut products = [0.0; 4];
        let mut mean = 0.0;
        for seed in 0..seeds {
            let field = Field::new(seed, D);
            let here = field.at(312.0, -87.0);
            mean += here / seeds as f64;
            for (product, lag) in products.iter_mut().zip(lags) {
                // A different direction for each seed.
                let turn = seed as f64 * GOLDEN_TURN;
                let there = field.at(312.0 + lag * cos_turns(turn), -87.0 + lag * cos_turns(turn - 0.25));
                *product += here * there / seeds as f64;
            }
        }
        // The standard error of a mean product is about 0.016 at most, sqrt(2 / 4000) = 0.022 at lag 0.
        assert!(mean.abs() < 0.05, "{mean}");
        for (product, lag) in products.into_iter().zip(lags) {
            let expected = libm::exp(-lag / D);
            assert!((product - expected).abs() < 0.07, "lag {lag} m: {product}, not {expected}");
        }
    }

    #[test]
    fn one_field_alone_has_the_covariance() {
        let field = Field::new(7, D);
        let side = 60;
        let step = 83.0;
        for lag in [0.0, 25.0, 50.0, 100.0] {
            let mut product = 0.0;
            for i in 0..side * side {
                let (x, y) = (f64::from(i % side) * step, f64::from(i / side) * step);
                let here = field.at(x, y);
                product += here * (field.at(x + lag, y) + field.at(x, y + lag)) / 2.0;
            }
            product /= f64::from(side * side);
            let expected = libm::exp(-lag / D);
            assert!((product - expected).abs() < 0.1, "lag {lag} m: {product}, not {expected}");
        }
    }

    #[test]
    fn a_seed_fixes_the_field_and_the_links() {
        let (a, b) = (Field::new(3, D), Field::new(3, D));
        assert_eq!(a.at(1_234.5, 6_789.0).to_bits(), b.at(1_234.5, 6_789.0).to_bits());
        assert_ne!(a.at(10.0, 10.0), Field::new(4, D).at(10.0, 10.0));
        // A town 500 km from the origin still has a smooth field.
        assert!((a.at(500_000.0, 0.0) - a.at(500_000.1, 0.0)).abs() < 0.5);

        let (m, n) = (End { node: 5, field: 0.3 }, End { node: 70_000, field: -1.1 });
        let shadow = LinkShadow::new(3, 7.0);
        assert_eq!(shadow.db(m, n, 0.2), shadow.db(n, m, 0.2));
        assert_ne!(shadow.db(m, n, 0.2), shadow.db(m, End { node: 70_001, ..n }, 0.2));
        assert_eq!(LinkShadow::new(3, 0.0).db(m, n, 0.2), 0.0);
    }

    #[test]
    fn links_have_the_stated_spread_at_any_length() {
        for length in [5.0, 60.0, 400.0] {
            let (mut sum, mut square) = (0.0, 0.0);
            let links = 4_000u32;
            for i in 0..links {
                let seed = u64::from(i / 4);
                let field = Field::new(seed, D);
                let x = f64::from(i % 4) * 2_000.0;
                let a = End { node: i, field: field.at(x, 0.0) };
                let b = End { node: i + links, field: field.at(x + length, 0.0) };
                let db = LinkShadow::new(seed, 7.0).db(a, b, field.correlation(length));
                sum += db;
                square += db * db;
            }
            let mean = sum / f64::from(links);
            let sigma = (square / f64::from(links) - mean * mean).sqrt();
            assert!(mean.abs() < 0.4 && (sigma - 7.0).abs() < 0.3, "{length} m: mean {mean}, sigma {sigma}");
        }
    }

    #[test]
    fn links_of_neighbours_share_half_of_it() {
        // Two meters 2 m apart, each linked to the same gateway 300 m away.
        let (mut product, mut square) = (0.0, 0.0);
        for seed in 0..4_000 {
            let field = Field::new(seed, D);
            let gateway = End { node: 0, field: field.at(300.0, 0.0) };
            let rho = field.correlation(300.0);
            let shadow = LinkShadow::new(seed, 1.0);
            let one = shadow.db(End { node: 1, field: field.at(0.0, 0.0) }, gateway, rho);
            let two = shadow.db(End { node: 2, field: field.at(0.0, 2.0) }, gateway, rho);
            product += one * two;
            square += (one * one + two * two) / 2.0;
        }
        let correlation: f64 = product / square;
        assert!((correlation - 0.49).abs() < 0.05, "{correlation}");
    }
}
