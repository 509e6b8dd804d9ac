//! Room that hosts share: one may have as much as there is left for others.

use super::fair_queue::network_of;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What waits, by host.
#[derive(Debug)]
pub struct HostShare {
    most: usize,
    total: usize,
    of: BTreeMap<IpAddr, usize>,
}

impl HostShare {
    /// Room for so many.
    pub fn new(most: usize) -> HostShare {
        HostShare { most, total: 0, of: BTreeMap::new() }
    }

    /// Whether there is room for one more of a host.
    pub fn has_room(&self, host: IpAddr) -> bool {
        let of_host = self.of.get(&network_of(host)).copied().unwrap_or(0);
        of_host < self.most.saturating_sub(self.total)
    }

    /// One of a host begins to wait.
    pub fn add(&mut self, host: IpAddr) {
        *self.of.entry(network_of(host)).or_default() += 1;
        self.total += 1;
    }

    /// One of a host waits no longer.
    pub fn remove(&mut self, host: IpAddr) {
        let host = network_of(host);
        if let Some(count) = self.of.get_mut(&host) {
            *count -= 1;
            self.total -= 1;
            if *count == 0 {
                self.of.remove(&host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of a host find room.
    fn fill(share: &mut HostShare, host: IpAddr) -> usize {
        let mut added = 0;
        while share.has_room(host) {
            share.add(host);
            added += 1;
        }
        added
    }

    #[test]
    fn a_host_leaves_as_much_as_it_has() {
        let mut share = HostShare::new(80);
        let host = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(fill(&mut share, host("10.0.0.1")), 40, "half of all");
        assert_eq!(fill(&mut share, host("10.0.0.2")), 20, "half of what is left");
        // A network of IPv6 is one host, whatever address of it is used.
        assert_eq!(fill(&mut share, host("fd00::1")), 10);
        assert_eq!(fill(&mut share, host("fd00::2")), 0);
        share.remove(host("fd00::2"));
        assert_eq!(fill(&mut share, host("fd00::3")), 1);
        (0..40).for_each(|_| share.remove(host("10.0.0.1")));
        // 50 are left now.
        assert_eq!(fill(&mut share, host("10.0.0.3")), 25);
    }
}
