//! Channel hopping of Wi-SUN FAN: where a node listens, when everybody listens together.

use crate::node::{Channel, SiteId};
use crate::spec::Channels;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::mix64;
use std::sync::Arc;

/// Time a node stays on a channel of its own sequence.
pub const UNICAST_DWELL: SimTime = SimTime::from_millis(255);
/// Length of a broadcast slot.
pub const BROADCAST_DWELL: SimTime = SimTime::from_millis(255);
/// Time from one broadcast slot to the next.
pub const BROADCAST_INTERVAL: SimTime = SimTime::from_millis(1_020);

/// Number of a node's unicast slot at an instant.
#[inline]
pub fn slot(phase_ms: u32, at: SimTime) -> u64 {
    (at.nanos() + u64::from(phase_ms) * 1_000_000) / UNICAST_DWELL.nanos()
}

/// The channels that a mesh hops over: those of the plan that are not excluded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HopSet {
    /// Ascending; none without hopping.
    channels: Arc<[Channel]>,
    /// By channel of the plan: its place among them, or [`NO_PLACE`].
    places: Arc<[u16]>,
}

const NO_PLACE: u16 = u16::MAX;

impl HopSet {
    /// No hopping: all share the plan's first channel.
    pub fn none() -> Self {
        HopSet { channels: [].into(), places: [].into() }
    }

    /// All channels of a plan with so many but for some; without any that is left, no hopping.
    pub fn of_plan(plan: u16, excluded: &Channels) -> Self {
        let channels: Arc<[Channel]> = (0..plan).filter(|&c| !excluded.contains(c)).map(Channel).collect();
        let mut places = vec![NO_PLACE; usize::from(plan)];
        (0u16..).zip(channels.iter()).for_each(|(place, channel)| places[channel.at()] = place);
        HopSet { channels, places: places.into() }
    }

    /// With or without hopping, on a plan with so many channels.
    pub fn of(hopping: bool, plan: u16, excluded: &Channels) -> Self {
        if hopping { HopSet::of_plan(plan, excluded) } else { HopSet::none() }
    }

    /// How many.
    #[inline]
    pub fn len(&self) -> u16 {
        self.channels.len() as u16
    }

    /// No hopping.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty()
    }

    /// Channels of the plan, excluded ones as well.
    pub fn plan(&self) -> u16 {
        self.places.len() as u16
    }

    /// Whether it is one of them.
    pub fn contains(&self, channel: Channel) -> bool {
        self.place_of(channel).is_some()
    }

    /// Where a channel stands among them.
    #[inline]
    pub fn place_of(&self, channel: Channel) -> Option<u16> {
        self.places.get(channel.at()).copied().filter(|&place| place != NO_PLACE)
    }

    /// The channel at a place.
    #[inline]
    pub fn at(&self, place: u16) -> Channel {
        self.channels[usize::from(place)]
    }

    /// Place of the channel on which the node at this site listens in a slot: a hash of both, so that two nodes share a
    /// sequence as little as two fair dice do.
    #[inline]
    pub fn place(&self, site: SiteId, slot: u64) -> u16 {
        let hash = mix64((u64::from(site) << 40) ^ slot);
        (((hash >> 32) * u64::from(self.len())) >> 32) as u16
    }

    /// Channel on which the node at this site listens in a slot.
    #[inline]
    pub fn channel(&self, site: SiteId, slot: u64) -> Channel {
        self.at(self.place(site, slot))
    }

    /// Channel of the broadcast slot that begins last before `at`: that of nobody's own sequence.
    pub fn broadcast_channel(&self, at: SimTime) -> Channel {
        self.channel(SiteId(u32::MAX), at.nanos() / BROADCAST_INTERVAL.nanos())
    }
}

/// Whether everybody listens to the broadcast channel at an instant.
#[inline]
pub fn is_broadcast_slot(at: SimTime) -> bool {
    at.nanos() % BROADCAST_INTERVAL.nanos() < BROADCAST_DWELL.nanos()
}

/// End of the broadcast slot that `at` lies in.
pub fn broadcast_slot_end(at: SimTime) -> SimTime {
    SimTime::from_nanos(at.nanos() / BROADCAST_INTERVAL.nanos() * BROADCAST_INTERVAL.nanos()) + BROADCAST_DWELL
}

/// Start of the first broadcast slot after `at`.
pub fn next_broadcast_slot(at: SimTime) -> SimTime {
    SimTime::from_nanos((at.nanos() / BROADCAST_INTERVAL.nanos() + 1) * BROADCAST_INTERVAL.nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_and_broadcast_windows_follow_the_dwell_times() {
        assert_eq!(slot(0, SimTime::from_millis(254)), 0);
        assert_eq!(slot(1, SimTime::from_millis(254)), 1);
        assert!(is_broadcast_slot(SimTime::from_millis(1_020)));
        assert!(!is_broadcast_slot(SimTime::from_millis(1_020 + 255)));
        assert_eq!(next_broadcast_slot(SimTime::from_millis(1_020)), SimTime::from_millis(2_040));
        assert_eq!(broadcast_slot_end(SimTime::from_millis(1_100)), SimTime::from_millis(1_275));
    }

    #[test]
    fn every_channel_is_used_alike() {
        let hops = HopSet::of_plan(129, &Channels::default());
        let mut count = [0u32; 129];
        for s in 0..129_000 {
            count[hops.channel(SiteId(7), s).at()] += 1;
        }
        // 1,000 expected, standard deviation 32.
        assert!(count.iter().all(|n| (850..1_150).contains(n)), "{count:?}");
    }

    #[test]
    fn excluded_channels_are_not_used_and_the_others_alike() {
        let hops = HopSet::of_plan(129, &Channels::parse("0-27,128").expect("channels"));
        // 129 - 28 - 1 are left.
        assert_eq!((hops.len(), hops.at(0), hops.at(99)), (100, Channel(28), Channel(127)));
        assert_eq!((hops.place_of(Channel(29)), hops.place_of(Channel(27))), (Some(1), None));
        let mut count = [0u32; 129];
        for s in 0..100_000 {
            count[hops.channel(SiteId(7), s).at()] += 1;
        }
        assert!(count[28..128].iter().all(|n| (850..1_150).contains(n)), "{count:?}");
        assert_eq!(count.iter().sum::<u32>(), count[28..128].iter().sum::<u32>());
    }
}
