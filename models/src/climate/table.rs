//! Statistics of cities, from hourly files of typical years.

use crate::spec::Climate;

/// What the weather of a city is drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct City {
    /// Mean over the year, C.
    pub mean_c: f64,
    /// Amplitude over the year, K, and the day of the year with its maximum.
    pub year: (f64, f64),
    /// Amplitude of a half-year term, K; its maxima lie on day 125 and half a year later.
    pub half_year_k: f64,
    /// Amplitude over the day, K, and the hour with its maximum.
    pub day: (f64, f64),
    /// Standard deviation of the rest, K, and how long that lasts, days.
    pub rest: (f64, f64),
    /// Share of the clear sky's sun that arrives, mean and standard deviation over the days.
    pub clearness: (f64, f64),
    /// Latitude and longitude, degrees.
    pub place_deg: (f64, f64),
    /// Standard time minus UTC, hours.
    pub zone_h: f64,
}

impl City {
    /// The city of a climate.
    ///
    /// Temperatures of Phoenix and Chicago are fitted to daily files, so that their days' amplitudes are assumptions, as is their sun; the
    /// others are fitted to EPW files.
    pub const fn of(climate: Climate) -> City {
        match climate {
            Climate::Phoenix => {
                city(23.9, (11.2, 200.0), (5.8, 16.0), (3.2, 4.2), (0.90, 0.10), (33.45, -112.07), -7.0)
            }
            Climate::Chicago => city(10.8, (14.1, 201.0), (3.4, 15.0), (5.3, 3.0), (0.70, 0.22), (41.88, -87.63), -6.0),
            Climate::Ahmedabad => City {
                half_year_k: 3.1,
                ..city(27.6, (5.8, 172.0), (5.8, 15.6), (2.2, 2.5), (0.74, 0.20), (23.03, 72.58), 5.5)
            },
            Climate::Singapore => city(27.6, (0.8, 176.0), (2.6, 15.9), (1.3, 2.4), (0.61, 0.22), (1.35, 103.82), 8.0),
            Climate::Seville => city(20.2, (9.9, 207.0), (5.3, 15.8), (3.0, 4.2), (0.89, 0.21), (37.39, -5.98), 1.0),
            Climate::Sydney => city(17.9, (5.0, 20.0), (2.9, 14.6), (2.9, 1.8), (0.74, 0.22), (-33.87, 151.21), 10.0),
            Climate::London => city(10.2, (6.5, 205.0), (2.9, 14.4), (3.2, 2.5), (0.59, 0.24), (51.51, -0.13), 0.0),
        }
    }
}

const fn city(
    mean_c: f64,
    year: (f64, f64),
    day: (f64, f64),
    rest: (f64, f64),
    clearness: (f64, f64),
    place_deg: (f64, f64),
    zone_h: f64,
) -> City {
    City { mean_c, year, half_year_k: 0.0, day, rest, clearness, place_deg, zone_h }
}
