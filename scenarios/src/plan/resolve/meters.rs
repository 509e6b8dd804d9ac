//! `fleet.file`: the list of meters, with their vintages, dates and depots.

use super::Cx;
use super::wear::Campaign;
use crate::language::diagnostic::suggest;
use crate::plan::load::input;
use crate::resolved::Input;
use crate::sections::plan::fleet::FleetSection;
use amitwin_data::attributes::{Attribute, Attributes};
use amitwin_data::input as files;
use amitwin_data::placement::{self, Crs, Options, PlacementFile, PlacementRecord, RecordKind};
use amitwin_data::rows::{Added, NodeKind, NodeRow};
use amitwin_dlms::objects::civil::{days_in, days_of};
use amitwin_maintenance::hours::YearOfHours;
use amitwin_maintenance::radio::Table;
use amitwin_models::spec::When;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// Mean radius of the earth, m.
const EARTH_M: f64 = 6_371_000.0;
/// Mistakes of a list that are told at once.
const TOLD_MAX: usize = 20;

/// A year and the day in it, from 0.
pub(in crate::plan) type Day = (u32, u32);

/// A meter of a list.
pub(super) struct ListedMeter {
    /// Its place among the sites of the list.
    pub site: usize,
    /// Its vintage, by place.
    pub vintage: u16,
    /// Its depot, by place.
    pub depot: usize,
    /// When it was installed; as its vintage says if not.
    pub installed: Option<Day>,
}

/// A list of meters.
pub(super) struct List {
    pub meters: Vec<ListedMeter>,
    /// Where they stand.
    pub nodes: Vec<NodeRow>,
}

/// Lists and tables of one load, so that variants which share one read it once.
pub(in crate::plan) struct Lists {
    dir: PathBuf,
    read: Vec<(FleetSection, Rc<PlacementFile>)>,
    tables: Vec<(PathBuf, Arc<Table>)>,
    years: Vec<(PathBuf, Arc<YearOfHours>)>,
    runs: Vec<(PathBuf, Campaign)>,
    hashes: Vec<(PathBuf, String)>,
}

impl Lists {
    /// For a plan in this directory.
    pub fn new(dir: &Path) -> Lists {
        Lists {
            dir: dir.to_owned(),
            read: Vec::new(),
            tables: Vec::new(),
            years: Vec::new(),
            runs: Vec::new(),
            hashes: Vec::new(),
        }
    }

    /// The path of a list as the system sees it, absolute.
    pub fn absolute(&self, file: &str) -> String {
        let path = self.dir.join(file);
        std::path::absolute(&path).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// BLAKE3 of a list that has been read.
    pub fn hash(&self, file: &str) -> Option<&str> {
        let path = self.dir.join(file);
        self.hashes.iter().find(|(p, _)| *p == path).map(|(_, hash)| hash.as_str())
    }

    /// All lists that have been read.
    pub fn inputs(&self) -> Vec<Input> {
        let mut inputs = Vec::new();
        for (path, hash) in &self.hashes {
            inputs.push(input(path, hash.clone(), &inputs));
        }
        inputs
    }

    /// What a campaign did in a run, which is read once.
    pub(in crate::plan) fn campaign(&mut self, run: &str) -> Result<Campaign, String> {
        let path = self.dir.join(run);
        if let Some((_, campaign)) = self.runs.iter().find(|(known, _)| *known == path) {
            return Ok(*campaign);
        }
        let campaign = super::wear::read(&path)?;
        self.runs.push((path, campaign));
        Ok(campaign)
    }

    /// A table of the radio, which is read once.
    pub(super) fn table(&mut self, file: &str) -> Result<Arc<Table>, String> {
        let path = self.dir.join(file);
        if let Some((_, table)) = self.tables.iter().find(|(known, _)| *known == path) {
            return Ok(table.clone());
        }
        let (table, hash) = super::radio::read(&path)?;
        self.hashes.push((path.clone(), hash));
        self.tables.push((path, table.clone()));
        Ok(table)
    }

    /// A year of weather, which is read once.
    pub(super) fn year(&mut self, file: &str) -> Result<Arc<YearOfHours>, String> {
        let path = self.dir.join(file);
        if let Some((_, year)) = self.years.iter().find(|(known, _)| *known == path) {
            return Ok(year.clone());
        }
        let (hours, hash) = crate::resolve::weather::read(&path)?;
        let (When::Yearly(_), Some((lat_deg, _))) = (hours.when, hours.place_deg) else {
            return Err("has the hours of one time, and a plan takes a typical year: an EPW file".to_owned());
        };
        let year = YearOfHours::new(hours.air_c.clone(), hours.sun_w_m2.clone(), lat_deg);
        let year = Arc::new(year.ok_or("has not the 8760 hours of a year")?);
        self.hashes.push((path.clone(), hash));
        self.years.push((path, year.clone()));
        Ok(year)
    }

    /// The list of one variant; `None` without one, or after an error.
    pub(super) fn list(&mut self, cx: &mut Cx<'_>) -> Option<Rc<List>> {
        let section = &cx.file.fleet;
        let Some(file) = &section.file else {
            for (key, given) in [("columns", !section.columns.is_default()), ("crs", section.crs.is_some())] {
                if given {
                    let title = format!("`fleet.{key}` belongs to a list of meters, and there is none");
                    cx.error(&["fleet", key], title, "without effect", format!("remove `{key}`, or name a `file`"));
                }
            }
            return None;
        };
        if let Some(Err(reason)) = section.crs.as_deref().map(Crs::parse) {
            cx.error(&["fleet", "crs"], reason, "not known", "name one of them, or convert the file");
            return None;
        }
        let read = self.read(cx, section, file)?;
        understood(cx, file, &read).map(Rc::new)
    }

    fn read(&mut self, cx: &mut Cx<'_>, section: &FleetSection, file: &str) -> Option<Rc<PlacementFile>> {
        if let Some((_, read)) = self.read.iter().find(|(known, _)| known == section) {
            return Some(read.clone());
        }
        let path = self.dir.join(file);
        let options = Options { columns: section.columns.of_sites(), crs: section.crs.clone() };
        let hash = || {
            let mut hasher = blake3::Hasher::new();
            files::open(&path).and_then(|file| hasher.update_reader(file).map(|_| ()))?;
            Ok::<_, std::io::Error>(hasher.finalize().to_hex().to_string())
        };
        let read = placement::read(&path, &options).map_err(|error| error.to_string());
        let both =
            read.and_then(|read| hash().map(|hash| (read, hash)).map_err(|e| format!("{}: {e}", path.display())));
        match both {
            Ok((read, hash)) => {
                for warning in &read.warnings {
                    cx.warn(&["fleet", "file"], format!("{file}: {warning}"));
                }
                let how = if read.notes.is_empty() { String::new() } else { format!("; {}", read.notes.join(", ")) };
                cx.note(format!("{file}: {} sites{how}", read.records.len()));
                let read = Rc::new(read);
                self.hashes.push((path, hash));
                self.read.push((section.clone(), read.clone()));
                Some(read)
            }
            Err(message) => {
                let help = "correct the file, or name another with fleet.file; a relative path starts at the plan, on the command line at the current folder";
                cx.error(&["fleet", "file"], message, "this list of meters", help);
                None
            }
        }
    }
}

/// The column of this name, in any case.
fn column<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a Attribute> {
    attributes.columns().iter().find(|column| column.name().eq_ignore_ascii_case(name))
}

/// What a list has to say of each meter: under what name, whether that is the plan's, and whether the list must say it.
struct Wanted<'a> {
    what: &'a str,
    named: Option<&'a str>,
    is_needed: bool,
}

/// The columns that say something of each meter, by the names that the plan gives them or by their usual ones; none where the list has no such column
/// and need not have one. `None` after errors, which tell what is missing once for all meters.
fn columns_of<'a, const N: usize>(
    cx: &mut Cx<'_>,
    file: &str,
    read: &'a PlacementFile,
    wanted: [Wanted; N],
) -> Option<[Option<&'a Attribute>; N]> {
    let known: Vec<&str> = read.attributes.columns().iter().map(Attribute::name).collect();
    let others =
        if known.is_empty() { "there are none".to_owned() } else { format!("there are `{}`", known.join("`, `")) };
    let mut missing = Vec::new();
    let found = wanted.map(|Wanted { what, named, is_needed }| {
        let found = column(&read.attributes, named.unwrap_or(what));
        match (found, named) {
            (None, Some(name)) => {
                let title = format!("{file} has no column `{name}`, which is to say `{what}`");
                let help = format!("besides those of places {others}");
                cx.error(&["fleet", "columns", what], title, "no such column", help);
            }
            (None, None) if is_needed => missing.push(what),
            _ => {}
        }
        found
    });
    if !missing.is_empty() {
        let title = format!(
            "{file} has no column `{}`, and the plan has several to choose from",
            missing.join("` and no column `")
        );
        let help = format!(
            "add it, or name the column that says it: fleet.columns.{} = \"...\"; besides those of places {others}",
            missing[0]
        );
        cx.error(&["fleet", "file"], title, "no such column", help);
    }
    cx.errors.is_empty().then_some(found)
}

/// Dates that are understood.
const DATES: &str = "2019, 2019-05, 2019-05-31 or 31.05.2019";

fn understood(cx: &mut Cx<'_>, file: &str, read: &PlacementFile) -> Option<List> {
    let plan = cx.file;
    let vintages: Vec<&str> = plan.vintage.iter().map(|vintage| vintage.name.as_str()).collect();
    let depots: Vec<&str> = plan.depot.iter().map(|depot| depot.name.as_str()).collect();
    let names = &plan.fleet.columns;
    let wanted = [
        Wanted { what: "vintage", named: names.vintage.as_deref(), is_needed: vintages.len() > 1 },
        Wanted { what: "depot", named: names.depot.as_deref(), is_needed: depots.len() > 1 },
        Wanted { what: "installed", named: names.installed.as_deref(), is_needed: false },
    ];
    let [vintage_of, depot_of, installed_of] = columns_of(cx, file, read, wanted)?;
    let mut wrong = Vec::new();
    let end = plan.start + plan.years;
    let mut meters = Vec::new();
    for (site, record) in read.records.iter().enumerate().filter(|(_, record)| record.kind == RecordKind::Meter) {
        let mut place = |column: Option<&Attribute>, known: &[&str], what: &str| {
            let said = column.and_then(|column| column.value(site));
            match said {
                Some(name) => known.iter().position(|k| *k == name).or_else(|| {
                    wrong.push(format!("{}: there is no {what} `{name}`; {}", record.name, suggest(name, known, what)));
                    None
                }),
                None if known.len() == 1 => Some(0),
                None => {
                    wrong.push(format!("{}: it does not say of which {what} it is", record.name));
                    None
                }
            }
        };
        let (vintage, depot) = (place(vintage_of, &vintages, "vintage"), place(depot_of, &depots, "depot"));
        let installed = match installed_of.and_then(|column| column.value(site)).map(day) {
            Some(Ok(day)) if day.0 >= end => {
                wrong.push(format!("{}: it is installed in {}, after the plan has ended", record.name, day.0));
                continue;
            }
            Some(Err(said)) => {
                wrong.push(format!("{}: `{said}` is no date of installation; write {DATES}", record.name));
                continue;
            }
            Some(Ok(day)) => Some(day),
            None => None,
        };
        if let (Some(vintage), Some(depot)) = (vintage, depot) {
            meters.push(ListedMeter { site, vintage: vintage as u16, depot, installed });
        }
    }
    if !wrong.is_empty() {
        let more = wrong.len().saturating_sub(TOLD_MAX);
        wrong.truncate(TOLD_MAX);
        let rest = if more > 0 { format!("\n... and {more} more") } else { String::new() };
        let title = format!("{file} does not fit the plan:\n{}{rest}", wrong.join("\n"));
        cx.error(
            &["fleet", "file"],
            title,
            "this list of meters",
            "correct the list, or the vintages and depots of the plan",
        );
        return None;
    }
    if meters.is_empty() {
        cx.error(
            &["fleet", "file"],
            format!("{file} has no meters"),
            "this list of meters",
            "name sites of kind meter",
        );
        return None;
    }
    let others = read.records.len() - meters.len();
    if others > 0 {
        cx.note(format!("{file}: {others} sites are no meters, and left out"));
    }
    Some(List { meters, nodes: nodes(&read.records) })
}

/// A date: the first day of a year, of a month, or a day; a time of day may follow, as spreadsheets and databases write it.
pub(in crate::plan) fn day(text: &str) -> Result<Day, &str> {
    let date = text.trim().split(['T', ' ']).next().unwrap_or_default();
    let is_dotted = date.contains('.');
    let fields: Result<Vec<u32>, _> = date.split(if is_dotted { '.' } else { '-' }).map(str::parse).collect();
    let (year, month, day) = match (fields.map_err(|_| text)?.as_slice(), is_dotted) {
        ([year], false) => (*year, 1, 1),
        ([year, month], false) => (*year, *month, 1),
        ([year, month, day], false) | ([day, month, year], true) => (*year, *month, *day),
        _ => return Err(text),
    };
    let (month, day) = (i64::from(month), i64::from(day));
    let is_real = (1930..=2300).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in(i64::from(year), month)).contains(&day);
    let of = |month, day| days_of(i64::from(year), month, day);
    if is_real { Ok((year, (of(month, day) - of(1, 1)) as u32)) } else { Err(text) }
}

/// Sites as rows, on a plane around their middle.
fn nodes(records: &[PlacementRecord]) -> Vec<NodeRow> {
    let n = records.len().max(1) as f64;
    let (lat, lon) = records.iter().fold((0.0, 0.0), |(a, o), r| (a + r.lat_deg / n, o + r.lon_deg / n));
    let row = |(node, record): (usize, &PlacementRecord)| NodeRow {
        node: node as u32,
        name: record.name.clone(),
        kind: NodeKind::Meter,
        lat_deg: record.lat_deg,
        lon_deg: record.lon_deg,
        x_m: ((record.lon_deg - lon).to_radians() * libm::cos(lat.to_radians()) * EARTH_M) as f32,
        y_m: ((record.lat_deg - lat).to_radians() * EARTH_M) as f32,
        height_m: record.height_m.unwrap_or(1.5) as f32,
        antenna_gain_dbi: None,
        tx_power_dbm: None,
        gateway: None,
        parent: None,
        hops: None,
        path_loss_db: None,
        neighbours: 0,
        reachable: true,
        cut_off_by: None,
        board_max_c: Added::default(),
        above_60c_h: Added::default(),
        above_85c_h: Added::default(),
    };
    records.iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_installation() {
        assert_eq!(day("2019"), Ok((2019, 0)));
        assert_eq!(day("2020-03"), Ok((2020, 60)));
        assert_eq!(day(" 2019-03-02 "), Ok((2019, 60)));
        for text in ["02.03.2019", "2.3.2019", "2019-03-02 08:15:00", "2019-03-02T08:15:00Z"] {
            assert_eq!(day(text), Ok((2019, 60)), "{text}");
        }
        for text in
            ["", "19", "2019-13", "2019-02-29", "2019-05-31-1", "May 2019", "05/31/2019", "2019.05.31", "05.2019"]
        {
            assert!(day(text).is_err(), "{text}");
        }
    }
}
