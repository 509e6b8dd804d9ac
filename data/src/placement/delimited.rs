//! CSV: a header line, then a line a site.

use super::bounded::BoundedLines;
use super::columns::{self, Columns, KNOWN};
use super::rules::{self, ColumnFault};
use super::{Fault, Place, PlacementError, PlacementRecord, RecordKind};
use csv::{ReaderBuilder, StringRecord, Trim};
use std::io::Read;
use std::path::Path;

const HEADER: &str = "a CSV file starts with the line id,lat,lon or id,lat,lon,kind,height_m";

/// Reads the sites of a CSV file; `path` is for messages.
pub(super) fn read(file: impl Read, path: &Path) -> Result<Vec<PlacementRecord>, PlacementError> {
    let at = |place, column, fault| PlacementError::new(path, place, column, fault);
    let mut lines = BoundedLines::new(file);
    let first = match lines.peek_line() {
        Ok(line) => line.trim().to_owned(),
        Err(error) => return Err(failed(path, &mut lines, &error)),
    };
    if first.is_empty() {
        let second = lines.number() > 0;
        let place = if second { Place::Line(1) } else { Place::File };
        return Err(at(place, None, Fault::Empty { expected: HEADER }));
    }
    for (separator, found) in [(';', "';'"), ('\t', "tabs"), ('|', "'|'")] {
        if first.contains(separator) && !first.contains(',') {
            return Err(at(Place::Line(1), None, Fault::Separator { found }));
        }
    }
    let mut reader = ReaderBuilder::new().flexible(true).has_headers(false).trim(Trim::All).from_reader(lines);
    let mut columns: Option<(Columns, usize)> = None;
    let mut records = Vec::new();
    let mut row = StringRecord::new();
    loop {
        match reader.read_record(&mut row) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(failed(path, reader.get_mut(), &error)),
        }
        let place = Place::Line(reader.get_ref().number());
        reader.get_mut().record_ends();
        let Some((columns, width)) = &columns else {
            let names: Vec<&str> = row.iter().collect();
            let found = Columns::find(&names).map_err(|fault| at(place, None, fault))?;
            columns = Some((found, names.len()));
            continue;
        };
        rules::full(&records, path)?;
        if row.len() != *width {
            return Err(at(place, None, Fault::FieldCount { found: row.len(), expected: *width }));
        }
        records.push(site(place, &row, columns).map_err(|(column, fault)| at(place, column, fault))?);
    }
    rules::complete(records, path, Place::Line(1), "a header line")
}

fn site(place: Place, row: &StringRecord, columns: &Columns) -> Result<PlacementRecord, ColumnFault> {
    let [name, lat, lon, kind, height] = columns.0.map(|at| at.and_then(|i| row.get(i)).unwrap_or(""));
    let number = |column: usize, text| rules::number(text).map_err(|fault| (Some(KNOWN[column]), fault));
    let position = (number(1, lat)?, number(2, lon)?);
    let kind = match kind {
        "" => RecordKind::Meter,
        word => columns::kind(word).map_err(|fault| (Some("kind"), fault))?,
    };
    let height = if height.is_empty() { None } else { Some(number(4, height)?) };
    rules::record(place, name, kind, position, height)
}

/// The line's own fault, or what the system says.
fn failed<R: Read>(path: &Path, lines: &mut BoundedLines<R>, error: &dyn std::error::Error) -> PlacementError {
    let (place, fault) = lines
        .take_fault()
        .unwrap_or_else(|| (Place::Line(lines.number().max(1)), Fault::Unreadable { reason: error.to_string() }));
    PlacementError::new(path, place, None, fault)
}
