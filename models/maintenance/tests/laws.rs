//! Lives in a plan that come from a maker's rating: each failure at the moment that a formula has for it.

use amitwin_data::rows::{Part, Rows};
use amitwin_maintenance::climate::Climate;
use amitwin_maintenance::heat::YEAR_S;
use amitwin_maintenance::laws::fleet::Weibull;
use amitwin_maintenance::laws::{YEAR_H, battery, capacitor, clock, supercapacitor};
use amitwin_maintenance::spec::{Cell, Crews, Crystal, Law, PartSpec, Tasks};
use amitwin_maintenance::{PlanSpec, Run, hardware};

fn run(plan: &PlanSpec) -> Rows {
    let (mut run, mut all) = (Run::new(plan), Rows::default());
    while run.run_year() {
        run.rows().for_each(|rows| all.append(rows));
    }
    all
}

/// Meters of one part at one temperature, for 40 years.
fn plan(meters: u32, part: Part, law: Law, inside_c: f64) -> PlanSpec {
    let mut plan = PlanSpec::plain(meters);
    plan.years = 40;
    plan.vintages[0].parts = vec![PartSpec { law, restart_cures: 0.0, ..hardware::default(part) }];
    plan.depots[0].climate = Climate::constant(inside_c);
    plan.depots[0].crews = vec![Crews::of(500, Tasks::ALL)];
    plan
}

/// Median age of the first parts that failed, years.
fn median_y(rows: &Rows) -> f64 {
    let mut ages: Vec<f64> = rows.failures.iter().filter(|f| f.generation == 0).map(|f| f.age_s / YEAR_S).collect();
    ages.sort_by(f64::total_cmp);
    ages[ages.len() / 2]
}

/// Shape with which the median is at exp(ln(ln 2)/100) = 0.9963 of the life: lives scatter by a hundredth.
const SHAPE: f64 = 100.0;
const MEDIAN: f64 = 0.996_3;

#[test]
fn electrolytic_capacitors_live_as_rated_and_15_years_at_most() {
    // 2,000 h at 105 C are 2,000 x 2^7.5 h at 30 C: 41.3 years.
    let rated = Weibull { eta: 2_000.0 * libm::exp2(7.5) * 3_600.0, beta: SHAPE };
    assert!((rated.eta / YEAR_S - 41.3).abs() < 0.05);
    // At 45, 50 and 60 C 14.6, 10.3 and 5.16 years; at 25 C 58, of which the maker answers for 15.
    for (inside_c, life_y) in [(45.0, 14.6), (50.0, 10.3), (60.0, 5.16), (25.0, 15.0)] {
        let law = Law::Capped(rated, capacitor::LIFE_MAX_Y * YEAR_S);
        let found = median_y(&run(&plan(1_000, Part::Capacitor, law, inside_c)));
        assert!((found / (life_y * MEDIAN) - 1.0).abs() < 0.01, "{inside_c}: {found}");
        assert!((capacitor::life_y(2_000.0, 105.0, inside_c) / life_y - 1.0).abs() < 0.01);
    }
    // Who has lived for ten years when the plan begins has five left.
    let mut old = plan(1_000, Part::Capacitor, Law::Capped(rated, 15.0 * YEAR_S), 25.0);
    old.start_s = (10.0 * YEAR_S) as u32;
    let rows = run(&old);
    assert!((median_y(&rows) / (15.0 * MEDIAN) - 1.0).abs() < 0.01 && rows.failures.iter().all(|f| f.age_s > 10.0));
}

#[test]
fn supercapacitors_live_by_temperature_and_voltage() {
    let eta_y = supercapacitor::life_y(1_000.0, 65.0, 2.7, 30.0, 2.1);
    let law = Law::Life(Weibull { eta: eta_y * YEAR_S, beta: SHAPE });
    // 1,000 h at 65 C and 2.7 V, used at 2.1 V.
    for (inside_c, life_y) in [(25.0, 8.81), (45.0, 2.20)] {
        let found = median_y(&run(&plan(1_000, Part::Supercapacitor, law, inside_c)));
        assert!((found / (life_y * MEDIAN) - 1.0).abs() < 0.01, "{inside_c}: {found}");
    }
    assert!((1_000.0 / YEAR_H - 0.114).abs() < 0.001);
}

#[test]
fn batteries_are_empty_when_load_and_self_discharge_have_taken_their_charge() {
    // 620.5 mAh a year, and 1 % a year at 20 C, which is 2 % at 35: 12.1 years of 8.5 Ah.
    let cell = Cell { charge_ah: 8.5, shape: SHAPE, load_ah_y: 0.620_5, self_discharge_y: 0.01 };
    for (inside_c, life_y) in [(35.0, 12.1), (20.0, battery::life_y(8.5, 0.620_5, 0.01))] {
        let found = median_y(&run(&plan(1_000, Part::Battery, Law::Cell(cell), inside_c)));
        // A charge that is smaller by 0.37 % lasts shorter by as much, within a tenth of that.
        assert!((found / (life_y * MEDIAN) - 1.0).abs() < 0.01, "{inside_c}: {found}");
    }
    // Those of ten years have two left: none fails sooner than a charge far below its kind's would be used up.
    let mut old = plan(1_000, Part::Battery, Law::Cell(cell), 35.0);
    old.start_s = (10.0 * YEAR_S) as u32;
    let rows = run(&old);
    let first: Vec<f64> = rows.failures.iter().filter(|f| f.generation == 0).map(|f| f.age_s / YEAR_S).collect();
    assert!(first.len() == 1_000 && first.iter().all(|age_y| (10.0..12.6).contains(age_y)));
}

#[test]
fn clocks_are_wrong_in_heat_and_by_their_crystals() {
    // At 60 C a clock loses 3.60 s a day. With errors of up to 20 ppm, 1.73 s, on either side, those are beyond 4 s a day that lose another 0.4:
    // below -4.65 ppm, (20 - 4.65)/40 of them.
    assert!((clock::gain_s_a_day(60.0) / -3.60 - 1.0).abs() < 0.01);
    let crystal = Crystal { within_ppm: 20.0, ageing_sd_ppm_y: 0.0, sync_every_s: 86_400.0, limit_s: 4.0 };
    let wrong = |crystal: Crystal, inside_c: f64| {
        let mut plan = plan(20_000, Part::Clock, Law::Crystal(crystal), inside_c);
        plan.years = 10;
        run(&plan).failures.len() as f64 / 20_000.0
    };
    // 4 s a day are 46.296 ppm and 35 K 41.65.
    let share = (20.0 - (46.296 - 41.65)) / 40.0;
    let error = (share * (1.0 - share) / 20_000.0_f64).sqrt();
    assert!((wrong(crystal, 60.0) - share).abs() < 3.0 * error, "{} for {share}", wrong(crystal, 60.0));
    // At 25 C none is: 20 ppm are 1.73 s a day; set every 14 hours they keep 1.0 s, every 15 some do not.
    assert_eq!(wrong(crystal, 25.0), 0.0);
    let set_every = |hours: f64| wrong(Crystal { sync_every_s: hours * 3_600.0, limit_s: 1.0, ..crystal }, 25.0);
    assert!(set_every(13.8) == 0.0 && set_every(15.0) > 0.05);
    // A drift of 2 ppm a year moves the error by 20 ppm in ten years, as one standard deviation: with a limit of 40 ppm, beyond which none is
    // when new, |20 u + 20 z| > 40, with u even between -1 and 1: the mean over u of Q(2 - u) + Q(2 + u) = 0.081.
    let aged = Crystal { ageing_sd_ppm_y: 2.0, limit_s: 40e-6 * 86_400.0, ..crystal };
    let q = |x: f64| 0.5 * libm::erfc(x / std::f64::consts::SQRT_2);
    let expected =
        (0..1_000).map(|n| (f64::from(n) + 0.5) / 500.0 - 1.0).map(|u| q(2.0 - u) + q(2.0 + u)).sum::<f64>() / 1_000.0;
    assert!((wrong(aged, 25.0) / expected - 1.0).abs() < 0.08, "{} for {expected}", wrong(aged, 25.0));
}
