//! Outages over time: who has no supply, and of whom the head-end knows it.

use crate::series::COLUMNS;
use crate::svg::lines::thin;
use amitwin_data::rows::{EventKind, EventRow, Outcome, TransactionKind, TransactionRow};
use std::collections::{BTreeMap, BTreeSet};

/// How a node stands of which not everything is as it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// Its supply is back, and the head-end has not heard that.
    Back,
    /// It has no supply, and the head-end knows it.
    Known,
    /// It has no supply, and the head-end does not know it.
    Unknown,
}

/// Changes of two counts of meters, as they are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outages {
    /// Nodes on their capacitors or dark.
    without: BTreeSet<u32>,
    /// When, s, and by how much: nodes without supply.
    dark: Vec<(f64, i32)>,
    /// From when to when each was without, s; the last one may not have ended.
    spans: BTreeMap<u32, Vec<(f64, f64)>>,
    /// By node and number of its outage: when the head-end was told of it, and when that it is over, s.
    told: BTreeMap<(u32, u16), (Option<f64>, Option<f64>)>,
}

impl Outages {
    /// Adds rows of events, in the order of time.
    pub fn add_events(&mut self, rows: &[EventRow]) {
        for row in rows {
            match row.kind {
                EventKind::OnCapacitor if self.without.insert(row.node) => {
                    self.dark.push((row.time_s, 1));
                    self.spans.entry(row.node).or_default().push((row.time_s, f64::INFINITY));
                }
                EventKind::PowerUp if self.without.remove(&row.node) => {
                    self.dark.push((row.time_s, -1));
                    if let Some(last) = self.spans.get_mut(&row.node).and_then(|spans| spans.last_mut()) {
                        last.1 = row.time_s;
                    }
                }
                _ => {}
            }
        }
    }

    /// Adds rows of transactions.
    pub fn add_transactions(&mut self, rows: &[TransactionRow]) {
        for row in rows.iter().filter(|row| row.outcome == Outcome::Ok) {
            let outage = (row.node, row.outage());
            let Some(at_s) = row.answered_s else { continue };
            let earliest = |before: Option<f64>| Some(before.map_or(at_s, |before| before.min(at_s)));
            match row.kind {
                TransactionKind::LastGasp => {
                    let told = self.told.entry(outage).or_default();
                    told.0 = earliest(told.0);
                }
                TransactionKind::PowerUp => {
                    let told = self.told.entry(outage).or_default();
                    told.1 = earliest(told.1);
                }
                _ => {}
            }
        }
    }

    /// Whether a supply failed.
    pub fn any(&self) -> bool {
        !self.dark.is_empty()
    }

    /// When the first supply failed, s.
    pub fn first_s(&self) -> Option<f64> {
        self.dark.iter().map(|change| change.0).min_by(f64::total_cmp)
    }

    /// Share of so many nodes that have no supply, over minutes, up to `end_s`.
    pub fn without_supply(&self, nodes: usize, end_s: f64) -> Vec<(f64, f64)> {
        over_time(self.dark.clone(), nodes, end_s)
    }

    /// Share of so many nodes of which the head-end knows that they have none.
    pub fn known(&self, nodes: usize, end_s: f64) -> Vec<(f64, f64)> {
        let mut changes = Vec::new();
        for (_, told_s, back_s) in self.beliefs() {
            changes.push((told_s, 1));
            changes.extend(back_s.map(|back| (back, -1)));
        }
        over_time(changes, nodes, end_s)
    }

    /// Of whom the head-end takes it that the supply has failed, from when, and until when, s. What was never told, or too late, is not known.
    fn beliefs(&self) -> impl Iterator<Item = (u32, f64, Option<f64>)> {
        let all = self.told.iter().map(|(&(node, _), &(told_s, back_s))| (node, told_s, back_s));
        all.filter_map(|(node, told_s, back_s)| {
            let told_s = told_s.filter(|told| back_s.is_none_or(|back| *told < back))?;
            Some((node, told_s, back_s))
        })
    }

    /// At most so many moments at which somebody is without supply or thought to be, as far apart in what changes as can be, s.
    pub fn moments(&self, most: usize) -> Vec<f64> {
        let mut changes = self.dark.clone();
        for (_, told_s, back_s) in self.beliefs() {
            changes.push((told_s, 1));
            changes.extend(back_s.map(|back_s| (back_s, -1)));
        }
        changes.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut without, mut moments) = (0, Vec::<f64>::new());
        for (n, &(at_s, by)) in changes.iter().enumerate() {
            without += by;
            // After the last of several at once.
            if without > 0 && changes.get(n + 1).is_none_or(|next| next.0 > at_s) {
                moments.push(at_s);
            }
        }
        let (last, picked) = (moments.len().saturating_sub(1), most.min(moments.len()));
        (0..picked).map(|n| moments[n * last / picked.saturating_sub(1).max(1)]).collect()
    }

    /// How these nodes stand at a time, s.
    pub fn at(&self, nodes: impl Iterator<Item = u32>, time_s: f64) -> Vec<Option<Stands>> {
        let believed = self.beliefs().filter(|(_, from, to)| *from <= time_s && to.is_none_or(|to| time_s < to));
        let believed: BTreeSet<u32> = believed.map(|(node, ..)| node).collect();
        let is_out = |node: u32| {
            let spans = self.spans.get(&node).map_or(&[][..], |spans| &spans[..]);
            spans.iter().any(|(from, to)| (*from..*to).contains(&time_s))
        };
        let of = |node: u32| match (is_out(node), believed.contains(&node)) {
            (false, false) => None,
            (false, true) => Some(Stands::Back),
            (true, true) => Some(Stands::Known),
            (true, false) => Some(Stands::Unknown),
        };
        nodes.map(of).collect()
    }
}

/// A count that changes, as a share of so many, over minutes, up to `end_s`.
pub(crate) fn over_time(mut changes: Vec<(f64, i32)>, nodes: usize, end_s: f64) -> Vec<(f64, f64)> {
    changes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut count = 0;
    let mut points = vec![(0.0, 0.0)];
    for (at_s, by) in changes {
        count += by;
        points.push((at_s / 60.0, f64::from(count) / nodes.max(1) as f64));
    }
    points.push((end_s / 60.0, f64::from(count) / nodes.max(1) as f64));
    thin(points, COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(time_s: f64, node: u32, kind: EventKind) -> EventRow {
        EventRow { time_s, node, kind, value: 0 }
    }

    fn told(kind: TransactionKind, node: u32, outage: u64, answered_s: f64) -> TransactionRow {
        TransactionRow {
            transaction: 0b111 << 61 | outage << 40 | u64::from(node),
            campaign: "".into(),
            gateway: 0,
            answered_s: Some(answered_s),
            outcome: Outcome::Ok,
            attempts: 1,
            bytes: 0,
            ..TransactionRow::new(kind, node, 0.0)
        }
    }

    #[test]
    fn what_is_known_follows_what_is() {
        let mut outages = Outages::default();
        outages.add_events(&[
            event(60.0, 1, EventKind::OnCapacitor),
            event(60.0, 2, EventKind::OnCapacitor),
            event(120.0, 1, EventKind::PowerDown),
            event(180.0, 1, EventKind::PowerUp),
            // A node that boots for another reason was not without supply.
            event(200.0, 3, EventKind::PowerUp),
        ]);
        outages.add_transactions(&[
            told(TransactionKind::LastGasp, 1, 1, 96.0),
            told(TransactionKind::LastGasp, 1, 1, 90.0),
            told(TransactionKind::PowerUp, 1, 1, 240.0),
            // Told of its end alone.
            told(TransactionKind::PowerUp, 2, 1, 250.0),
        ]);
        // Of four nodes, over minutes.
        let dark = [(0.0, 0.0), (1.0, 0.25), (1.0, 0.5), (3.0, 0.25), (5.0, 0.25)];
        assert_eq!(outages.without_supply(4, 300.0), dark);
        assert_eq!(outages.known(4, 300.0), [(0.0, 0.0), (1.5, 0.25), (4.0, 0.0), (5.0, 0.0)]);
        assert_eq!(outages.first_s(), Some(60.0));
        // At 60 s both fail and at 180 s one is back, which the head-end hears at 240 s; of the other it never knows.
        assert_eq!((outages.moments(6), outages.moments(1)), (vec![60.0, 90.0, 180.0, 240.0], vec![60.0]));
        let at = |time_s| outages.at([1, 2, 3].into_iter(), time_s);
        let (unknown, known, back) = (Some(Stands::Unknown), Some(Stands::Known), Some(Stands::Back));
        assert_eq!(at(59.0), [None; 3]);
        assert_eq!(at(60.0), [unknown, unknown, None]);
        assert_eq!(at(100.0), [known, unknown, None]);
        assert_eq!(at(200.0), [back, unknown, None]);
        assert_eq!(at(300.0), [None, unknown, None]);
    }
}
