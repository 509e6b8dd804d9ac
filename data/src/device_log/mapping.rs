//! Reader of mappings: what a log of another system calls its columns, its codes and its devices.
//!
//! A CSV file with the columns `what`, `theirs` and `ours`: what of a log is meant, how that system calls it, and what it is here.

use crate::text_table;
use std::path::Path;

/// Most rows of a mapping.
pub const ROWS_MAX: usize = 5_000_000;
const COLUMNS: [&str; 3] = ["what", "theirs", "ours"];

/// What of a log a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A column.
    Column,
    /// A code, or a word in place of one.
    Code,
    /// A device.
    Device,
    /// All devices: by which column of the placement the log names them.
    Devices,
    /// How times are written, and where clocks show them.
    Time,
}

impl What {
    /// All, by their words.
    pub const WORDS: [(&'static str, What); 5] = [
        ("column", What::Column),
        ("code", What::Code),
        ("device", What::Device),
        ("devices", What::Devices),
        ("time", What::Time),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        What::WORDS.iter().find(|(_, what)| *what == self).map_or("", |(word, _)| word)
    }
}

/// A row of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is about.
    pub what: What,
    /// How the log calls it.
    pub theirs: String,
    /// What it is here.
    pub ours: String,
    /// Line of the file.
    pub line: u64,
}

/// Reads a mapping.
///
/// # Errors
/// What is wrong with the file and what to do.
pub fn read(path: &Path) -> Result<Vec<Row>, String> {
    let text = text_table::text(path, "mapping")?;
    let separator = text_table::separator(&text);
    let mut reader = text_table::reader(&text, separator);
    let names = reader.headers().map_err(|e| format!("cannot be read: {e}"))?.clone();
    let place = |name: &str| names.iter().position(|found| found.eq_ignore_ascii_case(name));
    let [Some(what), Some(theirs), Some(ours)] = COLUMNS.map(place) else {
        let missing: Vec<&str> = COLUMNS.into_iter().filter(|name| place(name).is_none()).collect();
        let missing = missing.join("' and '");
        return Err(format!(
            "has no column '{missing}'; a mapping begins with the line what,theirs,ours and goes on with lines such as code,LOSS OF POWER,power-down"
        ));
    };
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| format!("cannot be read: {e}"))?;
        let value = |at: usize| row.get(at).unwrap_or_default();
        let line = text_table::line(&text, &row);
        if row.iter().all(str::is_empty) || value(what).starts_with('#') {
            continue;
        }
        if rows.len() >= ROWS_MAX {
            return Err(format!("has more than {ROWS_MAX} rows"));
        }
        let known = What::WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(value(what)));
        let Some(&(_, what)) = known else {
            let words = What::WORDS.map(|(word, _)| word).join(", ");
            return Err(format!("says what `{}` is in line {line}; the column `what` has one of {words}", value(what)));
        };
        let (theirs, ours) = (value(theirs).to_owned(), value(ours).to_owned());
        let empty = [("theirs", &theirs), ("ours", &ours)].into_iter().find(|(_, value)| value.is_empty());
        if let Some((name, _)) = empty {
            return Err(format!("has nothing in the column `{name}` of line {line}; fill it in or leave the line out"));
        }
        rows.push(Row { what, theirs, ours, line });
    }
    if rows.is_empty() {
        return Err("has no lines but the names of its columns".to_owned());
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(text: &str) -> Result<Vec<Row>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mapping.csv");
        std::fs::write(&path, text).expect("written");
        read(&path)
    }

    #[test]
    fn rows_say_what_another_system_calls_things() {
        let text =
            "what;theirs;ours\n# of the export of June\ncolumn;reason|MAC *,;device\n\nDevice;00:13:50:01;M000001\n";
        let row = |what, theirs: &str, ours: &str, line| Row { what, theirs: theirs.into(), ours: ours.into(), line };
        let expected =
            [row(What::Column, "reason|MAC *,", "device", 3), row(What::Device, "00:13:50:01", "M000001", 5)];
        assert_eq!(mapping(text), Ok(expected.to_vec()));
    }

    #[test]
    fn a_mapping_that_says_nothing_is_refused() {
        let told = |text: &str| mapping(text).expect_err("refused");
        assert!(
            told("what,theirs\ncode,X\n")
                .starts_with("has no column 'ours'; a mapping begins with the line what,theirs,ours")
        );
        assert_eq!(
            told("what,theirs,ours\ncode,X,ignore\ncodes,Y,ignore\n"),
            "says what `codes` is in line 3; the column `what` has one of column, code, device, devices, time"
        );
        assert!(told("what,theirs,ours\ncode,X,\n").starts_with("has nothing in the column `ours` of line 2"));
        assert_eq!(told("what,theirs,ours\n"), "has no lines but the names of its columns");
    }
}
