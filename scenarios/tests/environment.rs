//! Scenarios of the library about heat, trees, buildings, other senders and fading, smaller: what their pages say comes out.

use amitwin_data::metrics::Values;
use amitwin_data::rows::{EventKind, FrameOutcome, Rows, TransactionKind};
use amitwin_scenarios::drive::{Unwatched, run_variant};
use amitwin_scenarios::{Override, load};
use amitwin_sim_core::Local;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// What a variant recorded.
struct Ran {
    name: String,
    rows: Rows,
    figures: Values,
}

/// A scenario of the library with other settings: what its variants with these names recorded, in their order.
fn run(file: &str, settings: &[&str], names: &[&str]) -> Vec<Ran> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("library").join(file);
    let settings: Vec<Override> = settings.iter().map(|text| text.parse().expect("a setting")).collect();
    let scenario = load(&path, &settings, None).unwrap_or_else(|error| panic!("{error}"));
    let one = |name: &&str| {
        let variant = scenario.variants.iter().find(|variant| variant.name == **name).expect("a variant");
        let mut all = Rows::default();
        let keep = |rows: &mut Rows| {
            all.nodes.append(&mut rows.nodes);
            all.events.append(&mut rows.events);
            all.load.append(&mut rows.load);
            all.weather.append(&mut rows.weather);
            all.transactions.append(&mut rows.transactions);
            all.frames.append(&mut rows.frames);
            Ok(())
        };
        let figures = run_variant(variant, 0, Local, keep, &Unwatched).expect("it runs").summary.metrics;
        Ran { name: variant.name.clone(), rows: all, figures }
    };
    names.par_iter().map(one).collect()
}

impl Ran {
    /// Share of the tries to a parent that were lost in some hours of each day.
    fn lost(&self, hours: std::ops::Range<u32>) -> f64 {
        let within = |time_s: f64| hours.contains(&((time_s / 3_600.0) as u32 % 24));
        let rows = self.rows.load.iter().filter(|row| within(row.time_s));
        let (sent, lost) =
            rows.fold((0, 0), |sum, row| (sum.0 + u64::from(row.up_sent), sum.1 + u64::from(row.up_unanswered)));
        lost as f64 / sent as f64
    }

    /// Share of the reports that arrived of those due between two times, s.
    fn arrived(&self, from_s: f64, until_s: f64) -> f64 {
        let due = |time_s: f64| time_s >= from_s && time_s < until_s;
        let reports =
            self.rows.transactions.iter().filter(|row| row.kind == TransactionKind::Push && due(row.planned_s));
        let (all, came) =
            reports.fold((0u32, 0u32), |sum, row| (sum.0 + 1, sum.1 + u32::from(row.answered_s.is_some())));
        f64::from(came) / f64::from(all)
    }

    /// Other parents that were chosen between two times, s.
    fn parent_changes(&self, from_s: f64, until_s: f64) -> usize {
        let events = self.rows.events.iter().filter(|row| row.kind == EventKind::ParentChange);
        events.filter(|row| row.time_s >= from_s && row.time_s < until_s).count()
    }
}

/// The hour of the day at which the wave of 24 hours that fits values best is highest; values are of each hour from 0 on.
fn highest_h(values: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut cos, mut sin) = (0.0, 0.0);
    for (hour, value) in values {
        let turn = std::f64::consts::TAU * hour / 24.0;
        cos += value * libm::cos(turn);
        sin += value * libm::sin(turn);
    }
    (libm::atan2(sin, cos) * 24.0 / std::f64::consts::TAU).rem_euclid(24.0)
}

#[test]
fn on_a_hot_afternoon_older_radios_lose_most_and_recover_at_night() {
    let names = ["older radios, dark boxes", "older radios, boxes in the shade", "modern radios, dark boxes"];
    let runs = run("hot-afternoon.toml", &["placement.meters=60"], &names);
    let [dark, shade, modern] = &runs[..] else { panic!("three") };
    // From 9 to 17 h against 2 to 6 h, when the boards are within 2 K of each other: more than twice as much is lost in the sun, half as much more in the shade, and
    // least where radios are modern.
    for (ran, times) in [(dark, 2.0), (shade, 1.5)] {
        assert!(ran.lost(9..17) > times * ran.lost(2..6), "{}: {} and {}", ran.name, ran.lost(9..17), ran.lost(2..6));
    }
    assert!(dark.lost(9..17) > shade.lost(9..17) && shade.lost(9..17) > 1.5 * modern.lost(9..17));
    // Boards as meters had them, at the end of each hour. In the shade they follow the air by the lag of their box, 39.6 minutes; in the sun they are first.
    let board = |ran: &Ran| {
        let mut hours: BTreeMap<u32, (f64, u32)> = BTreeMap::new();
        for row in &ran.rows.load {
            let sum = hours.entry((row.time_s / 3_600.0) as u32 + 1).or_default();
            *sum = (sum.0 + f64::from(row.board_c.0.expect("weather")), sum.1 + 1);
        }
        let means = hours.into_iter().take(48);
        highest_h(means.map(|(hour, (sum, count))| (f64::from(hour), sum / f64::from(count))))
    };
    let air = highest_h(dark.rows.weather.iter().take(48).map(|row| (row.time_s / 3_600.0, f64::from(row.air_c))));
    let later_min = 60.0 * (board(shade) - air);
    assert!((later_min - 39.6).abs() < 10.0, "{later_min} minutes");
    assert!(board(dark) < air - 1.0, "{} h, the air {air} h", board(dark));
}

#[test]
fn boards_stand_in_tables_and_figures_as_they_were() {
    let names = ["older radios, dark boxes", "older radios, boxes in the shade"];
    let settings = ["placement.meters=20", "weather.hot_sockets=20 %"];
    for (ran, hottest_c) in run("hot-afternoon.toml", &settings, &names).iter().zip([72.0, 48.5]) {
        // At the end of each hour; boards in hot sockets are 45 K hotter. The most of a meter's hours is its `board_max_c`.
        let mut most: BTreeMap<u32, f32> = BTreeMap::new();
        let mut above: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        for row in &ran.rows.load {
            let board_c = row.board_c.0.expect("weather");
            let most = most.entry(row.node).or_insert(board_c);
            *most = most.max(board_c);
            let above = above.entry(row.node).or_default();
            *above = (above.0 + u32::from(board_c > 60.0), above.1 + u32::from(board_c > 85.0));
        }
        let figure = |key: &str| ran.figures.get(key).copied().flatten().expect(key);
        let destroyed: Vec<u32> =
            ran.rows.events.iter().filter(|row| row.kind == EventKind::Overheated).map(|row| row.node).collect();
        assert_eq!(figure("overheated"), destroyed.len() as f64, "{}", ran.name);
        let mut well = 0;
        for node in ran.rows.nodes.iter().filter(|node| node.name.starts_with('M')) {
            let board_max_c = node.board_max_c.0.expect("weather");
            if most[&node.node] > hottest_c + 30.0 || destroyed.contains(&node.node) {
                continue;
            }
            well += 1;
            assert!((most[&node.node] - board_max_c).abs() < 0.01, "{}: {} {board_max_c}", ran.name, most[&node.node]);
            assert!((board_max_c - hottest_c).abs() < 1.0, "{}: {board_max_c}", ran.name);
            let (above_60c_h, above_85c_h) = above[&node.node];
            let hours = (node.above_60c_h.0.expect("weather"), node.above_85c_h.0.expect("weather"));
            assert_eq!(hours, (above_60c_h, above_85c_h), "{}: {}", ran.name, node.name);
        }
        // The figures are means and counts over the meters, those in hot sockets among them.
        let all: Vec<(u32, u32)> = ran
            .rows
            .nodes
            .iter()
            .filter(|node| node.name.starts_with('M'))
            .map(|node| (node.above_60c_h.0.expect("weather"), node.above_85c_h.0.expect("weather")))
            .collect();
        let mean = |of: fn(&(u32, u32)) -> u32| all.iter().map(of).sum::<u32>() as f64 / 20.0;
        let count = |of: fn(&(u32, u32)) -> bool| all.iter().filter(|hours| of(hours)).count() as f64;
        assert_eq!([figure("hours_above_60c"), figure("hours_above_85c")], [mean(|h| h.0), mean(|h| h.1)]);
        assert_eq!([figure("meters_above_60c"), figure("meters_above_85c")], [count(|h| h.0 > 0), count(|h| h.1 > 0)]);
        // In the shade boards have at most 48.5 C, and 45 K more on a hot socket.
        let is_hot = |hours: &&(u32, u32)| hours.0 > 0;
        assert!(ran.name.ends_with("dark boxes") || all.iter().filter(is_hot).count() == 20 - well, "{}", ran.name);
        // A fifth of 20 have a hot socket, within two standard deviations and a half; they trip in the sun alone: 72 + 45 C is above 110 C.
        assert!((11..=20).contains(&well), "{well} of 20");
        assert_eq!(destroyed.is_empty(), !ran.name.ends_with("dark boxes"), "{}", ran.name);
    }
}

#[test]
fn leaves_kill_links_and_two_repeaters_keep_who_stands_behind_them() {
    // From April 15 on: half of the leaves are out on the 25th.
    let settings = ["dlms.start=2026-04-15 00:00:00+02:00", "duration=20d"];
    let runs = run("spring-foliage.toml", &settings, &["as it is", "with two repeaters"]);
    let day = 86_400.0;
    let [as_is, repeaters] = &runs[..] else { panic!("two") };
    assert!(as_is.arrived(0.0, 5.0 * day) > 0.99 && repeaters.arrived(0.0, 5.0 * day) > 0.99);
    // 28 of 120 stand behind the park. Their links come and go while leaves unfold, and each keeps its parent behind a bad link as long as there is no other.
    let hard = |run: &Ran| run.arrived(12.0 * day, 16.0 * day);
    assert!(hard(as_is) < 0.97 && hard(repeaters) > 0.99, "{} and {}", hard(as_is), hard(repeaters));
    // Parents change while links die, in ten days far more often than in the five before; who is cut off goes on trying.
    let [before, while_dying] = [(0.0, 5.0), (5.0, 15.0)].map(|(from, to)| as_is.parent_changes(from * day, to * day));
    assert!(while_dying > 4 * before, "{before}, {while_dying}");
    // Where the run begins in leaf 92 of 120 have a route.
    let settings = ["dlms.start=2026-05-02 00:00:00+02:00", "duration=3d"];
    let runs = run("spring-foliage.toml", &settings, &["as it is", "with two repeaters"]);
    let arrived: Vec<f64> = runs.iter().map(|run| run.arrived(0.0, 2.5 * day)).collect();
    assert!((arrived[0] - 92.0 / 120.0).abs() < 0.02 && arrived[1] > 0.99, "{arrived:?}");
}

#[test]
fn a_new_building_stands_on_its_date_and_parents_change() {
    let settings = ["placement.meters=80", "duration=16h"];
    let runs = run("new-building.toml", &settings, &["no hall", "hall of brick", "hall of metal"]);
    let noon_s = 43_200.0;
    let [none, brick, metal] = &runs[..] else { panic!("three") };
    for ran in [brick, metal] {
        let obstacles: Vec<_> = ran.rows.events.iter().filter(|row| row.kind == EventKind::Obstacle).collect();
        assert!(obstacles.len() > 10 && obstacles.iter().all(|row| row.time_s == noon_s && row.value > 0));
        assert!(
            ran.parent_changes(noon_s, noon_s + 7_200.0) > 5 + 3 * none.parent_changes(noon_s, noon_s + 7_200.0),
            "{}: {}",
            ran.name,
            ran.parent_changes(noon_s, noon_s + 7_200.0)
        );
        assert_eq!(ran.parent_changes(0.0, noon_s), none.parent_changes(0.0, noon_s), "nothing is different before");
    }
    assert!(none.rows.events.iter().all(|row| row.kind != EventKind::Obstacle), "nobody's links pass through 1 m");
    assert!(metal.parent_changes(noon_s, 2.0 * noon_s) > brick.parent_changes(noon_s, 2.0 * noon_s));
}

#[test]
fn a_mask_gives_back_what_an_interferer_takes() {
    let names = ["nobody else", "a tenth of 20 channels", "the same, with a channel mask", "the whole of 20 channels"];
    let settings = ["record.frames_every=1", "placement.meters=80", "duration=2h", "campaign.reset.at=90min"];
    let runs = run("interferer.toml", &settings, &names);
    // Frames for somebody, of the first hour: shares that other signals spoiled or kept from being heard.
    let spoiled = |ran: &Ran| {
        let frames = ran.rows.frames.iter().filter(|row| row.time_s < 3_600.0 && row.dst.is_some());
        let (all, lost) = frames.fold((0u32, 0u32), |sum, row| {
            let lost = !matches!(row.outcome, FrameOutcome::Delivered | FrameOutcome::Noise);
            (sum.0 + 1, sum.1 + u32::from(lost))
        });
        f64::from(lost) / f64::from(all)
    };
    let [nobody, tenth, masked] = [0, 1, 2].map(|n| spoiled(&runs[n]));
    assert!(tenth > nobody + 0.01, "{nobody} {tenth}");
    // On 40 channels instead of 64 the mesh meets itself more often.
    assert!(masked - nobody < 0.5 * (tenth - nobody), "{nobody} {tenth} {masked}");
    // A frame that finds its channel busy nine times is lost: channels that are never free cost reports.
    let arrived = |ran: &Ran| ran.figures["push_delivered_share"].expect("reports");
    assert!(arrived(&runs[3]) < arrived(&runs[0]) - 0.1, "{} and {}", arrived(&runs[3]), arrived(&runs[0]));
    // 20 of 64 channels are left out, and two on either side.
    assert!(runs[2].rows.frames.iter().all(|row| !(18..=41).contains(&row.channel)));
}

#[test]
fn losses_come_together_where_links_fade_as_in_the_trace() {
    let settings = ["record.frames_every=1", "duration=12h"];
    let runs = run("trace-burstiness.toml", &settings, &["as in the trace", "drawn for each frame"]);
    // Of frames for somebody: the share that is lost to noise, and of those that follow a lost one on the same link.
    let again = |ran: &Ran| {
        let mut last: BTreeMap<(u32, u32), bool> = BTreeMap::new();
        let (mut all, mut lost, mut after, mut again) = (0u32, 0u32, 0u32, 0u32);
        for row in &ran.rows.frames {
            let Some(dst) = row.dst.filter(|_| matches!(row.outcome, FrameOutcome::Delivered | FrameOutcome::Noise))
            else {
                continue;
            };
            let is_lost = row.outcome == FrameOutcome::Noise;
            (all, lost) = (all + 1, lost + u32::from(is_lost));
            if last.insert((row.src, dst), is_lost) == Some(true) {
                (after, again) = (after + 1, again + u32::from(is_lost));
            }
        }
        (f64::from(lost) / f64::from(all), f64::from(again) / f64::from(after))
    };
    let (trace, drawn) = (again(&runs[0]), again(&runs[1]));
    // Drawn for each frame a loss says nothing of the next frame, but that links are not all as full. In the trace a loss of 0.10 is followed by one of 0.76.
    assert!(drawn.1 < drawn.0 + 0.1, "{drawn:?}");
    assert!(trace.1 > 0.5 && trace.1 > 3.0 * trace.0, "{trace:?}");
}
