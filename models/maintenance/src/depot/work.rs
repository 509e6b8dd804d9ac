//! Crews: who goes where, how long it takes, and what is done there.

use super::found::Found;
use super::rules::FAILED;
use super::{Depot, kind};
use crate::draw;
use crate::fleet::NO_JOB;
use crate::jobs::{Able, Job, Visit};
use crate::spec::{Repair, Tasks};
use amitwin_data::rows::{Added, Reason, VisitOutcome, VisitRow};
use amitwin_sim_core::rng::Stream;
use libm::sqrt;

/// Mean way between two of so many places at random on an area, over the root of the area for each.
const WAY: f64 = 0.55;
/// Time at a locked door, s.
const LOCKED_S: u32 = 600;
/// Metres of a kilometre over seconds of an hour.
const KMH: f64 = 1.0 / 3.6;

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
        self.stock.arrive(shelf, self.now);
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
            _ => (f64::from(work.visit_s + work.time_s(job.tasks)) * self.pace(&mut stream)) as u32,
        };
        if !job.tried {
            self.tally.waits.0 += 1;
            self.tally.waits.1 += f64::from(self.now - job.opened_s);
        }
        self.jobs.get_mut(place).tried = true;
        let visit = Visit { job: place, begun_s: self.now, travel_s, work_s, tasks: job.tasks, skills, found: None };
        self.crews.send(crew, visit);
        self.push(work.shifts.after(self.now, (travel_s + work_s).max(1)), kind::BACK, crew);
    }

    /// How long a visit takes over its mean, by the random numbers behind those of its fate.
    fn pace(&self, stream: &mut Stream) -> f64 {
        let spread = self.plan.work.spread;
        1.0 - spread + spread * draw::exponential(stream)
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

    /// A crew has done what it went for, and stays if it has found more that it can do; or it has done that as well.
    pub(super) fn back(&mut self, crew: u32) {
        let Some(mut visit) = self.crews.at(crew) else { return };
        let job = *self.jobs.get(visit.job);
        let (fate, mut stream) = self.fate(crew, job.meter, visit.begun_s);
        if fate == VisitOutcome::Repaired && visit.found.is_none() {
            let pace = self.pace(&mut stream);
            let found = self.look(job.meter, &visit, pace);
            let more_s = self.plan.work.more_s(found.more, pace);
            (visit.found, visit.work_s) = (Some(found), visit.work_s + more_s);
            if more_s > 0 {
                self.crews.stays(crew, visit);
                return self.push(self.now + more_s, kind::BACK, crew);
            }
        }
        self.crews.back(crew);
        self.tally.rolls.all += 1;
        self.tally.rolls.failure += u32::from(job.reason == Reason::Failure);
        self.tally.rolls.planned += u32::from(matches!(job.reason, Reason::Interval | Reason::Age));
        self.tally.busy_s += f64::from(visit.travel_s + visit.work_s);
        let outcome = if let Some(found) = &visit.found {
            self.mend(job.meter, found);
            self.done(visit.job, &visit, found);
            self.tally.rolls.idle += u32::from(found.outcome() == VisitOutcome::NothingFound);
            found.outcome()
        } else {
            if fate == VisitOutcome::HandedBack && self.crews.keeps(&job) {
                self.jobs.get_mut(visit.job).returned = true;
            }
            self.push(self.now + self.plan.work.missed_again_s, kind::AGAIN, visit.job);
            fate
        };
        let found = visit.found.unwrap_or_default();
        let readings = found.readings;
        let (name, words) = self.crews.told(crew, visit.tasks.with(found.more));
        self.rows.visits.push(VisitRow {
            time_s: f64::from(visit.begun_s - self.plan.start_s),
            meter: self.fleet.first + job.meter,
            depot: self.number,
            reason: job.reason,
            outcome,
            exchanged: found.exchange,
            waited_s: visit.begun_s - job.opened_s,
            travel_s: visit.travel_s,
            work_s: visit.work_s,
            crew: Added(Some(name)),
            tasks: Added(Some(words)),
            error_15a_share: Added(readings.map(|readings| readings.errors[0] as f32)),
            error_30a_share: Added(readings.map(|readings| readings.errors[1] as f32)),
            error_60a_share: Added(readings.map(|readings| readings.errors[2] as f32)),
            vintage_name: Added(Some(self.vintage_name(job.meter))),
        });
        self.send_crews();
    }

    /// Closes a job, or leaves open what came to it meanwhile or could not be done.
    fn done(&mut self, place: u32, visit: &Visit, found: &Found) {
        let job = *self.jobs.get(place);
        let is_tested = visit.tasks.has(Tasks::CALIBRATE) || found.exchange;
        if let Some(lot) = job.lot.filter(|_| is_tested) {
            self.tested(lot, found.is_bad);
        }
        let did = visit.tasks.with(found.more);
        // Of a new meter nothing else is wanted.
        let left = if found.exchange { Tasks::default() } else { Tasks(job.tasks.0 & !did.0).with(found.undone) };
        if left == Tasks::default() {
            self.jobs.close(place);
            self.fleet.set_job(job.meter, NO_JOB);
            return;
        }
        let due_s = self.now + self.plan.policy.repair_within_s;
        let was_sent_for = job.tasks.has(Tasks::REPAIR) || job.tasks.has(Tasks::EXCHANGE);
        let open = self.jobs.get_mut(place);
        (open.tasks, open.returned, open.due_s) = (left, false, open.due_s.max(due_s));
        if is_tested {
            open.lot = None;
        }
        if found.is_failure && !was_sent_for {
            // A visit of its own for a failure that was come upon.
            (open.priority, open.reason) = (open.priority.min(FAILED), Reason::Failure);
            (open.opened_s, open.due_s, open.tried) = (self.now, due_s, false);
        }
        self.jobs.queue(place);
    }

    /// A job for a meter at this moment.
    pub(super) fn job(&self, meter: u32, tasks: Tasks, reason: Reason, priority: u8, within_s: u32) -> Job {
        let due_s = self.now.saturating_add(within_s);
        let opened_s = self.now;
        Job { meter, tasks, reason, priority, opened_s, due_s, tried: false, taken: false, lot: None, returned: false }
    }
}
