//! Meters of a campaign that wait for their links, or for themselves, to become what it asks for.

use super::Tools;
use crate::check::ensure;
use crate::headend::links::Lack;
use crate::node::SiteId;
use crate::spec::{Condition, WavesSpec};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// A meter of a job whose turn has come and whose link is not what it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// Which, as the job counts its meters.
    pub index: u32,
    /// When its turn came.
    pub since: SimTime,
    /// What its link lacked when it was last looked at.
    pub lack: Lack,
}

/// What becomes of a meter whose turn has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gate {
    /// It has its turn.
    Open,
    /// It waits.
    Waits,
    /// Nobody waits.
    LeftOut(Waiting),
}

/// The waiting meters of a job.
#[derive(Debug)]
pub struct Held {
    only_when: Option<Condition>,
    wait: Option<SimTime>,
    waiting: Vec<Waiting>,
}

/// What became of waiting meters when links were looked at again.
#[derive(Debug, Default, PartialEq)]
pub struct Looked {
    /// Their turn has come: when, in the order of their waiting.
    pub released: Vec<(SimTime, Waiting)>,
    /// They have waited for as long as they may.
    pub left_out: Vec<Waiting>,
}

impl Held {
    /// Nobody waits yet for what a campaign asks for.
    pub fn new(spec: &WavesSpec) -> Held {
        Held { only_when: spec.only_when.clone(), wait: spec.wait, waiting: Vec::new() }
    }

    /// Whether a meter whose turn has come has to wait, and does so from now on, or is left out.
    pub fn gate(&mut self, tools: &Tools<'_>, now: SimTime, index: u32, meter: SiteId) -> Gate {
        let lack = self.only_when.as_ref().and_then(|condition| tools.holds_back(condition, meter, now));
        match lack {
            None => Gate::Open,
            Some(lack) if self.wait == Some(SimTime::ZERO) => Gate::LeftOut(Waiting { index, since: now, lack }),
            Some(lack) => {
                self.waiting.push(Waiting { index, since: now, lack });
                Gate::Waits
            }
        }
    }

    /// Looks at the links of all who wait. Those that are released have their turns evenly until links are told of again, so that not all come at once.
    pub fn look(&mut self, tools: &Tools<'_>, now: SimTime, meter: impl Fn(u32) -> SiteId) -> Looked {
        let mut looked = Looked::default();
        let Some(condition) = &self.only_when else { return looked };
        let wait = self.wait;
        let mut well = Vec::new();
        self.waiting.retain_mut(|waiting| {
            if wait.is_some_and(|wait| now > waiting.since + wait) {
                looked.left_out.push(*waiting);
                return false;
            }
            match tools.holds_back(condition, meter(waiting.index), now) {
                Some(lack) => {
                    waiting.lack = lack;
                    true
                }
                None => {
                    well.push(*waiting);
                    false
                }
            }
        });
        let gap_ns = tools.network.health_every.nanos() / (well.len() as u64 + 1);
        let turns = (1..).map(|n| now + SimTime::from_nanos(gap_ns * n));
        looked.released = turns.zip(well).collect();
        looked
    }

    /// Whether anybody waits.
    pub fn any(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Who still waits at the end of the run, or when the job is halted.
    pub fn rest(&mut self) -> Vec<Waiting> {
        std::mem::take(&mut self.waiting)
    }

    /// What changes in a run.
    pub fn save(&self) -> Vec<Waiting> {
        self.waiting.clone()
    }

    /// Goes on from what was saved, among so many meters.
    ///
    /// # Errors
    /// It is about a meter that is not here.
    pub fn restore(&mut self, waiting: Vec<Waiting>, meters: usize) -> Result<(), String> {
        let known = waiting.iter().all(|waiting| (waiting.index as usize) < meters);
        ensure(known, || "campaign: a meter that waits is not here".to_owned())?;
        self.waiting = waiting;
        Ok(())
    }
}
