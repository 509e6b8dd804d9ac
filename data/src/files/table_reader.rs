//! Typed rows back from Parquet files.

use super::error::FileError;
use super::table_file::column_type;
use crate::rows::{Column, ColumnData, Row, Values};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Records asked for at a time; the length in a damaged file is not to be trusted with memory.
const RECORDS_AT_A_TIME: usize = 64 * 1024;

/// All rows of these files, in order.
pub fn read_rows<R: Row>(paths: &[PathBuf]) -> Result<Vec<R>, FileError> {
    let mut all = Vec::new();
    each_group(paths, |mut rows| all.append(&mut rows))?;
    Ok(all)
}

/// Hands over the rows of these files a row group at a time, in order.
pub fn each_group<R: Row>(paths: &[PathBuf], mut take: impl FnMut(Vec<R>)) -> Result<(), FileError> {
    for path in paths {
        let file = File::open(path).map_err(|e| FileError::io(path, "open the file", e))?;
        let reader = SerializedFileReader::new(file).map_err(|e| FileError::reading(path, e))?;
        let places = places::<R>(path, &reader)?;
        for group in 0..reader.num_row_groups() {
            let group = reader.get_row_group(group).map_err(|e| FileError::reading(path, e))?;
            take(read_group(path, group.as_ref(), &places)?);
        }
    }
    Ok(())
}

/// Where in the file each column of the row is; columns that the row does not have are left alone.
fn places<R: Row>(path: &Path, reader: &SerializedFileReader<File>) -> Result<Vec<usize>, FileError> {
    let there = reader.metadata().file_metadata().schema_descr_ptr();
    let place = |column: &Column| {
        let schema = |what: String| FileError::Schema {
            path: path.to_owned(),
            table: R::TABLE.name,
            column: column.name.to_owned(),
            what,
        };
        let found = there.columns().iter().position(|d| d.path().string() == column.name);
        let index = found.ok_or_else(|| schema("the file has no such column".to_owned()))?;
        match mismatch(column, &there.column(index)).map_err(|e| FileError::reading(path, e))? {
            Some(what) => Err(schema(what)),
            None => Ok(index),
        }
    };
    R::TABLE.columns.iter().map(place).collect()
}

fn mismatch(column: &Column, there: &ColumnDescriptor) -> Result<Option<String>, ParquetError> {
    let wanted = column_type(column)?;
    let logical = wanted.get_basic_info().logical_type_ref();
    if wanted.get_physical_type() != there.physical_type() || logical != there.logical_type_ref() {
        let found = match there.logical_type_ref() {
            Some(logical) => format!("{} ({logical:?})", there.physical_type()),
            None => there.physical_type().to_string(),
        };
        return Ok(Some(format!("it holds {found} instead of {}", column.physical.name())));
    }
    Ok((there.max_rep_level() > 0 || there.max_def_level() > 1).then(|| "it holds nested values".to_owned()))
}

fn read_group<R: Row>(path: &Path, group: &dyn RowGroupReader, places: &[usize]) -> Result<Vec<R>, FileError> {
    let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    let mut held = Vec::with_capacity(places.len());
    for &place in places {
        let reader = group.get_column_reader(place).map_err(|e| FileError::reading(path, e))?;
        let nullable = group.metadata().schema_descr().column(place).max_def_level() > 0;
        let column = Held::read(reader, nullable, rows).map_err(|e| FileError::reading(path, e))?;
        if column.rows != rows {
            let name = group.metadata().schema_descr().column(place).name().to_owned();
            let what = format!("column `{name}` has {} values in a group of {rows} rows", column.rows);
            return Err(FileError::Unreadable { path: path.to_owned(), what });
        }
        held.push(column);
    }
    let columns = held.iter_mut().map(Held::column).collect::<Result<Vec<_>, _>>();
    let columns = columns.map_err(|e| FileError::reading(path, e))?;
    R::assemble(columns, rows).map_err(|(column, error)| FileError::Schema {
        path: path.to_owned(),
        table: R::TABLE.name,
        column: column.to_owned(),
        what: error.to_string(),
    })
}

/// A column as it comes out of the file; text still in the buffers of its pages.
struct Held {
    values: HeldValues,
    levels: Option<Vec<i16>>,
    rows: usize,
}

enum HeldValues {
    Plain(Values<'static>),
    Text(Vec<ByteArray>),
}

impl Held {
    fn read(reader: ColumnReader, nullable: bool, rows: usize) -> Result<Self, ParquetError> {
        let mut levels = nullable.then(Vec::new);
        let levels_in = levels.as_mut();
        let (values, rows) = match reader {
            ColumnReader::BoolColumnReader(r) => plain(r, levels_in, rows, Values::Bool)?,
            ColumnReader::Int32ColumnReader(r) => plain(r, levels_in, rows, Values::I32)?,
            ColumnReader::Int64ColumnReader(r) => plain(r, levels_in, rows, Values::I64)?,
            ColumnReader::FloatColumnReader(r) => plain(r, levels_in, rows, Values::F32)?,
            ColumnReader::DoubleColumnReader(r) => plain(r, levels_in, rows, Values::F64)?,
            ColumnReader::ByteArrayColumnReader(r) => {
                let (values, rows) = drain(r, levels_in, rows)?;
                (HeldValues::Text(values), rows)
            }
            _ => return Err(ParquetError::General("a column of a type that no table has".to_owned())),
        };
        Ok(Held { values, levels, rows })
    }

    /// The column for assembling rows; numbers move out, text stays where it is.
    fn column(&mut self) -> Result<ColumnData<'_>, ParquetError> {
        let values = match &mut self.values {
            HeldValues::Plain(values) => std::mem::replace(values, Values::Bool(Vec::new())),
            HeldValues::Text(values) => {
                Values::Text(values.iter().map(ByteArray::as_utf8).collect::<Result<_, ParquetError>>()?)
            }
        };
        Ok(ColumnData { values, levels: self.levels.take() })
    }
}

fn plain<T: DataType>(
    reader: ColumnReaderImpl<T>,
    levels: Option<&mut Vec<i16>>,
    rows: usize,
    wrap: fn(Vec<T::T>) -> Values<'static>,
) -> Result<(HeldValues, usize), ParquetError> {
    let (values, rows) = drain(reader, levels, rows)?;
    Ok((HeldValues::Plain(wrap(values)), rows))
}

fn drain<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    mut levels: Option<&mut Vec<i16>>,
    rows: usize,
) -> Result<(Vec<T::T>, usize), ParquetError> {
    let mut values = Vec::new();
    let mut done = 0;
    while done < rows {
        let ask = (rows - done).min(RECORDS_AT_A_TIME);
        let (records, _, _) = reader.read_records(ask, levels.as_deref_mut(), None, &mut values)?;
        if records == 0 {
            break;
        }
        done += records;
    }
    Ok((values, done))
}
