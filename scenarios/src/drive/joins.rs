//! Figures of new nodes.

use amitwin_data::rows::{EventKind, NodeKind, Rows};
use std::collections::BTreeMap;

/// New nodes, and when each of them was first part of the mesh.
#[derive(Default)]
pub struct Joins {
    /// How many.
    pub new: u32,
    /// When each of them was, s.
    pub joined_s: BTreeMap<u32, f64>,
}

impl Joins {
    /// Adds a batch.
    pub fn update(&mut self, rows: &Rows) {
        self.new += rows.nodes.iter().filter(|n| n.kind != NodeKind::Gateway && n.reachable).count() as u32;
        for event in rows.events.iter().filter(|event| event.kind == EventKind::Operational) {
            self.joined_s.entry(event.node).or_insert(event.time_s);
        }
    }

    /// Smallest time by which `share` of them had joined (nearest rank), s.
    pub fn at(&self, share: f64) -> Option<f64> {
        let mut sorted: Vec<f64> = self.joined_s.values().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let rank = (share * f64::from(self.new)).ceil().max(1.0) as usize;
        sorted.get(rank - 1).copied()
    }
}
