//! Selective access to a profile: which rows and which columns a request wants.

use crate::objects::civil::{self, DAY_S, Unspecified};
use crate::objects::local::{Meant, Zone};
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::cosem::CaptureObject;
use dlms_cosem_rs::xdlms::{DataAccessResult, SelectiveAccess};
use std::ops::Range;

/// Rows of a profile by time.
#[derive(Clone, Copy, Debug)]
pub enum Times {
    /// Row `i` ends so many periods after the oldest.
    Periods {
        /// End of the oldest row, seconds since 1970, UTC.
        oldest_unix_s: i64,
        /// Seconds between rows.
        period_s: i64,
    },
    /// Row `i` ends when a day begins on the meter's clock: 23 or 25 hours after the row before it where that turns.
    Days {
        /// The day that begins at the end of the oldest row, counted from 1970.
        oldest: i64,
    },
}

impl Times {
    /// When a row ends, seconds since 1970, UTC.
    pub fn end(self, row: u32, zone: Zone<'_>) -> i64 {
        match self {
            Times::Periods { oldest_unix_s, period_s } => oldest_unix_s + i64::from(row) * period_s,
            Times::Days { oldest } => zone.unix_s((oldest + i64::from(row)) * DAY_S, Meant::First),
        }
    }

    /// Rows of `rows` that end at `from` or later and at `to` or earlier; none if these are the wrong way round.
    pub fn within(self, rows: u32, from: i64, to: i64, zone: Zone<'_>) -> Range<u32> {
        let (first, end) = match self {
            Times::Periods { oldest_unix_s, period_s } => {
                let place = |unix_s: i64| {
                    let rows_before = (unix_s - oldest_unix_s).div_euclid(period_s);
                    rows_before.clamp(0, i64::from(rows)) as u32
                };
                (place(from + period_s - 1), place(to + period_s))
            }
            Times::Days { .. } => {
                let before = |is: &dyn Fn(i64) -> bool| (0..rows).take_while(|row| is(self.end(*row, zone))).count();
                (before(&|end| end < from) as u32, before(&|end| end <= to) as u32)
            }
        };
        first..end.max(first)
    }
}

/// What is selected: rows, and columns as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Which rows.
    pub rows: Rows,
    /// Bit 0 for the first column.
    pub columns: u8,
}

/// Rows that are selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// From the first, counted from 0, to before the second; the same if there are none.
    Places(u32, u32),
    /// Those whose time is neither before the first second since 1970 (UTC) nor after the second.
    Within(i64, i64),
}

impl Selected {
    /// Everything in a buffer of `rows` rows and `columns` columns.
    pub fn all(rows: u32, columns: usize) -> Self {
        Selected { rows: Rows::Places(0, rows), columns: mask(0, columns) }
    }
}

fn mask(from: usize, to: usize) -> u8 {
    (from..to.min(8)).fold(0, |bits, column| bits | 1 << column)
}

/// What a request selects in a buffer of `rows` rows with these columns, of a meter in this zone.
pub fn select(
    access: &SelectiveAccess<'_>,
    rows: u32,
    columns: &[CaptureObject],
    zone: Zone<'_>,
) -> Result<Selected, DataAccessResult> {
    let fields = access.parameters.as_structure().filter(|fields| fields.len() == 4);
    let fields = fields.ok_or(DataAccessResult::TypeUnmatched)?;
    let field = |index| fields.get(index).map_err(|_| DataAccessResult::TypeUnmatched);
    let fields = [field(0)?, field(1)?, field(2)?, field(3)?];
    match access.selector {
        1 => by_range(&fields, columns, zone),
        2 => by_entry(&fields, rows, columns.len()),
        _ => Err(DataAccessResult::ScopeOfAccessViolated),
    }
}

/// Selector 1: rows whose time lies in a range, columns by what they capture.
fn by_range(
    [restricting, from, to, wanted]: &[Data<'_>; 4],
    columns: &[CaptureObject],
    zone: Zone<'_>,
) -> Result<Selected, DataAccessResult> {
    let restricting = CaptureObject::from_data(restricting).map_err(|_| DataAccessResult::TypeUnmatched)?;
    if restricting != CaptureObject::clock() {
        return Err(DataAccessResult::ScopeOfAccessViolated);
    }
    let second = |value: &Data<'_>, unspecified| {
        let value = civil::date_time(value).ok_or(DataAccessResult::TypeUnmatched)?;
        zone.bound(&value, unspecified).ok_or(DataAccessResult::OtherReason)
    };
    let (from, to) = (second(from, Unspecified::Smallest)?, second(to, Unspecified::Largest)?);
    let wanted = wanted.as_array().ok_or(DataAccessResult::TypeUnmatched)?;
    let mut chosen = 0;
    for column in &wanted {
        let column = column.and_then(|data| CaptureObject::from_data(&data));
        let column = column.map_err(|_| DataAccessResult::TypeUnmatched)?;
        let place = columns.iter().position(|known| *known == column);
        chosen |= 1 << place.ok_or(DataAccessResult::ScopeOfAccessViolated)?;
    }
    let columns = if chosen == 0 { mask(0, columns.len()) } else { chosen };
    Ok(Selected { rows: Rows::Within(from, to), columns })
}

/// Selector 2: rows and columns by number from 1; 0 as the last one means to the end.
fn by_entry(
    [from, to, from_column, to_column]: &[Data<'_>; 4],
    rows: u32,
    columns: usize,
) -> Result<Selected, DataAccessResult> {
    let (Data::DoubleLongUnsigned(from), Data::DoubleLongUnsigned(to)) = (from, to) else {
        return Err(DataAccessResult::TypeUnmatched);
    };
    let (Data::LongUnsigned(from_column), Data::LongUnsigned(to_column)) = (from_column, to_column) else {
        return Err(DataAccessResult::TypeUnmatched);
    };
    let open = |to: u32, all: u32| if to == 0 { all } else { to.min(all) };
    let chosen = mask(usize::from(from_column.saturating_sub(1)), open(u32::from(*to_column), columns as u32) as usize);
    if chosen == 0 {
        return Err(DataAccessResult::ScopeOfAccessViolated);
    }
    // Entry 0 does not exist; it is read as the first.
    let first = from.saturating_sub(1).min(rows);
    Ok(Selected { rows: Rows::Places(first, open(*to, rows).max(first)), columns: chosen })
}
