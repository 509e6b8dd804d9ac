//! Reads of meters that work and are not reached, by a table of the radio.

use amitwin_data::rows::{Part, RadioMonthRow, Rows};
use amitwin_maintenance::heat::YEAR_S;
use amitwin_maintenance::life::days;
use amitwin_maintenance::radio::{Radio, Table};
use amitwin_maintenance::{PlanSpec, Run, hardware};
use std::sync::Arc;

fn run(plan: &PlanSpec) -> (Rows, f64) {
    let (mut run, mut all) = (Run::new(plan), Rows::default());
    while run.run_year() {
        run.rows().for_each(|rows| all.append(rows));
    }
    let unreached_s = run.totals().map(|total| total.unreached_s).sum();
    (all, unreached_s)
}

/// Success 1 - loss/20 dB - share off.
fn radio(ageing_db_y: f64) -> Radio {
    let points = [0.0_f64, 10.0].iter().flat_map(|loss| [0.0, 0.5].map(|off| (*loss, off, 1.0 - loss / 20.0 - off)));
    let table = Table::new(&points.collect::<Vec<_>>()).expect("a table");
    Radio {
        table: Arc::new(table),
        wet_db: 3.0,
        ageing_db_y,
        leaf_on_db: 0.0,
        hot_db: 0.0,
        storm_d: 0.0,
        storm_db: 0.0,
    }
}

#[test]
fn meters_that_age_are_heard_less() {
    let mut plan = PlanSpec::plain(1_000);
    plan.vintages[0].parts.clear();
    plan.years = 10;
    plan.radio = Some(radio(0.15));
    let (rows, unreached_s) = run(&plan);
    assert_eq!(rows.radio_months.len(), 120);
    // In the middle of year n a meter is n - 1/2 years old, loses 0.15 dB for each, and a twentieth of its reads for each dB. Of 96 a day
    // 96 * 365.25 * 1,000 * 0.0075 * (n - 1/2) are missed.
    for (n, year) in (1..).zip(&rows.fleet_years) {
        let expected = 96.0 * 365.25 * 1_000.0 * 0.0075 * (f64::from(n) - 0.5);
        assert!((year.missed_reads as f64 / expected - 1.0).abs() < 1e-4, "{} {expected}", year.missed_reads);
    }
    // Half of 10 years, at 5 years of age on average: 1,000 * 10 years * 0.0375.
    assert!((unreached_s / (375.0 * YEAR_S) - 1.0).abs() < 1e-4);
}

#[test]
fn who_is_off_and_who_is_wet_shows_in_the_months() {
    let mut plan = PlanSpec::plain(20_000);
    plan.vintages[0].parts = [Part::Board, Part::Gasket].map(hardware::default).to_vec();
    plan.radio = Some(radio(0.0));
    // Nobody goes there: what fails stays.
    (plan.policy.patience_s, plan.policy.restarts) = (days(10_000.0), false);
    let (rows, _) = run(&plan);
    let last: &RadioMonthRow = rows.radio_months.last().expect("240 months");
    let year = rows.fleet_years.last().expect("20 years");
    // Half a month before the end hardly fewer are silent than at the end.
    assert!((last.off_share - year.silent_share).abs() < 0.002 && last.off_share > 0.05, "{last:?}");
    // Gaskets: Weibull(18 y, 4), 1 - exp(-(20/18)^4) = 0.782 at 20 years, of meters that are on fewer, since wet ones die sooner.
    let wet = last.loss_db / 3.0;
    assert!((0.70..0.782).contains(&wet), "{wet}");
    assert!((last.read_success_share - (1.0 - last.loss_db / 20.0 - last.off_share)).abs() < 1e-9 && !last.outside);
}

#[test]
fn without_reach_nothing_else_changes() {
    let mut plan = PlanSpec::plain(5_000);
    let (without, _) = run(&plan);
    plan.radio = Some(radio(0.15));
    let (mut with, _) = run(&plan);
    for (with, without) in with.fleet_years.iter_mut().zip(&without.fleet_years) {
        assert!(with.missed_reads > without.missed_reads);
        with.missed_reads = without.missed_reads;
    }
    with.radio_months.clear();
    assert!(without.radio_months.is_empty() && with == without);
}
