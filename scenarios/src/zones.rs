//! Zones of the IANA data base, as it comes with the program: no file of the machine is read, so that a run is the same everywhere.

use amitwin_dlms::{Local, LocalTime, Turn};
use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

/// The first second after the last year whose turns are known, 2099, since 1970, UTC.
pub const END_S: i64 = 4_102_444_800;

/// From a second on, an offset from UTC in minutes, and whether the data base calls it daylight saving time.
#[derive(Clone, Copy, Debug)]
struct Span {
    from_s: i64,
    offset_min: i16,
    is_dst: bool,
}

/// Local time of a zone from 1970 to 2099; `None` if there is none of that name.
pub fn look_up(name: &str) -> Option<LocalTime> {
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    let span = |from_s: i64, seconds: i32, dst: bool| Span {
        from_s,
        // Some had seconds until 1972.
        offset_min: seconds.div_euclid(60) as i16,
        is_dst: dst,
    };
    let first = zone.to_offset_info(Timestamp::UNIX_EPOCH);
    let mut spans = vec![span(0, first.offset().seconds(), first.dst().is_dst())];
    for turn in zone.following(Timestamp::UNIX_EPOCH) {
        let from_s = turn.timestamp().as_second();
        if from_s >= END_S {
            break;
        }
        spans.push(span(from_s, turn.offset().seconds(), turn.dst().is_dst()));
    }
    let mut locals: Vec<(i64, Local)> = (0..spans.len()).map(|at| (spans[at].from_s, local(&spans, at))).collect();
    locals.dedup_by_key(|(_, local)| *local);
    let turns = locals[1..].iter().map(|&(unix_s, local)| Turn { unix_s, local }).collect();
    Some(LocalTime::new(locals[0].1, turns))
}

/// What clocks show in a span. The data base has zones whose winter is the exception, an hour behind a standard time in summer (Europe/Dublin);
/// to clocks summer is the exception everywhere.
fn local(spans: &[Span], at: usize) -> Local {
    let Span { offset_min, is_dst, .. } = spans[at];
    let summer_min = if is_dst {
        standard_beside(spans, at).iter().flatten().next().map_or(0, |standard| (offset_min - standard).max(0))
    } else {
        let beside = [at.checked_sub(1), Some(at + 1)];
        let winter = |at: &usize| {
            let span = spans.get(*at).filter(|span| span.is_dst)?;
            let is_behind = standard_beside(spans, *at).iter().flatten().all(|standard| span.offset_min < *standard);
            is_behind.then_some(span.offset_min)
        };
        beside.iter().flatten().find_map(winter).map_or(0, |winter| offset_min - winter)
    };
    Local { offset_min, summer_min }
}

/// Offsets of the standard times before and after a span.
fn standard_beside(spans: &[Span], at: usize) -> [Option<i16>; 2] {
    let is_standard = |span: &&Span| !span.is_dst;
    let before = spans[..at].iter().rev().find(is_standard);
    let after = spans[at + 1..].iter().find(is_standard);
    [before, after].map(|span| span.map(|span| span.offset_min))
}

/// The name that a text may have been meant as.
pub fn nearest(text: &str) -> Option<String> {
    let database = TimeZoneDatabase::bundled();
    let names: Vec<String> = database.available().map(|name| name.to_string()).collect();
    let place = |name: &&String| name.rsplit('/').next().is_some_and(|place| place.eq_ignore_ascii_case(text));
    match names.iter().find(place) {
        Some(name) => Some(name.clone()),
        None => crate::language::diagnostic::nearest(text, names.iter().map(String::as_str)).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds since 1970 of the turns of 2026, each with offset and summer time from then on, minutes.
    fn turns_of_2026(name: &str) -> Vec<(i64, i16, i16)> {
        let time = look_up(name).expect("a zone");
        let in_2026 = |turn: &Turn| (1_767_225_600..1_798_761_600).contains(&turn.unix_s);
        let turns = time.changes().map(|(_, turn)| turn).filter(in_2026);
        turns.map(|turn| (turn.unix_s, turn.local.offset_min, turn.local.summer_min)).collect()
    }

    #[test]
    fn turns_are_those_of_the_law() {
        // 29 March and 25 October, 01:00 UTC.
        assert_eq!(turns_of_2026("Europe/Berlin"), [(1_774_746_000, 120, 60), (1_792_890_000, 60, 0)]);
        // 8 March 07:00 UTC and 1 November 06:00 UTC.
        assert_eq!(turns_of_2026("America/New_York"), [(1_772_953_200, -240, 60), (1_793_512_800, -300, 0)]);
        // 4 April and 3 October: in Sydney at 16:00 UTC, in Lord Howe at 15:00 and 15:30 UTC and by half an hour.
        assert_eq!(turns_of_2026("Australia/Sydney"), [(1_775_318_400, 600, 0), (1_791_043_200, 660, 60)]);
        assert_eq!(turns_of_2026("Australia/Lord_Howe"), [(1_775_314_800, 630, 0), (1_791_041_400, 660, 30)]);
        assert_eq!(turns_of_2026("Asia/Kolkata"), []);
        assert_eq!(look_up("Asia/Kolkata").expect("a zone").at(1_774_746_000), Local::standard(330));
        assert_eq!(look_up("europe/berlin"), look_up("Europe/Berlin"), "in any case of letters");
    }

    #[test]
    fn summer_is_the_exception_where_the_data_base_takes_winter_for_it() {
        assert_eq!(turns_of_2026("Europe/Dublin"), turns_of_2026("Europe/London"));
        assert_eq!(turns_of_2026("Europe/London"), [(1_774_746_000, 60, 60), (1_792_890_000, 0, 0)]);
    }

    #[test]
    fn what_recurs_goes_on_to_the_end_of_2099_and_no_further() {
        let time = look_up("Europe/Berlin").expect("a zone");
        let last = time.changes().last().expect("turns").1;
        // 25 October 2099, 01:00 UTC, the last Sunday of the month.
        assert_eq!(last, Turn { unix_s: 4_096_573_200, local: Local::standard(60) });
        assert_eq!(time.at(i64::MAX), Local::standard(60));
    }

    #[test]
    fn names_that_were_meant_are_found() {
        assert_eq!(nearest("Europe/Berln").as_deref(), Some("Europe/Berlin"));
        assert_eq!(nearest("berlin").as_deref(), Some("Europe/Berlin"));
        assert_eq!(nearest("Middle-earth"), None);
        assert_eq!(look_up("Middle-earth"), None);
    }
}
