//! One Parquet file in the making: schema, properties and row groups from a row type.

use super::atomic::Pending;
use super::derived::{Derived, Memory};
use super::error::FileError;
use crate::manifest::FileEntry;
use crate::rows::{Column, ColumnData, Physical, Row, TableInfo, Values};
use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnPath, Type};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What every file of a run says about itself.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Scenario.
    pub scenario: String,
    /// Variant.
    pub variant: String,
    /// Version of the program.
    pub version: String,
    /// Seed.
    pub seed: u64,
    /// The meters' DLMS keys, as in `summary.json`.
    pub keys: String,
    /// Civil time at the start of the run, s since 1970, UTC.
    pub start_unix_s: i64,
}

/// A part of a table, until it is committed.
pub struct TableFile {
    writer: SerializedFileWriter<Slot>,
    target: PathBuf,
    derived: Vec<Derived>,
    origin: Origin,
    rows: u64,
}

impl TableFile {
    /// Starts the file that will become `target`. Behind the columns of the table it has text columns of these names.
    pub fn create(target: &Path, info: &TableInfo, more: &[String], origin: &Origin) -> Result<Self, FileError> {
        let pending = Pending::create(target)?;
        let open = || -> Result<_, ParquetError> {
            SerializedFileWriter::new(
                Slot(Some(pending)),
                Arc::new(schema(info, more)?),
                Arc::new(properties(info, origin)),
            )
        };
        let writer = open().map_err(|e| FileError::writing(target, e))?;
        let (derived, origin) = (Derived::of(info), origin.clone());
        Ok(TableFile { writer, target: target.to_owned(), derived, origin, rows: 0 })
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes one row group; the rows are sorted already. `more` has the columns that the table itself does not have, `memory` what columns know of
    /// the groups before.
    pub fn write_group<R: Row>(
        &mut self,
        rows: &[R],
        more: &[ColumnData<'_>],
        memory: &mut Memory,
    ) -> Result<(), FileError> {
        memory.take_in(rows);
        let mut write = || -> Result<(), ParquetError> {
            let mut group = self.writer.next_row_group()?;
            for derived in &self.derived {
                write_next(&mut group, &derived.column(rows, &self.origin, memory))?;
            }
            for gather in R::gatherers() {
                write_next(&mut group, &gather(rows))?;
            }
            for column in more {
                write_next(&mut group, column)?;
            }
            group.close()?;
            Ok(())
        };
        write().map_err(|e| FileError::writing(&self.target, e))?;
        self.rows += rows.len() as u64;
        Ok(())
    }

    /// Writes the footer and gives the file its name.
    pub fn commit(mut self) -> Result<FileEntry, FileError> {
        self.writer.finish().map_err(|e| FileError::writing(&self.target, e))?;
        let pending = self.writer.inner_mut().0.take().expect("taken only here, which consumes the file");
        Ok(FileEntry { rows: Some(self.rows), ..pending.commit()? })
    }
}

/// The Parquet writer's own `into_inner` turns a full disk into a text; this lets `finish` report it as it was.
struct Slot(Option<Pending>);

impl Write for Slot {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.as_mut().map_or(Ok(buf.len()), |pending| pending.write(buf))
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.as_mut().map_or(Ok(()), Write::flush)
    }
}

/// Writes the next column of a row group.
pub fn write_next<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    column: &ColumnData<'_>,
) -> Result<(), ParquetError> {
    let mut writer = group
        .next_column()?
        .ok_or_else(|| ParquetError::General("the file has fewer columns than the row".to_owned()))?;
    write_column(&mut writer, &column.values, column.levels.as_deref())?;
    writer.close()
}

fn write_column(
    writer: &mut SerializedColumnWriter<'_>,
    values: &Values<'_>,
    levels: Option<&[i16]>,
) -> Result<usize, ParquetError> {
    match values {
        Values::I32(values) => writer.typed::<Int32Type>().write_batch(values, levels, None),
        Values::I64(values) => writer.typed::<Int64Type>().write_batch(values, levels, None),
        Values::F32(values) => writer.typed::<FloatType>().write_batch(values, levels, None),
        Values::F64(values) => writer.typed::<DoubleType>().write_batch(values, levels, None),
        Values::Bool(values) => writer.typed::<BoolType>().write_batch(values, levels, None),
        Values::Text(values) => writer.typed::<ByteArrayType>().write_batch(&byte_arrays(values), levels, None),
    }
}

/// Texts that are told apart by where they are in memory.
const SHARED_MAX: usize = 16;

/// Words repeat from row to row, mostly as the very same constants: one buffer serves all rows that have one of the last few.
fn byte_arrays(values: &[&str]) -> Vec<ByteArray> {
    let mut out: Vec<ByteArray> = Vec::with_capacity(values.len());
    let mut shared: Vec<(&str, ByteArray)> = Vec::with_capacity(SHARED_MAX);
    let mut oldest = 0;
    for &value in values {
        if let Some((_, array)) = shared.iter().find(|(same, _)| std::ptr::eq(*same, value)) {
            out.push(array.clone());
            continue;
        }
        let array = ByteArray::from(value);
        out.push(array.clone());
        if shared.len() < SHARED_MAX {
            shared.push((value, array));
        } else {
            shared[oldest] = (value, array);
            oldest = (oldest + 1) % SHARED_MAX;
        }
    }
    out
}

/// Type of a column in the file.
pub fn column_type(column: &Column) -> Result<Type, ParquetError> {
    let unsigned = |bit_width| Some(LogicalType::integer(bit_width, false));
    let (physical, logical) = match column.physical {
        Physical::U8 => (PhysicalType::INT32, unsigned(8)),
        Physical::U16 => (PhysicalType::INT32, unsigned(16)),
        Physical::U32 => (PhysicalType::INT32, unsigned(32)),
        Physical::U64 => (PhysicalType::INT64, unsigned(64)),
        Physical::I32 => (PhysicalType::INT32, None),
        Physical::F32 => (PhysicalType::FLOAT, None),
        Physical::F64 => (PhysicalType::DOUBLE, None),
        Physical::Bool => (PhysicalType::BOOLEAN, None),
        Physical::Word | Physical::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let repetition = if column.nullable { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    Type::primitive_type_builder(column.name, physical).with_logical_type(logical).with_repetition(repetition).build()
}

fn schema(info: &TableInfo, more: &[String]) -> Result<Type, ParquetError> {
    let text = |name: &String| {
        let text = Type::primitive_type_builder(name, PhysicalType::BYTE_ARRAY);
        text.with_logical_type(Some(LogicalType::String)).with_repetition(Repetition::OPTIONAL).build()
    };
    let derived = Derived::of(info).into_iter().map(Derived::column_type);
    let fields = derived.chain(info.columns.iter().map(column_type)).chain(more.iter().map(text));
    let fields = fields.map(|field| field.map(Arc::new)).collect::<Result<_, _>>()?;
    Type::group_type_builder(info.name).with_fields(fields).build()
}

fn properties(info: &TableInfo, origin: &Origin) -> WriterProperties {
    let derived = Derived::of(info);
    let beside = derived.iter().map(|derived| {
        let meaning = derived.meaning();
        (meaning.name.to_owned(), serde_json::json!({ "unit": "", "doc": meaning.doc }))
    });
    let own =
        info.columns.iter().map(|c| (c.name.to_owned(), serde_json::json!({ "unit": c.unit(), "doc": c.doc.trim() })));
    let columns: serde_json::Map<String, serde_json::Value> = beside.chain(own).collect();
    let facts = [
        ("amitwin.table", info.name.to_owned()),
        ("amitwin.doc", info.doc.trim().to_owned()),
        ("amitwin.columns", serde_json::Value::Object(columns).to_string()),
        ("amitwin.scenario", origin.scenario.clone()),
        ("amitwin.variant", origin.variant.clone()),
        ("amitwin.version", origin.version.clone()),
        ("amitwin.seed", origin.seed.to_string()),
        ("amitwin.keys", origin.keys.clone()),
    ];
    let sorting = info
        .sorted_by
        .iter()
        .filter_map(|key| info.columns.iter().position(|column| column.name == *key))
        .map(|i| SortingColumn { column_idx: (derived.len() + i) as i32, descending: false, nulls_first: true })
        .collect();
    let mut builder = WriterProperties::builder()
        .set_created_by(format!("amitwin version {}", origin.version))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_sorting_columns(Some(sorting))
        .set_key_value_metadata(Some(facts.map(|(key, value)| KeyValue::new(key.to_owned(), value)).to_vec()));
    for column in info.columns {
        // Measured values hardly repeat; a dictionary of them would be built only to be thrown away.
        let dictionary = !matches!(column.physical, Physical::F32 | Physical::F64 | Physical::U64);
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(column.name), dictionary);
    }
    builder.build()
}
