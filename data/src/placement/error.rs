//! What can be wrong with a placement file, where, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// Line of a text file, from 1.
    Line(u64),
    /// Feature of a GeoJSON file, from 1.
    Feature(u64),
    /// Row of a Parquet file, from 1.
    Row(u64),
}

impl Place {
    /// The number that a record keeps.
    pub(super) fn number(self) -> u64 {
        match self {
            Place::File => 0,
            Place::Line(n) | Place::Feature(n) | Place::Row(n) => n,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File => f.write_str("the file"),
            Place::Line(n) => write!(f, "line {n}"),
            Place::Feature(n) => write!(f, "feature {n}"),
            Place::Row(n) => write!(f, "row {n}"),
        }
    }
}

/// One thing that is wrong: place, column, what it is, what to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// Where in the file.
    pub place: Place,
    /// Which column (CSV, Parquet) or member (GeoJSON).
    pub column: Option<&'static str>,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place != Place::File {
            write!(f, "{}", self.place)?;
        }
        let comma = if self.place == Place::File { "" } else { ", " };
        match (self.column, self.place) {
            (None, Place::File) => return write!(f, "{}", self.fault),
            (None, _) => {}
            (Some("lat" | "lon"), Place::Feature(_)) => f.write_str(", coordinates")?,
            (Some(name), Place::Feature(_)) => write!(f, ", property {name}")?,
            (Some(name), _) => write!(f, "{comma}column {name}")?,
        }
        write!(f, ": {}", self.fault)
    }
}

/// Why a placement file was refused: all its mistakes up to 20, and how many more there are.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacementError {
    /// The file, as it was given.
    pub path: PathBuf,
    /// What is wrong, in the order of the file; at least one.
    pub mistakes: Vec<Mistake>,
    /// Mistakes beyond those.
    pub more: u64,
}

impl PlacementError {
    pub(super) fn one(path: &Path, place: Place, column: Option<&'static str>, fault: Fault) -> Self {
        PlacementError { path: path.to_owned(), mistakes: vec![Mistake { place, column, fault }], more: 0 }
    }
}

impl fmt::Display for PlacementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        if let [mistake] = &self.mistakes[..] {
            let comma = if mistake.place == Place::File && mistake.column.is_none() { ":" } else { "," };
            return write!(f, "{path}{comma} {mistake}");
        }
        write!(f, "{path} has {} mistakes:", self.mistakes.len() as u64 + self.more)?;
        for mistake in &self.mistakes {
            write!(f, "\n  {mistake}")?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

impl std::error::Error for PlacementError {}

/// What is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // The messages say it.
pub enum Fault {
    #[error("cannot be read: {reason}; check the path and its permissions")]
    Unreadable { reason: String },
    #[error("is a directory; give the placement file in it")]
    Directory,
    #[error("is no placement: '.{ending}' is not known; give a file that ends in .csv, .geojson, .json or .parquet")]
    UnknownFormat { ending: String },
    #[error("is empty; {expected}")]
    Empty { expected: &'static str },
    #[error("has no sites: {found} and nothing else; give at least one meter")]
    NoRecords { found: &'static str },
    #[error("has more than {max} sites; split it into several runs")]
    TooManyRecords { max: usize },
    #[error(
        "has {rows} rows in {file_bytes} bytes; so many sites at places of their own cannot be packed into that. Check what wrote it, \
         or convert it to CSV"
    )]
    Packed { rows: usize, file_bytes: u64 },
    #[error("the byte 0x{byte:02X} at position {position} is not UTF-8{guess}; save the file as UTF-8")]
    NotUtf8 { byte: u8, position: usize, guess: String },
    #[error(
        "the line is longer than {max} bytes, and a site takes less than 100; probably this is no CSV file, or its line \
         ends are missing"
    )]
    LineTooLong { max: usize },
    #[error("a quote that is opened here or just after is never closed within {max} bytes; close or remove it")]
    OpenQuote { max: usize },
    #[error(
        "there is no column {missing}{nearest}; the columns here are {found}, and a placement needs id, lat and lon: \
         rename columns, or say placement.columns = {{ {remedy} }}"
    )]
    MissingColumn { missing: String, nearest: String, found: String, remedy: String },
    #[error("the column {column} is there twice; remove one of them")]
    DuplicateColumn { column: String },
    #[error(
        "placement.columns says that {known} is in the column '{asked}', and there is none; the columns here are {found}"
    )]
    NoSuchColumn { known: &'static str, asked: String, found: String },
    #[error("placement.columns names the column '{column}' for two things; name another, or none")]
    NamedTwice { column: String },
    #[error("placement.columns.{column} is set, and GeoJSON has coordinates in its geometries; remove that setting")]
    NotInGeometry { column: &'static str },
    #[error("holds {is} and not {expected}; write it as {expected}, or name another column in placement.columns")]
    WrongColumn { is: &'static str, expected: &'static str },
    #[error("there are {found} fields, and the header has {expected}; a field with a '{separator}' in it needs quotes")]
    FieldCount { found: usize, expected: usize, separator: char },
    #[error("there is no value; each site needs one")]
    MissingValue,
    #[error("'{text}' is not a number{hint}; write degrees or metres as 53.6504")]
    NotANumber { text: String, hint: &'static str },
    #[error("{text} is not a finite number; give the site's real value or remove the site")]
    NotFinite { text: String },
    #[error(
        "latitude {lat_deg} is out of range while longitude {lon_deg} would be a latitude: lat and lon look swapped; \
         exchange them{order}"
    )]
    Swapped { lat_deg: f64, lon_deg: f64, order: &'static str },
    #[error("{value} is out of range; {what} goes from -{limit} to {limit} degrees")]
    OutOfRange { value: f64, what: &'static str, limit: f64 },
    #[error(
        "{x} and {y} are no degrees but look like metres of a projected system; say which, for example placement.crs = \
         \"EPSG:25832\", or convert the file (ogr2ogr -t_srs EPSG:4326)"
    )]
    Metres { x: f64, y: f64 },
    #[error("{x} and {y} are no place in {crs}; check the coordinates, their order, and placement.crs")]
    NoPlace { x: f64, y: f64, crs: String },
    #[error("{reason}; say it with placement.crs, or convert the file (ogr2ogr -t_srs EPSG:4326)")]
    Crs { reason: String },
    #[error("a height of {height_m} m is not possible; give metres over ground, from -500 to 9000, or leave it out")]
    AbsurdHeight { height_m: f64 },
    #[error("an antenna gain of {gain_dbi} dBi is not possible; give dBi, from -30 to 30, or leave it out")]
    AbsurdGain { gain_dbi: f64 },
    #[error(
        "the kind '{found}' is not known{nearest}; a site is a meter, gateway (a border router), repeater or transformer"
    )]
    UnknownKind { found: String, nearest: String },
    #[error("the id '{name}' is already taken by {first}{hint}; give each site its own id")]
    DuplicateId { name: String, first: Place, hint: &'static str },
    #[error("{reason}; a placement in GeoJSON is a FeatureCollection of Point features with an id each")]
    NotGeoJson { reason: String },
    #[error("a {found} is no place of a site; only Point features are read, so use its middle or remove it")]
    NotAPoint { found: String },
    #[error("{found} is no position; give [longitude, latitude]")]
    NoPosition { found: String },
    #[error("a MultiPoint of {count} points is no place of a site; give one of them, or a feature for each")]
    ManyPoints { count: usize },
    #[error("the feature has neither a property id nor an id of its own; give each site one of them")]
    NoId,
    #[error("'{found}' is {is} where {expected} is due; change it")]
    WrongType { found: String, is: &'static str, expected: &'static str },
    #[error("{found} is no whole number with all its digits; write ids as text")]
    NotWhole { found: String },
    #[error("is longer than {max_mb} MB; convert it to CSV, which is read line by line")]
    FileTooLong { max_mb: u64 },
    #[error("takes more than {max} bytes, and a site takes less than 1000; leave out what is no place or id")]
    FeatureTooLong { max: usize },
    #[error("is longer than {max} bytes, and an id takes less than 100; give shorter ones")]
    IdTooLong { max: usize },
    #[error("the ids up to here take more than {max_mb} MB; give shorter ones, or split the file into several runs")]
    IdsTooLong { max_mb: u64 },
    #[error("your own columns take more than {max_mb} MB up to here; leave out those that nobody needs")]
    AttributesTooLong { max_mb: u64 },
    #[error(
        "unpacked, a page takes more than {max_mb} MB, and writers make pages of 1 MB; write it with smaller pages"
    )]
    PageTooLong { max_mb: u64 },
    #[error("no Parquet can be read here: {reason}; write the file again, for example with ZSTD compression")]
    BadParquet { reason: String },
}

impl Fault {
    pub(super) fn from_io(error: &std::io::Error) -> Self {
        Fault::Unreadable { reason: error.to_string() }
    }
}
