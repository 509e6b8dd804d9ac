//! GeoJSON: a FeatureCollection of points, read feature by feature.

use super::bounded::not_utf8;
use super::columns::plain;
use super::intake::{Intake, Stop};
use super::rules::ColumnFault;
use super::utf16::AsUtf8;
use super::value::Value;
use super::{Fault, LINE_BYTES_MAX, Place};
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

/// The text is held in memory as a whole, since a GeoJSON file is often one line.
const FILE_MB_MAX: u64 = 1_024;
/// Longest feature, bytes: as values in memory it takes up to 20 times as much.
const FEATURE_BYTES_MAX: usize = 1 << 20;

/// Reads the features of a GeoJSON file of `length` bytes.
pub(super) fn read(file: impl Read, length: u64, intake: &mut Intake<'_>) -> Result<(), Stop> {
    let limit = FILE_MB_MAX * 1_000_000;
    let mut bytes = Vec::new();
    if length <= limit {
        let reserved = bytes.try_reserve_exact(length as usize);
        reserved.map_err(|e| intake.fatal(Place::File, None, Fault::Unreadable { reason: e.to_string() }))?;
        let read = AsUtf8::new(file).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
        read.map_err(|error| intake.fatal(Place::File, None, Fault::from_io(&error)))?;
    }
    if length.max(bytes.len() as u64) > limit {
        return Err(intake.fatal(Place::File, None, Fault::FileTooLong { max_mb: FILE_MB_MAX }));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let start = before.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        let line = 1 + before.iter().filter(|&&b| b == b'\n').count() as u64;
        intake.fatal(Place::Line(line), None, not_utf8(&bytes[start..], before.len() - start))
    })?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if text.trim().is_empty() {
        let expected = "a placement in GeoJSON is a FeatureCollection of Point features";
        return Err(intake.fatal(Place::File, None, Fault::Empty { expected }));
    }
    // It may stand behind the features that it is about. What is no GeoJSON is told below.
    let mut crs = None;
    if let Ok(Head { crs: Some(member) }) = serde_json::from_str(text) {
        let name = named(member).map_err(|fault| intake.fatal(Place::File, None, fault))?;
        intake.crs(&name)?;
        crs = Some(name);
    }
    let mut reading = Reading { intake, text, crs, names: Vec::new(), features: 0, stopped: false };
    let mut json = serde_json::Deserializer::from_str(text);
    let read = json.deserialize_map(Collection(&mut reading)).and_then(|()| json.end());
    read.map_err(|error| if reading.stopped { Stop } else { reading.broken(&error) })
}

/// What stands beside the features.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    crs: Option<&'a RawValue>,
}

/// What a `crs` member names.
fn named(member: &RawValue) -> Result<String, Fault> {
    let short = Some(member.get()).filter(|text| text.len() <= LINE_BYTES_MAX);
    short.and_then(|text| crs_name(&serde_json::from_str(text).ok()?)).ok_or_else(|| {
        let shown: String = member.get().chars().filter(|c| !c.is_whitespace()).take(80).collect();
        Fault::Crs { reason: format!("the member crs, {shown}, names no coordinate reference system") }
    })
}

/// The name in a `crs` member, in the forms that the format once had.
fn crs_name(crs: &Json) -> Option<String> {
    let properties = crs.get("properties")?;
    if let Some(name) = properties.get("name").and_then(Json::as_str) {
        return Some(name.to_owned());
    }
    Some(format!("EPSG:{}", properties.get("code")?.as_u64()?))
}

/// What has been read so far.
struct Reading<'a, 'b> {
    intake: &'a mut Intake<'b>,
    text: &'a str,
    /// The system that the file has named so far.
    crs: Option<String>,
    /// Names of the last feature's properties, and of its own id, if that counts.
    names: Vec<String>,
    features: u64,
    stopped: bool,
}

impl Reading<'_, '_> {
    /// The error of a text that is no GeoJSON.
    fn broken(&mut self, error: &serde_json::Error) -> Stop {
        let place = if error.line() == 0 { Place::File } else { Place::Line(error.line() as u64) };
        let after = match self.features {
            0 => String::new(),
            n => format!(" (in or after feature {n})"),
        };
        self.intake.fatal(place, None, Fault::NotGeoJson { reason: format!("{error}{after}") })
    }

    /// The same of a text that is no feature, whose place the error counts from the feature's start.
    fn broken_within(&mut self, feature: &str, error: &serde_json::Error) -> Stop {
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
        self.intake.fatal(Place::Line(line as u64), None, fault)
    }

    /// Takes a feature apart, once it is short enough for that.
    fn feature(&mut self, text: &str) -> Result<(), Stop> {
        if text.len() > FEATURE_BYTES_MAX {
            let fault = Fault::FeatureTooLong { max: FEATURE_BYTES_MAX };
            return Err(self.intake.fatal(Place::Feature(self.features + 1), None, fault));
        }
        let feature: Feature<'_> = serde_json::from_str(text).map_err(|error| self.broken_within(text, &error))?;
        self.features += 1;
        self.take(&feature)
    }

    /// Some writers name the system in each feature or geometry; it must be one for all.
    fn crs(&mut self, member: &RawValue) -> Result<(), Stop> {
        let place = Place::Feature(self.features);
        let name = named(member).map_err(|fault| self.intake.fatal(place, None, fault))?;
        match &self.crs {
            Some(known) if *known == name => Ok(()),
            None if self.features == 1 => {
                self.intake.crs(&name)?;
                self.crs = Some(name);
                Ok(())
            }
            known => {
                let before = known.as_deref().unwrap_or("none");
                let reason = format!(
                    "it is in {name}, and what stands before it names {before}; convert the file to one system"
                );
                Err(self.intake.fatal(place, None, Fault::Crs { reason }))
            }
        }
    }

    fn take(&mut self, feature: &Feature<'_>) -> Result<(), Stop> {
        let place = Place::Feature(self.features);
        for member in feature.crs.iter().chain(feature.geometry.iter().flat_map(|geometry| &geometry.crs)) {
            self.crs(member)?;
        }
        let none = BTreeMap::new();
        let properties = feature.properties.as_ref().unwrap_or(&none);
        let is_id = |name: &str| plain(name) == "id";
        // The feature's own id counts where its properties have none.
        let own = feature.id.filter(|_| !properties.iter().any(|(name, raw)| is_id(name) && !is_null(raw)));
        let mut columns: Vec<(&str, &RawValue)> = Vec::with_capacity(properties.len() + 1);
        columns
            .extend(properties.iter().map(|(name, raw)| (&**name, *raw)).filter(|(n, _)| own.is_none() || !is_id(n)));
        columns.extend(own.map(|id| ("id", id)));
        if self.features == 1 || self.names.iter().ne(columns.iter().map(|(name, _)| name)) {
            let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
            self.names = names.iter().map(|name| (*name).to_owned()).collect();
            self.intake.header(place, &names)?;
        }
        self.intake.row(place, Some(position(feature.geometry.as_ref())), |column| value(columns[column].1))
    }
}

#[derive(Deserialize)]
struct Feature<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    properties: Option<BTreeMap<Cow<'a, str>, &'a RawValue>>,
    #[serde(borrow)]
    geometry: Option<Geometry<'a>>,
    #[serde(borrow)]
    crs: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Geometry<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    coordinates: Option<&'a RawValue>,
    #[serde(borrow)]
    crs: Option<&'a RawValue>,
}

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

/// The collection: its type and its features, in any order; its `crs` has been read, other members are ignored.
struct Collection<'r, 'a, 'b>(&'r mut Reading<'a, 'b>);

impl<'de> Visitor<'de> for Collection<'_, '_, '_> {
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

struct Features<'r, 'a, 'b>(&'r mut Reading<'a, 'b>);

impl<'de> DeserializeSeed<'de> for Features<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(feature) = list.next_element::<&RawValue>()? {
            if let Err(Stop) = self.0.feature(feature.get()) {
                self.0.stopped = true;
                return Err(de::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

/// Longitude and latitude, or east and north. A third coordinate is a height over the ellipsoid, which says nothing about
/// the ground.
fn position(geometry: Option<&Geometry<'_>>) -> Result<(f64, f64), ColumnFault> {
    let Some(geometry) = geometry else {
        return Err((None, Fault::NotAPoint { found: "feature without geometry".to_owned() }));
    };
    let raw = geometry.coordinates.map_or("null", RawValue::get);
    let no_position = |_| (Some("lat"), Fault::NoPosition { found: raw.chars().take(40).collect() });
    let point: Vec<f64> = match geometry.kind.as_str() {
        "Point" => serde_json::from_str(raw).map_err(no_position)?,
        "MultiPoint" => {
            let mut points: Vec<Vec<f64>> = serde_json::from_str(raw).map_err(no_position)?;
            match (points.len(), points.pop()) {
                (1, Some(point)) => point,
                (count, _) => return Err((None, Fault::ManyPoints { count })),
            }
        }
        other => return Err((None, Fault::NotAPoint { found: other.to_owned() })),
    };
    match point[..] {
        [x, y, ..] => Ok((x, y)),
        _ => Err((Some("lat"), Fault::NoPosition { found: raw.chars().take(40).collect() })),
    }
}

fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}

/// The value of a property; a number keeps its digits.
fn value(raw: &RawValue) -> Value<'_> {
    let text = raw.get();
    let other = |is| Value::Other { is, shown: text.to_owned() };
    match text.as_bytes().first() {
        Some(b'n') | None => Value::Missing,
        Some(b't' | b'f') => Value::Truth(text == "true"),
        Some(b'"') => match serde_json::from_str(text) {
            Ok(text) => Value::Text(Cow::Owned(text)),
            Err(_) => other("a text that cannot be read"),
        },
        Some(b'[') => other("a list"),
        Some(b'{') => other("an object"),
        Some(_) => Value::Digits(Cow::Borrowed(text)),
    }
}
