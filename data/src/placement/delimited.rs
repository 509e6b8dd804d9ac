//! CSV: a header line, then a line a site.

use super::bounded::BoundedLines;
use super::intake::{Intake, Stop};
use super::utf16::AsUtf8;
use super::value::Value;
use super::{Fault, Place};
use csv::{ReaderBuilder, StringRecord, Trim};
use std::borrow::Cow;
use std::io::Read;

const HEADER: &str = "a CSV file starts with the line id,lat,lon or id,lat,lon,kind,height_m";
/// What stands between columns, the most usual first, and what it is called.
const SEPARATORS: [(char, &str); 4] = [(',', "','"), (';', "';'"), ('\t', "tabs"), ('|', "'|'")];

/// Reads the rows of a CSV file.
pub(super) fn read(file: impl Read, intake: &mut Intake<'_>) -> Result<(), Stop> {
    let file = AsUtf8::new(file).map_err(|error| intake.fatal(Place::File, None, Fault::from_io(&error)))?;
    if file.is_utf16() {
        intake.notes.push("UTF-16".to_owned());
    }
    let mut lines = BoundedLines::new(file);
    let mut first = peek(&mut lines, intake)?;
    // Excel takes a first line `sep=;` for itself.
    let told = first.strip_prefix("sep=").and_then(|rest| rest.chars().next());
    if told.is_some() {
        lines.skip_line();
        first = peek(&mut lines, intake)?;
    }
    if first.is_empty() {
        let place = if lines.number() > 0 { Place::Line(lines.number()) } else { Place::File };
        return Err(intake.fatal(place, None, Fault::Empty { expected: HEADER }));
    }
    let (separator, noun) = SEPARATORS.into_iter().find(|&(c, _)| Some(c) == told).unwrap_or_else(|| separator(&first));
    if separator != ',' {
        intake.notes.push(format!("columns separated by {noun}"));
        intake.commas = true;
    }
    let mut reader = ReaderBuilder::new()
        .delimiter(separator as u8)
        .flexible(true)
        .has_headers(false)
        .trim(Trim::All)
        .from_reader(lines);
    let mut width: Option<usize> = None;
    let mut row = StringRecord::new();
    loop {
        match reader.read_record(&mut row) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => return Err(failed(intake, reader.get_mut(), &error)),
        }
        let place = Place::Line(reader.get_ref().number());
        reader.get_mut().record_ends();
        if row.iter().all(str::is_empty) {
            intake.blank_row();
            continue;
        }
        // Columns without a name behind the last one, and fields without a value, are a spreadsheet's.
        let filled =
            (0..row.len()).rfind(|&i| row.get(i).is_some_and(|field| !field.is_empty())).map_or(0, |last| last + 1);
        let Some(expected) = width else {
            let names: Vec<&str> = row.iter().take(filled).collect();
            intake.header(place, &names)?;
            width = Some(filled);
            continue;
        };
        if row.len() < expected || filled > expected {
            intake.mistake(place, None, Fault::FieldCount { found: row.len(), expected, separator });
            continue;
        }
        intake.row(place, None, |column| row.get(column).map_or(Value::Missing, |t| Value::Text(Cow::Borrowed(t))))?;
    }
}

fn peek(lines: &mut BoundedLines<impl Read>, intake: &mut Intake<'_>) -> Result<String, Stop> {
    match lines.peek_line() {
        Ok(line) => Ok(line.trim().to_owned()),
        Err(error) => Err(failed(intake, lines, &error)),
    }
}

/// What stands between the columns: the sign that a header has most of, outside of quotes.
fn separator(header: &str) -> (char, &'static str) {
    let count = |sign: char| {
        let mut quoted = false;
        let outside = |&c: &char| {
            quoted ^= c == '"';
            c == sign && !quoted
        };
        header.chars().filter(outside).count()
    };
    let best = SEPARATORS.into_iter().reduce(|best, next| if count(next.0) > count(best.0) { next } else { best });
    best.unwrap_or(SEPARATORS[0])
}

/// The line's own fault, or what the system says.
fn failed<R: Read>(intake: &mut Intake<'_>, lines: &mut BoundedLines<R>, error: &dyn std::error::Error) -> Stop {
    let (place, fault) = lines
        .take_fault()
        .unwrap_or_else(|| (Place::Line(lines.number().max(1)), Fault::Unreadable { reason: error.to_string() }));
    intake.fatal(place, None, fault)
}
