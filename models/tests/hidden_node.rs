//! Two senders and a receiver between them: what carrier sense prevents when the senders hear each other, and what
//! it cannot when they do not.
//!
//! Frames have 100 bytes at 50 kb/s without hopping and are sent once. Many copies of the layout, far from each other,
//! run at the same time; each has its own two random places in the period, so that the share of lost frames is the
//! share of places at which they overlap.

use amitwin_models::spec::{PhyMode, WorldSpec};
use amitwin_models::terrain::SiteKind::{self, Gateway, Repeater};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, probe, sites, world};

const COPIES: u32 = 1_024;
const PERIOD: SimTime = SimTime::from_millis(250);
/// 33 bytes of data, 67 of link layer, 16 of check sequence, header, preamble, delimiter, at 20 us a bit.
const FRAME_MS: f64 = 18.56;
/// From the last bit of a frame: turn, 44 + 16 bytes of acknowledgement, turn. The receiver is deaf as long.
const ACK_MS: f64 = 1.0 + 60.0 * 8.0 * 0.02 + 1.0;

/// `COPIES` receivers 5 km apart, each with senders at `around`, in metres from it.
fn layout(around: &[(f32, f32)]) -> WorldSpec {
    let mut places: Vec<(SiteKind, f32, f32)> = Vec::new();
    for copy in 0..COPIES {
        let (x, y) = ((copy % 32) as f32 * 5_000.0, (copy / 32) as f32 * 5_000.0);
        places.push((if copy == 0 { Gateway } else { Repeater }, x, y));
        places.extend(around.iter().map(|(dx, dy)| (Repeater, x + dx, y + dy)));
    }
    let mut spec = world(sites(places), PhyMode::M1b, 5);
    spec.mac.frame_retries_max = Some(0);
    spec
}

/// Every sender sends to the receiver of its copy.
fn send(spec: &WorldSpec, senders: u32) -> Ran {
    let of = senders + 1;
    let ran = probe(spec, PERIOD, 33, |n| (n % of != 0).then_some(n / of * of));
    assert_eq!(ran.mesh().books.counters.retries, 0);
    ran
}

/// Share of the frames that did not arrive.
fn lost(ran: &Ran) -> f64 {
    let probes = &ran.mesh().probes();
    // A sender asks twenty times; its last frame may still be on the way.
    assert!(probes.asked >= u64::from(COPIES) * 2 * 19);
    probes.lost as f64 / (probes.lost + probes.arrived) as f64
}

/// No backoff, and no second look at the channel: whoever has a frame sends it.
fn without_backoff(mut spec: WorldSpec) -> WorldSpec {
    (spec.mac.min_be, spec.mac.csma_backoffs_max) = (Some(0), Some(0));
    spec
}

/// Senders 200 m apart do not hear each other (135 m is the limit), the receiver hears both.
const HIDDEN: [(f32, f32); 2] = [(-100.0, 0.0), (100.0, 0.0)];
/// Senders 120 m apart hear each other.
const IN_RANGE: [(f32, f32); 2] = [(-60.0, 0.0), (60.0, 0.0)];

#[test]
fn hidden_senders_lose_what_overlaps() {
    let ran = send(&without_backoff(layout(&HIDDEN)), 2);
    // A frame is lost if the other one starts less than a frame before or behind it: 2 x 18.56 ms, the vulnerable
    // period of pure ALOHA. It is also lost if it starts while the receiver acknowledges the other: 10.32 ms more.
    // Levels are equal, so nothing is captured.
    assert!((ACK_MS - 11.6).abs() < 1e-9);
    let vulnerable_ms = 2.0 * FRAME_MS + ACK_MS;
    let expected = vulnerable_ms / (PERIOD.secs_f64() * 1e3);
    assert!((expected - 0.19488).abs() < 1e-5, "{expected}");
    // Each pair keeps its places through all periods, so this counts 1,024 throws: a pair loses both frames, one or
    // none; standard deviation at most sqrt(0.19 x 0.81 / 1024) = 1.2 points.
    assert!((lost(&ran) - expected).abs() < 0.036, "lost {}, expected {expected}", lost(&ran));

    // Of two frames that overlap the receiver is locked on the first, which is destroyed, and deaf to the second; one
    // that starts into an acknowledgement finds it deaf as well, or is not sent because its sender hears it.
    let c = &ran.mesh().books.counters;
    assert_eq!(c.noise, 0);
    let each = FRAME_MS / (PERIOD.secs_f64() * 1e3);
    let collided = c.collided as f64 / ran.mesh().probes().asked as f64;
    assert!((collided - each).abs() < 0.02, "collided {collided}, expected {each}");
    // The last ones may still wait for their acknowledgement.
    let probes = &ran.mesh().probes();
    let fates = c.collided + c.deaf + c.access_failures;
    assert!((probes.lost..=probes.asked - probes.arrived).contains(&fates), "{fates} {c:?}");
}

#[test]
fn carrier_sense_prevents_it_when_they_hear_each_other() {
    let mut hidden = layout(&HIDDEN);
    let mut near = layout(&IN_RANGE);
    for spec in [&mut hidden, &mut near] {
        (spec.mac.min_be, spec.mac.csma_backoffs_max) = (Some(3), Some(8));
    }
    let (hidden, near) = (send(&hidden, 2), send(&near, 2));
    assert!(lost(&hidden) > 0.12, "hidden senders lost {}", lost(&hidden));
    // What is left: both look within the turnaround of 1 ms, or one looks in the pause of 1 ms before the other's
    // acknowledgement. Three of those in 250 ms lose a frame or two each.
    assert!(lost(&near) < 2.0 * 3.0 / 250.0, "senders in range lost {}", lost(&near));
    assert!(lost(&near) < lost(&hidden) / 6.0, "{} against {}", lost(&near), lost(&hidden));
}

#[test]
fn five_hidden_senders_lose_as_in_pure_aloha() {
    // A pentagon with a radius of 120 m has sides of 141 m: no sender hears another.
    let corner =
        [(0.0, 1.0), (0.951_06, 0.309_02), (0.587_79, -0.809_02), (-0.587_79, -0.809_02), (-0.951_06, 0.309_02)];
    let ran = send(&without_backoff(layout(&corner.map(|(x, y)| (120.0 * x, 120.0 * y)))), 5);
    // With four others at random places: (1 - 2T/P)^4 without acknowledgements. An acknowledgement takes 11.6 ms more
    // from the second only if the first was received, so the truth lies between that and (1 - (2T+A)/P)^4.
    let period_ms = PERIOD.secs_f64() * 1e3;
    let arrived = |vulnerable_ms: f64| {
        let free = 1.0 - vulnerable_ms / period_ms;
        free * free * free * free
    };
    let (most, least) = (arrived(2.0 * FRAME_MS), arrived(2.0 * FRAME_MS + ACK_MS));
    assert!((most - 0.5257).abs() < 1e-3 && (least - 0.4202).abs() < 1e-3, "{most} {least}");
    let share = 1.0 - lost(&ran);
    assert!((least - 0.01..=most + 0.01).contains(&share), "arrived {share}, expected {least} to {most}");
}
