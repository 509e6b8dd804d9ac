//! Profiles as a client decodes them: ranges, entries, columns, and what rows hold.

use crate::meter::client::Client;
use crate::meter::consumption::{self, Direction};
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

#[test]
fn the_event_log_tells_what_happened() {
    let fleet = fleet(false);
    let view = view(&fleet, Client::Management);
    let mut rest = Rest::default();
    assert_eq!(read(&view, &rest, 7, EVENTS, 2, None).unwrap(), [1, 0]);
    for method in [1, 2, 1] {
        call(&view, &mut rest, 70, "0-0:96.3.10*255", method, ZERO);
    }
    call(&view, &mut rest, 9, "0-0:10.0.0*255", 1, &[18, 0, 2]);
    let log = read(&view, &rest, 7, EVENTS, 2, None).unwrap();
    let rows = [2, 2, 17, 2, 6, 0, 0, 0, 1, 2, 2, 17, 62, 6, 0, 0, 0, 2, 2, 2, 17, 63, 6, 0, 0, 0, 1];
    assert_eq!((&log[..2], &log[2..]), (&[1, 3][..], &rows[..]));
    let mut buffer = [0; 64];
    let second = EntryDescriptor::entries(2, 2).to_selective_access(&mut buffer).ok();
    assert_eq!(read(&view, &rest, 7, EVENTS, 2, second).unwrap()[2..], rows[9..18]);
    assert_eq!(read(&view, &rest, 1, "0-0:97.98.0*255", 2, None).unwrap(), [6, 0, 0, 0, 2], "contacts open");
    let mut buffer = [0; 96];
    let dates = RangeDescriptor::by_clock(DateTime::WILDCARD, DateTime::WILDCARD);
    let dates = dates.to_selective_access(&mut buffer).ok();
    assert_eq!(read(&view, &rest, 7, EVENTS, 2, dates), Err(DataAccessResult::ScopeOfAccessViolated));
}

proptest! {
    #[test]
    fn any_range_holds_exactly_the_rows_within(from in -40_000_000_i64..40_000_000, length in -100_000_i64..4_000_000) {
        let (from, to) = (NOW_S + from / 10, NOW_S + from / 10 + length);
        let encoded = by_range(LOAD, civil::at(from, -90), civil::at(to, 60));
        let newest = NOW_S - NOW_S % 900;
        let expected = (0..i64::from(ENTRIES)).map(|back| newest - back * 900).filter(|end| (from..=to).contains(end));
        prop_assert_eq!(rows(&encoded), expected.count());
    }
    #[test]
    fn a_second_survives_the_trip_through_a_date(second in 0_i64..4_000_000_000, zone in -720_i16..840) {
        let date = civil::at(second, zone);
        prop_assert_eq!(date.to_unix_seconds(), Some(second.max(-i64::from(zone) * 60)));
        prop_assert_eq!(civil::bound(&date, civil::Unspecified::Largest, 0), date.to_unix_seconds());
    }
}
