//! Parquet: the columns of the CSV format, typed.

use super::columns::KNOWN;
use super::intake::{Intake, Stop};
use super::parquet_column::{Batch, Kind};
use super::value::Value;
use super::{Fault, Place};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::File;

/// Rows held at a time; the lengths in a damaged file are not to be trusted with memory.
const ROWS_AT_A_TIME: usize = 1_024;

/// Reads the rows of a Parquet file. The footer is read first, and a file that is beyond the limits by it is refused unread.
pub(super) fn read(file: File, intake: &mut Intake<'_>) -> Result<(), Stop> {
    let reader = SerializedFileReader::new(file).map_err(|error| broken(intake, Place::File, &error))?;
    let metadata = reader.metadata();
    let rows: i64 = metadata.row_groups().iter().map(RowGroupMetaData::num_rows).sum();
    let max = intake.limits.records;
    if usize::try_from(rows.max(metadata.file_metadata().num_rows())).is_ok_and(|rows| rows > max) {
        return Err(intake.fatal(Place::File, None, Fault::TooManyRecords { max }));
    }
    let names: Vec<&str> = metadata.file_metadata().schema().get_fields().iter().map(|field| field.name()).collect();
    intake.header(Place::File, &names)?;
    let wanted = wanted(metadata, &names, intake)?;
    let mut number = 0;
    for group in 0..reader.num_row_groups() {
        let place = Place::Row(number + 1);
        let group = reader.get_row_group(group).map_err(|error| broken(intake, place, &error))?;
        let mut batches: Vec<Option<Batch>> = Vec::with_capacity(names.len());
        for column in &wanted {
            let open = |&(leaf, kind): &(usize, Kind)| {
                let nullable = group.metadata().schema_descr().column(leaf).max_def_level() > 0;
                Ok(Batch::new(group.get_column_reader(leaf)?, kind, nullable))
            };
            batches.push(column.as_ref().map(open).transpose().map_err(|error| broken(intake, place, &error))?);
        }
        let mut left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        while left > 0 {
            let ask = left.min(ROWS_AT_A_TIME);
            for batch in batches.iter_mut().flatten() {
                let there = batch.read(ask).map_err(|error| broken(intake, Place::Row(number + 1), &error))?;
                if there != ask {
                    let reason = "a column ends before the others".to_owned();
                    return Err(intake.fatal(Place::Row(number + 1), None, Fault::BadParquet { reason }));
                }
            }
            for row in 0..ask {
                number += 1;
                let value = |column: usize| batches[column].as_ref().map_or(Value::Missing, |batch| batch.value(row));
                intake.row(Place::Row(number), None, value)?;
            }
            left -= ask;
        }
    }
    Ok(())
}

/// The columns to read, by their position in the header: where each is in the file, and what it holds.
fn wanted(
    metadata: &ParquetMetaData,
    names: &[&str],
    intake: &mut Intake<'_>,
) -> Result<Vec<Option<(usize, Kind)>>, Stop> {
    let schema = metadata.file_metadata().schema_descr();
    let mut wanted = vec![None; names.len()];
    let columns = intake.columns().clone();
    let known = columns.known.iter().zip(KNOWN).filter_map(|(at, known)| Some(((*at)?, Some(known))));
    for (at, known) in known.chain(columns.own.iter().map(|at| (*at, None))).collect::<Vec<_>>() {
        let Some(leaf) = (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == at) else {
            continue;
        };
        let kind = match (Kind::of(&schema.column(leaf)), known) {
            (Ok(kind), Some(_)) => kind,
            (Err(is), Some(known)) => {
                let expected = if matches!(known, "id" | "kind") { "text" } else { "numbers" };
                return Err(intake.fatal(Place::File, Some(known), Fault::WrongColumn { is, expected }));
            }
            // Bytes of the user's own are hardly text: GeoParquet has its geometries there.
            (Ok(Kind::Bytes) | Err(_), None) => continue,
            (Ok(kind), None) => kind,
        };
        // The Parquet reader takes these as lengths without a look.
        let negative = |group: &RowGroupMetaData| {
            let column = group.column(leaf);
            let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
            start < 0 || column.compressed_size() < 0
        };
        if metadata.row_groups().iter().any(negative) {
            let reason = format!("the column '{}' has a length below zero", names[at]);
            return Err(intake.fatal(Place::File, None, Fault::BadParquet { reason }));
        }
        let size = |group: &RowGroupMetaData| u64::try_from(group.column(leaf).uncompressed_size()).unwrap_or(u64::MAX);
        let max_mb = intake.limits.column_mb;
        if metadata.row_groups().iter().any(|group| size(group) > max_mb * 1_000_000) {
            let column = names[at].to_owned();
            if known.is_some() {
                return Err(intake.fatal(Place::File, None, Fault::ColumnTooLong { column, max_mb }));
            }
            intake
                .warnings
                .push(format!("the column '{column}' is left out: unpacked, it takes more than {max_mb} MB"));
            continue;
        }
        wanted[at] = Some((leaf, kind));
    }
    Ok(wanted)
}

fn broken(intake: &mut Intake<'_>, place: Place, error: &ParquetError) -> Stop {
    intake.fatal(place, None, Fault::BadParquet { reason: error.to_string() })
}
