//! Which column is which: the five that a placement knows, and what a misspelt one was meant to be.

use super::{Fault, RecordKind};

/// Known columns; the first three are needed.
pub(super) const KNOWN: [&str; 5] = ["id", "lat", "lon", "kind", "height_m"];
const NEEDED: usize = 3;
/// Words that other programs use for them.
const ALIASES: [(&str, &str); 17] = [
    ("name", "id"),
    ("meter_id", "id"),
    ("meter", "id"),
    ("serial", "id"),
    ("latitude", "lat"),
    ("lat_deg", "lat"),
    ("y", "lat"),
    ("longitude", "lon"),
    ("lon_deg", "lon"),
    ("long", "lon"),
    ("lng", "lon"),
    ("x", "lon"),
    ("type", "kind"),
    ("height", "height_m"),
    ("height m", "height_m"),
    ("elevation", "height_m"),
    ("altitude", "height_m"),
];

/// Position of each known column, in the order of [`KNOWN`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns(pub [Option<usize>; 5]);

impl Columns {
    /// Finds the known columns among `names`; where that is ambiguous or one is missing, the fault says which.
    pub fn find(names: &[&str]) -> Result<Self, Fault> {
        let mut columns = Columns::default();
        for (known, slot) in KNOWN.iter().zip(&mut columns.0) {
            let mut at = (0..names.len()).filter(|&i| names[i] == *known);
            *slot = at.next();
            if at.next().is_some() {
                return Err(Fault::DuplicateColumn { column: (*known).to_owned() });
            }
        }
        for (index, known) in KNOWN.into_iter().enumerate().filter(|&(i, _)| columns.0[i].is_none()) {
            let meant = names.iter().find(|name| !KNOWN.contains(name) && means(name) == Some(known));
            if index < NEEDED {
                let nearest = meant.map_or(String::new(), |name| format!(" (is it '{name}'? Rename it)"));
                return Err(Fault::MissingColumn { missing: known, nearest, found: names.join(", ") });
            }
            // An optional column is only missed where a misspelt one is there; `height` in feet is the user's affair.
            if let Some(name) = names.iter().find(|name| !KNOWN.contains(name) && misspells(name, known)) {
                return Err(Fault::MisspeltColumn { column: (*name).to_owned(), nearest: known });
            }
        }
        Ok(columns)
    }
}

/// The known column that a name stands for, if any.
fn means(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let alias = ALIASES.into_iter().find(|&(other, _)| other == lower).map(|(_, known)| known);
    alias.or_else(|| KNOWN.into_iter().find(|known| misspells(&lower, known)))
}

fn misspells(name: &str, known: &str) -> bool {
    // One slip in a word of two or three letters would be another word.
    let slips = if known.len() > 3 { 2 } else { 0 };
    strsim::damerau_levenshtein(&name.to_lowercase(), known) <= slips
}

/// The kind that a word names; the fault suggests the nearest.
pub(super) fn kind(word: &str) -> Result<RecordKind, Fault> {
    if let Some(kind) = RecordKind::ALL.into_iter().find(|k| k.as_str() == word) {
        return Ok(kind);
    }
    let lower = word.to_lowercase();
    let near = RecordKind::ALL
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(&lower, k.as_str()), k.as_str()))
        .min_by_key(|&(slips, _)| slips)
        .filter(|&(slips, _)| slips <= 3);
    let nearest = near.map_or(String::new(), |(_, kind)| format!(" (did you mean {kind}?)"));
    Err(Fault::UnknownKind { found: word.to_owned(), nearest })
}
