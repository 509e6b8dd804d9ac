//! Figures of fleets over years: heat, failures, renewals, crews, accuracy, silence.

use super::{Effort, Figure, Group, Tolerance, laws};
use crate::maintenance::{exchanges, play};
use amitwin_data::rows::{Part, Rows};
use amitwin_maintenance::heat::{DOUBLING_K, Enclosure, HeatTable, YEAR_S, effective_air_c};
use amitwin_maintenance::laws::fleet::{METER, Weibull};
use amitwin_maintenance::laws::{accuracy, crews, fleet, normal_above};
use amitwin_maintenance::life::days;
use amitwin_maintenance::spec::{Law, PlanSpec};
use amitwin_maintenance::{Run, hardware};
use amitwin_models::climate::City;
use amitwin_models::spec::Climate;
use amitwin_scenarios::plan::climate_of;

/// All of them.
pub fn groups(effort: Effort) -> Vec<Group> {
    vec![heat(), laws::lives(), laws::rules(), renewals(effort), waits(effort), texas(effort), silent(effort)]
}

/// What the files come to, C: the air, and 8 K warmer with 14 and with 25 K at full sun. Between its ends the air of an hour is a line.
const HOURLY: [(Climate, [f64; 3]); 5] = [
    (Climate::Ahmedabad, [29.08, 41.51, 46.03]),
    (Climate::Singapore, [27.83, 39.39, 43.15]),
    (Climate::Seville, [22.91, 36.01, 41.32]),
    (Climate::Sydney, [18.74, 30.72, 34.98]),
    (Climate::London, [11.52, 22.18, 24.92]),
];

fn heat() -> Group {
    let boxes =
        [("the air", Enclosure::NONE), ("in a light box", Enclosure::LIGHT), ("in a dark box", Enclosure::DARK)];
    let figures = HOURLY.into_iter().flat_map(|(name, files)| {
        let climate = climate_of(&City::of(name));
        boxes.into_iter().zip(files).map(move |((what, enclosure), hourly)| {
            let months = HeatTable::new(&climate, enclosure, DOUBLING_K, 1.0, 240);
            let is = months.effective_c(DOUBLING_K);
            Figure::new(format!("{name:?}, {what}"), hourly, "C", Tolerance::Within(0.3), is)
        })
    });
    let closed = HOURLY.into_iter().map(|(name, [hourly, ..])| {
        let is = effective_air_c(&climate_of(&City::of(name)));
        Figure::new(format!("{name:?}, the air, closed form"), hourly, "C", Tolerance::Within(0.3), is)
    });
    Group {
        title: "Effective temperature",
        source: "hourly weather files (EPW) of one year each, with 2^((T-30)/10) summed by the hour; inside 8 K by own losses, and 14 or 25 K at full sun",
        how: "the plan's table by month, from normals; of the air also m + (10/ln 2) [ln I0 of each swing + (b sd)^2/2] in one line",
        why: "In a dark box the sun decides. Normals have two skies, the clearness and the air of hours that age most; that these are clearer and \
              warmer than the year's was missing before, and dark boxes came out up to 1.0 K too cool.",
        figures: figures.chain(closed).collect(),
    }
}

fn meters(effort: Effort) -> u32 {
    if effort == Effort::Quick { 100_000 } else { 1_000_000 }
}

fn rows(plan: &PlanSpec) -> Rows {
    let (mut run, mut all) = (Run::new(plan), Rows::default());
    while run.run_year() {
        run.rows().for_each(|rows| all.append(rows));
    }
    all
}

/// Three standard errors of a share of so many.
fn three(share: f64, n: u32) -> Tolerance {
    Tolerance::Within(300.0 * (share * (1.0 - share) / f64::from(n)).sqrt())
}

/// A share of so many meters, in per cent, to three standard errors.
fn of_meters(what: String, expected: f64, n: u32, found: f64) -> Figure {
    Figure::new(what, 100.0 * expected, "%", three(expected, n), 100.0 * found)
}

fn renewals(effort: Effort) -> Group {
    let n = meters(effort);
    let rows = rows(&exchanges(n, 30.0, 2_000, 1));
    let share = |count: usize| count as f64 / f64::from(n);
    let by = |years: f64| rows.failures.iter().filter(move |failure| failure.time_s < years * YEAR_S);
    let mut figures = Vec::new();
    for years in [5.0, 10.0, 15.0, 20.0] {
        let expected = fleet::failed(&METER, years);
        let found = share(by(years).filter(|f| f.generation == 0).count());
        figures.push(of_meters(format!("failed by {years} years"), expected, n, found));
    }
    let parts = [Part::Board, Part::Module, Part::Capacitor];
    for (part, expected) in parts.into_iter().zip(fleet::by_cause(&METER, 20.0)) {
        let found = share(by(20.0).filter(|f| f.generation == 0 && f.part == part).count());
        figures.push(of_meters(format!("of them by {part}"), expected, n, found));
    }
    for years in [10.0, 15.0, 20.0] {
        let expected = fleet::renewals(&METER, years);
        let found = share(by(years).count());
        figures.push(of_meters(format!("exchanges by {years} years, of 100 meters"), expected, n, found));
    }
    Group {
        title: "Failures and renewals of many meters",
        source: "integration of the three hazards, and the renewal equation; tolerances are three standard errors",
        how: "meters at 30 C for 20 years, exchanged two hours after they fail",
        why: "",
        figures,
    }
}

fn waits(effort: Effort) -> Group {
    let seeds = if effort == Effort::Quick { 2 } else { 4 };
    let figures = [54.0, 57.0].into_iter().flat_map(|a_day| {
        let meters = 20_000;
        let mut plan = exchanges(meters, 30.0, 10, 1);
        plan.years = 100;
        let mut board = hardware::default(Part::Board);
        board.law = Law::Life(Weibull { eta: YEAR_S / (a_day * 365.25 / f64::from(meters)), beta: 1.0 });
        plan.vintages[0].parts = vec![board];
        plan.work.spread = 1.0;
        plan.work.tasks_s = [86_400 / 6; 9];
        let all: Vec<f64> =
            (1..=seeds).map(|seed| play(&PlanSpec { seed, ..plan.clone() }).wait_s / 86_400.0).collect();
        let expected = crews::waits(10, a_day / 6.0).1 / 6.0;
        let measured = all.iter().sum::<f64>() / all.len() as f64;
        [Figure::new(format!("{a_day} jobs a day: mean wait"), expected, "d", Tolerance::Share(0.05), measured)]
    });
    Group {
        title: "Crews as a queue",
        source: "M/M/10 (Erlang C), 6 jobs a day and crew",
        how: "failures at random, repairs that take exponential times, 100 years of four seeds",
        why: "",
        figures: figures.collect(),
    }
}

/// Share of meters whose error has left its limits by a time, at 30 C.
fn once_beyond(years: f64) -> f64 {
    let (limit, new_sd, drift) = (accuracy::LIMIT, accuracy::NEW_SD, accuracy::DRIFT_SD_Y * years);
    let steps = 10_000;
    let width = 2.0 * limit / f64::from(steps);
    let within = (0..steps).map(|n| {
        let error = -limit + (f64::from(n) + 0.5) * width;
        let density = libm::exp(-(error / new_sd) * (error / new_sd) / 2.0) / (new_sd * std::f64::consts::TAU.sqrt());
        density * width * (normal_above((limit - error) / drift) + normal_above((limit + error) / drift))
    });
    2.0 * normal_above(limit / new_sd) + within.sum::<f64>()
}

fn texas(effort: Effort) -> Group {
    let n = meters(effort);
    let mut plan = exchanges(n, 30.0, 1, 1);
    plan.years = 20;
    plan.vintages[0].parts = vec![hardware::default(Part::Accuracy)];
    let rows = rows(&plan);
    let by = |years: f64| rows.failures.iter().filter(|f| f.time_s <= years * YEAR_S).count() as f64 / f64::from(n);
    let new = by(1e-6);
    // 95 % of a Poisson count of 5: 1.6 to 11.7.
    let texas = Figure {
        expected: [1.6, 11.7],
        ..Figure::new("new, of 5,627 beyond 0.5 %", 5.0, "", Tolerance::Within(0.0), 5_627.0 * new)
    };
    let later =
        [10.0, 20.0].map(|years| of_meters(format!("once beyond by {years} years"), once_beyond(years), n, by(years)));
    Group {
        title: "Measurements that drift",
        source: "Texas 2010 (smart-energy.com): of 5,627 new meters 5 beyond 0.5 %; the range is that of a Poisson count of 5. Later by \
                 integration over errors of new meters and drifts, to three standard errors",
        how: "meters at 30 C that nobody adjusts",
        why: "",
        figures: std::iter::once(texas).chain(later).collect(),
    }
}

fn silent(effort: Effort) -> Group {
    let n = meters(effort) / 10;
    let mut plan = PlanSpec::plain(n);
    plan.vintages[0].parts = [Part::Coverage, Part::Certificate, Part::Module].map(hardware::default).to_vec();
    plan.policy.patience_s = days(180.0);
    plan.years = 10;
    let rows = rows(&plan);
    let years: Vec<f64> = rows.fleet_years.iter().map(|year| year.silent_share).collect();
    let measured = 100.0 * years.iter().sum::<f64>() / years.len() as f64;
    Group {
        title: "Silent meters",
        source: "Britain: 9 % in March, over half of them for a while, 11.4 % at the end of 2023 (yourmoney.com, eternitylab.com)",
        how: "out of reach twice a year for ten days, certificates that last 30 days, a crew after half a year: inputs chosen, not measured",
        why: "",
        figures: vec![Figure {
            expected: [9.0, 11.0],
            ..Figure::new("silent at the end of a year", 10.0, "%", Tolerance::Within(0.0), measured)
        }],
    }
}
