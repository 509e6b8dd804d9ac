//! Field types that carry a unit in the file: what serde and schemars see of a value like `"27 dBm"`.

use super::units::{self, Kind};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

struct Reader(Kind);

impl Visitor<'_> for Reader {
    type Value = f64;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} such as \"{}\"", self.0.noun(), self.0.example())
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<f64, E> {
        units::parse(self.0, text).map_err(|e| E::custom(format!("{e} in \"{text}\"")))
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<f64, E> {
        if self.0 == Kind::Share { Ok(value) } else { Err(E::invalid_type(de::Unexpected::Float(value), &self)) }
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<f64, E> {
        self.visit_f64(value as f64)
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<f64, E> {
        self.visit_f64(value as f64)
    }
}

fn quantity_schema(kind: Kind) -> Schema {
    if kind == Kind::Share {
        return json_schema!({"type": ["number", "string"], "pattern": kind.pattern(), "x-quantity": kind.key()});
    }
    json_schema!({"type": "string", "pattern": kind.pattern(), "x-quantity": kind.key()})
}

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $kind:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
        pub struct $name(pub f64);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                if $kind == Kind::Share { s.serialize_f64(self.0) } else { s.serialize_str(&units::format($kind, self.0)) }
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                d.deserialize_any(Reader($kind)).map($name)
            }
        }
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                quantity_schema($kind)
            }
        }
    };
}

quantity!(
    /// A time, in nanoseconds.
    Time, Kind::Time);
quantity!(
    /// A power, in dBm.
    Power, Kind::Power);
quantity!(
    /// A loss, gain or spread, in dB.
    Ratio, Kind::Ratio);
quantity!(
    /// A length, in metres.
    Length, Kind::Length);
quantity!(
    /// A size, in bytes.
    Size, Kind::Size);
quantity!(
    /// A share, 0 to 1; written as a bare number or in per cent.
    Share, Kind::Share);
quantity!(
    /// An angle, in degrees.
    Angle, Kind::Angle);

impl Time {
    /// From seconds.
    pub const fn secs(s: u64) -> Time {
        Time(s as f64 * 1e9)
    }
}

/// Smallest and largest time, `["10s", "60s"]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeRange(pub Time, pub Time);

impl JsonSchema for TimeRange {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "TimeRange".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut item = quantity_schema(Kind::Time);
        item.insert("x-min".into(), "0s".into());
        item.insert("x-max".into(), "366d".into());
        json_schema!({
            "type": "array", "items": item, "minItems": 2, "maxItems": 2, "x-ordered": true,
            "x-expects": "a smallest and a largest time, such as [\"10s\", \"60s\"]",
        })
    }
}

/// A time, `"off"` or `"mesh"`: what the simulated way takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delay {
    /// None.
    Off,
    /// Always the same.
    Time(Time),
    /// That of the simulated mesh.
    Mesh,
}

impl Serialize for Delay {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Delay::Off => s.serialize_str("off"),
            Delay::Time(time) => time.serialize(s),
            Delay::Mesh => s.serialize_str("mesh"),
        }
    }
}
impl<'de> Deserialize<'de> for Delay {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        match text.as_str() {
            "off" => Ok(Delay::Off),
            "mesh" => Ok(Delay::Mesh),
            text => Reader(Kind::Time).visit_str(text).map(|ns| Delay::Time(Time(ns))),
        }
    }
}
impl JsonSchema for Delay {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Delay".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = format!("{}|^off$|^mesh$", Kind::Time.pattern());
        json_schema!({"type": "string", "pattern": pattern, "x-quantity": "time", "x-words": ["off", "mesh"]})
    }
}

/// A time that may be switched `"off"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeOrOff(pub Option<Time>);

impl Serialize for TimeOrOff {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(time) => time.serialize(s),
            None => s.serialize_str("off"),
        }
    }
}
impl<'de> Deserialize<'de> for TimeOrOff {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        if text == "off" {
            return Ok(TimeOrOff(None));
        }
        Reader(Kind::Time).visit_str(&text).map(|ns| TimeOrOff(Some(Time(ns))))
    }
}
impl JsonSchema for TimeOrOff {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "TimeOrOff".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = format!("{}|^off$", Kind::Time.pattern());
        json_schema!({"type": "string", "pattern": pattern, "x-quantity": "time", "x-words": ["off"]})
    }
}
