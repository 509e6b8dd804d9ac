//! Nodes that choose among the PANs that they hear, and move to another when theirs is lost.

use amitwin_data::rows::{EventKind, FrameKind, Outcome, TransactionKind};
use amitwin_models::node::Node;
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{self, Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, captured, event, run, sites, world};
use rayon::prelude::*;

const STACKS: [RouterStack; 2] = [RouterStack::Wsrd, RouterStack::Nanostack];

/// Sites at 150 kb/s on one channel, whose nodes choose their PAN. A neighbour is heard at -75.8 dBm over 60 m, at -78.5 over 70 m, and
/// not at all over more than 135 m.
fn town(places: &[(SiteKind, f32, f32)], stack: RouterStack, seconds: u64) -> WorldSpec {
    let mut spec = world(sites(places.iter().copied()), PhyMode::M3, seconds);
    spec.coupling.meshes = Coupling::Window;
    (spec.mesh.stack, spec.mesh.pan) = (stack, PanRule::Chosen);
    spec
}

/// When events of a kind happened to a node.
fn times(ran: &Ran, node: u32, kind: EventKind, value: Option<i32>) -> Vec<f64> {
    let of = ran.rows.events.iter().filter(|e| e.node == node && e.kind == kind);
    of.filter(|e| value.is_none_or(|value| e.value == value)).map(|e| e.time_s).collect()
}

/// The border router that a node counts as its own at the end, by site.
fn router_of(ran: &Ran, site: u32) -> u32 {
    let facts = &ran.mesh().facts;
    let node: Node = facts.nodes().find(|&node| facts.sites[node].0 == site).expect("a radio");
    facts.sites[ran.mesh().gateway_of(node)].0
}

/// A meter between two border routers, nearer to the first, which fails for good at 1,000 s.
fn between_two(stack: RouterStack, seed: u64) -> WorldSpec {
    let mut spec = town(&[(Gateway, 0.0, 0.0), (Meter, 60.0, 0.0), (Gateway, 130.0, 0.0)], stack, 5_000);
    spec.seed = seed;
    spec.traffic =
        TrafficSpec { push_period: Some(SimTime::from_secs(60)), payload_bytes: Some(50), ..TrafficSpec::default() };
    spec.events = vec![event("off", 1_000, None, Act::PowerOff(PowerOff {}), vec![0])];
    spec.record.frames_every = 1;
    spec
}

/// From the moment at which the meter begins to look for a PAN until the other border router knows it: all, and those in which the
/// configuration was asked for and did not come by chance.
fn time_to_move(stack: RouterStack, looks: i32) -> (Vec<f64>, Vec<f64>) {
    let runs = (1..=200).into_par_iter().map(|seed| {
        let ran = run(&between_two(stack, seed));
        let moved = times(&ran, 1, EventKind::PanChange, Some(2));
        assert_eq!(moved.len(), 1, "{stack:?}, seed {seed}");
        let states = |state| times(&ran, 1, EventKind::JoinState, Some(state));
        // Until then it may have looked in vain.
        let keys_s = states(2).into_iter().filter(|&at| at < moved[0]).fold(0.0, f64::max);
        let began = states(looks).into_iter().filter(|&at| at < keys_s).fold(0.0, f64::max);
        let configured_s = states(4).into_iter().find(|&at| at > keys_s).expect("a configuration");
        let acquires_s = states(3).into_iter().find(|&at| at > keys_s).expect("keys");
        let asked = ran.rows.frames.iter().any(|f| {
            f.src == 1 && f.kind == FrameKind::PanConfigSolicit && (acquires_s..configured_s).contains(&f.time_s)
        });
        (moved[0] - began, asked)
    });
    let all: Vec<(f64, bool)> = runs.collect();
    (all.iter().map(|run| run.0).collect(), all.iter().filter(|run| run.1).map(|run| run.0).collect())
}

fn mean(times: &[f64]) -> f64 {
    times.iter().sum::<f64>() / times.len() as f64
}

fn within(times: &[f64], (low, high): (f64, f64)) {
    for &took in times {
        assert!((low..=high).contains(&took), "{took} s, expected {low} to {high} s");
    }
}

#[test]
fn a_wsrd_meter_moves_by_choice_keys_configuration_and_route() {
    let (all, asked) = time_to_move(RouterStack::Wsrd, 3);
    // Choice Imin after the interval of its solicit, U[15, 60] + 15: 52.5 (30 to 75). Key request U[0, 30]; fourteen frames take less than
    // 2 s. PCS at .5 to 1 of U[15, 60]: 28.1 (7.5 to 60); PC U[7.5, 15]; DIS 1 + U[0, 5] later; parent 5 s +- 10 %; address U[0, 60]; route
    // 3 s. Together 52.5 + 15 + 28.1 + 11.3 + 3.5 + 5 + 30 + 3 = 148.4. A configuration that comes by chance saves up to all of PCS and PC.
    within(&all, (30.0 + 1.0 + 4.5 + 3.0, 75.0 + 30.0 + 60.0 + 15.0 + 6.0 + 5.5 + 60.0 + 3.0 + 4.0));
    // Of one 26 s, of the mean of some 100 2.6 s.
    assert!(asked.len() > 60, "{} of 200", asked.len());
    assert!((mean(&asked) - 148.4).abs() < 9.0, "{} s", mean(&asked));
}

#[test]
fn a_nanostack_meter_moves_by_choice_keys_configuration_and_route() {
    let (all, asked) = time_to_move(RouterStack::Nanostack, 1);
    // As it restarts in its own PAN: 149.8 s (93.6 to 215.9), and keys between the choice and the configuration: request U[1, 3] and
    // eighteen frames in less than 3 s. A configuration that comes by chance saves U[7.5, 15] twice.
    within(&all, (93.6 - 30.0, 215.9 + 3.0 + 3.0 + 2.0));
    assert!(asked.len() > 60, "{} of 200", asked.len());
    assert!((mean(&asked) - 152.8).abs() < 5.0, "{} s", mean(&asked));
}

#[test]
fn reports_and_answers_of_a_meter_that_has_moved_pass_its_new_border_router() {
    for stack in STACKS {
        let mut spec = between_two(stack, 1);
        let seconds = SimTime::from_secs;
        let ping = |name: &str, at| {
            let (at, window, timeout) = (seconds(at), seconds(1), seconds(60));
            let job =
                JobSpec::Ping(PaceSpec { at, window: Some(window), timeout, attempts: Some(1), ..PaceSpec::default() });
            CampaignSpec { name: name.into(), priority: PRIORITY_USUAL, role: None, job }
        };
        let reset = |name: &str, at| {
            let window = Some(Window::Range(SimTime::ZERO, SimTime::ZERO));
            CampaignSpec::reset(name, ResetSpec { at: seconds(at), window, ..ResetSpec::default() })
        };
        spec.campaigns = vec![ping("before", 900), ping("after", 4_500), reset("early", 60), reset("late", 5_000)];
        let at = seconds(4_600);
        spec.polls = vec![PollSpec { at, ..PollSpec::once("registers".to_owned(), PollContent::Registers) }];
        spec.duration = seconds(7_000);
        let ran = run(&spec);
        let moved_s = times(&ran, 1, EventKind::PanChange, Some(2))[0];
        let of = |outcome, router| {
            let reports = ran.of(TransactionKind::Push).filter(move |row| row.outcome == outcome);
            reports.filter(move |row| row.gateway == router).map(|row| row.planned_s).collect::<Vec<_>>()
        };
        // One a minute, but for three or four while it restarts: by router 0 until it fails, by router 2 from the move on.
        let (before, after) = (of(Outcome::Ok, 0), of(Outcome::Ok, 2));
        assert!(before.iter().all(|&at| at < 1_000.0) && before.len() >= 12, "{stack:?}: {before:?}");
        assert!(after.iter().all(|&at| at > moved_s - 60.0), "{stack:?}: {after:?}");
        let after: Vec<f64> = after.into_iter().filter(|&at| at < 5_000.0).collect();
        let expected = (5_000.0 - moved_s) / 60.0;
        assert!((after.len() as f64 - expected).abs() < 2.5, "{stack:?}: {} of {expected}", after.len());
        let pings: Vec<_> = ran.of(TransactionKind::Ping).map(|row| (row.planned_s as u32, row.gateway)).collect();
        assert_eq!(pings, [(900, 0), (4_500, 2)], "{stack:?}: by the router that serves it at the time");
        assert!(ran.of(TransactionKind::Ping).all(|row| row.outcome == Outcome::Ok), "{stack:?}: asked over router 2");
        // Read once, reset and rolled out to after the move, and a reset before it, of which the row is written at the end.
        let routers = |kind| ran.of(kind).map(|row| row.gateway).collect::<Vec<_>>();
        assert_eq!(routers(TransactionKind::Reset), [0, 2], "{stack:?}");
        assert_eq!(routers(TransactionKind::Read), [2], "{stack:?}");
        // It has the keys of one PAN alone.
        let sent = |kind| ran.rows.frames.iter().filter(|f| f.src == 1 && f.kind == kind && f.time_s > 1_000.0).count();
        assert!(sent(FrameKind::Eapol) >= 7, "{stack:?}: its half of the exchange");
        assert!(sent(FrameKind::DhcpSolicit) >= 1, "{stack:?}: the address is of the other PAN's prefix");
    }
}

#[test]
fn frames_of_a_move_are_as_long_as_is_charged_for_them_and_name_their_pan() {
    for stack in STACKS {
        // A capture compares each frame with what was charged.
        let ran = captured(&between_two(stack, 1));
        assert_eq!(times(&ran, 1, EventKind::PanChange, Some(2)).len(), 1, "{stack:?}: a capture changes nothing");
    }
}

#[test]
fn a_meter_that_hears_no_other_pan_waits() {
    for stack in STACKS {
        let mut spec = between_two(stack, 1);
        // 140 m from the meter.
        spec.placement.sites[2].x_m = 200.0;
        let ran = run(&spec);
        assert_eq!(times(&ran, 1, EventKind::PanChange, None), Vec::<f64>::new(), "{stack:?}");
        assert_eq!(router_of(&ran, 1), 0, "{stack:?}");
    }
}

#[test]
fn the_stacks_weigh_a_full_pan_and_a_strong_signal_differently() {
    // Forty meters 40 m behind router 0 have joined when the last is switched on, 60 m from router 0 and 70 m from router 41. Both cost
    // nothing to reach. wsrd: 4 x 40 = 160 against 0, so router 41; nanostack: 40 / 64 = 0 against 0, so the stronger signal.
    for (stack, expected) in [(RouterStack::Wsrd, 41), (RouterStack::Nanostack, 0)] {
        let behind = (0..40).map(|n| (Meter, -40.0 + (n % 8) as f32, (n / 8) as f32));
        let places: Vec<_> = [(Gateway, 0.0, 0.0)]
            .into_iter()
            .chain(behind)
            .chain([(Gateway, 130.0, 0.0), (Meter, 60.0, 0.0)])
            .collect();
        let mut spec = town(&places, stack, 9_000);
        (spec.mesh.start, spec.mesh.border_stack) = (Start::Cold, Some(BorderStack::Wsbrd));
        spec.events = vec![event("off", 1, Some(6_000), Act::PowerOff(PowerOff {}), vec![42])];
        let ran = run(&spec);
        let routers: Vec<u32> = (1..=40).map(|site| router_of(&ran, site)).collect();
        assert_eq!(routers, [0; 40], "{stack:?}");
        let joined = |site| times(&ran, site, EventKind::Operational, None);
        let last = (1..=40).map(|site| joined(site)[0]).fold(0.0, f64::max);
        assert!(last < 6_000.0 && joined(42)[0] > 6_000.0, "{stack:?}: {last} s");
        assert_eq!(router_of(&ran, 42), expected, "{stack:?}");
        // Having joined is no move.
        assert!(ran.rows.events.iter().all(|e| e.kind != EventKind::PanChange), "{stack:?}");
    }
}

#[test]
fn a_run_that_starts_settled_has_chosen_by_the_same_rule() {
    // Of eight meters in the same place between two routers, 60 m from one and 70 m from the other, wsrd sends each to the PAN that has
    // fewer: four and four. For nanostack they weigh the same until 64 have joined, and the nearer is stronger.
    for (stack, of_first) in [(RouterStack::Wsrd, 4), (RouterStack::Nanostack, 8)] {
        let meters = (0..8).map(|n| (Meter, 60.0, n as f32 * 0.1));
        let places: Vec<_> = [(Gateway, 0.0, 0.0), (Gateway, 130.0, 0.0)].into_iter().chain(meters).collect();
        let ran = run(&town(&places, stack, 10));
        let counted = (2..10).filter(|&site| router_of(&ran, site) == 0).count();
        assert_eq!(counted, of_first, "{stack:?}");
    }
}

#[test]
fn a_border_router_that_is_full_lets_nobody_in() {
    // Six meters in the same place; each router takes three. All are near the first.
    for (stack, start) in STACKS.into_iter().flat_map(|stack| [Start::Joined, Start::Cold].map(|start| (stack, start)))
    {
        let meters = (0..6).map(|n| (Meter, 60.0, n as f32 * 0.1));
        let places: Vec<_> = [(Gateway, 0.0, 0.0), (Gateway, 130.0, 0.0)].into_iter().chain(meters).collect();
        let mut spec = town(&places, stack, 12_000);
        (spec.mesh.start, spec.mesh.border_router.routes_max) = (start, Some(3));
        let ran = run(&spec);
        let of_first = (2..8).filter(|&site| router_of(&ran, site) == 0).count();
        let facts = &ran.mesh().facts;
        let joined = facts.members().filter(|&node| ran.mesh().is_attached(node)).count();
        assert_eq!((of_first, joined), (3, 6), "{stack:?}, {start:?}");
    }
}

#[test]
fn a_command_for_all_goes_out_from_each_border_router_to_its_own() {
    // A street behind each router; what the one floods is sealed with keys that the meters of the other do not have.
    let street = |x: f32| (0..4).map(move |n| (if n == 0 { Gateway } else { Meter }, x, n as f32 * 70.0));
    for coupling in [Coupling::Exact, Coupling::Window] {
        let mut spec = world(sites([0.0, 90.0].into_iter().flat_map(street)), PhyMode::M3, 2_000);
        spec.coupling.meshes = coupling;
        let window = Some(Window::Range(SimTime::ZERO, SimTime::from_secs(60)));
        let delivery = Delivery::Broadcast;
        let reset = ResetSpec { at: SimTime::from_secs(600), window, delivery, ..ResetSpec::default() };
        spec.campaigns = vec![CampaignSpec::reset("reset", reset)];
        spec.record.frames_every = 1;
        let ran = run(&spec);
        for router in [0, 4] {
            // wsbrd of the small profile repeats in two intervals.
            let sent = ran.rows.frames.iter().filter(|f| f.src == router && f.kind == FrameKind::Flood).count();
            assert_eq!(sent, 2, "{coupling:?}, router {router}");
        }
        assert_eq!(ran.of(TransactionKind::Reset).filter(|row| row.outcome == Outcome::Ok).count(), 6, "{coupling:?}");
    }
}
