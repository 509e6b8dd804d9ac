//! One instance of the head-end: who waits there, behind which border router, and how many sessions it has.

use super::Key;
use crate::node::SiteId;
use amitwin_sim_core::SimTime;
use std::collections::BTreeMap;

/// Whose turn is before whose: the higher priority first, then the smaller number.
pub type Rank = (u8, u32);

/// Who waits behind one border router.
#[derive(Debug, Default)]
struct Queue {
    waiting: BTreeMap<Rank, Key>,
    /// The first of them, if it stands among the heads.
    head: Option<Rank>,
}

/// An instance.
#[derive(Debug, Default)]
pub struct Instance {
    /// It has failed and is not back.
    pub is_down: bool,
    /// Sessions that it has.
    pub open: u32,
    /// No next one begins before this.
    pub next: SimTime,
    /// It is woken then because somebody waits for that.
    pub wakes_at: Option<SimTime>,
    queues: BTreeMap<SiteId, Queue>,
    /// The first behind each border router that has room.
    heads: BTreeMap<Rank, SiteId>,
    waiting: u32,
}

impl Instance {
    /// Without sessions.
    pub fn idle((next, wakes_at, is_down): (SimTime, Option<SimTime>, bool)) -> Instance {
        Instance { next, wakes_at, is_down, ..Instance::default() }
    }

    /// Somebody comes; `refresh` is to follow.
    pub fn enter(&mut self, router: SiteId, rank: Rank, key: Key) {
        self.queues.entry(router).or_default().waiting.insert(rank, key);
        self.waiting += 1;
    }

    /// Somebody leaves; `refresh` is to follow.
    pub fn leave(&mut self, router: SiteId, rank: Rank) {
        if let Some(queue) = self.queues.get_mut(&router) {
            self.waiting -= u32::from(queue.waiting.remove(&rank).is_some());
        }
    }

    /// Puts the first behind a border router among the heads, or takes it away where there is no room.
    pub fn refresh(&mut self, router: SiteId, has_room: bool) {
        let Some(queue) = self.queues.get_mut(&router) else { return };
        let head = queue.waiting.first_key_value().map(|(&rank, _)| rank).filter(|_| has_room);
        if head != queue.head {
            if let Some(old) = queue.head {
                self.heads.remove(&old);
            }
            if let Some(new) = head {
                self.heads.insert(new, router);
            }
            queue.head = head;
        }
        if queue.waiting.is_empty() {
            self.queues.remove(&router);
        }
    }

    /// Who is first of all whose border routers have room.
    pub fn first(&self) -> Option<Key> {
        let (rank, router) = self.heads.first_key_value()?;
        self.queues.get(router)?.waiting.get(rank).copied()
    }

    /// Sessions that it has, and those that wait there.
    pub fn load(&self) -> u32 {
        self.open + self.waiting
    }
}
