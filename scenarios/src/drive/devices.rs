//! What goes wrong inside meters: hung applications, clocks, supplies, batteries, windows.

use super::notices::rank;
use super::ran::Ran;
use amitwin_data::metrics::Metric;
use amitwin_data::rows::{EventKind, EventRow, LoadRow};
use amitwin_models::spec::WorldSpec;
use std::collections::{BTreeMap, BTreeSet};

const DAYS_PER_YEAR: f64 = 365.25;

/// What of a scenario concerns these figures.
#[derive(Clone, Copy, Default)]
pub struct Has {
    hang: bool,
    supply: bool,
    window: bool,
    /// Of a battery, mAh.
    capacity_mah: Option<f64>,
}

impl Has {
    /// What a world has.
    pub fn of(spec: &WorldSpec) -> Has {
        Has {
            hang: spec.device.hang.is_some(),
            supply: spec.device.supply.is_some(),
            window: spec.dlms.vendors.iter().any(|kind| kind.vendor.window_bytes.is_some()),
            capacity_mah: spec.device.battery.as_ref().map(|battery| battery.capacity_mah),
        }
    }
}

/// Sums over the rows.
#[derive(Default)]
pub struct Devices {
    has: Has,
    hangs: u64,
    brown_outs: u64,
    browned_out: BTreeSet<u32>,
    /// What each radio took, mAh.
    charge_mah: BTreeMap<u32, f64>,
}

impl Devices {
    /// Of such a run.
    pub fn new(has: Has) -> Devices {
        Devices { has, ..Devices::default() }
    }

    /// Adds a batch.
    pub fn update(&mut self, events: &[EventRow], loads: &[LoadRow]) {
        for row in events {
            match row.kind {
                EventKind::Hang => self.hangs += 1,
                EventKind::BrownOut => {
                    self.brown_outs += 1;
                    self.browned_out.insert(row.node);
                }
                _ => {}
            }
        }
        for row in loads {
            if let Some(mah) = row.charge_mah.0 {
                *self.charge_mah.entry(row.node).or_default() += f64::from(mah);
            }
        }
    }

    /// What is written for a figure: nothing where it does not apply.
    pub fn written(&self, metric: Metric, ran: &Ran<'_>, run_s: f64) -> Option<Option<f64>> {
        let hangs = (self.has.hang || self.hangs > 0).then_some(());
        let supply = self.has.supply.then_some(());
        let clocks = ran.clocks.as_ref();
        let off = || clocks.map(|(ahead_s, _)| ahead_s.iter().map(|ahead| ahead.abs()).collect::<Vec<_>>());
        let charge = |share| rank(self.charge_mah.values().copied().collect(), share);
        match metric {
            Metric::Hangs => hangs.map(|()| Some(self.hangs as f64)),
            Metric::HungEnd => hangs.map(|()| Some(f64::from(ran.hung))),
            Metric::ClockDeviationP95S => off().map(|off| rank(off, 0.95)),
            Metric::ClockDeviationMaxS => off().map(|off| rank(off, 1.0)),
            Metric::ClocksWrongShare => clocks.map(|(ahead_s, tolerance_s)| {
                let wrong = ahead_s.iter().filter(|ahead| ahead.abs() > *tolerance_s).count();
                (!ahead_s.is_empty()).then(|| wrong as f64 / ahead_s.len() as f64)
            }),
            Metric::BrownOuts => supply.map(|()| Some(self.brown_outs as f64)),
            Metric::BrownOutMeters => supply.map(|()| Some(self.browned_out.len() as f64)),
            Metric::FalseGasps => supply.map(|()| Some(ran.counters.false_gasps as f64)),
            Metric::BatteryMahP50 => self.has.capacity_mah.map(|_| charge(0.5)),
            Metric::BatteryMahP95 => self.has.capacity_mah.map(|_| charge(0.95)),
            Metric::BatteryLifeP5Y => {
                let days = run_s / 86_400.0;
                self.has.capacity_mah.map(|capacity| Some(capacity * days / charge(0.95)? / DAYS_PER_YEAR))
            }
            Metric::WindowOverflows => self.has.window.then_some(Some(ran.counters.window_overflows as f64)),
            _ => None,
        }
    }
}
