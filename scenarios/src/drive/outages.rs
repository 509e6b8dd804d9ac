//! Outages: which of them the head-end was told of, and when.

use amitwin_data::metrics::Metric;
use amitwin_data::rows::{EventKind, EventRow, Outcome, TransactionKind, TransactionRow};
use amitwin_models::books::{Counters, Loss};
use std::collections::BTreeMap;

/// What meters had to tell of their supply.
#[derive(Default)]
pub struct Outages {
    /// By meter and number of its outage: how long the first message that arrived took from the failure, s.
    told: BTreeMap<(u32, u16), Option<f64>>,
    /// The same of the return of the supply.
    power_ups: BTreeMap<(u32, u16), Option<f64>>,
    /// Failures of a supply.
    on_capacitor: u64,
    messages: u64,
    /// Of them arrived.
    arrived: u64,
}

impl Outages {
    /// Adds a batch.
    pub fn update(&mut self, events: &[EventRow], transactions: &[TransactionRow]) {
        self.on_capacitor += events.iter().filter(|row| row.kind == EventKind::OnCapacitor).count() as u64;
        for row in transactions {
            let to = match row.kind {
                TransactionKind::LastGasp => &mut self.told,
                TransactionKind::PowerUp => &mut self.power_ups,
                _ => continue,
            };
            let is_sent = row.attempts > 0 && row.kind == TransactionKind::LastGasp;
            self.messages += u64::from(is_sent);
            self.arrived += u64::from(is_sent && row.outcome == Outcome::Ok);
            let delay_s = row.answered_s.filter(|_| row.outcome == Outcome::Ok).map(|at_s| at_s - row.planned_s);
            let first = to.entry((row.node, row.outage())).or_default();
            *first = match (*first, delay_s) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
    }

    /// What is written for a figure: nothing without an outage, an empty value where it was not reached.
    pub fn written(&self, metric: Metric, counters: &Counters) -> Option<Option<f64>> {
        if self.on_capacitor == 0 {
            return None;
        }
        let lost = |why: &[Loss]| Some(why.iter().map(|&why| counters.gasps_lost[why as usize] as f64).sum());
        Some(match metric {
            Metric::SuppliesFailed => Some(self.on_capacitor as f64),
            Metric::OutagesToTell => Some(self.told.len() as f64),
            Metric::OutagesToldShare => share(&self.told),
            Metric::OutageToldP50S => rank(&self.told, 0.5),
            Metric::OutageToldP95S => rank(&self.told, 0.95),
            Metric::LastGasps => Some(self.messages as f64),
            Metric::LastGaspsArrived => Some(self.arrived as f64),
            Metric::LastGaspsArrivedShare => (self.messages > 0).then(|| self.arrived as f64 / self.messages as f64),
            Metric::GaspsLostNoRoute => lost(&[Loss::NoRoute, Loss::TooFar]),
            Metric::GaspsLostRetries => lost(&[Loss::Retries, Loss::Reassembly]),
            Metric::GaspsLostDark => lost(&[Loss::Reset]),
            Metric::GaspsLostQueue => lost(&[Loss::QueueFull, Loss::TooOld]),
            Metric::GaspsLostBackhaul => lost(&[Loss::Backhaul]),
            Metric::PowerUpToldShare => share(&self.power_ups),
            Metric::PowerUpToldP50S => rank(&self.power_ups, 0.5),
            Metric::PowerUpToldP95S => rank(&self.power_ups, 0.95),
            _ => return None,
        })
    }
}

fn share(of: &BTreeMap<(u32, u16), Option<f64>>) -> Option<f64> {
    (!of.is_empty()).then(|| of.values().flatten().count() as f64 / of.len() as f64)
}

fn rank(of: &BTreeMap<(u32, u16), Option<f64>>, share: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = of.values().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use amitwin_models::backhaul::Alarm;
    use amitwin_models::books::TransactionId;
    use amitwin_models::node::SiteId;

    fn row(alarm: Alarm, (meter, outage, attempt): (u32, u16, u8), answered_s: Option<f64>) -> TransactionRow {
        let id = TransactionId::Alarm { alarm, meter: SiteId(meter), outage, attempt };
        TransactionRow {
            transaction: id.number(),
            campaign: "".into(),
            gateway: 0,
            sent_s: (attempt > 0).then_some(130.0),
            answered_s,
            outcome: if answered_s.is_some() { Outcome::Ok } else { Outcome::Failed },
            attempts: u16::from(attempt),
            bytes: 0,
            ..TransactionRow::new(id.kind(), meter, 100.0 * f64::from(outage))
        }
    }

    #[test]
    fn an_outage_is_told_by_the_first_message_that_arrives() {
        let rows = [
            row(Alarm::LastGasp, (1, 1, 1), None),
            row(Alarm::LastGasp, (1, 1, 3), Some(142.0)),
            row(Alarm::LastGasp, (1, 1, 2), Some(136.0)),
            // The same meter again, from 200 s on: nothing was sent.
            row(Alarm::LastGasp, (1, 2, 0), None),
            row(Alarm::LastGasp, (9, 1, 1), Some(131.0)),
            row(Alarm::PowerUp, (1, 1, 1), Some(115.2)),
        ];
        let mut outages = Outages::default();
        outages.update(&[], &rows);
        assert_eq!(outages.written(Metric::OutagesToTell, &Counters::default()), None, "no supply failed");
        outages.on_capacitor = 3;
        let counters = Counters { gasps_lost: [1, 2, 4, 8, 16, 32, 64, 128], ..Counters::default() };
        let value = |metric| outages.written(metric, &counters).flatten().expect("a figure");
        // 36 s and 31 s, of three outages; four messages were sent.
        assert_eq!((value(Metric::OutagesToTell), value(Metric::LastGasps)), (3.0, 4.0));
        // Two of one outage, and one of another.
        assert_eq!((value(Metric::LastGaspsArrived), value(Metric::LastGaspsArrivedShare)), (3.0, 0.75));
        assert_eq!(value(Metric::OutagesToldShare), 2.0 / 3.0);
        assert_eq!((value(Metric::OutageToldP50S), value(Metric::OutageToldP95S)), (31.0, 36.0));
        assert_eq!(value(Metric::PowerUpToldShare), 1.0);
        assert!((value(Metric::PowerUpToldP50S) - 15.2).abs() < 1e-9);
        // Queues: full and too old.
        assert_eq!((value(Metric::GaspsLostQueue), value(Metric::GaspsLostDark)), (129.0, 4.0));
    }
}
