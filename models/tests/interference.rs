//! Interferers: how often a channel is found busy, which frames are lost, and who hears how much.

use amitwin_models::medium::mesh::hopping::HopSet;
use amitwin_models::medium::mesh::radio::air::{Air, Fate, Parts, UNITS_PER_MW};
use amitwin_models::medium::mesh::radio::error::ErrorModel;
use amitwin_models::medium::mesh::radio::fading::Fading;
use amitwin_models::medium::mesh::radio::interference::Interference;
use amitwin_models::medium::mesh::radio::neighbours::{LossMap, Neighbours};
use amitwin_models::medium::mesh::radio::phy::Phy;
use amitwin_models::node::{Channel, Node, SiteId};
use amitwin_models::spec::{Channels, FadingSpec, InterfererPreset, InterfererSpec, PhyMode, Surroundings, WorldSpec};
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use amitwin_testkit::air::frame;
use amitwin_testkit::worlds::{interferer, run, sites, world};

/// Radio 0 at the origin and radio 1 100 m east of it; loss 31.7 + 40 log10(d) dB, 111.7 dB over 100 m and 123.7 dB over 200 m.
fn two() -> WorldSpec {
    let mut spec = world(sites([(Gateway, 0.0, 0.0), (Meter, 100.0, 0.0)]), PhyMode::M1b, 3_600);
    spec.mac.hopping = true;
    spec
}

fn around(interferers: Vec<InterfererSpec>) -> Surroundings {
    Surroundings { interferers, ..Surroundings::default() }
}

fn interference(spec: &WorldSpec) -> Option<Interference> {
    let map = LossMap::new(&spec.radio, 915.0, spec.seed, &spec.placement.sites);
    Interference::of(spec, &map, &[SiteId(0), SiteId(1)], -117.0)
}

fn air(spec: &WorldSpec) -> Air {
    let parts = Parts {
        neighbours: Neighbours::from_losses(2, &[(0, 1, 111.7)]),
        model: ErrorModel::new(PhyMode::M1b, 10.0, 0.0),
        fading: Fading::new(&FadingSpec::off(), 1),
        heat: None,
        interference: interference(spec),
        phy: Phy::new(PhyMode::M1b),
        cca_threshold_dbm: -90.0,
        own: 2,
        hops: HopSet::of_plan(129, &Channels::default()),
        seed: 1,
    };
    Air::new(parts, [(SiteId(0), 27.0), (SiteId(1), 27.0)].into_iter())
}

/// The air with one interferer.
fn disturbed(interferer: InterfererSpec) -> Air {
    air(&WorldSpec { surroundings: around(vec![interferer]), ..two() })
}

/// Moments in an hour, evenly by chance.
fn moments(count: usize) -> impl Iterator<Item = SimTime> {
    let mut stream = Stream::new(7, 0, 1);
    (0..count).map(move |_| SimTime::from_secs_f64(3_600.0 * stream.unit()))
}

/// How often a node finds a channel busy.
fn busy_share(air: &Air, node: u16, channel: u16) -> f64 {
    let count = 20_000;
    moments(count).filter(|&at| air.is_busy(Node(node), Channel(channel), at)).count() as f64 / count as f64
}

#[test]
fn a_channel_is_found_busy_for_the_duty() {
    // -87.7 dBm at radio 0, and -99.7 dBm at radio 1, twice as far: under its threshold of -90 dBm.
    let air = disturbed(interferer(24.0, "10-29"));
    // An hour has 7,200 bursts: the error of 20,000 looks is 0.002.
    for channel in [10, 20, 29] {
        let share = busy_share(&air, 0, channel);
        assert!((share - 0.1).abs() < 0.008, "channel {channel}: {share}");
    }
    assert_eq!([9, 30, 128].map(|channel| busy_share(&air, 0, channel)), [0.0; 3]);
    assert_eq!(busy_share(&air, 1, 20), 0.0);
    // Each channel has its own bursts.
    let both = |at: &SimTime| [10, 20].iter().all(|&channel| air.is_busy(Node(0), Channel(channel), *at));
    let share = moments(20_000).filter(both).count() as f64 / 2e4;
    assert!((share - 0.01).abs() < 0.003, "{share}");
}

#[test]
fn channels_beside_hear_a_burst_30_and_45_db_weaker() {
    // At radio 0: -41.7 dBm, -71.7 dBm on the next channels, -86.7 dBm on those after, nothing further away.
    let air = disturbed(interferer(70.0, "50"));
    for (channel, expected) in [(47, 0.0), (48, 0.1), (49, 0.1), (50, 0.1), (51, 0.1), (52, 0.1), (53, 0.0)] {
        let share = busy_share(&air, 0, channel);
        assert!((share - expected).abs() < 0.008, "channel {channel}: {share}");
    }
    // 5 dB less, and the alternate channels are clear.
    let air = disturbed(interferer(65.0, "50"));
    assert_eq!([48, 52].map(|channel| busy_share(&air, 0, channel)), [0.0; 2]);
}

#[test]
fn levels_fall_with_the_distance() {
    let spec =
        WorldSpec { surroundings: around(vec![InterfererSpec { duty: Some(1.0), ..interferer(24.0, "") }]), ..two() };
    let interference = interference(&spec).expect("it is heard");
    let at = SimTime::from_secs(1);
    let dbm = [0, 1].map(|node| {
        let level = interference.level(Node(node), Channel(64), at, at);
        10.0 * libm::log10(level as f64 / UNITS_PER_MW)
    });
    // Beside the channel itself there are two at -30 dB and two at -45 dB: 1 + 2e-3 + 6e-5 is 0.01 dB.
    assert!((dbm[0] + 87.7).abs() < 0.03 && (dbm[1] + 99.74).abs() < 0.03, "{dbm:?}");
}

/// What becomes of frames of 100 bytes from radio 1 to radio 0 on channel 20.
fn lost_share(air: &mut Air) -> f64 {
    let mut times: Vec<SimTime> = moments(10_000).collect();
    times.sort_unstable();
    // A radio sends one frame after the other.
    times.dedup_by(|later, earlier| *later < *earlier + SimTime::from_millis(30));
    let mut lost = 0;
    for &at in &times {
        let sent = air.begin(at, frame(Node(1), Node(0), Channel(20), 100), &[Node(0)]);
        air.finish(sent, |_, fate, _| lost += u32::from(fate == Fate::Collided));
    }
    f64::from(lost) / times.len() as f64
}

#[test]
fn a_frame_is_lost_if_a_burst_touches_it() {
    // A frame at -84.7 dBm under bursts of -87.7 dBm: 3 dB, where 8 are needed. It lasts 18.56 ms, a burst 50 ms, and there is one each 500 ms:
    // frames that begin in 68.56 of 500 ms are touched, 13.7 %. Of 9,200 frames the error is 0.4 %.
    let share = lost_share(&mut disturbed(interferer(24.0, "20")));
    assert!((share - 0.1371).abs() < 0.014, "{share}");
    // Bursts that are 20 dB weaker than the frame take nothing away, and those on the channel beside neither.
    assert_eq!(lost_share(&mut disturbed(interferer(7.0, "20"))), 0.0);
    assert_eq!(lost_share(&mut disturbed(interferer(24.0, "21"))), 0.0);
    assert_eq!(lost_share(&mut air(&two())), 0.0);
}

#[test]
fn a_burst_in_the_preamble_keeps_a_receiver_from_locking() {
    // Bursts of -82.7 dBm over frames of -84.7 dBm. A frame that begins in a burst, 50 of 500 ms, is not locked on: its receiver is deaf to it. One that is
    // locked on when a burst begins, within its 18.56 ms, collides: 3.7 %.
    let mut air = disturbed(interferer(29.0, "20"));
    let mut times: Vec<SimTime> = moments(10_000).collect();
    times.sort_unstable();
    times.dedup_by(|later, earlier| *later < *earlier + SimTime::from_millis(30));
    let mut fates = [0; 4];
    for &at in &times {
        let sent = air.begin(at, frame(Node(1), Node(0), Channel(20), 100), &[Node(0)]);
        air.finish(sent, |_, fate, _| fates[fate as usize] += 1);
    }
    let share = |fate: Fate| f64::from(fates[fate as usize]) / times.len() as f64;
    // Of some 9,200 frames the standard deviations are 0.3 and 0.2 %.
    assert!((share(Fate::Deaf) - 0.1).abs() < 0.013, "{fates:?}");
    assert!((share(Fate::Collided) - 0.0371).abs() < 0.008, "{fates:?}");
    assert_eq!(fates[Fate::Noise as usize], 0, "32 dB over the noise");
    // 6 dB weaker they keep nobody from locking: what they touch collides.
    let mut weaker = disturbed(interferer(23.0, "20"));
    let sent = |air: &mut Air, at| {
        let sent = air.begin(at, frame(Node(1), Node(0), Channel(20), 100), &[Node(0)]);
        let mut found = None;
        air.finish(sent, |_, fate, _| found = Some(fate));
        found
    };
    assert!(times.iter().all(|&at| sent(&mut weaker, at) != Some(Fate::Deaf)));
}

#[test]
fn an_interferer_keeps_its_hours() {
    let hours = Some((SimTime::from_secs(1_200), SimTime::from_secs(2_400)));
    let mut spec = WorldSpec { surroundings: around(vec![InterfererSpec { hours, ..interferer(24.0, "") }]), ..two() };
    // Midnight where the meters are.
    spec.dlms.start_unix_s = 1_767_225_600;
    let air = air(&spec);
    let mut busy = [0; 3];
    for at in moments(30_000).filter(|&at| air.is_busy(Node(0), Channel(20), at)) {
        busy[(at.secs_f64() / 1_200.0) as usize] += 1;
    }
    // A tenth of 10,000 looks in the second third of the hour; a burst that began in time may end after it.
    assert!(busy[0] == 0 && (850..1_150).contains(&busy[1]) && busy[2] <= 2, "{busy:?}");
}

#[test]
fn hours_may_run_over_midnight() {
    // From 23:40 to 0:20 of a run that begins at 23:00: in the third and fourth of six thirds of an hour.
    let of_day = |minutes: u64| SimTime::from_secs(60 * minutes);
    let hours = Some((of_day(23 * 60 + 40), of_day(20)));
    let mut spec = WorldSpec { surroundings: around(vec![InterfererSpec { hours, ..interferer(24.0, "") }]), ..two() };
    spec.dlms.start_unix_s = 1_767_225_600 - 3_600;
    let air = air(&spec);
    let mut busy = [0; 6];
    let twice = |at: SimTime| SimTime::from_nanos(2 * at.nanos());
    for at in moments(60_000).map(twice).filter(|&at| air.is_busy(Node(0), Channel(20), at)) {
        busy[(at.secs_f64() / 1_200.0) as usize] += 1;
    }
    // A tenth of 10,000 looks each.
    let [before @ .., third, fourth, after, last] = busy;
    assert!(before == [0, 0] && (850..1_150).contains(&third) && (850..1_150).contains(&fourth), "{busy:?}");
    assert!(after <= 2 && last == 0, "{busy:?}");
}

#[test]
fn what_nobody_hears_is_not_kept() {
    let silent = InterfererSpec { duty: Some(0.0), ..interferer(24.0, "") };
    let far = InterfererSpec { place_m: (50_000.0, 0.0), ..interferer(24.0, "") };
    assert!(interference(&WorldSpec { surroundings: around(vec![silent, far]), ..two() }).is_none());
}

#[test]
fn a_mask_takes_a_mesh_out_of_the_way() {
    // Always on in two thirds of the channels, and as strong as the meter itself.
    let other = InterfererSpec { duty: Some(1.0), ..interferer(27.0, "0-85") };
    let collided = |excluded: &str| {
        let mut spec = WorldSpec { surroundings: around(vec![other.clone()]), ..two() };
        spec.traffic.push_period = Some(SimTime::from_secs(20));
        spec.mac.channels_excluded = Channels::parse(excluded).expect("channels");
        run(&spec).mesh().books.counters.collided
    };
    // The two channels beside hear -114.7 dBm and less of it.
    assert!(collided("") > 50, "{}", collided(""));
    assert_eq!(collided("0-85"), 0);
}

#[test]
fn presets_take_a_channel_as_was_measured() {
    // 10 m away, where the weakest of them has -55.55 dBm.
    let share_of_day = |preset, hours: std::ops::Range<u32>| {
        let plain = interferer(0.0, "20");
        let spec = InterfererSpec {
            preset: Some(preset),
            power_dbm: None,
            duty: None,
            burst: None,
            place_m: (-10.0, 0.0),
            ..plain
        };
        let mut world = WorldSpec { surroundings: around(vec![spec]), ..two() };
        // Midnight.
        world.dlms.start_unix_s = 1_782_864_000;
        let air = air(&world);
        let (mut stream, count) = (Stream::new(7, 0, 1), 100_000);
        let length_h = f64::from(hours.end - hours.start);
        let at = |unit: f64| SimTime::from_secs_f64(3_600.0 * (f64::from(hours.start) + length_h * unit));
        let busy = (0..count).filter(|_| air.is_busy(Node(0), Channel(20), at(stream.unit()))).count();
        busy as f64 / f64::from(count)
    };
    use InterfererPreset::{Daily868, Hopper915, Jammed868, Residential868, Residential868Fullest};
    // Sensors 21:7805: less than 1 % on usual channels, 2 % on the fullest; 22:9928: once 65 %. 47 CFR 15.247: 0.4 s of 20 s. Four standard
    // deviations of 100,000 looks: 0.0013 of 1 %, 0.0018 of 2 %, 0.006 of 65 %; a hopper's day has 4,320 bursts, which add a little.
    for (preset, duty, within) in [
        (Residential868, 0.01, 0.0015),
        (Residential868Fullest, 0.02, 0.002),
        (Jammed868, 0.65, 0.007),
        (Hopper915, 0.02, 0.0025),
    ] {
        let share = share_of_day(preset, 0..24);
        assert!((share - duty).abs() < within, "{preset:?}: {share}, not {duty}");
    }
    // 22:9928: eight times as much in the busiest hours as in the quietest; 1 % and 0.125 %.
    let (day, night) = (share_of_day(Daily868, 8..20), share_of_day(Daily868, 0..8));
    assert!((day - 0.01).abs() < 0.0015 && (night - 0.00125).abs() < 0.0005, "{day} and {night}");
    // 14 dBm over a dipole of 2.15 dBi, and 36 dBm.
    let powers = InterfererPreset::ALL.map(|preset| preset.sends().power_dbm);
    assert_eq!(powers, [16.15, 16.15, 16.15, 16.15, 36.0]);
}
