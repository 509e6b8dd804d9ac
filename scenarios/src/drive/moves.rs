//! Nodes that move from one PAN to another, and how long that takes them.

use amitwin_data::rows::{EventKind, Rows};
use std::collections::BTreeMap;

/// State of a node that is part of its mesh.
const OPERATIONAL: i32 = 5;

/// What is known of the PANs of nodes, and the moves so far.
#[derive(Default)]
pub(super) struct Moves {
    /// Border router of each node.
    router: BTreeMap<u32, u32>,
    /// Border routers without a supply, and since when, s.
    down_s: BTreeMap<u32, f64>,
    /// Nodes that are not part of a mesh, and since when, s.
    left_s: BTreeMap<u32, f64>,
    /// Time of each move, s.
    took_s: Vec<f64>,
}

impl Moves {
    /// Adds a batch; what belongs to one mesh is in the order of time.
    pub(super) fn update(&mut self, rows: &Rows) {
        self.router.extend(rows.nodes.iter().filter_map(|row| Some((row.node, row.gateway?))));
        for row in &rows.events {
            match row.kind {
                EventKind::PowerDown => _ = self.down_s.entry(row.node).or_insert(row.time_s),
                EventKind::Boot => _ = self.down_s.remove(&row.node),
                EventKind::JoinState if row.value == OPERATIONAL => _ = self.left_s.remove(&row.node),
                EventKind::JoinState => _ = self.left_s.entry(row.node).or_insert(row.time_s),
                EventKind::PanChange => {
                    let router = self.router.insert(row.node, row.value as u32);
                    let failed_s = router.and_then(|router| self.down_s.get(&router));
                    let since_s = failed_s.or_else(|| self.left_s.get(&row.node)).copied();
                    self.took_s.push(row.time_s - since_s.unwrap_or(row.time_s));
                }
                _ => {}
            }
        }
    }

    /// Moves.
    pub(super) fn count(&self) -> u32 {
        self.took_s.len() as u32
    }

    /// Smallest time that `share` of the moves took at most (nearest rank), s.
    pub(super) fn at(&self, share: f64) -> Option<f64> {
        let mut sorted = self.took_s.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
        sorted.get(rank - 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amitwin_data::rows::EventRow;

    fn rows(events: &[(f64, u32, EventKind, i32)]) -> Rows {
        let event = |&(time_s, node, kind, value)| EventRow { time_s, node, kind, value };
        Rows { events: events.iter().map(event).collect(), ..Rows::default() }
    }

    #[test]
    fn a_move_counts_from_the_failure_of_the_border_router_or_from_leaving_the_pan() {
        use EventKind::{Boot, JoinState, PanChange, PowerDown};
        let mut moves = Moves { router: BTreeMap::from([(10, 0), (11, 0)]), ..Moves::default() };
        // Router 0 fails at 100 s; meter 10 leaves at 400 and is with router 1 at 460: 360 s. The other has no word of leaving.
        moves.update(&rows(&[(100.0, 0, PowerDown, 1), (400.0, 10, JoinState, 3), (460.0, 10, PanChange, 1)]));
        // In the next batch meter 10 is part of the mesh, leaves it at 700 while router 1 runs, and is with 0 at 790: 90 s.
        moves.update(&rows(&[(461.0, 10, JoinState, 5), (500.0, 0, Boot, 2), (700.0, 10, JoinState, 1)]));
        moves.update(&rows(&[(750.0, 10, JoinState, 2), (790.0, 10, PanChange, 0)]));
        assert_eq!((moves.count(), moves.at(0.5), moves.at(0.95)), (2, Some(90.0), Some(360.0)));
        assert_eq!(Moves::default().at(0.5), None);
    }
}
