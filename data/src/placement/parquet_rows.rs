//! Parquet: the columns of the CSV format, typed.

mod column;
mod delta;
mod footer;
mod guard;
mod pages;
mod thrift;

pub use guard::is_guarded;

use super::columns::{self, Columns, KNOWN};
use super::rules::{self, ColumnFault};
use super::{Fault, LINE_BYTES_MAX, Place, PlacementError, PlacementRecord, RECORDS_MAX, RecordKind};
use column::{Column, Value};
use guard::guarded;
use pages::{PageTooLong, Pages};
use parquet::errors::{ParquetError, Result as Reading};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::File;
use std::path::Path;

/// What a Parquet file may hold: it is packed, and a few bytes can stand for more than any memory takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rows.
    pub records: usize,
    /// Bytes of an id.
    pub id_bytes: usize,
    /// All ids, MB.
    pub ids_mb: u64,
    /// A page of a column, unpacked, MB. The two pages that are held of each column take that much each, and as much again
    /// for the values of a dictionary.
    pub page_mb: u64,
}

impl Limits {
    /// Those of placements. Writers make pages of 1 MB, and none that is known makes them longer than 100 MB.
    pub const PLACEMENT: Limits =
        Limits { records: RECORDS_MAX, id_bytes: LINE_BYTES_MAX, ids_mb: 1_024, page_mb: 128 };
}

/// Reads the sites of a Parquet file; `path` is for messages. The footer is read first, then the header of each page, and what
/// is beyond `limits` by them is not unpacked.
pub(super) fn read(file: File, path: &Path, limits: &Limits) -> Result<Vec<PlacementRecord>, PlacementError> {
    let at = |place, column, fault| PlacementError::new(path, place, column, fault);
    let broken = |place, column, error: &ParquetError| at(place, column, fault(error));
    let opened = guarded(|| {
        let mut file = file;
        footer::look(&mut file)?;
        let more = file.try_clone()?;
        Ok((SerializedFileReader::new(file)?, more))
    });
    let (reader, file) = opened.map_err(|error| broken(Place::File, None, &error))?;
    let metadata = reader.metadata();
    let schema = metadata.file_metadata().schema();
    let names: Vec<&str> = schema.get_fields().iter().map(|field| field.name()).collect();
    let columns = Columns::find(&names).map_err(|fault| at(Place::File, None, fault))?;
    let rows = metadata.row_groups().iter().map(RowGroupMetaData::num_rows);
    let rows = rows.fold(0_i64, |rows, more| rows.saturating_add(more.max(0)));
    if usize::try_from(rows.max(metadata.file_metadata().num_rows())).is_ok_and(|rows| rows > limits.records) {
        return Err(at(Place::File, None, Fault::TooManyRecords { max: limits.records }));
    }
    let leaves = known_leaves(&reader, columns).map_err(|(column, fault)| at(Place::File, column, fault))?;
    let (mut records, mut ids_bytes, mut number) = (Vec::new(), 0, 0);
    for group in 0..metadata.num_row_groups() {
        let opened = guarded(|| open(&reader, &file, group, leaves, limits.page_mb));
        let mut opened = opened.map_err(|error| broken(Place::Row(number + 1), None, &error))?;
        for _ in 0..metadata.row_group(group).num_rows() {
            number += 1;
            let place = Place::Row(number);
            rules::full(&records, path)?;
            let mut row = [const { Value::Null }; KNOWN.len()];
            for ((value, column), name) in row.iter_mut().zip(&mut opened).zip(KNOWN) {
                if let Some(column) = column {
                    *value = guarded(|| column.next()).map_err(|error| broken(place, Some(name), &error))?;
                }
            }
            let record = site(place, &row, limits).map_err(|(column, fault)| at(place, column, fault))?;
            ids_bytes += record.name.len() as u64;
            if ids_bytes > limits.ids_mb * 1_000_000 {
                return Err(at(place, Some("id"), Fault::IdsTooLong { max_mb: limits.ids_mb }));
            }
            records.push(record);
        }
    }
    rules::complete(records, path, Place::Row(1), "its columns")
}

fn fault(error: &ParquetError) -> Fault {
    if let ParquetError::External(other) = error
        && let Some(PageTooLong { max_mb }) = other.downcast_ref()
    {
        return Fault::PageTooLong { max_mb: *max_mb };
    }
    Fault::BadParquet { reason: error.to_string() }
}

/// For each known column, its number among those of a row group.
type Leaves = [Option<usize>; KNOWN.len()];

/// Where the known columns are, if all of them are of a type that is read.
fn known_leaves(reader: &SerializedFileReader<File>, columns: Columns) -> Result<Leaves, ColumnFault> {
    let descr = reader.metadata().file_metadata().schema_descr();
    let mut leaves = Leaves::default();
    for ((leaf, name), column) in leaves.iter_mut().zip(KNOWN).zip(columns.0) {
        let Some(field) = column else { continue };
        *leaf = (0..descr.num_columns()).find(|leaf| descr.get_column_root_idx(*leaf) == field);
        let expected = match name {
            "id" => "a text or a whole number",
            "kind" => "a text",
            _ => "a number",
        };
        let is = leaf.map_or(Some("nested"), |leaf| column::other_type(&descr.column(leaf)));
        if let Some(is) = is {
            return Err((Some(name), Fault::WrongType { found: name.to_owned(), is, expected }));
        }
    }
    Ok(leaves)
}

/// The known columns of a row group.
fn open(
    reader: &SerializedFileReader<File>,
    file: &File,
    group: usize,
    leaves: Leaves,
    max_mb: u64,
) -> Reading<[Option<Column>; KNOWN.len()]> {
    let group = reader.get_row_group(group)?;
    let length = file.metadata()?.len();
    let mut columns = [const { None }; KNOWN.len()];
    for (column, leaf) in columns.iter_mut().zip(leaves) {
        let Some(leaf) = leaf else { continue };
        let chunk = group.metadata().column(leaf);
        let (start, bytes) = chunk.byte_range();
        let end = start.checked_add(bytes).filter(|end| *end <= length);
        let end = end.ok_or_else(|| ParquetError::EOF("the file ends before its columns do".to_owned()))?;
        let descr = chunk.column_descr_ptr();
        let pages = group.get_column_page_reader(leaf)?;
        let pages = Pages::new(pages, file.try_clone()?, start..end, descr.max_def_level() > 0, max_mb);
        *column = Column::new(&descr, Box::new(pages));
    }
    Ok(columns)
}

fn site(place: Place, row: &[Value; KNOWN.len()], limits: &Limits) -> Result<PlacementRecord, ColumnFault> {
    let [id, lat, lon, kind, height] = row;
    let name = match id {
        Value::Text(text) if text.len() > limits.id_bytes => {
            return Err((Some("id"), Fault::IdTooLong { max: limits.id_bytes }));
        }
        Value::Text(text) => text_of(text, "id")?.trim().to_owned(),
        Value::Null => String::new(),
        Value::Whole(number) => number.to_string(),
        Value::Real(number) => return Err((Some("id"), wrong_type(number, "a text or a whole number"))),
    };
    let kind = match kind {
        Value::Null => RecordKind::Meter,
        Value::Text(word) => match text_of(word, "kind")?.trim() {
            "" => RecordKind::Meter,
            word => columns::kind(word).map_err(|fault| (Some("kind"), fault))?,
        },
        Value::Whole(number) => return Err((Some("kind"), wrong_type(number, "a text"))),
        Value::Real(number) => return Err((Some("kind"), wrong_type(number, "a text"))),
    };
    let needed = |value, column| number(value, column)?.ok_or((Some(column), Fault::MissingValue));
    let position = (needed(lat, "lat")?, needed(lon, "lon")?);
    rules::record(place, &name, kind, position, number(height, "height_m")?)
}

fn text_of<'a>(text: &'a parquet::data_type::ByteArray, column: &'static str) -> Result<&'a str, ColumnFault> {
    text.as_utf8().map_err(|error| (Some(column), fault(&error)))
}

fn number(value: &Value, column: &'static str) -> Result<Option<f64>, ColumnFault> {
    Ok(match value {
        Value::Null => None,
        Value::Real(number) => Some(*number),
        Value::Whole(number) => Some(*number as f64),
        Value::Text(text) => Some(rules::number(text_of(text, column)?.trim()).map_err(|fault| (Some(column), fault))?),
    })
}

fn wrong_type(found: &impl ToString, expected: &'static str) -> Fault {
    Fault::WrongType { found: found.to_string(), is: "a number", expected }
}
