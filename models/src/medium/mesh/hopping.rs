//! Channel hopping of Wi-SUN FAN: where a node listens, when everybody listens together.

use crate::node::{Channel, SiteId};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::mix64;

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

/// Channel on which the node at this site listens in a slot: a hash of both, so that two nodes share a
/// sequence as little as two fair dice do.
#[inline]
pub fn channel(site: SiteId, slot: u64, channels: u16) -> Channel {
    let hash = mix64((u64::from(site) << 40) ^ slot);
    Channel((((hash >> 32) * u64::from(channels)) >> 32) as u16)
}

/// Channel of the broadcast slot that begins last before `at`: that of nobody's own sequence.
pub fn broadcast_channel(at: SimTime, channels: u16) -> Channel {
    channel(SiteId(u32::MAX), at.nanos() / BROADCAST_INTERVAL.nanos(), channels)
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
        let mut count = [0u32; 129];
        for s in 0..129_000 {
            count[channel(SiteId(7), s, 129).at()] += 1;
        }
        // 1,000 expected, standard deviation 32.
        assert!(count.iter().all(|n| (850..1_150).contains(n)), "{count:?}");
    }
}
