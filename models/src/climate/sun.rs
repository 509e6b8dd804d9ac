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

/// Where the sun stands, as a vector of length 1 to the east, the north and upwards. Declination by Cooper, equation of time by Spencer's short
/// form: half a degree.
pub fn direction(unix_s: f64, (lat_deg, lon_deg): (f64, f64)) -> [f64; 3] {
    let day = day_of_year(unix_s);
    let declination = 23.45 / 360.0 * sin_turns((284.0 + day) / 365.0);
    let b = (day - 81.0) / 364.0;
    let minutes = 9.87 * sin_turns(2.0 * b) - 7.53 * cos_turns(b) - 1.5 * sin_turns(b);
    let hours = unix_s / 3_600.0 + lon_deg / 15.0 + minutes / 60.0;
    let latitude = lat_deg / 360.0;
    let (sin, cos) = (sin_turns(latitude), cos_turns(latitude));
    let (sin_d, cos_d) = (sin_turns(declination), cos_turns(declination));
    let turn = (hours - 12.0) / 24.0;
    let east = -cos_d * sin_turns(turn);
    let north = cos * sin_d - sin * cos_d * cos_turns(turn);
    [east, north, sin * sin_d + cos * cos_d * cos_turns(turn)]
}

/// Cosine of the sun's angle from the zenith; negative at night.
pub fn cos_zenith(unix_s: f64, place_deg: (f64, f64)) -> f64 {
    direction(unix_s, place_deg)[2]
}

/// Sun beyond the air, W/m2.
const SOLAR_W_M2: f64 = 1_361.0;
/// What the ground throws back.
const ALBEDO: f64 = 0.2;
/// Most that comes from the sun's disc, W/m2, and the lowest sun whose disc counts: near the horizon both are guesses.
const BEAM_MAX_W_M2: f64 = 1_000.0;
const LOWEST_COS: f64 = 0.05;

/// Sun on a wall that faces a point of the compass (of eight, clockwise from the north), W/m2: that of the disc by its angle, half of what the
/// sky scatters, half of what the ground throws back. How much the sky scatters follows from the share that arrives (Erbs).
pub fn on_wall_w_m2(level_w_m2: f64, sun: [f64; 3], wall: u8) -> f64 {
    let [east, north, up] = sun;
    let share = if up > LOWEST_COS { (level_w_m2 / (SOLAR_W_M2 * up)).clamp(0.0, 1.0) } else { 0.0 };
    let scattered = level_w_m2 * scattered_share(share);
    let beam = if up > LOWEST_COS { ((level_w_m2 - scattered) / up).min(BEAM_MAX_W_M2) } else { 0.0 };
    let turns = f64::from(wall) / 8.0;
    let facing = east * sin_turns(turns) + north * cos_turns(turns);
    beam * facing.max(0.0) + 0.5 * (scattered + ALBEDO * level_w_m2)
}

/// Share of the light that the sky scatters, by the share of the sun beyond the air that arrives (Erbs, Klein and Duffie 1982).
fn scattered_share(clearness: f64) -> f64 {
    let k = clearness;
    if k <= 0.22 {
        1.0 - 0.09 * k
    } else if k <= 0.8 {
        0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)))
    } else {
        0.165
    }
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

    #[test]
    fn the_sun_is_in_the_east_in_the_morning_and_in_the_south_at_noon() {
        // Equinox at 40 degrees: it rises in the east, and at noon stands 50 degrees high in the south.
        let equinox = 1_789_948_800.0; // 2026-09-21
        let at = |hour: f64| direction(equinox + 3_600.0 * hour, (40.0, 0.0));
        let rises = at(6.0);
        assert!(rises[0] > 0.99 && rises[1].abs() < 0.1 && rises[2].abs() < 0.1, "{rises:?}");
        let noon = at(12.0);
        assert!((noon[1] + 0.643).abs() < 0.02 && (noon[2] - 0.766).abs() < 0.02, "{noon:?}");
        for hour in 0..24 {
            let length: f64 = at(f64::from(hour)).iter().map(|x| x * x).sum();
            assert!((length - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn walls_have_the_sun_at_their_hour() {
        // ASHRAE's solar heat gain factors, 40 degrees north, clear days: east at 8 h and west at 16 h in June, south at noon in December.
        let peak = |day: f64, wall: u8| {
            let at = |n: u32| {
                let unix_s = day + 600.0 * f64::from(n);
                let sun = direction(unix_s, (40.0, 0.0));
                on_wall_w_m2(clear_w_m2(sun[2]), sun, wall)
            };
            let best = (0..144).max_by(|a, b| at(*a).total_cmp(&at(*b))).expect("moments");
            (f64::from(best) / 6.0, at(best))
        };
        for (day, wall, hour) in [(SUMMER, 2, 8.0), (SUMMER, 6, 16.0), (WINTER, 4, 12.0)] {
            let (found, w_m2) = peak(day, wall);
            assert!((found - hour).abs() < 0.8, "wall {wall}: {found} h");
            // Some 700 to 900 W/m2 arrive on such a wall.
            assert!((600.0..1_000.0).contains(&w_m2), "wall {wall}: {w_m2} W/m2");
        }
        // A wall to the north has what sky and ground give, but for early and late in summer.
        let noon = direction(WINTER + 43_200.0, (40.0, 0.0));
        assert!(on_wall_w_m2(400.0, noon, 0) < 150.0);
        // Erbs: a dull day scatters nearly all of it, a clear one a sixth.
        assert!((scattered_share(0.1) - 0.991).abs() < 1e-9 && (scattered_share(0.5) - 0.659).abs() < 2e-3);
    }
}
