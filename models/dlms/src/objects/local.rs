//! Local time of one meter: the zone that all of them have, or what a client has written to its clock.

use crate::meter::clock_settings::ClockSettings;
use crate::meter::fleet::Meter;
use crate::meter::local_time::{Local, LocalTime};
use crate::meter::rest::Rest;
use crate::objects::civil::{self, DAY_S, Unspecified};
use crate::objects::summer;
use dlms_cosem_rs::axdr::DateTime;

/// By what a clock tells local time.
#[derive(Clone, Copy, Debug)]
pub enum Zone<'a> {
    /// As all meters do.
    Fleet(&'a LocalTime),
    /// By its own settings.
    Own(&'a ClockSettings),
}

/// Which second is meant by a local time that clocks show twice, or that they skip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// The first at which a clock shows it, or a later one.
    First,
    /// The last at which a clock shows it, or an earlier one.
    Last,
}

impl<'a> Zone<'a> {
    /// Of a meter.
    pub fn of(meter: Meter<'a>, rest: &'a Rest) -> Self {
        rest.clock_settings().map_or(Zone::Fleet(&meter.fleet.time.local), Zone::Own)
    }

    /// Local time at a second since 1970, UTC.
    pub fn at(self, unix_s: i64) -> Local {
        match self {
            Zone::Fleet(time) => time.at(unix_s),
            Zone::Own(settings) => summer::local(settings, unix_s),
        }
    }

    /// The date-time that a clock shows at a second since 1970, UTC.
    pub fn date_time(self, unix_s: i64) -> DateTime {
        civil::at(unix_s, self.at(unix_s))
    }

    /// The second since 1970 (UTC) of a local second since 1970.
    pub fn unix_s(self, local_s: i64, meant: Meant) -> i64 {
        // Clocks do not turn twice within two days.
        let (before, after) = (self.at(local_s - DAY_S), self.at(local_s + DAY_S));
        let (by_old, by_new) = (local_s - before.offset_s(), local_s - after.offset_s());
        let holds = |unix_s: i64| self.at(unix_s).offset_s() == local_s - unix_s;
        match (holds(by_old), holds(by_new)) {
            (true, true) if meant == Meant::Last => by_old.max(by_new),
            (true, true) => by_old.min(by_new),
            (true, false) => by_old,
            (false, true) => by_new,
            (false, false) => {
                let (mut old, mut new) = (by_old.min(by_new), by_old.max(by_new));
                let is_new = |unix_s: i64| self.at(unix_s).offset_min == after.offset_min;
                while new - old > 1 {
                    let middle = old + (new - old) / 2;
                    if is_new(middle) { new = middle } else { old = middle }
                }
                if meant == Meant::First { new } else { old }
            }
        }
    }

    /// The second since 1970 (UTC) that a date-time with wildcards bounds a range by; `None` if a specified field is out of
    /// range. Without a deviation, an hour that clocks show twice lies within the range as a whole.
    pub fn bound(self, value: &DateTime, unspecified: Unspecified) -> Option<i64> {
        let local_s = civil::local_s(value, unspecified)?;
        let meant = if unspecified == Unspecified::Smallest { Meant::First } else { Meant::Last };
        Some(match value.utc_offset_minutes() {
            Some(offset_min) => local_s - i64::from(offset_min) * 60,
            None => self.unix_s(local_s, meant),
        })
    }
}
