//! A ping: every meter once, spread over the window, with an answer over the mesh or none.

use amitwin_data::rows::{Outcome, TransactionKind};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{event, run, sites, world};

fn seconds(n: u64) -> SimTime {
    SimTime::from_secs(n)
}

/// Four meters around a border router, and one at 50 km that nobody hears.
fn star(payload: Payload, duration: u64) -> WorldSpec {
    let near = |n: u32| (Meter, 40.0 + 5.0 * n as f32, 10.0 * n as f32);
    let far = [(Meter, 50_000.0, 0.0)];
    let places = [(Gateway, 0.0, 0.0)].into_iter().chain((1..5).map(near)).chain(far);
    let mut spec = world(sites(places), PhyMode::M3, duration);
    spec.dlms.payload = payload;
    let ping = PaceSpec {
        at: seconds(600),
        window: Some(seconds(50)),
        timeout: seconds(20),
        attempts: Some(1),
        ..PaceSpec::default()
    };
    spec.campaigns =
        vec![CampaignSpec { name: "clocks".into(), priority: PRIORITY_USUAL, role: None, job: JobSpec::Ping(ping) }];
    spec
}

#[test]
fn who_has_a_route_answers_once_and_in_turn() {
    for payload in [Payload::Real, Payload::Sized] {
        let ran = run(&star(payload, 900));
        let mut rows: Vec<_> = ran.of(TransactionKind::Ping).collect();
        rows.sort_by_key(|row| row.node);
        assert_eq!(rows.iter().map(|row| row.node).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        // 50 s for five meters: one every 10 s.
        let planned: Vec<f64> = rows.iter().map(|row| row.planned_s).collect();
        assert_eq!(planned, [600.0, 610.0, 620.0, 630.0, 640.0]);
        for row in &rows[..4] {
            assert_eq!(
                (row.outcome, row.attempts, row.hops, row.hops_made),
                (Outcome::Ok, 1, Some(1), Some(1)),
                "{row:?}"
            );
            // Twice 50 ms of backhaul, and less than a second of one hop there and back.
            let (sent, answered) = (row.sent_s.expect("sent"), row.answered_s.expect("answered"));
            assert_eq!(sent, row.planned_s);
            assert!((0.1..1.1).contains(&(answered - sent)), "{row:?}");
        }
        assert_eq!((rows[4].outcome, rows[4].sent_s, rows[4].attempts), (Outcome::Unreachable, None, 0));
    }
}

#[test]
fn who_has_no_supply_does_not_answer_and_whose_turn_does_not_come_is_pending() {
    let mut spec = star(Payload::Sized, 625);
    spec.events = vec![event("dark", 605, None, Act::PowerOff(PowerOff {}), vec![2])];
    let CampaignSpec { job: JobSpec::Ping(ping), .. } = &mut spec.campaigns[0] else { panic!() };
    ping.timeout = seconds(10);
    let ran = run(&spec);
    let mut rows: Vec<_> = ran.of(TransactionKind::Ping).map(|row| (row.node, row.outcome, row.attempts)).collect();
    rows.sort_by_key(|row| row.0);
    let expected = [
        (1, Outcome::Ok, 1),
        (2, Outcome::Failed, 1),
        (3, Outcome::Ok, 1),
        (4, Outcome::Pending, 0),
        (5, Outcome::Unreachable, 0),
    ];
    assert_eq!(rows, expected);
}
