//! Climates as normals: what temperature and sun are on average on a day and at an hour, and how far they scatter.
//!
//! T = m + A cos 2pi(day - d0)/365 + A2 cos 4pi(day - d2)/365 + D cos 2pi(h - h0)/24 + sd X. Whoever builds a plan knows the values of places.

use libm::{cos, exp, sin};
use std::f64::consts::TAU;

/// Days of a mean year.
pub const YEAR_D: f64 = 365.25;
/// Days of the year that normals repeat after.
pub const WAVE_D: f64 = 365.0;
/// Irradiance of a clear sky at the zenith before its attenuation, W/m2 (Haurwitz 1945).
const CLEAR_SKY_W_M2: f64 = 1_098.0;
/// Attenuation of the same.
const CLEAR_SKY_DEPTH: f64 = 0.059;
/// Largest declination of the sun, degrees.
const DECLINATION_DEG: f64 = 23.45;

/// Normals of a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Climate {
    /// Latitude, degrees north.
    pub lat_deg: f64,
    /// Mean of the year (m), degrees Celsius.
    pub m_c: f64,
    /// Half of the yearly range (A), K.
    pub a_k: f64,
    /// Warmest day of the year (d0).
    pub d0_d: f64,
    /// Half of the second term's range, whose period is half a year, K.
    pub a2_k: f64,
    /// A day on which the second term is at its largest.
    pub d2_d: f64,
    /// Half of the daily range (D), K.
    pub d_k: f64,
    /// Warmest hour of the day (h0), of the clock.
    pub h0_h: f64,
    /// Standard deviation of what the weather adds (sd), K.
    pub sd_k: f64,
    /// Hour of the clock at which the sun is highest.
    pub noon_h: f64,
    /// Sun over that of a clear sky (kt), on average over hours weighted by how fast a board in a dark box ages in them.
    pub kt_mean: f64,
    /// Standard deviation of the same.
    pub kt_sd: f64,
    /// How much warmer the air is in the sun for each standard deviation of it, K; a part of `sd_k`.
    pub clear_k: f64,
}

impl Climate {
    /// A climate from the mean temperatures of its months, degrees Celsius, January first: their first two waves, which is what a
    /// year of months has. The rest is of `like`.
    pub fn of_months(months_c: &[f64; 12], like: Climate) -> Climate {
        // The mean of a month flattens a wave of a year, and more so one of half a year.
        let wave = |a_year: f64| {
            let sum = |of: fn(f64) -> f64| {
                let term = |(month, mean_c): (usize, &f64)| mean_c * of(TAU * a_year * (month as f64 + 0.5) / 12.0);
                months_c.iter().enumerate().map(term).sum::<f64>() / 6.0
            };
            let (x, y) = (sum(cos), sum(sin));
            let half_month = std::f64::consts::PI * a_year / 12.0;
            let phase = libm::atan2(y, x).rem_euclid(TAU);
            (libm::hypot(x, y) * half_month / sin(half_month), phase / TAU * WAVE_D / a_year)
        };
        let ((a_k, d0_d), (a2_k, d2_d)) = (wave(1.0), wave(2.0));
        Climate { m_c: months_c.iter().sum::<f64>() / 12.0, a_k, d0_d, a2_k, d2_d, ..like }
    }

    /// The same temperature at all times, and no sun: what tests and laboratories have.
    pub const fn constant(m_c: f64) -> Climate {
        Climate {
            lat_deg: 0.0,
            m_c,
            a_k: 0.0,
            d0_d: 0.0,
            a2_k: 0.0,
            d2_d: 0.0,
            d_k: 0.0,
            h0_h: 0.0,
            sd_k: 0.0,
            noon_h: 12.0,
            kt_mean: 0.0,
            kt_sd: 0.0,
            clear_k: 0.0,
        }
    }

    /// Mean air temperature of a day of the year, degrees Celsius.
    pub fn day_c(&self, day: f64) -> f64 {
        let year = TAU * (day - self.d0_d) / WAVE_D;
        let half = 2.0 * TAU * (day - self.d2_d) / WAVE_D;
        self.m_c + self.a_k * cos(year) + self.a2_k * cos(half)
    }

    /// Mean air temperature of an hour of a day of the year, degrees Celsius.
    pub fn hour_c(&self, day: f64, hour: f64) -> f64 {
        self.day_c(day) + self.d_k * cos(TAU * (hour - self.h0_h) / 24.0)
    }

    /// Irradiance on the level under a clear sky, W/m2, by the clock.
    pub fn clear_sky_w_m2(&self, day: f64, hour: f64) -> f64 {
        let declination = DECLINATION_DEG.to_radians() * sin(TAU * (284.0 + day) / WAVE_D);
        let latitude = self.lat_deg.to_radians();
        let angle = TAU * (hour - self.noon_h) / 24.0;
        let height = sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(angle);
        if height <= 0.0 { 0.0 } else { CLEAR_SKY_W_M2 * height * exp(-CLEAR_SKY_DEPTH / height) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_of_a_climate_give_it_again() {
        let north = Climate { a_k: 9.9, d0_d: 207.0, a2_k: 3.1, d2_d: 110.0, ..Climate::constant(20.2) };
        for known in [north, Climate { a_k: 5.0, d0_d: 20.0, a2_k: 0.0, d2_d: 0.0, ..north }] {
            let mean = |month: usize| {
                let day = |n: u32| (month as f64 + (f64::from(n) + 0.5) / 100.0) * 365.0 / 12.0;
                (0..100).map(|n| known.day_c(day(n))).sum::<f64>() / 100.0
            };
            let found = Climate::of_months(&std::array::from_fn(mean), known);
            for day in 0..365 {
                let (a, b) = (known.day_c(f64::from(day)), found.day_c(f64::from(day)));
                assert!((a - b).abs() < 0.01, "day {day}: {a} {b}");
            }
        }
    }
}
