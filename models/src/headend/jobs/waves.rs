//! Whose turn is when in a campaign: who belongs to which wave, in which order, in which cluster; and when so many have failed that it is halted.

use super::order::{self, Fleet};
use crate::node::SiteId;
use crate::purpose::{CLUSTER_GAP, WAVE};
use crate::spec::{Clusters, WavesSpec};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;

/// Who belongs to which wave, and in which order.
#[derive(Debug)]
pub struct Waves {
    /// Positions of the meters, those of the first wave first.
    order: Vec<u32>,
    /// Where each wave ends in that.
    ends: Vec<u32>,
    /// Number of the wave of each position, from 1 on; of none where there is one wave only.
    numbers: Vec<u16>,
    /// Place of each position in the order of turns; empty where they are had by id.
    places: Vec<u64>,
    stop_at_failed: Option<f64>,
}

impl Waves {
    /// The waves of job `job` over these meters; one of all where nothing is said.
    pub fn new(spec: &WavesSpec, meters: &[SiteId], job: u16, fleet: Fleet<'_>) -> Waves {
        let (count, stop_at_failed) = (meters.len() as u32, spec.stop_at_failed);
        let places = order::places(spec.order.as_ref(), meters, job, fleet);
        let mut order: Vec<u32> = (0..count).collect();
        let Some(shares) = &spec.shares else {
            return Waves { order, ends: vec![count], numbers: Vec::new(), places, stop_at_failed };
        };
        let place = |position: u32| {
            let entity = (u64::from(job) << 32) | u64::from(meters[position as usize]);
            Stream::new(fleet.seed, entity, WAVE).bits()
        };
        order.sort_by_cached_key(|&position| (place(position), position));
        // At least one meter in the first wave, however small its share is.
        let end = |share: &f64| ((share * meters.len() as f64).ceil() as u32).min(count);
        let ends = shares.iter().map(end).collect();
        let waves = Waves { order, ends, numbers: Vec::new(), places, stop_at_failed };
        let mut numbers = vec![0; if waves.count() > 1 { meters.len() } else { 0 }];
        for wave in (0..waves.count() as u16).filter(|_| waves.count() > 1) {
            waves.of(wave).iter().for_each(|&position| numbers[position as usize] = wave + 1);
        }
        Waves { numbers, ..waves }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// Positions of the meters of a wave.
    pub fn of(&self, wave: u16) -> &[u32] {
        let wave = usize::from(wave);
        let from = wave.checked_sub(1).map_or(0, |last| self.ends[last]);
        &self.order[from as usize..(self.ends[wave] as usize).max(from as usize)]
    }

    /// Number of the wave that a meter belongs to, from 1 on; none where there is one wave only.
    pub fn number(&self, position: usize) -> Option<u16> {
        self.numbers.get(position).copied().filter(|number| *number > 0)
    }

    /// The same in the order of their turns.
    pub fn in_order(&self, wave: u16) -> Vec<u32> {
        let mut all = self.of(wave).to_vec();
        self.sort(&mut all);
        all
    }

    /// Puts positions in the order of their turns.
    pub fn sort(&self, positions: &mut [u32]) {
        positions.sort_unstable_by_key(|&position| (self.places.get(position as usize), position));
    }

    /// When each cluster of each wave begins, from the beginning of its wave on.
    pub fn clusters(&self, of: Clusters, job: u16, seed: u64) -> Vec<Vec<SimTime>> {
        let mut gaps = Stream::new(seed, u64::from(job), CLUSTER_GAP);
        let wave = |wave: u16| {
            let mut at = SimTime::ZERO;
            let begins = |n: usize| {
                if n > 0 {
                    let (low, high) = of.gap;
                    at += low + SimTime::from_secs_f64((high - low).secs_f64() * gaps.unit());
                }
                at
            };
            (0..self.of(wave).len().div_ceil(of.size.max(1) as usize)).map(begins).collect()
        };
        (0..self.count() as u16).map(wave).collect()
    }

    /// Share of all meters that the largest wave has.
    pub fn largest_share(&self) -> f64 {
        let largest = (0..self.count() as u16).map(|wave| self.of(wave).len()).max().unwrap_or_default();
        largest as f64 / self.order.len().max(1) as f64
    }

    /// Meters of a wave and of those before it.
    pub fn until(&self, wave: u16) -> u32 {
        self.ends[usize::from(wave)]
    }

    /// Whether so many failures by the end of a wave are more than may be.
    pub fn are_too_many(&self, failed: u32, wave: u16) -> bool {
        let begun = f64::from(self.until(wave));
        self.stop_at_failed.is_some_and(|share| f64::from(failed) > share * begun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLEET: Fleet<'_> = Fleet { hops: &[], seed: 7 };

    fn spec(shares: Option<Vec<f64>>) -> WavesSpec {
        WavesSpec { shares, stop_at_failed: Some(0.02), ..WavesSpec::default() }
    }

    #[test]
    fn waves_take_everyone_once_in_an_order_that_is_drawn() {
        let meters: Vec<SiteId> = (10..210).map(SiteId).collect();
        let waves = Waves::new(&spec(Some(vec![0.001, 0.1, 1.0])), &meters, 3, FLEET);
        let sizes: Vec<usize> = (0..3).map(|wave| waves.of(wave).len()).collect();
        // A thousandth of 200 is one meter at least.
        assert_eq!((sizes, waves.until(1)), (vec![1, 19, 180], 20));
        let of_wave = |number| (0..200).filter(|&position| waves.number(position) == Some(number)).count();
        assert_eq!([1, 2, 3].map(of_wave), [1, 19, 180]);
        assert_eq!(waves.number(waves.of(1)[0] as usize), Some(2));
        let mut all: Vec<u32> = (0..3).flat_map(|wave| waves.of(wave).to_vec()).collect();
        assert!(!all.is_sorted());
        all.sort_unstable();
        assert_eq!(all, (0..200).collect::<Vec<_>>());
        let again = Waves::new(&spec(Some(vec![0.001, 0.1, 1.0])), &meters, 3, FLEET);
        assert_eq!(again.order, waves.order);
        let one = Waves::new(&spec(None), &meters, 3, FLEET);
        assert_eq!((one.count(), one.of(0).len(), one.number(7)), (1, 200, None));
    }

    #[test]
    fn the_share_that_may_fail_is_of_the_meters_of_all_waves_so_far() {
        let meters: Vec<SiteId> = (0..200).map(SiteId).collect();
        let waves = Waves::new(&spec(Some(vec![0.5, 1.0])), &meters, 3, FLEET);
        // 2 % of 100, then of 200.
        assert_eq!([2, 3].map(|failed| waves.are_too_many(failed, 0)), [false, true]);
        assert_eq!([4, 5].map(|failed| waves.are_too_many(failed, 1)), [false, true]);
        let never = Waves::new(&WavesSpec::default(), &meters, 3, FLEET);
        assert!(!never.are_too_many(200, 0));
    }

    #[test]
    fn clusters_follow_each_other_by_their_gaps_in_each_wave() {
        let meters: Vec<SiteId> = (0..10).map(SiteId).collect();
        let waves = Waves::new(&spec(Some(vec![0.5, 1.0])), &meters, 3, FLEET);
        let s = SimTime::from_secs;
        // Five meters in twos are three clusters, 10 s apart.
        let of = |low, high| waves.clusters(Clusters { size: 2, gap: (s(low), s(high)) }, 3, 7);
        assert_eq!(of(10, 10), [[0, 10, 20].map(s), [0, 10, 20].map(s)]);
        let drawn = of(10, 60);
        let gap = |wave: &Vec<SimTime>| [wave[1] - wave[0], wave[2] - wave[1]];
        assert!(drawn.iter().flat_map(gap).all(|gap| (s(10)..s(60)).contains(&gap)), "{drawn:?}");
    }
}
