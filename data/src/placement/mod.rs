//! Readers of placements: meters, gateways, repeaters and transformers from CSV, GeoJSON or Parquet.
//!
//! | field | CSV and Parquet column | GeoJSON | needed |
//! | --- | --- | --- | --- |
//! | name | `id` | `properties.id`, or the feature's `id` | yes, unique |
//! | latitude, longitude, degrees WGS 84 | `lat`, `lon` | a `Point`, or a `MultiPoint` of one, `[lon, lat]` | yes |
//! | kind: meter, gateway, repeater, transformer | `kind` | `properties.kind` | no: meter |
//! | antenna height over ground, m | `height_m` | `properties.height_m` | no: the kind's usual height |
//! | antenna gain, dBi | `antenna_gain_dbi` | `properties.antenna_gain_dbi` | no: that of the scenario |
//!
//! Names are known in any case and in usual forms (`Latitude`, `lng`, `X`, `Meter ID`); [`Options::columns`] names others.
//! Columns that are none of these are kept as [`Attributes`]. Coordinates of a projected system are converted if
//! [`Options::crs`] or the `crs` member of a GeoJSON file names it.
//!
//! A CSV file has a header line, then a line a site of up to 64 KiB; `,`, `;`, tabs or `|` between the columns, and decimal
//! commas where the columns are not separated by commas; UTF-8, or UTF-16 with a byte order mark. A Parquet file has numbers of
//! any width, decimals, or text.
//!
//! Each reader gives rows with named columns to the intake, which alone maps columns, converts coordinates and checks. All
//! mistakes up to 20 are told at once, each with its place in the file and what to do about it.
//!
//! ```no_run
//! use amitwin_data::placement::{Options, read};
//! let file = read("meters.csv".as_ref(), &Options::default())?;
//! println!("{} sites", file.records.len());
//! # Ok::<(), amitwin_data::placement::PlacementError>(())
//! ```

mod bounded;
mod columns;
mod crs;
mod delimited;
mod error;
mod features;
mod intake;
mod parquet_column;
mod parquet_rows;
mod rules;
mod utf16;
mod value;

pub use columns::ColumnNames;
pub use crs::Crs;
pub use error::{Fault, Mistake, Place, PlacementError};
pub use intake::Limits;
pub(crate) use parquet_rows::guarded;
pub use parquet_rows::is_guarded;

use crate::attributes::Attributes;
use crate::input;
use intake::Intake;
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
    /// Antenna gain, dBi, where given.
    pub antenna_gain_dbi: Option<f64>,
    /// Where it was read: line of a CSV file (the header is line 1), number of a GeoJSON feature or a Parquet row (from
    /// 1).
    pub line: u64,
}

/// How a file is to be read, where it does not say so itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What its columns are called.
    pub columns: ColumnNames,
    /// Its coordinate reference system, as [`Crs::parse`] reads it; degrees if missing.
    pub crs: Option<String>,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlacementFile {
    /// Its sites, in the order of the file.
    pub records: Vec<PlacementRecord>,
    /// Its other columns, by the number of the record.
    pub attributes: Attributes,
    /// How it was read, in a few words each, where that is not self-evident.
    pub notes: Vec<String>,
    /// What is odd about it, in a sentence each.
    pub warnings: Vec<String>,
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

    /// The place of a record in a file of this format.
    pub fn place(self, line: u64) -> Place {
        match self {
            Format::Csv => Place::Line(line),
            Format::GeoJson => Place::Feature(line),
            Format::Parquet => Place::Row(line),
        }
    }
}

fn ending(path: &Path) -> String {
    path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase()
}

/// Reads a placement; the file's ending tells the format: `.csv`, `.geojson`, `.json` or `.parquet`.
///
/// # Errors
/// What is wrong with the file, each with its place and what to do.
pub fn read(path: &Path, options: &Options) -> Result<PlacementFile, PlacementError> {
    read_within(path, options, Limits::PLACEMENT)
}

/// The same with other limits.
///
/// # Errors
/// As [`read`].
pub fn read_within(path: &Path, options: &Options, limits: Limits) -> Result<PlacementFile, PlacementError> {
    let whole = |fault| PlacementError::one(path, Place::File, None, fault);
    let format = Format::of(path).ok_or_else(|| whole(Fault::UnknownFormat { ending: ending(path) }))?;
    let file = input::open(path).map_err(|e| whole(Fault::from_io(&e)))?;
    let metadata = file.metadata().map_err(|e| whole(Fault::from_io(&e)))?;
    if metadata.is_dir() {
        return Err(whole(Fault::Directory));
    }
    let mut intake = Intake::new(path, format, options, limits)?;
    match format {
        Format::Csv => {
            let read = delimited::read(file, &mut intake);
            intake.finish(read, "a header line")
        }
        Format::Parquet => {
            let read = parquet_rows::read(file, metadata.len(), &mut intake);
            intake.finish(read, "its columns")
        }
        Format::GeoJson => {
            let read = features::read(file, metadata.len(), &mut intake);
            intake.finish(read, "an empty list of features")
        }
    }
}

/// Where a placement file names a site; `None` if it does not, or can no longer be read.
pub fn find(path: &Path, options: &Options, name: &str) -> Option<Place> {
    let at = read(path, options).ok()?.records.into_iter().find(|record| record.name == name)?.line;
    Some(Format::of(path)?.place(at))
}

#[cfg(test)]
mod tests;
