//! `mapping`: what a log of another system calls its columns, codes, devices and times.

use super::super::Context;
use super::super::sites::Sites;
use crate::language::diagnostic::suggest;
use crate::sections::replay::{ReplayKind, ReplaySection};
use amitwin_data::device_log::mapping::{Row, What};
use amitwin_models::terrain::Placement;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// Rows of a mapping that a message names.
const TOLD: usize = 10;
/// Columns that a mapping may name.
const COLUMNS: [&str; 5] = ["time_utc", "device", "kind", "code", "detail"];
/// Times that are numbers.
const NUMBERS: [(&str, i128); 3] = [("unix-s", 1_000_000_000), ("unix-ms", 1_000_000), ("unix-us", 1_000)];

/// What a log calls things; nothing of it where a replay has no mapping.
#[derive(Default)]
pub(super) struct Mapping {
    /// By our names of columns.
    pub columns: BTreeMap<String, String>,
    codes: Vec<Code>,
    /// Ids of the placement, by the ids of the log in small letters.
    devices: BTreeMap<String, Device>,
    times: Option<Times>,
    /// By which column of the placement the log names devices, and the line that says it.
    by: Option<(String, u64)>,
}

/// What a code means, or all codes that fit a pattern with `*` for anything.
struct Code {
    theirs: String,
    /// The same in small letters.
    pattern: String,
    kind: ReplayKind,
    line: u64,
    used: Cell<bool>,
}

/// A device that the log calls otherwise than the placement.
struct Device {
    id: String,
    line: u64,
    used: Cell<bool>,
}

/// How times are written.
enum Times {
    /// Whole or broken numbers of these since 1970, ns.
    Number(i128),
    /// As strftime has it, on clocks of a zone.
    Text(String, TimeZone),
}

impl Times {
    /// Of a format and the zone of its clocks.
    fn of(row: &Row) -> Result<Times, String> {
        if let Some((_, unit)) = NUMBERS.iter().find(|(word, _)| *word == row.theirs) {
            return Ok(Times::Number(*unit));
        }
        if !row.theirs.contains('%') {
            return Err(format!(
                "`{}` is no format of times; write one such as %m/%d/%Y %H:%M:%S, or unix-s, unix-ms, unix-us",
                row.theirs
            ));
        }
        let fixed = || strtime::parse("%:z", &row.ours).ok()?.offset().map(TimeZone::fixed);
        let zone =
            if row.ours == "UTC" { Some(TimeZone::UTC) } else { fixed().or_else(|| TimeZone::get(&row.ours).ok()) };
        let no_zone = || format!("`{}` is no zone; write one such as America/New_York, -05:00 or UTC", row.ours);
        Ok(Times::Text(row.theirs.clone(), zone.ok_or_else(no_zone)?))
    }

    fn unix_ns(&self, text: &str) -> Option<i128> {
        match self {
            Times::Number(unit) => match text.parse::<i64>() {
                Ok(number) => Some(i128::from(number) * unit),
                Err(_) => {
                    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && number.abs() < 1e16)?;
                    Some(libm::round(number * *unit as f64) as i128)
                }
            },
            Times::Text(format, zone) => {
                let parts = strtime::parse(format, text).ok()?;
                // What says its own zone goes by it.
                if let Ok(at) = parts.to_timestamp() {
                    return Some(at.as_nanosecond());
                }
                let at: DateTime = parts.to_datetime().ok()?;
                Some(zone.to_ambiguous_timestamp(at).compatible().ok()?.as_nanosecond())
            }
        }
    }
}

/// Whether a text is what a pattern says, with `*` for anything; both in small letters.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

impl Mapping {
    /// Of the rows of a file; what is wrong with them is reported, and nothing is replayed then.
    pub fn of(cx: &mut Context<'_>, replay: &ReplaySection, rows: &[Row]) -> Option<Mapping> {
        let mut mapping = Mapping::default();
        let mut wrong: Vec<String> = Vec::new();
        let mut seen: BTreeMap<(What, String), u64> = BTreeMap::new();
        for row in rows {
            if let Some(before) = seen.insert((row.what, row.theirs.to_lowercase()), row.line) {
                let (what, theirs) = (row.what.word(), &row.theirs);
                wrong.push(format!("lines {before} and {} both say what the {what} `{theirs}` is", row.line));
            } else if let Err(why) = mapping.take(row) {
                wrong.push(format!("line {}: {why}", row.line));
            }
        }
        if wrong.is_empty() {
            return Some(mapping);
        }
        let file = replay.mapping.as_deref().unwrap_or_default();
        let title = format!("the mapping `{file}` is wrong: {}", listed(&wrong));
        let help = "a line is such as column,MAC,device or code,LOSS OF POWER,power-down or device,00:13:50:01,M000001";
        cx.error(&["replay", &replay.name, "mapping"], title, "this file", help);
        None
    }

    fn take(&mut self, row: &Row) -> Result<(), String> {
        let (theirs, ours) = (row.theirs.clone(), row.ours.clone());
        match row.what {
            What::Column => {
                if !COLUMNS.contains(&ours.as_str()) {
                    return Err(format!("`{ours}` is no column of a log; {}", suggest(&ours, &COLUMNS, "columns")));
                }
                if let Some(other) = self.columns.insert(ours.clone(), theirs.clone()) {
                    return Err(format!("both `{other}` and `{theirs}` are the column {ours}"));
                }
            }
            What::Code => {
                let word = serde_json::Value::String(ours.to_ascii_lowercase());
                let kind = serde_json::from_value(word).map_err(|_| {
                    let words: Vec<String> = ReplayKind::ALL.iter().map(super::super::word).collect();
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    format!("`{ours}` is nothing that happens; {}", suggest(&ours, &words, "kinds"))
                })?;
                let pattern = theirs.to_lowercase();
                self.codes.push(Code { theirs, pattern, kind, line: row.line, used: Cell::new(false) });
            }
            What::Device => {
                let device = Device { id: ours, line: row.line, used: Cell::new(false) };
                self.devices.insert(theirs.to_lowercase(), device);
            }
            What::Devices if self.by.is_some() => return Err("devices are told by another column already".to_owned()),
            What::Devices => self.by = Some((ours, row.line)),
            What::Time if self.times.is_some() => return Err("times are written in another way already".to_owned()),
            What::Time => self.times = Some(Times::of(row)?),
        }
        Ok(())
    }

    /// Names devices that have no line of their own by a column of the placement, if the mapping says so.
    ///
    /// # Errors
    /// The placement has no such column, or says the same of two meters.
    pub fn by_column(&mut self, placement: &Placement) -> Result<(), String> {
        let Some((by, line)) = self.by.clone() else { return Ok(()) };
        let columns = placement.attributes.columns();
        let Some(column) = columns.iter().find(|column| column.name() == by) else {
            let names: Vec<&str> = columns.iter().map(|column| column.name()).collect();
            let has =
                if names.is_empty() { "it has none of its own".to_owned() } else { suggest(&by, &names, "columns") };
            return Err(format!("line {line}: the placement has no column `{by}`; {has}"));
        };
        let mut of_column: BTreeMap<String, String> = BTreeMap::new();
        for (number, site) in placement.sites.iter().enumerate() {
            let Some(value) = column.value(number) else { continue };
            let (id, value) = (site.name.to_string(), value.to_lowercase());
            if let Some(other) = of_column.insert(value.clone(), id.clone()) {
                return Err(format!(
                    "line {line}: the column `{by}` of the placement says `{value}` of both {other} and {id}"
                ));
            }
        }
        for (theirs, id) in of_column {
            self.devices.entry(theirs).or_insert(Device { id, line: 0, used: Cell::new(false) });
        }
        Ok(())
    }

    /// What a code or word of the log means, by the first line that fits it.
    pub fn meaning(&self, name: &str) -> Option<ReplayKind> {
        if self.codes.is_empty() {
            return None;
        }
        let name = name.to_lowercase();
        let code = self.codes.iter().find(|code| fits(&code.pattern, &name))?;
        code.used.set(true);
        Some(code.kind)
    }

    /// The id that a device of the log has in the placement.
    pub fn device<'a>(&'a self, theirs: &'a str) -> &'a str {
        if self.devices.is_empty() {
            return theirs;
        }
        match self.devices.get(&theirs.to_lowercase()) {
            Some(device) => {
                device.used.set(true);
                &device.id
            }
            None => theirs,
        }
    }

    /// When a time is, if the mapping says how they are written.
    pub fn unix_ns(&self, text: &str) -> Option<Option<i128>> {
        self.times.as_ref().map(|times| times.unix_ns(text))
    }

    /// Tells what of it is about nothing, once the log has been gone through.
    pub fn told(&self, cx: &mut Context<'_>, replay: &ReplaySection, sites: &Sites<'_>) {
        let Some(file) = &replay.mapping else { return };
        let place = ["replay", &replay.name, "mapping"];
        let own = || self.devices.values().filter(|device| device.line > 0);
        let strange: BTreeSet<(u64, String)> = own()
            .filter(|device| device.used.get() && sites.of(&device.id).is_none())
            .map(|device| {
                let near = sites.near(&device.id).map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
                (device.line, format!("line {} `{}`{near}", device.line, device.id))
            })
            .collect();
        if !strange.is_empty() {
            let names: Vec<String> = strange.into_iter().map(|(_, text)| text).collect();
            cx.warn(
                &place,
                format!("the mapping `{file}` names devices that the placement does not have: {}", listed(&names)),
            );
        }
        let used =
            self.codes.iter().any(|code| code.used.get()) || self.devices.values().any(|device| device.used.get());
        let idle: Vec<String> = self
            .codes
            .iter()
            .filter(|code| !code.used.get())
            .map(|code| format!("line {} `{}`", code.line, code.theirs))
            .collect();
        let renames = !self.codes.is_empty() || !self.devices.is_empty();
        if renames && !used {
            let text = format!(
                "nothing of the log `{}` is called as the mapping `{file}` says: none of its codes and devices occurs there; compare both files",
                replay.file
            );
            cx.warn(&place, text);
        } else if !idle.is_empty() {
            let text =
                format!("the log `{}` has none of these codes of the mapping `{file}`: {}", replay.file, listed(&idle));
            cx.warn(&place, text);
        }
    }
}

/// The first of many, and how many more there are.
pub(super) fn listed(all: &[String]) -> String {
    let more = all.len().saturating_sub(TOLD);
    let first = all.iter().take(TOLD).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first}, and {more} more") } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_what_they_say() {
        let loss = "loss of power";
        assert!(fits("loss of power", loss) && !fits("loss", loss));
        assert!(fits("*power*", loss) && fits("loss*", loss) && fits("*er", loss));
        assert!(fits("l*of*er", loss) && !fits("l*power*of", loss) && fits("*", ""));
        // What stands before a star is not what stands behind it.
        assert!(!fits("aba*ba", "aba"));
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        let of = |theirs: &str, ours: &str, text: &str| {
            let row = Row { what: What::Time, theirs: theirs.into(), ours: ours.into(), line: 2 };
            Times::of(&row).map(|times| times.unix_ns(text))
        };
        let s = |s: i128| Ok(Some(s * 1_000_000_000));
        // 1 January 1970, 1 o'clock in the morning in New York is 6 o'clock UTC.
        assert_eq!(of("%m/%d/%Y %I:%M:%S %p", "America/New_York", "01/01/1970 01:00:00 AM"), s(6 * 3_600));
        assert_eq!(of("%Y-%m-%d %H:%M:%S", "-05:00", "1970-01-01 01:00:00"), s(6 * 3_600));
        assert_eq!(of("%d.%m.%Y %H:%M", "UTC", "01.01.1970 00:01"), s(60));
        assert_eq!(of("unix-s", "UTC", "7"), s(7));
        assert_eq!(of("unix-ms", "UTC", "1500.5"), Ok(Some(1_500_500_000)));
        assert_eq!(of("%d.%m.%Y", "UTC", "yesterday"), Ok(None));
        assert!(of("days", "UTC", "1").expect_err("no format").contains("is no format of times"));
        assert!(of("%d.%m.%Y", "Nowhere", "1").expect_err("no zone").contains("is no zone"));
    }
}
