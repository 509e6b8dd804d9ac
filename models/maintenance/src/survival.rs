//! Which share of a vintage's parts live how long: Kaplan and Meier's estimate by months of age, from who came, failed and went.

use crate::heat::MONTH_S;
use crate::spec::PlanSpec;
use amitwin_data::rows::{Added, SurvivalRow};
use libm::{exp, log, pow, sqrt};
use std::sync::Arc;

/// Half of a normal distribution's 95 %, in standard deviations.
const HALF_95: f64 = 1.959_964;

/// Parts of one kind by the month of age at which something happened to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ages {
    /// That were new when they came.
    new: u32,
    /// That were so old when the plan began.
    old: Vec<u32>,
    failed: Vec<u32>,
    /// That went before they failed: exchanged with their meter or before their time, or the plan was over.
    left: Vec<u32>,
}

/// What is known of a month of age.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The month, from 0.
    pub month: u32,
    /// Parts that might have failed in it: who came or went during the month counts half.
    pub at_risk: f64,
    /// Failed.
    pub failed: u32,
    /// Went otherwise.
    pub left: u32,
    /// Share that lives at its end, and the 95 % interval of that (Greenwood, on the scale of log(-log)).
    pub alive: [f64; 3],
}

fn count(by_month: &mut Vec<u32>, age_s: u32) {
    let month = (f64::from(age_s) / MONTH_S) as usize;
    if by_month.len() <= month {
        by_month.resize(month + 1, 0);
    }
    by_month[month] += 1;
}

fn add(to: &mut Vec<u32>, from: &[u32]) {
    if to.len() < from.len() {
        to.resize(from.len(), 0);
    }
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
}

impl Ages {
    fn add(&mut self, other: &Ages) {
        self.new += other.new;
        add(&mut self.old, &other.old);
        add(&mut self.failed, &other.failed);
        add(&mut self.left, &other.left);
    }

    /// The curve, month by month.
    pub fn curve(&self) -> Vec<Step> {
        let of = |by_month: &[u32], month: usize| by_month.get(month).copied().unwrap_or(0);
        let months = self.old.len().max(self.failed.len()).max(self.left.len());
        let (mut there, mut alive, mut variance) = (f64::from(self.new), 1.0, 0.0);
        let mut steps = Vec::new();
        for month in 0..months {
            let (came, failed, left) = (of(&self.old, month), of(&self.failed, month), of(&self.left, month));
            let d = f64::from(failed);
            let at_risk = (there + (f64::from(came) - f64::from(left)) / 2.0).max(d);
            if failed > 0 {
                alive *= 1.0 - d / at_risk;
                variance += d / (at_risk * (at_risk - d));
            }
            there += f64::from(came) - d - f64::from(left);
            let around = |sign: f64| match alive {
                alive if alive > 0.0 && alive < 1.0 => pow(alive, exp(sign * HALF_95 * sqrt(variance) / log(alive))),
                alive => alive,
            };
            steps.push(Step { month: month as u32, at_risk, failed, left, alive: [around(-1.0), alive, around(1.0)] });
        }
        steps
    }
}

/// The parts of all vintages.
#[derive(Clone, Debug)]
pub struct Survival {
    start_s: u32,
    by_vintage: Vec<Vec<Ages>>,
}

impl Survival {
    /// None has come yet.
    pub fn new(plan: &PlanSpec) -> Survival {
        let none = |parts: usize| vec![Ages::default(); parts];
        Survival {
            start_s: plan.start_s,
            by_vintage: plan.vintages.iter().map(|vintage| none(vintage.parts.len())).collect(),
        }
    }

    fn of(&mut self, vintage: u16, slot: usize) -> &mut Ages {
        &mut self.by_vintage[usize::from(vintage)][slot]
    }

    /// What failed before the plan began was never seen alive.
    fn is_known(&self, since_s: u32, fails_at: u32) -> bool {
        since_s >= self.start_s || fails_at > self.start_s
    }

    /// A part is there, since it was put in or since the plan began.
    pub fn came(&mut self, vintage: u16, slot: usize, since_s: u32, fails_at: u32) {
        if since_s >= self.start_s {
            self.came_new(vintage, slot);
        } else if self.is_known(since_s, fails_at) {
            let age_s = self.start_s - since_s;
            count(&mut self.of(vintage, slot).old, age_s);
        }
    }

    /// A new part is there.
    pub fn came_new(&mut self, vintage: u16, slot: usize) {
        self.of(vintage, slot).new += 1;
    }

    /// A part has failed.
    pub fn failed(&mut self, vintage: u16, slot: usize, since_s: u32, fails_at: u32) {
        if self.is_known(since_s, fails_at) {
            count(&mut self.of(vintage, slot).failed, fails_at.saturating_sub(since_s));
        }
    }

    /// A part that had not failed is no longer looked at.
    pub fn left(&mut self, vintage: u16, slot: usize, since_s: u32, now: u32) {
        count(&mut self.of(vintage, slot).left, now.saturating_sub(since_s));
    }

    /// Adds another depot's.
    pub fn add(&mut self, other: &Survival) {
        let all = self.by_vintage.iter_mut().flatten().zip(other.by_vintage.iter().flatten());
        all.for_each(|(ages, other)| ages.add(other));
    }

    /// A row for each month of age in which a part of a vintage failed, and for the last of those that never did.
    pub fn rows(&self, plan: &PlanSpec) -> Vec<SurvivalRow> {
        let mut rows = Vec::new();
        for (place, (vintage, of)) in plan.vintages.iter().zip(&self.by_vintage).enumerate() {
            let name: Arc<str> = Arc::from(vintage.name.as_str());
            for (part, ages) in vintage.parts.iter().zip(of) {
                let steps = ages.curve();
                let last = steps.len().saturating_sub(1);
                let told = steps.iter().enumerate().filter(|(at, step)| step.failed > 0 || *at == last);
                rows.extend(told.map(|(_, step)| SurvivalRow {
                    vintage: place as u16,
                    part: part.part,
                    age_s: f64::from(step.month + 1) * MONTH_S,
                    at_risk: step.at_risk.round() as u32,
                    failed: step.failed,
                    alive_share: step.alive[1],
                    alive_low_share: step.alive[0],
                    alive_high_share: step.alive[2],
                    vintage_name: Added(Some(name.clone())),
                }));
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_by_hand() {
        // Ten new parts. In month 0 two fail; in month 1 two go; in month 2 four that are that old are found and three fail.
        let ages = Ages { new: 10, old: vec![0, 0, 4], failed: vec![2, 0, 3], left: vec![0, 2, 0] };
        let steps = ages.curve();
        // 10 at risk, 8/10; 8 less half of 2; 6 and half of 4, of whom 3 fail: 0.8 x 5/8.
        assert_eq!(steps.iter().map(|s| s.at_risk).collect::<Vec<_>>(), [10.0, 7.0, 8.0]);
        let alive: Vec<f64> = steps.iter().map(|s| s.alive[1]).collect();
        assert!((alive[0] - 0.8).abs() < 1e-12 && alive[1] == alive[0] && (alive[2] - 0.5).abs() < 1e-12, "{alive:?}");
        // Greenwood: 2/(10 x 8) + 3/(8 x 5) = 0.1; 0.5^exp(-+1.96 x 0.3162 / -0.6931) = 0.5^2.445 and 0.5^0.409.
        let [low, _, high] = steps[2].alive;
        assert!((low - 0.1837).abs() < 1e-3 && (high - 0.7532).abs() < 1e-3, "{low} {high}");
    }

    #[test]
    fn all_gone_is_zero_and_none_gone_is_one() {
        let all = Ages { new: 3, failed: vec![0, 3], ..Ages::default() }.curve();
        assert_eq!((all[0].alive, all[1].alive), ([1.0; 3], [0.0; 3]));
        let none = Ages { new: 3, left: vec![0, 0, 3], ..Ages::default() }.curve();
        assert_eq!((none.len(), none[2].alive), (3, [1.0; 3]));
    }
}
