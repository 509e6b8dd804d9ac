//! GeoJSON, from text.

use super::*;

const JSON: &str = "meters.geojson";

fn json_from(bytes: &[u8], options: &Options) -> Result<PlacementFile, PlacementError> {
    let mut intake = Intake::new(JSON.as_ref(), Format::GeoJson, options, Limits::PLACEMENT)?;
    let read = features::read(bytes, bytes.len() as u64, &mut intake);
    intake.finish(read, "an empty list of features")
}

fn json(text: &str) -> Result<Vec<PlacementRecord>, PlacementError> {
    json_from(text.as_bytes(), &Options::default()).map(|file| file.records)
}

fn json_error(text: &str) -> String {
    json(text).unwrap_err().to_string()
}

#[test]
fn geojson_points_are_read() {
    let text = collection(
        r#"{"type": "Feature", "properties": {"id": "M1", "height_m": 2.5}, "geometry": {"type": "Point", "coordinates": [11.25, 53.5]}},
           {"type": "Feature", "id": 17, "properties": {"kind": "transformer"}, "geometry": {"type": "Point", "coordinates": [11.5, 53.25, 80.0]}},
           {"type": "Feature", "id": "own", "properties": null, "geometry": {"type": "Point", "coordinates": [11, 53]}}"#,
    );
    let expected = [
        record("M1", RecordKind::Meter, 53.5, 11.25, Some(2.5), 1),
        record("17", RecordKind::Transformer, 53.25, 11.5, None, 2),
        record("own", RecordKind::Meter, 53.0, 11.0, None, 3),
    ];
    assert_eq!(json(&text).unwrap(), expected);
    assert_eq!(json(&format!("\u{FEFF}{text}\r\n")).unwrap(), expected);
    // Members in another order, and strange ones.
    let strange = text
        .replace("{\"type\": \"FeatureCollection\",", "{\"bbox\": [1], \"crs\": null,")
        .replace("]}]}", "]}], \"x\": 1}");
    assert_eq!(json(&strange).unwrap().len(), 3);
}

#[test]
fn geojson_values_are_judged() {
    assert_eq!(
        json_error(&feature(r#"{"id": "M1"}"#, "[37.7, -122.5]")),
        "meters.geojson, feature 1, coordinates: latitude -122.5 is out of range while longitude 37.7 would be a \
         latitude: lat and lon look swapped; exchange them (GeoJSON has [lon, lat])"
    );
    assert_eq!(
        json_error(&feature("{}", "[7, 50]")),
        "meters.geojson, feature 1: the feature has neither a property id nor an id of its own; give each site one of them"
    );
    assert_eq!(
        json_error(&feature(r#"{"id": ["M1"]}"#, "[7, 50]")),
        "meters.geojson, feature 1, property id: '[\"M1\"]' is a list where a text or a whole number is due; change it"
    );
    assert_eq!(
        json_error(&feature(r#"{"id": "a", "kind": "metr"}"#, "[7, 50]")),
        "meters.geojson, feature 1, property kind: the kind 'metr' is not known (did you mean meter?); a site is a \
         meter, gateway (a border router), repeater or transformer"
    );
    assert_eq!(
        json_error(&feature(r#"{"id": "a", "height_m": [12]}"#, "[7, 50]")),
        "meters.geojson, feature 1, property height_m: '[12]' is a list where a number is due; change it"
    );
    assert_eq!(
        json_error(&feature(r#"{"id": "a"}"#, "[7]")),
        "meters.geojson, feature 1, coordinates: [7] is no position; give [longitude, latitude]"
    );
    let line = r#"{"type": "Feature", "id": 1, "properties": {}, "geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}}"#;
    assert_eq!(
        json_error(&collection(line)),
        "meters.geojson, feature 1: a LineString is no place of a site; only Point features are read, so use its middle \
         or remove it"
    );
    let point =
        r#"{"type": "Feature", "id": "a", "properties": {}, "geometry": {"type": "Point", "coordinates": [1, 2]}}"#;
    assert_eq!(
        json_error(&collection(&format!("{point}, {point}"))),
        "meters.geojson, feature 2, property id: the id 'a' is already taken by feature 1; give each site its own id"
    );
}

#[test]
fn geojson_that_is_none_is_refused() {
    assert_eq!(
        json_error(" \n"),
        "meters.geojson: is empty; a placement in GeoJSON is a FeatureCollection of Point features"
    );
    assert_eq!(
        json_error(&collection("")),
        "meters.geojson: has no sites: an empty list of features and nothing else; give at least one meter"
    );
    let remedy = "a placement in GeoJSON is a FeatureCollection of Point features with an id each";
    assert_eq!(
        json_error("{\"type\": \"Point\",\n\"coordinates\": [1, 2]}"),
        format!(
            "meters.geojson, line 1: the type is 'Point' and not 'FeatureCollection' at line 1 column 16; {remedy}"
        )
    );
    let cut = feature(r#"{"id": "a"}"#, "[7, 50]").replace("]}", "");
    let error = json_error(&cut);
    assert!(error.starts_with("meters.geojson, line 1: ") && error.ends_with(remedy), "{error}");
    let error = json_error("[1, 2]");
    assert!(error.contains("expected a FeatureCollection"), "{error}");
    let error = json_error("{\"type\": \"FeatureCollection\"}");
    assert!(error.contains("there is no list of features"), "{error}");
    let error = json_from(b"{\"type\":\n\"Caf\xE9\"}", &Options::default()).unwrap_err().to_string();
    assert_eq!(
        error,
        "meters.geojson, line 2: the byte 0xE9 at position 5 is not UTF-8 (in Latin-1 it is '\u{E9}'); save the file as UTF-8"
    );
}

#[test]
fn a_multipoint_of_one_point_is_a_point() {
    let multi = |points: &str| feature(r#"{"id": "a"}"#, points).replace("\"Point\"", "\"MultiPoint\"");
    assert_eq!(json(&multi("[[11, 53]]")).unwrap(), [record("a", RecordKind::Meter, 53.0, 11.0, None, 1)]);
    for (points, count) in [("[[11, 53], [11, 54]]", 2), ("[]", 0)] {
        assert_eq!(
            json_error(&multi(points)),
            format!(
                "meters.geojson, feature 1: a MultiPoint of {count} points is no place of a site; give one of them, or a \
                 feature for each"
            )
        );
    }
}

#[test]
fn ids_keep_every_digit_that_was_written() {
    let ids = |written: &[&str]| {
        let one = |id: &&str| {
            format!(
                r#"{{"type": "Feature", "properties": {{"id": {id}}}, "geometry": {{"type": "Point", "coordinates": [7, 50]}}}}"#
            )
        };
        let features: Vec<String> = written.iter().map(one).collect();
        json(&collection(&features.join(","))).unwrap().into_iter().map(|r| r.name).collect::<Vec<_>>()
    };
    assert_eq!(
        ids(&["99990000000000000001", "99990000000000040002", "12345678901234567", "1.0", "2e1", "\"007\"", "-3"]),
        ["99990000000000000001", "99990000000000040002", "12345678901234567", "1", "20", "007", "-3"]
    );
}

#[test]
fn the_coordinates_of_a_crs_member_are_converted_or_refused() {
    let with = |crs: &str, coordinates: &str| {
        feature(r#"{"id": "a"}"#, coordinates)
            .replace("{\"type\": \"FeatureCollection\",", &format!("{{\"crs\": {crs},"))
            .replace("\"features\"", "\"type\": \"FeatureCollection\", \"features\"")
    };
    let named = |name: &str| format!(r#"{{"type": "name", "properties": {{"name": "{name}"}}}}"#);
    // PROJ 9.5.1: 9.851325689472683 E, 50.00919264412016 N.
    let utm = json(&with(&named("urn:ogc:def:crs:EPSG::25832"), "[561000, 5540000]")).unwrap();
    assert!((utm[0].lat_deg - 50.009_192_644).abs() < 2e-9 && (utm[0].lon_deg - 9.851_325_689).abs() < 2e-9, "{utm:?}");
    // The member may stand behind the features, and be of the older form.
    let behind = feature(r#"{"id": "a"}"#, "[561000, 5540000]");
    let behind =
        behind.strip_suffix('}').unwrap().to_owned() + r#", "crs": {"type": "EPSG", "properties": {"code": 25832}}}"#;
    assert_eq!(json(&behind).unwrap()[0].lat_deg, utm[0].lat_deg);
    for degrees in ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4258"] {
        assert_eq!(json(&with(&named(degrees), "[7, 50]")).unwrap()[0].lon_deg, 7.0, "{degrees}");
    }
    let error = json_error(&with(&named("EPSG:5514"), "[7, 50]"));
    assert!(error.starts_with("meters.geojson: the coordinate reference system 'EPSG:5514' is not known"), "{error}");
    assert!(error.ends_with("say it with placement.crs, or convert the file (ogr2ogr -t_srs EPSG:4326)"), "{error}");
    let error = json_error(&with("{\"a\": [1]}", "[7, 50]"));
    assert!(error.contains("the member crs, {\"a\":[1]}, names no coordinate reference system"), "{error}");
    // PostGIS names it in each geometry, others in each feature.
    let point = |id: &str, crs: &str, of_geometry: bool| {
        let (of_feature, of_geometry) = if of_geometry { ("", crs) } else { (crs, "") };
        format!(
            "{{\"type\": \"Feature\"{of_feature}, \"properties\": {{\"id\": \"{id}\"}}, \"geometry\": {{\"type\": \"Point\"{of_geometry}, \
             \"coordinates\": [561000, 5540000]}}}}"
        )
    };
    let collection = |a: &str, b: &str| format!("{{\"type\": \"FeatureCollection\", \"features\": [{a}, {b}]}}");
    let (one, other) = (format!(", \"crs\": {}", named("EPSG:25832")), format!(", \"crs\": {}", named("EPSG:25833")));
    for of_geometry in [false, true] {
        let found = json(&collection(&point("a", &one, of_geometry), &point("b", &one, of_geometry))).unwrap();
        assert_eq!(found[1].lat_deg, utm[0].lat_deg);
        let error = json_error(&collection(&point("a", &one, of_geometry), &point("b", &other, of_geometry)));
        assert!(
            error.contains("feature 2: it is in EPSG:25833, and what stands before it names EPSG:25832"),
            "{error}"
        );
    }
    // What the scenario says goes first, and is told.
    let options = Options { crs: Some("EPSG:4326".to_owned()), ..Options::default() };
    let file = json_from(with(&named("EPSG:25832"), "[7, 50]").as_bytes(), &options).unwrap();
    assert_eq!(file.records[0].lat_deg, 50.0);
    assert_eq!(
        file.warnings,
        ["the file says that it is in EPSG:25832; it is read as EPSG:4326, as placement.crs says"]
    );
    assert!(
        json_error(&feature(r#"{"id": "a"}"#, "[561000, 5540000]")).contains("look like metres of a projected system")
    );
}

#[test]
fn own_properties_are_kept_whatever_features_have_them() {
    let text = collection(
        r#"{"type": "Feature", "properties": {"Meter ID": 1, "street": "Oak", "age": 3}, "geometry": {"type": "Point", "coordinates": [7, 50]}},
           {"type": "Feature", "properties": {"Meter ID": 2, "tags": ["x"]}, "geometry": {"type": "Point", "coordinates": [7, 50]}},
           {"type": "Feature", "properties": {"street": "Elm", "Meter ID": 3, "new": true}, "geometry": {"type": "Point", "coordinates": [7, 50]}}"#,
    );
    let file = json_from(text.as_bytes(), &Options::default()).unwrap();
    assert_eq!(file.records.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
    let values = |name| (0..3).map(|site| file.attributes.column(name).unwrap().value(site)).collect::<Vec<_>>();
    assert_eq!(values("street"), [Some("Oak"), None, Some("Elm")]);
    assert_eq!((values("age"), values("new")), (vec![Some("3"), None, None], vec![None, None, Some("true")]));
    assert_eq!(file.attributes.column("tags"), None);
}

#[test]
fn the_place_of_what_is_wrong_is_that_in_the_file() {
    let site = |id: &str, at: &str| {
        format!(
            "{{\"type\": \"Feature\", \"id\": \"{id}\", \"properties\": {{}},\n\"geometry\": {{\"type\": \"Point\", \
             \"coordinates\": {at}}}}}"
        )
    };
    // The second feature begins behind the comma on line 3, at column 3, and goes wrong on its own second line.
    let text = collection(&format!("\n{},  {}", site("a", "[1, 2]"), site("b", "[1}")));
    let error = json_error(&text);
    let column = "\"geometry\": {\"type\": \"Point\", \"coordinates\": [1}".len();
    assert!(
        error.starts_with(&format!("meters.geojson, line 4: expected `,` or `]` at line 4 column {column}")),
        "{error}"
    );
    let error = json_error(&collection("{\"properties\": 7}"));
    assert!(error.starts_with("meters.geojson, line 1: ") && error.contains(" at line 1 column "), "{error}");
}

#[test]
fn a_feature_that_holds_more_than_a_site_is_not_taken_apart() {
    let limit = 1 << 20;
    let with = |property: &str| json_error(&feature(&format!("{{\"id\": \"a\", \"x\": {property}}}"), "[7, 50]"));
    let expected = "meters.geojson, feature 1: takes more than 1048576 bytes, and a site takes less than 1000; leave out what is \
                    no place or id";
    assert_eq!(with(&format!("[0{}]", ",0".repeat(limit / 2))), expected);
    assert_eq!(with(&format!("\"{}\"", "x".repeat(limit))), expected);
    // Deep, and not long: passed over like any list.
    let deep = format!("{{\"id\": \"a\", \"x\": {}{}}}", "[".repeat(1_000), "]".repeat(1_000));
    assert_eq!(json(&feature(&deep, "[7, 50]")).unwrap().len(), 1);
    let id = json_error(&feature(&format!("{{\"id\": \"{}\"}}", "x".repeat(LINE_BYTES_MAX + 1)), "[7, 50]"));
    assert!(id.starts_with("meters.geojson, feature 1, property id: is longer than 65536 bytes"), "{id}");
    // Members that nobody asks for may be anything.
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = feature("{\"id\": \"a\"}", "[7, 50]").replacen('{', &format!("{{\"{}\": {deep},", "k".repeat(limit)), 1);
    assert_eq!(json(&text).unwrap().len(), 1);
    let error = json_error(&format!("{{\"type\": \"{}\"}}", "x".repeat(limit)));
    assert!(error.len() < 300, "{} bytes", error.len());
}
