//! How values stand in a scenario file: text with a unit there, a plain number or time in the world.
//!
//! A field names its form and keeps its plain type: `#[serde(with = "Power")] tx_power_dbm: f64` reads and writes
//! `"27 dBm"`, and the JSON Schema of the field is that of the form.

use super::units::{self, Kind};
use amitwin_sim_core::SimTime;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// The form of a value in a file.
pub trait Form: JsonSchema {
    /// The plain type.
    type Value;

    /// Writes a value in this form.
    fn write<S: Serializer>(value: &Self::Value, s: S) -> Result<S::Ok, S::Error>;

    /// Reads a value of this form.
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Self::Value, D::Error>;
}

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

fn schema_of(kind: Kind) -> Schema {
    if kind == Kind::Share {
        return json_schema!({"type": ["number", "string"], "pattern": kind.pattern(), "x-quantity": kind.key()});
    }
    json_schema!({"type": "string", "pattern": kind.pattern(), "x-quantity": kind.key()})
}

/// A form without values of its own: serde and schemars look functions and schema up on the type.
macro_rules! form {
    ($(#[$doc:meta])* $name:ident, $value:ty, $schema:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl $name {
            /// For `#[serde(with)]`.
            ///
            /// # Errors
            /// Those of the serializer.
            pub fn serialize<S: Serializer>(value: &$value, s: S) -> Result<S::Ok, S::Error> {
                <$name as Form>::write(value, s)
            }
            /// For `#[serde(with)]`.
            ///
            /// # Errors
            /// What is not of this form.
            pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<$value, D::Error> {
                <$name as Form>::read(d)
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
                $schema
            }
        }
    };
}
pub(super) use form;

/// A form that is one number with its unit; `into` and `from` convert the base unit's number.
macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $value:ty, $kind:expr, $into:expr, $from:expr) => {
        form!($(#[$doc])* $name, $value, schema_of($kind));

        impl Form for $name {
            type Value = $value;
            fn write<S: Serializer>(value: &$value, s: S) -> Result<S::Ok, S::Error> {
                let number: f64 = $from(*value);
                if $kind == Kind::Share { s.serialize_f64(number) } else { s.serialize_str(&units::format($kind, number)) }
            }
            fn read<'de, D: Deserializer<'de>>(d: D) -> Result<$value, D::Error> {
                let number = d.deserialize_any(Reader($kind))?;
                $into(number).ok_or_else(|| de::Error::custom(format!("{} is out of range", units::format($kind, number))))
            }
        }
    };
}

fn time(ns: f64) -> Option<SimTime> {
    (0.0..u64::MAX as f64).contains(&ns).then(|| SimTime::from_nanos(ns as u64))
}

/// A time in nanoseconds, as [`units::format`] takes it.
pub fn nanos(time: SimTime) -> f64 {
    time.nanos() as f64
}

fn bytes(number: f64) -> Option<u16> {
    (0.0..=f64::from(u16::MAX)).contains(&number).then_some(number as u16)
}

fn many_bytes(number: f64) -> Option<u32> {
    (0.0..=f64::from(u32::MAX)).contains(&number).then_some(number as u32)
}

const MINUTE_NS: f64 = 60e9;

fn minutes(ns: f64) -> Option<i16> {
    let whole = ns % MINUTE_NS == 0.0 && (ns / MINUTE_NS).abs() <= f64::from(i16::MAX);
    whole.then_some((ns / MINUTE_NS) as i16)
}

quantity!(
    /// A time, `"15min"`.
    Time, SimTime, Kind::Time, time, nanos);
quantity!(
    /// A time before or after, in whole minutes: `"-330min"`.
    Minutes, i16, Kind::Time, minutes, |value| f64::from(value) * MINUTE_NS);
quantity!(
    /// A power in dBm, `"27 dBm"`.
    Power, f64, Kind::Power, Some, f64::from);
quantity!(
    /// A loss, gain or spread in dB, `"7 dB"`.
    Ratio, f64, Kind::Ratio, Some, f64::from);
quantity!(
    /// A length in metres, `"30 m"`.
    Length, f64, Kind::Length, Some, f64::from);
quantity!(
    /// A size in bytes that may be large, `"1 MB"`.
    LargeSize, u32, Kind::Size, many_bytes, f64::from);
quantity!(
    /// A size in bytes, `"200 B"`.
    Size, u16, Kind::Size, bytes, f64::from);
quantity!(
    /// A share, 0 to 1; written as a bare number or in per cent.
    Share, f64, Kind::Share, Some, f64::from);
quantity!(
    /// A difference of temperatures in kelvins, `"8 K"`.
    TemperatureStep, f64, Kind::TemperatureStep, Some, f64::from);
quantity!(
    /// Of a frequency in parts in a million, `"4 ppm"`.
    Deviation, f64, Kind::Deviation, Some, f64::from);
quantity!(
    /// An angle in degrees, `"51.5 deg"`.
    Angle, f64, Kind::Angle, Some, f64::from);

form!(
    /// Smallest and largest time, `["10s", "60s"]`.
    TimeRange,
    (SimTime, SimTime),
    {
        let mut item = schema_of(Kind::Time);
        item.insert("x-min".into(), "0s".into());
        item.insert("x-max".into(), "366d".into());
        json_schema!({
            "type": "array", "items": item, "minItems": 2, "maxItems": 2, "x-ordered": true,
            "x-expects": "a smallest and a largest time, such as [\"10s\", \"60s\"]",
        })
    }
);

#[derive(Serialize, Deserialize)]
struct Pair(#[serde(with = "Time")] SimTime, #[serde(with = "Time")] SimTime);

impl Form for TimeRange {
    type Value = (SimTime, SimTime);
    fn write<S: Serializer>(value: &Self::Value, s: S) -> Result<S::Ok, S::Error> {
        Pair(value.0, value.1).serialize(s)
    }
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Self::Value, D::Error> {
        Pair::deserialize(d).map(|pair| (pair.0, pair.1))
    }
}

form!(
    /// Two times of the day, `["8h", "20h"]`; over midnight where the first is the later one.
    DayHours,
    (SimTime, SimTime),
    {
        let mut item = schema_of(Kind::Time);
        item.insert("x-min".into(), "0s".into());
        item.insert("x-max".into(), "24h".into());
        json_schema!({
            "type": "array", "items": item, "minItems": 2, "maxItems": 2,
            "x-expects": "two times of the day, such as [\"8h\", \"20h\"], or [\"22h\", \"6h\"] for the night",
        })
    }
);

impl Form for DayHours {
    type Value = (SimTime, SimTime);
    fn write<S: Serializer>(value: &Self::Value, s: S) -> Result<S::Ok, S::Error> {
        TimeRange::write(value, s)
    }
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Self::Value, D::Error> {
        TimeRange::read(d)
    }
}

form!(
    /// Shares that grow, `["1 %", "10 %", "100 %"]`.
    GrowingShares,
    Vec<f64>,
    {
        let mut item = schema_of(Kind::Share);
        item.insert("x-min".into(), 0.0.into());
        item.insert("x-max".into(), 1.0.into());
        json_schema!({
            "type": "array", "items": item, "minItems": 1, "maxItems": 1_000,
            "x-expects": "shares that grow and end with all, such as [\"1 %\", \"10 %\", \"100 %\"]",
        })
    }
);

#[derive(Serialize, Deserialize)]
struct OneShare(#[serde(with = "Share")] f64);

impl Form for GrowingShares {
    type Value = Vec<f64>;
    fn write<S: Serializer>(value: &Vec<f64>, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(value.iter().map(|&share| OneShare(share)))
    }
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<f64>, D::Error> {
        Ok(Vec::<OneShare>::deserialize(d)?.into_iter().map(|share| share.0).collect())
    }
}

const OFF: &str = "off";

fn time_or_off() -> Schema {
    let pattern = format!("{}|^off$", Kind::Time.pattern());
    json_schema!({"type": "string", "pattern": pattern, "x-quantity": "time", "x-words": [OFF]})
}

form!(
    /// A time that may be switched `"off"`.
    TimeOrOff,
    Option<SimTime>,
    time_or_off()
);

impl Form for TimeOrOff {
    type Value = Option<SimTime>;
    fn write<S: Serializer>(value: &Self::Value, s: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(time) => Time::serialize(time, s),
            None => s.serialize_str(OFF),
        }
    }
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Self::Value, D::Error> {
        let text = String::deserialize(d)?;
        if text == OFF { Ok(None) } else { Time::deserialize(de::value::StringDeserializer::new(text)).map(Some) }
    }
}

form!(
    /// A time that is zero where the file says `"off"`.
    TimeOrZero,
    SimTime,
    time_or_off()
);

impl Form for TimeOrZero {
    type Value = SimTime;
    fn write<S: Serializer>(value: &Self::Value, s: S) -> Result<S::Ok, S::Error> {
        TimeOrOff::serialize(&(*value > SimTime::ZERO).then_some(*value), s)
    }
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Self::Value, D::Error> {
        TimeOrOff::deserialize(d).map(Option::unwrap_or_default)
    }
}

/// A form of which the file may leave out the whole key.
#[derive(Clone, Copy, Debug)]
pub struct Maybe<F>(PhantomData<F>);

impl<F: Form> Maybe<F> {
    /// For `#[serde(with)]`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Option<F::Value>, s: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => F::write(value, s),
            None => s.serialize_none(),
        }
    }
    /// For `#[serde(with)]`.
    ///
    /// # Errors
    /// What is not of the form.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<F::Value>, D::Error> {
        F::read(d).map(Some)
    }
}

impl<F: Form> JsonSchema for Maybe<F> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        F::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        F::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::value::{Error, StrDeserializer};

    fn text(text: &str) -> StrDeserializer<'_, Error> {
        StrDeserializer::new(text)
    }

    #[test]
    fn what_a_plain_type_cannot_hold_is_refused() {
        assert_eq!(Size::deserialize(text("65535 B")), Ok(u16::MAX));
        assert!(Size::deserialize(text("65536 B")).is_err());
        assert_eq!(Time::deserialize(text("1min 1ns")), Ok(SimTime::from_nanos(60_000_000_001)));
        assert!(Time::deserialize(text("-1ns")).is_err());
        assert_eq!(Minutes::deserialize(text("-5h 30min")), Ok(-270));
        assert!(Minutes::deserialize(text("90s")).is_err());
        assert!(Power::deserialize(text("27")).is_err());
    }

    #[test]
    fn off_is_none_or_zero() {
        assert_eq!(TimeOrOff::deserialize(text("off")), Ok(None));
        assert_eq!(TimeOrZero::deserialize(text("off")), Ok(SimTime::ZERO));
        assert_eq!(TimeOrZero::deserialize(text("1s")), Ok(SimTime::from_secs(1)));
        assert_eq!(Maybe::<Time>::deserialize(text("1s")), Ok(Some(SimTime::from_secs(1))));
    }
}
