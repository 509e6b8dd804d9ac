//! The sky of a run: air and sun at any time, as a pure function of seed and time.

use super::process::{Process, normal};
use super::rain::Rain;
use super::recorded;
use super::sun::{YEAR_DAYS, clear_w_m2, cos_zenith, day_of_year, direction, on_wall_w_m2};
use super::table::{City, HALF_YEAR_D};
use crate::math::cos_turns;
use crate::purpose;
use crate::spec::{Climate, Hours, WeatherSpec};
use amitwin_sim_core::rng::key;
use std::sync::Arc;

/// Least and largest share of the clear sky's sun.
const CLEARNESS: (f64, f64) = (0.05, 1.1);

/// Air and sun at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weather {
    /// Temperature of the air, C.
    pub air_c: f64,
    /// Sun on level ground, W/m2.
    pub sun_w_m2: f64,
}

/// The weather over a run.
#[derive(Clone, Debug)]
pub struct Sky(Source);

#[derive(Clone, Debug)]
enum Source {
    Drawn(Box<Drawn>),
    /// Hours, and where they were recorded, degrees.
    Recorded(Arc<Hours>, (f64, f64)),
}

/// Weather drawn from the statistics of a city.
#[derive(Clone, Debug)]
struct Drawn {
    city: City,
    rest_key: u64,
    sun_key: u64,
    process: Process,
    rain: Rain,
}

impl Sky {
    /// The sky of a climate; two runs with the same seed have the same.
    pub fn new(climate: Climate, seed: u64) -> Sky {
        let key = |what: u64| key(seed, what, purpose::WEATHER);
        let (rest_key, sun_key) = (key(0), key(1));
        let city = City::of(climate);
        let rain = Rain::new(climate, city.zone_h, sun_key, seed);
        Sky(Source::Drawn(Box::new(Drawn { city, rest_key, sun_key, process: Process::default(), rain })))
    }

    /// The sky of a run: its hours, or its climate; `None` if it says neither.
    pub fn of(weather: &WeatherSpec, seed: u64) -> Option<Sky> {
        match (&weather.hours, weather.climate) {
            (Some(hours), _) => {
                let place_deg = hours.place_deg.or(weather.place_deg).unwrap_or_default();
                Some(Sky(Source::Recorded(hours.clone(), place_deg)))
            }
            (None, climate) => Some(Sky::new(climate?, seed)),
        }
    }

    /// Air and sun so many seconds after 1970 began in UTC, which must not be before.
    pub fn at(&self, unix_s: f64) -> Weather {
        match &self.0 {
            Source::Drawn(drawn) => drawn.at(unix_s),
            Source::Recorded(hours, _) => recorded::at(hours, unix_s),
        }
    }

    /// Rain that has fallen in the last full hours before a moment, mm; `None` if nothing is known of rain.
    pub fn rained_mm(&self, unix_s: f64, last: u32) -> Option<f64> {
        match &self.0 {
            Source::Drawn(drawn) => Some(drawn.rain.rained_mm(unix_s, last)),
            Source::Recorded(hours, _) => recorded::rained_mm(hours, unix_s, last),
        }
    }

    /// Sun on a wall that faces a point of the compass (of eight, clockwise from the north) where so much falls on level ground, W/m2.
    pub fn on_wall_w_m2(&self, unix_s: f64, level_w_m2: f64, wall: u8) -> f64 {
        let place_deg = match &self.0 {
            Source::Drawn(drawn) => drawn.city.place_deg,
            Source::Recorded(_, place_deg) => *place_deg,
        };
        on_wall_w_m2(level_w_m2, direction(unix_s, place_deg), wall)
    }
}

impl Drawn {
    fn at(&self, unix_s: f64) -> Weather {
        let city = &self.city;
        let local_s = unix_s + 3_600.0 * city.zone_h;
        let (day, hour) = (day_of_year(local_s), local_s / 3_600.0);
        let year =
            |amplitude_k: f64, first: f64, times: f64| amplitude_k * cos_turns(times * (day - first) / YEAR_DAYS);
        let air_c = city.mean_c
            + year(city.year.0, city.year.1, 1.0)
            + year(city.half_year_k, HALF_YEAR_D, 2.0)
            + city.day.0 * cos_turns((hour - city.day.1) / 24.0)
            + city.rest.0 * self.rest(unix_s);
        let clear = clear_w_m2(cos_zenith(unix_s, city.place_deg));
        let today = normal(self.sun_key, (local_s / 86_400.0).max(0.0) as u64);
        let clearness = city.clearness.0 + city.clearness.1 * today;
        Weather { air_c, sun_w_m2: clear * clearness.clamp(CLEARNESS.0, CLEARNESS.1) }
    }

    /// What is left of the air without year and day, in its own standard deviations.
    fn rest(&self, unix_s: f64) -> f64 {
        self.process.at(self.rest_key, unix_s.max(0.0) / (86_400.0 * self.city.rest.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: f64 = 1_767_225_600.0;
    const HOURS: usize = 30 * 8_766;

    /// Hourly temperatures of thirty years.
    fn years(climate: Climate, seed: u64) -> Vec<f64> {
        let sky = Sky::new(climate, seed);
        (0..HOURS).map(|n| sky.at(START + 3_600.0 * n as f64).air_c).collect()
    }

    /// Mean, amplitudes of year and day, and standard deviation of the rest.
    fn refit(air: &[f64], half_year_k: f64) -> [f64; 4] {
        let mean = air.iter().sum::<f64>() / HOURS as f64;
        let (year, day) = (amplitude(air, 1.0 / (24.0 * YEAR_DAYS)), amplitude(air, 1.0 / 24.0));
        let square = air.iter().map(|t| (t - mean) * (t - mean)).sum::<f64>() / HOURS as f64;
        let rest = (square - (year * year + day * day + half_year_k * half_year_k) / 2.0).sqrt();
        [mean, year, day, rest]
    }

    /// Twice the mean of a series times a cosine of so many turns: its amplitude there, and beside it.
    fn amplitude(series: &[f64], turns_an_hour: f64) -> f64 {
        let part = |quarter: f64| {
            let term = |(n, t): (usize, &f64)| t * cos_turns(turns_an_hour * n as f64 + quarter);
            2.0 * series.iter().enumerate().map(term).sum::<f64>() / series.len() as f64
        };
        libm::hypot(part(0.0), part(0.25))
    }

    #[test]
    fn thirty_years_have_the_statistics_that_they_were_drawn_from() {
        for climate in Climate::ALL {
            let city = City::of(climate);
            // Of thirty years with a rest of 5.3 K for 3 days an amplitude has a standard error of 5.3 sqrt(4 x 3 / 10957) = 0.18 K: four of them.
            let mut found = [0.0; 4];
            for seed in 1..=4 {
                let one = refit(&years(climate, seed), city.half_year_k);
                found.iter_mut().zip(one).for_each(|(sum, value)| *sum += value / 4.0);
            }
            let [mean, year, day, rest] = found;
            assert!((mean - city.mean_c).abs() < 0.3, "{climate:?}: mean {mean}");
            assert!((year - city.year.0).abs() < 0.3, "{climate:?}: year {year}");
            assert!((day - city.day.0).abs() < 0.3, "{climate:?}: day {day}");
            assert!((rest / city.rest.0 - 1.0).abs() < 0.1, "{climate:?}: rest {rest}");
        }
    }

    #[test]
    fn what_is_left_lasts_as_long_as_it_should() {
        let (sky, city) = (Sky::new(Climate::London, 2), City::of(Climate::London));
        let Source::Drawn(drawn) = &sky.0 else { panic!("a climate") };
        let rest = |s: f64| drawn.rest(s);
        let (mut product, count) = (0.0, 20_000);
        for n in 0..count {
            let s = START + 40_000.0 * f64::from(n);
            product += rest(s) * rest(s + 86_400.0 * city.rest.1) / f64::from(count);
        }
        // exp(-1) = 0.368; 25 % of tau are 0.09.
        assert!((product - 0.368).abs() < 0.05, "{product}");
    }

    #[test]
    fn the_warmest_hour_and_day_are_those_of_the_table_and_nights_are_dark() {
        let sky = Sky::new(Climate::Seville, 1);
        let july = 1_784_592_000.0; // 2026-07-21, 00:00 UTC: 01:00 in Seville's standard time
        let mean = |hour: i32| {
            let at = |year: i32| sky.at(july + 86_400.0 * 365.0 * f64::from(year) + 3_600.0 * f64::from(hour)).air_c;
            (0..100).map(at).sum::<f64>()
        };
        let warmest = (0..24).max_by(|&a, &b| mean(a).total_cmp(&mean(b)));
        // 15.8 h there are 14.8 h UTC.
        assert_eq!(warmest, Some(15));
        assert_eq!(sky.at(july).sun_w_m2, 0.0);
        let noon = sky.at(july + 12.4 * 3_600.0);
        assert!(noon.sun_w_m2 > 400.0 && noon.sun_w_m2 < 1_140.0, "{noon:?}");
        assert_eq!(sky.at(july), Sky::new(Climate::Seville, 1).at(july));
        assert_ne!(sky.at(july), Sky::new(Climate::Seville, 2).at(july));
    }
}
