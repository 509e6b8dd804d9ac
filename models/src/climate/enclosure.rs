//! A box around a radio: how warm its board is, of first order, in closed form.

use super::sky::{Sky, Weather};
use crate::math::exp;
use crate::spec::{BoxSpec, Colour, Shade};

/// Between two looks at the sky its course is a line, s.
const STEP_S: f64 = 1_800.0;
/// What lies more time constants back is forgotten: e^-8 = 0.0003.
const MEMORY_TAUS: f64 = 8.0;

/// A box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Enclosure {
    /// What the sun adds at 1,000 W/m2, K.
    pub sun_k: f64,
    /// What its electronics add, K.
    pub self_heating_k: f64,
    /// Time constant, s.
    pub lag_s: f64,
    /// The wall that it hangs on, by the point of the compass that it faces, clockwise from the north; without one the sun falls on it as on
    /// level ground.
    pub wall: Option<u8>,
}

impl Enclosure {
    /// A box as a scenario has it, in the sun or in the shade.
    pub fn new(spec: &BoxSpec, in_sun: bool) -> Enclosure {
        let light_k = match spec.shade {
            Shade::None => 14.0,
            Shade::Top => 11.0,
            Shade::Sides => 8.0,
        };
        let sun_k = match spec.colour {
            Colour::Light => light_k,
            Colour::Dark => light_k * 25.0 / 14.0,
        };
        let sun_k = if in_sun { sun_k } else { 0.0 };
        Enclosure { sun_k, self_heating_k: spec.self_heating, lag_s: spec.lag.secs_f64(), wall: None }
    }

    /// What the board would have if the weather stayed, C.
    pub fn settled_c(&self, weather: Weather) -> f64 {
        weather.air_c + self.self_heating_k + self.sun_k * weather.sun_w_m2 / 1_000.0
    }

    /// The board at a moment, C: `lag dT/dt = settled - T`, exactly between looks at the sky each half an hour, from eight time constants
    /// back on.
    pub fn board_c(&self, sky: &Sky, unix_s: f64) -> f64 {
        let steps = (MEMORY_TAUS * self.lag_s / STEP_S).ceil().max(1.0) as u32;
        // Short boxes follow quicker than the sky is looked at.
        let step_s = STEP_S.min(self.lag_s);
        let steps = if step_s < STEP_S { MEMORY_TAUS as u32 } else { steps };
        let at = |n: u32| {
            let then_s = unix_s - step_s * f64::from(n);
            let weather = sky.at(then_s);
            self.settled_c(match self.wall {
                None => weather,
                Some(wall) => Weather { sun_w_m2: sky.on_wall_w_m2(then_s, weather.sun_w_m2, wall), ..weather },
            })
        };
        let kept = exp(-step_s / self.lag_s);
        let mut before = at(steps);
        let mut board = before;
        for n in (0..steps).rev() {
            let now = at(n);
            let behind = self.lag_s * (now - before) / step_s;
            board = now - behind + (board - before + behind) * kept;
            before = now;
        }
        board
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Climate;
    use amitwin_sim_core::SimTime;

    const START: f64 = 1_782_000_000.0;

    #[test]
    fn the_closed_form_is_the_integral_by_the_minute() {
        for (climate, lag_min) in [(Climate::Phoenix, 40), (Climate::London, 90), (Climate::Singapore, 5)] {
            let sky = Sky::new(climate, 3);
            let spec = BoxSpec { lag: SimTime::from_secs(60 * lag_min), colour: Colour::Dark, ..BoxSpec::default() };
            let enclosure = Enclosure::new(&spec, true);
            let (mut board, mut worst) = (enclosure.settled_c(sky.at(START)), 0.0f64);
            for minute in 0..20 * 1_440 {
                let unix_s = START + 60.0 * f64::from(minute);
                // The minute's mean of what it settles at, exactly for a constant.
                let settled = enclosure.settled_c(sky.at(unix_s + 30.0));
                board = settled + (board - settled) * exp(-60.0 / enclosure.lag_s);
                if minute > 1_440 {
                    worst = worst.max((board - enclosure.board_c(&sky, unix_s + 60.0)).abs());
                }
            }
            assert!(worst < 0.3, "{climate:?}, {lag_min} min: {worst} K");
        }
    }

    #[test]
    fn a_day_arrives_weaker_and_later_by_the_lag() {
        // 1 / sqrt(1 + (w lag)^2) and atan(w lag) / w: 0.985 and 39.6 min at 40 min, 0.931 and 85.8 min at 90 min.
        for (lag_s, gain, later_min) in [(2_400.0, 0.985, 39.6), (5_400.0, 0.931, 85.8)] {
            let enclosure = Enclosure { sun_k: 0.0, self_heating_k: 0.0, lag_s, wall: None };
            // Over years all but the day's course averages out: amplitude and phase of board and air.
            let sky = Sky::new(Climate::Sydney, 4);
            let (mut air, mut board) = ([0.0; 2], [0.0; 2]);
            for n in 0..400 * 24 {
                let hour = f64::from(n);
                let unix_s = START + 3_600.0 * hour;
                let turn = [crate::math::cos_turns(hour / 24.0), crate::math::cos_turns(hour / 24.0 - 0.25)];
                let (a, b) = (sky.at(unix_s).air_c, enclosure.board_c(&sky, unix_s));
                for i in 0..2 {
                    air[i] += a * turn[i];
                    board[i] += b * turn[i];
                }
            }
            let size = |v: [f64; 2]| libm::hypot(v[0], v[1]);
            let phase_min = |v: [f64; 2]| libm::atan2(v[1], v[0]) * 1_440.0 / std::f64::consts::TAU;
            assert!((size(board) / size(air) - gain).abs() < 0.01, "{}", size(board) / size(air));
            assert!((phase_min(board) - phase_min(air) - later_min).abs() < 2.0);
        }
    }

    #[test]
    fn colour_and_shade_decide_what_the_sun_adds() {
        let noon = Weather { air_c: 30.0, sun_w_m2: 1_000.0 };
        let settled = |colour, shade, in_sun| {
            Enclosure::new(&BoxSpec { colour, shade, ..BoxSpec::default() }, in_sun).settled_c(noon)
        };
        assert_eq!(settled(Colour::Light, Shade::None, true), 30.0 + 8.0 + 14.0);
        assert_eq!(settled(Colour::Light, Shade::Top, true), 49.0);
        assert_eq!(settled(Colour::Light, Shade::Sides, true), 46.0);
        assert_eq!(settled(Colour::Dark, Shade::None, true), 63.0);
        assert_eq!(settled(Colour::Dark, Shade::None, false), 38.0);
    }

    #[test]
    fn a_west_wall_is_hottest_in_the_afternoon_and_an_east_wall_in_the_morning() {
        // Clear days give east and west walls their most sun at 8 and 16 h solar time in June at 40 degrees (ASHRAE, solar heat gain factors);
        // Phoenix, at 33 degrees, is half an hour behind its zone. A board follows 40 minutes later, and the air is warmest at 16 h.
        let sky = Sky::new(Climate::Phoenix, 5);
        let hottest_h = |wall: Option<u8>| {
            let enclosure =
                Enclosure { wall, ..Enclosure::new(&BoxSpec { colour: Colour::Dark, ..BoxSpec::default() }, true) };
            // 07:00 UTC is midnight there; the mean of 60 days by quarters of an hour.
            let mean = |quarter: u32| -> f64 {
                let at = |day: u32| START + 25_200.0 + 900.0 * f64::from(quarter) + 86_400.0 * f64::from(day);
                (0..60).map(|day| enclosure.board_c(&sky, at(day))).sum()
            };
            let best = (0..96).max_by(|a, b| mean(*a).total_cmp(&mean(*b))).expect("quarters");
            f64::from(best) / 4.0
        };
        let [level, east, west] = [None, Some(2), Some(6)].map(hottest_h);
        assert!((8.5..=11.5).contains(&east), "{east} h");
        assert!((16.5..=18.5).contains(&west), "{west} h");
        assert!((13.0..=15.5).contains(&level), "{level} h");
    }

    #[test]
    fn hours_above_60_degrees_are_those_of_the_hourly_files() {
        // A year of the hourly files: 697 and 75 hours in Ahmedabad, 540 and 54 in Seville, none in London, dark and light. A generator has
        // the mean and the spread of a year, not its hottest days: half to twice as many.
        let hours = |climate, colour| {
            let sky = Sky::new(climate, 7);
            let enclosure = Enclosure::new(&BoxSpec { colour, ..BoxSpec::default() }, true);
            let of_ten = (0..10 * 8_766).filter(|n| enclosure.board_c(&sky, START + 3_600.0 * f64::from(*n)) > 60.0);
            of_ten.count() as f64 / 10.0
        };
        for (climate, dark) in [(Climate::Ahmedabad, 697.0), (Climate::Seville, 540.0)] {
            let found = hours(climate, Colour::Dark);
            assert!((0.5..2.0).contains(&(found / dark)), "{climate:?}: {found} h, not {dark}");
        }
        assert!(hours(Climate::London, Colour::Dark) < 2.0);
    }
}
