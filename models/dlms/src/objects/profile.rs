//! Profiles (class 7): load profile, daily billing and event log. Rows by the clock are computed when they are read, as though the meter's clock
//! had always been off by what it is off now: a row has the energy of the moment at which that clock showed its end.

use crate::meter::consumption::Direction;
use crate::meter::event_log::{Event, ROWS_MAX};
use crate::meter::rest::Rest;
use crate::objects::civil::DAY_S;
use crate::objects::clock;
use crate::objects::events;
use crate::objects::local::Zone;
use crate::objects::measures::energy_wh;
use crate::objects::put::{Answer, Put};
use crate::objects::selection::{Rows, Selected, Times, select};
use crate::objects::view::View;
use crate::vocabulary::obis;
use dlms_cosem_rs::cosem::CaptureObject;
use dlms_cosem_rs::obis::Obis;
use dlms_cosem_rs::xdlms::SelectiveAccess;

/// One profile of the meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Energy at the end of each quarter of an hour of the last 35 days.
    Load,
    /// Energy at the end of each of the last 62 days, local time.
    Billing,
    /// Events, and what the meter's clock showed.
    Events,
}

const IMPORT: CaptureObject = CaptureObject::new(3, obis::IMPORT, 2, 0);
const EXPORT: CaptureObject = CaptureObject::new(3, obis::EXPORT, 2, 0);

impl Profile {
    /// What the columns capture.
    fn columns(self) -> &'static [CaptureObject] {
        match self {
            Profile::Load => {
                const { &[CaptureObject::clock(), CaptureObject::new(1, obis::STATUS, 2, 0), IMPORT, EXPORT] }
            }
            Profile::Billing => const { &[CaptureObject::clock(), IMPORT, EXPORT] },
            Profile::Events => const { &[CaptureObject::clock(), CaptureObject::new(1, obis::EVENT_CODE, 2, 0)] },
        }
    }
    /// Seconds between rows; 0: rows come when something happens.
    fn period_s(self) -> u32 {
        match self {
            Profile::Load => 900,
            Profile::Billing => DAY_S as u32,
            Profile::Events => 0,
        }
    }
    /// Rows that the buffer holds at most.
    fn capacity(self) -> u32 {
        match self {
            Profile::Load => 35 * 96,
            Profile::Billing => 62,
            Profile::Events => ROWS_MAX as u32,
        }
    }
    /// When the rows end; `None` for rows that come when something happens.
    fn times(self, view: &View<'_>, rest: &Rest, zone: Zone<'_>) -> Option<Times> {
        let before_newest = i64::from(self.capacity() - 1);
        let (now, period_s) = (clock::unix_s(view, rest), i64::from(self.period_s()));
        // Days begin at local midnight, quarters of an hour on the hour of UTC.
        match self {
            Profile::Load => {
                let newest = now - now.checked_rem_euclid(period_s)?;
                Some(Times::Periods { oldest_unix_s: newest - before_newest * period_s, period_s })
            }
            Profile::Billing => {
                let today = (now + zone.at(now).offset_s()).div_euclid(DAY_S);
                Some(Times::Days { oldest: today - before_newest })
            }
            Profile::Events => None,
        }
    }
    /// Reads attributes 2 to 8.
    pub fn get(
        self,
        view: &View<'_>,
        rest: &Rest,
        index: i8,
        selection: Option<SelectiveAccess<'_>>,
        put: &mut Put<'_>,
    ) -> Answer {
        let zone = Zone::of(view.meter, rest);
        let times = self.times(view, rest, zone);
        let rows = if times.is_some() { self.capacity() } else { events::rows(rest).count() as u32 };
        match index {
            2 => {
                let columns = self.columns();
                let selected = match selection {
                    Some(access) => select(&access, rows, columns, zone)?,
                    None => Selected::all(rows, columns.len()),
                };
                match times {
                    Some(times) => self.computed((view, rest), zone, rows, times, selected, put),
                    None => self.noted(view, rest, selected, put),
                }
            }
            3 => {
                put.array(self.columns().len())?;
                self.columns().iter().try_for_each(|column| put.captured(column))
            }
            4 => put.u32(self.period_s()),
            // First in, first out.
            5 => put.choice(1),
            6 if times.is_some() => put.captured(&CaptureObject::clock()),
            6 => put.captured(&CaptureObject::new(0, Obis([0; 6]), 0, 0)),
            7 => put.u32(rows),
            _ => put.u32(self.capacity()),
        }
    }
    /// The columns that are selected.
    fn chosen(self, selected: Selected) -> impl Iterator<Item = &'static CaptureObject> {
        let columns = (0u8..).zip(self.columns());
        columns.filter(move |(place, _)| selected.columns >> place & 1 == 1).map(|(_, column)| column)
    }
    /// Rows that follow the clock.
    fn computed(
        self,
        (view, rest): (&View<'_>, &Rest),
        zone: Zone<'_>,
        rows: u32,
        times: Times,
        selected: Selected,
        put: &mut Put<'_>,
    ) -> Answer {
        let rows = match selected.rows {
            Rows::Places(first, end) => first..end,
            Rows::Within(from, to) => times.within(rows, from, to, zone),
        };
        put.array(rows.len())?;
        let width = selected.columns.count_ones() as u8;
        for row in rows {
            let end = times.end(row, zone);
            let measured = end - i64::from(rest.clock_offset_s);
            put.structure(width)?;
            for column in self.chosen(selected) {
                match column.logical_name {
                    obis::IMPORT => put.u32(energy_wh(view.meter, Direction::Import, measured))?,
                    obis::EXPORT => put.u32(energy_wh(view.meter, Direction::Export, measured))?,
                    obis::STATUS => put.u8(0)?,
                    _ => put.octets(&zone.date_time(end).to_bytes())?,
                }
            }
        }
        Ok(())
    }
    /// Rows of what has happened. The clock may have been set back between two of them.
    fn noted(self, view: &View<'_>, rest: &Rest, selected: Selected, put: &mut Put<'_>) -> Answer {
        let is_selected = |(place, event): &(u32, Event)| match selected.rows {
            Rows::Places(first, end) => (first..end).contains(place),
            Rows::Within(from, to) => (from..=to).contains(&event.unix_s),
        };
        let zone = Zone::of(view.meter, rest);
        let rows = || (0..).zip(events::rows(rest)).filter(is_selected);
        put.array(rows().count())?;
        let width = selected.columns.count_ones() as u8;
        for (_, event) in rows() {
            put.structure(width)?;
            for column in self.chosen(selected) {
                match column.logical_name {
                    obis::EVENT_CODE => put.u8(event.code)?,
                    _ => put.octets(&zone.date_time(event.unix_s).to_bytes())?,
                }
            }
        }
        Ok(())
    }
}
