//! Reader of surveys: levels that were measured between named nodes.
//!
//! A CSV file with the columns `from`, `to` and `rssi_dbm`, in any order and any case; others, such as a time or a channel, are
//! left alone. `,`, `;` or tabs between the columns, with decimal commas where the columns are not separated by commas.

use crate::text_table;
use std::path::{Path, PathBuf};

/// Most levels of a survey.
pub const LEVELS_MAX: usize = 5_000_000;
/// Levels that receivers report, dBm.
pub const LEVEL_DBM: std::ops::RangeInclusive<f64> = -150.0..=30.0;
/// Mistakes that are told one by one; the rest is counted.
const MISTAKES_TOLD: usize = 20;
const COLUMNS: [(&str, &[&str]); 3] = [
    ("from", &["from", "source", "src", "tx", "sender"]),
    ("to", &["to", "destination", "dst", "rx", "receiver"]),
    ("rssi_dbm", &["rssi_dbm", "rssi", "rsl", "rsl_dbm", "level_dbm", "level"]),
];

/// A measured level.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Who sent.
    pub from: String,
    /// Who heard it.
    pub to: String,
    /// Level at the latter, dBm.
    pub rssi_dbm: f64,
    /// Line of the file.
    pub line: u64,
}

/// A survey that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}{}", path.display(), told(mistakes, *more))]
pub struct SurveyError {
    path: PathBuf,
    mistakes: Vec<(Option<u64>, String)>,
    more: u64,
}

impl SurveyError {
    /// One mistake, of the whole file or in a line.
    pub fn one(path: &Path, line: Option<u64>, what: impl Into<String>) -> SurveyError {
        SurveyError::all(path, vec![(line, what.into())])
    }

    /// Several, of which the first ones are told; there must be one.
    pub fn all(path: &Path, mut mistakes: Vec<(Option<u64>, String)>) -> SurveyError {
        let more = mistakes.len().saturating_sub(MISTAKES_TOLD) as u64;
        mistakes.truncate(MISTAKES_TOLD);
        SurveyError { path: path.to_owned(), mistakes, more }
    }
}

fn told(mistakes: &[(Option<u64>, String)], more: u64) -> String {
    let place = |line: &Option<u64>| line.map_or(String::new(), |line| format!("line {line}: "));
    match mistakes {
        [(None, what)] => format!(": {what}"),
        [(Some(line), what)] => format!(", line {line}: {what}"),
        _ => {
            let mut text = format!(" has {} mistakes:", mistakes.len() as u64 + more);
            for (line, what) in mistakes {
                text += &format!("\n         {}{what}", place(line));
            }
            if more > 0 {
                text += &format!("\n         and {more} more");
            }
            text
        }
    }
}

/// Reads a survey.
///
/// # Errors
/// What is wrong with the file, each with its line and what to do.
pub fn read(path: &Path) -> Result<Vec<Level>, SurveyError> {
    let whole = |what: String| SurveyError::one(path, None, what);
    let text = text_table::text(path, "survey").map_err(whole)?;
    let separator = text_table::separator(&text);
    let mut reader = text_table::reader(&text, separator);
    let names = reader.headers().map_err(|e| whole(format!("cannot be read: {e}")))?.clone();
    let mut at = [0; 3];
    for (place, (name, aliases)) in at.iter_mut().zip(COLUMNS) {
        let named = |found: &str| aliases.iter().any(|alias| found.eq_ignore_ascii_case(alias));
        *place = names.iter().position(named).ok_or_else(|| {
            whole(format!("has no column '{name}'; a survey begins with the line from,to,rssi_dbm, and each line is a measured level"))
        })?;
    }
    let (mut levels, mut mistakes) = (Vec::new(), Vec::new());
    for row in reader.records() {
        let row = row.map_err(|e| whole(format!("cannot be read: {e}")))?;
        let line = row.position().map_or(0, csv::Position::line);
        if row.iter().all(str::is_empty) {
            continue;
        }
        if levels.len() >= LEVELS_MAX {
            return Err(whole(format!("has more than {LEVELS_MAX} levels; thin it out")));
        }
        match level(&row, at, separator, line) {
            Ok(level) => levels.push(level),
            Err(what) => mistakes.push((Some(line), what)),
        }
    }
    if !mistakes.is_empty() {
        return Err(SurveyError::all(path, mistakes));
    }
    if levels.is_empty() {
        return Err(whole("has no levels: the header line and nothing else".to_owned()));
    }
    Ok(levels)
}

fn level(row: &csv::StringRecord, at: [usize; 3], separator: char, line: u64) -> Result<Level, String> {
    let [from, to, level] = at.map(|at| row.get(at).unwrap_or_default());
    for (value, name) in [(from, "from"), (to, "to"), (level, "rssi_dbm")] {
        if value.is_empty() {
            return Err(format!("column {name}: there is no value"));
        }
    }
    if from == to {
        return Err(format!("'{from}' cannot hear itself; give another node in from or to"));
    }
    let number = if separator == ',' { level.to_owned() } else { level.replace(',', ".") };
    let rssi_dbm: f64 =
        number.parse().map_err(|_| format!("column rssi_dbm: '{level}' is no number; write dBm, such as -81.5"))?;
    if !LEVEL_DBM.contains(&rssi_dbm) {
        let (low, high) = (LEVEL_DBM.start(), LEVEL_DBM.end());
        return Err(format!(
            "column rssi_dbm: no receiver reports {level} dBm; levels lie between {low} and {high} dBm, and are negative in the field"
        ));
    }
    Ok(Level { from: from.to_owned(), to: to.to_owned(), rssi_dbm, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(text: &str) -> Result<Vec<Level>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("survey.csv");
        std::fs::write(&path, text).expect("written");
        read(&path).map_err(|e| e.to_string().strip_prefix(&path.display().to_string()).expect("the path").to_owned())
    }

    #[test]
    fn columns_are_found_by_name_and_others_left_alone() {
        let level = |from: &str, to: &str, rssi_dbm, line| Level { from: from.into(), to: to.into(), rssi_dbm, line };
        let expected = vec![level("a", "b", -81.5, 2), level("b", "a", -80.0, 4)];
        assert_eq!(survey("from,to,rssi_dbm\na,b,-81.5\n,,\nb,a,-80\n"), Ok(expected.clone()));
        assert_eq!(survey("Time;RSSI;To;From\n1;-81,5;b;a\n;;;\n2;-80;a;b\n"), Ok(expected));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let refused = |text: &str| survey(text).expect_err("refused");
        assert_eq!(refused("from,to,rssi_dbm\n"), ": has no levels: the header line and nothing else");
        assert!(refused("from,rssi_dbm\na,-80\n").starts_with(": has no column 'to'; a survey begins with the line"));
        assert_eq!(
            refused("from,to,rssi\na,a,-80\n"),
            ", line 2: 'a' cannot hear itself; give another node in from or to"
        );
        let all = refused("from,to,rssi\na,b,loud\na,,-80\na,b,-300\n");
        let expected = [
            "has 3 mistakes:",
            "line 2: column rssi_dbm: 'loud' is no number",
            "line 3: column to: there is no value",
            "line 4: column rssi_dbm: no receiver reports -300 dBm; levels lie between -150 and 30 dBm",
        ];
        assert!(expected.iter().all(|part| all.contains(part)), "{all}");
    }
}
