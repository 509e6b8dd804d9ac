//! The clock (class 8): true time plus the meter's own error, in local time.

use crate::meter::clock_settings::ClockSettings;
use crate::meter::event_log::code;
use crate::meter::rest::Rest;
use crate::objects::civil::{self, Unspecified};
use crate::objects::local::{Meant, Zone};
use crate::objects::put::{Answer, Put};
use crate::objects::summer;
use crate::objects::view::View;
use crate::vocabulary::effects::Effects;
use dlms_cosem_rs::axdr::{ClockStatus, Data, DateTime};
use dlms_cosem_rs::xdlms::{ActionResult, DataAccessResult};

/// A clock's standard time is at most this far from UTC, minutes.
const ZONE_MIN_MAX: u16 = 14 * 60;
/// Summer time is at most this far from standard time, minutes.
const DEVIATION_MIN_MAX: u8 = 120;

/// What the meter takes for the second since 1970, UTC.
pub fn unix_s(view: &View<'_>, rest: &Rest) -> i64 {
    view.now.unix_s() + i64::from(rest.clock_offset_s)
}

/// What the meter shows as its time.
pub fn time(view: &View<'_>, rest: &Rest) -> DateTime {
    Zone::of(view.meter, rest).date_time(unix_s(view, rest))
}

/// What attributes 3 and 5 to 8 say.
fn settings(view: &View<'_>, rest: &Rest) -> ClockSettings {
    match rest.clock_settings() {
        Some(own) => *own,
        None => summer::settings(&view.meter.fleet.time.local, unix_s(view, rest)),
    }
}

/// Reads attributes 2 to 9.
pub fn get(view: &View<'_>, rest: &Rest, index: i8, put: &mut Put<'_>) -> Answer {
    match index {
        2 => put.octets(&time(view, rest).to_bytes()),
        3 => put.i16(settings(view, rest).time_zone_min),
        4 => put.u8(time(view, rest).status.0),
        5 => put.octets(&settings(view, rest).begin),
        6 => put.octets(&settings(view, rest).end),
        7 => put.i8(settings(view, rest).deviation_min),
        8 => put.boolean(settings(view, rest).enabled),
        // Internal crystal.
        _ => put.choice(1),
    }
}

/// Writes attributes 2, 3 and 5 to 8. What is local changes with these, true time does not.
pub fn set(view: &View<'_>, rest: &mut Rest, index: i8, value: &Data<'_>) -> Answer {
    let mut own = settings(view, rest);
    match (index, value) {
        (2, value) => return set_time(view, rest, value),
        (3, Data::Long(minutes)) if minutes.unsigned_abs() <= ZONE_MIN_MAX => own.time_zone_min = *minutes,
        (5, value) => own.begin = turn(value)?,
        (6, value) => own.end = turn(value)?,
        (7, Data::Integer(minutes)) if minutes.unsigned_abs() <= DEVIATION_MIN_MAX => own.deviation_min = *minutes,
        (8, Data::Boolean(enabled)) => own.enabled = *enabled,
        (3, Data::Long(_)) | (7, Data::Integer(_)) => return Err(DataAccessResult::OtherReason),
        _ => return Err(DataAccessResult::TypeUnmatched),
    }
    rest.changed.get_or_insert_default().clock = Some(Box::new(own));
    Ok(())
}

/// A date when summer time begins or ends; one that leaves everything open says that it does not.
fn turn(value: &Data<'_>) -> Result<[u8; 12], DataAccessResult> {
    let date = civil::date_time(value).ok_or(DataAccessResult::TypeUnmatched)?;
    let says_nothing = (date.year, date.month, date.day_of_month) == (0xFFFF, 0xFF, 0xFF);
    // A leap year, in which every date is that can be; it begins with the weekday that an exact date is told with.
    let year = if date.year == 0xFFFF { 2024 } else { i64::from(date.year) };
    let is_date = says_nothing || summer::second(&date, year).is_some();
    let is_weekday = matches!(date.day_of_week, 1..=7 | 0xFF);
    let is_whole = matches!(date.hundredths, 0..=99 | 0xFF);
    let offset_min = date.utc_offset_minutes().map_or(0, i16::unsigned_abs);
    if is_date && is_weekday && is_whole && offset_min <= ZONE_MIN_MAX + u16::from(DEVIATION_MIN_MAX) {
        Ok(date.to_bytes())
    } else {
        Err(DataAccessResult::OtherReason)
    }
}

/// Sets the time; what the value leaves open stays as it is. One that leaves everything open is no time, and neither is one that
/// clocks skip. Without a deviation, the status says whether an hour that they show twice is of summer time.
fn set_time(view: &View<'_>, rest: &mut Rest, value: &Data<'_>) -> Answer {
    let mut asked = civil::date_time(value).ok_or(DataAccessResult::TypeUnmatched)?;
    let says_nothing = asked.year == 0xFFFF
        && [asked.month, asked.day_of_month, asked.hour, asked.minute, asked.second].iter().all(|&field| field == 0xFF);
    if says_nothing {
        return Err(DataAccessResult::OtherReason);
    }
    let shown = time(view, rest);
    let keep = |field: &mut u8, old: u8| {
        if *field == 0xFF {
            *field = old;
        }
    };
    if asked.year == 0xFFFF {
        asked.year = shown.year;
    }
    keep(&mut asked.month, shown.month);
    keep(&mut asked.day_of_month, shown.day_of_month);
    keep(&mut asked.hour, shown.hour);
    keep(&mut asked.minute, shown.minute);
    keep(&mut asked.second, shown.second);
    if asked.has_wildcard() {
        return Err(DataAccessResult::OtherReason);
    }
    let local_s = civil::local_s(&asked, Unspecified::Smallest).ok_or(DataAccessResult::OtherReason)?;
    let second = match asked.utc_offset_minutes() {
        Some(offset_min) => local_s - i64::from(offset_min) * 60,
        None => {
            let status = asked.status;
            let in_summer = status != ClockStatus::NOT_SPECIFIED && status.0 & civil::SUMMER != 0;
            let zone = Zone::of(view.meter, rest);
            let second = zone.unix_s(local_s, if in_summer { Meant::First } else { Meant::Last });
            if second + zone.at(second).offset_s() != local_s {
                return Err(DataAccessResult::OtherReason);
            }
            second
        }
    };
    move_to(view, rest, second).ok_or(DataAccessResult::OtherReason)
}

/// Methods: to the nearest quarter of an hour, measuring period or minute, and the shift by seconds.
pub fn act(
    view: &View<'_>,
    rest: &mut Rest,
    index: i8,
    parameter: &Data<'_>,
    effects: &mut Effects,
) -> Result<(), ActionResult> {
    let second = unix_s(view, rest);
    let nearest = |period: i64| (second + period / 2).div_euclid(period) * period;
    let target = match (index, parameter) {
        // A measuring period is a quarter of an hour here.
        (1 | 2, Data::Integer(0)) => nearest(900),
        (3, Data::Integer(0)) => nearest(60),
        (6, Data::Long(shift)) if shift.unsigned_abs() <= 900 => second + i64::from(*shift),
        (6, Data::Long(_)) => return Err(ActionResult::OtherReason),
        _ => return Err(ActionResult::TypeUnmatched),
    };
    let before = rest.clock_offset_s;
    move_to(view, rest, target).ok_or(ActionResult::OtherReason)?;
    effects.rest_changed |= rest.clock_offset_s != before;
    Ok(())
}

/// Adjusts the clock, and notes from where to where. `None`: further from true time than the meter can keep.
fn move_to(view: &View<'_>, rest: &mut Rest, second: i64) -> Option<()> {
    let (from, offset_s) = (unix_s(view, rest), i32::try_from(second - view.now.unix_s()).ok()?);
    if offset_s != rest.clock_offset_s {
        rest.clock_offset_s = offset_s;
        rest.note(from, code::CLOCK_FROM);
        rest.note(second, code::CLOCK_TO);
    }
    Some(())
}
