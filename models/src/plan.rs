//! What the meters of a run know beforehand of the reset jobs: who resets when, how deep, and how they tell that they are back.
//!
//! Worked out before the run by [`crate::headend::jobs::reset::schedule`], read by meters; a command names the job, not
//! the time.

use crate::node::SiteId;
use crate::spec::{BackSign, ResetTier};
use amitwin_sim_core::SimTime;
use std::sync::Arc;

/// All reset jobs of a run.
#[derive(Debug, Default)]
pub struct Plan {
    /// By number of the job: the head-end numbers its resets first, in the order of the scenario.
    pub resets: Vec<ResetPlan>,
}

/// One reset job, worked out.
#[derive(Debug)]
pub struct ResetPlan {
    /// Name.
    pub name: Arc<str>,
    /// Start of its schedule.
    pub at: SimTime,
    /// Length of the schedule: from its start to the last planned reset at the most.
    pub window: SimTime,
    /// Depth.
    pub tier: ResetTier,
    /// What tells the head-end that a meter is back.
    pub back: BackSign,
    /// The meters, ascending.
    pub meters: Vec<SiteId>,
    /// Planned reset of each; at the earliest, where it has to wait for its wave or its link.
    pub times: Vec<SimTime>,
}

impl Plan {
    /// A reset job by its number.
    pub fn reset(&self, job: u16) -> &ResetPlan {
        &self.resets[usize::from(job)]
    }

    /// When a job wants a meter to reset; `None` if the meter is not part of it.
    pub fn reset_time(&self, job: u16, meter: SiteId) -> Option<SimTime> {
        let reset = self.resets.get(usize::from(job))?;
        reset.position(meter).map(|at| reset.times[at])
    }
}

impl ResetPlan {
    /// Position of a meter in the job.
    pub fn position(&self, meter: SiteId) -> Option<usize> {
        self.meters.binary_search(&meter).ok()
    }
}
