//! What crews find in passing: how long they stay for it, and what they leave for a visit of its own.

use amitwin_data::rows::{Part, Reason, Rows, VisitOutcome};
use amitwin_maintenance::heat::YEAR_S;
use amitwin_maintenance::laws::fleet;
use amitwin_maintenance::life::days;
use amitwin_maintenance::shifts::Shifts;
use amitwin_maintenance::spec::{Crews, Law, Only, PartSpec, Rule, StockSpec, Tasks, When};
use amitwin_maintenance::{PlanSpec, Run, hardware};

fn run(plan: &PlanSpec) -> Rows {
    let (mut run, mut all) = (Run::new(plan), Rows::default());
    while run.run_year() {
        run.rows().for_each(|rows| all.append(rows));
    }
    all
}

/// Enough crews, who always find somebody at home.
fn easy(meters: u32) -> PlanSpec {
    let mut plan = PlanSpec::plain(meters);
    plan.depots[0].crews = vec![Crews::of(200, Tasks::ALL)];
    plan.work.missed = 0.0;
    plan
}

fn rule(when: When, tasks: Tasks) -> Rule {
    Rule { name: "rule".to_owned(), when, tasks, within_s: days(90.0), priority: 5, only: Only::default() }
}

/// Meters whose capacitors have failed before the first visit, five years on, and nobody has noticed it: the alarm is later than the plan's end.
fn come_upon(more: impl Fn(&mut PlanSpec)) -> Rows {
    let mut plan = easy(40);
    plan.years = 6;
    let law = Law::Life(fleet::Weibull { eta: YEAR_S, beta: 50.0 });
    plan.vintages[0].parts = vec![PartSpec { law, ages_with_heat: false, ..hardware::default(Part::Capacitor) }];
    plan.policy.alarm_s = days(10.0 * 365.25);
    (plan.work.spread, plan.depots[0].area_km2) = (0.0, 0.0);
    plan.policy.rules = vec![rule(When::Every((5.0 * YEAR_S) as u32), Tasks::INSPECT)];
    more(&mut plan);
    run(&plan)
}

#[test]
fn whoever_finds_a_dead_meter_stays_until_it_is_exchanged() {
    let rows = come_upon(|_| {});
    // Five years of 365.25 days end on a seventh day of a week, so that 40 crews set out when the next shift begins. Each inspects for 120 + 180 s,
    // and needs 7,200 s more for the exchange: 7,500 s of a shift of 28,800.
    assert_eq!(rows.visits.len(), 40);
    for visit in &rows.visits {
        assert_eq!((visit.work_s, visit.exchanged, visit.outcome), (7_500, true, VisitOutcome::Repaired));
        assert_eq!(visit.tasks.0.as_deref(), Some("inspect exchange"));
    }
    // A meter is dead until the crew leaves, not until it looks.
    let first = rows.failures.iter().filter(|f| f.generation == 0);
    let longest = first.map(|f| f.time_s + f.gone_after_s.expect("exchanged")).fold(0.0, f64::max);
    let left = rows.visits.iter().map(|v| v.time_s + 7_500.0).fold(0.0, f64::max);
    assert!((longest - left).abs() < 1.0, "{longest} {left}");
    // What a rule to inspect takes is what is found: 40 x 7,500 s are 83.3 h of 200 crews' 8 h on five days a week.
    let year = rows.fleet_years.iter().find(|year| year.truck_rolls > 0).expect("a year with visits");
    let shifts_h = 200.0 * 8.0 * 5.0 / 7.0 * 365.25;
    assert!((year.crew_busy_share * shifts_h / (40.0 * 7_500.0 / 3_600.0) - 1.0).abs() < 1e-9);
}

#[test]
fn what_does_not_fit_the_shift_gets_a_visit_of_its_own() {
    // An inspection of 300 s and an exchange of 7,200 s are more than a shift of two hours.
    let rows = come_upon(|plan| plan.work.shifts.length_s = 2 * 3_600);
    let of = |outcome| rows.visits.iter().filter(|v| v.outcome == outcome).collect::<Vec<_>>();
    let (deferred, repaired) = (of(VisitOutcome::Deferred), of(VisitOutcome::Repaired));
    assert_eq!((deferred.len(), repaired.len(), rows.visits.len()), (40, 40, 80));
    assert!(deferred.iter().all(|v| v.work_s == 300 && !v.exchanged && v.reason == Reason::Interval));
    // The second one is a repair of a known failure, 120 + 1,800 s; the crews are idle and set out at once.
    assert!(
        repaired.iter().all(|v| v.work_s == 1_920 && v.exchanged && v.reason == Reason::Failure && v.waited_s == 0)
    );
    // It counts as a job of its own, and somebody knows of the failure from the first visit on.
    let first = deferred.iter().map(|v| v.time_s + 300.0).fold(0.0, f64::max);
    assert!(
        rows.failures
            .iter()
            .filter(|f| f.generation == 0)
            .all(|f| f.seen_after_s.is_some_and(|seen| f.time_s + seen <= first + 1.0))
    );
    // Nor does who has no spare, or may not exchange meters, do it.
    let spares = vec![StockSpec { part: None, full: 1, reorder: 0, lead_s: days(5_000.0) }];
    let rows = come_upon(|plan| plan.depots[0].stock.clone_from(&spares));
    assert_eq!(rows.visits.iter().filter(|v| v.exchanged).count(), 1);
    assert_eq!(rows.visits.iter().filter(|v| v.outcome == VisitOutcome::Deferred).count(), 39);
}

#[test]
fn to_put_a_gasket_in_takes_the_minutes_of_cleaning_unless_cleaned_it_is() {
    let work_s = |tasks: Tasks| {
        let mut plan = easy(40);
        plan.years = 6;
        let law = Law::Life(fleet::Weibull { eta: YEAR_S, beta: 50.0 });
        plan.vintages[0].parts = vec![PartSpec { law, ..hardware::default(Part::Gasket) }];
        (plan.work.spread, plan.work.shifts) = (0.0, Shifts::ALWAYS);
        plan.policy.rules = vec![rule(When::Every((5.0 * YEAR_S) as u32), tasks)];
        let mut times: Vec<u32> = run(&plan).visits.iter().map(|v| v.work_s).collect();
        times.dedup();
        times
    };
    // At the door 120 s, to look 180 s, to clean 120 s, with a new gasket in it.
    assert_eq!(work_s(Tasks::INSPECT), [120 + 180 + 120]);
    assert_eq!(work_s(Tasks::INSPECT.with(Tasks::CLEAN)), [120 + 180 + 120]);
    assert_eq!(work_s(Tasks::CLEAN), [120 + 120]);
}
