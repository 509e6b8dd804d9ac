//! Cells and crystals inside of meters: what follows the temperature there by a law of its own.

use crate::heat::{self, HeatTable, MONTH_S, REFERENCE_C, YEAR_S};
use crate::laws::{battery, clock};
use crate::spec::{Cell, Crystal, DepotSpec, PlanSpec};
use libm::{exp, expm1, log1p, pow};

/// Temperature at which self-discharge is said, degrees Celsius.
const SAID_C: f64 = 20.0;
/// A step in which a cell loses less than this by itself is one without loss.
const NO_LOSS: f64 = 1e-12;

/// How fast cells at a depot lose charge by themselves.
#[derive(Debug)]
pub struct Cells {
    clock: HeatTable,
}

/// What a cell has to go through.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// When it was put in, s.
    pub since_s: f64,
    /// How much faster than others' its meter's parts age by heat.
    pub warmth: f64,
    /// From when on the meter takes more, s; infinite for never.
    pub wet_s: f64,
    /// How much more that is.
    pub wet_factor: f64,
}

impl Cells {
    /// Those of a depot.
    pub fn new(plan: &PlanSpec, depot: &DepotSpec, months: usize) -> Cells {
        Cells { clock: HeatTable::of_depot(plan, depot, battery::SELF_DISCHARGE_DOUBLING_K, months) }
    }

    /// Charge that a cell must have to last from when it was put in until a time, Ah.
    pub fn needed_ah(&self, cell: &Cell, used: Use, until_s: f64) -> f64 {
        self.walk(cell, used, until_s, f64::INFINITY).0
    }

    /// When a cell of a charge is empty; `None`: long after the plan.
    pub fn empty_s(&self, cell: &Cell, used: Use, charge_ah: f64) -> Option<f64> {
        self.walk(cell, used, self.clock.end_s(), charge_ah).1
    }

    /// What charges up to a time come to, and when that is as much as is `there_ah`.
    ///
    /// With dq/dt = -I - s(T) q a charge Q is used up when the integral of I e^S is Q, S the integral of s: over steps of a year, in which s
    /// is what it is on average.
    fn walk(&self, cell: &Cell, used: Use, until_s: f64, there_ah: f64) -> (f64, Option<f64>) {
        let doublings = heat::DOUBLING_K / battery::SELF_DISCHARGE_DOUBLING_K;
        let warmer = libm::exp2((REFERENCE_C - SAID_C) / battery::SELF_DISCHARGE_DOUBLING_K);
        let loss_s = cell.self_discharge_y / YEAR_S * warmer * pow(used.warmth, doublings);
        let load_s = cell.load_ah_y / YEAR_S;
        let (mut at_s, mut year, mut grown, mut taken_ah) = (used.since_s, 1.0, 1.0, 0.0);
        while at_s < until_s {
            let mut next_s = (used.since_s + year * YEAR_S).min(until_s);
            if at_s < used.wet_s && used.wet_s < next_s {
                next_s = used.wet_s;
            } else {
                year += 1.0;
            }
            let lost = loss_s * (self.clock.at(next_s) - self.clock.at(at_s));
            let loss_here_s = lost / (next_s - at_s);
            let rate = load_s * grown * if at_s >= used.wet_s { used.wet_factor } else { 1.0 };
            let is_lossless = lost < NO_LOSS;
            let step_s = if is_lossless { next_s - at_s } else { expm1(lost) / loss_here_s };
            if taken_ah + rate * step_s >= there_ah {
                let rest_s = (there_ah - taken_ah) / rate;
                let after_s = if is_lossless { rest_s } else { log1p(rest_s * loss_here_s) / loss_here_s };
                return (there_ah, Some(at_s + after_s));
            }
            taken_ah += rate * step_s;
            grown *= exp(lost);
            at_s = next_s;
        }
        (taken_ah, None)
    }
}

/// How far crystals at a depot are from the temperature at which they are fastest, by the month of the year.
#[derive(Debug)]
pub struct Crystals {
    /// Mean of how much warmer they are, K.
    above_k: [f64; 12],
    /// Mean of its square, K2.
    square_k2: [f64; 12],
}

impl Crystals {
    /// Those of a depot.
    pub fn new(plan: &PlanSpec, depot: &DepotSpec) -> Crystals {
        let (enclosure, first) = (depot.enclosure, plan.first_day);
        match &depot.hours {
            Some(hours) => Crystals {
                above_k: hours.means(enclosure, first, |inside_c| inside_c - clock::TURNING_C),
                square_k2: hours
                    .means(enclosure, first, |inside_c| (inside_c - clock::TURNING_C) * (inside_c - clock::TURNING_C)),
            },
            None => {
                let mean = |of: fn(f64, f64) -> f64| {
                    std::array::from_fn(|month| {
                        let day = heat::day(first, month);
                        heat::over_day(&depot.climate, enclosure, clock::TURNING_C, day, |above, variance, n| {
                            of(above, variance) / n
                        })
                    })
                };
                Crystals {
                    above_k: mean(|above, _| above),
                    square_k2: mean(|above, variance| above * above + variance),
                }
            }
        }
    }

    /// When a clock is first wrong before it is set again: at the beginning of the first month over which it is. Its crystal has an error at
    /// 25 C when new and a drift of it, ppm and ppm a year.
    pub fn wrong_at(
        &self,
        crystal: &Crystal,
        (error_ppm, drift_ppm_y): (f64, f64),
        (since_s, end_s): (f64, f64),
        warmth: f64,
    ) -> Option<f64> {
        let limit_ppm = crystal.limit_s / crystal.sync_every_s * 1e6;
        let warmer_k = heat::DOUBLING_K * libm::log2(warmth);
        let (first, last) = ((since_s / MONTH_S) as usize, (end_s / MONTH_S) as usize);
        let month = (first..=last).find(|month| {
            let age_y = ((*month as f64 + 0.5) * MONTH_S - since_s).max(0.0) / YEAR_S;
            let at = month % 12;
            let square_k2 = self.square_k2[at] + (2.0 * self.above_k[at] + warmer_k) * warmer_k;
            (error_ppm + drift_ppm_y * age_y + clock::CURVATURE_PPM * square_k2).abs() > limit_ppm
        })?;
        Some((month as f64 * MONTH_S).max(since_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::climate::Climate;

    fn at(inside_c: f64) -> (PlanSpec, DepotSpec) {
        let mut plan = PlanSpec::plain(1);
        plan.depots[0].climate = Climate::constant(inside_c);
        let depot = plan.depots[0].clone();
        (plan, depot)
    }

    const DRY: Use = Use { since_s: 0.0, warmth: 1.0, wet_s: f64::INFINITY, wet_factor: 1.0 };

    #[test]
    fn cells_live_as_the_formula_for_one_temperature_says() {
        let cell = Cell { charge_ah: 8.5, shape: 12.0, load_ah_y: 0.620_5, self_discharge_y: 0.01 };
        // 1 % a year at 20 C are 2 % at 35: 12.1 years. A charge of 8.5 Ah is what these need.
        for (inside_c, loss) in [(20.0, 0.01), (35.0, 0.02), (50.0, 0.04)] {
            let (plan, depot) = at(inside_c);
            let cells = Cells::new(&plan, &depot, 400);
            let empty_s = cells.empty_s(&cell, DRY, 8.5).expect("within 33 years");
            let expected_y = battery::life_y(8.5, 0.620_5, loss);
            assert!((empty_s / YEAR_S / expected_y - 1.0).abs() < 1e-6, "{inside_c}: {}", empty_s / YEAR_S);
            assert!((cells.needed_ah(&cell, DRY, empty_s) / 8.5 - 1.0).abs() < 1e-6);
        }
        // 5 K warmer than others, at 30 C, is 35 C.
        let (plan, depot) = at(30.0);
        let warm = Use { warmth: libm::exp2(0.5), ..DRY };
        let empty_s = Cells::new(&plan, &depot, 400).empty_s(&cell, warm, 8.5).expect("empty");
        assert!((empty_s / YEAR_S / 12.1 - 1.0).abs() < 0.01, "{}", empty_s / YEAR_S);
    }

    #[test]
    fn a_wet_meter_takes_more_from_then_on() {
        let (plan, depot) = at(30.0);
        let cell = Cell { charge_ah: 10.0, shape: 12.0, load_ah_y: 1.0, self_discharge_y: 0.0 };
        let wet = Use { wet_s: 4.5 * YEAR_S, wet_factor: 2.0, ..DRY };
        // 4.5 Ah in 4.5 years, then 5.5 Ah in 2.75.
        let empty_s = Cells::new(&plan, &depot, 240).empty_s(&cell, wet, 10.0).expect("empty");
        assert!((empty_s / YEAR_S - 7.25).abs() < 1e-9, "{}", empty_s / YEAR_S);
        assert_eq!(Cells::new(&plan, &depot, 12).empty_s(&cell, wet, 10.0), None);
    }

    #[test]
    fn a_clock_is_wrong_where_heat_and_its_crystal_are() {
        // At 60 C it loses 3.60 s a day, with an error of -20 ppm another 1.73.
        let crystal = Crystal { within_ppm: 20.0, ageing_sd_ppm_y: 0.0, sync_every_s: 86_400.0, limit_s: 5.0 };
        let wrong = |inside_c: f64, error_ppm: f64, warmth: f64| {
            let (plan, depot) = at(inside_c);
            let span_s = (0.5 * MONTH_S, 20.0 * YEAR_S);
            Crystals::new(&plan, &depot).wrong_at(&crystal, (error_ppm, 0.0), span_s, warmth)
        };
        assert_eq!((wrong(60.0, -20.0, 1.0), wrong(60.0, -15.0, 1.0)), (Some(0.5 * MONTH_S), None));
        // 35 K are 41.65 ppm; 5 s a day are 57.87. With -15 ppm it takes 35.5 K: 0.6 K more is enough, 0.4 K is not.
        assert!(wrong(60.0, -15.0, libm::exp2(0.06)).is_some() && wrong(60.0, -15.0, libm::exp2(0.04)).is_none());
        // A drift of -1 ppm a year takes the 1.2 ppm that -15 ppm lack within the 15th month: 1.22 years, in whose middle it is over the limit.
        let (plan, depot) = at(60.0);
        let drifted =
            Crystals::new(&plan, &depot).wrong_at(&crystal, (-15.0, -1.0), (0.0, 20.0 * YEAR_S), 1.0).expect("wrong");
        assert_eq!(drifted / MONTH_S, 15.0);
    }

    #[test]
    fn heat_beside_a_mean_temperature_counts_by_its_square() {
        // Half a day 10 K above 25 C and half below, on average nothing: the square of a wave of 10 K is 50 K2, and weather adds 9.
        let mut plan = PlanSpec::plain(1);
        plan.depots[0].climate = Climate { d_k: 10.0, sd_k: 3.0, ..Climate::constant(25.0) };
        let crystals = Crystals::new(&plan, &plan.depots[0]);
        assert!(crystals.above_k.iter().all(|above| above.abs() < 1e-9));
        assert!(crystals.square_k2.iter().all(|square| (square - 59.0).abs() < 1e-6), "{:?}", crystals.square_k2);
    }
}
