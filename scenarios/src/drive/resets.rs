//! Figures of resets.

use amitwin_data::metrics::Metric;
use amitwin_data::rows::{Outcome, TransactionRow};
use amitwin_models::plan::Plan;
use amitwin_sim_core::SimTime;
use std::sync::Arc;

/// Sums over the rows of resets.
#[derive(Default)]
pub struct Resets {
    /// Start of the first campaign, s; its name; and when the last of its commands left, s.
    first: Option<(f64, Arc<str>, f64)>,
    meters: u32,
    back: u32,
    failed: u32,
    /// Not commanded because the campaign was halted, where one can be.
    halted: Option<u32>,
    /// Meters that did reset, and that the head-end does not know to be back.
    unknown: u32,
    /// Meters that did reset though no answer to their command arrived.
    unacknowledged: u32,
    /// Time from reset to being heard again of each meter that is back, s.
    rejoin_s: Vec<f64>,
    /// Time from the campaign's start of each meter that is back, s.
    since_start_s: Vec<f64>,
    last_back_s: f64,
    /// When the meters did reset that the head-end does not know to be back, summed, s.
    unknown_reset_s: f64,
    /// Time from reset to being heard again of those that were heard after they had been given up, summed, s.
    late_s: f64,
}

impl Resets {
    /// Nothing seen yet.
    pub fn new(plan: &Plan) -> Self {
        let first = plan.resets.first().map(|reset| (reset.at.secs_f64(), reset.name.clone(), 0.0));
        Resets { first, ..Resets::default() }
    }

    /// Counts meters that nobody resets because the campaign is halted.
    pub fn count_halted(&mut self) {
        self.halted = Some(0);
    }

    /// Start of the first campaign, s.
    pub fn start_s(&self) -> Option<f64> {
        self.first.as_ref().map(|first| first.0)
    }

    /// Meters, and those that are back.
    pub fn counts(&self) -> (u32, u32) {
        (self.meters, self.back)
    }

    /// When the last meter was heard again, if all were, s.
    pub fn last_back_s(&self) -> Option<f64> {
        (self.back > 0 && self.back == self.meters).then_some(self.last_back_s)
    }

    /// Adds the row of a meter in a campaign.
    pub fn add(&mut self, row: &TransactionRow) {
        self.meters += 1;
        if let Some(first) = self.first.as_mut().filter(|first| first.1 == row.campaign) {
            first.2 = first.2.max(row.sent_s.unwrap_or(0.0));
        }
        self.unacknowledged += u32::from(row.acknowledged == Some(false) && row.reset_s.is_some());
        match (row.outcome, row.answered_s, row.reset_s) {
            (Outcome::Ok, Some(answered), Some(reset)) => {
                self.back += 1;
                self.rejoin_s.push(answered - reset);
                self.since_start_s.push(answered - self.start_s().unwrap_or(0.0));
                self.last_back_s = self.last_back_s.max(answered);
            }
            (_, Some(answered), Some(reset)) => self.late_s += answered - reset,
            (_, None, Some(reset)) => {
                self.unknown += 1;
                self.unknown_reset_s += reset;
            }
            _ => {}
        }
        match row.outcome {
            Outcome::Failed | Outcome::Unreachable | Outcome::Refused | Outcome::Expired => self.failed += 1,
            Outcome::Halted => *self.halted.get_or_insert_default() += 1,
            _ => {}
        }
    }

    /// Sorts what has come.
    pub fn close(&mut self) {
        self.rejoin_s.sort_by(f64::total_cmp);
    }

    /// Smallest time by which `share` of all commanded meters are back (nearest rank), s.
    fn rejoin_at(&self, share: f64) -> Option<f64> {
        let rank = (share * f64::from(self.meters)).ceil().max(1.0) as usize;
        self.rejoin_s.get(rank - 1).copied()
    }

    /// Time that meters were away, summed, h.
    fn away_h(&self, end_s: f64) -> f64 {
        let unknown_s = f64::from(self.unknown) * end_s - self.unknown_reset_s;
        (self.rejoin_s.iter().sum::<f64>() + self.late_s + unknown_s) / 3_600.0
    }

    /// Until the last reset of the first campaign: as planned, or until its last command left where waves or a limited head-end made that later, s.
    fn window_s(&self, planned: SimTime) -> f64 {
        self.first.as_ref().map_or(0.0, |&(start_s, _, last_s)| planned.secs_f64().max(last_s - start_s))
    }

    /// What is written for a figure: nothing without a campaign, an empty value where it was not reached.
    pub fn written(&self, metric: Metric, plan: &Plan, end_s: f64) -> Option<Option<f64>> {
        if self.meters == 0 {
            return None;
        }
        let count = |n: u32| Some(f64::from(n));
        let back_within = |minutes: f64| {
            let within = self.since_start_s.iter().filter(|s| **s <= minutes * 60.0).count();
            Some(within as f64 / f64::from(self.meters))
        };
        Some(match metric {
            Metric::Commanded => count(self.meters),
            Metric::Back => count(self.back),
            Metric::Failed => count(self.failed),
            Metric::Pending => count(self.meters - self.back - self.failed - self.halted.unwrap_or_default()),
            Metric::ResetsHalted => Some(f64::from(self.halted?)),
            Metric::ResetsUnheard => count(self.unknown),
            Metric::ResetsUnacknowledged => count(self.unacknowledged),
            // Since the campaign's start.
            Metric::AllBackS => self.last_back_s().map(|last_s| last_s - self.start_s().unwrap_or(0.0)),
            Metric::AwayMeterH => Some(self.away_h(end_s)),
            Metric::Back5minShare => back_within(5.0),
            Metric::Back30minShare => back_within(30.0),
            Metric::Back60minShare => back_within(60.0),
            Metric::RejoinP50S => self.rejoin_at(0.5),
            Metric::RejoinP95S => self.rejoin_at(0.95),
            Metric::RejoinP99S => self.rejoin_at(0.99),
            Metric::CampaignStartS => self.start_s(),
            Metric::ResetWindowS => plan.resets.first().map(|reset| self.window_s(reset.window)),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amitwin_data::rows::TransactionKind;
    use amitwin_models::plan::ResetPlan;
    use amitwin_models::spec::{BackSign, ResetTier};

    /// A row of the campaign `night`: sent, reset and heard at these times, s.
    fn row(outcome: Outcome, sent_s: f64, reset_s: Option<f64>, answered_s: Option<f64>) -> TransactionRow {
        let new = TransactionRow::new(TransactionKind::Reset, 1, 100.0);
        TransactionRow { campaign: "night".into(), sent_s: Some(sent_s), reset_s, answered_s, outcome, ..new }
    }

    #[test]
    fn who_is_heard_late_was_away_until_then_and_the_window_is_as_long_as_commands_took() {
        let night = ResetPlan {
            name: "night".into(),
            at: SimTime::from_secs(100),
            window: SimTime::from_secs(50),
            tier: ResetTier::Warm,
            back: BackSign::Route,
            meters: Vec::new(),
            times: Vec::new(),
        };
        let plan = Plan { resets: vec![night] };
        let of = |rows: &[TransactionRow]| {
            let mut resets = Resets::new(&plan);
            rows.iter().for_each(|row| resets.add(row));
            resets.close();
            let figure = |metric| resets.written(metric, &plan, 4_000.0).flatten();
            [Metric::AwayMeterH, Metric::ResetWindowS, Metric::ResetsUnheard, Metric::RejoinP50S].map(figure)
        };
        let back = row(Outcome::Ok, 100.0, Some(102.0), Some(182.0));
        assert_eq!(of(std::slice::from_ref(&back)), [Some(80.0 / 3_600.0), Some(50.0), Some(0.0), Some(80.0)]);
        // One is heard 700 s after its reset, too late, and one never in the 2,098 s until the end; the last command left 1,800 s after the start.
        let late = row(Outcome::Failed, 1_200.0, Some(1_202.0), Some(1_902.0));
        let lost = row(Outcome::Failed, 1_900.0, Some(1_902.0), None);
        let away_h = (80.0 + 700.0 + 2_098.0) / 3_600.0;
        assert_eq!(of(&[back, late, lost]), [Some(away_h), Some(1_800.0), Some(1.0), None]);
        assert_eq!(of(&[]), [None; 4]);
    }
}
