//! Small worlds whose figures can be held against those of others.

use amitwin_data::rows::{Outcome, Rows, TransactionKind};
use amitwin_models::build::{Built, build};
use amitwin_models::cell::{Cell, Part};
use amitwin_models::spec::*;
use amitwin_models::terrain::{Placement, Site, SiteKind, SiteName};
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

/// A world without chance on the air: 31.7 + 40 lg d dB, no shadowing, no spread of a frame's level; 135 m is the edge of hearing.
pub fn plain(placement: Placement, phy: PhyMode, duration: SimTime) -> WorldSpec {
    WorldSpec {
        duration,
        placement,
        radio: RadioSpec {
            phy,
            path_loss: LossModel::LogDistance,
            exponent: 4.0,
            shadowing_sigma_db: 0.0,
            meter_loss_db: 0.0,
            fading: FadingSpec::off(),
            cca_threshold_dbm: -90.0,
            hearing_floor_dbm: -90.0,
            ..RadioSpec::default()
        },
        mesh: MeshSpec { profile: Some(SizeProfile::Small), ..MeshSpec::default() },
        coupling: CouplingSpec { meshes: Coupling::None },
        ..WorldSpec::plain()
    }
}

/// Meters around a border router, all in its reach and in that of each other.
pub fn star(meters: u32) -> Placement {
    let meter = move |n: u32| {
        // A spiral: no two in one spot, 20 to 50 m from the middle.
        let (turn, radius) = (n as f32 * 2.4, 20.0 + 30.0 * (n as f32 / meters as f32));
        (SiteKind::Meter, radius * turn.cos(), radius * turn.sin())
    };
    sites([(SiteKind::Gateway, 0.0, 0.0)].into_iter().chain((0..meters).map(meter)))
}

/// Meters in a row, 100 m apart, each in reach of its neighbours alone; the border router is the first.
pub fn line(meters: u32) -> Placement {
    let meter = |n: u32| (SiteKind::Meter, 100.0 * n as f32, 0.0);
    sites([(SiteKind::Gateway, 0.0, 0.0)].into_iter().chain((1..=meters).map(meter)))
}

/// Runs a world to its end.
pub fn run(spec: &WorldSpec) -> (Rows, Engine<Part, Local>) {
    let mut built = build(spec).expect("the world is fixed");
    for part in &mut built.parts {
        part.describe(&spec.placement.sites);
    }
    finished(built, spec.duration)
}

/// Runs a world as a bench of the link layer: every `period` a frame of `bytes` above the link layer from each node to its
/// `target`.
pub fn probe(
    spec: &WorldSpec,
    period: SimTime,
    bytes: u16,
    target: impl Fn(u32) -> Option<u32>,
) -> (Rows, Engine<Part, Local>) {
    let mut built = build(spec).expect("the world is fixed");
    for part in &mut built.parts {
        if let Part::Mesh(cell) = part {
            cell.probe(period, bytes, &target);
        }
    }
    finished(built, spec.duration)
}

fn finished(built: Built, until: SimTime) -> (Rows, Engine<Part, Local>) {
    let mut engine = Engine::new(built.parts, built.lookahead, Local).expect("partition ids are distinct");
    engine.run_until(until).expect("every target exists");
    let mut rows = Rows::default();
    engine.finish().expect("every target exists");
    for part in engine.partitions_mut() {
        rows.append(part.rows());
    }
    (rows, engine)
}

/// The first mesh.
pub fn mesh(engine: &Engine<Part, Local>) -> &Cell {
    engine.partitions().find_map(Part::mesh).expect("there is a mesh")
}

/// Every meter is asked for its clock `rounds` times, one question in each `gap`: round trips by hop without the backhaul, ms, in the
/// order in which they were asked.
pub fn pings(mut spec: WorldSpec, rounds: u32, gap: SimTime) -> Vec<Vec<f64>> {
    let meters = spec.placement.count(SiteKind::Meter) as u64;
    spec.dlms.answer_delay = (SimTime::ZERO, SimTime::ZERO);
    let (first, window) = (SimTime::from_secs(600), gap * meters);
    let ping = |n: u32| {
        let at = first + window * u64::from(n);
        CampaignSpec { name: format!("ping {n}"), job: JobSpec::Ping(PingSpec { at, window, timeout: gap }) }
    };
    spec.campaigns = (0..rounds).map(ping).collect();
    spec.duration = first + window * u64::from(rounds + 1);
    let backhaul_ms = 2e3 * spec.backhaul.latency.secs_f64();
    let (rows, _) = run(&spec);
    let mut by_hop: Vec<Vec<f64>> = Vec::new();
    let answered =
        rows.transactions.iter().filter(|row| row.kind == TransactionKind::Ping && row.outcome == Outcome::Ok);
    for row in answered {
        let (Some(sent), Some(came), Some(hops)) = (row.sent_s, row.answered_s, row.hops_made) else { continue };
        let hop = usize::from(hops) - 1;
        by_hop.resize(by_hop.len().max(hop + 1), Vec::new());
        by_hop[hop].push(1e3 * (came - sent) - backhaul_ms);
    }
    by_hop
}
