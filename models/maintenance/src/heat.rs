//! How fast heat ages a part in a climate and an enclosure: Lambda(t), the time that would have aged it as far at 30 C.

use crate::climate::{Climate, YEAR_D};
use crate::hours::YearOfHours;
use crate::spec::{DepotSpec, PlanSpec};
use libm::{exp, exp2, log};

/// Temperature at which a part ages a year in a year, degrees Celsius.
pub const REFERENCE_C: f64 = 30.0;
/// Warming that doubles ageing, K (the rule of capacitor makers).
pub const DOUBLING_K: f64 = 10.0;
/// Largest share of the clear sky's sun: clouds beside the sun add to it.
const KT_MAX: f64 = 1.1;
/// Seconds of a day.
pub const DAY_S: f64 = 86_400.0;
/// Seconds of a mean year.
pub const YEAR_S: f64 = YEAR_D * DAY_S;
/// Seconds of a cell: the twelfth of a mean year.
pub const MONTH_S: f64 = YEAR_S / 12.0;

/// How much warmer than the air a meter's inside is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Enclosure {
    /// By its own losses, K.
    pub idle_k: f64,
    /// By the sun, K for each 1,000 W/m2.
    pub sun_k: f64,
}

impl Enclosure {
    /// A meter in the open air that makes no heat.
    pub const NONE: Enclosure = Enclosure { idle_k: 0.0, sun_k: 0.0 };
    /// A light grey box in the sun.
    pub const LIGHT: Enclosure = Enclosure { idle_k: 8.0, sun_k: 14.0 };
    /// A box on a dark wall in the sun (an assumption).
    pub const DARK: Enclosure = Enclosure { idle_k: 8.0, sun_k: 25.0 };
}

/// ln I0(x), the modified Bessel function of order 0, by its series (|x| up to 20).
pub fn ln_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..60 {
        let n = f64::from(n);
        term *= quarter / (n * n);
        sum += term;
        if term < sum * 1e-16 {
            break;
        }
    }
    log(sum)
}

/// Effective temperature of the air in closed form, degrees Celsius: the constant one that ages as fast.
///
/// Teff = m + (10/ln 2) [ln I0(bA) + ln I0(bA2) + ln I0(bD) + (b sd)^2/2], b = ln 2/10.
pub fn effective_air_c(climate: &Climate) -> f64 {
    let b = std::f64::consts::LN_2 / DOUBLING_K;
    let terms = [climate.a_k, climate.a2_k, climate.d_k].map(|amplitude| ln_i0(b * amplitude));
    let weather = b * climate.sd_k;
    climate.m_c + (terms.iter().sum::<f64>() + weather * weather / 2.0) / b
}

/// Lambda over the cells of a time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatTable {
    /// Lambda at the start of each cell, reference seconds, and at the end of the last.
    at_s: Vec<f64>,
}

impl HeatTable {
    /// Over `months` cells that begin on a day of the year; ageing doubles with each `doubling_k`.
    pub fn new(climate: &Climate, enclosure: Enclosure, doubling_k: f64, first_day: f64, months: usize) -> HeatTable {
        let rate = |month| rate(climate, enclosure, doubling_k, day(first_day, month));
        HeatTable::of_rates(&std::array::from_fn(rate), months)
    }

    /// The same by the hours of a year instead of normals, the same year again and again.
    pub fn of_hours(
        year: &YearOfHours,
        enclosure: Enclosure,
        doubling_k: f64,
        first_day: f64,
        months: usize,
    ) -> HeatTable {
        let rates = year.means(enclosure, first_day, |inside_c| exp2((inside_c - REFERENCE_C) / doubling_k));
        HeatTable::of_rates(&rates, months)
    }

    /// Over the cells of a plan, inside the meters of a depot.
    pub fn of_depot(plan: &PlanSpec, depot: &DepotSpec, doubling_k: f64, months: usize) -> HeatTable {
        match &depot.hours {
            Some(hours) => HeatTable::of_hours(hours, depot.enclosure, doubling_k, plan.first_day, months),
            None => HeatTable::new(&depot.climate, depot.enclosure, doubling_k, plan.first_day, months),
        }
    }

    /// The end of the last cell, s.
    pub fn end_s(&self) -> f64 {
        (self.at_s.len() - 1) as f64 * MONTH_S
    }

    fn of_rates(of_year: &[f64; 12], months: usize) -> HeatTable {
        let mut at_s = vec![0.0];
        at_s.extend((0..months.max(1)).scan(0.0, |sum, month| {
            *sum += of_year[month % 12] * MONTH_S;
            Some(*sum)
        }));
        HeatTable { at_s }
    }

    /// A clock that heat does not change.
    pub fn calendar(months: usize) -> HeatTable {
        HeatTable { at_s: (0..=months.max(1)).map(|month| month as f64 * MONTH_S).collect() }
    }

    /// Lambda at a time, reference seconds.
    pub fn at(&self, time_s: f64) -> f64 {
        let cell = ((time_s / MONTH_S) as usize).min(self.at_s.len() - 2);
        let share = time_s / MONTH_S - cell as f64;
        self.at_s[cell] + share * (self.at_s[cell + 1] - self.at_s[cell])
    }

    /// When Lambda reaches a value, s; `None` behind the last cell.
    pub fn when(&self, lambda_s: f64) -> Option<f64> {
        let above = self.at_s.partition_point(|at| *at < lambda_s);
        if above == self.at_s.len() {
            return None;
        }
        let cell = above.saturating_sub(1);
        let step = self.at_s[cell + 1] - self.at_s[cell];
        Some((cell as f64 + (lambda_s - self.at_s[cell]) / step) * MONTH_S)
    }

    /// The constant temperature that ages as fast over the whole axis, degrees Celsius.
    pub fn effective_c(&self, doubling_k: f64) -> f64 {
        let months = (self.at_s.len() - 1) as f64;
        REFERENCE_C + doubling_k * libm::log2(self.at_s[self.at_s.len() - 1] / (months * MONTH_S))
    }
}

/// The day of the year in the middle of a cell.
pub(crate) fn day(first_day: f64, month: usize) -> f64 {
    first_day + (month as f64 + 0.5) * YEAR_D / 12.0
}

/// Reference seconds that pass in a second, on average over a day.
fn rate(climate: &Climate, enclosure: Enclosure, doubling_k: f64, day: f64) -> f64 {
    let b = std::f64::consts::LN_2 / doubling_k;
    let spread = |variance_k2: f64| exp(b * b * variance_k2 / 2.0);
    over_day(climate, enclosure, REFERENCE_C, day, |above_k, variance_k2, n| {
        exp2(above_k / doubling_k) / n * spread(variance_k2)
    })
}

/// The sum over a day of a function of how much warmer than `than_c` it is inside, of the variance of that, and of how many such terms a
/// day has: air and sun by the hour, weather and clouds by their spread.
pub(crate) fn over_day(
    climate: &Climate,
    enclosure: Enclosure,
    than_c: f64,
    day: f64,
    of: impl Fn(f64, f64, f64) -> f64,
) -> f64 {
    let variance_k2 = climate.sd_k * climate.sd_k;
    let sunny_k2 = (variance_k2 - climate.clear_k * climate.clear_k).max(0.0);
    let mut sum = 0.0;
    for hour in 0..24 {
        let hour = f64::from(hour) + 0.5;
        let still = climate.hour_c(day, hour) + enclosure.idle_k - than_c;
        let clear = climate.clear_sky_w_m2(day, hour) / 1_000.0;
        if clear <= 0.0 {
            sum += of(still, variance_k2, 24.0);
            continue;
        }
        // Two skies stand for all: one as much clearer, and warmer, as the other is duller.
        for sign in [-1.0, 1.0] {
            let kt = (climate.kt_mean + sign * climate.kt_sd).clamp(0.0, KT_MAX);
            let inside = still + sign * climate.clear_k + enclosure.sun_k * kt * clear;
            sum += of(inside, sunny_k2, 48.0);
        }
    }
    sum
}
