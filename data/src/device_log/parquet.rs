//! Logs as Parquet, as data frames and databases write them.

use super::{ENTRIES_MAX, Entry, Place, Places, When, places};
use crate::input;
use crate::placement::guarded;
use parquet::basic::{LogicalType, TimeUnit};
use parquet::errors::{ParquetError, Result as Reading};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Reads the rows of a file.
pub(super) fn read(path: &Path, named: &BTreeMap<String, String>) -> Result<Vec<Entry>, String> {
    let wrong = |error: ParquetError| format!("cannot be read as Parquet: {error}");
    let file = input::open(path).map_err(|e| format!("cannot be read: {e}"))?;
    let reader = guarded(|| SerializedFileReader::new(file)).map_err(wrong)?;
    let schema = reader.metadata().file_metadata().schema();
    let fields = schema.get_fields();
    let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    let places = places(&names, named)?;
    let rows = reader.metadata().file_metadata().num_rows();
    if rows > ENTRIES_MAX as i64 {
        return Err(format!("has more than {ENTRIES_MAX} lines; split it"));
    }
    // In the order of the file, which rows keep.
    let Places { time, device, kind, code, detail } = &places;
    let read = [Some(time), Some(device), kind.as_ref(), code.as_ref(), detail.as_ref()];
    let is_read = |at: &usize| read.iter().flatten().any(|place| place.at == *at);
    let wanted: Vec<usize> = (0..fields.len()).filter(is_read).collect();
    let nanos = is_nanos(&fields[time.at]);
    guarded(|| entries(&reader, schema, &wanted, &places, nanos)).map_err(wrong)
}

fn is_nanos(column: &Type) -> bool {
    let logical = column.get_basic_info().logical_type_ref();
    matches!(logical, Some(LogicalType::Timestamp(of)) if matches!(of.unit, TimeUnit::NANOS))
}

fn entries(
    reader: &SerializedFileReader<File>,
    schema: &Type,
    wanted: &[usize],
    places: &Places,
    nanos: bool,
) -> Reading<Vec<Entry>> {
    let fields = wanted.iter().map(|&at| Arc::clone(&schema.get_fields()[at])).collect();
    let projection = Type::group_type_builder(schema.name()).with_fields(fields).build()?;
    let mut entries = Vec::new();
    for (line, row) in (1..).zip(reader.get_row_iter(Some(projection))?) {
        let row = row?;
        let cells: Vec<&Field> = row.get_column_iter().map(|(_, cell)| cell).collect();
        let cell = |of: &Place| wanted.iter().position(|at| *at == of.at).and_then(|at| cells.get(at).copied());
        let of = |place: &Place| cell(place).map(|cell| place.value(&text(cell))).unwrap_or_default();
        let may = |place: &Option<Place>| place.as_ref().map(of).unwrap_or_default();
        let time = match (&places.time, cell(&places.time)) {
            (Place { between: None, .. }, Some(cell)) => when(cell, nanos),
            (place, _) => When::Text(of(place)),
        };
        entries.push(Entry {
            time,
            device: of(&places.device),
            kind: may(&places.kind),
            code: may(&places.code),
            detail: may(&places.detail),
            line,
        });
    }
    Ok(entries)
}

/// A cell as a CSV file would have it.
fn text(cell: &Field) -> String {
    match cell {
        Field::Null => String::new(),
        Field::Str(text) => text.trim().to_owned(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).trim().to_owned(),
        other => other.to_string(),
    }
}

fn when(cell: &Field, nanos: bool) -> When {
    match cell {
        Field::TimestampMillis(ms) => When::UnixNs(i128::from(*ms) * 1_000_000),
        Field::TimestampMicros(us) => When::UnixNs(i128::from(*us) * 1_000),
        Field::Long(ns) if nanos => When::UnixNs((*ns).into()),
        other => When::Text(text(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    /// A file of three rows: a column of moments in `unit`, voltages, devices and codes, of which the second row has none.
    fn written(unit: &str, moments: [i64; 3]) -> tempfile::NamedTempFile {
        let file = tempfile::Builder::new().suffix(".parquet").tempfile().expect("a file");
        let schema = format!(
            "message log {{ REQUIRED DOUBLE volts; REQUIRED INT64 when ({unit}); OPTIONAL BYTE_ARRAY device (STRING); OPTIONAL BYTE_ARRAY code (STRING); }}"
        );
        let schema = Arc::new(parse_message_type(&schema).expect("a schema"));
        let properties = Arc::new(WriterProperties::default());
        let to = file.reopen().expect("a file");
        let mut writer = SerializedFileWriter::new(to, schema, properties).expect("a writer");
        let mut group = writer.next_row_group().expect("a group");
        let mut column = group.next_column().expect("a column").expect("there is one");
        column.typed::<DoubleType>().write_batch(&[230.0; 3], None, None).expect("written");
        column.close().expect("closed");
        let mut column = group.next_column().expect("a column").expect("there is one");
        column.typed::<Int64Type>().write_batch(&moments, None, None).expect("written");
        column.close().expect("closed");
        for texts in [["M1", "M3"], ["3.26.0.47", "reboot"]] {
            let mut column = group.next_column().expect("a column").expect("there is one");
            let texts = texts.map(ByteArray::from);
            column.typed::<ByteArrayType>().write_batch(&texts, Some(&[1, 0, 1]), None).expect("written");
            column.close().expect("closed");
        }
        group.close().expect("closed");
        writer.close().expect("closed");
        file
    }

    #[test]
    fn rows_of_a_data_frame_are_lines_of_a_log() {
        let named = BTreeMap::from([("time_utc".to_owned(), "when".to_owned())]);
        let entry = |ns, device: &str, code: &str, line| Entry {
            time: When::UnixNs(ns),
            device: device.into(),
            kind: String::new(),
            code: code.into(),
            detail: String::new(),
            line,
        };
        let expected = vec![
            entry(1_500_000_000, "M1", "3.26.0.47", 1),
            entry(2_000_000_000, "", "", 2),
            entry(-1_000_000_000, "M3", "reboot", 3),
        ];
        for (unit, per_s) in
            [("TIMESTAMP(NANOS,true)", 1e9), ("TIMESTAMP(MICROS,true)", 1e6), ("TIMESTAMP(MILLIS,true)", 1e3)]
        {
            let file = written(unit, [1.5, 2.0, -1.0].map(|s| (s * per_s) as i64));
            assert_eq!(super::super::read(file.path(), &named), Ok(expected.clone()), "{unit}");
        }
        let file = written("TIMESTAMP(MILLIS,true)", [0; 3]);
        let unnamed = super::super::read(file.path(), &BTreeMap::new());
        assert!(unnamed.expect_err("no time").starts_with("has no column 'time_utc'"));
    }

    #[test]
    fn what_is_no_parquet_says_so() {
        let file = tempfile::Builder::new().suffix(".parquet").tempfile().expect("a file");
        std::fs::write(file.path(), "time_utc,device,code\n").expect("written");
        let error = super::super::read(file.path(), &BTreeMap::new()).expect_err("it is a text");
        assert!(error.starts_with("cannot be read as Parquet: "), "{error}");
    }
}
