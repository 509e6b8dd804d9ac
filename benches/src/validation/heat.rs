//! Figures of links in the heat and behind trees.

use super::{Figure, Group, Tolerance};
use amitwin_models::climate::Sky;
use amitwin_models::climate::overheating;
use amitwin_models::medium::mesh::radio::error::ErrorModel;
use amitwin_models::medium::mesh::radio::foliage::in_leaf_db;
use amitwin_models::medium::mesh::radio::heat::Heat;
use amitwin_models::node::{Node, SiteId};
use amitwin_models::spec::{
    BoxSpec, Climate, Hardware, HeatSpec, Hours, PhyMode, RadioSpec, WeatherSpec, When, WorldSpec,
};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use std::sync::Arc;

/// All of them.
pub fn groups() -> Vec<Group> {
    vec![foliage(), older(), lags()]
}

fn foliage() -> Group {
    let figures = [(10.0, 1.62), (20.0, 3.13), (50.0, 7.14), (100.0, 12.3)].map(|(way_m, loss_db)| {
        let what = format!("{way_m} m of trees in leaf, 915 MHz");
        Figure::new(what, loss_db, "dB", Tolerance::Share(0.01), in_leaf_db(way_m, 915.0))
    });
    Group {
        title: "Trees in leaf",
        source: "ITU-R P.833-9, from its 0.17 dB/m and 26.5 dB at 949 MHz",
        how: "the function of the radio",
        why: "",
        figures: figures.into(),
    }
}

/// The heat of a border router and a meter of older hardware, in boxes in the shade, without what differs between radios.
fn shaded(weather: WeatherSpec, lag_min: u64) -> (Heat, WorldSpec) {
    let mut run = WorldSpec::plain();
    let lag = SimTime::from_secs(60 * lag_min);
    let shaded = BoxSpec { sunny: 0.0, lag, ..BoxSpec::default() };
    let radios = HeatSpec { hardware: Hardware::Older, crystal_offset: 0.0, ageing: 0.0, ..HeatSpec::default() };
    run.dlms.start_unix_s = 1_782_864_000;
    run.weather = Some(WeatherSpec { meters: shaded.clone(), routers: shaded, radios, ..weather });
    let sites = [0, 1].map(SiteId).into_iter().collect();
    let hours = overheating::Hours::of(&run).expect("weather");
    (Heat::of(&run, &hours, &sites, 915.0).expect("weather"), run)
}

/// What their link loses at a moment, dB.
fn lost_db(heat: &mut Heat, at: SimTime) -> f64 {
    let link = heat.link((Node(1), SiteId(1)), (Node(0), SiteId(0)), at).expect("healthy crystals");
    link.loss_db + link.noise_db
}

/// What a link of older hardware loses with boards at a temperature, dB.
fn settled_db(board_c: f32) -> f64 {
    let hours = Hours {
        when: When::From(1_782_864_000 - 86_400),
        air_c: vec![board_c - 8.0; 72],
        sun_w_m2: vec![0.0; 72],
        rain_mm: Vec::new(),
        place_deg: None,
    };
    let weather = WeatherSpec { climate: None, hours: Some(Arc::new(hours)), ..WeatherSpec::of(Climate::London) };
    lost_db(&mut shaded(weather, 40).0, SimTime::from_secs(3_600))
}

const NODES: usize = 200;
const EXPONENT: f64 = 5.35;
/// Levels are so that a link of this length loses half of its frames at 20 degrees.
const RANGE_M: f64 = 100.0;
const BYTES: u16 = 100;

/// Mean number of neighbours that get most of a node's frames, and mean expected transmissions over the best way to the first node, of nodes
/// at random whose links all lose so much more.
fn degree_and_etx(model: &ErrorModel, more_db: f64, seed: u64) -> (f64, f64) {
    let half_dbm = model.sensitivity_dbm(0.5, BYTES);
    let mut draws = Stream::new(seed, 0, 0);
    // Some twelve neighbours each at 20 degrees.
    let side_m = RANGE_M * (std::f64::consts::PI * NODES as f64 / 12.0).sqrt();
    let places: Vec<(f64, f64)> = (0..NODES).map(|_| (side_m * draws.unit(), side_m * draws.unit())).collect();
    let arrives = |a: usize, b: usize| {
        let distance_m = (places[a].0 - places[b].0).hypot(places[a].1 - places[b].1).max(1.0);
        1.0 - model.mean_loss(half_dbm - 10.0 * EXPONENT * (distance_m / RANGE_M).log10() - more_db, BYTES)
    };
    let mut neighbours = 0u32;
    let mut ways = vec![f64::INFINITY; NODES];
    let mut links: Vec<Vec<(usize, f64)>> = vec![Vec::new(); NODES];
    for (a, of_a) in links.iter_mut().enumerate() {
        for b in (0..NODES).filter(|&b| b != a) {
            let share = arrives(a, b);
            neighbours += u32::from(share > 0.5);
            // A frame and its acknowledgement; links that are hardly there are none.
            if share > 0.1 {
                of_a.push((b, 1.0 / (share * share)));
            }
        }
    }
    ways[0] = 0.0;
    for _ in 0..NODES {
        for (a, of_a) in links.iter().enumerate() {
            for &(b, cost) in of_a {
                ways[a] = ways[a].min(ways[b] + cost);
            }
        }
    }
    let found: Vec<f64> = ways[1..].iter().copied().filter(|way| way.is_finite()).collect();
    (f64::from(neighbours) / NODES as f64, found.iter().sum::<f64>() / found.len() as f64)
}

fn older() -> Group {
    let (cool_db, hot_db) = (settled_db(20.0), settled_db(60.0));
    let model = ErrorModel::new(PhyMode::Oqpsk250, RadioSpec::default().noise_figure_db, 0.0);
    let (mut degree, mut etx) = (0.0, 0.0);
    for seed in 1..=10 {
        let (cool, hot) = (degree_and_etx(&model, 0.0, seed), degree_and_etx(&model, hot_db - cool_db, seed));
        degree += hot.0 / cool.0 / 10.0;
        etx += hot.1 / cool.1 / 10.0;
    }
    let figures = vec![
        Figure::new("less of a link, 20 to 60 C", 7.0, "dB", Tolerance::Share(0.01), hot_db - cool_db),
        Figure::new("neighbours at 60 C, of those at 20 C", 0.5, "times", Tolerance::Share(0.3), degree),
        Figure::new("expected transmissions at 60 C, of those at 20 C", 2.0, "times", Tolerance::Share(0.3), etx),
    ];
    Group {
        title: "Older hardware in the heat",
        source: "K. Bannister's thesis (2009) on CC2420 radios: 7 dB, half the neighbours and twice the expected transmissions from 20 to 60 C, a range of 26 % less, which is a loss of 53.5 dB a decade",
        how: "`hardware = \"older\"` with boards at both temperatures; 200 nodes at random with twelve neighbours at 20 C and that loss, ten times; 2.4 GHz, the best way to one of them, those without any left out",
        why: "",
        figures,
    }
}

fn lags() -> Group {
    let figures = [(20, 19.9), (40, 39.6), (90, 85.8)].map(|(lag_min, later_min)| {
        let (mut heat, run) = shaded(WeatherSpec::of(Climate::Phoenix), lag_min);
        let sky = Sky::of(run.weather.as_ref().expect("weather"), run.seed).expect("a climate");
        // Phase of a day's wave in 200 days of quarters of an hour.
        let (mut air, mut lost) = ([0.0; 2], [0.0; 2]);
        for quarter in 0..200 * 96u64 {
            let at = SimTime::from_secs(900 * quarter);
            let air_c = sky.at(run.dlms.start_unix_s as f64 + at.secs_f64()).air_c;
            let loss_db = lost_db(&mut heat, at);
            let (sin, cos) = (std::f64::consts::TAU * quarter as f64 / 96.0).sin_cos();
            for (wave, value) in [(&mut air, air_c), (&mut lost, loss_db)] {
                wave[0] += value * cos;
                wave[1] += value * sin;
            }
        }
        let phase_min = |wave: [f64; 2]| wave[1].atan2(wave[0]) * 1_440.0 / std::f64::consts::TAU;
        let later = phase_min(lost) - phase_min(air);
        let what = format!("losses are later than the air, box of {lag_min} min");
        Figure::new(what, later_min, "min", Tolerance::Within(10.0), later)
    });
    Group {
        title: "Losses lag the air",
        source: "a body of first order: atan(w lag) / w",
        how: "losses of a link of older hardware with both boxes in the shade, in Phoenix, 200 days",
        why: "",
        figures: figures.into(),
    }
}
