//! Statistics of cities, from hourly files of typical years.

use crate::spec::Climate;

/// Day of the year on which half-year terms are largest, as the hourly file of Ahmedabad has it.
pub const HALF_YEAR_D: f64 = 110.0;

/// What the weather of a city is drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct City {
    /// Mean over the year, C.
    pub mean_c: f64,
    /// Amplitude over the year, K, and the day of the year with its maximum.
    pub year: (f64, f64),
    /// Amplitude of a half-year term, K; its maxima lie on day [`HALF_YEAR_D`] and half a year later.
    pub half_year_k: f64,
    /// Amplitude over the day, K, and the hour with its maximum.
    pub day: (f64, f64),
    /// Standard deviation of the rest, K, and how long that lasts, days.
    pub rest: (f64, f64),
    /// Share of the clear sky's sun that arrives, mean and standard deviation over the days.
    pub clearness: (f64, f64),
    /// The same over hours, weighted by how fast a board in a dark box ages in them, and by how many K the air of such an hour is warmer
    /// for each standard deviation. Effective temperatures in the sun need it; weather that is drawn has one clearness a day.
    pub hot_hours: (f64, f64, f64),
    /// Latitude and longitude, degrees.
    pub place_deg: (f64, f64),
    /// Standard time minus UTC, hours.
    pub zone_h: f64,
}

impl City {
    /// The city of a climate.
    ///
    /// Temperatures of Phoenix and Chicago are fitted to daily files, so that their days' amplitudes are assumptions, as is their sun; no file
    /// was found for Oslo and Delhi, of which only the mean and the amplitude over the year are known. The others are fitted to EPW files.
    pub const fn of(climate: Climate) -> City {
        match climate {
            Climate::Phoenix => city((23.9, 11.2, 200.0), (5.8, 16.0), (3.2, 4.2))
                .sun((0.90, 0.10), (0.93, 0.14, 1.0))
                .at(33.45, -112.07, -7.0),
            Climate::Chicago => city((10.8, 14.1, 201.0), (3.4, 15.0), (5.3, 3.0))
                .sun((0.70, 0.22), (0.73, 0.25, 1.7))
                .at(41.88, -87.63, -6.0),
            Climate::Ahmedabad => City {
                half_year_k: 3.1,
                ..city((27.6, 5.8, 172.0), (5.8, 15.6), (2.2, 2.5))
                    .sun((0.74, 0.20), (0.73, 0.23, 1.4))
                    .at(23.03, 72.58, 5.5)
            },
            Climate::Singapore => city((27.6, 0.8, 176.0), (2.6, 15.9), (1.3, 2.4))
                .sun((0.61, 0.22), (0.62, 0.26, 0.8))
                .at(1.35, 103.82, 8.0),
            Climate::Seville => city((20.2, 9.9, 207.0), (5.3, 15.8), (3.0, 4.2))
                .sun((0.89, 0.21), (0.93, 0.16, 1.0))
                .at(37.39, -5.98, 1.0),
            Climate::Sydney => city((17.9, 5.0, 20.0), (2.9, 14.6), (2.9, 1.8))
                .sun((0.74, 0.22), (0.77, 0.27, 1.5))
                .at(-33.87, 151.21, 10.0),
            Climate::London => city((10.2, 6.5, 205.0), (2.9, 14.4), (3.2, 2.5))
                .sun((0.59, 0.24), (0.63, 0.27, 1.7))
                .at(51.51, -0.13, 0.0),
            Climate::Oslo => city((6.5, 10.9, 201.0), (3.0, 15.0), (4.0, 3.0))
                .sun((0.60, 0.25), (0.63, 0.27, 1.7))
                .at(59.91, 10.75, 1.0),
            Climate::Delhi => city((25.0, 9.0, 172.0), (5.5, 15.5), (2.5, 2.5))
                .sun((0.70, 0.22), (0.70, 0.24, 1.4))
                .at(28.61, 77.21, 5.5),
        }
    }

    /// Clock time of its standard time at which the sun is highest, on average over the year, h.
    pub fn noon_h(&self) -> f64 {
        12.0 + self.zone_h - self.place_deg.1 / 15.0
    }

    const fn sun(self, clearness: (f64, f64), hot_hours: (f64, f64, f64)) -> City {
        City { clearness, hot_hours, ..self }
    }

    const fn at(self, lat_deg: f64, lon_deg: f64, zone_h: f64) -> City {
        City { place_deg: (lat_deg, lon_deg), zone_h, ..self }
    }
}

/// A city by its mean with amplitude and day of the year, amplitude and hour of the day, and the rest.
const fn city((mean_c, year_k, year_d): (f64, f64, f64), day: (f64, f64), rest: (f64, f64)) -> City {
    City {
        mean_c,
        year: (year_k, year_d),
        half_year_k: 0.0,
        day,
        rest,
        clearness: (0.0, 0.0),
        hot_hours: (0.0, 0.0, 0.0),
        place_deg: (0.0, 0.0),
        zone_h: 0.0,
    }
}
