//! What each year of a plan came to, the policies side by side.

use super::fleets::{Fleets, Group};
use super::{Figure, YEAR_H, entry, in_years, lines_only};
use crate::svg::plot::{Plot, Point};
use crate::view::{RunView, VariantView};
use amitwin_data::rows::{FleetYearRow, RadioMonthRow};

/// Seconds of a day, and bytes of a kilobyte.
const DAY_S: f64 = 86_400.0;
const KILOBYTE: f64 = 1e3;

/// A year over all depots.
struct Year<'a> {
    rows: &'a [FleetYearRow],
    variant: &'a VariantView,
}

impl Year<'_> {
    fn sum(&self, of: fn(&FleetYearRow) -> f64) -> f64 {
        self.rows.iter().map(of).sum()
    }

    /// For each meter.
    fn each(&self, of: fn(&FleetYearRow) -> f64) -> f64 {
        self.sum(of) / self.sum(|row| f64::from(row.meters)).max(1.0)
    }

    /// The mean over depots of what is a share or a mean, each with its weight.
    fn mean(&self, of: fn(&FleetYearRow) -> f64, weight: impl Fn(&FleetYearRow) -> f64) -> f64 {
        let weights: f64 = self.rows.iter().map(&weight).sum();
        let sum: f64 = self.rows.iter().map(|row| of(row) * weight(row)).sum();
        if weights > 0.0 { sum / weights } else { 0.0 }
    }

    fn crews(&self, row: &FleetYearRow) -> f64 {
        self.variant.depots.iter().find(|depot| depot.depot == row.depot).map_or(0.0, |depot| f64::from(depot.crews))
    }
}

/// A figure of each year.
struct Chart {
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    /// What the caption says beside title and unit.
    note: &'static str,
    bounds: Option<(f64, f64)>,
    of: fn(&Year) -> f64,
}

/// Every figure that a year has, in the order of the page: what customers notice, what the utility does for it, what it learns, what it costs.
const CHARTS: [Chart; 14] = [
    Chart {
        name: "away",
        title: "Hours without a reading",
        unit: "hours for each meter and year",
        note: "",
        bounds: None,
        of: |year| year.each(|row| (1.0 - row.available_share) * f64::from(row.meters)) * YEAR_H,
    },
    Chart {
        name: "missed-reads",
        title: "Missed reads",
        unit: "reads for each meter and year",
        note: "",
        bounds: None,
        of: |year| year.each(|row| row.missed_reads as f64),
    },
    Chart {
        name: "unbilled",
        title: "Energy not billed",
        unit: "kWh for each meter and year",
        note: " Dead meters measure nothing, and what silent ones measured is lost once it is older than they keep it.",
        bounds: None,
        of: |year| year.each(|row| row.unbilled_kwh),
    },
    Chart {
        name: "drifted",
        title: "Energy measured wrongly",
        unit: "kWh for each meter and year",
        note: " Either way, of meters beyond their limit.",
        bounds: None,
        of: |year| year.each(|row| row.drifted_kwh),
    },
    Chart {
        name: "safety",
        title: "Safety events",
        unit: "failures for 100,000 meters and year",
        note: " Failures that put people at risk: hot sockets.",
        bounds: None,
        of: |year| 1e5 * year.each(|row| f64::from(row.safety_events)),
    },
    Chart {
        name: "visits",
        title: "Truck rolls",
        unit: "truck rolls for each 100 meters and year",
        note: "",
        bounds: None,
        of: |year| 100.0 * year.each(|row| f64::from(row.truck_rolls)),
    },
    Chart {
        name: "crews",
        title: "Crews at work",
        unit: "of their shifts, %",
        note: " On the way or at a meter, all crews together: those who may exchange meters can be full while others have nothing to do.",
        bounds: Some((0.0, 100.0)),
        of: |year| 100.0 * year.mean(|row| row.crew_busy_share, |row| year.crews(row)),
    },
    Chart {
        name: "backlog",
        title: "Jobs that wait",
        unit: "jobs at the end of the year",
        note: "",
        bounds: None,
        of: |year| year.sum(|row| f64::from(row.backlog)),
    },
    Chart {
        name: "spares",
        title: "Spares put in",
        unit: "meters and parts for each 100 meters and year",
        note: "",
        bounds: None,
        of: |year| 100.0 * year.each(|row| f64::from(row.exchanges) + f64::from(row.parts)),
    },
    Chart {
        name: "out-of-stock",
        title: "Spares out of stock",
        unit: "days a year, mean over depots",
        note: " Days on which some kind is out.",
        bounds: None,
        of: |year| year.mean(|row| row.out_of_stock_s.0.unwrap_or(0.0), |_| 1.0) / DAY_S,
    },
    Chart {
        name: "remote-checks",
        title: "Checks from the office",
        unit: "checks for each meter and year",
        note: "",
        bounds: None,
        of: |year| year.each(|row| row.remote_checks.0.unwrap_or(0.0)),
    },
    Chart {
        name: "detection",
        title: "Time until a failure is known",
        unit: "days",
        note: " Of failures that became known in that year, depots weighed by their failures. What nobody ever notices is not among them: a policy that finds \
               drift and water finds old failures, and takes longer by this figure than one that learns of silent meters alone.",
        bounds: None,
        of: |year| year.mean(|row| row.detection_s, |row| f64::from(row.failures)) / DAY_S,
    },
    Chart {
        name: "report-bytes",
        title: "Health reports over the backhaul",
        unit: "kB for each meter and year",
        note: "",
        bounds: None,
        of: |year| year.each(|row| row.report_bytes) / KILOBYTE,
    },
    Chart {
        name: "cost-by-year",
        title: "Cost",
        unit: "money a meter and year",
        note: " Visits, spares, energy and office, as money of the plan's beginning.",
        bounds: None,
        of: |year| year.each(|row| row.visits_money + row.spares_money + row.energy_money + row.office_money),
    },
];

/// Charts of all that years have; nothing where all of it is 0.
pub(super) fn figures(run: &RunView, fleets: &Fleets) -> Vec<Figure> {
    let groups = fleets.groups(run);
    let charts = CHARTS.iter().flat_map(|chart| groups.iter().filter_map(|group| chart.draw(group)));
    let mut all: Vec<Figure> = charts.collect();
    all.extend(groups.iter().filter_map(reach));
    all
}

impl Chart {
    fn points(&self, variant: &VariantView) -> Vec<Point> {
        let years = variant.years.chunk_by(|a, b| a.year == b.year);
        let y = |rows| (self.of)(&Year { rows, variant });
        years.map(|rows| Point { x: f64::from(rows[0].year), y: y(rows), band: None }).collect()
    }

    fn draw(&self, group: &Group) -> Option<Figure> {
        let lines: Vec<Vec<Point>> = group.variants.iter().map(|variant| self.points(variant)).collect();
        let last = lines.iter().flatten().map(|point| point.x).fold(0.0, f64::max);
        if lines.iter().flatten().all(|point| point.y == 0.0) {
            return None;
        }
        let title = group.title(&format!("{} by year", self.title));
        let plot = Plot {
            title: title.clone(),
            x_label: "year of the plan".to_owned(),
            y_label: self.unit.to_owned(),
            x_ticks: in_years(1.0, last),
            bounds: self.bounds,
            lines,
            ..lines_only()
        };
        let caption = format!("{}, {}, over all depots.{}", self.title, self.unit, self.note);
        Some(Figure::new(group.name(self.name), &title, legend(group), plot.draw(), &caption))
    }
}

fn legend(group: &Group) -> Vec<super::Entry> {
    group.variants.iter().enumerate().map(|(at, variant)| entry(at, variant.name.clone())).collect()
}

/// Reads of meters that work, by month.
fn reach(group: &Group) -> Option<Figure> {
    let line = |variant: &&VariantView| -> Vec<Point> {
        let months = variant.radio.chunk_by(|a, b| a.month == b.month);
        let point = |all: &[RadioMonthRow]| {
            let on = |row: &RadioMonthRow| f64::from(row.meters) * (1.0 - row.off_share);
            let (sum, meters) =
                all.iter().fold((0.0, 0.0), |(s, m), row| (s + on(row) * row.read_success_share, m + on(row)));
            let x = (f64::from(all[0].month) - 0.5) / 12.0;
            (meters > 0.0).then(|| Point { x, y: 100.0 * sum / meters, band: None })
        };
        months.filter_map(point).collect()
    };
    let lines: Vec<Vec<Point>> = group.variants.iter().map(line).collect();
    let last = lines.iter().flatten().map(|point| point.x).fold(0.0, f64::max);
    if last == 0.0 {
        return None;
    }
    let title = group.title("Reads of meters that work");
    let plot = Plot {
        title: title.clone(),
        x_label: "year of the plan".to_owned(),
        y_label: "reads that arrive, %".to_owned(),
        x_ticks: in_years(0.0, last),
        lines,
        bounds: Some((0.0, 100.0)),
        ..lines_only()
    };
    let caption = "Share of the reads of meters that work that arrive, by month over all depots, as the table of the radio has it for the \
                   share of meters that are off and the mean extra loss of the others.";
    Some(Figure::new(group.name("reach"), &title, legend(group), plot.draw(), caption))
}

#[cfg(test)]
mod tests {
    use super::super::fleets::tests::depot;
    use super::*;
    use amitwin_data::rows::{Added, DepotRow};

    /// A year of a depot in which nothing happened.
    fn row(year: u16, depot: u32, meters: u32) -> FleetYearRow {
        FleetYearRow {
            year,
            depot,
            meters,
            available_share: 1.0,
            silent_share: 0.0,
            failures: 0,
            safety_events: 0,
            missed_reads: 0,
            unbilled_kwh: 0.0,
            drifted_kwh: 0.0,
            truck_rolls: 0,
            visits_failure: 0,
            visits_planned: 0,
            exchanges: 0,
            parts: 0,
            crew_busy_share: 0.0,
            backlog: 0,
            wait_s: 0.0,
            detection_s: 0.0,
            report_bytes: 0.0,
            false_reports: 0.0,
            visits_money: 0.0,
            spares_money: 0.0,
            energy_money: 0.0,
            office_money: 0.0,
            backlog_spares: Added::default(),
            out_of_stock_s: Added::default(),
            remote_checks: Added::default(),
        }
    }

    #[test]
    fn years_add_up_over_depots_by_their_meters_and_crews() {
        let of = |number: u32, crews: u32| DepotRow { depot: number, crews, ..depot("oslo", 20.0) };
        let variant = VariantView {
            depots: vec![of(0, 1), of(1, 3)],
            years: vec![
                FleetYearRow {
                    crew_busy_share: 0.9,
                    truck_rolls: 10,
                    report_bytes: 4e5,
                    failures: 1,
                    detection_s: 6.0 * DAY_S,
                    ..row(1, 0, 100)
                },
                FleetYearRow {
                    crew_busy_share: 0.5,
                    parts: 2,
                    exchanges: 6,
                    failures: 3,
                    detection_s: 2.0 * DAY_S,
                    ..row(1, 1, 300)
                },
                FleetYearRow { safety_events: 1, unbilled_kwh: 800.0, ..row(2, 0, 100) },
                FleetYearRow { drifted_kwh: 40.0, ..row(2, 1, 300) },
            ],
            ..VariantView::default()
        };
        let of = |name: &str| -> Vec<f64> {
            let chart = CHARTS.iter().find(|chart| chart.name == name).expect("a chart");
            chart.points(&variant).iter().map(|point| (point.y * 1e6).round() / 1e6).collect()
        };
        // One crew of four for 90 %, three for 50 %; in 400 meters 10 rolls, 8 spares and 400 kB; one failure known after 6 days, three after 2.
        assert_eq!(of("crews"), [60.0, 0.0]);
        assert_eq!(of("visits"), [2.5, 0.0]);
        assert_eq!(of("spares"), [2.0, 0.0]);
        assert_eq!(of("report-bytes"), [1.0, 0.0]);
        assert_eq!(of("detection"), [3.0, 0.0]);
        // One event for 400 meters; 800 and 40 kWh.
        assert_eq!(of("safety"), [0.0, 250.0]);
        assert_eq!(of("unbilled"), [0.0, 2.0]);
        assert_eq!(of("drifted"), [0.0, 0.1]);
    }
}
