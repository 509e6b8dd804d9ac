//! Parquet: the columns of the CSV format, typed.

use super::columns::{self, Columns, KNOWN};
use super::rules::{self, ColumnFault};
use super::{Fault, LINE_BYTES_MAX, Place, PlacementError, PlacementRecord, RECORDS_MAX, RecordKind};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use parquet::schema::types::Type;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// What a file may hold: it is packed, and a few bytes can stand for more than any memory takes.
pub(super) struct Limits {
    /// Rows.
    pub records: usize,
    /// An id.
    pub id_bytes: usize,
    /// All ids.
    pub ids_mb: u64,
    /// A column of a row group, unpacked, as the footer has it.
    pub column_mb: u64,
}

impl Limits {
    /// Those of placements.
    pub const PLACEMENT: Limits =
        Limits { records: RECORDS_MAX, id_bytes: LINE_BYTES_MAX, ids_mb: 1_024, column_mb: 1_024 };
}

/// Reads the sites of a Parquet file; `path` is for messages. The footer is read first, and a file that is beyond `limits` by
/// it is refused unread.
pub(super) fn read(file: File, path: &Path, limits: &Limits) -> Result<Vec<PlacementRecord>, PlacementError> {
    let at = |place, column, fault| PlacementError::new(path, place, column, fault);
    let broken = |place, error: ParquetError| at(place, None, Fault::BadParquet { reason: error.to_string() });
    let reader = SerializedFileReader::new(file).map_err(|e| broken(Place::File, e))?;
    let schema = reader.metadata().file_metadata().schema().clone();
    let names: Vec<&str> = schema.get_fields().iter().map(|field| field.name()).collect();
    let columns = Columns::find(&names).map_err(|fault| at(Place::File, None, fault))?;
    let known = |field: &Arc<Type>| KNOWN.contains(&field.name());
    let wanted = schema.get_fields().iter().filter(|f| known(f)).cloned().collect();
    let rows: i64 = reader.metadata().row_groups().iter().map(RowGroupMetaData::num_rows).sum();
    if usize::try_from(rows.max(reader.metadata().file_metadata().num_rows())).is_ok_and(|rows| rows > limits.records) {
        return Err(at(Place::File, None, Fault::TooManyRecords { max: limits.records }));
    }
    for column in reader.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let name = column.column_path().parts().first().map_or("", String::as_str);
        let bytes = u64::try_from(column.uncompressed_size()).unwrap_or(u64::MAX);
        if KNOWN.contains(&name) && bytes > limits.column_mb * 1_000_000 {
            return Err(at(
                Place::File,
                None,
                Fault::ColumnTooLong { column: name.to_owned(), max_mb: limits.column_mb },
            ));
        }
    }
    let projection = Type::group_type_builder(schema.name()).with_fields(wanted).build();
    let rows = projection
        .and_then(|projection| reader.get_row_iter(Some(projection)))
        .map_err(|error| broken(Place::File, error))?;
    let (mut records, mut ids_bytes) = (Vec::new(), 0);
    for (number, row) in (1u64..).zip(rows) {
        let place = Place::Row(number);
        rules::full(&records, path)?;
        let row = row.map_err(|error| broken(place, error))?;
        let record = site(place, &row, columns).map_err(|(column, fault)| at(place, column, fault))?;
        if record.name.len() > limits.id_bytes {
            return Err(at(place, Some("id"), Fault::IdTooLong { max: limits.id_bytes }));
        }
        ids_bytes += record.name.len() as u64;
        if ids_bytes > limits.ids_mb * 1_000_000 {
            return Err(at(place, Some("id"), Fault::IdsTooLong { max_mb: limits.ids_mb }));
        }
        records.push(record);
    }
    rules::complete(records, path, Place::Row(1), "its columns")
}

fn site(place: Place, row: &Row, columns: Columns) -> Result<PlacementRecord, ColumnFault> {
    let value = |column: usize| match columns.0[column] {
        None => &Field::Null,
        Some(_) => row.get_column_iter().find(|(name, _)| *name == KNOWN[column]).map_or(&Field::Null, |(_, v)| v),
    };
    let number = |column: usize| number(value(column)).map_err(|fault| (Some(KNOWN[column]), fault));
    let needed = |column: usize| number(column)?.ok_or((Some(KNOWN[column]), Fault::MissingValue));
    let name = match value(0) {
        Field::Str(text) => text.trim().to_owned(),
        Field::Null => String::new(),
        whole @ (Field::Int(_) | Field::Long(_) | Field::UInt(_) | Field::ULong(_)) => whole.to_string(),
        other => return Err((Some("id"), wrong_type(other, "a text or a whole number"))),
    };
    let kind = match value(3) {
        Field::Null => RecordKind::Meter,
        Field::Str(word) if word.trim().is_empty() => RecordKind::Meter,
        Field::Str(word) => columns::kind(word.trim()).map_err(|fault| (Some("kind"), fault))?,
        other => return Err((Some("kind"), wrong_type(other, "a text"))),
    };
    rules::record(place, &name, kind, (needed(1)?, needed(2)?), number(4)?)
}

fn number(field: &Field) -> Result<Option<f64>, Fault> {
    Ok(Some(match field {
        Field::Null => return Ok(None),
        Field::Double(value) => *value,
        Field::Float(value) => f64::from(*value),
        Field::Int(value) => f64::from(*value),
        Field::Long(value) => *value as f64,
        Field::Str(text) => return rules::number(text.trim()).map(Some),
        other => return Err(wrong_type(other, "a number")),
    }))
}

fn wrong_type(found: &Field, expected: &'static str) -> Fault {
    let is = match found {
        Field::Bool(_) => "a truth value",
        Field::Bytes(_) => "bytes without a text type",
        Field::Str(_) => "a text",
        Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_) => "nested",
        _ => "of another type",
    };
    Fault::WrongType { found: found.to_string().chars().take(40).collect(), is, expected }
}
