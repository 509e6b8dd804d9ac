//! What a router of wsrd holds, passes on and refuses.

use amitwin_data::rows::FrameKind;
use amitwin_models::books::Loss;
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter, Repeater};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, probe, run, sites, world};

fn off(at_s: u64, lasts_s: Option<u64>, nodes: Vec<u32>) -> EventSpec {
    event("off", at_s, lasts_s, Act::PowerOff(PowerOff {}), nodes)
}

/// Frames of a kind from a node to another, without repetitions, s.
fn sent(ran: &Ran, kind: FrameKind, from: u32, to: u32) -> Vec<f64> {
    let frames = ran.rows.frames.iter().filter(|f| f.kind == kind && f.attempt == 0);
    frames.filter(|f| (f.src, f.dst) == (from, Some(to))).map(|f| f.time_s).collect()
}

#[test]
fn the_radio_of_wsrd_holds_sixteen_frames_for_ten_seconds() {
    // Node 0 is out of earshot: each frame is repeated in its next dwell time, 255 ms later on average and more behind broadcast slots. Sixteen take
    // turns, the first of them more often than the last.
    let mut spec = world(sites([(Gateway, 0.0, 0.0), (Repeater, 9_000.0, 0.0)]), PhyMode::M1b, 60);
    spec.mac.hopping = true;
    let ran = probe(&spec, SimTime::from_millis(100), 33, |n| (n == 1).then_some(0));
    let (asked, lost) = (ran.mesh().probes().asked, ran.mesh().books.counters.lost);
    let of = |why: Loss| lost[why as usize];
    assert_eq!(asked, 600);
    // A place is free again after eight transmissions or 10 to 15 s, so that sixteen are four to six times in 60 s; and sixteen are left.
    let ended = of(Loss::TooOld) + of(Loss::Retries);
    assert!((64..=100).contains(&ended) && of(Loss::TooOld) > of(Loss::Retries), "{ended}, {lost:?}");
    assert_eq!(of(Loss::QueueFull), 600 - 16 - ended);
}

#[test]
fn what_a_router_of_wsrd_says_itself_waits_in_its_host() {
    // Its parent is off, and it has a report each second: fifteen frames are with the radio, ten more wait, and the next is dropped.
    let mut spec = world(sites([(Gateway, 0.0, 0.0), (Meter, 100.0, 0.0)]), PhyMode::M1b, 3_600);
    spec.mac.hopping = true;
    let push_period = Some(SimTime::from_millis(300));
    spec.traffic = TrafficSpec { push_period, payload_bytes: Some(50), ..TrafficSpec::default() };
    spec.events = vec![off(100, Some(60), vec![0])];
    let ran = run(&spec);
    let most = ran.rows.load.iter().filter(|row| row.node == 1).map(|row| row.queue_frames_max).max();
    // Sixteen with the radio if it registers or solicits meanwhile, which does not wait; its sweeps take places there that the frames of this column do not show.
    assert!(matches!(most, Some(22..=26)), "{most:?}");
    let lost: u32 = ran.rows.load.iter().map(|row| row.lost_queue_full).sum();
    assert!(lost > 20, "{lost}: 200 reports in a minute, of which a radio has room for 16 each 10 s");
}

#[test]
fn what_is_for_the_border_router_itself_goes_straight_to_it() {
    // Some 340 m away half of the frames pass: meter 2 reaches the border router over a link of ETX 2 to 4, whose path costs 128 + 256 and more, and meter 1 over one of
    // 1: 256 + 128. It chooses meter 1; its announcements go straight to the border router all the same, where the link is not counted as worse than 4.
    let mut straight = 0;
    for (distance_m, seed) in (0..10).map(|n| 337.0 + n as f32).flat_map(|m| (1..=6).map(move |seed| (m, seed))) {
        let places = [(Gateway, 0.0, 0.0), (Meter, 150.0, 0.0), (Meter, distance_m, 0.0)];
        let mut spec = world(sites(places), PhyMode::M1b, 7_200);
        (spec.seed, spec.mac.hopping, spec.record.frames_every) = (seed, true, 1);
        let push_period = Some(SimTime::from_secs(600));
        spec.traffic = TrafficSpec { push_period, payload_bytes: Some(50), ..TrafficSpec::default() };
        (spec.radio.hearing_floor_dbm, spec.mesh.parent_threshold_dbm) = (-120.0, Some(-120.0));
        let ran = run(&spec);
        let reports = sent(&ran, FrameKind::Push, 2, 1);
        let [by_relay, announced] = [1, 0].map(|to| sent(&ran, FrameKind::Dao, 2, to).len());
        // Meter 1 is the parent nearly all the time, and is not told of it in a DAO.
        straight += usize::from(reports.len() > 8 && announced > 0 && by_relay == 0);
    }
    assert!(straight >= 3, "in {straight} of 60");
}

/// The border router takes frames and says nothing. Meter 1 restarts with its lease; meter 2 is behind it, and meter 3 beside it.
fn silent(seed: u64) -> Ran {
    let places = [(Gateway, 0.0, 0.0), (Meter, 100.0, 0.0), (Meter, 200.0, 0.0), (Meter, 60.0, 60.0)];
    let mut spec = world(sites(places), PhyMode::M1b, 4_000);
    (spec.seed, spec.mac.hopping, spec.record.frames_every) = (seed, true, 1);
    (spec.mesh.lease, spec.mac.gateway_queue_frames_max) = (Lease::Kept, Some(0));
    spec.device.boot = (SimTime::from_secs(1), SimTime::from_secs(1));
    spec.events = vec![off(100, Some(60), vec![1])];
    run(&spec)
}

#[test]
fn a_router_of_wsrd_without_an_acknowledged_way_takes_no_children() {
    // Nobody acknowledges an announcement of meter 1 after its restart. Meter 2 registers each 1,900 s, and is refused: it announces nothing through it.
    let mut refused = 0;
    for seed in 1..=20 {
        let ran = silent(seed);
        let since = |kind, from, to| sent(&ran, kind, from, to).into_iter().filter(|&at_s| at_s > 160.0);
        let told = since(FrameKind::Dio, 1, 2).count();
        assert!(told <= since(FrameKind::Dis, 2, 1).count(), "by itself it says nothing to one alone");
        for at_s in since(FrameKind::Na, 1, 2) {
            let announces = since(FrameKind::Dao, 2, 1).any(|dao_s| (at_s..at_s + 60.0).contains(&dao_s));
            assert!(!announces, "refused at {at_s} s, seed {seed}");
            refused += 1;
        }
    }
    assert!(refused > 0);
}

#[test]
fn a_router_of_wsrd_that_has_no_way_drops_what_comes_and_says_nothing() {
    // Meter 2 reports through meter 1, whose border router is off for good.
    let mut spec = world(sites([(Gateway, 0.0, 0.0), (Meter, 100.0, 0.0), (Meter, 200.0, 0.0)]), PhyMode::M1b, 9_000);
    (spec.mac.hopping, spec.record.frames_every) = (true, 1);
    let push_period = Some(SimTime::from_secs(30));
    spec.traffic = TrafficSpec { push_period, payload_bytes: Some(50), ..TrafficSpec::default() };
    spec.events = vec![off(100, None, vec![0])];
    let ran = run(&spec);
    let (told, asked) = (sent(&ran, FrameKind::Dio, 1, 2).len(), sent(&ran, FrameKind::Dis, 2, 1).len());
    assert!(told <= asked, "{told} DIOs to meter 2 alone, which has asked {asked} times");
    let lost: u32 = ran.rows.load.iter().filter(|row| row.node == 1).map(|row| row.lost_no_route).sum();
    assert!(lost > 0, "meter 1 has lost its parent before meter 2 noticed");
}

#[test]
fn a_parent_that_is_left_for_want_of_an_answer_is_told() {
    // Meter 2 behind meter 1 restarts; the border router says nothing. Meter 1 acknowledges the registration, and is told within the 2 s in which meter 2 gives its PAN up.
    let line = [(Gateway, 0.0, 0.0), (Meter, 70.0, 0.0), (Meter, 140.0, 0.0)];
    let mut told = 0;
    for seed in 1..=6 {
        let mut spec = world(sites(line), PhyMode::M1b, 400);
        (spec.seed, spec.mesh.lease, spec.record.frames_every) = (seed, Lease::Kept, 1);
        (spec.mac.hopping, spec.mac.gateway_queue_frames_max) = (true, Some(0));
        spec.device.boot = (SimTime::from_secs(1), SimTime::from_secs(1));
        spec.events = vec![off(100, Some(60), vec![2])];
        let ran = run(&spec);
        let daos: Vec<_> = sent(&ran, FrameKind::Dao, 2, 1);
        let Some(&last_s) = daos.get(2).filter(|&&at_s| at_s < daos[0] + 12.0) else { continue };
        let leaves =
            sent(&ran, FrameKind::Ns, 2, 1).into_iter().any(|at_s| (last_s..last_s + 3.3 + 2.0).contains(&at_s));
        assert!(leaves, "seed {seed}: last announcement at {last_s} s");
        told += 1;
    }
    assert!(told > 0);
}
