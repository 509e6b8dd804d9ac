//! GeoJSON: a FeatureCollection of points, read feature by feature.

use super::bounded::not_utf8;
use super::rules::{self, ColumnFault};
use super::{Fault, Place, PlacementError, PlacementRecord, RecordKind, columns};
use geojson::{Feature, GeometryValue, JsonObject, JsonValue, feature::Id};
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::io::Read;
use std::path::Path;

/// The text is held in memory as a whole, since a GeoJSON file is often one line.
const FILE_MB_MAX: u64 = 1_024;
/// Longest feature, bytes: as values in memory it takes up to 20 times as much.
const FEATURE_BYTES_MAX: usize = 1 << 20;

/// Reads the sites of a GeoJSON file of `length` bytes; `path` is for messages.
pub(super) fn read(file: impl Read, length: u64, path: &Path) -> Result<Vec<PlacementRecord>, PlacementError> {
    let whole = |fault| PlacementError::new(path, Place::File, None, fault);
    let limit = FILE_MB_MAX * 1_000_000;
    let mut bytes = Vec::new();
    if length <= limit {
        bytes.try_reserve_exact(length as usize).map_err(|e| whole(Fault::Unreadable { reason: e.to_string() }))?;
        file.take(limit + 1).read_to_end(&mut bytes).map_err(|e| whole(Fault::from_io(&e)))?;
    }
    if length.max(bytes.len() as u64) > limit {
        return Err(whole(Fault::FileTooLong { max_mb: FILE_MB_MAX }));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let start = before.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        let line = 1 + before.iter().filter(|&&b| b == b'\n').count() as u64;
        PlacementError::new(path, Place::Line(line), None, not_utf8(&bytes[start..], before.len() - start))
    })?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(whole(Fault::Empty {
            expected: "a placement in GeoJSON is a FeatureCollection of Point features",
        }));
    }
    let mut reading = Reading { path, text, records: Vec::new(), features: 0, refused: None };
    let mut json = serde_json::Deserializer::from_str(text);
    let read = json.deserialize_map(Collection(&mut reading)).and_then(|()| json.end());
    if let Err(error) = read {
        return Err(reading.refused.take().unwrap_or_else(|| reading.broken(&error)));
    }
    rules::complete(reading.records, path, Place::Feature(1), "an empty list of features")
}

/// What has been read so far.
struct Reading<'a> {
    path: &'a Path,
    text: &'a str,
    records: Vec<PlacementRecord>,
    features: u64,
    refused: Option<PlacementError>,
}

impl Reading<'_> {
    /// The error of a text that is no GeoJSON.
    fn broken(&self, error: &serde_json::Error) -> PlacementError {
        let place = if error.line() == 0 { Place::File } else { Place::Line(error.line() as u64) };
        let after = match self.features {
            0 => String::new(),
            n => format!(" (in or after feature {n})"),
        };
        let fault = Fault::NotGeoJson { reason: format!("{error}{after}") };
        PlacementError::new(self.path, place, None, fault)
    }

    /// The same of a text that is no feature, whose place the error counts from the feature's start.
    fn broken_within(&self, feature: &str, error: &serde_json::Error) -> PlacementError {
        let said = error.to_string();
        let what = said.rfind(" at line ").map_or(&*said, |place| &said[..place]);
        let start = feature.as_ptr() as usize - self.text.as_ptr() as usize;
        let before = &self.text[..start];
        let line = before.matches('\n').count() + error.line().max(1);
        let line_start = if error.line() > 1 { start } else { before.rfind('\n').map_or(0, |end| end + 1) };
        let column = start - line_start + error.column();
        let after = match self.features {
            0 => String::new(),
            n => format!(" (in or after feature {n})"),
        };
        let fault = Fault::NotGeoJson { reason: format!("{what} at line {line} column {column}{after}") };
        PlacementError::new(self.path, Place::Line(line as u64), None, fault)
    }

    fn take(&mut self, feature: &str) -> Result<(), PlacementError> {
        let next = Place::Feature(self.features + 1);
        if feature.len() > FEATURE_BYTES_MAX {
            let fault = Fault::FeatureTooLong { max: FEATURE_BYTES_MAX };
            return Err(PlacementError::new(self.path, next, None, fault));
        }
        let parsed: Feature = serde_json::from_str(feature).map_err(|error| self.broken_within(feature, &error))?;
        self.features += 1;
        rules::full(&self.records, self.path)?;
        let refuse = |(column, fault)| PlacementError::new(self.path, next, column, fault);
        self.records.push(site(next, &parsed).map_err(refuse)?);
        Ok(())
    }
}

/// The collection: its type and its features, in any order, other members ignored.
struct Collection<'a, 'b>(&'a mut Reading<'b>);

/// A text, of which no more is kept than tells it from the few that are known.
struct Word(String);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Word, D::Error> {
        struct Short;
        impl Visitor<'_> for Short {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E>(self, text: &str) -> Result<Word, E> {
                Ok(Word(text.chars().take(40).collect()))
            }
        }
        deserializer.deserialize_str(Short)
    }
}

impl<'de> Visitor<'de> for Collection<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a FeatureCollection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut features = false;
        while let Some(Word(member)) = members.next_key()? {
            match member.as_str() {
                "type" => {
                    let Word(found) = members.next_value()?;
                    if found != "FeatureCollection" {
                        return Err(de::Error::custom(format!("the type is '{found}' and not 'FeatureCollection'")));
                    }
                }
                "features" => {
                    features = true;
                    members.next_value_seed(Features(&mut *self.0))?;
                }
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        if features { Ok(()) } else { Err(de::Error::custom("there is no list of features")) }
    }
}

struct Features<'a, 'b>(&'a mut Reading<'b>);

impl<'de> DeserializeSeed<'de> for Features<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(feature) = list.next_element::<&RawValue>()? {
            if let Err(refused) = self.0.take(feature.get()) {
                self.0.refused = Some(refused);
                return Err(de::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

fn site(place: Place, feature: &Feature) -> Result<PlacementRecord, ColumnFault> {
    let none = JsonObject::new();
    let properties = feature.properties.as_ref().unwrap_or(&none);
    let name = match (properties.get("id"), &feature.id) {
        (Some(JsonValue::String(id)), _) => id.trim().to_owned(),
        (Some(JsonValue::Number(id)), _) | (None | Some(JsonValue::Null), Some(Id::Number(id))) => id.to_string(),
        (None | Some(JsonValue::Null), Some(Id::String(id))) => id.trim().to_owned(),
        (None | Some(JsonValue::Null), None) => return Err((None, Fault::NoId)),
        (Some(other), _) => return Err((Some("id"), wrong_type(other, "a text or a number"))),
    };
    let position = match feature.geometry.as_ref().map(|g| &g.value) {
        Some(GeometryValue::Point { coordinates }) => match coordinates.as_slice() {
            // A third coordinate is a height over the ellipsoid, which says nothing about the ground.
            [lon, lat, ..] => (*lat, *lon),
            _ => return Err((Some("lat"), Fault::MissingValue)),
        },
        Some(other) => return Err((None, Fault::NotAPoint { found: other.type_name() })),
        None => return Err((None, Fault::NotAPoint { found: "feature without geometry" })),
    };
    let kind = match properties.get("kind") {
        None | Some(JsonValue::Null) => RecordKind::Meter,
        Some(JsonValue::String(word)) => columns::kind(word.trim()).map_err(|fault| (Some("kind"), fault))?,
        Some(other) => return Err((Some("kind"), wrong_type(other, "a text"))),
    };
    let height = match properties.get("height_m") {
        None | Some(JsonValue::Null) => None,
        Some(JsonValue::Number(height)) => height.as_f64(),
        Some(other) => return Err((Some("height_m"), wrong_type(other, "a number"))),
    };
    rules::record(place, &name, kind, position, height)
}

fn wrong_type(found: &JsonValue, expected: &'static str) -> Fault {
    let is = match found {
        JsonValue::Null => "null",
        JsonValue::Bool(_) => "a truth value",
        JsonValue::Number(_) => "a number",
        JsonValue::String(_) => "a text",
        JsonValue::Array(_) => "a list",
        JsonValue::Object(_) => "an object",
    };
    Fault::WrongType { found: found.to_string().chars().take(40).collect(), is, expected }
}
