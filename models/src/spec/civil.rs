//! Civil time as a file writes it: `"2026-01-01T00:00:00Z"`, seconds since 1970 in the world.

use super::quantity::{Form, form};
use amitwin_dlms::objects::civil::{DAY_S, date_of, days_in, days_of};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::Serializer;
use std::borrow::Cow;

form!(
    /// A moment in UTC, to the second.
    Utc,
    i64,
    json_schema!({"type": "string"})
);

impl Form for Utc {
    type Value = i64;
    fn write<S: Serializer>(value: &i64, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&utc(*value))
    }
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<i64, D::Error> {
        let text = String::deserialize(d)?;
        unix_s(&text).ok_or_else(|| de::Error::custom(format!("no date and time: \"{text}\"")))
    }
}

/// Seconds since 1970 of `YYYY-MM-DDThh:mm:ssZ`.
pub fn unix_s(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'Z')];
    if bytes.len() != 20 || marks.iter().any(|(at, mark)| bytes[*at] != *mark) {
        return None;
    }
    let number = |at: usize, digits: usize| {
        let part = &bytes[at..at + digits];
        part.iter().all(u8::is_ascii_digit).then(|| part.iter().fold(0, |n, b| n * 10 + i64::from(b - b'0')))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    let date = year >= 1970 && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    let time = hour <= 23 && minute <= 59 && second <= 59;
    (date && time).then(|| days_of(year, month, day) * DAY_S + hour * 3_600 + minute * 60 + second)
}

/// Seconds since 1970 as `YYYY-MM-DDThh:mm:ssZ`.
fn utc(unix_s: i64) -> String {
    let (year, month, day) = date_of(unix_s.div_euclid(DAY_S));
    let of_day = unix_s.rem_euclid(DAY_S);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::{unix_s, utc};

    #[test]
    fn dates_become_seconds() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T00:00:00Z", Some(951_782_400)),
            ("2024-12-31T23:59:59Z", Some(1_735_689_599)),
            ("2025-03-01T00:00:00Z", Some(1_740_787_200)),
            ("2100-03-01T00:00:00Z", Some(4_107_542_400)),
            ("2025-02-29T00:00:00Z", None),
            ("2025-13-01T00:00:00Z", None),
            ("2025-01-01 00:00:00Z", None),
            ("2025-01-01T24:00:00Z", None),
            ("1969-01-01T00:00:00Z", None),
            ("+025-01-01T00:00:00Z", None),
        ] {
            assert_eq!(unix_s(text), seconds, "{text}");
            if let Some(seconds) = seconds {
                assert_eq!(utc(seconds), text);
            }
        }
    }
}
