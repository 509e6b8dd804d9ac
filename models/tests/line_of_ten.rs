//! Ten meters 100 m apart in a line behind a border router. Each hears its neighbours and nobody else, so the route,
//! the hops and the number of forwarded frames are known.

use amitwin_data::rows::{EventKind, FrameKind, FrameOutcome, Outcome, TransactionKind};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, run, sites, world};

const METERS: u32 = 10;
const REPORTS: u32 = 6;

/// Node 0 is the border router, node n a meter n hops away.
fn line() -> WorldSpec {
    line_of(METERS)
}

fn line_of(meters: u32) -> WorldSpec {
    let places = (0..=meters).map(|n| (if n == 0 { Gateway } else { Meter }, n as f32 * 100.0, 0.0));
    let mut spec = world(sites(places), PhyMode::M1b, u64::from(REPORTS) * 600);
    spec.mac.hopping = true;
    spec.traffic =
        TrafficSpec { push_period: Some(SimTime::from_secs(600)), payload_bytes: Some(100), ..TrafficSpec::default() };
    spec.record.frames_every = 1;
    spec
}

fn ran() -> Ran {
    run(&line())
}

#[test]
fn the_tree_is_the_line() {
    let ran = ran();
    for node in &ran.rows.nodes {
        let n = node.node;
        assert_eq!(node.parent, n.checked_sub(1), "parent of {n}");
        assert_eq!(node.hops, Some(n as u8), "hops of {n}");
        assert_eq!(node.neighbours, if n == 0 || n == METERS { 1 } else { 2 }, "neighbours of {n}");
        // 31.7 + 40 log10(100) = 111.7 dB, kept in half decibels.
        assert_eq!(node.path_loss_db, (n > 0).then_some(111.5), "loss of {n} to its parent");
        assert!(node.reachable);
    }
    // Links are the same at the start and at the end; the rank is 128 a hop, plus at the end what repetitions have added to ETX: less than a
    // quarter of a transmission a hop.
    assert_eq!(ran.rows.links.len(), 2 * METERS as usize);
    for link in &ran.rows.links {
        assert_eq!((link.parent, u32::from(link.hops)), (link.node - 1, link.node), "at {} s", link.time_s);
        let (least, more) = (128 * (link.node + 1), if link.time_s > 0.0 { 32 * link.node } else { 0 });
        let rank = u32::from(link.rank);
        assert!((least..=least + more).contains(&rank), "rank {rank} of {} at {} s", link.node, link.time_s);
    }
}

#[test]
fn every_report_arrives_over_as_many_hops_as_its_meter_is_away() {
    let ran = ran();
    let reports = &ran.rows.transactions;
    assert_eq!(reports.len() as u32, METERS * REPORTS);
    for report in reports {
        assert_eq!((report.kind, report.outcome), (TransactionKind::Push, Outcome::Ok), "{report:?}");
        let expected = u8::try_from(report.node).ok();
        assert_eq!((report.hops, report.hops_made), (expected, expected), "{report:?}");
        // A hop takes at least an air time of 100 + 84 + 65 + 16 bytes: 42.4 ms; the backhaul 50 ms. A minute is far
        // more than backoffs, broadcast slots and sweeps in the way cost.
        let delay_s = report.answered_s.expect("it arrived") - report.planned_s;
        let least_s = f64::from(report.node) * 265.0 * 160e-6 + 0.05;
        assert!(delay_s > least_s && delay_s < 60.0, "{delay_s} s, at least {least_s} s: {report:?}");
    }
    assert_eq!(ran.mesh().books.counters.dropped, 0);
}

#[test]
fn a_link_carries_the_reports_of_all_meters_behind_it() {
    let ran = ran();
    let pushes = || ran.rows.frames.iter().filter(|f| f.kind == FrameKind::Push);
    for child in 1..=METERS {
        let over = |outcome| {
            pushes().filter(|f| (f.src, f.dst) == (child, Some(child - 1)) && f.outcome == outcome).count() as u32
        };
        // A frame that arrived and whose acknowledgement was lost is repeated and counts as a duplicate.
        assert!(over(FrameOutcome::Delivered) >= (METERS - child + 1) * REPORTS, "link of {child}");
    }
    let delivered = pushes().filter(|f| f.outcome == FrameOutcome::Delivered).count() as u64;
    let hops = u64::from(REPORTS * METERS * (METERS + 1) / 2);
    let duplicates = ran.mesh().books.counters.duplicates;
    assert_eq!(hops, 330);
    assert!((hops..=hops + duplicates).contains(&delivered), "{delivered} delivered, {duplicates} duplicates");
    assert!(pushes().all(|f| f.dst == Some(f.src - 1)), "reports go up the line and nowhere else");
}

/// Commands go down by source route, which holds as many stops as a meter may be hops away, and answers come up.
#[test]
fn a_source_route_reaches_24_hops_and_no_meter_is_further() {
    let mut spec = line_of(25);
    spec.traffic.push_period = None;
    let reset = ResetSpec {
        at: SimTime::from_secs(600),
        tier: ResetTier::Soft,
        window: Some(Window::Range(SimTime::ZERO, SimTime::from_secs(1200))),
        delivery: Delivery::Unicast,
        ..ResetSpec::default()
    };
    spec.campaigns.push(CampaignSpec::reset("reset", reset));
    assert_eq!(u32::from(spec.mesh.hops_max), 24);
    // 24 hops there and back: at -72 dBm a frame that finds its channel busy nine times is the end of one, and its reset stays open. In one of three at least none is.
    let runs = (1..=3).map(|seed| run(&WorldSpec { seed, ..spec.clone() }));
    let ran = runs.into_iter().find(|ran| ran.rows.transactions.iter().all(|reset| reset.outcome != Outcome::Pending));
    let ran = ran.expect("one in which nothing is lost");
    let hops: Vec<Option<u8>> = ran.rows.nodes.iter().map(|n| n.hops).collect();
    assert_eq!(hops, (0..=24).map(Some).chain([None]).collect::<Vec<_>>());
    let resets = &ran.rows.transactions;
    assert_eq!(resets.len(), 25);
    for reset in resets {
        let expected = if reset.node == 25 { Outcome::Unreachable } else { Outcome::Ok };
        assert_eq!(reset.outcome, expected, "{reset:?}");
        let expected = u8::try_from(reset.node).ok().filter(|node| *node != 25);
        assert_eq!((reset.hops, reset.hops_made), (expected, expected), "{reset:?}");
    }
}

#[test]
fn a_report_that_is_lost_says_how_far_its_meter_is_and_how_far_it_came() {
    let mut spec = line();
    // Soon after the start nothing passes between meters 3 and 4 any more.
    let act = Act::ExtraLoss(ExtraLoss { loss_db: 60.0, links: Vec::new() });
    spec.events = vec![EventSpec { edges: vec![(3, 4)], ..event("cut", 1, None, act, Vec::new()) }];
    let ran = run(&spec);
    let lost: Vec<_> = ran.rows.transactions.iter().filter(|row| row.outcome == Outcome::Failed).collect();
    assert!(lost.iter().any(|row| (row.hops, row.hops_made) == (Some(6), Some(2))), "the first one, of meter 6");
    // Once the first meter has given its parent up, there is a route here and there only.
    let dissolves_s = ran.rows.events.iter().find(|e| e.kind == EventKind::JoinState).expect("a meter leaves").time_s;
    let early: Vec<_> = lost.into_iter().filter(|row| row.planned_s < dissolves_s - 30.0).collect();
    assert!(early.len() >= 2, "{}", early.len());
    for row in early {
        let from = row.node as u8;
        match row.hops {
            // It went as far as meter 4, from where no frame arrives.
            Some(hops) => assert_eq!((hops, row.hops_made), (from, Some(from - 4)), "{row:?}"),
            None => assert_eq!(row.hops_made, Some(0), "no route any more: {row:?}"),
        }
        assert!(from >= 4, "{row:?}");
    }
}
