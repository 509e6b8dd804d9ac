//! Whose turn it is: time is shared fairly over peers, then over a peer's meters, then over a meter's flows.
//!
//! Each share of a level has a virtual time, which what it is served adds to; the least of those that wait is served first
//! (start-time fair queueing, Goyal, Vin and Cheng 1996). Who asks for little is behind the others and so comes first; who
//! has paused cannot save up more than [`CREDIT_NS`].

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::IpAddr;

/// How far a share may be behind the others of its level, ns.
const CREDIT_NS: u64 = 1_000_000;
const ROOT: usize = 0;
/// Levels below the root: peer, meter, flow.
const LEVELS: usize = 3;

/// A flow's place among the turns: what it was given when it joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow(usize);

#[derive(Debug, Default)]
struct Share {
    parent: usize,
    /// Time that it was served, no further behind that of its level than the credit, ns.
    served_ns: u64,
    /// What it was served the last time, ns.
    last_ns: u64,
    /// Virtual time of the level below, ns.
    level_ns: u64,
    /// Those below that wait: virtual time, order of arrival, share.
    waiting: BinaryHeap<Reverse<(u64, u64, usize)>>,
    /// It stands among those of its parent.
    queued: bool,
    /// Shares below.
    members: usize,
    /// Whom a flow belongs to; none for one that has left while it waited.
    owner: Option<usize>,
}

/// Flows that have something to be served, and what each has had.
#[derive(Debug)]
pub struct FairQueue {
    shares: Vec<Share>,
    free: Vec<usize>,
    peers: BTreeMap<IpAddr, usize>,
    meters: BTreeMap<(IpAddr, u64), usize>,
    names: BTreeMap<usize, (IpAddr, Option<u64>)>,
    arrivals: u64,
}

impl FairQueue {
    /// Without flows.
    pub fn new() -> FairQueue {
        let mut queue = FairQueue {
            shares: Vec::new(),
            free: Vec::new(),
            peers: BTreeMap::new(),
            meters: BTreeMap::new(),
            names: BTreeMap::new(),
            arrivals: 0,
        };
        queue.shares.push(Share::default());
        queue
    }

    /// A new flow of a peer to a meter (0 for any), which belongs to `owner`.
    pub fn join(&mut self, peer: IpAddr, meter: u64, owner: usize) -> Flow {
        let peer = network_of(peer);
        let above = match self.peers.get(&peer) {
            Some(share) => *share,
            None => {
                let share = self.add(ROOT);
                self.peers.insert(peer, share);
                self.names.insert(share, (peer, None));
                share
            }
        };
        let parent = match self.meters.get(&(peer, meter)) {
            Some(share) => *share,
            None => {
                let share = self.add(above);
                self.meters.insert((peer, meter), share);
                self.names.insert(share, (peer, Some(meter)));
                share
            }
        };
        let flow = self.add(parent);
        self.shares[flow].owner = Some(owner);
        Flow(flow)
    }

    /// A flow has ended.
    pub fn leave(&mut self, Flow(flow): Flow) {
        self.shares[flow].owner = None;
        if !self.shares[flow].queued {
            self.remove(flow);
        }
    }

    /// A flow has something to be served.
    pub fn queue(&mut self, Flow(flow): Flow) {
        self.enter(flow);
    }

    /// Nobody waits.
    pub fn is_empty(&self) -> bool {
        self.shares[ROOT].waiting.is_empty()
    }

    /// What the flow that is next was served the last time, ns.
    pub fn next_took_ns(&self) -> u64 {
        let mut at = ROOT;
        for _ in 0..LEVELS {
            let Some(Reverse((.., share))) = self.shares[at].waiting.peek() else { return 0 };
            at = *share;
        }
        self.shares[at].last_ns
    }

    /// Takes the next flow and whom it belongs to; [`FairQueue::served`] says then how long it took.
    pub fn next(&mut self) -> Option<(Flow, usize)> {
        loop {
            let mut at = ROOT;
            for _ in 0..LEVELS {
                let Reverse((served_ns, _, share)) = self.shares[at].waiting.pop()?;
                self.shares[at].level_ns = self.shares[at].level_ns.max(served_ns);
                self.shares[share].queued = false;
                at = share;
            }
            match self.shares[at].owner {
                Some(owner) => return Some((Flow(at), owner)),
                None => {
                    self.stand_again(at);
                    self.remove(at);
                }
            }
        }
    }

    /// The flow that was taken last was served for so long; it may have left meanwhile, but not waited again.
    pub fn served(&mut self, Flow(flow): Flow, spent_ns: u64) {
        let mut at = flow;
        self.shares[flow].last_ns = spent_ns;
        while at != ROOT {
            self.shares[at].served_ns += spent_ns;
            at = self.shares[at].parent;
        }
        self.stand_again(flow);
    }

    /// Those above a flow that was taken stand in their queues again if others below them wait.
    fn stand_again(&mut self, flow: usize) {
        let meter = self.shares[flow].parent;
        let peer = self.shares[meter].parent;
        for share in [meter, peer] {
            if !self.shares[share].waiting.is_empty() {
                self.enter(share);
            }
        }
    }

    /// A share stands in its parent's queue, and so on above.
    fn enter(&mut self, share: usize) {
        let mut at = share;
        while at != ROOT && !self.shares[at].queued {
            let parent = self.shares[at].parent;
            let earliest_ns = self.shares[parent].level_ns.saturating_sub(CREDIT_NS);
            self.arrivals += 1;
            let share = &mut self.shares[at];
            share.served_ns = share.served_ns.max(earliest_ns);
            share.queued = true;
            let entry = Reverse((share.served_ns, self.arrivals, at));
            self.shares[parent].waiting.push(entry);
            at = parent;
        }
    }

    fn add(&mut self, parent: usize) -> usize {
        let at = self.free.pop().unwrap_or_else(|| {
            self.shares.push(Share::default());
            self.shares.len() - 1
        });
        // Who is new has saved up nothing.
        let served_ns = self.shares[parent].level_ns;
        self.shares[at] = Share { parent, served_ns, ..Share::default() };
        self.shares[parent].members += 1;
        at
    }

    /// Takes a share out that does not wait, and those above that are empty then.
    fn remove(&mut self, share: usize) {
        let mut at = share;
        while at != ROOT && self.shares[at].members == 0 && !self.shares[at].queued && self.shares[at].owner.is_none() {
            match self.names.remove(&at) {
                Some((peer, Some(meter))) => drop(self.meters.remove(&(peer, meter))),
                Some((peer, None)) => drop(self.peers.remove(&peer)),
                None => {}
            }
            let parent = self.shares[at].parent;
            self.free.push(at);
            self.shares[parent].members -= 1;
            at = parent;
        }
    }
}

/// Who has one IPv6 address has the /64 around it.
pub fn network_of(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(ip) => IpAddr::V6((u128::from(ip) >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD_END: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));
    const COSTLY_NS: u64 = 600_000;

    /// Serves for so long; those in `always` wait again at once. Returns what each owner was served, ns.
    fn serve(queue: &mut FairQueue, for_ns: u64, cost_ns: impl Fn(usize) -> u64) -> BTreeMap<usize, u64> {
        let (mut served, mut total) = (BTreeMap::new(), 0);
        while total < for_ns {
            let (flow, owner) = queue.next().expect("all wait again");
            queue.served(flow, cost_ns(owner));
            *served.entry(owner).or_default() += cost_ns(owner);
            total += cost_ns(owner);
            queue.queue(flow);
        }
        served
    }

    #[test]
    fn one_peer_with_200_connections_gets_as_much_as_another_with_one() {
        let mut queue = FairQueue::new();
        for owner in 0..200 {
            let flow = queue.join(OTHER, owner as u64 + 1, owner);
            queue.queue(flow);
        }
        let one = queue.join(HEAD_END, 201, 200);
        queue.queue(one);
        let served = serve(&mut queue, 10_000_000_000, |owner| if owner == 200 { 10_000 } else { COSTLY_NS });
        // Half of ten seconds, give or take one costly answer.
        assert!(served[&200].abs_diff(5_000_000_000) <= COSTLY_NS, "{}", served[&200]);
    }

    #[test]
    fn meters_of_a_peer_share_evenly_whatever_the_connections_to_each() {
        let mut queue = FairQueue::new();
        for owner in 0..33 {
            // 32 connections to meter 1, one to meter 2.
            let flow = queue.join(HEAD_END, if owner < 32 { 1 } else { 2 }, owner);
            queue.queue(flow);
        }
        let served = serve(&mut queue, 1_000_000_000, |_| COSTLY_NS);
        assert!(served[&32].abs_diff(500_000_000) <= COSTLY_NS, "{}", served[&32]);
        // 500 ms over 32.
        assert!((0..32).all(|owner| served[&owner].abs_diff(500_000_000 / 32) <= COSTLY_NS));
    }

    #[test]
    fn who_asks_for_little_is_served_before_200_who_always_wait() {
        let mut queue = FairQueue::new();
        for owner in 0..200 {
            let flow = queue.join(HEAD_END, owner as u64 + 1, owner);
            queue.queue(flow);
        }
        let light = queue.join(HEAD_END, 201, 200);
        assert_eq!(queue.next_took_ns(), 0, "nobody was served yet");
        serve(&mut queue, 200 * COSTLY_NS, |_| COSTLY_NS);
        assert_eq!(queue.next_took_ns(), COSTLY_NS);
        // Ten requests, each after 20 others had their turn: served next each time.
        for _ in 0..10 {
            serve(&mut queue, 20 * COSTLY_NS, |_| COSTLY_NS);
            queue.queue(light);
            let (flow, owner) = queue.next().expect("it waits");
            assert_eq!((flow, owner), (light, 200));
            queue.served(flow, 10_000);
        }
    }

    #[test]
    fn who_has_paused_has_saved_up_no_more_than_the_credit() {
        let mut queue = FairQueue::new();
        let (busy, paused) = (queue.join(HEAD_END, 1, 0), queue.join(HEAD_END, 2, 1));
        queue.queue(busy);
        serve(&mut queue, 10_000_000_000, |_| 100_000);
        queue.queue(paused);
        let mut before = 0;
        while let Some((flow, 1)) = queue.next() {
            queue.served(flow, 100_000);
            queue.queue(flow);
            before += 1;
        }
        // 1 ms of credit in answers of 0.1 ms, and the one that it stands level with.
        assert!((10..=11).contains(&before), "{before}");
    }

    #[test]
    fn who_leaves_is_forgotten_even_while_it_waits() {
        let mut queue = FairQueue::new();
        let (gone, stays) = (queue.join(HEAD_END, 1, 0), queue.join(OTHER, 1, 1));
        queue.queue(gone);
        queue.queue(stays);
        queue.leave(gone);
        let (flow, owner) = queue.next().expect("one waits");
        assert_eq!((flow, owner), (stays, 1));
        queue.leave(flow);
        queue.served(flow, 1_000);
        assert!(queue.next().is_none() && queue.is_empty());
        assert_eq!((queue.peers.len(), queue.meters.len(), queue.names.len()), (0, 0, 0));
        assert_eq!(queue.free.len(), queue.shares.len() - 1, "all but the root are free");
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_peer() {
        let mut queue = FairQueue::new();
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        queue.join(address("fd00:1:2:3::1"), 1, 0);
        queue.join(address("fd00:1:2:3:ffff::9"), 1, 1);
        queue.join(address("fd00:1:2:4::1"), 1, 2);
        assert_eq!(queue.peers.len(), 2);
    }
}
