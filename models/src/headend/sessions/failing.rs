//! Several instances: who gets a session, and what becomes of those of one that fails.

use super::{Key, Sessions, Stage};
use amitwin_sim_core::SimTime;

/// Whose a message of a meter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This instance has the session that it belongs to.
    Instance(u16),
    /// Its session was lost.
    Lost,
    /// It belongs to no session that is open.
    Nobody,
}

impl Sessions {
    /// The instance that a balancer gives the next to; the first one if none runs.
    pub fn balanced(&mut self) -> u16 {
        let count = self.instances.len() as u16;
        let runs = |at: &u16| !self.instances[usize::from(*at)].is_down;
        let at = if self.least_loaded {
            (0..count).filter(runs).min_by_key(|&at| self.instances[usize::from(at)].load())
        } else {
            (0..count).map(|n| (self.turn + n) % count).find(runs)
        };
        let at = at.unwrap_or_default();
        self.turn = (at + 1) % count;
        at
    }

    /// Who has a session.
    pub fn owner(&self, key: Key) -> Owner {
        match self.all.get(&key) {
            Some(&Stage::Open { instance, .. }) => Owner::Instance(instance),
            Some(Stage::Lost) => Owner::Lost,
            Some(Stage::Waits { .. } | Stage::Away { .. }) | None => Owner::Nobody,
        }
    }

    /// Whether an instance runs.
    pub fn runs(&self, instance: u16) -> bool {
        !self.instances[usize::from(instance)].is_down
    }

    /// Instances that run.
    pub fn running(&self) -> u16 {
        self.instances.iter().filter(|instance| !instance.is_down).count() as u16
    }

    /// An instance fails: its sessions are lost, and those that wait there wait at others if a balancer says so.
    pub fn fails(&mut self, now: SimTime, at: u16) {
        self.look(now);
        self.instances[usize::from(at)].is_down = true;
        let open: Vec<(Key, SimTime)> = self
            .all
            .iter()
            .filter_map(|(&key, &stage)| match stage {
                Stage::Open { instance, since, .. } if instance == at => Some((key, since)),
                _ => None,
            })
            .collect();
        for (key, since) in open {
            if let Some(Stage::Open { router, .. }) = self.all.insert(key, Stage::Lost) {
                self.release(now, at, since, router);
                self.counts.lost += 1;
            }
        }
        self.move_on(now);
    }

    /// An instance is back.
    pub fn returns(&mut self, now: SimTime, at: u16) {
        self.instances[usize::from(at)].is_down = false;
        self.move_on(now);
    }

    /// Whoever waits at an instance that is down, and may wait elsewhere, does.
    fn move_on(&mut self, now: SimTime) {
        self.look(now);
        if self.running() > 0 {
            let mut waits: Vec<(super::Rank, Key)> = self
                .all
                .iter()
                .filter_map(|(&key, stage)| match stage {
                    Stage::Waits { rank, instance, asked, .. } if asked.shard.is_none() && !self.runs(*instance) => {
                        Some((*rank, key))
                    }
                    _ => None,
                })
                .collect();
            waits.sort_unstable();
            for (_, key) in waits {
                let to = self.balanced();
                let Some(Stage::Waits { rank, instance, asked, .. }) = self.all.get_mut(&key) else { continue };
                let (rank, router, from) = (*rank, asked.router, std::mem::replace(instance, to));
                self.instances[usize::from(from)].leave(router, rank);
                self.instances[usize::from(to)].enter(router, rank, key);
                self.refresh(router);
            }
        }
        self.pump(now);
    }
}
