//! Channels that are left out of the hop sequence.

use amitwin_data::rows::FrameKind;
use amitwin_models::build::{BuildError, build};
use amitwin_models::spec::{Channels, PhyMode, Region, Start, WorldSpec};
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, captured, run, sites, world};
use std::collections::BTreeSet;

/// Three new meters around a border router that hop over what is left of 129 channels, each frame written down.
fn spec(excluded: &str) -> WorldSpec {
    let places = [(Gateway, 0.0, 0.0), (Meter, 50.0, 0.0), (Meter, -50.0, 0.0), (Meter, 0.0, 50.0)];
    let mut spec = world(sites(places), PhyMode::M1b, 3_600);
    spec.mac.hopping = true;
    spec.mac.channels_excluded = Channels::parse(excluded).expect("channels");
    spec.mesh.start = Start::Cold;
    spec.record.frames_every = 1;
    spec
}

fn channels(ran: &Ran) -> BTreeSet<u16> {
    let hopped = ran.rows.frames.iter().filter(|frame| frame.channel != u16::MAX);
    hopped.map(|frame| frame.channel).collect()
}

/// Channels of the first sweep of solicits, in their order, and the time from its first frame to its last.
fn first_sweep(ran: &Ran) -> (Vec<u16>, f64) {
    let solicit = ran.rows.frames.iter().filter(|frame| frame.kind == FrameKind::PanAdvertSolicit);
    let solicit: Vec<_> = solicit.collect();
    let one = solicit.iter().filter(|frame| frame.src == solicit[0].src);
    let mut sweep: Vec<(u16, f64)> = Vec::new();
    for frame in one {
        if sweep.last().is_some_and(|last| frame.channel <= last.0) {
            break;
        }
        sweep.push((frame.channel, frame.time_s));
    }
    let took_s = sweep[sweep.len() - 1].1 - sweep[0].1;
    (sweep.into_iter().map(|frame| frame.0).collect(), took_s)
}

#[test]
fn nothing_is_sent_on_channels_that_are_left_out() {
    let (all, some) = (run(&spec("")), run(&spec("0-63,65,100-128")));
    assert_eq!(channels(&all), (0..129).collect());
    // 129 - 64 - 1 - 29.
    let left: BTreeSet<u16> = [64].into_iter().chain(66..100).collect();
    assert_eq!((left.len(), channels(&some)), (35, left));
}

#[test]
fn nothing_is_sent_on_channels_that_the_region_forbids() {
    let mut europe = spec("0-9");
    europe.radio.region = Region::Europe;
    europe.radio.phy = PhyMode::M3;
    // Of 35 channels at 150 kb/s the plan excludes 27, 28 and 30 to 33.
    let allowed: BTreeSet<u16> = (10..27).chain([29, 34]).collect();
    assert_eq!(channels(&run(&europe)), allowed);
    assert!(captured(&europe).mesh().books.counters.frames > 100, "with the lengths that schedules with gaps have");
}

#[test]
fn a_sweep_takes_as_long_as_its_channels() {
    let (channels, took_s) = first_sweep(&run(&spec("4-127")));
    assert_eq!(channels, [0, 1, 2, 3, 128]);
    // A solicit has 40 bytes, and 5 more for the one range (1 + 4); 4 of check sequence, 2 of header, 8 of preamble and 2 of delimiter: 61 bytes
    // take 9.76 ms at 50 kb/s, and 0.16 ms go by with listening. The last of five frames begins four of these later.
    assert!((took_s - 4.0 * 9.92e-3).abs() < 1e-9, "{took_s} s");
}

#[test]
fn captured_frames_are_as_long_as_charged() {
    // A capture stops the run where a frame is longer or shorter than what it was charged for.
    for excluded in ["0-9,20", "0,2,4,6,8,128"] {
        let ran = captured(&spec(excluded));
        assert!(ran.mesh().books.counters.frames > 100);
    }
}

#[test]
fn some_channel_must_be_left() {
    let error = build(&WorldSpec { duration: SimTime::from_secs(1), ..spec("0-128") }).err();
    assert_eq!(error, Some(BuildError::AllExcluded));
}
