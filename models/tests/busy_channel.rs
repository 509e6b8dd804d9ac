//! What a node of nanostack does while its channel is busy.

use amitwin_data::rows::EventKind;
use amitwin_models::medium::mesh::packet::{Content, Packet};
use amitwin_models::node::Node;
use amitwin_models::spec::{Act, InterfererSpec, PhyMode, PowerOff, RouterStack, SizeProfile, WorldSpec};
use amitwin_models::terrain::SiteKind::{Gateway, Meter, Repeater};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, interferer, probe, run, sites, world};

/// Node 1 sends to node 0, 30 m away; loss 31.7 + 40 log10(d) dB: 90.8 dB, of 10.8 dBm -80 dBm arrive.
fn pair(stack: RouterStack) -> WorldSpec {
    let mut spec = world(sites([(Gateway, 0.0, 0.0), (Repeater, 30.0, 0.0)]), PhyMode::M1b, 100);
    spec.radio.tx_power_dbm = 10.8;
    spec.mesh.stack = stack;
    spec
}

/// Something that sends all the time, 130 m from node 1: 116.3 dB.
fn without_end(spec: &mut WorldSpec, power_dbm: f64) {
    spec.surroundings.interferers = vec![InterfererSpec { duty: Some(1.0), ..interferer(power_dbm, "0") }];
}

/// One frame.
fn one(spec: &WorldSpec) -> Ran {
    probe(spec, SimTime::from_secs(90), 33, |n| (n == 1).then_some(0))
}

#[test]
fn a_frame_for_which_no_free_channel_is_found_is_given_up_under_both_stacks() {
    for stack in [RouterStack::Nanostack, RouterStack::Wsrd] {
        let mut spec = pair(stack);
        // -80 dBm.
        without_end(&mut spec, 36.3);
        spec.radio.cca_threshold_dbm = Some(-90.0);
        let ran = one(&spec);
        let (probes, counters) = (ran.mesh().probes(), &ran.mesh().books.counters);
        let seen = (probes.asked, probes.lost, counters.frames, counters.access_failures);
        assert_eq!(seen, (1, 1, 0, 1), "{stack:?}");
    }
}

#[test]
fn nanostack_listens_for_what_is_as_weak_as_the_weakest_that_it_receives() {
    // Node 1 receives -80 dBm and nothing weaker: from -81 dBm on its channel is busy, and -95 dBm are no reason to wait.
    let arrives = |stack, cca_dbm| {
        let mut spec = pair(stack);
        without_end(&mut spec, 21.3);
        spec.radio.cca_threshold_dbm = cca_dbm;
        one(&spec).mesh().probes().arrived == 1
    };
    assert!(arrives(RouterStack::Nanostack, None));
    // Where the level is given or is the radio's, -100 dBm, they are.
    assert!(!arrives(RouterStack::Nanostack, Some(-100.0)));
    assert!(!arrives(RouterStack::Wsrd, None));
}

#[test]
fn a_nanostack_node_that_has_been_switched_on_waits_for_strong_signals_alone_until_it_has_chosen_its_pan() {
    // Meter 1 receives -80 dBm and nothing weaker, so that from -81 dBm on its channel is busy; something is there with -70 dBm all the time, and it says nothing. Switched
    // on anew it waits from -60 dBm on, and solicits; it hears no answer through the other, so that it chooses no PAN.
    let sent = |stack, cca_dbm| {
        let mut spec = pair(stack);
        spec.placement.sites[1].kind = Meter;
        spec.radio.fading = Default::default();
        without_end(&mut spec, 46.3);
        (spec.radio.cca_threshold_dbm, spec.duration, spec.record.frames_every) =
            (cca_dbm, SimTime::from_secs(4_000), 1);
        spec.mesh.profile = Some(SizeProfile::Small);
        spec.events = vec![event("off", 1_000, Some(60), Act::PowerOff(PowerOff {}), vec![1])];
        let ran = run(&spec);
        let of = |from_s: f64, to_s: f64| {
            ran.rows.frames.iter().filter(|f| f.src == 1 && (from_s..to_s).contains(&f.time_s)).count()
        };
        (of(0.0, 1_000.0), of(1_060.0, 4_000.0))
    };
    let (before, after) = sent(RouterStack::Nanostack, None);
    // Intervals of 15 to 60 s, then 60.
    assert!(before == 0 && (45..=55).contains(&after), "{before} and {after}");
    // Where the level is given it is that.
    assert_eq!(sent(RouterStack::Nanostack, Some(-81.0)), (0, 0));
}

#[test]
fn who_waits_while_it_receives_has_its_turn_right_behind() {
    // Nodes 1 and 2 hear each other and have more to send than fits: a frame of 1,400 bytes lasts 0.24 s, and another comes each 0.3 s.
    let mut spec = world(sites([(Gateway, 0.0, 0.0), (Repeater, 30.0, 0.0), (Repeater, 30.0, 5.0)]), PhyMode::M1b, 600);
    spec.mesh.stack = RouterStack::Nanostack;
    spec.record.frames_every = 1;
    let ran = probe(&spec, SimTime::from_millis(300), 1_400, |n| (n > 0).then_some(0));
    // Looks while they receive do not count, and without pauses neither keeps the other from its turn.
    assert_eq!(ran.mesh().books.counters.access_failures, 0);
    let of = |node: u32| ran.rows.frames.iter().filter(|frame| frame.src == node).count() as f64;
    let share = of(1) / (of(1) + of(2));
    assert!((share - 0.5).abs() < 0.05, "node 1 sends {share} of all frames");
    // 600 s of frames of 0.25 s each, and less than 20 ms between two.
    assert!(of(1) + of(2) > 600.0 / 0.28, "{} frames", of(1) + of(2));
}

#[test]
fn a_radio_gives_a_frame_back_that_it_has_had_for_eleven_seconds() {
    let mut frame = Packet::new(Content::Nud, Node(1), Node(0), Node(0));
    let mut turn = |at_s| {
        (frame.tries, frame.turn.looks) = (7, 3);
        frame.begin_anew(SimTime::from_secs(at_s), SimTime::from_secs(11));
        (frame.tries, frame.turn.looks)
    };
    // It counts from its first turn, and from when it began anew.
    assert_eq!([5, 15, 16, 26, 27].map(&mut turn), [(7, 3), (7, 3), (0, 0), (7, 3), (0, 0)]);
}

#[test]
fn a_nanostack_node_that_finds_no_free_channel_for_its_registration_tries_until_it_does() {
    // Meter 1 registers each 1,100 s. From 1,200 to 2,500 s something is there with -70 dBm, over what it takes for a clear channel. Two registrations that nobody
    // acknowledges would cost it its parent; these were never sent. It may lose it all the same to an announcement of its route that falls into that time.
    let kept = |seed| {
        let mut spec = world(sites([(Gateway, 0.0, 0.0), (Meter, 30.0, 0.0)]), PhyMode::M1b, 4_000);
        (spec.seed, spec.radio.tx_power_dbm) = (seed, 10.8);
        (spec.mesh.stack, spec.mesh.profile) = (RouterStack::Nanostack, Some(SizeProfile::Small));
        without_end(&mut spec, 46.3);
        spec.surroundings.interferers[0].hours = Some((SimTime::from_secs(1_200), SimTime::from_secs(2_500)));
        let ran = run(&spec);
        let has_left = ran.rows.events.iter().any(|e| e.node == 1 && e.kind == EventKind::JoinState);
        let failures = ran.mesh().books.counters.access_failures;
        assert!(failures > 2 || has_left, "{failures} with seed {seed}");
        !has_left
    };
    let of_twelve = (1..=12).filter(|&seed| kept(seed)).count();
    assert!(of_twelve >= 6, "{of_twelve}");
}
