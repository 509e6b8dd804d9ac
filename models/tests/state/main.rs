//! A world that is saved in the middle of a run and goes on elsewhere ends as one that was never interrupted.

mod faulty;
mod hostile;
mod questions;

use amitwin_data::rows::{EventKind, Fingerprinter};
use amitwin_models::build::build;
use amitwin_models::cell::Part;
use amitwin_models::medium::mesh::net::stack::dodag;
use amitwin_models::medium::mesh::wire::frame::Network;
use amitwin_models::spec::*;
use amitwin_models::state::{StateError, restore, save};
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::rng::Stream;
use amitwin_sim_core::{Engine, Local, Partition, SimTime, SnapshotError};
use amitwin_testkit::exchange::on_threads;
use amitwin_testkit::worlds::{self, event, sites, world};
use std::collections::BTreeSet;

type World = Engine<Part, Local>;

fn seconds(n: u64) -> SimTime {
    SimTime::from_secs(n)
}

fn built(spec: &WorldSpec) -> World {
    let mut built = build(spec).expect("a world");
    built.parts.iter_mut().for_each(|part| part.describe(&spec.placement.sites));
    Engine::new(built.parts, built.lookahead, Local).expect("distinct partitions")
}

fn prints(world: &World) -> Vec<Fingerprinter> {
    world.partitions().map(|_| Fingerprinter::new()).collect()
}

/// Takes the rows of each partition into its fingerprint.
fn take(world: &mut World, prints: &mut [Fingerprinter]) {
    for (part, print) in world.partitions_mut().zip(prints) {
        print.update(&std::mem::take(part.rows()));
    }
}

/// Runs to the end; what all rows say, and what is saved then.
fn end(mut world: World, spec: &WorldSpec, mut prints: Vec<Fingerprinter>) -> (String, Vec<u8>) {
    world.run_until(spec.duration).expect("every target exists");
    take(&mut world, &mut prints);
    let bytes = save(&world, spec).expect("a world that can be saved");
    world.finish().expect("every target exists");
    take(&mut world, &mut prints);
    (Fingerprinter::combine(prints.iter().map(Fingerprinter::finish)), bytes)
}

/// Compares a run in one go with one that is saved and read back at each of these times.
fn check(spec: &WorldSpec, times: &[SimTime]) -> Vec<Vec<u8>> {
    let world = built(spec);
    let none = prints(&world);
    let (fingerprint, _) = end(world, spec, none.clone());
    // The engine counts its windows, of which these stops make more.
    let (mut stopped, mut prints) = (built(spec), none.clone());
    for &at in times {
        stopped.run_until(at).expect("every target exists");
        take(&mut stopped, &mut prints);
    }
    let expected = end(stopped, spec, prints);
    assert_eq!(expected.0, fingerprint, "stops change nothing");
    let (mut world, mut prints) = (built(spec), none);
    let mut all = Vec::new();
    for &at in times {
        world.run_until(at).expect("every target exists");
        take(&mut world, &mut prints);
        let bytes = save(&world, spec).expect("a world that can be saved");
        assert_eq!(save(&world, spec).as_ref(), Ok(&bytes), "saved twice at {at}");
        world = built(spec);
        restore(&bytes, spec, &mut world).expect("the same world");
        assert_eq!(save(&world, spec).as_ref(), Ok(&bytes), "saved again at {at}");
        all.push(bytes);
    }
    assert!(end(world, spec, prints) == expected, "it ends otherwise");
    all
}

fn suburb(meters: u32, duration: u64) -> WorldSpec {
    let mut spec = worlds::suburb(meters, duration);
    spec.mac.hopping = true;
    spec.record.frames_every = 3;
    spec
}

fn reset(at: u64, delivery: Delivery, back: BackSign) -> CampaignSpec {
    let window = Some(Window::Range(seconds(10), seconds(60)));
    CampaignSpec::reset("reset", ResetSpec { at: seconds(at), window, delivery, back, ..ResetSpec::default() })
}

/// Three border routers in a row, each with its street of meters across the row; neighbouring streets hear each other.
fn streets(duration: u64) -> WorldSpec {
    let street = |x: f32| (0..12).map(move |n| (if n == 0 { Gateway } else { Meter }, x, n as f32 * 70.0));
    let mut spec = world(sites([0.0, 110.0, 220.0].into_iter().flat_map(street)), PhyMode::M1b, duration);
    spec.coupling.meshes = Coupling::Window;
    spec.mac.hopping = true;
    spec.record.frames_every = 1;
    spec
}

#[test]
fn a_suburb_in_the_middle_of_a_reset_goes_on() {
    let mut spec = suburb(120, 1_500);
    spec.traffic.push_period = Some(seconds(120));
    spec.campaigns = vec![reset(400, Delivery::Unicast, BackSign::Heartbeat)];
    let times = [0, 401_001, 431_777, 470_123, 800_000].map(SimTime::from_millis);
    let bytes = check(&spec, &times);
    for (at, bytes) in times.iter().zip(bytes) {
        println!("{} meters at {at}: {} bytes, {} a meter", 120, bytes.len(), bytes.len() / 120);
    }
}

#[test]
fn meters_in_the_middle_of_a_move_to_another_pan_go_on() {
    let mut spec = streets(6_000);
    (spec.mesh.pan, spec.mesh.keys) = (PanRule::Chosen, Some(KeySpec::default()));
    spec.traffic.push_period = Some(seconds(60));
    spec.events = vec![event("off", 1_000, None, Act::PowerOff(PowerOff {}), vec![0])];
    // The last report has to leave for another border router than the first.
    check(&spec, &[1_100, 1_500, 4_700, 4_850, 5_900].map(seconds));
    let ran = worlds::run(&spec);
    assert!(ran.rows.events.iter().any(|e| e.kind == EventKind::PanChange), "somebody moves");
}

#[test]
fn a_network_under_a_hot_sky_goes_on() {
    let mut spec = suburb(60, 9_000);
    spec.weather = Some(WeatherSpec {
        radios: HeatSpec { hardware: Hardware::Older, bad_crystals: 0.2, ..HeatSpec::default() },
        ..WeatherSpec::of(Climate::Phoenix)
    });
    spec.dlms.start_unix_s = 1_782_864_000;
    spec.traffic.push_period = Some(seconds(300));
    check(&spec, &[1_801_001, 3_600_000, 7_300_777].map(SimTime::from_millis));
}

#[test]
fn a_suburb_with_trees_and_a_new_building_goes_on() {
    let mut spec = suburb(60, 9_000);
    // Half an hour before an April midnight.
    spec.dlms.start_unix_s = 1_776_983_400;
    spec.traffic.push_period = Some(seconds(300));
    let block = vec![(-60.0, -60.0), (60.0, -60.0), (60.0, 60.0), (-60.0, 60.0)];
    let hall = ObstacleSpec { at: Some(seconds(3_000)), ..ObstacleSpec::plain("hall", ObstacleKind::Building, block) };
    let gardens = ObstacleSpec::plain("gardens", ObstacleKind::Trees, Vec::new());
    spec.surroundings.obstacles = vec![hall, ObstacleSpec { share: Some(0.3), depth_m: Some(15.0), ..gardens }];
    check(&spec, &[1_801_001, 2_999_999, 7_300_777].map(SimTime::from_millis));
}

#[test]
fn a_head_end_with_a_queue_goes_on() {
    let mut spec = suburb(60, 1_800);
    spec.traffic.push_period = Some(seconds(60));
    spec.polls = vec![PollSpec {
        every: seconds(600),
        at: SimTime::ZERO,
        window: None,
        parallel: 8,
        attempts: 3,
        timeout: seconds(60),
        ..PollSpec::once("registers".to_owned(), PollContent::Registers)
    }];
    // 1.1 messages a second, of which a worker takes in one.
    let (service, service_times) = (seconds(1), ServiceTimes::Exponential);
    let limits =
        HeadEndSpec { workers: 1, service, service_times, sessions_per_second: Some(0.2), ..HeadEndSpec::default() };
    spec.head_end = Some(limits);
    check(&spec, &[301_001, 600_000, 1_500_777].map(SimTime::from_millis));
}

#[test]
fn a_head_end_with_permits_pauses_instances_and_a_broker_goes_on() {
    for balance in [Balance::LeastLoaded, Balance::ByRouter] {
        let mut spec = suburb(80, 2_400);
        spec.backhaul.loss = 0.2;
        spec.campaigns = vec![CampaignSpec { priority: 9, ..reset(650, Delivery::Unicast, BackSign::Heartbeat) }];
        spec.traffic.push_period = Some(seconds(60));
        spec.polls = vec![PollSpec {
            every: seconds(900),
            at: seconds(30),
            window: Some(seconds(300)),
            parallel: 40,
            attempts: 2,
            timeout: seconds(10),
            ..PollSpec::once("rows".to_owned(), PollContent::Profile)
        }];
        let permits = PermitsSpec {
            open: 4,
            per_router: Some(3),
            wait: seconds(20),
            again: (seconds(10), seconds(30)),
            ..PermitsSpec::default()
        };
        let broker = BrokerSpec {
            rows_per_second: 0.5,
            redelivery: (seconds(30), seconds(60)),
            unacknowledged: 0.2,
            unwritten: 0.2,
            ..BrokerSpec::default()
        };
        spec.head_end = Some(HeadEndSpec {
            instances: 2,
            balance,
            service: seconds(1),
            sessions_per_second: Some(0.5),
            permits: Some(permits),
            retry: Some(RetrySpec { after: seconds(5), jitter: 0.3, ..RetrySpec::default() }),
            again_after: Some(seconds(100)),
            broker: Some(broker),
            ..HeadEndSpec::default()
        });
        let act = Act::HeadEndFails(HeadEndFails { instance: 1 });
        spec.events = vec![event("down", 1_000, Some(200), act, vec![])];
        check(&spec, &[301_001, 700_000, 960_000, 1_001_000, 1_300_777].map(SimTime::from_millis));
    }
}

#[test]
fn scheduled_reads_with_real_payloads_go_on() {
    let mut spec = suburb(300, 2_400);
    spec.dlms.payload = Payload::Real;
    // Answers come in fragments, and along routes that a reset has changed.
    spec.mesh.frame_bytes_max = 140;
    spec.campaigns = vec![reset(950, Delivery::Broadcast, BackSign::Route)];
    spec.polls = vec![PollSpec {
        at: SimTime::ZERO,
        every: seconds(900),
        window: Some(seconds(600)),
        parallel: 2,
        attempts: 3,
        timeout: seconds(2),
        ..PollSpec::once("reads".to_owned(), PollContent::Profile)
    }];
    let times = [1_003_003, 1_231_234, 1_500_000, 1_811_811, 1_900_500].map(SimTime::from_millis);
    let bytes = check(&spec, &times);
    println!("300 meters: {} bytes, {} a meter", bytes[0].len(), bytes[0].len() / 300);
}

#[test]
fn neighbouring_meshes_in_the_middle_of_a_flood_go_on() {
    let mut spec = streets(1_800);
    spec.traffic.push_period = Some(seconds(60));
    spec.campaigns = vec![reset(615, Delivery::Broadcast, BackSign::Route)];
    // The second router's supply fails over the split, and so does a meter's; another meter loses signal.
    let dark = event("dark", 600, Some(120), Act::PowerOff(PowerOff {}), vec![5, 12]);
    let mut loss =
        event("loss", 610, Some(300), Act::ExtraLoss(ExtraLoss { loss_db: 20.0, links: Vec::new() }), vec![25]);
    loss.edges = vec![(1, 2)];
    let slow = event("slow", 300, Some(900), Act::BackhaulSlow(BackhaulSlow { delay: seconds(2) }), vec![24]);
    let down = event("down", 616, Some(5), Act::BackhaulDown(BackhaulDown {}), vec![0]);
    spec.events = vec![dark, loss, slow, down];
    spec.record.census_every = seconds(100);
    check(&spec, &[316_500, 600_000, 610_001, 617_300, 622_000, 719_999, 721_000].map(SimTime::from_millis));
}

#[test]
fn a_street_on_its_capacitors_goes_on() {
    let mut spec = streets(900);
    spec.traffic.push_period = Some(seconds(60));
    spec.device.last_gasp = Some(LastGaspSpec { bellwethers: 0.7, ..LastGaspSpec::default() });
    spec.events = vec![
        event("feeder", 200, Some(50), Act::PowerOff(PowerOff {}), (1..20).collect()),
        event("again", 300, Some(200), Act::PowerOff(PowerOff {}), (10..24).collect()),
    ];
    check(&spec, &[200_000, 231_500, 249_999, 260_001, 333_333, 505_000, 520_001].map(SimTime::from_millis));
}

#[test]
fn the_ideal_medium_with_losses_goes_on() {
    for payload in [Payload::Real, Payload::Sized] {
        let mut spec = streets(900);
        spec.medium = MediumKind::Ideal;
        spec.ideal = IdealSpec { latency: SimTime::from_millis(300), loss: 0.2 };
        spec.dlms.payload = payload;
        spec.traffic.push_period = Some(seconds(30));
        spec.campaigns =
            vec![reset(200, Delivery::Unicast, BackSign::Heartbeat), reset(500, Delivery::Broadcast, BackSign::Route)];
        let dark = event("dark", 215, Some(60), Act::PowerOff(PowerOff {}), vec![12, 13]);
        spec.events = vec![dark];
        check(&spec, &[200_150, 217_300, 250_000, 531_000].map(SimTime::from_millis));
    }
}

/// Questions wait for their answers, draws of the backhaul go on, a router boots across a split.
#[test]
fn a_ping_of_which_meters_wait_for_their_links_goes_on() {
    let mut spec = suburb(60, 2_400);
    spec.record.load_every = seconds(600);
    spec.traffic.push_period = Some(seconds(120));
    let only_when = Some(Condition::parse("snr >= 25 dB and loss <= 20 %").expect("a condition"));
    let waves = WavesSpec { only_when, wait: Some(seconds(1_200)), ..WavesSpec::default() };
    let (at, window, timeout) = (seconds(120), seconds(900), seconds(60));
    let ping = PaceSpec { at, window: Some(window), timeout, attempts: Some(1), waves, ..PaceSpec::default() };
    spec.campaigns = vec![CampaignSpec {
        name: "clocks".to_owned(),
        priority: PRIORITY_USUAL,
        role: None,
        job: JobSpec::Ping(ping),
    }];
    // In the first hour, when all wait; while the first are asked; and later.
    check(&spec, &[300, 700, 1_500].map(seconds));
}

#[test]
fn a_ping_over_a_backhaul_that_loses_goes_on() {
    for medium in [MediumKind::Mesh, MediumKind::Ideal] {
        let mut spec = streets(900);
        spec.medium = medium;
        spec.backhaul.loss = 0.1;
        spec.traffic.push_period = Some(seconds(45));
        let ping = PaceSpec {
            at: seconds(120),
            window: Some(seconds(200)),
            timeout: seconds(60),
            attempts: Some(1),
            ..PaceSpec::default()
        };
        spec.campaigns = vec![
            reset(400, Delivery::Unicast, BackSign::Heartbeat),
            CampaignSpec { name: "clocks".to_owned(), priority: PRIORITY_USUAL, role: None, job: JobSpec::Ping(ping) },
        ];
        let fails = event("fails", 150, Some(40), Act::RouterFails(RouterFails {}), vec![12]);
        spec.events = vec![fails];
        check(&spec, &[121_000, 160_007, 191_500, 250_250, 333_000, 420_420].map(SimTime::from_millis));
    }
}

/// Waves of resets with answers that get lost, meters that wait for a crew, are asked by one or have one with them.
#[test]
fn waves_and_the_visits_after_them_go_on() {
    for medium in [MediumKind::Mesh, MediumKind::Ideal] {
        let mut spec = streets(2_400);
        spec.medium = medium;
        spec.backhaul.loss = 0.6;
        let waves = WavesSpec {
            shares: Some(vec![0.2, 0.6, 1.0]),
            pause: seconds(60),
            stop_at_failed: Some(0.9),
            ..WavesSpec::default()
        };
        let give_up_after = Some(seconds(250));
        let window = Some(Window::Range(SimTime::ZERO, seconds(100)));
        let delivery = Delivery::Unicast;
        let reset =
            ResetSpec { at: seconds(60), delivery, window, give_up_after, waves, visit: true, ..ResetSpec::default() };
        let ping = PaceSpec { at: seconds(100), waves: reset.waves.clone(), ..PaceSpec::default() };
        let ping =
            CampaignSpec { name: "ask".to_owned(), priority: PRIORITY_USUAL, role: None, job: JobSpec::Ping(ping) };
        spec.campaigns = vec![CampaignSpec::reset("waves", reset), ping];
        let (crews, shift) = (2, (SimTime::ZERO, seconds(86_400)));
        let travel = (seconds(100), seconds(300));
        let technicians = TechniciansSpec { crews, shift, travel, ask_first: true, ..TechniciansSpec::default() };
        spec.surroundings.technicians = Some(technicians);
        check(&spec, &[70_000, 200_000, 420_001, 480_500, 700_000, 1_200_000, 2_000_000].map(SimTime::from_millis));
    }
}

/// Meters wait for their links, some have their turns, and they are served.
#[test]
fn a_firmware_campaign_of_which_meters_wait_for_their_links_goes_on() {
    let mut spec = suburb(60, 2_400);
    spec.record.load_every = seconds(300);
    spec.traffic.push_period = Some(seconds(60));
    let only_when = Some(Condition::parse("snr >= 25 dB").expect("a condition"));
    let firmware = FirmwareSpec {
        preset: FirmwarePreset::Dlms,
        waves: WavesSpec { only_when, wait: Some(seconds(900)), ..WavesSpec::default() },
        ..FirmwareSpec::new(seconds(120), 2_160)
    };
    spec.campaigns = vec![CampaignSpec::firmware("v2", firmware)];
    // All wait; some have been let in and the turns of others are still to come; some have been left out.
    check(&spec, &[200, 301, 380, 700, 1_500].map(seconds));
}

/// Blocks are flooded while others are still on their way, meters are asked and served alone, activate, restart, and one never does.
#[test]
fn a_firmware_campaign_goes_on() {
    for (medium, payload, delivery, burst) in [
        (MediumKind::Mesh, Payload::Sized, FirmwareDelivery::Multicast, 1),
        (MediumKind::Ideal, Payload::Real, FirmwareDelivery::Multicast, 1),
        (MediumKind::Mesh, Payload::Real, FirmwareDelivery::Unicast, 1),
        (MediumKind::Mesh, Payload::Sized, FirmwareDelivery::Unicast, 8),
    ] {
        let mut spec = streets(2_400);
        spec.medium = medium;
        spec.ideal.loss = 0.1;
        spec.dlms.payload = payload;
        let wrong = GoesWrong { target: Target::of(vec![3]), bricks: 1.0, ..GoesWrong::default() };
        let firmware = FirmwareSpec {
            delivery: Some(delivery),
            burst,
            pace: Some(seconds(3)),
            settle: Some(seconds(20)),
            activation: ActivationSpec { at: Some(seconds(1_000)), spread: seconds(60), ..ActivationSpec::default() },
            give_up_after: seconds(600),
            goes_wrong: vec![wrong],
            ..FirmwareSpec::new(seconds(120), 30 * 1_024)
        };
        spec.campaigns = vec![CampaignSpec::firmware("v2", firmware)];
        check(
            &spec,
            &[121_000, 160_007, 191_500, 250_250, 500_100, 1_001_000, 1_010_000, 1_300_000].map(SimTime::from_millis),
        );
    }
}

#[test]
fn what_cannot_be_saved_or_taken_over_is_refused_in_words() {
    let mut spec = streets(300);
    spec.traffic.push_period = Some(seconds(30));
    let mut world = built(&spec);
    world.run_until(seconds(100)).unwrap();
    assert_eq!(save(&world, &spec), Err(StateError::Rows { partition: 0 }));
    world.partitions_mut().for_each(|part| *part.rows() = Default::default());
    let bytes = save(&world, &spec).unwrap();

    let other = WorldSpec { seed: 2, ..spec.clone() };
    let mut elsewhere = built(&other);
    let refused = restore(&bytes, &other, &mut elsewhere).unwrap_err();
    assert_eq!(refused, StateError::Spec { differ: vec!["seed"] });
    assert!(refused.to_string().contains("which differs in seed; go on with"), "{refused}");
    let mut other = spec.clone();
    (other.radio.tx_power_dbm, other.record.frames_every) = (14.0, 7);
    let refused = restore(&bytes, &other, &mut built(&other)).unwrap_err();
    assert_eq!(refused, StateError::Spec { differ: vec!["radio", "record"] });
    let fewer = streets(300);
    // Another world under the name of this one: every room looks for itself.
    let mut elsewhere = built(&WorldSpec { medium: MediumKind::Ideal, ..fewer });
    let refused = restore(&bytes, &spec, &mut elsewhere).unwrap_err();
    assert!(refused.to_string().contains("medium: it is the mesh in one and ideal in the other"), "{refused}");
    let mut torn = bytes.clone();
    torn.truncate(bytes.len() / 2);
    assert!(matches!(restore(&torn, &spec, &mut world), Err(StateError::Snapshot(SnapshotError::Torn { .. }))));

    let mut bench = build(&spec).unwrap();
    for part in &mut bench.parts {
        if let Part::Mesh(cell) = part {
            cell.probe(seconds(1), 50, |_| None);
        }
    }
    let bench = Engine::new(bench.parts, bench.lookahead, Local).unwrap();
    let mut captured = build(&spec).unwrap();
    for part in &mut captured.parts {
        if let Part::Mesh(cell) = part {
            cell.start_capture(Network::new(&spec, dodag(&spec)), None);
        }
    }
    let captured = Engine::new(captured.parts, captured.lookahead, Local).unwrap();
    let refused = save(&captured, &spec).unwrap_err().to_string();
    assert_eq!(refused, "partition 0 cannot be saved: its frames are captured");
    let refused = save(&bench, &spec).unwrap_err().to_string();
    assert_eq!(refused, "partition 0 cannot be saved: it is a bench of the link layer");
    assert!(world.partitions().any(|part| part.id() == u32::MAX));
}

#[test]
fn what_is_saved_knows_no_thread() {
    // A long latency makes windows with enough events to be worth several threads.
    let mut spec = streets(600);
    spec.backhaul.latency = seconds(10);
    spec.traffic.push_period = Some(seconds(10));
    spec.campaigns = vec![reset(310, Delivery::Broadcast, BackSign::Heartbeat)];
    let saved = |threads| {
        on_threads(threads, || {
            let mut world = built(&spec);
            world.run_until(SimTime::from_millis(333_333)).expect("every target exists");
            let per_window = world.events() / world.windows();
            assert!(per_window > 200, "{per_window} events a window");
            world.partitions_mut().for_each(|part| *part.rows() = Default::default());
            save(&world, &spec).expect("a world that can be saved")
        })
    };
    assert!(saved(1) == saved(2), "the bytes depend on the number of threads");
}
