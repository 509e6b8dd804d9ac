//! Meshes whose idle traffic is left out: they are silent while nothing happens, keep what they know, and notice what fails.

use amitwin_data::rows::{EventKind, FrameKind, TransactionKind};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, ping, run, sites, world};

const STACKS: [RouterStack; 2] = [RouterStack::Wsrd, RouterStack::Nanostack];
const HOUR_S: u64 = 3_600;

/// The border router, meter 1, and meter 2 that hears meter 1 alone, for six hours; small profile.
fn line(stack: RouterStack) -> WorldSpec {
    let places = [(Gateway, 0.0, 0.0), (Meter, 150.0, 0.0), (Meter, 300.0, 0.0)];
    let mut spec = world(sites(places), PhyMode::M3, 6 * HOUR_S);
    (spec.radio.hearing_floor_dbm, spec.mesh.parent_threshold_dbm) = (-95.0, Some(-110.0));
    (spec.mesh.stack, spec.mesh.profile, spec.mesh.idle_traffic) = (stack, Some(SizeProfile::Small), IdleTraffic::None);
    spec.record.frames_every = 1;
    spec
}

/// Times and kinds of what has been sent since then.
fn said(ran: &Ran, since_s: f64) -> Vec<(f64, FrameKind)> {
    ran.rows.frames.iter().filter(|f| f.time_s > since_s).map(|f| (f.time_s, f.kind)).collect()
}

/// Joining states of a meter, with times.
fn states(ran: &Ran, meter: u32) -> Vec<(f64, i32)> {
    let events = ran.rows.events.iter().filter(|e| e.node == meter && e.kind == EventKind::JoinState);
    events.map(|e| (e.time_s, e.value)).collect()
}

#[test]
fn a_mesh_at_rest_is_silent_and_known_to_its_border_router() {
    for stack in STACKS {
        let mut spec = line(stack);
        // Routes of wsbrd and of the small profile are good for two hours, registrations for 37 min, PANs for an hour and for half an hour.
        spec.campaigns = vec![ping("late".into(), 5 * HOUR_S, 60)];
        let ran = run(&spec);
        let first_s = ran.rows.frames.iter().map(|f| f.time_s).reduce(f64::min);
        assert!(first_s.is_some_and(|at_s| at_s >= 5.0 * HOUR_S as f64), "{stack:?}: {first_s:?}");
        let answers = ran.of(TransactionKind::Ping).filter(|t| t.answered_s.is_some()).count();
        assert_eq!((answers, states(&ran, 1), states(&ran, 2)), (2, vec![], vec![]), "{stack:?}");
    }
}

#[test]
fn who_restarts_joins_by_frames_and_comes_to_rest_again() {
    for stack in STACKS {
        let mut spec = line(stack);
        spec.events = vec![event("off", 1_000, Some(60), Act::PowerOff(PowerOff {}), vec![1])];
        spec.campaigns = vec![ping("late".into(), 6 * HOUR_S - 100, 60)];
        let ran = run(&spec);
        let last = states(&ran, 1).last().copied().expect("it joins");
        assert!(last.1 == 5 && last.0 < 2_000.0, "{stack:?}: {last:?}");
        assert!(said(&ran, 1_000.0).iter().any(|&(_, kind)| kind == FrameKind::Dao), "{stack:?}");
        // Trickle timers double from some seconds to at most half an hour. Nanostack's border router begins a new version after 5.1 h.
        let late: Vec<_> = said(&ran, 3.5 * HOUR_S as f64);
        let late: Vec<_> = late.into_iter().filter(|&(at_s, _)| at_s < 5.0 * HOUR_S as f64).collect();
        assert_eq!(late, [], "{stack:?}");
        assert_eq!(ran.of(TransactionKind::Ping).filter(|t| t.answered_s.is_some()).count(), 2, "{stack:?}");
    }
}

#[test]
fn a_parent_that_is_gone_is_noticed_when_a_renewal_is_due() {
    for stack in STACKS {
        for gone in [0, 1] {
            let mut spec = line(stack);
            spec.events = vec![event("off", 1_000, None, Act::PowerOff(PowerOff {}), vec![gone])];
            let ran = run(&spec);
            // Who is behind registers each 1,900 s under wsrd, each 1,100 s under nanostack, and gives up within three minutes.
            let (at_s, state) = states(&ran, gone + 1).first().copied().expect("it notices");
            assert!(state < 5 && at_s < 1_000.0 + 1_900.0 + 180.0, "{stack:?}: {state} at {at_s} s");
        }
    }
}

#[test]
fn whether_nodes_rest_makes_no_difference_to_the_first_tree() {
    // The tree at the start does not depend on what is said later.
    let links = |idle_traffic| {
        let mut spec = line(RouterStack::Wsrd);
        (spec.mesh.idle_traffic, spec.duration) = (idle_traffic, SimTime::from_secs(60));
        let ran = run(&spec);
        ran.rows.nodes.iter().map(|n| (n.parent, n.hops)).collect::<Vec<_>>()
    };
    assert_eq!(links(IdleTraffic::Full), links(IdleTraffic::None));
}
