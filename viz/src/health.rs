//! The health of links, meter by meter and hour by hour, by the limits that operators act on.

use amitwin_data::link_health::{AllTries, Health};
use amitwin_data::rows::{LoadRow, NodeKind, NodeRow};
use std::collections::BTreeMap;

/// A meter counts by the worst state of so much of its time.
const OF_ITS_TIME: f64 = 0.1;

/// How a state is said in a report.
pub fn words(health: Health) -> &'static str {
    match health {
        Health::Good => "good",
        Health::Lossy => "loss above 5 %",
        Health::LowSnr => "less than 15 dB over the noise",
        Health::Poor => "poor, below -90 dBm",
        Health::None => "none, below -110 dBm or without a parent",
    }
}

/// What the hours of one radio came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hours {
    /// By state, in the order of [`Health::ALL`].
    pub hours: [u32; 5],
    /// Lowest level, dBm.
    pub rssi_min_dbm: Option<f32>,
    /// Tries to send to its parent, and those without an acknowledgement.
    pub tries: (u64, u64),
}

impl Hours {
    /// The worst state that it had for a tenth of its time.
    pub fn health(&self) -> Health {
        let all = f64::from(self.hours.iter().sum::<u32>());
        let mut worse = 0;
        for state in Health::ALL.into_iter().rev() {
            worse += self.hours[state as usize];
            if f64::from(worse) >= OF_ITS_TIME * all && worse > 0 {
                return state;
            }
        }
        Health::Good
    }

    /// Share of tries without acknowledgement.
    pub fn loss(&self) -> Option<f64> {
        (self.tries.0 > 0).then(|| self.tries.1 as f64 / self.tries.0 as f64)
    }
}

/// All radios of a variant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkHealth {
    nodes: BTreeMap<u32, Hours>,
    tries: AllTries,
}

impl LinkHealth {
    /// Adds rows of the table `load`, in the order of time.
    pub fn add(&mut self, rows: &[LoadRow]) {
        for row in rows {
            let hours = self.nodes.entry(row.node).or_default();
            hours.hours[self.tries.health(row) as usize] += 1;
            if let Some(rssi_dbm) = row.rssi_dbm {
                hours.rssi_min_dbm = Some(hours.rssi_min_dbm.map_or(rssi_dbm, |least| least.min(rssi_dbm)));
            }
            hours.tries.0 += u64::from(row.up_sent);
            hours.tries.1 += u64::from(row.up_unanswered);
        }
    }

    /// The meters with what their hours came to, in the order of `nodes`; those without a row left out.
    pub fn meters<'a>(&'a self, nodes: &'a [NodeRow]) -> impl Iterator<Item = (&'a NodeRow, &'a Hours)> {
        let meters = nodes.iter().filter(|node| node.kind == NodeKind::Meter);
        meters.filter_map(|node| Some((node, self.nodes.get(&node.node)?)))
    }

    /// What the hours of a radio came to.
    pub fn of(&self, node: u32) -> Option<&Hours> {
        self.nodes.get(&node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::tests::row;

    fn hour(rssi_dbm: f32, snr_db: f32, unanswered: u32) -> LoadRow {
        let link = (Some(rssi_dbm), Some(snr_db));
        LoadRow {
            rssi_dbm: link.0,
            snr_db: link.1,
            up_sent: 100,
            up_unanswered: unanswered,
            ..row(1, 0, Some(1), 0, 0)
        }
    }

    #[test]
    fn a_meter_counts_by_the_worst_state_of_a_tenth_of_its_time() {
        let mut health = LinkHealth::default();
        health.add(&vec![hour(-80.0, 30.0, 0); 18]);
        assert_eq!(health.of(1).map(Hours::health), Some(Health::Good));
        health.add(&[hour(-95.0, 20.0, 10)]);
        assert_eq!(health.of(1).map(Hours::health), Some(Health::Good), "1 of 19 hours");
        health.add(&[hour(-112.0, 2.0, 50)]);
        assert_eq!(health.of(1).map(Hours::health), Some(Health::Poor), "2 of 20 hours were poor or worse");
        let hours = health.of(1).expect("hours");
        assert_eq!((hours.rssi_min_dbm, hours.loss()), (Some(-112.0), Some(60.0 / 2_000.0)));
    }
}
