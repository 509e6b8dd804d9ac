//! What a year comes to at a depot, as sums that become a row.

use crate::heat::YEAR_S;
use crate::spec::{PlanSpec, Prices};
use amitwin_data::rows::{Added, FleetYearRow, Part};
use libm::pow;

/// Visits of a year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rolls {
    /// All of them.
    pub all: u32,
    /// After a known failure.
    pub failure: u32,
    /// At a date, an age, or after heat enough.
    pub planned: u32,
    /// That found nothing.
    pub idle: u32,
}

/// What waits at the end of a year.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Backlog {
    /// Jobs.
    pub jobs: u32,
    /// Of them those that lack a spare; where spares are kept.
    pub lacking: Option<u32>,
    /// How long a kind of spares was out, s; where spares are kept.
    pub out_s: Option<f64>,
}

/// Sums of a year.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Time that meters were there, s.
    pub meters_s: f64,
    /// Of it without a measurement, or without being heard, s.
    pub unavailable_s: f64,
    /// Not heard at the end of the year.
    pub silent: u32,
    /// Failures that began.
    pub failures: u32,
    /// Of them dangerous ones.
    pub safety_events: u32,
    /// Failures that became known, and their delays, s.
    pub detected: (u32, f64),
    /// Energy not billed, kWh.
    pub unbilled_kwh: f64,
    /// Energy measured wrongly, kWh.
    pub drifted_kwh: f64,
    /// Time at reads are missed, s.
    pub unread_s: f64,
    /// The same of meters that work and that the mesh does not reach, s.
    pub unreached_s: f64,
    /// Visits.
    pub rolls: Rolls,
    /// Meters exchanged.
    pub exchanges: u32,
    /// Other parts put in.
    pub parts: Vec<(Part, u32)>,
    /// Crews on the way or at work, s.
    pub busy_s: f64,
    /// Jobs begun for the first time, and their waits, s.
    pub waits: (u32, f64),
    /// Jobs that wait, and spares that are lacking.
    pub backlog: Backlog,
    /// Health reports, byte.
    pub report_bytes: f64,
    /// Health reports of healthy meters.
    pub false_reports: f64,
    /// Remote checks and restarts.
    pub remote_checks: f64,
    /// Bills that were corrected.
    pub corrections: f64,
}

/// Bytes of a megabyte.
const MEGABYTE: f64 = 1e6;

impl Tally {
    /// A part was put in.
    pub fn put_in(&mut self, part: Part) {
        match self.parts.iter_mut().find(|(known, _)| *known == part) {
            Some((_, count)) => *count += 1,
            None => self.parts.push((part, 1)),
        }
    }

    /// Meters and parts put in.
    pub fn spares_used(&self) -> u32 {
        self.exchanges + self.parts.iter().map(|(_, count)| count).sum::<u32>()
    }

    /// What it costs: visits, spares, energy, office; as money of the plan's beginning.
    fn money(&self, prices: &Prices, year: u32) -> [f64; 4] {
        let today = pow(1.0 + prices.discount, -(f64::from(year) - 0.5));
        let parts: f64 = self.parts.iter().map(|(part, count)| prices.part(*part) * f64::from(*count)).sum();
        [
            f64::from(self.rolls.all) * prices.visit + self.busy_s / 3_600.0 * prices.crew_hour,
            f64::from(self.exchanges) * prices.meter + parts,
            (self.unbilled_kwh + self.drifted_kwh) * prices.kwh,
            self.remote_checks * prices.special_read
                + self.corrections * prices.bill_correction
                + self.report_bytes / MEGABYTE * prices.megabyte,
        ]
        .map(|money| money * today)
    }

    /// The row of a year, from 1, of a depot with so many meters and crews.
    pub fn row(&self, plan: &PlanSpec, year: u32, depot: u32, (meters, crews): (u32, u32)) -> FleetYearRow {
        let share = |part: f64, all: f64| if all > 0.0 { part / all } else { 0.0 };
        let [visits_money, spares_money, energy_money, office_money] = self.money(&plan.prices, year);
        FleetYearRow {
            year: year as u16,
            depot,
            meters,
            available_share: 1.0 - share(self.unavailable_s, self.meters_s),
            silent_share: share(f64::from(self.silent), f64::from(meters)),
            failures: self.failures,
            safety_events: self.safety_events,
            missed_reads: ((self.unread_s + self.unreached_s) / crate::heat::DAY_S * plan.duty.reads_a_day).round()
                as u64,
            unbilled_kwh: self.unbilled_kwh,
            drifted_kwh: self.drifted_kwh,
            truck_rolls: self.rolls.all,
            visits_failure: self.rolls.failure,
            visits_planned: self.rolls.planned,
            exchanges: self.exchanges,
            parts: self.parts.iter().map(|(_, count)| count).sum(),
            crew_busy_share: share(self.busy_s, f64::from(crews) * plan.work.shifts.year_s()),
            backlog: self.backlog.jobs,
            wait_s: share(self.waits.1, f64::from(self.waits.0)),
            detection_s: share(self.detected.1, f64::from(self.detected.0)),
            report_bytes: self.report_bytes,
            false_reports: self.false_reports,
            visits_money,
            spares_money,
            energy_money,
            office_money,
            backlog_spares: Added(self.backlog.lacking),
            out_of_stock_s: Added(self.backlog.out_s),
            remote_checks: Added(Some(self.remote_checks)),
        }
    }

    /// Adds another year's.
    pub fn add(&mut self, other: &Tally) {
        self.meters_s += other.meters_s;
        self.unavailable_s += other.unavailable_s;
        self.silent += other.silent;
        self.failures += other.failures;
        self.safety_events += other.safety_events;
        self.detected = (self.detected.0 + other.detected.0, self.detected.1 + other.detected.1);
        self.unbilled_kwh += other.unbilled_kwh;
        self.drifted_kwh += other.drifted_kwh;
        self.unread_s += other.unread_s;
        self.unreached_s += other.unreached_s;
        self.rolls.all += other.rolls.all;
        self.rolls.failure += other.rolls.failure;
        self.rolls.planned += other.rolls.planned;
        self.rolls.idle += other.rolls.idle;
        self.exchanges += other.exchanges;
        for (part, count) in &other.parts {
            match self.parts.iter_mut().find(|(known, _)| known == part) {
                Some((_, sum)) => *sum += count,
                None => self.parts.push((*part, *count)),
            }
        }
        self.busy_s += other.busy_s;
        self.waits = (self.waits.0 + other.waits.0, self.waits.1 + other.waits.1);
        let out_s = other.backlog.out_s.map(|out_s| out_s + self.backlog.out_s.unwrap_or(0.0));
        self.backlog = Backlog { out_s: out_s.or(self.backlog.out_s), ..other.backlog };
        self.report_bytes += other.report_bytes;
        self.false_reports += other.false_reports;
        self.remote_checks += other.remote_checks;
        self.corrections += other.corrections;
    }

    /// Meter-years.
    pub fn meter_years(&self) -> f64 {
        self.meters_s / YEAR_S
    }
}
