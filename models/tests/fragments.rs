//! Datagrams longer than a frame: a report of 1,100 bytes in frames of 400, over several hops.

use amitwin_data::rows::{FrameKind, FrameOutcome, Outcome, TransactionKind};
use amitwin_models::spec::{BackSign, CampaignSpec, PhyMode, ResetSpec, TrafficSpec, Window, WorldSpec};
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, run, sites, world};
use std::collections::BTreeMap;

const PAYLOAD: u16 = 1_100;
const FRAME: u16 = 400;

fn line(meters: u32, frame_bytes_max: u16) -> WorldSpec {
    let places = (0..=meters).map(|n| (if n == 0 { Gateway } else { Meter }, n as f32 * 100.0, 0.0));
    let mut spec = world(sites(places), PhyMode::M3, 6 * 600);
    spec.traffic = TrafficSpec {
        push_period: Some(SimTime::from_secs(600)),
        payload_bytes: Some(PAYLOAD),
        ..TrafficSpec::default()
    };
    spec.mesh.frame_bytes_max = frame_bytes_max;
    spec.record.frames_every = 1;
    spec
}

/// Outcomes of each report; every one is there once.
fn outcomes(ran: &Ran) -> BTreeMap<Outcome, u32> {
    let mut seen = BTreeMap::new();
    let mut count = BTreeMap::new();
    for row in ran.rows.transactions.iter().filter(|row| row.kind == TransactionKind::Push) {
        assert!(seen.insert(row.transaction, row.outcome).is_none(), "told twice: {row:?}");
        *count.entry(row.outcome).or_insert(0) += 1;
    }
    let asked: u32 = ran.rows.transactions.iter().filter(|row| row.kind == TransactionKind::Push).count() as u32;
    assert_eq!(count.values().sum::<u32>(), asked);
    let c = &ran.mesh().books.counters;
    assert_eq!(c.lost.iter().sum::<u64>(), c.dropped, "{c:?}");
    assert_eq!(ran.mesh().packets_held(), 0, "packets outside of every queue");
    count
}

#[test]
fn reports_are_cut_at_each_hop_and_arrive_whole() {
    let ran = run(&line(3, FRAME));
    assert_eq!(outcomes(&ran), BTreeMap::from([(Outcome::Ok, 3 * 6)]));
    // 1,100 bytes and 8 of UDP, 40 + 8 + 40 of headers that shrink to 84 or 85: the first fragment takes 4 + 84 + 240 of
    // the 329 bytes that a frame has room for, those after it 5 + 320. 240 + 2 x 320 leaves 220 for the fourth.
    let mut lengths: Vec<u16> = Vec::new();
    for frame in ran.rows.frames.iter().filter(|f| f.kind == FrameKind::Push && f.outcome == FrameOutcome::Delivered) {
        assert!(frame.bytes <= FRAME, "{frame:?}");
        lengths.push(frame.bytes);
    }
    // Reports of meter 1 go over one hop, of meter 2 over two, of meter 3 over three.
    let c = &ran.mesh().books.counters;
    let first = lengths.len() as u64 - c.duplicates;
    assert_eq!(first, 6 * (1 + 2 + 3) * 4, "four fragments a hop");
    assert_eq!((c.cut, c.reassembly_timeouts, c.reassembly_full), (6 * 6, 0, 0));
    // What is not cut takes one frame.
    let whole = run(&line(3, 1_576));
    assert_eq!(outcomes(&whole), BTreeMap::from([(Outcome::Ok, 3 * 6)]));
    assert_eq!(whole.mesh().books.counters.cut, 0);
    assert!(whole.mesh().books.counters.frames < c.frames);
}

/// A crowd that hears each other badly, sends each frame once only, and is reset in the middle.
fn crowd(frame_bytes_max: u16) -> WorldSpec {
    let mut places = vec![(Gateway, 0.0, 0.0)];
    places.extend((0..40).map(|n| (Meter, 90.0 + (n % 8) as f32 * 14.0, (n / 8) as f32 * 30.0 - 60.0)));
    let mut spec = world(sites(places), PhyMode::M3, 3_600);
    spec.traffic = TrafficSpec {
        push_period: Some(SimTime::from_secs(20)),
        payload_bytes: Some(PAYLOAD),
        ..TrafficSpec::default()
    };
    spec.mesh.frame_bytes_max = frame_bytes_max;
    spec.mac.frame_retries_max = Some(1);
    let reset = ResetSpec {
        at: SimTime::from_secs(1_000),
        window: Some(Window::Range(SimTime::ZERO, SimTime::from_secs(600))),
        back: BackSign::Heartbeat,
        ..ResetSpec::default()
    };
    spec.campaigns = vec![CampaignSpec::reset("reset", reset)];
    spec
}

#[test]
fn a_lost_fragment_costs_the_datagram_and_each_is_counted_once() {
    let share = |spec: &WorldSpec| {
        let ran = run(spec);
        let count = outcomes(&ran);
        let (ok, all) = (count[&Outcome::Ok], count.values().sum::<u32>());
        (f64::from(ok) / f64::from(all), ran.mesh().books.counters)
    };
    let (cut, counters) = share(&crowd(FRAME));
    assert!(counters.cut > 1_000, "{counters:?}");
    assert!(counters.reassembly_timeouts > 0, "receivers of abandoned datagrams waited in vain: {counters:?}");
    assert!(cut > 0.0 && cut < 0.95, "{cut} of the reports arrive");
}
