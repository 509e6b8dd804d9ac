//! Frames of a sweep that nobody listens for: where they are sensed, what they give way to, whom they disturb.

use amitwin_models::medium::mesh::radio::air::{Air, Fate, Train};
use amitwin_models::node::{Channel, Node};
use amitwin_models::spec::*;
use amitwin_sim_core::SimTime;
use amitwin_testkit::air::{air, frame};
use amitwin_testkit::worlds::{Ran, run_prepared, suburb};

fn at(us: u64) -> SimTime {
    SimTime::from_micros(us)
}

/// Radios that find a channel busy from -90 dBm on; 90 dB are -63 dBm.
fn radios(count: u32, losses: &[(u16, u16, f32)]) -> Air {
    air(PhyMode::M1b, count, losses, 4, -90.0)
}

/// Four frames of 8 ms, 10 ms apart, on channels 0 to 3.
fn train(from: u16, start_us: u64) -> Train {
    Train::new(Node(from), at(start_us), (0, 4), (at(10_000), at(8_000)))
}

/// Channels on which a train has sent.
fn sent(air: &mut Air, from: u16) -> Vec<u16> {
    air.end_train(Node(from)).expect("a train").begun(SimTime::MAX).map(|(place, _)| place).collect()
}

#[test]
fn a_train_is_sensed_on_its_channel_of_the_moment() {
    let mut air = radios(3, &[(0, 1, 90.0)]);
    air.begin_train(train(1, 0));
    let busy = |node, channel, us| air.is_busy(Node(node), Channel(channel), at(us));
    // The third frame lasts from 20 to 28 ms.
    assert_eq!([19_999, 20_000, 27_999, 28_000].map(|us| busy(0, 2, us)), [false, true, true, false]);
    assert!(!busy(0, 1, 20_000) && busy(0, 3, 30_000));
    // Out of earshot nobody senses it; its sender is busy all the time, from its first frame to the end of the last one's turn.
    assert!(!busy(2, 2, 20_000));
    assert_eq!([0, 29_000, 39_999, 40_000].map(|us| busy(1, 0, us)), [true, true, true, false]);
    // Half of it: what has begun before 15 ms.
    let begun: Vec<_> = air.end_train(Node(1)).expect("a train").begun(at(15_000)).collect();
    assert_eq!(begun, [(0, at(0)), (1, at(10_000))]);
    assert!(air.end_train(Node(1)).is_none());
}

#[test]
fn a_busy_channel_is_left_out() {
    // Radio 2 sends on channel 1 from 5 to 23.56 ms; the train would come there at 10 ms.
    for frame_first in [true, false] {
        let mut air = radios(3, &[(1, 2, 90.0)]);
        let of_2 = frame(Node(2), Node(0), Channel(1), 100);
        // Known before the train begins, or begun after it.
        let start_us = if frame_first { 6_000 } else { 0 };
        if frame_first {
            air.begin(at(5_000), of_2, &[]);
            air.begin_train(train(1, start_us));
        } else {
            air.begin_train(train(1, start_us));
            air.begin(at(5_000), of_2, &[]);
        }
        assert_eq!(sent(&mut air, 1), [0, 2, 3], "{frame_first}");
    }
    // On channel 2 the frame is over when the train comes, at 26 ms.
    let mut air = radios(3, &[(1, 2, 90.0)]);
    air.begin(at(5_000), frame(Node(2), Node(0), Channel(2), 100), &[]);
    air.begin_train(train(1, 6_000));
    assert_eq!(sent(&mut air, 1), [0, 1, 2, 3]);
}

#[test]
fn two_trains_in_earshot_that_keep_step_give_way_once() {
    // The second follows 4 ms behind the first, whose frames last 8: it finds each channel busy.
    let mut air = radios(3, &[(1, 2, 90.0)]);
    air.begin_train(train(1, 0));
    air.begin_train(train(2, 4_000));
    assert_eq!((sent(&mut air, 1), sent(&mut air, 2)), (vec![0, 1, 2, 3], vec![]));
    // 9 ms behind it finds none.
    air.begin_train(train(1, 0));
    air.begin_train(train(2, 9_000));
    assert_eq!((sent(&mut air, 1).len(), sent(&mut air, 2).len()), (4, 4));
    // Two places ahead from 15 ms on: on channel 2 from 15 to 23 ms, where the first would come at 20, and on channel 3 from 25 to 33.
    air.begin_train(train(1, 0));
    air.begin_train(Train::new(Node(2), at(15_000), (2, 2), (at(10_000), at(8_000))));
    assert_eq!((sent(&mut air, 1), sent(&mut air, 2)), (vec![0, 1], vec![2, 3]));
}

#[test]
fn a_train_of_a_hidden_sender_spoils_a_frame() {
    let fate = |train_first: bool, channel: u16| {
        // Radio 0 hears 1 and 2 alike; they do not hear each other.
        let mut air = radios(3, &[(0, 1, 90.0), (0, 2, 90.0)]);
        let begins = |air: &mut Air, us| air.begin(at(us), frame(Node(2), Node(0), Channel(channel), 100), &[Node(0)]);
        let id = if train_first {
            air.begin_train(train(1, 0));
            begins(&mut air, 9_000)
        } else {
            let id = begins(&mut air, 0);
            air.begin_train(train(1, 2_000));
            id
        };
        let mut fates = Vec::new();
        air.finish(id, |_, fate, _| fates.push(fate));
        fates[0]
    };
    // The frame lasts 18.56 ms (100 bytes at 50 kb/s): begun at 9 ms it meets the train on channels 1 and 2, which that reaches at 10 and 20 ms;
    // begun at 0 on channel 1 alone, at 12 ms, since the train comes to channel 2 at 22 ms.
    assert_eq!([1, 2].map(|channel| fate(true, channel)), [Fate::Collided; 2]);
    assert_eq!([1, 2].map(|channel| fate(false, channel)), [Fate::Collided, Fate::Received]);
    assert_eq!(fate(true, 3), Fate::Received);
}

#[test]
fn a_town_with_trains_is_the_town_without_but_for_chance() {
    let town = |seed, trains: bool| -> Ran {
        let mut spec = WorldSpec { seed, ..suburb(80, 4 * 3_600) };
        spec.mac.hopping = true;
        spec.mesh.profile = Some(SizeProfile::Small);
        spec.traffic.push_period = Some(SimTime::from_secs(600));
        run_prepared(&spec, |cell| {
            if !trains {
                cell.send_no_trains()
            }
        })
    };
    let (mut with, mut without) = ([0.0; 4], [0.0; 4]);
    for seed in 1..=4 {
        for (trains, sums) in [(true, &mut with), (false, &mut without)] {
            let ran = town(seed, trains);
            let counters = ran.mesh().books.counters;
            let told = [counters.frames, counters.sweep_frames, counters.acks, counters.retries];
            sums.iter_mut().zip(told).for_each(|(sum, count)| *sum += count as f64);
        }
    }
    // Frames, of sweeps, acknowledgements within 2 %; repetitions, some thousands, within 10 %.
    for (n, within) in [0.02, 0.02, 0.02, 0.1].into_iter().enumerate() {
        assert!((with[n] / without[n] - 1.0).abs() < within, "{n}: {with:?}, {without:?}");
    }
}
