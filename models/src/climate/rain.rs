//! Rain under a climate: on its dullest days, by the month, in one shower a day.

use super::process::normal;
use crate::math::normal_quantile;
use crate::purpose;
use crate::spec::Climate;
use amitwin_dlms::objects::civil::{date_of, days_in};
use amitwin_sim_core::rng::{Stream, key};

/// A shower lasts so many hours (an assumption).
const SHOWER_H: u64 = 4;
const HOUR_S: u64 = 3_600;
const DAY_H: u64 = 24;

/// Days with rain and millimetres of each month.
type Months = [(f64, f64); 12];

/// Near the monthly normals of the weather services for 1971 to 2020. What was found of these stands in a test; the rest are assumptions.
fn months(climate: Climate) -> &'static Months {
    match climate {
        Climate::Phoenix => &[
            (4.0, 22.0),
            (4.0, 22.0),
            (3.0, 21.0),
            (2.0, 6.0),
            (1.0, 3.0),
            (0.5, 0.5),
            (4.0, 23.0),
            (4.5, 24.0),
            (2.5, 15.0),
            (2.5, 14.0),
            (2.5, 15.0),
            (3.5, 19.0),
        ],
        Climate::Chicago => &[
            (11.0, 50.0),
            (9.0, 50.0),
            (11.0, 62.0),
            (12.0, 95.0),
            (12.0, 114.0),
            (11.0, 104.0),
            (10.0, 94.0),
            (9.0, 108.0),
            (8.0, 81.0),
            (10.0, 87.0),
            (10.0, 62.0),
            (11.0, 54.0),
        ],
        Climate::Ahmedabad => &[
            (0.2, 2.0),
            (0.2, 1.0),
            (0.1, 1.0),
            (0.2, 2.0),
            (0.3, 6.0),
            (4.0, 90.0),
            (12.5, 315.0),
            (11.0, 260.0),
            (5.5, 105.0),
            (1.0, 14.0),
            (0.5, 5.0),
            (0.1, 1.0),
        ],
        Climate::Singapore => &[
            (13.0, 222.0),
            (9.0, 105.0),
            (12.0, 152.0),
            (15.0, 164.0),
            (15.0, 164.0),
            (13.0, 135.0),
            (14.0, 147.0),
            (14.0, 147.0),
            (13.0, 125.0),
            (15.0, 168.0),
            (19.0, 252.0),
            (19.0, 332.0),
        ],
        Climate::Oslo => &[
            (10.0, 58.0),
            (8.0, 44.0),
            (7.0, 42.0),
            (7.0, 48.0),
            (8.0, 60.0),
            (10.0, 80.0),
            (10.0, 88.0),
            (10.0, 101.0),
            (9.0, 84.0),
            (10.0, 92.0),
            (11.0, 84.0),
            (9.0, 54.0),
        ],
        Climate::Delhi => &[
            (1.7, 19.0),
            (1.5, 21.0),
            (1.6, 17.0),
            (1.1, 16.0),
            (2.0, 31.0),
            (4.7, 74.0),
            (10.0, 210.0),
            (11.0, 233.0),
            (5.7, 123.0),
            (1.1, 15.0),
            (0.5, 6.0),
            (0.6, 8.0),
        ],
        Climate::Seville => &[
            (6.0, 65.0),
            (6.0, 54.0),
            (5.0, 38.0),
            (7.0, 57.0),
            (4.0, 34.0),
            (2.0, 13.0),
            (0.3, 2.0),
            (0.5, 6.0),
            (2.5, 23.0),
            (6.0, 62.0),
            (6.5, 84.0),
            (8.0, 95.0),
        ],
        Climate::Sydney => &[
            (8.0, 91.0),
            (9.0, 132.0),
            (10.0, 118.0),
            (8.5, 114.0),
            (8.0, 101.0),
            (8.5, 142.0),
            (7.0, 80.0),
            (6.0, 76.0),
            (6.5, 63.0),
            (7.5, 68.0),
            (8.5, 91.0),
            (8.0, 73.0),
        ],
        Climate::London => &[
            (12.0, 59.0),
            (9.5, 45.0),
            (8.5, 39.0),
            (9.0, 42.0),
            (8.0, 46.0),
            (8.5, 47.0),
            (8.0, 46.0),
            (8.5, 53.0),
            (8.0, 50.0),
            (11.0, 65.0),
            (11.0, 67.0),
            (11.0, 57.0),
        ],
    }
}

/// The rain of a city, over which the sun of a day decides.
#[derive(Clone, Debug)]
pub struct Rain {
    months: &'static Months,
    /// What the sun of a day is drawn by.
    sun_key: u64,
    /// When in a day it rains.
    hour_key: u64,
    zone_h: f64,
}

impl Rain {
    /// That of a climate whose standard time is so far ahead of UTC.
    pub fn new(climate: Climate, zone_h: f64, sun_key: u64, seed: u64) -> Rain {
        Rain { months: months(climate), sun_key, hour_key: key(seed, 0, purpose::RAIN), zone_h }
    }

    /// Rain of the hour that ends with a full hour, counted from 1970 in UTC, mm.
    fn of_hour_mm(&self, hour: i64) -> f64 {
        // Local standard time; the hour that ended is the one that counts.
        let local_h = (hour - 1) as f64 + self.zone_h;
        let Some(day) = (local_h >= 0.0).then(|| (local_h / DAY_H as f64) as u64) else { return 0.0 };
        let (year, month, _) = date_of(day as i64);
        let (days, mm) = self.months[usize::from(month) - 1];
        let share = days / days_in(year, i64::from(month)) as f64;
        if normal(self.sun_key, day) >= normal_quantile(share) {
            return 0.0;
        }
        let first_h = (Stream::resume(self.hour_key, day).unit() * (DAY_H - SHOWER_H + 1) as f64) as u64;
        let of_day = local_h as u64 % DAY_H;
        let rains = (first_h..first_h + SHOWER_H).contains(&of_day);
        if rains { mm / days / SHOWER_H as f64 } else { 0.0 }
    }

    /// Rain that has fallen in the last full hours before a moment, mm.
    pub fn rained_mm(&self, unix_s: f64, last: u32) -> f64 {
        let ended = (unix_s / HOUR_S as f64).floor() as i64;
        (0..i64::from(last)).map(|back| self.of_hour_mm(ended - back)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::climate::sky::Sky;

    /// 1990-01-01.
    const START: i64 = 631_152_000 / 3_600;

    /// Days with rain, millimetres and hours with rain of one month of the year, the mean of 30 years.
    fn of_month(climate: Climate, month: u8) -> (f64, f64, f64) {
        let rain = Rain::new(climate, 0.0, key(7, 1, purpose::WEATHER), 7);
        let (mut days, mut mm, mut hours) = (0.0, 0.0, 0.0);
        for day in 0..30 * 365 {
            let first = START + 24 * day;
            if date_of(first / 24).1 != month {
                continue;
            }
            let of_day: Vec<f64> = (1..=24).map(|n| rain.of_hour_mm(first + n)).collect();
            days += f64::from(u8::from(of_day.iter().any(|mm| *mm > 0.0))) / 30.0;
            mm += of_day.iter().sum::<f64>() / 30.0;
            hours += of_day.iter().filter(|mm| **mm > 0.0).count() as f64 / 30.0;
        }
        (days, mm, hours)
    }

    #[test]
    fn a_month_has_its_days_with_rain_and_its_millimetres() {
        // Of 30 months of 31 days with a share p the standard deviation of the mean is sqrt(31 p (1 - p) / 30): 0.5 of 12.5 days, 0.45 of 8; three
        // of them. A day of rain has 315 / 12.5 = 25.2 mm and 46 / 8 = 5.75 mm, in four hours.
        let (days, mm, hours) = of_month(Climate::Ahmedabad, 7);
        assert!((days - 12.5).abs() < 1.5, "{days} days");
        assert!((mm - 25.2 * days).abs() < 1e-6 && (hours - 4.0 * days).abs() < 1e-6, "{mm} mm in {hours} hours");
        let (days, mm, _) = of_month(Climate::London, 7);
        assert!((days - 8.0).abs() < 1.35 && (mm - 5.75 * days).abs() < 1e-6, "{days} days, {mm} mm");
        assert!(of_month(Climate::Ahmedabad, 1).0 < 0.6, "0.2 days in January");
    }

    #[test]
    fn months_are_those_of_normals_as_far_as_these_were_found() {
        let mm = |climate: Climate| months(climate).map(|month| month.1);
        // Seville airport, 1971 to 2000, mm.
        let airport = [65.0, 54.0, 38.0, 57.0, 34.0, 13.0, 2.0, 6.0, 23.0, 62.0, 84.0, 95.0];
        assert_eq!(mm(Climate::Seville), airport);
        assert!((months(Climate::Seville).iter().map(|month| month.0).sum::<f64>() - 52.0).abs() < 2.0);
        // Chicago O'Hare, 1981 to 2010: days with 0.01 inch and more; August 1991 to 2020, 4.25 inches.
        let ohare = [10.5, 8.8, 11.1, 12.0, 11.6, 10.2, 9.8, 9.8, 8.3, 10.2, 10.8, 11.0];
        for ((days, _), normal) in months(Climate::Chicago).iter().zip(ohare) {
            assert!((days - normal).abs() < 0.85, "{days}, not {normal}");
        }
        assert!((mm(Climate::Chicago)[7] - 4.25 * 25.4).abs() < 0.5);
        // Phoenix, a year of 1991 to 2020: 7.22 inches.
        assert!((mm(Climate::Phoenix).iter().sum::<f64>() - 7.22 * 25.4).abs() < 2.0);
        // London Heathrow: a table of months, mm; later years than these are within 4 mm.
        let heathrow = [58.0, 43.0, 38.0, 42.0, 46.0, 43.0, 45.0, 52.0, 48.0, 62.0, 64.0, 55.0];
        assert!(mm(Climate::London).iter().zip(heathrow).all(|(mm, normal)| (mm - normal).abs() <= 4.0));
        // Delhi, Safdarjung: July 210.6 and August 233.1 mm.
        let delhi = mm(Climate::Delhi);
        assert!((delhi[6] - 210.6).abs() < 1.0 && (delhi[7] - 233.1).abs() < 0.5);
    }

    #[test]
    fn it_rains_on_the_dullest_days() {
        let sky = Sky::new(Climate::London, 3);
        // Noon of the Julys of ten years.
        let (mut wet, mut dry) = (Vec::new(), Vec::new());
        for day in 0..3_650 {
            let midnight_s = 1_767_225_600.0 + 86_400.0 * f64::from(day);
            let sun = sky.at(midnight_s + 43_200.0).sun_w_m2;
            // Of the day alone: the 24 hours that end with its midnight.
            let rained = sky.rained_mm(midnight_s + 86_400.0, 24).expect("a climate has rain");
            if (184..=208).contains(&(day % 365)) {
                (if rained > 0.0 { &mut wet } else { &mut dry }).push(sun);
            }
        }
        let most = wet.iter().copied().fold(0.0, f64::max);
        let least = dry.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(wet.len() > 40 && dry.len() > 120, "{} and {}", wet.len(), dry.len());
        // The clear sky's sun changes by 5 % over these days.
        assert!(most < 1.07 * least, "{most} W/m2 on a day with rain, {least} without");
    }
}
