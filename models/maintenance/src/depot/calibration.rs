//! Calibration: what a test standard reads at three currents, and what that decides.

use super::Depot;
use crate::draw;
use crate::laws::accuracy;
use crate::spec::Law;
use amitwin_data::rows::Part;

/// What a calibration has read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Readings {
    /// Errors at 15, 30 and 60 A.
    pub errors: [f64; 3],
    /// The error from which on a meter of its kind has failed.
    limit: f64,
}

impl Readings {
    /// The largest of them, either way.
    pub fn worst(&self) -> f64 {
        self.errors.iter().fold(0.0, |worst, error| error.abs().max(worst))
    }

    /// The same over the limit of the meter.
    pub fn worn(&self) -> f64 {
        self.worst() / self.limit
    }
}

/// As a test standard shows it: to a thousandth of a per cent.
fn rounded(error: f64) -> f64 {
    (error * 1e5).round() / 1e5
}

impl Depot<'_> {
    /// What a test standard reads at a meter at this moment; nothing where the measurement never fails.
    pub(super) fn readings(&self, meter: u32) -> Option<Readings> {
        let parts = self.parts(meter);
        let drifts = |law: &Law| match law {
            Law::Drift { limit, .. } => Some(*limit),
            _ => None,
        };
        let (slot, limit) = parts
            .iter()
            .enumerate()
            .find_map(|(slot, part)| Some((slot, drifts(&part.law).filter(|_| part.part == Part::Accuracy)?)))?;
        let whose = self.fleet.whose(meter, slot);
        if whose.since_s > self.now {
            return None;
        }
        let error = self.lives.error(&parts[slot], whose, self.now);
        // Its hardware keeps its curve when it is adjusted.
        let exchanges = u32::from(self.fleet.exchanges(meter));
        let slope =
            accuracy::LOAD_SD * draw::normal(&mut draw::moment(self.plan.seed, whose.meter, draw::LOAD, exchanges));
        let mut stream = draw::moment(self.plan.seed, whose.meter, draw::READING, self.now);
        let mut read = |error: f64| rounded(error + accuracy::READING_SD * draw::normal(&mut stream));
        Some(Readings { errors: accuracy::at_currents(error, slope).map(&mut read), limit })
    }
}
