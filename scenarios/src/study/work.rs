//! Jobs in order, a few at a time.

use rayon::ThreadPool;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Runs the jobs of these numbers in their order, at most `at_once` at a time, each in the pool; their results in the same order.
///
/// The pool alone would begin as many jobs as it has threads, and more while one waits for another; memory needs the bound.
pub fn each<T: Send>(jobs: usize, at_once: usize, pool: &ThreadPool, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<T>>> = (0..jobs).map(|_| Mutex::new(None)).collect();
    let worker = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(slot) = results.get(at) else { return };
            let result = pool.install(|| job(at));
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..at_once.clamp(1, jobs.max(1)) {
            scope.spawn(worker);
        }
    });
    let taken = |slot: Mutex<Option<T>>| slot.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().filter_map(taken).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_no_more_jobs_run_than_allowed() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().expect("threads");
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let job = |n: usize| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(2));
            running.fetch_sub(1, Ordering::SeqCst);
            n * n
        };
        assert_eq!(each(20, 2, &pool, job), (0..20).map(|n| n * n).collect::<Vec<_>>());
        assert!(most.load(Ordering::SeqCst) <= 2, "{most:?}");
        assert!(each(0, 3, &pool, job).is_empty());
    }
}
