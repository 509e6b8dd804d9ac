//! Figures of boards: how long those of meters are hot.

use amitwin_data::metrics::Metric;
use amitwin_data::rows::{EventKind, NodeKind, Rows};

/// Boards of meters under a sky, and radios that heat has destroyed.
#[derive(Default)]
pub struct Heat {
    /// Full hours that the table `weather` has.
    hours: u32,
    destroyed: u32,
    meters: u32,
    /// Above 60 and 85 C: hours of all meters, and meters with such hours.
    above: [(u64, u32); 2],
}

impl Heat {
    /// Adds a batch.
    pub fn update(&mut self, rows: &Rows) {
        self.hours += rows.weather.len() as u32;
        self.destroyed += rows.events.iter().filter(|row| row.kind == EventKind::Overheated).count() as u32;
        for node in rows.nodes.iter().filter(|node| node.kind == NodeKind::Meter) {
            let (Some(above_60c_h), Some(above_85c_h)) = (node.above_60c_h.0, node.above_85c_h.0) else { continue };
            self.meters += 1;
            for (sum, hours) in self.above.iter_mut().zip([above_60c_h, above_85c_h]) {
                *sum = (sum.0 + u64::from(hours), sum.1 + u32::from(hours > 0));
            }
        }
    }

    /// What a figure is; the outer `None` where it has no meaning, without a sky or without boards.
    pub fn figure(&self, metric: Metric) -> Option<Option<f64>> {
        let [above_60c, above_85c] = self.above;
        let of_boards = |value: f64| (self.meters > 0).then_some(Some(value));
        match metric {
            Metric::Overheated => (self.hours > 0).then_some(Some(f64::from(self.destroyed))),
            Metric::HoursAbove60c => of_boards(above_60c.0 as f64 / f64::from(self.meters)),
            Metric::HoursAbove85c => of_boards(above_85c.0 as f64 / f64::from(self.meters)),
            Metric::MetersAbove60c => of_boards(f64::from(above_60c.1)),
            Metric::MetersAbove85c => of_boards(f64::from(above_85c.1)),
            _ => None,
        }
    }
}
