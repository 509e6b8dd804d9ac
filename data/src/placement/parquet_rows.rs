//! Parquet: the columns of the CSV format, typed.

use super::columns::{self, Columns, KNOWN};
use super::rules::{self, ColumnFault};
use super::{Fault, Place, PlacementError, PlacementRecord, RecordKind};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use parquet::schema::types::Type;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Reads the sites of a Parquet file; `path` is for messages.
pub(super) fn read(file: File, path: &Path) -> Result<Vec<PlacementRecord>, PlacementError> {
    let at = |place, column, fault| PlacementError::new(path, place, column, fault);
    let broken = |place, error: ParquetError| at(place, None, Fault::BadParquet { reason: error.to_string() });
    let reader = SerializedFileReader::new(file).map_err(|e| broken(Place::File, e))?;
    let schema = reader.metadata().file_metadata().schema().clone();
    let names: Vec<&str> = schema.get_fields().iter().map(|field| field.name()).collect();
    let columns = Columns::find(&names).map_err(|fault| at(Place::File, None, fault))?;
    let known = |field: &Arc<Type>| KNOWN.contains(&field.name());
    let wanted = schema.get_fields().iter().filter(|f| known(f)).cloned().collect();
    let projection = Type::group_type_builder(schema.name()).with_fields(wanted).build();
    let rows = projection
        .and_then(|projection| reader.get_row_iter(Some(projection)))
        .map_err(|error| broken(Place::File, error))?;
    let mut records = Vec::new();
    for (number, row) in (1u64..).zip(rows) {
        let place = Place::Row(number);
        rules::full(&records, path)?;
        let row = row.map_err(|error| broken(place, error))?;
        records.push(site(place, &row, columns).map_err(|(column, fault)| at(place, column, fault))?);
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
