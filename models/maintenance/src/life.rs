//! When parts fail: a draw for each meter, part and generation becomes a moment on the axis of the plan.

use crate::draw;
use crate::heat::{DAY_S, DOUBLING_K, HeatTable, YEAR_S};
use crate::inside::{Cells, Crystals, Use};
use crate::laws::fleet::Weibull;
use crate::spec::{Cell, DepotSpec, Law, PartSpec, PlanSpec};
use amitwin_data::rows::Part;

/// Wear at a smaller share of a life is not seen to come from further away than this.
const WORN_MIN: f64 = 0.25;

/// Never, as far as the plan goes.
pub const NEVER: u32 = u32::MAX;

/// Whose life it is.
#[derive(Clone, Copy, Debug)]
pub struct Whose {
    /// Number of the meter in the fleet.
    pub meter: u32,
    /// Its vintage, by place.
    pub vintage: u16,
    /// Place of the part among those of its vintage.
    pub slot: usize,
    /// Parts that were in its place before.
    pub generation: u8,
    /// When it was put in.
    pub since_s: u32,
    /// It came with the meter.
    pub is_first: bool,
    /// Ageing by heat against the other meters of the depot.
    pub warmth: f64,
}

/// The clocks by which parts of a depot's meters age.
#[derive(Debug)]
pub struct Lives {
    seed: u64,
    start_s: f64,
    end_s: f64,
    wet_factor: f64,
    retry_factor: f64,
    heat: HeatTable,
    calendar: HeatTable,
    cells: Cells,
    crystals: Crystals,
    outlive: Outlive,
}

/// Which parts outlive the plan, from their first random number alone: those for which it is below the share that is sure to live, by vintage,
/// place and [`WARMEST`].
#[derive(Debug)]
struct Outlive(Vec<Vec<[f64; WARMEST.len()]>>);

/// Ageing by heat up to which a share is worked out, against the other meters of a depot.
const WARMEST: [f64; 6] = [1.0, 1.15, 1.32, 1.52, 1.74, 2.3];
/// Less than this of a share is a matter of rounding.
const SURE: f64 = 1.0 - 1e-9;

/// Whether a part fails sooner in a wet case.
pub fn minds_water(part: Part) -> bool {
    matches!(part, Part::Board | Part::Module | Part::Battery)
}

impl Lives {
    /// Those of a depot.
    pub fn new(plan: &PlanSpec, depot: &DepotSpec) -> Lives {
        let end_s = f64::from(plan.end_s());
        // Wear is seen before the end of parts that fail after it, so clocks go on for as long as these may live.
        let watched = plan.policy.watch.map_or(1.0, |watch| watch.worn);
        let worn = plan.work.worn.min(watched).clamp(WORN_MIN, 1.0);
        let years = (end_s / YEAR_S / worn).ceil();
        let months = 12 * years as usize + 2;
        let mut lives = Lives {
            outlive: Outlive(Vec::new()),
            seed: plan.seed,
            start_s: f64::from(plan.start_s),
            end_s,
            wet_factor: plan.duty.wet_factor,
            retry_factor: plan.duty.retry_factor,
            heat: HeatTable::of_depot(plan, depot, DOUBLING_K, months),
            calendar: HeatTable::calendar(months),
            cells: Cells::new(plan, depot, months),
            crystals: Crystals::new(plan, depot),
        };
        lives.outlive = Outlive(
            plan.vintages
                .iter()
                .map(|v| v.parts.iter().map(|part| WARMEST.map(|w| lives.sure(part, w))).collect())
                .collect(),
        );
        lives
    }

    /// Share of the parts of a kind that is sure to outlive the plan, however old, with at most so much warmth.
    fn sure(&self, part: &PartSpec, warmth: f64) -> f64 {
        let Law::Life(weibull) = part.law else { return 0.0 };
        let (clock, factor) = self.clock(part, warmth);
        let (by_water, by_retries) = match part.part {
            Part::Board => (self.wet_factor, 1.0),
            Part::Module => (self.wet_factor * self.retry_factor, 1.0),
            Part::Battery => (1.0, self.retry_factor),
            _ => (1.0, 1.0),
        };
        let age_s = (clock.at(self.end_s) - clock.at(0.0)) * factor * by_retries.max(1.0);
        libm::exp(-weibull.cumulative(age_s) * by_water.max(1.0)) * SURE
    }

    /// Whether a part is known to outlive the plan without working out when it fails.
    fn outlives(&self, part: &PartSpec, whose: Whose) -> bool {
        if whose.is_first && part.wrong > 0.0 {
            return false;
        }
        let Some(class) = WARMEST.iter().position(|warmth| whose.warmth <= *warmth) else { return false };
        let sure = self.outlive.0[usize::from(whose.vintage)][whose.slot][class];
        sure > 0.0 && draw::open_unit(&mut draw::life(self.seed, whose.meter, whose.slot, whose.generation)) < sure
    }

    /// Constant temperature that ages the inside of the depot's meters as fast, degrees Celsius.
    pub fn effective_c(&self) -> f64 {
        self.heat.effective_c(DOUBLING_K)
    }

    /// Age by heat of the depot's meters at a time, reference seconds since the epoch.
    pub fn heat_age_s(&self, time_s: u32) -> f64 {
        self.heat.at(f64::from(time_s))
    }

    /// When that age is reached.
    pub fn heat_age_when(&self, age_s: f64) -> u32 {
        self.moment(self.heat.when(age_s))
    }

    fn clock(&self, part: &PartSpec, warmth: f64) -> (&HeatTable, f64) {
        if part.ages_with_heat { (&self.heat, warmth) } else { (&self.calendar, 1.0) }
    }

    fn moment(&self, time_s: Option<f64>) -> u32 {
        time_s.filter(|time| *time < self.end_s).map_or(NEVER, |time| time as u32)
    }

    /// Age of a part at a time by its own clock, s.
    pub fn age_s(&self, part: &PartSpec, whose: Whose, time_s: u32) -> f64 {
        self.age_at(part, whose, f64::from(time_s))
    }

    fn age_at(&self, part: &PartSpec, whose: Whose, time_s: f64) -> f64 {
        let (clock, factor) = self.clock(part, whose.warmth);
        (clock.at(time_s) - clock.at(f64::from(whose.since_s))) * factor
    }

    /// When a part fails, if the plan lasts so long; one that was there when the plan began has lived until then. Boards in which there
    /// has been water since `wet_s` fail sooner from then on.
    pub fn fails_at(&self, part: &PartSpec, whose: Whose, wet_s: u32) -> u32 {
        if self.outlives(part, whose) { NEVER } else { self.moment(self.lives_until_s(part, whose, wet_s)) }
    }

    /// When a part fails, whether or not the plan lasts so long; `None`: long after it.
    pub fn lives_until_s(&self, part: &PartSpec, whose: Whose, wet_s: u32) -> Option<f64> {
        let (clock, factor) = self.clock(part, whose.warmth);
        let put_in = clock.at(f64::from(whose.since_s)) * factor;
        let mut stream = draw::life(self.seed, whose.meter, whose.slot, whose.generation);
        let old = whose.generation == 0 && f64::from(whose.since_s) < self.start_s;
        if whose.is_first && part.wrong > 0.0 {
            let mut which = draw::moment(self.seed, whose.meter, draw::WRONG, u32::from(whose.generation));
            if which.unit() < part.wrong {
                return Some(f64::from(whose.since_s));
            }
        }
        match part.law {
            Law::Life(weibull) => {
                if weibull.eta.is_infinite() {
                    return None;
                }
                let passed = |time_s: f64| weibull.cumulative(clock.at(time_s) * factor - put_in);
                let mut hazard = draw::exponential(&mut stream) + if old { passed(self.start_s) } else { 0.0 };
                let faster = match part.part {
                    Part::Board => self.wet_factor,
                    Part::Module => self.wet_factor * self.retry_factor,
                    _ => 1.0,
                };
                if faster > 1.0 && wet_s != NEVER {
                    let dry = passed(f64::from(wet_s.max(whose.since_s)));
                    hazard = if hazard > dry { dry + (hazard - dry) / faster } else { hazard };
                }
                let mut age = weibull.when(hazard);
                if part.part == Part::Battery && wet_s != NEVER {
                    // A battery that sends more often is emptied sooner, whatever it would have lived otherwise.
                    let dry = clock.at(f64::from(wet_s.max(whose.since_s))) * factor - put_in;
                    age = if age > dry { dry + (age - dry) / self.retry_factor } else { age };
                }
                clock.when((put_in + age) / factor)
            }
            Law::Capped(weibull, at_most_s) => {
                let (since_s, hazard) = (f64::from(whose.since_s), draw::exponential(&mut stream));
                let by_calendar = Weibull { eta: at_most_s, ..weibull };
                let hazard = if old {
                    let by_age = weibull.cumulative(clock.at(self.start_s) * factor - put_in);
                    hazard + by_age.max(by_calendar.cumulative(self.start_s - since_s))
                } else {
                    hazard
                };
                let at_most_s = since_s + by_calendar.when(hazard);
                let aged_s = clock.when((put_in + weibull.when(hazard)) / factor);
                Some(aged_s.map_or(at_most_s, |aged_s| aged_s.min(at_most_s)))
            }
            Law::Drift { limit, .. } => {
                let (error, drift) = self.error_of(part, whose);
                let leaves_s = clock.when((put_in + leaves_at(error, drift, limit)) / factor);
                leaves_s.map(|time_s| time_s.max(f64::from(whose.since_s)))
            }
            Law::Cell(cell) => self.empty_s(&cell, whose, wet_s, draw::exponential(&mut stream), old),
            Law::Crystal(crystal) => {
                let error_ppm = crystal.within_ppm * (2.0 * stream.unit() - 1.0);
                let drift_ppm_y = crystal.ageing_sd_ppm_y * draw::normal(&mut stream);
                let span_s = (f64::from(whose.since_s), self.calendar.end_s());
                self.crystals.wrong_at(&crystal, (error_ppm, drift_ppm_y), span_s, whose.warmth)
            }
        }
    }

    /// When a cell is empty whose charge is so far out among those of its kind, as a hazard.
    fn empty_s(&self, cell: &Cell, whose: Whose, wet_s: u32, hazard: f64, old: bool) -> Option<f64> {
        let used = Use {
            since_s: f64::from(whose.since_s),
            warmth: whose.warmth,
            wet_s: if wet_s == NEVER { f64::INFINITY } else { f64::from(wet_s.max(whose.since_s)) },
            wet_factor: self.retry_factor,
        };
        let charges = Weibull { eta: cell.charge_ah, beta: cell.shape };
        let before = if old { charges.cumulative(self.cells.needed_ah(cell, used, self.start_s)) } else { 0.0 };
        self.cells.empty_s(cell, used, charges.when(hazard + before))
    }

    /// Share of its life at which a part is at a time, if it fails at `until_s`: 1 by then.
    pub fn share(&self, part: &PartSpec, whose: Whose, until_s: Option<f64>, time_s: u32) -> f64 {
        until_s.map_or(0.0, |until_s| self.age_s(part, whose, time_s) / self.age_at(part, whose, until_s).max(1.0))
    }

    /// When a part is at a share of its life, if it fails at `until_s`.
    pub fn when_share(&self, part: &PartSpec, whose: Whose, until_s: Option<f64>, share: f64) -> u32 {
        let Some(until_s) = until_s else { return NEVER };
        let (clock, factor) = self.clock(part, whose.warmth);
        let put_in = clock.at(f64::from(whose.since_s)) * factor;
        self.moment(clock.when((put_in + share * self.age_at(part, whose, until_s)) / factor))
    }

    /// The error of a measurement when it was new, and its drift for each second of age.
    fn error_of(&self, part: &PartSpec, whose: Whose) -> (f64, f64) {
        let Law::Drift { new_sd, drift_sd_y, .. } = part.law else { return (0.0, 0.0) };
        let mut stream = draw::life(self.seed, whose.meter, whose.slot, whose.generation);
        (new_sd * draw::normal(&mut stream), drift_sd_y / YEAR_S * draw::normal(&mut stream))
    }

    /// The error of a measurement at a time.
    pub fn error(&self, part: &PartSpec, whose: Whose, time_s: u32) -> f64 {
        let (error, drift) = self.error_of(part, whose);
        error + drift * self.age_s(part, whose, time_s)
    }

    /// When the error of a measurement leaves another limit than its own.
    pub fn error_leaves_at(&self, part: &PartSpec, whose: Whose, limit: f64) -> u32 {
        let (error, drift) = self.error_of(part, whose);
        let (clock, factor) = self.clock(part, whose.warmth);
        let put_in = clock.at(f64::from(whose.since_s)) * factor;
        self.moment(clock.when((put_in + leaves_at(error, drift, limit)) / factor)).max(whose.since_s)
    }
}

/// Age at which an error leaves its limits, s.
fn leaves_at(error: f64, drift: f64, limit: f64) -> f64 {
    if error.abs() >= limit {
        0.0
    } else if drift == 0.0 {
        f64::INFINITY
    } else {
        (limit.copysign(drift) - error) / drift
    }
}

impl PlanSpec {
    /// When the plan ends.
    pub fn end_s(&self) -> u32 {
        self.start_s + self.year_begins_s(self.years)
    }

    /// Seconds from the plan's beginning to that of a year; the first is 0.
    pub fn year_begins_s(&self, year: u32) -> u32 {
        (f64::from(year) * YEAR_S) as u32
    }

    /// All meters.
    pub fn meters(&self) -> u32 {
        self.depots.iter().map(|depot| depot.meters.count()).sum()
    }
}

/// Seconds of so many days.
pub fn days(days: f64) -> u32 {
    (days * DAY_S) as u32
}
