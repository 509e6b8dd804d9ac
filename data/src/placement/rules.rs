//! Which values a site may have, whatever the format.

use super::{Fault, LINE_BYTES_MAX, Place, PlacementError, PlacementRecord, RECORDS_MAX, RecordKind};
use std::path::Path;

/// Lowest and highest antenna, m.
const HEIGHTS_M: std::ops::RangeInclusive<f64> = -500.0..=9_000.0;

/// A fault and the column it is in.
pub(super) type ColumnFault = (Option<&'static str>, Fault);

/// A number of a text field.
pub(super) fn number(text: &str) -> Result<f64, Fault> {
    if text.is_empty() {
        return Err(Fault::MissingValue);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(Fault::NotFinite { text: text.to_owned() }),
        Err(_) => {
            let comma = text.contains(',') && text.replace(',', ".").parse::<f64>().is_ok();
            let hint = if comma { " (the decimal mark is a point)" } else { "" };
            // A field may be long.
            Err(Fault::NotANumber { text: text.chars().take(40).collect(), hint })
        }
    }
}

/// A record of possible values.
pub(super) fn record(
    place: Place,
    name: &str,
    kind: RecordKind,
    (lat_deg, lon_deg): (f64, f64),
    height_m: Option<f64>,
) -> Result<PlacementRecord, ColumnFault> {
    if name.is_empty() {
        return Err((Some("id"), Fault::MissingValue));
    }
    if name.len() > LINE_BYTES_MAX {
        return Err((Some("id"), Fault::IdTooLong { max: LINE_BYTES_MAX }));
    }
    for (column, value) in [("lat", Some(lat_deg)), ("lon", Some(lon_deg)), ("height_m", height_m)] {
        if let Some(value) = value.filter(|v| !v.is_finite()) {
            return Err((Some(column), Fault::NotFinite { text: value.to_string() }));
        }
    }
    if lat_deg.abs() > 90.0 {
        let swapped = lon_deg.abs() <= 90.0 && lat_deg.abs() <= 180.0;
        let order = if matches!(place, Place::Feature(_)) { " (GeoJSON has [lon, lat])" } else { "" };
        let fault = if swapped {
            Fault::Swapped { lat_deg, lon_deg, order }
        } else {
            Fault::OutOfRange { value: lat_deg, what: "latitude", limit: 90.0 }
        };
        return Err((Some("lat"), fault));
    }
    if lon_deg.abs() > 180.0 {
        return Err((Some("lon"), Fault::OutOfRange { value: lon_deg, what: "longitude", limit: 180.0 }));
    }
    if let Some(height_m) = height_m.filter(|h| !HEIGHTS_M.contains(h)) {
        return Err((Some("height_m"), Fault::AbsurdHeight { height_m }));
    }
    Ok(PlacementRecord { name: name.to_owned(), kind, lat_deg, lon_deg, height_m, line: place.number() })
}

/// The rules of a file as a whole: some sites, not too many, no id twice. `place` is any place of this format.
pub(super) fn complete(
    records: Vec<PlacementRecord>,
    path: &Path,
    place: Place,
    nothing: &'static str,
) -> Result<Vec<PlacementRecord>, PlacementError> {
    if records.is_empty() {
        return Err(PlacementError::new(path, Place::File, None, Fault::NoRecords { found: nothing }));
    }
    let mut by_name: Vec<&PlacementRecord> = records.iter().collect();
    by_name.sort_by(|a, b| a.name.cmp(&b.name).then(a.line.cmp(&b.line)));
    let twins = by_name.windows(2).filter(|pair| pair[0].name == pair[1].name);
    if let Some(twin) = twins.min_by_key(|pair| pair[1].line) {
        let fault = Fault::DuplicateId { name: twin[1].name.clone(), first: place.at(twin[0].line) };
        return Err(PlacementError::new(path, place.at(twin[1].line), Some("id"), fault));
    }
    Ok(records)
}

/// Whether one more record is one too many.
pub(super) fn full(records: &[PlacementRecord], path: &Path) -> Result<(), PlacementError> {
    if records.len() < RECORDS_MAX {
        return Ok(());
    }
    Err(PlacementError::new(path, Place::File, None, Fault::TooManyRecords { max: RECORDS_MAX }))
}
