//! Civil time as a file writes it: `2026-01-01T00:00:00Z`, seconds since 1970 in the world.

use super::quantity::{Form, form};
use amitwin_dlms::objects::civil::{DAY_S, date_of, days_in, days_of};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::Serializer;
use std::borrow::Cow;

form!(
    /// A moment, to the second; whatever its offset, it is kept and written in UTC.
    Utc,
    i64,
    json_schema!({
        "type": "string", "x-date-time": true,
        "pattern": r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.0+)?)?([Zz]|[+-]\d{2}:\d{2})$",
    })
);

impl Form for Utc {
    type Value = i64;
    fn write<S: Serializer>(value: &i64, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&utc(*value))
    }
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<i64, D::Error> {
        let text = String::deserialize(d)?;
        unix_s(&text).map_err(|why| de::Error::custom(format!("no date and time: \"{text}\": {why}")))
    }
}

/// An example that a message shows.
pub const EXAMPLE: &str = "2026-01-01T00:00:00Z";
/// The last second of the year 9999.
const LAST_S: i64 = 253_402_300_799;
/// No zone is further from UTC than this, minutes.
const OFFSET_MIN_MAX: i64 = 14 * 60;

/// Why a text is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoMoment {
    /// Nothing is there.
    #[error("it is empty")]
    Empty,
    /// Date and time, but of which zone? They stand here in the usual form.
    #[error("it does not say of which zone")]
    NoZone(String),
    /// A date alone.
    #[error("it is a date without a time and a zone")]
    DateAlone(String),
    /// Not of the form.
    #[error("it is not of the form YYYY-MM-DDThh:mm:ssZ")]
    Form,
    /// A month has not so many days.
    #[error("{0:04}-{1:02} has {2} days")]
    Day(i64, i64, i64),
    /// A field is beyond what it can be.
    #[error("the {0} is {1}, and must be {2}")]
    Field(&'static str, i64, &'static str),
    /// Finer than a second.
    #[error("it has a fraction of a second, which clocks here do not have")]
    Fraction,
    /// Not between 1970 and 9999 in UTC.
    #[error("it lies outside of the years 1970 to 9999")]
    Years,
}

/// Seconds since 1970 of a date, `T` or a blank, a time, and `Z` or an offset from UTC such as `+01:00`.
///
/// # Errors
/// What is wrong with the text.
pub fn unix_s(text: &str) -> Result<i64, NoMoment> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NoMoment::Empty);
    }
    let mut rest = text.as_bytes();
    let date = [number(&mut rest, 4)?, part(&mut rest, b"-")?, part(&mut rest, b"-")?];
    let [year, month, day] = date;
    let day_s = days_s(date)?;
    if rest.is_empty() {
        return Err(NoMoment::DateAlone(format!("{year:04}-{month:02}-{day:02}")));
    }
    let (hour, minute) = (part(&mut rest, b"Tt ")?, part(&mut rest, b":")?);
    let second = if rest.first() == Some(&b':') { part(&mut rest, b":")? } else { 0 };
    if let [b'.', fraction @ ..] = rest {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        match fraction[..digits].iter().all(|digit| *digit == b'0') {
            _ if digits == 0 => return Err(NoMoment::Form),
            false => return Err(NoMoment::Fraction),
            true => rest = &fraction[digits..],
        }
    }
    within("hour", hour, 23, "0 to 23")?;
    within("minute", minute, 59, "0 to 59")?;
    within("second", second, 59, "0 to 59")?;
    let offset_min = match rest {
        [] => return Err(NoMoment::NoZone(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"))),
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), ..] => {
            let east = if *sign == b'+' { 1 } else { -1 };
            let (hours, minutes) = (part(&mut rest, b"+-")?, part(&mut rest, b":")?);
            within("offset's minute", minutes, 59, "0 to 59")?;
            if hours * 60 + minutes > OFFSET_MIN_MAX {
                return Err(NoMoment::Field("offset's hour", hours, "at most 14"));
            }
            if !rest.is_empty() {
                return Err(NoMoment::Form);
            }
            east * (hours * 60 + minutes)
        }
        _ => return Err(NoMoment::Form),
    };
    let unix_s = day_s + hour * 3_600 + (minute - offset_min) * 60 + second;
    if (0..=LAST_S).contains(&unix_s) { Ok(unix_s) } else { Err(NoMoment::Years) }
}

/// A number of so many digits.
fn number(rest: &mut &[u8], digits: usize) -> Result<i64, NoMoment> {
    let (part, after) = rest.split_at_checked(digits).ok_or(NoMoment::Form)?;
    if !part.iter().all(u8::is_ascii_digit) {
        return Err(NoMoment::Form);
    }
    *rest = after;
    Ok(part.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0')))
}

/// Two digits after one of these marks.
fn part(rest: &mut &[u8], marks: &[u8]) -> Result<i64, NoMoment> {
    match rest {
        [mark, after @ ..] if marks.contains(mark) => *rest = after,
        _ => return Err(NoMoment::Form),
    }
    number(rest, 2)
}

fn within(field: &'static str, value: i64, max: i64, range: &'static str) -> Result<(), NoMoment> {
    if value <= max { Ok(()) } else { Err(NoMoment::Field(field, value, range)) }
}

/// The first second of a date, since 1970.
fn days_s([year, month, day]: [i64; 3]) -> Result<i64, NoMoment> {
    if !(1..=12).contains(&month) {
        return Err(NoMoment::Field("month", month, "1 to 12"));
    }
    let days = days_in(year, month);
    if !(1..=days).contains(&day) {
        return Err(NoMoment::Day(year, month, days));
    }
    Ok(days_of(year, month, day) * DAY_S)
}

/// Seconds since 1970 as `YYYY-MM-DDThh:mm:ssZ`.
pub fn utc(unix_s: i64) -> String {
    let (year, month, day) = date_of(unix_s.div_euclid(DAY_S));
    let of_day = unix_s.rem_euclid(DAY_S);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::{NoMoment, unix_s, utc};

    #[test]
    fn dates_become_seconds_and_come_back() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T00:00:00Z", 951_782_400),
            ("2024-12-31T23:59:59Z", 1_735_689_599),
            ("2025-03-01T00:00:00Z", 1_740_787_200),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            assert_eq!(unix_s(text), Ok(seconds), "{text}");
            assert_eq!(utc(seconds), text);
        }
    }

    #[test]
    fn a_moment_is_the_same_in_every_form() {
        // 2026-01-01T00:00:00Z is 1_767_225_600.
        for text in [
            "2026-01-01 00:00:00Z",
            "2026-01-01t00:00:00z",
            "2026-01-01T00:00Z",
            "2026-01-01T00:00:00.000Z",
            "2026-01-01 01:00:00+01:00",
            "2025-12-31T18:30:00-05:30",
            " 2026-01-01T00:00:00+00:00 ",
        ] {
            assert_eq!(unix_s(text), Ok(1_767_225_600), "{text}");
        }
    }

    #[test]
    fn what_is_none_says_why() {
        for (text, why) in [
            ("", NoMoment::Empty),
            ("2026-01-01", NoMoment::DateAlone("2026-01-01".into())),
            ("2026-01-01 06:30", NoMoment::NoZone("2026-01-01T06:30:00".into())),
            ("2026-01-01T06:30:15", NoMoment::NoZone("2026-01-01T06:30:15".into())),
            ("2025-02-29T00:00:00Z", NoMoment::Day(2025, 2, 28)),
            ("2026-13-01T00:00:00Z", NoMoment::Field("month", 13, "1 to 12")),
            ("2026-01-01T24:00:00Z", NoMoment::Field("hour", 24, "0 to 23")),
            ("2026-01-01T00:00:60Z", NoMoment::Field("second", 60, "0 to 59")),
            ("2026-01-01T00:00:00+14:30", NoMoment::Field("offset's hour", 14, "at most 14")),
            ("2026-01-01T00:00:00.5Z", NoMoment::Fraction),
            ("1969-12-31T23:59:59Z", NoMoment::Years),
            ("1970-01-01T00:00:00+01:00", NoMoment::Years),
            ("9999-12-31T23:59:59-01:00", NoMoment::Years),
            ("+026-01-01T00:00:00Z", NoMoment::Form),
            ("2026-01-01T00:00:00 Z", NoMoment::Form),
            ("2026-01-01T00:00:00+01:00 x", NoMoment::Form),
            ("2026-1-1T00:00:00Z", NoMoment::Form),
            ("2026-01-01T00:00:00.Z", NoMoment::Form),
            ("tomorrow", NoMoment::Form),
        ] {
            assert_eq!(unix_s(text), Err(why), "{text}");
        }
    }
}
