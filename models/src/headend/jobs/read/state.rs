//! What of a read job changes in a run: where each border router's round is, and reads under way.

use super::{Group, Read, Transaction};
use crate::check::{ensure, same_count};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Where the meters behind one border router are.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Place {
    rounds: u32,
    at: usize,
    left: u16,
    wakes_at: SimTime,
    due: VecDeque<u32>,
}

/// A read job in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    places: Vec<Place>,
    under_way: BTreeMap<u32, Transaction>,
}

impl Read {
    /// What changes in a run.
    pub(in crate::headend::jobs) fn saved(&self) -> State {
        let place =
            |g: &Group| Place { rounds: g.rounds, at: g.at, left: g.left, wakes_at: g.wakes_at, due: g.due.clone() };
        let places = self.groups.iter().map(place);
        State { places: places.collect(), under_way: self.under_way.clone() }
    }

    /// Goes on from what was saved.
    pub(in crate::headend::jobs) fn take_over(&mut self, state: State) -> Result<(), String> {
        same_count("read: border routers", state.places.len(), self.groups.len())?;
        for (n, (place, group)) in state.places.iter().zip(&self.groups).enumerate() {
            let meters = group.meters.len();
            ensure(place.at <= meters && (place.rounds > 0 || place.at == meters), || {
                format!("read: border router {n} is at meter {} of {meters} of round {}", place.at, place.rounds)
            })?;
        }
        for (read, transaction) in &state.under_way {
            let group = self.groups.get(transaction.turn.group as usize);
            let known = group.is_some_and(|group| group.meters.contains(&transaction.turn.meter));
            ensure(known, || format!("read: number {read} is of a meter that is not here"))?;
        }
        for (group, place) in self.groups.iter_mut().zip(state.places) {
            (group.rounds, group.at, group.wakes_at, group.under_way) = (place.rounds, place.at, place.wakes_at, 0);
            (group.left, group.due) = (place.left, place.due);
        }
        for transaction in state.under_way.values().filter(|transaction| !transaction.pauses) {
            let under_way = &mut self.groups[transaction.turn.group as usize].under_way;
            *under_way = under_way.saturating_add(1);
        }
        self.under_way = state.under_way;
        Ok(())
    }
}
