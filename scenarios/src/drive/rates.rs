//! How fast messages of meters pass border routers and reach the head-end, and how much relays send: what may saturate as a network grows.

use amitwin_data::rows::{LoadRow, TransactionKind, TransactionRow};
use amitwin_sim_core::SimTime;
use std::collections::BTreeMap;

const HOUR_S: f64 = 3_600.0;

/// Sums by the hour of the run.
#[derive(Default)]
pub struct Rates {
    /// A run that is shorter than an hour counts as it is, s.
    hour_s: f64,
    /// How long an hour of the table `load` is, s; 0 without one.
    load_s: f64,
    /// Payload that came from the meters of each border router, bytes.
    bytes: BTreeMap<u32, Vec<u64>>,
    /// Messages that the head-end took.
    messages: Vec<u64>,
    /// The most that a radio sent in an hour of the table `load` that is no border router, s.
    relay_tx_s: Option<f64>,
}

impl Rates {
    /// Of a run that takes so long, with such hours in the table `load`.
    pub fn new(duration: SimTime, load_every: SimTime) -> Self {
        let (duration_s, load_s) = (duration.secs_f64(), load_every.secs_f64());
        Rates {
            hour_s: HOUR_S.min(duration_s),
            load_s: load_s.min(duration_s),
            bytes: BTreeMap::new(),
            messages: Vec::new(),
            relay_tx_s: None,
        }
    }

    /// Adds rows: each answered transaction is a message of its meter, but for reports that came together in one.
    pub fn update(&mut self, transactions: &[TransactionRow], load: &[LoadRow]) {
        let mut last = None;
        for row in transactions {
            // An image comes over days, in messages that have no rows.
            let Some(answered_s) = row.answered_s.filter(|_| row.kind != TransactionKind::Firmware) else { continue };
            let hour = (answered_s / HOUR_S) as usize;
            let message = (row.node, row.kind, answered_s);
            let is_another = row.kind != TransactionKind::Push || last.replace(message) != Some(message);
            *at(&mut self.messages, hour) += u64::from(is_another);
            *at(self.bytes.entry(row.gateway).or_default(), hour) += u64::from(row.bytes);
        }
        for row in load.iter().filter(|row| row.hops != Some(0)) {
            let most = self.relay_tx_s.get_or_insert(0.0);
            *most = most.max(f64::from(row.tx_s));
        }
    }

    /// Payload over the backhaul of the busiest border router in its busiest hour, kb/s.
    pub fn backhaul_kbps(&self) -> Option<f64> {
        let most = self.bytes.values().flatten().max()?;
        Some(*most as f64 * 8.0 / 1e3 / self.hour_s)
    }

    /// Messages that the head-end took a second in its busiest hour.
    pub fn head_end_message_rate(&self) -> Option<f64> {
        Some(*self.messages.iter().max()? as f64 / self.hour_s)
    }

    /// Share of an hour of the table `load` that the radio sent which sent most and is no border router.
    pub fn relay_sending_share(&self) -> Option<f64> {
        Some(self.relay_tx_s? / self.load_s)
    }
}

/// The sum of an hour.
fn at(sums: &mut Vec<u64>, hour: usize) -> &mut u64 {
    if sums.len() <= hour {
        sums.resize(hour + 1, 0);
    }
    &mut sums[hour]
}

#[cfg(test)]
mod tests {
    use super::*;
    use amitwin_data::rows::{Outcome, TransactionKind};
    use std::sync::Arc;

    fn answer(gateway: u32, answered_s: Option<f64>, bytes: u32) -> TransactionRow {
        TransactionRow {
            transaction: 0,
            campaign: Arc::from(""),
            gateway,
            answered_s,
            outcome: Outcome::Ok,
            attempts: 1,
            bytes,
            ..TransactionRow::new(TransactionKind::Push, 1, 0.0)
        }
    }

    fn load(hops: Option<u8>, tx_s: f32) -> LoadRow {
        LoadRow { tx_s, frames_sent: 1, hops, ..LoadRow::quiet(0.0, 1) }
    }

    #[test]
    fn the_busiest_hour_of_the_busiest_counts() {
        let mut rates = Rates::new(SimTime::from_secs(7_200), SimTime::from_secs(600));
        assert_eq!(
            (rates.backhaul_kbps(), rates.head_end_message_rate(), rates.relay_sending_share()),
            (None, None, None)
        );
        // In the first hour 18 messages of 100 B behind router 0; in the second 9 of 500 B behind router 7, and one that was lost.
        let first = (0..18).map(|n| answer(0, Some(f64::from(n)), 100));
        let second = (0..9).map(|n| answer(7, Some(3_600.0 + f64::from(n)), 500));
        let rows: Vec<_> = first.chain(second).chain([answer(0, None, 9_000)]).collect();
        // A border router sends for 90 s, a relay for 30 s and one without a route for 12 s.
        rates.update(&rows, &[load(Some(0), 90.0), load(Some(1), 30.0), load(None, 12.0)]);
        assert_eq!(rates.backhaul_kbps(), Some(9.0 * 500.0 * 8.0 / 1e3 / 3_600.0));
        assert_eq!(rates.head_end_message_rate(), Some(18.0 / 3_600.0));
        assert_eq!(rates.relay_sending_share(), Some(30.0 / 600.0));
        // Six reports in one message, of as many bytes as six.
        let mut bundled = Rates::new(SimTime::from_secs(3_600), SimTime::from_secs(3_600));
        let six: Vec<_> = (0..6).map(|_| answer(0, Some(9.0), 750)).chain([answer(0, Some(10.0), 750)]).collect();
        bundled.update(&six, &[]);
        assert_eq!(bundled.head_end_message_rate(), Some(2.0 / 3_600.0));
        assert_eq!(bundled.backhaul_kbps(), Some(7.0 * 750.0 * 8.0 / 1e3 / 3_600.0));
        // A run of a minute is no hour.
        let mut short = Rates::new(SimTime::from_secs(60), SimTime::from_secs(3_600));
        short.update(&[answer(0, Some(1.0), 750)], &[load(Some(3), 3.0)]);
        assert_eq!((short.backhaul_kbps(), short.relay_sending_share()), (Some(0.1), Some(0.05)));
    }
}
