//! Figures of firmware campaigns.

use super::ran::Ran;
use amitwin_data::metrics::Metric;
use amitwin_data::rows::{ImageState, Outcome, TransactionRow};

/// Sums over the rows of firmware campaigns.
#[derive(Default)]
pub struct Updates {
    meters: u32,
    failed: u32,
    halted: u32,
    had_it: u32,
    /// They run the image, and the head-end has not heard that.
    unheard: u32,
    /// Time from the campaign's start until each meter was known to have all blocks, and to run the image, s.
    complete_s: Vec<f64>,
    running_s: Vec<f64>,
}

impl Updates {
    /// Adds the row of a meter in a campaign.
    pub fn add(&mut self, row: &TransactionRow) {
        self.meters += 1;
        self.unheard += u32::from(row.image_state.0 == Some(ImageState::Running) && row.outcome != Outcome::Ok);
        self.complete_s.extend(row.complete_s.0.map(|at| at - row.planned_s));
        match row.outcome {
            Outcome::Ok => self.running_s.extend(row.answered_s.map(|at| at - row.planned_s)),
            Outcome::Refused if row.answered_s.is_some() => self.had_it += 1,
            Outcome::Failed | Outcome::Unreachable | Outcome::Refused | Outcome::Expired => self.failed += 1,
            Outcome::Halted => self.halted += 1,
            Outcome::Pending | Outcome::Skipped | Outcome::LeftOut | Outcome::Forbidden => {}
        }
    }

    /// Meters, and those that run the image.
    pub fn counts(&self) -> (u32, u32) {
        (self.meters, self.running_s.len() as u32)
    }

    /// Sorts what has come.
    pub fn close(&mut self) {
        self.complete_s.sort_by(f64::total_cmp);
        self.running_s.sort_by(f64::total_cmp);
    }

    /// What is written for a figure: nothing without a campaign, an empty value where it was not reached.
    pub fn written(&self, metric: Metric, ran: &Ran<'_>) -> Option<Option<f64>> {
        if self.meters == 0 {
            return None;
        }
        let wanted = self.meters - self.had_it;
        // Nearest rank.
        let at = |times: &[f64], share: f64| {
            let rank = (share * f64::from(wanted)).ceil().max(1.0) as usize;
            times.get(rank - 1).copied()
        };
        let count = |n: u32| Some(f64::from(n));
        let images = ran.head_end.map(|head_end| head_end.statistics.images);
        Some(match metric {
            Metric::FirmwareMeters => count(self.meters),
            Metric::FirmwareDone => count(self.running_s.len() as u32),
            Metric::FirmwareDoneShare => (wanted > 0).then(|| self.running_s.len() as f64 / f64::from(wanted)),
            Metric::FirmwareFailed => count(self.failed),
            Metric::FirmwareHalted => count(self.halted),
            Metric::FirmwareHadIt => count(self.had_it),
            Metric::FirmwareUnheard => count(self.unheard),
            Metric::FirmwareAllCompleteS => at(&self.complete_s, 1.0),
            Metric::FirmwareP50S => at(&self.running_s, 0.5),
            Metric::FirmwareP95S => at(&self.running_s, 0.95),
            Metric::FirmwareAllS => at(&self.running_s, 1.0),
            Metric::FirmwareBlocks => images.map(|images| images.blocks as f64),
            Metric::FirmwareBlocksAgain => images.map(|images| images.again as f64),
            Metric::FirmwareRounds => images.map(|images| f64::from(images.rounds)),
            Metric::FirmwareAirS => Some(ran.counters.image_air_ns as f64 / 1e9),
            Metric::FirmwareFlashWrites => Some(ran.flash_writes as f64),
            _ => return None,
        })
    }
}
