//! Reader of logs: what devices reported, or what was done with them, line by line.
//!
//! A CSV or Parquet file with the columns `time_utc` and `device`, and `kind`, `code` or both; with `detail`, which says more of commands; others, such as `received_utc`
//! and `source`, are left alone. In any order and any case; in a text `,`, `;` or tabs between the columns. What stands within a longer text is named by the column and what is
//! around it, `reason|MAC * reboot`. [`mapping`] reads what a log of another system calls things.

pub mod mapping;
mod parquet;

use crate::text_table;
use std::collections::BTreeMap;
use std::path::Path;

/// Most lines of a log.
pub const ENTRIES_MAX: usize = 20_000_000;
const COLUMNS: [(&str, &[&str]); 5] = [
    ("time_utc", &["time_utc", "time", "timestamp", "createddatetime", "creation_time"]),
    ("device", &["device", "id", "meter", "device_identification", "assets.mrid", "mrid"]),
    ("kind", &["kind", "event", "event_name", "name"]),
    ("code", &["code", "enddeviceeventtypeid", "eventtypeid", "event_code"]),
    ("detail", &["detail", "details"]),
];

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub time: When,
    /// Id of the device.
    pub device: String,
    /// What happened, in words; may be empty.
    pub kind: String,
    /// The same as a code; may be empty.
    pub code: String,
    /// What the line says besides; may be empty.
    pub detail: String,
    /// Line of a text, row of a Parquet file.
    pub line: u64,
}

/// When something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// As it is written.
    Text(String),
    /// Nanoseconds since 1970, of a column of moments.
    UnixNs(i128),
}

impl std::fmt::Display for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            When::Text(text) => f.write_str(text),
            When::UnixNs(ns) => write!(f, "{ns} ns since 1970"),
        }
    }
}

/// Reads a log; `named` says how columns are called that have another name than those that are known: by `time_utc`, `device`, `kind`, `code` and `detail`.
///
/// # Errors
/// What is wrong with the file and what to do.
pub fn read(path: &Path, named: &BTreeMap<String, String>) -> Result<Vec<Entry>, String> {
    let entries = match path.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet")) {
        true => parquet::read(path, named)?,
        false => read_text(path, named)?,
    };
    match entries.is_empty() {
        true => Err("has no lines but the names of its columns".to_owned()),
        false => Ok(entries),
    }
}

/// Where the columns stand among those of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Places {
    time: Place,
    device: Place,
    kind: Option<Place>,
    code: Option<Place>,
    detail: Option<Place>,
}

/// Where a value stands: in which column, and between what in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    at: usize,
    between: Option<(String, String)>,
}

impl Place {
    fn whole(at: usize) -> Place {
        Place { at, between: None }
    }

    /// The value in the text of its column; empty where what is to be around it is not.
    fn value(&self, text: &str) -> String {
        let Some((before, after)) = &self.between else { return text.to_owned() };
        let rest = text.find(before.as_str()).map(|at| &text[at + before.len()..]).unwrap_or_default();
        let end = if after.is_empty() { Some(rest.len()) } else { rest.find(after.as_str()) };
        end.map_or_else(String::new, |end| rest[..end].trim().to_owned())
    }
}

/// What a file calls a column, and what is around the value in it: `reason|MAC * reboot`.
fn split_name(own: &str) -> (&str, Option<(String, String)>) {
    match own.split_once('|').and_then(|(name, around)| Some((name.trim(), around.split_once('*')?))) {
        Some((name, (before, after))) => (name, Some((before.to_owned(), after.to_owned()))),
        None => (own, None),
    }
}

fn places(names: &[&str], named: &BTreeMap<String, String>) -> Result<Places, String> {
    if let Some(odd) = named.keys().find(|key| COLUMNS.iter().all(|(known, _)| known != key)) {
        return Err(format!(
            "has no use for a column `{odd}`; `columns` may name time_utc, device, kind, code and detail"
        ));
    }
    let column = |n: usize| match named.get(COLUMNS[n].0) {
        Some(own) => {
            let (name, between) = split_name(own);
            match names.iter().position(|found| found.eq_ignore_ascii_case(name)) {
                Some(at) => Ok(Some(Place { at, between })),
                None => Err(format!(
                    "has no column '{name}', which is to be its {}; its columns are {}",
                    COLUMNS[n].0,
                    names.join(", ")
                )),
            }
        }
        None => {
            let known = |found: &&str| COLUMNS[n].1.iter().any(|alias| found.eq_ignore_ascii_case(alias));
            Ok(names.iter().position(known).map(Place::whole))
        }
    };
    let missing = |n: usize| {
        let name = COLUMNS[n].0;
        format!(
            "has no column '{name}'; a log begins with a line such as time_utc,device,kind,code, or `columns` or a mapping says how its columns are called"
        )
    };
    let (time, device) = (column(0)?.ok_or_else(|| missing(0))?, column(1)?.ok_or_else(|| missing(1))?);
    match (column(2)?, column(3)?) {
        (None, None) => Err(missing(3)),
        (kind, code) => Ok(Places { time, device, kind, code, detail: column(4)? }),
    }
}

fn read_text(path: &Path, named: &BTreeMap<String, String>) -> Result<Vec<Entry>, String> {
    let text = text_table::text(path, "log")?;
    let separator = text_table::separator(&text);
    let mut reader = text_table::reader(&text, separator);
    let names = reader.headers().map_err(|e| format!("cannot be read: {e}"))?.clone();
    let places = places(&names.iter().collect::<Vec<_>>(), named)?;
    let mut entries = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| format!("cannot be read: {e}"))?;
        if row.iter().all(str::is_empty) {
            continue;
        }
        if entries.len() >= ENTRIES_MAX {
            return Err(format!("has more than {ENTRIES_MAX} lines; split it"));
        }
        let of = |place: &Place| row.get(place.at).map(|text| place.value(text)).unwrap_or_default();
        let may = |place: &Option<Place>| place.as_ref().map(of).unwrap_or_default();
        let line = text_table::line(&text, &row);
        entries.push(Entry {
            time: When::Text(of(&places.time)),
            device: of(&places.device),
            kind: may(&places.kind),
            code: may(&places.code),
            detail: may(&places.detail),
            line,
        });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str) -> Result<Vec<Entry>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.csv");
        std::fs::write(&path, text).expect("written");
        read(&path, &BTreeMap::new())
    }

    #[test]
    fn columns_are_found_by_the_names_of_exports_and_others_left_alone() {
        let entry = |kind: &str, code: &str, detail: &str, line| Entry {
            time: When::Text("2026-07-01T20:00:00Z".into()),
            device: "M1".into(),
            kind: kind.into(),
            code: code.into(),
            detail: detail.into(),
            line,
        };
        let ours = log(
            "time_utc,received_utc,device,kind,code,source,detail\n2026-07-01T20:00:00Z,,M1,power-down,3.26.0.47,log,\"a, b\"\n",
        );
        assert_eq!(ours, Ok(vec![entry("power-down", "3.26.0.47", "a, b", 2)]));
        let uiq = log("Assets.mRID;createdDateTime;EndDeviceEventTypeId\nM1;2026-07-01T20:00:00Z;3.26.0.47\n;;\n");
        assert_eq!(uiq, Ok(vec![entry("", "3.26.0.47", "", 2)]));
    }

    #[test]
    fn a_log_without_what_it_needs_is_refused() {
        assert!(log("device,kind\nM1,x\n").expect_err("no time").starts_with("has no column 'time_utc'; a log begins"));
        assert!(log("time,device\n1,M1\n").expect_err("nothing happened").starts_with("has no column 'code'"));
        assert_eq!(log("time,device,kind\n"), Err("has no lines but the names of its columns".to_owned()));
    }

    #[test]
    fn columns_of_other_names_are_said_or_missed_by_name() {
        let names = ["when", "who", "what"];
        let own = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let said = own(&[("time_utc", "When"), ("device", "who"), ("code", "what")]);
        let whole = Place::whole;
        let expected = Places { time: whole(0), device: whole(1), kind: None, code: Some(whole(2)), detail: None };
        assert_eq!(places(&names, &said), Ok(expected));
        let wrong = own(&[("time_utc", "moment")]);
        let told = "has no column 'moment', which is to be its time_utc; its columns are when, who, what";
        assert_eq!(places(&names, &wrong), Err(told.to_owned()));
        assert!(places(&names, &BTreeMap::new()).expect_err("no time").contains("or `columns` or a mapping says how"));
    }

    #[test]
    fn a_value_within_a_text_is_found_by_what_is_around_it() {
        let (name, between) = split_name("reason|MAC * reboot");
        assert_eq!((name, &between), ("reason", &Some(("MAC ".to_owned(), " reboot".to_owned()))));
        assert_eq!(split_name("a|b"), ("a|b", None), "a name without a place for the value");
        let place = |own: &str| Place { at: 0, between: split_name(own).1 };
        let text = "NIC restarted: MAC 00:13:50:01, reboot count 7, received 2026-07-01 20:00:05";
        let value = |own: &str| place(own).value(text);
        assert_eq!(value("reason|MAC *,"), "00:13:50:01");
        assert_eq!(value("reason|received *"), "2026-07-01 20:00:05");
        assert_eq!(value("reason|*:"), "NIC restarted");
        assert_eq!([value("reason|serial *,"), value("reason|MAC *;")], ["", ""], "not in this one");
    }
}
