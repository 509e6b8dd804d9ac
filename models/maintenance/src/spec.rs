//! What a plan is made of: plain values, as the model uses them. Times are seconds, since the plan's epoch where they are moments.

use crate::climate::Climate;
use crate::heat::Enclosure;
use crate::hours::YearOfHours;
use crate::radio::Radio;
use crate::shifts::Shifts;
use amitwin_data::rows::{Effect, Part, Reason};
use std::sync::Arc;

pub use crate::part::{Cell, Crystal, Law, PartSpec, Repair, Vintage};

/// A plan: a fleet, who looks after it and by what rules, for how long.
#[derive(Clone, Debug)]
pub struct PlanSpec {
    /// Seed of everything random.
    pub seed: u64,
    /// Day of the year of the epoch, at which the oldest meter was installed or the plan begins.
    pub first_day: f64,
    /// When the plan begins.
    pub start_s: u32,
    /// Years that it lasts.
    pub years: u32,
    /// Hardware of the meters.
    pub vintages: Vec<Vintage>,
    /// Where meters stand and who looks after them.
    pub depots: Vec<DepotSpec>,
    /// By what rules.
    pub policy: Policy,
    /// How work goes.
    pub work: Work,
    /// What meters do all day.
    pub duty: Duty,
    /// What things and work cost.
    pub prices: Prices,
    /// What years do to the radio; without it whoever works is heard.
    pub radio: Option<Radio>,
    /// Generations of firmware that come to the meters, the earliest first.
    pub firmware: Vec<Firmware>,
}

/// A generation of firmware.
#[derive(Clone, Debug, PartialEq)]
pub struct Firmware {
    /// Name.
    pub name: String,
    /// First and last moment at which a meter gets it.
    pub comes_s: (u32, u32),
    /// Vintages that get it, by place.
    pub vintages: Vec<u16>,
    /// Share of the meters that the update leaves silent.
    pub bricked: f64,
    /// Share of failures of the module that a restart from afar cures from then on; as before if it changes nothing.
    pub cures: Option<f64>,
}

/// What meters do all day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Duty {
    /// Reads a day that each is asked for.
    pub reads_a_day: f64,
    /// Energy that each measures in a year, kWh.
    pub energy_kwh_y: f64,
    /// How long intervals of a silent meter can be made up for, s.
    pub kept_s: u32,
    /// How long a silent meter's certificate lasts, s; 0 for ever.
    pub certificate_s: u32,
    /// What water in the case does to the hazard of boards.
    pub wet_factor: f64,
    /// What frames that are sent again, because water weakens the signal, do to the hazard of modules and the drain of batteries.
    pub retry_factor: f64,
}

/// Where meters stand and who looks after them.
#[derive(Clone, Debug)]
pub struct DepotSpec {
    /// Name.
    pub name: String,
    /// Name of the climate.
    pub climate_name: String,
    /// Climate.
    pub climate: Climate,
    /// Its hours, if they were read; then `climate` is what they are on average.
    pub hours: Option<Arc<YearOfHours>>,
    /// How the meters' inside warms up.
    pub enclosure: Enclosure,
    /// Standard deviation of how much warmer than others a meter is, K.
    pub spread_k: f64,
    /// Number of its first meter in the fleet.
    pub first: u32,
    /// Its meters.
    pub meters: Meters,
    /// Area, km2.
    pub area_km2: f64,
    /// Middle, m east and north of the plan's origin.
    pub middle_m: (f64, f64),
    /// Crews.
    pub crews: Vec<Crews>,
    /// Spares; what is not listed never runs out.
    pub stock: Vec<StockSpec>,
}

/// Meters of a depot.
#[derive(Clone, Debug)]
pub enum Meters {
    /// So many, of the vintages in these shares.
    Drawn(u32, Arc<[f64]>),
    /// These.
    Listed(Arc<[Listed]>),
}

impl Meters {
    /// How many.
    pub fn count(&self) -> u32 {
        match self {
            Meters::Drawn(count, _) => *count,
            Meters::Listed(list) => list.len() as u32,
        }
    }
}

/// A meter of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Listed {
    /// Its vintage, by place.
    pub vintage: u16,
    /// When it was installed.
    pub installed_s: u32,
}

/// Crews of one name, who can do the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Crews {
    /// Name.
    pub name: Arc<str>,
    /// How many.
    pub count: u32,
    /// What they can do.
    pub skills: Tasks,
    /// Share of their visits after which they give the work back, as contractors do.
    pub handed_back: f64,
}

impl Crews {
    /// So many who can do that.
    pub fn of(count: u32, skills: Tasks) -> Crews {
        Crews { name: Arc::from("own"), count, skills, handed_back: 0.0 }
    }
}

/// Spares of a kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StockSpec {
    /// A part; `None` for whole meters.
    pub part: Option<Part>,
    /// How many there are, and are again when an order has come.
    pub full: u32,
    /// How many are left when more are ordered.
    pub reorder: u32,
    /// From the order until they come.
    pub lead_s: u32,
}

/// What is done at a meter, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tasks(pub u16);

impl Tasks {
    /// Look at case, socket and seals.
    pub const INSPECT: Tasks = Tasks(1);
    /// Clean, with a new gasket.
    pub const CLEAN: Tasks = Tasks(2);
    /// Check the measurement at 15, 30 and 60 A, and adjust it.
    pub const CALIBRATE: Tasks = Tasks(4);
    /// Look through the table of neighbours: who of them is weak, and who is not there.
    pub const NEIGHBOURS: Tasks = Tasks(8);
    /// Test the battery.
    pub const BATTERY: Tasks = Tasks(16);
    /// Test the supercapacitor.
    pub const SUPERCAPACITOR: Tasks = Tasks(32);
    /// Restart the module and set the clock.
    pub const RESTART: Tasks = Tasks(64);
    /// Put a new meter in its place.
    pub const EXCHANGE: Tasks = Tasks(128);
    /// Put right what is found to have failed.
    pub const REPAIR: Tasks = Tasks(256);
    /// Each by itself.
    pub const EACH: [Tasks; 9] = [
        Tasks::INSPECT,
        Tasks::CLEAN,
        Tasks::CALIBRATE,
        Tasks::NEIGHBOURS,
        Tasks::BATTERY,
        Tasks::SUPERCAPACITOR,
        Tasks::RESTART,
        Tasks::EXCHANGE,
        Tasks::REPAIR,
    ];
    /// All of them.
    pub const ALL: Tasks = Tasks(511);
    /// What files and tables call each, in the order of [`Tasks::EACH`].
    pub const WORDS: [&str; 9] =
        ["inspect", "clean", "calibrate", "neighbours", "battery", "supercapacitor", "restart", "exchange", "repair"];

    /// Both together.
    pub const fn with(self, other: Tasks) -> Tasks {
        Tasks(self.0 | other.0)
    }

    /// Whether all of the others are among these.
    pub const fn has(self, other: Tasks) -> bool {
        self.0 & other.0 == other.0
    }
}

/// By what rules meters are looked after.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// From a meter's falling silent until the head-end is sure of it, s.
    pub alarm_s: u32,
    /// From then until somebody is sent, s: most come back by themselves.
    pub patience_s: u32,
    /// Whether silent meters are restarted from afar.
    pub restarts: bool,
    /// Within what time a known failure is to be seen to, s.
    pub repair_within_s: u32,
    /// What meters report of their health.
    pub watch: Option<Watch>,
    /// Lots that are judged by samples.
    pub lots: Option<Lots>,
    /// What is done when.
    pub rules: Vec<Rule>,
}

/// Health that meters report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watch {
    /// How often, s; for reports on leaving a band, how often values are taken.
    pub every_s: u32,
    /// Length of a report, byte.
    pub report_bytes: u32,
    /// The clock.
    pub clock: bool,
    /// Voltages: batteries, capacitors and supercapacitors.
    pub voltage: bool,
    /// The level of signals.
    pub rssi: bool,
    /// The measurement, by its phase angle and against neighbours.
    pub phase: bool,
    /// Standard deviation of what a meter can say of its own error.
    pub phase_sd: f64,
    /// Share of a part's life from which on its voltage shows.
    pub worn: f64,
    /// Only what leaves its band is reported.
    pub band: Option<Band>,
}

/// What makes a meter report by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Standard deviations.
    pub k: f64,
    /// Values in a row.
    pub in_a_row: u32,
    /// Quantities that are watched.
    pub values: u32,
}

/// Verification by law: the meters of a vintage at a depot are a lot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lots {
    /// Age at which a lot is due for the first time, s.
    pub first_s: u32,
    /// How long a lot may go on that has passed, s.
    pub extension_s: u32,
    /// Meters of a sample.
    pub sample: u32,
    /// How many of them may be bad.
    pub accepted: u32,
    /// Error from which on one is.
    pub limit: f64,
    /// Within what time samples are taken, and a lot that has failed is exchanged, s.
    pub within_s: u32,
}

/// What is done when.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Name.
    pub name: String,
    /// When.
    pub when: When,
    /// What.
    pub tasks: Tasks,
    /// Within what time, s.
    pub within_s: u32,
    /// How urgent: 0 before all others.
    pub priority: u8,
    /// For which meters.
    pub only: Only,
}

/// Meters that a rule is for: those of some vintages at some depots.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Only {
    /// Vintages, by place; none stands for all.
    pub vintages: Vec<u16>,
    /// Depots, by number; none stands for all.
    pub depots: Vec<u32>,
}

impl Only {
    /// Whether meters of a vintage at a depot are among them.
    pub fn has(&self, vintage: u16, depot: u32) -> bool {
        (self.vintages.is_empty() || self.vintages.contains(&vintage))
            && (self.depots.is_empty() || self.depots.contains(&depot))
    }
}

/// When a rule holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// Each time so much time has passed, s.
    Every(u32),
    /// Each time the meters of the depot have aged by so much, reference s.
    Heat(u32),
    /// Once, at an age, s.
    Age(u32),
    /// When the head-end hears of it.
    Seen(Code),
}

impl When {
    /// Why somebody goes.
    pub fn reason(self) -> Reason {
        match self {
            When::Every(_) | When::Heat(_) => Reason::Interval,
            When::Age(_) => Reason::Age,
            When::Seen(code) if code.is_failure() => Reason::Failure,
            When::Seen(_) => Reason::Condition,
        }
    }
}

/// What the head-end hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// E001: the measurement drifts.
    Calibration,
    /// E042: somebody has been at the meter.
    Tamper,
    /// E105: nothing has been heard over the radio.
    Radio,
    /// Err 05: the metrology has locked itself.
    Metrology,
    /// The clock is off.
    Clock,
    /// Signals are weaker.
    Signal,
    /// A voltage is low.
    Voltage,
    /// A socket is hot.
    Hot,
    /// What the meter sends is not accepted: its certificate was wrong from the beginning.
    Certificate,
}

impl Code {
    /// Every code.
    pub const ALL: [Code; 9] = [
        Code::Calibration,
        Code::Tamper,
        Code::Radio,
        Code::Metrology,
        Code::Clock,
        Code::Signal,
        Code::Voltage,
        Code::Hot,
        Code::Certificate,
    ];

    /// As meters and head-ends show it.
    pub const fn word(self) -> &'static str {
        match self {
            Code::Calibration => "E001",
            Code::Tamper => "E042",
            Code::Radio => "E105",
            Code::Metrology => "Err 05",
            Code::Clock => "clock",
            Code::Signal => "signal",
            Code::Voltage => "voltage",
            Code::Hot => "hot",
            Code::Certificate => "certificate",
        }
    }

    /// What says it.
    pub const fn of(effect: Effect) -> Code {
        match effect {
            Effect::Dead | Effect::Silent => Code::Radio,
            Effect::Drifting => Code::Calibration,
            Effect::WrongClock => Code::Clock,
            Effect::Wet => Code::Signal,
            Effect::NoLastGasp => Code::Voltage,
            Effect::Tampered => Code::Tamper,
            Effect::LockedOut => Code::Metrology,
            Effect::Hot => Code::Hot,
        }
    }

    /// Known without any report of health: something has failed.
    pub const fn is_failure(self) -> bool {
        matches!(self, Code::Tamper | Code::Radio | Code::Metrology | Code::Hot | Code::Certificate)
    }
}

/// How work goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// When crews work.
    pub shifts: Shifts,
    /// Speed between meters, km/h.
    pub speed_kmh: f64,
    /// Standard deviation of a visit's time over its mean, 0 to 1.
    pub spread: f64,
    /// Share of visits where nobody opens.
    pub missed: f64,
    /// When another one follows, s.
    pub missed_again_s: u32,
    /// Time at the door, s.
    pub visit_s: u32,
    /// Time of each task, s, in the order of [`Tasks::EACH`].
    pub tasks_s: [u32; 9],
    /// Share of its life from which on a part is exchanged by who tests it.
    pub worn: f64,
}

impl Work {
    /// Mean time of tasks, s.
    pub fn time_s(&self, tasks: Tasks) -> u32 {
        Tasks::EACH.iter().zip(self.tasks_s).filter(|(task, _)| tasks.has(**task)).map(|(_, time_s)| time_s).sum()
    }

    /// Time of tasks on a visit that takes so much of its mean time, s.
    pub fn more_s(&self, tasks: Tasks, pace: f64) -> u32 {
        (f64::from(self.time_s(tasks)) * pace) as u32
    }
}

/// What things and work cost, in one currency.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    /// A visit.
    pub visit: f64,
    /// An hour of a crew on the way or at work.
    pub crew_hour: f64,
    /// A meter.
    pub meter: f64,
    /// Other parts.
    pub parts: Vec<(Part, f64)>,
    /// A remote check or a special read.
    pub special_read: f64,
    /// The correction of a bill.
    pub bill_correction: f64,
    /// A kWh.
    pub kwh: f64,
    /// A megabyte of health reports.
    pub megabyte: f64,
    /// What later money is worth less, a year.
    pub discount: f64,
}

impl Prices {
    /// What a part costs.
    pub fn part(&self, part: Part) -> f64 {
        self.parts.iter().find(|(known, _)| *known == part).map_or(0.0, |(_, price)| *price)
    }
}
