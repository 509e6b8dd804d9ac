//! Local time of the meters as a file writes it: a fixed offset from UTC, or the name of a zone.

use super::quantity::{Form, Minutes, form};
use super::units::Kind;
use amitwin_dlms::LocalTime;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer};
use serde::ser::Serializer;
use std::borrow::Cow;

/// Local time minus UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UtcOffset {
    /// Always so many minutes.
    Fixed(i16),
    /// What a zone of the IANA data base has at each moment. Turns are those of the data base until the end of 2099.
    Zone {
        /// Its name.
        name: String,
        /// UTC until somebody has looked the name up.
        time: LocalTime,
    },
}

impl UtcOffset {
    /// A text that is to name a zone, and no time.
    pub fn is_name(text: &str) -> bool {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
    }

    /// What clocks show.
    pub fn local_time(&self) -> LocalTime {
        match self {
            UtcOffset::Fixed(minutes) => LocalTime::fixed(*minutes),
            UtcOffset::Zone { time, .. } => time.clone(),
        }
    }
}

form!(
    /// A time before or after UTC, `"-330min"`, or the name of a zone, `"Europe/Berlin"`.
    OffsetOrZone,
    UtcOffset,
    json_schema!({
        "type": "string", "x-quantity": "time", "x-zone": true,
        "pattern": format!("{}|^[A-Za-z][A-Za-z0-9_+/-]*$", Kind::Time.pattern()),
    })
);

impl Form for OffsetOrZone {
    type Value = UtcOffset;
    fn write<S: Serializer>(value: &UtcOffset, s: S) -> Result<S::Ok, S::Error> {
        match value {
            UtcOffset::Fixed(minutes) => Minutes::write(minutes, s),
            UtcOffset::Zone { name, .. } => s.serialize_str(name),
        }
    }
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<UtcOffset, D::Error> {
        let text = String::deserialize(d)?;
        if UtcOffset::is_name(&text) {
            return Ok(UtcOffset::Zone { name: text, time: LocalTime::fixed(0) });
        }
        let text: de::value::StringDeserializer<D::Error> = text.into_deserializer();
        Minutes::read(text).map(UtcOffset::Fixed)
    }
}
