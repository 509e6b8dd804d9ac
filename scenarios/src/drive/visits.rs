//! Figures of technicians at meters that campaigns have given up.

use amitwin_data::metrics::Metric;
use amitwin_data::rows::{FieldVisitRow, VisitFound};

/// Sums over visits.
#[derive(Default)]
pub struct Visits {
    done: u32,
    needless: u32,
    spared: u32,
    open: u32,
    /// From being given up until a crew was there, s.
    waits_s: Vec<f64>,
}

impl Visits {
    /// Adds a visit.
    pub fn add(&mut self, row: &FieldVisitRow) {
        match row.found {
            VisitFound::Answered => self.spared += 1,
            VisitFound::Waiting | VisitFound::UnderWay => self.open += 1,
            found => {
                self.done += 1;
                self.needless += u32::from(found == VisitFound::Done);
                self.waits_s.extend(row.arrived_s.map(|at| at - row.opened_s));
            }
        }
    }

    /// What is written for a figure.
    pub fn written(&self, metric: Metric) -> Option<Option<f64>> {
        let count = |n: u32| Some(Some(f64::from(n)));
        // Nearest rank.
        let wait = |share: f64| {
            let mut sorted = self.waits_s.clone();
            sorted.sort_by(f64::total_cmp);
            let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
            Some(sorted.get(rank - 1).copied())
        };
        match metric {
            Metric::FieldVisits => count(self.done),
            Metric::FieldVisitsNeedlessShare => {
                Some((self.done > 0).then(|| f64::from(self.needless) / f64::from(self.done)))
            }
            Metric::FieldVisitsSpared => count(self.spared),
            Metric::FieldVisitsOpen => count(self.open),
            Metric::FieldVisitWaitP50S => wait(0.5),
            Metric::FieldVisitWaitP95S => wait(0.95),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amitwin_data::rows::VisitCause;

    #[test]
    fn a_needless_visit_is_one_to_a_meter_that_had_done_what_it_was_asked() {
        let mut visits = Visits::default();
        let row = |found, arrived_s| FieldVisitRow {
            opened_s: 100.0,
            node: 1,
            campaign: "reset".into(),
            cause: VisitCause::NotBack,
            crew: Some(1),
            begun_s: Some(200.0),
            arrived_s,
            done_s: None,
            found,
        };
        for (found, arrived_s) in [
            (VisitFound::Done, Some(1_100.0)),
            (VisitFound::CutOff, Some(2_100.0)),
            (VisitFound::Dark, Some(3_100.0)),
            (VisitFound::Bricked, Some(4_100.0)),
            (VisitFound::Answered, None),
            (VisitFound::Waiting, None),
            (VisitFound::UnderWay, Some(9_000.0)),
        ] {
            visits.add(&row(found, arrived_s));
        }
        let of = |metric| visits.written(metric).flatten();
        assert_eq!(
            (of(Metric::FieldVisits), of(Metric::FieldVisitsSpared), of(Metric::FieldVisitsOpen)),
            (Some(4.0), Some(1.0), Some(2.0))
        );
        // One of the four; waits of 1,000 to 4,000 s.
        assert_eq!(of(Metric::FieldVisitsNeedlessShare), Some(0.25));
        assert_eq!((of(Metric::FieldVisitWaitP50S), of(Metric::FieldVisitWaitP95S)), (Some(2_000.0), Some(4_000.0)));
    }
}
