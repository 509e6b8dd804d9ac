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

    /// The same kind of place, elsewhere.
    pub(super) fn at(self, number: u64) -> Self {
        match self {
            Place::File => Place::File,
            Place::Line(_) => Place::Line(number),
            Place::Feature(_) => Place::Feature(number),
            Place::Row(_) => Place::Row(number),
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

/// Why a placement file was refused: file, place, column, what is wrong, what to do.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacementError {
    /// The file, as it was given.
    pub path: PathBuf,
    /// Where in it.
    pub place: Place,
    /// Which column (CSV, Parquet) or member (GeoJSON).
    pub column: Option<&'static str>,
    /// What is wrong.
    pub fault: Fault,
}

impl PlacementError {
    pub(super) fn new(path: &Path, place: Place, column: Option<&'static str>, fault: Fault) -> Self {
        PlacementError { path: path.to_owned(), place, column, fault }
    }
}

impl fmt::Display for PlacementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if self.place != Place::File {
            write!(f, ", {}", self.place)?;
        }
        match (self.column, self.place) {
            (None, _) => {}
            (Some("lat" | "lon"), Place::Feature(_)) => f.write_str(", coordinates")?,
            (Some(name), Place::Feature(_)) => write!(f, ", property {name}")?,
            (Some(name), _) => write!(f, ", column {name}")?,
        }
        write!(f, ": {}", self.fault)
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
    #[error("the byte 0x{byte:02X} at position {position} is not UTF-8{guess}; save the file as UTF-8")]
    NotUtf8 { byte: u8, position: usize, guess: String },
    #[error(
        "the line is longer than {max} bytes, and a site takes less than 100; probably this is no CSV file, or its line \
         ends are missing"
    )]
    LineTooLong { max: usize },
    #[error("a quote that is opened here or just after is never closed within {max} bytes; close or remove it")]
    OpenQuote { max: usize },
    #[error("the columns are separated by {found}; export the file with ',' between columns and '.' in numbers")]
    Separator { found: &'static str },
    #[error(
        "there is no column {missing}{nearest}; the columns here are {found}, and a placement needs id, lat and lon"
    )]
    MissingColumn { missing: &'static str, nearest: String, found: String },
    #[error("the column {column} is there twice; remove one of them")]
    DuplicateColumn { column: String },
    #[error("the column {column} is not known; did you mean {nearest}? Rename it")]
    MisspeltColumn { column: String, nearest: &'static str },
    #[error("there are {found} fields, and the header has {expected}; a field with a comma in it needs quotes")]
    FieldCount { found: usize, expected: usize },
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
    #[error("a height of {height_m} m is not possible; give metres over ground, from -500 to 9000, or leave it out")]
    AbsurdHeight { height_m: f64 },
    #[error("the kind '{found}' is not known{nearest}; a site is a meter, gateway, repeater or transformer")]
    UnknownKind { found: String, nearest: String },
    #[error("the id '{name}' is already taken by {first}; give each site its own id")]
    DuplicateId { name: String, first: Place },
    #[error("{reason}; a placement in GeoJSON is a FeatureCollection of Point features with an id each")]
    NotGeoJson { reason: String },
    #[error("a {found} is no place of a site; only Point features are read, so use its middle or remove it")]
    NotAPoint { found: &'static str },
    #[error("the feature has neither a property id nor an id of its own; give each site one of them")]
    NoId,
    #[error("'{found}' is {is} where {expected} is due; change it")]
    WrongType { found: String, is: &'static str, expected: &'static str },
    #[error("is longer than {max_mb} MB; convert it to CSV, which is read line by line")]
    FileTooLong { max_mb: u64 },
    #[error("takes more than {max} bytes, and a site takes less than 1000; leave out what is no place or id")]
    FeatureTooLong { max: usize },
    #[error("is longer than {max} bytes, and an id takes less than 100; give shorter ones")]
    IdTooLong { max: usize },
    #[error("the ids up to here take more than {max_mb} MB; give shorter ones, or split the file into several runs")]
    IdsTooLong { max_mb: u64 },
    #[error(
        "unpacked, a page takes more than {max_mb} MB, and writers make pages of 1 MB; write it with smaller pages"
    )]
    PageTooLong { max_mb: u64 },
    #[error("no Parquet can be read here: {reason}; write the file again, with ZSTD, Snappy or no compression")]
    BadParquet { reason: String },
}

impl Fault {
    pub(super) fn from_io(error: &std::io::Error) -> Self {
        Fault::Unreadable { reason: error.to_string() }
    }
}
