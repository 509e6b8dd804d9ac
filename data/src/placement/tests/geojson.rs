//! GeoJSON, from text.

use super::*;

const JSON: &str = "meters.geojson";

fn json(text: &str) -> Result<Vec<PlacementRecord>, PlacementError> {
    features::read(text.as_bytes(), text.len() as u64, JSON.as_ref())
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
    let strange =
        text.replace("{\"type\": \"FeatureCollection\",", "{\"crs\": {\"a\": [1]},").replace("]}]}", "]}], \"x\": 1}");
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
        "meters.geojson, feature 1, property id: '[\"M1\"]' is a list where a text or a number is due; change it"
    );
    assert_eq!(
        json_error(&feature(r#"{"id": "a", "kind": "metr"}"#, "[7, 50]")),
        "meters.geojson, feature 1, property kind: the kind 'metr' is not known (did you mean meter?); a site is a \
         meter, gateway, repeater or transformer"
    );
    assert_eq!(
        json_error(&feature(r#"{"id": "a", "height_m": "12"}"#, "[7, 50]")),
        "meters.geojson, feature 1, property height_m: '\"12\"' is a text where a number is due; change it"
    );
    let error = json_error(&feature(r#"{"id": "a"}"#, "[7]"));
    let reason = "meters.geojson, line 1: A position must contain two or more elements, but got `1` at line 1 column";
    assert!(error.starts_with(reason), "{error}");
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
    let latin = b"{\"type\":\n\"Caf\xE9\"}".as_slice();
    let error = features::read(latin, latin.len() as u64, JSON.as_ref()).unwrap_err().to_string();
    assert_eq!(
        error,
        "meters.geojson, line 2: the byte 0xE9 at position 5 is not UTF-8 (in Latin-1 it is '\u{E9}'); save the file as UTF-8"
    );
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
    let error = json_error(&collection("{\"type\": 7}"));
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
    // Deeper than the parser goes, and not long.
    let deep = with(&format!("{}{}", "[".repeat(1_000), "]".repeat(1_000)));
    assert!(deep.starts_with("meters.geojson, line 1: recursion limit exceeded at line 1 column"), "{deep}");
    let id = json_error(&feature(&format!("{{\"id\": \"{}\"}}", "x".repeat(LINE_BYTES_MAX + 1)), "[7, 50]"));
    assert!(id.starts_with("meters.geojson, feature 1, property id: is longer than 65536 bytes"), "{id}");
    // Members that nobody asks for may be anything.
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = feature("{\"id\": \"a\"}", "[7, 50]").replacen('{', &format!("{{\"{}\": {deep},", "k".repeat(limit)), 1);
    assert_eq!(json(&text).unwrap().len(), 1);
    let error = json_error(&format!("{{\"type\": \"{}\"}}", "x".repeat(limit)));
    assert!(error.len() < 300, "{} bytes", error.len());
}
