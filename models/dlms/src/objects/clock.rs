//! The clock (class 8): true time plus the meter's own error; no daylight saving.

use crate::meter::event_log::code;
use crate::meter::rest::Rest;
use crate::objects::civil::{self, Unspecified};
use crate::objects::put::{Answer, Put};
use crate::objects::view::View;
use crate::vocabulary::effects::Effects;
use dlms_cosem_rs::axdr::{Data, DateTime};
use dlms_cosem_rs::xdlms::{ActionResult, DataAccessResult};

/// What the meter takes for the second since 1970, UTC.
pub fn unix_s(view: &View<'_>, rest: &Rest) -> i64 {
    view.now.unix_s() + i64::from(rest.clock_offset_s)
}

/// What the meter shows as its time.
pub fn time(view: &View<'_>, rest: &Rest) -> DateTime {
    civil::at(unix_s(view, rest), view.meter.fleet.time.utc_offset_min)
}

/// Reads attributes 2 to 9.
pub fn get(view: &View<'_>, rest: &Rest, index: i8, put: &mut Put<'_>) -> Answer {
    match index {
        2 => put.octets(&time(view, rest).to_bytes()),
        3 => put.i16(view.meter.fleet.time.utc_offset_min.saturating_neg()),
        4 => put.u8(0),
        5 | 6 => put.octets(&DateTime::WILDCARD.to_bytes()),
        7 => put.i8(0),
        8 => put.boolean(false),
        // Internal crystal.
        _ => put.choice(1),
    }
}

/// Sets the time; what the value leaves open stays as it is. One that leaves everything open is no time.
pub fn set(view: &View<'_>, rest: &mut Rest, value: &Data<'_>) -> Answer {
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
    let second = civil::bound(&asked, Unspecified::Smallest, view.meter.fleet.time.utc_offset_min)
        .ok_or(DataAccessResult::OtherReason)?;
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
