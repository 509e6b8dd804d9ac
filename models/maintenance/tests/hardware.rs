//! What meters come with and what comes to them: certificates, firmware, water that makes them send again; and how long their parts live.

use amitwin_data::rows::{Part, Rows};
use amitwin_maintenance::heat::YEAR_S;
use amitwin_maintenance::laws::fleet::Weibull;
use amitwin_maintenance::life::days;
use amitwin_maintenance::spec::{Code, Crews, Firmware, Law, Only, PartSpec, Rule, Tasks, When};
use amitwin_maintenance::{PlanSpec, Run, hardware};

fn run(plan: &PlanSpec) -> (Rows, Rows) {
    let (mut run, mut all) = (Run::new(plan), Rows::default());
    while run.run_year() {
        run.rows().for_each(|rows| all.append(rows));
    }
    (all, run.survival())
}

/// Enough crews, who always find somebody at home.
fn easy(meters: u32, parts: Vec<PartSpec>) -> PlanSpec {
    let mut plan = PlanSpec::plain(meters);
    plan.vintages[0].parts = parts;
    plan.depots[0].crews = vec![Crews::of(500, Tasks::ALL)];
    plan.work.missed = 0.0;
    plan
}

fn life(part: Part, eta_y: f64, beta: f64) -> PartSpec {
    let law = Law::Life(Weibull { eta: eta_y * YEAR_S, beta });
    PartSpec { law, ages_with_heat: false, restart_cures: 0.0, ..hardware::default(part) }
}

/// Three standard errors of a count of `n` draws.
fn three(n: f64, share: f64) -> f64 {
    3.0 * (n * share * (1.0 - share)).sqrt()
}

#[test]
fn a_tenth_come_with_a_wrong_certificate_and_get_a_right_one() {
    let n = 20_000.0;
    let mut plan = easy(20_000, vec![PartSpec { wrong: 0.1, ..hardware::default(Part::Certificate) }]);
    plan.years = 2;
    let (rows, _) = run(&plan);
    let wrong = rows.failures.len() as f64;
    assert!((wrong - 0.1 * n).abs() < three(n, 0.1), "{wrong}");
    assert!(rows.failures.iter().all(|f| f.code.as_ref() == "certificate" && f.time_s == 0.0 && f.generation == 0));
    // A visit each, after which none is silent.
    assert_eq!((rows.visits.len() as f64, rows.fleet_years[0].silent_share), (wrong, 0.0));

    // A rule for the code stands for that; exchanged meters come with new certificates, of which a tenth are wrong again: 1.1111 as many.
    plan.policy.rules = vec![Rule {
        name: "exchange".to_owned(),
        when: When::Seen(Code::Certificate),
        tasks: Tasks::EXCHANGE,
        within_s: days(30.0),
        priority: 1,
        only: Only::default(),
    }];
    let (rows, _) = run(&plan);
    let all = rows.failures.len() as f64;
    assert!((all - n / 9.0).abs() < 2.0 * three(n, 0.1) && rows.visits.iter().all(|v| v.exchanged), "{all}");
}

#[test]
fn firmware_leaves_some_silent_when_it_comes_and_cures_from_then_on() {
    let mut plan = easy(50_000, vec![life(Part::Module, 100.0, 1.0), life(Part::Firmware, f64::INFINITY, 1.0)]);
    plan.years = 12;
    let year = |y: f64| (y * YEAR_S) as u32;
    plan.firmware = vec![Firmware {
        name: "two".to_owned(),
        comes_s: (year(5.0), year(6.0)),
        vintages: vec![0],
        bricked: 0.02,
        cures: Some(1.0),
    }];
    let (rows, _) = run(&plan);
    let bricked: Vec<f64> =
        rows.failures.iter().filter(|f| f.part == Part::Firmware).map(|f| f.time_s / YEAR_S).collect();
    assert!((bricked.len() as f64 - 1_000.0).abs() < three(50_000.0, 0.02), "{}", bricked.len());
    assert!(bricked.iter().all(|at| (5.0..=6.0).contains(at)));
    // 1 % of modules a year: a visit for each of five years, then half of them on average for one, then none.
    let visits =
        |from: f64, to: f64| rows.visits.iter().filter(|v| (from..to).contains(&(v.time_s / YEAR_S))).count() as f64;
    assert!((visits(0.0, 5.0) - 2_500.0).abs() < 3.0 * 50.0 + 20.0, "{}", visits(0.0, 5.0));
    assert_eq!(visits(6.1, 12.0), 0.0);
    let cured = rows.failures.iter().filter(|f| f.part == Part::Module && f.time_s > 6.0 * YEAR_S);
    assert!(cured.clone().count() > 2_500 && cured.filter_map(|f| f.gone_after_s).all(|s| s < 86_401.0));

    // Meters of another vintage do not get it.
    plan.firmware[0].vintages.clear();
    let (rows, _) = run(&plan);
    assert!(rows.failures.iter().all(|f| f.part != Part::Firmware));
    assert!(rows.visits.iter().any(|v| v.time_s > 6.1 * YEAR_S));
}

#[test]
fn a_battery_is_empty_sooner_where_frames_are_sent_again() {
    // Gaskets last 5 years and batteries 12, both within a few per cent; water makes a meter send twice as often.
    let mean_y = |retry_factor: f64| {
        let mut plan = easy(2_000, vec![life(Part::Gasket, 5.0, 50.0), life(Part::Battery, 12.0, 50.0)]);
        plan.duty.retry_factor = retry_factor;
        let (rows, _) = run(&plan);
        let first: Vec<f64> = rows
            .failures
            .iter()
            .filter(|f| f.part == Part::Battery && f.generation == 0)
            .map(|f| f.time_s / YEAR_S)
            .collect();
        assert_eq!(first.len(), 2_000);
        first.iter().sum::<f64>() / 2_000.0
    };
    // Means of Weibull lives of shape 50 are 0.9886 of eta: 4.94 and 11.86 years. (11.86 - 4.94) / 2 = 3.46 years are left with water.
    assert!((mean_y(1.0) - 11.86).abs() < 0.05, "{}", mean_y(1.0));
    assert!((mean_y(2.0) - 8.40).abs() < 0.05, "{}", mean_y(2.0));
}

#[test]
fn survival_is_that_of_the_law_for_meters_that_were_old_already() {
    let mut plan = easy(50_000, vec![life(Part::Capacitor, 35.0, 5.0)]);
    plan.start_s = (15.0 * YEAR_S) as u32;
    let (rows, survival) = run(&plan);
    let last = survival.survival.last().expect("rows");
    assert!((last.age_s / YEAR_S - 35.0).abs() < 0.1, "{}", last.age_s);
    // exp(-(t/35)^5) at 25, 30 and 34 years. What is known of the first 15 is from those that were put in during the plan.
    for (age_y, expected) in [(25.0, 0.8304), (30.0, 0.6296), (34.0, 0.4211)] {
        let row = survival.survival.iter().rfind(|row| row.age_s / YEAR_S <= age_y + 1e-6).expect("a row");
        let error = (row.alive_high_share - row.alive_low_share) / (2.0 * 1.96);
        assert!((row.alive_share - expected).abs() < 3.0 * error + 0.001, "{age_y}: {row:?}");
        assert!(error < 0.003, "{row:?}");
    }
    let failed: u32 = survival.survival.iter().map(|row| row.failed).sum();
    assert_eq!(failed as usize, rows.failures.len());
}
