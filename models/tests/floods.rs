//! Commands by flood: all meters are told at once, each acts once, is asked afterwards, and is told alone if the flood has not come.

use amitwin_data::rows::{Outcome, TransactionRow};
use amitwin_models::node::Node;
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, run, sites, world};

fn seconds(n: u64) -> SimTime {
    SimTime::from_secs(n)
}

/// So many meters around a border router, over the ideal medium with this loss of messages, answering at once.
fn ideal(meters: u32, loss: f64, payload: Payload) -> WorldSpec {
    let places = [(Gateway, 0.0, 0.0)].into_iter().chain((0..meters).map(|n| (Meter, 40.0 + n as f32, 0.0)));
    let mut spec = world(sites(places), PhyMode::M3, 4_000);
    spec.medium = MediumKind::Ideal;
    spec.ideal.loss = loss;
    spec.dlms.payload = payload;
    spec.dlms.answer_delay = (SimTime::ZERO, SimTime::ZERO);
    spec
}

fn both() -> [Payload; 2] {
    [Payload::Real, Payload::Sized]
}

/// Meters are asked over this window, patiently.
fn pace(at: u64, window: u64) -> PaceSpec {
    PaceSpec { timeout: seconds(10), attempts: Some(20), ..PaceSpec::new(seconds(at), seconds(window)) }
}

/// One flood, and a minute until meters are asked.
const FLOOD: SpreadSpec = SpreadSpec { delivery: Delivery::Broadcast, settle: SimTime::from_secs(60) };

fn campaign(name: &str, job: JobSpec) -> CampaignSpec {
    CampaignSpec { name: name.into(), priority: PRIORITY_USUAL, role: None, job }
}

fn relay(name: &str, pace: PaceSpec, action: RelayAction) -> CampaignSpec {
    campaign(name, JobSpec::Relay(Box::new(RelaySpec { spread: FLOOD, ..RelaySpec::new(pace, action) })))
}

fn write(name: &str, pace: PaceSpec, what: Setting, value: i32) -> CampaignSpec {
    campaign(name, JobSpec::Write(Box::new(WriteSpec { spread: FLOOD, ..WriteSpec::new(pace, what, value) })))
}

fn clocks(name: &str, pace: PaceSpec, if_off_by: u64) -> CampaignSpec {
    let time = TimeSpec { spread: FLOOD, if_off_by: seconds(if_off_by), ..TimeSpec::new(pace) };
    campaign(name, JobSpec::Time(Box::new(time)))
}

fn rows<'a>(ran: &'a Ran, name: &str) -> Vec<&'a TransactionRow> {
    let mut rows: Vec<_> = ran.rows.transactions.iter().filter(|row| &*row.campaign == name).collect();
    rows.sort_by_key(|row| row.node);
    rows
}

fn told_again(ran: &Ran) -> u64 {
    ran.head_end().statistics.commands.told_again
}

#[test]
fn all_are_told_at_once_and_each_is_asked_in_its_turn() {
    for payload in both() {
        let mut spec = ideal(4, 0.0, payload);
        spec.campaigns = vec![relay("off", pace(100, 40), RelayAction::Disconnect)];
        let exchange_s = 2.0 * (spec.ideal.latency + spec.backhaul.latency).secs_f64();
        let ran = run(&spec);
        assert_eq!((ran.mesh().relays(), told_again(&ran)), ((4, 4), 0), "{payload:?}");
        for (n, row) in rows(&ran, "off").into_iter().enumerate() {
            // The flood, and one question, a minute later and within 40 s for four meters: one every 10 s.
            assert_eq!((row.outcome, row.attempts), (Outcome::Ok, 2));
            assert_eq!((row.planned_s, row.sent_s), (100.0, Some(100.0)));
            let answered_s = 160.0 + 10.0 * n as f64 + exchange_s;
            assert!((row.answered_s.expect("answered") - answered_s).abs() < 1e-6, "{row:?}");
        }
    }
}

#[test]
fn whoever_a_flood_has_not_come_to_is_told_alone_and_nobody_acts_twice() {
    let of = |payload| {
        let mut spec = ideal(100, 0.3, payload);
        spec.campaigns = vec![
            relay("off", pace(100, 60), RelayAction::Disconnect),
            relay("again", pace(1_500, 60), RelayAction::Disconnect),
        ];
        let ran = run(&spec);
        let ok = ["off", "again"].map(|name| rows(&ran, name).iter().filter(|row| row.outcome == Outcome::Ok).count());
        assert_eq!((ok, ran.mesh().relays()), ([100, 100], (100, 100)), "{payload:?}");
        // The first flood misses 30 of 100, give or take three times 4.6; the second finds all as they are to be.
        assert!((16..=44).contains(&told_again(&ran)), "{}", told_again(&ran));
        rows(&ran, "off").iter().map(|row| format!("{row:?}")).collect::<Vec<_>>()
    };
    assert_eq!(of(Payload::Real), of(Payload::Sized));
}

#[test]
fn a_price_takes_two_floods_and_whoever_misses_the_first_keeps_the_former_one_until_it_is_told() {
    for payload in both() {
        let mut spec = ideal(60, 0.2, payload);
        spec.campaigns = vec![write("price", pace(100, 60), Setting::Price, 2_875)];
        let ran = run(&spec);
        assert!(rows(&ran, "price").iter().all(|row| row.outcome == Outcome::Ok));
        let held = amitwin_dlms::Prices { active: 2_875, passive: 2_875 };
        assert!((1..=60).all(|n| ran.mesh().meters.prices(Node(n)) == held), "{payload:?}");
        // Either flood is missed with 1 - 0.8^2 = 0.36: 21.6 of 60, give or take three times 3.7.
        assert!((10..=33).contains(&told_again(&ran)), "{}", told_again(&ran));
        // With nobody asked yet: who has heard both has the new price, who has missed the first none.
        spec.duration = seconds(210);
        let ran = run(&spec);
        let of = |n| ran.mesh().meters.prices(Node(n)).active;
        let new = (1..=60).filter(|&n| of(n) == 2_875).count();
        // 0.64 of 60 are 38.4, give or take three times 3.7.
        assert!((27..=50).contains(&new) && (1..=60).all(|n| [0, 2_875].contains(&of(n))), "{payload:?}: {new}");
        let rows = rows(&ran, "price");
        assert!(rows.iter().all(|row| row.outcome == Outcome::Pending && row.sent_s == Some(100.0)));
    }
}

#[test]
fn a_flood_sets_all_clocks_and_those_that_are_still_off_are_set_alone() {
    let of = |payload| {
        let mut spec = ideal(60, 0.2, payload);
        let start_spread = seconds(60);
        spec.device.clock =
            Some(ClockSpec { drift_ppm: 0.0, drift_spread_ppm: 0.0, start_spread, ..ClockSpec::default() });
        spec.campaigns = vec![clocks("clocks", pace(100, 60), 3)];
        let ran = run(&spec);
        let rows = rows(&ran, "clocks");
        assert!(rows.iter().all(|row| row.outcome == Outcome::Ok));
        let far = |row: &&&TransactionRow| row.clock_off_s.0.is_some_and(|off_s| off_s.abs() > 4.0);
        // Those that the flood has missed, 12 of 60, are off by a minute, give or take; all others by its latency.
        let missed = rows.iter().filter(far).count();
        assert!((3..=21).contains(&missed), "{missed}");
        let counts = ran.head_end().statistics.commands;
        assert!(counts.clocks_set >= missed as u64 && counts.clocks_set == counts.told_again, "{counts:?}");
        let (ahead_s, _) = ran.mesh().meters.clocks(seconds(4_000)).expect("they drift");
        assert!(ahead_s.iter().all(|ahead| ahead.abs() < 5.0), "{ahead_s:?}");
        rows.iter().map(|row| format!("{row:?}")).collect::<Vec<_>>()
    };
    assert_eq!(of(Payload::Real), of(Payload::Sized));
}

#[test]
fn a_role_that_may_not_floods_nothing_and_that_is_one_refusal() {
    let mut spec = ideal(3, 0.0, Payload::Real);
    let role = RoleSpec { name: "reader".into(), may: vec![Right::Read] };
    spec.head_end = Some(HeadEndSpec { role: vec![role], ..HeadEndSpec::default() });
    spec.campaigns = vec![relay("off", pace(100, 10), RelayAction::Disconnect)];
    spec.campaigns[0].role = Some("reader".into());
    let ran = run(&spec);
    let forbidden = rows(&ran, "off").iter().filter(|row| row.outcome == Outcome::Forbidden).count();
    assert_eq!((forbidden, ran.rows.audit.len(), ran.mesh().relays()), (3, 1, (0, 0)));
    assert_eq!(ran.rows.audit[0].node, None);
}

#[test]
fn each_round_has_its_flood_and_hung_meters_hear_none() {
    let mut spec = ideal(3, 0.0, Payload::Sized);
    spec.duration = seconds(15_000);
    let every = Some(seconds(10_800));
    let off = write("retries", PaceSpec { every, ..pace(100, 30) }, Setting::PushRetries, 5);
    let on = relay("off", pace(12_000, 30), RelayAction::Disconnect);
    spec.campaigns = vec![off, on];
    spec.events = vec![amitwin_testkit::worlds::event("hang", 11_500, None, Act::Hang(Hang {}), vec![1])];
    let ran = run(&spec);
    let mut planned: Vec<f64> = rows(&ran, "retries").iter().map(|row| row.planned_s).collect();
    planned.sort_by(f64::total_cmp);
    assert_eq!(planned, [100.0, 100.0, 100.0, 10_900.0, 10_900.0, 10_900.0]);
    let outcomes: Vec<Outcome> = rows(&ran, "off").iter().map(|row| row.outcome).collect();
    assert_eq!((outcomes, ran.mesh().relays()), (vec![Outcome::Failed, Outcome::Ok, Outcome::Ok], (2, 2)));
}

#[test]
fn a_flood_goes_over_several_hops() {
    // 100 m apart, each hears its neighbours and nobody else.
    let places = [(Gateway, 0.0, 0.0)].into_iter().chain((1..=4).map(|n| (Meter, 100.0 * n as f32, 0.0)));
    for payload in both() {
        let mut spec = world(sites(places.clone()), PhyMode::M1b, 4_000);
        spec.dlms.payload = payload;
        spec.campaigns = vec![
            relay("off", pace(600, 60), RelayAction::Disconnect),
            write("price", pace(1_500, 60), Setting::Price, 77),
        ];
        let ran = run(&spec);
        let hops = rows(&ran, "off").iter().filter_map(|row| row.hops).max();
        assert_eq!(hops, Some(4), "{payload:?}");
        // Three floods over a line, where each hop is the only one: not more than one in four is missed.
        assert_eq!(ran.mesh().relays(), (4, 4), "{payload:?}");
        assert!(told_again(&ran) <= 2, "{}", told_again(&ran));
        assert!((1..=4).all(|n| ran.mesh().meters.prices(Node(n)).active == 77));
    }
}
