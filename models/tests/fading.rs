//! What a loss says of the next try on the same link, at once and later, as frames on the air have it.

use amitwin_models::medium::mesh::radio::air::Fate;
use amitwin_models::node::{Channel, Node};
use amitwin_models::spec::FadingSpec;
use amitwin_sim_core::SimTime;
use amitwin_testkit::air::{Fading, fading_air, frame};

const HOUR: f64 = 3_600.0;
const BYTES: u16 = 250;
const LINKS: u16 = 1_000;

/// Links alike whose mean level loses a share `loss` of frames: the share of frames lost at once, a minute, an hour and twelve hours
/// after a lost one, and of all.
fn after_a_loss(fading: &FadingSpec, loss: f64, rounds: u32) -> ([f64; 4], f64) {
    let mut air = fading_air(Fading::new(fading, 4), fading.spread_db(), LINKS, loss, BYTES);
    let mut is_lost = |from: u16, at_s: f64| {
        let sent = air.begin(SimTime::from_secs_f64(at_s), frame(Node(from), Node(0), Channel::COMMON, BYTES), &[]);
        let mut lost = false;
        air.finish(sent, |_, fate, _| lost = fate != Fate::Received);
        lost
    };
    let (mut lost, mut again) = (0u32, [0u32; 4]);
    for from in 1..=LINKS {
        for round in 0..rounds {
            // Every 50 h, at another second of the minute each time.
            let at_s = 50.0 * HOUR * f64::from(round) + 7.3 * f64::from(from);
            if is_lost(from, at_s) {
                lost += 1;
                for (count, later_s) in again.iter_mut().zip([0.05, 60.0, HOUR, 12.0 * HOUR]) {
                    *count += u32::from(is_lost(from, at_s + later_s));
                }
            }
        }
    }
    let share = again.map(|count| f64::from(count) / f64::from(lost));
    (share, f64::from(lost) / (f64::from(LINKS) * f64::from(rounds)))
}

/// Each of the four shares within `near` of what is expected.
fn holds(what: &str, is: [f64; 4], expected: [f64; 4], near: f64) {
    for ((is, expected), later) in is.into_iter().zip(expected).zip(["at once", "1 min", "1 h", "12 h"]) {
        assert!((is - expected).abs() < near, "{what}, {later}: {is:.3}, not {expected}");
    }
}

#[test]
fn what_is_sure_to_arrive_arrives_whether_its_level_is_asked_for_or_not() {
    let spec = FadingSpec::default();
    // From a link that loses half of its frames to some that lose none: levels are 10 dB apart.
    for (share, sure) in [(0.5, 0), (1e-3, 0), (1e-20, 2_000)] {
        let [asked, unasked] = [true, false].map(|measures| {
            let mut air = fading_air(Fading::new(&spec, 4), spec.spread_db(), 2, share, BYTES);
            air.measure(measures);
            let mut received = |n: u64| {
                let (from, at) = (Node(1 + (n % 2) as u16), SimTime::from_secs(60 * n));
                let sent = air.begin(at, frame(from, Node(0), Channel::COMMON, BYTES), &[]);
                let mut result = (Fate::Deaf, 0.0);
                air.finish(sent, |_, fate, dbm| result = (fate, dbm));
                result
            };
            (0..2_000).map(&mut received).collect::<Vec<_>>()
        });
        assert!(asked.iter().zip(&unasked).all(|(a, b)| a.0 == b.0), "{share}");
        assert!(asked.iter().all(|(_, dbm)| dbm.is_finite()), "{share}");
        assert_eq!(unasked.iter().filter(|(_, dbm)| dbm.is_nan()).count(), sure, "{share}");
    }
}

#[test]
fn losses_come_together_as_they_do_in_a_trace() {
    // P(fails again) = Phi2(h, h; rho) / Phi(h) with Phi(h) the loss; rho of 2.0, 0.8 and 0.55 dB and tau = 20 h is 4.64 / 4.94 at once and
    // 4 exp(-dt / tau) / 4.94 later. Our standard errors are 0.006 at the most.
    let table = [
        (0.01, [0.636, 0.388, 0.340, 0.104]),
        (0.10, [0.756, 0.572, 0.532, 0.291]),
        (0.43, [0.872, 0.771, 0.748, 0.596]),
        (0.55, [0.899, 0.819, 0.801, 0.681]),
    ];
    let fading = FadingSpec { time: SimTime::from_secs(20 * 3_600), time_spread: 0.0, ..FadingSpec::default() };
    for (loss, expected) in table {
        let (again, of_all) = after_a_loss(&fading, loss, if loss < 0.05 { 2_000 } else { 400 });
        assert!((of_all / loss - 1.0).abs() < 0.06, "{of_all} of all frames, not {loss}");
        holds(&format!("a loss of {loss}"), again, expected, 0.02);
    }
}

#[test]
fn two_nodes_of_the_trace_behave_as_their_fits() {
    // By the same formula with s2 / s1, s3 / s1 and tau of each, at a loss of 0.43. Of s3 the bit errors have up to 0.7 dB.
    let hours = |h: u64| SimTime::from_secs(3_600 * h);
    let node =
        |slow_db, channel_db, frame_db, time| FadingSpec { slow_db, channel_db, frame_db, time, time_spread: 0.0 };
    // K: .40, .28, 29 h, at 3 dB in sum: 2.7, 1.08 and 0.75 = sqrt(0.7^2 + 0.27^2) dB. Its trace has .87, .77, .75 and .63.
    let (k, _) = after_a_loss(&node(2.7, 1.08, 0.27, hours(29)), 0.43, 100);
    holds("K", k, [0.87, 0.77, 0.754, 0.633], 0.05);
    // H: 0, .06, 35 h. A fit has no decibels: 0.06 is what the bit errors are of 11.7 dB.
    let (h, _) = after_a_loss(&node(11.7, 0.0, 0.0, hours(35)), 0.43, 100);
    holds("H", h, [0.969, 0.967, 0.908, 0.714], 0.05);
}

#[test]
fn both_directions_have_the_same_level_but_for_what_is_the_frames_own() {
    let fading = FadingSpec { frame_db: 0.0, ..FadingSpec::default() };
    for (fading, same) in [(fading, true), (FadingSpec::default(), false)] {
        let mut air = fading_air(Fading::new(&fading, 4), fading.spread_db(), 2, 1e-6, BYTES);
        let mut level = |from: u16, to: u16, at_s: u64| {
            let sent = air.begin(SimTime::from_secs(at_s), frame(Node(from), Node(to), Channel::COMMON, BYTES), &[]);
            let mut level = f32::NAN;
            air.finish(sent, |_, _, dbm| level = dbm);
            level
        };
        let [there, back] = [level(0, 1, 30), level(1, 0, 31)];
        assert_eq!((there - back).abs() < 1e-3, same, "{there} and {back} dBm");
        // 0.2 dB of each frame; a minute later another 1.1 dB of the channel.
        assert!((there - back).abs() < 1.0);
        assert_ne!(there, level(0, 1, 91));
        assert_ne!(there, level(0, 2, 30), "another link");
    }
}

#[test]
fn levels_drawn_for_each_frame_say_nothing_of_the_next() {
    let (again, of_all) = after_a_loss(&FadingSpec { frame_db: 3.0, ..FadingSpec::off() }, 0.43, 50);
    holds("independent", again, [of_all; 4], 0.02);
}
