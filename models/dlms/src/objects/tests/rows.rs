//! Profiles as a client decodes them: ranges, entries, columns, and what rows hold.

use crate::meter::client::Client;
use crate::meter::consumption::{self, Direction};
use crate::meter::local_time::Local;
use crate::meter::rest::Rest;
use crate::objects::tests::{LOAD, NOW_S, ZERO, call, fleet, obis, read, view};
use crate::objects::*;
use dlms_cosem_rs::axdr::DateTime;
use dlms_cosem_rs::codec::Encode;
use dlms_cosem_rs::cosem::{CaptureObject, EntryDescriptor, ProfileBuffer, RangeDescriptor};
use proptest::prelude::*;

const BILLING: &str = "0-0:98.1.0*255";
const EVENTS: &str = "0-0:99.98.0*255";
const ENTRIES: u32 = 35 * 96;

fn rows(encoded: &[u8]) -> usize {
    ProfileBuffer::new(&Data::from_bytes(encoded).unwrap()).unwrap().len()
}

fn by_entry(name: &str, entries: EntryDescriptor) -> Result<Vec<u8>, DataAccessResult> {
    let (fleet, mut buffer) = (fleet(false), [0; 64]);
    read(&view(&fleet, Client::Reader), &Rest::default(), 7, name, 2, entries.to_selective_access(&mut buffer).ok())
}

fn by_range(name: &str, from: DateTime, to: DateTime) -> Vec<u8> {
    let (fleet, mut buffer) = (fleet(false), [0; 96]);
    let access = RangeDescriptor::by_clock(from, to).to_selective_access(&mut buffer).ok();
    read(&view(&fleet, Client::Reader), &Rest::default(), 7, name, 2, access).unwrap()
}

/// The date-time of a second in a zone without turns.
fn shown(unix_s: i64, offset_min: i16) -> DateTime {
    civil::at(unix_s, Local::standard(offset_min))
}

/// 10 March 2026 in local time, one hour east of UTC.
fn today(hour: u8, minute: u8, second: u8) -> DateTime {
    DateTime::from_civil(2026, 3, 10, hour, minute, second, 60)
}

/// First row's time, and number of rows.
fn first(encoded: &[u8]) -> (i64, usize) {
    let row = ProfileBuffer::new(&Data::from_bytes(encoded).unwrap()).unwrap().raw_rows().next().unwrap().unwrap();
    let time = row.get(0).unwrap();
    (civil::date_time(&time).unwrap().to_unix_seconds().unwrap(), rows(encoded))
}

#[test]
fn the_whole_load_profile_ends_at_the_last_quarter_and_holds_the_register() {
    let fleet = fleet(false);
    let view = view(&fleet, Client::Reader);
    let whole = read(&view, &Rest::default(), 7, LOAD, 2, None).unwrap();
    let data = Data::from_bytes(&whole).unwrap();
    let buffer = ProfileBuffer::new(&data).unwrap();
    assert_eq!(buffer.len(), ENTRIES as usize);
    let newest = NOW_S - NOW_S % 900;
    let mut cells = 0;
    buffer
        .for_each_cell(4, |row, column, value| {
            cells += 1;
            let end = newest - (i64::from(ENTRIES) - 1 - row as i64) * 900;
            let energy = |direction| consumption::energy_wh(view.meter, direction, end);
            match column {
                0 => assert_eq!(civil::date_time(&value).unwrap().to_unix_seconds(), Some(end)),
                1 => assert_eq!(value, Data::Unsigned(0)),
                2 => assert_eq!(value.as_u64(), Some(energy(Direction::Import))),
                _ => assert_eq!(value.as_u64(), Some(energy(Direction::Export))),
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(cells, ENTRIES * 4);
    // The register itself is at least what the last row says, and the profile's own figures agree.
    let last = consumption::energy_wh(view.meter, Direction::Import, newest);
    let now = read(&view, &Rest::default(), 3, "1-0:1.8.0*255", 2, None).unwrap();
    assert!(Data::from_bytes(&now).unwrap().as_u64().unwrap() >= last && last > 0);
    assert_eq!(read(&view, &Rest::default(), 7, LOAD, 7, None).unwrap(), [6, 0, 0, 0x0D, 0x20]);
    assert_eq!(read(&view, &Rest::default(), 7, LOAD, 4, None).unwrap(), [6, 0, 0, 3, 0x84]);
    let columns = read(&view, &Rest::default(), 7, LOAD, 3, None).unwrap();
    let columns = Data::from_bytes(&columns).unwrap().as_array().unwrap();
    for column in &columns {
        let column = CaptureObject::from_data(&column.unwrap()).unwrap();
        let named = AttributeDescriptor::new(column.class_id, column.logical_name, column.attribute_index);
        get(&view, &Rest::default(), named, None, &mut Vec::new()).expect("what is captured can be read");
    }
}

#[test]
fn a_range_and_the_entries_that_it_spans_are_the_same_bytes() {
    // 10:15 to 11:15 local: the newest row is 11:15, entry 3360.
    let range = by_range(LOAD, today(10, 15, 0), today(11, 15, 0));
    let entries = by_entry(LOAD, EntryDescriptor::entries(ENTRIES - 4, ENTRIES)).unwrap();
    assert_eq!(range, entries);
    assert_eq!(first(&range), (NOW_S - NOW_S % 900 - 4 * 900, 5));
    // A second later the first is out; a second earlier the last is.
    assert_eq!(rows(&by_range(LOAD, today(10, 15, 1), today(11, 15, 0))), 4);
    assert_eq!(rows(&by_range(LOAD, today(10, 15, 0), today(11, 14, 59))), 4);
    // The same range told in UTC.
    let utc = |hour| DateTime::from_civil(2026, 3, 10, hour, 15, 0, 0);
    assert_eq!(by_range(LOAD, utc(9), utc(10)), range);
}

#[test]
fn entries_count_from_the_oldest_and_zero_means_the_last() {
    let oldest = NOW_S - NOW_S % 900 - (i64::from(ENTRIES) - 1) * 900;
    assert_eq!(first(&by_entry(LOAD, EntryDescriptor::entries(1, 1)).unwrap()), (oldest, 1));
    assert_eq!(first(&by_entry(LOAD, EntryDescriptor::entries(3, 5)).unwrap()), (oldest + 1_800, 3));
    assert_eq!(rows(&by_entry(LOAD, EntryDescriptor::entries(ENTRIES - 9, 0)).unwrap()), 10);
    assert_eq!(rows(&by_entry(LOAD, EntryDescriptor::entries(1, u32::MAX)).unwrap()), ENTRIES as usize);
    for (from, to) in [(ENTRIES + 1, 0), (5, 4), (u32::MAX, u32::MAX)] {
        assert_eq!(by_entry(LOAD, EntryDescriptor::entries(from, to)).unwrap(), [1, 0], "an empty array");
    }
    // Columns 2 to 3 of one row: status and import.
    let narrow = EntryDescriptor { from_entry: 1, to_entry: 1, from_value: 2, to_value: 3 };
    let narrow = by_entry(LOAD, narrow).unwrap();
    assert_eq!((narrow.len(), &narrow[..7]), (11, &[1, 1, 2, 2, 17, 0, 6][..]));
    let none = EntryDescriptor { from_entry: 1, to_entry: 1, from_value: 5, to_value: 0 };
    assert_eq!(by_entry(LOAD, none), Err(DataAccessResult::ScopeOfAccessViolated));
}

#[test]
fn wildcards_open_a_range() {
    let all = by_range(LOAD, DateTime::WILDCARD, DateTime::WILDCARD);
    assert_eq!(rows(&all), ENTRIES as usize);
    assert_eq!(rows(&by_range(LOAD, today(11, 0, 0), DateTime::WILDCARD)), 2);
    // The whole of a day: its hours are left open.
    let day = DateTime { hour: 0xFF, minute: 0xFF, second: 0xFF, ..DateTime::from_civil(2026, 3, 9, 0, 0, 0, 60) };
    let local_midnight = 1_773_010_800;
    assert_eq!(first(&by_range(LOAD, day, day)), (local_midnight, 96));
    // The last day of February.
    let last = DateTime { month: 2, day_of_month: 0xFE, ..day };
    assert_eq!(first(&by_range(LOAD, last, last)), (local_midnight - 9 * 86_400, 96));
    let later = DateTime::from_civil(2027, 1, 1, 0, 0, 0, 60);
    assert_eq!(by_range(LOAD, later, DateTime::WILDCARD), [1, 0]);
}

#[test]
fn a_range_selects_columns_by_what_they_capture() {
    let fleet = fleet(false);
    let view = view(&fleet, Client::Reader);
    let ask = |restricting: CaptureObject, columns: &[CaptureObject]| {
        let mut raw = vec![2, 4];
        restricting.encode(&mut raw).unwrap();
        for hour in [10, 11] {
            raw.push(25);
            raw.extend(today(hour, 0, 0).to_bytes());
        }
        raw.extend([1, columns.len() as u8]);
        columns.iter().for_each(|column| column.encode(&mut raw).unwrap());
        let parameters = Data::from_bytes(&raw).unwrap();
        read(&view, &Rest::default(), 7, LOAD, 2, Some(SelectiveAccess { selector: 1, parameters }))
    };
    let import = CaptureObject::new(3, obis("1-0:1.8.0*255"), 2, 0);
    let answer = ask(CaptureObject::clock(), &[import]).unwrap();
    assert_eq!((answer.len(), &answer[..5]), (2 + 5 * 7, &[1, 5, 2, 1, 6][..]));
    let strange = CaptureObject::new(3, obis("1-0:1.7.0*255"), 2, 0);
    assert_eq!(ask(CaptureObject::clock(), &[strange]), Err(DataAccessResult::ScopeOfAccessViolated));
    assert_eq!(ask(import, &[]), Err(DataAccessResult::ScopeOfAccessViolated));
}

#[test]
fn billing_rows_end_at_local_midnight() {
    let all = by_entry(BILLING, EntryDescriptor::entries(1, 0)).unwrap();
    let midnight = 1_773_010_800 + 86_400;
    assert_eq!(first(&all), (midnight - 61 * 86_400, 62));
    let last = by_range(BILLING, today(0, 0, 0), DateTime::WILDCARD);
    assert_eq!(first(&last), (midnight, 1));
}

/// Times and codes of the event log, s after the start and as they stand.
fn happened(encoded: &[u8]) -> Vec<(i64, u64)> {
    let data = Data::from_bytes(encoded).unwrap();
    let rows = ProfileBuffer::new(&data).unwrap();
    rows.raw_rows()
        .map(|row| {
            let row = row.unwrap();
            let time = civil::date_time(&row.get(0).unwrap()).unwrap();
            (time.to_unix_seconds().unwrap() - NOW_S, row.get(1).unwrap().as_u64().unwrap())
        })
        .collect()
}

#[test]
fn the_event_log_tells_what_happened_and_when() {
    let fleet = fleet(false);
    let mut view = view(&fleet, Client::Management);
    let mut rest = Rest::default();
    let number = |view: &View<'_>, rest: &Rest, name| read(view, rest, 1, name, 2, None).unwrap();
    assert_eq!(read(&view, &rest, 7, EVENTS, 2, None).unwrap(), [1, 0]);
    assert_eq!(number(&view, &rest, "0-0:96.11.0*255"), [17, 0], "no event");
    for method in [1, 2, 1, 1] {
        call(&view, &mut rest, 70, "0-0:96.3.10*255", method, ZERO);
        view.now.unix_ms += 60_000;
    }
    // Set back by two minutes: one row shows the old time, one the new, and what comes then lies before.
    let import = read(&view, &rest, 3, "1-0:1.8.0*255", 2, None).unwrap();
    call(&view, &mut rest, 8, "0-0:1.0.0*255", 6, &[16, 0xFF, 0x88]);
    assert_eq!(read(&view, &rest, 3, "1-0:1.8.0*255", 2, None).unwrap(), import, "energy does not fall with the clock");
    view.now.unix_ms += 10_000;
    call(&view, &mut rest, 9, "0-0:10.0.0*255", 1, &[18, 0, 2]);
    call(&view, &mut rest, 9, "0-0:10.0.0*255", 1, &[18, 0, 1]);
    view.now.unix_ms += 10_000;
    call(&view, &mut rest, 9, "0-0:10.0.0*255", 1, &[18, 0, 3]);
    let all = [(0, 62), (60, 63), (120, 62), (240, 4), (120, 5), (130, 2), (140, 1), (140, 2)];
    assert_eq!(happened(&read(&view, &rest, 7, EVENTS, 2, None).unwrap()), all);
    assert_eq!(number(&view, &rest, "0-0:96.11.0*255"), [17, 2], "the last one: power up");
    assert_eq!(number(&view, &rest, "0-0:96.15.0*255"), [6, 0, 0, 0, 8]);
    assert_eq!(number(&view, &rest, "0-0:97.98.0*255"), [6, 0, 0, 0, 3], "clock wrong, contacts open");
    // By entry, by column, by time: rows whose time lies within, wherever they stand.
    let mut buffer = [0; 64];
    let entries = EntryDescriptor::entries(2, 3).to_selective_access(&mut buffer).ok();
    assert_eq!(happened(&read(&view, &rest, 7, EVENTS, 2, entries).unwrap()), all[1..3]);
    let codes = EntryDescriptor { from_value: 2, to_value: 2, ..EntryDescriptor::entries(7, 8) };
    let codes = codes.to_selective_access(&mut buffer).ok();
    assert_eq!(read(&view, &rest, 7, EVENTS, 2, codes).unwrap(), [1, 2, 2, 1, 17, 1, 2, 1, 17, 2]);
    let mut buffer = [0; 96];
    let dates = RangeDescriptor::by_clock(shown(NOW_S + 61, 0), shown(NOW_S + 130, 0));
    let dates = dates.to_selective_access(&mut buffer).ok();
    let within = [all[2], all[4], all[5]];
    assert_eq!(happened(&read(&view, &rest, 7, EVENTS, 2, dates).unwrap()), within);
    assert_eq!(read(&view, &rest, 7, EVENTS, 7, None).unwrap(), [6, 0, 0, 0, 8], "in use");
    assert_eq!(read(&view, &rest, 7, EVENTS, 8, None).unwrap(), [6, 0, 0, 0, 64], "at most");
}

proptest! {
    #[test]
    fn any_range_holds_exactly_the_rows_within(from in -40_000_000_i64..40_000_000, length in -100_000_i64..4_000_000) {
        let (from, to) = (NOW_S + from / 10, NOW_S + from / 10 + length);
        let encoded = by_range(LOAD, shown(from, -90), shown(to, 60));
        let newest = NOW_S - NOW_S % 900;
        let expected = (0..i64::from(ENTRIES)).map(|back| newest - back * 900).filter(|end| (from..=to).contains(end));
        prop_assert_eq!(rows(&encoded), expected.count());
    }
    #[test]
    fn a_second_survives_the_trip_through_a_date(second in 0_i64..4_000_000_000, zone in -720_i16..840) {
        let date = shown(second, zone);
        prop_assert_eq!(date.to_unix_seconds(), Some(second.max(-i64::from(zone) * 60)));
        prop_assert_eq!(unix_time(&date), date.to_unix_seconds());
    }
}
