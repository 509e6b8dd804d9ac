//! The row of each meter, once.

use super::flood::Told;
use super::{Dialogue, Talked, Tools, Topic};
use crate::books::TransactionId;
use crate::headend::links::Lack;
use amitwin_data::rows::{Added, Outcome, TransactionRow};
use amitwin_sim_core::SimTime;
use std::collections::BTreeMap;

impl Dialogue {
    /// What came of a meter.
    pub(super) fn record(
        &mut self,
        tools: &mut Tools<'_>,
        talked: &Talked,
        outcome: Outcome,
        answered: Option<SimTime>,
    ) {
        let position = talked.position as usize;
        self.state.done[position / 64] |= 1 << (position % 64);
        let counts = &mut tools.statistics.commands;
        counts.told_again += u64::from(talked.told == Told::Again);
        match self.topic {
            Topic::Time { .. } => counts.clocks_set += u64::from(talked.changed),
            Topic::Keys { .. } if outcome == Outcome::Ok => {
                counts.keys_changed += 1;
                counts.keys_recovered += u64::from(talked.recovers);
            }
            _ => {}
        }
        let meter = self.meters[position];
        let (job, kind) = (self.job, self.topic.kind());
        let round = self.state.rounds.get(position).copied().unwrap_or(self.state.round);
        let id = TransactionId::Turn { kind, job, round, meter };
        tools.rows.transactions.push(TransactionRow {
            transaction: id.number(),
            campaign: self.name.clone(),
            gateway: tools.network.gateway[meter.at()].0,
            sent_s: talked.sent.map(SimTime::secs_f64),
            answered_s: answered.map(SimTime::secs_f64),
            outcome,
            attempts: talked.attempts,
            hops: (talked.hops > 0).then_some(talked.hops),
            hops_made: (talked.hops > 0).then_some(talked.hops),
            bytes: talked.bytes,
            held_by: Added(talked.lack.map(Lack::in_tables)),
            clock_off_s: Added(talked.off_s),
            wave: Added(self.waves.number(position)),
            ..TransactionRow::new(id.kind(), meter.0, talked.planned.secs_f64())
        });
    }

    /// Meters whose turn has come and who wait, where turns come by the state of each meter.
    fn record_waiting(&mut self, tools: &mut Tools<'_>) {
        let queued = std::mem::take(&mut self.state.queue);
        for (position, planned, lack) in queued {
            self.record(tools, &self.talked(position, planned, lack), Outcome::Pending, None);
        }
        for waiting in self.held.rest() {
            let talked = self.talked(waiting.index, waiting.since, Some(waiting.lack));
            self.record(tools, &talked, Outcome::LeftOut, None);
        }
    }

    /// Meters whose turn has not come, or who wait for others or for their links, when the run ends.
    pub(super) fn record_rest(&mut self, tools: &mut Tools<'_>) {
        if self.topic.comes_again() {
            return self.record_waiting(tools);
        }
        let held: BTreeMap<u32, Lack> = self.held.rest().iter().map(|waiting| (waiting.index, waiting.lack)).collect();
        for (wave, positions) in (0..).zip(self.turns.clone()) {
            for (place, position) in (0..).zip(positions) {
                let at = position as usize;
                if self.state.done[at / 64] >> (at % 64) & 1 == 1 {
                    continue;
                }
                let lack = held.get(&position).copied();
                let is_reachable = tools.network.reachable[self.meters[at].at()];
                let outcome = match lack {
                    _ if !is_reachable => Outcome::Unreachable,
                    _ if self.state.halted => Outcome::Halted,
                    Some(_) => Outcome::LeftOut,
                    None => Outcome::Pending,
                };
                let planned = if wave == self.state.wave { self.planned(place) } else { self.round_at() };
                self.record(tools, &self.talked(position, planned, lack), outcome, None);
            }
        }
    }
}
