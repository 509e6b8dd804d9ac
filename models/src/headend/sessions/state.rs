//! Sessions in the middle of a run: how far each is, from which all else follows.

use super::{Counts, Instance, Key, Sessions, Stage, Sums};
use crate::check::{ensure, same_count};
use crate::node::SiteId;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Sessions in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    all: BTreeMap<Key, Stage>,
    /// Of each instance: no next session before this, when it is woken, and whether it is down.
    paces: Vec<(SimTime, Option<SimTime>, bool)>,
    turn: u16,
    next_number: u32,
    draws: u64,
    counts: Counts,
    sums: Sums,
    looked: SimTime,
}

impl State {
    /// Of what and with whom they are.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        self.all.keys().copied()
    }
}

impl Sessions {
    /// What changes in a run.
    pub fn save(&self) -> State {
        State {
            all: self.all.clone(),
            paces: self.instances.iter().map(|of| (of.next, of.wakes_at, of.is_down)).collect(),
            turn: self.turn,
            next_number: self.next_number,
            draws: self.draws,
            counts: self.counts,
            sums: self.sums,
            looked: self.looked,
        }
    }

    /// Goes on from what was saved; `router` is that of each site.
    ///
    /// # Errors
    /// It is not of this head-end.
    pub fn restore(&mut self, state: State, router: &[SiteId], routers: &[SiteId]) -> Result<(), String> {
        same_count("head-end: instances", state.paces.len(), self.instances.len())?;
        let instances = state.paces.len();
        let wrong = |what: &str, key: &Key| format!("head-end: the session {key:?} {what}");
        (self.routers, self.numbers) = (BTreeMap::new(), BTreeMap::new());
        (self.open, self.waiting) = (0, 0);
        self.instances = state.paces.iter().map(|&pace| Instance::idle(pace)).collect();
        ensure(usize::from(state.turn) < instances, || "head-end: it is the turn of no instance".to_owned())?;
        self.turn = state.turn;
        let mut behind = Vec::new();
        for (key, stage) in &state.all {
            let its = *router.get(key.1.at()).ok_or_else(|| wrong("is with nobody", key))?;
            let (instance, of) = match *stage {
                Stage::Waits { rank, instance, since, asked } => {
                    ensure(asked.came <= since && since <= state.looked, || wrong("waits since later", key))?;
                    ensure(self.numbers.insert(rank.1, *key).is_none(), || wrong("has a number of another", key))?;
                    if let Some(at) = self.instances.get_mut(usize::from(instance)) {
                        at.enter(asked.router, rank, *key);
                    }
                    self.waiting += 1;
                    (instance, asked.router)
                }
                Stage::Away { number, asked } => {
                    ensure(asked.came <= state.looked, || wrong("waits since later", key))?;
                    ensure(self.numbers.insert(number, *key).is_none(), || wrong("has a number of another", key))?;
                    (0, asked.router)
                }
                Stage::Open { instance, since, router } => {
                    ensure(since <= state.looked, || wrong("is open since later", key))?;
                    if let Some(at) = self.instances.get_mut(usize::from(instance)) {
                        at.open += 1;
                    }
                    *self.routers.entry(router).or_default() += 1;
                    self.open += 1;
                    (instance, router)
                }
                Stage::Lost => (0, its),
            };
            ensure(usize::from(instance) < instances, || wrong("is at an instance that there is not", key))?;
            ensure(routers.binary_search(&of).is_ok(), || wrong("is behind no border router", key))?;
            behind.push(of);
        }
        self.all = state.all;
        behind.sort_unstable();
        behind.dedup();
        for router in behind {
            self.refresh(router);
        }
        (self.next_number, self.draws) = (state.next_number, state.draws);
        (self.counts, self.sums, self.looked) = (state.counts, state.sums, state.looked);
        Ok(())
    }

    /// Whether there is such an instance.
    pub fn has(&self, instance: u16) -> bool {
        usize::from(instance) < self.instances.len()
    }
}
