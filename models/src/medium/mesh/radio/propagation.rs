//! Path loss between two radios: the median over locations, without shadowing and without what stands at the ends.
//!
//! [`loss_db`] serves radios near the ground, [`super::rooftops`] those above the roofs. [`hata_db`] is for towers and holds the
//! latter against measurements; no scenario can choose it. No model returns less than free space, and a distance below 1 m (a meter room) counts as 1 m.

use crate::spec::{Clutter, PathLoss};
use libm::log10;

/// Distance up to which half of all street-level links are in line of sight, m (P.1411 §4.3.1 at 50 % of locations).
pub const LINE_OF_SIGHT_M: f64 = 44.2;
/// Width of the stretch behind [`LINE_OF_SIGHT_M`] over which the loss turns into that without line of sight, m.
pub const CORNER_M: f64 = 20.0;

/// Median path loss at `distance_m`, dB.
pub fn loss_db(model: &PathLoss, frequency_mhz: f64, distance_m: f64) -> f64 {
    let distance_m = distance_m.max(1.0);
    let loss = match *model {
        PathLoss::StreetLevel(clutter) => street_level_db(clutter, frequency_mhz, distance_m),
        PathLoss::LogDistance { reference_db, exponent } => reference_db + 10.0 * exponent * log10(distance_m),
    };
    loss.max(free_space_db(frequency_mhz, distance_m))
}

/// Distance at which a loss that grows with it reaches `loss`, m, searched up to 100 km; how far a radio can hear.
pub fn range_m(loss_at: impl Fn(f64) -> f64, loss: f64) -> f64 {
    let (mut near, mut far) = (0.0, 100_000.0);
    if loss_at(far) <= loss {
        return far;
    }
    if loss_at(near) > loss {
        return near;
    }
    while far - near > 0.01 {
        let middle = 0.5 * (near + far);
        if loss_at(middle) <= loss {
            near = middle;
        } else {
            far = middle;
        }
    }
    near
}

/// [`loss_db`] of one model and frequency as a table over the squared distance, for the pairs of a whole town:
/// no root and no logarithm a pair.
#[derive(Clone, Debug)]
pub struct LossCurve {
    loss_db: Vec<f32>,
}

impl LossCurve {
    /// Table intervals an octave of squared distance.
    const PER_OCTAVE_BITS: u32 = 8;
    /// Octaves of squared distance from 1 m^2: up to 131 km.
    const OCTAVES: u32 = 34;
    /// Bits of a 32-bit float below those that number an interval.
    const REST_BITS: u32 = 23 - Self::PER_OCTAVE_BITS;

    /// The curve of `model`.
    pub fn new(model: &PathLoss, frequency_mhz: f64) -> Self {
        let first = 1.0f32.to_bits() >> Self::REST_BITS;
        let loss_db = (0..=Self::OCTAVES << Self::PER_OCTAVE_BITS)
            .map(|i| {
                let squared_m2 = f32::from_bits((first + i) << Self::REST_BITS);
                loss_db(model, frequency_mhz, f64::from(squared_m2).sqrt()) as f32
            })
            .collect();
        LossCurve { loss_db }
    }

    /// Median path loss, dB, within 0.05 dB of [`loss_db`]; from 131 km on that of 131 km.
    #[inline]
    pub fn at(&self, distance_squared_m2: f32) -> f32 {
        // The bit pattern of a positive float is a logarithm: interval number on top, place in the interval below.
        let bits = distance_squared_m2.max(1.0).to_bits() - 1.0f32.to_bits();
        let i = (bits >> Self::REST_BITS) as usize;
        let Some(&[low, high]) = self.loss_db.get(i..i + 2) else {
            return self.loss_db[self.loss_db.len() - 1];
        };
        let place = (bits & ((1 << Self::REST_BITS) - 1)) as f32 * (1.0 / (1 << Self::REST_BITS) as f32);
        low + (high - low) * place
    }
}

/// Free-space loss, dB.
pub fn free_space_db(frequency_mhz: f64, distance_m: f64) -> f64 {
    32.45 + 20.0 * log10(frequency_mhz) + 20.0 * log10(distance_m.max(1.0) / 1_000.0)
}

fn street_level_db(clutter: Clutter, frequency_mhz: f64, distance_m: f64) -> f64 {
    let urban_db = match clutter {
        Clutter::Suburban => 0.0,
        Clutter::Urban => 6.8,
        Clutter::DenseUrban => 2.3,
    };
    let blocked = |d: f64| 9.5 + 45.0 * log10(frequency_mhz) + 40.0 * log10(d / 1_000.0) + urban_db;
    if distance_m <= LINE_OF_SIGHT_M {
        free_space_db(frequency_mhz, distance_m)
    } else if distance_m >= LINE_OF_SIGHT_M + CORNER_M {
        blocked(distance_m)
    } else {
        let from = free_space_db(frequency_mhz, LINE_OF_SIGHT_M);
        let to = blocked(LINE_OF_SIGHT_M + CORNER_M);
        from + (to - from) * (distance_m - LINE_OF_SIGHT_M) / CORNER_M
    }
}

/// Surroundings of a tower's coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TowerArea {
    /// Built up.
    Urban,
    /// Suburbs; the COST 231 extension has no correction for them.
    Suburban,
    /// Open country; not part of the COST 231 extension, which then uses the correction of the lower band.
    Open,
}

/// Size of the city that a tower stands in or near; it sets the correction for the terminal's height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum City {
    /// Small or medium.
    Small,
    /// Large; above 1.5 GHz a metropolitan centre.
    Large,
}

/// A path between a tower and a terminal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TowerPath {
    /// Surroundings.
    pub area: TowerArea,
    /// City size.
    pub city: City,
    /// Height of the tower's antenna over ground, 30-200 m.
    pub base_height_m: f64,
    /// Height of the terminal's antenna over ground, 1-10 m.
    pub mobile_height_m: f64,
}

/// Median loss of Okumura-Hata up to 1.5 GHz and of its COST 231 extension above, fitted for 1-20 km, dB.
pub fn hata_db(path: &TowerPath, frequency_mhz: f64, distance_m: f64) -> f64 {
    let distance_m = distance_m.max(1.0);
    let mobile_m = path.mobile_height_m;
    let f = log10(frequency_mhz);
    let base = log10(path.base_height_m);
    let squared = |x: f64| x * x;
    let mobile_db = match path.city {
        City::Large if frequency_mhz < 300.0 => 8.29 * squared(log10(1.54 * mobile_m)) - 1.1,
        City::Large => 3.2 * squared(log10(11.75 * mobile_m)) - 4.97,
        City::Small => (1.1 * f - 0.7) * mobile_m - (1.56 * f - 0.8),
    };
    let extended = frequency_mhz > 1_500.0;
    let start_db = if extended { 46.3 + 33.9 * f } else { 69.55 + 26.16 * f };
    let area_db = match (path.area, path.city) {
        (TowerArea::Open, _) => -4.78 * squared(f) + 18.33 * f - 40.94,
        (TowerArea::Suburban, _) if !extended => -2.0 * squared(log10(frequency_mhz / 28.0)) - 5.4,
        (TowerArea::Urban, City::Large) if extended => 3.0,
        _ => 0.0,
    };
    let distance_db = (44.9 - 6.55 * base) * log10(distance_m / 1_000.0);
    let loss = start_db - 13.82 * base - mobile_db + distance_db + area_db;
    loss.max(free_space_db(frequency_mhz, distance_m))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBURB: PathLoss = PathLoss::StreetLevel(Clutter::Suburban);

    fn near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{value}, not {expected} within {tolerance}");
    }

    #[test]
    fn street_level_reference_values() {
        near(loss_db(&SUBURB, 915.0, 200.0), 114.8, 0.1);
        near(loss_db(&PathLoss::StreetLevel(Clutter::Urban), 915.0, 200.0), 121.6, 0.1);
        near(loss_db(&PathLoss::StreetLevel(Clutter::DenseUrban), 915.0, 200.0), 117.1, 0.1);
        // In line of sight it is free space: 32.45 + 59.228 - 33.979.
        near(loss_db(&SUBURB, 915.0, 20.0), 57.70, 0.01);
        // 40 dB a decade behind the corner.
        near(loss_db(&SUBURB, 915.0, 1_000.0) - loss_db(&SUBURB, 915.0, 100.0), 40.0, 1e-9);
    }

    #[test]
    fn the_corner_is_continuous_and_loss_never_falls() {
        let mut last = loss_db(&SUBURB, 915.0, 5.0);
        for step in 51..4_000 {
            let loss = loss_db(&SUBURB, 915.0, f64::from(step) * 0.1);
            assert!(loss >= last && loss - last < 0.2, "{step}: {last} -> {loss}");
            last = loss;
        }
    }

    #[test]
    fn log_distance_and_the_free_space_floor() {
        let model = PathLoss::LogDistance { reference_db: 31.7, exponent: 3.0 };
        near(loss_db(&model, 915.0, 100.0), 91.7, 1e-9);
        let optimistic = PathLoss::LogDistance { reference_db: 0.0, exponent: 1.0 };
        assert_eq!(loss_db(&optimistic, 915.0, 500.0), free_space_db(915.0, 500.0));
        // ns-3's default: 46.6777 dB at 1 m, exponent 3.
        let ns3 = PathLoss::LogDistance { reference_db: 46.6777, exponent: 3.0 };
        near(loss_db(&ns3, 2_405.0, 30.0), 90.99, 0.01);
    }

    #[test]
    fn two_meters_at_one_spot_are_a_metre_apart() {
        for model in [SUBURB, PathLoss::LogDistance { reference_db: 31.7, exponent: 2.7 }] {
            assert_eq!(loss_db(&model, 915.0, 0.0), loss_db(&model, 915.0, 1.0));
            near(loss_db(&model, 915.0, 0.0), 31.7, 0.05);
        }
    }

    #[test]
    fn the_curve_is_the_function() {
        for model in
            [SUBURB, PathLoss::StreetLevel(Clutter::Urban), PathLoss::LogDistance { reference_db: 31.7, exponent: 2.7 }]
        {
            let curve = LossCurve::new(&model, 915.0);
            for step in 0..200_000 {
                let d = f64::from(step) * 0.0137;
                near(f64::from(curve.at((d * d) as f32)), loss_db(&model, 915.0, d), 0.05);
            }
            near(f64::from(curve.at(1e10)), loss_db(&model, 915.0, 100_000.0), 0.05);
            near(f64::from(curve.at(f32::INFINITY)), loss_db(&model, 915.0, 131_072.0), 0.05);
        }
    }

    #[test]
    fn range_inverts_loss() {
        let at = |d: f64| loss_db(&SUBURB, 915.0, d);
        near(range_m(at, at(212.0)), 212.0, 0.02);
        assert_eq!(range_m(at, 10.0), 0.0);
        assert_eq!(range_m(at, 500.0), 100_000.0);
    }

    fn tower(area: TowerArea, city: City, frequency_mhz: f64) -> f64 {
        let path = TowerPath { area, city, base_height_m: 30.0, mobile_height_m: 1.0 };
        hata_db(&path, frequency_mhz, 2_000.0)
    }

    #[test]
    fn hata_reference_values() {
        near(tower(TowerArea::Urban, City::Large, 869.0), 137.93, 0.1);
        near(tower(TowerArea::Urban, City::Small, 869.0), 137.88, 0.1);
        near(tower(TowerArea::Suburban, City::Large, 869.0), 128.03, 0.1);
        near(tower(TowerArea::Open, City::Large, 869.0), 109.66, 0.1);
    }

    /// The reference value 148.55 for a metropolitan centre was computed without the -4.97 of the height correction,
    /// which makes a large city 2 dB easier than a small one.
    #[test]
    fn cost_231_reference_values() {
        near(tower(TowerArea::Urban, City::Small, 2_114.0), 150.64, 0.1);
        near(tower(TowerArea::Suburban, City::Small, 2_114.0), 150.64, 0.1);
        near(tower(TowerArea::Urban, City::Large, 2_114.0), 148.55 + 4.97, 0.1);
    }

    #[test]
    fn hata_is_never_below_free_space() {
        let path = TowerPath { area: TowerArea::Open, city: City::Small, base_height_m: 30.0, mobile_height_m: 10.0 };
        assert_eq!(hata_db(&path, 450.0, 5.0), free_space_db(450.0, 5.0));
    }
}
