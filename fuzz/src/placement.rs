//! Placements in CSV and GeoJSON.

use crate::{Input, folder};
use amitwin_data::placement::{self, Options, PlacementError, PlacementRecord};
use std::fmt::Write;
use std::path::Path;

/// What reading a placement comes to.
type Read = Result<Vec<PlacementRecord>, PlacementError>;

/// One input: a file of either format.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let name = if input.byte() & 1 == 0 { "sites.csv" } else { "sites.geojson" };
    judge(&folder().join(name), input.0, read);
}

fn read(path: &Path) -> Read {
    placement::read(path, &Options::default()).map(|file| file.records)
}

/// The file is refused with a message, or what was read reads the same when it is written as CSV.
pub(crate) fn judge(path: &Path, bytes: &[u8], read: fn(&Path) -> Read) {
    std::fs::write(path, bytes).expect("a folder to write to");
    match read(path) {
        Err(error) => {
            let said = error.to_string();
            assert!(said.contains("sites.") && said.len() < 20_000, "a message of no use: {said}");
        }
        Ok(records) => {
            let again = path.with_file_name("again.csv");
            std::fs::write(&again, csv(&records)).expect("a folder to write to");
            let mut same = self::read(&again).expect("sites that were read before");
            assert_eq!(same.len(), records.len());
            for (same, record) in same.iter_mut().zip(&records) {
                same.line = record.line;
                assert_eq!(same, record);
            }
        }
    }
}

fn csv(records: &[PlacementRecord]) -> String {
    let mut text = "id,lat,lon,kind,height_m,antenna_gain_dbi\n".to_owned();
    for PlacementRecord { name, kind, lat_deg, lon_deg, height_m, antenna_gain_dbi, .. } in records {
        let [height, gain] =
            [height_m, antenna_gain_dbi].map(|value| value.map_or(String::new(), |value| value.to_string()));
        let name = name.replace('"', "\"\"");
        writeln!(text, "\"{name}\",{lat_deg},{lon_deg},{},{height},{gain}", kind.as_str()).expect("a text");
    }
    text
}

/// What the page of the formats shows, right and wrong.
pub fn seeds() -> Vec<Vec<u8>> {
    let csv = [
        "id,lat,lon\nM1,53.5,11.25\n",
        "\u{FEFF}id,lat,lon,kind,height_m,note\r\nM1,53.5,11.25,,,\r\n\r\nG1, 53.6 ,-11.5,gateway,12.5,\"a, b\"\r\n",
        "lon,id,lat\n7,\"a \"\"b\"\"\",50",
        "id,lat,lon\n\"M1,1,2\nM1,1,2\n",
        "id;lat;lon\nM1;53,5;11,2\n",
        "id,lat,lon\nM1,1,2\nM1,1e1,-2\n",
        "id,latitude,lon\nM1,-122.5,37\n",
    ];
    let point = |properties: &str, more: &str| {
        format!(
            "{{\"type\":\"FeatureCollection\",\"features\":[{{\"type\":\"Feature\",{more}\"properties\":{properties},\
             \"geometry\":{{\"type\":\"Point\",\"coordinates\":[11.25,53.5,3]}}}}]}}"
        )
    };
    let geojson = [
        point("{\"id\":\"a\",\"kind\":\"gateway\",\"height_m\":5}", ""),
        point("null", "\"id\":7,"),
        point("{\"id\":1e3,\"more\":[[[{}]]]}", "\"bbox\":[1,2,3,4],"),
        "{\"features\":[],\"type\":\"FeatureCollection\"}".to_owned(),
        format!("{{\"x\":{}", "[".repeat(300)),
    ];
    let csv = csv.iter().map(|text| [&[0], text.as_bytes()].concat());
    csv.chain(geojson.iter().map(|text| [&[1], text.as_bytes()].concat())).collect()
}
