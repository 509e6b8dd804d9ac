//! A depot with its meters: the partition of a plan. Nothing passes between depots.

mod calibration;
mod firmware;
mod found;
mod health;
mod lots;
mod neighbours;
mod reach;
mod rules;
mod work;

use crate::calendar::{Calendar, Entry};
use crate::fleet::Fleet;
use crate::jobs::{Jobs, Pool};
use crate::life::{Lives, NEVER};
use crate::spec::{DepotSpec, PartSpec, PlanSpec};
use crate::stock::Stock;
use crate::survival::Survival;
use crate::tally::{Backlog, Tally};
use amitwin_data::rows::{Added, DepotRow, Rows};
pub use found::Found;
use lots::Lot;
use std::sync::Arc;

/// Kinds of entries, in the order in which they are handled at the same second.
mod kind {
    pub const INSTALLED: u8 = 0;
    pub const SHIFT: u8 = 1;
    pub const SPARES: u8 = 2;
    pub const FAILS: u8 = 3;
    pub const HEALS: u8 = 4;
    pub const REPORTS: u8 = 5;
    pub const ALARM: u8 = 6;
    pub const DISPATCH: u8 = 7;
    pub const AGAIN: u8 = 8;
    pub const BACK: u8 = 9;
    pub const LOT: u8 = 10;
    pub const UPDATE: u8 = 11;
    /// And above it the rules that have a date.
    pub const RULE: u8 = 16;
}

/// Rules of a policy, at most.
pub const RULES_MAX: usize = 16;

/// Parts in which a month is played.
pub const QUARTERS: u32 = 4;

/// Failures that are left and written down at once.
const TOLD_MAX: usize = 8_192;

/// A depot at work.
#[derive(Debug)]
pub struct Depot<'a> {
    plan: &'a PlanSpec,
    spec: &'a DepotSpec,
    number: u32,
    /// Names of the vintages.
    names: Vec<Arc<str>>,
    lives: Lives,
    fleet: Fleet,
    calendar: Calendar,
    jobs: Jobs,
    crews: Pool,
    stock: Stock,
    lots: Vec<Lot>,
    installed: u32,
    /// Months that have passed.
    months: u32,
    now: u32,
    tally: Tally,
    /// Costs so far, as money of the plan's beginning.
    money: f64,
    /// All years that have ended.
    pub total: Tally,
    /// Parts by vintage and place, and the ages at which they came, failed and went.
    pub ages: Survival,
    /// How often each rule has held.
    pub held: Vec<u64>,
    /// What is to be written down.
    pub rows: Rows,
}

impl<'a> Depot<'a> {
    /// The depot of this number at the beginning of a plan.
    pub fn new(plan: &'a PlanSpec, number: u32) -> Depot<'a> {
        let spec = &plan.depots[number as usize];
        let lives = Lives::new(plan, spec);
        let fleet = Fleet::new(plan, spec, &lives);
        let mut depot = Depot {
            plan,
            spec,
            number,
            names: plan.vintages.iter().map(|vintage| Arc::from(vintage.name.as_str())).collect(),
            calendar: Calendar::new(plan.end_s()),
            jobs: Jobs::default(),
            crews: Pool::new(&spec.crews),
            stock: Stock::new(&spec.stock),
            lots: Vec::new(),
            installed: 0,
            months: 0,
            now: plan.start_s,
            tally: Tally::default(),
            money: 0.0,
            total: Tally::default(),
            ages: Survival::new(plan),
            held: vec![0; plan.policy.rules.len()],
            rows: Rows::default(),
            lives,
            fleet,
        };
        depot.begin();
        depot
    }

    fn begin(&mut self) {
        for meter in 0..self.fleet.len() {
            let installed_s = self.fleet.installed_s(meter);
            if installed_s <= self.plan.start_s {
                self.installed += 1;
                self.comes(meter);
            } else {
                self.push(installed_s, kind::INSTALLED, meter);
            }
            self.schedule(meter);
            self.first_dates(meter, installed_s);
            self.plan_updates(meter);
        }
        self.begin_lots();
        self.push(self.next_shift(self.plan.start_s), kind::SHIFT, 0);
    }

    /// Runs through a quarter of the next twelfth of a year, from 0; at the end of the year writes down what it came to.
    pub fn run_quarter(&mut self, quarter: u32) {
        let begins = self.plan.start_s + self.plan.year_begins_s(self.year());
        let ends = self.plan.start_s + self.plan.year_begins_s(self.year() + 1);
        let month = self.months % 12;
        if month == 0 && quarter == 0 {
            self.tally.meters_s += f64::from(self.installed) * f64::from(ends - begins);
        }
        let twelfth = |month: u32| begins + (u64::from(ends - begins) * u64::from(month) / 12) as u32;
        let (from, to) = (twelfth(month), twelfth(month + 1));
        let passed = quarter + 1;
        self.pass(from + (u64::from(to - from) * u64::from(passed) / u64::from(QUARTERS)) as u32, ends);
        if self.plan.radio.is_some() && 2 * passed == QUARTERS {
            // In the middle of the month the mesh is looked at.
            self.listen(f64::from(to - from));
        }
        if passed == QUARTERS {
            if month == 11 {
                self.end_year();
            }
            self.months += 1;
        }
    }

    /// Years that have ended.
    fn year(&self) -> u32 {
        self.months / 12
    }

    /// Runs on into a year, up to a moment in it. The year cannot be ended after that.
    pub fn run_to(&mut self, time_s: u32) {
        self.pass(time_s, self.plan.start_s + self.plan.year_begins_s(self.year() + 1));
    }

    fn pass(&mut self, time_s: u32, year_ends_s: u32) {
        while let Some(entry) = self.calendar.pop(time_s) {
            self.now = entry.time_s();
            self.handle(entry, year_ends_s);
        }
        self.now = time_s;
    }

    fn handle(&mut self, entry: Entry, year_ends_s: u32) {
        let id = entry.id();
        match entry.kind() {
            kind::INSTALLED => {
                self.installed += 1;
                self.comes(id);
                self.tally.meters_s += f64::from(year_ends_s - self.now);
            }
            kind::SHIFT => self.shift(),
            kind::SPARES => self.spares(id),
            kind::FAILS => self.fails(id),
            kind::HEALS => self.heals(id),
            kind::REPORTS => self.reports(id),
            kind::ALARM => self.alarm(id),
            kind::DISPATCH => self.dispatch(id),
            kind::AGAIN => self.again(id),
            kind::BACK => self.back(id),
            kind::LOT => self.lot_due(id),
            kind::UPDATE => self.bricked(id),
            kind => self.date(usize::from(kind - kind::RULE), id),
        }
    }

    /// A meter is there: when the plan begins, or from now on.
    fn comes(&mut self, meter: u32) {
        for slot in 0..self.parts(meter).len() {
            let since_s = self.fleet.since_s(meter, slot);
            self.ages.came(self.fleet.meters[meter as usize].vintage, slot, since_s, self.fleet.fails_at(meter, slot));
        }
    }

    fn push(&mut self, time_s: u32, kind: u8, id: u32) {
        if time_s != NEVER {
            self.calendar.push(Entry::new(time_s, kind, id));
        }
    }

    /// How many meters it has or will have.
    pub(crate) fn meters(&self) -> u32 {
        self.fleet.len()
    }

    /// Number of its first meter in the fleet.
    pub(crate) fn first(&self) -> u32 {
        self.fleet.first
    }

    /// The moment up to which it has run.
    pub(crate) fn now(&self) -> u32 {
        self.now
    }

    /// Its number.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Place of a meter's vintage.
    pub(crate) fn vintage(&self, meter: u32) -> u16 {
        self.fleet.meters[meter as usize].vintage
    }

    /// Whether another meter stood there before.
    pub(crate) fn is_exchanged(&self, meter: u32) -> bool {
        self.fleet.exchanges(meter) > 0
    }

    /// What of a meter has failed, and when the meter was put there.
    pub(crate) fn failed(&self, meter: u32) -> (u16, u32) {
        (self.fleet.meters[meter as usize].failed, self.fleet.installed_s(meter))
    }

    /// Name of a meter's vintage.
    fn vintage_name(&self, meter: u32) -> Arc<str> {
        self.names[usize::from(self.fleet.meters[meter as usize].vintage)].clone()
    }

    /// Parts of a meter.
    pub(crate) fn parts(&self, meter: u32) -> &'a [PartSpec] {
        &self.plan.vintages[usize::from(self.fleet.meters[meter as usize].vintage)].parts
    }

    fn end_year(&mut self) {
        for meter in 0..self.fleet.len() {
            if self.fleet.meters[meter as usize].failed != 0 {
                self.settle(meter);
                self.tally.silent += u32::from(self.fleet.is_unheard(meter));
            }
        }
        self.count_reports();
        let (lacking, out_s) = (self.jobs.put_off(), f64::from(self.stock.out_s(self.now)));
        let of_spares = self.stock.is_kept().then_some((lacking, out_s)).unzip();
        self.tally.backlog = Backlog { jobs: self.jobs.waiting() + lacking, lacking: of_spares.0, out_s: of_spares.1 };
        let row = self.tally.row(self.plan, self.year() + 1, self.number, (self.installed, self.crews.len()));
        self.money += row.visits_money + row.spares_money + row.energy_money + row.office_money;
        self.rows.fleet_years.push(row);
        self.total.add(&std::mem::take(&mut self.tally));
    }

    /// The plan is over: writes down what has failed and is still there, from a meter on, and in the end the depot itself; the meter to go on
    /// with, if that was not all.
    pub fn end(&mut self, from: u32) -> Option<u32> {
        for meter in from..self.fleet.len() {
            if self.rows.failures.len() >= TOLD_MAX {
                return Some(meter);
            }
            let failed = self.fleet.meters[meter as usize].failed;
            let is_there = self.fleet.installed_s(meter) < self.now;
            for slot in 0..self.parts(meter).len() {
                if failed & 1 << slot != 0 {
                    self.write_failure(meter, slot, None);
                } else if is_there {
                    let since_s = self.fleet.since_s(meter, slot);
                    self.ages.left(self.fleet.meters[meter as usize].vintage, slot, since_s, self.now);
                }
            }
        }
        let total = &self.total;
        let of = |part: f64, all: f64| if all > 0.0 { part / all } else { 0.0 };
        let years = f64::from(self.plan.years);
        let crews = self.crews.len();
        self.rows.depots.push(DepotRow {
            depot: self.number,
            name: self.spec.name.clone(),
            climate: self.spec.climate_name.clone(),
            x_m: self.spec.middle_m.0,
            y_m: self.spec.middle_m.1,
            meters: self.installed,
            crews,
            effective_c: self.lives.effective_c(),
            failures_per_meter_y: of(f64::from(total.failures), total.meter_years()),
            truck_rolls_per_meter_y: of(f64::from(total.rolls.all), total.meter_years()),
            wait_s: of(total.waits.1, f64::from(total.waits.0)),
            crew_busy_share: of(total.busy_s, f64::from(crews) * self.plan.work.shifts.year_s() * years),
            cost_money: self.money,
            backlog: Added(Some(total.backlog.jobs)),
            backlog_spares: Added(total.backlog.lacking),
            out_of_stock_s: Added(total.backlog.out_s),
        });
        None
    }

    /// Bytes that a meter takes, but for its place on the calendar.
    pub fn bytes_per_meter(&self) -> usize {
        self.fleet.bytes_per_meter()
    }

    /// Failures that are there and that nobody has noticed.
    pub fn unseen(&self) -> u32 {
        self.fleet.meters.iter().map(|meter| (meter.failed & !meter.seen).count_ones()).sum()
    }
}
