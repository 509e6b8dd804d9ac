//! What of a meter can fail, and by which law.

use crate::laws::fleet::Weibull;
use amitwin_data::rows::{Effect, Part};

/// Meters that were bought together.
#[derive(Clone, Debug, PartialEq)]
pub struct Vintage {
    /// Name.
    pub name: String,
    /// First and last moment of their installation.
    pub installed_s: (u32, u32),
    /// What of them can fail.
    pub parts: Vec<PartSpec>,
}

/// A part of a meter, or what else can go wrong with one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PartSpec {
    /// Which.
    pub part: Part,
    /// What its failure does.
    pub effect: Effect,
    /// When it fails.
    pub law: Law,
    /// It ages with heat; otherwise by the calendar.
    pub ages_with_heat: bool,
    /// What is done about it.
    pub repair: Repair,
    /// Share of its failures that a restart from afar cures.
    pub restart_cures: f64,
    /// Share that is wrong from the day on which the meter is put in: of certificates.
    pub wrong: f64,
}

/// When a part fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// Weibull over the part's age, s.
    Life(Weibull),
    /// The same, and however slowly it ages, no later than after a time by the calendar, s, which scatters as lives do.
    Capped(Weibull, f64),
    /// A measurement whose error leaves its limits.
    Drift {
        /// Standard deviation of the error of new ones.
        new_sd: f64,
        /// Standard deviation of the drift in a year of age.
        drift_sd_y: f64,
        /// Error from which on it has failed.
        limit: f64,
    },
    /// A battery whose charge is used up.
    Cell(Cell),
    /// A crystal that is further off than synchronisation makes up for.
    Crystal(Crystal),
}

/// A cell that gives a current and loses charge by itself, the faster the hotter it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Charge, Ah: 63 % of cells hold less.
    pub charge_ah: f64,
    /// How charges scatter, as the shape of a Weibull distribution.
    pub shape: f64,
    /// What the meter takes, Ah a year.
    pub load_ah_y: f64,
    /// Share that is lost in a year by itself at 20 C.
    pub self_discharge_y: f64,
}

/// A tuning-fork crystal between two synchronisations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crystal {
    /// Error of new ones at 25 C, ppm, at most; all up to that are equally frequent.
    pub within_ppm: f64,
    /// Standard deviation of the drift of that error in a year, ppm.
    pub ageing_sd_ppm_y: f64,
    /// Time between two synchronisations, s.
    pub sync_every_s: f64,
    /// Error of the time from which on a clock is wrong, s.
    pub limit_s: f64,
}

/// What is done about a failure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Repair {
    /// The meter is exchanged.
    Exchange,
    /// The part is exchanged.
    Part,
    /// A crew sets it right with what it has.
    OnSite,
    /// It passes by itself, after this time on average, s.
    Itself(f64),
}
