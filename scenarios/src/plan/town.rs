//! A plan's fleet at a date as a scenario of frames: a placement, lists of meters, and the events that happen to them.

mod sites;

use super::load::{Plan, Variant};
use super::resolve::{date, unix_s};
use amitwin_data::placement::{self, RecordKind};
use amitwin_data::rows::Effect;
use amitwin_dlms::objects::civil::date_of;
use amitwin_maintenance::condition::Condition;
use amitwin_maintenance::heat::{DAY_S, Enclosure, YEAR_S};
use amitwin_maintenance::spec::{DepotSpec, Law};
use amitwin_maintenance::{PlanSpec, Run};
use amitwin_models::spec::{Climate, utc};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

/// The scenario.
const SCENARIO: &str = "scenario.toml";
/// The sites.
const SITES: &str = "meters.csv";
/// Who does not send.
const OFF: &str = "off.txt";
/// Who has water in the case.
const WET: &str = "wet.txt";
/// The hours of the weather.
const WEATHER: &str = "weather.epw";
/// Whose messages are not accepted.
const REFUSED: &str = "certificate.txt";
/// Failures that frames have no fault for.
const LEFT_OUT: [Effect; 6] =
    [Effect::Drifting, Effect::WrongClock, Effect::NoLastGasp, Effect::Tampered, Effect::LockedOut, Effect::Hot];
/// Meters behind a border router, where the list has none.
const METERS_PER_ROUTER: usize = 500;
/// Longest name of a scenario.
const NAME_CHARS_MAX: usize = 80;
/// Losses below this are none, dB.
const LOSS_MIN_DB: f64 = 0.05;

/// The files of a scenario, and what they hold.
#[derive(Clone, Debug)]
pub struct Town {
    /// Their names and contents; the scenario is called [`SCENARIO`].
    pub files: Vec<(String, String)>,
    /// Meters that are there.
    pub meters: usize,
    /// Of them those that do not send.
    pub off: usize,
    /// Of the others those with water in the case.
    pub wet: usize,
    /// Of those that send the ones whose certificates keep them from being accepted.
    pub refused: usize,
    /// Meters that send and have a failure for which frames have no fault, by its effect; all of them when there are none.
    pub left_out: Vec<(Effect, usize)>,
    /// What to know before running it.
    pub notes: Vec<String>,
}

/// Why there is no such scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TownError {
    /// No date.
    #[error("`{0}` is no date; write 2038, 2038-08 or 2038-08-15")]
    Date(String),
    /// Not within the plan.
    #[error(
        "{0} is not within the plan, which goes from {1} to the end of {2}; choose a date in it, or change `years`"
    )]
    Outside(String, u32, u32),
    /// The fleet is generated.
    #[error(
        "the meters of this plan are numbers without places; list them in a file with id, lat and lon, and name it with `fleet.file`"
    )]
    NoPlaces,
    /// Nobody is there yet.
    #[error("no meter is installed on {0}; choose a later date")]
    Nobody(String),
    /// A list of ids could not be told from a comment.
    #[error("the id `{0}` begins with #, which is a comment in a list of ids; rename the meter")]
    Id(String),
    /// A weather file cannot be read again.
    #[error("{0}: {1}; the weather was read before, so put the file back and try again")]
    Weather(String, String),
    /// The list of meters cannot be read again.
    #[error("{0}; the list was read before, so put it back as it was and try again")]
    List(String),
}

/// The fleet of a variant at a date (a year, a month or a day, from whose first moment it is taken) with the plan's seed.
///
/// # Errors
/// A date that is none or not within the plan, a fleet without places, a list that has changed.
pub fn town(plan: &Plan, variant: &Variant, at: &str) -> Result<Town, TownError> {
    let day = date(at).map_err(|text| TownError::Date(text.to_owned()))?;
    let spec = &variant.spec;
    let first_year = date_of(plan.start_unix_s / DAY_S as i64).0 as u32;
    let epoch_s = plan.start_unix_s - i64::from(spec.start_s);
    let unix = unix_s(day.0) + i64::from(day.1) * DAY_S as i64;
    let time_s = unix - epoch_s;
    let years = first_year..first_year + spec.years;
    if !years.contains(&day.0) || time_s >= i64::from(spec.end_s()) {
        return Err(TownError::Outside(at.to_owned(), years.start, years.end - 1));
    }
    let Some(list) = &variant.list else { return Err(TownError::NoPlaces) };
    let read = placement::read(&list.path, &list.options).map_err(|error| TownError::List(error.to_string()))?;
    let seeded = PlanSpec { seed: plan.seed, ..spec.clone() };
    let there = Run::new(&seeded).stop_at(time_s as u32);
    if there.is_empty() {
        return Err(TownError::Nobody(at.to_owned()));
    }
    let name = |condition: &Condition| variant.nodes[condition.meter as usize].name.as_str();
    if let Some(id) = there.iter().map(name).find(|id| id.starts_with('#')) {
        return Err(TownError::Id(id.to_owned()));
    }
    let by_name: HashMap<&str, &Condition> = there.iter().map(|condition| (name(condition), condition)).collect();
    let off: Vec<&str> = there.iter().filter(|c| c.is_off).map(name).collect();
    let sends = |condition: &&Condition| !condition.is_off;
    let wet: Vec<&str> = there.iter().filter(sends).filter(|c| c.has(Effect::Wet)).map(name).collect();
    let refused: Vec<&str> = there.iter().filter(sends).filter(|c| c.is_refused).map(name).collect();
    let of = |effect| (effect, there.iter().filter(sends).filter(|c| c.has(effect)).count());
    let left_out: Vec<(Effect, usize)> = LEFT_OUT.map(of).into_iter().filter(|(_, count)| *count > 0).collect();
    let mut by_age: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for condition in there.iter().filter(|c| !c.is_off) {
        let age_y = ((time_s as f64 - f64::from(condition.since_s)) / YEAR_S).round();
        if age_y * variant.radio.ageing_db_y >= LOSS_MIN_DB {
            by_age.entry(age_y as u32).or_default().push(name(condition));
        }
    }
    let mut notes = Vec::new();
    let mut files = vec![(SITES.to_owned(), sites::text(&read, &by_name, (variant, list), epoch_s))];
    let mut events = String::new();
    let mut happens = |event: &str, act: &str, file: String, ids: &[&str], files: &mut Vec<(String, String)>| {
        if !ids.is_empty() {
            let _ = write!(
                events,
                "\n[[event]]\nname = \"{event}\"\n{act}\nat = \"0s\"\ntarget = {{ file = \"{file}\" }}\n"
            );
            files.push((file, ids.join("\n") + "\n"));
        }
    };
    let loss = |db: f64| format!("act = \"extra-loss\"\nloss = \"{:.2} dB\"", db);
    happens("off", "act = \"power-off\"", OFF.to_owned(), &off, &mut files);
    // They relay on, and nothing that they say counts.
    happens("certificate", "act = \"hang\"", REFUSED.to_owned(), &refused, &mut files);
    if variant.radio.wet_db >= LOSS_MIN_DB {
        happens("wet", &loss(variant.radio.wet_db), WET.to_owned(), &wet, &mut files);
    }
    for (age_y, ids) in &by_age {
        let act = loss(f64::from(*age_y) * variant.radio.ageing_db_y);
        happens(&format!("age {age_y} y"), &act, format!("age-{age_y:02}.txt"), ids, &mut files);
    }
    told(&left_out, &there, &mut notes);
    let has_routers = read.records.iter().any(|record| record.kind == RecordKind::Gateway);
    let routers = (!has_routers).then(|| there.len().div_ceil(METERS_PER_ROUTER));
    if let Some(routers) = routers {
        notes.push(format!(
            "the list has no border routers (kind gateway): {SCENARIO} spreads {routers} over the meters; correct `gateways`"
        ));
    }
    let head = Head { plan, variant, at, unix, routers, there: &there, time_s, off: off.len() };
    let hours = head.hours()?;
    let scenario = head.text(hours.is_some(), &mut notes) + &events;
    files.extend(hours.map(|text| (WEATHER.to_owned(), text)));
    files.insert(0, (SCENARIO.to_owned(), scenario));
    let (off, wet, refused) = (off.len(), wet.len(), refused.len());
    Ok(Town { files, meters: there.len(), off, wet, refused, left_out, notes })
}

/// What frames do not show, by kind.
fn told(left_out: &[(Effect, usize)], there: &[Condition], notes: &mut Vec<String>) {
    let kinds: Vec<String> = left_out.iter().map(|(effect, count)| format!("{count} {}", effect.as_str())).collect();
    if !kinds.is_empty() {
        notes.push(format!(
            "a run of frames has no fault for what is wrong with these meters: {}; the column {} of {SITES} names them",
            kinds.join(", "),
            sites::FAULTS
        ));
    }
    if let Some((_, silent)) = left_out.iter().find(|(effect, _)| *effect == Effect::NoLastGasp) {
        let share = 1.0 - *silent as f64 / there.len() as f64;
        notes.push(format!("with [last_gasp] in the scenario, bellwethers = {share:.3} has as many that say nothing"));
    }
    let out_of_reach = there.iter().filter(|c| c.is_out_of_reach && !c.is_off).count();
    if out_of_reach > 0 {
        notes.push(format!(
            "{out_of_reach} are out of reach for a while in the plan; who is in the run shows by itself"
        ));
    }
}

/// What a scenario says before its events.
struct Head<'a> {
    plan: &'a Plan,
    variant: &'a Variant,
    at: &'a str,
    unix: i64,
    routers: Option<usize>,
    there: &'a [Condition],
    time_s: i64,
    off: usize,
}

impl Head<'_> {
    /// The depot with most meters.
    fn largest(&self) -> Option<&DepotSpec> {
        let depots = &self.variant.spec.depots;
        depots.iter().enumerate().max_by_key(|(at, d)| (d.meters.count(), usize::MAX - at)).map(|(_, depot)| depot)
    }

    /// The weather file of that depot, if it has one: what of it is no number may be in any code page.
    fn hours(&self) -> Result<Option<String>, TownError> {
        let name = self.largest().map_or("", |depot| &depot.name);
        let Some((_, path)) = self.variant.weather_files.iter().find(|(depot, _)| depot == name) else {
            return Ok(None);
        };
        let bytes =
            std::fs::read(path).map_err(|error| TownError::Weather(path.display().to_string(), error.to_string()))?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn text(&self, has_hours: bool, notes: &mut Vec<String>) -> String {
        let Head { plan, variant, at, unix, routers, there, off, .. } = self;
        let meters = there.len();
        let name: String = format!("{} {} {at}", plan.name, variant.name).chars().take(NAME_CHARS_MAX).collect();
        let of = format!(
            "{meters} meters of the plan {}, variant {}, on {at} with seed {}",
            plan.name, variant.name, plan.seed
        );
        let mut out = format!(
            "# {}: {off} of them do not send.\n#\n# Border routers, radio and what is read are yours to correct; run it with `amitwin run`.\n\n",
            of.replace(['\n', '\r'], " ")
        );
        let text = |text: String| toml::Value::String(text).to_string();
        let _ = writeln!(out, "name = {}", text(name));
        let _ = writeln!(out, "description = {}", text(format!("{of}: {off} of them do not send.")));
        let _ = writeln!(out, "seed = {}\nduration = \"13h\"\n", plan.seed);
        let _ = writeln!(out, "[placement]\nfile = \"{SITES}\"");
        if let Some(routers) = routers {
            let _ = writeln!(out, "gateways = {routers}");
        }
        let _ = write!(out, "\n[dlms]\nstart = \"{}\"\n", utc(*unix));
        out += &self.clocks();
        out += &self.weather(has_hours, notes);
        // An hour is enough for a mesh to leave those out that were off from the start.
        out += "\n[[read]]\nname = \"profile\"\nwhat = \"profile\"\nevery = \"1h\"\nat = \"1h\"\n";
        out
    }

    /// How clocks run whose crystals are known: those of the vintage that most meters have, as far as they have aged. Nothing where the plan says only how
    /// often clocks go wrong.
    fn clocks(&self) -> String {
        let vintages = &self.variant.spec.vintages;
        let of = |at: usize| self.there.iter().filter(|c| usize::from(c.vintage) == at).collect::<Vec<_>>();
        let crystal = |at: usize| {
            vintages[at]
                .parts
                .iter()
                .find_map(|part| if let Law::Crystal(crystal) = part.law { Some(crystal) } else { None })
        };
        let known = (0..vintages.len()).filter_map(|at| Some((of(at), crystal(at)?)));
        let Some((meters, crystal)) = known.max_by_key(|(meters, _)| meters.len()).filter(|(m, _)| !m.is_empty())
        else {
            return String::new();
        };
        let age_s: f64 = meters.iter().map(|c| self.time_s as f64 - f64::from(c.since_s)).sum();
        let aged_ppm = crystal.ageing_sd_ppm_y * age_s / YEAR_S / meters.len() as f64;
        // Errors of new ones are equally frequent up to their limit.
        let sd_ppm = libm::sqrt(crystal.within_ppm * crystal.within_ppm / 3.0 + aged_ppm * aged_ppm);
        format!("\n[device.clock]\ndrift_spread = \"{sd_ppm:.2} ppm\"\ntolerance = \"{}s\"\n", crystal.limit_s)
    }

    /// The weather of the depot with most meters.
    fn weather(&self, has_hours: bool, notes: &mut Vec<String>) -> String {
        let depots = &self.variant.spec.depots;
        let Some(depot) = self.largest() else { return String::new() };
        let climate = Climate::ALL.iter().find(|climate| crate::resolve::word(**climate) == depot.climate_name);
        let sky = match climate {
            _ if has_hours => format!("file = \"{WEATHER}\""),
            Some(climate) => format!("climate = \"{}\"", crate::resolve::word(*climate)),
            None => {
                notes.push(format!(
                    "{SCENARIO} has no weather. The weather of {} is not known by the hour: add [weather] with a file",
                    depot.climate_name
                ));
                return String::new();
            }
        };
        if depots.iter().any(|d| d.climate_name != depot.climate_name || d.enclosure != depot.enclosure) {
            notes.push(format!(
                "depots differ in climate or boxes, and a scenario has one sky: that of `{}`",
                depot.name
            ));
        }
        let boxes = match depot.enclosure {
            Enclosure { sun_k: 0.0, .. } => "sunny = 0.0",
            Enclosure::LIGHT => "colour = \"light\"",
            Enclosure::DARK => "colour = \"dark\"",
            _ => "shade = \"sides\"",
        };
        format!("\n[weather]\n{sky}\nmeters = {{ {boxes} }}\n")
    }
}
