//! Obstacles over a run: which links they weaken, when, and what the mesh makes of it.

use amitwin_data::rows::EventKind;
use amitwin_models::build::build;
use amitwin_models::cell::Part;
use amitwin_models::climate::Sky;
use amitwin_models::node::Node;
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::{Engine, Local, SimTime};
use amitwin_testkit::worlds::{event, run, sites, world};

const DAY_S: u64 = 86_400;

/// A border router (site 0), a meter 80 m east of it (site 1), and one between them, 40 m to the north (site 2). The straight way
/// from site 0 to 1 loses `31.7 + 40 log10(80)` = 107.8 dB and is heard at -80.8 dBm, to or from site 2, over 56.6 m, at -74.8 dBm.
fn three(seconds: u64, obstacles: Vec<ObstacleSpec>) -> WorldSpec {
    let mut spec = world(sites([(Gateway, 0.0, 0.0), (Meter, 80.0, 0.0), (Meter, 40.0, 40.0)]), PhyMode::M1b, seconds);
    spec.surroundings.obstacles = obstacles;
    spec
}

/// 20 m of the straight way from site 0 to 1, and nothing of the ways over site 2.
fn on_the_way(name: &str, kind: ObstacleKind) -> ObstacleSpec {
    ObstacleSpec::plain(name, kind, vec![(30.0, -10.0), (50.0, -10.0), (50.0, 10.0), (30.0, 10.0)])
}

/// Level at which the first radio of each pair is heard at the other when the run has come to each time, dBm.
fn levels(spec: &WorldSpec, times_s: &[u64], link: (u16, u16)) -> Vec<f32> {
    let built = build(spec).expect("a world");
    let mut engine = Engine::new(built.parts, built.lookahead, Local).expect("distinct partitions");
    let mut level = |at: &u64| {
        engine.run_until(SimTime::from_secs(*at)).expect("every target exists");
        let cell = engine.partitions().find_map(Part::mesh).expect("a mesh");
        let air = &cell.mesh().expect("a mesh").link.air;
        air.link_dbm(Node(link.0), Node(link.1)).expect("they hear each other")
    };
    times_s.iter().map(&mut level).collect()
}

#[test]
fn a_building_takes_its_loss_from_the_links_through_it_while_it_stands() {
    let building = ObstacleSpec {
        loss_db: Some(15.0),
        loss_spread_db: Some(0.0),
        at: Some(SimTime::from_secs(600)),
        until: Some(SimTime::from_secs(1_200)),
        ..on_the_way("depot", ObstacleKind::Building)
    };
    let spec = three(1_800, vec![building]);
    for link in [(0, 1), (1, 0)] {
        let level = levels(&spec, &[599, 601, 1_199, 1_201], link);
        assert_eq!([level[1] - level[0], level[2] - level[0], level[3] - level[0]], [-15.0, -15.0, 0.0]);
    }
    let beside = levels(&spec, &[599, 601], (0, 2));
    assert_eq!(beside[0], beside[1]);
}

#[test]
fn a_metal_box_over_a_meter_takes_its_loss_from_all_its_links_until_it_is_open() {
    let mut spec = three(1_800, Vec::new());
    let act = Act::ExtraLoss(ExtraLoss { loss_db: 25.0, links: Vec::new() });
    spec.events = vec![event("metal box", 600, Some(600), act, vec![1])];
    for link in [(0, 1), (1, 0), (1, 2), (2, 1)] {
        let level = levels(&spec, &[599, 601, 1_199, 1_201], link);
        assert_eq!([level[1] - level[0], level[2] - level[0], level[3] - level[0]], [-25.0, -25.0, 0.0], "{link:?}");
    }
    let beside = levels(&spec, &[599, 601], (0, 2));
    assert_eq!(beside[0], beside[1]);
}

#[test]
fn a_building_differs_by_link_and_by_nothing_else() {
    let loss = |seed: u64, link: (u16, u16)| {
        let with = three(10, vec![on_the_way("depot", ObstacleKind::Building)]);
        let without = levels(&three(10, Vec::new()), &[1], link)[0];
        without - levels(&WorldSpec { seed, ..with }, &[1], link)[0]
    };
    assert_eq!(loss(1, (0, 1)), loss(1, (1, 0)), "the same in both directions");
    // 15 dB with a standard deviation of 3.5 dB; that of the mean of 100 is 0.35 dB. Codes of half a decibel add 0.02.
    let losses: Vec<f32> = (0..100).map(|seed| loss(seed, (0, 1))).collect();
    let mean = losses.iter().sum::<f32>() / 100.0;
    let spread = (losses.iter().map(|loss| (loss - mean) * (loss - mean)).sum::<f32>() / 99.0).sqrt();
    assert!((mean - 15.0).abs() < 1.1 && (spread - 3.5).abs() < 0.8, "{mean} {spread}");
}

#[test]
fn trees_on_a_link_take_more_from_day_to_day_as_their_leaves_come() {
    // From March 1 1970, day 60; half of the leaves are out on day 115. 20 m of trees in leaf take 3.13 dB at 915 MHz.
    let mut spec = three(100 * DAY_S, vec![on_the_way("park", ObstacleKind::Trees)]);
    spec.dlms.start_unix_s = 59 * DAY_S as i64;
    let without = levels(&three(10, Vec::new()), &[1], (0, 1))[0];
    let level = levels(&spec, &[1, 56 * DAY_S, 90 * DAY_S], (0, 1));
    // Bare 0.35 x 3.13 = 1.1, with half of the leaves 0.675 x 3.13 = 2.1, with all 3.13; each to half a decibel.
    assert_eq!([without - level[0], without - level[1], without - level[2]], [1.0, 2.0, 3.0]);
}

#[test]
fn evergreens_and_trees_that_are_lower_than_the_line_do_not_follow_the_season() {
    let park = on_the_way("park", ObstacleKind::Trees);
    let winter = |tree: ObstacleSpec| {
        let without = levels(&three(10, Vec::new()), &[1], (0, 1))[0];
        without - levels(&three(10, vec![tree]), &[1], (0, 1))[0]
    };
    assert_eq!(winter(ObstacleSpec { evergreen: true, ..park.clone() }), 3.0);
    assert_eq!(winter(ObstacleSpec { height_m: 1.0, ..park }), 0.0, "antennas are at 1.5 m");
}

#[test]
fn a_share_of_all_links_has_trees_without_an_outline() {
    let line = sites((0..60).map(|n| (if n == 0 { Gateway } else { Meter }, 10.0 * n as f32, 0.0)));
    let trees = ObstacleSpec {
        share: Some(0.3),
        depth_m: Some(100.0),
        evergreen: true,
        ..ObstacleSpec::plain("gardens", ObstacleKind::Trees, Vec::new())
    };
    let mut spec = world(line, PhyMode::M1b, 10);
    spec.surroundings.obstacles = vec![trees];
    let built = build(&spec).expect("a world");
    let cell = built.parts.iter().find_map(Part::mesh).expect("a mesh");
    let air = &cell.mesh().expect("a mesh").link.air;
    let (mut links, mut shaded) = (0, 0);
    for a in (0..60).map(Node) {
        for (b, _) in air.neighbours.of(a).filter(|&(b, _)| b > a) {
            links += 1;
            let loss_db = air.extra_loss_db(a, b);
            assert!(loss_db == 0.0 || loss_db == 12.5, "100 m take 12.3 dB: {loss_db}");
            shaded += u32::from(loss_db > 0.0);
        }
    }
    // Of 715 links 214.5 with a standard deviation of 12.3.
    assert!((600..750).contains(&links), "{links}");
    assert!((f64::from(shaded) / f64::from(links) - 0.3).abs() < 4.0 * 0.0171, "{shaded} of {links}");
}

#[test]
fn a_building_from_the_start_shapes_the_first_tree_and_a_later_one_the_parents() {
    let wall = |at| ObstacleSpec {
        loss_db: Some(40.0),
        loss_spread_db: Some(0.0),
        at,
        ..on_the_way("depot", ObstacleKind::Building)
    };
    let parent = |spec: &WorldSpec| {
        let ran = run(spec);
        let first = ran.rows.nodes.iter().find(|row| row.node == 1).expect("a row").parent;
        (first, ran.mesh().mesh().expect("a mesh").net.way(Node(1)).0)
    };
    let (router, beside) = (Some(0), Some(2));
    assert_eq!(parent(&three(60, Vec::new())), (router, Some(Node(0))));
    assert_eq!(parent(&three(60, vec![wall(None)])).0, beside);
    // Reports notice that the parent is silent.
    let mut later = three(6 * 3_600, vec![wall(Some(SimTime::from_secs(600)))]);
    later.traffic.push_period = Some(SimTime::from_secs(300));
    assert_eq!(parent(&later), (router, Some(Node(2))));
}

#[test]
fn what_comes_between_links_stands_in_the_events_of_their_radios() {
    // The wall stands between 0 and 1 alone, from 600 s until 1,800 s; moisture gets into both meters on the second day.
    let until = Some(SimTime::from_secs(1_800));
    let wall = ObstacleSpec { at: Some(SimTime::from_secs(600)), until, ..on_the_way("depot", ObstacleKind::Building) };
    let mut spec = three(3 * DAY_S, vec![wall]);
    spec.surroundings.ageing = AgeingSpec { wet: 1.0, wet_at: SimTime::from_secs(DAY_S), ..AgeingSpec::default() };
    let ran = run(&spec);
    let of = |kind| {
        let rows = ran.rows.events.iter().filter(move |row| row.kind == kind);
        rows.map(|row| (row.time_s, row.node, row.value)).collect::<Vec<_>>()
    };
    assert_eq!(of(EventKind::Obstacle), [(600.0, 0, 1), (600.0, 1, 1), (1_800.0, 0, -1), (1_800.0, 1, -1)]);
    // Once, in hundredths of a decibel, and of no border router.
    assert_eq!(of(EventKind::Wet), [(DAY_S as f64, 1, 300), (DAY_S as f64, 2, 300)]);
    // What is there from the start is no event.
    spec.surroundings.ageing.wet_at = SimTime::ZERO;
    spec.surroundings.obstacles[0].at = None;
    spec.surroundings.obstacles[0].until = None;
    let kinds = [EventKind::Obstacle, EventKind::Wet];
    assert!(run(&spec).rows.events.iter().all(|row| !kinds.contains(&row.kind)));
}

#[test]
fn leaves_get_wet_under_a_climate_on_days_with_rain() {
    let park = ObstacleSpec { wet_leaves_db: Some(3.0), ..on_the_way("park", ObstacleKind::Trees) };
    let mut spec = three(20 * DAY_S, vec![park]);
    spec.dlms.start_unix_s = 190 * DAY_S as i64;
    spec.weather = Some(WeatherSpec::of(Climate::Singapore));
    let hours: Vec<u64> = (1..20 * 24).map(|hour| 3_600 * hour + 1).collect();
    let dry = levels(&three(10, Vec::new()), &[1], (0, 1))[0] - 3.0;
    let level = levels(&spec, &hours, (0, 1));
    // Each hour says what the weather of its last three hours says: 3 dB more from 0.2 mm on.
    let sky = Sky::new(Climate::Singapore, spec.seed);
    let wet = |second: &u64| sky.rained_mm((spec.dlms.start_unix_s as u64 + second) as f64, 3).expect("rain") >= 0.2;
    let expected: Vec<f32> = hours.iter().map(|second| if wet(second) { dry - 3.0 } else { dry }).collect();
    assert_eq!(level, expected);
    // 14 days of 31 with a shower of four hours, and two hours after it in which three hours ago still counts: 6 x 20 x 14 / 31 = 54 hours, a
    // standard deviation of 6 x 2.2 = 13.
    let count = expected.iter().filter(|level| **level < dry).count();
    assert!((14..=94).contains(&count), "{count} hours");
}

#[test]
fn wet_leaves_take_more_for_three_hours_after_rain_in_summer() {
    let park = ObstacleSpec { wet_leaves_db: Some(3.0), ..on_the_way("park", ObstacleKind::Trees) };
    let mut spec = three(12 * 3_600, vec![park]);
    // 1970-07-20, day 201: all leaves are out. It rains 5 mm in the hour that ends at 3 h.
    spec.dlms.start_unix_s = 200 * DAY_S as i64;
    let rain_mm = (0..48).map(|hour| if hour == 3 { 5.0 } else { 0.0 }).collect();
    let (air_c, sun_w_m2) = (vec![17.0; 48], vec![0.0; 48]);
    let hours = Hours { when: When::From(spec.dlms.start_unix_s), air_c, sun_w_m2, rain_mm, place_deg: None };
    let mut weather = WeatherSpec { climate: None, ..WeatherSpec::of(Climate::London) };
    weather.hours = Some(std::sync::Arc::new(hours));
    spec.weather = Some(weather);
    let without = levels(&three(10, Vec::new()), &[1], (0, 1))[0];
    let level = levels(&spec, &[3_600, 10_801, 5 * 3_600, 21_601], (0, 1));
    // 3.13 dB of 20 m dry, 6.13 wet, to half a decibel.
    let lost: Vec<f32> = level.iter().map(|level| without - level).collect();
    assert_eq!(lost, [3.0, 6.0, 6.0, 3.0]);
    // In winter bare trees get 0.35 of it: 0.35 x 6.13 = 2.1.
    let mut winter = spec.clone();
    winter.dlms.start_unix_s = 19 * DAY_S as i64;
    if let Some(weather) = &mut winter.weather
        && let Some(hours) = &weather.hours
    {
        let from_then = Hours { when: When::From(winter.dlms.start_unix_s), ..(**hours).clone() };
        weather.hours = Some(std::sync::Arc::new(from_then));
    }
    assert_eq!(without - levels(&winter, &[10_801], (0, 1))[0], 2.0);
}

#[test]
fn antennas_and_gaskets_age_over_a_run_and_the_tree_knows_it() {
    let year = SimTime::from_secs(365 * DAY_S);
    let mut spec = three(3 * DAY_S, Vec::new());
    let fresh = levels(&spec, &[1], (0, 1))[0];
    // All meters are wet from the second day on: 3 dB of site 1, nothing of the border router.
    spec.surroundings.ageing = AgeingSpec { wet: 1.0, wet_at: SimTime::from_secs(2 * DAY_S), ..AgeingSpec::default() };
    assert_eq!(levels(&spec, &[1, 2 * DAY_S - 1, 2 * DAY_S + 1], (0, 1)), [fresh, fresh, fresh - 3.0]);
    // Both ends of 20 years have some oxide, each up to twice 0.15 dB a year: 12 dB of a link at the most.
    spec.surroundings.ageing = AgeingSpec { age: year * 20, oxide_db: 0.15, ..AgeingSpec::default() };
    let old = levels(&spec, &[1], (0, 1))[0];
    assert!((0.5..12.5).contains(&(fresh - old)), "{} dB", fresh - old);
    assert_eq!(levels(&spec, &[1], (1, 0))[0], old, "both ways alike");
}
