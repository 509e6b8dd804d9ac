//! What is read, and every message that a user can get.

use super::*;
use std::io::Read;

mod files;
mod geojson;
mod lying;
mod mapping;
mod odd;
mod parquet_types;

const CSV: &str = "meters.csv";

/// What is made of a CSV file that is read from here.
fn csv_from(file: impl Read, options: &Options) -> Result<PlacementFile, PlacementError> {
    let mut intake = Intake::new(CSV.as_ref(), Format::Csv, options, Limits::PLACEMENT)?;
    let read = delimited::read(file, &mut intake);
    intake.finish(read, "a header line")
}

fn csv_file(bytes: impl AsRef<[u8]>) -> PlacementFile {
    csv_from(bytes.as_ref(), &Options::default()).unwrap()
}

fn csv(bytes: impl AsRef<[u8]>) -> Result<Vec<PlacementRecord>, PlacementError> {
    csv_from(bytes.as_ref(), &Options::default()).map(|file| file.records)
}

fn csv_error(bytes: impl AsRef<[u8]>) -> String {
    csv(bytes).unwrap_err().to_string()
}

/// The error of a file whose second line is `row`.
fn row_error(row: &str) -> String {
    csv_error(format!("id,lat,lon,kind,height_m\n{row}\n"))
}

fn collection(features: &str) -> String {
    format!("{{\"type\": \"FeatureCollection\", \"features\": [{features}]}}")
}

fn feature(properties: &str, coordinates: &str) -> String {
    collection(&format!(
        r#"{{"type": "Feature", "properties": {properties}, "geometry": {{"type": "Point", "coordinates": {coordinates}}}}}"#
    ))
}

fn record(
    name: &str,
    kind: RecordKind,
    lat_deg: f64,
    lon_deg: f64,
    height_m: Option<f64>,
    line: u64,
) -> PlacementRecord {
    PlacementRecord { name: name.into(), kind, lat_deg, lon_deg, height_m, antenna_gain_dbi: None, line }
}

#[test]
fn csv_is_read_with_its_line_numbers() {
    let records =
        csv("id,lat,lon,kind,height_m,note\nM1,53.5,11.25,,,\n\nG1, 53.6 ,-11.5,gateway,12.5,\"a, b\"\n").unwrap();
    let expected = [
        record("M1", RecordKind::Meter, 53.5, 11.25, None, 2),
        record("G1", RecordKind::Gateway, 53.6, -11.5, Some(12.5), 4),
    ];
    assert_eq!(records, expected);
}

#[test]
fn csv_columns_may_be_in_any_order_and_only_three_are_needed() {
    let records = csv("lon,id,lat\n7,x,50").unwrap();
    assert_eq!(records, [record("x", RecordKind::Meter, 50.0, 7.0, None, 2)]);
}

#[test]
fn byte_order_mark_crlf_and_quotes_are_welcome() {
    let records = csv("\u{FEFF}id,lat,lon\r\n\"a \"\"b\"\"\",1,2\r\nc,3,4\r\n").unwrap();
    let expected =
        [record("a \"b\"", RecordKind::Meter, 1.0, 2.0, None, 2), record("c", RecordKind::Meter, 3.0, 4.0, None, 3)];
    assert_eq!(records, expected);
    assert_eq!(
        csv_error("id,lat,lon\r\na,1,2\r\nb,1,200\r\n").split(':').next(),
        Some("meters.csv, line 3, column lon")
    );
}

#[test]
fn csv_headers_are_judged() {
    assert_eq!(
        csv_error(""),
        "meters.csv: is empty; a CSV file starts with the line id,lat,lon or id,lat,lon,kind,height_m"
    );
    assert_eq!(
        csv_error("\nid,lat,lon\n"),
        "meters.csv, line 1: is empty; a CSV file starts with the line id,lat,lon or id,lat,lon,kind,height_m"
    );
    assert_eq!(
        csv_error("id,lat,lon\n"),
        "meters.csv: has no sites: a header line and nothing else; give at least one meter"
    );
    assert_eq!(
        csv_error("id,north,lon\n"),
        "meters.csv, line 1: there is no column lat; the columns here are id, north, lon, and a placement needs id, lat \
         and lon: rename columns, or say placement.columns = { lat = \"NAME\" }"
    );
    // All that are missing at once, with the whole remedy.
    assert_eq!(
        csv_error("Nummer;Breite;Hoehe\n"),
        "meters.csv, line 1: there is no column id, lat and lon; the columns here are Nummer, Breite, Hoehe, and a \
         placement needs id, lat and lon: rename columns, or say placement.columns = { id = \"NAME\", lat = \"NAME\", lon \
         = \"NAME\" }"
    );
    assert_eq!(csv_error("id,lat,lon,lat\n"), "meters.csv, line 1: the column lat is there twice; remove one of them");
}

#[test]
fn csv_values_are_judged() {
    assert_eq!(
        row_error("M1,north,11.2,,"),
        "meters.csv, line 2, column lat: 'north' is not a number; write degrees or metres as 53.6504"
    );
    // In degrees a comma is a decimal mark, also where commas stand between the columns; metres have thousands.
    assert_eq!(csv("id,lat,lon\nM1,\"53,5\",11.2\n").unwrap()[0].lat_deg, 53.5);
    let projected = Options { crs: Some("EPSG:25832".to_owned()), ..Options::default() };
    let error = csv_from(&b"id,x,y\nM1,\"561,000\",5540000\n"[..], &projected).unwrap_err().to_string();
    assert_eq!(
        error,
        "meters.csv, line 2, column lon: '561,000' is not a number (the decimal mark is a point); write degrees or metres as \
         53.6504"
    );
    // A number that stands for a missing value is no metre, and hides no other mistake.
    let error = csv_error("id,lat,lon\nM1,53.5,-999\nM2,53.5,\n");
    assert!(error.contains("line 2") && error.contains("line 3"), "{error}");
    assert_eq!(csv("id,lat,lon,kind\nG,53.5,11,Border Router\n").unwrap()[0].kind, RecordKind::Gateway);
    assert!(row_error("M1,53.5,11.2,router,").contains("(is it a gateway, with a backhaul, or a repeater?)"));
    assert_eq!(row_error("M1,53.5,,,"), "meters.csv, line 2, column lon: there is no value; each site needs one");
    assert_eq!(row_error(",53.5,1,,"), "meters.csv, line 2, column id: there is no value; each site needs one");
    assert_eq!(
        row_error("M1,NaN,11.2,,"),
        "meters.csv, line 2, column lat: NaN is not a finite number; give the site's real value or remove the site"
    );
    assert_eq!(
        row_error("M1,1,2,,inf"),
        "meters.csv, line 2, column height_m: inf is not a finite number; give the site's real value or remove the site"
    );
    assert_eq!(
        row_error("M1,1e999,11.2,,"),
        "meters.csv, line 2, column lat: 1e999 is not a finite number; give the site's real value or remove the site"
    );
    assert_eq!(
        row_error("M1,-122.5,37.7,,"),
        "meters.csv, line 2, column lat: latitude -122.5 is out of range while longitude 37.7 would be a latitude: lat \
         and lon look swapped; exchange them"
    );
    assert_eq!(
        row_error("M1,90.5,100,,"),
        "meters.csv, line 2, column lat: 90.5 is out of range; latitude goes from -90 to 90 degrees"
    );
    assert_eq!(
        row_error("M1,45,-180.5,,"),
        "meters.csv, line 2, column lon: -180.5 is out of range; longitude goes from -180 to 180 degrees"
    );
    for absurd in ["9001", "-501"] {
        assert_eq!(
            row_error(&format!("M1,45,7,,{absurd}")),
            format!(
                "meters.csv, line 2, column height_m: a height of {absurd} m is not possible; give metres over ground, \
                 from -500 to 9000, or leave it out"
            )
        );
    }
    for absurd in ["30.1", "-31"] {
        assert_eq!(
            csv_error(format!("id,lat,lon,Antenna gain dBi\nM1,45,7,{absurd}\n")),
            format!(
                "meters.csv, line 2, column antenna_gain_dbi: an antenna gain of {absurd} dBi is not possible; give dBi, \
                 from -30 to 30, or leave it out"
            )
        );
    }
    assert_eq!(
        row_error("M1,45,7,Gatway,"),
        "meters.csv, line 2, column kind: the kind 'Gatway' is not known (did you mean gateway?); a site is a meter, \
         gateway (a border router), repeater or transformer"
    );
    assert_eq!(
        row_error("M1,45,7,bicycle,"),
        "meters.csv, line 2, column kind: the kind 'bicycle' is not known; a site is a meter, gateway (a border router), repeater or \
         transformer"
    );
    assert_eq!(
        row_error("M1,45,7"),
        "meters.csv, line 2: there are 3 fields, and the header has 5; a field with a ',' in it needs quotes"
    );
}

#[test]
fn values_at_the_limits_are_allowed() {
    let records = csv("id,lat,lon,height_m\na,90,180,9000\nb,-90,-180,-500\n").unwrap();
    assert_eq!(records.len(), 2);
}

#[test]
fn an_antenna_gain_is_read_where_it_is_given() {
    let records = csv("id,lat,lon,kind,antenna_gain_dbi\nG,45,7,gateway,5.15\nM,45,7,,\n").unwrap();
    assert_eq!(records.iter().map(|r| r.antenna_gain_dbi).collect::<Vec<_>>(), [Some(5.15), None]);
}

#[test]
fn a_duplicate_id_names_both_lines() {
    assert_eq!(
        csv_error("id,lat,lon\nM2,1,2\nM1,1,2\nM9,1,2\nM1,1,2\nM2,1,2\n"),
        "meters.csv has 2 mistakes:\n  \
         line 5, column id: the id 'M1' is already taken by line 3; give each site its own id\n  \
         line 6, column id: the id 'M2' is already taken by line 2; give each site its own id"
    );
}

#[test]
fn text_that_is_not_utf8_is_refused_with_its_line() {
    assert_eq!(
        csv_error(b"id,lat,lon\nM1,1,2\nCaf\xE9,1,2\n"),
        "meters.csv, line 3: the byte 0xE9 at position 4 is not UTF-8 (in Latin-1 it is '\u{E9}'); save the file as UTF-8"
    );
}

/// Counts what is read from it.
struct Counting<'a, R>(R, &'a mut u64);

impl<R: Read> Read for Counting<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let bytes = self.0.read(out)?;
        *self.1 += bytes as u64;
        Ok(bytes)
    }
}

#[test]
fn a_line_of_100_mb_is_refused_without_reading_it() {
    let header = b"id,lat,lon\n".as_slice();
    for (start, line) in [(header, 2), (b"".as_slice(), 1)] {
        let mut read = 0;
        let endless = start.chain(std::io::repeat(b'7').take(100_000_000));
        let error = csv_from(Counting(endless, &mut read), &Options::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "meters.csv, line {line}: the line is longer than 65536 bytes, and a site takes less than 100; probably \
                 this is no CSV file, or its line ends are missing"
            )
        );
        assert!(read < 300_000, "{read} bytes read");
    }
}

#[test]
fn a_line_of_64_kib_is_read_and_one_byte_more_is_not() {
    for (ending, extra) in [("\n", 0), ("\r\n", 0), ("", 0), ("\n", 1), ("\r\n", 1), ("", 1)] {
        let id = "x".repeat(LINE_BYTES_MAX - ",1,2".len() + extra);
        let result = csv(format!("id,lat,lon\n{id},1,2{ending}"));
        assert_eq!(result.is_ok(), extra == 0, "{ending:?} {extra}");
    }
}

#[test]
fn an_open_quote_does_not_swallow_the_file() {
    let mut read = 0;
    let rows = "M1,1,2\n".repeat(100_000);
    let text = format!("id,lat,lon\nM0,1,2\n\n\"M1,1,2\n{rows}");
    let error = csv_from(Counting(text.as_bytes(), &mut read), &Options::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "meters.csv, line 4: a quote that is opened here or just after is never closed within 65536 bytes; close or remove it"
    );
    assert!(read < 300_000, "{read} bytes read");
    let blank = format!("id,lat,lon\n{}M1,1,2\n", "\n".repeat(100_000));
    assert_eq!(csv(blank).unwrap()[0].line, 100_002);
}
