//! Generations of firmware: when each comes to a meter, whom it leaves silent, and what it cures.

use super::{Depot, kind};
use crate::draw;
use crate::spec::{Firmware, PartSpec};
use amitwin_data::rows::Part;

impl Depot<'_> {
    /// When a meter gets a generation, and whether that leaves it silent; nothing if its vintage does not get it.
    fn update(&self, meter: u32, generation: usize) -> Option<(u32, bool)> {
        let of: &Firmware = &self.plan.firmware[generation];
        if !of.vintages.contains(&self.fleet.meters[meter as usize].vintage) {
            return None;
        }
        let number = self.fleet.first + meter;
        let mut stream = draw::moment(self.plan.seed, number, draw::UPDATE, generation as u32);
        let (from, to) = of.comes_s;
        let at = from + (f64::from(to - from) * stream.unit()) as u32;
        Some((at, stream.unit() < of.bricked))
    }

    /// Puts those updates of a meter on the calendar that leave it silent.
    pub(super) fn plan_updates(&mut self, meter: u32) {
        for generation in 0..self.plan.firmware.len() {
            if let Some((at, true)) = self.update(meter, generation)
                && at >= self.plan.start_s
            {
                self.push(at, kind::UPDATE, meter);
            }
        }
    }

    /// An update leaves a meter silent, if the meter is there and gets it.
    pub(super) fn bricked(&mut self, meter: u32) {
        let Some(slot) = self.fleet.firmware(meter) else { return };
        if self.fleet.installed_s(meter) <= self.now && !self.fleet.is_unheard(meter) {
            self.fleet.fail_now(meter, slot, self.now);
            self.schedule(meter);
        }
    }

    /// Share of a part's failures that a restart from afar cures, by the firmware that the meter has.
    pub(super) fn restart_cures(&self, meter: u32, part: &PartSpec) -> f64 {
        if part.part != Part::Module {
            return part.restart_cures;
        }
        let newest = (0..self.plan.firmware.len()).rev().find_map(|generation| {
            let cures = self.plan.firmware[generation].cures?;
            self.update(meter, generation).filter(|(at, _)| *at <= self.now).map(|_| cures)
        });
        newest.unwrap_or(part.restart_cures)
    }
}
