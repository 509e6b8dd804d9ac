//! Recorded hours as a sky: lines from hour to hour.

use super::sky::Weather;
use super::sun::YEAR_DAYS;
use crate::spec::{Hours, When};

/// Air and sun at a moment; before the first and after the last hour they are as there.
pub fn at(hours: &Hours, unix_s: f64) -> Weather {
    match hours.when {
        When::From(first_s) => {
            let place = (unix_s - first_s as f64) / 3_600.0;
            let value = |series: &[f32]| between(series, place.clamp(0.0, series.len() as f64 - 1.0), false);
            Weather { air_c: value(&hours.air_c), sun_w_m2: value(&hours.sun_w_m2) }
        }
        When::Yearly(zone_h) => {
            let hour = hour_of_year(unix_s, zone_h);
            Weather {
                air_c: between(&hours.air_c, hour - 1.0, true),
                sun_w_m2: between(&hours.sun_w_m2, hour - 0.5, true),
            }
        }
    }
}

/// Rain that has fallen in the last hours before a moment, mm; `None` if the file has none.
pub fn rained_mm(hours: &Hours, unix_s: f64, last: u32) -> Option<f64> {
    let count = hours.rain_mm.len() as i64;
    if count == 0 {
        return None;
    }
    let (at, is_round) = match hours.when {
        When::From(first_s) => ((unix_s - first_s as f64) / 3_600.0, false),
        When::Yearly(zone_h) => (hour_of_year(unix_s, zone_h) - 1.0, true),
    };
    // Of the hours that have ended.
    let ended = at.floor() as i64;
    let of = |n: i64| match n {
        n if is_round => hours.rain_mm[n.rem_euclid(count) as usize],
        n => usize::try_from(n).ok().and_then(|n| hours.rain_mm.get(n)).copied().unwrap_or(0.0),
    };
    Some((0..i64::from(last)).map(|back| f64::from(of(ended - back))).sum())
}

/// The hour of a year of 365 days in a zone; leap days repeat the day before.
fn hour_of_year(unix_s: f64, zone_h: f64) -> f64 {
    let days = (unix_s / 3_600.0 + zone_h) / 24.0;
    let year = (days / YEAR_DAYS).floor();
    let day = (days.floor() - (year * YEAR_DAYS).ceil()).clamp(0.0, 364.0);
    24.0 * (day + days - days.floor())
}

/// A series between two of its values; around its end if it is that of a year.
fn between(series: &[f32], place: f64, is_round: bool) -> f64 {
    let last = series.len() as i64 - 1;
    let low = place.floor() as i64;
    let value = |n: i64| {
        let n = if is_round { n.rem_euclid(last + 1) } else { n.clamp(0, last) };
        f64::from(series[n as usize])
    };
    value(low) + (value(low + 1) - value(low)) * (place - place.floor())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_from_a_moment_on_are_joined_by_lines_and_end_flat() {
        let hours = Hours {
            when: When::From(7_200),
            air_c: vec![10.0, 20.0, 14.0],
            sun_w_m2: vec![0.0, 100.0, 500.0],
            rain_mm: Vec::new(),
            place_deg: None,
        };
        let air = |s: f64| at(&hours, s).air_c;
        assert_eq!((air(7_200.0), air(9_000.0), air(10_800.0), air(13_500.0)), (10.0, 15.0, 20.0, 15.5));
        assert_eq!((air(0.0), air(1e6)), (10.0, 14.0));
        assert_eq!(at(&hours, 12_600.0).sun_w_m2, 300.0);
    }

    #[test]
    fn rain_counts_in_the_hours_after_it_fell() {
        let rain_mm = vec![0.0, 2.0, 1.0, 0.0, 0.0, 0.0];
        let hours =
            Hours { when: When::From(0), air_c: vec![10.0; 6], sun_w_m2: vec![0.0; 6], rain_mm, place_deg: None };
        let rained = |hour: f64| rained_mm(&hours, 3_600.0 * hour, 3);
        // The hour that ends at 1 h has 2 mm, the next one 1 mm.
        assert_eq!([0.5, 1.0, 2.5, 4.0, 5.0, 40.0].map(rained), [0.0, 2.0, 3.0, 1.0, 0.0, 0.0].map(Some));
        assert_eq!(rained_mm(&Hours { rain_mm: Vec::new(), ..hours }, 0.0, 3), None);
    }

    #[test]
    fn a_year_has_its_days_at_their_hours_in_its_zone() {
        // Hour n of the year, 1 to 8,760, has n hundredths of a degree; the sun 100 W/m2 in the hour before noon.
        let air_c = (1..=8_760).map(|n| n as f32 / 100.0).collect();
        let sun_w_m2 = (0..8_760).map(|n| if n % 24 == 11 { 100.0 } else { 0.0 }).collect();
        let hours = Hours { when: When::Yearly(5.5), air_c, sun_w_m2, rain_mm: Vec::new(), place_deg: None };
        // 2026-07-01, 12:00 in that zone: 181 days and 12 hours of the year, within a day.
        let noon = 1_782_864_000.0 + 6.5 * 3_600.0;
        let expected = (181.0 * 24.0 + 12.0) / 100.0;
        assert!((at(&hours, noon).air_c - expected).abs() <= 0.24 + 1e-4, "{}", at(&hours, noon).air_c);
        let tenths = (at(&hours, noon).air_c * 100.0).rem_euclid(24.0);
        assert!((tenths - 12.0).abs() < 0.01, "the hour is exact: {tenths}");
        // Middle of the hour from 11 to 12.
        let sun = |s: f64| at(&hours, s).sun_w_m2;
        assert!((sun(noon - 1_800.0) - 100.0).abs() < 1e-6 && sun(noon + 1_800.0).abs() < 1e-6);
    }
}
