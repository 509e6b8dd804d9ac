//! Keys over weeks: the next group key, the frames by which nodes get it, and what becomes of those who miss it.

use amitwin_data::rows::{EventKind, FrameKind};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, captured, event, run, sites, world};

const DAY_S: u64 = 86_400;
const STACKS: [RouterStack; 2] = [RouterStack::Wsrd, RouterStack::Nanostack];

fn days(n: u64) -> SimTime {
    SimTime::from_secs(n * DAY_S)
}

/// A border router and four meters in a line, 70 m apart, of which each hears its neighbours only; keys are 23 days old, so that the next
/// group key is there after a day and the old one ends after seven.
fn line(stack: RouterStack, lasts: u64) -> WorldSpec {
    let places = (0..=4).map(|n| (if n == 0 { Gateway } else { Meter }, n as f32 * 70.0, 0.0));
    let mut spec = world(sites(places), PhyMode::M3, lasts * DAY_S);
    spec.mesh.stack = stack;
    spec.mesh.keys = Some(KeySpec { age: days(23), ..KeySpec::default() });
    spec.record.frames_every = 1;
    spec
}

/// Times at which a node sends EAPOL frames, s.
fn eapol(ran: &Ran, src: u32) -> Vec<f64> {
    ran.rows.frames.iter().filter(|f| f.src == src && f.kind == FrameKind::Eapol).map(|f| f.time_s).collect()
}

fn joins(ran: &Ran, node: u32) -> usize {
    ran.rows.events.iter().filter(|e| e.node == node && e.kind == EventKind::JoinState).count()
}

#[test]
fn a_new_group_key_takes_three_frames_of_each_node_over_each_hop_within_64_minutes() {
    for stack in STACKS {
        let ran = run(&line(stack, 9));
        // Request, key, confirmation: 3 x (1 + 2 + 3 + 4) = 30 frames over all hops; some are repeated.
        let frames = ran.mesh().books.counters.key_frames;
        assert!((30..=36).contains(&frames), "{stack:?}: {frames} frames");
        for meter in 1..=4 {
            // The last asks once and confirms; each other passes on as much for all behind it, in both directions.
            let sent = eapol(&ran, meter);
            let (first, last) = (sent[0], sent[sent.len() - 1]);
            // The version passes a hop in Imin of 15 s; nobody asks later than 64 min, and the answer comes at once.
            let (from_s, to_s) = (DAY_S as f64, DAY_S as f64 + 3_840.0 + 4.0 * 20.0);
            assert!(first >= from_s && last <= to_s, "{stack:?}, meter {meter}: {first} to {last} s");
            // Nothing happens when the new key is used and when the old one ends.
            assert_eq!(joins(&ran, meter), 0, "{stack:?}, meter {meter}");
        }
    }
}

#[test]
fn each_version_of_the_pan_sends_its_configuration_through_the_mesh() {
    for stack in STACKS {
        let mut spec = line(stack, 9);
        // Configurations each 8 to 16 min, and each 30 to 60 s after something new.
        spec.mesh.profile = Some(SizeProfile::Medium);
        let ran = run(&spec);
        let configs = |node: u32, from_s: f64, to_s: f64| {
            let sent = ran.rows.frames.iter().filter(|f| f.src == node && f.kind == FrameKind::PanConfig);
            sent.filter(|f| (from_s..to_s).contains(&f.time_s)).count()
        };
        // Installed after a day, used an hour before the end of the seventh, the old one gone then.
        let mut all = 0;
        for change_s in [1.0 * 86_400.0, 7.0 * 86_400.0 - 3_600.0, 7.0 * 86_400.0] {
            for node in 0..=4 {
                // The timer returns from 960 s to 60 s, hop by hop: one within 60 s of hearing it, and another within 120 s if the first was
                // missed. Without anything new there would be less than one in these few minutes.
                let soon = configs(node, change_s, change_s + 61.0 * f64::from(node + 1) + 120.0);
                assert!(soon >= 1, "{stack:?}, node {node}, {change_s} s");
                all += soon;
            }
        }
        // As many windows of the days between have far fewer.
        let windows = [1.5, 2.0, 3.0].into_iter().flat_map(|day: f64| (0..=4).map(move |node| (day * 86_400.0, node)));
        let quiet: usize =
            windows.map(|(at_s, node)| configs(node, at_s, at_s + 61.0 * f64::from(node + 1) + 120.0)).sum();
        assert!(all > 2 * quiet, "{stack:?}: {all} after changes, {quiet} without");
    }
}

#[test]
fn the_less_is_still_good_the_more_frames_it_takes() {
    // Four-way handshake: 5 frames over 1 + 2 + 3 + 4 hops; the whole exchange of wsrd: 16.
    let times =
        |ptk, pmk| KeySpec { age: days(23), ptk_lifetime: days(ptk), pmk_lifetime: days(pmk), ..KeySpec::default() };
    for (keys, expected) in [(times(60, 120), 30), (times(12, 120), 50), (times(12, 12), 160)] {
        let mut spec = line(RouterStack::Wsrd, 3);
        // 23 d mod 12 d are 11 d: those end after a day, at the moment at which the next group key is there.
        spec.mesh.keys = Some(keys);
        let frames = run(&spec).mesh().books.counters.key_frames;
        assert!((expected..=expected + expected / 8 + 4).contains(&frames), "{frames}, expected {expected}");
    }
}

#[test]
fn frames_with_keys_are_as_long_as_is_charged_for_them() {
    // The group handshake, the four-way handshake and the whole exchange; a capture compares each frame with what was charged.
    for ptk_and_pmk in [[60, 120], [12, 120], [12, 12]].map(|of| of.map(days)) {
        for stack in STACKS {
            let mut spec = line(stack, 2);
            let [ptk_lifetime, pmk_lifetime] = ptk_and_pmk;
            spec.mesh.keys = Some(KeySpec { age: days(23), ptk_lifetime, pmk_lifetime, ..KeySpec::default() });
            let frames = captured(&spec).mesh().books.counters.key_frames;
            assert_eq!(frames, run(&spec).mesh().books.counters.key_frames, "{stack:?}: a capture changes nothing");
        }
    }
}

#[test]
fn who_is_away_while_keys_change_looks_for_its_pan_and_asks_for_new_ones() {
    for stack in STACKS {
        let mut spec = line(stack, 9);
        // Meter 4 is without a supply from half a day on to the eighth day; the key that it has has ended on the seventh.
        spec.events = vec![event("off", DAY_S / 2, Some(8 * DAY_S - DAY_S / 2), Act::PowerOff(PowerOff {}), vec![4])];
        let ran = run(&spec);
        let after = |kind, value: i32| {
            let of = ran.rows.events.iter().filter(|e| e.node == 4 && e.time_s > 8.0 * 86_400.0);
            of.filter(|e| e.kind == kind && e.value == value).count()
        };
        assert!(after(EventKind::JoinState, 2) >= 1, "{stack:?}: it asks for keys");
        assert!(after(EventKind::JoinState, 5) == 1, "{stack:?}: and part of the mesh");
        // It still shares keys with the border router: two of the three frames of a group handshake are its own, and may be repeated.
        let sent = eapol(&ran, 4).len();
        assert!((2..=5).contains(&sent), "{stack:?}: {sent}");
        // One that was away for an hour only has the key that all have.
        spec.events = vec![event("off", DAY_S / 2, Some(3_600), Act::PowerOff(PowerOff {}), vec![4])];
        let ran = run(&spec);
        let states = ran.rows.events.iter().filter(|e| e.node == 4 && e.kind == EventKind::JoinState && e.value == 2);
        assert_eq!(states.count(), 0, "{stack:?}");
    }
}

#[test]
fn who_lacks_the_key_in_use_hears_no_configuration_until_its_own_has_ended() {
    // The next key is there after a day, used an hour before the end of the seventh, when the old one ends. Meter 4 is without a supply from half a
    // day on until so long before that end.
    let back = |stack, before_s: u64| {
        let mut spec = line(stack, 8);
        let off_s = 7 * DAY_S - before_s - DAY_S / 2;
        spec.events = vec![event("off", DAY_S / 2, Some(off_s), Act::PowerOff(PowerOff {}), vec![4])];
        let ran = run(&spec);
        let of = ran.rows.events.iter().filter(|e| e.node == 4 && e.kind == EventKind::JoinState);
        of.map(|e| (e.value, e.time_s - 7.0 * 86_400.0)).collect::<Vec<(i32, f64)>>()
    };
    // Ten minutes before the next key is used it is in time: it joins with its old key. wsrd gets the next as a member; nanostack, which hears nothing
    // from then until it has asked, times out half an hour after its last acknowledged route if that comes first.
    for stack in STACKS {
        let mut states = back(stack, 4_200);
        if stack == RouterStack::Nanostack {
            assert!(states.iter().all(|s| s.0 != 1 || s.1 < -4_080.0 || s.1 > -4_200.0 + 1_800.0), "{states:?}");
            states.retain(|s| s.1 < -3_600.0);
        }
        assert!(
            states.iter().all(|s| s.0 != 2) && states.iter().any(|s| s.0 == 5 && s.1 < -3_600.0),
            "{stack:?}: {states:?}"
        );
    }
    // Ten minutes after that it is not. wsrd asks for a configuration (3) until its key has ended, looks for its PAN (1) and asks for keys (2): within the
    // rest of an interval of its solicit and the next half, 90 s, then 60 + 15 s to the choice and 30 s to the request.
    let states = back(RouterStack::Wsrd, 3_000);
    let order: Vec<i32> = states.iter().map(|s| s.0).collect();
    assert_eq!(order[..5], [3, 1, 2, 3, 4], "{states:?}");
    assert!((0.0..195.0).contains(&states[2].1), "{states:?}");
    // Nanostack gives up after five solicits, and its keys are good for one start: it asks for new ones before the old one has ended.
    let states = back(RouterStack::Nanostack, 3_000);
    let order: Vec<i32> = states.iter().map(|s| s.0).collect();
    assert_eq!(order[..5], [1, 3, 1, 2, 3], "{states:?}");
    assert!(states[3].1 < 0.0, "{states:?}");
}
