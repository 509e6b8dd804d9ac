//! What meters tell of themselves: health reports, keep-alives, and reports in bundles.

use amitwin_data::rows::{EventKind, FrameKind, Outcome, TransactionKind};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, run, sites, suburb, world};

fn seconds(n: u64) -> SimTime {
    SimTime::from_secs(n)
}

/// A border router (site 0) and so many meters, over a medium that takes 0.1 s, and a backhaul of 0.05 s.
fn star(meters: usize, duration: u64) -> WorldSpec {
    let around = (0..meters).map(|n| (Meter, 40.0 + n as f32 * 0.1, 0.0));
    let mut spec = world(sites([(Gateway, 0.0, 0.0)].into_iter().chain(around)), PhyMode::M3, duration);
    spec.medium = MediumKind::Ideal;
    spec
}

fn sag(at: u64, lasts: u64, nodes: Vec<u32>) -> EventSpec {
    event("sag", at, Some(lasts), Act::Voltage(Voltage { level: 0.85 }), nodes)
}

fn independent(k: f64, m: u8) -> HealthSpec {
    HealthSpec { k, m, memory: None, ..HealthSpec::default() }
}

#[test]
fn a_sag_is_known_m_samples_after_it_began() {
    let nodes: Vec<u32> = (1..=100).collect();
    let mut spec = star(100, 3_600);
    spec.traffic.health = Some(independent(5.0, 3));
    spec.events = vec![sag(1_000, 1_200, nodes)];
    let ran = run(&spec);
    let reports: Vec<_> = ran.of(TransactionKind::Health).collect();
    // One that values have left their band, one that they are back.
    assert_eq!(reports.len(), 200);
    let told: Vec<f64> =
        reports.iter().filter(|row| row.planned_s < 2_200.0).map(|row| row.planned_s - 1_000.0).collect();
    // Samples are taken each 60 s at a phase of the meter's own: the third comes 120 to 180 s after the beginning, 150 s on average,
    // with a standard deviation of 60 / sqrt(12) s each: 1.73 s of the mean of 100.
    assert!(told.len() == 100 && told.iter().all(|after| (120.0..=180.0).contains(after)), "{told:?}");
    let mean = told.iter().sum::<f64>() / 100.0;
    assert!((mean - 150.0).abs() < 3.0 * 1.73, "{mean}");
    for row in reports {
        // Medium and backhaul.
        assert!((row.answered_s.expect("it arrives") - row.planned_s - 0.15).abs() < 1e-6, "{row:?}");
    }
    assert_eq!(ran.mesh().books.counters.health_false, 0);
}

#[test]
fn false_alarms_of_a_fleet_are_those_of_independent_samples() {
    let mut spec = star(200, 7_200);
    spec.traffic.health = Some(independent(2.0, 1));
    let ran = run(&spec);
    let counters = ran.mesh().books.counters;
    // 200 meters, 120 samples each.
    assert_eq!(counters.health_watched, 24_000);
    // A sample is beyond the band with p = 0.0455, and the one before within it with 1 - p: 1,042 alarms, three standard errors of 32.
    assert!((counters.health_false as f64 - 1_042.4).abs() < 97.0, "{}", counters.health_false);
    // As many reports that values are back, but for those still beyond at the end.
    let reports = ran.of(TransactionKind::Health).count() as u64;
    assert!((2 * counters.health_false - 30..=2 * counters.health_false).contains(&reports), "{reports}");
    // Every sample, where all are reported.
    spec.traffic.health = Some(HealthSpec { mode: HealthMode::Always, ..independent(2.0, 1) });
    assert_eq!(run(&spec).of(TransactionKind::Health).count(), 24_000);
}

/// When the head-end said so of a meter, s.
fn said(ran: &Ran, node: u32, kind: EventKind) -> Vec<f64> {
    ran.rows.events.iter().filter(|row| row.node == node && row.kind == kind).map(|row| row.time_s).collect()
}

#[test]
fn a_dead_meter_is_silent_after_as_many_missed_keep_alives_as_it_takes() {
    let mut spec = star(2, 5_000);
    spec.device.boot = (seconds(10), seconds(10));
    spec.traffic.keep_alive = Some(KeepAliveSpec { every: seconds(600), spread: SimTime::ZERO, missed: 2 });
    spec.events = vec![event("dark", 700, Some(2_000), Act::PowerOff(PowerOff {}), vec![1])];
    let ran = run(&spec);
    // Keep-alives at 0 and 600 s arrive; those of 1,200 and 1,800 s are missed, which shows 30 s after the second.
    assert_eq!(said(&ran, 1, EventKind::Silent), [1_830.0]);
    // The supply is back at 2,700 s; 3,000.15 s is its next one.
    let again = said(&ran, 1, EventKind::HeardAgain);
    assert!(again.len() == 1 && (again[0] - 3_000.15).abs() < 1e-6, "{again:?}");
    assert!(said(&ran, 2, EventKind::Silent).is_empty());
    // A meter with its supply sends nine: 0, 600, ..., 4,800 s; the dark one lacks those of 1,200, 1,800 and 2,400 s.
    let sent = |node| ran.of(TransactionKind::KeepAlive).filter(move |row| row.node == node).count();
    assert_eq!((sent(2), sent(1)), (9, 6));
}

#[test]
fn keep_alives_that_are_sent_at_once_get_into_each_others_way() {
    let mut spec = suburb(150, 3_700);
    spec.dlms.payload = Payload::Sized;
    let arrived = |spread: u64, spec: &mut WorldSpec| {
        spec.traffic.keep_alive = Some(KeepAliveSpec { every: seconds(900), spread: seconds(spread), missed: 3 });
        let ran = run(spec);
        let (all, ok) = ran
            .of(TransactionKind::KeepAlive)
            .fold((0, 0), |(all, ok), row| (all + 1, ok + u32::from(row.outcome == Outcome::Ok)));
        (f64::from(ok) / f64::from(all), ran.mesh().books.counters.collided)
    };
    let (at_once, spread) = (arrived(0, &mut spec), arrived(900, &mut spec));
    // Each has some 40 ms on the air and three hops: 150 are 18 s on one channel, which most find busy nine times, and every hidden pair collides.
    assert!(spread.0 > 0.95 && at_once.0 < 0.7, "{at_once:?} {spread:?}");
    assert!(at_once.1 > spread.1, "{at_once:?} {spread:?}");
}

#[test]
fn a_bundle_of_reports_is_one_message_and_each_of_them_has_its_delay() {
    let mut spec = star(1, 3_600);
    spec.traffic.push_period = Some(seconds(60));
    spec.traffic.payload_bytes = Some(40);
    spec.traffic.aggregate = 5;
    let ran = run(&spec);
    let rows: Vec<_> = ran.of(TransactionKind::Push).collect();
    // 60 reports; bundles with the 5th, 10th, ... 60th.
    assert_eq!(rows.len(), 60);
    for (n, row) in rows.iter().enumerate() {
        // The first of a bundle waits for four more, the last for none; medium and backhaul besides.
        let waits_s = 60.0 * (4 - n % 5) as f64 + 0.15;
        assert!((row.answered_s.expect("it arrives") - row.planned_s - waits_s).abs() < 1e-6, "{n}: {row:?}");
        assert_eq!((row.outcome, row.bytes), (Outcome::Ok, 40));
    }
    // What is kept when the run ends is pending: of 58 reports the last three.
    spec.duration = seconds(3_480);
    let pending = run(&spec).of(TransactionKind::Push).filter(|row| row.outcome == Outcome::Pending).count();
    assert_eq!(pending, 3);
}

#[test]
fn bundles_save_frames_and_time_on_the_air() {
    // Frames with reports: how many, their bytes, and how long they were on the air.
    let air = |aggregate: u16| {
        let mut spec = world(sites([(Gateway, 0.0, 0.0), (Meter, 100.0, 0.0)]), PhyMode::M1b, 6_000);
        spec.traffic =
            TrafficSpec { push_period: Some(seconds(60)), payload_bytes: Some(40), aggregate, ..spec.traffic };
        spec.record.frames_every = 1;
        let ran = run(&spec);
        let reports = || ran.of(TransactionKind::Push);
        assert!(reports().all(|row| row.outcome == Outcome::Ok) && reports().count() == 100);
        let frames = ran.rows.frames.iter().filter(|row| row.kind == FrameKind::Push);
        frames
            .fold((0, 0, 0.0), |(n, bytes, s), row| (n + 1, bytes + u32::from(row.bytes), s + f64::from(row.airtime_s)))
    };
    let (one, ten) = (air(1), air(10));
    assert_eq!((one.0, ten.0), (100, 10));
    // A payload is the same in both: 90 times the headers of a frame are saved, and 90 preambles.
    let headers = one.1 / 100 - 40;
    assert_eq!(ten.1 / 10, headers + 400);
    assert_eq!(one.1 - ten.1, 90 * headers);
    // At 50 kb/s a byte takes 0.16 ms; preamble, start of frame and header of the radio 16 B at least.
    let saved_s = one.2 - ten.2;
    let of_headers_s = f64::from(90 * headers) * 8.0 / 50e3;
    assert!((0.0..90.0 * 0.005).contains(&(saved_s - of_headers_s)), "{saved_s} s, {of_headers_s} s of them headers");
}
