//! Who resets when: windows, clusters, and a window that the border router's radio can carry.

use crate::headend::jobs::order::Fleet;
use crate::headend::jobs::waves::Waves;
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
    /// Hops of all sites.
    pub hops: &'a [u8],
    /// Share that they are of all meters.
    pub share: f64,
    /// Radio time that one meter coming back costs its border router.
    pub reconnect_airtime: SimTime,
    /// How long a meter that restarts alone is away.
    pub alone: SimTime,
    /// Meters and repeaters between a meter and its border router, on average, in the tree that comes back.
    pub between: f64,
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
    let waves = Waves::new(&spec.waves, meters, job, Fleet { hops: population.hops, seed });
    let spread = |window| {
        let drawn = meters.iter().map(|&meter| uniform(window, own(meter))).collect();
        if spec.waves.order.is_some() { in_order(&waves, drawn) } else { drawn }
    };
    let turns = &spec.waves.turns;
    let (offsets, window): (Vec<SimTime>, SimTime) = match spec.schedule() {
        _ if !turns.is_empty() => {
            let offsets: Vec<SimTime> = turns.iter().map(|turn| turn.saturating_sub(spec.at)).collect();
            let last = offsets.iter().copied().max().unwrap_or_default();
            // What a log says of its window, if it does.
            let window = if let ResetSchedule::Window(_, high) = spec.schedule() { high } else { SimTime::ZERO };
            (offsets, last.max(window))
        }
        ResetSchedule::Window(low, high) => (spread((low, high)), high),
        ResetSchedule::Auto { busy_share, away_share } => {
            // A soft reset leaves the radio up, so that nobody's way is interrupted.
            let away_share = (spec.tier != ResetTier::Soft).then_some(away_share);
            let window = auto_window(population, waves.largest_share(), busy_share, away_share);
            (spread((SimTime::ZERO, window)), window)
        }
        ResetSchedule::Clusters(clusters) => {
            let mut offsets = vec![SimTime::ZERO; meters.len()];
            for (wave, begins) in (0..).zip(waves.clusters(clusters, job, seed)) {
                for (n, position) in waves.in_order(wave).into_iter().enumerate() {
                    offsets[position as usize] = begins[n / clusters.size.max(1) as usize];
                }
            }
            let longest = offsets.iter().copied().max().unwrap_or_default();
            (offsets, longest)
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

/// The same times, given to the meters of each wave in their order.
fn in_order(waves: &Waves, times: Vec<SimTime>) -> Vec<SimTime> {
    let mut given = times.clone();
    for wave in 0..waves.count() as u16 {
        let mut of_wave: Vec<SimTime> = waves.of(wave).iter().map(|&position| times[position as usize]).collect();
        of_wave.sort_unstable();
        for (position, time) in waves.in_order(wave).into_iter().zip(of_wave) {
            given[position as usize] = time;
        }
    }
    given
}

/// The shortest window in which meters that come back occupy the radio of their border router for at most `busy_share` of the time,
/// and a meter's way there is interrupted for at most `away_share` of it by others on that way, each of which is away in turn; of the meters,
/// `wave` is the share that resets in it.
pub fn auto_window(population: &Population<'_>, wave: f64, busy_share: f64, away_share: Option<f64>) -> SimTime {
    let air_s = wave * population.per_router as f64 * population.reconnect_airtime.secs_f64() / busy_share;
    let between = wave * population.share * population.between;
    let way_s = away_share.map_or(0.0, |share| between * population.alone.secs_f64() / share);
    SimTime::from_secs_f64(air_s.max(way_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_as_long_as_air_time_and_ways_need() {
        let of = |per_router, between| {
            let (alone, reconnect_airtime) = (SimTime::from_secs(90), SimTime::from_millis(100));
            Population { meters: &[], per_router, hops: &[], share: 1.0, reconnect_airtime, alone, between }
        };
        let window = |population: &Population<'_>, away_share| auto_window(population, 1.0, 0.2, away_share).secs_f64();
        // 500 times 0.1 s in a fifth of the time: 250 s. One on the way that is away for 90 s in a tenth of it: 900 s.
        assert_eq!(window(&of(500, 1.0), Some(0.1)), 900.0);
        assert_eq!(window(&of(500, 1.0), None), 250.0);
        assert_eq!(window(&of(5_000, 1.0), Some(0.1)), 2_500.0);
        assert_eq!(window(&of(500, 0.0), Some(0.1)), 250.0);
        // A wave of a tenth of them: 25 s and 90 s. The same tenth as a target of its own: 50 meters behind the router.
        assert_eq!(auto_window(&of(500, 1.0), 0.1, 0.2, Some(0.1)).secs_f64(), 90.0);
        assert_eq!(auto_window(&of(500, 1.0), 0.1, 0.2, None).secs_f64(), 25.0);
        let tenth = Population { share: 0.1, ..of(50, 1.0) };
        assert_eq!(auto_window(&tenth, 1.0, 0.2, Some(0.1)).secs_f64(), 90.0);
    }
}
