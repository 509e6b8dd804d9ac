//! From the years of a plan to the figures of the results table.

use super::load::Variant;
use amitwin_data::metrics::{Metric, Values};
use amitwin_data::rows::{FleetYearRow, Rows};
use amitwin_maintenance::Run;
use amitwin_maintenance::heat::DAY_S;
use amitwin_maintenance::tally::Tally;

/// Sums over the rows of a variant.
#[derive(Debug, Default)]
pub struct Figures {
    visits_money: f64,
    spares_money: f64,
    energy_money: f64,
    office_money: f64,
    /// Meters at the ends of years, and of them those that were not heard.
    meters: f64,
    silent: f64,
}

impl Figures {
    /// Adds a batch.
    pub fn update(&mut self, rows: &Rows) {
        for FleetYearRow { visits_money, spares_money, energy_money, office_money, meters, silent_share, .. } in
            &rows.fleet_years
        {
            self.visits_money += visits_money;
            self.spares_money += spares_money;
            self.energy_money += energy_money;
            self.office_money += office_money;
            self.meters += f64::from(*meters);
            self.silent += silent_share * f64::from(*meters);
        }
    }

    /// The summary's metrics, for a plan that has ended.
    pub fn values(&self, variant: &Variant, run: &Run) -> Values {
        let mut all = Tally::default();
        let (mut backlog, mut out_s) = (0, Vec::new());
        for total in run.totals() {
            all.add(total);
            backlog += total.backlog.jobs;
            out_s.extend(total.backlog.out_s);
        }
        let plan = &variant.spec;
        let crews: u32 = plan.depots.iter().flat_map(|depot| &depot.crews).map(|crews| crews.count).sum();
        let shifts_s = f64::from(crews) * plan.work.shifts.year_s() * f64::from(plan.years);
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        let count = |n: u32| Some(f64::from(n));
        let mut values: Values = [
            (Metric::MeterYears, Some(all.meter_years())),
            (Metric::AvailableShare, share(all.meters_s - all.unavailable_s, all.meters_s)),
            (Metric::AwayAYearS, share(all.unavailable_s, all.meter_years())),
            (Metric::SilentShare, share(self.silent, self.meters)),
            (Metric::Failures, count(all.failures)),
            (Metric::SafetyEvents, count(all.safety_events)),
            (Metric::MissedReads, Some(((all.unread_s + all.unreached_s) / DAY_S * plan.duty.reads_a_day).round())),
            (Metric::UnbilledEnergy, Some(all.unbilled_kwh)),
            (Metric::DriftedEnergy, Some(all.drifted_kwh)),
            (Metric::TruckRolls, count(all.rolls.all)),
            (Metric::VisitsIdle, count(all.rolls.idle)),
            (Metric::Exchanges, count(all.exchanges)),
            (Metric::Parts, count(all.parts.iter().map(|(_, count)| count).sum())),
            (Metric::CrewBusyShare, share(all.busy_s, shifts_s)),
            (Metric::Backlog, count(backlog)),
            (Metric::OutOfStockAYearS, share(out_s.iter().sum(), out_s.len() as f64 * f64::from(plan.years))),
            (Metric::JobWaitS, share(all.waits.1, f64::from(all.waits.0))),
            (Metric::DetectionS, share(all.detected.1, f64::from(all.detected.0))),
            (Metric::FailuresUnseen, count(run.unseen())),
            (Metric::RemoteChecks, Some(all.remote_checks)),
            (Metric::ReportBytes, Some(all.report_bytes)),
            (Metric::FalseReports, Some(all.false_reports)),
        ]
        .into_iter()
        .collect();
        if plan.radio.is_some() {
            let read_s = all.meters_s - all.unread_s - all.unreached_s;
            values.set(Metric::ReadShare, share(read_s, all.meters_s));
        }
        if variant.has_prices {
            let cost = self.visits_money + self.spares_money + self.energy_money + self.office_money;
            for (metric, money) in [
                (Metric::CostVisits, self.visits_money),
                (Metric::CostSpares, self.spares_money),
                (Metric::CostEnergy, self.energy_money),
                (Metric::CostOffice, self.office_money),
                (Metric::Cost, cost),
            ] {
                values.set(metric, Some(money));
            }
        }
        values
    }
}
