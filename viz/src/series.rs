//! From table rows to the plain series that charts draw.

use crate::svg::lines::thin;
use crate::svg::map::{Kind, Place};
use amitwin_data::rows::{AirtimeRow, NodeKind, NodeRow, Outcome, TransactionKind, TransactionRow};
use std::collections::BTreeMap;

/// Points that a line may have; about one for each user unit of the plot's width.
pub const COLUMNS: usize = 560;

/// One meter that a campaign was to reset; times since the start of the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reset {
    /// Node id.
    pub node: u32,
    /// When it was due or its command left, whichever came first, s.
    pub commanded_s: f64,
    /// When it really reset, s.
    pub reset_s: Option<f64>,
    /// When the head-end heard it again, s.
    pub back_s: Option<f64>,
}

impl Reset {
    /// From its own reset to the head-end hearing it, s; `None` if it is not back.
    pub fn rejoin_s(&self) -> Option<f64> {
        Some((self.back_s? - self.reset_s?).max(0.0))
    }
}

/// Name of the first reset campaign in `rows`, by time, and its resets.
pub fn first_reset_campaign(rows: &[TransactionRow]) -> Option<(String, Vec<Reset>)> {
    let resets = || rows.iter().filter(|t| t.kind == TransactionKind::Reset && t.outcome != Outcome::LeftOut);
    let first = resets().min_by(|a, b| commanded_s(a).total_cmp(&commanded_s(b)))?;
    let of_campaign = resets().filter(|t| t.campaign == first.campaign).map(|t| Reset {
        node: t.node,
        commanded_s: commanded_s(t),
        reset_s: t.reset_s,
        back_s: t.answered_s,
    });
    Some((first.campaign.to_string(), of_campaign.collect()))
}

fn commanded_s(row: &TransactionRow) -> f64 {
    row.sent_s.map_or(row.planned_s, |sent| sent.min(row.planned_s))
}

/// Share of `resets` heard again, over minutes since `start_s`, up to `end_s`.
pub fn back_over_time(resets: &[Reset], start_s: f64, end_s: f64) -> Vec<(f64, f64)> {
    let mut back: Vec<f64> = resets.iter().filter_map(|r| r.back_s).collect();
    back.sort_by(f64::total_cmp);
    let n = resets.len().max(1) as f64;
    let mut points = vec![(0.0, 0.0)];
    points.extend(back.iter().enumerate().map(|(i, s)| ((s - start_s) / 60.0, (i + 1) as f64 / n)));
    points.push(((end_s - start_s) / 60.0, back.len() as f64 / n));
    thin(points, COLUMNS)
}

/// Share of `resets` back within a time of their own reset, over seconds; the last point lies at `end_s`.
pub fn rejoin_distribution(resets: &[Reset], end_s: f64) -> Vec<(f64, f64)> {
    let mut times: Vec<f64> = resets.iter().filter_map(Reset::rejoin_s).collect();
    times.sort_by(f64::total_cmp);
    let n = resets.len().max(1) as f64;
    let mut points: Vec<(f64, f64)> = vec![];
    if let Some(first) = times.first() {
        points.push((*first, 0.0));
    }
    points.extend(times.iter().enumerate().map(|(i, s)| (*s, (i + 1) as f64 / n)));
    if let Some(last) = points.last().copied().filter(|(s, _)| *s < end_s) {
        points.push((end_s, last.1));
    }
    // Equal steps of the logarithm: the axis is logarithmic.
    let logs = points.into_iter().map(|(s, v)| (libm::log(s.max(1e-3)), v)).collect();
    thin(logs, COLUMNS).into_iter().map(|(l, v)| (libm::exp(l), v)).collect()
}

/// When the first and the last of `resets` really reset, in minutes since `start_s`.
pub fn reset_span(resets: &[Reset], start_s: f64) -> Option<(f64, f64)> {
    let at = || resets.iter().filter_map(|r| r.reset_s).map(|s| (s - start_s) / 60.0);
    Some((at().min_by(f64::total_cmp)?, at().max_by(f64::total_cmp)?))
}

/// The border router whose radio was busy longest, and its busy share for each minute since `start_s`.
pub fn busiest_router(air: &[AirtimeRow], start_s: f64) -> Option<(u32, Vec<(f64, f64)>)> {
    let mut totals: BTreeMap<u32, f64> = BTreeMap::new();
    for row in air {
        *totals.entry(row.gateway).or_default() += f64::from(row.tx_s) + f64::from(row.rx_s);
    }
    // Of equals the one with the lowest id.
    let (gateway, _) = totals.iter().rev().max_by(|a, b| a.1.total_cmp(b.1))?;
    let mut points: Vec<(f64, f64)> = air
        .iter()
        .filter(|r| r.gateway == *gateway)
        .map(|r| ((r.time_s - start_s) / 60.0, f64::from(r.busy_share)))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some((*gateway, mean_of_columns(points, COLUMNS)))
}

/// Means over equal runs of points, so that a long run neither hides a minute nor draws a blot.
fn mean_of_columns(points: Vec<(f64, f64)>, columns: usize) -> Vec<(f64, f64)> {
    let per_column = points.len().div_ceil(columns).max(1);
    let mean = |run: &[(f64, f64)]| (run[0].0, run.iter().map(|p| p.1).sum::<f64>() / run.len() as f64);
    points.chunks(per_column).map(mean).collect()
}

/// Counts what is of a kind into the hours in which it was due: what came to something, and all.
pub fn count_hours(hours: &mut Vec<(u32, u32)>, rows: &[TransactionRow], kind: TransactionKind) {
    for row in rows.iter().filter(|t| t.kind == kind) {
        let hour = (row.planned_s / 3_600.0) as usize;
        if hours.len() <= hour {
            hours.resize(hour + 1, (0, 0));
        }
        hours[hour].0 += u32::from(row.answered_s.is_some() && row.outcome == Outcome::Ok);
        hours[hour].1 += 1;
    }
}

/// Share of the reports of each stretch of so many `hours` that arrived, at its middle in minutes; stretches without reports are left out.
pub fn delivered_over_time(counts: &[(u32, u32)], hours: usize) -> Vec<(f64, f64)> {
    let minutes = 60.0 * hours as f64;
    let point = |(n, counts): (usize, &[(u32, u32)])| {
        let (came, all) = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
        (all > 0).then(|| (minutes * (n as f64 + 0.5), f64::from(came) / f64::from(all)))
    };
    thin(counts.chunks(hours).enumerate().filter_map(point).collect(), COLUMNS)
}

/// Meters by hops, from one hop on.
pub fn hop_histogram(nodes: &[NodeRow]) -> Vec<u32> {
    let mut counts = Vec::new();
    for hops in nodes.iter().filter(|n| n.kind == NodeKind::Meter && n.reachable).filter_map(|n| n.hops) {
        let slot = usize::from(hops.max(1)) - 1;
        if counts.len() <= slot {
            counts.resize(slot + 1, 0);
        }
        counts[slot] += 1;
    }
    counts
}

/// Places of a map; the list index is the position in `nodes`.
pub fn places(nodes: &[NodeRow]) -> Vec<Place> {
    let index: BTreeMap<u32, usize> = nodes.iter().enumerate().map(|(i, n)| (n.node, i)).collect();
    let place = |n: &NodeRow| Place {
        x_m: f64::from(n.x_m),
        y_m: f64::from(n.y_m),
        kind: match n.kind {
            NodeKind::Meter => Kind::Meter(n.hops.filter(|_| n.reachable)),
            NodeKind::Gateway => Kind::Router,
            NodeKind::Repeater => Kind::Extender,
            NodeKind::Transformer => Kind::Other,
        },
        parent: n.parent.and_then(|p| index.get(&p).copied()),
    };
    nodes.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reset(node: u32, reset_s: f64, back_s: Option<f64>) -> Reset {
        Reset { node, commanded_s: 600.0, reset_s: Some(reset_s), back_s }
    }

    #[test]
    fn shares_count_all_commanded() {
        let resets = [reset(1, 610.0, Some(660.0)), reset(2, 620.0, None), reset(3, 630.0, Some(720.0))];
        let third = 1.0 / 3.0;
        assert_eq!(
            back_over_time(&resets, 600.0, 900.0),
            [(0.0, 0.0), (1.0, third), (2.0, 2.0 * third), (5.0, 2.0 * third)]
        );
        assert_eq!(reset_span(&resets, 600.0), Some((10.0 / 60.0, 0.5)));
        let rejoin = rejoin_distribution(&resets, 300.0);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(close(rejoin[1].0, 50.0) && close(rejoin[1].1, third), "{rejoin:?}");
        assert!(close(rejoin[3].0, 300.0) && close(rejoin[3].1, 2.0 * third), "{rejoin:?}");
    }

    #[test]
    fn reports_count_in_the_hour_in_which_they_were_due() {
        let row = |planned_s, answered_s| TransactionRow {
            transaction: 1,
            campaign: "".into(),
            gateway: 0,
            answered_s,
            outcome: amitwin_data::rows::Outcome::Ok,
            attempts: 1,
            bytes: 1,
            ..TransactionRow::new(TransactionKind::Push, 1, planned_s)
        };
        let mut hours = Vec::new();
        let rows = [row(10.0, Some(12.0)), row(3_599.0, Some(3_700.0)), row(20.0, None), row(7_300.0, None)];
        count_hours(&mut hours, &rows, TransactionKind::Push);
        assert_eq!(hours, [(2, 3), (0, 0), (0, 1)]);
        assert_eq!(delivered_over_time(&hours, 1), [(30.0, 2.0 / 3.0), (150.0, 0.0)]);
        assert_eq!(delivered_over_time(&hours, 24), [(720.0, 0.5)], "by day");
    }

    #[test]
    fn nobody_back_is_a_flat_line() {
        let resets = [reset(1, 610.0, None)];
        assert_eq!(back_over_time(&resets, 600.0, 660.0), [(0.0, 0.0), (1.0, 0.0)]);
        assert!(rejoin_distribution(&resets, 300.0).is_empty());
        assert!(back_over_time(&[], 0.0, 60.0).iter().all(|p| p.1 == 0.0));
    }

    #[test]
    fn the_busiest_router_is_drawn() {
        let row = |gateway, minute: u32, busy: f32| AirtimeRow {
            time_s: f64::from(minute) * 60.0,
            gateway,
            tx_s: busy * 60.0,
            rx_s: 0.0,
            busy_share: busy,
            frames_sent: 0,
            frames_received: 0,
            collisions: 0,
            missed_busy: 0,
            queue_frames_max: 0,
            dropped: 0,
        };
        let air = [row(9, 0, 0.25), row(4, 0, 0.5), row(9, 1, 0.5), row(4, 1, 0.0)];
        assert_eq!(busiest_router(&air, 60.0), Some((9, vec![(-1.0, 0.25), (0.0, 0.5)])));
        assert_eq!(busiest_router(&[], 0.0), None);
    }
}
