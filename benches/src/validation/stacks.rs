//! Restarts and joins: the steps of each stack added up by hand, and a published network of a thousand nodes.

use super::{Effort, Figure, Group, Tolerance};
use amitwin_data::rows::{EventKind, FrameKind};
use amitwin_models::spec::BorderStack::{Nanostack as NanostackBorder, Wsbrd};
use amitwin_models::spec::RouterStack::{Nanostack, Wsrd};
use amitwin_models::spec::SizeProfile::{Large, Medium, Small};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_models::terrain::{GenerateSpec, Generator, generate};
use amitwin_sim_core::SimTime;
use amitwin_testkit::joins::{OFF_S, announcements, first, restarted, times_back, times_to_join, was_asked};
use amitwin_testkit::worlds::{Ran, event, run, sites, world};
use rayon::prelude::*;

const DAY_S: u64 = 86_400;

/// All of them. A quick run measures none: few seeds say little of a mean, and `models/tests/stacks.rs` holds the same at each change.
pub fn groups(effort: Effort) -> Vec<Group> {
    match effort {
        Effort::Whole => vec![by_hand(Some(400)), thousand()],
        Effort::Quick => vec![by_hand(None)],
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn by_hand(seeds: Option<u64>) -> Group {
    let within = |what: &str, expected_s, near_s, measured| Figure {
        measured,
        ..Figure::new(what, expected_s, "s", Tolerance::Within(near_s), 0.0)
    };
    let count = |what: &str, expected, measured: Option<usize>| Figure {
        measured: measured.map(|count| count as f64),
        ..Figure::new(what, expected, "", Tolerance::Within(0.0), 0.0)
    };
    let back = |stack, border, profile| seeds.map(|seeds| times_back(stack, border, profile, seeds));
    let mean_back = |stack, border, profile| back(stack, border, profile).map(|times| mean(&times));
    let small = back(Nanostack, NanostackBorder, Small);
    let of_small = |n: usize| small.as_ref().map(|times| times[times.len() * n / 20]);
    let together = seeds.map(|seeds| together(seeds / 12));
    let table = seeds.map(|_| full_table());
    let restarts = |stack, border| seeds.map(|_| rejoined(stack, border));
    let figures = vec![
        within("1: nanostack, small, back after", 150.0, 5.0, small.as_deref().map(mean)),
        within("1: of those 5 % sooner than", 128.0, 6.0, of_small(1)),
        within("1: of those 5 % later than", 175.0, 6.0, of_small(19)),
        within("2: nanostack, medium", 881.0, 75.0, mean_back(Nanostack, NanostackBorder, Medium)),
        within("2: nanostack, large", 1_563.0, 120.0, mean_back(Nanostack, NanostackBorder, Large)),
        within("3: 50 nodes of nanostack together, medium: first solicit", 54.0, 8.0, together.map(|of| of[0])),
        within("3: choice", 144.0, 8.0, together.map(|of| of[1])),
        within("3: 95 % of the choices", 181.0, 15.0, together.map(|of| of[2])),
        within("4: wsrd under wsbrd, small", 54.0, 5.0, mean_back(Wsrd, Wsbrd, Small)),
        within("4: wsrd under wsbrd, medium", 87.0, 7.0, mean_back(Wsrd, Wsbrd, Medium)),
        within("5: nanostack under wsbrd, routing to parent", 1_093.0, 40.0, seeds.map(|n| under_wsbrd(n / 2))),
        within("6: wsrd, new, small", 152.0, 10.0, seeds.map(|n| mean(&times_to_join(Wsrd, Small, 2 * n)))),
        within(
            "7: silent border router, wsrd gives its parent up after",
            12.0,
            1.2,
            seeds.map(|_| given_up_s(Wsrd, 20, 2.0)),
        ),
        within(
            "7: nanostack, with 15 to 22.5 s until it looks at others",
            298.8,
            30.0,
            seeds.map(|n| given_up_s(Nanostack, n, 10.0)),
        ),
        count("8: nanostack with a table of 32 and 25 children: accepted", 22.0, table.map(|of| of[0])),
        count("8: refused", 3.0, table.map(|of| of[1])),
        within(
            "12: group key of 30 days: asked for after 24 days and",
            0.0,
            3_840.0,
            seeds.map(|_| next_key_s() - DAY_S as f64),
        ),
        count(
            "12: border router of nanostack restarts: of four that rejoin",
            4.0,
            restarts(Nanostack, NanostackBorder),
        ),
        count("12: wsbrd restarts: of four that rejoin", 0.0, restarts(Wsrd, Wsbrd)),
    ];
    Group {
        title: "Restarts and joins added up by hand",
        source: "the sources of wisun-br-linux 2.10.2 and of nanostack 15.1: each step's wait is uniform between two limits; means added up",
        how: "one meter 20 m (60 m where it is new) from its border router at 150 kb/s on one channel, its timers at their longest intervals, means over seeds; where others are \
              named, those. Cases 9 (a sample of ETX, a switch of parents) and 11 (intervals of AUTO) are formulas, in tests of `etx`, `mrhof` and `stack::profile`; 10 (300 new nodes at a border router \
              of nanostack) is `a_border_router_of_nanostack_gives_keys_to_few_at_a_time` in `models/tests/stacks.rs`",
        why: "A node of wsrd that has heard a configuration before it asks for one is left out, so that those that ask do so earlier than on average: some 4 s of case 6. Frames and backoffs take a second or two.",
        figures,
    }
}

/// Fifty nodes of nanostack that restart together: first solicit, choice of the PAN, 95 % of the choices, s from the boot on.
fn together(seeds: u64) -> [f64; 3] {
    let of = |seed| {
        let mut spec = restarted(50, Nanostack, Medium, seed);
        (spec.duration, spec.record.frames_every) = (SimTime::from_secs(OFF_S + 800), 1);
        let ran = run(&spec);
        let boot_s = first(&ran, 1, EventKind::Boot, None, OFF_S as f64);
        let solicit = ran.rows.frames.iter().find(|f| f.kind == FrameKind::PanAdvertSolicit);
        let choice = |node| first(&ran, node, EventKind::JoinState, Some(3), boot_s) - boot_s;
        (solicit.map_or(f64::NAN, |f| f.time_s - boot_s), (1..=50).map(choice).collect::<Vec<f64>>())
    };
    let runs: Vec<(f64, Vec<f64>)> = (1..=seeds.max(8)).into_par_iter().map(of).collect();
    let firsts: Vec<f64> = runs.iter().map(|run| run.0).collect();
    let mut choices: Vec<f64> = runs.into_iter().flat_map(|run| run.1).collect();
    choices.sort_by(f64::total_cmp);
    [mean(&firsts), mean(&choices), choices[choices.len() * 19 / 20]]
}

/// From state 4 to a parent.
fn under_wsbrd(seeds: u64) -> f64 {
    let of = |seed| {
        let mut spec = restarted(1, Nanostack, Medium, seed);
        (spec.mesh.border_stack, spec.record.frames_every) = (Some(Wsbrd), 1);
        let ran = run(&spec);
        let routing_s = first(&ran, 1, EventKind::JoinState, Some(4), OFF_S as f64);
        was_asked(&ran, OFF_S as f64).then(|| first(&ran, 1, EventKind::ParentChange, None, routing_s) - routing_s)
    };
    mean(&(1..=seeds).into_par_iter().filter_map(of).collect::<Vec<f64>>())
}

/// From the first announcement until a node does something else, less the wait before that.
fn given_up_s(stack: RouterStack, seeds: u64, wait_s: f64) -> f64 {
    let of = |seed| announcements(stack, seed).map(|(daos, over_s)| over_s - wait_s - daos[0]);
    mean(&(1..=seeds).into_par_iter().filter_map(of).collect::<Vec<f64>>())
}

/// Children of the border router at the start, and those that it refuses when all restart.
fn full_table() -> [usize; 2] {
    let places = [(Gateway, 0.0, 0.0)].into_iter().chain((0..25).map(|n| (Meter, 20.0, n as f32 * 0.5)));
    let mut spec = world(sites(places), PhyMode::M3, 3_000);
    (spec.mesh.stack, spec.mesh.profile, spec.mesh.neighbour_table) = (Nanostack, Some(Small), Some(32));
    spec.record.frames_every = 1;
    spec.events = vec![event("off", 60, Some(60), Act::PowerOff(PowerOff {}), (1..=25).collect())];
    let rows = run(&spec).rows;
    let refusals = rows.frames.iter().filter(|f| f.kind == FrameKind::Na).filter_map(|f| f.dst);
    let refused: std::collections::BTreeSet<u32> = refusals.collect();
    // Some would go below others that they have heard first.
    spec.mesh.hops_max = 1;
    let accepted = run(&WorldSpec { duration: SimTime::from_secs(1), events: Vec::new(), ..spec }).rows.links;
    [accepted.iter().filter(|link| link.time_s == 0.0 && link.parent == 0).count(), refused.len()]
}

/// When a meter next to its border router asks for the next group key, which is there after a day.
fn next_key_s() -> f64 {
    let mut spec = world(sites([(Gateway, 0.0, 0.0), (Meter, 70.0, 0.0)]), PhyMode::M3, 2 * DAY_S);
    spec.mesh.keys = Some(KeySpec { age: SimTime::from_secs(23 * DAY_S), ..KeySpec::default() });
    spec.record.frames_every = 1;
    let rows = run(&spec).rows;
    rows.frames.iter().find(|f| f.src == 1 && f.kind == FrameKind::Eapol).map_or(f64::NAN, |f| f.time_s)
}

/// How many of four meters in a line leave the mesh and come back when their border router restarts.
fn rejoined(stack: RouterStack, border: BorderStack) -> usize {
    let places = (0..=4).map(|n| (if n == 0 { Gateway } else { Meter }, n as f32 * 70.0, 0.0));
    let mut spec = world(sites(places), PhyMode::M3, 3 * 3_600);
    (spec.mesh.stack, spec.mesh.border_stack) = (stack, Some(border));
    spec.events = vec![event("off", 3_000, Some(60), Act::PowerOff(PowerOff {}), vec![0])];
    let ran = run(&spec);
    let has = |node, kind| ran.rows.events.iter().any(|e| e.node == node && e.time_s > 3_000.0 && e.kind == kind);
    (1..=4).filter(|&node| has(node, EventKind::Operational) && has(node, EventKind::JoinState)).count()
}

/// When the first of a thousand nodes is part of the mesh, s after all have been switched on.
fn first_of_thousand(stack: RouterStack, start: Start) -> f64 {
    let place = GenerateSpec { meters: 1_000, ..GenerateSpec::default() };
    let off_s = 600;
    let mut spec = WorldSpec {
        duration: SimTime::from_secs(3_600),
        placement: generate(Generator::Suburb, &place, 3).expect("a suburb"),
        radio: RadioSpec { phy: PhyMode::M2a, ..RadioSpec::default() },
        ..WorldSpec::plain()
    };
    (spec.mesh.stack, spec.mesh.profile, spec.mesh.start) = (stack, Some(Medium), start);
    let since_s = match start {
        Start::Cold => 0.0,
        Start::Joined => {
            let meters = (0..).zip(&spec.placement.sites).filter(|(_, site)| site.kind == Meter).map(|(n, _)| n);
            spec.events = vec![event("off", off_s, Some(60), Act::PowerOff(PowerOff {}), meters.collect())];
            (off_s + 60) as f64
        }
    };
    let ran: Ran = run(&spec);
    let back = ran.rows.events.iter().find(|e| e.kind == EventKind::Operational && e.time_s > since_s);
    back.map_or(f64::NAN, |e| (e.time_s - since_s) / 60.0)
}

fn thousand() -> Group {
    let cases = [
        ("wsrd, new", Wsrd, Start::Cold, 4.0),
        ("wsrd, with kept keys", Wsrd, Start::Joined, 2.0),
        ("nanostack, new", Nanostack, Start::Cold, 4.0),
        ("nanostack, with kept keys", Nanostack, Start::Joined, 2.0),
    ];
    let figures = cases.into_par_iter().map(|(what, stack, start, expected)| {
        let what = format!("first of a thousand, {what}");
        Figure::new(what, expected, "min", Tolerance::Share(0.5), first_of_thousand(stack, start))
    });
    Group {
        title: "A thousand nodes join and come back",
        source: "Silicon Labs, a network of 1,000 nodes of its own stack at 100 kb/s, profile medium: the first device connects after 4 minutes, and \
                 reconnects after 2; the curves of all are pictures",
        how: "a suburb of 1,000 meters around one border router, new or off for a minute; from when they are switched on until the first has a route, boot included",
        why: "Silicon Labs' routers run neither stack. wsrd with kept keys looks for no PAN, so that the first next to the border router is back half a minute after it is switched on. Nanostack's wait for its PAN is up to 16 minutes in the medium profile, and the first of many that hear each other waits for \
              the first solicit and another one or two minutes.",
        figures: figures.collect(),
    }
}
