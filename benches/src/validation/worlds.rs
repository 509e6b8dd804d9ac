//! Small worlds whose figures can be held against those of others.

use amitwin_data::rows::{Outcome, TransactionKind};
use amitwin_models::spec::*;
use amitwin_models::terrain::{Placement, SiteKind};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{run, sites, world};

/// The tests' world without chance on the air, with the link layer and the neighbour tables of a scenario.
pub fn plain(placement: Placement, phy: PhyMode, duration: SimTime) -> WorldSpec {
    let world = world(placement, phy, 0);
    let radio = RadioSpec { neighbours_max: RadioSpec::default().neighbours_max, ..world.radio };
    WorldSpec { duration, radio, mac: MacSpec::default(), ..world }
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

/// Every meter is asked for its clock `rounds` times, one question in each `gap`: round trips by hop without the backhaul, ms, in the
/// order in which they were asked.
pub fn pings(mut spec: WorldSpec, rounds: u32, gap: SimTime) -> Vec<Vec<f64>> {
    let meters = spec.placement.count(SiteKind::Meter) as u64;
    spec.dlms.answer_delay = (SimTime::ZERO, SimTime::ZERO);
    let (first, window) = (SimTime::from_secs(600), gap * meters);
    let ping = |n: u32| {
        let at = first + window * u64::from(n);
        CampaignSpec {
            name: format!("ping {n}"),
            priority: PRIORITY_USUAL,
            role: None,
            job: JobSpec::Ping(PaceSpec {
                at,
                window: Some(window),
                timeout: gap,
                attempts: Some(1),
                ..PaceSpec::default()
            }),
        }
    };
    spec.campaigns = (0..rounds).map(ping).collect();
    spec.duration = first + window * u64::from(rounds + 1);
    let backhaul_ms = 2e3 * spec.backhaul.latency.secs_f64();
    let rows = run(&spec).rows;
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
