//! A typical year by the hour, as a weather file has it: heat without normals in between.

use crate::climate::{Climate, WAVE_D};
use libm::{atan2, cos, exp2, hypot, sin};
use std::f64::consts::TAU;

/// Hours of a year that is not a leap year.
pub const HOURS: usize = 8_760;

/// Air and sun of each hour of a year in local standard time.
#[derive(Clone, Debug, PartialEq)]
pub struct YearOfHours {
    /// Temperature of the air at the end of each hour, degrees Celsius.
    air_c: Vec<f32>,
    /// Sun on level ground over each hour, W/m2.
    sun_w_m2: Vec<f32>,
    /// Latitude, degrees north.
    lat_deg: f64,
}

impl YearOfHours {
    /// A year from its hours, the first of which ends at 1 o'clock on 1 January; `None` unless both have [`HOURS`].
    pub fn new(air_c: Vec<f32>, sun_w_m2: Vec<f32>, lat_deg: f64) -> Option<YearOfHours> {
        (air_c.len() == HOURS && sun_w_m2.len() == HOURS).then_some(YearOfHours { air_c, sun_w_m2, lat_deg })
    }

    /// Mean over each twelfth of a year, the first of which begins on a day of the year, of `2^(how much warmer than a reference / doubling)`, where a
    /// part is by `idle_k` warmer than the air, and by `sun_k` at 1,000 W/m2.
    pub(crate) fn rates(
        &self,
        (idle_k, sun_k): (f64, f64),
        reference_c: f64,
        doubling_k: f64,
        first_day: f64,
    ) -> [f64; 12] {
        let mut sums = [(0.0, 0u32); 12];
        for (n, (air, sun)) in self.air_c.iter().zip(&self.sun_w_m2).enumerate() {
            let day = (n as f64 + 0.5) / 24.0 - first_day;
            let (sum, count) = &mut sums[(day.rem_euclid(WAVE_D) / WAVE_D * 12.0) as usize % 12];
            let inside_c = f64::from(*air) + idle_k + sun_k * f64::from(*sun) / 1_000.0;
            *sum += exp2((inside_c - reference_c) / doubling_k);
            *count += 1;
        }
        sums.map(|(sum, count)| sum / f64::from(count.max(1)))
    }

    /// What the year's hours are on average, as normals have it.
    pub fn normals(&self) -> Climate {
        let mean_c = self.air_c.iter().map(|air| f64::from(*air)).sum::<f64>() / HOURS as f64;
        // An amplitude and when it is reached, as a share of its period.
        let wave = |period_h: f64| {
            let sum = |of: fn(f64) -> f64| {
                let term = |(n, air): (usize, &f32)| f64::from(*air) * of(TAU * (n as f64 + 1.0) / period_h);
                self.air_c.iter().enumerate().map(term).sum::<f64>() * 2.0 / HOURS as f64
            };
            let (x, y) = (sum(cos), sum(sin));
            (hypot(x, y), atan2(y, x).rem_euclid(TAU) / TAU)
        };
        let ((a_k, a), (a2_k, a2), (d_k, d)) = (wave(24.0 * WAVE_D), wave(12.0 * WAVE_D), wave(24.0));
        let still = Climate {
            lat_deg: self.lat_deg,
            a_k,
            d0_d: a * WAVE_D,
            a2_k,
            d2_d: a2 * WAVE_D / 2.0,
            d_k,
            h0_h: d * 24.0,
            ..Climate::constant(mean_c)
        };
        let rest = |n: usize| {
            let hours = n as f64 + 1.0;
            f64::from(self.air_c[n]) - still.hour_c(hours / 24.0, hours % 24.0)
        };
        let rests: Vec<f64> = (0..HOURS).map(rest).collect();
        let square =
            |lag: usize| rests.iter().zip(&rests[lag..]).map(|(a, b)| a * b).sum::<f64>() / (HOURS - lag) as f64;
        // What is left of it after a day says how long it lasts.
        let kept = (square(24) / square(0).max(f64::MIN_POSITIVE)).clamp(0.05, 0.98);
        let (kt_mean, kt_sd) = self.clearness(&still);
        Climate { sd_k: square(0).sqrt(), tau_d: -1.0 / libm::log(kept), kt_mean, kt_sd, ..still }
    }

    /// Mean and standard deviation of a day's sun over that of a clear sky.
    fn clearness(&self, place: &Climate) -> (f64, f64) {
        let shares = self.sun_w_m2.chunks(24).enumerate().filter_map(|(day, hours)| {
            let clear: f64 = (0..24).map(|hour| place.clear_sky_w_m2(day as f64 + 1.0, f64::from(hour) + 0.5)).sum();
            let seen: f64 = hours.iter().map(|sun| f64::from(*sun)).sum();
            // Polar nights say nothing.
            (clear > 100.0).then_some(seen / clear)
        });
        let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for share in shares {
            (n, sum, squares) = (n + 1.0, sum + share, squares + share * share);
        }
        let mean = sum / f64::max(n, 1.0);
        (mean, (squares / f64::max(n, 1.0) - mean * mean).max(0.0).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heat::{DOUBLING_K, Enclosure, HeatTable, effective_air_c};

    /// A year that is a climate's normals, hour by hour, with half of the clear sky's sun.
    fn still(climate: &Climate) -> YearOfHours {
        let at = |n: usize| ((n as f64 + 1.0) / 24.0, (n as f64 + 1.0) % 24.0);
        let air = (0..HOURS).map(|n| climate.hour_c(at(n).0, at(n).1) as f32).collect();
        let sun = (0..HOURS).map(|n| 0.5 * climate.clear_sky_w_m2((n / 24) as f64 + 1.0, (n % 24) as f64 + 0.5) as f32);
        YearOfHours::new(air, sun.collect(), climate.lat_deg).expect("a year")
    }

    #[test]
    fn normals_of_a_year_are_those_that_it_was_made_of() {
        for name in ["seville", "sydney", "ahmedabad"] {
            let known = Climate::named(name).expect("a climate");
            let found = still(&known).normals();
            for (what, a, b) in [
                ("mean", known.m_c, found.m_c),
                ("year", known.a_k, found.a_k),
                ("half a year", known.a2_k, found.a2_k),
                ("day", known.d_k, found.d_k),
                ("hour", known.h0_h, found.h0_h),
                ("weather", 0.0, found.sd_k),
                ("sun", 0.5, found.kt_mean),
                ("clouds", 0.0, found.kt_sd),
            ] {
                assert!((a - b).abs() < 0.02, "{name}: {what}: {a} and {b}");
            }
            assert!((known.d0_d - found.d0_d).abs() < 0.5, "{name}: {} and {}", known.d0_d, found.d0_d);
        }
    }

    #[test]
    fn heat_of_the_hours_is_that_of_the_closed_form() {
        for name in ["seville", "sydney", "ahmedabad"] {
            let known = Climate { sd_k: 0.0, ..Climate::named(name).expect("a climate") };
            let year = still(&known);
            for first_day in [0.0, 100.0] {
                let table = HeatTable::of_hours(&year, Enclosure::NONE, DOUBLING_K, first_day, 24);
                let (found, expected) = (table.effective_c(DOUBLING_K), effective_air_c(&known));
                assert!((found - expected).abs() < 0.05, "{name}: {found} and {expected}");
            }
            // In half of a clear sky's sun, by the table of normals, whose days are half clear as well.
            let half = Climate { kt_mean: 0.5, kt_sd: 0.0, ..known };
            let [found, expected] = [
                HeatTable::of_hours(&year, Enclosure::DARK, DOUBLING_K, 0.0, 12),
                HeatTable::new(&half, Enclosure::DARK, DOUBLING_K, 0.0, 12),
            ]
            .map(|table| table.effective_c(DOUBLING_K));
            assert!((found - expected).abs() < 0.2, "{name}: {found} and {expected}");
        }
    }

    #[test]
    fn a_cut_year_is_none() {
        assert_eq!(YearOfHours::new(vec![1.0; HOURS], vec![0.0; HOURS - 1], 0.0), None);
    }
}
