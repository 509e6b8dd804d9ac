//! Zones with summer time: what clocks say of it, what of that can be written, days of 23 and 25 hours.
//!
//! Turns are those of the IANA data base for the years 2025 to 2028, in seconds since 1970.

use super::{CLOCK, LOAD, obis, read, view, write};
use crate::crypto::keys::KeyMaster;
use crate::meter::client::Client;
use crate::meter::consumption::{Direction, energy_wh};
use crate::meter::fleet::{CivilTime, Fleet, Vendor};
use crate::meter::local_time::{Local, LocalTime, Turn};
use crate::meter::rest::Rest;
use crate::objects::*;
use crate::vocabulary::moment::Moment;
use DataAccessResult::{OtherReason, Success, TypeUnmatched};
use dlms_cosem_rs::axdr::DateTime;
use dlms_cosem_rs::cosem::{ProfileBuffer, RangeDescriptor};

const BILLING: &str = "0-0:98.1.0*255";
const HOUR: i64 = 3_600;
/// 2026-03-29 01:00 UTC, when Berlin turns to summer time.
const SPRING: i64 = 1_774_746_000;
/// 2026-10-25 01:00 UTC, when it turns back.
const AUTUMN: i64 = 1_792_890_000;

/// Standard time, and turns to and from summer time in turn.
fn zone(standard_min: i16, summer_min: i16, starts_in_summer: bool, turns: &[i64]) -> LocalTime {
    let summer = Local { offset_min: standard_min + summer_min, summer_min };
    let both = [Local::standard(standard_min), summer];
    let local = |n: usize| both[(n + usize::from(starts_in_summer)) % 2];
    LocalTime::new(local(0), turns.iter().zip(1..).map(|(&unix_s, n)| Turn { unix_s, local: local(n) }).collect())
}

fn berlin() -> LocalTime {
    let later = [1_806_195_600, 1_824_944_400, 1_837_645_200, 1_856_394_000];
    zone(60, 60, false, &[&[1_743_296_400, 1_761_440_400, SPRING, AUTUMN], &later[..]].concat())
}

fn fleet(local: LocalTime) -> Fleet {
    Fleet {
        seed: 7,
        time: CivilTime { start_unix_s: SPRING, local },
        vendors: vec![Vendor::default()],
        keys: KeyMaster::Test,
        challenge_key: [0; 32],
    }
}

fn at(fleet: &Fleet, unix_s: i64) -> View<'_> {
    View { now: Moment { unix_ms: unix_s * 1_000 }, ..view(fleet, Client::Management) }
}

/// Year, month, day, weekday, hour, minute, deviation, status.
type Shown = (u16, u8, u8, u8, u8, u8, i16, u8);

fn shown(encoded: &[u8]) -> Shown {
    let time = DateTime::from_bytes(encoded[2..].try_into().expect("a tag, a length and 12 bytes"));
    let DateTime { year, month, day_of_month, day_of_week, hour, minute, deviation, status, .. } = time;
    (year, month, day_of_month, day_of_week, hour, minute, deviation, status.0)
}

/// Year, month, day, weekday, hour, minute.
type Date = (u16, u8, u8, u8, u8, u8);

/// Attributes 3 and 5 to 8: zone, month, day, weekday, hour and minute of begin and end, deviation, and whether it is in use.
fn rules(view: &View<'_>, rest: &Rest) -> (i16, [Date; 2], i8, bool) {
    let get = |index| read(view, rest, 8, CLOCK, index, None).expect("everybody reads a clock");
    let dates = [5, 6].map(|index| {
        let (year, month, day, weekday, hour, minute, deviation, status) = shown(&get(index));
        assert_eq!((deviation, status), (-0x8000, 0xFF), "not specified: it is local time");
        (year, month, day, weekday, hour, minute)
    });
    let zone = get(3);
    (i16::from_be_bytes([zone[1], zone[2]]), dates, get(7)[1] as i8, get(8)[1] == 1)
}

#[test]
fn the_clock_of_berlin_turns_in_spring_and_autumn() {
    let fleet = fleet(berlin());
    let rest = Rest::default();
    for (unix_s, expected) in [
        // A second before one o'clock UTC it is two in winter, then three in summer; and the other way round.
        (SPRING - 60, (2026, 3, 29, 7, 1, 59, -60, 0)),
        (SPRING, (2026, 3, 29, 7, 3, 0, -120, 0x80)),
        (AUTUMN - 60, (2026, 10, 25, 7, 2, 59, -120, 0x80)),
        (AUTUMN, (2026, 10, 25, 7, 2, 0, -60, 0)),
    ] {
        let view = at(&fleet, unix_s);
        assert_eq!(shown(&read(&view, &rest, 8, CLOCK, 2, None).unwrap()), expected);
        assert_eq!(read(&view, &rest, 8, CLOCK, 4, None).unwrap(), [17, expected.7]);
        // The last Sunday of March at two, of October at three.
        let dates = [(0xFFFF, 3, 0xFE, 7, 2, 0), (0xFFFF, 10, 0xFE, 7, 3, 0)];
        assert_eq!(rules(&view, &rest), (-60, dates, 60, true));
    }
}

#[test]
fn zones_say_their_rules_as_dates_that_recur() {
    let new_york = [1_772_953_200, 1_793_512_800, 1_805_007_600, 1_825_567_200, 1_836_457_200, 1_857_016_800];
    let sydney = [1_775_318_400, 1_791_043_200, 1_806_768_000, 1_822_492_800, 1_838_217_600, 1_853_942_400];
    let lord_howe = [1_775_314_800, 1_791_041_400, 1_806_764_400, 1_822_491_000, 1_838_214_000, 1_853_940_600];
    let rest = Rest::default();
    let of = |local| rules(&at(&fleet(local), SPRING), &rest);
    // The second Sunday of March at two, the first of November at two.
    let dates = [(0xFFFF, 3, 8, 7, 2, 0), (0xFFFF, 11, 1, 7, 2, 0)];
    assert_eq!(of(zone(-300, 60, false, &new_york)), (300, dates, 60, true));
    // The first Sunday of October at two, the first of April at three, and in Lord Howe at two, half an hour later.
    let dates = [(0xFFFF, 10, 1, 7, 2, 0), (0xFFFF, 4, 1, 7, 3, 0)];
    assert_eq!(of(zone(600, 60, true, &sydney)), (-600, dates, 60, true));
    let dates = [(0xFFFF, 10, 1, 7, 2, 0), (0xFFFF, 4, 1, 7, 2, 0)];
    assert_eq!(of(zone(630, 30, true, &lord_howe)), (-630, dates, 30, true));
    // A single summer is told by its dates, and none by nothing.
    let dates = [(2026, 3, 29, 7, 2, 0), (2026, 10, 25, 7, 3, 0)];
    assert_eq!(of(zone(60, 60, false, &[SPRING, AUTUMN])), (-60, dates, 60, true));
    let none = (0xFFFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF);
    assert_eq!(of(LocalTime::fixed(330)), (-330, [none; 2], 0, false));
}

#[test]
fn what_is_written_to_a_clock_holds_for_that_meter() {
    let fleet = fleet(berlin());
    let mut rest = Rest::default();
    let summer = at(&fleet, SPRING + 30 * 24 * HOUR);
    let hour = |view: &View<'_>, rest: &Rest| {
        let time = shown(&read(view, rest, 8, CLOCK, 2, None).unwrap());
        (time.4, time.6, time.7)
    };
    // 01:00 UTC.
    assert_eq!(hour(&summer, &rest), (3, -120, 0x80));
    assert_eq!(write(&summer, &mut rest, 8, CLOCK, 8, &[3, 0]), Success);
    assert_eq!(hour(&summer, &rest), (2, -60, 0));
    assert_eq!(write(&summer, &mut rest, 8, CLOCK, 8, &[3, 1]), Success);
    assert_eq!(write(&summer, &mut rest, 8, CLOCK, 7, &[15, 30]), Success);
    assert_eq!(hour(&summer, &rest), (2, -90, 0x80), "half past two");
    // Three hours west of Greenwich, in standard time.
    assert_eq!(write(&summer, &mut rest, 8, CLOCK, 3, &[16, 0, 180]), Success);
    assert_eq!(hour(&summer, &rest), (22, 150, 0x80), "half past ten in the evening before");
    let dates = [(0xFFFF, 3, 0xFE, 7, 2, 0), (0xFFFF, 10, 0xFE, 7, 3, 0)];
    assert_eq!(rules(&summer, &rest), (180, dates, 30, true), "the rest is as it was");
    // From the second Sunday of May on: the tenth, 03:00 UTC.
    let may = |minute: i64| at(&fleet, 1_778_382_000 + 60 * minute);
    let begin =
        DateTime { month: 5, day_of_month: 8, day_of_week: 7, hour: 0, minute: 0, second: 0, ..DateTime::WILDCARD };
    let value = [&[9, 12][..], &begin.to_bytes()].concat();
    assert_eq!(write(&summer, &mut rest, 8, CLOCK, 5, &value), Success);
    assert_eq!(hour(&summer, &rest), (22, 180, 0));
    assert_eq!((hour(&may(-1), &rest), hour(&may(0), &rest)), ((23, 180, 0), (0, 150, 0x80)));
    // It pays for that, and others do not.
    assert!(rest.clock_settings().is_some() && Rest::default().clock_settings().is_none());
}

#[test]
fn own_settings_of_the_zone_tell_the_same_time() {
    let (fleet, mut own) = (fleet(berlin()), Rest::default());
    assert_eq!(write(&at(&fleet, SPRING), &mut own, 8, CLOCK, 8, &[3, 1]), Success);
    for hours in 0..3 * 365 * 24 {
        let view = at(&fleet, 1_767_225_600 + hours * HOUR);
        let time = |rest| read(&view, rest, 8, CLOCK, 2, None).unwrap();
        assert_eq!(time(&own), time(&Rest::default()));
    }
}

#[test]
fn what_no_clock_can_be_is_refused() {
    let fleet = fleet(berlin());
    let view = at(&fleet, SPRING);
    let date = |date: DateTime| [&[9, 12][..], &date.to_bytes()].concat();
    let march = DateTime { month: 3, day_of_month: 0xFE, day_of_week: 7, hour: 2, ..DateTime::WILDCARD };
    for (index, value, expected) in [
        (3, vec![16, 0x03, 0x49], OtherReason), // 841 minutes
        (3, vec![15, 60], TypeUnmatched),
        (5, date(DateTime { month: 13, ..march }), OtherReason),
        (5, date(DateTime { month: 2, day_of_month: 30, day_of_week: 0xFF, ..march }), OtherReason),
        (6, date(DateTime { hour: 24, ..march }), OtherReason),
        (6, date(DateTime { day_of_week: 8, ..march }), OtherReason),
        (6, date(DateTime { day_of_month: 0xFF, ..march }), OtherReason),
        // The 29th of March 2026 is a Sunday.
        (5, date(DateTime { year: 2026, day_of_month: 29, day_of_week: 1, ..march }), OtherReason),
        (5, vec![9, 2, 3, 0xFE], TypeUnmatched),
        (7, vec![15, 121], OtherReason),
        (7, vec![17, 60], TypeUnmatched),
        (8, vec![17, 1], TypeUnmatched),
    ] {
        let mut rest = Rest::default();
        assert_eq!(write(&view, &mut rest, 8, CLOCK, index, &value), expected, "{index}: {value:?}");
        assert_eq!(rest, Rest::default());
    }
    let mut rest = Rest::default();
    assert_eq!(write(&view, &mut rest, 8, CLOCK, 5, &date(march)), Success);
    assert_eq!(write(&view, &mut rest, 8, CLOCK, 6, &date(DateTime::WILDCARD)), Success);
    assert_eq!(shown(&read(&view, &rest, 8, CLOCK, 2, None).unwrap()).7, 0, "no end, no summer time");
}

#[test]
fn a_time_that_clocks_skip_is_refused_and_one_that_they_show_twice_is_told_by_its_status() {
    let fleet = fleet(berlin());
    let set = |view: &View<'_>, time: DateTime| {
        let mut rest = Rest::default();
        let result = write(view, &mut rest, 8, CLOCK, 2, &[&[9, 12][..], &time.to_bytes()].concat());
        (result, i64::from(rest.clock_offset_s))
    };
    let local = |month, day, hour, minute, status: u8| {
        let deviation = DateTime::WILDCARD.deviation;
        let time = DateTime::from_civil(2026, month, day, hour, minute, 0, 0);
        DateTime { deviation, status: dlms_cosem_rs::axdr::ClockStatus(status), ..time }
    };
    let spring = at(&fleet, SPRING);
    assert_eq!(set(&spring, local(3, 29, 2, 30, 0xFF)), (OtherReason, 0));
    assert_eq!(set(&spring, local(3, 29, 3, 30, 0xFF)), (Success, HOUR / 2));
    // Half past two is half an hour before the turn, and half an hour after it.
    let autumn = at(&fleet, AUTUMN);
    assert_eq!(set(&autumn, local(10, 25, 2, 30, 0x80)), (Success, -HOUR / 2));
    assert_eq!(set(&autumn, local(10, 25, 2, 30, 0)), (Success, HOUR / 2));
    assert_eq!(set(&autumn, local(10, 25, 2, 30, 0xFF)), (Success, HOUR / 2));
}

/// First and last time, and number, of the rows within a range.
fn range(view: &View<'_>, name: &str, from: DateTime, to: DateTime) -> (Vec<Shown>, usize) {
    let mut buffer = [0; 96];
    let access = RangeDescriptor::by_clock(from, to).to_selective_access(&mut buffer).ok();
    let encoded = read(view, &Rest::default(), 7, name, 2, access).unwrap();
    let data = Data::from_bytes(&encoded).unwrap();
    let rows = ProfileBuffer::new(&data).unwrap();
    let times = rows.raw_rows().map(|row| {
        let Data::OctetString(time) = row.unwrap().get(0).unwrap() else { panic!("a date-time") };
        shown(&[&[9, 12][..], time].concat())
    });
    (times.collect(), rows.len())
}

/// Local time without a deviation.
fn local(month: u8, day: u8, hour: u8, minute: u8) -> DateTime {
    DateTime { deviation: DateTime::WILDCARD.deviation, ..DateTime::from_civil(2026, month, day, hour, minute, 0, 0) }
}

#[test]
fn a_day_of_the_load_profile_has_the_quarters_of_its_hours() {
    let fleet = fleet(berlin());
    // Rows end after midnight and at the next one.
    let day = |view: &View<'_>, month, day| range(view, LOAD, local(month, day, 0, 15), local(month, day + 1, 0, 0)).1;
    let spring = at(&fleet, SPRING + 48 * HOUR);
    assert_eq!((day(&spring, 3, 28), day(&spring, 3, 29), day(&spring, 3, 30)), (96, 92, 96));
    let autumn = at(&fleet, AUTUMN + 48 * HOUR);
    assert_eq!((day(&autumn, 10, 24), day(&autumn, 10, 25), day(&autumn, 10, 26)), (96, 100, 96));
    // The hour that comes twice: told apart by deviation and status; without a deviation both are meant.
    let (rows, count) = range(&autumn, LOAD, local(10, 25, 2, 0), local(10, 25, 2, 45));
    assert_eq!(count, 8);
    let twice: Vec<_> = rows.iter().map(|row| (row.4, row.5, row.6, row.7)).collect();
    let quarters = |deviation, status| [0, 15, 30, 45].map(|minute| (2, minute, deviation, status));
    assert_eq!(twice, [quarters(-120, 0x80), quarters(-60, 0)].concat());
    for (offset_min, expected) in [(120, quarters(-120, 0x80)), (60, quarters(-60, 0))] {
        let of = |minute| DateTime::from_civil(2026, 10, 25, 2, minute, 0, offset_min);
        let rows = range(&autumn, LOAD, of(0), of(45)).0;
        assert_eq!(rows.iter().map(|row| (row.4, row.5, row.6, row.7)).collect::<Vec<_>>(), expected);
    }
    // An hour that is skipped has no rows: two o'clock is three, where the next one ends.
    assert_eq!(range(&spring, LOAD, local(3, 29, 2, 1), local(3, 29, 2, 59)).1, 0);
    let (rows, count) = range(&spring, LOAD, local(3, 29, 1, 45), local(3, 29, 3, 0));
    assert_eq!((count, rows[1].4, rows[1].6), (2, 3, -120));
}

#[test]
fn billing_counts_days_of_23_and_25_hours() {
    let fleet = fleet(berlin());
    let view = at(&fleet, AUTUMN + 48 * HOUR);
    let whole = read(&view, &Rest::default(), 7, BILLING, 2, None).unwrap();
    let data = Data::from_bytes(&whole).unwrap();
    let rows: Vec<(i64, u64)> = ProfileBuffer::new(&data)
        .unwrap()
        .raw_rows()
        .map(|row| {
            let row = row.unwrap();
            let time = civil::date_time(&row.get(0).unwrap()).unwrap();
            assert_eq!((time.hour, time.minute), (0, 0), "local midnight");
            (time.to_unix_seconds().unwrap(), row.get(1).unwrap().as_u64().unwrap())
        })
        .collect();
    assert_eq!(rows.len(), 62);
    // The newest is the midnight before 02:00 on the 27th, 00:00 UTC + 1: 23:00 UTC on the 26th, 46 h after the turn.
    assert_eq!(rows[61].0, AUTUMN + 46 * HOUR);
    let hours: Vec<i64> = rows.windows(2).map(|pair| (pair[1].0 - pair[0].0) / HOUR).collect();
    let long: Vec<usize> = (0..61).filter(|day| hours[*day] != 24).collect();
    assert_eq!((long, hours[59]), (vec![59], 25), "the 25th is the last day but one");
    for pair in rows.windows(2) {
        let energy = |at| energy_wh(view.meter, Direction::Import, at);
        assert_eq!(pair[1].1 - pair[0].1, energy(pair[1].0) - energy(pair[0].0));
    }
    assert_eq!(range(&view, BILLING, local(10, 25, 0, 0), local(10, 26, 0, 0)).1, 2);
    let spring = at(&fleet, SPRING + 48 * HOUR);
    let (rows, _) = range(&spring, BILLING, local(3, 29, 0, 0), local(3, 30, 0, 0));
    assert_eq!(rows.iter().map(|row| (row.2, row.4, row.6)).collect::<Vec<_>>(), [(29, 0, -60), (30, 0, -120)]);
}

#[test]
fn a_day_that_begins_without_a_midnight_begins_at_its_first_second() {
    // Berlin's turns two hours further west: 29 March has no midnight, from 24:00 it is 01:00.
    let skips = fleet(zone(-60, 60, false, &[SPRING, AUTUMN]));
    let view = at(&skips, SPRING + HOUR);
    let (rows, _) = range(&view, BILLING, local(3, 29, 0, 0), local(3, 29, 23, 0));
    assert_eq!(rows.iter().map(|row| (row.2, row.4, row.6)).collect::<Vec<_>>(), [(29, 1, 0)]);
    let view = at(&skips, AUTUMN + 24 * HOUR);
    let (rows, _) = range(&view, BILLING, local(10, 25, 0, 0), local(10, 25, 23, 0));
    // 25 October has two, as 01:00 is turned back to 00:00: the day begins with the first.
    assert_eq!(rows.iter().map(|row| (row.2, row.4, row.6)).collect::<Vec<_>>(), [(25, 0, 0)]);
}

#[test]
fn registers_never_fall_and_people_rise_by_the_clock() {
    let (turning, winter) = (fleet(berlin()), fleet(LocalTime::fixed(60)));
    let mut earlier = 0u32;
    for number in 0..50 {
        let energy = |fleet, at| energy_wh(crate::meter::fleet::Meter { fleet, number }, Direction::Import, at);
        let mut last = 0;
        for quarter in -200..200 {
            let now = energy(&turning, AUTUMN + quarter * 900);
            assert!(now >= last, "meter {number}, quarter {quarter}");
            last = now;
        }
        // By six in summer, five in winter time, more has been used since midnight by who rises by the clock.
        let day = SPRING + 80 * 24 * HOUR;
        let morning = |fleet| energy(fleet, day + 5 * HOUR) - energy(fleet, day - 2 * HOUR);
        earlier += u32::from(morning(&turning) > morning(&winter));
        // Whole days in winter time hold the same.
        let whole = |fleet| energy(fleet, day + 22 * HOUR) - energy(fleet, day - 2 * HOUR);
        assert_eq!(whole(&turning), whole(&winter));
    }
    assert!(earlier > 40, "{earlier} of 50");
}

#[test]
fn rights_to_write_are_those_of_the_list() {
    let clock = OBJECTS.iter().find(|object| object.name == obis(CLOCK)).expect("a clock");
    for client in [Client::Public, Client::Reader, Client::Operator, Client::Management] {
        let writes: Vec<i8> = (1..=9).filter(|index| clock.writes_to(client, *index)).collect();
        let expected: &[i8] = if client == Client::Management { &[2, 3, 5, 6, 7, 8] } else { &[] };
        assert_eq!(writes, expected);
        assert!((1..=9).all(|index| clock.reads(client, index)));
    }
}
