//! Reader of logs: what devices reported, or what was done with them, line by line.
//!
//! A CSV file with the columns `time_utc` and `device`, and `kind`, `code` or both; others, such as `received_utc`, `source` and `detail`, are
//! left alone. In any order and any case, `,`, `;` or tabs between the columns.

use crate::text_table;
use std::path::Path;

/// Most lines of a log.
pub const ENTRIES_MAX: usize = 20_000_000;
const COLUMNS: [(&str, &[&str]); 4] = [
    ("time_utc", &["time_utc", "time", "timestamp", "createddatetime", "creation_time"]),
    ("device", &["device", "id", "meter", "device_identification", "assets.mrid", "mrid"]),
    ("kind", &["kind", "event", "event_name", "name"]),
    ("code", &["code", "enddeviceeventtypeid", "eventtypeid", "event_code"]),
];

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, as it is written.
    pub time: String,
    /// Id of the device.
    pub device: String,
    /// What happened, in words; may be empty.
    pub kind: String,
    /// The same as a code; may be empty.
    pub code: String,
    /// Line of the file.
    pub line: u64,
}

/// Reads a log.
///
/// # Errors
/// What is wrong with the file and what to do.
pub fn read(path: &Path) -> Result<Vec<Entry>, String> {
    let text = text_table::text(path, "log")?;
    let separator = text_table::separator(&text);
    let mut reader = text_table::reader(&text, separator);
    let names = reader.headers().map_err(|e| format!("cannot be read: {e}"))?.clone();
    let column = |n: usize| {
        let named = |found: &str| COLUMNS[n].1.iter().any(|alias| found.eq_ignore_ascii_case(alias));
        names.iter().position(named)
    };
    let missing = |n: usize| {
        format!("has no column '{}'; a log begins with a line such as time_utc,device,kind,code", COLUMNS[n].0)
    };
    let (time, device) = (column(0).ok_or_else(|| missing(0))?, column(1).ok_or_else(|| missing(1))?);
    let (kind, code) = (column(2), column(3));
    if kind.is_none() && code.is_none() {
        return Err(missing(3));
    }
    let mut entries = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| format!("cannot be read: {e}"))?;
        if row.iter().all(str::is_empty) {
            continue;
        }
        if entries.len() >= ENTRIES_MAX {
            return Err(format!("has more than {ENTRIES_MAX} lines; split it"));
        }
        let value = |at: Option<usize>| at.and_then(|at| row.get(at)).unwrap_or_default().to_owned();
        let line = row.position().map_or(0, csv::Position::line);
        entries.push(Entry {
            time: value(Some(time)),
            device: value(Some(device)),
            kind: value(kind),
            code: value(code),
            line,
        });
    }
    if entries.is_empty() {
        return Err("has no lines but the names of its columns".to_owned());
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
        read(&path)
    }

    #[test]
    fn columns_are_found_by_the_names_of_exports_and_others_left_alone() {
        let entry = |kind: &str, code: &str, line| Entry {
            time: "2026-07-01T20:00:00Z".into(),
            device: "M1".into(),
            kind: kind.into(),
            code: code.into(),
            line,
        };
        let ours = log(
            "time_utc,received_utc,device,kind,code,source,detail\n2026-07-01T20:00:00Z,,M1,power-down,3.26.0.47,log,\"a, b\"\n",
        );
        assert_eq!(ours, Ok(vec![entry("power-down", "3.26.0.47", 2)]));
        let uiq = log("Assets.mRID;createdDateTime;EndDeviceEventTypeId\nM1;2026-07-01T20:00:00Z;3.26.0.47\n;;\n");
        assert_eq!(uiq, Ok(vec![entry("", "3.26.0.47", 2)]));
    }

    #[test]
    fn a_log_without_what_it_needs_is_refused() {
        assert!(log("device,kind\nM1,x\n").expect_err("no time").starts_with("has no column 'time_utc'; a log begins"));
        assert!(log("time,device\n1,M1\n").expect_err("nothing happened").starts_with("has no column 'code'"));
        assert_eq!(log("time,device,kind\n"), Err("has no lines but the names of its columns".to_owned()));
    }
}
