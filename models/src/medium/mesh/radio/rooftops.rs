//! Median path loss over the roofs, for antennas that stand above them.
//!
//! Down into a street: ITU-R P.1411 §4.2, which adds to free space what the rows of roofs under the path cost (Walfisch and
//! Bertoni) and what the last one does before the antenna in the street. Between two antennas above the roofs: two rays over a
//! plane at roof height. The path through the streets exists as well, and the stronger of both counts: see
//! [`super::neighbours::LossMap`].

use super::propagation::free_space_db;
use libm::{log10, pow};

/// Distance between the middles of two rows of houses, m.
pub const ROWS_M: f64 = 40.0;
/// Width of the street, from house to house, m.
pub const STREET_M: f64 = 20.0;
/// An antenna as high as the last roof sees half of the wave.
const EDGE_DB: f64 = 6.0;
const METRES_MHZ: f64 = 299.792_458;

/// Roofs of one height all over the town.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rooftops {
    /// Their height over ground, m.
    pub height_m: f64,
    /// Of the carrier, MHz.
    pub frequency_mhz: f64,
}

impl Rooftops {
    /// Loss over the roofs between antennas at two heights over ground, dB; `None` if neither stands above the roofs.
    pub fn loss_db(&self, distance_m: f64, heights_m: [f64; 2]) -> Option<f64> {
        let distance_m = distance_m.max(1.0);
        let [low, high] = if heights_m[0] <= heights_m[1] { heights_m } else { [heights_m[1], heights_m[0]] };
        let above = high - self.height_m;
        if above <= 0.0 {
            return None;
        }
        let free = free_space_db(self.frequency_mhz, distance_m);
        let below = self.height_m - low;
        let into_street = free + self.rows_db(distance_m, above) + self.street_db(below);
        if below >= 0.0 {
            return Some(into_street);
        }
        // Both above: the direct ray and the one that the roofs reflect. An antenna a hand's breadth above them is no worse than
        // one at their edge.
        Some((40.0 * log10(distance_m) - 20.0 * log10(-below * above)).min(into_street).max(free))
    }

    /// What the rows of roofs cost: nothing where the path comes down steeply.
    fn rows_db(&self, distance_m: f64, above_m: f64) -> f64 {
        let wavelength_m = METRES_MHZ / self.frequency_mhz;
        let field = 2.35 * pow(above_m / distance_m * (ROWS_M / wavelength_m).sqrt(), 0.9);
        (-20.0 * log10(field)).max(0.0)
    }

    /// What the last roof costs an antenna `below_m` under it. The term of the street's orientation is 0.0 dB on average over
    /// all of them.
    fn street_db(&self, below_m: f64) -> f64 {
        let loss = -8.2 - 10.0 * log10(STREET_M) + 10.0 * log10(self.frequency_mhz) + 20.0 * log10(below_m.max(1e-3));
        loss.max(EDGE_DB)
    }
}

#[cfg(test)]
mod tests {
    use super::super::propagation::{City, TowerArea, TowerPath, hata_db};
    use super::*;

    const SUBURB: Rooftops = Rooftops { height_m: 8.0, frequency_mhz: 915.0 };

    fn near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{value}, not {expected} within {tolerance}");
    }

    fn into_the_street(distance_m: f64, height_m: f64) -> f64 {
        SUBURB.loss_db(distance_m, [height_m, 1.5]).expect("above the roofs")
    }

    #[test]
    fn reference_values_by_hand() {
        // 500 m: free space 32.45 + 59.228 - 6.021 = 85.658. Rows: wavelength 0.3276 m, root of 40 / 0.3276 is 11.05;
        // 10 / 500 x 11.05 = 0.2210, to the power of 0.9 0.2570, x 2.35 = 0.6039, which is -4.380 dB. The last roof,
        // 6.5 m over the meter: -8.2 - 13.010 + 29.614 + 16.258 = 24.662.
        near(into_the_street(500.0, 18.0), 85.658 + 4.380 + 24.662, 0.005);
        // 50 m: 10 / 50 x 11.05 = 2.21, to the power of 0.9 2.041, x 2.35 = 4.8: the rows cost nothing.
        near(into_the_street(50.0, 18.0), 65.658 + 24.662, 0.005);
        // 38 dB a decade where they do: 20 of free space and 18 of the rows.
        near(into_the_street(5_000.0, 18.0) - into_the_street(500.0, 18.0), 38.0, 1e-9);
        // 10 and 4 m above the roofs, 2 km apart: 132.041 - 32.041, and 97.7 in free space.
        near(SUBURB.loss_db(2_000.0, [18.0, 12.0]).unwrap(), 100.0, 0.005);
        near(SUBURB.loss_db(200.0, [12.0, 18.0]).unwrap(), 77.699, 0.005);
    }

    /// P.1411 has another form for where houses go on for longer than lambda d^2 / (height over the roofs)^2:
    /// -18 lg(1 + height) + 54 + 18 lg(d / 1 km) + (-4 + 0.7 (f / 925 - 1)) lg f - 9 lg(rows).
    #[test]
    fn the_form_for_long_rows_differs_by_a_decibel() {
        for (distance_m, height_m) in [(500.0, 18.0), (1_000.0, 18.0), (3_000.0, 18.0), (1_000.0, 28.0)] {
            let above: f64 = height_m - 8.0;
            let kf = -4.0 + 0.7 * (915.0f64 / 925.0 - 1.0);
            let rows = -18.0 * log10(1.0 + above) + 54.0 + 18.0 * log10(distance_m / 1e3) + kf * log10(915.0)
                - 9.0 * log10(ROWS_M);
            near(SUBURB.rows_db(distance_m, above), rows, 1.0);
        }
    }

    /// From 30 m on both can be asked: Okumura-Hata is a fit to measurements in suburbs of 1-20 km.
    #[test]
    fn a_mast_of_30_m_agrees_with_okumura_hata() {
        let path =
            TowerPath { area: TowerArea::Suburban, city: City::Small, base_height_m: 30.0, mobile_height_m: 1.5 };
        for distance_m in [1_000.0, 2_000.0, 5_000.0] {
            near(into_the_street(distance_m, 30.0), hata_db(&path, 915.0, distance_m), 6.0);
        }
    }

    #[test]
    fn loss_grows_with_distance_without_jumps_and_is_never_below_free_space() {
        for heights in [[8.01, 1.5], [9.0, 7.99], [18.0, 1.5], [60.0, 1.5], [9.0, 8.5], [30.0, 20.0]] {
            let at = |d: f64| SUBURB.loss_db(d, heights).unwrap();
            let mut last = at(1.0);
            for step in 1..8_000 {
                // 0.1 % of the distance, at 40 dB a decade, is 0.0174 dB.
                let d = pow(1.001, f64::from(step));
                let loss = at(d);
                assert!(loss >= last && loss - last < 0.018, "{heights:?} at {d} m: {last} -> {loss}");
                assert!(loss >= free_space_db(915.0, d));
                last = loss;
            }
        }
    }

    #[test]
    fn a_higher_antenna_is_never_a_worse_one() {
        for low in [1.5, 6.0, 8.0, 8.5] {
            let mut last = f64::INFINITY;
            for step in 1..1_000 {
                let loss = SUBURB.loss_db(700.0, [low, 8.6 + 0.05 * f64::from(step)]).unwrap();
                assert!(loss <= last, "{low} {step}");
                last = loss;
            }
        }
        let mut last = f64::INFINITY;
        for step in 0..20_000 {
            let loss = SUBURB.loss_db(700.0, [1.5 + 0.001 * f64::from(step), 18.0]).unwrap();
            // 20 dB a decade of depth and of height, nowhere steeper than at 0.41 m: 0.021 dB in this millimetre.
            assert!(loss <= last && (step == 0 || last - loss < 0.022), "{step}: {last} -> {loss}");
            last = loss;
        }
        assert_eq!(SUBURB.loss_db(700.0, [8.0, 1.5]), None, "not above the roofs");
    }
}
