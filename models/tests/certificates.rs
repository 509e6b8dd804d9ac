//! Certificates that run out: who is no longer spoken to, who is renewed when, and how many a day.

use amitwin_data::rows::{Outcome, TransactionKind, TransactionRow, VisitFound};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, run, sites, world};
use dlms_cosem_rs::security::SecuritySuite;

const DAY_S: u64 = 86_400;

fn days(n: u64) -> SimTime {
    SimTime::from_secs(n * DAY_S)
}

/// So many meters of suite 1 around a border router over the ideal medium, with certificates for so many days that are so old.
fn ideal(meters: u32, (valid, age): (u64, (u64, u64)), duration: u64) -> WorldSpec {
    let meter = |n: u32| (Meter, 40.0 + (n % 100) as f32, (n / 100) as f32);
    let places = [(Gateway, 0.0, 0.0)].into_iter().chain((0..meters).map(meter));
    let mut spec = world(sites(places), PhyMode::M3, duration * DAY_S);
    spec.medium = MediumKind::Ideal;
    spec.ideal.loss = 0.0;
    spec.dlms.payload = Payload::Sized;
    spec.dlms.vendors = vec![amitwin_dlms::Vendor { suite: SecuritySuite::Suite1, ..Default::default() }.into()];
    spec.dlms.certificates = Some(CertificatesSpec { valid: days(valid), age: (days(age.0), days(age.1)) });
    spec
}

fn renewal(at: SimTime, renew_before: SimTime) -> CampaignSpec {
    let pace = PaceSpec::new(at, days(1));
    let job = JobSpec::Certificates(Box::new(RenewalSpec { pace, renew_before, again_after: days(1) }));
    CampaignSpec { name: "renewal".into(), priority: PRIORITY_USUAL, role: None, job }
}

/// Each day at noon.
fn daily() -> PollSpec {
    PollSpec {
        at: SimTime::from_secs(DAY_S / 2),
        every: days(1),
        window: Some(SimTime::from_secs(600)),
        parallel: 10,
        attempts: 3,
        timeout: SimTime::from_secs(30),
        ..PollSpec::once("daily".into(), PollContent::Registers)
    }
}

fn of(ran: &Ran, kind: TransactionKind) -> Vec<&TransactionRow> {
    let mut rows: Vec<_> = ran.of(kind).collect();
    rows.sort_by(|a, b| a.planned_s.total_cmp(&b.planned_s).then(a.node.cmp(&b.node)));
    rows
}

#[test]
fn a_million_meters_in_90_days_are_11_111_a_day() {
    // 4,500 meters stand for a million: 50 a day, which scales to 11,111.
    let mut spec = ideal(4_500, (90, (0, 90)), 6);
    spec.campaigns = vec![renewal(SimTime::ZERO, days(14))];
    let ran = run(&spec);
    let rows = of(&ran, TransactionKind::Certificates);
    assert!(rows.iter().all(|row| row.outcome == Outcome::Ok));
    let on = |day: f64| rows.iter().filter(|row| (row.planned_s / DAY_S as f64).floor() == day).count() as f64;
    // The first day brings the 14/90 whose time has come as well: 700 and 50, and three standard deviations.
    assert!((on(0.0) - 750.0).abs() < 3.0 * 750f64.sqrt(), "{}", on(0.0));
    for day in 1..6 {
        assert!((on(f64::from(day)) - 50.0).abs() < 22.0, "day {day}: {}", on(f64::from(day)));
    }
    let later: f64 = (1..6).map(|day| on(f64::from(day))).sum();
    let a_day = later / 5.0 * 1_000_000.0 / 4_500.0;
    assert!((a_day - 11_111.0).abs() < 3.0 * 11_111.0 / 250f64.sqrt(), "{a_day}");
}

#[test]
fn who_has_no_valid_certificate_is_not_read_until_it_is_renewed() {
    let of_payload = |payload| {
        // 10 days, of which 9 are over: all run out after one day. The campaign comes two days late.
        let mut spec = ideal(3, (10, (9, 9)), 6);
        spec.dlms.payload = payload;
        spec.polls = vec![daily()];
        spec.campaigns = vec![renewal(days(3), days(2))];
        let ran = run(&spec);
        let reads = of(&ran, TransactionKind::Read);
        for (n, row) in reads.iter().enumerate() {
            // At noon of days 0 to 5: those of days 1 and 2 and, before the turn of the second and third meter, day 3 fall into the gap.
            let turn_s = [3.0, 3.0 + 1.0 / 3.0, 3.0 + 2.0 / 3.0][row.node as usize - 1] * DAY_S as f64;
            let lapsed = row.planned_s >= DAY_S as f64 && row.planned_s < turn_s;
            let expected = if lapsed { Outcome::Expired } else { Outcome::Ok };
            assert_eq!((row.outcome, row.sent_s.is_none()), (expected, lapsed), "{n}: {row:?}");
        }
        let renewals = of(&ran, TransactionKind::Certificates);
        assert_eq!(renewals.len(), 3);
        for row in &renewals {
            // A pair, a request and the certificate: three questions. Plain they are 13 and 5 B, 13 and some 220 B, some 410 and 5 B, and each of the six
            // messages has 8 B of wrapper and some 30 B of cipher and title around it.
            assert_eq!((row.outcome, row.attempts), (Outcome::Ok, 3));
            assert!((750..950).contains(&row.bytes), "{} B", row.bytes);
        }
        let certificates = ran.head_end().talk.certificates.as_ref().expect("they have some");
        let (expired, lapsed_s) = certificates.expired(ran.head_end().meters(), days(6));
        // From day 1 to days 3, 3 1/3 and 3 2/3: 7 days in all, and the times of the renewals themselves.
        assert_eq!((expired, certificates.renewed), (0, 3));
        assert!((lapsed_s as f64 / DAY_S as f64 - 7.0).abs() < 0.001, "{lapsed_s}");
        ran.rows.transactions.iter().map(|row| format!("{row:?}")).collect::<Vec<_>>()
    };
    assert_eq!(of_payload(Payload::Real), of_payload(Payload::Sized));
}

#[test]
fn a_certificate_is_renewed_each_time_and_after_lost_answers_again() {
    for payload in [Payload::Real, Payload::Sized] {
        // Valid for 10 days, renewed 4 days ahead: every 6 days.
        let mut spec = ideal(10, (10, (0, 5)), 40);
        spec.dlms.payload = payload;
        spec.ideal.loss = 0.3;
        spec.polls = vec![daily()];
        spec.campaigns = vec![renewal(SimTime::ZERO, days(4))];
        let ran = run(&spec);
        let rows = of(&ran, TransactionKind::Certificates);
        let ok = rows.iter().filter(|row| row.outcome == Outcome::Ok).count();
        // The first within 1 to 6 days, and then every 6 days or, after a failure, up to 3 days later: five to seven times each.
        assert!((50..=70).contains(&ok), "{ok}");
        assert!(rows.iter().all(|row| matches!(row.outcome, Outcome::Ok | Outcome::Failed | Outcome::Refused)));
        let mut numbers: Vec<u64> = rows.iter().map(|row| row.transaction).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), rows.len());
        // Four days are enough for four tries, each of which goes well with 0.88^3.
        assert!(of(&ran, TransactionKind::Read).iter().all(|row| row.outcome != Outcome::Expired));
        assert_eq!(ran.head_end().talk.certificates.as_ref().map(|all| all.renewed), Some(ok as u64));
    }
}

#[test]
fn who_has_no_valid_certificate_is_neither_reset_nor_brought_an_image() {
    // 10 days, of which 6 to 9 are over: they run out within 1 to 4 days. Two days into the run a reset one by one and an image for single meters,
    // and an image over multicast three days into it, whose blocks reach everybody and whose questions do not.
    let mut spec = ideal(40, (10, (6, 9)), 4);
    let window = Some(Window::Range(SimTime::ZERO, SimTime::from_secs(600)));
    let reset = ResetSpec { at: days(2), window, delivery: Delivery::Unicast, ..ResetSpec::default() };
    let image =
        FirmwareSpec { preset: FirmwarePreset::Dlms, block_bytes: Some(1_024), ..FirmwareSpec::new(days(2), 1_000) };
    let flood = FirmwareSpec {
        multicast_from: Some(1),
        pace: Some(SimTime::from_secs(1)),
        ..FirmwareSpec::new(days(3), 1_024)
    };
    spec.campaigns = vec![
        CampaignSpec::reset("reset", reset),
        CampaignSpec::firmware("alone", image),
        CampaignSpec::firmware("flood", flood),
    ];
    let ran = run(&spec);
    let ok = |campaign: &str| {
        let rows = ran.rows.transactions.iter().filter(|row| &*row.campaign == campaign);
        let (ok, expired): (Vec<_>, Vec<_>) = rows.partition(|row| row.outcome == Outcome::Ok);
        assert_eq!(
            (ok.len() + expired.len(), ok.len() * expired.len() > 0),
            (40, true),
            "{campaign}: both kinds: {expired:?}"
        );
        assert!(expired.iter().all(|row| row.outcome == Outcome::Expired && row.reset_s.is_none()), "{expired:?}");
        ok.iter().map(|row| row.node).collect::<Vec<_>>()
    };
    // One that is within ten minutes of its end may fall between the two; with 40 ends over three days none does.
    assert_eq!(ok("reset"), ok("alone"));
    let (then, later) = (ok("alone"), ok("flood"));
    assert!(later.len() < then.len() && later.iter().all(|node| then.contains(node)), "{then:?}, {later:?}");
}

#[test]
fn a_crew_asks_nothing_of_who_has_no_valid_certificate_and_goes_at_once() {
    // 200 s before their certificates run out two meters are commanded; the first is dark and given up 100 s after that.
    let left = |valid: u64| {
        let mut spec = ideal(2, (valid, (9, 9)), 2);
        let reset = ResetSpec {
            at: SimTime::from_secs(DAY_S - 200),
            window: Some(Window::Range(SimTime::ZERO, SimTime::ZERO)),
            delivery: Delivery::Unicast,
            give_up_after: Some(SimTime::from_secs(300)),
            visit: true,
            ..ResetSpec::default()
        };
        spec.campaigns = vec![CampaignSpec::reset("reset", reset)];
        spec.events = vec![event("dark", 50, None, Act::PowerOff(PowerOff {}), vec![1])];
        let shift = (SimTime::ZERO, SimTime::from_secs(DAY_S));
        spec.surroundings.technicians = Some(TechniciansSpec { shift, ask_first: true, ..TechniciansSpec::default() });
        let ran = run(&spec);
        let [visit] = &ran.rows.field_visits[..] else { panic!("{:?}", ran.rows.field_visits) };
        assert_eq!((visit.node, visit.found, visit.opened_s.round()), (1, VisitFound::Dark, DAY_S as f64 + 100.0));
        (visit.begun_s.expect("it went") - visit.opened_s).round()
    };
    // With a valid one the meter is asked three times, a minute apart.
    assert_eq!((left(10), left(20)), (0.0, 180.0));
}
