//! The audit of neighbours: what the table of a meter's neighbours says of meters nearby.

use super::Depot;
use crate::spec::{Code, Repair};
use amitwin_data::rows::{Effect, Part};

/// Meters on each side that a meter has in its table. Numbers stand for places, as those of a list along a route do.
const SIDE: u32 = 4;

impl Depot<'_> {
    /// Looks through a meter's table of neighbours: those with water in their cases are weak, those that are off are not there any more. Whether
    /// there was one that nobody had been told of, or sent to.
    pub(super) fn audit(&mut self, meter: u32) -> bool {
        if self.fleet.is_unheard(meter) {
            // Its table is empty.
            return false;
        }
        let last = self.fleet.len().saturating_sub(1).min(meter.saturating_add(SIDE));
        let near = (meter.saturating_sub(SIDE)..=last).filter(|near| *near != meter);
        near.fold(false, |found, near| self.audit_one(near) | found)
    }

    fn audit_one(&mut self, near: u32) -> bool {
        if self.fleet.installed_s(near) > self.now {
            return false;
        }
        let (failed, seen) = (self.fleet.meters[near as usize].failed, self.fleet.meters[near as usize].seen);
        if failed == 0 {
            return false;
        }
        if self.fleet.is_unheard(near) {
            // Who is only out of reach comes back; who is off is sent for before patience ends, once.
            let is_off = |(slot, part): (usize, &crate::spec::PartSpec)| {
                let silences = failed & 1 << slot != 0 && matches!(part.effect, Effect::Dead | Effect::Silent);
                silences && !matches!(part.repair, Repair::Itself(_))
            };
            if self.fleet.has_job(near) || !self.parts(near).iter().enumerate().any(is_off) {
                return false;
            }
            for (slot, part) in self.parts(near).iter().enumerate() {
                if is_off((slot, part)) {
                    self.note_seen(near, slot);
                }
            }
            self.react(near, Code::Radio, Part::Module);
            return true;
        }
        let mut found = false;
        for (slot, part) in self.parts(near).iter().enumerate() {
            if part.effect == Effect::Wet && failed & !seen & 1 << slot != 0 {
                self.see(near, slot, part);
                found = true;
            }
        }
        found
    }
}
