//! Towns of growing size: 2,000 meters to a border router, one report an hour each.

use amitwin_data::rows::{Outcome, Rows};
use amitwin_models::books::Counters;
use amitwin_models::build::build;
use amitwin_models::event::Event;
use amitwin_models::spec::*;
use amitwin_models::terrain::{GenerateSpec, Generator, SiteKind, generate};
use amitwin_sim_core::{Engine, Exchange, SimTime};
use std::time::Instant;

/// Meters behind one border router.
pub const PER_ROUTER: u32 = 2_000;
/// Strongest neighbours that a radio keeps, unless told otherwise.
pub const NEIGHBOURS: usize = 48;

/// What one rung came to.
#[derive(Clone, Copy, Debug)]
pub struct Rung {
    /// Meters.
    pub meters: u32,
    /// Wall time of generating and building, s.
    pub build_s: f64,
    /// Wall time of an hour of simulated time, s.
    pub hour_s: f64,
    /// Largest resident set when the world was built, bytes.
    pub built_bytes: Option<u64>,
    /// Events.
    pub events: u64,
    /// Frames on the air, acknowledgements included.
    pub frames: u64,
    /// Reports that reached the head-end, and all.
    pub delivered: (u64, u64),
    /// Meters without a route.
    pub unreachable: usize,
}

/// What changes around the radios of a rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Nothing: levels are those of the links.
    Still,
    /// Links fade.
    Fading,
    /// Links fade under a sky that heats the radios.
    Weather,
    /// The same with trees on a twentieth of the links.
    Foliage,
    /// The same with boxes on walls of all sides, older radios, and antennas and gaskets that age.
    All,
}

/// Surroundings of a rung: what fades, the sky, trees, and what ages.
fn around(environment: Environment) -> (FadingSpec, Option<WeatherSpec>, Surroundings) {
    let (mut weather, mut surroundings) = (None, Surroundings::default());
    if matches!(environment, Environment::Weather | Environment::Foliage | Environment::All) {
        weather = Some(WeatherSpec::of(Climate::Phoenix));
    }
    if environment == Environment::All {
        let meters = BoxSpec { facing: Facing::Mixed, ..BoxSpec::default() };
        let radios = HeatSpec { hardware: Hardware::Older, ..HeatSpec::default() };
        weather = weather.map(|weather| WeatherSpec { meters, radios, ..weather });
        let age = SimTime::from_secs(5 * 365 * 86_400);
        surroundings.ageing = AgeingSpec { age, oxide_db: 0.15, wet: 0.05, ..AgeingSpec::default() };
    }
    if matches!(environment, Environment::Foliage | Environment::All) {
        let gardens = ObstacleSpec::plain("gardens", ObstacleKind::Trees, Vec::new());
        surroundings.obstacles = vec![ObstacleSpec { share: Some(0.05), depth_m: Some(20.0), ..gardens }];
    }
    let fading = if environment == Environment::Still { FadingSpec::off() } else { FadingSpec::default() };
    (fading, weather, surroundings)
}

/// The world of a rung: a suburb at 50 kb/s with hopping over 129 channels, meshes coupled as given, in one of the surroundings.
pub fn spec(meters: u32, neighbours: usize, coupling: Coupling, environment: Environment) -> WorldSpec {
    let town =
        GenerateSpec { meters, gateways: meters.div_ceil(PER_ROUTER), spacing_m: None, lat_deg: 48.0, lon_deg: 11.0 };
    let (fading, weather, surroundings) = around(environment);
    WorldSpec {
        placement: generate(Generator::Suburb, &town, 1).expect("a suburb of any size can be laid out"),
        radio: RadioSpec { neighbours_max: neighbours, fading, ..RadioSpec::default() },
        weather,
        surroundings,
        mesh: MeshSpec { profile: Some(SizeProfile::Large), ..MeshSpec::default() },
        backhaul: BackhaulSpec { latency: SimTime::from_millis(200), loss: 0.0 },
        traffic: TrafficSpec {
            push_period: Some(SimTime::from_secs(3_600)),
            payload_bytes: Some(200),
            ..TrafficSpec::default()
        },
        coupling: CouplingSpec { meshes: coupling },
        ..WorldSpec::plain()
    }
}

/// Runs one rung in the current rayon pool; rows are counted and thrown away.
pub fn run<X: Exchange<Event>>(mut spec: WorldSpec, sim: SimTime, exchange: X) -> Rung {
    let meters = spec.placement.count(SiteKind::Meter) as u32;
    let started = Instant::now();
    spec.duration = sim;
    let built = build(&spec).expect("the scenario is fixed");
    drop(spec);
    let unreachable = built.unreachable.len();
    let mut engine = Engine::new(built.parts, built.lookahead, exchange).expect("partition ids are distinct");
    let build_s = started.elapsed().as_secs_f64();
    let built_bytes = crate::memory::peak_bytes();
    let started = Instant::now();
    let mut now = SimTime::ZERO;
    let (mut ok, mut all) = (0, 0);
    let mut count = |rows: &mut Rows| {
        ok += rows.transactions.iter().filter(|t| t.outcome == Outcome::Ok).count() as u64;
        all += rows.transactions.len() as u64;
        *rows = Rows::default();
    };
    while now < sim {
        now = (now + SimTime::from_secs(10)).min(sim);
        engine.run_until(now).expect("every target exists");
        engine.partitions_mut().for_each(|p| count(p.rows()));
    }
    let wall = started.elapsed().as_secs_f64();
    engine.finish().expect("every target exists");
    engine.partitions_mut().for_each(|p| count(p.rows()));
    let mut counters = Counters::default();
    engine.partitions().filter_map(|p| p.mesh()).for_each(|m| counters.add(&m.books.counters));
    Rung {
        meters,
        build_s,
        built_bytes,
        hour_s: wall * 3_600.0 / sim.secs_f64(),
        events: engine.events(),
        frames: counters.frames + counters.acks,
        delivered: (ok, all),
        unreachable,
    }
}
