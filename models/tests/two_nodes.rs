//! Two radios 30 m apart, one of which sends: every delay can be worked out by hand.

use amitwin_models::spec::{PhyMode, RouterStack, WorldSpec};
use amitwin_models::terrain::SiteKind::{Gateway, Repeater};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, probe, sites, world};

const SECONDS: u64 = 4_000;

fn pair(phy: PhyMode, hopping: bool) -> WorldSpec {
    let mut spec = world(sites([(Gateway, 0.0, 0.0), (Repeater, 30.0, 0.0)]), phy, SECONDS);
    spec.mac.hopping = hopping;
    spec
}

/// Node 1 sends to node 0. The period is no multiple of any slot of the hop sequence, so the requests fall on every
/// place in it alike.
fn send(spec: &WorldSpec, bytes: u16) -> Ran {
    probe(spec, SimTime::from_micros(300_700), bytes, |n| (n == 1).then_some(0))
}

/// Everything arrives at the first try, and each data frame is acknowledged once.
fn nothing_is_lost(ran: &Ran) {
    let (probes, counters) = (&ran.mesh().probes(), &ran.mesh().books.counters);
    // One each period, from a random place of the first on.
    let periods = SECONDS * 1_000_000 / 300_700;
    assert!((periods..=periods + 1).contains(&probes.asked), "{} asked", probes.asked);
    // The last one may be on its way.
    assert!(probes.asked - probes.arrived <= 1, "{} of {} arrived", probes.arrived, probes.asked);
    assert!(counters.frames - probes.arrived <= 1 && counters.frames - counters.acks <= 1, "{counters:?}");
    assert_eq!([probes.lost, counters.retries, counters.collided, counters.noise, counters.deaf], [0; 5]);
}

fn mean_us(ran: &Ran) -> f64 {
    let probes = &ran.mesh().probes();
    probes.delay_sum.secs_f64() * 1e6 / probes.arrived as f64
}

#[test]
fn oqpsk_takes_backoff_cca_turnaround_and_air_time() {
    let mut spec = pair(PhyMode::Oqpsk250, false);
    (spec.radio.reference_loss_db, spec.radio.exponent) = (46.6777, 3.0);
    spec.radio.tx_power_dbm = 0.0;
    (spec.radio.noise_figure_db, spec.radio.hearing_floor_dbm, spec.radio.cca_threshold_dbm) =
        (4.0, -106.58, Some(-96.58));
    // 89 bytes, 9 of header and 2 of check sequence: a PSDU of 100 bytes, and 6 of preamble, delimiter and length.
    let ran = send(&spec, 89);
    nothing_is_lost(&ran);

    // A symbol lasts 16 us and carries half a byte. Backoff: 0 to 7 units of 20 symbols.
    let (unit, cca, turnaround, air) = (320.0, 8.0 * 16.0, 12.0 * 16.0, 106.0 * 2.0 * 16.0);
    assert_eq!(air, 3_392.0);
    let expected = 3.5 * unit + cca + turnaround + air;
    // ns-3.37 measures 4,832.1 us for this, 0.1 us of it propagation, which is left out here.
    assert_eq!(expected, 4_832.0);
    // Standard deviation of one backoff: 320 us x sqrt((8^2 - 1) / 12) = 733 us; of the mean of 13,000: 6.4 us.
    let mean = mean_us(&ran);
    assert!((mean - expected).abs() < 20.0, "mean delay {mean} us, expected {expected} us");

    let histogram = &ran.mesh().probes().delay_us;
    // The histogram keeps three digits.
    assert!((histogram.min() as f64 - (expected - 3.5 * unit)).abs() <= 4.0, "{}", histogram.min());
    assert!((histogram.max() as f64 - (expected + 3.5 * unit)).abs() <= 4.0, "{}", histogram.max());
    // Eight backoffs, each as likely as the others.
    for units in 0..8 {
        let delay = expected as u64 - 1_120 + units * 320;
        let share = histogram.count_between(delay - 5, delay + 5) as f64 / histogram.len() as f64;
        assert!((share - 0.125).abs() < 0.012, "{units} units of backoff: {share}");
    }
}

/// Mean backoff and CCA, and turnaround and air time of 100 bytes, at 50 kb/s, us.
fn fsk_times() -> (f64, f64) {
    // A bit lasts 20 us: CCA of 8 bits, turnaround of 1 ms, backoff unit of both. 100 bytes with the link layer's
    // overhead, which is 65 or, with the number of the fixed channel in its schedule, 67, and 4 + 2 + 8 + 2 of check sequence, header, preamble and delimiter make 18.56 ms.
    let (cca, turnaround, air) = (160.0, 1_000.0, 116.0 * 8.0 * 20.0);
    assert_eq!(air, 18_560.0);
    (3.5 * (cca + turnaround) + cca, turnaround + air)
}

#[test]
fn fsk_on_one_channel() {
    let ran = send(&pair(PhyMode::M1b, false), 33);
    nothing_is_lost(&ran);
    let (access, frame) = fsk_times();
    assert_eq!(access + frame, 23_780.0);
    // Of one backoff 1,160 us x 2.29, of the mean 23 us.
    let mean = mean_us(&ran);
    assert!((mean - (access + frame)).abs() < 70.0, "mean delay {mean} us");
}

#[test]
fn nanostack_looks_twice_after_a_short_backoff() {
    let mut spec = pair(PhyMode::M1b, false);
    spec.mesh.stack = RouterStack::Nanostack;
    let ran = send(&spec, 33);
    nothing_is_lost(&ran);
    let (_, frame) = fsk_times();
    // 3 ms, none or one unit of backoff, a look of 160 us and another 2 ms later.
    let access = 3_000.0 + 0.5 * 1_160.0 + 160.0 + 2_000.0;
    assert_eq!(access + frame, 25_300.0);
    // Of one backoff 580 us, of the mean 5 us.
    let mean = mean_us(&ran);
    assert!((mean - (access + frame)).abs() < 16.0, "mean delay {mean} us");
    let histogram = &ran.mesh().probes().delay_us;
    assert!((histogram.max() as f64 - histogram.min() as f64 - 1_160.0).abs() <= 32.0);
}

#[test]
fn nanostack_pauses_longer_and_longer_between_transmissions_that_nobody_answers() {
    // 3 km away nothing arrives. A bench has no rank, as a node that joins, and sends a frame 20 times, one at a time.
    let mut spec = pair(PhyMode::M1b, false);
    spec.mesh.stack = RouterStack::Nanostack;
    spec.placement.sites[1].x_m = 3_000.0;
    (spec.radio.hearing_floor_dbm, spec.record.frames_every) = (-200.0, 1);
    // One frame: a second period does not end before the run does.
    let ran = probe(&spec, SimTime::from_secs(SECONDS - 10), 33, |n| (n == 1).then_some(0));
    let at: Vec<f64> = ran.rows.frames.iter().map(|f| f.time_s * 1e3).collect();
    assert_eq!(at.len(), 20);
    // From one start to the next without a pause: 18.56 ms of frame, the wait for the acknowledgement (38 bytes and 16 in 8.64 ms, two turnarounds, a
    // unit), looks and turnaround of 6.16 ms, and none or one unit of 1.16 ms.
    let least = 18.56 + 8.64 + 2.0 + 1.16 + 6.16;
    for (n, pair) in at.windows(2).enumerate() {
        let (low, high) = [(20.0, 40.0), (40.0, 80.0), (80.0, 160.0)].get(n).copied().unwrap_or((150.0, 300.0));
        let gap = pair[1] - pair[0] - least;
        assert!((low - 0.1..=high + 1.16 + 0.1).contains(&gap), "{gap} ms after transmission {}", n + 1);
    }
}

#[test]
fn fsk_with_hopping_waits_for_broadcast_slots_to_end() {
    let ran = send(&pair(PhyMode::M1b, true), 35);
    nothing_is_lost(&ran);
    let (access, frame) = fsk_times();
    // A quarter of the time (255 of 1,020 ms) everybody listens to the broadcast channel. An attempt that falls into
    // it waits for its end, on average half of it, and backs off again.
    let (slot, interval) = (255_000.0, 1_020_000.0);
    let expected = access + frame + slot / interval * (slot / 2.0 + access);
    assert!((expected - 56_710.0).abs() < 0.5, "{expected}");
    // The wait has a second moment of 255^2 / 3 / 4 ms^2: standard deviation 66 ms, of the mean 0.57 ms; the requests
    // are spread evenly over the slots, which makes the real one smaller.
    let mean = mean_us(&ran);
    assert!((mean - expected).abs() < 1_000.0, "mean delay {mean} us, expected {expected} us");
}
