//! Where an axis carries a number: round steps for plain numbers, human steps for times.

use crate::human;

/// Lengths of time that people count in, seconds.
const TIME_STEPS_S: [f64; 25] = [
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    20.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    1_200.0,
    1_800.0,
    3_600.0,
    7_200.0,
    14_400.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    432_000.0,
    864_000.0,
    1_728_000.0,
];

/// Labels between the ends of an axis keep so far from each other, as a share of it.
const LABEL_SHARE: f64 = 0.12;

/// The multiples of a 1-2-5 step inside `lo..=hi`, about `target` of them, never more than `target` + 1.
pub fn nice(lo: f64, hi: f64, target: usize) -> Vec<f64> {
    let span = hi - lo;
    if !span.is_finite() || span <= 0.0 {
        return vec![lo];
    }
    let raw = span / target.max(1) as f64;
    let decade = libm::pow(10.0, libm::floor(libm::log10(raw)));
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * decade).into_iter().find(|s| *s >= raw * (1.0 - 1e-9));
    multiples(lo, hi, step.unwrap_or(10.0 * decade))
}

/// A unit of a time axis: its name, and how many minutes it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// In the plural.
    pub name: &'static str,
    /// Minutes.
    pub minutes: f64,
}

impl Unit {
    /// What people count a stretch of so many minutes in.
    pub fn of(minutes: f64) -> Unit {
        match minutes {
            m if m > 5_760.0 => Unit { name: "days", minutes: 1_440.0 },
            m if m > 600.0 => Unit { name: "hours", minutes: 60.0 },
            _ => Unit { name: "minutes", minutes: 1.0 },
        }
    }
}

/// Ticks of a linear time axis with their labels in a unit; the axis and where they stand is in minutes.
pub fn time(lo_min: f64, hi_min: f64, unit: Unit, target: usize) -> Vec<(f64, String)> {
    let at = match unit.name {
        "days" => nice(lo_min / unit.minutes, hi_min / unit.minutes, target).iter().map(|d| d * unit.minutes).collect(),
        _ => minutes(lo_min, hi_min, target),
    };
    let names = labels(&at.iter().map(|minutes| minutes / unit.minutes).collect::<Vec<f64>>());
    at.into_iter().zip(names).collect()
}

/// Ticks of a linear time axis in minutes, at most `target` + 1 of them.
pub fn minutes(lo_min: f64, hi_min: f64, target: usize) -> Vec<f64> {
    let raw = (hi_min - lo_min) / target.max(1) as f64;
    match TIME_STEPS_S.iter().map(|s| s / 60.0).find(|s| *s >= raw * (1.0 - 1e-9)) {
        Some(step) if raw > 0.0 => multiples(lo_min, hi_min, step),
        _ => nice(lo_min, hi_min, target),
    }
}

/// Ticks of a logarithmic time axis in seconds with their labels, thinned until at most `target` are left, and none is so near to the last one
/// that their labels touch.
pub fn log_time(lo_s: f64, hi_s: f64, target: usize) -> Vec<(f64, String)> {
    let all: Vec<f64> = TIME_STEPS_S.iter().copied().filter(|s| *s >= lo_s && *s <= hi_s).collect();
    let every = all.len().div_ceil(target.max(1)).max(1);
    let mut kept: Vec<f64> = Vec::new();
    let place = |s: f64| log_place(s, lo_s, hi_s);
    for tick in all.into_iter().step_by(every) {
        if kept.last().is_none_or(|last| place(tick) - place(*last) >= 0.7 / target.max(1) as f64) {
            kept.push(tick);
        }
    }
    kept.into_iter().map(|s| (s, human::whole_duration(s))).collect()
}

/// Where a value stands on a logarithmic axis, from 0 to 1.
fn log_place(v: f64, low: f64, high: f64) -> f64 {
    libm::log(v / low) / libm::log(high / low)
}

/// Both ends, and round numbers between them that keep their distance.
pub fn with_ends(low: f64, high: f64, logarithmic: bool) -> Vec<(f64, String)> {
    let place = |v: f64| match logarithmic {
        true => log_place(v, low, high),
        false => (v - low) / (high - low),
    };
    let round: Vec<f64> = if logarithmic {
        let decades = libm::floor(libm::log10(low)) as i32..=libm::ceil(libm::log10(high)) as i32;
        decades.flat_map(|d| [1.0, 2.0, 5.0].map(|m| m * libm::pow(10.0, d.into()))).collect()
    } else {
        nice(low, high, 6)
    };
    let mut all = vec![low, high];
    for tick in round.into_iter().filter(|tick| (low..=high).contains(tick)) {
        if all.iter().all(|known| (place(*known) - place(tick)).abs() >= LABEL_SHARE) {
            all.push(tick);
        }
    }
    all.sort_by(f64::total_cmp);
    let text = |v: f64| format!("{}", (v * 1e6).round() / 1e6);
    all.into_iter().map(|v| (v, text(v))).collect()
}

/// The tick's number with as many decimals as the distance to its neighbour needs.
pub fn labels(ticks: &[f64]) -> Vec<String> {
    let step = ticks.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
    let decimals = (0..6).find(|d| {
        let scaled = step * libm::pow(10.0, *d as f64);
        !step.is_finite() || (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0)
    });
    ticks.iter().map(|t| format!("{:.*}", decimals.unwrap_or(6), t + 0.0)).collect()
}

fn multiples(lo: f64, hi: f64, step: f64) -> Vec<f64> {
    let first = libm::ceil(lo / step - 1e-9) as i64;
    let last = libm::floor(hi / step + 1e-9) as i64;
    (first..=last).map(|i| i as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_steps() {
        assert_eq!(nice(0.0, 100.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(nice(0.0, 7.0, 5), [0.0, 2.0, 4.0, 6.0]);
        assert_eq!(nice(-10.0, 170.0, 6), [0.0, 50.0, 100.0, 150.0]);
        assert_eq!(nice(3.0, 3.0, 5), [3.0]);
        assert_eq!(nice(0.0, f64::NAN, 5), [0.0]);
    }

    #[test]
    fn never_more_than_asked_and_always_inside() {
        for i in 1..2_000 {
            let hi = i as f64 * 0.37;
            for target in 2..9 {
                for ticks in [nice(-1.5, hi, target), minutes(-1.5, hi, target)] {
                    assert!((1..=target + 1).contains(&ticks.len()), "{hi} {target}: {ticks:?}");
                    assert!(ticks.iter().all(|t| *t >= -1.5 - 1e-6 && *t <= hi + 1e-6), "{hi} {target}: {ticks:?}");
                }
            }
        }
    }

    #[test]
    fn times_fall_on_what_a_clock_shows() {
        assert_eq!(minutes(0.0, 170.0, 6), [0.0, 30.0, 60.0, 90.0, 120.0, 150.0]);
        assert_eq!(minutes(-10.0, 50.0, 6), [-10.0, 0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        let words = |ticks: Vec<(f64, String)>| ticks.into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        let log = words(log_time(8.0, 11_000.0, 14));
        assert_eq!(
            log,
            ["10 s", "20 s", "30 s", "1 min", "2 min", "5 min", "10 min", "20 min", "30 min", "1 h", "2 h"]
        );
        assert!(log_time(8.0, 11_000.0, 6).len() <= 6);
        // 20 and 30 min are less than a tenth of this axis apart, and so are 4 and 6 h.
        assert_eq!(words(log_time(550.0, 40_000.0, 7)), ["10 min", "20 min", "1 h", "2 h", "4 h"]);
    }

    #[test]
    fn long_times_are_counted_in_hours_and_days() {
        let axis = |hi: f64| {
            let unit = Unit::of(hi);
            (unit.name, time(0.0, hi, unit, 7).into_iter().map(|(_, label)| label).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(axis(240.0), ("minutes", "0 60 120 180 240".to_owned()));
        assert_eq!(axis(24.0 * 60.0), ("hours", "0 4 8 12 16 20 24".to_owned()));
        assert_eq!(axis(92.0 * 1_440.0), ("days", "0 20 40 60 80".to_owned()));
        assert_eq!(axis(365.0 * 1_440.0), ("days", "0 100 200 300".to_owned()));
    }

    #[test]
    fn labels_have_the_decimals_of_the_step() {
        assert_eq!(labels(&[0.0, 0.5, 1.0]), ["0.0", "0.5", "1.0"]);
        assert_eq!(labels(&[0.0, 20.0]), ["0", "20"]);
        assert_eq!(labels(&[-0.0, 0.25]), ["0.00", "0.25"]);
    }
}
