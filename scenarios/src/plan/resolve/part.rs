//! `[vintage.part]`: the law of a part, from its life or from what its maker says of it.

use super::Cx;
use crate::sections::plan::part::{AgesBy, CellSection, CrystalSection, PartSection, RatedSection, UsedSection};
use amitwin_data::rows::Part;
use amitwin_maintenance::hardware::STEADY;
use amitwin_maintenance::heat::{REFERENCE_C, YEAR_S};
use amitwin_maintenance::laws::fleet::Weibull;
use amitwin_maintenance::laws::{YEAR_H, capacitor, supercapacitor, uses};
use amitwin_maintenance::spec::{Cell, Crystal, Law, PartSpec, Repair};

/// Says that a setting is for other parts, if it is set.
fn misplaced(cx: &mut Cx<'_>, at: &[&str], key: &str, is_set: bool, of: &str) {
    if is_set {
        let title = format!("`{key}` is for {of} alone");
        cx.error(&[at, &[key]].concat(), title, "of no use here", format!("leave `{key}` out"));
    }
}

/// A part with what the file says otherwise of it.
pub(super) fn part(cx: &mut Cx<'_>, at: &[&str], mut spec: PartSpec, section: &PartSection) -> PartSpec {
    match &mut spec.law {
        Law::Drift { new_sd, drift_sd_y, limit } => {
            *new_sd = section.new_error.unwrap_or(*new_sd);
            *drift_sd_y = section.drift_a_year.unwrap_or(*drift_sd_y);
            *limit = section.limit.unwrap_or(*limit);
            let lives = section.life.is_some() || section.shape.is_some() || section.fail_a_year.is_some();
            let of = "parts that wear; accuracy has `new_error`, `drift_a_year` and `limit`, and";
            misplaced(cx, at, "life", lives, of);
        }
        Law::Life(weibull) => {
            let drifts = [section.new_error, section.drift_a_year, section.limit].iter().any(Option::is_some);
            misplaced(cx, at, "limit", drifts, "accuracy, and so are `new_error` and `drift_a_year`;");
            match (section.life, section.fail_a_year) {
                (Some(_), Some(_)) => {
                    let title = "a part has both `life` and `fail_a_year`";
                    cx.error(&[at, &["fail_a_year"]].concat(), title, "one of the two", "leave one of them out");
                }
                (Some(life), None) => weibull.eta = life.secs_f64(),
                (None, Some(a_year)) => *weibull = Weibull { eta: YEAR_S / a_year, beta: 1.0 },
                (None, None) => {}
            }
            weibull.beta = section.shape.unwrap_or(weibull.beta);
        }
        _ => {}
    }
    match &mut spec.repair {
        Repair::Itself(mean_s) => *mean_s = section.lasts.map_or(*mean_s, |lasts| lasts.secs_f64()),
        _ => misplaced(cx, at, "lasts", section.lasts.is_some(), "coverage"),
    }
    if spec.part == Part::Certificate {
        spec.wrong = section.wrong.unwrap_or(spec.wrong);
    } else {
        misplaced(cx, at, "wrong", section.wrong.is_some(), "certificate");
    }
    spec.restart_cures = section.restart_cures.unwrap_or(spec.restart_cures);
    spec.ages_with_heat = section.ages_by.map_or(spec.ages_with_heat, |by| by == AgesBy::Heat);
    by_maker(cx, at, &mut spec, section);
    spec
}

/// Takes the law of a part from what its maker says of it.
fn by_maker(cx: &mut Cx<'_>, at: &[&str], spec: &mut PartSpec, section: &PartSection) {
    let PartSection { rated, cell, crystal, used, .. } = section;
    let part = spec.part;
    let is = |parts: &[Part]| parts.contains(&part);
    let wrong = [
        ("rated", rated.is_some() && !is(&[Part::Capacitor, Part::Supercapacitor]), "capacitor and supercapacitor"),
        ("cell", cell.is_some() && part != Part::Battery, "battery"),
        ("crystal", crystal.is_some() && part != Part::Clock, "clock"),
        ("used", used.is_some() && !is(&[Part::Flash, Part::Relay]), "flash and relay"),
    ];
    let given: Vec<&str> = [
        ("rated", rated.is_some()),
        ("cell", cell.is_some()),
        ("crystal", crystal.is_some()),
        ("used", used.is_some()),
    ]
    .iter()
    .filter(|(_, is_given)| *is_given)
    .map(|(key, _)| *key)
    .collect();
    for (key, is_wrong, of) in wrong {
        misplaced(cx, at, key, is_wrong, of);
    }
    let Some(key) = given.first().filter(|_| wrong.iter().all(|(_, is_wrong, _)| !is_wrong)) else { return };
    let shape_is_unused = part == Part::Clock && section.shape.is_some();
    let doubled = [
        ("life", section.life.is_some()),
        ("fail_a_year", section.fail_a_year.is_some()),
        ("ages_by", section.ages_by.is_some()),
        ("shape", shape_is_unused),
    ];
    for (other, _) in doubled.iter().filter(|(_, is_given)| *is_given) {
        let title = format!("`{key}` says how long a part lives, and `{other}` says it again");
        cx.error(&[at, &[other]].concat(), title, "one of the two", format!("leave `{other}` or `{key}` out"));
    }
    // What makers rate scatters by a tenth.
    let shape = section.shape.unwrap_or(STEADY);
    let years = |life_y: f64| Weibull { eta: life_y * YEAR_S, beta: shape };
    if let Some(rated) = rated {
        spec.law = rating(cx, &[at, &["rated"]].concat(), part, rated, years);
        spec.ages_with_heat = true;
    }
    if let Some(CellSection { charge_ah, load_mah_year, self_discharge }) = cell {
        spec.law = Law::Cell(Cell {
            charge_ah: *charge_ah,
            shape,
            load_ah_y: load_mah_year / 1_000.0,
            self_discharge_y: *self_discharge,
        });
        spec.ages_with_heat = false;
    }
    if let Some(CrystalSection { within_ppm, ageing_ppm_year, sync_every, limit }) = crystal {
        spec.law = Law::Crystal(Crystal {
            within_ppm: *within_ppm,
            ageing_sd_ppm_y: *ageing_ppm_year,
            sync_every_s: sync_every.secs_f64(),
            limit_s: limit.secs_f64(),
        });
        spec.ages_with_heat = false;
    }
    if let Some(UsedSection { times, a_day }) = used {
        spec.law = Law::Life(years(uses::life_y(*times, *a_day)));
        spec.ages_with_heat = false;
    }
}

/// The law of a capacitor or a supercapacitor that is rated for some hours at a temperature.
fn rating(cx: &mut Cx<'_>, at: &[&str], part: Part, rated: &RatedSection, years: impl Fn(f64) -> Weibull) -> Law {
    let RatedSection { hours, at_c, at_most, volts, used_at_volts, esr_ohm, burst_a } = rated;
    if part == Part::Capacitor {
        for (key, is_set) in [("volts", volts.is_some()), ("used_at_volts", used_at_volts.is_some())] {
            misplaced(cx, at, key, is_set, "supercapacitor");
        }
        let eta_y =
            hours * libm::exp2((at_c - REFERENCE_C) / 10.0) / YEAR_H * until_brown_out(cx, at, *esr_ohm, *burst_a);
        let at_most_s = at_most.map_or(capacitor::LIFE_MAX_Y * YEAR_S, |time| time.secs_f64());
        return Law::Capped(years(eta_y), at_most_s);
    }
    let of_capacitor = [("at_most", at_most.is_some()), ("esr_ohm", esr_ohm.is_some()), ("burst_a", burst_a.is_some())];
    for (key, is_set) in of_capacitor {
        misplaced(cx, at, key, is_set, "capacitor");
    }
    let (Some(volts), Some(used_at)) = (volts, used_at_volts) else {
        if volts.is_some() != used_at_volts.is_some() {
            let title = "a supercapacitor is rated at `volts` and kept at `used_at_volts`, and one of them is missing";
            cx.error(at, title, "name both", "for example volts = 2.7 and used_at_volts = 2.1");
        }
        return Law::Life(years(supercapacitor::life_y(*hours, *at_c, 0.0, REFERENCE_C, 0.0)));
    };
    if used_at > volts {
        let title = format!("the supercapacitor is kept at {used_at} V and rated for {volts} V");
        cx.error(&[at, &["used_at_volts"]].concat(), title, "too much", "let it be `volts` at most");
    }
    Law::Life(years(supercapacitor::life_y(*hours, *at_c, *volts, REFERENCE_C, *used_at)))
}

/// Share of its rated life after which a capacitor lets the meter restart with each burst; the whole where nothing is said of bursts.
fn until_brown_out(cx: &mut Cx<'_>, at: &[&str], esr_ohm: Option<f64>, burst_a: Option<f64>) -> f64 {
    match (esr_ohm, burst_a) {
        (Some(new_ohm), Some(burst_a)) => {
            let share = capacitor::brown_out_share(new_ohm, burst_a);
            if share <= 0.0 {
                let most = capacitor::brown_out_ohm(burst_a);
                let title = format!(
                    "bursts of {burst_a} A restart a meter from {most:.3} ohm on, and a new capacitor has {new_ohm}"
                );
                cx.error(&[at, &["esr_ohm"]].concat(), title, "never works", "correct one of the two");
            }
            share
        }
        (None, None) => 1.0,
        _ => {
            let title = "a capacitor has `esr_ohm` against bursts of `burst_a`, and one of them is missing";
            cx.error(at, title, "name both", "for example esr_ohm = 0.1 and burst_a = 2");
            1.0
        }
    }
}
