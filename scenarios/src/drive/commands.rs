//! Figures of campaigns that ask meters a few questions.

use super::ran::Ran;
use amitwin_data::metrics::Metric;
use amitwin_data::rows::{Outcome, TransactionRow};

/// Sums over the rows of such campaigns.
#[derive(Default)]
pub struct Commands {
    meters: u32,
    failed: u32,
    halted: u32,
    /// Time from each turn to the success, s.
    ok_s: Vec<f64>,
    off_max_s: Option<f32>,
}

impl Commands {
    /// Adds the row of a meter in a campaign.
    pub fn add(&mut self, row: &TransactionRow) {
        self.meters += 1;
        if let Some(off_s) = row.clock_off_s.0 {
            self.off_max_s = Some(self.off_max_s.unwrap_or(0.0).max(off_s.abs()));
        }
        match row.outcome {
            Outcome::Ok => self.ok_s.extend(row.answered_s.map(|at| at - row.planned_s)),
            Outcome::Failed | Outcome::Unreachable | Outcome::Refused | Outcome::Expired => self.failed += 1,
            Outcome::Halted => self.halted += 1,
            Outcome::Pending | Outcome::Skipped | Outcome::LeftOut | Outcome::Forbidden => {}
        }
    }

    /// Meters, and those that succeeded.
    pub fn counts(&self) -> (u32, u32) {
        (self.meters, self.ok_s.len() as u32)
    }

    /// Sorts what has come.
    pub fn close(&mut self) {
        self.ok_s.sort_by(f64::total_cmp);
    }

    /// What is written for a figure: nothing without a campaign, an empty value where it was not reached.
    pub fn written(&self, metric: Metric, ran: &Ran<'_>) -> Option<Option<f64>> {
        if self.meters == 0 {
            return None;
        }
        // Nearest rank.
        let at = |share: f64| {
            let rank = (share * self.ok_s.len() as f64).ceil().max(1.0) as usize;
            self.ok_s.get(rank - 1).copied()
        };
        let count = |n: u32| Some(f64::from(n));
        let counted = ran.head_end.map(|head_end| head_end.statistics.commands);
        Some(match metric {
            Metric::Commands => count(self.meters),
            Metric::CommandsOk => count(self.ok_s.len() as u32),
            Metric::CommandsOkShare => Some(self.ok_s.len() as f64 / f64::from(self.meters)),
            Metric::CommandsFailed => count(self.failed),
            Metric::CommandsHalted => count(self.halted),
            Metric::CommandP50S => at(0.5),
            Metric::CommandP95S => at(0.95),
            Metric::RelaysOpen => Some(ran.relays.0 as f64),
            Metric::RelayMoves => Some(ran.relays.1 as f64),
            Metric::ClocksSet => counted.map(|counted| counted.clocks_set as f64),
            Metric::ClockOffMaxS => self.off_max_s.map(f64::from),
            Metric::KeysChanged => counted.map(|counted| counted.keys_changed as f64),
            Metric::ToldAgain => counted.map(|counted| counted.told_again as f64),
            Metric::KeysRecovered => counted.map(|counted| counted.keys_recovered as f64),
            _ => return None,
        })
    }
}
