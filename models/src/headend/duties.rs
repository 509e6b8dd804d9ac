//! What a head-end has to do in a run.

use super::jobs::technicians::Field;
use crate::node::SiteId;
use crate::plan::Plan;
use crate::spec::{CampaignSpec, Condition, EventSpec, HeadEndSpec, KeepAliveSpec, PollSpec, Version};
use amitwin_sim_core::SimTime;
use std::sync::Arc;

/// What a head-end has to do in a run.
#[derive(Clone, Copy, Debug)]
pub struct Duties<'a> {
    /// Campaigns.
    pub campaigns: &'a [CampaignSpec],
    /// Their resets, worked out.
    pub plan: &'a Arc<Plan>,
    /// Read schedules.
    pub reads: &'a [PollSpec],
    /// The meters that are read, ascending.
    pub meters: &'a [SiteId],
    /// Firmware of the communication boards of each kind of meter, as delivered.
    pub delivered: &'a [Version],
    /// Keep-alives that they send, if they do.
    pub keep_alive: Option<&'a KeepAliveSpec>,
    /// Simulated time of the run.
    pub duration: SimTime,
    /// Limits, if there are some.
    pub limits: Option<&'a HeadEndSpec>,
    /// Instances that fail, if it has limits.
    pub failures: &'a [Failure],
    /// Crews, if there are some.
    pub technicians: Option<&'a Field>,
    /// What meters' clocks show as the run begins, since midnight.
    pub begins_of_day: SimTime,
    /// Seed of the run.
    pub seed: u64,
}

/// What jobs ask of links and meters.
pub(super) fn conditions<'a>(
    campaigns: &'a [CampaignSpec],
    reads: &'a [PollSpec],
) -> impl Iterator<Item = &'a Condition> {
    let of_campaigns = campaigns.iter().filter_map(CampaignSpec::only_when);
    of_campaigns.chain(reads.iter().filter_map(|read| read.only_when.as_ref()))
}

/// Whether jobs ask something of links, so that border routers are to tell of them.
pub fn ask_of_links(campaigns: &[CampaignSpec], reads: &[PollSpec]) -> bool {
    conditions(campaigns, reads).any(Condition::is_of_links)
}

/// An instance of the head-end fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When.
    pub at: SimTime,
    /// When it is back, if it is.
    pub end: Option<SimTime>,
    /// Which.
    pub instance: u16,
}

impl Failure {
    /// Those of the events of a scenario.
    pub fn of(events: &[EventSpec]) -> Vec<Failure> {
        let failure =
            |event: &EventSpec| Some(Failure { at: event.at, end: event.end(), instance: event.act.instance()? });
        events.iter().filter_map(failure).collect()
    }
}
