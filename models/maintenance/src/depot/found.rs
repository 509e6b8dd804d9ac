//! What a crew finds at a meter, and what it does about it while it is there.

use super::calibration::Readings;
use super::{Depot, kind};
use crate::jobs::Visit;
use crate::life::NEVER;
use crate::spec::{PartSpec, Repair, Tasks};
use amitwin_data::rows::{Effect, Part, VisitOutcome};

/// What a crew has found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Found {
    /// There was something to do.
    any: bool,
    /// An audit has found a neighbour.
    neighbour: bool,
    /// The meter is exchanged.
    pub exchange: bool,
    /// Parts that are renewed, as a set.
    renewed: u16,
    /// Tasks that this takes beside those that the crew came for.
    pub more: Tasks,
    /// What is left for another visit, for want of a spare, a skill or time.
    pub undone: Tasks,
    /// That is a failure.
    pub is_failure: bool,
    /// A calibration has read more than the limit of verification.
    pub is_bad: bool,
    /// What a calibration has read.
    pub readings: Option<Readings>,
}

impl Found {
    /// What came of the visit.
    pub fn outcome(&self) -> VisitOutcome {
        if self.exchange || self.renewed != 0 || self.neighbour {
            VisitOutcome::Repaired
        } else if self.any {
            VisitOutcome::Deferred
        } else {
            VisitOutcome::NothingFound
        }
    }
}

impl Depot<'_> {
    /// Looks at a meter, and decides what is done there: whatever cannot be overlooked, as far as there are spares and skills for it, and as it is
    /// done before the shift ends. Spares are taken; the rest is [`Depot::mend`]'s.
    pub(super) fn look(&mut self, meter: u32, visit: &Visit, pace: f64) -> Found {
        let m = meter as usize;
        let (parts, tasks) = (self.parts(meter), visit.tasks);
        self.settle(meter);
        let readings = if tasks.has(Tasks::CALIBRATE) { self.readings(meter) } else { None };
        let is_off = readings.is_some_and(|readings| readings.worn() >= self.plan.work.worn);
        let mut exchange = tasks.has(Tasks::EXCHANGE);
        let mut found =
            Found { any: exchange, is_bad: self.is_beyond(readings.as_ref()), readings, ..Found::default() };
        let (mut mended, mut broken) = (0_u16, 0_u16);
        for (slot, part) in parts.iter().enumerate() {
            let bit = 1 << slot;
            let (is_failed, was_told) = (self.fleet.meters[m].failed & bit != 0, self.fleet.meters[m].seen & bit != 0);
            let is_found = match part.effect {
                // What the test standard reads decides.
                Effect::Drifting => is_off,
                effect => finds(tasks, effect),
            };
            if is_failed && (is_found || was_told && tasks.has(Tasks::REPAIR)) {
                if matches!(part.repair, Repair::Itself(_)) {
                    continue;
                }
                self.note_seen(meter, slot);
                broken |= bit;
            } else if is_failed || !tests(tasks, part.part) {
                continue;
            } else {
                let is_worn = if part.part == Part::Accuracy { is_off } else { self.is_worn(meter, slot, part) };
                if !was_told && !is_worn {
                    continue;
                }
            }
            found.any = true;
            match part.repair {
                Repair::Exchange => exchange = true,
                _ => mended |= bit,
            }
        }
        if exchange {
            let more = beside(tasks, Tasks::EXCHANGE);
            if visit.skills.has(Tasks::EXCHANGE) && self.stock.has(None) && self.has_time(more, pace) {
                self.take(None);
                (found.exchange, found.more, mended) = (true, more, 0);
            } else {
                // Who cannot exchange a meter says that somebody must.
                found.undone = if tasks.has(Tasks::EXCHANGE) { Tasks::EXCHANGE } else { Tasks::REPAIR };
                found.is_failure = broken != 0;
            }
        }
        for (slot, part) in parts.iter().enumerate().filter(|(slot, _)| mended & 1 << slot != 0) {
            let (bit, more) = (1 << slot, found.more.with(beside(tasks, own_task(part.part))));
            let is_spare = part.repair == Repair::Part;
            if self.has_time(more, pace) && (!is_spare || self.stock.has(Some(part.part))) {
                if is_spare {
                    self.take(Some(part.part));
                    self.tally.put_in(part.part);
                }
                (found.renewed, found.more) = (found.renewed | bit, more);
            } else if broken & bit != 0 {
                (found.undone, found.is_failure) = (found.undone.with(Tasks::REPAIR), true);
            }
        }
        if tasks.has(Tasks::NEIGHBOURS) {
            found.neighbour = self.audit(meter);
        }
        found
    }

    /// Whether work that takes so much more time is done before the shift ends.
    fn has_time(&self, more: Tasks, pace: f64) -> bool {
        let more_s = self.plan.work.more_s(more, pace);
        more_s == 0 || self.plan.work.shifts.after(self.now, more_s) == self.now + more_s
    }

    /// Does at a meter what was decided there.
    pub(super) fn mend(&mut self, meter: u32, found: &Found) {
        self.settle(meter);
        let billed_wrongly = self.is_billed_wrongly(meter);
        for slot in (0..self.parts(meter).len()).filter(|slot| found.renewed & 1 << slot != 0) {
            self.renew(meter, slot);
        }
        // What was reported and is not there can be reported again.
        let of = &mut self.fleet.meters[meter as usize];
        of.seen &= of.failed;
        if found.exchange {
            self.exchange(meter);
        }
        if billed_wrongly && !self.is_billed_wrongly(meter) {
            self.tally.corrections += 1.0;
        }
        self.heard_again(meter);
        self.schedule(meter);
    }

    /// Whether a test shows that a part is near its end.
    fn is_worn(&self, meter: u32, slot: usize, part: &PartSpec) -> bool {
        let whose = self.fleet.whose(meter, slot);
        let is_at = |until_s| self.lives.share(part, whose, until_s, self.now) >= self.plan.work.worn;
        // Of what outlives the plan most is not worn though it failed on its last day, which takes less to say than when it will.
        let outlives = self.fleet.fails_at(meter, slot) == NEVER;
        (!outlives || is_at(Some(f64::from(self.plan.end_s())))) && is_at(self.will_fail_s(meter, slot))
    }

    /// Whether its bills are estimates or wrong.
    fn is_billed_wrongly(&self, meter: u32) -> bool {
        let m = meter as usize;
        let (failed, masks) = (self.fleet.meters[m].failed, self.fleet.masks(meter));
        let kept_s = self.plan.duty.kept_s;
        let is_lost = self.fleet.quiet.get(meter).is_some_and(|quiet| self.now - quiet > kept_s);
        failed & (masks.unmeasured | masks.drifting) != 0 || is_lost
    }

    fn take(&mut self, part: Option<Part>) {
        if let Some((shelf, lead_s)) = self.stock.take(part, self.now) {
            self.push(self.now + lead_s, kind::SPARES, shelf);
        }
    }

    fn exchange(&mut self, meter: u32) {
        self.tally.exchanges += 1;
        let parts = self.parts(meter);
        for slot in 0..parts.len() {
            self.goes(meter, slot);
        }
        self.fleet.exchange(&self.lives, parts, meter, self.now);
    }
}

/// A task as far as it is not among those that a crew came for: to repair is to do what is needed.
fn beside(tasks: Tasks, task: Tasks) -> Tasks {
    if tasks.has(task) || tasks.has(Tasks::REPAIR) { Tasks::default() } else { task }
}

/// The task that a part is renewed by.
fn own_task(part: Part) -> Tasks {
    match part {
        Part::Gasket => Tasks::CLEAN,
        Part::Accuracy => Tasks::CALIBRATE,
        Part::Battery => Tasks::BATTERY,
        Part::Supercapacitor => Tasks::SUPERCAPACITOR,
        _ => Tasks::REPAIR,
    }
}

/// Whether who does these tasks notices a failure, other than of the measurement.
fn finds(tasks: Tasks, effect: Effect) -> bool {
    match effect {
        Effect::Dead | Effect::Silent | Effect::LockedOut | Effect::Tampered => true,
        Effect::Hot => tasks.has(Tasks::INSPECT),
        // Water weakens the signals of all neighbours alike.
        Effect::Wet => [Tasks::INSPECT, Tasks::CLEAN, Tasks::NEIGHBOURS].iter().any(|task| tasks.has(*task)),
        Effect::Drifting => false,
        Effect::WrongClock => tasks.has(Tasks::RESTART),
        Effect::NoLastGasp => tasks.has(Tasks::SUPERCAPACITOR),
    }
}

/// Whether who does these tasks tests how worn a part is.
fn tests(tasks: Tasks, part: Part) -> bool {
    match part {
        Part::Gasket => tasks.has(Tasks::CLEAN),
        Part::Accuracy => tasks.has(Tasks::CALIBRATE),
        Part::Battery => tasks.has(Tasks::BATTERY),
        Part::Supercapacitor => tasks.has(Tasks::SUPERCAPACITOR),
        _ => false,
    }
}
