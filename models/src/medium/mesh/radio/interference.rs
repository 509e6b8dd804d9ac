//! Interferers: bursts of other systems as the radios of a partition hear them.
//!
//! Time is cut into cells of `burst / duty`. In each an interferer sends one burst on each of its channels, at a place that is drawn, so that
//! a channel is taken for its duty exactly. Whether a burst is on the air is a function of (seed, interferer, channel, time): there are no
//! events and nothing is kept but a level for each radio.

use super::air::UNITS_PER_MW;
use super::neighbours::LossMap;
use crate::math::ratio;
use crate::node::{Channel, Node, PerNode, SiteId};
use crate::purpose;
use crate::spec::{Channels, InterfererSpec, WorldSpec};
use crate::terrain::{AntennaGain, Site, SiteKind, SiteName};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::{Stream, key};

/// What a receiver's filter takes off a burst so many channels away, dB.
const ISOLATION_DB: [f64; 3] = [0.0, 30.0, 45.0];
/// What is so far under the noise is left out, dB.
const LEFT_OUT_DB: f64 = 20.0;
const DAY_NS: u64 = 86_400_000_000_000;

/// The interferers of a run, at the own radios of a partition.
#[derive(Clone, Debug)]
pub struct Interference {
    seed: u64,
    /// What is left of a burst on the same channel, the next one, and the one after that.
    passed: [f32; 3],
    /// Time of the day when the run begins, ns.
    start_ns: u64,
    sources: Vec<Source>,
}

#[derive(Clone, Debug)]
struct Source {
    /// Its place in the file.
    index: u64,
    cell_ns: u64,
    burst_ns: u64,
    channels: Channels,
    /// Times of the day, ns.
    hours: Option<(u64, u64)>,
    /// Share of the bursts at other times.
    quiet: f64,
    /// Level at each own radio, in the units of the air.
    levels: PerNode<f32>,
}

impl Interference {
    /// What the radios at these sites hear of a run's interferers; `None` if there is nothing to hear. What is far under `noise_dbm` is left
    /// out.
    pub fn of(run: &WorldSpec, map: &LossMap, sites: &[SiteId], noise_dbm: f64) -> Option<Interference> {
        let source = |(index, spec): (u64, &InterfererSpec)| {
            let sends = spec.sends().filter(|sends| sends.duty > 0.0)?;
            let place = Site {
                name: SiteName::numbered('I', index as u32),
                kind: SiteKind::Gateway,
                lat_deg: 0.0,
                lon_deg: 0.0,
                x_m: spec.place_m.0 as f32,
                y_m: spec.place_m.1 as f32,
                height_m: spec.height_m as f32,
                antenna_gain: Some(AntennaGain::from_dbi(0.0)),
            };
            let level = |site: &SiteId| {
                let loss_db =
                    map.loss_from_db((u32::MAX - index as u32, &place), (site.0, &run.placement.sites[site.at()]));
                let dbm = sends.power_dbm - loss_db;
                if dbm < noise_dbm - LEFT_OUT_DB { 0.0 } else { (ratio(dbm) * UNITS_PER_MW) as f32 }
            };
            let burst_ns = sends.burst.nanos().max(1);
            let source = Source {
                index,
                burst_ns,
                cell_ns: (burst_ns as f64 / sends.duty).min(u64::MAX as f64) as u64,
                channels: spec.channels.clone(),
                hours: sends.hours.map(|hours| (hours.0.nanos(), hours.1.nanos())),
                quiet: sends.quiet,
                levels: sites.iter().map(level).collect(),
            };
            source.levels.0.iter().any(|&level| level > 0.0).then_some(source)
        };
        let sources: Vec<Source> = (0..).zip(&run.surroundings.interferers).filter_map(source).collect();
        let start_s = run.dlms.start_unix_s + run.dlms.utc_offset.local_time().at(run.dlms.start_unix_s).offset_s();
        let start_ns = start_s.rem_euclid(86_400) as u64 * 1_000_000_000;
        let passed = ISOLATION_DB.map(|db| ratio(-db) as f32);
        (!sources.is_empty()).then_some(Interference { seed: run.seed, passed, start_ns, sources })
    }

    /// Sum of all bursts that a radio hears on a channel between two instants, in the units of the air; those that follow each other are
    /// added up as well.
    pub fn level(&self, node: Node, channel: Channel, from: SimTime, to: SimTime) -> u64 {
        self.sources.iter().map(|source| self.level_of(source, node, channel, (from.nanos(), to.nanos()))).sum()
    }

    fn level_of(&self, source: &Source, node: Node, channel: Channel, time: (u64, u64)) -> u64 {
        let level = source.levels.0.get(node.at()).copied().unwrap_or(0.0);
        if level == 0.0 {
            return 0;
        }
        let mut sum = 0;
        for (away, passed) in (0u16..).zip(self.passed) {
            let heard = (level * passed) as u64;
            for other in [channel.0.checked_sub(away), channel.0.checked_add(away).filter(|_| away > 0)] {
                if let Some(other) = other.filter(|_| heard > 0)
                    && self.is_on(source, other, time)
                {
                    sum += heard;
                }
            }
        }
        sum
    }

    /// Whether a burst overlaps `from..=to`.
    fn is_on(&self, source: &Source, channel: u16, (from, to): (u64, u64)) -> bool {
        if !source.channels.is_empty() && !source.channels.contains(channel) {
            return false;
        }
        let key = key(self.seed, source.index << 16 | u64::from(channel), purpose::INTERFERER);
        let room = source.cell_ns.saturating_sub(source.burst_ns);
        (from / source.cell_ns..=to / source.cell_ns).any(|cell| {
            let start = cell * source.cell_ns + (Stream::resume(key, cell).unit() * room as f64) as u64;
            start <= to && start + source.burst_ns > from && self.is_awake(source, key, cell, start)
        })
    }

    fn is_awake(&self, source: &Source, key: u64, cell: u64, at: u64) -> bool {
        let of_day = (self.start_ns + at) % DAY_NS;
        let within = |(first, last)| match first <= last {
            true => (first..last).contains(&of_day),
            // Over midnight.
            false => of_day >= first || of_day < last,
        };
        source.hours.is_none_or(within) || source.quiet > 0.0 && Stream::resume(!key, cell).unit() < source.quiet
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.sources.iter().map(|source| size_of::<Source>() + source.levels.bytes()).sum()
    }
}
