//! One bar for many jobs, each a variant with a seed or a case, with the time that is left.

use crate::{memory, stop};
use amitwin_scenarios::Variant;
use amitwin_scenarios::drive::Watch;
use amitwin_scenarios::study::{Study, WHOLE, WatchRuns};
use amitwin_sim_core::SimTime;
use amitwin_viz::human;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two looks at the clock and the system's count of memory.
const REDRAW: Duration = Duration::from_millis(200);

/// Looks on while jobs run.
pub struct JobsProgress {
    bar: ProgressBar,
    /// Simulated time of each job, by its number, over and over.
    ends: Vec<SimTime>,
    jobs: AtomicUsize,
    way: Mutex<Way>,
}

#[derive(Default)]
struct Way {
    /// Where each job is that has not ended.
    running: BTreeMap<usize, SimTime>,
    ended: usize,
    ended_time: SimTime,
    events: u64,
    /// When the first job was on its way, and the share that was done before: by a sweep that is gone on with.
    first: Option<(Instant, f64)>,
    drawn: Option<Instant>,
    tenths: usize,
}

impl JobsProgress {
    /// For the variants of a study; a bar if `shown` and standard error is a terminal.
    pub fn new(variants: &[&Variant], study: &Study, shown: bool) -> JobsProgress {
        let jobs = variants.len() * study.seeds_max() as usize;
        JobsProgress::of(variants.iter().map(|v| v.spec.duration).collect(), jobs, shown)
    }

    /// For so many cases, each of which tells its share of 1 s.
    pub fn of_cases(jobs: usize, shown: bool) -> JobsProgress {
        JobsProgress::of(vec![WHOLE], jobs, shown)
    }

    /// For so many jobs, whose simulated times are these over and over.
    fn of(ends: Vec<SimTime>, jobs: usize, shown: bool) -> JobsProgress {
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(1000), target);
        bar.set_style(ProgressStyle::with_template("{bar:20} {wide_msg}").expect("a fixed template"));
        JobsProgress { bar, ends, jobs: AtomicUsize::new(jobs), way: Mutex::default() }
    }

    /// Takes the bar off the screen.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn jobs(&self) -> usize {
        self.jobs.load(Ordering::Relaxed)
    }

    fn whole_s(&self) -> f64 {
        let rounds = self.jobs() as f64 / self.ends.len().max(1) as f64;
        self.ends.iter().map(|end| end.secs_f64()).sum::<f64>() * rounds
    }
}

impl Watch for JobsProgress {
    fn progress(&self, job: usize, time: SimTime, events: u64) {
        let mut way = self.way.lock().unwrap_or_else(PoisonError::into_inner);
        if time >= self.ends[job % self.ends.len()] {
            way.running.remove(&job);
            way.ended += 1;
            way.ended_time += time;
            way.events += events;
        } else {
            way.running.insert(job, time);
        }
        let now = Instant::now();
        let done_s = way.ended_time.secs_f64() + way.running.values().map(|time| time.secs_f64()).sum::<f64>();
        let share = done_s / self.whole_s().max(1e-9);
        if !way.running.is_empty() {
            way.first.get_or_insert((now, share));
        }
        let tenths = way.ended * 10 / self.jobs().max(1);
        if tenths > way.tenths {
            way.tenths = tenths;
            let resident = memory::resident_bytes().map_or_else(|| human::NONE.to_owned(), human::bytes);
            tracing::info!("{} of {} runs ended, {resident} resident", way.ended, self.jobs());
        }
        if self.bar.is_hidden() || way.drawn.is_some_and(|at| now - at < REDRAW) {
            return;
        }
        way.drawn = Some(now);
        let (began, before) = way.first.unwrap_or((now, 0.0));
        let left = left_s((now - began).as_secs_f64(), before, share);
        let left = left.map_or_else(|| human::NONE.to_owned(), human::duration);
        let resident = memory::resident_bytes().map_or_else(|| human::NONE.to_owned(), human::bytes);
        self.bar.set_position((share * 1000.0) as u64);
        let (ended, jobs, running) = (way.ended, self.jobs(), way.running.len());
        self.bar.set_message(format!("{ended} of {jobs} runs, {running} under way, about {left} left, {resident}"));
    }

    fn cancelled(&self) -> bool {
        stop::asked()
    }
}

impl WatchRuns for JobsProgress {
    fn expected(&self, runs: usize) {
        self.jobs.store(runs, Ordering::Relaxed);
    }
}

/// Time that is left, where so much time brought the share done from `before` to `share`.
fn left_s(wall_s: f64, before: f64, share: f64) -> Option<f64> {
    (share > before).then(|| wall_s * (1.0 - share) / (share - before))
}

#[cfg(test)]
mod tests {
    use super::left_s;

    #[test]
    fn what_was_done_before_does_not_make_it_faster() {
        // A tenth in ten seconds, and four tenths to go.
        let left = left_s(10.0, 0.5, 0.6).expect("on its way");
        assert!((left - 40.0).abs() < 1e-9, "{left}");
        assert_eq!(left_s(10.0, 0.5, 0.5), None);
    }
}
