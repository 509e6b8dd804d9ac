//! Summer time as a clock's attributes say it: when it begins and ends, as dates of which parts recur.

use crate::meter::clock_settings::ClockSettings;
use crate::meter::local_time::{Local, LocalTime};
use crate::objects::civil::{DAY_S, date_of, days_in, days_of};
use dlms_cosem_rs::axdr::DateTime;

/// The last day of a month, or the last of its weekday; the one before that.
const LAST: u8 = 0xFE;
const SECOND_LAST: u8 = 0xFD;
/// Years over which a date must recur to be told with wildcards.
const YEARS: i64 = 11;

/// Local time by settings of a meter's own.
pub fn local(settings: &ClockSettings, unix_s: i64) -> Local {
    let standard_min = settings.time_zone_min.saturating_neg();
    let standard_s = unix_s.saturating_add(i64::from(standard_min) * 60);
    let summer_min = i16::from(settings.deviation_min);
    let year = date_of(standard_s.div_euclid(DAY_S)).0;
    let [begin, end] = settings.dates().map(|date| second(&date, year));
    // Told in summer time.
    let end = end.map(|end| end - i64::from(summer_min) * 60);
    let is_summer = match (begin, end) {
        (Some(begin), Some(end)) if begin <= end => (begin..end).contains(&standard_s),
        // South of the equator it goes over the turn of the year.
        (Some(begin), Some(end)) => standard_s < end || standard_s >= begin,
        // The other date is one of another year.
        (Some(begin), None) => standard_s >= begin && settings.dates()[1].year != 0xFFFF,
        (None, Some(end)) => standard_s < end && i64::from(settings.dates()[0].year) < year,
        (None, None) => false,
    };
    if settings.enabled && is_summer {
        Local { offset_min: standard_min.saturating_add(summer_min), summer_min }
    } else {
        Local::standard(standard_min)
    }
}

/// The local second since 1970 that a date with wildcards is in a year; `None` if it is not in it, or no date.
pub fn second(date: &DateTime, year: i64) -> Option<i64> {
    let recurs = date.year == 0xFFFF;
    if !(1..=12).contains(&date.month) || !recurs && i64::from(date.year) != year {
        return None;
    }
    let month = i64::from(date.month);
    let last = days_of(year, month, days_in(year, month));
    let asked = (1..=7).contains(&date.day_of_week).then(|| i64::from(date.day_of_week));
    let back = |steps: i64| match asked {
        Some(asked) => last - (weekday(last) - asked).rem_euclid(7) - 7 * steps,
        None => last - steps,
    };
    let day = match (date.day_of_month, asked) {
        (LAST, _) => back(0),
        (SECOND_LAST, _) => back(1),
        (day @ 1..=31, Some(asked)) if recurs && i64::from(day) <= days_in(year, month) => {
            let from = days_of(year, month, i64::from(day));
            from + (asked - weekday(from)).rem_euclid(7)
        }
        (day @ 1..=31, asked) if i64::from(day) <= days_in(year, month) => {
            let day = days_of(year, month, i64::from(day));
            asked.is_none_or(|asked| asked == weekday(day)).then_some(day)?
        }
        _ => return None,
    };
    let field = |value: u8, max: u8| match value {
        0xFF => Some(0),
        value => (value <= max).then(|| i64::from(value)),
    };
    Some(day * DAY_S + field(date.hour, 23)? * 3_600 + field(date.minute, 59)? * 60 + field(date.second, 59)?)
}

/// Day of the week, Monday 1 to Sunday 7, of a count of days from 1970-01-01, a Thursday.
fn weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// What the clocks of a fleet say at a second since 1970, UTC.
pub fn settings(time: &LocalTime, unix_s: i64) -> ClockSettings {
    let now = time.at(unix_s);
    let year = date_of((unix_s + now.offset_s()).div_euclid(DAY_S)).0;
    let [begin, end] = [true, false].map(|begins| date(time, year, begins));
    let summer_min = [begin, end].iter().flatten().map(|(_, summer_min)| *summer_min).next().unwrap_or(now.summer_min);
    let told = |date: Option<(DateTime, i16)>| date.map_or(DateTime::WILDCARD, |(date, _)| date).to_bytes();
    ClockSettings {
        time_zone_min: now.standard_min().saturating_neg(),
        begin: told(begin),
        end: told(end),
        deviation_min: summer_min.clamp(-120, 120) as i8,
        enabled: summer_min != 0,
    }
}

/// When summer time begins or ends in a year, and how much that is, minutes. Where it recurs in the years that follow the date has
/// wildcards.
fn date(time: &LocalTime, year: i64, begins: bool) -> Option<(DateTime, i16)> {
    let dates = time.changes().filter(|(before, turn)| match begins {
        true => before.summer_min == 0 && turn.local.summer_min != 0,
        false => before.summer_min != 0 && turn.local.summer_min == 0,
    });
    let mut found = Recurring::default();
    let mut first = None;
    for (before, turn) in dates {
        // As the clock shows it that is about to turn.
        let local_s = turn.unix_s + before.offset_s();
        let day = date_of(local_s.div_euclid(DAY_S));
        if (year..year + YEARS).contains(&day.0) {
            let summer_min = if begins { turn.local.summer_min } else { before.summer_min };
            first = first.or((day.0 == year).then_some((local_s, summer_min)));
            found.add(local_s);
        }
    }
    let (local_s, summer_min) = first?;
    Some((found.date(local_s), summer_min))
}

/// What dates of several years have in common.
#[derive(Default)]
struct Recurring {
    dates: u32,
    last: u32,
    second_last: u32,
    /// Month, weekday and second of the day, as long as these are the same.
    same: Option<(u8, i64, i64)>,
    differ: bool,
    /// Days of the month, from the first to the last.
    days: Option<(u8, u8)>,
}

impl Recurring {
    fn add(&mut self, local_s: i64) {
        let days = local_s.div_euclid(DAY_S);
        let (year, month, day) = date_of(days);
        let this = (month, weekday(days), local_s.rem_euclid(DAY_S));
        self.differ |= *self.same.get_or_insert(this) != this;
        let left = days_in(year, i64::from(month)) - i64::from(day);
        self.dates += 1;
        self.last += u32::from(left < 7);
        self.second_last += u32::from((7..14).contains(&left));
        let (low, high) = self.days.unwrap_or((day, day));
        self.days = Some((low.min(day), high.max(day)));
    }

    /// One of the dates, with wildcards if all of them are the same then.
    fn date(&self, local_s: i64) -> DateTime {
        let (year, month, day) = date_of(local_s.div_euclid(DAY_S));
        let of_day = local_s.rem_euclid(DAY_S);
        let (hour, minute, second) = ((of_day / 3_600) as u8, (of_day / 60 % 60) as u8, (of_day % 60) as u8);
        let (low, high) = self.days.unwrap_or((day, day));
        let recurring = match low {
            _ if self.differ || self.dates < 2 => None,
            _ if self.last == self.dates => Some(LAST),
            _ if self.second_last == self.dates => Some(SECOND_LAST),
            // The n-th of its weekday.
            _ if (low - 1) / 7 == (high - 1) / 7 => Some((low - 1) / 7 * 7 + 1),
            // The first of its weekday on or after a day.
            _ if high - low < 7 => Some(low),
            _ => None,
        };
        DateTime {
            year: if recurring.is_some() { 0xFFFF } else { year as u16 },
            month,
            day_of_month: recurring.unwrap_or(day),
            day_of_week: weekday(local_s.div_euclid(DAY_S)) as u8,
            hour,
            minute,
            second,
            hundredths: 0,
            ..DateTime::WILDCARD
        }
    }
}
