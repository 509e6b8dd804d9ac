//! Runs a plan: depots side by side, a quarter of a month at a time.

use crate::condition::Condition;
use crate::depot::{Depot, QUARTERS};
use crate::spec::PlanSpec;
use crate::survival::Survival;
use crate::tally::Tally;
use amitwin_data::rows::Rows;
use rayon::prelude::*;

/// A plan under way.
#[derive(Debug)]
pub struct Run<'a> {
    plan: &'a PlanSpec,
    depots: Vec<Depot<'a>>,
    months: u32,
    /// Quarters of the month that have passed.
    quarter: u32,
    /// All years have been played, and depots tell what is left of their failures.
    is_ending: bool,
    /// Those that have, and the meters of the next one of which it is told.
    ended: usize,
    told: u32,
}

impl<'a> Run<'a> {
    /// At the beginning of a plan.
    pub fn new(plan: &'a PlanSpec) -> Run<'a> {
        let depots = (0..plan.depots.len() as u32).into_par_iter().map(|number| Depot::new(plan, number)).collect();
        Run { plan, depots, months: 0, quarter: 0, is_ending: false, ended: 0, told: 0 }
    }

    /// Runs through the next quarter of a month; behind the last one, through what is left of failures, a part of a depot at a time. Whether there
    /// was any. What depots write down in longer than that is too much to be held for all of them.
    pub fn run_quarter(&mut self) -> bool {
        if self.months == 12 * self.plan.years {
            return self.end_depot();
        }
        let quarter = self.quarter;
        self.depots.par_iter_mut().for_each(|depot| depot.run_quarter(quarter));
        self.quarter = (quarter + 1) % QUARTERS;
        self.months += u32::from(self.quarter == 0);
        true
    }

    fn end_depot(&mut self) -> bool {
        self.is_ending = true;
        if let Some(before) = self.ended.checked_sub(1) {
            self.depots[before].rows = Rows::default();
        }
        let Some(depot) = self.depots.get_mut(self.ended) else { return false };
        let next = depot.end(self.told);
        self.told = next.unwrap_or(0);
        self.ended += usize::from(next.is_none());
        true
    }

    /// Runs through the next twelve months, or a part of the end; whether there were any.
    pub fn run_year(&mut self) -> bool {
        let goes_on = self.run_quarter();
        goes_on && (self.is_ending || (1..12 * QUARTERS).all(|_| self.run_quarter()))
    }

    /// Runs to a moment of the plan and tells of every meter that is there; what depots write down until then is lost.
    ///
    /// Moments before the plan's beginning are taken as that, and those after its end as its end.
    pub fn stop_at(mut self, time_s: u32) -> Vec<Condition> {
        while self.plan.start_s + self.plan.year_begins_s(self.years() + 1) <= time_s && self.run_year() {
            self.rows().for_each(Rows::clear);
        }
        if self.years() < self.plan.years {
            self.depots.par_iter_mut().for_each(|depot| depot.run_to(time_s.max(self.plan.start_s)));
        }
        self.depots.iter().flat_map(Depot::conditions).collect()
    }

    /// Years that have ended.
    pub fn years(&self) -> u32 {
        self.months / 12
    }

    /// Whether the last quarter of a month was the end of a year.
    pub fn is_year_over(&self) -> bool {
        self.months.is_multiple_of(12) && self.quarter == 0 && !self.is_ending
    }

    /// What depots have written down, in the order of their numbers.
    pub fn rows(&mut self) -> impl Iterator<Item = &mut Rows> {
        self.depots.iter_mut().map(|depot| &mut depot.rows)
    }

    /// What the years came to, each depot after the other.
    pub fn totals(&self) -> impl Iterator<Item = &Tally> {
        self.depots.iter().map(|depot| &depot.total)
    }

    /// Which share of the parts of each vintage live how long, of a plan that has ended.
    pub fn survival(&self) -> Rows {
        let mut all = Survival::new(self.plan);
        self.depots.iter().for_each(|depot| all.add(&depot.ages));
        Rows { survival: all.rows(self.plan), ..Rows::default() }
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
