//! `cases.parquet`: a row for each case, variant, seed and figure of a sweep, with what was varied in columns of its own.

use super::atomic::write_whole;
use super::error::FileError;
use super::table_file::write_next;
use crate::rows::{ColumnData, Values};
use crate::sweep::SweepSummary;
use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::path::Path;
use std::sync::Arc;

struct Column<'a> {
    name: String,
    data: ColumnData<'a>,
}

/// Writes the table whole.
pub fn write(target: &Path, summary: &SweepSummary) -> Result<(), FileError> {
    let columns = columns(summary);
    let written = || -> Result<Vec<u8>, ParquetError> {
        let schema = Type::group_type_builder("cases").with_fields(
            columns.iter().map(|column| column_type(column).map(Arc::new)).collect::<Result<Vec<_>, _>>()?,
        );
        let properties = WriterProperties::builder()
            .set_created_by(format!("amitwin version {}", summary.version))
            .set_compression(Compression::ZSTD(ZstdLevel::default()));
        let mut writer =
            SerializedFileWriter::new(Vec::new(), Arc::new(schema.build()?), Arc::new(properties.build()))?;
        let mut group = writer.next_row_group()?;
        for column in &columns {
            write_next(&mut group, &column.data)?;
        }
        group.close()?;
        writer.into_inner()
    };
    let bytes = written().map_err(|e| FileError::writing(target, e))?;
    write_whole(target, &bytes).map(|_| ())
}

fn column_type(column: &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.data.values {
        Values::I32(_) => (PhysicalType::INT32, Some(LogicalType::integer(32, false))),
        Values::I64(_) => (PhysicalType::INT64, Some(LogicalType::integer(64, false))),
        Values::F64(_) => (PhysicalType::DOUBLE, None),
        _ => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let repetition = if column.data.levels.is_some() { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    Type::primitive_type_builder(&column.name, physical).with_logical_type(logical).with_repetition(repetition).build()
}

fn columns(summary: &SweepSummary) -> Vec<Column<'_>> {
    let (mut case, mut variant, mut seed, mut figure) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut value, mut levels) = (Vec::new(), Vec::new());
    let keys: Vec<&str> =
        summary.cases.first().map_or(Vec::new(), |case| case.settings.iter().map(|s| s.key.as_str()).collect());
    let mut settings: Vec<Vec<&str>> = vec![Vec::new(); keys.len()];
    for of in &summary.cases {
        for v in &of.variants {
            for result in &v.seeds {
                for (key, measured) in result.metrics.iter() {
                    // The column has the bits of an unsigned number.
                    case.push(of.case as i32);
                    variant.push(v.name.as_str());
                    seed.push(result.seed as i64);
                    figure.push(key.as_str());
                    levels.push(i16::from(measured.is_some()));
                    value.extend(*measured);
                    of.settings.iter().zip(&mut settings).for_each(|(set, column)| column.push(set.value.as_str()));
                }
            }
        }
    }
    let whole = |name: &str, values| Column { name: name.to_owned(), data: ColumnData { values, levels: None } };
    let varied = keys.iter().zip(settings).map(|(key, texts)| {
        let numbers: Option<Vec<f64>> = texts.iter().map(|text| text.parse().ok()).collect();
        // Numbers without a unit are numbers.
        whole(key, numbers.map_or_else(|| Values::Text(texts.clone()), Values::F64))
    });
    let front = [whole("case", Values::I32(case))].into_iter().chain(varied.collect::<Vec<_>>());
    let back = [
        whole("variant", Values::Text(variant)),
        whole("seed", Values::I64(seed)),
        whole("figure", Values::Text(figure)),
        Column { name: "value".to_owned(), data: ColumnData { values: Values::F64(value), levels: Some(levels) } },
    ];
    front.chain(back).collect()
}
