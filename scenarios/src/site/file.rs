//! Repeaters as a file that `placement.repeaters` reads.

use amitwin_models::terrain::Site;
use std::fmt::Write;

/// The sites as a CSV file.
pub fn to_csv<'a>(repeaters: impl IntoIterator<Item = &'a Site>) -> String {
    let mut out = String::from("id,lat,lon,kind,height_m\n");
    for site in repeaters {
        let (name, kind) = (quoted(&site.name.to_string()), site.kind);
        let _ = writeln!(out, "{name},{:.7},{:.7},{kind},{}", site.lat_deg, site.lon_deg, site.height_m);
    }
    out
}

/// A field of such a file, in quotes where it needs them.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r', ';', '\t', '|']) || text.trim() != text {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
