//! The time of served meters: the host's, as long as that does not go back.
//!
//! What meters measure follows from the time, so that a register would fall with it, and no meter's does. When the host's
//! clock steps back, the meters' time goes on from the latest that was served, at half the speed, until the host's has caught
//! up; it stands still for less than a second. Each whole second in which something was answered is noted in the state
//! file before the first of its answers leaves.

use amitwin_dlms::Moment;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Less than this the clocks of two workers may differ that were read one after the other, ms.
const STEP_MS: i64 = 1_000;

/// The time of all meters; workers share it, and lock only while the host's clock is behind.
#[derive(Debug)]
pub struct ServedClock {
    /// The latest time that a worker has had, ms since 1970, UTC.
    latest_ms: AtomicI64,
    /// The last whole second that the state file has, since 1970, UTC.
    noted_s: AtomicI64,
    /// When the time was last moved while the host's clock was behind, and to where, ms since 1970, UTC.
    slow: Mutex<Option<(Instant, i64)>>,
}

impl ServedClock {
    /// A clock that goes on from the second that the state file has, if it has one.
    pub fn new(noted_s: Option<i64>) -> ServedClock {
        let noted_s = noted_s.unwrap_or(i64::MIN);
        ServedClock {
            latest_ms: AtomicI64::new(noted_s.saturating_mul(1_000)),
            noted_s: AtomicI64::new(noted_s),
            slow: Mutex::new(None),
        }
    }

    /// The time where the host's clock shows `host_ms` at the moment `at`; and how far the host's clock was found to have
    /// stepped back, ms, by who finds it first.
    pub fn now(&self, host_ms: i64, at: Instant) -> (Moment, Option<i64>) {
        let latest_ms = self.latest_ms.fetch_max(host_ms, Ordering::Relaxed).max(host_ms);
        let behind_ms = latest_ms.saturating_sub(host_ms);
        if behind_ms < STEP_MS {
            return (Moment { unix_ms: latest_ms }, None);
        }
        let mut slow = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        let latest_ms = self.latest_ms.load(Ordering::Relaxed);
        // Whoever has followed the host's clock since then has moved on.
        let known = slow.filter(|(_, unix_ms)| *unix_ms == latest_ms);
        let (since, unix_ms) = known.unwrap_or((at, latest_ms));
        let half_ms = (at.saturating_duration_since(since).as_millis() / 2).min(u128::from(u32::MAX)) as u64;
        let unix_ms = unix_ms.saturating_add_unsigned(half_ms);
        *slow = Some((since + Duration::from_millis(2 * half_ms), unix_ms));
        self.latest_ms.fetch_max(unix_ms, Ordering::Relaxed);
        (Moment { unix_ms }, known.is_none().then_some(behind_ms))
    }

    /// How far the host's clock is behind the meters' time, ms; 0 if it is not.
    pub fn behind_ms(&self, host_ms: i64) -> i64 {
        self.latest_ms.load(Ordering::Relaxed).saturating_sub(host_ms).max(0)
    }

    /// The state file does not have this second yet.
    pub fn is_to_note(&self, unix_s: i64) -> bool {
        unix_s > self.noted_s.load(Ordering::Acquire)
    }

    /// The state file has this second.
    pub fn note(&self, unix_s: i64) {
        self.noted_s.fetch_max(unix_s, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_falls_and_runs_at_half_the_speed_until_the_host_has_caught_up() {
        let (clock, start) = (ServedClock::new(None), Instant::now());
        let at = |elapsed_ms| start + Duration::from_millis(elapsed_ms);
        let now = |host_ms, elapsed_ms| clock.now(host_ms, at(elapsed_ms));
        let is = |unix_ms, stepped_ms| (Moment { unix_ms }, stepped_ms);
        assert_eq!(now(100_000, 0), is(100_000, None));
        assert_eq!(now(101_000, 1_000), is(101_000, None));
        // A worker that has read the clock a little earlier.
        assert_eq!(now(100_600, 1_001), is(101_000, None));
        // Ten seconds back: told once, and half a millisecond for each from then on, however often it is asked.
        assert_eq!(now(91_100, 1_100), is(101_000, Some(9_900)));
        for elapsed_ms in 1_101..=5_100 {
            let expected = 101_000 + (elapsed_ms as i64 - 1_100) / 2;
            assert_eq!(now(90_000 + elapsed_ms as i64, elapsed_ms), is(expected, None), "{elapsed_ms}");
        }
        assert_eq!(now(90_000 + 12_000, 12_000), is(101_000 + 10_900 / 2, None));
        // 9.9 s behind at 1.1 s, and 1 s less in two: caught up at 20.9 s.
        assert_eq!(now(90_000 + 20_900, 20_900), is(110_900, None));
        assert_eq!(now(90_000 + 30_000, 30_000), is(120_000, None), "as the host's again");
        // It steps back a second time.
        assert_eq!(now(60_000, 30_100), is(120_000, Some(60_000)));
        assert_eq!(now(61_000, 31_100), is(120_500, None));
    }

    #[test]
    fn a_restart_goes_on_from_the_second_that_was_noted() {
        let clock = ServedClock::new(Some(500));
        assert!(!clock.is_to_note(500) && clock.is_to_note(501));
        assert_eq!(clock.behind_ms(300_000), 200_000);
        let start = Instant::now();
        assert_eq!(clock.now(300_000, start), (Moment { unix_ms: 500_000 }, Some(200_000)));
        assert_eq!(clock.now(302_000, start + Duration::from_secs(2)).0, Moment { unix_ms: 501_000 });
        clock.note(501);
        clock.note(499);
        assert!(!clock.is_to_note(501));
    }
}
