//! What every format comes to: rows with named columns become sites. Here columns are mapped, coordinates converted, and
//! what is wrong or odd is collected.

use super::columns::{Columns, KNOWN, Wanted};
use super::crs::Crs;
use super::rules::{self, ColumnFault, Odd};
use super::value::Value;
use super::{
    Fault, Format, LINE_BYTES_MAX, Mistake, Options, Place, PlacementError, PlacementFile, PlacementRecord, RECORDS_MAX,
};
use crate::attributes::AttributesBuilder;
use std::path::Path;

/// Mistakes that are told one by one; the rest is counted.
const MISTAKES_TOLD: usize = 20;
/// Own columns that are kept.
const ATTRIBUTES_MAX: usize = 100;
/// So many sites do not stand within `ROOM_M` of each other.
const ROOM_SITES: usize = 20;
/// Widest room full of meters, degrees of latitude: about 2 m.
const ROOM_DEG: f64 = 2.0 / 111_132.0;

/// Reading cannot go on; why stands in the [`Intake`].
#[derive(Debug)]
pub(super) struct Stop;

/// What a file may hold: it can be packed, and a few bytes can stand for more than any memory takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rows.
    pub records: usize,
    /// Rows of Parquet that are read however short the file is. Above that it must have a byte for each: sites that stand
    /// apart cannot be packed into less.
    pub packed_records: usize,
    /// An id.
    pub id_bytes: usize,
    /// All ids.
    pub ids_mb: u64,
    /// A page of a column of Parquet, unpacked. The two pages that are held of each column take that much each, and as much
    /// again for the values of a dictionary.
    pub page_mb: u64,
    /// Own columns.
    pub attributes_mb: u64,
}

impl Limits {
    /// Those of placements. Writers make pages of 1 MB, and none that is known makes them longer than 100 MB.
    pub const PLACEMENT: Limits = Limits {
        records: RECORDS_MAX,
        packed_records: 1_000_000,
        id_bytes: LINE_BYTES_MAX,
        ids_mb: 1_024,
        page_mb: 128,
        attributes_mb: 2_048,
    };

    /// Those of a packed file of this length: what is read from it takes 100 MB and a hundred times its length at most.
    pub(super) fn of_packed(self, file_bytes: u64) -> Limits {
        let packed_mb = 100 + file_bytes / 10_000;
        Limits { ids_mb: self.ids_mb.min(packed_mb), attributes_mb: self.attributes_mb.min(packed_mb), ..self }
    }
}

/// The sites of a file in the making.
pub(super) struct Intake<'a> {
    path: &'a Path,
    format: Format,
    options: &'a Options,
    crs: Crs,
    crs_is_set: bool,
    /// What the file may hold.
    pub limits: Limits,
    /// Whether a single comma in a number is a decimal mark.
    pub commas: bool,
    /// What to tell about how the file was read.
    pub notes: Vec<String>,
    /// What to know before trusting results.
    pub warnings: Vec<String>,
    columns: Columns,
    /// Number of the attribute of each own column.
    own: Vec<(usize, usize)>,
    records: Vec<PlacementRecord>,
    attributes: AttributesBuilder,
    ids_bytes: u64,
    blank_rows: u64,
    decimal_commas: bool,
    odd: [Option<(u64, usize)>; Odd::ALL.len()],
    mistakes: Vec<Mistake>,
    more: u64,
}

impl<'a> Intake<'a> {
    /// Nothing read yet.
    ///
    /// # Errors
    /// The coordinate reference system of the options is not known.
    pub fn new(path: &'a Path, format: Format, options: &'a Options, limits: Limits) -> Result<Self, PlacementError> {
        let parse = |text: &String| {
            Crs::parse(text).map_err(|reason| PlacementError::one(path, Place::File, None, Fault::Crs { reason }))
        };
        let set = options.crs.as_ref().map(parse).transpose()?;
        Ok(Intake {
            path,
            format,
            options,
            crs_is_set: set.is_some(),
            crs: set.unwrap_or_else(Crs::degrees),
            limits,
            commas: false,
            notes: Vec::new(),
            warnings: Vec::new(),
            columns: Columns::default(),
            own: Vec::new(),
            records: Vec::new(),
            attributes: AttributesBuilder::default(),
            ids_bytes: 0,
            blank_rows: 0,
            decimal_commas: false,
            odd: [None; Odd::ALL.len()],
            mistakes: Vec::new(),
            more: 0,
        })
    }

    /// The coordinate reference system that the file itself names. What the scenario says goes before it.
    pub fn crs(&mut self, named: &str) -> Result<(), Stop> {
        let found = Crs::parse(named);
        if self.crs_is_set {
            if !found.as_ref().is_ok_and(|found| found.name() == self.crs.name()) {
                let name = self.crs.name();
                self.warnings
                    .push(format!("the file says that it is in {named}; it is read as {name}, as placement.crs says"));
            }
            return Ok(());
        }
        self.crs = found.map_err(|reason| self.fatal(Place::File, None, Fault::Crs { reason }))?;
        Ok(())
    }

    /// The names of the columns of the rows that follow.
    pub fn header(&mut self, place: Place, names: &[&str]) -> Result<(), Stop> {
        self.columns = Columns::default();
        self.own.clear();
        let wanted = self.wanted();
        let columns = Columns::find(names, wanted).map_err(|fault| self.fatal(place, None, fault))?;
        let first = self.records.is_empty() && self.mistakes.is_empty();
        if first {
            for (at, known) in columns.known.into_iter().zip(KNOWN) {
                match at.map(|at| names[at]) {
                    Some(name) if name != known => self.notes.push(format!("{known} from '{name}'")),
                    _ => {}
                }
            }
            for (name, known) in columns.misspelt(names, wanted) {
                self.warnings.push(format!(
                    "the column '{name}' is taken for one of your own; if {known} is meant, rename it, or say \
                     placement.columns = {{ {known} = \"{name}\" }}"
                ));
            }
        }
        for &at in &columns.own {
            if self.attributes.len() < ATTRIBUTES_MAX {
                self.own.push((at, self.attributes.column(names[at])));
            } else if first {
                self.warnings.push(format!(
                    "the column '{}' is left out: {ATTRIBUTES_MAX} columns of your own are kept",
                    names[at]
                ));
            }
        }
        self.columns = columns;
        Ok(())
    }

    /// Where the columns of the header are.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// How columns are looked for.
    pub fn wanted(&self) -> Wanted<'a> {
        Wanted {
            names: &self.options.columns,
            projected: self.crs.is_projected(),
            geometry: self.format == Format::GeoJson,
        }
    }

    /// Takes a row: `value` tells what stands in a column of the header, and `position` the x and y of a geometry.
    pub fn row<'v>(
        &mut self,
        place: Place,
        position: Option<Result<(f64, f64), ColumnFault>>,
        value: impl Fn(usize) -> Value<'v>,
    ) -> Result<(), Stop> {
        if self.records.len() >= self.limits.records {
            return Err(self.fatal(Place::File, None, Fault::TooManyRecords { max: self.limits.records }));
        }
        let record = match self.site(place, position, &value) {
            Ok(record) => record,
            // Every row would say so.
            Err((_, fault @ Fault::Metres { .. })) => return Err(self.fatal(place, None, fault)),
            Err((column, fault)) => {
                self.mistake(place, column, fault);
                return Ok(());
            }
        };
        self.keep(place, record, value)
    }

    /// A row with nothing in it.
    pub fn blank_row(&mut self) {
        self.blank_rows += 1;
    }

    /// A mistake that the rest of the file can be read after.
    pub fn mistake(&mut self, place: Place, column: Option<&'static str>, fault: Fault) {
        if self.mistakes.len() < MISTAKES_TOLD {
            self.mistakes.push(Mistake { place, column, fault });
        } else {
            self.more += 1;
        }
    }

    /// A mistake that ends the reading.
    pub fn fatal(&mut self, place: Place, column: Option<&'static str>, fault: Fault) -> Stop {
        self.mistake(place, column, fault);
        Stop
    }

    fn site<'v>(
        &mut self,
        place: Place,
        position: Option<Result<(f64, f64), ColumnFault>>,
        value: &impl Fn(usize) -> Value<'v>,
    ) -> Result<PlacementRecord, ColumnFault> {
        let known = self.columns.known;
        let at = |column: usize| known[column].map_or(Value::Missing, value);
        let in_column = |column: usize| move |fault| (Some(KNOWN[column]), fault);
        // Degrees have no thousands, so that a comma in them is a decimal mark wherever it stands.
        let (commas, mut decimal) = (self.commas || !self.crs.is_projected(), false);
        let mut number = |column: usize| -> Result<Option<f64>, ColumnFault> {
            let (number, comma) = at(column).number(commas).map_err(in_column(column))?;
            decimal |= comma;
            Ok(number)
        };
        let name = at(0).id().map_err(in_column(0))?;
        let mut needed = |column: usize| number(column)?.ok_or((Some(KNOWN[column]), Fault::MissingValue));
        let (x, y) = match position {
            Some(position) => position?,
            None => {
                let y = needed(1)?;
                (needed(2)?, y)
            }
        };
        if !self.crs.is_projected() && rules::are_metres(y, x) {
            return Err((None, Fault::Metres { x, y }));
        }
        let (lon_deg, lat_deg) = self.crs.to_degrees(x, y).ok_or_else(|| {
            let crs = self.crs.name().to_owned();
            (Some("lat"), Fault::NoPlace { x, y, crs })
        })?;
        let kind = at(3).kind().map_err(in_column(3))?;
        let (height_m, antenna_gain_dbi) = (number(4)?, number(5)?);
        self.decimal_commas |= decimal;
        rules::record(
            PlacementRecord { name, kind, lat_deg, lon_deg, height_m, antenna_gain_dbi, line: place.number() },
            place,
        )
    }

    fn keep<'v>(
        &mut self,
        place: Place,
        record: PlacementRecord,
        value: impl Fn(usize) -> Value<'v>,
    ) -> Result<(), Stop> {
        if record.name.len() > self.limits.id_bytes {
            return Err(self.fatal(place, Some("id"), Fault::IdTooLong { max: self.limits.id_bytes }));
        }
        self.ids_bytes += record.name.len() as u64;
        if self.ids_bytes > self.limits.ids_mb * 1_000_000 {
            return Err(self.fatal(place, Some("id"), Fault::IdsTooLong { max_mb: self.limits.ids_mb }));
        }
        let site = self.records.len();
        for &(column, attribute) in &self.own {
            if let Some(text) = value(column).attribute() {
                self.attributes.set(attribute, site, &text);
            }
        }
        if self.attributes.bytes() > self.limits.attributes_mb * 1_000_000 {
            let fault = Fault::AttributesTooLong { max_mb: self.limits.attributes_mb };
            return Err(self.fatal(place, None, fault));
        }
        for (odd, held) in Odd::ALL.into_iter().zip(&mut self.odd) {
            if odd.is(&record) {
                held.get_or_insert((0, site)).0 += 1;
            }
        }
        self.records.push(record);
        Ok(())
    }

    /// The sites, if nothing is wrong: some sites, no id twice.
    pub fn finish(mut self, read: Result<(), Stop>, nothing: &'static str) -> Result<PlacementFile, PlacementError> {
        if read.is_ok() {
            self.duplicates();
            if self.records.is_empty() && self.mistakes.is_empty() {
                self.mistake(Place::File, None, Fault::NoRecords { found: nothing });
            }
        }
        if !self.mistakes.is_empty() {
            self.mistakes.sort_by_key(|mistake| mistake.place.number());
            return Err(PlacementError { path: self.path.to_owned(), mistakes: self.mistakes, more: self.more });
        }
        for (odd, held) in Odd::ALL.into_iter().zip(self.odd) {
            let Some((count, first)) = held else { continue };
            let first = &self.records[first];
            self.warnings.push(odd.tell(count, self.format.place(first.line), first));
        }
        if let Some(text) = crowded(&self.records) {
            self.warnings.push(text);
        }
        if self.decimal_commas {
            self.notes.push("decimal commas".to_owned());
        }
        if self.blank_rows > 0 {
            let rows = if self.blank_rows == 1 { "row" } else { "rows" };
            self.notes.push(format!("{} empty {rows} skipped", self.blank_rows));
        }
        if self.crs.name() != "EPSG:4326" {
            self.notes.push(format!("coordinates in {}", self.crs.name()));
        }
        let attributes = self.attributes.finish();
        if !attributes.is_empty() {
            let names: Vec<&str> = attributes.columns().iter().map(|column| column.name()).collect();
            self.notes.push(format!("your own columns {}", names.join(", ")));
        }
        Ok(PlacementFile { records: self.records, attributes, notes: self.notes, warnings: self.warnings })
    }

    fn duplicates(&mut self) {
        let mut order: Vec<usize> = (0..self.records.len()).collect();
        order.sort_by(|&a, &b| (&self.records[a].name, a).cmp(&(&self.records[b].name, b)));
        let same = |pair: &&[usize]| self.records[pair[0]].name == self.records[pair[1]].name;
        let mut twins: Vec<(usize, usize)> = order.windows(2).filter(same).map(|pair| (pair[1], pair[0])).collect();
        twins.sort_unstable();
        for (again, first) in twins {
            let record = &self.records[again];
            let hint =
                if Odd::Rounded.is(record) { " (a spreadsheet has rounded it: export the column as text)" } else { "" };
            let first = self.format.place(self.records[first].line);
            let (place, name) = (self.format.place(record.line), record.name.clone());
            self.mistake(place, Some("id"), Fault::DuplicateId { name, first, hint });
        }
    }
}

/// Many sites in a room: degrees that were rounded, or metres that were taken for degrees of another size.
fn crowded(records: &[PlacementRecord]) -> Option<String> {
    let extent = |of: fn(&PlacementRecord) -> f64| {
        let (low, high) = records.iter().map(of).fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
        high - low
    };
    let small = extent(|r| r.lat_deg) < ROOM_DEG && extent(|r| r.lon_deg) < ROOM_DEG;
    (records.len() >= ROOM_SITES && small).then(|| {
        format!(
            "all {} sites stand within 2 m of each other; check whether the coordinates were rounded, and whether they are \
             degrees (placement.crs says what they are)",
            records.len()
        )
    })
}
