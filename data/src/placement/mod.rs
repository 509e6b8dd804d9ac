//! Readers of placements: meters, gateways, repeaters and transformers from CSV, GeoJSON or Parquet.
//!
//! | field | CSV and Parquet column | GeoJSON | needed |
//! | --- | --- | --- | --- |
//! | name | `id` | `properties.id`, or the feature's `id` | yes, unique |
//! | latitude, longitude, degrees WGS 84 | `lat`, `lon` | a `Point`, `[lon, lat]` | yes |
//! | kind: meter, gateway, repeater, transformer | `kind` | `properties.kind` | no: meter |
//! | antenna height over ground, m | `height_m` | `properties.height_m` | no: the kind's usual height |
//!
//! Other columns and properties are ignored. A CSV file has a header line, commas, UTF-8 (a byte order mark and CRLF are
//! welcome), and lines up to 64 KiB. The first thing that is wrong ends the reading, with its place in the file and what
//! to do about it.
//!
//! ```no_run
//! let records = amitwin_data::placement::read("meters.csv".as_ref())?;
//! println!("{} sites", records.len());
//! # Ok::<(), amitwin_data::placement::PlacementError>(())
//! ```

mod bounded;
mod columns;
mod delimited;
mod error;
mod features;
mod parquet_rows;
mod rules;

pub use error::{Fault, Place, PlacementError};
pub use parquet_rows::{Limits, is_guarded};

use crate::input;
use std::path::Path;

/// Longest line of a CSV file, bytes; also the longest record, where quotes let it span lines.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// Most sites of a file.
pub const RECORDS_MAX: usize = 20_000_000;

/// What stands at a site of an input file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// An electricity meter with a radio.
    Meter,
    /// A border router.
    Gateway,
    /// A range extender.
    Repeater,
    /// A transformer station: no radio.
    Transformer,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [RecordKind; 4] =
        [RecordKind::Meter, RecordKind::Gateway, RecordKind::Repeater, RecordKind::Transformer];

    /// The word of input files.
    pub const fn as_str(self) -> &'static str {
        match self {
            RecordKind::Meter => "meter",
            RecordKind::Gateway => "gateway",
            RecordKind::Repeater => "repeater",
            RecordKind::Transformer => "transformer",
        }
    }
}

/// One site of an input file; its values are possible ones.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacementRecord {
    /// Unique in the file.
    pub name: String,
    /// What stands there.
    pub kind: RecordKind,
    /// Latitude, degrees, WGS 84.
    pub lat_deg: f64,
    /// Longitude, degrees, WGS 84.
    pub lon_deg: f64,
    /// Antenna height over ground, m, where given.
    pub height_m: Option<f64>,
    /// Where it was read: line of a CSV file (the header is line 1), number of a GeoJSON feature or a Parquet row (from
    /// 1).
    pub line: u64,
}

/// A format of placement files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `.csv`
    Csv,
    /// `.geojson`, `.json`
    GeoJson,
    /// `.parquet`
    Parquet,
}

impl Format {
    /// What a file's ending tells.
    pub fn of(path: &Path) -> Option<Format> {
        match ending(path).as_str() {
            "csv" => Some(Format::Csv),
            "geojson" | "json" => Some(Format::GeoJson),
            "parquet" => Some(Format::Parquet),
            _ => None,
        }
    }
}

fn ending(path: &Path) -> String {
    path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase()
}

/// Reads a placement; the file's ending tells the format: `.csv`, `.geojson`, `.json` or `.parquet`.
pub fn read(path: &Path) -> Result<Vec<PlacementRecord>, PlacementError> {
    read_within(path, &Limits::PLACEMENT)
}

/// The same with other limits for Parquet; those of text are [`LINE_BYTES_MAX`], [`RECORDS_MAX`] and 1,024 MB of GeoJSON.
pub fn read_within(path: &Path, limits: &Limits) -> Result<Vec<PlacementRecord>, PlacementError> {
    let whole = |fault| PlacementError::new(path, Place::File, None, fault);
    let format = Format::of(path).ok_or_else(|| whole(Fault::UnknownFormat { ending: ending(path) }))?;
    let file = input::open(path).map_err(|e| whole(Fault::from_io(&e)))?;
    let metadata = file.metadata().map_err(|e| whole(Fault::from_io(&e)))?;
    if metadata.is_dir() {
        return Err(whole(Fault::Directory));
    }
    match format {
        Format::Csv => delimited::read(file, path),
        Format::Parquet => parquet_rows::read(file, path, limits),
        Format::GeoJson => features::read(file, metadata.len(), path),
    }
}

/// Where a placement file names a site; `None` if it does not, or can no longer be read.
pub fn find(path: &Path, name: &str) -> Option<Place> {
    let at = read(path).ok()?.into_iter().find(|record| record.name == name)?.line;
    Some(match Format::of(path)? {
        Format::Csv => Place::Line(at),
        Format::Parquet => Place::Row(at),
        Format::GeoJson => Place::Feature(at),
    })
}

#[cfg(test)]
mod tests;
