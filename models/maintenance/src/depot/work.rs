//! Crews: who goes where, how long it takes, and what is done there.

use super::calibration::Readings;
use super::{Depot, kind};
use crate::draw;
use crate::fleet::NO_JOB;
use crate::jobs::{Able, Job, Visit};
use crate::life::NEVER;
use crate::spec::{PartSpec, Repair, Tasks};
use amitwin_data::rows::{Added, Effect, Part, Reason, VisitOutcome, VisitRow};
use amitwin_sim_core::rng::Stream;
use libm::sqrt;

/// Mean way between two of so many places at random on an area, over the root of the area for each.
const WAY: f64 = 0.55;
/// Time at a locked door, s.
const LOCKED_S: u32 = 600;
/// Metres of a kilometre over seconds of an hour.
const KMH: f64 = 1.0 / 3.6;

/// What came of the work at a meter.
struct Work {
    /// There was something to do.
    found: bool,
    /// It was exchanged.
    exchanged: bool,
    /// What could not be done, for want of a spare or a skill.
    undone: Tasks,
    /// What a calibration has read.
    readings: Option<Readings>,
}

impl Depot<'_> {
    /// Something is to be done at a meter.
    pub(super) fn open(&mut self, job: Job) {
        match self.fleet.job(job.meter) {
            NO_JOB => {
                let place = self.jobs.open(job);
                self.fleet.set_job(job.meter, place);
            }
            place => self.jobs.add(place, &job),
        }
        self.send_crews();
    }

    /// The next beginning of a shift behind a time.
    pub(super) fn next_shift(&self, time_s: u32) -> u32 {
        let shifts = self.plan.work.shifts;
        let length = u64::from(shifts.length_s);
        shifts.when((shifts.worked_s(time_s) / length + 1) * length)
    }

    pub(super) fn shift(&mut self) {
        self.send_crews();
        self.push(self.next_shift(self.now), kind::SHIFT, 0);
    }

    pub(super) fn spares(&mut self, shelf: u32) {
        self.stock.arrive(shelf);
        self.jobs.queue_put_off();
        self.send_crews();
    }

    /// A job that was put off waits for a crew again.
    pub(super) fn again(&mut self, place: u32) {
        self.jobs.queue(place);
        self.send_crews();
    }

    /// Sends idle crews to what they can do.
    fn send_crews(&mut self) {
        if !self.crews.has_idle() || self.jobs.waiting() == 0 || !self.plan.work.shifts.is_on(self.now) {
            return;
        }
        let mut idlest: Option<Able> = None;
        let mut from = 0;
        while let Some((crew, able)) = self.crews.idle_from(from) {
            from = crew + 1;
            if idlest == Some(able) {
                // There is nothing for another one who can do the same.
                continue;
            }
            let (fleet, stock, plan) = (&self.fleet, &self.stock, self.plan);
            let can_begin = |job: &Job| {
                let m = job.meter as usize;
                let parts = &plan.vintages[usize::from(fleet.meters[m].vintage)].parts;
                let broken = |repair: Repair| {
                    let is =
                        move |slot: &usize| fleet.meters[m].failed & 1 << slot != 0 && parts[*slot].repair == repair;
                    (0..parts.len()).filter(is)
                };
                let exchange = job.tasks.has(Tasks::EXCHANGE)
                    || job.tasks.has(Tasks::REPAIR) && broken(Repair::Exchange).next().is_some();
                (!exchange || stock.has(None))
                    && (!job.tasks.has(Tasks::REPAIR)
                        || broken(Repair::Part).all(|slot| stock.has(Some(parts[slot].part))))
            };
            if let Some(place) = self.jobs.next(able, |meter| fleet.job(meter), can_begin) {
                self.send(crew, able.tasks, place);
            } else {
                idlest = Some(able);
            }
            if self.jobs.waiting() == 0 {
                return;
            }
        }
    }

    fn send(&mut self, crew: u32, skills: Tasks, place: u32) {
        let job = *self.jobs.get(place);
        let work = &self.plan.work;
        let open = f64::from(self.jobs.waiting() + 1);
        let way_m = WAY * sqrt(self.spec.area_km2 * 1e6 / open);
        let travel_s = (way_m / (work.speed_kmh * KMH)) as u32;
        let (outcome, mut stream) = self.fate(crew, job.meter, self.now);
        let work_s = match outcome {
            VisitOutcome::Missed => LOCKED_S,
            _ => {
                let pace = 1.0 - work.spread + work.spread * draw::exponential(&mut stream);
                (f64::from(self.visit_s(&job)) * pace) as u32
            }
        };
        if !job.tried {
            self.tally.waits.0 += 1;
            self.tally.waits.1 += f64::from(self.now - job.opened_s);
        }
        self.jobs.get_mut(place).tried = true;
        self.crews.send(crew, Visit { job: place, begun_s: self.now, travel_s, work_s, tasks: job.tasks, skills });
        self.push(work.shifts.after(self.now, (travel_s + work_s).max(1)), kind::BACK, crew);
    }

    /// Mean time at a meter, s.
    fn visit_s(&self, job: &Job) -> u32 {
        let work = &self.plan.work;
        let tasks = Tasks::EACH.iter().zip(work.tasks_s).filter(|(task, _)| job.tasks.has(**task));
        work.visit_s + tasks.map(|(_, time_s)| time_s).sum::<u32>()
    }

    /// What a visit will turn out to be, and the random numbers that follow.
    fn fate(&self, crew: u32, meter: u32, begun_s: u32) -> (VisitOutcome, Stream) {
        let work = &self.plan.work;
        let mut stream = draw::moment(self.plan.seed, self.fleet.first + meter, draw::VISIT, begun_s);
        let (door, contractor) = (stream.unit(), stream.unit());
        let outcome = if door < work.missed {
            VisitOutcome::Missed
        } else if contractor < self.crews.handed_back(crew) {
            VisitOutcome::HandedBack
        } else {
            VisitOutcome::Repaired
        };
        (outcome, stream)
    }

    /// A crew has done what it went for.
    pub(super) fn back(&mut self, crew: u32) {
        let Some(visit) = self.crews.back(crew) else { return };
        let job = *self.jobs.get(visit.job);
        let (outcome, _) = self.fate(crew, job.meter, visit.begun_s);
        self.tally.rolls.all += 1;
        self.tally.rolls.failure += u32::from(job.reason == Reason::Failure);
        self.tally.rolls.planned += u32::from(matches!(job.reason, Reason::Interval | Reason::Age));
        self.tally.busy_s += f64::from(visit.travel_s + visit.work_s);
        let (outcome, exchanged, readings) = match outcome {
            VisitOutcome::Repaired => {
                let Work { found, exchanged, undone, readings } = self.work(job.meter, &visit);
                self.done(visit.job, &visit, undone);
                let outcome = if found { VisitOutcome::Repaired } else { VisitOutcome::NothingFound };
                self.tally.rolls.idle += u32::from(!found);
                (outcome, exchanged, readings)
            }
            other => {
                if other == VisitOutcome::HandedBack && self.crews.keeps(&job) {
                    self.jobs.get_mut(visit.job).returned = true;
                }
                self.push(self.now + self.plan.work.missed_again_s, kind::AGAIN, visit.job);
                (other, false, None)
            }
        };
        let (name, words) = self.crews.told(crew, visit.tasks);
        self.rows.visits.push(VisitRow {
            time_s: f64::from(visit.begun_s - self.plan.start_s),
            meter: self.fleet.first + job.meter,
            depot: self.number,
            reason: job.reason,
            outcome,
            exchanged,
            waited_s: visit.begun_s - job.opened_s,
            travel_s: visit.travel_s,
            work_s: visit.work_s,
            crew: Added(Some(name)),
            tasks: Added(Some(words)),
            error_15a_share: Added(readings.map(|readings| readings.errors[0] as f32)),
            error_30a_share: Added(readings.map(|readings| readings.errors[1] as f32)),
            error_60a_share: Added(readings.map(|readings| readings.errors[2] as f32)),
        });
        self.send_crews();
    }

    /// Closes a job, or leaves open what came to it meanwhile or could not be done.
    fn done(&mut self, place: u32, visit: &Visit, undone: Tasks) {
        let job = *self.jobs.get(place);
        let left = Tasks(job.tasks.0 & !visit.tasks.0).with(undone);
        if let Some(lot) = job.lot {
            self.tested(lot, job.meter);
        }
        if left == Tasks::default() {
            self.jobs.close(place);
            self.fleet.set_job(job.meter, NO_JOB);
        } else {
            let due_s = self.now + self.plan.policy.repair_within_s;
            let open = self.jobs.get_mut(place);
            (open.tasks, open.lot, open.returned, open.due_s) = (left, None, false, open.due_s.max(due_s));
            self.jobs.queue(place);
        }
    }

    /// Does what is to be done at a meter.
    fn work(&mut self, meter: u32, visit: &Visit) -> Work {
        let m = meter as usize;
        let parts = self.parts(meter);
        let tasks = visit.tasks;
        self.settle(meter);
        let readings = if tasks.has(Tasks::CALIBRATE) { self.readings(meter) } else { None };
        self.lots.found_bad = Some(meter).filter(|_| self.is_beyond(readings.as_ref()));
        let is_off = readings.is_some_and(|readings| readings.worn() >= self.plan.work.worn);
        let mut exchange = tasks.has(Tasks::EXCHANGE);
        let (mut found, mut undone) = (exchange, Tasks::default());
        let billed_wrongly = self.is_billed_wrongly(meter);
        for (slot, part) in parts.iter().enumerate() {
            let is_known = self.fleet.meters[m].seen & 1 << slot != 0 && tasks.has(Tasks::REPAIR);
            let is_failed = self.fleet.meters[m].failed & 1 << slot != 0;
            let is_found = match part.effect {
                // What the test standard reads decides.
                Effect::Drifting => is_off,
                effect => finds(tasks, effect),
            };
            if is_failed && (is_known || is_found) && !matches!(part.repair, Repair::Itself(_)) {
                self.note_seen(meter, slot);
                found = true;
                match part.repair {
                    Repair::Exchange => exchange = true,
                    Repair::Part if self.put_in(meter, slot, part.part) => {}
                    Repair::Part => undone = undone.with(Tasks::REPAIR),
                    Repair::OnSite | Repair::Itself(_) => self.renew(meter, slot),
                }
            } else if tests(tasks, part.part) && !is_failed {
                let was_reported = self.fleet.meters[m].seen & 1 << slot != 0;
                let is_worn = if part.part == Part::Accuracy { is_off } else { self.is_worn(meter, slot, part) };
                if was_reported || is_worn {
                    found = true;
                    match part.repair {
                        Repair::Exchange => exchange = true,
                        Repair::Part => {
                            self.put_in(meter, slot, part.part);
                        }
                        Repair::OnSite | Repair::Itself(_) => self.renew(meter, slot),
                    }
                }
            }
        }
        // What was reported and is not there can be reported again.
        self.fleet.meters[m].seen &= self.fleet.meters[m].failed;
        let exchanged = exchange && visit.skills.has(Tasks::EXCHANGE) && self.stock.has(None);
        if exchanged {
            self.exchange(meter);
            undone = Tasks::default();
        } else if exchange {
            // Who cannot exchange a meter says that somebody must.
            undone = undone.with(if visit.tasks.has(Tasks::EXCHANGE) { Tasks::EXCHANGE } else { Tasks::REPAIR });
        }
        if billed_wrongly && !self.is_billed_wrongly(meter) {
            self.tally.corrections += 1.0;
        }
        if tasks.has(Tasks::NEIGHBOURS) {
            found |= self.audit(meter);
        }
        self.heard_again(meter);
        self.schedule(meter);
        Work { found, exchanged, undone, readings }
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

    /// Puts a part in, if there is one.
    fn put_in(&mut self, meter: u32, slot: usize, part: Part) -> bool {
        let is_there = self.stock.has(Some(part));
        if is_there {
            self.take(Some(part));
            self.tally.put_in(part);
            self.renew(meter, slot);
        }
        is_there
    }

    fn take(&mut self, part: Option<Part>) {
        if let Some((shelf, lead_s)) = self.stock.take(part) {
            self.push(self.now + lead_s, kind::SPARES, shelf);
        }
    }

    fn exchange(&mut self, meter: u32) {
        self.take(None);
        self.tally.exchanges += 1;
        let parts = self.parts(meter);
        for slot in 0..parts.len() {
            self.goes(meter, slot);
        }
        self.fleet.exchange(&self.lives, parts, meter, self.now);
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

impl Depot<'_> {
    /// A job for a meter at this moment.
    pub(super) fn job(&self, meter: u32, tasks: Tasks, reason: Reason, priority: u8, within_s: u32) -> Job {
        let due_s = self.now.saturating_add(within_s);
        let opened_s = self.now;
        Job { meter, tasks, reason, priority, opened_s, due_s, tried: false, taken: false, lot: None, returned: false }
    }
}
