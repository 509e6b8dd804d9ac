//! Many meters beside what the laws say of one.

use amitwin_data::rows::{Fingerprinter, Part, Rows};
use amitwin_maintenance::heat::YEAR_S;
use amitwin_maintenance::laws::{crews, fleet};
use amitwin_maintenance::shifts::Shifts;
use amitwin_maintenance::spec::{Crews, DepotSpec, Law, Tasks};
use amitwin_maintenance::{PlanSpec, Run, hardware};

const METERS: u32 = 200_000;

/// Meters that are exchanged within seconds of their failure.
fn renewed_at_once(meters: u32) -> PlanSpec {
    let mut plan = PlanSpec::plain(meters);
    plan.vintages[0].parts = [Part::Board, Part::Module, Part::Capacitor].map(hardware::default).to_vec();
    plan.vintages[0].parts[1].restart_cures = 0.0;
    plan.depots[0].crews = vec![Crews::of(2_000, Tasks::ALL)];
    plan.depots[0].area_km2 = 0.0;
    plan.policy.alarm_s = 1;
    plan.policy.patience_s = 1;
    plan.work.shifts = Shifts::ALWAYS;
    (plan.work.missed, plan.work.spread) = (0.0, 0.0);
    plan.work.tasks_s = [1; 9];
    plan
}

/// All rows of a plan, depot after depot of each year.
fn run(plan: &PlanSpec) -> Rows {
    let (mut run, mut all) = (Run::new(plan), Rows::default());
    while run.run_year() {
        run.rows().for_each(|rows| all.append(rows));
    }
    all
}

/// Whether a count lies within three standard errors of `n` draws with a probability, or a mean below 1.
#[track_caller]
fn within(found: usize, n: u32, share: f64, what: &str) {
    let (n, found) = (f64::from(n), found as f64);
    let error = (n * share * (1.0 - share).max(0.1)).sqrt();
    assert!((found - n * share).abs() < 3.0 * error, "{what}: {found} for {} +- {error}", n * share);
}

#[test]
fn failures_causes_and_renewals_are_those_of_the_laws() {
    let rows = run(&renewed_at_once(METERS));
    let by = |years: f64| rows.failures.iter().filter(move |f| f.time_s < years * YEAR_S);
    for years in [1.0, 5.0, 10.0, 15.0, 20.0] {
        let first = by(years).filter(|f| f.generation == 0).count();
        within(first, METERS, fleet::failed(&fleet::METER, years), &format!("failed by {years} years"));
        within(by(years).count(), METERS, fleet::renewals(&fleet::METER, years), &format!("renewed by {years} years"));
    }
    let shares = fleet::by_cause(&fleet::METER, 20.0);
    for (part, share) in [Part::Board, Part::Module, Part::Capacitor].into_iter().zip(shares) {
        let first = by(20.0).filter(|f| f.generation == 0 && f.part == part).count();
        within(first, METERS, share, part.as_str());
    }
    assert_eq!(rows.visits.len(), rows.failures.iter().filter(|f| f.gone_after_s.is_some()).count());
}

#[test]
fn meters_that_were_there_before_have_lived_until_then() {
    // Installed ten years before: of those alive then, F(15) - F(10) over 1 - F(10) fail within five.
    let mut plan = renewed_at_once(METERS);
    plan.start_s = (10.0 * YEAR_S) as u32;
    plan.years = 5;
    let rows = run(&plan);
    let first = rows.failures.iter().filter(|f| f.generation == 0).count();
    let of = |years| fleet::failed(&fleet::METER, years);
    within(first, METERS, (of(15.0) - of(10.0)) / (1.0 - of(10.0)), "failed within five years");
}

#[test]
fn crews_wait_as_a_queue_with_many_servers_does() {
    // At 57 of 60 jobs a day waits come in long runs: a mean over 400 years is known to 2 %.
    for (a_day, years, seeds) in [(54.0, 50, 2), (57.0, 100, 4)] {
        // Failures at random, so many a day; ten crews who take a sixth of a day on average, exponentially.
        let mut plan = renewed_at_once(20_000);
        plan.years = years;
        let rate = a_day * 365.25 / 20_000.0;
        let mut board = hardware::default(Part::Board);
        board.law = Law::Life(fleet::Weibull { eta: YEAR_S / rate, beta: 1.0 });
        plan.vintages[0].parts = vec![board];
        plan.depots[0].crews = vec![Crews::of(10, Tasks::ALL)];
        plan.work.visit_s = 0;
        plan.work.tasks_s = [0; 9];
        plan.work.tasks_s[8] = 86_400 / 6;
        plan.work.spread = 1.0;
        let (mut waits, mut waited_s, mut jobs) = (0, 0.0, 0);
        for seed in 1..=seeds {
            let rows = run(&PlanSpec { seed, ..plan.clone() });
            waits += rows.visits.iter().filter(|v| v.waited_s > 0).count();
            waited_s += rows.visits.iter().map(|v| f64::from(v.waited_s)).sum::<f64>();
            jobs += rows.visits.len();
        }
        let (share, wait) = crews::waits(10, a_day / 6.0);
        let found = (waits as f64 / jobs as f64, waited_s / jobs as f64 / 86_400.0);
        assert!((found.0 / share - 1.0).abs() < 0.05, "{a_day}: {} of {share} wait", found.0);
        assert!((found.1 / (wait / 6.0) - 1.0).abs() < 0.05, "{a_day}: {} for {} days", found.1, wait / 6.0);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_rows() {
    let mut plan = PlanSpec::plain(3_000);
    let depot = plan.depots[0].clone();
    plan.depots = (0..7).map(|n| DepotSpec { first: n * 3_000, ..depot.clone() }).collect();
    let print = |plan: &PlanSpec, threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let mut fingerprint = Fingerprinter::new();
        fingerprint.update(&pool.install(|| run(plan)));
        fingerprint.finish()
    };
    let one = print(&plan, 1);
    assert!([2, 4, 8].into_iter().all(|threads| print(&plan, threads) == one));
    plan.seed = 2;
    assert_ne!(print(&plan, 1), one);
}
