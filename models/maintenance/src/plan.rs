//! Runs a plan: depots side by side, a year at a time.

use crate::condition::Condition;
use crate::depot::Depot;
use crate::spec::PlanSpec;
use crate::tally::Tally;
use amitwin_data::rows::Rows;
use rayon::prelude::*;

/// A plan under way.
#[derive(Debug)]
pub struct Run<'a> {
    plan: &'a PlanSpec,
    depots: Vec<Depot<'a>>,
    year: u32,
}

impl<'a> Run<'a> {
    /// At the beginning of a plan.
    pub fn new(plan: &'a PlanSpec) -> Run<'a> {
        let depots = (0..plan.depots.len() as u32).into_par_iter().map(|number| Depot::new(plan, number)).collect();
        Run { plan, depots, year: 0 }
    }

    /// Runs through the next year; whether there was one.
    pub fn run_year(&mut self) -> bool {
        if self.year == self.plan.years {
            return false;
        }
        self.depots.par_iter_mut().for_each(Depot::run_year);
        self.year += 1;
        true
    }

    /// Runs to a moment of the plan and tells of every meter that is there; what depots write down until then is lost.
    ///
    /// Moments before the plan's beginning are taken as that, and those after its end as its end.
    pub fn stop_at(mut self, time_s: u32) -> Vec<Condition> {
        while self.plan.start_s + self.plan.year_begins_s(self.year + 1) <= time_s && self.run_year() {
            self.rows().for_each(Rows::clear);
        }
        if self.year < self.plan.years {
            self.depots.par_iter_mut().for_each(|depot| depot.run_to(time_s.max(self.plan.start_s)));
        }
        self.depots.iter().flat_map(Depot::conditions).collect()
    }

    /// Years that have ended.
    pub fn years(&self) -> u32 {
        self.year
    }

    /// What depots have written down, in the order of their numbers.
    pub fn rows(&mut self) -> impl Iterator<Item = &mut Rows> {
        self.depots.iter_mut().map(|depot| &mut depot.rows)
    }

    /// What the years came to, each depot after the other.
    pub fn totals(&self) -> impl Iterator<Item = &Tally> {
        self.depots.iter().map(|depot| &depot.total)
    }

    /// Failures that are there and that nobody has noticed.
    pub fn unseen(&self) -> u32 {
        self.depots.iter().map(Depot::unseen).sum()
    }

    /// How often each rule has held.
    pub fn held(&self) -> Vec<u64> {
        let rules = self.plan.policy.rules.len();
        (0..rules).map(|rule| self.depots.iter().map(|depot| depot.held[rule]).sum()).collect()
    }

    /// Bytes that a meter takes in the packed arrays.
    pub fn bytes_per_meter(&self) -> usize {
        self.depots.iter().map(Depot::bytes_per_meter).max().unwrap_or(0)
    }
}
