//! Reads and reports minute by minute, to tell what a campaign took from them.

use amitwin_data::rows::{AirtimeRow, Outcome, TransactionKind, TransactionRow};

/// What was due in a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Minute {
    due: u32,
    ok: u32,
    delay_s: f32,
}

/// What was due in each minute of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traffic {
    reads: Vec<Minute>,
    reports: Vec<Minute>,
}

/// What became of reads, or of reports, of some minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Came {
    /// That were due.
    pub due: u64,
    /// Of them those that succeeded.
    pub ok: u64,
    /// Mean time from when they were due, of those that succeeded, s.
    pub delay_s: f64,
}

impl Came {
    /// Share that succeeded; `None` if none was due.
    pub fn share(&self) -> Option<f64> {
        (self.due > 0).then(|| self.ok as f64 / self.due as f64)
    }
}

/// Whether a minute from its start on, s, lies within one of these stretches.
fn within(spans_s: &[(f64, f64)], minute_s: f64) -> bool {
    spans_s.iter().any(|(from_s, until_s)| minute_s + 60.0 > *from_s && minute_s <= *until_s)
}

impl Traffic {
    /// Adds rows.
    pub fn add(&mut self, rows: &[TransactionRow]) {
        for row in rows {
            let minutes = match row.kind {
                TransactionKind::Read => &mut self.reads,
                TransactionKind::Push => &mut self.reports,
                _ => continue,
            };
            let at = (row.planned_s / 60.0) as usize;
            if minutes.len() <= at {
                minutes.resize(at + 1, Minute::default());
            }
            minutes[at].due += 1;
            if let Some(answered_s) = row.answered_s.filter(|_| row.outcome == Outcome::Ok) {
                minutes[at].ok += 1;
                minutes[at].delay_s += (answered_s - row.planned_s) as f32;
            }
        }
    }

    /// Whether anything was to be read.
    pub fn has_reads(&self) -> bool {
        !self.reads.is_empty()
    }

    /// Whether meters were to report.
    pub fn has_reports(&self) -> bool {
        !self.reports.is_empty()
    }

    /// What became of reads that were due within these stretches, or outside of them.
    pub fn reads(&self, spans_s: &[(f64, f64)], inside: bool) -> Came {
        came(&self.reads, spans_s, inside)
    }

    /// The same of reports.
    pub fn reports(&self, spans_s: &[(f64, f64)], inside: bool) -> Came {
        came(&self.reports, spans_s, inside)
    }
}

fn came(minutes: &[Minute], spans_s: &[(f64, f64)], inside: bool) -> Came {
    let meant = minutes.iter().enumerate().filter(|(at, _)| within(spans_s, 60.0 * *at as f64) == inside);
    let mut came = Came::default();
    for (_, minute) in meant {
        came.due += u64::from(minute.due);
        came.ok += u64::from(minute.ok);
        came.delay_s += f64::from(minute.delay_s);
    }
    came.delay_s /= came.ok.max(1) as f64;
    came
}

/// Mean share of the minutes within these stretches, or outside of them, in which border routers' radios were busy; `None` without such a minute.
pub fn busy_share(air: &[AirtimeRow], spans_s: &[(f64, f64)], inside: bool) -> Option<f64> {
    let meant = air.iter().filter(|row| within(spans_s, row.time_s) == inside);
    let (sum, count) = meant.fold((0.0, 0u64), |(sum, count), row| (sum + f64::from(row.busy_share), count + 1));
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: TransactionKind, planned_s: f64, delay_s: Option<f64>) -> TransactionRow {
        TransactionRow {
            transaction: 1,
            campaign: "".into(),
            gateway: 0,
            answered_s: delay_s.map(|delay_s| planned_s + delay_s),
            outcome: if delay_s.is_some() { Outcome::Ok } else { Outcome::Failed },
            attempts: 1,
            bytes: 1,
            ..TransactionRow::new(kind, 1, planned_s)
        }
    }

    #[test]
    fn reads_within_a_campaign_stand_beside_the_others() {
        let mut traffic = Traffic::default();
        traffic.add(&[
            row(TransactionKind::Read, 30.0, Some(1.0)),
            row(TransactionKind::Read, 90.0, Some(4.0)),
            row(TransactionKind::Read, 130.0, Some(8.0)),
            row(TransactionKind::Read, 170.0, None),
            row(TransactionKind::Read, 250.0, Some(2.0)),
            row(TransactionKind::Push, 150.0, None),
            row(TransactionKind::Reset, 150.0, None),
        ]);
        // From the middle of the second minute to that of the third: both count.
        let spans = [(90.0, 150.0)];
        let inside = traffic.reads(&spans, true);
        assert_eq!((inside.due, inside.ok, inside.delay_s), (3, 2, 6.0));
        assert_eq!(traffic.reads(&spans, false), Came { due: 2, ok: 2, delay_s: 1.5 });
        assert_eq!((traffic.reports(&spans, true).share(), traffic.reports(&spans, false).share()), (Some(0.0), None));
    }

    #[test]
    fn air_time_is_a_mean_over_border_routers_and_minutes() {
        let air = |time_s: f64, gateway, busy_share| AirtimeRow {
            time_s,
            gateway,
            tx_s: 0.0,
            rx_s: 0.0,
            busy_share,
            frames_sent: 0,
            frames_received: 0,
            collisions: 0,
            missed_busy: 0,
            queue_frames_max: 0,
            dropped: 0,
        };
        let rows = [air(0.0, 1, 0.25), air(0.0, 2, 0.0), air(60.0, 1, 0.75), air(60.0, 2, 0.25)];
        assert_eq!(busy_share(&rows, &[(60.0, 100.0)], true), Some(0.5));
        assert_eq!(busy_share(&rows, &[(60.0, 100.0)], false), Some(0.125));
        assert_eq!(busy_share(&rows, &[], true), None);
    }
}
