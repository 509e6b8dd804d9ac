//! Parquet columns of every type that other programs write, made here by the parquet crate.

use super::*;
use half::f16;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::fs::File;
use std::sync::Arc;

/// A column: its type as a schema has it, and two values.
type Column<'a> = (&'a str, Two<'a>);

/// Values of two rows; an empty list is two nulls.
#[derive(Clone)]
enum Two<'a> {
    I32([i32; 2]),
    I64([i64; 2]),
    F32([f32; 2]),
    F64([f64; 2]),
    Bytes([&'a [u8]; 2]),
    Nulls,
}

fn read_columns(columns: &[Column<'_>]) -> Result<PlacementFile, String> {
    let fields: Vec<String> = columns.iter().map(|(field, _)| format!("optional {field};")).collect();
    let schema = parse_message_type(&format!("message sites {{ {} }}", fields.concat())).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.parquet");
    let properties = Arc::new(WriterProperties::builder().build());
    let file = File::create(&path).unwrap();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for (_, values) in columns {
        let mut column = group.next_column().unwrap().unwrap();
        let there = Some(&[1i16, 1][..]);
        let bytes = |v: &&[u8]| ByteArray::from(v.to_vec());
        let written = match (column.untyped(), values.clone()) {
            (ColumnWriter::Int32ColumnWriter(w), Two::I32(v)) => w.write_batch(&v, there, None),
            (ColumnWriter::Int32ColumnWriter(w), Two::Nulls) => w.write_batch(&[], Some(&[0, 0]), None),
            (ColumnWriter::Int64ColumnWriter(w), Two::I64(v)) => w.write_batch(&v, there, None),
            (ColumnWriter::FloatColumnWriter(w), Two::F32(v)) => w.write_batch(&v, there, None),
            (ColumnWriter::DoubleColumnWriter(w), Two::F64(v)) => w.write_batch(&v, there, None),
            (ColumnWriter::ByteArrayColumnWriter(w), Two::Bytes(v)) => {
                w.write_batch(&v.iter().map(bytes).collect::<Vec<_>>(), there, None)
            }
            (ColumnWriter::FixedLenByteArrayColumnWriter(w), Two::Bytes(v)) => {
                let fixed: Vec<_> = v.iter().map(|v| FixedLenByteArray::from(v.to_vec())).collect();
                w.write_batch(&fixed, there, None)
            }
            _ => panic!("no such column"),
        };
        written.unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    read(&path, &Options::default())
        .map_err(|error| error.to_string().strip_prefix(&path.display().to_string()).expect("the path").to_owned())
}

const LAT: Column<'_> = ("double lat", Two::F64([50.0, 51.0]));
const LON: Column<'_> = ("double lon", Two::F64([10.0, 11.0]));

#[track_caller]
fn ids(field: &str, values: Two<'_>, expected: [&str; 2]) {
    let file = read_columns(&[(field, values), LAT, LON]).unwrap();
    assert_eq!([&file.records[0].name, &file.records[1].name], expected, "{field}");
}

#[test]
fn ids_of_every_type_keep_their_digits() {
    for bits in [8, 16, 32] {
        ids(&format!("int32 id (INTEGER({bits},true))"), Two::I32([-7, 7]), ["-7", "7"]);
        ids(&format!("int32 id (INTEGER({bits},false))"), Two::I32([0, 7]), ["0", "7"]);
    }
    ids("int32 id (UINT_32)", Two::I32([-1, 7]), ["4294967295", "7"]);
    ids("int64 id (INTEGER(64,false))", Two::I64([-1, 7]), ["18446744073709551615", "7"]);
    ids("int64 id", Two::I64([i64::MIN, 7]), ["-9223372036854775808", "7"]);
    ids("double id", Two::F64([12_345_678_901.0, 7.0]), ["12345678901", "7"]);
    ids("binary id (UTF8)", Two::Bytes([b"a", b"b"]), ["a", "b"]);
    ids("binary id", Two::Bytes([b"a", b"b"]), ["a", "b"]);
    ids("binary id (ENUM)", Two::Bytes([b"a", b"b"]), ["a", "b"]);
    // 99990000000000000001 is 0x056BA6D7A5B6B8E001 of DECIMAL(20,0).
    let long: i128 = 99_990_000_000_000_000_001;
    let bytes = long.to_be_bytes();
    ids("fixed_len_byte_array(16) id (DECIMAL(38,0))", Two::Bytes([&bytes, &[0; 16]]), ["99990000000000000001", "0"]);
    let one = *b"\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40\x00";
    let text = "123e4567-e89b-12d3-a456-426614174000";
    ids(
        "fixed_len_byte_array(16) id (UUID)",
        Two::Bytes([&one, &[0; 16]]),
        [text, "00000000-0000-0000-0000-000000000000"],
    );
    let error = read_columns(&[("double id", Two::F64([1.5, 2.0])), LAT, LON]).unwrap_err();
    assert_eq!(error, ", row 1, column id: 1.5 is no whole number with all its digits; write ids as text");
}

#[test]
fn coordinates_of_every_type_are_numbers() {
    let (low, high) = (f16::from_f32(50.5).to_le_bytes(), f16::from_f32(51.5).to_le_bytes());
    let big = |value: i32| value.to_be_bytes();
    for (field, values) in [
        ("float lat", Two::F32([50.5, 51.5])),
        ("fixed_len_byte_array(2) lat (FLOAT16)", Two::Bytes([&low, &high])),
        ("int32 lat (DECIMAL(9,6))", Two::I32([50_500_000, 51_500_000])),
        ("int64 lat (DECIMAL(18,6))", Two::I64([50_500_000, 51_500_000])),
        ("binary lat (DECIMAL(9,6))", Two::Bytes([&big(50_500_000), &big(51_500_000)])),
        ("fixed_len_byte_array(4) lat (DECIMAL(9,6))", Two::Bytes([&big(50_500_000), &big(51_500_000)])),
        ("binary lat (UTF8)", Two::Bytes([b"50.5", b" 51.5"])),
    ] {
        let file = read_columns(&[("int32 id", Two::I32([1, 2])), (field, values), LON]).unwrap();
        assert_eq!([file.records[0].lat_deg, file.records[1].lat_deg], [50.5, 51.5], "{field}");
    }
    let whole =
        read_columns(&[("int32 id", Two::I32([1, 2])), ("int32 lat (INT_8)", Two::I32([50, -51])), LON]).unwrap();
    assert_eq!((whole.records[0].lat_deg, whole.records[1].lat_deg), (50.0, -51.0));
}

#[test]
fn columns_of_other_kinds_are_left_alone_unless_they_are_needed() {
    let others = [
        ("int64 installed (TIMESTAMP(MICROS,true))", Two::I64([1, 2])),
        ("int32 day (DATE)", Two::I32([1, 2])),
        ("fixed_len_byte_array(12) gap (INTERVAL)", Two::Bytes([&[0; 12], &[0; 12]])),
        ("binary geometry", Two::Bytes([&[1, 0xFF], &[1, 2]])),
        ("int32 nothing (UNKNOWN)", Two::Nulls),
        ("int32 age (INT_16)", Two::I32([3, 4])),
        ("binary street (UTF8)", Two::Bytes([b"Oak", b""])),
    ];
    let columns: Vec<Column<'_>> = [("int32 id", Two::I32([1, 2])), LAT, LON].into_iter().chain(others).collect();
    let file = read_columns(&columns).unwrap();
    let own: Vec<&str> = file.attributes.columns().iter().map(|column| column.name()).collect();
    assert_eq!(own, ["age", "street"]);
    let told = "left out installed (timestamps), day (dates), gap (intervals), geometry (bytes)";
    assert_eq!(file.notes, [told, "your own columns age, street"]);
    assert_eq!(file.attributes.columns()[1].value(0), Some("Oak"));
    assert_eq!(file.attributes.columns()[1].value(1), None);
    let error =
        read_columns(&[("int32 id", Two::I32([1, 2])), LAT, ("int32 lon (DATE)", Two::I32([1, 2]))]).unwrap_err();
    assert_eq!(
        error,
        ", column lon: holds dates and not numbers; write it as numbers, or name another column in placement.columns"
    );
}
