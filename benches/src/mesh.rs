//! The link layer on a grid: the scenario that the ns-3 program in `peers/` runs as well.

use amitwin_models::build::build;
use amitwin_models::cell::Part;
use amitwin_models::event::Event;
use amitwin_models::spec::*;
use amitwin_models::terrain::{Placement, Site, SiteKind, SiteName};
use amitwin_sim_core::{Engine, Exchange, SimTime};

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Nodes, row by row on a square grid.
    pub nodes: u32,
    /// Distance between rows and columns, m.
    pub spacing_m: f32,
    /// Time between two frames of a node.
    pub period: SimTime,
    /// Simulated time.
    pub sim: SimTime,
    /// Hop over 16 channels; otherwise all on one, as the peer.
    pub hop: bool,
    /// Seed.
    pub seed: u64,
}

/// What came out.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Frames asked for.
    pub frames: u64,
    /// Of them, arrived.
    pub delivered: u64,
    /// Mean time from request to arrival.
    pub mean_delay: SimTime,
    /// 95th percentile of the same, ms.
    pub p95_delay_ms: f64,
    /// Transmissions of data frames and acknowledgements.
    pub transmissions: u64,
    /// Events.
    pub events: u64,
    /// Wall time of the run without building, s.
    pub wall_s: f64,
    /// Wall time of building, s.
    pub build_s: f64,
}

/// 2.4 GHz O-QPSK as in ns-3.37: 0 dBm, noise over 5 MHz, sensitivity -106.58 dBm as the limit of hearing, busy from
/// 10 dB above it.
fn spec(work: &Workload) -> WorldSpec {
    let columns = (f64::from(work.nodes)).sqrt().ceil() as u32;
    let site = |n: u32| Site {
        name: SiteName::numbered('N', n),
        kind: if n == 0 { SiteKind::Gateway } else { SiteKind::Repeater },
        lat_deg: 0.0,
        lon_deg: 0.0,
        x_m: (n % columns) as f32 * work.spacing_m,
        y_m: (n / columns) as f32 * work.spacing_m,
        height_m: 1.5,
        antenna_gain: None,
    };
    WorldSpec {
        seed: work.seed,
        duration: work.sim,
        placement: Placement { sites: (0..work.nodes).map(site).collect(), ..Placement::default() },
        radio: RadioSpec {
            phy: PhyMode::Oqpsk250,
            tx_power_dbm: 0.0,
            path_loss: LossModel::LogDistance,
            reference_loss_db: 46.6777,
            exponent: 3.0,
            shadowing_sigma_db: 0.0,
            meter_loss_db: 0.0,
            noise_figure_db: 4.0027,
            fading: FadingSpec::off(),
            cca_threshold_dbm: Some(-96.58),
            hearing_floor_dbm: -106.58,
            neighbours_max: 255,
            ..RadioSpec::default()
        },
        mac: MacSpec {
            csma_backoffs_max: Some(4),
            frame_retries_max: Some(3),
            queue_frames_max: Some(u16::MAX),
            gateway_queue_frames_max: Some(u16::MAX),
            hopping: work.hop,
            ..MacSpec::default()
        },
        mesh: MeshSpec { profile: Some(SizeProfile::Small), ..MeshSpec::default() },
        device: DeviceSpec { boot: (SimTime::ZERO, SimTime::ZERO), ..DeviceSpec::default() },
        coupling: CouplingSpec { meshes: Coupling::None },
        ..WorldSpec::plain()
    }
}

/// Runs the workload.
pub fn run<X: Exchange<Event>>(work: Workload, exchange: X) -> Outcome {
    let started = std::time::Instant::now();
    let columns = (f64::from(work.nodes)).sqrt().ceil() as u32;
    let mut built = build(&spec(&work)).expect("the scenario is fixed");
    for part in &mut built.parts {
        if let Part::Mesh(cell) = part {
            // 9 bytes of header and 2 of check sequence make 100 bytes of PSDU.
            cell.probe(work.period, 89, |n| match (n % columns, n / columns) {
                (0, 0) => None,
                (0, _) => Some(n - columns),
                _ => Some(n - 1),
            });
        }
    }
    let mut engine = Engine::new(built.parts, built.lookahead, exchange).expect("partition ids are distinct");
    let build_s = started.elapsed().as_secs_f64();
    let started = std::time::Instant::now();
    engine.run_until(work.sim).expect("every target exists");
    let wall_s = started.elapsed().as_secs_f64();
    let events = engine.events();
    let cell = engine.partitions().find_map(|p| p.mesh()).expect("there is one mesh");
    let probes = cell.probes();
    let mean_delay = if probes.arrived == 0 { SimTime::ZERO } else { probes.delay_sum / probes.arrived };
    let p95 = probes.delay_us.value_at_quantile(0.95);
    Outcome {
        frames: probes.asked,
        delivered: probes.arrived,
        mean_delay,
        p95_delay_ms: p95 as f64 / 1e3,
        transmissions: cell.books.counters.frames + cell.books.counters.acks,
        events,
        wall_s,
        build_s,
    }
}
