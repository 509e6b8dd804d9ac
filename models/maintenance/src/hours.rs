//! A typical year by the hour, as a weather file has it: heat without normals in between.

use crate::climate::{Climate, WAVE_D};
use crate::heat::{DOUBLING_K, Enclosure};
use libm::{atan2, cos, exp2, hypot, sin};
use std::f64::consts::TAU;

/// Hours of a year that is not a leap year.
pub const HOURS: usize = 8_760;

/// Clear skies of less say little of clouds, W/m2.
const LEAST_W_M2: f64 = 20.0;

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

    /// Mean over each twelfth of a year, the first of which begins on a day of the year, of a function of the temperature in a box.
    pub(crate) fn means(&self, enclosure: Enclosure, first_day: f64, of: impl Fn(f64) -> f64) -> [f64; 12] {
        let mut sums = [(0.0, 0u32); 12];
        for (n, sun) in self.sun_w_m2.iter().enumerate() {
            let day = (n as f64 + 0.5) / 24.0 - first_day;
            let (sum, count) = &mut sums[(day.rem_euclid(WAVE_D) / WAVE_D * 12.0) as usize % 12];
            *sum += of(self.over_hour_c(n) + enclosure.idle_k + enclosure.sun_k * f64::from(*sun) / 1_000.0);
            *count += 1;
        }
        sums.map(|(sum, count)| sum / f64::from(count.max(1)))
    }

    /// Air over an hour, as the sun is: between its ends a line.
    fn over_hour_c(&self, hour: usize) -> f64 {
        f64::midpoint(f64::from(self.air_c[(hour + HOURS - 1) % HOURS]), f64::from(self.air_c[hour]))
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
            noon_h: self.noon_h(),
            ..Climate::constant(mean_c)
        };
        let rest = |n: usize| {
            let hours = n as f64 + 1.0;
            f64::from(self.air_c[n]) - still.hour_c(hours / 24.0, hours % 24.0)
        };
        let sd_k = libm::sqrt((0..HOURS).map(|n| rest(n) * rest(n)).sum::<f64>() / HOURS as f64);
        self.in_the_sun(Climate { sd_k, ..still })
    }

    /// Hour of the clock at which the sun is highest: the middle of what falls.
    fn noon_h(&self) -> f64 {
        let sum = |of: fn(f64) -> f64| {
            let term = |(n, sun): (usize, &f32)| f64::from(*sun) * of(TAU * ((n % 24) as f64 + 0.5) / 24.0);
            self.sun_w_m2.iter().enumerate().map(term).sum::<f64>()
        };
        let (x, y) = (sum(cos), sum(sin));
        if hypot(x, y) > 0.0 { atan2(y, x).rem_euclid(TAU) / TAU * 24.0 } else { 12.0 }
    }

    /// Normals with clearness over hours, its spread, and how much warmer clear ones are: moments of pairs of air and sun over the hours of sun,
    /// weighted by how fast a board in a dark box ages in them and by how much a change of clearness changes that.
    fn in_the_sun(&self, still: Climate) -> Climate {
        let clear = |n: usize| still.clear_sky_w_m2((n / 24) as f64 + 0.5, (n % 24) as f64 + 0.5);
        let hours: Vec<(usize, f64)> =
            (0..HOURS).map(|n| (n, clear(n))).filter(|(_, clear)| *clear > LEAST_W_M2).collect();
        let share = |(n, clear): &(usize, f64)| f64::from(self.sun_w_m2[*n]) / clear;
        let (seen, whole) =
            hours.iter().fold((0.0, 0.0), |(seen, whole), hour| (seen + share(hour) * hour.1, whole + hour.1));
        if whole == 0.0 {
            return still;
        }
        let normal_c = |n: usize| still.hour_c((n / 24) as f64 + 0.5, (n % 24) as f64 + 0.5);
        let weight = |(n, clear): &(usize, f64)| {
            let inside_c = normal_c(*n) + Enclosure::DARK.sun_k * seen / whole * clear / 1_000.0;
            exp2(inside_c / DOUBLING_K) * clear * clear
        };
        let mean = |of: &dyn Fn(&(usize, f64)) -> f64| {
            let sum = |(sum, all), hour: &(usize, f64)| (sum + weight(hour) * of(hour), all + weight(hour));
            let (sum, all) = hours.iter().fold((0.0, 0.0), sum);
            sum / all
        };
        let kt_mean = mean(&share);
        let kt_sd = libm::sqrt(mean(&|hour| (share(hour) - kt_mean) * (share(hour) - kt_mean)));
        let together = mean(&|hour| (share(hour) - kt_mean) * (self.over_hour_c(hour.0) - normal_c(hour.0)));
        let clear_k = if kt_sd > 1e-6 { together / kt_sd } else { 0.0 };
        Climate { kt_mean, kt_sd, clear_k, ..still }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heat::{HeatTable, effective_air_c};

    /// Without weather and with half of the clear sky's sun: hot summers with the sun high at 13.4 h, and the other half of the Earth.
    const STILL: [Climate; 2] = [
        Climate {
            lat_deg: 37.4,
            a_k: 9.9,
            d0_d: 207.0,
            d_k: 5.3,
            h0_h: 15.8,
            noon_h: 13.4,
            kt_mean: 0.5,
            ..Climate::constant(20.2)
        },
        Climate {
            lat_deg: -33.9,
            a_k: 5.0,
            d0_d: 20.0,
            a2_k: 1.2,
            d2_d: 110.0,
            d_k: 2.9,
            h0_h: 14.6,
            kt_mean: 0.5,
            ..Climate::constant(17.9)
        },
    ];

    /// A year that is a climate's normals, hour by hour, with a share of the clear sky's sun, and so much warmer air.
    fn year(climate: &Climate, sky: impl Fn(usize) -> (f64, f64)) -> YearOfHours {
        let at = |n: usize| ((n as f64 + 1.0) / 24.0, (n as f64 + 1.0) % 24.0);
        let air = (0..HOURS).map(|n| (climate.hour_c(at(n).0, at(n).1) + sky(n).1) as f32).collect();
        let clear = |n: usize| climate.clear_sky_w_m2((n / 24) as f64 + 0.5, (n % 24) as f64 + 0.5);
        let sun = (0..HOURS).map(|n| (sky(n).0 * clear(n)) as f32).collect();
        YearOfHours::new(air, sun, climate.lat_deg).expect("a year")
    }

    #[test]
    fn normals_of_a_year_are_those_that_it_was_made_of() {
        for known in STILL {
            let found = year(&known, |_| (0.5, 0.0)).normals();
            for (what, a, b) in [
                ("mean", known.m_c, found.m_c),
                ("year", known.a_k, found.a_k),
                ("half a year", known.a2_k, found.a2_k),
                ("day", known.d_k, found.d_k),
                ("hour", known.h0_h, found.h0_h),
                ("noon", known.noon_h, found.noon_h),
                ("weather", 0.0, found.sd_k),
                ("sun", 0.5, found.kt_mean),
                ("clouds", 0.0, found.kt_sd),
            ] {
                assert!((a - b).abs() < 0.03, "{what}: {a} and {b}");
            }
            assert!((known.d0_d - found.d0_d).abs() < 0.5, "{} and {}", known.d0_d, found.d0_d);
        }
    }

    #[test]
    fn clear_days_are_warmer_by_what_they_are() {
        for known in STILL {
            // Days by turns: 0.7 of the sun and 1.5 K warmer, 0.3 and 1.5 K cooler.
            let found = year(&known, |n| if n / 24 % 2 == 0 { (0.7, 1.5) } else { (0.3, -1.5) }).normals();
            let expected = [0.5, 0.2, 1.5];
            let found = [found.kt_mean, found.kt_sd, found.clear_k];
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.03), "{found:?}");
        }
    }

    #[test]
    fn heat_of_the_hours_is_that_of_the_closed_form() {
        for known in STILL {
            let year = year(&known, |_| (0.5, 0.0));
            for first_day in [0.0, 100.0] {
                let table = HeatTable::of_hours(&year, Enclosure::NONE, DOUBLING_K, first_day, 24);
                let (found, expected) = (table.effective_c(DOUBLING_K), effective_air_c(&known));
                assert!((found - expected).abs() < 0.05, "{found} and {expected}");
            }
            // In half of a clear sky's sun, by the table of normals.
            let [found, expected] = [
                HeatTable::of_hours(&year, Enclosure::DARK, DOUBLING_K, 0.0, 12),
                HeatTable::new(&known, Enclosure::DARK, DOUBLING_K, 0.0, 12),
            ]
            .map(|table| table.effective_c(DOUBLING_K));
            assert!((found - expected).abs() < 0.1, "{found} and {expected}");
        }
    }

    #[test]
    fn a_cut_year_is_none() {
        assert_eq!(YearOfHours::new(vec![1.0; HOURS], vec![0.0; HOURS - 1], 0.0), None);
    }
}
