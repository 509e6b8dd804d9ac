//! Radios that heat destroys: hours above a limit, hot sockets, and when whose time has come.

use super::boxes::{BOXES, box_of, boxes, in_use};
use super::sky::Sky;
use crate::purpose;
use crate::spec::{WeatherSpec, WorldSpec};
use crate::terrain::SiteKind;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;

/// The swing of a day that `swing_failures` is of, K.
const SWING_K: f64 = 40.0;
const DAY_H: usize = 24;
/// Above it a meter switches itself off, C.
pub const TRIP_C: f64 = 110.0;
/// What a bad contact in its socket adds to a meter's board, K.
pub const HOT_SOCKET_K: f64 = 45.0;
const HOUR_S: u64 = 3_600;

/// Whether the socket of the meter at a site is a hot one.
pub fn is_hot_socket(weather: &WeatherSpec, seed: u64, site: u32, kind: SiteKind) -> bool {
    kind == SiteKind::Meter
        && weather.hot_sockets > 0.0
        && Stream::new(seed, u64::from(site), purpose::HOT_SOCKET).unit() < weather.hot_sockets
}

/// A radio's end by heat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overheated {
    /// When.
    pub at: SimTime,
    /// Its board then, C.
    pub board_c: f64,
}

/// A board at the full hours of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OverRun {
    /// The hottest, C.
    pub max_c: f32,
    /// Hours that begin with more than 60 C.
    pub above_60c_h: u32,
    /// Hours that begin with more than 85 C.
    pub above_85c_h: u32,
}

/// The boards of a run at each full hour, by kind of box; NaN of kinds that no site has.
#[derive(Clone, Debug)]
pub struct Hours {
    boards_c: Vec<[f32; BOXES]>,
    /// So many of them begin an hour of the run; another may end it.
    begin: usize,
    /// Hottest less coldest of each day that is over, by kind of box, K.
    swings_k: Vec<[f32; BOXES]>,
    /// Hazard of an hour above the limit.
    hazard: f64,
    limit_c: f64,
    /// Hazard of a day with a swing of 40 K.
    of_swing: f64,
}

impl Hours {
    /// Those of a run that has weather.
    pub fn of(run: &WorldSpec) -> Option<Hours> {
        let weather = run.weather.as_ref()?;
        let sky = Sky::of(weather, run.seed)?;
        let (boxes, used) = (boxes(weather), in_use(weather, run.seed, &run.placement.sites));
        let start_s = run.dlms.start_unix_s as f64;
        let board = |hour: u64| {
            let unix_s = start_s + (hour * HOUR_S) as f64;
            std::array::from_fn(|n| if used[n] { boxes[n].board_c(&sky, unix_s) as f32 } else { f32::NAN })
        };
        let hours = run.duration.nanos() / (HOUR_S * 1_000_000_000);
        let boards_c: Vec<[f32; BOXES]> = (0..=hours).map(board).collect();
        // From midnight to midnight of the run, both ends counted.
        let swing = |day: &[[f32; BOXES]]| {
            let end = |n: usize, of: fn(f32, f32) -> f32| day.iter().map(|boards_c| boards_c[n]).reduce(of);
            std::array::from_fn(|n| end(n, f32::max).zip(end(n, f32::min)).map_or(0.0, |(high, low)| high - low))
        };
        let swings_k = boards_c.windows(DAY_H + 1).step_by(DAY_H).map(swing).collect();
        let of_share = |share: f64| -libm::log1p(-share.min(1.0));
        let radios = &weather.radios;
        Some(Hours {
            boards_c,
            begin: run.duration.nanos().div_ceil(HOUR_S * 1_000_000_000) as usize,
            swings_k,
            hazard: of_share(radios.hot_hour_failures),
            limit_c: radios.hot_limit_c,
            of_swing: of_share(radios.swing_failures),
        })
    }

    /// What the boards of each kind of box are over the run, so much warmer than they are in it.
    pub fn over_run(&self, more_k: f64) -> [OverRun; BOXES] {
        let of_kind = |n: usize| {
            let boards_c = || self.boards_c.iter().map(|boards_c| boards_c[n] + more_k as f32);
            // Each full hour before the end stands for the hour that it begins.
            let above = |limit_c: f32| boards_c().take(self.begin).filter(|board_c| *board_c > limit_c).count() as u32;
            OverRun {
                max_c: boards_c().fold(f32::NEG_INFINITY, f32::max),
                above_60c_h: above(60.0),
                above_85c_h: above(85.0),
            }
        };
        std::array::from_fn(of_kind)
    }

    /// When heat destroys the radio at a site, if it does: its share of a hazard that hours above the limit add up is drawn by the site,
    /// as is that of swings of days, and a meter in a hot socket trips.
    pub fn end(&self, run: &WorldSpec, site: u32, kind: SiteKind) -> Option<Overheated> {
        let weather = run.weather.as_ref()?;
        if self.hazard == 0.0 && self.of_swing == 0.0 && weather.hot_sockets == 0.0 {
            return None;
        }
        let number = usize::from(box_of(weather, run.seed, site, kind));
        let more_k = if is_hot_socket(weather, run.seed, site, kind) { HOT_SOCKET_K } else { 0.0 };
        let mut left = -libm::log1p(-Stream::new(run.seed, u64::from(site), purpose::OVERHEATING).unit());
        for (hour, boards_c) in (0..).zip(&self.boards_c) {
            let board_c = f64::from(boards_c[number]) + more_k;
            if board_c > self.limit_c {
                left -= self.hazard;
            }
            if self.of_swing > 0.0
                && let Some(day) = (hour as usize).checked_sub(1).filter(|last| last % DAY_H == DAY_H - 1)
            {
                let swing = f64::from(self.swings_k[day / DAY_H][number]) / SWING_K;
                left -= self.of_swing * swing * swing;
            }
            if board_c > TRIP_C || left < 0.0 {
                return Some(Overheated { at: SimTime::from_secs(hour * HOUR_S), board_c });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{BoxSpec, Climate, Colour, HeatSpec};

    /// A dark box that adds so much, for a week of July in Phoenix.
    fn week(self_heating: f64, hot_hour_failures: f64, hot_sockets: f64) -> WorldSpec {
        let meters = BoxSpec { colour: Colour::Dark, self_heating, ..BoxSpec::default() };
        let radios = HeatSpec { hot_hour_failures, ..HeatSpec::default() };
        let mut run = WorldSpec { duration: SimTime::from_secs(7 * 86_400 - 1), ..WorldSpec::plain() };
        run.weather = Some(WeatherSpec { meters, radios, hot_sockets, ..WeatherSpec::of(Climate::Phoenix) });
        run.dlms.start_unix_s = 1_782_864_000;
        run
    }

    fn ends(run: &WorldSpec, count: u32) -> Vec<Overheated> {
        let hours = Hours::of(run).expect("heat that can destroy");
        (0..count).filter_map(|site| hours.end(run, site, SiteKind::Meter)).collect()
    }

    #[test]
    fn hours_above_the_limit_take_their_share() {
        let run = week(30.0, 0.01, 0.0);
        let hours = Hours::of(&run).expect("heat that can destroy");
        let hot = hours.boards_c.iter().filter(|boards| boards[0] > 85.0).count() as f64;
        assert!(hot > 20.0, "{hot} of 168 hours");
        // 1 - 0.99^hot of 10,000, within four standard deviations.
        let expected = 1.0 - libm::pow(0.99, hot);
        let share = ends(&run, 10_000).len() as f64 / 10_000.0;
        assert!((share - expected).abs() < 4.0 * libm::sqrt(expected * (1.0 - expected) / 10_000.0), "{share}");
        assert!(ends(&run, 1_000).iter().all(|end| end.board_c > 85.0));
        assert!(ends(&week(30.0, 0.0, 0.0), 1_000).is_empty(), "nothing can fail");
        let hottest = hours.boards_c.iter().map(|boards| boards[0]).fold(0.0, f32::max);
        assert_eq!(hours.over_run(0.0)[0].max_c, hottest);
        assert!(ends(&week(0.0, 1.0, 0.0), 1_000).is_empty(), "boards stay below 85 degrees");
    }

    #[test]
    fn the_limit_is_a_setting_and_swings_of_days_destroy_as_well() {
        // Boards of some 72 degrees at most: none are above 85, and with a limit of 60 hours count as above.
        let mut run = week(8.0, 0.01, 0.0);
        assert!(ends(&run, 1_000).is_empty());
        let radios =
            |run: &mut WorldSpec, change: fn(&mut HeatSpec)| change(&mut run.weather.as_mut().expect("some").radios);
        radios(&mut run, |radios| radios.hot_limit_c = 60.0);
        let hours = Hours::of(&run).expect("heat that can destroy");
        let share_of = |run: &WorldSpec| ends(run, 10_000).len() as f64 / 10_000.0;
        let close = |share: f64, expected: f64| {
            assert!(
                (share - expected).abs() < 4.0 * libm::sqrt(expected * (1.0 - expected) / 10_000.0),
                "{share}, not {expected}"
            );
        };
        let hot = hours.boards_c.iter().filter(|boards| boards[0] > 60.0).count() as f64;
        assert!((20.0..80.0).contains(&hot), "{hot} of 168 hours");
        close(share_of(&run), 1.0 - libm::pow(0.99, hot));
        // 2 % of a day with 40 K; six days are over before the run ends a second before the seventh.
        radios(&mut run, |radios| (radios.hot_hour_failures, radios.swing_failures) = (0.0, 0.02));
        let days: Vec<f64> = (0..6)
            .map(|day| {
                let of_day = hours.boards_c[24 * day..=24 * (day + 1)].iter().map(|boards| f64::from(boards[0]));
                of_day.clone().fold(f64::MIN, f64::max) - of_day.fold(f64::MAX, f64::min)
            })
            .collect();
        assert!(days.iter().all(|swing_k| (25.0..45.0).contains(swing_k)), "{days:?}");
        let squares: f64 = days.iter().map(|swing_k| (swing_k / 40.0) * (swing_k / 40.0)).sum();
        close(share_of(&run), 1.0 - libm::pow(0.98, squares));
    }

    #[test]
    fn hours_above_60_and_85_degrees_are_counted_by_the_hour_that_they_begin() {
        // Four and a half hours begin five; the sixth board would begin an hour after the end.
        let mut run = week(8.0, 0.0, 0.0);
        run.duration = SimTime::from_secs(4 * 3_600 + 1_800);
        let hours = Hours::of(&run).expect("weather");
        assert_eq!((hours.begin, hours.boards_c.len()), (5, 5));
        run.duration = SimTime::from_secs(5 * 3_600);
        let mut hours = Hours::of(&run).expect("weather");
        assert_eq!((hours.begin, hours.boards_c.len()), (5, 6));
        for (boards_c, of_hour) in hours.boards_c.iter_mut().zip([59.0, 60.0, 60.1, 85.1, 40.1, 90.0]) {
            boards_c[0] = of_hour;
        }
        // 60.1 and 85.1 are above 60, 85.1 alone is above 85; with 45 K more all are above 85 but 40.1, which is 85.1 then.
        let of = |more_k: f64| hours.over_run(more_k)[0];
        assert_eq!(of(0.0), OverRun { max_c: 90.0, above_60c_h: 2, above_85c_h: 1 });
        assert_eq!(of(HOT_SOCKET_K), OverRun { max_c: 135.0, above_60c_h: 5, above_85c_h: 5 });
    }

    #[test]
    fn meters_in_hot_sockets_trip_on_a_hot_afternoon() {
        // Boards of some 72 degrees in the sun, and 45 K more.
        let run = week(8.0, 0.0, 0.02);
        let tripped = ends(&run, 10_000);
        assert!((140..=260).contains(&tripped.len()), "{} of some 200", tripped.len());
        assert!(tripped.iter().all(|end| end.board_c > 110.0));
    }
}
