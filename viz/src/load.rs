//! The table `load`, added up over a run: which radios relayed how much, and where messages were lost.

use amitwin_data::rows::{LoadRow, NodeKind, NodeRow};
use std::collections::BTreeMap;

/// Why a message was lost, in the order of [`Lost`].
pub const REASONS: [&str; 8] =
    ["queue full", "no answer", "reset", "no route", "too many hops", "reassembly", "backhaul", "too old"];

/// Messages lost, by reason.
pub type Lost = [u64; 8];

/// What one radio did over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NodeTotal {
    /// Node id.
    pub node: u32,
    /// Spent transmitting, s.
    pub tx_s: f64,
    /// Frames sent.
    pub frames_sent: u64,
    /// Datagrams of others that it passed on.
    pub relayed: u64,
    /// Most frames in its queue.
    pub queue_frames_max: u32,
    /// Other parents that it chose.
    pub parent_changes: u64,
    /// Messages lost here.
    pub lost: Lost,
    /// Most radios whose way led through it.
    pub descendants_max: u32,
}

impl NodeTotal {
    /// Messages lost here, for any reason.
    pub fn lost_messages(&self) -> u64 {
        self.lost.iter().sum()
    }
}

/// What all radios did over the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Load {
    nodes: BTreeMap<u32, NodeTotal>,
    by_hops: BTreeMap<Option<u8>, Lost>,
}

impl Load {
    /// Adds rows of the table.
    pub fn add(&mut self, rows: &[LoadRow]) {
        for row in rows {
            let lost = [
                row.lost_queue_full,
                row.lost_retries,
                row.lost_reset,
                row.lost_no_route,
                row.lost_too_far,
                row.lost_reassembly,
                row.lost_backhaul,
                row.lost_too_old,
            ];
            let total = self.nodes.entry(row.node).or_insert(NodeTotal { node: row.node, ..NodeTotal::default() });
            total.tx_s += f64::from(row.tx_s);
            total.frames_sent += u64::from(row.frames_sent);
            total.relayed += u64::from(row.relayed);
            total.queue_frames_max = total.queue_frames_max.max(row.queue_frames_max);
            total.parent_changes += u64::from(row.parent_changes);
            total.descendants_max = total.descendants_max.max(row.descendants);
            add(&mut total.lost, lost);
            if lost.iter().any(|&n| n > 0) {
                add(self.by_hops.entry(row.hops).or_default(), lost);
            }
        }
    }

    /// Whether the table has any rows.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A radio, if anything happened there.
    pub fn of(&self, node: u32) -> Option<&NodeTotal> {
        self.nodes.get(&node)
    }

    /// The radios that passed on most datagrams of others, the busiest first; border routers excepted.
    pub fn busiest_relays(&self, nodes: &[NodeRow], most: usize) -> Vec<&NodeTotal> {
        let is_router = |id: u32| nodes.iter().any(|n| n.node == id && n.kind == NodeKind::Gateway);
        let mut relays: Vec<&NodeTotal> = self.nodes.values().filter(|total| total.relayed > 0).collect();
        relays.sort_by_key(|total| std::cmp::Reverse(total.relayed));
        relays.into_iter().filter(|total| !is_router(total.node)).take(most).collect()
    }

    /// Messages lost by the hops of their holder to its border router, the border router first and those without a route last.
    pub fn lost_by_hops(&self) -> impl Iterator<Item = (Option<u8>, &Lost)> {
        let with_route = self.by_hops.iter().filter(|(hops, _)| hops.is_some());
        with_route.chain(self.by_hops.iter().filter(|(hops, _)| hops.is_none())).map(|(hops, lost)| (*hops, lost))
    }

    /// Messages lost by all radios.
    pub fn lost_messages(&self) -> u64 {
        self.by_hops.values().flatten().sum()
    }
}

fn add(sum: &mut Lost, lost: [u32; 8]) {
    for (sum, more) in sum.iter_mut().zip(lost) {
        *sum += u64::from(more);
    }
}

/// Meters by the radios that they cannot do without: each relay with the meters that would have no way left if it failed, most first.
pub fn single_ways(nodes: &[NodeRow]) -> Vec<(u32, usize)> {
    let by: BTreeMap<u32, u32> = nodes.iter().filter_map(|n| Some((n.node, n.cut_off_by?))).collect();
    let mut behind: BTreeMap<u32, usize> = BTreeMap::new();
    for meter in nodes.iter().filter(|n| n.kind == NodeKind::Meter) {
        // Whoever cuts the nearest one off cuts the meter off as well.
        let mut at = meter.node;
        while let Some(&relay) = by.get(&at) {
            *behind.entry(relay).or_default() += 1;
            at = relay;
        }
    }
    let mut relays: Vec<(u32, usize)> = behind.into_iter().collect();
    relays.sort_by_key(|&(relay, meters)| (std::cmp::Reverse(meters), relay));
    relays
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use amitwin_data::rows::Added;

    /// A row in which only what is given is not zero.
    pub(crate) fn row(node: u32, relayed: u32, hops: Option<u8>, lost_retries: u32, lost_backhaul: u32) -> LoadRow {
        LoadRow {
            tx_s: 1.5,
            frames_sent: 10,
            relayed,
            queue_frames_max: node,
            lost_retries,
            lost_backhaul,
            parent_changes: 1,
            hops,
            descendants: relayed,
            ..LoadRow::quiet(0.0, node)
        }
    }

    /// A node that stands in the origin.
    pub fn node(id: u32, kind: NodeKind, cut_off_by: Option<u32>) -> NodeRow {
        NodeRow {
            node: id,
            name: format!("N{id}"),
            kind,
            lat_deg: 0.0,
            lon_deg: 0.0,
            x_m: 0.0,
            y_m: 0.0,
            height_m: 1.5,
            antenna_gain_dbi: None,
            tx_power_dbm: None,
            gateway: Some(0),
            parent: None,
            hops: Some(1),
            path_loss_db: None,
            neighbours: 1,
            reachable: true,
            cut_off_by,
            board_max_c: Added::default(),
            above_60c_h: Added::default(),
            above_85c_h: Added::default(),
        }
    }

    #[test]
    fn hours_add_up_and_losses_go_by_hops() {
        let mut load = Load::default();
        load.add(&[row(0, 50, Some(0), 0, 4), row(2, 7, Some(1), 2, 0), row(3, 9, Some(1), 1, 0)]);
        // In the second hour radio 2 has no route any more.
        load.add(&[row(2, 3, None, 5, 0)]);
        let two = load.of(2).expect("it did something");
        assert_eq!((two.relayed, two.frames_sent, two.tx_s, two.parent_changes), (10, 20, 3.0, 2));
        assert_eq!((two.descendants_max, two.queue_frames_max, two.lost_messages()), (7, 2, 7));
        let by_hops: Vec<_> = load.lost_by_hops().map(|(hops, lost)| (hops, lost[1], lost[6])).collect();
        assert_eq!(by_hops, [(Some(0), 0, 4), (Some(1), 3, 0), (None, 5, 0)]);
        assert_eq!(load.lost_messages(), 12);
        let nodes = [node(0, NodeKind::Gateway, None), node(2, NodeKind::Meter, None), node(3, NodeKind::Meter, None)];
        let busiest = |most| load.busiest_relays(&nodes, most).iter().map(|total| total.node).collect::<Vec<_>>();
        assert_eq!(busiest(5), [2, 3], "ten datagrams, nine; the border router is none");
        assert_eq!(busiest(1), [2]);
    }

    #[test]
    fn a_relay_cuts_off_all_that_depend_on_those_behind_it() {
        // 1 - 2 - 3 in a line, and meter 5 behind repeater 4 behind 1.
        let nodes = [
            node(0, NodeKind::Gateway, None),
            node(1, NodeKind::Meter, None),
            node(2, NodeKind::Meter, Some(1)),
            node(3, NodeKind::Meter, Some(2)),
            node(4, NodeKind::Repeater, Some(1)),
            node(5, NodeKind::Meter, Some(4)),
        ];
        // Behind 1 are the meters 2, 3 and 5; repeater 4 is no meter.
        assert_eq!(single_ways(&nodes), [(1, 3), (2, 1), (4, 1)]);
    }
}
