//! Parquet: the columns of the CSV format, typed.

mod delta;
mod footer;
mod guard;
mod pages;
mod thrift;

pub(crate) use guard::guarded;
pub use guard::is_guarded;

use super::columns::KNOWN;
use super::intake::{Intake, Stop};
use super::parquet_column::{Batch, Kind};
use super::value::Value;
use super::{Fault, Place};
use pages::{PageTooLong, Pages};
use parquet::column::reader::get_column_reader;
use parquet::errors::{ParquetError, Result as Reading};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::File;

/// Rows held at a time; the lengths in a damaged file are not to be trusted with memory.
const ROWS_AT_A_TIME: usize = 1_024;

/// Reads the rows of a Parquet file. The footer is read first, then the header of each page, and what is beyond the limits by
/// them is not unpacked.
pub(super) fn read(file: File, file_bytes: u64, intake: &mut Intake<'_>) -> Result<(), Stop> {
    intake.limits = intake.limits.of_packed(file_bytes);
    let opened = guarded(|| {
        let mut file = file;
        footer::look(&mut file)?;
        let more = file.try_clone()?;
        Ok((SerializedFileReader::new(file)?, more))
    });
    let (reader, file) = opened.map_err(|error| broken(intake, Place::File, None, &error))?;
    let metadata = reader.metadata();
    let rows = metadata.row_groups().iter().map(RowGroupMetaData::num_rows);
    let rows = rows.fold(0_i64, |rows, more| rows.saturating_add(more.max(0)));
    let rows = usize::try_from(rows.max(metadata.file_metadata().num_rows())).unwrap_or(0);
    let max = intake.limits.records;
    if rows > max {
        return Err(intake.fatal(Place::File, None, Fault::TooManyRecords { max }));
    }
    if rows > intake.limits.packed_records && rows as u64 > file_bytes {
        return Err(intake.fatal(Place::File, None, Fault::Packed { rows, file_bytes }));
    }
    let names: Vec<&str> = metadata.file_metadata().schema().get_fields().iter().map(|field| field.name()).collect();
    intake.header(Place::File, &names)?;
    let wanted = wanted(metadata, &names, intake)?;
    let mut number = 0;
    for group in 0..metadata.num_row_groups() {
        let opened = guarded(|| open(&reader, &file, group, &wanted, intake.limits.page_mb));
        let mut batches = opened.map_err(|error| broken(intake, Place::Row(number + 1), None, &error))?;
        // A text may repeat all of the one before: many at once would take many times what is packed.
        let at_a_time = if wanted.iter().flatten().any(|column| column.kind.is_long()) { 1 } else { ROWS_AT_A_TIME };
        let mut left = usize::try_from(metadata.row_group(group).num_rows()).unwrap_or(0);
        while left > 0 {
            let ask = left.min(at_a_time);
            for (batch, column) in batches.iter_mut().zip(&wanted) {
                let (Some(batch), Some(Wanted { known, .. })) = (batch, column) else { continue };
                let place = Place::Row(number + 1);
                let there = guarded(|| batch.read(ask)).map_err(|error| broken(intake, place, *known, &error))?;
                if there != ask {
                    let reason = "a column ends before its rows do".to_owned();
                    return Err(intake.fatal(place, *known, Fault::BadParquet { reason }));
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

/// A column to read: where it is in the file, what it holds, and which of the known ones it is.
#[derive(Clone, Copy)]
struct Wanted {
    leaf: usize,
    kind: Kind,
    known: Option<&'static str>,
}

/// The columns to read, by their position in the header: where each is in the file, and what it holds.
fn wanted(metadata: &ParquetMetaData, names: &[&str], intake: &mut Intake<'_>) -> Result<Vec<Option<Wanted>>, Stop> {
    let schema = metadata.file_metadata().schema_descr();
    let mut wanted = vec![None; names.len()];
    let mut left_out = Vec::new();
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
            (Ok(Kind::Bytes), None) => {
                left_out.push(format!("{} (bytes)", names[at]));
                continue;
            }
            (Err(is), None) => {
                left_out.push(format!("{} ({is})", names[at]));
                continue;
            }
            (Ok(kind), None) => kind,
        };
        wanted[at] = Some(Wanted { leaf, kind, known });
    }
    if !left_out.is_empty() {
        intake.notes.push(format!("left out {}", left_out.join(", ")));
    }
    Ok(wanted)
}

/// The wanted columns of a row group.
fn open(
    reader: &SerializedFileReader<File>,
    file: &File,
    group: usize,
    wanted: &[Option<Wanted>],
    max_mb: u64,
) -> Reading<Vec<Option<Batch>>> {
    let group = reader.get_row_group(group)?;
    let length = file.metadata()?.len();
    let one = |&Wanted { leaf, kind, .. }: &Wanted| {
        let chunk = group.metadata().column(leaf);
        let (start, bytes) = chunk.byte_range();
        let end = start.checked_add(bytes).filter(|end| *end <= length);
        let end = end.ok_or_else(|| ParquetError::EOF("the file ends before its columns do".to_owned()))?;
        let descr = chunk.column_descr_ptr();
        let nullable = descr.max_def_level() > 0;
        let pages = Pages::new(group.get_column_page_reader(leaf)?, file.try_clone()?, start..end, nullable, max_mb);
        Ok(Batch::new(get_column_reader(descr, Box::new(pages)), kind, nullable))
    };
    wanted.iter().map(|column| column.as_ref().map(one).transpose()).collect()
}

fn broken(intake: &mut Intake<'_>, place: Place, column: Option<&'static str>, error: &ParquetError) -> Stop {
    let fault = match error {
        ParquetError::External(other) => {
            other.downcast_ref().map(|PageTooLong { max_mb }| Fault::PageTooLong { max_mb: *max_mb })
        }
        _ => None,
    };
    intake.fatal(place, column, fault.unwrap_or_else(|| Fault::BadParquet { reason: error.to_string() }))
}
