//! How fast messages of meters pass border routers and reach the head-end, and how much relays send: what may saturate as a network grows.

use amitwin_data::rows::{LoadRow, TransactionKind, TransactionRow};
use amitwin_sim_core::SimTime;
use std::collections::BTreeMap;

const HOUR_S: f64 = 3_600.0;
/// Headers of IPv6 and UDP, which a message has on the backhaul beside its payload.
const HEADERS: u64 = 48;

/// Sums by the hour of the run.
#[derive(Default)]
pub struct Rates {
    /// A run that is shorter than an hour counts as it is, s.
    hour_s: f64,
    /// How long an hour of the table `load` is, s; 0 without one.
    load_s: f64,
    /// What came from the meters of each border router, with headers, bytes.
    bytes: BTreeMap<u32, Vec<u64>>,
    /// Messages that the head-end took.
    messages: Vec<u64>,
    /// Whose report came last, and when, s: those that came with it were in the same message.
    last_report: Option<(u32, f64)>,
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
            last_report: None,
            relay_tx_s: None,
        }
    }

    /// Adds rows: each answered transaction is a message of its meter, but for reports in one payload, which have come at once.
    pub fn update(&mut self, transactions: &[TransactionRow], load: &[LoadRow]) {
        for row in transactions {
            // An image comes over days, in messages that have no rows.
            let Some(answered_s) = row.answered_s.filter(|_| row.kind != TransactionKind::Firmware) else { continue };
            let hour = (answered_s / HOUR_S) as usize;
            let report = (row.kind == TransactionKind::Push).then_some((row.node, answered_s));
            let is_message = report.is_none() || report != self.last_report;
            self.last_report = report;
            *at(&mut self.messages, hour) += u64::from(is_message);
            let headers = if is_message { HEADERS } else { 0 };
            *at(self.bytes.entry(row.gateway).or_default(), hour) += u64::from(row.bytes) + headers;
        }
        for row in load.iter().filter(|row| row.hops != Some(0)) {
            let most = self.relay_tx_s.get_or_insert(0.0);
            *most = most.max(f64::from(row.tx_s));
        }
    }

    /// What came over the backhaul of the busiest border router in its busiest hour, kb/s.
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
        // In the first hour 18 messages of 100 B behind router 0; in the second 9 of 500 B behind router 7, and one that was lost. Each has 48 B of headers.
        let first = (0..18).map(|n| answer(0, Some(f64::from(n)), 100));
        let second = (0..9).map(|n| answer(7, Some(3_600.0 + f64::from(n)), 500));
        let rows: Vec<_> = first.chain(second).chain([answer(0, None, 9_000)]).collect();
        // A border router sends for 90 s, a relay for 30 s and one without a route for 12 s.
        rates.update(&rows, &[load(Some(0), 90.0), load(Some(1), 30.0), load(None, 12.0)]);
        assert_eq!(rates.backhaul_kbps(), Some(9.0 * 548.0 * 8.0 / 1e3 / 3_600.0));
        assert_eq!(rates.head_end_message_rate(), Some(18.0 / 3_600.0));
        assert_eq!(rates.relay_sending_share(), Some(30.0 / 600.0));
        // A run of a minute is no hour.
        let mut short = Rates::new(SimTime::from_secs(60), SimTime::from_secs(3_600));
        short.update(&[answer(0, Some(1.0), 702)], &[load(Some(3), 3.0)]);
        assert_eq!((short.backhaul_kbps(), short.relay_sending_share()), (Some(0.1), Some(0.05)));
    }

    #[test]
    fn reports_in_one_payload_are_one_message() {
        let of = |bundle: u32| {
            let mut rates = Rates::new(SimTime::from_secs(3_600), SimTime::ZERO);
            // Six reports of 100 B of each of two meters, in bundles of so many.
            let reports =
                (0..12).map(|n| TransactionRow { node: n / 6, ..answer(0, Some(f64::from(n / bundle * 10)), 100) });
            rates.update(&reports.collect::<Vec<_>>(), &[]);
            (rates.head_end_message_rate().expect("some") * 3_600.0, rates.backhaul_kbps().expect("some") * 450.0)
        };
        let near = |is: (f64, f64), expected: (f64, f64)| {
            assert!((is.0 - expected.0).abs() < 1e-9 && (is.1 - expected.1).abs() < 1e-9, "{is:?}, {expected:?}");
        };
        // Twelve messages of 148 B, or two of 648 B.
        near(of(1), (12.0, 12.0 * 148.0 / 1e3));
        near(of(6), (2.0, 2.0 * 648.0 / 1e3));
    }
}
