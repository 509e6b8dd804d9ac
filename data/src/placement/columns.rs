//! Which column is which: the six that a placement knows, by their usual names or by those that the scenario says.

use super::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Known columns; the first three are needed.
pub(super) const KNOWN: [&str; 6] = ["id", "lat", "lon", "kind", "height_m", "antenna_gain_dbi"];

/// Usual names of the id, best first, as [`plain`] has them.
const IDS: &[&str] =
    &["id", "meterid", "meterno", "meternumber", "meter", "serialno", "serialnumber", "serial", "deviceid", "name"];
/// Usual names of degrees.
const LATS: &[&str] = &["lat", "latitude", "latdeg", "latitudedeg"];
const LONS: &[&str] = &["lon", "longitude", "londeg", "longitudedeg", "lng", "long"];
/// Usual names of metres in a plane, which are also given to degrees.
const NORTHS: &[&str] = &["y", "northing", "ycoord", "pointy", "coordy"];
const EASTS: &[&str] = &["x", "easting", "xcoord", "pointx", "coordx"];
const KINDS: &[&str] = &["kind"];
const HEIGHTS: &[&str] = &["heightm"];
const GAINS: &[&str] = &["antennagaindbi", "gaindbi"];

/// What the columns of a placement file are called, where their names are not the usual ones. An empty name says that the
/// file has no such column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnNames {
    /// Column of the ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Column of the latitude, or of metres to the north. GeoJSON has it in the geometry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<String>,
    /// Column of the longitude, or of metres to the east. GeoJSON has it in the geometry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lon: Option<String>,
    /// Column of what stands at a site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Column of the antenna height over ground, m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height_m: Option<String>,
    /// Column of the antenna gain, dBi.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub antenna_gain_dbi: Option<String>,
}

impl ColumnNames {
    /// Nothing is said.
    pub fn is_default(&self) -> bool {
        *self == ColumnNames::default()
    }

    fn asked(&self) -> [Option<&str>; 6] {
        [&self.id, &self.lat, &self.lon, &self.kind, &self.height_m, &self.antenna_gain_dbi].map(Option::as_deref)
    }
}

/// `id`, `id and lat`, `id, lat and lon`.
fn listed(names: &[&str]) -> String {
    match names {
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
        [] => String::new(),
    }
}

/// How columns are looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// What the scenario says.
    pub names: &'a ColumnNames,
    /// Coordinates are metres, so `x` and `easting` go before `lon`.
    pub projected: bool,
    /// Coordinates stand elsewhere: GeoJSON.
    pub geometry: bool,
}

/// Positions of columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    /// Of each known column, in the order of [`KNOWN`].
    pub known: [Option<usize>; 6],
    /// Of all others that have a name.
    pub own: Vec<usize>,
}

impl Columns {
    /// Finds the columns among `names`; where that is ambiguous or one is missing, the fault says which.
    pub fn find(names: &[&str], wanted: Wanted<'_>) -> Result<Columns, Fault> {
        let mut columns = Columns::default();
        let found = || names.iter().filter(|name| !name.is_empty()).copied().collect::<Vec<_>>().join(", ");
        for (index, asked) in wanted.names.asked().into_iter().enumerate() {
            let Some(asked) = asked.filter(|asked| !asked.is_empty()) else { continue };
            let known = KNOWN[index];
            if wanted.geometry && (known == "lat" || known == "lon") {
                return Err(Fault::NotInGeometry { column: known });
            }
            let exact = names.iter().position(|name| *name == asked);
            let alike = || names.iter().position(|name| plain(name) == plain(asked) && !plain(asked).is_empty());
            let Some(at) = exact.or_else(alike) else {
                return Err(Fault::NoSuchColumn { known, asked: asked.to_owned(), found: found() });
            };
            if columns.known.contains(&Some(at)) {
                return Err(Fault::NamedTwice { column: asked.to_owned() });
            }
            columns.known[index] = Some(at);
        }
        let plains: Vec<String> = names.iter().map(|name| plain(name)).collect();
        let mut missing = Vec::new();
        for (index, known) in KNOWN.into_iter().enumerate() {
            let coordinate = known == "lat" || known == "lon";
            if wanted.names.asked()[index].is_some() || wanted.geometry && coordinate {
                continue;
            }
            let usual = usual(known, wanted.projected);
            columns.known[index] = best(names, &plains, usual.into_iter().flatten(), known, &columns)?;
            if columns.known[index].is_none() && known == "id" && wanted.geometry {
                return Err(Fault::NoId);
            }
            if columns.known[index].is_none() && (coordinate || known == "id") {
                missing.push(known);
            }
        }
        if !missing.is_empty() {
            let near = names.iter().find(|name| misspells(name, missing[0]));
            let nearest = near.map_or(String::new(), |name| format!(" (is it '{name}'?)"));
            let remedy = missing.iter().map(|known| format!("{known} = \"NAME\"")).collect::<Vec<_>>().join(", ");
            return Err(Fault::MissingColumn { missing: listed(&missing), nearest, found: found(), remedy });
        }
        for (at, name) in names.iter().enumerate() {
            let again = names[..at].contains(name);
            if !columns.known.contains(&Some(at)) && !name.is_empty() && !again {
                columns.own.push(at);
            }
        }
        Ok(columns)
    }

    /// Own columns that are probably a known one misspelt, with that.
    pub fn misspelt<'n>(&self, names: &[&'n str], wanted: Wanted<'_>) -> Vec<(&'n str, &'static str)> {
        let free = |index: &usize| self.known[*index].is_none() && wanted.names.asked()[*index].is_none();
        let missing: Vec<&str> = [3, 4, 5].into_iter().filter(free).map(|index| KNOWN[index]).collect();
        let own = self.own.iter().map(|&at| names[at]);
        own.filter_map(|name| Some((name, *missing.iter().find(|known| misspells(name, known))?))).collect()
    }
}

/// The column with the best of the usual names.
fn best<'u>(
    names: &[&str],
    plains: &[String],
    usual: impl Iterator<Item = &'u &'u str>,
    known: &str,
    taken: &Columns,
) -> Result<Option<usize>, Fault> {
    for usual in usual {
        let all: Vec<usize> =
            (0..names.len()).filter(|&i| plains[i] == **usual && !taken.known.contains(&Some(i))).collect();
        // `lat` goes before `Lat`.
        let exact: Vec<usize> = all.iter().copied().filter(|&i| names[i] == known).collect();
        match (&exact[..], &all[..]) {
            ([at], _) | ([], [at]) => return Ok(Some(*at)),
            ([], []) => {}
            _ => return Err(Fault::DuplicateColumn { column: names[all[0]].to_owned() }),
        }
    }
    Ok(None)
}

fn usual(known: &str, projected: bool) -> [&'static [&'static str]; 2] {
    let (degrees, metres) = match known {
        "id" => (IDS, &[][..]),
        "lat" => (LATS, NORTHS),
        "lon" => (LONS, EASTS),
        "kind" => (KINDS, &[][..]),
        "height_m" => (HEIGHTS, &[][..]),
        _ => (GAINS, &[][..]),
    };
    if projected { [metres, degrees] } else { [degrees, metres] }
}

/// A name without case, blanks and signs: `Meter ID` is `meterid`.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn misspells(name: &str, known: &str) -> bool {
    // One slip in a short word would be another word: `land` is two from `kind`.
    let slips = match known.len() {
        0..=3 => 0,
        4 => 1,
        _ => 2,
    };
    strsim::damerau_levenshtein(&name.to_lowercase(), known) <= slips
}
