//! The course of links over a run: tries that were lost, parents that changed and boards, hour by hour; and when in a day each of them is highest.

use amitwin_data::rows::{LoadRow, WeatherRow};
use std::collections::BTreeMap;

/// Hours of a day.
const DAY: usize = 24;
/// A daily course counts if it is so many times what chance alone would show.
const BEYOND_CHANCE: f64 = 3.0;

/// What all radios came to in an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Hour {
    tries: u64,
    unanswered: u64,
    parent_changes: u64,
    boards_c: f64,
    boards: u32,
}

/// Hours of a run, by number; those without a row left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    hours: BTreeMap<u32, Hour>,
}

/// Points over minutes since the start of the run.
pub type Points = Vec<(f64, f64)>;

impl Course {
    /// Adds rows of the table `load`.
    pub fn add(&mut self, rows: &[LoadRow]) {
        for row in rows {
            let hour = self.hours.entry((row.time_s / 3_600.0) as u32).or_default();
            hour.tries += u64::from(row.up_sent);
            hour.unanswered += u64::from(row.up_unanswered);
            hour.parent_changes += u64::from(row.parent_changes);
            if let Some(board_c) = row.board_c.0 {
                hour.boards_c += f64::from(board_c);
                hour.boards += 1;
            }
        }
    }

    fn stretches(&self, hours: u32) -> impl Iterator<Item = (f64, Hour)> {
        let mut sums: BTreeMap<u32, Hour> = BTreeMap::new();
        for (at, hour) in &self.hours {
            let sum = sums.entry(at / hours).or_default();
            sum.tries += hour.tries;
            sum.unanswered += hour.unanswered;
            sum.parent_changes += hour.parent_changes;
        }
        sums.into_iter().map(move |(at, sum)| (60.0 * f64::from(hours) * (f64::from(at) + 0.5), sum))
    }

    /// Share of the tries of each stretch of so many hours that were not acknowledged, at its middle.
    pub fn lost(&self, hours: u32) -> Points {
        let with = self.stretches(hours).filter(|(_, sum)| sum.tries > 0);
        with.map(|(at, sum)| (at, sum.unanswered as f64 / sum.tries as f64)).collect()
    }

    /// Other parents chosen in each stretch of so many hours, at its middle.
    pub fn parent_changes(&self, hours: u32) -> Points {
        self.stretches(hours).map(|(at, sum)| (at, sum.parent_changes as f64)).collect()
    }

    /// Mean of the boards as each hour ended, C; empty without weather.
    pub fn boards_c(&self) -> Points {
        let with = self.hours.iter().filter(|(_, hour)| hour.boards > 0);
        with.map(|(at, hour)| (60.0 * f64::from(at + 1), hour.boards_c / f64::from(hour.boards))).collect()
    }
}

/// Temperatures of the air, C.
pub fn air_c(weather: &[WeatherRow]) -> Points {
    weather.iter().map(|row| (row.time_s / 60.0, f64::from(row.air_c))).collect()
}

/// The hour of a mean day, counted from the start of the run, at which a quantity is highest: that of the wave of 24 hours which fits it best over
/// the whole days of the run. `None` of less than a day, or if its wave is no higher than chance would have it.
pub fn highest_h(points: &[(f64, f64)]) -> Option<f64> {
    let first = points.first()?.0;
    let days = ((points.last()?.0 - first) / 60.0 + 1.0) as usize / DAY;
    let until = first + 60.0 * (DAY * days) as f64 - 1.0;
    let whole: Vec<(f64, f64)> = points.iter().copied().filter(|point| point.0 <= until).collect();
    let n = whole.len() as f64;
    if days == 0 || whole.len() < DAY {
        return None;
    }
    let mean = whole.iter().map(|point| point.1).sum::<f64>() / n;
    let turn = |minutes: f64| std::f64::consts::TAU * minutes / (60.0 * DAY as f64);
    let (mut cos, mut sin) = (0.0, 0.0);
    for (at, value) in &whole {
        cos += 2.0 * (value - mean) * libm::cos(turn(*at)) / n;
        sin += 2.0 * (value - mean) * libm::sin(turn(*at)) / n;
    }
    let rest = |(at, value): &(f64, f64)| value - mean - cos * libm::cos(turn(*at)) - sin * libm::sin(turn(*at));
    let variance = whole.iter().map(|point| rest(point) * rest(point)).sum::<f64>() / n;
    let height = libm::hypot(cos, sin);
    if height <= BEYOND_CHANCE * libm::sqrt(2.0 * variance / n) {
        return None;
    }
    let at = libm::atan2(sin, cos) * DAY as f64 / std::f64::consts::TAU;
    Some(if at < 0.0 { at + DAY as f64 } else { at })
}

/// Hours from one hour of the day to another, from 12 before to 12 after it.
pub fn later_h(from_h: f64, to_h: f64) -> f64 {
    (to_h - from_h + 36.0) % 24.0 - 12.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::tests::row;
    use amitwin_data::rows::Added;

    #[test]
    fn hours_add_up_over_radios_and_days_over_hours() {
        let hour = |node, hour: u32, tries, unanswered, board_c| LoadRow {
            time_s: 3_600.0 * f64::from(hour),
            up_sent: tries,
            up_unanswered: unanswered,
            board_c: Added(Some(board_c)),
            ..row(node, 0, Some(1), 0, 0)
        };
        let mut course = Course::default();
        course.add(&[hour(1, 0, 10, 1, 30.0), hour(2, 0, 30, 9, 40.0), hour(1, 25, 20, 2, 50.0)]);
        assert_eq!(course.lost(1), [(30.0, 0.25), (1_530.0, 0.1)], "10 of 40, 2 of 20");
        assert_eq!(course.lost(24), [(720.0, 0.25), (2_160.0, 0.1)], "by day");
        assert_eq!(course.parent_changes(24), [(720.0, 2.0), (2_160.0, 1.0)], "one a row");
        assert_eq!(course.boards_c(), [(60.0, 35.0), (1_560.0, 50.0)], "as each hour ended");
    }

    #[test]
    fn a_wave_is_highest_where_it_should_be_and_noise_nowhere() {
        // Hourly over three days and a bit, highest at 15.5 h; an uneven rest of the last day is left out.
        let wave = |peak_h: f64| -> Points {
            let value = |h: f64| 30.0 + 8.0 * libm::cos(std::f64::consts::TAU * (h - peak_h) / 24.0);
            (0..79).map(|h| (60.0 * f64::from(h), value(f64::from(h)))).collect()
        };
        let at = highest_h(&wave(15.5)).expect("a wave");
        assert!((at - 15.5).abs() < 1e-9, "{at}");
        assert!((highest_h(&wave(23.9)).expect("a wave") - 23.9).abs() < 1e-9);
        assert_eq!(highest_h(&wave(15.5)[..20]), None, "less than a day");
        // Every second hour more: no course over the day.
        let noise: Points = (0..72).map(|h| (60.0 * f64::from(h), f64::from(h % 2))).collect();
        assert_eq!(highest_h(&noise), None);
    }

    #[test]
    fn later_goes_round_the_clock() {
        assert_eq!((later_h(16.0, 16.5), later_h(23.5, 0.5), later_h(1.0, 23.0)), (0.5, 1.0, -2.0));
    }
}
