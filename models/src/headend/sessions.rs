//! Sessions with meters: who has a permit, who waits for one or for the pace, and who was refused and comes again.
//!
//! A session is known by what it is about and with whom. It waits at its instance of the head-end, by priority and then by when it came; a border
//! router that is full holds back its own meters alone. This room knows no engine: it is told what happens, and says whom to tell of it and when it
//! wants to be woken.

mod failing;
mod instance;
mod state;

pub use failing::Owner;
pub use instance::Instance;
pub use state::State;

use super::Event;
use crate::apdu::Ask;
use crate::backhaul::DownKind;
use crate::node::SiteId;
use crate::spec::{Balance, HeadEndSpec, PRIORITY_USUAL, PermitsSpec};
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use instance::Rank;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a session is about, and with whom.
pub type Key = (DownKind, SiteId);

/// What a job wants to say to a meter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// What.
    pub ask: Ask,
    /// Of its job; the highest goes first.
    pub priority: u8,
    /// Border router of the meter.
    pub router: SiteId,
    /// When it was asked first, however often it has been refused since.
    pub came: SimTime,
    /// The instance that it belongs to; without one a balancer says.
    pub shard: Option<u16>,
}

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Stage {
    /// At an instance since then.
    Waits { rank: Rank, instance: u16, since: SimTime, asked: Asked },
    /// Refused; it comes again under this number.
    Away { number: u32, asked: Asked },
    /// With a permit of an instance since then.
    Open { instance: u16, since: SimTime, router: SiteId },
    /// Its instance has failed.
    Lost,
}

/// What has happened since the last look. Times are summed over sessions, ns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Begun.
    pub begun: u32,
    /// Refused because they had waited for too long.
    pub refused: u32,
    /// Asked for by a job because the one before was not answered.
    pub retried: u32,
    /// Lost with their instance.
    pub lost: u32,
    /// Most that were open at a time.
    pub open_max: u32,
    /// Most that waited at a time.
    pub waiting_max: u32,
    /// The longest that one waited which began, with the times for which it was away.
    pub wait_max: SimTime,
}

/// What a whole run comes to, for who wants to hold Little's law against it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Number of those that waited, over time; ns times sessions.
    pub queue_ns: u128,
    /// How long each waited, whatever became of it.
    pub waited_ns: u128,
    /// Number of those that were open, over time.
    pub open_ns: u128,
    /// How long each was open.
    pub held_ns: u128,
}

/// All sessions of the head-end.
#[derive(Debug)]
pub struct Sessions {
    permits: Option<PermitsSpec>,
    /// Between two that begin at an instance.
    apart: SimTime,
    /// Of the times after which refused ones come again.
    key: u64,
    draws: u64,
    all: BTreeMap<Key, Stage>,
    instances: Vec<Instance>,
    /// Open behind each border router.
    routers: BTreeMap<SiteId, u32>,
    /// Those that wait or are away, by number.
    numbers: BTreeMap<u32, Key>,
    next_number: u32,
    /// Whose turn is next with a balancer that gives each its turn.
    turn: u16,
    least_loaded: bool,
    open: u32,
    waiting: u32,
    counts: Counts,
    sums: Sums,
    looked: SimTime,
    /// That may begin now, in order: to be taken by who says what they want to say.
    pub granted: std::collections::VecDeque<(Key, Ask)>,
    /// To be woken then.
    pub wakes: Vec<(SimTime, Event)>,
}

impl Sessions {
    /// None yet.
    pub fn new(spec: &HeadEndSpec, key: u64) -> Sessions {
        Sessions {
            permits: spec.permits.clone(),
            apart: spec.sessions_per_second.map_or(SimTime::ZERO, |rate| SimTime::from_secs_f64(1.0 / rate)),
            key,
            draws: 0,
            all: BTreeMap::new(),
            instances: (0..spec.instances).map(|_| Instance::default()).collect(),
            turn: 0,
            least_loaded: spec.balance == Balance::LeastLoaded,
            routers: BTreeMap::new(),
            numbers: BTreeMap::new(),
            next_number: 0,
            open: 0,
            waiting: 0,
            counts: Counts::default(),
            sums: Sums::default(),
            looked: SimTime::ZERO,
            granted: std::collections::VecDeque::new(),
            wakes: Vec::new(),
        }
    }

    /// A job wants to say something: at once in a session that is open, else as soon as one may be. What may be said now is in `granted`.
    pub fn ask(&mut self, now: SimTime, key: Key, asked: Asked) {
        match self.all.get_mut(&key) {
            Some(Stage::Open { .. }) => self.granted.push_back((key, asked.ask)),
            Some(Stage::Waits { asked: old, .. } | Stage::Away { asked: old, .. }) => old.ask = asked.ask,
            Some(Stage::Lost) | None => {
                self.enqueue(now, key, asked);
            }
        }
    }

    /// An open session goes on with something else; one that is not open is over.
    pub fn go_on(&mut self, now: SimTime, from: Key, to: Key) {
        match self.all.get(&from) {
            Some(&open @ Stage::Open { .. }) => {
                self.all.remove(&from);
                self.all.insert(to, open);
            }
            _ => self.close(now, from),
        }
    }

    /// The job's word that it is over: it was answered, or is given up.
    pub fn close(&mut self, now: SimTime, key: Key) {
        self.look(now);
        match self.all.remove(&key) {
            Some(Stage::Waits { rank, instance, since, asked }) => {
                self.leave(now, rank, instance, since, asked.router);
                self.numbers.remove(&rank.1);
            }
            Some(Stage::Away { number, .. }) => {
                self.numbers.remove(&number);
            }
            Some(Stage::Open { instance, since, router }) => {
                self.release(now, instance, since, router);
                self.pump(now);
            }
            Some(Stage::Lost) | None => {}
        }
    }

    /// The pace of an instance allows the next one.
    pub fn paced(&mut self, now: SimTime, instance: u16) {
        self.instances[usize::from(instance)].wakes_at = None;
        self.pump(now);
    }

    /// One has waited for as long as it may.
    pub fn waited(&mut self, now: SimTime, number: u32) {
        self.look(now);
        let (Some(&key), Some(permits)) = (self.numbers.get(&number), &self.permits) else { return };
        let Some(&Stage::Waits { rank, instance, since, asked }) = self.all.get(&key) else { return };
        let (from, to) = if is_urgent(asked.priority) { permits.urgent_again } else { permits.again };
        let unit = Stream::resume(self.key, self.draws).unit();
        self.draws += 1;
        let after = from + SimTime::from_nanos((unit * to.saturating_sub(from).nanos() as f64) as u64);
        self.leave(now, rank, instance, since, asked.router);
        self.counts.refused += 1;
        self.all.insert(key, Stage::Away { number, asked });
        self.wakes.push((now + after, Event::Again { number }));
    }

    /// One that was refused comes again.
    pub fn again(&mut self, now: SimTime, number: u32) {
        let Some(&key) = self.numbers.get(&number) else { return };
        let Some(&Stage::Away { asked, .. }) = self.all.get(&key) else { return };
        self.numbers.remove(&number);
        self.enqueue(now, key, asked);
    }

    /// Somebody comes, and begins at once where nothing is in the way.
    fn enqueue(&mut self, now: SimTime, key: Key, asked: Asked) {
        self.look(now);
        let instance = asked.shard.unwrap_or_else(|| self.balanced());
        let number = self.next_number;
        self.next_number = self.next_number.wrapping_add(1);
        self.numbers.insert(number, key);
        let rank = (u8::MAX - asked.priority, number);
        self.all.insert(key, Stage::Waits { rank, instance, since: now, asked });
        self.instances[usize::from(instance)].enter(asked.router, rank, key);
        self.refresh(asked.router);
        self.waiting += 1;
        self.pump(now);
        self.counts.waiting_max = self.counts.waiting_max.max(self.waiting);
        let permits = self.permits.as_ref().filter(|_| self.numbers.contains_key(&number));
        if let Some(permits) = permits {
            let wait = if is_urgent(asked.priority) { permits.urgent_wait } else { permits.wait };
            self.wakes.push((now + wait, Event::Waited { number }));
        }
    }

    /// Takes one out of its queue.
    fn leave(&mut self, now: SimTime, rank: Rank, instance: u16, since: SimTime, router: SiteId) {
        self.instances[usize::from(instance)].leave(router, rank);
        self.refresh(router);
        self.waiting -= 1;
        self.sums.waited_ns += u128::from((now - since).nanos());
    }

    /// Whether somebody behind a border router is next, now that something has changed there.
    fn refresh(&mut self, router: SiteId) {
        let most = self.permits.as_ref().and_then(|permits| permits.per_router).unwrap_or(u32::MAX);
        let has_room = self.routers.get(&router).is_none_or(|&open| open < most);
        for instance in &mut self.instances {
            instance.refresh(router, has_room);
        }
    }

    fn release(&mut self, now: SimTime, instance: u16, since: SimTime, router: SiteId) {
        self.open -= 1;
        self.instances[usize::from(instance)].open -= 1;
        self.sums.held_ns += u128::from((now - since).nanos());
        if let Some(open) = self.routers.get_mut(&router) {
            *open -= 1;
        }
        self.refresh(router);
    }

    /// Begins whatever may begin.
    fn pump(&mut self, now: SimTime) {
        for at in 0..self.instances.len() as u16 {
            while let Some(key) = self.next(now, at) {
                self.begin(now, at, key);
            }
        }
    }

    /// Who begins next at an instance, if anybody may now.
    fn next(&mut self, now: SimTime, at: u16) -> Option<Key> {
        let most = self.permits.as_ref().map_or(u32::MAX, |permits| permits.open);
        let instance = &mut self.instances[usize::from(at)];
        let key = instance.first().filter(|_| instance.open < most && !instance.is_down)?;
        if now < instance.next {
            if instance.wakes_at.is_none() {
                instance.wakes_at = Some(instance.next);
                self.wakes.push((instance.next, Event::Paced { instance: at }));
            }
            return None;
        }
        instance.next = now + self.apart;
        Some(key)
    }

    fn begin(&mut self, now: SimTime, at: u16, key: Key) {
        let Some(&Stage::Waits { rank, instance, since, asked }) = self.all.get(&key) else { return };
        self.look(now);
        self.numbers.remove(&rank.1);
        *self.routers.entry(asked.router).or_default() += 1;
        self.leave(now, rank, instance, since, asked.router);
        self.open += 1;
        self.instances[usize::from(at)].open += 1;
        self.all.insert(key, Stage::Open { instance: at, since: now, router: asked.router });
        self.counts.begun += 1;
        self.counts.open_max = self.counts.open_max.max(self.open);
        self.counts.wait_max = self.counts.wait_max.max(now - asked.came);
        self.granted.push_back((key, asked.ask));
    }

    fn look(&mut self, now: SimTime) {
        let since = u128::from(now.saturating_sub(self.looked).nanos());
        self.sums.queue_ns += since * u128::from(self.waiting);
        self.sums.open_ns += since * u128::from(self.open);
        self.looked = now;
    }

    /// A job asks again.
    pub fn retried(&mut self) {
        self.counts.retried += 1;
    }

    /// Open now.
    pub fn open(&self) -> u32 {
        self.open
    }

    /// Those that wait for a permit or their turn now.
    pub fn waiting(&self) -> u32 {
        self.waiting
    }

    /// What has happened since this was asked last.
    pub fn take_counts(&mut self) -> Counts {
        let now = Counts { open_max: self.open, waiting_max: self.waiting, ..Counts::default() };
        std::mem::replace(&mut self.counts, now)
    }

    /// Sums up to the last thing that happened.
    pub fn sums(&self) -> Sums {
        self.sums
    }
}

/// Whether a job of this priority is urgent.
pub fn is_urgent(priority: u8) -> bool {
    priority > PRIORITY_USUAL
}
