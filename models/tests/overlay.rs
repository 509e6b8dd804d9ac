//! What events put on the air: levels, noise, transmit power, and a sum of signals that is exact whatever changes when.

use amitwin_data::rows::{EventKind, Rows};
use amitwin_models::medium::mesh::radio::air::{Air, Fate};
use amitwin_models::medium::mesh::radio::overlay::NodeOverlay;
use amitwin_models::node::{Channel, Node};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use amitwin_testkit::air::{self as testkit, frame};
use amitwin_testkit::worlds::{event, run, sites, world};

/// Radios of 50 kb/s that find a channel busy from -90 dBm on.
fn air(radios: u32, losses: &[(u16, u16, f32)], channels: u16) -> Air {
    testkit::air(PhyMode::M1b, radios, losses, channels, -90.0)
}

fn at(us: u64) -> SimTime {
    SimTime::from_micros(us)
}

fn set(air: &mut Air, node: u16, overlay: NodeOverlay) {
    air.change_overlay(|all| all.set_node(Node(node), overlay));
}

/// Fate and level of a frame from one radio to another on the common channel, and on a hopped one.
fn heard(air: &mut Air, from: u16, to: u16) -> [(Fate, f32); 2] {
    [Channel::COMMON, Channel(1)].map(|channel| {
        let tuned = [Node(to)];
        let hearers = if channel == Channel::COMMON { &[][..] } else { &tuned[..] };
        let sent = air.begin(at(0), frame(Node(from), Node(to), channel, 20), hearers);
        let mut seen = Vec::new();
        air.finish(sent, |_, fate, dbm| seen.push((fate, dbm)));
        for node in [from, to] {
            air.power(Node(node), true);
        }
        seen[0]
    })
}

fn assert_level(seen: [(Fate, f32); 2], dbm: f32) {
    for (fate, level) in seen {
        assert_eq!(fate, Fate::Received);
        assert!((level - dbm).abs() < 0.01, "{level} dBm instead of {dbm}");
    }
}

#[test]
fn an_extra_loss_of_a_node_weakens_what_it_sends_and_what_it_hears() {
    // 27 dBm over 90 dB: -63 dBm; with 20 dB more at either end -83 dBm.
    let mut air = air(2, &[(0, 1, 90.0)], 4);
    assert_level(heard(&mut air, 0, 1), -63.0);
    set(&mut air, 0, NodeOverlay { loss_db: 20.0, ..NodeOverlay::default() });
    assert_level(heard(&mut air, 0, 1), -83.0);
    assert_level(heard(&mut air, 1, 0), -83.0);
    assert_eq!(air.extra_loss_db(Node(1), Node(0)), 20.0);
    set(&mut air, 0, NodeOverlay::default());
    assert_level(heard(&mut air, 0, 1), -63.0);
}

#[test]
fn transmit_power_counts_one_way_and_an_edge_between_its_ends() {
    let mut air = air(3, &[(0, 1, 90.0), (0, 2, 90.0)], 4);
    set(&mut air, 0, NodeOverlay { tx_power_db: -7.0, ..NodeOverlay::default() });
    assert_level(heard(&mut air, 0, 1), -70.0);
    assert_level(heard(&mut air, 1, 0), -63.0);
    air.change_overlay(|all| all.set_edge(Node(0), Node(1), 10.0));
    assert_level(heard(&mut air, 0, 1), -80.0);
    assert_level(heard(&mut air, 1, 0), -73.0);
    assert_level(heard(&mut air, 2, 0), -63.0);
}

#[test]
fn noise_at_a_receiver_hides_what_is_weaker_and_makes_the_channel_busy() {
    let mut air = air(2, &[(0, 1, 120.0)], 4);
    assert_level(heard(&mut air, 0, 1), -93.0);
    assert!(!air.is_busy(Node(1), Channel::COMMON, at(0)));
    set(&mut air, 1, NodeOverlay { noise: Air::noise_of(-89.0), ..NodeOverlay::default() });
    assert_eq!(heard(&mut air, 0, 1).map(|seen| seen.0), [Fate::Deaf; 2], "4 dB below the noise nothing is found");
    assert!(air.is_busy(Node(1), Channel::COMMON, at(0)), "-89 dBm is above -90 dBm");
    assert!(!air.is_busy(Node(0), Channel::COMMON, at(0)), "at the other end it is quiet");
}

#[test]
fn an_offset_beyond_the_window_is_not_received() {
    let mut air = air(2, &[(0, 1, 90.0)], 4);
    // 36.6 kHz cost 1.33 dB, 60 kHz are too much at 50 kb/s.
    set(&mut air, 0, NodeOverlay { offset_hz: 36_600.0, ..NodeOverlay::default() });
    assert_level(heard(&mut air, 0, 1), -64.33);
    set(&mut air, 0, NodeOverlay { offset_hz: 60_000.0, ..NodeOverlay::default() });
    assert_eq!(heard(&mut air, 0, 1).map(|seen| seen.0), [Fate::Deaf; 2]);
}

#[test]
fn a_frame_keeps_the_levels_of_its_beginning() {
    let mut air = air(2, &[(0, 1, 90.0)], 4);
    for channel in [Channel::COMMON, Channel(1)] {
        let sent = air.begin(at(0), frame(Node(0), Node(1), channel, 100), &[Node(1)]);
        set(&mut air, 0, NodeOverlay { loss_db: 60.0, ..NodeOverlay::default() });
        let mut seen = Vec::new();
        air.finish(sent, |_, fate, dbm| seen.push((fate, dbm)));
        assert!(seen[0].0 == Fate::Received && (seen[0].1 + 63.0).abs() < 0.01, "{seen:?}");
        set(&mut air, 0, NodeOverlay::default());
        air.power(Node(0), true);
        air.power(Node(1), true);
    }
}

#[test]
fn energy_is_gone_whatever_changed_while_frames_were_on_the_air() {
    // Two hundred frames among six radios; with each one something is overlaid or taken off.
    let pairs: Vec<(u16, u16, f32)> =
        (0..6u16).flat_map(|a| (0..a).map(move |b| (b, a, 60.0 + 5.3 * f32::from(a + b)))).collect();
    let mut air = air(6, &pairs, 0);
    let mut dice = Stream::new(11, 0, 1);
    let mut on_air: Vec<(SimTime, u32)> = Vec::new();
    for n in 0..200u64 {
        let now = at(n * 7_000);
        on_air.sort();
        while on_air.first().is_some_and(|f| f.0 <= now) {
            air.finish(on_air.remove(0).1, |_, _, _| {});
        }
        let (a, b) = (dice.below(6) as u16, dice.below(6) as u16);
        let loss_db = [0.0, 3.7, 21.0][dice.below(3) as usize];
        if a == b {
            set(&mut air, a, NodeOverlay { loss_db, tx_power_db: -loss_db / 3.0, ..NodeOverlay::default() });
        } else {
            air.change_overlay(|all| all.set_edge(Node(a), Node(b), loss_db));
        }
        let from = Node(dice.below(6) as u16);
        if !air.is_sending(from, now) {
            let to = Node((from.0 + 1) % 6);
            let sent = air.begin(now, frame(from, to, Channel::COMMON, 20 + dice.below(200) as u16), &[]);
            on_air.push((air.transmission(sent).end, sent));
        }
    }
    let end = on_air.iter().map(|f| f.0).max().expect("the last frames");
    for (_, sent) in on_air {
        air.finish(sent, |_, _, _| {});
    }
    for node in (0..6).map(Node) {
        assert_eq!(air.energy(node), 0, "{node}");
        assert!(!air.is_engaged(node, end));
    }
}

/// A line of a border router and three meters 100 m apart, and a meter 900 m off that nobody hears; reports each minute.
fn line(events: Vec<EventSpec>) -> WorldSpec {
    let places = [(Gateway, 0.0), (Meter, 100.0), (Meter, 200.0), (Meter, 300.0), (Meter, 1_200.0)];
    let mut spec = world(sites(places.map(|(kind, x)| (kind, x, 0.0))), PhyMode::M1b, 3_600);
    spec.traffic =
        TrafficSpec { push_period: Some(SimTime::from_secs(60)), payload_bytes: Some(50), ..TrafficSpec::default() };
    spec.record.links_every = SimTime::from_secs(600);
    spec.events = events;
    spec
}

fn extra_loss(loss_db: f64, nodes: Vec<u32>, edges: Vec<(u32, u32)>) -> EventSpec {
    let act = Act::ExtraLoss(ExtraLoss { loss_db, links: Vec::new() });
    EventSpec { edges, ..event("loss", 900, Some(600), act, nodes) }
}

fn without_events(mut rows: Rows) -> Rows {
    rows.events.retain(|row| row.kind != EventKind::ExtraLoss);
    rows
}

#[test]
fn where_it_changes_no_level_an_overlay_changes_no_row() {
    let alone = run(&line(vec![extra_loss(10.0, vec![4], vec![])]));
    assert_eq!(alone.rows.events.iter().filter(|row| row.kind == EventKind::ExtraLoss).count(), 2, "on and off");
    assert_eq!(without_events(alone.rows), run(&line(vec![])).rows);
}

#[test]
fn the_links_table_has_the_loss_of_the_moment() {
    let ran = run(&line(vec![extra_loss(5.0, vec![2], vec![(1, 2)])]));
    let of = |time_s: f64, node: u32| {
        let row = ran.rows.links.iter().find(|row| row.time_s == time_s && row.node == node).expect("a row");
        (row.extra_loss_db, row.rssi_dbm)
    };
    // 100 m: 31.7 + 80 dB, rounded to half a dB: 111.5; 27 - 111.5 = -84.5 dBm.
    assert_eq!(of(600.0, 2), (0.0, -84.5));
    assert_eq!(of(1_200.0, 2), (10.0, -94.5), "its own 5 dB and those of the edge to its parent");
    assert_eq!(of(1_200.0, 3), (5.0, -89.5), "its parent's");
    assert_eq!(of(1_800.0, 2), (0.0, -84.5));
}
