//! Clocks of meters: how far each is off, and what setting it does.
//!
//! A clock that was set at a time goes on from there at its crystal's rate, so that nothing has to happen while it drifts.

use super::{Meters, Servers};
use crate::check::same_count;
use crate::climate::process::normal;
use crate::node::{Node, PerNode, SiteId};
use crate::purpose;
use crate::spec::ClockSpec;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::key;
use serde::{Deserialize, Serialize};

const MICROS: f64 = 1e6;

/// A clock since it was set last, or since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Clock {
    /// When it was set.
    since: SimTime,
    /// What it showed too much then, us.
    ahead_us: i64,
}

/// The clocks of a partition.
#[derive(Debug)]
pub struct Clocks {
    spec: ClockSpec,
    /// Rate of each crystal, too fast by so many millionths.
    drift_ppm: PerNode<f32>,
    of: PerNode<Clock>,
}

/// What of the clocks changes in a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept(PerNode<Clock>);

impl Clocks {
    /// As a run begins; `sites` are those of the own radios.
    pub fn new(spec: &ClockSpec, seed: u64, sites: impl Iterator<Item = SiteId> + Clone) -> Clocks {
        let chance = |site: SiteId, n| normal(key(seed, u64::from(site), purpose::CLOCK), n);
        let drift = |site| (spec.drift_ppm + spec.drift_spread_ppm * chance(site, 0)) as f32;
        let start = |site| Clock {
            since: SimTime::ZERO,
            ahead_us: (spec.start_spread.secs_f64() * MICROS * chance(site, 1)) as i64,
        };
        Clocks { spec: spec.clone(), drift_ppm: sites.clone().map(drift).collect(), of: sites.map(start).collect() }
    }

    /// What a clock shows too much, us.
    pub fn ahead_us(&self, node: Node, now: SimTime) -> i64 {
        let Clock { since, ahead_us } = self.of[node];
        let passed_us = now.saturating_sub(since).secs_f64() * MICROS;
        ahead_us + (passed_us * f64::from(self.drift_ppm[node]) * 1e-6) as i64
    }

    /// Sets a clock: now it shows so much too much.
    pub fn set(&mut self, node: Node, now: SimTime, ahead_us: i64) {
        self.of[node] = Clock { since: now, ahead_us };
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.drift_ppm.bytes() + self.of.bytes()
    }

    /// What changes in a run.
    pub fn save(&self) -> Kept {
        Kept(self.of.clone())
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is not of these nodes.
    pub fn restore(&mut self, kept: Kept) -> Result<(), String> {
        same_count("meter: clocks", kept.0.len(), self.of.len())?;
        self.of = kept.0;
        Ok(())
    }
}

impl Servers {
    /// What the clock of a meter shows too much, us.
    pub fn clock_ahead_us(&self, local: Node, now: SimTime) -> i64 {
        match (&self.clocks, self.clock_offset_s(local)) {
            (Some(clocks), _) => clocks.ahead_us(local, now),
            (None, offset_s) => i64::from(offset_s) * 1_000_000,
        }
    }

    /// Sets the clock of a meter: now it shows so much too much, us. Without `[device.clock]` in whole seconds.
    pub fn set_clock(&mut self, local: Node, now: SimTime, ahead_us: i64) {
        if let Some(clocks) = &mut self.clocks {
            clocks.set(local, now, ahead_us);
        }
        self.set_clock_offset_s(local, i32::try_from(ahead_us / 1_000_000).unwrap_or_default());
    }

    /// What a drifting clock is off by now, in the whole seconds that it shows.
    pub(super) fn shown_offset_s(&self, local: Node, now: SimTime) -> Option<i32> {
        let clocks = self.clocks.as_ref()?;
        let true_ms = self.cosem().moment(now).unix_ms;
        let shown_ms = true_ms + clocks.ahead_us(local, now).div_euclid(1_000);
        i32::try_from(shown_ms.div_euclid(1_000) - true_ms.div_euclid(1_000)).ok()
    }
}

impl Meters {
    /// What the clock of each meter shows too much, s, and what makes a clock wrong; of none where clocks do not drift.
    pub fn clocks(&self, now: SimTime) -> Option<(Vec<f64>, f64)> {
        let clocks = self.servers.as_ref()?.clocks.as_ref()?;
        let meters = (0u16..).map(Node).zip(&self.meters.0).filter(|(_, meter)| meter.measures);
        let ahead_s = meters.map(|(node, _)| clocks.ahead_us(node, now) as f64 / MICROS).collect();
        Some((ahead_s, clocks.spec.tolerance.secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_drifts_from_where_it_was_set() {
        let spec = ClockSpec { drift_ppm: 50.0, drift_spread_ppm: 0.0, ..ClockSpec::default() };
        let mut clocks = Clocks::new(&spec, 1, (0..2).map(SiteId));
        let day = SimTime::from_secs(86_400);
        // 50 millionths of 86,400 s are 4.32 s.
        assert_eq!(clocks.ahead_us(Node(0), day), 4_320_000);
        clocks.set(Node(0), day, -320_000);
        assert_eq!(clocks.ahead_us(Node(0), day + day), 4_000_000);
        assert_eq!(clocks.ahead_us(Node(1), day + day), 8_640_000, "each has its own");
    }

    #[test]
    fn rates_and_starts_spread_as_they_are_told_to() {
        let spec = ClockSpec { drift_spread_ppm: 20.0, start_spread: SimTime::from_secs(2), ..ClockSpec::default() };
        let clocks = Clocks::new(&spec, 1, (0..4_000).map(SiteId));
        let sigma = |values: &[f64]| (values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64).sqrt();
        let all = |at: SimTime| (0..4_000).map(|n| clocks.ahead_us(Node(n), at) as f64 / MICROS).collect::<Vec<_>>();
        // Of 4,000 draws a standard deviation is known to 1.1 % (1 / sqrt(2 * 4,000)); three of these.
        assert!((sigma(&all(SimTime::ZERO)) - 2.0).abs() < 0.067);
        // After a million seconds 20 s of drift and 2 s of the start.
        assert!((sigma(&all(SimTime::from_secs(1_000_000))) - (400.0f64 + 4.0).sqrt()).abs() < 0.67);
    }
}
