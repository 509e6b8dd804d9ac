//! The trees that come out: which signals parents have, how many hops and children, and what a full table does.

use amitwin_data::rows::{EventKind, FrameKind, LinkRow};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, run, sites, suburb, world};
use std::collections::BTreeMap;

/// What a tree looks like: links, mean hops, median level of the links to parents, most children.
struct Shape {
    links: usize,
    hops: f64,
    median_dbm: f32,
    children: usize,
}

fn shape(ran: &Ran, at: impl Fn(&LinkRow) -> bool) -> Shape {
    let links: Vec<&LinkRow> = ran.rows.links.iter().filter(|link| at(link)).collect();
    let mut levels: Vec<f32> = links.iter().map(|link| link.rssi_dbm).collect();
    levels.sort_by(f32::total_cmp);
    let mut children: BTreeMap<u32, usize> = BTreeMap::new();
    links.iter().for_each(|link| *children.entry(link.parent).or_default() += 1);
    Shape {
        links: links.len(),
        hops: links.iter().map(|link| f64::from(link.hops)).sum::<f64>() / links.len() as f64,
        median_dbm: levels[levels.len() / 2],
        children: children.values().copied().max().unwrap_or(0),
    }
}

/// 400 meters behind one border router at 150 kb/s.
fn town(stack: RouterStack, duration_s: u64) -> WorldSpec {
    let mut spec = suburb(400, duration_s);
    (spec.radio.phy, spec.radio.neighbours_max) = (PhyMode::M3, 512);
    (spec.mac.hopping, spec.mesh.stack, spec.mesh.profile) = (true, stack, Some(SizeProfile::Small));
    spec
}

#[test]
fn the_first_tree_is_like_the_one_that_stands_after_all_have_joined() {
    for stack in [RouterStack::Wsrd, RouterStack::Nanostack] {
        let mut spec = town(stack, 14_400);
        let meters = (1..=400).collect();
        spec.events = vec![event("off", 600, Some(60), Act::PowerOff(PowerOff {}), meters)];
        let ran = run(&spec);
        let (first, last) = (shape(&ran, |link| link.time_s == 0.0), shape(&ran, |link| link.time_s > 0.0));
        assert!(
            first.links >= 390 && last.links >= first.links - 4,
            "{stack:?}: {} and {} links",
            first.links,
            last.links
        );
        let hops = last.hops - first.hops;
        assert!((-0.3..1.2).contains(&hops), "{stack:?}: {} and {} hops", first.hops, last.hops);
        let db = last.median_dbm - first.median_dbm;
        // Under wsrd who comes back asks the strongest neighbours, as soon as they have a route themselves.
        assert!(db.abs() < 5.0, "{stack:?}: medians of {} and {} dBm", first.median_dbm, last.median_dbm);
        // After a storm few nodes hear the border router itself, and a path that is a hop shorter is not worth a change.
        let share = last.children as f64 / first.children as f64;
        assert!((0.1..1.8).contains(&share), "{stack:?}: {} and {} children", first.children, last.children);
    }
}

/// The same town from the start of a run that begins joined, and of one in which nobody has keys yet, after eight hours.
#[test]
fn the_first_tree_is_like_that_of_new_nodes() {
    for (stack, seed) in [(RouterStack::Wsrd, 1), (RouterStack::Wsrd, 2), (RouterStack::Nanostack, 1)] {
        let mut spec = town(stack, 28_800);
        spec.seed = seed;
        let joined = shape(&run(&spec), |link| link.time_s == 0.0);
        spec.mesh.start = Start::Cold;
        let new = shape(&run(&spec), |link| link.time_s > 0.0);
        let of = format!("{stack:?}, seed {seed}");
        assert!(joined.links >= 390 && new.links >= joined.links - 4, "{of}: {} and {}", joined.links, new.links);
        assert!((new.hops - joined.hops).abs() < 0.3, "{of}: {} and {} hops", joined.hops, new.hops);
        let db = new.median_dbm - joined.median_dbm;
        assert!(db.abs() < 2.5, "{of}: medians of {} and {} dBm", joined.median_dbm, new.median_dbm);
        // The most are those of the border router; whom a node happens to hear decides.
        let share = new.children as f64 / joined.children as f64;
        assert!((0.6..1.8).contains(&share), "{of}: {} and {} children", joined.children, new.children);
    }
}

#[test]
fn no_parent_is_weaker_than_the_threshold() {
    let mut spec = suburb(300, 3_600);
    (spec.radio.phy, spec.mac.hopping) = (PhyMode::M3, true);
    let weakest = |spec: &WorldSpec| {
        let ran = run(spec);
        let levels = ran.rows.links.iter().map(|link| link.rssi_dbm);
        levels.fold(0.0, f32::min)
    };
    let as_the_radio = weakest(&spec);
    // Noise of -174 + 51.8 + 10 + 3 dBm; a tenth of 250 bytes is lost 12.6 dB above it, somewhat more as levels spread by 3 dB.
    assert!((-97.0..-90.0).contains(&as_the_radio), "{as_the_radio} dBm");
    spec.mesh.parent_threshold_dbm = Some(-85.0);
    let limited = weakest(&spec);
    // Levels are kept in half decibels.
    assert!((-85.5..-80.0).contains(&limited), "{limited} dBm");
}

/// 25 meters around a border router whose table has room for 22; all lose their supply for a minute.
#[test]
fn a_full_table_refuses_for_half_an_hour() {
    let places = [(Gateway, 0.0, 0.0)].into_iter().chain((0..25).map(|n| (Meter, 20.0, n as f32 * 0.5)));
    let mut spec = world(sites(places), PhyMode::M3, 3_000);
    (spec.mesh.stack, spec.mesh.profile, spec.mesh.neighbour_table) =
        (RouterStack::Nanostack, Some(SizeProfile::Small), Some(32));
    spec.device.boot = (SimTime::from_secs(1), SimTime::from_secs(1));
    spec.record.frames_every = 1;
    spec.events = vec![event("off", 60, Some(60), Act::PowerOff(PowerOff {}), (1..=25).collect())];
    let ran = run(&spec);
    let below_router = |from_s: f64, to_s: f64| {
        let links = ran.rows.links.iter().filter(|link| (from_s..=to_s).contains(&link.time_s));
        links.filter(|link| link.parent == 0).count()
    };
    let first = below_router(0.0, 0.0);
    assert_eq!(ran.rows.links.len(), 50);
    assert!((15..=22).contains(&first), "some have heard others first: {first}");
    assert!(below_router(1.0, 3_000.0) <= 22, "and at the end");
    // The border router knows its children of before; whoever asks it as well when it has 22 is refused.
    let refused: BTreeMap<u32, f64> =
        ran.rows.frames.iter().filter(|f| f.kind == FrameKind::Na).map(|f| (f.dst.expect("one"), f.time_s)).collect();
    assert_eq!(refused.len(), 3, "{refused:?}");
    for (&node, &at_s) in &refused {
        let asks = ran.rows.frames.iter().filter(|f| f.src == node && f.dst == Some(0) && f.kind == FrameKind::Ns);
        let again = asks.filter(|f| f.time_s > at_s).map(|f| f.time_s - at_s).fold(f64::INFINITY, f64::min);
        assert!(again > 1_800.0, "{node} asks again after {again} s");
    }
    let back = ran.rows.events.iter().filter(|e| e.kind == EventKind::JoinState && e.value == 5).count();
    assert!(back >= 25, "all find a place: {back}");
}
