//! Nothing appears and nothing vanishes: reports, frames, commands and queued packets of a town of 200 meters that
//! reports, is reset in the middle, and is cut off at the end of the run.

use amitwin_data::rows::{EventKind, FrameKind, FrameOutcome, Outcome, TransactionKind};
use amitwin_models::spec::*;
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, probe, run, sites, suburb, world};
use std::collections::{BTreeMap, BTreeSet};

const METERS: u32 = 100;
const SECONDS: u64 = 1_800;
const PERIOD: u64 = 150;

fn town(delivery: Delivery, back: BackSign, hopping: bool) -> WorldSpec {
    let mut spec = suburb(METERS, SECONDS);
    spec.mac.hopping = hopping;
    spec.traffic = TrafficSpec {
        push_period: Some(SimTime::from_secs(PERIOD)),
        payload_bytes: Some(200),
        ..TrafficSpec::default()
    };
    spec.record.frames_every = 1;
    let reset = ResetSpec {
        at: SimTime::from_secs(400),
        window: Some(Window::Range(SimTime::from_secs(10), SimTime::from_secs(60))),
        delivery,
        back,
        ..ResetSpec::default()
    };
    spec.campaigns = vec![CampaignSpec::reset("reset", reset)];
    spec
}

/// Broadcast command with hopping, and routes that tell who is back; one command and a heartbeat for each meter, all on
/// one channel, where frames collide a lot.
fn towns() -> [Ran; 2] {
    let routes = town(Delivery::Broadcast, BackSign::Route, true);
    [routes, town(Delivery::Unicast, BackSign::Heartbeat, false)].map(|spec| run(&spec))
}

#[test]
fn every_report_planned_is_ok_failed_or_pending_once() {
    for ran in &towns() {
        let mut numbers: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
        let mut outcomes: BTreeMap<Outcome, u32> = BTreeMap::new();
        for row in ran.rows.transactions.iter().filter(|row| row.kind == TransactionKind::Push) {
            let number = row.transaction & u64::from(u32::MAX);
            assert_eq!(row.transaction >> 32, u64::from(row.node));
            assert!(numbers.entry(row.node).or_default().insert(number), "twice in the table: {row:?}");
            *outcomes.entry(row.outcome).or_default() += 1;
            assert_eq!(row.outcome == Outcome::Ok, row.answered_s.is_some(), "{row:?}");
        }
        // From a random place of the first period on, each meter reports once a period: 12 times.
        assert_eq!(numbers.len() as u32, METERS);
        for (meter, numbers) in numbers {
            assert_eq!(numbers, (1..=SECONDS / PERIOD).collect(), "reports of {meter}");
        }
        assert!(
            outcomes.keys().all(|word| [Outcome::Ok, Outcome::Failed, Outcome::Pending].contains(word)),
            "{outcomes:?}"
        );
        // The reset makes some fail; the town works before and after it.
        assert!(outcomes[&Outcome::Failed] > METERS / 4 && outcomes[&Outcome::Ok] > METERS * 4, "{outcomes:?}");
    }
}

#[test]
fn every_frame_sent_has_one_fate_or_is_in_flight() {
    for ran in &towns() {
        let (c, frames) = (&ran.mesh().books.counters, &ran.rows.frames);
        let in_flight = ran.mesh().mesh().expect("the mesh").link.air.live() as u64;
        assert_eq!(frames.len() as u64 + in_flight, c.frames + c.acks, "frames ended and in flight");
        assert!(in_flight <= 10, "{in_flight} frames in flight");

        let for_one: Vec<_> = frames.iter().filter(|f| f.dst.is_some()).collect();
        let count = |outcome| for_one.iter().filter(|f| f.outcome == outcome).count() as u64;
        let [received, collided, noise, deaf] =
            [FrameOutcome::Delivered, FrameOutcome::Collided, FrameOutcome::Noise, FrameOutcome::Deaf].map(count);
        assert_eq!(received + collided + noise + deaf, for_one.len() as u64, "a frame for one radio has one fate");
        // Beyond those the counters hold what became of frames for all, at everyone who listened.
        let for_all = [c.received - received, c.collided - collided, c.noise - noise, c.deaf - deaf];
        assert!(for_all[0] > 0, "{for_all:?}");

        // A data frame that arrives is acknowledged, unless its receiver is reset within the millisecond before that
        // or the run ends.
        let acks = for_one.iter().filter(|f| f.kind == FrameKind::Ack).count() as u64;
        let arrived =
            for_one.iter().filter(|f| f.kind != FrameKind::Ack && f.outcome == FrameOutcome::Delivered).count() as u64;
        assert!(acks <= arrived && arrived - acks <= 5, "{arrived} arrived, {acks} acknowledgements ended");
        assert!(c.acks >= acks && c.acks - acks <= in_flight);
        // What arrives a second time is a repetition.
        assert!(c.duplicates <= c.retries, "{c:?}");
        let again = frames.iter().filter(|f| f.attempt > 0).count() as u64;
        // A sender that is reset in mid-frame has given the datagram's place in memory away; once here.
        assert!(
            again <= c.retries + 1 && c.retries <= again + in_flight + 1,
            "{again} repetitions, {} counted",
            c.retries
        );

        let for_all: BTreeSet<FrameKind> = frames.iter().filter(|f| f.dst.is_none()).map(|f| f.kind).collect();
        let allowed = [
            FrameKind::Dio,
            FrameKind::Dis,
            FrameKind::Na,
            FrameKind::Flood,
            FrameKind::PanAdvert,
            FrameKind::PanConfig,
            FrameKind::PanAdvertSolicit,
            FrameKind::PanConfigSolicit,
        ];
        assert!(for_all.iter().all(|kind| allowed.contains(kind)), "sent to all: {for_all:?}");
    }
}

#[test]
fn on_the_bare_link_layer_the_counters_add_up() {
    // A grid of 8 x 8 radios 60 m apart on one channel, each with a frame for its neighbour every 300 ms: too much.
    use amitwin_models::terrain::SiteKind::{Gateway, Repeater};
    let grid =
        (0..64u32).map(|n| (if n == 0 { Gateway } else { Repeater }, (n % 8) as f32 * 60.0, (n / 8) as f32 * 60.0));
    let mut spec = world(sites(grid), PhyMode::M1b, 120);
    spec.mac.queue_frames_max = Some(4);
    let ran = probe(&spec, SimTime::from_millis(300), 50, |n| n.checked_sub(if n % 8 == 0 { 8 } else { 1 }));
    let (c, probes) = (&ran.mesh().books.counters, &ran.mesh().probes());
    let in_flight = ran.mesh().mesh().expect("the mesh").link.air.live() as u64;
    assert_eq!(c.received + c.collided + c.noise + c.deaf + in_flight, c.frames + c.acks, "{c:?}");
    assert!(c.collided > 100 && c.deaf > 100 && c.access_failures > 0 && c.duplicates > 0, "{c:?}");
    // A frame arrived, was given up without arriving, or is held: in a queue that holds four, of 63 senders.
    assert_eq!(c.dropped, probes.lost);
    assert_eq!(c.lost.iter().sum::<u64>(), c.dropped);
    let held = u64::from(ran.mesh().packets_held());
    let unsettled = probes.asked - probes.arrived - probes.lost;
    assert!(unsettled <= held && held <= 63 * 4, "{unsettled} frames neither arrived nor lost, {held} held");
}

#[test]
fn every_meter_commanded_is_back_pending_or_failed() {
    for ran in &towns() {
        let resets: Vec<_> = ran.rows.transactions.iter().filter(|row| row.kind == TransactionKind::Reset).collect();
        let meters: BTreeSet<u32> = resets.iter().map(|row| row.node).collect();
        assert_eq!((resets.len() as u32, meters.len() as u32), (METERS, METERS), "each meter once");
        let mut back = 0;
        for row in resets {
            let really_reset: Vec<f64> = ran
                .rows
                .events
                .iter()
                .filter(|e| e.node == row.node && e.kind == EventKind::Reset)
                .map(|e| e.time_s)
                .collect();
            match row.outcome {
                Outcome::Ok => {
                    back += 1;
                    let (reset, answered) = (row.reset_s.expect("when"), row.answered_s.expect("when"));
                    assert_eq!(really_reset, [reset], "{row:?}");
                    // A boot takes at least 5 s, the backhaul 50 ms.
                    assert!(reset >= row.planned_s && answered > reset + 5.05, "{row:?}");
                }
                Outcome::Pending => assert!(row.answered_s.is_none(), "{row:?}"),
                Outcome::Unreachable => assert!(row.answered_s.is_none() && really_reset.is_empty(), "{row:?}"),
                other => panic!("{other} without a time limit: {row:?}"),
            }
            assert!(really_reset.len() <= 1, "reset twice by one campaign: {row:?} {really_reset:?}");
        }
        assert!(back > METERS * 3 / 4, "{back} of {METERS} are back");
    }
}

#[test]
fn what_is_lost_is_counted_once_and_nothing_is_held_at_the_end() {
    for ran in &towns() {
        let c = &ran.mesh().books.counters;
        assert_eq!(c.lost.iter().sum::<u64>(), c.dropped, "{c:?}");
        assert_eq!(ran.mesh().packets_held(), 0, "packets outside of every queue");
    }
}
