//! Visits over time: meters that campaigns have given up, and that wait for a crew or have one.

use crate::outages::over_time;
use amitwin_data::rows::FieldVisitRow;

/// When each meter was given up, and when a crew was done with it or it had answered, s.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Visits(Vec<(f64, Option<f64>)>);

impl Visits {
    /// Of the rows of a variant.
    pub fn of(rows: &[FieldVisitRow]) -> Visits {
        Visits(rows.iter().map(|row| (row.opened_s, row.done_s)).collect())
    }

    /// Whether anybody was given up.
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// When the first was, s.
    pub fn first_s(&self) -> Option<f64> {
        self.0.iter().map(|visit| visit.0).min_by(f64::total_cmp)
    }

    /// Share of so many meters that wait or have a crew, over minutes, up to `end_s`.
    pub fn open(&self, meters: usize, end_s: f64) -> Vec<(f64, f64)> {
        let changes =
            self.0.iter().flat_map(|&(opened_s, done_s)| [Some((opened_s, 1)), done_s.map(|done_s| (done_s, -1))]);
        over_time(changes.flatten().collect(), meters, end_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_waits_until_a_crew_is_done_with_it() {
        // Of ten meters two are given up after one and two minutes; a crew is done with the first after five.
        let visits = Visits(vec![(60.0, Some(300.0)), (120.0, None)]);
        let expected = [(0.0, 0.0), (1.0, 0.1), (2.0, 0.2), (5.0, 0.1), (10.0, 0.1)];
        assert_eq!(visits.open(10, 600.0), expected);
        assert_eq!((visits.first_s(), visits.any()), (Some(60.0), true));
        assert!(!Visits::default().any());
    }
}
