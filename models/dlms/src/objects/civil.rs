//! Civil time of a meter: seconds since 1970 to date-times and back, wildcards included.

use crate::meter::local_time::Local;
use dlms_cosem_rs::axdr::{ClockStatus, Data, DateTime};

/// Bit of a clock's status: it shows summer time.
pub const SUMMER: u8 = 0x80;
/// Seconds in a day.
pub const DAY_S: i64 = 86_400;

/// Days from 1970-01-01 to a civil date (proleptic Gregorian calendar).
pub fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a count of days from 1970-01-01.
pub fn date_of(days: i64) -> (i64, u8, u8) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * shifted_month + 2) / 5 + 1) as u8;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year + era * 400 + i64::from(month <= 2), month as u8, day)
}

/// Days of a month.
pub fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The date-time of a second since 1970 (UTC) in local time.
pub fn at(unix_s: i64, local: Local) -> DateTime {
    let status = ClockStatus(if local.summer_min == 0 { 0 } else { SUMMER });
    let offset_min = local.offset_min;
    // Four digits of year are all that the format holds.
    let local = (unix_s + local.offset_s()).clamp(0, 253_402_300_799);
    let (year, month, day) = date_of(local.div_euclid(DAY_S));
    let of_day = local.rem_euclid(DAY_S);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let time = DateTime::from_civil(year as u16, month, day, hour as u8, minute as u8, second as u8, offset_min);
    DateTime { status, ..time }
}

/// A date-time in either of its two forms: its own tag, or twelve octets.
pub fn date_time(data: &Data<'_>) -> Option<DateTime> {
    match data {
        Data::DateTime(value) => Some(*value),
        Data::OctetString(bytes) => Some(DateTime::from_bytes((*bytes).try_into().ok()?)),
        _ => None,
    }
}

/// How an unspecified field of a date-time is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unspecified {
    /// The smallest value that fits: the start of a range.
    Smallest,
    /// The largest value that fits: the end of a range.
    Largest,
}

/// Local second since 1970 that a date-time with wildcards stands for; `None` if a specified field is out of range.
/// An unspecified year is without bound. The day of the week and hundredths do not count.
pub fn local_s(value: &DateTime, unspecified: Unspecified) -> Option<i64> {
    let pick = |field: u8, wild: u8, low: i64, high: i64| {
        let open = if unspecified == Unspecified::Smallest { low } else { high };
        let chosen = if field >= wild { open } else { i64::from(field) };
        (low..=high).contains(&chosen).then_some(chosen)
    };
    let year = match (value.year, unspecified) {
        (0xFFFF, Unspecified::Smallest) => 0,
        (0xFFFF, Unspecified::Largest) => 9_999,
        (year, _) => i64::from(year),
    };
    // 0xFD and 0xFE stand for the turns of daylight saving, whose month nobody needs here: any month.
    let month = pick(value.month, 0xFD, 1, 12)?;
    let last = days_in(year, month);
    let day = match value.day_of_month {
        0xFE => last,
        0xFD => last - 1,
        day => pick(day, 0xFF, 1, last)?,
    };
    let hour = pick(value.hour, 0xFF, 0, 23)?;
    let minute = pick(value.minute, 0xFF, 0, 59)?;
    let second = pick(value.second, 0xFF, 0, 59)?;
    Some(days_of(year, month, day) * DAY_S + hour * 3_600 + minute * 60 + second)
}
