//! Events over a run: what they do to whom they are for, when, and what a census says of it.

use amitwin_data::rows::{CensusRow, EventKind, NodeKind, Outcome, TransactionKind};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, run, sites, world};

fn seconds(n: u64) -> SimTime {
    SimTime::from_secs(n)
}

/// A border router (site 0) and two meters, over a medium that takes 0.1 s and loses nothing; every meter is asked for
/// its clock, meter 1 at 100 s and meter 2 at 150 s.
fn three(medium: MediumKind) -> WorldSpec {
    let mut spec = world(sites([(Gateway, 0.0, 0.0), (Meter, 40.0, 0.0), (Meter, 0.0, 40.0)]), PhyMode::M3, 300);
    spec.medium = medium;
    spec.device.boot = (seconds(2), seconds(5));
    spec.dlms.answer_delay = (SimTime::ZERO, SimTime::ZERO);
    let ping = PaceSpec {
        at: seconds(100),
        window: Some(seconds(100)),
        timeout: seconds(20),
        attempts: Some(1),
        ..PaceSpec::default()
    };
    spec.campaigns =
        vec![CampaignSpec { name: "clocks".into(), priority: PRIORITY_USUAL, role: None, job: JobSpec::Ping(ping) }];
    spec
}

/// When something happened to a node, and its value.
fn times(ran: &Ran, node: u32, kind: EventKind) -> Vec<(f64, i32)> {
    let rows = ran.rows.events.iter().filter(|row| row.node == node && row.kind == kind);
    rows.map(|row| (row.time_s, row.value)).collect()
}

/// Outcome of the pings, by meter, and how long they took.
fn pings(ran: &Ran) -> Vec<(u32, Outcome, Option<f64>)> {
    let mut rows: Vec<_> = ran.of(TransactionKind::Ping).collect();
    rows.sort_by_key(|row| row.node);
    rows.iter().map(|row| (row.node, row.outcome, row.answered_s.map(|at| at - row.planned_s))).collect()
}

#[test]
fn a_census_says_who_had_a_supply_and_how_many_faults_each_carried() {
    let mut spec = three(MediumKind::Mesh);
    spec.record.census_every = seconds(100);
    let loss = Act::ExtraLoss(ExtraLoss { loss_db: 3.0, links: Vec::new() });
    spec.events = vec![
        event("dark", 60, Some(100), Act::PowerOff(PowerOff {}), vec![1]),
        event("rain", 90, Some(20), loss, vec![0, 1]),
        event("cut", 150, None, Act::BackhaulDown(BackhaulDown {}), vec![0]),
    ];
    let ran = run(&spec);
    let row = |time_s, node, kind, powered, faults| CensusRow { time_s, node, kind, powered, faults };
    let (router, meter) = (NodeKind::Gateway, NodeKind::Meter);
    let expected = [
        row(0.0, 0, router, true, 0),
        row(0.0, 1, meter, true, 0),
        row(0.0, 2, meter, true, 0),
        row(100.0, 0, router, true, 1),
        row(100.0, 1, meter, false, 2),
        row(100.0, 2, meter, true, 0),
        row(200.0, 0, router, true, 1),
        row(200.0, 1, meter, true, 0),
        row(200.0, 2, meter, true, 0),
    ];
    assert_eq!(ran.rows.census[..9], expected);
    assert!(ran.rows.census[9..].iter().all(|row| row.time_s == 300.0), "the run ends at 300 s");

    spec.record.census_every = SimTime::ZERO;
    let without = run(&spec);
    assert!(without.rows.census.is_empty());
    assert_eq!(without.rows.events, ran.rows.events, "a census changes nothing");
    assert_eq!(without.rows.transactions, ran.rows.transactions);
}

#[test]
fn a_meter_without_supply_does_not_answer_and_boots_when_it_is_back() {
    for medium in [MediumKind::Mesh, MediumKind::Ideal] {
        let mut spec = three(medium);
        spec.events = vec![event("dark", 90, Some(50), Act::PowerOff(PowerOff {}), vec![1])];
        let ran = run(&spec);
        assert_eq!(pings(&ran)[0], (1, Outcome::Failed, None), "asked at 100 s, in the dark");
        assert_eq!(pings(&ran)[1].1, Outcome::Ok);
        let down = times(&ran, 1, EventKind::PowerDown);
        let boot = times(&ran, 1, EventKind::Boot);
        assert_eq!(down.iter().map(|row| row.0).collect::<Vec<_>>(), [90.0]);
        assert!(boot.len() == 1 && (142.0..=145.0).contains(&boot[0].0), "2 to 5 s after 140 s: {boot:?}");
        assert_eq!(times(&ran, 2, EventKind::PowerDown), []);
    }
}

#[test]
fn a_backhaul_that_is_down_loses_what_is_sent_and_a_slow_one_delays_it_both_ways() {
    let plain = pings(&run(&three(MediumKind::Ideal)));
    // 50 ms of backhaul and 100 ms of the medium, there and back.
    assert!(plain.iter().all(|row| row.1 == Outcome::Ok && (row.2.expect("ok") - 0.3).abs() < 1e-6), "{plain:?}");

    let mut spec = three(MediumKind::Ideal);
    spec.events = vec![
        event("down", 90, Some(40), Act::BackhaulDown(BackhaulDown {}), vec![0]),
        event("slow", 140, Some(60), Act::BackhaulSlow(BackhaulSlow { delay: seconds(2) }), vec![0]),
    ];
    let ran = run(&spec);
    let rows = pings(&ran);
    assert_eq!(rows[0], (1, Outcome::Failed, None));
    assert!(rows[1].1 == Outcome::Ok && (rows[1].2.expect("ok") - 4.3).abs() < 1e-6, "{rows:?}");
    let expected = [(90.0, -1), (130.0, 0), (140.0, 2_000), (200.0, 0)];
    assert_eq!(times(&ran, 0, EventKind::Backhaul), expected);
}

#[test]
fn meters_behind_a_router_that_fails_do_not_answer_until_it_is_back() {
    for medium in [MediumKind::Mesh, MediumKind::Ideal] {
        let mut spec = three(medium);
        spec.events = vec![event("fails", 90, Some(40), Act::RouterFails(RouterFails {}), vec![0, 1, 2])];
        let ran = run(&spec);
        assert_eq!(
            pings(&ran).iter().map(|row| row.1).collect::<Vec<_>>(),
            [Outcome::Failed, Outcome::Ok],
            "{medium:?}"
        );
        assert_eq!(times(&ran, 1, EventKind::PowerDown), [], "it happens to border routers alone");
        assert_eq!(times(&ran, 0, EventKind::PowerUp).len(), 1);
    }
}
