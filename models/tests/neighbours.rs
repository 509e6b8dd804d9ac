//! Neighbours of a node over hours: when a candidate is asked whether it is there, and what becomes of a parent that is not.

use amitwin_data::rows::{EventKind, FrameKind};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, run, sites, suburb, world};
use std::collections::BTreeSet;

/// Radios in a line, 70 m apart, at 150 kb/s on one channel, and nothing to report.
fn line(meters: u32, stack: RouterStack, seconds: u64) -> WorldSpec {
    let places = (0..=meters).map(|n| (if n == 0 { Gateway } else { Meter }, n as f32 * 70.0, 0.0));
    let mut spec = world(sites(places), PhyMode::M3, seconds);
    (spec.mesh.stack, spec.mesh.profile, spec.record.frames_every) = (stack, Some(SizeProfile::Small), 1);
    spec
}

/// When a node sent frames of a kind, but for those that the link layer repeated within so many seconds.
fn sent(ran: &Ran, node: u32, kind: FrameKind, repeated_s: f64) -> Vec<f64> {
    let mut times: Vec<f64> = Vec::new();
    let mut last_s = f64::NEG_INFINITY;
    for f in ran.rows.frames.iter().filter(|f| f.src == node && f.kind == kind) {
        if f.time_s > last_s + repeated_s {
            times.push(f.time_s);
        }
        last_s = f.time_s;
    }
    times
}

/// When meter 1 asked meter 2, both 70 m from the border router and 10 m from each other, in ten days.
fn asked(stack: RouterStack) -> Vec<f64> {
    let mut spec = line(2, stack, 10 * 86_400);
    (spec.placement.sites[2].x_m, spec.placement.sites[2].y_m) = (70.0, 10.0);
    sent(&run(&spec), 1, FrameKind::Nud, 0.0)
}

#[test]
fn wsrd_takes_a_sample_of_four_of_each_candidate_each_half_hour() {
    let at = asked(RouterStack::Wsrd);
    // An ETX is outdated 1,800 s after it was worked out. The first of four comes U[0, 60] s later, each other as long after the one before.
    let gaps: Vec<f64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let long: Vec<usize> = (0..gaps.len()).filter(|&n| gaps[n] > 1_000.0).collect();
    assert!(long.iter().all(|&n| (1_799.0..1_862.0).contains(&gaps[n])), "{:?}", &gaps[..20]);
    assert!(gaps.iter().all(|gap| !(62.0..=1_000.0).contains(gap)), "{:?}", &gaps[..20]);
    // A frame that has to be repeated is one more.
    let bursts: Vec<usize> = long.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let of_four = bursts.iter().filter(|&&frames| frames == 4).count();
    assert!(
        bursts.iter().all(|&frames| frames >= 4) && of_four * 10 > bursts.len() * 9,
        "{of_four} of {}",
        bursts.len()
    );
    // 1,800 + 4 x 30 s each: 450 in ten days.
    assert!((long.len() as f64 - 450.0).abs() < 10.0, "{}", long.len());
}

#[test]
fn nanostack_asks_a_candidate_that_has_acknowledged_nothing_for_1100_s() {
    let at = asked(RouterStack::Nanostack);
    // Three at the beginning, by which it becomes known.
    let gaps: Vec<f64> = at[2..].windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| (1_100.0..1_652.0).contains(gap)), "{:?}", &gaps[..20]);
    // 1,101 s and as many more as a chance of one in 110 fails: 109 (1 - (109/110)^549) = 108 in the mean. Up to a second more until the frame is
    // sent. Standard deviation 105 s, of the mean of 700 4 s.
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    assert!(gaps.len() > 650 && (mean - 1_209.5).abs() < 16.0, "{mean} s of {}", gaps.len());
}

/// Meter 2 hangs on meter 1, whose supply ends for good after an hour: registrations that it tried from then on, and when it gave its parent up.
fn parent_ends(stack: RouterStack, seed: u64) -> (Vec<f64>, f64) {
    let mut spec = WorldSpec { seed, ..line(2, stack, 3 * 3_600) };
    // Nobody hears further than one place.
    (spec.radio.hearing_floor_dbm, spec.mesh.parent_threshold_dbm) = (-95.0, Some(-95.0));
    (spec.placement.sites[1].x_m, spec.placement.sites[2].x_m) = (150.0, 300.0);
    spec.events = vec![event("off", 3_600, None, Act::PowerOff(PowerOff {}), vec![1])];
    let ran = run(&spec);
    let left = ran.rows.events.iter().find(|e| e.node == 2 && e.kind == EventKind::JoinState).expect("it leaves");
    let at = sent(&ran, 2, FrameKind::Ns, 3.0).into_iter().filter(|&at_s| at_s > 3_600.0).collect();
    (at, left.time_s)
}

#[test]
fn a_silent_parent_is_noticed_by_its_registration() {
    let mut noticed = [0, 0];
    for seed in 1..=20 {
        // wsrd: within 1,900 s the first of three, 30 to 90 s apart, and as long after the last it is over.
        let (at, left_s) = parent_ends(RouterStack::Wsrd, seed);
        if let [first_s, second_s, third_s] = at[..] {
            noticed[0] += 1;
            assert!(first_s < 5_501.0, "{at:?} with seed {seed}");
            for wait_s in [second_s - first_s, third_s - second_s, left_s - third_s] {
                assert!((30.0..90.5).contains(&wait_s), "{at:?}, {left_s} s with seed {seed}");
            }
        }
        // Nanostack: within 1,100 s; it waits 20 s after the link layer has given up, tries once more, and when that has failed it is over, which it
        // finds when it looks at its candidates 15 to 22.5 s later.
        let (at, left_s) = parent_ends(RouterStack::Nanostack, seed);
        if let (Some(first_s), Some(last_s)) = (at.first(), at.last()) {
            noticed[1] += 1;
            assert!(*first_s < 4_701.0 && last_s - first_s > 19.9, "{at:?} with seed {seed}");
            assert!(
                (last_s + 15.0..last_s + 42.5).contains(&left_s) && left_s < first_s + 82.5,
                "{at:?}, {left_s} s with seed {seed}"
            );
        }
    }
    // In others a route announcement that the border router has not answered comes first.
    assert!(noticed.iter().all(|&runs| runs >= 7), "{noticed:?}");
}

#[test]
fn nanostack_looks_at_its_candidates_again_when_the_link_to_its_parent_is_worse_by_a_half() {
    let mut waits_s: Vec<f64> = Vec::new();
    for seed in 1..=20 {
        let mut spec = WorldSpec { seed, ..line(2, RouterStack::Nanostack, 5_500) };
        (spec.radio.hearing_floor_dbm, spec.mesh.parent_threshold_dbm) = (-95.0, Some(-95.0));
        (spec.placement.sites[1].x_m, spec.placement.sites[2].x_m) = (150.0, 300.0);
        spec.events = vec![event("off", 3_000, None, Act::PowerOff(PowerOff {}), vec![1])];
        let ran = run(&spec);
        // It asks the parent, which has long said nothing, each time that it looks. The first such DIS is not acknowledged: a sample of one frame that failed takes the ETX
        // from about 1 to 1 + 7/8. The link layer tries for some seconds; 30 to 45 s later it looks again.
        let asked = sent(&ran, 2, FrameKind::Dis, 10.0);
        let asked: Vec<f64> = asked.into_iter().filter(|&at_s| at_s > 3_000.0).collect();
        let [first_s, second_s, ..] = asked[..] else { continue };
        let others = sent(&ran, 2, FrameKind::Ns, 3.0).into_iter().chain(sent(&ran, 2, FrameKind::Dao, 3.0));
        if others.filter(|&at_s| at_s > 3_000.0).all(|at_s| at_s > second_s) {
            // Where the last sample was taken less than a minute before, that is none, and the next look is that of the clock.
            let wait_s = second_s - first_s;
            assert!((30.0..601.0).contains(&wait_s), "{asked:?} with seed {seed}");
            waits_s.push(wait_s);
        }
    }
    let soon = waits_s.iter().filter(|wait_s| (30.0..60.0).contains(*wait_s)).count();
    assert!(soon >= 5 && soon * 3 > waits_s.len() * 2, "{waits_s:?}");
}

#[test]
fn nanostack_keeps_the_first_five_whose_rank_it_hears() {
    let mut found = 0;
    for seed in 1..=8 {
        // Seven meters around the border router, and an eighth that starts when they are part of the mesh, with all of them in earshot.
        let mut spec = WorldSpec { seed, ..line(8, RouterStack::Nanostack, 2_600) };
        for (n, site) in spec.placement.sites[1..].iter_mut().enumerate() {
            (site.x_m, site.y_m) = (40.0, n as f32);
        }
        spec.events = vec![event("late", 1, Some(2_000), Act::PowerOff(PowerOff {}), vec![8])];
        let ran = run(&spec);
        let state = |value| {
            let is_it =
                |e: &&amitwin_data::rows::EventRow| e.node == 8 && e.kind == EventKind::JoinState && e.value == value;
            ran.rows.events.iter().filter(is_it).find(|e| e.time_s > 2_000.0).map(|e| e.time_s)
        };
        let Some(hears_s) = state(4) else { continue };
        let frames = |kind| ran.rows.frames.iter().filter(move |f| f.kind == kind && f.time_s > hears_s);
        let chosen_s = frames(FrameKind::Ns).find(|f| f.src == 8).map_or(f64::INFINITY, |f| f.time_s);
        let mut heard: Vec<u32> = Vec::new();
        for f in frames(FrameKind::Dio).filter(|f| f.src != 8 && f.dst.is_none()) {
            if !heard.contains(&f.src) {
                heard.push(f.src);
            }
        }
        // All say their rank 16 to 33 s behind its DIS, it asks each that it keeps within 4 s, and chooses 32 s behind the first or later.
        let asked: BTreeSet<u32> =
            frames(FrameKind::Nud).filter(|f| f.src == 8 && f.time_s < chosen_s).filter_map(|f| f.dst).collect();
        assert!(asked.len() <= 5 && heard.len() > 5, "{asked:?} of {heard:?} with seed {seed}");
        found += usize::from(asked == heard[..5].iter().copied().collect());
    }
    // Now and then a DIO is lost, and the sixth is the fifth that it hears.
    assert!(found >= 6, "{found}");
}

/// Meter 2 hears 1 and 3 alone, whose supply ends after an hour, that of 3 for a while; where it restarts, 2 is off itself for a minute before that is over.
fn left_alone(seconds: u64, restarts: bool, seed: u64) -> Ran {
    let mut spec = WorldSpec { seed, ..line(3, RouterStack::Wsrd, 10_000) };
    (spec.radio.hearing_floor_dbm, spec.mesh.parent_threshold_dbm) = (-95.0, Some(-95.0));
    for (site, (x_m, y_m)) in spec.placement.sites[1..].iter_mut().zip([(150.0, 0.0), (300.0, 0.0), (150.0, 10.0)]) {
        (site.x_m, site.y_m) = (x_m, y_m);
    }
    let off = |at_s, seconds, node| event("off", at_s, seconds, Act::PowerOff(PowerOff {}), vec![node]);
    spec.events = vec![off(3_600, None, 1), off(3_600, Some(seconds), 3)];
    if restarts {
        spec.events.push(off(3_400 + seconds, Some(60), 2));
    }
    run(&spec)
}

#[test]
fn wsrd_waits_two_seconds_before_it_looks_for_its_pan_and_asks_whom_it_knew_unless_it_was_reset() {
    let (mut found, mut left) = (0, 0);
    for seed in 1..=24 {
        let ran = left_alone(1_600, false, seed);
        let states: Vec<(f64, i32)> = ran
            .rows
            .events
            .iter()
            .filter(|e| e.node == 2 && e.kind == EventKind::JoinState && e.time_s > 3_600.0)
            .map(|e| (e.time_s, e.value))
            .collect();
        // It gives up both within three registrations each, says so, and looks for its PAN 2 s later.
        let [(left_s, 4), (looks_s, 3), ..] = states[..] else { continue };
        if left_s > 5_150.0 {
            continue;
        }
        assert!((looks_s - left_s - 2.0).abs() < 1e-6, "{states:?}");
        let asks_1 = |ran: &Ran, from_s: f64| {
            let asked = ran.rows.frames.iter().filter(|f| f.src == 2 && f.kind == FrameKind::Dis && f.dst == Some(1));
            asked.filter(|f| f.time_s > from_s).count()
        };
        // When 3 is there again, at 5,200 s, it asks 1 for its rank as well, which it heard less than 2,200 s ago.
        (found, left) = (found + usize::from(asks_1(&ran, 5_200.0) > 0), left + 1);
        assert_eq!(asks_1(&left_alone(1_600, true, seed), 5_200.0), 0, "nobody told it of 1 since it started");
        // At 7,000 s it has forgotten it.
        assert_eq!(asks_1(&left_alone(3_400, false, seed), 6_000.0), 0, "it was 2,400 s ago that it heard 1");
    }
    assert!(left >= 5 && found == left, "{found} of {left}");
}

#[test]
fn reports_that_fail_are_no_reason_to_ask() {
    // A report each 200 s, of which the parent acknowledges none: no solicitation comes before its time, and each other one is a registration.
    let mut spec = line(2, RouterStack::Wsrd, 6_000);
    spec.radio.hearing_floor_dbm = -95.0;
    (spec.placement.sites[1].x_m, spec.placement.sites[2].x_m) = (150.0, 300.0);
    spec.traffic =
        TrafficSpec { push_period: Some(SimTime::from_secs(200)), payload_bytes: Some(50), ..TrafficSpec::default() };
    spec.events = vec![event("off", 3_600, None, Act::PowerOff(PowerOff {}), vec![1])];
    let ran = run(&spec);
    let lost = sent(&ran, 2, FrameKind::Push, 3.0).into_iter().filter(|&at_s| at_s > 3_600.0).count();
    let before = sent(&ran, 2, FrameKind::Ns, 3.0).into_iter().rfind(|&at_s| at_s < 3_600.0);
    let after = sent(&ran, 2, FrameKind::Ns, 3.0).into_iter().find(|&at_s| at_s > 3_600.0).expect("it renews");
    assert!(lost >= 2, "{lost}");
    let waited_s = after - before.expect("it has registered");
    assert!((1_899.0..1_902.0).contains(&waited_s), "{waited_s} s");
}

#[test]
fn wsrd_asks_the_five_strongest_and_all_if_it_knows_more() {
    // Six meters within 5 m of each other and 60 m from the border router restart within 7 s. Who is the first and has heard the others solicit knows six neighbours, of whom
    // the strongest have no route; the border router says its rank 16 to 33 s after somebody has asked all.
    let mut spec = line(6, RouterStack::Wsrd, 7_000);
    for (n, site) in spec.placement.sites[1..].iter_mut().enumerate() {
        (site.x_m, site.y_m) = (60.0, n as f32);
    }
    spec.device.boot = (SimTime::from_secs(1), SimTime::from_secs(8));
    spec.events = vec![event("off", 6_000, Some(60), Act::PowerOff(PowerOff {}), (1..=6).collect())];
    let (mut to_five, mut waited) = (0, 0);
    for seed in 1..=20 {
        spec.seed = seed;
        let ran = run(&spec);
        for meter in 1..=6 {
            let asks: Vec<_> = ran.rows.frames.iter().filter(|f| f.src == meter && f.kind == FrameKind::Dis).collect();
            let mut begins_s = Vec::new();
            for burst in asks.chunk_by(|a, b| b.time_s - a.time_s < 2.0) {
                begins_s.push(burst[0].time_s);
                let mut to: Vec<u32> = burst.iter().filter_map(|f| f.dst).collect();
                to.sort_unstable();
                to.dedup();
                let asks_all = burst.iter().any(|f| f.dst.is_none());
                assert!(to.len() <= 5 && (asks_all || (1..=5).contains(&to.len())), "{to:?}");
                if asks_all && to.len() == 5 {
                    to_five += 1;
                    assert!(!to.contains(&0), "the weakest of six: {to:?}");
                }
            }
            for (n, pair) in begins_s.windows(2).enumerate() {
                // 5 s, then twice as long each time, within 10 %.
                let expected_s = 5.0 * f64::from(1u32 << n);
                let wait_s = pair[1] - pair[0];
                waited += usize::from(n > 0);
                assert!((wait_s - expected_s).abs() < 0.1 * expected_s + 0.5, "{begins_s:?}");
            }
        }
    }
    assert!(to_five > 20 && waited > 10, "{to_five} bursts to five and all, {waited} waits of 10 s and more");
}

#[test]
fn wsrd_tells_a_parent_that_it_leaves_it_and_nanostack_does_not() {
    // Meter 3 reaches the border router over 1 and 2 equally well, and with this seed has heard 1 first. From 600 s on that is without supply, which it learns from its ETX alone (nanostack looks each ten minutes): two samples of
    // a minute, and the way over 2 is better by more than 1.5 transmissions.
    let goodbyes = |stack| {
        let places = [(Gateway, 0.0, 0.0), (Meter, 100.0, 30.0), (Meter, 100.0, -30.0), (Meter, 200.0, 0.0)];
        let mut spec = world(sites(places), PhyMode::M3, 3_600);
        (spec.mesh.stack, spec.mesh.parent_threshold_dbm, spec.record.frames_every) = (stack, Some(-110.0), 1);
        spec.traffic = TrafficSpec {
            push_period: Some(SimTime::from_secs(15)),
            payload_bytes: Some(100),
            ..TrafficSpec::default()
        };
        spec.events = vec![event("off", 600, None, Act::PowerOff(PowerOff {}), vec![1])];
        spec.seed = 2;
        let ran = run(&spec);
        let change =
            ran.rows.events.iter().find(|e| e.node == 3 && e.kind == EventKind::ParentChange).expect("a change");
        assert!(change.value == 2 && change.time_s < 1_300.0, "{change:?}");
        let known_s =
            sent(&ran, 0, FrameKind::DaoAck, 0.0).into_iter().find(|&at_s| at_s > change.time_s).expect("an answer");
        let frames = ran.rows.frames.iter().filter(|f| f.src == 3 && f.dst == Some(1) && f.kind == FrameKind::Ns);
        frames.map(|f| f.time_s - known_s).filter(|&after_s| after_s > -5.0).collect::<Vec<f64>>()
    };
    // Once, when the border router knows the new way, in the eight attempts of the link layer.
    let at = goodbyes(RouterStack::Wsrd);
    assert!(!at.is_empty() && at.len() <= 8 && at.iter().all(|after_s| (0.0..5.0).contains(after_s)), "{at:?}");
    // Nanostack has it for its second parent until it does not acknowledge a registration, each 1,100 s.
    assert!(goodbyes(RouterStack::Nanostack).iter().all(|after_s| !(0.0..5.0).contains(after_s)));
}

#[test]
fn in_a_mesh_that_has_run_for_long_wsrd_goes_on_asking_all_its_candidates() {
    let mut spec = suburb(60, 6 * 3_600);
    (spec.mesh.stack, spec.mesh.start, spec.record.frames_every) = (RouterStack::Wsrd, Start::Joined, 1);
    let ran = run(&spec);
    let last = ran.rows.frames.iter().filter(|f| f.kind == FrameKind::Nud && f.time_s > 6.0 * 3_600.0 - 2_100.0);
    let asked: BTreeSet<(u32, u32)> = last.filter_map(|f| Some((f.src, f.dst?))).collect();
    // A round takes 1,860 + 4 x 60 s at most. Of five candidates one or two are parents, which are asked by registrations.
    let (least, most) = (60 * 3, 60 * 4);
    assert!((least * 9 / 10..=most * 11 / 10).contains(&asked.len()), "{} of {least} to {most}", asked.len());
}

#[test]
fn wsrd_that_knows_another_neighbour_behind_the_five_goes_back_to_state_4() {
    // Meter 8 has come to know 1 to 6, which are next to the border router, and 7 beside it, which is two hops away. Later the links to 2 to 6 have an ETX of about 4, and then 1 is
    // off. Fewer rank steps go first, so that 7 is behind the five; where none of them is good enough it is the other that may be the parent.
    let places = [(Gateway, 0.0, 0.0)].into_iter().chain((1..=6).map(|n| (Meter, 100.0, n as f32)));
    let places: Vec<_> = places.chain([(Meter, 200.0, 20.0), (Meter, 200.0, 0.0)]).collect();
    let (mut for_ranks, mut for_pan) = (0, 0);
    for seed in 1..=48 {
        let mut spec = world(sites(places.clone()), PhyMode::M1b, 16_000);
        (spec.seed, spec.mesh.stack, spec.record.frames_every) = (seed, RouterStack::Wsrd, 1);
        (spec.radio.hearing_floor_dbm, spec.mesh.parent_threshold_dbm) = (-120.0, Some(-120.0));
        let loss = |at_s, loss_db, edges| {
            let act = Act::ExtraLoss(ExtraLoss { loss_db, links: Vec::new() });
            EventSpec { edges, ..event("loss", at_s, None, act, Vec::new()) }
        };
        let off = |at_s, lasts, node| event("off", at_s, lasts, Act::PowerOff(PowerOff {}), vec![node]);
        let (weak, none) = ((2..=6).map(|n| (n, 8)).collect(), vec![(0, 7), (0, 8)]);
        spec.events = vec![loss(1_000, 22.25, weak), loss(0, 80.0, none), off(600, Some(60), 8), off(10_000, None, 1)];
        let ran = run(&spec);
        let states = ran.rows.events.iter().filter(|e| e.node == 8 && e.kind == EventKind::JoinState);
        let states: Vec<(f64, i32)> =
            states.filter(|e| e.time_s > 10_000.0).map(|e| (e.time_s, e.value)).take(2).collect();
        match states[..] {
            [(left_s, 4), (looks_s, 3)] => for_pan += usize::from((looks_s - left_s - 2.0).abs() < 1e-6),
            [(left_s, 4), (back_s, 5)] => {
                let first = |kind| {
                    let times = sent(&ran, 8, kind, 0.0).into_iter();
                    times.map(|at_s| at_s - left_s).find(|&after_s| (0.0..back_s - left_s).contains(&after_s))
                };
                // 2 s, and U[d, d + 5] with d = 1 s for a sweep of one channel.
                let asks_s = first(FrameKind::Dis).expect("it asks for ranks");
                assert!((3.0..8.1).contains(&asks_s), "{asks_s} s with seed {seed}");
                assert_eq!(first(FrameKind::PanAdvertSolicit), None, "it has its PAN, seed {seed}");
                assert!(first(FrameKind::DhcpSolicit).is_some(), "but no address, seed {seed}");
                for_ranks += 1;
            }
            _ => {}
        }
    }
    assert!(for_ranks > 0 && for_pan > 0, "{for_ranks} and {for_pan}");
}
