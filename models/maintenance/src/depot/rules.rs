//! What the policy says: dates, and what is done about what is known.

use super::{Depot, RULES_MAX, kind};
use crate::life::NEVER;
use crate::spec::{Code, Rule, Tasks, When};
use amitwin_data::rows::{Part, Reason};

/// How urgent failures are.
pub(super) const FAILED: u8 = 1;
/// How urgent it is what reports tell, against failures and what a rule says.
const REPORTED: u8 = 3;

impl Depot<'_> {
    /// Puts the first date of each rule on the calendar.
    pub(super) fn first_dates(&mut self, meter: u32, installed_s: u32) {
        for at in 0..self.plan.policy.rules.len().min(RULES_MAX) {
            if !self.plan.policy.rules[at].only.has(self.fleet.meters[meter as usize].vintage, self.number) {
                continue;
            }
            let due = self.date_after(at, installed_s, self.plan.start_s, meter);
            self.push(due, kind::RULE + at as u8, meter);
        }
    }

    /// The first date of a rule at or behind a moment, for a meter installed then.
    fn date_after(&self, rule: usize, installed_s: u32, from_s: u32, meter: u32) -> u32 {
        match self.plan.policy.rules[rule].when {
            When::Every(period_s) => {
                let periods = from_s.saturating_sub(installed_s).div_ceil(period_s).max(1);
                periods.checked_mul(period_s).and_then(|after| installed_s.checked_add(after)).unwrap_or(NEVER)
            }
            When::Heat(period_s) => {
                let (begun, period) = (self.lives.heat_age_s(installed_s), f64::from(period_s));
                let periods = ((self.lives.heat_age_s(from_s) - begun) / period).ceil().max(1.0);
                self.lives.heat_age_when(begun + periods * period)
            }
            When::Age(age_s) => {
                let due = installed_s.saturating_add(age_s);
                // Older ones than that are not all due on the first day.
                let within_s = self.plan.policy.rules[rule].within_s.max(1);
                let spread = (self.fleet.first + meter).wrapping_mul(0x9E37_79B9) % within_s;
                if due < from_s { from_s + spread } else { due }
            }
            When::Seen(_) => NEVER,
        }
    }

    /// A rule's date has come for a meter.
    pub(super) fn date(&mut self, rule: usize, meter: u32) {
        let of = &self.plan.policy.rules[rule];
        let installed_s = self.fleet.installed_s(meter);
        match of.when {
            When::Age(age_s) if installed_s.saturating_add(age_s) > self.now => {
                // It was exchanged meanwhile.
                self.push(installed_s.saturating_add(age_s), kind::RULE + rule as u8, meter);
                return;
            }
            When::Every(period_s) => self.push(self.now.saturating_add(period_s), kind::RULE + rule as u8, meter),
            When::Heat(period_s) => {
                let next = self.lives.heat_age_when(self.lives.heat_age_s(self.now) + f64::from(period_s));
                self.push(next.max(self.now + 1), kind::RULE + rule as u8, meter);
            }
            When::Age(age_s) => {
                // Its successor's turn, if the visit exchanges it.
                if of.tasks.has(Tasks::EXCHANGE) {
                    let next = self.now.saturating_add(of.within_s).saturating_add(age_s);
                    self.push(next, kind::RULE + rule as u8, meter);
                }
            }
            When::Seen(_) => return,
        }
        self.held[rule] += 1;
        let job = self.job(meter, of.tasks, of.when.reason(), of.priority, of.within_s);
        self.open(job);
    }

    /// The head-end has heard of something.
    pub(super) fn react(&mut self, meter: u32, code: Code, part: Part) {
        let rules = &self.plan.policy.rules;
        let mut is_ruled = false;
        let (vintage, depot) = (self.fleet.meters[meter as usize].vintage, self.number);
        let holds = |rule: &Rule| rule.when == When::Seen(code) && rule.only.has(vintage, depot);
        for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| holds(rule)) {
            is_ruled = true;
            self.held[at] += 1;
            let job = self.job(meter, rule.tasks, rule.when.reason(), rule.priority, rule.within_s);
            self.open(job);
        }
        if is_ruled {
            return;
        }
        let within_s = self.plan.policy.repair_within_s;
        let job = match code {
            Code::Hot => self.job(meter, Tasks::REPAIR.with(Tasks::INSPECT), Reason::Failure, 0, within_s),
            _ if code.is_failure() => self.job(meter, Tasks::REPAIR, Reason::Failure, FAILED, within_s),
            _ => self.job(meter, answer(code, part), Reason::Condition, REPORTED, within_s.saturating_mul(2)),
        };
        self.open(job);
    }
}

/// What is done about what a meter reports, unless a rule says otherwise.
fn answer(code: Code, part: Part) -> Tasks {
    match (code, part) {
        (Code::Calibration, _) => Tasks::CALIBRATE,
        (Code::Clock, _) => Tasks::RESTART,
        (Code::Signal, _) => Tasks::INSPECT.with(Tasks::CLEAN),
        (_, Part::Battery) => Tasks::BATTERY,
        (_, Part::Supercapacitor) => Tasks::SUPERCAPACITOR,
        _ => Tasks::EXCHANGE,
    }
}
