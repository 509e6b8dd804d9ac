//! Expected transmissions of a link, counted from the frames that were sent over it.

use serde::{Deserialize, Serialize};

/// One transmission.
pub const ETX_ONE: u16 = 128;
/// A link worse than this is not used, in 1/128 transmissions.
pub const ETX_MAX: u16 = 4 * ETX_ONE;
/// Nothing arrived.
pub const ETX_LOST: u16 = 8 * ETX_ONE;
/// Beside the number of samples, which takes four bits: one frame of the sample was left out.
const ONE_LEFT_OUT: u8 = 0x10;
const NUMBER: u8 = ONE_LEFT_OUT - 1;
/// And that the signal has become too weak.
const TOO_WEAK: u8 = 0x80;
/// N `etx.c`: of the second sample so many frames may be left out; with the three of the first they are seven.
const EARLY_FRAMES: u8 = 4;
/// N `rpl_policy.c`: a change by this much is a reason to look at all candidates.
const CHANGED: u16 = ETX_ONE / 2;
/// Samples from which on each new one counts an eighth.
const SETTLED: u8 = 8;

/// How a stack counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counting {
    /// Frames of the first sample, which may be taken at once.
    pub first_frames: u8,
    /// Frames of each other sample.
    pub frames: u8,
    /// It takes at least so long, s.
    pub seconds: u16,
    /// Each sample counts an eighth, instead of the second a half, the third a third and so on.
    pub is_slow: bool,
    /// Of the first sample, and of the first frames of the second, so many are left out that arrived and took three transmissions or more.
    pub left_out: u8,
    /// A later sample of fewer frames is enough if one of them failed.
    pub failure_is_enough: bool,
}

impl Counting {
    /// Each frame is a sample.
    pub fn at_once(self) -> Self {
        Counting { first_frames: 1, frames: 1, seconds: 0, ..self }
    }
}

/// Expected transmissions over a link and the sample that is being taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Etx {
    /// 1/128 transmissions; 0: not known yet.
    value: u16,
    /// Start of the sample, s of the run, modulo 2^16.
    since_s: u16,
    transmissions: u8,
    acknowledged: u8,
    frames: u8,
    samples: u8,
    /// The value that was last a reason to look at all candidates.
    told: u16,
}

impl Etx {
    /// Of a link that has been counted for long.
    pub fn settled(value: u16, now_s: u64) -> Self {
        let value = value.min(ETX_LOST);
        Etx { value, since_s: now_s as u16, samples: SETTLED, told: value, ..Etx::default() }
    }

    /// The signal has become too weak, or is strong enough again; what was counted stays, and counts as lost meanwhile. N `ws_bootstrap.c`.
    pub fn is_in_reach(&mut self, is: bool) {
        self.samples = if is { self.samples & !TOO_WEAK } else { self.samples | TOO_WEAK };
    }

    /// Samples that have become part of the value.
    fn number(&self) -> u8 {
        self.samples & NUMBER
    }

    fn is_too_weak(&self) -> bool {
        self.samples & TOO_WEAK != 0
    }

    /// Expected transmissions, 1/128, if they are known.
    pub fn value(&self) -> Option<u16> {
        match self.value {
            0 => None,
            _ if self.is_too_weak() => Some(ETX_LOST),
            value => Some(value),
        }
    }

    /// Frames that count towards a first value.
    pub fn counted(&self) -> u8 {
        if self.value == 0 { self.frames } else { 0 }
    }

    /// Its sample is taken since so many s ago.
    pub fn is_from(&mut self, now_s: u64, ago_s: u16) {
        self.since_s = (now_s as u16).wrapping_sub(ago_s);
    }

    /// Since when the sample is taken, s ago.
    pub fn age_s(&self, now_s: u64) -> u16 {
        (now_s as u16).wrapping_sub(self.since_s)
    }

    /// Whether its value has changed by a half since this last said so, and to the better; the first one is better than none. N `etx.c`.
    pub fn changed(&mut self) -> Option<bool> {
        let is_better = self.told == 0 || self.value < self.told;
        let is_at_the_end = self.value == ETX_LOST && self.told != ETX_LOST;
        if self.value.abs_diff(self.told) < CHANGED && !is_at_the_end {
            return None;
        }
        self.told = self.value;
        Some(is_better)
    }

    /// Counts a frame that took so many transmissions; whether that makes a new value.
    pub fn count(&mut self, counting: &Counting, now_s: u64, tries: u8, ok: bool) -> bool {
        let first = self.value == 0;
        let is_early = first || (self.number() == 1 && self.frames < EARLY_FRAMES);
        let left_out = (self.samples & !TOO_WEAK) / ONE_LEFT_OUT;
        if is_early && ok && tries >= 3 && left_out < counting.left_out {
            self.samples += ONE_LEFT_OUT;
            return false;
        }
        if self.transmissions > u8::MAX / 2 {
            // A busy minute: the share counts.
            (self.transmissions, self.acknowledged) = (self.transmissions / 2, self.acknowledged.div_ceil(2));
        }
        self.transmissions = self.transmissions.saturating_add(tries.max(1));
        self.acknowledged += u8::from(ok);
        self.frames = self.frames.saturating_add(1);
        if first && self.frames >= counting.first_frames {
            self.take(counting, now_s);
            return true;
        }
        self.ends(counting, now_s)
    }

    /// Frames enough for a later sample have been counted: it ends when its time is over.
    pub fn is_full(&self, counting: &Counting) -> bool {
        let has_failed = counting.failure_is_enough && self.acknowledged < self.frames;
        self.value > 0 && (self.frames >= counting.frames || has_failed)
    }

    /// Ends a later sample if it has frames enough and its time is over; whether that makes a new value.
    pub fn ends(&mut self, counting: &Counting, now_s: u64) -> bool {
        let is_due = self.is_full(counting) && self.age_s(now_s) >= counting.seconds;
        if is_due {
            self.take(counting, now_s);
        }
        is_due
    }

    /// Ends a later sample whose time was over before now as if that had been noticed then; for those whose value nobody waits for.
    pub fn catches_up(&mut self, counting: &Counting, now_s: u64) {
        if self.is_full(counting) && self.age_s(now_s) > counting.seconds {
            self.take(counting, u64::from(self.since_s.wrapping_add(counting.seconds)));
        }
    }

    /// The sample becomes part of the value.
    fn take(&mut self, counting: &Counting, now_s: u64) {
        let first = self.value == 0;
        let sample = match self.acknowledged {
            0 => f64::from(ETX_LOST),
            arrived => {
                (f64::from(self.transmissions) / f64::from(arrived) * f64::from(ETX_ONE)).min(f64::from(ETX_LOST))
            }
        };
        let samples = if first { 1 } else { (self.number() + 1).min(SETTLED) };
        let weight = if first { 1.0 } else { 1.0 / f64::from(if counting.is_slow { SETTLED } else { samples }) };
        let value = f64::from(self.value) + weight * (sample - f64::from(self.value));
        let value = libm::round(value).max(1.0) as u16;
        let samples = samples | self.samples & TOO_WEAK;
        *self = Etx { value, since_s: now_s as u16, samples, told: self.told, ..Etx::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WSRD: Counting =
        Counting { first_frames: 1, frames: 4, seconds: 60, is_slow: false, left_out: 0, failure_is_enough: false };
    const NANOSTACK: Counting =
        Counting { first_frames: 3, frames: 4, seconds: 60, is_slow: true, left_out: 2, failure_is_enough: true };

    #[test]
    fn wsrd_averages_its_first_samples_and_then_counts_an_eighth() {
        let mut etx = Etx::default();
        // The first frame makes a sample, 1 transmission; then four take one, and a minute: 4 / 4.
        assert!(etx.count(&WSRD, 0, 1, true));
        assert_eq!(etx.value(), Some(128));
        assert!((0..3).all(|_| !etx.count(&WSRD, 100, 1, true)) && etx.count(&WSRD, 100, 1, true));
        assert_eq!(etx.value(), Some(128));
        // Four frames with three transmissions each: the third sample counts a third: 128 + (384 - 128) / 3.
        for _ in 0..4 {
            etx.count(&WSRD, 200, 3, true);
        }
        assert_eq!(etx.value(), Some(213));
        // A settled link: an eighth of nothing arrived: 128 + (1,024 - 128) / 8.
        let mut etx = Etx::settled(128, 0);
        for _ in 0..4 {
            etx.count(&WSRD, 60, 8, false);
        }
        assert_eq!(etx.value(), Some(240));
    }

    #[test]
    fn while_a_parent_is_looked_for_each_frame_is_a_sample() {
        let (mut etx, counting) = (Etx::default(), WSRD.at_once());
        // 1 transmission, then 3: (128 + 384) / 2; then 4: a third of the way from 256 to 512.
        for (tries, value) in [(1, 128), (3, 256), (4, 341)] {
            assert!(etx.count(&counting, 5, tries, true));
            assert_eq!(etx.value(), Some(value));
        }
    }

    #[test]
    fn a_sample_takes_four_frames_and_a_minute() {
        let mut etx = Etx::settled(128, 1_000);
        for _ in 0..20 {
            assert!(!etx.count(&WSRD, 1_059, 1, true));
        }
        for _ in 0..1_000 {
            assert!(!etx.count(&WSRD, 1_059, 2, true), "however many there are");
        }
        assert!(etx.count(&WSRD, 1_060, 1, true));
        // The seconds of the run wrap after 18 hours.
        let mut etx = Etx::settled(128, 65_500);
        assert_eq!(etx.age_s(65_560), 60);
        assert!((0..3).all(|_| !etx.count(&WSRD, 65_560, 1, true)) && etx.count(&WSRD, 65_560, 1, true));
    }

    #[test]
    fn nanostack_takes_three_probes_and_leaves_two_bad_ones_out() {
        let mut etx = Etx::default();
        // Two of three transmissions and more are left out, the third counts: (4 + 1 + 1) / 3.
        for tries in [3, 5] {
            assert!(!etx.count(&NANOSTACK, 0, tries, true));
        }
        assert!(!etx.count(&NANOSTACK, 0, 4, true) && !etx.count(&NANOSTACK, 0, 1, true));
        assert!(etx.count(&NANOSTACK, 0, 1, true));
        assert_eq!(etx.value(), Some(256));
        // From then on an eighth, and of the second sample two may be left out as well: 256 + (128 - 256) / 8.
        for tries in [3, 1, 20, 1, 1, 1] {
            etx.count(&NANOSTACK, 60, tries, true);
        }
        assert_eq!(etx.value(), Some(240));
        // Of the third none: (3 + 1 + 1 + 1) / 4 = 1.5, and 240 + (192 - 240) / 8.
        for tries in [3, 1, 1, 1] {
            etx.count(&NANOSTACK, 120, tries, true);
        }
        assert_eq!(etx.value(), Some(234));
    }

    #[test]
    fn what_nanostack_could_not_send_at_all_is_never_left_out() {
        let mut etx = Etx::default();
        // 20, 1 and 1 transmissions for two acknowledgements are more than 8.
        for (tries, ok) in [(20, false), (1, true), (1, true)] {
            etx.count(&NANOSTACK, 0, tries, ok);
        }
        assert_eq!(etx.value(), Some(ETX_LOST));
    }

    #[test]
    fn a_link_whose_signal_is_too_weak_counts_as_lost_until_it_is_strong_enough() {
        let mut etx = Etx::settled(160, 0);
        etx.is_in_reach(false);
        assert_eq!(etx.value(), Some(ETX_LOST));
        etx.is_in_reach(true);
        assert_eq!(etx.value(), Some(160));
    }

    #[test]
    fn of_nanostack_one_frame_that_failed_is_sample_enough_after_its_minute() {
        let mut etx = Etx::settled(128, 0);
        assert!(!etx.count(&NANOSTACK, 59, 20, false), "not before");
        // 20 and 1 transmissions for one acknowledgement are more than 8: 128 + (1,024 - 128) / 8.
        assert!(etx.count(&NANOSTACK, 60, 1, true));
        assert_eq!(etx.value(), Some(240));
        assert!(!etx.count(&NANOSTACK, 200, 1, true), "one that arrived is not");
        let mut other = Etx::settled(128, 0);
        assert!(!other.count(&WSRD, 60, 20, false), "wsrd waits for four");
    }

    #[test]
    fn a_sample_ends_when_its_minute_is_over_whether_there_is_a_frame_or_not() {
        let mut etx = Etx::settled(128, 0);
        for second in 1..=4 {
            assert!(!etx.is_full(&NANOSTACK) && !etx.count(&NANOSTACK, second, 3, true));
        }
        assert!(etx.is_full(&NANOSTACK) && !etx.ends(&NANOSTACK, 59));
        // 128 + (384 - 128) / 8, and the next sample begins.
        assert!(etx.ends(&NANOSTACK, 60) && !etx.is_full(&NANOSTACK));
        assert_eq!((etx.value(), etx.age_s(61)), (Some(160), 1));
    }

    #[test]
    fn a_sample_that_nobody_waited_for_has_ended_with_its_minute() {
        let mut etx = Etx::settled(128, 65_500);
        (0..4).for_each(|_| _ = etx.count(&NANOSTACK, 65_510, 3, true));
        etx.catches_up(&NANOSTACK, 65_560);
        assert_eq!(etx.value(), Some(128), "its minute is not over");
        etx.catches_up(&NANOSTACK, 65_600);
        // As above, and the next sample began 40 s ago.
        assert_eq!((etx.value(), etx.age_s(65_600)), (Some(160), 40));
        // What comes now is of that.
        assert!(!etx.is_full(&NANOSTACK) && !etx.count(&NANOSTACK, 65_600, 8, true));
        assert_eq!(etx.value(), Some(160));
    }

    #[test]
    fn a_change_by_half_a_transmission_is_told_once() {
        let mut etx = Etx { value: 256, ..Etx::default() };
        assert_eq!((etx.changed(), etx.changed()), (Some(true), None), "the first value");
        for (value, told) in [(319, None), (320, Some(false)), (257, None), (256, Some(true))] {
            etx.value = value;
            assert_eq!(etx.changed(), told, "{value}");
        }
        // Near the end less is enough: 1,000 is told, and the 24 to 1,024 as well.
        for (value, told) in [(1_000, Some(false)), (ETX_LOST, Some(false)), (ETX_LOST, None)] {
            etx.value = value;
            assert_eq!(etx.changed(), told, "{value}");
        }
    }
}
