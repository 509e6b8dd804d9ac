//! Through real files: endings, Parquet, the sample set.

use super::*;
use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

fn message(path: &Path) -> String {
    let error = read(path, &Options::default()).unwrap_err().to_string();
    error.strip_prefix(&path.display().to_string()).expect("the message begins with the path").to_owned()
}

#[test]
fn the_ending_tells_the_format() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name| dir.path().join(name);
    std::fs::write(path("a.CSV"), "id,lat,lon\na,1,2\n").unwrap();
    std::fs::write(path("a.json"), feature(r#"{"id": "a"}"#, "[2, 1]")).unwrap();
    for name in ["a.CSV", "a.json"] {
        let records = read(&path(name), &Options::default()).unwrap().records;
        assert_eq!((records[0].lat_deg, records[0].lon_deg), (1.0, 2.0));
    }
    assert_eq!(
        message(&path("a.xlsx")),
        ": is no placement: '.xlsx' is not known; give a file that ends in .csv, .geojson, .json or .parquet"
    );
    assert!(message(&path("none.csv")).starts_with(": cannot be read: No such file"));
    std::fs::create_dir(path("dir.csv")).unwrap();
    assert_eq!(message(&path("dir.csv")), ": is a directory; give the placement file in it");
    std::fs::write(path("bad.parquet"), "not Parquet at all, whatever the name says").unwrap();
    assert!(message(&path("bad.parquet")).starts_with(": no Parquet can be read here: "));
}

fn write_parquet(path: &Path, lats: [f64; 2], compression: Compression) {
    let schema = "message sites { required binary id (UTF8); optional binary kind (UTF8); required double lat; \
                  required int32 note; required float lon; }";
    let properties = WriterProperties::builder().set_compression(compression).build();
    let file = std::fs::File::create(path).unwrap();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let text = |t: &str| ByteArray::from(t.as_bytes().to_vec());
    while let Some(mut column) = group.next_column().unwrap() {
        let name = match column.untyped() {
            ColumnWriter::ByteArrayColumnWriter(w) if w.get_descriptor().name() == "id" => {
                w.write_batch(&[text("T1"), text("M1")], None, None)
            }
            ColumnWriter::ByteArrayColumnWriter(w) => w.write_batch(&[text("transformer")], Some(&[1, 0]), None),
            ColumnWriter::DoubleColumnWriter(w) => w.write_batch(&lats, None, None),
            ColumnWriter::FloatColumnWriter(w) => w.write_batch(&[11.5, 12.5], None, None),
            ColumnWriter::Int32ColumnWriter(w) => w.write_batch(&[1, 2], None, None),
            _ => panic!("no such column"),
        };
        name.unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn parquet_rows_are_read_and_judged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sites.parquet");
    let packed = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(Default::default()),
        Compression::GZIP(Default::default()),
        Compression::BROTLI(Default::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
    ];
    for compression in packed {
        write_parquet(&path, [50.5, 51.5], compression);
        let expected = [
            record("T1", RecordKind::Transformer, 50.5, 11.5, None, 1),
            record("M1", RecordKind::Meter, 51.5, 12.5, None, 2),
        ];
        assert_eq!(read(&path, &Options::default()).unwrap().records, expected);
    }
    write_parquet(&path, [50.5, 151.5], Compression::UNCOMPRESSED);
    assert!(message(&path).starts_with(", row 2, column lat: latitude 151.5 is out of range"), "{}", message(&path));
    write_parquet(&path, [50.5, f64::NAN], Compression::UNCOMPRESSED);
    assert!(message(&path).starts_with(", row 2, column lat: NaN is not a finite number"), "{}", message(&path));
}

#[test]
fn a_parquet_footer_with_a_number_below_zero_is_read_or_refused_and_never_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sites.parquet");
    write_parquet(&path, [50.5, 51.5], Compression::SNAPPY);
    let sound = std::fs::read(&path).unwrap();
    let end = sound.len() - 8;
    let footer = u32::from_le_bytes(sound[end..end + 4].try_into().unwrap()) as usize;
    let mut refused = 0;
    for at in end - footer..end {
        // The lowest bit of a number is its sign there.
        let mut damaged = sound.clone();
        damaged[at] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        let read = read(&path, &Options::default());
        refused += usize::from(read.is_err_and(|error| error.to_string().contains("contradict each other")));
    }
    // At least one of start and length for each of the columns id, kind, lat and lon.
    assert!(refused >= 4, "{refused}");
}

#[test]
fn the_sample_set_is_sound() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sets/village.csv");
    let records = read(&path, &Options::default()).unwrap().records;
    let count = |kind| records.iter().filter(|r| r.kind == kind).count();
    assert_eq!((count(RecordKind::Meter), count(RecordKind::Gateway), count(RecordKind::Transformer)), (60, 1, 1));
}

#[test]
fn what_a_small_file_can_unpack_to_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bomb.parquet");
    write_parquet(&path, [1.0, 2.0], Compression::SNAPPY);
    let with = |limits| {
        let read = read_within(&path, &Options::default(), limits);
        read.map(|file| file.records.len())
            .map_err(|error| error.to_string().strip_prefix(&path.display().to_string()).expect("the path").to_owned())
    };
    assert_eq!(with(Limits { records: 2, id_bytes: 2, ..Limits::PLACEMENT }), Ok(2));
    let refused = |limits| with(limits).expect_err("too much");
    let said = refused(Limits { records: 1, ..Limits::PLACEMENT });
    assert_eq!(said, ": has more than 1 sites; split it into several runs");
    let said = refused(Limits { page_mb: 0, ..Limits::PLACEMENT });
    let expected = "unpacked, a page takes more than 0 MB, and writers make pages of 1 MB; write it with smaller pages";
    assert_eq!(said, format!(", row 1, column id: {expected}"));
    let said = refused(Limits { id_bytes: 1, ..Limits::PLACEMENT });
    assert!(said.ends_with("is longer than 1 bytes, and an id takes less than 100; give shorter ones"), "{said}");
    let said = refused(Limits { ids_mb: 0, ..Limits::PLACEMENT });
    assert!(said.contains("the ids up to here take more than 0 MB"), "{said}");
}
