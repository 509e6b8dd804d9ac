//! Verification by law: the meters of a vintage at the depot are a lot, and a sample judges it.

use super::calibration::Readings;
use super::{Depot, kind};
use crate::draw;
use crate::spec::Tasks;
use amitwin_data::rows::Reason;
use amitwin_sim_core::rng::Stream;

/// How urgent samples are, and exchanges of a lot.
const PRIORITY: u8 = 4;

/// A lot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lot {
    vintage: u16,
    /// Meters of the sample that are under way.
    wanted: u32,
    tested: u32,
    bad: u32,
}

impl Depot<'_> {
    pub(super) fn begin_lots(&mut self) {
        let Some(lots) = &self.plan.policy.lots else { return };
        for (at, vintage) in self.plan.vintages.iter().enumerate() {
            let first = vintage.installed_s.1.saturating_add(lots.first_s);
            let late = self.plan.start_s.saturating_sub(first);
            // Lots that are older have been extended before.
            let due = first.saturating_add(late.div_ceil(lots.extension_s.max(1)) * lots.extension_s);
            self.push(due, kind::LOT, at as u32);
            self.lots.push(Lot { vintage: at as u16, ..Lot::default() });
        }
    }

    fn of_lot(&self, lot: &Lot) -> Vec<u32> {
        (0..self.fleet.len()).filter(|meter| self.fleet.meters[*meter as usize].vintage == lot.vintage).collect()
    }

    /// The sample of a lot is drawn.
    pub(super) fn lot_due(&mut self, place: u32) {
        let Some(lots) = self.plan.policy.lots else { return };
        let mut meters = self.of_lot(&self.lots[place as usize]);
        let id = u64::from(self.number) << 32 | u64::from(place);
        let mut stream =
            Stream::resume(amitwin_sim_core::rng::key(self.plan.seed, id, draw::SAMPLE), u64::from(self.now));
        let wanted = lots.sample.min(meters.len() as u32);
        // The first of a shuffle.
        for at in 0..wanted {
            let other = at + stream.below(meters.len() as u32 - at);
            meters.swap(at as usize, other as usize);
        }
        self.lots[place as usize] = Lot { wanted, tested: 0, bad: 0, ..self.lots[place as usize] };
        for meter in meters.into_iter().take(wanted as usize) {
            let mut job = self.job(meter, Tasks::CALIBRATE, Reason::Sample, PRIORITY, lots.within_s);
            job.lot = Some(place as u16);
            self.open(job);
        }
    }

    /// A meter of a sample has been tested, and adjusted if it was bad.
    pub(super) fn tested(&mut self, place: u16, is_bad: bool) {
        let Some(lots) = self.plan.policy.lots else { return };
        let lot = &mut self.lots[usize::from(place)];
        lot.tested += 1;
        lot.bad += u32::from(is_bad);
        let lot = *lot;
        if lot.tested < lot.wanted {
            return;
        }
        if lot.bad <= lots.accepted {
            return self.push(self.now.saturating_add(lots.extension_s), kind::LOT, u32::from(place));
        }
        self.push(self.now.saturating_add(lots.first_s), kind::LOT, u32::from(place));
        for meter in self.of_lot(&lot) {
            // Meters that were exchanged since are not of the lot any more.
            if self.fleet.installed_s(meter).saturating_add(lots.first_s) <= self.now {
                let job = self.job(meter, Tasks::EXCHANGE, Reason::Lot, PRIORITY, lots.within_s);
                self.open(job);
            }
        }
    }

    /// Whether a meter that is being tested has read more than the limit of verification, before it is adjusted.
    pub(super) fn is_beyond(&self, readings: Option<&Readings>) -> bool {
        let lots = self.plan.policy.lots.as_ref();
        lots.zip(readings).is_some_and(|(lots, readings)| readings.worst() > lots.limit)
    }
}
