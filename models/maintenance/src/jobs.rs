//! The open jobs of a depot, and its crews.

use crate::calendar::{ID_BITS, IDS_MAX};
use crate::depot::Found;
use crate::fleet::NO_JOB;
use crate::spec::{Crews, Tasks};
use crate::words::Words;
use amitwin_data::rows::Reason;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Work at a meter that is to be done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Job {
    /// The meter, by its place at the depot.
    pub meter: u32,
    /// What is to be done.
    pub tasks: Tasks,
    /// Why.
    pub reason: Reason,
    /// How urgent: 0 before all others.
    pub priority: u8,
    /// When it became known.
    pub opened_s: u32,
    /// By when it is to be done.
    pub due_s: u32,
    /// Somebody has been there.
    pub tried: bool,
    /// A crew has it, or it is put off.
    pub taken: bool,
    /// Lot whose sample it is.
    pub lot: Option<u16>,
    /// Who went there gave it back, so that crews do it who give nothing back.
    pub returned: bool,
}

/// A turn in the queue: priority, due and meter, which has one job at most; in that order, which is the order of turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn(u64);

impl Turn {
    /// Priorities are below 32.
    fn of(job: &Job) -> Turn {
        Turn(u64::from(job.priority) << 58 | u64::from(job.due_s) << ID_BITS | u64::from(job.meter))
    }

    fn meter(self) -> u32 {
        self.0 as u32 & (IDS_MAX - 1)
    }
}

/// What not every crew can do; a repair may end in an exchange.
const SKILLED: [(Tasks, Tasks); 2] = [(Tasks::EXCHANGE, Tasks::REPAIR), (Tasks::CALIBRATE, Tasks::CALIBRATE)];

/// Open jobs.
#[derive(Debug, Default)]
pub struct Jobs {
    jobs: Vec<Job>,
    free: Vec<u32>,
    /// Those that wait, by what they need.
    queues: [BinaryHeap<Reverse<Turn>>; 8],
    waiting: u32,
    /// Those that lack a spare.
    put_off: Vec<u32>,
}

/// What tasks need of [`SKILLED`], as a number.
fn skills(tasks: Tasks) -> usize {
    let needed = |(a, b): &(Tasks, Tasks)| tasks.has(*a) || tasks.has(*b);
    SKILLED.iter().enumerate().filter(|(_, skill)| needed(skill)).map(|(bit, _)| 1 << bit).sum()
}

/// The bit of what only crews do who give nothing back, behind those of [`SKILLED`].
const KEPT: usize = 4;

/// What a job needs, as a number.
fn needs(job: &Job) -> usize {
    skills(job.tasks) | if job.returned { KEPT } else { 0 }
}

impl Jobs {
    /// Jobs that wait for a crew.
    pub fn waiting(&self) -> u32 {
        self.waiting
    }

    /// An open job.
    pub fn get(&self, job: u32) -> &Job {
        &self.jobs[job as usize]
    }

    /// The same, to change what does not decide its turn.
    pub fn get_mut(&mut self, job: u32) -> &mut Job {
        &mut self.jobs[job as usize]
    }

    /// A job becomes known; gives back its place.
    pub fn open(&mut self, job: Job) -> u32 {
        let place = match self.free.pop() {
            Some(place) => {
                self.jobs[place as usize] = job;
                place
            }
            None => {
                if self.jobs.len() == self.jobs.capacity() {
                    self.jobs.reserve_exact(16 + self.jobs.len() / 8);
                }
                self.jobs.push(job);
                self.jobs.len() as u32 - 1
            }
        };
        self.queue(place);
        place
    }

    /// A job waits for a crew.
    pub fn queue(&mut self, place: u32) {
        let job = &mut self.jobs[place as usize];
        job.taken = false;
        let turn = Turn::of(job);
        let queue = &mut self.queues[needs(job)];
        if queue.len() == queue.capacity() {
            queue.reserve_exact(16 + queue.len() / 8);
        }
        queue.push(Reverse(turn));
        self.waiting += 1;
    }

    /// More is to be done there, or sooner.
    pub fn add(&mut self, place: u32, more: &Job) {
        let job = &mut self.jobs[place as usize];
        let before = (job.priority, job.due_s, needs(job));
        job.tasks = job.tasks.with(more.tasks);
        if more.priority < job.priority {
            (job.priority, job.reason) = (more.priority, more.reason);
        }
        job.due_s = job.due_s.min(more.due_s);
        job.lot = job.lot.or(more.lot);
        if !job.taken && before != (job.priority, job.due_s, needs(job)) {
            // The old turn is passed over when it comes.
            self.waiting -= 1;
            self.queue(place);
        }
    }

    /// Jobs that lack a spare.
    pub fn put_off(&self) -> u32 {
        self.put_off.len() as u32
    }

    /// Spares have come: what lacked one waits for a crew.
    pub fn queue_put_off(&mut self) {
        for place in std::mem::take(&mut self.put_off) {
            self.queue(place);
        }
    }

    /// The next job for such a crew, of those that `can_begin`; others are put off. `job_of` has the open job of a meter, or [`NO_JOB`].
    pub fn next(
        &mut self,
        crew: Able,
        job_of: impl Fn(u32) -> u32,
        mut can_begin: impl FnMut(&Job) -> bool,
    ) -> Option<u32> {
        let able = skills(crew.tasks) | if crew.keeps { KEPT } else { 0 };
        loop {
            let first = |needed: usize| self.queues[needed].peek().map(|turn| (turn.0, needed));
            let (turn, queue) = (0..self.queues.len()).filter(|needed| needed & !able == 0).filter_map(first).min()?;
            self.queues[queue].pop();
            let place = job_of(turn.meter());
            if place == NO_JOB {
                continue;
            }
            let job = &mut self.jobs[place as usize];
            if job.taken || Turn::of(job) != turn || needs(job) != queue {
                // Its turn has changed, or it was an earlier job's.
                continue;
            }
            job.taken = true;
            self.waiting -= 1;
            if can_begin(&self.jobs[place as usize]) {
                return Some(place);
            }
            self.put_off.push(place);
        }
    }

    /// A job is done.
    pub fn close(&mut self, place: u32) {
        self.jobs[place as usize].taken = true;
        self.free.push(place);
    }
}

/// What a crew can do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Able {
    /// Its tasks.
    pub tasks: Tasks,
    /// It never gives work back.
    pub keeps: bool,
}

/// Crews, each with what it is at.
#[derive(Clone, Debug)]
pub struct Pool {
    kinds: Vec<Crews>,
    /// The kind of each, and its visit.
    crews: Vec<(u16, Option<Visit>)>,
    idle: u32,
    words: Words,
}

/// A crew's visit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Visit {
    /// The job.
    pub job: u32,
    /// When it set out.
    pub begun_s: u32,
    /// On the way, s.
    pub travel_s: u32,
    /// At the meter, s.
    pub work_s: u32,
    /// What it went for.
    pub tasks: Tasks,
    /// What it can do.
    pub skills: Tasks,
    /// What it has found there, once it has looked.
    pub found: Option<Found>,
}

impl Pool {
    /// All idle.
    pub fn new(kinds: &[Crews]) -> Pool {
        let of = |(at, kind): (usize, &Crews)| std::iter::repeat_n((at as u16, None), kind.count as usize);
        let crews: Vec<(u16, Option<Visit>)> = kinds.iter().enumerate().flat_map(of).collect();
        let idle = crews.len() as u32;
        Pool { kinds: kinds.to_vec(), crews, idle, words: Words::default() }
    }

    /// The crews that one is of.
    pub fn kind(&self, crew: u32) -> &Crews {
        &self.kinds[usize::from(self.crews[crew as usize].0)]
    }

    /// What tables say of a visit: who went, and what for.
    pub fn told(&mut self, crew: u32, tasks: Tasks) -> (Arc<str>, Arc<str>) {
        (self.kind(crew).name.clone(), self.words.of(tasks))
    }

    /// Share of a crew's visits after which it gives the work back.
    pub fn handed_back(&self, crew: u32) -> f64 {
        self.kind(crew).handed_back
    }

    /// Whether there are crews who can do a job and give nothing back.
    pub fn keeps(&self, job: &Job) -> bool {
        let can = |kind: &Crews| kind.count > 0 && skills(job.tasks) & !skills(kind.skills) == 0;
        self.kinds.iter().any(|kind| can(kind) && kind.handed_back == 0.0)
    }

    /// How many.
    pub fn len(&self) -> u32 {
        self.crews.len() as u32
    }

    /// Nobody.
    pub fn is_empty(&self) -> bool {
        self.crews.is_empty()
    }

    /// Whether somebody is idle.
    pub fn has_idle(&self) -> bool {
        self.idle > 0
    }

    /// The first idle crew from a number on, with what it can do.
    pub fn idle_from(&self, from: u32) -> Option<(u32, Able)> {
        if self.idle == 0 {
            return None;
        }
        let at = self.crews.get(from as usize..)?.iter().position(|(_, visit)| visit.is_none())?;
        let crew = from + at as u32;
        Some((crew, Able { tasks: self.kind(crew).skills, keeps: self.handed_back(crew) == 0.0 }))
    }

    /// A crew sets out.
    pub fn send(&mut self, crew: u32, visit: Visit) {
        self.crews[crew as usize].1 = Some(visit);
        self.idle -= 1;
    }

    /// What a crew is at.
    pub fn at(&self, crew: u32) -> Option<Visit> {
        self.crews[crew as usize].1
    }

    /// A crew stays where it is, for more than it came for.
    pub fn stays(&mut self, crew: u32, visit: Visit) {
        self.crews[crew as usize].1 = Some(visit);
    }

    /// A crew is back.
    pub fn back(&mut self, crew: u32) {
        self.idle += u32::from(self.crews[crew as usize].1.take().is_some());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(meter: u32, priority: u8, due_s: u32, tasks: Tasks) -> Job {
        let reason = Reason::Failure;
        Job {
            meter,
            tasks,
            reason,
            priority,
            opened_s: 0,
            due_s,
            tried: false,
            taken: false,
            lot: None,
            returned: false,
        }
    }

    fn all(tasks: Tasks) -> Able {
        Able { tasks, keeps: false }
    }

    /// The next job of some that were opened in the order of `meters`.
    fn next(jobs: &mut Jobs, meters: &[u32], crew: Able) -> Option<u32> {
        let job_of = |meter: u32| meters.iter().position(|m| *m == meter).map_or(NO_JOB, |place| place as u32);
        jobs.next(crew, job_of, |_| true)
    }

    fn order(jobs: &mut Jobs, meters: &[u32], skills: Tasks) -> Vec<u32> {
        std::iter::from_fn(|| next(jobs, meters, all(skills)).map(|place| jobs.get(place).meter)).collect()
    }

    #[test]
    fn the_most_urgent_comes_first_then_the_earliest_due_then_the_lowest_number() {
        let mut jobs = Jobs::default();
        for (meter, priority, due_s) in [(4, 3, 5), (3, 1, 9), (2, 3, 5), (1, 3, 4)] {
            jobs.open(job(meter, priority, due_s, Tasks::INSPECT));
        }
        assert_eq!(jobs.waiting(), 4);
        assert_eq!(order(&mut jobs, &[4, 3, 2, 1], Tasks::INSPECT), [3, 1, 2, 4]);
        assert_eq!(jobs.waiting(), 0);
    }

    #[test]
    fn a_job_with_more_to_do_has_one_turn_and_its_place_is_used_again() {
        let mut jobs = Jobs::default();
        let place = jobs.open(job(7, 4, 100, Tasks::INSPECT));
        jobs.add(place, &job(7, 1, 50, Tasks::EXCHANGE));
        assert_eq!((jobs.waiting(), jobs.get(place).tasks), (1, Tasks::INSPECT.with(Tasks::EXCHANGE)));
        // Who cannot exchange a meter does not get it.
        assert_eq!(order(&mut jobs, &[7], Tasks::INSPECT), [0; 0]);
        assert_eq!(order(&mut jobs, &[7], Tasks::ALL), [7]);
        jobs.close(place);
        assert_eq!(jobs.open(job(8, 1, 1, Tasks::INSPECT)), place);
        assert_eq!(order(&mut jobs, &[8], Tasks::ALL), [8]);
    }

    #[test]
    fn what_cannot_begin_is_put_off() {
        let mut jobs = Jobs::default();
        let place = jobs.open(job(7, 1, 1, Tasks::EXCHANGE));
        assert_eq!(jobs.next(all(Tasks::ALL), |_| place, |_| false), None);
        assert_eq!((jobs.put_off(), jobs.waiting()), (1, 0));
        jobs.queue_put_off();
        assert_eq!(next(&mut jobs, &[7], all(Tasks::ALL)), Some(place));
    }
    #[test]
    fn what_was_given_back_waits_for_who_gives_nothing_back() {
        let contractor = Crews { handed_back: 0.1, ..Crews::of(1, Tasks::ALL) };
        let pool = Pool::new(&[contractor.clone(), Crews::of(1, Tasks::INSPECT)]);
        assert_eq!((pool.handed_back(0), pool.handed_back(1)), (0.1, 0.0));
        // Nobody but the contractor exchanges meters.
        let (look, exchange) = (job(1, 1, 1, Tasks::INSPECT), job(2, 1, 1, Tasks::EXCHANGE));
        assert!(pool.keeps(&look) && !pool.keeps(&exchange));
        assert!(!Pool::new(&[contractor]).keeps(&look));
        let mut jobs = Jobs::default();
        let place = jobs.open(look);
        assert_eq!(next(&mut jobs, &[1], all(Tasks::ALL)), Some(place));
        jobs.get_mut(place).returned = true;
        jobs.queue(place);
        assert_eq!(next(&mut jobs, &[1], all(Tasks::ALL)), None);
        assert_eq!(next(&mut jobs, &[1], Able { tasks: Tasks::INSPECT, keeps: true }), Some(place));
    }
}
