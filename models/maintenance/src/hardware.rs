//! The parts of an electricity meter with what is known of their lives, to start from.
//!
//! Sources stand in the README. What they do not tell is marked as an assumption.

use crate::heat::YEAR_S;
use crate::laws::fleet::{METER, Weibull};
use crate::laws::{accuracy, uses};
use crate::spec::{Law, PartSpec, Repair};
use amitwin_data::rows::{Effect, Part};

/// Shape of a life that scatters by a tenth.
pub const STEADY: f64 = 12.0;

/// Every part, with its default life. Those of [`OFF`] are on no meter unless it is said.
pub fn parts() -> Vec<PartSpec> {
    Part::ALL.iter().map(|part| default(*part)).collect()
}

/// Parts that a meter does not have, or whose failures do not count, unless it is said.
pub const OFF: [Part; 5] = [Part::Supercapacitor, Part::Battery, Part::Relay, Part::Flash, Part::Coverage];

/// The parts that a meter has when nothing is said.
pub fn usual() -> Vec<PartSpec> {
    parts().into_iter().filter(|spec| !OFF.contains(&spec.part)).collect()
}

/// A part with its default life.
pub fn default(part: Part) -> PartSpec {
    let years = |weibull: Weibull| Law::Life(Weibull { eta: weibull.eta * YEAR_S, ..weibull });
    let at_random = |a_year: f64| years(Weibull { eta: 1.0 / a_year, beta: 1.0 });
    let steady = |life_y: f64| years(Weibull { eta: life_y, beta: STEADY });
    let (effect, law, ages_with_heat, repair) = match part {
        Part::Board => (Effect::Dead, years(METER[0]), true, Repair::Exchange),
        Part::Module => (Effect::Silent, years(METER[1]), true, Repair::Exchange),
        Part::Capacitor => (Effect::Dead, years(METER[2]), true, Repair::Exchange),
        // 8.8 years at 25 C are 6.2 at 30.
        Part::Supercapacitor => (Effect::NoLastGasp, steady(6.2), true, Repair::Part),
        // The calendar, because drain and not heat is most of it.
        Part::Battery => (Effect::Silent, steady(12.1), false, Repair::Part),
        Part::Relay => (
            Effect::LockedOut,
            steady(uses::life_y(uses::RELAY_OPERATIONS, uses::RELAY_MOVES_A_DAY)),
            false,
            Repair::Exchange,
        ),
        Part::Flash => (Effect::Silent, steady(uses::life_y(uses::FLASH_CYCLES, 4.0)), false, Repair::Exchange),
        Part::Gasket => (Effect::Wet, years(Weibull { eta: 18.0, beta: 4.0 }), false, Repair::Part),
        Part::Accuracy => (
            Effect::Drifting,
            Law::Drift { new_sd: accuracy::NEW_SD, drift_sd_y: accuracy::DRIFT_SD_Y, limit: accuracy::LIMIT },
            true,
            Repair::OnSite,
        ),
        // 1,600 of two million, taken as those of five years.
        Part::Clock => (Effect::WrongClock, at_random(1.6e-4), true, Repair::Exchange),
        // One in 10,000 updates (an assumption), two updates a year.
        Part::Firmware => (Effect::Silent, at_random(2e-4), false, Repair::OnSite),
        // It runs out when the meter is silent for long, and never by itself.
        Part::Certificate => {
            (Effect::Silent, Law::Life(Weibull { eta: f64::INFINITY, beta: 1.0 }), false, Repair::OnSite)
        }
        Part::Tamper => (Effect::Tampered, at_random(5e-4), false, Repair::OnSite),
        Part::Lockout => (Effect::LockedOut, at_random(2e-4), false, Repair::Exchange),
        Part::Socket => (Effect::Hot, at_random(9e-6), false, Repair::OnSite),
        // Twice a year for ten days (an assumption): 5.5 % at any time, of which one in twenty outlasts a certificate.
        Part::Coverage => (Effect::Silent, at_random(2.0), false, Repair::Itself(10.0 * crate::heat::DAY_S)),
    };
    let restart_cures = if part == Part::Module { 0.15 } else { 0.0 };
    PartSpec { part, effect, law, ages_with_heat, repair, restart_cures, wrong: 0.0 }
}
