//! Figures of single parts and of rules of maintenance by formulas, beside values that others have worked out.

use super::{Figure, Group, Tolerance};
use amitwin_maintenance::laws::fleet::Weibull;
use amitwin_maintenance::laws::{
    battery, capacitor, clock, crews, monitoring, replacement, sampling, supercapacitor, uses,
};

/// A figure to within 1 %.
fn share(what: &str, expected: f64, unit: &'static str, measured: f64) -> Figure {
    Figure::new(what, expected, unit, Tolerance::Share(0.01), measured)
}

/// Lives of parts, and clocks.
pub fn lives() -> Group {
    let capacitor_y = |at_c| capacitor::life_y(2_000.0, 105.0, at_c);
    // Of so short a rating that no calendar ends it.
    let doubled = capacitor::life_y(100.0, 105.0, 40.0) / capacitor::life_y(100.0, 105.0, 105.0);
    let supercapacitor_y = |at_c| supercapacitor::life_y(1_000.0, 65.0, 2.7, at_c, 2.1);
    Group {
        title: "Lives of parts, and clocks",
        source: "makers' tables and formulas (nichicon, rubycon, spscap, serui-battery), as models/maintenance/README.md names them",
        how: "the laws of models/maintenance",
        why: "",
        figures: vec![
            share("capacitor of 2,000 h at 105 C, at 45 C", 14.6, "years", capacitor_y(45.0)),
            share("the same at 50 C", 10.3, "years", capacitor_y(50.0)),
            share("the same at 60 C", 5.16, "years", capacitor_y(60.0)),
            share("doubling for each 10 K, 105 to 40 C", 90.5, "times", doubled),
            share("Arrhenius of 0.745 eV, 105 to 40 C", 115.0, "times", capacitor::arrhenius(0.745, 105.0, 40.0)),
            share("energy that doubles for each 10 K at 80 C", 0.745, "eV", capacitor::energy_of_doubling_ev(80.0)),
            share("resistance at which a burst of 2 A browns out", 0.30, "ohm", capacitor::brown_out_ohm(2.0)),
            share("the same of 0.5 A", 1.2, "ohm", capacitor::brown_out_ohm(0.5)),
            share("supercapacitor of 1,000 h, 65 C, 2.7 V, at 25 C and 2.1 V", 8.81, "years", supercapacitor_y(25.0)),
            share("the same at 45 C", 2.2, "years", supercapacitor_y(45.0)),
            share(
                "last gasp of 45 s with three frames",
                1.46,
                "J",
                supercapacitor::last_gasp_j(45.0, 0.030, 3, 0.0186, 2.0),
            ),
            share("cell of 8.5 Ah at 620.5 mAh a year", 12.1, "years", battery::life_y(8.5, 0.6205, 0.02)),
            share("clock at 60 C, a day", -3.60, "s", clock::gain_s_a_day(60.0)),
            share(
                "time between synchronisations for 1 s at 20 ppm",
                13.9,
                "h",
                clock::sync_every_s(1.0, 20.0) / 3_600.0,
            ),
            share(
                "writes a day of a flash sector that lasts 20 years",
                13.7,
                "",
                uses::uses_a_day(uses::FLASH_CYCLES, 20.0),
            ),
            share("flash written each 15 minutes", 2.85, "years", uses::life_y(uses::FLASH_CYCLES, 96.0)),
            share("relay of 10,000 operations, two a day", 13.7, "years", uses::life_y(uses::RELAY_OPERATIONS, 2.0)),
        ],
    }
}

/// Lots, crews, reports and replacement at an age.
pub fn rules() -> Group {
    // Eight values of each of a million meters each quarter of an hour.
    let a_day = |k, in_a_row| monitoring::false_reports_a_day(1e6 * 8.0 * 96.0, k, in_a_row);
    let (age, cost) =
        replacement::best_age(Weibull { eta: 1_000.0, beta: 2.5 }, 1.0, 5.0).unwrap_or((f64::NAN, f64::NAN));
    Group {
        title: "Rules of maintenance",
        source: "binomial and normal tails, Erlang C, and the package `reliability` of PyPI for the age of replacement; false reports of three in a row are rounded to one",
        how: "the laws of models/maintenance",
        why: "",
        figures: vec![
            share("lots with 2 % bad that 7 of 200 accept", 95.1, "%", 100.0 * sampling::passes(200, 7, 0.02)),
            share("the same with 3 %", 74.6, "%", 100.0 * sampling::passes(200, 7, 0.03)),
            share("the same with 5 %", 21.3, "%", 100.0 * sampling::passes(200, 7, 0.05)),
            share("jobs that wait for one of ten crews, 54 a day", 66.9, "%", 100.0 * crews::waits(10, 9.0).0),
            share("the same, 57 a day", 82.6, "%", 100.0 * crews::waits(10, 9.5).0),
            share("false reports a day beyond 3 sd", 2.07, "million", a_day(3.0, 1) / 1e6),
            share("the same beyond 4 sd", 48.6, "thousand", a_day(4.0, 1) / 1e3),
            share("the same beyond 5 sd", 440.0, "", a_day(5.0, 1)),
            Figure::new("the same beyond 3 sd, three in a row", 4.0, "", Tolerance::Within(0.5), a_day(3.0, 3)),
            share("best age of replacement, Weibull(1,000 h, 2.5), cost 1 against 5", 493.0, "h", age),
            share("its cost over 1,000 hours", 3.46, "", 1_000.0 * cost),
        ],
    }
}
