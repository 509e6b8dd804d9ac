//! The medium with two or three radios whose losses are given: locking, capture, deafness, energy.

use amitwin_models::medium::mesh::mpdu::Mpdu;
use amitwin_models::medium::mesh::radio::air::{Air, Fate};
use amitwin_models::node::{Channel, Node};
use amitwin_models::spec::PhyMode;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use amitwin_testkit::air::{air as sensing, frame};

const COMMON: Channel = Channel::COMMON;

/// Radios that find a channel busy from -90 dBm on.
fn air(mode: PhyMode, radios: u32, losses: &[(u16, u16, f32)], channels: u16) -> Air {
    sensing(mode, radios, losses, channels, -90.0)
}

fn at(us: u64) -> SimTime {
    SimTime::from_micros(us)
}

/// What becomes of a frame at its addressee.
fn fate(air: &mut Air, sent: u32) -> Fate {
    let mut fates = Vec::new();
    air.finish(sent, |_, fate, _| fates.push(fate));
    assert_eq!(fates.len(), 1, "a frame for one has one fate");
    fates[0]
}

/// Radio 1 sends to radio 0 at -63 dBm, radio 2 begins `after_us` later, `stronger_db` above it.
fn one_after_the_other(mode: PhyMode, after_us: u64, stronger_db: f32) -> (Fate, Fate) {
    let mut air = air(mode, 3, &[(0, 1, 90.0), (0, 2, 90.0 - stronger_db)], 0);
    let first = air.begin(at(0), frame(Node(1), Node(0), COMMON, 100), &[]);
    let second = air.begin(at(after_us), frame(Node(2), Node(0), COMMON, 100), &[]);
    (fate(&mut air, first), fate(&mut air, second))
}

#[test]
fn alone_a_frame_arrives_at_its_level() {
    let mut air = air(PhyMode::M1b, 2, &[(0, 1, 90.0)], 0);
    let sent = air.begin(at(0), frame(Node(1), Node(0), COMMON, 100), &[]);
    let mut seen = Vec::new();
    let ended = air.finish(sent, |node, fate, dbm| seen.push((node, fate, dbm)));
    assert_eq!((ended.mpdu, ended.end), (Mpdu::Foreign, at(18_560)));
    let [(Node(0), Fate::Received, dbm)] = seen[..] else { panic!("{seen:?}") };
    assert!((dbm + 63.0).abs() < 0.01, "{dbm} dBm");
}

#[test]
fn under_the_noise_a_frame_is_lost_to_noise() {
    // Noise is -174 + 47 + 10 = -117 dBm; a frame at -115 dBm is found but does not survive.
    let mut air = air(PhyMode::M1b, 2, &[(0, 1, 142.0)], 0);
    let sent = air.begin(at(0), frame(Node(1), Node(0), COMMON, 100), &[]);
    assert_eq!(fate(&mut air, sent), Fate::Noise);
    // At -120 dBm the receiver does not notice it.
    let mut air = self::air(PhyMode::M1b, 2, &[(0, 1, 147.0)], 0);
    let sent = air.begin(at(0), frame(Node(1), Node(0), COMMON, 100), &[]);
    assert_eq!(fate(&mut air, sent), Fate::Deaf);
}

#[test]
fn the_first_frame_holds_the_receiver() {
    // Behind the preamble nothing takes over, not even 40 dB; the first frame is destroyed, the second not received.
    assert_eq!(one_after_the_other(PhyMode::M1b, 1_300, 40.0), (Fate::Collided, Fate::Deaf));
    assert_eq!(one_after_the_other(PhyMode::M1b, 1_300, 0.0), (Fate::Collided, Fate::Deaf));
    // One that is 20 dB weaker does no harm.
    assert_eq!(one_after_the_other(PhyMode::M1b, 1_300, -20.0), (Fate::Received, Fate::Deaf));
}

#[test]
fn within_the_preamble_a_stronger_frame_takes_over() {
    // 8 bytes of preamble at 50 kb/s: 1.28 ms.
    assert_eq!(one_after_the_other(PhyMode::M1b, 1_279, 20.0), (Fate::Deaf, Fate::Received));
    // h = 1 asks for more than 8 dB, h = 0.5 for more than 11 dB. Which of the two holds the receiver shows in who is
    // deaf; whether it survives so little distance is the dice's business.
    let deaf = |mode, db| {
        let (first, second) = one_after_the_other(mode, 1_000, db);
        assert!((first == Fate::Deaf) != (second == Fate::Deaf), "{first:?} {second:?}");
        first == Fate::Deaf
    };
    assert!(!deaf(PhyMode::M1b, 7.5) && deaf(PhyMode::M1b, 8.5));
    assert!(!deaf(PhyMode::M1a, 10.5) && deaf(PhyMode::M1a, 11.5));
    // Without FSK (ns-3's O-QPSK) there is no capture.
    assert_ne!(one_after_the_other(PhyMode::Oqpsk250, 16, 40.0).0, Fate::Deaf);
}

#[test]
fn on_a_hopped_channel_the_same_holds() {
    let both = |after_us, db: f32| {
        let mut air = air(PhyMode::M1b, 3, &[(0, 1, 90.0), (0, 2, 90.0 - db)], 4);
        let first = air.begin(at(0), frame(Node(1), Node(0), Channel(2), 100), &[Node(0)]);
        let second = air.begin(at(after_us), frame(Node(2), Node(0), Channel(2), 100), &[Node(0)]);
        (fate(&mut air, first), fate(&mut air, second))
    };
    assert_eq!(both(1_300, 40.0), (Fate::Collided, Fate::Deaf));
    assert_eq!(both(1_300, -20.0), (Fate::Received, Fate::Deaf));
    assert_eq!(both(1_000, 20.0), (Fate::Deaf, Fate::Received));
}

#[test]
fn channels_do_not_disturb_each_other() {
    let mut air = air(PhyMode::M1b, 4, &[(0, 1, 90.0), (0, 2, 90.0), (3, 2, 90.0), (0, 3, 90.0)], 4);
    let first = air.begin(at(0), frame(Node(1), Node(0), Channel(2), 100), &[Node(0)]);
    let second = air.begin(at(0), frame(Node(2), Node(3), Channel(1), 100), &[Node(3)]);
    let busy = |air: &Air, node| [0, 1, 2, 3].map(|channel| air.is_busy(Node(node), Channel(channel), at(100)));
    assert!(air.is_busy(Node(0), Channel(0), at(100)), "a radio that receives is busy on every channel");
    air.power(Node(3), false);
    air.power(Node(3), true);
    assert_eq!(busy(&air, 3), [false, true, false, false], "1 is out of reach of 3, 2 is not");
    assert_eq!((fate(&mut air, first), fate(&mut air, second)), (Fate::Received, Fate::Deaf));
    assert_eq!(busy(&air, 3), [false; 4]);
}

#[test]
fn who_sends_or_turns_hears_nothing() {
    let mut air = air(PhyMode::M1b, 3, &[(0, 1, 90.0), (0, 2, 90.0)], 0);
    let own = air.begin(at(0), frame(Node(0), Node(2), COMMON, 20), &[]);
    // 36 bytes at 50 kb/s: on the air until 5.76 ms.
    let during = air.begin(at(5_000), frame(Node(1), Node(0), COMMON, 100), &[]);
    assert!(air.is_sending(Node(0), at(5_759)) && !air.is_sending(Node(0), at(5_760)));
    assert_eq!(fate(&mut air, own), Fate::Received);
    assert_eq!(fate(&mut air, during), Fate::Deaf, "its beginning was missed");

    air.deafen(Node(0), at(51_000));
    let turning = air.begin(at(50_500), frame(Node(1), Node(0), COMMON, 20), &[]);
    assert_eq!(fate(&mut air, turning), Fate::Deaf);
    let after = air.begin(at(60_000), frame(Node(1), Node(0), COMMON, 20), &[]);
    assert_eq!(fate(&mut air, after), Fate::Received);
}

#[test]
fn who_is_off_hears_nothing_and_spoils_what_it_sends() {
    let mut air = air(PhyMode::M1b, 2, &[(0, 1, 90.0)], 0);
    air.power(Node(0), false);
    let sent = air.begin(at(0), frame(Node(1), Node(0), COMMON, 20), &[]);
    assert_eq!(fate(&mut air, sent), Fate::Deaf);
    air.power(Node(0), true);
    let cut_off = air.begin(at(10_000), frame(Node(1), Node(0), COMMON, 20), &[]);
    air.power(Node(1), false);
    assert_eq!(fate(&mut air, cut_off), Fate::Noise);
    let missed = air.begin(at(20_000), frame(Node(1), Node(0), COMMON, 20), &[]);
    air.power(Node(0), false);
    air.power(Node(0), true);
    assert_eq!(fate(&mut air, missed), Fate::Deaf);
}

#[test]
fn a_frame_for_all_has_a_fate_at_everyone_who_was_free() {
    let mut air = air(PhyMode::M1b, 4, &[(0, 1, 90.0), (0, 2, 100.0), (0, 3, 90.0)], 0);
    air.power(Node(3), false);
    let sent = air.begin(at(0), frame(Node(0), Node::EVERYONE, COMMON, 100), &[]);
    let mut fates = Vec::new();
    air.finish(sent, |node, fate, _| fates.push((node, fate)));
    assert_eq!(fates, [(Node(1), Fate::Received), (Node(2), Fate::Received)]);
}

#[test]
fn energy_is_gone_when_every_frame_has_ended() {
    // Thirty frames that overlap in any order among five radios; busy from -155 dBm, which is almost nothing.
    let pairs: Vec<(u16, u16, f32)> =
        (0..5u16).flat_map(|a| (0..a).map(move |b| (b, a, 60.0 + 7.3 * f32::from(a + b)))).collect();
    let mut air = sensing(PhyMode::M1b, 5, &pairs, 2, -155.0);
    let mut dice = Stream::new(7, 0, 1);
    let mut on_air: Vec<(SimTime, u32)> = Vec::new();
    for n in 0..30u64 {
        let now = at(n * 7_000);
        on_air.sort();
        while on_air.first().is_some_and(|f| f.0 <= now) {
            air.finish(on_air.remove(0).1, |_, _, _| {});
        }
        let from = Node(dice.below(5) as u16);
        if air.is_sending(from, now) {
            continue;
        }
        let channel = [COMMON, Channel(0), Channel(1)][dice.below(3) as usize];
        let to = Node((from.0 + 1) % 5);
        let sent = air.begin(
            now,
            frame(from, to, channel, 20 + dice.below(200) as u16),
            &[to][..usize::from(channel != COMMON)],
        );
        assert!(air.is_busy(to, channel, now), "frame {n} is not sensed");
        on_air.push((air.transmission(sent).end, sent));
    }
    let end = on_air.iter().map(|f| f.0).max().expect("the last frames");
    for (_, sent) in on_air {
        air.finish(sent, |_, _, _| {});
    }
    assert_eq!(air.live(), 0);
    for node in (0..5).map(Node) {
        for channel in [COMMON, Channel(0), Channel(1)] {
            assert!(!air.is_busy(node, channel, end), "{node} still senses something on {channel:?}");
        }
        assert!(!air.is_engaged(node, end) && !air.is_sending(node, end));
    }
}
