//! Room that hosts share: one may have as much as there is left for others.

use super::fair_queue::network_of;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

    /// Whether there is room for so many more of a host.
    pub fn has_room(&self, host: IpAddr, more: usize) -> bool {
        let of_host = self.of.get(&network_of(host)).copied().unwrap_or(0);
        of_host + more <= self.most.saturating_sub(self.total)
    }

    /// So many of a host begin to wait.
    pub fn add(&mut self, host: IpAddr, more: usize) {
        *self.of.entry(network_of(host)).or_default() += more;
        self.total += more;
    }

    /// So many of a host wait no longer.
    pub fn remove(&mut self, host: IpAddr, less: usize) {
        let host = network_of(host);
        if let Some(count) = self.of.get_mut(&host) {
            *count -= less;
            self.total -= less;
            if *count == 0 {
                self.of.remove(&host);
            }
        }
    }
}

/// Room that one thing takes; given back when it is dropped.
#[derive(Debug, Default)]
pub struct Charge(Option<Taken>);

#[derive(Debug)]
struct Taken {
    of: Arc<Mutex<HostShare>>,
    host: IpAddr,
    room: usize,
}

impl Charge {
    /// Takes so much for a host in place of what is taken; nothing, and `false`, if there is no room.
    pub fn set(&mut self, of: &Arc<Mutex<HostShare>>, host: IpAddr, room: usize) -> bool {
        if self.0.as_ref().map_or(0, |taken| taken.room) == room {
            return true;
        }
        self.0 = None;
        if room == 0 {
            return true;
        }
        let mut share = lock(of);
        let has_room = share.has_room(host, room);
        if has_room {
            share.add(host, room);
            self.0 = Some(Taken { of: Arc::clone(of), host, room });
        }
        has_room
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        lock(&self.of).remove(self.host, self.room);
    }
}

fn lock(share: &Mutex<HostShare>) -> MutexGuard<'_, HostShare> {
    share.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of a host find room.
    fn fill(share: &mut HostShare, host: IpAddr) -> usize {
        let mut added = 0;
        while share.has_room(host, 1) {
            share.add(host, 1);
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
        share.remove(host("fd00::2"), 1);
        assert_eq!(fill(&mut share, host("fd00::3")), 1);
        share.remove(host("10.0.0.1"), 40);
        // 50 are left now.
        assert!(!share.has_room(host("10.0.0.3"), 51) && share.has_room(host("10.0.0.3"), 50));
        assert_eq!(fill(&mut share, host("10.0.0.3")), 25);
    }

    #[test]
    fn a_charge_is_given_back_when_it_is_dropped_or_set_anew() {
        let (share, host) = (Arc::new(Mutex::new(HostShare::new(100))), IpAddr::from([10, 0, 0, 1]));
        let total = || lock(&share).total;
        let (mut first, mut second) = (Charge::default(), Charge::default());
        assert!(first.set(&share, host, 40) && total() == 40);
        assert!(!second.set(&share, host, 21), "60 are left for others, and it would have 61");
        assert!(first.set(&share, host, 30) && second.set(&share, host, 5) && total() == 35);
        assert!(!first.set(&share, host, 91) && total() == 5, "nothing is kept of what did not fit");
        drop(second);
        assert_eq!((total(), lock(&share).of.len()), (0, 0));
    }
}
