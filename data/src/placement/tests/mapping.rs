//! What a spreadsheet writes: separators, decimal commas, names of columns, and all mistakes at once.

use super::*;

/// The note that says so, among those of a file.
#[track_caller]
fn notes(text: impl AsRef<[u8]>, expected: &[&str]) -> Vec<PlacementRecord> {
    let file = csv_file(text);
    assert_eq!(file.notes, expected);
    file.records
}

fn with(columns: ColumnNames) -> Options {
    Options { columns, ..Options::default() }
}

fn name(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn separators_and_decimal_commas_are_found_out_and_said() {
    let expected = [record("a", RecordKind::Meter, 49.999_952, 10.004_265, None, 2)];
    let semicolons = ["columns separated by ';'", "decimal commas"];
    assert_eq!(notes("id;lat;lon\na;49,999952;10,004265\n", &semicolons), expected);
    assert_eq!(notes("id;lat;lon\na;49.999952;10.004265\n", &["columns separated by ';'"]), expected);
    let tabs = ["columns separated by tabs", "decimal commas"];
    assert_eq!(notes("id\tlat\tlon\na\t49,999952\t10,004265\n", &tabs), expected);
    assert_eq!(notes("id|lat|lon\na|49.999952|10.004265\n", &["columns separated by '|'"]), expected);
    // A quoted name with another separator in it counts for nothing.
    let file = csv_file("id,lat,lon,\"a;b;c;d;e\"\na,49.999952,10.004265,x\n");
    assert_eq!((file.records, file.attributes.columns()[0].name()), (expected.to_vec(), "a;b;c;d;e"));
    let told = notes("sep=;\nid;lat;lon\na;49,999952;10,004265\n", &semicolons);
    assert_eq!(told, [record("a", RecordKind::Meter, 49.999_952, 10.004_265, None, 3)]);
    // With thousands in it a number says nothing certain.
    let error = csv_error("id;lat;lon\na;5.540.000,25;561.000,5\n");
    assert!(error.starts_with("meters.csv, line 2, column lat: '5.540.000,25' is not a number"), "{error}");
}

#[test]
fn utf16_with_a_byte_order_mark_is_read() {
    let units: Vec<u16> = "\u{FEFF}id\tlat\tlon\tStraße\r\nä\t50\t10\tAllee\r\n".encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let file = csv_file(little);
    assert_eq!(file.records, [record("ä", RecordKind::Meter, 50.0, 10.0, None, 2)]);
    assert_eq!(file.notes, ["UTF-16", "columns separated by tabs", "your own columns Straße"]);
}

#[test]
fn rows_of_nothing_but_separators_are_skipped_and_counted() {
    let records = notes("id,lat,lon\na,50,10\n,,\n , ,\n,,,,,\nb,50,10\n", &["3 empty rows skipped"]);
    assert_eq!(records.iter().map(|r| r.line).collect::<Vec<_>>(), [2, 6]);
    // So are columns without a name.
    assert_eq!(notes("id;lat;lon;;\na;50;10;;\nb;50;10\n", &["columns separated by ';'"]).len(), 2);
    assert!(csv_error("id,lat,lon,,\na,50,10,,x\n").contains("there are 5 fields, and the header has 3"));
}

#[test]
fn usual_names_of_columns_are_understood_in_any_case() {
    for (header, said) in [
        ("ID,LAT,LON", vec!["id from 'ID'", "lat from 'LAT'", "lon from 'LON'"]),
        ("id,Latitude,lng", vec!["lat from 'Latitude'", "lon from 'lng'"]),
        ("Meter ID,Y,X", vec!["id from 'Meter ID'", "lat from 'Y'", "lon from 'X'"]),
        (
            "serial_number,lat_deg,Longitude",
            vec!["id from 'serial_number'", "lat from 'lat_deg'", "lon from 'Longitude'"],
        ),
    ] {
        let records = notes(format!("{header}\na,50,10\n"), &said);
        assert_eq!(records, [record("a", RecordKind::Meter, 50.0, 10.0, None, 2)]);
    }
    // The known name goes first, and what is not taken is kept.
    let file = csv_file("name,ID,id,lat,x,lon\nn,I,i,50,1,10\n");
    assert_eq!(file.records, [record("i", RecordKind::Meter, 50.0, 10.0, None, 2)]);
    let own: Vec<&str> = file.attributes.columns().iter().map(|column| column.name()).collect();
    assert_eq!(own, ["name", "ID", "x"]);
    assert_eq!(csv_error("Id,ID,lat,lon\n"), "meters.csv, line 1: the column Id is there twice; remove one of them");
    let kinds = csv("id,lat,lon,Kind,Height (m)\na,50,10,GATEWAY,7\nb,50,10,Meter,\n").unwrap();
    assert_eq!((kinds[0].kind, kinds[0].height_m, kinds[1].kind), (RecordKind::Gateway, Some(7.0), RecordKind::Meter));
}

#[test]
fn a_misspelt_column_is_kept_and_told() {
    let file = csv_file("id,lat,lon,heigth_m,Land,kin\na,50,10,7,x,y\n");
    let told = |own: &str, known: &str| {
        format!(
            "the column '{own}' is taken for one of your own; if {known} is meant, rename it, or say placement.columns = {{ \
             {known} = \"{own}\" }}"
        )
    };
    assert_eq!(file.warnings, [told("heigth_m", "height_m"), told("kin", "kind")]);
}

#[test]
fn the_scenario_may_say_which_column_is_which() {
    let columns =
        ColumnNames { id: name("Zaehler"), lat: name("Breite"), lon: name("laenge"), ..ColumnNames::default() };
    let text = "Zaehler,id,Breite,Laenge,kind\na,1,50,10,single-phase\n";
    let error = csv_from(text.as_bytes(), &with(columns.clone())).unwrap_err().to_string();
    assert!(error.contains("the kind 'single-phase' is not known"), "{error}");
    let file = csv_from(text.as_bytes(), &with(ColumnNames { kind: name(""), ..columns })).unwrap();
    assert_eq!(file.records, [record("a", RecordKind::Meter, 50.0, 10.0, None, 2)]);
    assert_eq!(file.attributes.column("kind").unwrap().value(0), Some("single-phase"));
    assert_eq!(file.attributes.column("id").unwrap().value(0), Some("1"));
    let error = |columns| csv_from(text.as_bytes(), &with(columns)).unwrap_err().to_string();
    assert_eq!(
        error(ColumnNames { id: name("Nummer"), ..ColumnNames::default() }),
        "meters.csv, line 1: placement.columns says that id is in the column 'Nummer', and there is none; the columns here \
         are Zaehler, id, Breite, Laenge, kind"
    );
    assert_eq!(
        error(ColumnNames { lat: name("id"), lon: name("id"), ..ColumnNames::default() }),
        "meters.csv, line 1: placement.columns names the column 'id' for two things; name another, or none"
    );
}

#[test]
fn twenty_mistakes_are_told_at_once_and_the_rest_is_counted() {
    let rows = |bad: usize| format!("id,lat,lon\na,50,10\n{}", "b,north,10\n".repeat(bad));
    let error = csv_error(rows(23));
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines[0], "meters.csv has 23 mistakes:");
    assert_eq!(lines[1], "  line 3, column lat: 'north' is not a number; write degrees or metres as 53.6504");
    assert!(lines[20].starts_with("  line 22, "), "{error}");
    assert_eq!(lines[21..], ["  and 3 more"]);
    let error = csv_error("id,lat,lon\na,50\nb,50,10\nb,50,10\n,1,2\n");
    let places: Vec<&str> = error.lines().skip(1).map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(places, ["  line 2", "  line 4, column id", "  line 5, column id"]);
}

#[test]
fn projected_coordinates_are_hinted_at_and_converted_when_told() {
    let metres = "id,X,Y\na,561000,5540000\nb,561009,5540013\n";
    assert_eq!(
        csv_error(metres),
        "meters.csv, line 2: 561000 and 5540000 are no degrees but look like metres of a projected system; say which, for \
         example placement.crs = \"EPSG:25832\", or convert the file (ogr2ogr -t_srs EPSG:4326)"
    );
    let crs = |name: &str| Options { crs: Some(name.to_owned()), ..Options::default() };
    let file = csv_from(metres.as_bytes(), &crs("EPSG:25832")).unwrap();
    // PROJ 9.5.1: 9.851325689472683 E, 50.00919264412016 N.
    assert!((file.records[0].lat_deg - 50.009_192_644).abs() < 2e-9, "{:?}", file.records[0]);
    assert!((file.records[0].lon_deg - 9.851_325_689).abs() < 2e-9, "{:?}", file.records[0]);
    assert_eq!(file.notes, ["lat from 'Y'", "lon from 'X'", "coordinates in EPSG:25832"]);
    // Columns of metres go before those of degrees.
    let both = csv_from("id,lat,lon,easting,northing\na,1,2,561000,5540000\n".as_bytes(), &crs("25832")).unwrap();
    assert_eq!(both.records[0].lat_deg, file.records[0].lat_deg);
    let error = csv_from(metres.as_bytes(), &crs("EPSG:1")).unwrap_err().to_string();
    assert!(error.starts_with("meters.csv: the coordinate reference system 'EPSG:1' is not known"), "{error}");
    let error = csv_from("id,x,y\na,1e12,1e12\n".as_bytes(), &crs("EPSG:25832")).unwrap_err().to_string();
    assert!(error.contains("1000000000000 and 1000000000000 are no place in EPSG:25832"), "{error}");
}

#[test]
fn a_kind_that_is_no_word_gets_no_suggestion() {
    let said = |kind: &str| csv_error(format!("id,lat,lon,kind\na,50,10,{kind}\n"));
    let slip = said("metre");
    assert!(slip.contains("did you mean meter?"), "{slip}");
    let long = said(&"meter".repeat(9_000));
    assert!(long.contains("metermeter") && !long.contains("did you mean") && long.len() < 500, "{long}");
}
