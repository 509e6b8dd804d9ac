//! Where the sun stands, and what a clear sky lets through.

use crate::math::{cos_turns, exp};

/// Days from one spring to the next.
pub const YEAR_DAYS: f64 = 365.2425;

/// Sine of an angle in turns.
fn sin_turns(turns: f64) -> f64 {
    cos_turns(turns - 0.25)
}

/// Day of the year at a moment, counted from the zeroth of January, within a day of the calendar's.
pub fn day_of_year(unix_s: f64) -> f64 {
    let days = unix_s / 86_400.0;
    days - (days / YEAR_DAYS).floor() * YEAR_DAYS + 1.0
}

/// Cosine of the sun's angle from the zenith; negative at night. Declination by Cooper, equation of time by Spencer's short form: half a degree.
pub fn cos_zenith(unix_s: f64, (lat_deg, lon_deg): (f64, f64)) -> f64 {
    let day = day_of_year(unix_s);
    let declination = 23.45 / 360.0 * sin_turns((284.0 + day) / 365.0);
    let b = (day - 81.0) / 364.0;
    let minutes = 9.87 * sin_turns(2.0 * b) - 7.53 * cos_turns(b) - 1.5 * sin_turns(b);
    let hours = unix_s / 3_600.0 + lon_deg / 15.0 + minutes / 60.0;
    let latitude = lat_deg / 360.0;
    sin_turns(latitude) * sin_turns(declination)
        + cos_turns(latitude) * cos_turns(declination) * cos_turns((hours - 12.0) / 24.0)
}

/// Sun on level ground under a clear sky, W/m2 (Haurwitz).
pub fn clear_w_m2(cos_zenith: f64) -> f64 {
    if cos_zenith <= 0.0 { 0.0 } else { 1_098.0 * cos_zenith * exp(-0.059 / cos_zenith) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-06-21 and 2026-12-21, 00:00 UTC.
    const SUMMER: f64 = 1_782_000_000.0;
    const WINTER: f64 = 1_797_811_200.0;

    fn degrees(cos: f64) -> f64 {
        90.0 - libm::acos(cos).to_degrees()
    }

    #[test]
    fn noon_heights_are_those_of_the_almanac() {
        // At noon 90 - latitude + declination: London 61.9 and 15.1 degrees, Singapore 67.9 (north) and 65.2 (south).
        for (lat, summer, winter) in [(51.51, 61.9, 15.1), (1.35, 67.9, 65.2)] {
            for (day, expected) in [(SUMMER, summer), (WINTER, winter)] {
                let noon = day + 43_200.0;
                let highest = (-60..60).map(|m| degrees(cos_zenith(noon + 60.0 * f64::from(m), (lat, 0.0))));
                let highest = highest.fold(-90.0, f64::max);
                assert!((highest - expected).abs() < 0.3, "{lat}: {highest}, not {expected}");
            }
        }
        // In November the sun is 16.4 minutes early: it is highest at 11:43:36 on the meridian.
        let november = 1_793_664_000.0 + 43_200.0;
        let at = |minute: i32| cos_zenith(november + 60.0 * f64::from(minute), (40.0, 0.0));
        let best = (-40..40).max_by(|a, b| at(*a).total_cmp(&at(*b))).expect("minutes");
        assert!((-18..=-15).contains(&best), "{best}");
    }

    #[test]
    fn a_day_in_london_is_16_6_hours_long_in_june_and_7_8_in_december() {
        for (day, expected) in [(SUMMER, 16.5), (WINTER, 7.7)] {
            let minutes = (0..1_440).filter(|m| cos_zenith(day + 60.0 * f64::from(*m), (51.51, 0.0)) > 0.0).count();
            // Refraction and the sun's disc add some 10 minutes, which the formula leaves out.
            assert!((minutes as f64 / 60.0 - expected).abs() < 0.15, "{minutes} min");
        }
    }

    #[test]
    fn a_clear_sky_lets_through_what_haurwitz_says() {
        assert_eq!(clear_w_m2(-0.1), 0.0);
        // 1098 exp(-0.059) = 1035.1; at 60 degrees 1098 x 0.5 x exp(-0.118) = 487.9.
        assert!((clear_w_m2(1.0) - 1_035.1).abs() < 0.1);
        assert!((clear_w_m2(0.5) - 487.9).abs() < 0.1);
    }
}
