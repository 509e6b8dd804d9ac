//! Small worlds for tests: sites by coordinates, plain radios, and an engine run to its end.

use amitwin_data::rows::{Rows, TransactionKind, TransactionRow};
use amitwin_models::build::{Built, build};
use amitwin_models::cell::{Cell, Part};
use amitwin_models::headend::HeadEnd;
use amitwin_models::medium::mesh::net::stack::dodag;
use amitwin_models::medium::mesh::wire::frame::Network;
use amitwin_models::spec::*;
use amitwin_models::terrain::{GenerateSpec, Generator, Placement, Site, SiteKind, SiteName, generate};
use amitwin_sim_core::{Engine, Local, SimTime};

/// Sites from (kind, x, y) in metres, all at the same height.
pub fn sites(places: impl IntoIterator<Item = (SiteKind, f32, f32)>) -> Placement {
    let site = |(n, (kind, x_m, y_m)): (u32, _)| Site {
        name: SiteName::numbered('N', n),
        kind,
        lat_deg: 0.0,
        lon_deg: 0.0,
        x_m,
        y_m,
        height_m: 1.5,
        antenna_gain: None,
    };
    Placement { sites: (0..).zip(places).map(site).collect(), ..Placement::default() }
}

/// A world without chance on the air: loss of `31.7 + 40 log10(d)` dB, no shadowing, no spread of a frame's level, one
/// channel. At 27 dBm a radio is received at -84.7 dBm over 100 m, 30 dB above the noise of 50 kb/s, and at -96.7 dBm
/// over 200 m; the floor of -90 dBm makes 135 m the edge of hearing.
pub fn world(placement: Placement, phy: PhyMode, seconds: u64) -> WorldSpec {
    WorldSpec {
        duration: SimTime::from_secs(seconds),
        placement,
        radio: RadioSpec {
            phy,
            path_loss: LossModel::LogDistance,
            exponent: 4.0,
            shadowing_sigma_db: 0.0,
            meter_loss_db: 0.0,
            fading: FadingSpec::off(),
            cca_threshold_dbm: Some(-90.0),
            hearing_floor_dbm: -90.0,
            neighbours_max: 255,
            ..RadioSpec::default()
        },
        mac: MacSpec { hopping: false, ..MacSpec::default() },
        mesh: MeshSpec { profile: Some(SizeProfile::Small), ..MeshSpec::default() },
        coupling: CouplingSpec { meshes: Coupling::None },
        ..WorldSpec::plain()
    }
}

/// A campaign that asks each meter for its clock once, `at` seconds into the run, and waits for so long.
pub fn ping(name: String, at: u64, timeout: u64) -> CampaignSpec {
    let pace = PaceSpec {
        at: SimTime::from_secs(at),
        window: Some(SimTime::ZERO),
        timeout: SimTime::from_secs(timeout),
        attempts: Some(1),
        ..PaceSpec::default()
    };
    CampaignSpec { name, priority: PRIORITY_USUAL, role: None, job: JobSpec::Ping(pace) }
}

/// An event of a scenario that begins after `at` seconds and is over after another `lasts`, or never; whom it happens to
/// is given by numbers of sites.
pub fn event(name: &str, at: u64, lasts: Option<u64>, act: Act, nodes: Vec<u32>) -> EventSpec {
    EventSpec {
        name: name.to_owned(),
        at: SimTime::from_secs(at),
        until: None,
        lasts: lasts.map(SimTime::from_secs),
        target: Target::default(),
        act,
        nodes,
        edges: Vec::new(),
    }
}

/// So many meters around a border router, over the ideal medium with this loss, and a firmware campaign that begins as it says.
pub fn firmware_over_ideal(meters: u32, loss: f64, duration: u64, firmware: FirmwareSpec) -> WorldSpec {
    let meter = |n: u32| (SiteKind::Meter, 40.0 + (n % 100) as f32, (n / 100) as f32);
    let places = [(SiteKind::Gateway, 0.0, 0.0)].into_iter().chain((0..meters).map(meter));
    let mut spec = world(sites(places), PhyMode::M3, duration);
    spec.medium = MediumKind::Ideal;
    spec.ideal.loss = loss;
    spec.dlms.payload = Payload::Sized;
    spec.campaigns = vec![CampaignSpec::firmware("update", firmware)];
    spec
}

/// A suburb with the chances of a real one on the air: street-level loss, shadowing, a spread of each frame's level.
pub fn suburb(meters: u32, seconds: u64) -> WorldSpec {
    let place = GenerateSpec { meters, ..GenerateSpec::default() };
    let mut spec = world(generate(Generator::Suburb, &place, 3).expect("a suburb"), PhyMode::M1b, seconds);
    spec.radio = RadioSpec {
        path_loss: LossModel::StreetLevel,
        shadowing_sigma_db: 7.0,
        meter_loss_db: 8.0,
        fading: FadingSpec::default(),
        hearing_floor_dbm: -110.0,
        neighbours_max: 128,
        ..spec.radio
    };
    spec
}

/// An interferer 100 m west of the origin: bursts of 50 ms, a tenth of the time.
pub fn interferer(power_dbm: f64, channels: &str) -> InterfererSpec {
    InterfererSpec {
        name: "other".to_owned(),
        preset: None,
        near: None,
        lat: None,
        lon: None,
        x: None,
        y: None,
        height_m: 1.5,
        power_dbm: Some(power_dbm),
        duty: Some(0.1),
        burst: Some(SimTime::from_millis(50)),
        channels: Channels::parse(channels).expect("channels"),
        hours: None,
        quiet: None,
        place_m: (-100.0, 0.0),
    }
}

/// Runs a world with one mesh as a bench of the link layer: every `period` a frame of `bytes` above the link layer
/// from each node to its `target`.
pub fn probe(spec: &WorldSpec, period: SimTime, bytes: u16, target: impl Fn(u32) -> Option<u32>) -> Ran {
    let mut built = build(spec).expect("a world");
    for part in &mut built.parts {
        if let Part::Mesh(cell) = part {
            cell.probe(period, bytes, &target);
        }
    }
    Ran::new(built, spec.duration)
}

/// A world that has run.
pub struct Ran {
    /// All rows, in the order of partitions.
    pub rows: Rows,
    /// The engine at the end, with everything finished.
    pub engine: Engine<Part, Local>,
}

impl Ran {
    fn new(built: Built, until: SimTime) -> Ran {
        let mut engine = Engine::new(built.parts, built.lookahead, Local).expect("distinct partitions");
        engine.run_until(until).expect("every target exists");
        let mut rows = Rows::default();
        engine.finish().expect("every target exists");
        for part in engine.partitions_mut() {
            rows.append(part.rows());
        }
        Ran { rows, engine }
    }

    /// The first mesh.
    pub fn mesh(&self) -> &Cell {
        self.engine.partitions().find_map(Part::mesh).expect("there is a mesh")
    }

    /// The head-end.
    pub fn head_end(&self) -> &HeadEnd {
        self.engine.partitions().find_map(Part::head_end).expect("there is a head-end")
    }

    /// Rows of the transactions of a kind.
    pub fn of(&self, kind: TransactionKind) -> impl Iterator<Item = &TransactionRow> {
        self.rows.transactions.iter().filter(move |row| row.kind == kind)
    }
}

/// Runs a world while all its frames are captured.
pub fn captured(spec: &WorldSpec) -> Ran {
    let mut built = build(spec).expect("a world");
    for part in &mut built.parts {
        if let Part::Mesh(cell) = part {
            cell.start_capture(Network::new(spec, dodag(spec)), None);
        }
    }
    Ran::new(built, spec.duration)
}

/// Runs a world to its end.
pub fn run(spec: &WorldSpec) -> Ran {
    run_prepared(spec, |_| {})
}

/// The same once something has been done to its meshes.
pub fn run_prepared(spec: &WorldSpec, mut prepare: impl FnMut(&mut Cell)) -> Ran {
    let mut built = build(spec).expect("a world");
    for part in &mut built.parts {
        if let Part::Mesh(cell) = part {
            prepare(cell);
        }
        part.describe(&spec.placement.sites);
    }
    Ran::new(built, spec.duration)
}
