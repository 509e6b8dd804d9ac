//! What trees take from a link: by the way through them, the frequency, and the leaves that are out.

use crate::math::exp;

/// At 915 MHz, of trees in leaf: dB for each of the first metres, and the most, dB.
const SLOPE_DB_M: f64 = 0.167;
const MOST_DB: f64 = 26.0;
const REFERENCE_MHZ: f64 = 915.0;
/// What is left without leaves.
const BARE: f64 = 0.35;
/// How fast leaves come and go: 10 to 90 % takes 4.4 times as long, days.
const WIDTH_DAYS: f64 = 6.0;
const YEAR_DAYS: f64 = 365.25;

/// Loss of trees in leaf over a way through them, dB: `Am (1 - exp(-d g / Am))`.
pub fn in_leaf_db(way_m: f64, frequency_mhz: f64) -> f64 {
    let by_frequency = libm::sqrt(frequency_mhz / REFERENCE_MHZ);
    let (slope, most) = (SLOPE_DB_M * by_frequency, MOST_DB * by_frequency);
    most * (1.0 - exp(-way_m * slope / most))
}

/// Days of the year on which half of the leaves are out, and on which half have fallen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaves {
    /// Out.
    pub out_day: u16,
    /// Fallen.
    pub fall_day: u16,
}

impl Leaves {
    /// Share of the loss in leaf that trees have on a day of the year (January 1 is 1).
    pub fn share(&self, day: f64) -> f64 {
        let summer = (f64::from(self.fall_day) - f64::from(self.out_day)).rem_euclid(YEAR_DAYS);
        // Days since the leaves came out, around the middle of the summer: -YEAR/2 to YEAR/2.
        let from_middle =
            (day - f64::from(self.out_day) - summer / 2.0 + YEAR_DAYS / 2.0).rem_euclid(YEAR_DAYS) - YEAR_DAYS / 2.0;
        let leaf = 1.0 / (1.0 + exp((from_middle.abs() - summer / 2.0) / WIDTH_DAYS));
        BARE + (1.0 - BARE) * leaf
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(is: f64, expected: f64, within: f64) {
        assert!((is - expected).abs() <= within, "{is} instead of {expected}");
    }

    #[test]
    fn trees_in_leaf_take_what_the_recommendation_says() {
        // ITU-R P.833-9 at 915 MHz, within 1 %.
        for (way_m, loss_db) in [(10.0, 1.62), (20.0, 3.13), (50.0, 7.14), (100.0, 12.3)] {
            close(in_leaf_db(way_m, 915.0), loss_db, 0.01 * loss_db);
        }
        // At 949 MHz it has 0.17 dB/m and 26.5 dB.
        close(in_leaf_db(1e-3, 949.0), 0.17e-3, 0.01 * 0.17e-3);
        close(in_leaf_db(1e5, 949.0), 26.5, 0.265);
    }

    #[test]
    fn leaves_come_in_spring_and_go_in_autumn_on_either_side_of_the_equator() {
        let north = Leaves { out_day: 115, fall_day: 300 };
        // Half of the leaves: 0.35 + 0.65 / 2. A tenth: 6 ln 9 = 13.2 days before.
        close(north.share(115.0), 0.675, 1e-3);
        close(north.share(300.0), 0.675, 1e-3);
        close(north.share(115.0 - 13.18), 0.35 + 0.065, 1e-3);
        close(north.share(207.0), 1.0, 1e-3);
        close(north.share(10.0), 0.35, 1e-3);
        let south = Leaves { out_day: 298, fall_day: 117 };
        close(south.share(298.0), 0.675, 1e-3);
        close(south.share(20.0), 1.0, 1e-3);
        close(south.share(200.0), 0.35, 1e-3);
    }
}
