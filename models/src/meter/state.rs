//! What of the meters changes in a run: power and reports, what their DLMS servers keep, answers that wait, resets done.

use super::servers::Saved;
use super::{Meter, Meters, clock, health, outage};
use crate::apdu::Fate;
use crate::check::{Bounds, ensure, same_count};
use crate::medium::message::Message;
use crate::node::{Node, PerNode, SiteId};
use crate::slab::Slab;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The meters in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    meters: PerNode<Meter>,
    kept: Option<Saved>,
    clocks: Option<clock::Kept>,
    watches: Option<health::Kept>,
    reserves: Option<outage::Kept>,
    answers: Slab<Message>,
    resets: Vec<(u16, SiteId, SimTime)>,
    obeyed: BTreeSet<(Node, u16)>,
    fates: Vec<(u16, SiteId, Fate)>,
}

impl Meters {
    /// What changes in a run.
    pub fn save(&self) -> State {
        State {
            meters: self.meters.clone(),
            kept: self.servers.as_ref().map(|servers| servers.save()),
            clocks: self.servers.as_ref().and_then(|servers| Some(servers.clocks.as_ref()?.save())),
            watches: self.watches.as_ref().map(|watches| watches.save()),
            reserves: self.reserves.as_ref().map(|reserves| reserves.save()),
            answers: self.answers.clone(),
            resets: self.resets.clone(),
            obeyed: self.obeyed.clone(),
            fates: self.fates.clone(),
        }
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is not of these meters.
    pub fn restore(&mut self, state: State, bounds: &Bounds) -> Result<(), String> {
        same_count("meter: nodes", state.meters.len(), self.meters.len())?;
        for (n, (saved, here)) in state.meters.0.iter().zip(&self.meters.0).enumerate() {
            let fits = saved.measures == here.measures && usize::from(saved.back_due) <= bounds.jobs;
            ensure(fits, || format!("meter: node {n} is of another kind, or back from a job that there is not"))?;
        }
        state.answers.check("meter: answers")?;
        let answers = state.answers.iter().all(|message| message.fits(bounds));
        ensure(answers, || "meter: an answer is for somebody who is not here".to_owned())?;
        let images = self.servers.as_ref().map_or(&[][..], |servers| &servers.cosem().images);
        let is_job = |job: u16| bounds.is_job(job) || images.iter().any(|image| image.job == job);
        let resets = state.resets.iter().all(|reset| is_job(reset.0)) && state.fates.iter().all(|of| is_job(of.0));
        ensure(resets, || "meter: a reset is of a job that there is not".to_owned())?;
        let obeyed = state.obeyed.iter().all(|&(node, job)| bounds.is_own(node) && bounds.is_job(job));
        ensure(obeyed, || "meter: a command carried out is of a job or to a meter that there is not".to_owned())?;
        match (state.kept, &mut self.servers) {
            (Some(kept), Some(servers)) => servers.restore(kept)?,
            (None, None) => {}
            _ => return Err("meter: DLMS servers are only saved, or only here".to_owned()),
        }
        let clocks = self.servers.as_mut().and_then(|servers| servers.clocks.as_mut());
        match (state.clocks, clocks) {
            (Some(kept), Some(clocks)) => clocks.restore(kept)?,
            (None, None) => {}
            _ => return Err("meter: clocks drift in one and not in the other".to_owned()),
        }
        match (state.watches, &mut self.watches) {
            (Some(kept), Some(watches)) => watches.restore(kept)?,
            (None, None) => {}
            _ => return Err("meter: values are watched in one and not in the other".to_owned()),
        }
        match (state.reserves, &mut self.reserves) {
            (Some(kept), Some(reserves)) => reserves.restore(kept)?,
            (None, None) => {}
            _ => return Err("meter: capacitors are only saved, or only here".to_owned()),
        }
        (self.meters, self.answers) = (state.meters, state.answers);
        (self.resets, self.fates, self.obeyed) = (state.resets, state.fates, state.obeyed);
        Ok(())
    }

    /// Reset jobs that they know of.
    pub fn jobs(&self) -> usize {
        self.plan.resets.len()
    }
}
