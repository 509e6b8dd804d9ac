//! Who resets when: windows, clusters, and a window that the border router's radio can carry.

use crate::node::SiteId;
use crate::plan::ResetPlan;
use crate::purpose;
use crate::spec::{BackSign, ResetSchedule, ResetSpec, ResetTier};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;

/// The meters of a reset job and what the network makes of them.
pub struct Population<'a> {
    /// The meters, ascending.
    pub meters: &'a [SiteId],
    /// Most radios behind one border router.
    pub per_router: usize,
    /// Radio time that one meter coming back costs its border router.
    pub reconnect_airtime: SimTime,
}

/// What tells the head-end that a meter is back. A soft reset leaves the radio up, so that no route is announced.
pub fn back_sign(spec: &ResetSpec) -> BackSign {
    if spec.tier == ResetTier::Soft { BackSign::Heartbeat } else { spec.back }
}

/// Works out reset job `job`.
pub fn plan(name: &str, spec: &ResetSpec, job: u16, population: &Population<'_>, seed: u64) -> ResetPlan {
    let meters = population.meters;
    let uniform =
        |(low, high): (SimTime, SimTime), place: f64| low + SimTime::from_secs_f64((high - low).secs_f64() * place);
    let own = |meter: SiteId| Stream::new(seed, (u64::from(job) << 32) | u64::from(meter), purpose::RESET_TIME).unit();
    let spread = |window| meters.iter().map(|&meter| uniform(window, own(meter))).collect();
    let (offsets, window): (Vec<SimTime>, SimTime) = match spec.schedule() {
        ResetSchedule::Window(low, high) => (spread((low, high)), high),
        ResetSchedule::Auto { busy_share } => {
            let window = auto_window(population.per_router, busy_share, population.reconnect_airtime);
            (spread((SimTime::ZERO, window)), window)
        }
        ResetSchedule::Clusters { size, gap } => {
            let mut gaps = Stream::new(seed, u64::from(job), purpose::CLUSTER_GAP);
            let (mut at, mut offsets) = (SimTime::ZERO, Vec::with_capacity(meters.len()));
            for n in 0..meters.len() {
                if n > 0 && n % size.max(1) as usize == 0 {
                    at += uniform(gap, gaps.unit());
                }
                offsets.push(at);
            }
            (offsets, at)
        }
    };
    ResetPlan {
        name: name.into(),
        at: spec.at,
        window,
        tier: spec.tier,
        back: back_sign(spec),
        meters: meters.to_vec(),
        times: offsets.into_iter().map(|offset| spec.at + offset).collect(),
    }
}

/// Window in which `meters` reconnects, each of which takes `airtime` of the border router's radio, occupy it for
/// `busy_share` of the time.
pub fn auto_window(meters: usize, busy_share: f64, airtime: SimTime) -> SimTime {
    SimTime::from_secs_f64(meters as f64 * airtime.secs_f64() / busy_share)
}
