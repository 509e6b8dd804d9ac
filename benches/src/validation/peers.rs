//! Figures of fleets over years beside packages of Python: the same plan in SimPy, and lives fitted by `reliability`.

use super::{Effort, Figure, Group, Tolerance};
use crate::maintenance::{Waited, busy, exchanges, play};
use amitwin_data::rows::{Part, Rows};
use amitwin_maintenance::heat::YEAR_S;
use amitwin_maintenance::laws::fleet::Weibull;
use amitwin_maintenance::spec::Law;
use amitwin_maintenance::{PlanSpec, Run, hardware};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Names the Python that has the packages; `python3` when missing.
const PYTHON: &str = "AMITWIN_PYTHON";
/// Meters of the plan that both play, the temperature inside of them, and crews.
const PLAN: (u32, f64, u32) = (50_000, 40.0, 4);

/// All of them; they need Python with its packages, and are left out of quick runs.
pub fn groups(effort: Effort) -> Vec<Group> {
    vec![simpy(effort), depots(effort), refit(effort)]
}

/// Runs a script of `benches/peers` with a text on its standard input; `None` if there is no Python with the package.
fn python(package: &str, script: &str, options: &[String], input: &str) -> Option<Value> {
    let python = std::env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", &format!("import {package}")]).stderr(Stdio::null()).status();
    if !has.is_ok_and(|status| status.success()) {
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script);
    let mut child = Command::new(&python)
        .arg(&script)
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a Python that has run before");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("the script reads it");
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{} ended with {}", script.display(), output.status);
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// A figure that may not have been measured.
fn figure(what: &str, unit: &'static str, tolerance: Tolerance, numbers: Option<(f64, f64)>) -> Figure {
    let (expected, measured) = numbers.unzip();
    Figure { measured, ..Figure::new(what, expected.unwrap_or(f64::NAN), unit, tolerance, 0.0) }
}

/// Why a group has no numbers, or what is to be said of those that it has.
fn why(effort: Effort, is_there: bool, absent: &'static str, otherwise: &'static str) -> &'static str {
    match (effort, is_there) {
        (Effort::Quick, _) => "skipped: quick runs start no Python.",
        (Effort::Whole, false) => absent,
        (Effort::Whole, true) => otherwise,
    }
}

fn simpy(effort: Effort) -> Group {
    let (meters, at_c, crews) = PLAN;
    let theirs = (effort == Effort::Whole)
        .then(|| {
            let options =
                [("--meters", meters.to_string()), ("--temperature", at_c.to_string()), ("--crews", crews.to_string())];
            let options: Vec<String> = options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
            python("simpy", "simpy/maintenance.py", &options, "")
        })
        .flatten();
    let both = theirs.map(|theirs| {
        let number = |key: &str| theirs[key].as_f64().expect("a number");
        let ours = play(&exchanges(meters, at_c, crews, 1));
        [(number("jobs"), ours.jobs as f64), (number("wait_s"), ours.wait_s)]
    });
    Group {
        title: "The same plan in SimPy",
        source: "benches/peers/simpy/maintenance.py, a process for each meter: the same draws, crews and rules",
        how: "50,000 meters at 40 C for 20 years, whose boards, modules and capacitors fail; four crews exchange each in two hours",
        why: why(
            effort,
            both.is_some(),
            "skipped: there is no Python with SimPy (pip install simpy; AMITWIN_PYTHON names the Python).",
            "",
        ),
        figures: vec![
            figure("jobs", "", Tolerance::Within(0.0), both.map(|both| both[0])),
            figure("mean wait for a crew", "s", Tolerance::Share(0.02), both.map(|both| both[1])),
        ],
    }
}

/// Depots whose crews are nearly always at work, so that waits are those of a queue.
fn depots(effort: Effort) -> Group {
    let theirs = (effort == Effort::Whole).then(|| python("simpy", "simpy/depots.py", &[], "")).flatten();
    let both = theirs.map(|theirs| (theirs, Waited::of(&busy(1))));
    let of = |key: &str, ours: fn(&Waited) -> f64, unit_s: f64| {
        both.as_ref().map(|(theirs, waited)| (theirs[key].as_f64().expect("a number") / unit_s, ours(waited) / unit_s))
    };
    let share = Tolerance::Share(0.02);
    Group {
        title: "Depots whose crews are busy, in SimPy",
        source: "benches/peers/simpy/depots.py, a process for each meter and each crew: the same draws and rules",
        how: "61,600 meters of up to 14 years at 39 to 41 C for 20 more years: four depots with seven crews on office hours, ways, visits that scatter, \
              locked doors, and spares that an order brings after 60 days",
        why: why(
            effort,
            both.is_some(),
            "skipped: there is no Python with SimPy (pip install simpy; AMITWIN_PYTHON names the Python).",
            "With crews at work for four fifths of their shifts a job waits for other jobs as well as for the morning. Lives and visits have the \
             same random numbers on both sides, so that no standard error comes between them.",
        ),
        figures: vec![
            figure("visits", "", share, of("visits", |waited| waited.visits as f64, 1.0)),
            figure("exchanges", "", share, of("exchanges", |waited| waited.exchanges as f64, 1.0)),
            figure("crews at work, of their shifts", "%", share, of("busy_share", |waited| waited.busy_share, 0.01)),
            figure("mean wait for a crew", "d", share, of("wait_s", |waited| waited.wait_s, 86_400.0)),
            figure("nine of ten wait at most", "d", share, of("wait_p90_s", |waited| waited.wait_p90_s, 86_400.0)),
        ],
    }
}

/// Lives of the first parts of meters that nobody repairs, years: those that ended in twenty years, and as many as lived on.
fn lives(part: Part, law: Weibull, meters: u32) -> (Vec<f64>, u32) {
    let mut plan = PlanSpec::plain(meters);
    let law = Law::Life(Weibull { eta: law.eta * YEAR_S, ..law });
    plan.vintages[0].parts =
        vec![amitwin_maintenance::spec::PartSpec { law, ages_with_heat: false, ..hardware::default(part) }];
    plan.policy.alarm_s = u32::MAX / 2;
    let (mut run, mut all) = (Run::new(&plan), Rows::default());
    while run.run_year() {
        run.rows().for_each(|rows| all.append(rows));
    }
    let failed: Vec<f64> = all.failures.iter().map(|failure| failure.age_s / YEAR_S).collect();
    let living = meters - failed.len() as u32;
    (failed, living)
}

fn refit(effort: Effort) -> Group {
    let laws = [
        (Part::Gasket, Weibull { eta: 18.0, beta: 4.0 }, 20_000),
        (Part::Capacitor, Weibull { eta: 35.0, beta: 5.0 }, 200_000),
    ];
    let mut figures = Vec::new();
    let mut is_there = false;
    for (part, law, meters) in laws {
        let fit = (effort == Effort::Whole)
            .then(|| {
                let (failed, living) = lives(part, law, meters);
                let input = json!({ "failed": failed, "living": vec![20.0; living as usize] });
                python("reliability", "reliability/refit.py", &[], &input.to_string())
            })
            .flatten();
        is_there |= fit.is_some();
        let of = |key: &str, put_in: f64| fit.as_ref().map(|fit| (put_in, fit[key].as_f64().expect("a number")));
        figures.push(figure(&format!("{part}: eta"), "years", Tolerance::Share(0.02), of("eta", law.eta)));
        figures.push(figure(&format!("{part}: beta"), "", Tolerance::Share(0.05), of("beta", law.beta)));
    }
    Group {
        title: "Lives fitted again",
        source: "the laws that were put in",
        how: "Fit_Weibull_2P of PyPI's `reliability` over the ages in the table `failures`, of 20,000 gaskets and 200,000 capacitors that nobody exchanges; who lives after 20 years is censored",
        why: why(
            effort,
            is_there,
            "skipped: there is no Python with reliability (pip install reliability; AMITWIN_PYTHON names the Python).",
            "",
        ),
        figures,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn what_needs_python_is_skipped_with_its_reason() {
        let groups = groups(Effort::Quick);
        assert!(groups.iter().all(|group| group.why == "skipped: quick runs start no Python."));
        assert!(groups.iter().flat_map(|group| &group.figures).all(|f| f.verdict() == Verdict::NotMeasured));
        assert!(why(Effort::Whole, false, "skipped: none", "").starts_with("skipped"));
        assert_eq!(why(Effort::Whole, true, "skipped: none", ""), "");
    }

    #[test]
    fn lives_are_those_of_the_law_and_of_all_meters() {
        // By 18 years 63.2 % of gaskets have failed, by 20 years 1 - exp(-(20/18)^4) = 78.2 %; three standard errors of 2,000 are 2.8 %.
        let (failed, living) = lives(Part::Gasket, Weibull { eta: 18.0, beta: 4.0 }, 2_000);
        assert_eq!(failed.len() as u32 + living, 2_000);
        assert!((failed.len() as f64 / 2_000.0 - 0.782).abs() < 0.028, "{}", failed.len());
        let by_18 = failed.iter().filter(|age| **age < 18.0).count() as f64 / 2_000.0;
        assert!((by_18 - 0.632).abs() < 0.033, "{by_18}");
    }
}
